"""The metric that ITML and LSML stay near to."""

import numpy as np
from sklearn.covariance import ledoit_wolf


def check_prior(prior):
    """Raise ValueError if the parameter `prior` is an unknown name."""
    if isinstance(prior, str) and prior not in ("identity", "covariance"):
        raise ValueError(f"prior must be 'identity', 'covariance' or a matrix: {prior!r}")


def prior_matrix(prior, points):
    """M0 for the parameter `prior`: positive definite.

    Parameters
    ----------
    prior : {"identity", "covariance"} or array-like of shape (n_features, n_features)
    points : ndarray of shape (n_points, n_features)

    Returns
    -------
    ndarray of shape (n_features, n_features)

    Raises
    ------
    ValueError
        On a matrix that is not symmetric, positive definite and of this size; or if a
        covariance is asked for, and the points do not differ.
    """
    n_features = points.shape[1]
    if not isinstance(prior, str):
        prior = np.asarray(prior, dtype=float)
        if prior.shape != (n_features, n_features) or not np.allclose(prior, prior.T):
            raise ValueError(f"prior must be a symmetric {n_features} x {n_features} matrix")
        if np.linalg.eigvalsh(prior)[0] <= 0:
            raise ValueError("prior must be positive definite")
        return prior
    if prior == "identity":
        return np.eye(n_features)
    covariance = ledoit_wolf(points.astype(np.float64))[0]
    if not covariance.any():
        raise ValueError("the covariance is zero: the samples do not differ")
    return np.linalg.inv(covariance)
