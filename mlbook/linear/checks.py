"""What the learners check before they learn, and what they leave behind if they cannot."""

from contextlib import contextmanager

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

# sums of products of numbers between these stay finite, and keep their digits
_LARGEST = {dtype: np.sqrt(np.finfo(dtype).max) * 1e-6 for dtype in (np.float32, np.float64)}
_SMALLEST = {dtype: np.sqrt(np.finfo(dtype).tiny) * 1e6 for dtype in (np.float32, np.float64)}


def check_samples(estimator, X, y="no_validation"):
    """Validated X, or X and y, as scikit-learn's `validate_data` gives them.

    In float64 or float32; in float64 also if squares would overflow or underflow float32.

    Raises
    ------
    ValueError
        On NaN or infinite data, fewer than two samples, or data whose squares overflow or
        underflow float64.
    TypeError
        On sparse X.
    """
    checked = validate_data(
        estimator, X, y, dtype=[np.float64, np.float32], order="C", ensure_min_samples=2
    )
    X, rest = (checked[0], checked[1:]) if isinstance(checked, tuple) else (checked, ())
    largest = max(float(X.max()), -float(X.min()))
    if X.dtype == np.float32 and not _has_squares(largest, np.float32):
        X = X.astype(np.float64)
    if not _has_squares(largest, np.float64):
        what = "overflow" if largest > 1 else "underflow"
        raise ValueError(f"squares of the data {what} (largest value {largest:.1g}): rescale X")
    return (X, *rest) if rest else X


def _has_squares(largest, dtype):
    """Whether squares of data up to this size can be told from zero and infinity."""
    return largest == 0 or _SMALLEST[dtype] <= largest <= _LARGEST[dtype]


def check_classes(estimator, X, y):
    """Validated samples and classes.

    Parameters
    ----------
    estimator : LinearMetric
        Gets `n_features_in_` and, from a frame, `feature_names_in_`.
    X, y
        As in `fit`.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features), float64 or float32
    groups : ndarray of int, shape (n_samples,)
    counts : ndarray of int, shape (n_classes,)

    Raises
    ------
    ValueError
        As `check_samples`; on a missing y, labels that are not classes, one class only, or no
        class with two samples.
    TypeError
        On sparse X.
    """
    X, y = check_samples(estimator, X, y)
    return X, *class_groups(y)


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
        raise ValueError("at least two classes are needed, but y holds one class only")
    if counts.max() < 2:
        raise ValueError(
            f"each of the {len(counts)} classes has one sample: no two samples are alike"
        )
    return groups, counts


@contextmanager
def unchanged_on_error(estimator):
    """Leave the estimator exactly as it was, fitted or not, if fitting fails or is interrupted."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
