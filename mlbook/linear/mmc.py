"""MMC: push dissimilar pairs apart while similar pairs stay together."""

import warnings

import numpy as np
from scipy.linalg import eigh
from sklearn.exceptions import ConvergenceWarning

from mlbook.arguments import check_number
from mlbook.linear.pairs import PairLearner, need_both_kinds
from mlbook.progress import bar

# Distances are rounded at this share of their mean, where a square root has no slope.
_ROUNDING = 1e-6


class MMC(PairLearner):
    """Mahalanobis metric for clustering: large distances of dissimilar pairs, in a budget.

    With v the difference of a pair, MMC solves the convex problem

        max over M >= 0 of  mean over dissimilar pairs of sqrt(v^T M v)
        subject to          mean over similar pairs of v^T M v <= 1.

    (The paper has sums instead of means, which only changes the scale of M.) The square root
    matters: with squared distances the best M would always have rank one.

    Parameters
    ----------
    diagonal : bool, default=False
        Learn one weight for each feature instead of a full matrix.
    ridge : float, default=1e-3
        Adds ridge times its mean eigenvalue to the matrix of the budget. With 0 a direction in
        which dissimilar pairs differ but similar ones do not would cost nothing, and the
        maximum would be infinite: an error.
    n_pairs : int, default=2000
        How many pairs `fit` draws from the class labels, half of each kind.
    max_iter : int, default=500
    tol : float, default=1e-3
        Stop when the objective is proved to be within this share of its maximum.
    random_state : int, RandomState or None, default=None
        Draws the pairs in `fit`.
    preprocessor : array-like of shape (n_samples, n_features), default=None
        The points that pairs of positions refer to.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        As many rows as M has rank.
    objective_ : list of float
        Mean distance of the dissimilar pairs after each iteration; never falls.
    optimality_gap_ : float
        Upper bound on how far the last value is below the maximum.
    n_iter_ : int
        Length of `objective_`.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    The paper alternates between gradient steps and projections on the two constraints, and for
    a diagonal M uses Newton's method on an equivalent objective. Here C is the mean of v v^T
    over the similar pairs, with the ridge, and B = C^(1/2) M C^(1/2): then both constraints
    together say that B is in the spectrahedron {B >= 0, tr B <= 1}, onto which the projection
    is exact and cheap, since it projects the eigenvalues onto the simplex. With G the gradient
    at B, the largest eigenvalue of G minus tr(G B) bounds what is left to gain. Directions in
    which no pair differs stay out of the metric.

    References
    ----------
    E. P. Xing, A. Y. Ng, M. I. Jordan and S. Russell, Distance metric learning with application
    to clustering with side-information, NIPS 2002.

    Examples
    --------
    >>> pairs = [[[0, 0], [1, 1]], [[0, 0], [4, 0]], [[0, 0], [0, 2]]]
    >>> mmc = MMC(diagonal=True, ridge=0, tol=1e-6).fit_pairs(pairs, [1, -1, -1])
    >>> mmc.get_mahalanobis_matrix().round(2)
    array([[0.8, 0. ],
           [0. , 0.2]])
    """

    def __init__(
        self,
        diagonal=False,
        ridge=1e-3,
        n_pairs=2000,
        max_iter=500,
        tol=1e-3,
        random_state=None,
        preprocessor=None,
    ):
        self.diagonal = diagonal
        self.ridge = ridge
        self.n_pairs = n_pairs
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.preprocessor = preprocessor

    def _check_parameters(self):
        if not isinstance(self.diagonal, bool | np.bool_):
            raise ValueError(f"diagonal must be True or False, got {self.diagonal!r}")
        check_number("ridge", self.ridge, at_least=0)
        check_number("n_pairs", self.n_pairs, at_least=2, integer=True)
        check_number("max_iter", self.max_iter, at_least=1, integer=True)
        check_number("tol", self.tol, at_least=0)

    def _learn(self, points, index, y):
        need_both_kinds(y, "MMC")
        differences = points[index[:, 0]].astype(np.float64) - points[index[:, 1]]
        apart = differences[y < 0]
        apart = apart[apart.any(axis=1)]
        if not len(apart):
            raise ValueError("the points of every dissimilar pair are equal")
        whitening = self._budget_map(differences, differences[y > 0])
        whitened = apart @ whitening.T
        solve_for = DiagonalForm if self.diagonal else FullForm
        form, objective, gap = ascend(solve_for(whitened), self.max_iter, self.tol)
        attributes = {
            "objective_": objective,
            "optimality_gap_": gap,
            "n_iter_": len(objective),
        }
        return form.root() @ whitening, attributes

    def _budget_map(self, differences, similar):
        """C^(-1/2) on the directions in which any pair differs."""
        if self.diagonal:
            spread, cost = np.mean(differences**2, axis=0), np.mean(similar**2, axis=0)
            basis = np.eye(len(spread))[spread > 0]
            cost = cost[spread > 0]
        else:
            spread, axes = eigh(differences.T @ differences / len(differences))
            basis = axes.T[spread > len(spread) * np.finfo(float).eps * spread[-1]]
            mapped = similar @ basis.T
            cost, axes = eigh(mapped.T @ mapped / len(similar))
            basis = axes.T @ basis
        shift = self.ridge * cost.mean()
        if cost.min() + shift <= len(cost) * np.finfo(float).eps * cost.max():
            raise ValueError(
                "the problem is unbounded: dissimilar pairs differ in a direction in which no "
                "similar pair does" + ("; use ridge > 0" if cost.max() > 0 else "")
            )
        return basis / np.sqrt(np.maximum(cost, 0) + shift)[:, np.newaxis]


class FullForm:
    """The mean of sqrt(v^T B v) over the rows v, as a function of a full matrix B."""

    def __init__(self, rows, B=None):
        self.rows = rows
        n_dims = rows.shape[1]
        self.B = np.eye(n_dims) / n_dims if B is None else B
        mapped = rows @ self.B
        floor = (_ROUNDING**2) * np.mean(rows**2)
        self.distances = np.sqrt(np.einsum("pd,pd->p", mapped, rows).clip(0) + floor)
        self.value = float(self.distances.mean())

    def gradient(self):
        """Half the mean of v v^T over the distance of v."""
        return (self.rows / (2 * len(self.rows) * self.distances[:, None])).T @ self.rows

    def gap(self, gradient):
        """What a point of the feasible set can at most gain, as the objective is concave."""
        top = eigh(gradient, eigvals_only=True, subset_by_index=[len(gradient) - 1] * 2)[0]
        return max(float(top - np.sum(gradient * self.B)), 0.0)

    def moved(self, step):
        """Projection of B + step onto B >= 0, tr B <= 1."""
        values, axes = eigh(self.B + step, driver="evd")
        values = onto_simplex(values)
        kept = values > 0
        return FullForm(self.rows, (axes[:, kept] * values[kept]) @ axes[:, kept].T)

    def root(self):
        """R with R^T R = B."""
        values, axes = eigh(self.B, driver="evd")
        kept = values > len(values) * np.finfo(float).eps * values[-1]
        return (axes[:, kept] * np.sqrt(values[kept])).T[::-1]


class DiagonalForm:
    """The same as a function of the diagonal of B."""

    def __init__(self, rows, B=None):
        self.rows = rows
        self.B = np.full(rows.shape[1], 1 / rows.shape[1]) if B is None else B
        floor = (_ROUNDING**2) * np.mean(rows**2)
        self.distances = np.sqrt(rows**2 @ self.B + floor)
        self.value = float(self.distances.mean())

    def gradient(self):
        return (1 / (2 * len(self.rows) * self.distances)) @ self.rows**2

    def gap(self, gradient):
        return max(float(gradient.max() - gradient @ self.B), 0.0)

    def moved(self, step):
        return DiagonalForm(self.rows, onto_simplex(self.B + step))

    def root(self):
        return np.diag(np.sqrt(self.B))[self.B > 0]


def onto_simplex(values):
    """Nearest point with values >= 0 and sum <= 1."""
    clipped = np.maximum(values, 0)
    if clipped.sum() <= 1:
        return clipped
    ordered = np.sort(values)[::-1]
    excess = (np.cumsum(ordered) - 1) / np.arange(1, len(values) + 1)
    return np.maximum(values - excess[np.flatnonzero(ordered > excess)[-1]], 0)


def ascend(form, max_iter, tol):
    """Projected gradient ascent; steps by Barzilai and Borwein, shortened until they ascend.

    Returns
    -------
    form : FullForm or DiagonalForm
    objective : list of float
    gap : float
    """
    gradient, objective = form.gradient(), []
    length = 1 / np.linalg.norm(gradient)
    for _ in bar(range(max_iter), desc="MMC"):
        objective.append(form.value)
        gap = form.gap(gradient)
        if gap <= tol * form.value:
            return form, objective, gap
        while True:
            new = form.moved(length * gradient)
            change = new.B - form.B
            if new.value >= form.value + 1e-4 * np.sum(gradient * change):
                break
            length /= 4
        new_gradient = new.gradient()
        curvature = -np.sum(change * (new_gradient - gradient))
        if curvature > 0:
            length = np.sum(change**2) / curvature
        else:
            length *= 4
        form, gradient = new, new_gradient
    warnings.warn(
        f"MMC stopped after max_iter={max_iter} iterations, at most {gap / form.value:.1%} below "
        "the maximum; raise max_iter or tol",
        ConvergenceWarning,
        stacklevel=4,
    )
    return form, objective, gap
