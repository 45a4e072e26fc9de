"""Few images: what regularisation, copies and cross-validation are worth to a learned metric.

Each seed draws a few training images; the test images are always the same. LDA is learned
without regularisation and with more and more of it (*shrinkage*, which mixes the covariance with
a multiple of the identity); all arms vote with three neighbours.
"""

import numpy as np
from sklearn.model_selection import GroupKFold

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of, draw
from mlbook.experiments.tips_data import halved, shifted
from mlbook.linear import LDA
from mlbook.neighbors import MetricKNeighborsClassifier
from mlbook.progress import bar

TITLE = "Few images: regularisation, copies and cross-validation"
DATASETS = ("mnist",)
BASELINE = "euclid"

SHRINKAGES = (0.001, 0.01, 0.1, 0.3, 0.6, 0.9)
STEPS = ((0, 0), (0, 2), (0, -2), (2, 0), (-2, 0))
ARMS = {
    "euclid": "Euclid",
    "euclid_copies": "Euclid, with shifted copies",
    "lda": "LDA, not regularised",
    "chosen_training": "LDA, shrinkage chosen on the training images",
    "chosen_folds": "LDA, shrinkage chosen by cross-validation",
    "chosen_copies": "LDA, chosen by cross-validation, with shifted copies",
    **{f"shrink_{s}": f"LDA, shrinkage {s}" for s in SHRINKAGES},
}
FOLDS = 5
BUDGETS = {
    "smoke": Budget(n_train=150, n_test=100, seeds=2, grids={"shrinkage": (0.001, 0.3)}),
    "reader": Budget(n_train=300, n_test=500, seeds=3, grids={"shrinkage": SHRINKAGES}),
    "full": Budget(n_train=300, n_test=2000, seeds=10, grids={"shrinkage": SHRINKAGES}),
}


def same_items(budget, data):
    """Yes: the test images are drawn once; each seed draws other training images."""
    return True


def run(budget, seed, data=None):
    """All arms on one draw of training images.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the training images.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test image), n_train (images drawn, copies not counted),
        train_accuracy (each training image being among its own neighbours); of the chosen ones
        also the shrinkage.
    """
    limits = budget_of(BUDGETS, budget)
    mnist = data["mnist"] if data else datasets.load("mnist")
    tested = draw(len(mnist.y_test), limits.n_test, np.random.default_rng(0))
    rows = draw(len(mnist.y_train), limits.n_train, np.random.default_rng(seed))
    test = halved(mnist.x_test[tested]), mnist.y_test[tested]
    images, y = mnist.x_train[rows], mnist.y_train[rows]
    plain = halved(images), y, np.arange(len(y))
    copies = halved(shifted(images, STEPS)), *(np.repeat(v, len(STEPS)) for v in (y, plain[2]))

    grid = limits.grids["shrinkage"]
    arms = {
        "euclid": _measure(None, plain, test),
        "euclid_copies": _measure(None, copies, test),
        "lda": _measure(LDA(), plain, test),
    }
    for shrinkage in bar(grid, desc=f"seed {seed}", unit="setting"):
        arms[f"shrink_{shrinkage}"] = _measure(_lda(shrinkage), plain, test)
    # of equal ones the first, which is the least regularised
    at_home = max(grid, key=lambda s: arms[f"shrink_{s}"]["train_accuracy"])
    arms["chosen_training"] = arms[f"shrink_{at_home}"] | {"shrinkage": at_home}
    in_folds = choose(*plain, grid)
    arms["chosen_folds"] = arms[f"shrink_{in_folds}"] | {"shrinkage": in_folds}
    with_copies = choose(*copies, grid)
    arms["chosen_copies"] = _measure(_lda(with_copies), copies, test) | {"shrinkage": with_copies}
    return {arm: arms[arm] | {"n_train": len(y)} for arm in ARMS if arm in arms}


def choose(X, y, groups, grid):
    """The shrinkage that does best on folds that it was not learned from.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    y, groups : ndarrays of shape (n,)
        Items of one group stay in one fold.
    grid : sequence of float

    Returns
    -------
    float
        The smallest of the best ones.
    """
    folds = list(GroupKFold(FOLDS, shuffle=True, random_state=0).split(X, y, groups))
    scores = [
        np.mean([_neighbours(_lda(s), X[a], y[a]).score(X[b], y[b]) for a, b in folds])
        for s in grid
    ]
    return grid[int(np.argmax(scores))]


def _lda(shrinkage):
    return LDA(solver="eigen", shrinkage=shrinkage)


def _neighbours(metric, X, y):
    return MetricKNeighborsClassifier(3, metric).fit(X, y)


def _measure(metric, train, test):
    neighbours = _neighbours(metric, *train[:2])
    return {
        "correct": neighbours.predict(test[0]) == test[1],
        "train_accuracy": float(neighbours.score(*train[:2])),
    }
