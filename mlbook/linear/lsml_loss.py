"""What LSML minimises, and how far a metric can be from the minimum."""

import numpy as np
from scipy.linalg import eigvalsh


def lsml_loss(A, near, far, gamma):
    """The objective of `LSML` with M0 = I, M = A^T A.

    Parameters
    ----------
    A : ndarray of shape (n_features, n_features)
    near, far : ndarray of shape (n_quadruplets, n_features)
        a - b and c - d, in a scale in which s is 1.
    gamma : float

    Returns
    -------
    value : float
        Infinite if A is singular.
    tilt : ndarray of shape (n_features, n_features)
        I plus the gradient of the residual term with respect to A^T A; that of the objective
        is `tilt` minus the inverse of A^T A.
    """
    near_distances = np.linalg.norm(near @ A.T, axis=1)
    far_distances = np.linalg.norm(far @ A.T, axis=1)
    missed = near_distances > far_distances
    near, far = near[missed], far[missed]
    near_distances, far_distances = near_distances[missed], far_distances[missed]
    residuals = near_distances - far_distances
    value = gamma * np.sum(residuals**2)
    value += np.sum(A**2) - len(A) - 2 * np.linalg.slogdet(A)[1]
    # where c and d are equal, far is zero and has no slope
    safe = np.where(far_distances > 0, far_distances, 1)
    tilt = np.eye(len(A)) + gamma * (
        (near * (residuals / near_distances)[:, np.newaxis]).T @ near
        - (far * (residuals / safe)[:, np.newaxis]).T @ far
    )
    return float(value), tilt


def optimality_gap(A, tilt):
    """LogDet divergence of A^T A from the inverse of `tilt`; inf if that is not positive."""
    ratios = eigvalsh(A @ tilt @ A.T)
    if ratios[0] <= 0:
        return np.inf
    return max(float(np.sum(ratios - np.log(ratios) - 1)), 0.0)
