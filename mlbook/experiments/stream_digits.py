"""Streams of handwritten digits: what `stream_still`, `_turning`, `_turned`, `_dark` share.

Each seed has digits of its own: the seeds take disjoint parts of all images in a random order.
Features are the mean darkness of 7 by 7 squares of 4 by 4 pixels.
"""

import numpy as np

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.stream_comparison import SWEEP, Stream, compare
from mlbook.streaming import course, darken, pool, turn

# n_train is the start, n_test the stream; the change begins after a quarter of the stream
BUDGETS = {
    "smoke": Budget(n_train=120, n_test=120, seeds=2, grids={"half_lives": (50, 200)}),
    "reader": Budget(n_train=500, n_test=1500, seeds=2, grids={"half_lives": (50, 200, 800)}),
    "full": Budget(n_train=500, n_test=3000, seeds=6, grids={"half_lives": SWEEP}),
}
SQUARE = 4
DEGREES_SLOW, DEGREES_SUDDEN = 90.0, 45.0
DARKEST, NOISE = 0.1, 0.05


def draw_images(mnist, limits, seed):
    """Images in [0, 1], the start first, then the stream, and their labels; disjoint by seed."""
    images = np.concatenate([mnist.x_train, mnist.x_test])
    labels = np.concatenate([mnist.y_train, mnist.y_test])
    wanted = limits.n_train + limits.n_test
    order = np.random.default_rng(0).permutation(len(labels))
    # data of a smaller tier are used again when they end, in another order
    part = seed % max(1, len(order) // wanted)
    chosen = order[part * wanted : (part + 1) * wanted]
    chosen = np.random.default_rng([seed, 1]).permutation(chosen)
    return images[chosen].astype(np.float32) / 255, labels[chosen]


def make_stream(mnist, limits, seed, change=None, duration=0.5):
    """A start and a stream, changed by `change(images, course, rng)` from a quarter on.

    Parameters
    ----------
    mnist : Dataset
    limits : Budget
    seed : int
    change : callable or None
    duration : float
        Of the change, as a share of the stream; 0 is a jump.

    Returns
    -------
    Stream
    """
    images, labels = draw_images(mnist, limits, seed)
    # in proportion, if the data of a smaller tier are fewer
    n_start = round(len(labels) * limits.n_train / (limits.n_train + limits.n_test))
    start, rest = images[:n_start], images[n_start:]
    onset = end = None
    rng = np.random.default_rng([seed, 2])
    if change is not None:
        onset, n_changing = len(rest) // 4, round(duration * len(rest))
        end = onset + n_changing
        # the start is taken by the same camera, in the light of the beginning
        start = change(start, np.zeros(len(start)), rng)
        rest = change(rest, course(len(rest), onset, n_changing), rng)
    rows = [pool(part, SQUARE).astype(np.float64) for part in (start, rest)]
    return Stream(rows[0], labels[:n_start], rows[1], labels[n_start:], onset, end)


def turn_slowly(images, how_far, rng):
    """To a quarter turn."""
    return turn(images, DEGREES_SLOW * how_far)


def turn_suddenly(images, how_far, rng):
    """By half a right angle."""
    return turn(images, DEGREES_SUDDEN * how_far)


def lose_light(images, how_far, rng):
    """Down to a tenth of the light, evenly, with the same noise all the time."""
    return darken(images, 1 - (1 - DARKEST) * how_far, NOISE, rng)


def digits_experiment(change=None, duration=0.5):
    """What an experiment on such a stream needs: `same_items` and `run`."""

    def same_items(budget, data):
        """No: each seed has images of its own."""
        return False

    def run(budget, seed, data=None):
        """All models on one stream; see `mlbook.experiments.stream_comparison.compare`."""
        mnist = data["mnist"] if data else datasets.load("mnist")
        limits = budget_of(BUDGETS, budget)
        stream = make_stream(mnist, limits, seed, change, duration)
        return compare(stream, seed, limits.grids["half_lives"])

    return same_items, run
