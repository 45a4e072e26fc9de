"""What the experiments `stream_*` share: the models that meet a stream, and how they are judged.

Each model first learns the same labelled samples, the *start*. Then the stream comes: every
sample is a query first, and is given with its label afterwards (test, then train). All models
answer with the class of the nearest mean, so that they differ in nothing but in which metric and
which means they use. No setting is tuned: the half-life was fixed beforehand, the window is as
long as gives its samples the same mean age, and the alarms have river's default settings.
"""

import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from mlbook.progress import bar
from mlbook.streaming import (
    LEGO,
    DriftMonitor,
    StreamingMahalanobis,
    judge_alarms,
    percentiles,
    test_then_train,
)

HALF_LIFE = 200
WINDOW, EVERY = 600, 100
# what a model that starts anew at an alarm learns from at once
RECENT = 200
N_BLOCKS = 20
BASELINE = "frozen"
ARMS = {
    "euclid": "Euclid, means of the start",
    "euclid_follows": "Euclid, means follow",
    "frozen": "metric and means of the start",
    "unit": "metric and means of the start, features scaled to length 1",
    "means_follow": "metric of the start, means follow",
    "growing": "metric and means from all samples so far",
    "following": "metric and means follow",
    "window": "learned anew from a window, at fixed times",
    "alarm": "learned anew at alarms: ADWIN on errors",
    "alarm_page_hinkley": "learned anew at alarms: Page-Hinkley on errors",
    "alarm_distance": "learned anew at alarms: ADWIN on distances, without labels",
    "pairs": "metric online from pairs (LEGO), means follow",
}
SWEEP = (50, 100, 200, 400, 800)
ALL_ARMS = ARMS | {
    f"following_{half_life}": f"metric and means follow, half-life {half_life}"
    for half_life in SWEEP
}


@dataclass(frozen=True)
class Stream:
    """A start, a stream, and where in the stream a change begins and ends.

    Attributes
    ----------
    X_start, X : ndarray of shape (n, n_features), float64
    y_start, y : ndarray of int, shape (n,)
    onset, end : int or None
        First sample that the change touches, and first one after which all stays as it is; None
        if nothing changes.
    """

    X_start: np.ndarray
    y_start: np.ndarray
    X: np.ndarray
    y: np.ndarray
    onset: int | None = None
    end: int | None = None


class NearestMean:
    """Nearest class mean under a metric that is given; the means stay, or follow the stream.

    Parameters
    ----------
    X, y
        The start.
    matrix : ndarray of shape (n_features, n_features) or None
        M of the metric; None is Euclid.
    half_life : float or None
        None: the means stay, and new classes are never answered.
    """

    def __init__(self, X, y, matrix=None, half_life=None):
        self.matrix = np.eye(X.shape[1]) if matrix is None else matrix
        self.half_life = half_life
        self._start = StreamingMahalanobis(half_life).fit(X, y)
        self._means, self._classes = self._start.means_, self._start.classes_

    def predict(self, X):
        differences = self._means - X
        squares = np.sum(differences @ self.matrix * differences, axis=1)
        return self._classes[[squares.argmin()]]

    def partial_fit(self, X, y):
        if self.half_life is not None:
            self._start.partial_fit(X, y)
            self._means, self._classes = self._start.means_, self._start.classes_


class UnitLength:
    """A model on features that are scaled to length 1."""

    def __init__(self, X, y):
        X = _unit(X)
        matrix = StreamingMahalanobis().fit(X, y).get_mahalanobis_matrix()
        self._model = NearestMean(X, y, matrix)

    def predict(self, X):
        return self._model.predict(_unit(X))

    def partial_fit(self, X, y):
        pass


class Window:
    """Learned anew from the last WINDOW samples, each time that EVERY samples have come."""

    def __init__(self, X, y):
        self._last = deque(zip(X, y, strict=True), maxlen=WINDOW)
        self._model = StreamingMahalanobis().fit(X, y)
        self._n_seen = 0

    def predict(self, X):
        return self._model.predict(X)

    def partial_fit(self, X, y):
        self._last.append((X[0], y[0]))
        self._n_seen += 1
        if self._n_seen % EVERY == 0:
            self._model = _fit_to(self._last)


class Alarmed:
    """Learns from all samples since the last alarm; at an alarm it starts from the last RECENT.

    Parameters
    ----------
    X, y
        The start.
    detector : str
        As in `DriftMonitor`.
    labels : bool
        Watch the errors, which needs labels; or the distances from the nearest mean, which does
        not.
    """

    def __init__(self, X, y, detector, labels=True):
        self.monitor = DriftMonitor(detector)
        self._labels = labels
        self._last = deque(zip(X, y, strict=True), maxlen=RECENT)
        self._model = StreamingMahalanobis().fit(X, y)

    def predict(self, X):
        distances = self._model.class_distances(X)[0]
        self._nearest = distances.argmin()
        self._distance = distances[self._nearest]
        return self._model.classes_[[self._nearest]]

    def partial_fit(self, X, y):
        self._last.append((X[0], y[0]))
        wrong = self._model.classes_[self._nearest] != y[0]
        if self.monitor.update(wrong if self._labels else self._distance):
            self._model = _fit_to(self._last)
        else:
            self._model.partial_fit(X, y)


class Pairs:
    """LEGO, from pairs of the new sample with the last one of its class and of another class."""

    def __init__(self, X, y, seed):
        self._metric = LEGO(random_state=seed).fit(X, y)
        self._nearest = NearestMean(X, y, self._metric.get_mahalanobis_matrix(), HALF_LIFE)
        self._last = {label: x for x, label in zip(X, y.tolist(), strict=True)}
        self._rng = np.random.default_rng(seed)

    def predict(self, X):
        return self._nearest.predict(X)

    def partial_fit(self, X, y):
        label = int(y[0])
        others = [known for known in self._last if known != label]
        pairs = [(X[0], self._last[others[self._rng.integers(len(others))]])]
        kinds = [-1]
        if label in self._last:
            pairs.append((X[0], self._last[label]))
            kinds.append(1)
        self._metric.partial_fit_pairs(np.array(pairs), np.array(kinds))
        self._nearest.matrix = self._metric.get_mahalanobis_matrix()
        self._nearest.partial_fit(X, y)
        self._last[label] = X[0]


def compare(stream, seed, half_lives=()):
    """All models on one stream.

    Parameters
    ----------
    stream : Stream
    seed : int
        Draws the pairs.
    half_lives : sequence of int
        Further half-lives for the model whose metric and means follow.

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per sample of the stream); n_train (the start and the stream);
        before, during, after: accuracy in these parts of the stream; block_00 ...: accuracy in
        each of N_BLOCKS equal parts; predict_p50 ... update_p99: percentiles, over the samples, of
        the milliseconds of processor time that one query and one update took. Arms with alarms:
        false_alarms, detected, delay.
    """
    start = stream.X_start, stream.y_start
    of_start = StreamingMahalanobis().fit(*start).get_mahalanobis_matrix()
    makers = {
        "euclid": lambda: NearestMean(*start),
        "euclid_follows": lambda: NearestMean(*start, half_life=HALF_LIFE),
        "frozen": lambda: NearestMean(*start, of_start),
        "unit": lambda: UnitLength(*start),
        "means_follow": lambda: NearestMean(*start, of_start, HALF_LIFE),
        "growing": lambda: StreamingMahalanobis().fit(*start),
        "following": lambda: StreamingMahalanobis(HALF_LIFE).fit(*start),
        "window": lambda: Window(*start),
        "alarm": lambda: Alarmed(*start, "adwin"),
        "alarm_page_hinkley": lambda: Alarmed(*start, "page_hinkley"),
        "alarm_distance": lambda: Alarmed(*start, "adwin", labels=False),
        "pairs": lambda: Pairs(*start, seed),
    }
    for half_life in half_lives:
        if half_life != HALF_LIFE:
            makers[f"following_{half_life}"] = lambda h=half_life: StreamingMahalanobis(h).fit(
                *start
            )
    arms = {}
    progress = bar(makers, desc=f"seed {seed}", unit="arm")
    for arm in progress:
        progress.set_postfix_str(arm)
        arms[arm] = _measure(makers[arm](), stream)
    if HALF_LIFE in half_lives:
        arms[f"following_{HALF_LIFE}"] = arms["following"]
    return {arm: arms[arm] for arm in ALL_ARMS if arm in arms}


def _measure(model, stream):
    trial = test_then_train(model, stream.X, stream.y, clock=time.process_time)
    measured = {
        "correct": trial.correct,
        "n_train": len(stream.y_start) + len(stream.y),
    }
    if stream.onset is not None:
        parts = {"before": (0, stream.onset), "during": (stream.onset, stream.end)}
        parts["after"] = (stream.end, len(stream.y))
        for part, (first, last) in parts.items():
            if last > first:
                measured[part] = float(trial.correct[first:last].mean())
    for i, block in enumerate(np.array_split(trial.correct, N_BLOCKS)):
        measured[f"block_{i:02d}"] = float(block.mean())
    for what in ("predict", "update"):
        for name, value in percentiles(getattr(trial, f"{what}_seconds")).items():
            measured[f"{what}_{name}"] = value
    if isinstance(model, Alarmed):
        measured |= judge_alarms(model.monitor.alarms, stream.onset, len(stream.y))
    return measured


def _fit_to(last):
    X, y = zip(*last, strict=True)
    return StreamingMahalanobis().fit(np.array(X), np.array(y))


def _unit(X):
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(lengths > 0, lengths, 1.0)
