"""What the article's small algorithms compute, re-created so that it can be studied.

The article prints pseudocode for FWHD and GO (its sections 1.3.2 and 1.3.3), and again, with
other contents, for FWHD, CDS and GO in its appendix A.1. The functions below compute the same
numbers, errors included; words and code are ours. **None of them learns a metric.** The methods
to use are in `mlbook.linear`; chapter A.1 of the book shows each of these beside its repair.

Where the article calls a distance that it does not define, the name of one is a parameter here,
as in `scipy.spatial.distance.cdist`. Where it prints a loop over pairs, an array does its work.
Names of parameters are the article's.
"""

import numpy as np
from scipy.spatial.distance import cdist


def mahalanobis(x, y, Sigma):
    """Appendix A.1: sqrt((x - y) Sigma^-1 (x - y)). This one is right.

    Parameters
    ----------
    x, y : array-like of shape (n_features,)
    Sigma : array-like of shape (n_features, n_features)
        A covariance; positive definite, or the result is no metric.

    Returns
    -------
    float

    Raises
    ------
    numpy.linalg.LinAlgError
        If Sigma is singular.
    """
    difference = np.subtract(x, y)
    return np.sqrt(difference @ np.linalg.inv(Sigma) @ difference)


def fwhd_objective(w, x, metric="euclidean"):
    """Section 1.3.2: sum_i d(x_i, x_i)^2 - 2 sum_(i != j) w_i w_j d(x_i, x_j), to be minimised.

    The first sum is zero. The second is quadratic in w, so doubling w doubles twice what it
    takes away: the objective has no minimum.

    Parameters
    ----------
    w : array-like of shape (n_samples,)
        Called the weights of features, but there is one a sample.
    x : array-like of shape (n_samples, n_features)
    metric : str or callable

    Returns
    -------
    float
    """
    distances, w = cdist(x, x, metric), np.asarray(w)
    return np.sum(distances.diagonal() ** 2) - 2 * w @ distances @ w


def fwhd_weights(x, y, lmbda, metric="euclidean"):
    """Section 1.3.2: w_i = 2 lmbda / n sum_j (d(x_i, x_j) - d(y_i, y_j)).

    One pass, no objective, no labels: y is a second set of points. If y is x, moved as a whole,
    every distance that ignores such a move gives w = 0.

    Parameters
    ----------
    x, y : array-like of shape (n_samples, n_features)
    lmbda : float
    metric : str or callable

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    return 2 * lmbda * (cdist(x, x, metric) - cdist(y, y, metric)).sum(axis=1) / len(x)


def go_objective(theta, x, w, metric="sqeuclidean"):
    """Section 1.3.3: sum_(i != j) w_ij f(x_i, x_j), to be minimised over theta.

    Parameters
    ----------
    theta : array-like
        Does not occur in the formula.
    x : array-like of shape (n_samples, n_features)
    w : array-like of shape (n_samples, n_samples)
    metric : str or callable
        f; one for all i, where the text has a metric f_i for each.

    Returns
    -------
    float
    """
    return _off_diagonal(np.multiply(w, cdist(x, x, metric))).sum()


def go_objective_of_metrics(x, w, metrics):
    """The same with a metric f_i for each i, as the text has it.

    As i numbers the samples too, there have to be as many metrics as samples.

    Parameters
    ----------
    x, w : array-like
        As in `go_objective`.
    metrics : list of str or callable

    Returns
    -------
    float

    Raises
    ------
    ValueError
        With another number of metrics than of samples.
    """
    rows = [cdist([own], x, f)[0] for own, f in zip(x, metrics, strict=True)]
    return _off_diagonal(np.multiply(w, rows)).sum()


def go_gradient(x, w, theta=(0.0, 0.0), metric="sqeuclidean", step=1e-6):
    """The derivative of `go_objective` by theta, from differences. Zero: theta is not in it.

    Parameters are those of `go_objective`; `step` is that of the differences.

    Returns
    -------
    ndarray of the shape of theta
    """
    moves = step * np.eye(len(theta))
    values = [[go_objective(theta + s * m, x, w, metric) for m in moves] for s in (1, -1)]
    return np.subtract(*values) / (2 * step)


def go_parameters(x, y, w, metric="sqeuclidean"):
    """Section 1.3.3: theta_i = 2 / n sum_(j != i) w_ij f(x_i, x_j).

    Called a gradient, but nothing is differentiated and nothing descends.

    Parameters
    ----------
    x : array-like of shape (n_samples, n_features)
    y : object
        Not used.
    w : array-like of shape (n_samples, n_samples)
    metric : str or callable

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    return 2 * _off_diagonal(np.multiply(w, cdist(x, x, metric))).sum(axis=1) / len(x)


def fwhd_inverse_distances(x, y, lambda_value):
    """Appendix A.1: 1 / (d(x_i, y_j) + 1e-5), divided by their sum; d of Mahalanobis.

    Another method than `fwhd_weights` under the same name. The distance is called by the name
    of a scikit-learn function that does not exist; SciPy's stands in for it.

    Parameters
    ----------
    x : array-like of shape (n_samples, n_features)
        Its covariance is the distance's.
    y : array-like of shape (n_others, n_features)
    lambda_value : object
        Not used.

    Returns
    -------
    ndarray of shape (n_samples, n_others)
        One number a pair of points, none a feature.
    """
    weights = 1 / (_mahalanobis_distances(x, y) + 1e-5)
    return weights / weights.sum()


def cds_scores(x, y, lambda_value):
    """Appendix A.1: s_i = lambda_value sum_(j != i) (d(x_i, y_j) - d(x_i, y_i)); d of Mahalanobis.

    With y = x the second distance is zero, and the scores are `distance_sums`.

    Parameters
    ----------
    x : array-like of shape (n_samples, n_features)
        Its covariance is the distance's.
    y : array-like of shape (at least n_samples, n_features)
        Points, not labels.
    lambda_value : float

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    distances = _mahalanobis_distances(x, y)[:, : len(x)]
    return lambda_value * (distances - distances.diagonal()[:, np.newaxis]).sum(axis=1)


def density_differences(x, y, lambda_value):
    """Section 2.2.1: density of the own class minus that of the others, where y are labels.

    The text gives no formula; the density here is that of a Gaussian kernel of width 1.

    Parameters
    ----------
    x : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    lambda_value : object
        Not used.

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    kernel, same = np.exp(-cdist(x, x, "sqeuclidean")), np.equal.outer(y, y)
    return _off_diagonal(kernel * same).sum(axis=1) - (kernel * ~same).sum(axis=1)


def distance_sums(x, y, lambda_value):
    """For comparison: lambda_value times the sum of the Mahalanobis distances from each x_i to y.

    Parameters and result are those of `cds_scores`.
    """
    return lambda_value * _mahalanobis_distances(x, y).sum(axis=1)


def gradient_optimization(
    x, y, num_epochs=5, alpha=0.01, beta=0.1, axis_mended=False, start=None, seed=0
):
    """Appendix A.1: "gradient" steps that move a random array of the shape of x towards x.

    W <- W + 2 alpha (x - W) ||x_i - w_i||, the length taken row by row. For the residual
    r_i = x_i - w_i this is r_i <- r_i (1 - 2 alpha ||r_i||). It ends at W = x if all residuals
    are shorter than 1 / alpha, and overflows if one is longer: its length then grows like
    c^(2^k) in step k.

    Parameters
    ----------
    x : array-like of shape (n_samples, n_features)
    y, beta : object
        Not used.
    num_epochs : int
    alpha : float
    axis_mended : bool
        As printed (False), the lengths multiply the columns, although there is one a row. That
        fails unless x is square (or has one row).
    start : array-like of the shape of x, default=None
        W to begin with; None is uniformly random in [0, 1), as printed.
    seed : int

    Returns
    -------
    ndarray of the shape of x
        W: called weights, in fact a copy of the data at best.

    Raises
    ------
    ValueError
        As printed, whenever the numbers of samples and of features differ.
    """
    x = np.asarray(x, dtype=float)
    W = np.random.default_rng(seed).uniform(size=x.shape) if start is None else np.array(start)
    for _ in range(num_epochs):
        lengths = np.linalg.norm(x - W, axis=1)
        gradients = -2 * (x - W) * (lengths[:, np.newaxis] if axis_mended else lengths)
        W = W - alpha * gradients
    return W


def unchanged(x, **ignored):
    """For comparison: x itself, whatever else is given."""
    return np.asarray(x, dtype=float)


def _mahalanobis_distances(x, y):
    return cdist(x, y, "mahalanobis", VI=np.linalg.inv(np.cov(x, rowvar=False)))


def _off_diagonal(matrix):
    return matrix - np.diag(matrix.diagonal())
