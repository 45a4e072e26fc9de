"""What the metrics learned from class labels share: the checks of X and y, and class sums."""

import numbers
from abc import abstractmethod

import numpy as np
from scipy.sparse import csr_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from mlbook.blocks import row_blocks
from mlbook.linear.base import LinearMetric

# a block and its transform stay near the processor's cache
BLOCK = 1024


class SupervisedMetric(LinearMetric):
    """Base of metrics learned from labelled points, at least two classes, one with a pair.

    A subclass implements `_check_parameters()` and `_learn(X, groups, counts)`, which returns
    the map L, its condition number (or None) and a dict of further fitted attributes. Nothing
    of the estimator changes before `_learn` is done.
    """

    def fit(self, X, y):
        """Learn the metric.

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
            On a parameter out of range, NaN or infinite data, a missing y, labels that are not
            classes, one class only, no class with two samples, or data without the spread that
            the method needs.
        TypeError
            On sparse X: centring would fill it. Convert it with `X.toarray()`.
        """
        before = vars(self).copy()
        try:
            self._check_parameters()
            X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], ensure_min_samples=2)
            groups, counts = class_groups(y)
            with np.errstate(over="ignore", invalid="ignore"):
                components, condition_number, learned = self._learn(X, groups, counts)
            if not np.isfinite(components).all():
                raise ValueError("squares of the data overflow float64: rescale X")
        except BaseException:
            # An interrupted or failed fit leaves the estimator as it was, fitted or not.
            vars(self).clear()
            vars(self).update(before)
            raise
        for name, value in learned.items():
            setattr(self, name, value)
        self._set_components(components, condition_number)
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    @abstractmethod
    def _check_parameters(self):
        """Raise ValueError if a parameter is out of range."""

    @abstractmethod
    def _learn(self, X, groups, counts):
        """The map, its condition number or None, and the fitted attributes."""


def class_groups(y):
    """Labels as 0 .. n_classes - 1, and the number of samples of each class.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)

    Returns
    -------
    groups : ndarray of int, shape (n_samples,)
    counts : ndarray of int, shape (n_classes,)

    Raises
    ------
    ValueError
        If y holds one class, or no class has two samples.
    """
    check_classification_targets(y)
    groups, counts = np.unique(y, return_inverse=True, return_counts=True)[1:]
    if len(counts) < 2:
        raise ValueError(
            "the metric is learned from what tells classes apart, but y holds one class only"
        )
    if counts.max() < 2:
        raise ValueError(
            f"each of the {len(counts)} classes has one sample only: no two samples are alike"
        )
    return groups, counts


def class_means(X, groups, counts):
    """Mean of each class, and of all samples, in float64 and without a copy of X.

    Returns
    -------
    means : ndarray of shape (n_classes, n_features)
    mean : ndarray of shape (n_features,)
    """
    # Sums of differences from some sample keep the digits of data far from zero.
    origin = X[0].astype(np.float64)
    sums = np.zeros((len(counts), X.shape[1]))
    for rows in row_blocks(len(X), BLOCK):
        size = rows.stop - rows.start
        members = csr_array((np.ones(size), (groups[rows], np.arange(size))), (len(counts), size))
        sums += members @ (X[rows] - origin)
    return sums / counts[:, np.newaxis] + origin, sums.sum(axis=0) / len(X) + origin


def residual_blocks(X, groups, means):
    """Yield (rows, X[rows] - class means), float64, a block of rows at a time."""
    for rows in row_blocks(len(X), BLOCK):
        yield rows, X[rows] - means[groups[rows]]


def check_number(name, value, *, above=None, at_least=None, at_most=np.inf, integer=False):
    """Raise ValueError unless value is a finite number in range."""
    kind = numbers.Integral if integer else numbers.Real
    is_number = isinstance(value, kind) and not isinstance(value, bool) and abs(value) < np.inf
    if (
        not is_number
        or (above is not None and not value > above)
        or (at_least is not None and not value >= at_least)
        or not value <= at_most
    ):
        limit = f"> {above}" if above is not None else f">= {at_least}"
        limit += f" and <= {at_most}" if at_most < np.inf else ""
        noun = "an integer" if integer else "a finite number"
        raise ValueError(f"{name} must be {noun} {limit}, got {value!r}")
