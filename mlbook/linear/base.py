"""What all linear metrics share: d(x, y) = ||L (x - y)||, with L stored as `components_`.

Any linear map L gives a pseudo-metric; it is a metric exactly when L has full column rank,
because only then does L (x - y) = 0 force x = y.
"""

from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from mlbook.blocks import row_blocks

# A float32 product loses about log10(condition) of its seven digits; beyond this, use float64.
_FLOAT32_CONDITION_LIMIT = 1e3


def linear_distance(u, v, components):
    """Distance ||L (u - v)|| between two vectors.

    Parameters
    ----------
    u, v : array-like of shape (n_features,)
    components : ndarray of shape (n_components, n_features)
        The linear map L.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If u or v is not a vector of n_features values.
    """
    u, v = np.asarray(u, dtype=float), np.asarray(v, dtype=float)
    expected = (components.shape[1],)
    if u.shape != expected or v.shape != expected:
        raise ValueError(
            f"the metric compares two vectors of shape {expected}, got {u.shape} and {v.shape}"
        )
    return float(np.linalg.norm(components @ (u - v)))


class LinearMetric(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Base of the estimators that learn d(x, y) = ||L (x - y)||.

    A subclass's `fit` ends with `self._set_components(L)`. The learned matrix is then
    M = L^T L, and Euclidean distances between transformed points are the learned distances.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The linear map L, float64.
    condition_number_ : float
        Largest over smallest non-zero singular value of L.
    """

    def transform(self, X):
        """Map points so that plain Euclidean distance becomes the learned distance.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            X @ L.T, in X's floating-point type (float64 for integers). An ill-conditioned L
            is applied in float64 even to float32 input, and rounded once at the end.

        Raises
        ------
        ValueError
            On NaN, infinity or a wrong number of features.
        """
        check_is_fitted(self, "components_")
        X = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        if X.dtype == np.float64 or self.condition_number_ <= _FLOAT32_CONDITION_LIMIT:
            return X @ self.components_.T.astype(X.dtype)
        mapped = np.empty((len(X), len(self.components_)), dtype=X.dtype)
        for rows in row_blocks(len(X)):
            mapped[rows] = X[rows].astype(np.float64) @ self.components_.T
        return mapped

    def pair_distance(self, pairs):
        """Learned distance within each pair.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features)

        Returns
        -------
        ndarray of shape (n_pairs,)

        Raises
        ------
        ValueError
            If the array is not three-dimensional with two points a pair, or holds NaN or
            infinite values, or has a wrong number of features.
        """
        check_is_fitted(self, "components_")
        pairs = check_array(pairs, allow_nd=True, dtype=np.float64, input_name="pairs")
        n_features = self.components_.shape[1]
        if pairs.ndim != 3 or pairs.shape[1:] != (2, n_features):
            raise ValueError(f"pairs must have shape (n_pairs, 2, {n_features}), got {pairs.shape}")
        return np.linalg.norm((pairs[:, 0] - pairs[:, 1]) @ self.components_.T, axis=1)

    def get_mahalanobis_matrix(self):
        """The matrix M = L^T L of d(x, y)^2 = (x - y)^T M (x - y).

        Returns
        -------
        ndarray of shape (n_features, n_features)
            Symmetric, positive semi-definite.
        """
        check_is_fitted(self, "components_")
        return self.components_.T @ self.components_

    def get_metric(self):
        """The distance as a plain function of two vectors, independent of this estimator.

        Returns
        -------
        callable
            `metric(u, v) -> float`; picklable, and usable as `metric=` in scikit-learn.
        """
        check_is_fitted(self, "components_")
        return partial(linear_distance, components=self.components_.copy())

    @property
    def _n_features_out(self):
        return self.components_.shape[0]

    def _set_components(self, components, condition_number=None):
        self.components_ = components
        if condition_number is None:
            spectrum = np.linalg.svd(components, compute_uv=False)
            spectrum = spectrum[spectrum > 0]
            condition_number = spectrum[0] / spectrum[-1] if len(spectrum) else 1.0
        self.condition_number_ = float(condition_number)
