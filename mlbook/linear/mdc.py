"""MDC: how much of the classes' Mahalanobis separation each feature accounts for."""

import numpy as np
from scipy.linalg import eigh

from mlbook.arguments import check_number
from mlbook.linear.scatter import class_means, residual_blocks, scatter
from mlbook.linear.supervised import SupervisedMetric

# Relative to a feature's whole variance: the least variance within classes that is believed.
_LEAST_VARIANCE = 1e-6
_LEAST_SHRINKAGE = 1e-6


class MDC(SupervisedMetric):
    """Diagonal metric, weighted by each feature's share of the separation of class means.

    In the field's terms: squared correlation-adjusted t-scores (CAT scores; Zuber and Strimmer,
    2009, for several classes Ahdesmaeki and Strimmer, 2010) as feature weights. The article
    names a "Mahalanobis Distance Coefficient" without a definition: the name is the article's,
    the definition is ours.

    With V the diagonal of the variances within classes, P the correlations within classes
    (shrunk towards none), and W = P^(-1/2) V^(-1/2), the symmetric root, the classes' means are
    whitened and

        MDC_j = sum_c n_c (W (m_c - m))_j^2 / sum_c n_c ||W (m_c - m)||^2.

    The denominator is the total squared Mahalanobis distance of the class means from the mean of
    all, tr(S_w^-1 S_b); the coefficients are not negative and sum to 1. The learned metric is

        d(x, y)^2 = sum_j MDC_j ((x_j - y_j) / sigma_j)^2,    sigma_j^2 = V_jj,

    a metric exactly if all coefficients are positive, else a pseudo-metric.

    Parameters
    ----------
    shrinkage : float or "auto", default="auto"
        P becomes (1 - shrinkage) P + shrinkage I; a number from 0 to 1. "auto" is the amount of
        Ledoit and Wolf (2004), for standardised residuals; at least 1e-6.

    Attributes
    ----------
    components_ : ndarray of shape (n_features, n_features)
        The map diag(sqrt(MDC_j) / sigma_j).
    coefficients_ : ndarray of shape (n_features,)
        The shares MDC_j.
    deviations_ : ndarray of shape (n_features,)
        sigma_j, within classes, divisor n_samples - n_classes.
    shrinkage_ : float
    separation_ : float
        sum_c n_c / n ||W (m_c - m)||^2. For two classes this is n_1 n_2 / n^2 times the squared
        Mahalanobis distance D^2 of their means.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Raises
    ------
    numpy.linalg.LinAlgError
        A `ValueError` too: the correlations are singular and the shrinkage is 0.

    Notes
    -----
    *Which root.* Every W with W^T W = S_w^-1 gives shares that sum to 1: the trace of
    W S_b W^T does not depend on it. This one makes the whitened features correlate with the
    original ones as much as possible (Kessy et al., 2018), so that a share belongs to a feature,
    and it does not change with the features' units. The symmetric root of the *covariance*,
    S_w^(-1/2), does change with the units. For two classes, the terms delta_j (S_w^-1 delta)_j
    sum to D^2 as well, but may be negative.

    *Constant features* get coefficient 0 and are ignored by the distance. A feature that is
    constant within classes but not between them separates perfectly; its variance within classes
    is taken as 1e-6 of its whole variance. Time is O(n d^2 + d^3).

    References
    ----------
    V. Zuber and K. Strimmer, Gene ranking and biomarker discovery under correlation,
    Bioinformatics 25(20), 2009. M. Ahdesmaeki and K. Strimmer, Feature selection in omics
    prediction problems using cat scores and false nondiscovery rate control, Annals of Applied
    Statistics 4(1), 2010. A. Kessy, A. Lewin and K. Strimmer, Optimal whitening and
    decorrelation, The American Statistician 72(4), 2018.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [0, 2], [2, 0], [2, 2], [4, 2], [4, 4], [6, 2], [6, 4]])
    >>> metric = MDC().fit(X, [0, 0, 0, 0, 1, 1, 1, 1])
    >>> metric.coefficients_.round(3)
    array([0.8, 0.2])
    """

    def __init__(self, shrinkage="auto"):
        self.shrinkage = shrinkage

    def _check_parameters(self):
        if isinstance(self.shrinkage, str) and self.shrinkage == "auto":
            return
        try:
            check_number("shrinkage", self.shrinkage, at_least=0, at_most=1)
        except ValueError:
            raise ValueError(
                f"shrinkage must be 'auto' or a number from 0 to 1, got {self.shrinkage!r}"
            ) from None

    def _learn(self, X, groups, counts):
        means, mean = class_means(X, groups, counts)
        # Exact, where a variance would be left with rounding noise.
        varying = X.max(axis=0) > X.min(axis=0)
        weighted = np.sqrt(counts)[:, np.newaxis] * (means - mean)
        between = np.sum(weighted**2, axis=0) / len(X)
        if not (between[varying] > 0).any():
            raise ValueError("the class means are equal: there is no separation to share out")

        degrees = len(X) - len(counts)
        covariance = scatter(X, groups, means) / degrees
        whole = covariance.diagonal() * degrees / len(X) + between
        variances = np.maximum(covariance.diagonal(), _LEAST_VARIANCE * whole)
        deviations = np.where(varying, np.sqrt(variances), 1.0)
        # Centred, scaled residuals: unit diagonal but where a variance was raised.
        standardised = covariance / np.outer(deviations, deviations)
        shrinkage = self.shrinkage
        if shrinkage == "auto":
            average = standardised * (degrees / len(X))
            shrinkage = ledoit_wolf_amount(X, groups, means, average, deviations, varying.sum())
        correlations = (1 - shrinkage) * standardised
        np.fill_diagonal(correlations, 1.0)

        noise = max(len(mean) * np.finfo(float).eps, 10 * np.finfo(X.dtype).eps ** 2)
        scores = symmetric_inverse_root(correlations, noise) @ (weighted / deviations).T
        squares = np.where(varying, np.sum(scores**2, axis=1), 0.0)
        coefficients = squares / squares.sum()
        scales = np.sqrt(coefficients) / deviations
        positive = scales[scales > 0]
        learned = {
            "coefficients_": coefficients,
            "deviations_": np.where(varying, deviations, 0.0),
            "shrinkage_": float(shrinkage),
            "separation_": float(squares.sum() / len(X)),
        }
        return np.diag(scales), positive.max() / positive.min(), learned


def symmetric_inverse_root(matrix, noise=0.0):
    """The symmetric A with A A = matrix^-1, for a symmetric positive definite matrix.

    Raises
    ------
    numpy.linalg.LinAlgError
        If an eigenvalue is below `noise` times the largest.
    """
    eigenvalues, directions = eigh(matrix, driver="evd")
    rank = int(np.sum(eigenvalues > noise * eigenvalues[-1]))
    if rank < len(matrix):
        raise np.linalg.LinAlgError(
            f"the correlations within classes are singular (rank {rank} of {len(matrix)} "
            "features). Use shrinkage='auto' or shrinkage > 0."
        )
    return (directions / np.sqrt(eigenvalues)) @ directions.T


def ledoit_wolf_amount(X, groups, means, average, deviations, n_varying):
    """How far to shrink correlations towards the identity, by the formula of Ledoit and Wolf.

    The amount is the expected squared error of `average`, an average of n matrices z z^T, over
    its squared distance from the nearest multiple of the identity (Frobenius norms). The first
    is estimated by (mean ||z||^4 - ||average||^2) / n, which takes O(n d).

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    groups : ndarray of int, shape (n_samples,)
    means : ndarray of shape (n_classes, n_features)
    average : ndarray of shape (n_features, n_features)
        Mean of z z^T, z a sample minus its class mean, over `deviations`.
    deviations : ndarray of shape (n_features,)
    n_varying : int
        Number of features that are not constant; the others are zero in z.

    Returns
    -------
    float
        From 1e-6 to 1.
    """
    fourth = 0.0
    for _, residuals in residual_blocks(X, groups, means):
        residuals /= deviations
        fourth += np.sum(np.einsum("ij,ij->i", residuals, residuals) ** 2)
    energy = np.sum(average**2)
    error = (fourth / len(X) - energy) / len(X)
    distance = energy - average.trace() ** 2 / n_varying
    amount = error / distance if distance > 0 else 0.0
    return float(np.clip(amount, _LEAST_SHRINKAGE, 1.0))
