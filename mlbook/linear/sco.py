"""SCO: the weights of a mixture of metrics by simulated annealing."""

import math

import numpy as np

from mlbook.arguments import check_number
from mlbook.linear.mixture import Mixture
from mlbook.progress import bar


class SCO(Mixture):
    """Mixture of metrics by simulated annealing on the leave-one-out error of neighbours.

    A stochastic search for the weights under which nearest neighbours of the training data
    themselves err least. The nearest published methods weight features for nearest neighbours
    by genetic algorithms. The article calls something "Stochastic Co-Optimization" (SCO)
    without defining it: the name is the article's, the definition is ours. The weights solve

        min of the leave-one-out k-nearest-neighbour error of d_theta
        over the grid theta = (a_1, .., a_M) / n_grid, whole a_m >= 0, sum a_m = n_grid.

    The error is a step function of theta, so that it has no useful gradient. A proposal moves
    one unit of weight from one metric to another, drawn evenly (and is void where there is
    none to take, which keeps proposals symmetric); an error greater by e is accepted
    with probability exp(-e / T_k), T_k = temperature / log(k + 1). The best weights visited are
    kept, the first of them if several are equal.

    Parameters
    ----------
    metrics : list of estimators, or None, default=None
        The base metrics: linear maps with `transform` (`Covariance`, other learned metrics,
        scikit-learn's PCA, LDA, NCA); None in the list is Euclid. An unfitted one is cloned and
        fitted; a fitted one is used as it is (wrap it in `FrozenEstimator` if this estimator
        is going to be cloned). None stands for Euclid, standardised Euclid, the within-class
        and the total covariance with a ridge, and a discriminant map; those that do not exist
        on the data (say, without any spread within classes) are left out.
    n_neighbors : int, default=3
        Neighbours that vote; fewer where there are not so many samples.
    n_grid : int, default=20
        Units of weight. There are comb(n_grid + M - 1, M - 1) points on the grid.
    temperature : float, default=0.01
        In units of error: at the first step an error greater by 0.01 is accepted with
        probability 1/2.
    max_samples : int, default=1000
        The error is computed on at most so many samples, drawn in proportion to the classes but
        at least two of each while they last. Memory is about 4 (M + 6) max_samples^2 bytes.
    max_iter : int, default=300
        Proposals. Weights seen before cost nothing.
    holdout : float, default=0.5
        Share of each class on which the weights are learned, with base metrics fitted to the
        rest; those in the result are fitted to all. A metric looks better than it is on the
        samples it was fitted to, and the mixture would trust it too much. 0 uses all samples
        for both, as happens where there are too few to divide, or nothing to fit.
    random_state : int, RandomState or None, default=None
        Draws the held-out samples, the sample of them, and the proposals.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The map of the mixture.
    weights_ : ndarray of shape (n_metrics,)
        theta, on the grid.
    metrics_ : list of fitted estimators
    scales_ : ndarray of shape (n_metrics,)
        Mean squared distance of the training data under each base metric, before division.
    holdout_ : ndarray of int
        Positions of the samples on which the weights were learned.
    objective_ : list of float
        The least error so far, after each proposal, beginning with the start; never rises.
    n_iter_ : int
        Length of `objective_`.
    n_evaluated_ : int
        Points of the grid whose error was computed.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    Hajek's theorem: the state converges in probability to the global minima exactly if
    `temperature` is at least the depth of the deepest local minimum that is not global. Depths
    are at most 1, so temperature=1 always converges, and is a random walk for any practical
    number of steps; the default is a heuristic. The search ends early where nothing is left to
    gain: at error zero, or with the whole grid evaluated, and then the minimum is certain. There
    is no other sign of convergence, hence no warning.

    A sample that is the only one of its class cannot be classified from the others and does not
    count as an error, but remains a neighbour.

    See Also
    --------
    GO, LSO : convex problems in the same weights.

    References
    ----------
    S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, Optimization by simulated annealing, Science
    220, 1983. B. Hajek, Cooling schedules for optimal annealing, Mathematics of Operations
    Research 13(2), 1988. J. D. Kelly and L. Davis, A hybrid genetic algorithm for
    classification, IJCAI 1991.

    Examples
    --------
    >>> import numpy as np
    >>> from mlbook.linear.covariance import Covariance
    >>> X = np.array([[0, 0], [0, 9], [0, 5], [1, 1], [1, 8], [1, 4]])
    >>> metrics = [None, Covariance("diagonal")]
    >>> sco = SCO(metrics, n_neighbors=1, random_state=0).fit(X, [0, 0, 0, 1, 1, 1])
    >>> round(sco.objective_[0], 2), sco.objective_[-1]
    (0.17, 0.0)
    """

    def __init__(
        self,
        metrics=None,
        n_neighbors=3,
        n_grid=20,
        temperature=0.01,
        max_samples=1000,
        max_iter=300,
        holdout=0.5,
        random_state=None,
    ):
        self.metrics = metrics
        self.n_neighbors = n_neighbors
        self.n_grid = n_grid
        self.temperature = temperature
        self.max_samples = max_samples
        self.max_iter = max_iter
        self.holdout = holdout
        self.random_state = random_state

    def _check_parameters(self):
        super()._check_parameters()
        check_number("temperature", self.temperature, above=0)
        check_number("max_samples", self.max_samples, at_least=2, integer=True)
        for name in ("n_neighbors", "n_grid", "max_iter"):
            check_number(name, getattr(self, name), at_least=1, integer=True)

    def _learn(self, X, y, maps, rng):
        sample = stratified_sample(y, self.max_samples, rng)
        points, labels = X[sample].astype(np.float64), y[sample]
        squares = np.stack([squared_distances(points @ L.T) for L in maps])

        def error(units):
            weights = np.array(units, dtype=np.float32) / self.n_grid
            return leave_one_out_error(squares, labels, weights, self.n_neighbors)

        units, objective, n_evaluated = anneal(
            error, len(maps), self.n_grid, self.temperature, self.max_iter, rng
        )
        return {
            "weights_": np.array(units) / self.n_grid,
            "objective_": objective,
            "n_iter_": len(objective),
            "n_evaluated_": n_evaluated,
        }


def anneal(error, n_metrics, n_grid, temperature, max_iter, rng):
    """Metropolis search for the tuple of `n_metrics` whole numbers of sum `n_grid` of least error.

    Returns
    -------
    best : tuple of int
    objective : list of float
        Least error so far, from the start on.
    n_evaluated : int
    """
    # as even as the grid allows
    state = tuple(n_grid // n_metrics + (m < n_grid % n_metrics) for m in range(n_metrics))
    known = {state: error(state)}
    grid_size = math.comb(n_grid + n_metrics - 1, n_metrics - 1)
    best, objective = state, [known[state]]
    for k in bar(range(1, max_iter + 1), desc="SCO"):
        if known[best] == 0 or len(known) == grid_size:
            break
        giver, taker = rng.choice(n_metrics, 2, replace=False)
        threshold = rng.random_sample()
        if state[giver] > 0:
            proposal = list(state)
            proposal[giver] -= 1
            proposal[taker] += 1
            proposal = tuple(proposal)
            if proposal not in known:
                known[proposal] = error(proposal)
            rise = known[proposal] - known[state]
            if rise <= 0 or threshold < math.exp(-rise * math.log(k + 1) / temperature):
                state = proposal
            if known[proposal] < known[best]:
                best = proposal
        objective.append(known[best])
    return best, objective, len(known)


def leave_one_out_error(squares, y, weights, n_neighbors):
    """Share of points whose class is not that of most of their nearest other points.

    Ties are broken as in `MetricKNeighborsClassifier`: the lower position is nearer, the lower
    class wins.

    Parameters
    ----------
    squares : ndarray of shape (n_metrics, n_points, n_points)
        Squared distances of each base metric.
    y : ndarray of shape (n_points,)
        Classes as whole numbers >= 0.
    weights : ndarray of shape (n_metrics,)
    n_neighbors : int

    Returns
    -------
    float
        Over the points that share their class with another one.
    """
    n_points = len(y)
    mixed = np.tensordot(weights, squares, axes=1)
    np.fill_diagonal(mixed, np.inf)
    rows = np.arange(n_points)
    votes = np.zeros((n_points, y.max() + 1), dtype=np.int32)
    for _ in range(min(n_neighbors, n_points - 1)):
        nearest = mixed.argmin(axis=1)  # the first one among equals; much faster than sorting
        votes[rows, y[nearest]] += 1
        mixed[rows, nearest] = np.inf
    judged = np.bincount(y)[y] > 1
    return float(np.mean(votes[judged].argmax(axis=1) != y[judged]))


def squared_distances(points):
    """All squared Euclidean distances, in float32; equal points get exactly zero."""
    points = points - points.mean(axis=0)
    norms = np.einsum("nd,nd->n", points, points)
    squares = norms[:, np.newaxis] + norms - 2 * points @ points.T
    noise = 8 * points.shape[1] * np.finfo(float).eps * norms.max(initial=0)
    squares[squares <= noise] = 0
    return squares.astype(np.float32)


def stratified_sample(y, size, rng):
    """At most `size` positions: two of each class first, the rest in proportion to the classes."""
    if len(y) <= size:
        return np.arange(len(y))
    shuffled = rng.permutation(len(y))
    counts = np.bincount(y)
    rank = np.empty(len(y), dtype=np.int64)  # within the class, in random order
    by_class = shuffled[np.argsort(y[shuffled], kind="stable")]
    rank[by_class] = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
    # a class's points come in pairs; the r-th point is due at the share r / count of the sample
    due = (rank - rank % 2) / counts[y]
    due[counts[y] == 1] = 1.0  # such points only stand by
    class_turn = rng.permutation(len(counts))[y]
    return np.sort(np.lexsort((class_turn, due))[:size])
