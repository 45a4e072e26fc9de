"""LMNN: pull neighbours of the same class near, push those of other classes out of a margin."""

import warnings

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array

from mlbook.arguments import check_number
from mlbook.linear.lmnn_loss import (
    find_impostors,
    lmnn_loss,
    merge,
    target_neighbors,
    target_size,
    within_reach,
)
from mlbook.linear.scatter import leading_directions, total_scatter
from mlbook.linear.supervised import SupervisedMetric
from mlbook.progress import bar


class LMNN(SupervisedMetric):
    """Large margin nearest neighbour: a linear map for which neighbours share a class.

    The *target neighbours* N(i) of a sample are its nearest ones of the same class in plain
    Euclidean distance; they stay the same throughout. Samples of other classes that come nearer
    than a target neighbour plus a margin are *impostors*. With d(x, y) = ||L (x - y)||,

        loss = 1/n sum_i sum_{j in N(i)} [ (1 - mu) d_ij^2
                                           + mu sum_l max(0, margin + d_ij^2 - d_il^2) ],

    l over the impostors of i, n the number of samples with target neighbours. As a function of
    L^T L it is convex, but for a map of low rank it is not.

    Parameters
    ----------
    n_neighbors : int, default=3
        Target neighbours of each sample; in a smaller class, all others of it. A sample alone
        in its class has none, and only acts as an impostor.
    n_components : int or None, default=None
        Rows of the map; None is as many as features.
    margin : float, default=1.0
        In squared distances. The scale of the map is free, so that it matters only relative to
        the start, at which the mean squared distance of target neighbours is 1.
    mu : float, default=0.5
        Weight of the impostors, in (0, 1).
    n_impostors : int or None, default=50
        At most so many impostors of each sample, the nearest, are found in one search; they
        stay in the loss while they are near. None takes all of them, and memory grows with
        their number.
    init : array-like of shape (n_components, n_features), default=None
        The map to start from. None is Euclid, or with n_components the principal components.
    refresh : int, default=10
        Iterations between two searches for the impostors.
    max_iter : int, default=200
        At most so many iterations (L-BFGS) in total.
    tol : float, default=1e-3
        Stop when the loss falls by less than this share from one search to the next, and the
        newly found impostors have changed it by no more.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
    objective_ : list of float
        The loss before the first and after each iteration, over the impostors known then. It
        never rises between two searches; a search can raise it, by finding new impostors.
    search_objective_ : list of float
        The loss right after each search, without searches at which it had risen: then the
        steps before are taken again, with what was found. It falls if `n_impostors` is None,
        and nearly so otherwise.
    n_iter_ : int
        Iterations made.
    targets_ : ndarray of shape (n_samples, n_neighbors)
        Positions of the target neighbours, nearest first; -1 where a class is too small.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    The gradient is that of a weighted sum of squared differences. Writing the weights of all
    pairs in a sparse matrix, with graph Laplacian A, it is 2 L X^T A X: no matrix of n x n and
    no d x d matrix for each pair is ever formed, and memory grows with the number of impostors.

    References
    ----------
    K. Q. Weinberger and L. K. Saul, Distance metric learning for large margin nearest neighbor
    classification, Journal of Machine Learning Research 10, 2009.

    Examples
    --------
    >>> X = [[0, 0], [0, 4], [0, 8], [1, 0], [1, 4], [1, 8]]
    >>> lmnn = LMNN(n_neighbors=1).fit(X, [0, 0, 0, 1, 1, 1])
    >>> weights = lmnn.get_mahalanobis_matrix().diagonal()
    >>> bool(weights[0] > 100 * weights[1])
    True
    """

    def __init__(
        self,
        n_neighbors=3,
        n_components=None,
        margin=1.0,
        mu=0.5,
        n_impostors=50,
        init=None,
        refresh=10,
        max_iter=200,
        tol=1e-3,
    ):
        self.n_neighbors = n_neighbors
        self.n_components = n_components
        self.margin = margin
        self.mu = mu
        self.n_impostors = n_impostors
        self.init = init
        self.refresh = refresh
        self.max_iter = max_iter
        self.tol = tol

    def _learn(self, X, groups, counts):
        # distances do not see a shift, and smaller numbers lose fewer digits
        X = X - X.mean(axis=0, dtype=np.float64).astype(X.dtype)
        targets = target_neighbors(X, groups, self.n_neighbors)
        unit = target_size(X, targets)
        X /= unit  # the optimiser's steps do not depend on the units of the data, either
        L = self._start(X)
        L = L / target_size(X @ L.T.astype(X.dtype), targets)
        L, learned = self._descend(X, groups, targets, L)
        return L / unit, None, learned

    def _check_parameters(self):
        for name in ("n_neighbors", "refresh", "max_iter"):
            check_number(name, getattr(self, name), at_least=1, integer=True)
        for name in ("n_components", "n_impostors"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), at_least=1, integer=True)
        check_number("margin", self.margin, above=0)
        check_number("tol", self.tol, at_least=0)
        check_number("mu", self.mu, above=0)
        if self.mu >= 1:
            raise ValueError(f"mu must be below 1, got {self.mu!r}")

    def _start(self, X):
        n_features = X.shape[1]
        if self.init is not None:
            L = check_array(self.init, dtype=np.float64, copy=True, input_name="init")
            if L.shape != (self.n_components or len(L), n_features):
                raise ValueError(
                    f"init must have shape ({self.n_components or 'n_components'}, {n_features}), "
                    f"got {L.shape}"
                )
            return L
        if self.n_components is None:
            return np.eye(n_features)
        if self.n_components > n_features:
            raise ValueError(
                f"n_components={self.n_components} is more than the {n_features} features"
            )
        return leading_directions(total_scatter(X), self.n_components)

    def _descend(self, X, groups, targets, L):
        objective, searched = [], []
        best, best_value, pairs = None, np.inf, None
        n_left, converged = self.max_iter, False
        with bar(total=self.max_iter, desc="LMNN") as progress:
            while not converged:
                mapped = X @ L.T.astype(X.dtype)
                found = find_impostors(mapped, groups, targets, self.margin, self.n_impostors)
                known = pairs
                pairs = found if known is None else merge(known, found, len(X))
                problem = (X, targets, *pairs, self.margin, self.mu)
                value, _ = lmnn_loss(L, *problem)
                if value > best_value:
                    # Impostors that nobody knew of undid the steps: go back, and know them.
                    L, best_value = best, lmnn_loss(best, *problem)[0]
                    converged = len(pairs[0]) == len(known[0])
                else:
                    if best is None:
                        objective.append(value)
                    else:
                        fall, surprise = best_value - value, value - objective[-1]
                        converged = max(fall, surprise) <= self.tol * best_value
                    searched.append(value)
                    best, best_value = L, value
                    pairs = within_reach(mapped, targets, *pairs, self.margin)
                    problem = (X, targets, *pairs, self.margin, self.mu)
                if converged or n_left == 0:
                    break
                L, values = improve(L, problem, min(self.refresh, n_left), progress)
                objective += values
                n_left -= len(values)
                converged = not values  # not even a step along the gradient helps
        if not converged:
            warnings.warn(
                f"LMNN stopped after max_iter={self.max_iter} iterations without converging; "
                "raise max_iter or tol",
                ConvergenceWarning,
                stacklevel=4,
            )
        learned = {
            "objective_": objective,
            "search_objective_": searched,
            "n_iter_": len(objective) - 1,
            "targets_": targets,
        }
        return best, learned


def improve(L, problem, n_iter, progress):
    """At most n_iter iterations of L-BFGS; the new map and the loss after each iteration."""
    values = []

    def loss(flat):
        value, gradient = lmnn_loss(flat.reshape(L.shape), *problem)
        return value, gradient.ravel()

    def note(intermediate_result):
        values.append(float(intermediate_result.fun))
        progress.update()

    options = {"maxiter": n_iter, "ftol": 0, "gtol": 0}
    result = minimize(loss, L.ravel(), jac=True, method="L-BFGS-B", callback=note, options=options)
    return (result.x.reshape(L.shape), values) if values else (L, values)
