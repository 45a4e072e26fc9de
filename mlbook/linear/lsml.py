"""LSML: the metric nearest to a prior one under which given distances are below given others."""

import warnings

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from mlbook.arguments import check_number
from mlbook.linear.checks import check_classes, check_samples, unchanged_on_error
from mlbook.linear.lsml_loss import lsml_loss, optimality_gap
from mlbook.linear.pair_sampling import sample_quadruplets
from mlbook.linear.pairs import TupleLearner
from mlbook.linear.prior import check_prior, prior_matrix
from mlbook.progress import bar

# The first step of L-BFGS has length 1 and could end at a singular map: it varies a multiple.
_ZOOM = 4.0


class LSML(TupleLearner):
    """Least squared-residual metric learning: from comparisons "a, b are nearer than c, d".

    With d_M(x, y)^2 = (x - y)^T M (x - y), LSML solves the convex problem

        min over M > 0 of  D(M, M0) + gamma / s sum over quadruplets (a, b, c, d) of
                           max(0, d_M(a, b) - d_M(c, d))^2,

    where D(M, M0) = tr(M M0^-1) - log det(M M0^-1) - d is the LogDet divergence from the prior
    M0, and s the mean squared distance of the given pairs under M0, which makes the result
    independent of the data's units. Where no metric satisfies all comparisons, as they
    contradict each other, the minimum is still unique: a compromise.

    Parameters
    ----------
    gamma : float, default=1.0
        How dear it is to miss a comparison; as it grows, the comparisons become hard.
    prior : {"identity", "covariance"} or array-like (n_features, n_features), default="identity"
        M0: Euclid, the inverse of the covariance of the points (with Ledoit and Wolf's
        shrinkage, so that it always exists), or a given positive definite matrix.
    n_quadruplets : int, default=2000
        How many comparisons `fit` draws from the class labels.
    max_iter : int, default=1000
        At most so many iterations (L-BFGS), counting the start.
    tol : float, default=1e-3
        Stop when the objective is proved to be within this share of its minimum.
    random_state : int, RandomState or None, default=None
        Draws the quadruplets in `fit`.
    preprocessor : array-like of shape (n_samples, n_features), default=None
        The points that positions refer to.

    Attributes
    ----------
    components_ : ndarray of shape (n_features, n_features)
    objective_ : list of float
        The objective at each iteration, beginning with M0; never rises.
    optimality_gap_ : float
        Upper bound on how far the last value is above the minimum.
    n_iter_ : int
        Length of `objective_`.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    The paper descends along the gradient in M. Here M = R^T A^T A R with R^T R = M0, and L-BFGS
    varies the square matrix A: the log-determinant keeps it regular, so that a point without
    slope in A has none in M either and is the minimum.

    *Gap.* Let B = A^T A and G the gradient of the residual term with respect to B. That term is
    convex, so it is nowhere below its tangent; the divergence plus the tangent has the minimum
    B = (I + G)^-1, and the objective at B is at most D(B, (I + G)^-1) above it.

    If c and d are the same point, no metric satisfies the comparison, and a and b are drawn
    together; if a and b are, every metric does.

    References
    ----------
    E. Y. Liu, Z. Guo, X. Zhang, V. Jojic and W. Wang, Metric learning from relative comparisons
    by minimizing squared residual, ICDM 2012.

    Examples
    --------
    A step to the right should be shorter than one upwards.

    >>> quadruplets = [[[0, 0], [1, 0], [0, 0], [0, 1]]]
    >>> LSML().fit_quadruplets(quadruplets).get_mahalanobis_matrix().round(2)
    array([[1., 0.],
           [0., 1.]])
    >>> quadruplets = [[[0, 0], [2, 0], [0, 0], [0, 1]]]
    >>> lsml = LSML(gamma=1e4).fit_quadruplets(quadruplets)
    >>> distances = lsml.pair_distance([[[0, 0], [2, 0]], [[0, 0], [0, 1]]])
    >>> bool(abs(distances[0] - distances[1]) < 0.01)
    True
    """

    def __init__(
        self,
        gamma=1.0,
        prior="identity",
        n_quadruplets=2000,
        max_iter=1000,
        tol=1e-3,
        random_state=None,
        preprocessor=None,
    ):
        self.gamma = gamma
        self.prior = prior
        self.n_quadruplets = n_quadruplets
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.preprocessor = preprocessor

    def fit(self, X, y=None):
        """Learn the metric from quadruplets drawn from class labels.

        Each compares a random pair of one class with a random pair of two classes, both drawn
        as by `sample_pairs`. If y does not offer enough different pairs of a kind, they are
        used more than once.

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
            samples, samples that do not differ, or a parameter out of range.
        """
        with unchanged_on_error(self):
            self._check_parameters()
            X, groups, _ = check_classes(self, X, y)
            quadruplets = sample_quadruplets(groups, self.n_quadruplets, self.random_state)
            self._store(*self._learn(X, quadruplets))
        return self

    def fit_quadruplets(self, quadruplets):
        """Learn the metric from comparisons of two pairs each.

        Parameters
        ----------
        quadruplets : array-like of shape (n_quadruplets, 4, n_features) or (n_quadruplets, 4)
            Rows (a, b, c, d): a and b should be nearer to each other than c and d. Points, or
            their positions in `preprocessor`, integers >= 0.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On a wrong shape, NaN or infinite values, positions that do not exist, equal points
            in every pair, or a parameter out of range.
        """
        with unchanged_on_error(self):
            points, quadruplets = self._points_of(quadruplets, 4, "quadruplets")
            self._store(*self._learn(points, quadruplets))
        return self

    def fit_triplets(self, triplets):
        """Learn the metric from comparisons of the distances from one point.

        Parameters
        ----------
        triplets : array-like of shape (n_triplets, 3, n_features) or (n_triplets, 3)
            Rows (anchor, positive, negative): the anchor should be nearer to the positive than
            to the negative. Points, or their positions in `preprocessor`, integers >= 0.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `fit_quadruplets`.
        """
        with unchanged_on_error(self):
            points, triplets = self._points_of(triplets, 3, "triplets")
            self._store(*self._learn(points, triplets[:, [0, 1, 0, 2]]))
        return self

    def _points_of(self, tuples, size, name):
        self._check_parameters()
        points, index = self._resolve(tuples, size, name)
        return check_samples(self, points), index

    def _check_parameters(self):
        check_number("gamma", self.gamma, above=0)
        check_number("n_quadruplets", self.n_quadruplets, at_least=1, integer=True)
        check_number("max_iter", self.max_iter, at_least=1, integer=True)
        check_number("tol", self.tol, at_least=0)
        check_prior(self.prior)

    def _learn(self, points, quadruplets):
        prior = prior_matrix(self.prior, points[np.unique(quadruplets)])
        root = np.linalg.cholesky(prior).T
        a, b, c, d = quadruplets.T
        near = (points[a].astype(np.float64) - points[b]) @ root.T
        far = (points[c].astype(np.float64) - points[d]) @ root.T
        size = np.mean([np.sum(near**2, axis=1), np.sum(far**2, axis=1)])
        if size == 0:
            raise ValueError("the points of every compared pair are equal: nothing to learn from")
        near, far = near / np.sqrt(size), far / np.sqrt(size)
        A, objective, gap = descend(near, far, self.gamma, self.max_iter, self.tol)
        attributes = {
            "objective_": objective,
            "optimality_gap_": gap,
            "n_iter_": len(objective),
        }
        return A @ root, attributes


def descend(near, far, gamma, max_iter, tol):
    """L-BFGS from A = I until the gap is small.

    Returns
    -------
    A : ndarray of shape (n_features, n_features)
    objective : list of float
        At each iteration, beginning with the start.
    gap : float
    """
    n_features = near.shape[1]
    A = np.eye(n_features)
    value, tilt = lsml_loss(A, near, far, gamma)
    objective, gap = [value], optimality_gap(A, tilt)
    rounding = n_features * np.finfo(float).eps

    def loss(flat):
        A = flat.reshape(n_features, n_features) / _ZOOM
        value, tilt = lsml_loss(A, near, far, gamma)
        if value == np.inf:  # A is singular
            return value, np.zeros_like(flat)
        return value, 2 / _ZOOM * (A @ tilt - np.linalg.inv(A).T).ravel()

    with bar(total=max_iter, desc="LSML") as progress:

        def note(intermediate_result):
            nonlocal A, gap
            A = intermediate_result.x.reshape(n_features, n_features) / _ZOOM
            value, tilt = lsml_loss(A, near, far, gamma)
            objective.append(value)
            gap = optimality_gap(A, tilt)
            progress.update()
            if gap <= tol * value + rounding:
                raise StopIteration

        if gap > tol * value + rounding and max_iter > 1:
            # with a large gamma the minimum lies in a narrow valley: allow the search many halvings
            options = {"maxiter": max_iter - 1, "maxfun": 50 * max_iter, "maxls": 50}
            options |= {"ftol": 0, "gtol": 0}
            minimize(
                loss, _ZOOM * A.ravel(), jac=True, method="L-BFGS-B", callback=note, options=options
            )
    if gap > tol * objective[-1] + rounding:
        warnings.warn(
            f"LSML stopped after {len(objective)} iterations, perhaps {gap:.2g} above the "
            f"minimum (objective {objective[-1]:.2g}); raise max_iter or tol, or lower gamma",
            ConvergenceWarning,
            stacklevel=4,
        )
    return A, objective, gap
