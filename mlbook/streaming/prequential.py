"""Test, then train: how well a model does on a stream that it learns from."""

import time
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Trial:
    """What a model did on a stream.

    Attributes
    ----------
    correct : ndarray of bool, shape (n_samples,)
        Whether each sample was classified right, before the model had seen its label.
    predict_seconds, update_seconds : ndarray of shape (n_samples,)
        For each query and each update on its own, by the clock that was used.
    """

    correct: np.ndarray
    predict_seconds: np.ndarray
    update_seconds: np.ndarray

    def moving_accuracy(self, width):
        """Accuracy over the last `width` samples, for each position from the first full window.

        Returns
        -------
        positions, accuracies : ndarrays of shape (n_samples - width + 1,)
        """
        sums = np.cumsum(np.append(0, self.correct))
        return np.arange(width - 1, len(self.correct)), (sums[width:] - sums[:-width]) / width


def test_then_train(model, X, y, clock=time.perf_counter):
    """Give a model the samples of a stream one by one: first the query, then the label.

    This is *prequential* evaluation: every sample is a test item, and none is tested after it
    was learned.

    Parameters
    ----------
    model : object with `predict` and `partial_fit`
        That has seen something already, so that it can answer.
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    clock : callable, default=time.perf_counter
        The seconds that a user waits. `time.process_time` counts those that the processor works,
        which other work on the machine does not change.

    Returns
    -------
    Trial

    References
    ----------
    J. Gama, R. Sebastiao and P. P. Rodrigues, On evaluating stream learning algorithms, Machine
    Learning 90(3), 2013.
    """
    correct = np.empty(len(X), dtype=bool)
    seconds = np.empty((2, len(X)))
    for i in range(len(X)):
        row, label = X[i : i + 1], y[i : i + 1]
        start = clock()
        predicted = model.predict(row)
        answered = clock()
        model.partial_fit(row, label)
        seconds[:, i] = answered - start, clock() - answered
        correct[i] = predicted[0] == label[0]
    return Trial(correct, *seconds)


# pytest takes a function of this name for a test, wherever it is imported
test_then_train.__test__ = False


def percentiles(seconds, which=(50, 95, 99)):
    """Percentiles of latencies in milliseconds, as {"p50": ..., ...}."""
    values = np.percentile(seconds, which) * 1e3
    return {f"p{p}": float(value) for p, value in zip(which, values, strict=True)}
