"""Weak supervision: what the metric learners that need only pairs of points have in common.

A pair is *similar* (+1) or *dissimilar* (-1); nobody has to say of which class its points are.
"""

from abc import abstractmethod
from contextlib import contextmanager

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from mlbook.blocks import row_blocks
from mlbook.linear.base import LinearMetric
from mlbook.linear.pair_sampling import check_counts, sample_pairs

STRATEGIES = ("accuracy", "balanced_accuracy", "f1")


class PairLearner(LinearMetric):
    """Base of the metrics that can be learned from pairs.

    A subclass has a constructor parameter `preprocessor` and implements `_check_parameters()`
    and `_learn(points, index, y)`, which returns the map and a dict of fitted attributes.

    Attributes
    ----------
    threshold_ : float
        Pairs at most so far apart are called similar; only after `calibrate_threshold`.
    """

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
            points, index = self._resolve(pairs)
            y = check_pair_labels(y, len(index))
            points = validate_data(self, points, dtype=[np.float64, np.float32])
            self._store(*self._learn(points, index, y))
        return self

    def pair_distance(self, pairs):
        """Learned distance within each pair.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features) or (n_pairs, 2)
            As in `fit_pairs`.

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
        points, index = self._resolve(pairs)
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
        pairs, y
            As in `fit_pairs`; both kinds of pairs.
        strategy : {"accuracy", "balanced_accuracy", "f1"}, default="accuracy"
            What to maximise: the share of right answers; the mean of the shares among similar
            and among dissimilar pairs; the F1 measure of the similar pairs.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On an unknown strategy, pairs of one kind only, or pairs as `fit_pairs` rejects.

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

    @abstractmethod
    def _check_parameters(self):
        """Raise ValueError if a parameter is out of range."""

    @abstractmethod
    def _learn(self, points, index, y):
        """The map L and a dict of other fitted attributes."""

    def _fit_sampled(self, X, y):
        """`fit` of those learners that turn class labels into random pairs."""
        with unchanged_on_error(self):
            self._check_parameters()
            X, groups = check_classes(self, X, y)
            index, kinds = sample_pairs(groups, self.n_pairs, self.random_state)
            self._store(*self._learn(X, index, kinds))
        return self

    def _store(self, L, attributes):
        vars(self).pop("threshold_", None)  # it belonged to another metric
        for name, value in attributes.items():
            setattr(self, name, value)
        self._set_components(L)

    def _resolve(self, pairs):
        """Points, and for each pair the positions of its two points."""
        if np.ndim(pairs) == 3:
            pairs = check_array(
                pairs, allow_nd=True, dtype=[np.float64, np.float32], input_name="pairs"
            )
            if pairs.shape[1] != 2:
                raise ValueError(f"pairs must have shape (n_pairs, 2, d), got {pairs.shape}")
            return pairs.reshape(-1, pairs.shape[2]), np.arange(2 * len(pairs)).reshape(-1, 2)
        index = np.asarray(pairs)
        if index.ndim != 2 or index.shape[1] != 2 or index.dtype.kind not in "iu" or not len(index):
            raise ValueError(
                "pairs must be an array of shape (n_pairs, 2, n_features), or integers of shape "
                f"(n_pairs, 2); got {index.dtype} of shape {index.shape}"
            )
        if self.preprocessor is None:
            raise ValueError("pairs of positions need the points: give them as preprocessor=X")
        if index.min() < 0 or index.max() >= len(self.preprocessor):
            raise ValueError(f"positions must lie in 0 .. {len(self.preprocessor) - 1}")
        return self.preprocessor, index

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


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


def check_classes(estimator, X, y):
    """Validated X, and y as class numbers; ValueError unless both kinds of pairs exist."""
    X, y = validate_data(
        estimator, X, y, dtype=[np.float64, np.float32], order="C", ensure_min_samples=2
    )
    check_classification_targets(y)
    groups, counts = np.unique(y, return_inverse=True, return_counts=True)[1:]
    check_counts(counts)
    return X, groups


@contextmanager
def unchanged_on_error(estimator):
    """Leave the estimator exactly as it was if fitting fails or is interrupted."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
