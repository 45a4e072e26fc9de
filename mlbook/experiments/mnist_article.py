"""The article's own protocol on MNIST, repeated over seeds: random splits, 80 % to train.

The article's code computes a covariance, never uses it, and prints the accuracy of scikit-learn's
default logistic regression on raw pixels. That classifier is one arm; beside it, on the same
splits, the Mahalanobis distance that the article's text says was measured.
"""

import warnings

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of, fit_and_test, pixels
from mlbook.linear import Covariance
from mlbook.neighbors import MetricKNeighborsClassifier
from mlbook.progress import bar

TITLE = "The article's protocol on MNIST: random 80/20 splits"
DATASETS = ("mnist",)
BASELINE = "euclid"
TRAIN_SHARE = 0.8

BUDGETS = {
    "smoke": Budget(n_train=320, n_test=80, seeds=2),
    "reader": Budget(n_train=3200, n_test=800, seeds=5),
    "full": Budget(n_train=56_000, n_test=14_000, seeds=5),
}
ARMS = {
    "majority": "most frequent class",
    "article": "the article's classifier: logistic regression, raw pixels, 100 iterations",
    "logistic": "logistic regression, scaled pixels, converged",
    "euclid": "3-NN, Euclid",
    "total": "3-NN, total covariance, pseudo-inverse",
    "ledoit_wolf": "3-NN, Ledoit-Wolf covariance",
    "within": "3-NN, within-class covariance, pseudo-inverse",
}


def same_items(budget, data):
    """Never: each seed draws its own split."""
    return False


def run(budget, seed, data=None):
    """All arms on one random split.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the split from all images, training and test together, as the article does.
    data : dict of str to Dataset, or None
        Loaded data sets; None loads them.

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test image), n_train, converged (1 or 0),
        fit_seconds, predict_seconds.
    """
    mnist = data["mnist"] if data else datasets.load("mnist")
    limits = budget_of(BUDGETS, budget)
    images = np.concatenate([mnist.x_train, mnist.x_test])
    labels = np.concatenate([mnist.y_train, mnist.y_test])
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[: limits.n_train + limits.n_test]
    n_train = int(round(TRAIN_SHARE * len(order)))
    chosen, tested = order[:n_train], order[n_train:]
    train = pixels(images[chosen]), labels[chosen]
    test = pixels(images[tested]), labels[tested]

    estimators = {
        "majority": DummyClassifier(),
        "article": LogisticRegression(),
        "logistic": LogisticRegression(max_iter=1000),
        "euclid": _neighbours(None),
        "total": _neighbours(Covariance("total", rank="auto")),
        "ledoit_wolf": _neighbours(Covariance("ledoit_wolf")),
        "within": _neighbours(Covariance("within", rank="auto")),
    }
    raw_train, raw_test = (train[0] * 255, train[1]), (test[0] * 255, test[1])
    arms = {}
    progress = bar(estimators.items(), desc=f"seed {seed}", unit="arm")
    for arm, estimator in progress:
        progress.set_postfix_str(arm)
        sides = (raw_train, raw_test) if arm == "article" else (train, test)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            measured = fit_and_test(estimator, *sides)
        converged = not any(issubclass(w.category, ConvergenceWarning) for w in caught)
        arms[arm] = measured | {"n_train": n_train, "converged": int(converged)}
    return arms


def _neighbours(metric):
    return MetricKNeighborsClassifier(3, metric)
