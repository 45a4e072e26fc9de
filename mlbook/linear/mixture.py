"""Mixtures of metrics, the problem that `GO`, `SCO` and `LSO` solve in three ways.

Given base metrics d_1 .. d_M and weights theta on the simplex (theta_m >= 0, sum 1), the mixture

    d_theta(x, y)^2 = sum_m theta_m d_m(x, y)^2

is a pseudo-metric: the triangle inequality holds in each d_m, a weighted Euclidean norm keeps
it, and Minkowski's inequality does the rest. It is a metric exactly when no two different points
are at distance zero under all d_m with theta_m > 0; one true metric among them suffices. If
every d_m is linear, so is the mixture: its map is the stack of the maps sqrt(theta_m) L_m.

The weights are learned from *triplets* (i, j, l): i and j share a class, l is of another one, and
d_theta(i, l) should exceed d_theta(i, j). With z_m = d_m(i, l)^2 - d_m(i, j)^2 this is a linear
condition, theta^T z > 0.
"""

import warnings
from abc import abstractmethod

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state

from mlbook.arguments import check_number
from mlbook.linear.base import LinearMetric
from mlbook.linear.checks import check_classes, unchanged_on_error
from mlbook.linear.mixture_metrics import fit_base_metrics, is_fitted
from mlbook.linear.mixture_triplets import draw_triplets, triplet_margins


class Mixture(LinearMetric):
    """Base of the mixture learners: base metrics, their scales, held-out samples, the final map.

    A subclass implements `_learn(X, y, maps, rng)`, with `maps` the base metrics as linear maps
    of unit scale; it returns a dict of fitted attributes, among them `weights_`.
    """

    def fit(self, X, y=None):
        """Learn the weights of the base metrics.

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
            On NaN or infinite data, a missing y, fewer than two classes, no class with two
            samples, samples that do not differ, a parameter out of range, or base metrics that
            are not linear, are of another dimension or are zero on these data.
        """
        return self._fit_or_restore(X, y)

    def _fit_or_restore(self, X, y, **options):
        """Fit; on any error or interrupt leave the estimator exactly as it was."""
        with unchanged_on_error(self):
            self._fit(X, y, **options)
        return self

    def _fit(self, X, y, triplets=None):
        self._check_parameters()
        X, y, _ = check_classes(self, X, y)
        rng = check_random_state(self.random_state)
        bases = fit_base_metrics(self.metrics, X, y)
        self.holdout_, maps = np.arange(len(X)), bases.maps
        parts = None
        if triplets is not None:
            check_triplets(triplets, len(X))
        elif self.holdout > 0 and not all(is_fitted(metric) for metric in bases.given):
            parts = split(y, self.holdout, rng)
        if parts is not None:
            rest, held = parts
            try:
                maps = fit_base_metrics(bases.given, X[rest], y[rest]).maps
                X, y, self.holdout_ = X[held], y[held], held
            except ValueError:
                pass  # some base metric exists on all samples, but not on a part
        options = {} if triplets is None else {"triplets": np.asarray(triplets)}
        learned = self._learn(X, y, maps, rng, **options)
        self.metrics_, self.scales_ = bases.fitted, bases.scales
        for name, value in learned.items():
            setattr(self, name, value)
        self._set_components(*mixture_map(bases.maps, self.weights_))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _check_parameters(self):
        """Raise ValueError if a parameter is out of range; a subclass adds its own."""
        check_number("holdout", self.holdout, at_least=0)
        if self.holdout >= 1:
            raise ValueError(f"holdout must be a share in [0, 1), got {self.holdout!r}")

    @abstractmethod
    def _learn(self, X, y, maps, rng):
        """The fitted attributes; y holds class numbers."""


class TripletMixture(Mixture):
    """Base of the mixture learners that use triplets."""

    def fit(self, X, y=None, triplets=None):
        """Learn the weights of the base metrics.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels of any sortable type.
        triplets : array-like of shape (n_triplets, 3), default=None
            Rows (i, j, l) of positions in X: i should be nearer to j than to l. None draws
            them from the labels. Given ones need not agree with y, which then only serves
            those base metrics that use labels.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On NaN or infinite data, a missing y, fewer than two classes, no class with two
            samples, samples that do not differ, a parameter out of range, triplets that are
            no positions, or base metrics that are not linear, are of another dimension or
            are zero on these data.
        """
        return self._fit_or_restore(X, y, triplets=triplets)

    def _check_parameters(self):
        super()._check_parameters()
        check_number("margin", self.margin, at_least=0)
        check_number("n_triplets", self.n_triplets, at_least=1, integer=True)
        check_number("max_iter", self.max_iter, at_least=1, integer=True)
        check_number("tol", self.tol, at_least=0)

    def _learn(self, X, y, maps, rng, triplets=None):
        if triplets is None:
            triplets = draw_triplets(X, y, maps, self.n_triplets, rng)
        learned = self._solve(triplet_margins(X, maps, triplets))
        return {"triplets_": self.holdout_[triplets], **learned}

    def _warn_of_gap(self, gap, accepted, advice):
        warnings.warn(
            f"{type(self).__name__} stopped after max_iter={self.max_iter} iterations, perhaps "
            f"{gap:.2g} above the minimum (accepted: {accepted:.2g}); {advice}",
            ConvergenceWarning,
            stacklevel=7,
        )

    @abstractmethod
    def _solve(self, z):
        """The fitted attributes, from z of shape (n_triplets, n_metrics)."""


def check_triplets(triplets, n_samples):
    """Raise ValueError unless the triplets are rows of three positions."""
    triplets = check_array(triplets, dtype=None, input_name="triplets")
    valid = triplets.shape[1] == 3 and triplets.dtype.kind in "iu"
    if not valid or triplets.min() < 0 or triplets.max() >= n_samples:
        raise ValueError(f"triplets must be rows of three integers in 0 .. {n_samples - 1}")


def split(y, share, rng):
    """Two parts of the samples, the second with about `share` of each class.

    Returns
    -------
    tuple of two ndarray of int, or None
        None if one of the parts would have fewer than two classes or no two samples alike.
    """
    shuffled = rng.permutation(len(y))
    by_class = shuffled[np.argsort(y[shuffled], kind="stable")]
    counts = np.bincount(y)
    rank = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = rank < np.ceil((1 - share) * np.repeat(counts, counts))
    parts = np.sort(by_class[first]), np.sort(by_class[~first])
    for part in parts:
        sizes = np.bincount(y[part], minlength=1)
        if np.count_nonzero(sizes) < 2 or sizes.max() < 2:
            return None
    return parts


def mixture_map(maps, weights):
    """The map of the mixture and its condition number.

    More rows than features would only slow down every later search: the triangular factor of
    the stack is then the same metric.
    """
    L = np.vstack([np.sqrt(w) * L for w, L in zip(weights, maps, strict=True) if w > 0])
    if len(L) > L.shape[1]:
        L = np.linalg.qr(L, mode="r")
    spectrum = np.linalg.svd(L, compute_uv=False)
    # smaller ones are rounding noise of directions that the metric does not see
    spectrum = spectrum[spectrum > max(L.shape) * np.finfo(float).eps * spectrum[0]]
    return L, spectrum[0] / spectrum[-1]
