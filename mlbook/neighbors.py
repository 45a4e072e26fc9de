"""Exact nearest neighbours under a linear metric, by mapping once and searching fast.

A Mahalanobis distance is Euclid's distance between mapped points. So the gallery is mapped
once, each batch of queries once, and everything else is a Euclidean search, for which a fast
engine exists. Computing the quadratic form for every pair, as `metric="mahalanobis"` does in
scikit-learn, costs the number of features more.
"""

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from mlbook.arguments import check_number
from mlbook.blocks import row_blocks

_SPARE_CANDIDATES = 5
# one megabyte of float64: the block stays in the processor's cache
_FLOATS_PER_BLOCK = 2**17


class MetricKNeighborsClassifier(ClassifierMixin, BaseEstimator):
    """k-nearest-neighbours vote under a linear metric; exact and repeatable.

    Parameters
    ----------
    n_neighbors : int, default=3
    metric : estimator or None, default=None
        A metric that maps points with `transform`: `mlbook.linear.Covariance`, scikit-learn's
        `NeighborhoodComponentsAnalysis`, `LinearDiscriminantAnalysis`, `PCA`, ... An unfitted
        one is cloned and fitted on the training data; a fitted one is used as it is. (Cloning
        the classifier, as `GridSearchCV` does, forgets a fit: wrap the metric in
        `sklearn.frozen.FrozenEstimator` to keep it.) None is Euclid.
    batch_size : int, default=4096
        Queries mapped and searched at a time; bounds the memory, does not change the result.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    metric_ : fitted estimator or None
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    *Exact* means: the search engine proposes a few more candidates than asked for, from
    float32 arithmetic; their distances are computed again in float64, and a bound on the
    float32 error proves that no other point can be nearer. Where the proof fails (many equal
    distances), more candidates are fetched until it holds.

    Ties are always broken in the same way: among equally distant points the one that comes
    first in the training data is nearer; among classes with equal votes the first in
    `classes_` wins, as in scikit-learn.

    References
    ----------
    T. Cover and P. Hart, Nearest neighbor pattern classification, IEEE Transactions on
    Information Theory 13(1), 1967.
    """

    def __init__(self, n_neighbors=3, metric=None, batch_size=4096):
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.batch_size = batch_size

    def fit(self, X, y):
        """Fit the metric if it needs it, and map the training points.

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
            On NaN or infinite values, shapes that do not match, fewer samples than
            `n_neighbors`, or a parameter out of range.
        """
        check_number("n_neighbors", self.n_neighbors, at_least=1, integer=True)
        check_number("batch_size", self.batch_size, at_least=1, integer=True)
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        _check_enough(self.n_neighbors, len(X))
        self.classes_, self._labels = np.unique(y, return_inverse=True)
        self.metric_ = self._fitted_metric(X, y)
        mapped = self._map(X)
        # Distances do not see a shift, and smaller numbers lose fewer digits.
        self._centre = mapped.mean(axis=0, dtype=np.float64).astype(mapped.dtype)
        mapped -= self._centre
        self._gallery = np.ascontiguousarray(mapped)
        return self

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        """The nearest training points of each query, nearest first.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features) or None, default=None
            None asks for the neighbours of the training points, each without itself.
        n_neighbors : int or None, default=None
            None is the number given at construction.
        return_distance : bool, default=True

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            True distances (not squared), float64; only if `return_distance`.
        indices : ndarray of shape (n_queries, n_neighbors)
            Positions in the training data.

        Raises
        ------
        ValueError
            If there are fewer than `n_neighbors` other points, on NaN or infinite values, or
            on a wrong number of features.
        """
        check_is_fitted(self, "classes_")
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        check_number("n_neighbors", k, at_least=1, integer=True)
        if X is None:
            _check_enough(k + 1, len(self._gallery), of_others=True)
            distances, indices = self._search_all(self._gallery, k + 1, mapped=True)
            distances, indices = _without_self(distances, indices)
        else:
            X = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
            _check_enough(k, len(self._gallery))
            distances, indices = self._search_all(X, k, mapped=False)
        return (distances, indices) if return_distance else indices

    def predict_proba(self, X):
        """Share of the neighbours' votes, shape (n_queries, n_classes)."""
        neighbors = self.kneighbors(X, return_distance=False)
        votes = np.zeros((len(neighbors), len(self.classes_)))
        for column in self._labels[neighbors].T:
            votes[np.arange(len(votes)), column] += 1
        return votes / neighbors.shape[1]

    def predict(self, X):
        """The class with most votes, shape (n_queries,)."""
        winners = self.predict_proba(X).argmax(axis=1)
        return self.classes_[winners]

    def _fitted_metric(self, X, y):
        if self.metric is None:
            return None
        if isinstance(self.metric, type):
            name = self.metric.__name__
            raise ValueError(f"metric must be an estimator, got the class {name}: write {name}()")
        if not hasattr(self.metric, "transform"):
            raise ValueError(
                "metric must be None or an estimator with fit and transform, "
                f"got {type(self.metric).__name__}"
            )
        try:
            check_is_fitted(self.metric)
        except NotFittedError:
            return clone(self.metric).fit(X, y)
        expected = getattr(self.metric, "n_features_in_", X.shape[1])
        if expected != X.shape[1]:
            raise ValueError(
                f"the fitted metric expects {expected} features, but X has {X.shape[1]}"
            )
        return self.metric

    def _map(self, X):
        if self.metric_ is None:
            return X.copy()
        mapped = self.metric_.transform(X)
        if issparse(mapped):
            raise ValueError(
                f"{type(self.metric_).__name__} gives sparse rows, and distances need dense ones: "
                "put a TruncatedSVD behind it, or ask it for dense output"
            )
        mapped = np.require(mapped, requirements="W")
        return mapped if mapped.dtype in (np.float32, np.float64) else mapped.astype(np.float64)

    def _search_all(self, X, k, mapped):
        distances = np.empty((len(X), k))
        indices = np.empty((len(X), k), dtype=np.int64)
        for rows in row_blocks(len(X), self.batch_size):
            queries = X[rows] if mapped else self._map(X[rows]) - self._centre
            distances[rows], indices[rows] = exact_neighbors(queries, self._gallery, k)
        return distances, indices


def exact_neighbors(queries, gallery, k):
    """Exact Euclidean nearest neighbours, ties broken by the lower index.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_dims), float32 or float64
    gallery : ndarray of shape (n_points, n_dims), float32 or float64
        Best centred: the float32 pre-selection is then tighter. Not changed.
    k : int
        At most n_points.

    Returns
    -------
    distances : ndarray of shape (n_queries, k), float64
    indices : ndarray of shape (n_queries, k), int64

    Raises
    ------
    ValueError
        If there are fewer than k points, or the numbers of dimensions differ.
    """
    n_points, n_dims = gallery.shape
    if queries.shape[1] != n_dims:
        raise ValueError(f"queries have {queries.shape[1]} dimensions, the gallery {n_dims}")
    if not 1 <= k <= n_points:
        raise ValueError(f"k={k}: there are {n_points} points to choose from")
    scale = 1.0
    if np.float64 in (queries.dtype, gallery.dtype):
        # float32 squares overflow above 1e19 and vanish below 1e-22
        scale = max(np.abs(gallery).max(initial=0), np.abs(queries).max(initial=0)) or 1.0
    queries32 = np.ascontiguousarray(queries / queries.dtype.type(scale), dtype=np.float32)
    gallery32 = (
        gallery
        if scale == 1.0 and gallery.dtype == np.float32
        else np.ascontiguousarray(gallery / gallery.dtype.type(scale), dtype=np.float32)
    )
    query_norms = np.linalg.norm(queries32.astype(np.float64), axis=1)

    distances = np.empty((len(queries), k))
    indices = np.empty((len(queries), k), dtype=np.int64)
    open_queries = np.arange(len(queries))
    n_candidates = min(n_points, k + _SPARE_CANDIDATES)
    while len(open_queries):
        squares32, candidates = _candidates(queries32[open_queries], gallery32, n_candidates)
        exact = _squared_distances(queries[open_queries], gallery, candidates)
        order = np.lexsort((candidates, exact))[:, :k]
        indices[open_queries] = np.take_along_axis(candidates, order, axis=1)
        distances[open_queries] = np.sqrt(np.take_along_axis(exact, order, axis=1))
        if n_candidates == n_points:
            break
        # A point that was not proposed is at least as far as the last proposal in float32. It
        # could still be nearer than the k-th in truth only if float32 erred by the difference.
        # By the triangle inequality only points of norm <= reach matter, which bounds the error.
        farthest = distances[open_queries, -1] / scale
        reach = 2 * query_norms[open_queries] + farthest
        error = (n_dims + 8) * np.finfo(np.float32).eps * reach**2
        proven = farthest**2 + 2 * error < squares32[:, -1]
        open_queries = open_queries[~proven]
        n_candidates = min(n_points, 8 * n_candidates)
    return distances, indices


def _candidates(queries32, gallery32, n_candidates):
    """Squared float32 distances and indices of the nearest points, by faiss."""
    if n_candidates == len(gallery32):
        everything = np.arange(n_candidates)
        shape = (len(queries32), n_candidates)
        return np.broadcast_to(np.float32(np.inf), shape), np.broadcast_to(everything, shape)
    import faiss

    return faiss.knn(queries32, gallery32, n_candidates)


def _squared_distances(queries, gallery, candidates):
    """Squared float64 distances from each query to its candidates, in bounded memory."""
    squares = np.empty(candidates.shape)
    floats_per_query = max(1, candidates.shape[1] * gallery.shape[1])
    for rows in row_blocks(len(queries), max(1, _FLOATS_PER_BLOCK // floats_per_query)):
        columns_per_block = max(1, _FLOATS_PER_BLOCK // gallery.shape[1])
        for columns in row_blocks(candidates.shape[1], columns_per_block):
            differences = gallery[candidates[rows, columns]].astype(np.float64)
            differences -= queries[rows, np.newaxis]
            squares[rows, columns] = np.einsum("qcd,qcd->qc", differences, differences)
    return squares


def _without_self(distances, indices):
    """Drop each point from its own list; the last entry if duplicates pushed it out."""
    is_self = indices == np.arange(len(indices))[:, np.newaxis]
    is_self[~is_self.any(axis=1), -1] = True
    shape = (len(indices), indices.shape[1] - 1)
    return distances[~is_self].reshape(shape), indices[~is_self].reshape(shape)


def _check_enough(n_neighbors, n_samples, of_others=False):
    if n_neighbors > n_samples:
        wanted, have = (n_neighbors - 1, n_samples - 1) if of_others else (n_neighbors, n_samples)
        raise ValueError(
            f"n_neighbors = {wanted} asks for more neighbours than there are: n_samples = {have}"
            + (" (without the point itself)" if of_others else "")
        )
