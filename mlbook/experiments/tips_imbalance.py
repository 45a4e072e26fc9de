"""One image in twenty is an eight: what accuracy says of classifiers, and what else does.

The classes of the training and of the test images are as uneven as those of a search for a rare
thing. All arms see the same images.
"""

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    balanced_accuracy_score,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.tips_data import halved
from mlbook.linear import LDA, Covariance
from mlbook.neighbors import MetricKNeighborsClassifier

TITLE = "One image in twenty is an eight: several measures"
DATASETS = ("mnist",)
BASELINE = "majority"
RARE = 8
SHARE = 0.05
ARMS = {
    "majority": "most frequent class: nothing is an eight",
    "euclid": "neighbours, Euclid",
    "mahalanobis": "neighbours, Mahalanobis",
    "lda": "neighbours, LDA",
    "logistic": "logistic regression",
    "balanced": "logistic regression, classes weighted equally",
}
BUDGETS = {
    "smoke": Budget(n_train=400, n_test=400, seeds=2),
    "reader": Budget(n_train=1000, n_test=1000, seeds=5),
    "full": Budget(n_train=1000, n_test=1000, seeds=20),
}


def same_items(budget, data):
    """No: each seed draws other test images."""
    return False


def run(budget, seed, data=None):
    """All arms on one draw of images.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test image), n_train, and the measures of `scores`.
    """
    limits = budget_of(BUDGETS, budget)
    mnist = data["mnist"] if data else datasets.load("mnist")
    rng = np.random.default_rng(seed)
    X, is_rare = thinned(mnist.x_train, mnist.y_train, limits.n_train, rng)
    X_test, wanted = thinned(mnist.x_test, mnist.y_test, limits.n_test, rng)
    classifiers = {
        "majority": DummyClassifier(),
        "euclid": MetricKNeighborsClassifier(3),
        "mahalanobis": MetricKNeighborsClassifier(3, Covariance("total", rank="auto")),
        "lda": MetricKNeighborsClassifier(3, LDA(solver="eigen", shrinkage=0.1)),
        "logistic": LogisticRegression(max_iter=1000),
        "balanced": LogisticRegression(max_iter=1000, class_weight="balanced"),
    }
    arms = {}
    for arm, classifier in classifiers.items():
        found = classifier.fit(X, is_rare).predict(X_test)
        arms[arm] = {"correct": found == wanted, "n_train": len(X)} | scores(wanted, found)
    return arms


def thinned(images, labels, n, rng):
    """A draw in which one image in twenty is an eight.

    Parameters
    ----------
    images : ndarray of shape (n_available, 28, 28)
    labels : ndarray of int, shape (n_available,)
    n : int
    rng : numpy.random.Generator

    Returns
    -------
    X : ndarray of shape (n, 196)
    is_rare : ndarray of bool, shape (n,)
    """
    n_rare = round(SHARE * n)
    rare, others = (np.flatnonzero((labels == RARE) == wanted) for wanted in (True, False))
    rows = np.concatenate(
        [rng.choice(rare, n_rare, replace=False), rng.choice(others, n - n_rare, replace=False)]
    )
    return halved(images[rows]), labels[rows] == RARE


def scores(wanted, found):
    """What else can be said of answers to a yes-or-no question.

    Parameters
    ----------
    wanted, found : ndarray of bool, shape (n,)

    Returns
    -------
    dict of str to float
        recall, precision (0 if nothing was found), f1, balanced_accuracy, and mcc, the
        correlation coefficient of Matthews, which is 0 if the answers say nothing.
    """
    return {
        "recall": float(recall_score(wanted, found)),
        "precision": float(precision_score(wanted, found, zero_division=0)),
        "f1": float(f1_score(wanted, found, zero_division=0)),
        "balanced_accuracy": float(balanced_accuracy_score(wanted, found)),
        "mcc": float(matthews_corrcoef(wanted, found)),
    }
