"""Budgets, and what the arms of several experiments share."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mlbook.errors import UnknownNameError


@dataclass(frozen=True)
class Budget:
    """How much one run of an experiment may use. Never which algorithm it runs.

    Attributes
    ----------
    n_train, n_test : int
        Items drawn from the data set; all, where it has fewer.
    seeds : int
        Number of seeds by default, counted from 0.
    grids : mapping
        Settings that a sweep tries, by name.
    """

    n_train: int
    n_test: int
    seeds: int
    grids: Mapping[str, tuple] = field(default_factory=dict)


def budget_of(budgets, name):
    """The budget called `name` among an experiment's budgets.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if name not in budgets:
        raise UnknownNameError("budget", name, budgets)
    return budgets[name]


def draw(n_available, n_wanted, rng):
    """Positions of `n_wanted` random items in increasing order; all, if there are no more."""
    if n_wanted >= n_available:
        return np.arange(n_available)
    return np.sort(rng.choice(n_available, n_wanted, replace=False))


def pixels(images):
    """Images of bytes as rows of float32 in [0, 1], shape (n, n_pixels)."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def fit_and_test(estimator, train, test):
    """Fit on `train`, predict `test`, and measure.

    Parameters
    ----------
    estimator : scikit-learn classifier
    train, test : tuple of (X, y)

    Returns
    -------
    dict
        correct (bool per test item), fit_seconds, predict_seconds.
    """
    start = time.perf_counter()
    estimator.fit(*train)
    fitted = time.perf_counter()
    correct = estimator.predict(test[0]) == test[1]
    return {
        "correct": correct,
        "fit_seconds": fitted - start,
        "predict_seconds": time.perf_counter() - fitted,
    }
