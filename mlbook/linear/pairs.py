"""Weak supervision: what the metric learners that need only pairs or comparisons have in common.

A pair is *similar* (+1) or *dissimilar* (-1); nobody has to say of which class its points are.
"""

from abc import abstractmethod

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from mlbook.blocks import row_blocks
from mlbook.linear.base import LinearMetric
from mlbook.linear.checks import check_classes, check_samples, unchanged_on_error
from mlbook.linear.pair_sampling import sample_pairs

STRATEGIES = ("accuracy", "balanced_accuracy", "f1")


class TupleLearner(LinearMetric):
    """Base of the metrics that can be learned from pairs, triplets or quadruplets of points.

    A subclass has a constructor parameter `preprocessor`.

    Attributes
    ----------
    threshold_ : float
        Pairs at most so far apart are called similar; only after `calibrate_threshold`.
    """

    def pair_distance(self, pairs):
        """Learned distance within each pair.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features) or (n_pairs, 2)
            The points of each pair; or their positions in `preprocessor`, integers >= 0.

        Returns
        -------
        ndarray of shape (n_pairs,)

        Raises
        ------
        ValueError
            On a wrong shape, NaN or infinite values, or positions that do not exist.
        """
        check_is_fitted(self, "components_")
        if np.ndim(pairs) != 2 or self.preprocessor is None:
            return super().pair_distance(pairs)
        points, index = self._resolve(pairs, 2, "pairs")
        points = np.asarray(points)
        distances = np.empty(len(index))
        for rows in row_blocks(len(index)):
            distances[rows] = super().pair_distance(points[index[rows]])
        return distances

    def calibrate_threshold(self, pairs, y, strategy="accuracy"):
        """Choose the distance up to which a pair is called similar.

        Use pairs that did not train the metric: on its own training pairs a metric looks better
        than it is, and the threshold comes out too small for new ones.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features) or (n_pairs, 2)
            As in `pair_distance`.
        y : array-like of shape (n_pairs,)
            +1 for a similar pair, -1 for a dissimilar one; both must occur.
        strategy : {"accuracy", "balanced_accuracy", "f1"}, default="accuracy"
            What to maximise: the share of right answers; the mean of the shares among similar
            and among dissimilar pairs; the F1 measure of the similar pairs.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On an unknown strategy, other labels than +1 and -1, pairs of one kind only, or pairs
            as `pair_distance` rejects.

        Notes
        -----
        Between two neighbouring distances every threshold gives the same answers; the middle is
        taken. Among equally good ones the lowest wins. It may be -inf or inf, if calling all
        pairs dissimilar or similar is best.
        """
        if strategy not in STRATEGIES:
            raise ValueError(f"strategy must be one of {STRATEGIES}, got {strategy!r}")
        distances = self.pair_distance(pairs)
        y = check_pair_labels(y, len(distances))
        need_both_kinds(y, "a threshold")
        self.threshold_ = best_threshold(distances, y, strategy)
        return self

    def predict_pairs(self, pairs):
        """+1 where a pair is at most `threshold_` apart, -1 elsewhere, shape (n_pairs,)."""
        check_is_fitted(self, "components_")
        if not hasattr(self, "threshold_"):
            raise NotFittedError("call calibrate_threshold, with validation pairs, first")
        return np.where(self.pair_distance(pairs) <= self.threshold_, 1, -1)

    def _store(self, L, attributes):
        vars(self).pop("threshold_", None)  # it belonged to another metric
        for name, value in attributes.items():
            setattr(self, name, value)
        self._set_components(L)

    def _resolve(self, tuples, size, name):
        """Points, and for each tuple the positions of its points."""
        if np.ndim(tuples) == 3:
            tuples = check_array(
                tuples, allow_nd=True, dtype=[np.float64, np.float32], input_name=name
            )
            if tuples.shape[1] != size:
                raise ValueError(f"{name} must have shape (n_{name}, {size}, d): {tuples.shape}")
            index = np.arange(size * len(tuples)).reshape(-1, size)
            return tuples.reshape(-1, tuples.shape[2]), index
        index = np.asarray(tuples)
        positions = index.ndim == 2 and index.shape[1] == size and index.dtype.kind in "iu"
        if not positions or not len(index):
            raise ValueError(
                f"{name} must be an array of shape (n_{name}, {size}, n_features), or integers of "
                f"shape (n_{name}, {size}); got {index.dtype} of shape {index.shape}"
            )
        if self.preprocessor is None:
            raise ValueError(f"{name} of positions need the points: give them as preprocessor=X")
        if index.min() < 0 or index.max() >= len(self.preprocessor):
            raise ValueError(f"positions must lie in 0 .. {len(self.preprocessor) - 1}")
        return self.preprocessor, index

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class PairLearner(TupleLearner):
    """Base of the metrics that can be learned from pairs.

    A subclass implements `_check_parameters()` and `_learn(points, index, y)`, which returns the
    map and a dict of fitted attributes. It has constructor parameters `n_pairs` and
    `random_state`, or a `fit` of its own.
    """

    def fit(self, X, y=None):
        """Learn the metric from pairs that are drawn with `sample_pairs`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels of any sortable type.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On NaN or infinite data, a missing y, fewer than two classes, no class with two
            samples, samples that do not differ as the method needs, or a parameter out of range.
        """
        with unchanged_on_error(self):
            self._check_parameters()
            X, groups, _ = check_classes(self, X, y)
            index, kinds = sample_pairs(groups, self.n_pairs, self.random_state)
            self._store(*self._learn(X, index, kinds))
        return self

    def fit_pairs(self, pairs, y):
        """Learn the metric from pairs.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features) or (n_pairs, 2)
            The points of each pair; or their positions in `preprocessor`, integers >= 0.
        y : array-like of shape (n_pairs,)
            +1 for a similar pair, -1 for a dissimilar one.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On a wrong shape, NaN or infinite values, positions that do not exist, other labels
            than +1 and -1, pairs of one kind where both are needed, or a parameter out of range.
        """
        with unchanged_on_error(self):
            self._check_parameters()
            points, index = self._resolve(pairs, 2, "pairs")
            y = check_pair_labels(y, len(index))
            points = check_samples(self, points)
            self._store(*self._learn(points, index, y))
        return self

    @abstractmethod
    def _check_parameters(self):
        """Raise ValueError if a parameter is out of range."""

    @abstractmethod
    def _learn(self, points, index, y):
        """The map L and a dict of other fitted attributes."""


def best_threshold(distances, y, strategy):
    """The lowest threshold that maximises the measure `strategy` of `distance <= threshold`."""
    order = np.argsort(distances, kind="stable")
    distances, similar = distances[order], y[order] > 0
    # candidate c calls the first c pairs similar; equal distances cannot be told apart
    called = np.append(0, np.flatnonzero(np.append(np.diff(distances) > 0, True)) + 1)
    right = np.append(0, np.cumsum(similar))[called]
    wrong = called - right
    n_similar, n_dissimilar = similar.sum(), (~similar).sum()
    if strategy == "accuracy":
        score = right + (n_dissimilar - wrong)
    elif strategy == "balanced_accuracy":
        score = right / n_similar + (n_dissimilar - wrong) / n_dissimilar
    else:
        score = 2 * right / (called + n_similar)
    best = called[np.argmax(score)]
    if best == 0:
        return -np.inf
    if best == len(distances):
        return np.inf
    return float(distances[best - 1] + (distances[best] - distances[best - 1]) / 2)


def check_pair_labels(y, n_pairs):
    """The labels as an array of +1 and -1; ValueError if they are something else."""
    if y is None:
        raise ValueError("y must hold +1 or -1 for each pair, got None")
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    if y.shape != (n_pairs,):
        raise ValueError(f"y must hold one label for each of the {n_pairs} pairs, got {y.shape}")
    if y.dtype.kind not in "iuf" or not np.isin(y, (1, -1)).all():
        raise ValueError("y must hold +1 for similar and -1 for dissimilar pairs, nothing else")
    return y.astype(np.int64)


def need_both_kinds(y, what):
    """Raise ValueError if one kind of pair is missing."""
    for label, name in ((1, "similar"), (-1, "dissimilar")):
        if not np.any(y == label):
            raise ValueError(f"{what} needs similar and dissimilar pairs; there is no {name} one")
