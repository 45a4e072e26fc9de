"""Sums over all samples: means and scatter matrices of groups, and their principal directions.

In float64, and through blocks, so that large float32 data are never copied whole.
"""

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import csr_array

from mlbook.blocks import row_blocks

# a block and its transform stay near the processor's cache
_ROWS, _COLUMNS = 1024, 64


def class_means(X, groups, counts):
    """Mean of each group, and of all samples.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    groups : ndarray of int, shape (n_samples,)
        0 .. n_groups - 1.
    counts : ndarray of int, shape (n_groups,)
        Samples of each group, none zero.

    Returns
    -------
    means : ndarray of shape (n_groups, n_features)
    mean : ndarray of shape (n_features,)
    """
    # Sums of differences from some sample keep the digits of data far from zero.
    origin = X[0].astype(np.float64)
    shape = (len(counts), len(X))
    members = csr_array((np.ones(len(X)), (groups, np.arange(len(X)))), shape)
    sums = np.empty((len(counts), X.shape[1]))
    for columns in row_blocks(X.shape[1], _COLUMNS):
        sums[:, columns] = members @ (X[:, columns] - origin[columns])
    return sums / counts[:, np.newaxis] + origin, sums.sum(axis=0) / len(X) + origin


def residual_blocks(X, groups, means):
    """Yield (rows, X[rows] - group means), a block of rows at a time."""
    for rows in row_blocks(len(X), _ROWS):
        yield rows, X[rows] - means[groups[rows]]


def scatter(X, groups, means):
    """Sum over samples of (x - m)(x - m)^T, m the mean of the sample's group."""
    total = np.zeros((X.shape[1],) * 2)
    for _, residuals in residual_blocks(X, groups, means):
        total += residuals.T @ residuals
    return total


def total_scatter(X):
    """Sum over samples of (x - m)(x - m)^T, m the mean of all."""
    one_group = np.zeros(len(X), dtype=np.int64)
    means, _ = class_means(X, one_group, np.array([len(X)]))
    return scatter(X, one_group, means)


def principal_directions(covariance):
    """Eigenvalues in decreasing order, not negative, and the eigenvectors as rows."""
    if np.count_nonzero(covariance - np.diag(covariance.diagonal())) == 0:
        order = np.argsort(-covariance.diagonal(), kind="stable")
        return covariance.diagonal()[order], np.eye(len(covariance))[order]
    variances, directions = eigh(covariance, driver="evd")
    return np.maximum(variances[::-1], 0.0), fix_signs(directions.T[::-1])


def leading_directions(matrix, count):
    """Eigenvectors of the `count` largest eigenvalues of a symmetric matrix, as rows."""
    last = len(matrix) - 1
    return fix_signs(eigh(matrix, subset_by_index=[last - count + 1, last])[1].T[::-1])


def fix_signs(directions):
    """Rows whose sign is arbitrary, made such that equal data give equal maps."""
    largest = np.abs(directions).argmax(axis=1)
    return directions * np.sign(directions[range(len(directions)), largest])[:, np.newaxis]
