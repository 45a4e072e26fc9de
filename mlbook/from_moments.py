"""Metrics from sums over the data: as if fitted to the samples themselves, but for rounding.

`Covariance`, `FWHD` and `MDC` need no sample twice: counts, means and scatter of the classes say
all. `mlbook.moments` has the sums.
"""

import numpy as np
from sklearn.base import clone

from mlbook.hartley import check_image_shape, hartley_transform
from mlbook.linear import FWHD, MDC, Covariance
from mlbook.linear.fwhd import simplex_weights
from mlbook.linear.mdc import _LEAST_SHRINKAGE, _LEAST_VARIANCE, symmetric_inverse_root
from mlbook.linear.scatter import principal_directions

_NOISE = np.finfo(np.float64).eps


def fit_to_moments(metric, moments):
    """A metric as if it had been fitted to all rows behind the moments.

    Parameters
    ----------
    metric : Covariance, FWHD or MDC
        Its parameters; does not change. Of `Covariance` the estimates "total", "within" and
        "diagonal".
    moments : mlbook.moments.Moments

    Returns
    -------
    estimator
        Fitted. Equal to that of one machine but for rounding.

    Raises
    ------
    TypeError
        If it is another metric: that one needs more than moments.
    ValueError
        As the metric's own `fit` does; or if `MDC(shrinkage="auto")` is asked for and the
        fourth moments were not summed.
    """
    for kind, learn in _LEARNERS.items():
        if isinstance(metric, kind):
            fitted = clone(metric)
            fitted._check_parameters()
            learn(fitted, moments)
            fitted.n_features_in_ = fitted.components_.shape[1]
            return fitted
    known = ", ".join(kind.__name__ for kind in _LEARNERS)
    raise TypeError(f"moments suffice for {known}, not for {type(metric).__name__}")


def _covariance(metric, moments):
    counts, means, mean, scatters = moments.arrays()
    if metric.estimate not in ("total", "within", "diagonal"):
        raise ValueError(f"estimate={metric.estimate!r} needs more than moments")
    scatter, divisor = scatters.sum(axis=0), counts.sum() - len(counts)
    if metric.estimate == "within":
        if divisor < 1:
            raise ValueError("estimate='within' needs a class with at least two samples")
    else:
        scatter += np.einsum("c,cj,ck->jk", counts, means - mean, means - mean)
        divisor = counts.sum() - 1
    covariance = scatter / divisor
    if metric.estimate == "diagonal":
        covariance = np.diag(covariance.diagonal())
    metric._estimated = covariance
    metric._variances, metric._directions = principal_directions(covariance)
    metric._noise = len(covariance) * _NOISE
    metric._regularise()


def _fwhd(metric, moments):
    counts, means, mean, scatters = _two_classes(moments)
    shape = metric.shape and check_image_shape(metric.shape, len(mean))
    transform = hartley_transform(np.eye(len(mean)), shape)
    inside = np.einsum("kj,cji,ki->ck", transform, scatters, transform, optimize=True)
    inside = np.maximum(inside, 0)
    n = counts.sum()
    outside = (n - counts) @ inside + n * (counts @ hartley_transform(means - mean, shape) ** 2)
    metric.same_moments_ = 2 * (counts @ inside) / np.sum(counts * (counts - 1))
    metric.different_moments_ = 2 * outside / (n**2 - np.sum(counts**2))
    metric.weights_ = simplex_weights(
        metric.same_moments_, metric.different_moments_, metric.temperature
    )
    positive = metric.weights_[metric.weights_ > 0]
    metric._set_components(
        np.sqrt(metric.weights_)[:, np.newaxis] * transform,
        np.sqrt(positive.max() / positive.min()),
    )


def _mdc(metric, moments):
    counts, means, mean, scatters = _two_classes(moments)
    n, degrees = counts.sum(), counts.sum() - len(counts)
    varying = moments.high > moments.low
    weighted = np.sqrt(counts)[:, np.newaxis] * (means - mean)
    between = np.sum(weighted**2, axis=0) / n
    if not (between[varying] > 0).any():
        raise ValueError("the class means are equal: there is no separation to share out")
    covariance = scatters.sum(axis=0) / degrees
    whole = covariance.diagonal() * degrees / n + between
    variances = np.maximum(covariance.diagonal(), _LEAST_VARIANCE * whole)
    deviations = np.where(varying, np.sqrt(variances), 1.0)
    standardised = covariance / np.outer(deviations, deviations)
    shrinkage = metric.shrinkage
    if shrinkage == "auto":
        average = standardised * (degrees / n)
        shrinkage = _shrinkage(moments, average, deviations, varying.sum())
    correlations = (1 - shrinkage) * standardised
    np.fill_diagonal(correlations, 1.0)
    scores = symmetric_inverse_root(correlations, len(mean) * _NOISE) @ (weighted / deviations).T
    squares = np.where(varying, np.sum(scores**2, axis=1), 0.0)
    metric.coefficients_ = squares / squares.sum()
    metric.deviations_ = np.where(varying, deviations, 0.0)
    metric.shrinkage_, metric.separation_ = float(shrinkage), float(squares.sum() / n)
    scales = np.sqrt(metric.coefficients_) / deviations
    positive = scales[scales > 0]
    metric._set_components(np.diag(scales), positive.max() / positive.min())


def _shrinkage(moments, average, deviations, n_varying):
    """As `mlbook.linear.mdc.ledoit_wolf_amount`, without the samples."""
    fourths = [part.fourth for part in moments.classes.values()]
    if any(fourth is None for fourth in fourths):
        raise ValueError("shrinkage='auto' needs fourth moments: sum them with fourth=True")
    n = moments.n_rows
    precisions = deviations**-2.0
    energy = np.sum(average**2)
    error = (precisions @ sum(fourths) @ precisions / n - energy) / n
    distance = energy - average.trace() ** 2 / n_varying
    amount = error / distance if distance > 0 else 0.0
    return float(np.clip(amount, _LEAST_SHRINKAGE, 1.0))


def _two_classes(moments):
    arrays = moments.arrays()
    counts = arrays[0]
    if len(counts) < 2:
        raise ValueError("at least two classes are needed, but the rows hold one class only")
    if counts.max() < 2:
        raise ValueError(f"each of the {len(counts)} classes has one sample")
    return arrays


_LEARNERS = {Covariance: _covariance, FWHD: _fwhd, MDC: _mdc}
