"""The Mahalanobis distance: the metric that a covariance matrix induces."""

import numbers

import numpy as np
from sklearn.base import clone
from sklearn.covariance import ledoit_wolf, oas
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted

from mlbook.linear.base import LinearMetric
from mlbook.linear.checks import check_samples, unchanged_on_error
from mlbook.linear.scatter import class_means, principal_directions, scatter, total_scatter

ESTIMATES = ("total", "within", "ledoit_wolf", "oas", "diagonal")


class Covariance(LinearMetric):
    """Mahalanobis metric d(x, y)^2 = (x - y)^T C^-1 (x - y) of an estimated covariance C.

    The distance is Euclid's after *whitening*: L = Lambda^(-1/2) V^T, where the columns of V
    are the eigenvectors of C and Lambda holds its eigenvalues. Nothing here looks at which
    points should be near: except for `estimate="within"` the labels are not used at all, so
    this is a normalisation of the data rather than a learned metric.

    Parameters
    ----------
    estimate : {"total", "within", "ledoit_wolf", "oas", "diagonal"}, default="total"
        Which covariance:

        - "total": the sample covariance of all points, divisor n - 1;
        - "within": the pooled covariance around the class means, divisor n - n_classes
          (the matrix that linear discriminant analysis whitens; needs y);
        - "ledoit_wolf", "oas": the sample covariance shrunk towards a multiple of the
          identity, the amount chosen from the data;
        - "diagonal": the variances alone; the metric is then standardised Euclid.
    ridge : float, default=0.0
        Adds ridge times the mean variance to every eigenvalue. 0 is the plain estimate; as it
        grows, the metric tends to a multiple of Euclid's. A relative number, so that it means
        the same for data in other units.
    rank : None, "auto" or int, default=None
        How many principal directions of C to keep. None keeps all and demands a positive
        definite C; "auto" keeps those with a non-zero eigenvalue, which is the pseudo-inverse;
        an integer keeps that many of largest variance. With fewer directions than features
        the result is a pseudo-metric.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The whitening map L.
    covariance_ : ndarray of shape (n_features, n_features)
        The estimate C, with the ridge.
    eigenvalues_ : ndarray of shape (n_features,)
        Eigenvalues of `covariance_` in decreasing order.
    rank_ : int
        Numerical rank of `covariance_`.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Raises
    ------
    numpy.linalg.LinAlgError
        A `ValueError` too: the covariance is singular and neither a ridge nor a rank was given.

    See Also
    --------
    sklearn.neighbors.NeighborhoodComponentsAnalysis : learns L from labels.

    References
    ----------
    P. C. Mahalanobis, On the generalised distance in statistics, Proceedings of the National
    Institute of Sciences of India 2(1), 1936. O. Ledoit and M. Wolf, A well-conditioned
    estimator for large-dimensional covariance matrices, Journal of Multivariate Analysis
    88(2), 2004.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> metric = Covariance().fit(X)
    >>> metric.pair_distance([[[0, 0], [2, 0]], [[0, 0], [0, 1]]]).round(3)
    array([1.225, 1.225])
    """

    def __init__(self, estimate="total", ridge=0.0, rank=None):
        self.estimate = estimate
        self.ridge = ridge
        self.rank = rank

    def fit(self, X, y=None):
        """Estimate the covariance and its whitening map.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), default=None
            Class labels; used, and needed, by `estimate="within"` only.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On an unknown parameter value, NaN or infinite data, fewer than two samples, a
            missing y, classes without any spread, a singular covariance, or a rank that the
            covariance does not have.
        """
        with unchanged_on_error(self):
            self._check_parameters()
            X = check_samples(self, X)
            self._estimated = self._estimate_covariance(X, y)
            self._variances, self._directions = principal_directions(self._estimated)
            # Below this an eigenvalue is rounding noise of the sums or of the data themselves.
            n_features = len(self._variances)
            self._noise = max(n_features * np.finfo(float).eps, 10 * np.finfo(X.dtype).eps ** 2)
            self._regularise()
        return self

    def regularised(self, ridge=0.0, rank=None):
        """The same estimate with another ridge or rank, without estimating it again.

        A sweep over many settings costs one eigendecomposition this way. The result equals a
        new fit with these parameters.

        Parameters
        ----------
        ridge, rank
            As at construction.

        Returns
        -------
        Covariance
            A new, fitted estimator; this one does not change.

        Raises
        ------
        ValueError
            As in `fit`.
        """
        check_is_fitted(self, "components_")
        other = clone(self).set_params(ridge=ridge, rank=rank)
        other._check_parameters()
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                setattr(other, name, getattr(self, name))
        other._estimated, other._noise = self._estimated, self._noise
        other._variances, other._directions = self._variances, self._directions
        other._regularise()
        return other

    def _regularise(self):
        shift = self.ridge * self._variances.mean()
        self.covariance_ = self._estimated + shift * np.eye(len(self._estimated))
        self.eigenvalues_ = self._variances + shift
        self.rank_ = int(np.sum(self.eigenvalues_ > self._noise * self.eigenvalues_[0]))
        keep = self._directions_to_keep()
        kept = self.eigenvalues_[:keep]
        self._set_components(
            self._directions[:keep] / np.sqrt(kept)[:, np.newaxis],
            condition_number=np.sqrt(kept[0] / kept[-1]),
        )

    def _check_parameters(self):
        if self.estimate not in ESTIMATES:
            raise ValueError(f"estimate must be one of {ESTIMATES}, got {self.estimate!r}")
        ridge_is_number = isinstance(self.ridge, numbers.Real) and not isinstance(self.ridge, bool)
        if not ridge_is_number or not 0 <= self.ridge < np.inf:
            raise ValueError(f"ridge must be a finite number >= 0, got {self.ridge!r}")
        rank_is_count = isinstance(self.rank, numbers.Integral) and not isinstance(self.rank, bool)
        if not (self.rank is None or self.rank == "auto" or (rank_is_count and self.rank >= 1)):
            raise ValueError(f"rank must be None, 'auto' or an integer >= 1, got {self.rank!r}")

    def _estimate_covariance(self, X, y):
        if self.estimate in ("ledoit_wolf", "oas"):
            # subtracting a constant keeps rounding noise of equal samples out of the shrinkage
            shrunk = ledoit_wolf if self.estimate == "ledoit_wolf" else oas
            return shrunk(np.subtract(X, X[0], dtype=np.float64))[0]
        if self.estimate == "within":
            groups, counts = _groups(X, y)
            divisor = len(X) - len(counts)
            if divisor < 1:
                raise ValueError(
                    "estimate='within' needs a class with at least two samples; here each of the "
                    f"{len(counts)} classes has one"
                )
            return scatter(X, groups, class_means(X, groups, counts)[0]) / divisor
        covariance = total_scatter(X) / (len(X) - 1)
        if self.estimate == "diagonal":
            covariance = np.diag(covariance.diagonal())
        return covariance

    def _directions_to_keep(self):
        n_features = len(self.eigenvalues_)
        if self.rank_ == 0:
            raise np.linalg.LinAlgError(
                f"the {self.estimate} covariance is zero: the samples do not differ"
                + (" within their classes" if self.estimate == "within" else "")
            )
        if self.rank is None:
            if self.rank_ < n_features:
                raise np.linalg.LinAlgError(
                    f"the {self.estimate} covariance is singular (rank {self.rank_} of "
                    f"{n_features} features), so it has no inverse. Use rank='auto' for the "
                    "pseudo-inverse, ridge > 0, estimate='ledoit_wolf', or drop constant features."
                )
            return n_features
        if self.rank == "auto":
            return self.rank_
        if self.rank > self.rank_:
            raise ValueError(
                f"rank={self.rank} asks for more directions than the {self.estimate} covariance "
                f"has (rank {self.rank_} of {n_features} features)"
            )
        return int(self.rank)


def _groups(X, y):
    """Labels as 0 .. n_classes - 1, and the size of each class; one class will do."""
    if y is None:
        raise ValueError("estimate='within' requires y to be passed, but the target y is None")
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    if y.ndim != 1 or len(y) != len(X):
        raise ValueError(f"y must hold one label for each of the {len(X)} samples, got {y.shape}")
    check_classification_targets(y)
    return np.unique(y, return_inverse=True, return_counts=True)[1:]
