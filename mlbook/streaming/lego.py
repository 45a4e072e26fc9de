"""A metric learned online from pairs."""

import numpy as np
from scipy.linalg import eigh
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from mlbook.arguments import check_number
from mlbook.linear.checks import check_classes, unchanged_on_error
from mlbook.linear.pair_sampling import sample_pairs
from mlbook.linear.pairs import TupleLearner, check_pair_labels
from mlbook.linear.scatter import fix_signs

# the update multiplies squared distances
_LARGEST = 1e70


class LEGO(TupleLearner):
    """LogDet exact gradient online: one pair at a time, positive definite without projection.

    A pair with difference z has the squared distance p = z^T M z. If it is similar and p is above
    a bound, or dissimilar and p below another bound, the bound is its target t, and M becomes

        argmin over A of D(A, M) + rate / 2 (z^T A z - t)^2,
        D(A, M) = trace(A M^-1) - log det(A M^-1) - n_features.

    The solution is a change of rank one in the inverse of M, so Sherman and Morrison's formula
    gives it in closed form in O(n_features^2) operations:

        q = (rate t p - 1 + sqrt((rate t p - 1)^2 + 4 rate p^2)) / (2 rate p),
        M <- M - rate (q - t) / (1 + rate (q - t) p) (M z)(M z)^T,

    where q is the squared distance of the pair afterwards, between t and p. As q > 0, M stays
    positive definite whatever the pairs are. A fixed rate makes old pairs fade.

    Parameters
    ----------
    rate : float, default=0.1
        How far an update goes towards the target; large is all the way. In units of one over the
        square of the dissimilar target, so that it means the same for data in other units.
    bounds : tuple of (float, float) or None, default=None
        Distances (not squared) up to which similar pairs are near enough, and from which
        dissimilar ones are far enough. None takes the 5th and 95th percentile of the Euclidean
        distances of the first pairs, as ITML does; they should be a hundred or so.
    n_pairs : int, default=1000
        How many pairs `fit` draws, half of them similar.
    preprocessor : array-like of shape (n_samples, n_features), default=None
        The points that pairs of positions refer to.
    random_state : int or None, default=None
        Draws the pairs of `fit` and their order.

    Attributes
    ----------
    components_ : ndarray of shape (n_features, n_features)
    bounds_ : tuple of (float, float)
    n_pairs_ : int
        Pairs so far.
    n_updates_ : int
        Those of them that changed the metric.
    n_features_in_

    References
    ----------
    P. Jain, B. Kulis, I. Dhillon and K. Grauman, Online metric learning and fast similarity
    search, Advances in Neural Information Processing Systems 21, 761-768, 2008. The paper learns
    towards distances that are given; the bounds are those of ITML, as here.
    """

    def __init__(self, rate=0.1, bounds=None, n_pairs=1000, preprocessor=None, random_state=None):
        self.rate = rate
        self.bounds = bounds
        self.n_pairs = n_pairs
        self.preprocessor = preprocessor
        self.random_state = random_state

    def fit(self, X, y):
        """Start from Euclid, and learn from pairs that are drawn with `sample_pairs`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `partial_fit_pairs`; with fewer than two classes, or no class with two samples.
        """
        with unchanged_on_error(self):
            X, groups, _ = check_classes(self, X, y)
            rng = check_random_state(self.random_state)
            index, kinds = sample_pairs(groups, self.n_pairs, rng)
            order = rng.permutation(len(kinds))
            return self._learn(X[index[order]], kinds[order], anew=True)

    def fit_pairs(self, pairs, y):
        """Start from Euclid, then `partial_fit_pairs`; same parameters."""
        return self._learn(pairs, y, anew=True)

    def partial_fit_pairs(self, pairs, y):
        """Take in some more pairs, one after another.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features) or (n_pairs, 2)
            The points of each pair; or their positions in `preprocessor`, integers >= 0.
        y : array-like of shape (n_pairs,)
            +1 for a similar pair, -1 for a dissimilar one.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On a wrong shape, NaN or infinite values, other labels than +1 and -1, bounds or a
            rate out of range, first pairs of equal points. Nothing has been learned then.
        """
        return self._learn(pairs, y, anew=not hasattr(self, "n_pairs_"))

    def _learn(self, pairs, y, anew):
        check_number("rate", self.rate, above=0)
        # everything is checked before the matrix changes
        with unchanged_on_error(self):
            if not anew and self._is_plain(pairs, y):
                differences = pairs[:, 0] - pairs[:, 1]
            else:
                points, index = self._resolve(pairs, 2, "pairs")
                y = check_pair_labels(y, len(index))
                points = validate_data(self, points, dtype=np.float64, reset=anew)
                differences = points[index[:, 0]] - points[index[:, 1]]
            if np.abs(differences).max() > _LARGEST:
                raise ValueError("fourth powers of the differences overflow: rescale the points")
            if anew:
                self.bounds_ = self._choose_bounds(differences)
                self._matrix = np.eye(differences.shape[1])
                self.n_pairs_, self.n_updates_ = 0, 0
            vars(self).pop("threshold_", None)  # it belonged to another metric
            self._map = None
            for z, label in zip(differences, y, strict=True):
                self._update(z, label)
            self.n_pairs_ += len(y)
        return self

    def _is_plain(self, pairs, y):
        """Whether nothing needs a check; scikit-learn's take longer than learning a pair."""
        arrays = type(pairs) is np.ndarray and type(y) is np.ndarray
        return (
            arrays
            and pairs.dtype == np.float64
            and pairs.shape == (len(pairs), 2, self.n_features_in_)
            and len(pairs) > 0
            and y.dtype.kind == "i"
            and y.shape == (len(pairs),)
            and bool(np.isfinite(pairs).all() and (np.abs(y) == 1).all())
        )

    def _choose_bounds(self, differences):
        if self.bounds is None:
            near, far = np.percentile(np.linalg.norm(differences, axis=1), (5, 95))
        else:
            try:
                near, far = self.bounds
            except (TypeError, ValueError):
                raise ValueError(f"bounds must be two distances, got {self.bounds!r}") from None
            check_number("bounds[0]", near, above=0)
            check_number("bounds[1]", far, above=0)
        if not 0 < near < far:
            raise ValueError(
                f"bounds must be two distances, 0 < near < far, got {near:g} and {far:g}"
                + (" from the first pairs: give bounds" if self.bounds is None else "")
            )
        return float(near), float(far)

    def _update(self, z, label):
        near, far = self.bounds_[0] ** 2, self.bounds_[1] ** 2
        v = self._matrix @ z
        p = float(z @ v)
        if p <= 0 or (label > 0 and p <= near) or (label < 0 and p >= far):
            return  # equal points cannot be told apart by any metric
        target = near if label > 0 else far
        rate = self.rate / far**2
        b = rate * target * p - 1.0
        root = np.hypot(b, 2.0 * np.sqrt(rate) * p)
        # the two forms are equal; each avoids the difference of nearly equal numbers
        q = (b + root) / (2.0 * rate * p) if b > 0 else 2.0 * p / (root - b)
        change = rate * (q - target)
        self._matrix -= (change / (1.0 + change * p)) * np.outer(v, v)
        self.n_updates_ += 1

    @property
    def components_(self):
        if "n_pairs_" not in vars(self):
            raise AttributeError("partial_fit_pairs was not called yet")
        if self._map is None:
            values, vectors = eigh(self._matrix)
            self._map = fix_signs((vectors * np.sqrt(np.maximum(values, 0.0))).T[::-1])
            self._condition = float(np.sqrt(values[-1] / max(values[0], np.finfo(float).tiny)))
        return self._map

    @property
    def condition_number_(self):
        """Largest over smallest singular value of `components_`."""
        _ = self.components_
        return self._condition

    def get_mahalanobis_matrix(self):
        """The matrix M, shape (n_features, n_features); positive definite."""
        check_is_fitted(self)
        return self._matrix.copy()

    def __sklearn_is_fitted__(self):
        return "n_pairs_" in vars(self)
