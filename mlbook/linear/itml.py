"""ITML: the metric nearest to a prior one that keeps pairs within bounds."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from mlbook.arguments import check_number
from mlbook.linear.pairs import PairLearner, need_both_kinds
from mlbook.linear.prior import check_prior, prior_matrix
from mlbook.progress import bar


class ITML(PairLearner):
    """Information-theoretic metric learning: LogDet-nearest matrix that obeys the pairs.

    With v the difference of a pair, ITML solves the convex problem

        min over M > 0, xi > 0 of  D(M, M0) + gamma sum_c D(xi_c, b_c)
        subject to  v_c^T M v_c <= xi_c for similar, >= xi_c for dissimilar pairs,

    where D(M, M0) = tr(M M0^-1) - log det(M M0^-1) - d is the LogDet divergence, M0 the prior
    and b_c the wanted bound on the squared distance: `bounds[0]` for similar, `bounds[1]` for
    dissimilar pairs. The slack xi makes contradicting pairs possible. Bregman's method projects
    on one constraint at a time, in closed form; M stays positive definite throughout.

    Parameters
    ----------
    gamma : float, default=1.0
        How dear it is to miss the bounds; as it grows, the constraints become hard.
    prior : {"identity", "covariance"} or array-like (n_features, n_features), default="identity"
        M0: Euclid, the inverse of the covariance of the points (with Ledoit and Wolf's
        shrinkage, so that it always exists), or a given positive definite matrix.
    bounds : None or tuple of two floats, default=None
        Wanted squared distances: at most the first for similar pairs, at least the second for
        dissimilar ones. None takes the 5th and the 95th percentile of the squared distances of
        the given pairs under the prior.
    n_pairs : int, default=2000
        How many pairs `fit` draws from the class labels, half of each kind (the paper has
        20 times the squared number of classes).
    max_iter : int, default=1000
        At most so many sweeps over the pairs.
    tol : float, default=1e-3
        Stop when primal and dual objective differ by at most this share, which proves that the
        solution is as near to the optimum.
    random_state : int, RandomState or None, default=None
        Draws the pairs in `fit`, and the order of the projections.
    preprocessor : array-like of shape (n_samples, n_features), default=None
        The points that pairs of positions refer to.

    Attributes
    ----------
    components_ : ndarray of shape (n_features, n_features)
        Triangular factor L of M = L^T L.
    bounds_ : tuple of two floats
    duals_ : ndarray of shape (n_pairs,)
        The Lagrange multipliers; zero for a pair that its bound does not touch.
    slacks_ : ndarray of shape (n_pairs,)
        xi.
    objective_ : list of float
        The dual objective after each sweep. Every projection raises it.
    optimality_gap_ : float
        Primal minus dual objective at the end.
    n_iter_ : int
        Length of `objective_`.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    Two equal points are at distance zero under every metric: such a pair can be neither drawn
    together nor apart, and is ignored.

    References
    ----------
    J. V. Davis, B. Kulis, P. Jain, S. Sra and I. S. Dhillon, Information-theoretic metric
    learning, ICML 2007.

    Examples
    --------
    >>> pairs = [[[0, 0], [3, 0]], [[0, 0], [0, 3]]]
    >>> itml = ITML(gamma=1e6, bounds=(1, 25), tol=1e-9).fit_pairs(pairs, [1, -1])
    >>> (itml.pair_distance(pairs) ** 2).round(2)
    array([ 1., 25.])
    """

    def __init__(
        self,
        gamma=1.0,
        prior="identity",
        bounds=None,
        n_pairs=2000,
        max_iter=1000,
        tol=1e-3,
        random_state=None,
        preprocessor=None,
    ):
        self.gamma = gamma
        self.prior = prior
        self.bounds = bounds
        self.n_pairs = n_pairs
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.preprocessor = preprocessor

    def _check_parameters(self):
        check_number("gamma", self.gamma, above=0)
        check_number("n_pairs", self.n_pairs, at_least=2, integer=True)
        check_number("max_iter", self.max_iter, at_least=1, integer=True)
        check_number("tol", self.tol, at_least=0)
        check_prior(self.prior)
        if self.bounds is not None:
            if np.shape(self.bounds) != (2,):
                raise ValueError(f"bounds must be None or two numbers, got {self.bounds!r}")
            for value in self.bounds:
                check_number("bounds", value, above=0)

    def _learn(self, points, index, y):
        need_both_kinds(y, "ITML")
        prior = prior_matrix(self.prior, points[np.unique(index)])
        differences = points[index[:, 0]].astype(np.float64) - points[index[:, 1]]
        used = np.flatnonzero(differences.any(axis=1))
        if not len(used):
            raise ValueError("the points of every pair are equal")
        bounds = self.bounds
        if bounds is None:
            squares = np.einsum("pd,de,pe->p", differences, prior, differences, optimize=True)
            bounds = tuple(np.percentile(squares[used], (5, 95)))
        targets = np.where(y > 0, *bounds).astype(np.float64)
        matrix, duals, slacks, objective, gap = project(
            prior,
            differences[used],
            y[used],
            targets[used],
            self.gamma,
            self.max_iter,
            self.tol,
            check_random_state(self.random_state),
        )
        attributes = {
            "bounds_": (float(bounds[0]), float(bounds[1])),
            "duals_": np.zeros(len(y)),
            "slacks_": targets,
            "objective_": objective,
            "optimality_gap_": gap,
            "n_iter_": len(objective),
        }
        attributes["duals_"][used] = duals
        attributes["slacks_"][used] = slacks
        return np.linalg.cholesky(matrix).T, attributes


def project(prior, differences, y, targets, gamma, max_iter, tol, rng):
    """Bregman's cyclic projections.

    Parameters
    ----------
    prior : ndarray of shape (n_features, n_features)
        Positive definite.
    differences : ndarray of shape (n_pairs, n_features)
        None of them zero.
    y : ndarray of shape (n_pairs,)
        +1 or -1.
    targets : ndarray of shape (n_pairs,)
        Wanted squared distances.
    gamma, max_iter, tol
        As in `ITML`.
    rng : RandomState

    Returns
    -------
    matrix : ndarray of shape (n_features, n_features)
    duals, slacks : ndarray of shape (n_pairs,)
    objective : list of float
        Dual objective after each sweep.
    gap : float
        Primal minus dual objective.
    """
    matrix, slacks = prior.copy(), targets.copy()
    duals = np.zeros(len(targets))
    inverse_prior = np.linalg.inv(prior)
    log_det_prior = np.linalg.slogdet(prior)[1]
    objective = []
    for _ in bar(range(max_iter), desc="ITML"):
        # in random order, as all similar pairs before all dissimilar ones converge very slowly
        for c in rng.permutation(len(y)):
            v, sign = differences[c], y[c]
            mapped = matrix @ v
            square = v @ mapped
            # a dual variable is never negative: a bound pushes in one direction only
            step = min(duals[c], sign * gamma / (gamma + 1) * (1 / square - 1 / slacks[c]))
            if step == 0:
                continue
            duals[c] -= step
            slacks[c] *= gamma / (gamma + sign * step * slacks[c])
            scale = sign * step / (1 - sign * step * square)
            matrix += np.outer(scale * mapped, mapped)
        squares = np.einsum("pd,pd->p", differences @ matrix, differences)
        divergence = np.sum(matrix * inverse_prior) - len(prior)
        divergence -= np.linalg.slogdet(matrix)[1] - log_det_prior
        dual = divergence + gamma * log_det_divergence(slacks, targets)
        dual += np.sum(duals * y * (squares - slacks))
        # with the same matrix and the least slack that makes it feasible
        feasible = np.where(y > 0, np.maximum(squares, targets), np.minimum(squares, targets))
        primal = divergence + gamma * log_det_divergence(feasible, targets)
        objective.append(float(dual))
        gap = max(float(primal - dual), 0.0)
        if gap <= tol * primal:
            break
    else:
        warnings.warn(
            f"ITML stopped after max_iter={max_iter} sweeps, at most {gap / primal:.1%} above the "
            "minimum; raise max_iter or tol, or lower gamma",
            ConvergenceWarning,
            stacklevel=4,
        )
    return matrix, duals, slacks, objective, gap


def log_det_divergence(a, b):
    """Sum of the divergences of positive numbers a from b."""
    ratios = a / b
    return float(np.sum(ratios - np.log(ratios) - 1))
