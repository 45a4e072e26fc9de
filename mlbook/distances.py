"""Distances and similarities between vectors, and a checker of the metric axioms.

Every function takes vectors of shape (d,) or arrays of shape (..., d). The last axis is the
vector; the others broadcast as in NumPy, so that `euclidean(X[:, None], Y[None])` is the whole
table of distances between the rows of X and of Y. Results are float64 of the broadcast shape
(...), a single number for two vectors.

A *metric* is never negative, zero exactly between equal points, symmetric, and obeys the
triangle inequality d(x, z) <= d(x, y) + d(y, z). A *pseudo-metric* may be zero between
different points as well. `check_axioms` looks for a counterexample.
"""

import numbers

import numpy as np

from mlbook.axioms import Axiom, AxiomReport, check_axioms
from mlbook.hartley import hartley_transform

__all__ = [
    "Axiom",
    "AxiomReport",
    "angular",
    "chebyshev",
    "check_axioms",
    "cosine_similarity",
    "euclidean",
    "hartley",
    "hartley_transform",
    "mahalanobis",
    "manhattan",
    "minkowski",
]

# relative to the largest entry or eigenvalue: what an inverted covariance owes to rounding
_ASYMMETRY_ALLOWED = 1e-8
_NEGATIVITY_ALLOWED = 1e-10


def euclidean(x, y):
    """Length of the straight line, (sum_k (x_k - y_k)^2)^(1/2). A metric.

    Parameters
    ----------
    x, y : array-like of shape (..., d)

    Returns
    -------
    float or ndarray of shape (...)

    Raises
    ------
    ValueError
        If the vectors differ in length, the other axes do not broadcast, or a value is NaN,
        infinite or not a real number. So do all functions of this module.
    """
    return minkowski(x, y, 2)


def manhattan(x, y):
    """Length of a path along the axes, sum_k |x_k - y_k|. A metric.

    Parameters, result and errors are those of `euclidean`.
    """
    return minkowski(x, y, 1)


def chebyshev(x, y):
    """The largest difference in one coordinate, max_k |x_k - y_k|. A metric.

    Parameters, result and errors are those of `euclidean`.
    """
    return minkowski(x, y, np.inf)


def minkowski(x, y, p):
    """(sum_k |x_k - y_k|^p)^(1/p). A metric for p >= 1.

    For p < 1 the triangle inequality fails: with p = 1/2, the points (0, 0), (1, 0), (1, 1) are
    at distances 1, 1 and 4.

    Parameters
    ----------
    x, y : array-like of shape (..., d)
    p : float
        At least 1; `inf` gives the largest difference.

    Returns
    -------
    float or ndarray of shape (...)

    Raises
    ------
    ValueError
        As `euclidean`, and if p is not a number >= 1.
    """
    if isinstance(p, bool) or not isinstance(p, numbers.Real) or not p >= 1:
        raise ValueError(
            f"p must be a number >= 1, got {p!r}; below 1 the triangle inequality fails"
        )
    x, y = _pair(x, y)
    return _norm(x - y, p)


def cosine_similarity(x, y):
    """Cosine of the angle, <x, y> / (||x|| ||y||), between -1 and 1. Not a distance.

    It is largest, 1, where a distance is 0. One minus the cosine is no metric either: it is
    zero between a vector and its double, and the triangle inequality fails. `angular` is the
    metric that belongs to it.

    Parameters
    ----------
    x, y : array-like of shape (..., d)

    Returns
    -------
    float or ndarray of shape (...)

    Raises
    ------
    ValueError
        As `euclidean`, and if a vector is zero: it has no direction.
    """
    x, y = _scaled_pair(x, y)
    # The root of the product, not the product of roots: exactly 1 for parallel vectors.
    lengths = np.sqrt(np.sum(x**2, axis=-1) * np.sum(y**2, axis=-1))
    return np.clip(np.sum(x * y, axis=-1) / lengths, -1.0, 1.0)


def angular(x, y):
    """The angle between two vectors, in radians, from 0 to pi.

    A metric on the unit sphere, where it is the length of the shortest arc. On other vectors a
    pseudo-metric: it does not see their lengths. Equals the arc cosine of `cosine_similarity`,
    but keeps its digits for small angles, where the cosine is flat.

    Parameters, result and errors are those of `cosine_similarity`.
    """
    x, y = (v / _norm(v, 2)[..., np.newaxis] for v in _scaled_pair(x, y))
    return 2 * np.arctan2(_norm(x - y, 2), _norm(x + y, 2))


def mahalanobis(x, y, matrix):
    """((x - y)^T M (x - y))^(1/2) with a symmetric, positive semi-definite M.

    A metric if M is positive definite, else a pseudo-metric. With M = L^T L it is Euclid's
    distance after the map L. Mahalanobis's own choice for M is the *inverse* of a covariance.

    Parameters
    ----------
    x, y : array-like of shape (..., d)
    matrix : array-like of shape (d, d)
        M itself: for a covariance C pass its inverse.

    Returns
    -------
    float or ndarray of shape (...)

    Raises
    ------
    ValueError
        As `euclidean`, and if M is of another shape, not symmetric, or has a negative
        eigenvalue (squared distances would be negative).

    Examples
    --------
    >>> mahalanobis([1, 2], [2, 3], [[0.5, 0.0], [0.0, 0.5]]).round(6)
    np.float64(1.0)
    """
    x, y = _pair(x, y)
    return _norm((x - y) @ _root(matrix, x.shape[-1]).T, 2)


def hartley(x, y, weights=None, shape=None):
    """Feature-weighted Hartley distance (sum_k w_k (H (x - y))_k^2)^(1/2).

    H is the orthonormal discrete Hartley transform, a real relative of Fourier's; so this is a
    weighted Euclidean distance between spectra. A metric if all weights are positive, else a
    pseudo-metric. The name is the article's (FWHD), the definition is ours;
    `mlbook.linear.FWHD` learns the weights.

    Parameters
    ----------
    x, y : array-like of shape (..., d)
    weights : array-like of shape (d,), default=None
        Not negative. None stands for 1 / d each, which gives Euclid's distance over sqrt(d).
    shape : tuple of int, default=None
        (height, width) of the images that the vectors hold row by row, for the
        two-dimensional transform. None is the one-dimensional transform.

    Returns
    -------
    float or ndarray of shape (...)

    Raises
    ------
    ValueError
        As `euclidean`, and if a weight is negative, their number is not d, or the shape does
        not hold d values.
    """
    x, y = _pair(x, y)
    n_features = x.shape[-1]
    if weights is None:
        weights = np.full(n_features, 1 / n_features)
    weights = _real_array(weights, "weights")
    if weights.shape != (n_features,):
        raise ValueError(f"weights must have shape ({n_features},), got {weights.shape}")
    if weights.min() < 0:
        raise ValueError(f"weights must not be negative, got {weights.min():.4g}")
    return _norm(np.sqrt(weights) * hartley_transform(x - y, shape), 2)


def _real_array(values, name):
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        array = None
    if array is None or array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be a dense array of real numbers")
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} contains NaN or infinite values")
    return array


def _vectors(values, name):
    array = _real_array(values, name)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"{name} must have shape (..., d) with d >= 1, got {array.shape}")
    return array


def _pair(x, y):
    x, y = _vectors(x, "x"), _vectors(y, "y")
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(
            f"x and y must be vectors of one length, got {x.shape[-1]} and {y.shape[-1]}"
        )
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        raise ValueError(f"the shapes {x.shape} of x and {y.shape} of y do not broadcast") from None
    return x, y


def _scaled_pair(x, y):
    """The pair with largest entry 1 each: their squares neither vanish nor overflow."""
    pair = _pair(x, y)
    scaled = []
    for name, vectors in zip("xy", pair, strict=True):
        largest = np.abs(vectors).max(axis=-1, keepdims=True)
        if (largest == 0).any():
            raise ValueError(f"{name} holds a zero vector, which has no direction")
        scaled.append(vectors / largest)
    return scaled


def _norm(differences, p):
    """The p-norm of the last axis; dividing by the largest entry keeps powers from overflowing."""
    sizes = np.abs(differences)
    largest = sizes.max(axis=-1)
    if p == np.inf:
        return largest
    if p == 1:
        return sizes.sum(axis=-1)
    sizes /= np.where(largest > 0, largest, 1.0)[..., np.newaxis]
    return largest * np.sum(sizes**p, axis=-1) ** (1 / p)


def _root(matrix, n_features):
    """An L with L^T L = M, after checking that M has one."""
    matrix = _real_array(matrix, "matrix")
    if matrix.shape != (n_features, n_features):
        raise ValueError(f"matrix must have shape ({n_features}, {n_features}), got {matrix.shape}")
    largest = np.abs(matrix).max()
    if np.abs(matrix - matrix.T).max() > _ASYMMETRY_ALLOWED * largest:
        raise ValueError("matrix must be symmetric")
    eigenvalues, directions = np.linalg.eigh((matrix + matrix.T) / 2)
    spread = np.abs(eigenvalues).max()
    if eigenvalues[0] < -_NEGATIVITY_ALLOWED * spread:
        raise ValueError(
            "matrix must be positive semi-definite, but it has the eigenvalue "
            f"{eigenvalues[0]:.4g}: a squared distance would be negative"
        )
    # Rounding noise counts as zero, so that a low-rank matrix keeps its null space.
    eigenvalues[eigenvalues < n_features * np.finfo(float).eps * spread] = 0.0
    return np.sqrt(eigenvalues)[:, np.newaxis] * directions.T
