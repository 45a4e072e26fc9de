"""LFDA: Fisher's discriminants of neighbourhoods, so that a class may have several clusters."""

import numpy as np
from scipy.linalg import eigh

from mlbook.arguments import check_number
from mlbook.blocks import row_blocks
from mlbook.linear.scatter import fix_signs
from mlbook.linear.supervised import SupervisedMetric
from mlbook.neighbors import exact_neighbors

EMBEDDINGS = ("weighted", "plain", "orthonormalized")
_FLOATS_PER_BLOCK = 2**22


class LFDA(SupervisedMetric):
    """Local Fisher discriminant analysis: keep near samples of a class near, not all of them.

    Fisher's discriminants draw every two samples of a class together. LFDA does so in proportion
    to their affinity A_ij = exp(-||x_i - x_j||^2 / (s_i s_j)), where s_i is the distance from i to
    the k-th nearest other sample of its class, so that separate clusters of a class may stay
    apart. With v = x_i - x_j, n_c the size of a class and n that of all, let

        S_w = 1/2 sum over pairs of a class of  A_ij / n_c  v v^T,
        S_b = 1/2 sum over pairs of a class of  A_ij (1/n - 1/n_c)  v v^T
              + 1/2 sum over the other pairs of  1/n  v v^T.

    The map has the solutions of S_b u = lambda S_w u with the largest lambda as its rows.

    Parameters
    ----------
    n_components : int or None, default=None
        Directions to keep. None keeps all in which classes are apart: lambda > 0.
    n_neighbors : int, default=7
        k; in a smaller class, all other samples of it. A sample alone in its class has none, and
        takes part in S_b only.
    embedding : {"weighted", "plain", "orthonormalized"}, default="weighted"
        The length of the directions u, which the problem leaves open:

        - "weighted": sqrt(lambda) u, with u^T S_w u = 1, as the paper proposes;
        - "plain": u, with u^T S_w u = 1;
        - "orthonormalized": an orthonormal basis of the span of the u; with as many as features
          this is Euclid.
    ridge : float, default=0.1
        Adds ridge times the mean eigenvalue of S_w to each of its eigenvalues. With 0,
        eigenvalues that are zero up to rounding are left out, which is the pseudo-inverse; then
        the metric is blind to a direction in which no class spreads, even to one that tells the
        classes apart.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
    eigenvalues_ : ndarray of shape (n_components,)
        lambda, in decreasing order.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    Collecting the terms of a class, S_b is the scatter of the class means plus
    1/2 (1 - n_c / n) / n_c sum (1 - A_ij) v v^T. Since A_ij <= 1, no lambda is negative. A
    constant feature has no spread in either matrix and stays out of the metric. If s_i = 0, as
    a sample has k copies, A_ij is 0, its limit; for the copies themselves, v is zero.

    Time is O(d sum n_c^2); only a block of rows of A exists at any time.

    See Also
    --------
    mlbook.linear.LDA : the same with A_ij = 1.

    References
    ----------
    M. Sugiyama, Dimensionality reduction of multimodal labeled data by local Fisher discriminant
    analysis, Journal of Machine Learning Research 8, 2007.

    Examples
    --------
    The first class has two clusters, left and right of the second, which LDA cannot tell apart.

    >>> X = [[-9, 0], [-9, 1], [-9, 2], [9, 0], [9, 1], [9, 2], [0, 0], [0, 1], [0, 2]]
    >>> lfda = LFDA(n_components=1, n_neighbors=2).fit(X, [0, 0, 0, 0, 0, 0, 1, 1, 1])
    >>> first, second = abs(lfda.components_[0])
    >>> bool(second < 0.01 * first)
    True
    """

    def __init__(self, n_components=None, n_neighbors=7, embedding="weighted", ridge=0.1):
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.embedding = embedding
        self.ridge = ridge

    def _check_parameters(self):
        if self.n_components is not None:
            check_number("n_components", self.n_components, at_least=1, integer=True)
        check_number("n_neighbors", self.n_neighbors, at_least=1, integer=True)
        if self.embedding not in EMBEDDINGS:
            raise ValueError(f"embedding must be one of {EMBEDDINGS}, got {self.embedding!r}")
        check_number("ridge", self.ridge, at_least=0)

    def _learn(self, X, groups, counts):
        within, between = local_scatters(X, groups, counts, self.n_neighbors)
        whitening = self._whitening(within, np.finfo(X.dtype).eps)
        values, axes = eigh(whitening @ between @ whitening.T, driver="evd")
        values, axes = values[::-1], axes.T[::-1]
        apart = int(np.sum(values > len(values) * np.finfo(float).eps * max(values[0], 0.0)))
        keep = apart if self.n_components is None else int(self.n_components)
        if not apart:
            raise ValueError("no direction in which samples of a class differ sets classes apart")
        if keep > apart:
            raise ValueError(
                f"n_components={keep}, but the classes are apart in {apart} directions only"
            )
        values, directions = values[:keep], axes[:keep] @ whitening
        if self.embedding == "weighted":
            directions *= np.sqrt(values)[:, np.newaxis]
        elif self.embedding == "orthonormalized":
            directions = np.linalg.qr(directions.T)[0].T
        return fix_signs(directions), None, {"eigenvalues_": values}

    def _whitening(self, within, precision):
        """W with W (S_w + shift) W^T = I, on the directions that are kept."""
        spread, axes = eigh(within, driver="evd")
        noise = max(len(spread) * np.finfo(float).eps, 10 * precision**2) * spread[-1]
        if spread[-1] <= np.finfo(float).tiny:
            raise ValueError(
                "no sample differs from a near one of its class, so neighbourhoods have no spread; "
                "if there are many copies of a sample, raise n_neighbors or drop copies"
            )
        shift = self.ridge * spread.mean()
        keep = spread > (noise if shift <= noise else -np.inf)
        return axes.T[keep] / np.sqrt(np.maximum(spread[keep], 0) + shift)[:, np.newaxis]


def local_scatters(X, groups, counts, n_neighbors):
    """S_w and S_b of `LFDA`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    groups : ndarray of int, shape (n_samples,)
        Classes as 0 .. n_classes - 1.
    counts : ndarray of int, shape (n_classes,)
    n_neighbors : int

    Returns
    -------
    within, between : ndarray of shape (n_features, n_features)
    """
    within, between = np.zeros((2, X.shape[1], X.shape[1]))
    mean = X.mean(axis=0, dtype=np.float64)
    for group, count in enumerate(counts):
        members = X[groups == group] - mean
        offset = members.mean(axis=0)
        members -= offset
        near = affinity_scatter(members, n_neighbors) / count
        within += near
        between += count * np.outer(offset, offset)
        between += (1 - count / len(X)) * (members.T @ members - near)
    return within, between


def affinity_scatter(X, n_neighbors):
    """1/2 sum_ij A_ij (x_i - x_j)(x_i - x_j)^T over the samples of one class, centred."""
    k = min(n_neighbors, len(X) - 1)
    total = np.zeros((X.shape[1], X.shape[1]))
    if k < 1:
        return total
    # the sample itself, or a copy of it, is the first
    scales = exact_neighbors(X, X, k + 1)[0][:, -1]
    squares = np.einsum("nd,nd->n", X, X)
    inverse = np.divide(1, scales, out=np.zeros_like(scales), where=scales > 0)
    for rows in row_blocks(len(X), max(1, _FLOATS_PER_BLOCK // len(X))):
        affinity = 2 * X[rows] @ X.T - squares[rows, np.newaxis] - squares
        affinity *= inverse[rows, np.newaxis]
        affinity *= inverse
        np.exp(np.minimum(affinity, 0, out=affinity), out=affinity)
        affinity[scales[rows] == 0] = 0
        affinity[:, scales == 0] = 0
        degrees = affinity.sum(axis=1, keepdims=True)
        total += X[rows].T @ (degrees * X[rows] - affinity @ X)
    return (total + total.T) / 2
