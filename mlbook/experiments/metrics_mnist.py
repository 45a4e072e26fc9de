"""Every metric of the book on a part of MNIST, tested on the official test images.

The costly methods work on 100 principal components; NCA learns from mini-batches.
"""

import numpy as np

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of, draw, pixels
from mlbook.experiments.comparison import ARMS, compare

TITLE = "Every metric on MNIST"
DATASETS = ("mnist",)
BASELINE = "euclid"
BUDGETS = {
    "smoke": Budget(n_train=200, n_test=100, seeds=2, grids={"tuning": (200, 2)}),
    "reader": Budget(n_train=1000, n_test=1000, seeds=5, grids={"tuning": (600, 5)}),
    "full": Budget(n_train=5000, n_test=10_000, seeds=5, grids={"tuning": (2000, 5)}),
}


def same_items(budget, data):
    """Whether the budget tests every seed on all test images."""
    return budget_of(BUDGETS, budget).n_test >= data["mnist"].counts["test"]


def run(budget, seed, data=None):
    """All arms on one draw of training images; see `mlbook.experiments.comparison.compare`."""
    mnist = data["mnist"] if data else datasets.load("mnist")
    limits = budget_of(BUDGETS, budget)
    rng = np.random.default_rng(seed)
    chosen = draw(len(mnist.y_train), limits.n_train, rng)
    tested = draw(len(mnist.y_test), limits.n_test, rng)
    return compare(
        (pixels(mnist.x_train[chosen]), mnist.y_train[chosen]),
        (pixels(mnist.x_test[tested]), mnist.y_test[tested]),
        seed,
        *limits.grids["tuning"],
        n_components=100,
        shape=mnist.x_train.shape[1:],
    )


__all__ = ["ARMS", "BASELINE", "BUDGETS", "DATASETS", "TITLE", "run", "same_items"]
