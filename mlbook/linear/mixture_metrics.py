"""The metrics that a mixture is made of: the default ones, fitting, and their linear maps."""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from mlbook.linear.base import LinearMetric
from mlbook.linear.checks import check_samples
from mlbook.linear.covariance import Covariance
from mlbook.linear.scatter import total_scatter


class Euclid(LinearMetric):
    """Euclid's distance, as an estimator: the base metric that everything is compared with."""

    def fit(self, X, y=None):
        """Note the number of features; nothing is learned."""
        X = validate_data(self, X, dtype=[np.float64, np.float32])
        self._set_components(np.eye(X.shape[1]), condition_number=1.0)
        return self


class Discriminant(LinearMetric):
    """Linear discriminant analysis as a metric, on standardised features and with a ridge.

    Euclid's distance in the space of the n_classes - 1 discriminants: whiten the within-class
    covariance of the standardised features, then keep the directions in which class means
    differ. A pseudo-metric if there are more features than discriminants.

    Parameters
    ----------
    ridge : float, default=0.1
        As in `Covariance`. Without one the map is useless as soon as there are more features
        than samples: it sends every training point onto its class mean.
    """

    def __init__(self, ridge=0.1):
        self.ridge = ridge

    def fit(self, X, y):
        """Learn the discriminants; X (n_samples, n_features), y (n_samples,) class labels."""
        X, y = check_samples(self, X, y)
        check_classification_targets(y)
        scaling = Covariance("diagonal", rank="auto").fit(X).components_
        scaled = X @ scaling.T
        whitening = Covariance("within", ridge=self.ridge).fit(scaled, y).components_
        means = np.array([scaled[y == label].mean(axis=0) for label in np.unique(y)])
        means = (means - means.mean(axis=0)) @ whitening.T  # in units of the spread within
        _, spread, directions = np.linalg.svd(means)
        rank = int(np.sum(spread > 1e-9 * max(spread[0], 1.0)))
        if rank == 0:
            raise np.linalg.LinAlgError("the class means do not differ: nothing discriminates")
        self._set_components(directions[:rank] @ whitening @ scaling)
        return self


def default_metrics():
    """The base metrics used where none are given; unfitted."""
    return [
        Euclid(),
        Covariance("diagonal", rank="auto"),
        Covariance("within", ridge=1.0),
        Covariance("total", ridge=1.0),
        Discriminant(ridge=0.1),
    ]


class BaseMetrics(NamedTuple):
    """Base metrics, each as given, fitted, as a linear map of unit scale, and its scale before."""

    given: list
    fitted: list
    maps: list  # of ndarray of shape (n_components, n_features)
    scales: np.ndarray  # mean squared distance between two different rows of the data


def fit_base_metrics(metrics, X, y):
    """Fit the base metrics where needed, and divide them by their root mean square distance.

    Parameters
    ----------
    metrics : list of estimators, or None for the default ones
        Defaults that do not exist on these data are left out.
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)

    Returns
    -------
    BaseMetrics
    """
    given = default_metrics() if metrics is None else metrics
    if not isinstance(given, list | tuple) or len(given) == 0:
        raise ValueError(f"metrics must be None or a non-empty list of metrics, got {metrics!r}")
    covariance = total_scatter(X) / (len(X) - 1)
    found = []
    for position, metric in enumerate(given):
        try:
            estimator = _fitted(metric, X, y, position)
        except np.linalg.LinAlgError:
            if metrics is None:
                continue
            raise
        L = linear_map(estimator, X, position)
        # E ||L(x - x')||^2 over pairs is twice the trace of L C L^T: no pair is formed.
        scale = 2 * float(np.einsum("pd,pd->", L @ covariance, L))
        if 0 < scale < np.inf:
            found.append((metric, estimator, L / np.sqrt(scale), scale))
        elif metrics is not None:
            raise ValueError(f"metrics[{position}] puts all samples at one point")
    if not found:
        raise ValueError("the samples do not differ, so there is no metric to learn")
    given, fitted, maps, scales = zip(*found, strict=True)
    return BaseMetrics(list(given), list(fitted), list(maps), np.array(scales))


def is_fitted(metric):
    """Whether a base metric is used as it is; Euclid (None) has nothing to fit."""
    try:
        check_is_fitted(Euclid() if metric is None else metric)
    except NotFittedError:
        return isinstance(metric, Euclid | None)
    return True


def _fitted(metric, X, y, position):
    metric = Euclid() if metric is None else metric
    has_both = hasattr(metric, "fit") and hasattr(metric, "transform")
    if isinstance(metric, type) or not has_both:
        raise ValueError(
            f"metrics[{position}] must be None (Euclid) or an estimator with fit and transform, "
            f"got {metric!r}"
        )
    try:
        check_is_fitted(metric)
    except NotFittedError:
        return clone(metric).fit(X, y)
    expected = getattr(metric, "n_features_in_", X.shape[1])
    if expected != X.shape[1]:
        raise ValueError(f"metrics[{position}] expects {expected} features, X has {X.shape[1]}")
    return metric


def linear_map(metric, X, position=0):
    """The matrix L of a fitted metric, read off its `transform`, which must be affine."""
    if isinstance(metric, LinearMetric):
        return metric.components_
    probe, sample = np.eye(X.shape[1]), X[:50].astype(np.float64)
    with warnings.catch_warnings():
        # fitted on a data frame: the columns have no names here, but are the same
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        origin = metric.transform(np.zeros_like(probe[:1])).astype(np.float64)
        L = (metric.transform(probe) - origin).T
        mapped = metric.transform(sample)
    if not np.allclose(mapped, sample @ L.T + origin, atol=1e-5 * np.abs(mapped).max()):
        raise ValueError(f"metrics[{position}], {type(metric).__name__}, is not a linear map")
    return np.ascontiguousarray(L)
