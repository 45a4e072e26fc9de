"""NCA: the linear map under which a random neighbour most often has the right class."""

import warnings

import numpy as np
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.utils import check_array, check_random_state

from mlbook.arguments import check_number
from mlbook.blocks import row_blocks
from mlbook.linear.scatter import leading_directions, total_scatter
from mlbook.linear.supervised import SupervisedMetric
from mlbook.progress import bar

INITS = ("auto", "pca", "lda", "identity", "random")
# Adam's usual constants
_MOMENTUM, _MOMENTUM_OF_SQUARES, _TINY = 0.9, 0.999, 1e-8


class NCA(SupervisedMetric):
    """Neighbourhood components analysis; from scikit-learn, or by mini-batches for large data.

    Each sample picks another one with probability p_ij = softmax_j(-||L (x_i - x_j)||^2). NCA
    maximises the mean probability of picking one's own class,

        1/n sum_i p_i,   p_i = sum over j of i's class of p_ij,

    which is a smooth stand-in for the leave-one-out accuracy of the nearest neighbour. It is
    not concave; the scale of L is learned too, and says how far a sample looks.

    Parameters
    ----------
    n_components : int or None, default=None
        Rows of the map; None is as many as features.
    init : {"auto", "pca", "lda", "identity", "random"} or array-like, default="auto"
        The map to start from, as in scikit-learn. With `batch_size`: "auto" is "pca", and the
        start is scaled so that the nearest neighbour in a batch is at a mean squared distance
        of 1; only "pca", "identity" and an array are on offer.
    batch_size : int or None, default=None
        None runs scikit-learn's full-batch L-BFGS, which forms n x n arrays. With a number,
        so many samples at a time pick neighbours among each other, and Adam follows the
        gradients; time is then n x batch_size for each pass. In a small batch the neighbours
        are farther away than in all data, so that batches of 500 to 2,000 work best.
    max_iter : int, default=50
        Iterations of L-BFGS, or passes over the data.
    tol : float, default=1e-5
        Of L-BFGS; the mini-batches always make `max_iter` passes, since their steps shrink
        to zero over them.
    learning_rate : float, default=0.05
        Adam's first step for one element of L, as a share of the root mean square of the
        elements at the start; it falls linearly to zero. Only with `batch_size`.
    random_state : int, RandomState or None, default=None

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
    objective_ : list of float
        Mean p_i, after each iteration; with `batch_size`, its mean over the batches of each
        pass, as they were met.
    n_iter_ : int
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    The best map undoes a change of units, but the search for it does not: bring data whose
    spread is very far from 1 near to it first.

    References
    ----------
    J. Goldberger, S. Roweis, G. Hinton and R. Salakhutdinov, Neighbourhood components
    analysis, NIPS 2004. D. P. Kingma and J. Ba, Adam: a method for stochastic optimization,
    ICLR 2015.

    Examples
    --------
    >>> X = [[0, 0], [0, 4], [0, 8], [1, 0], [1, 4], [1, 8]]
    >>> nca = NCA(init="identity").fit(X, [0, 0, 0, 1, 1, 1])
    >>> weights = nca.get_mahalanobis_matrix().diagonal()
    >>> bool(weights[0] > 100 * weights[1])
    True
    """

    def __init__(
        self,
        n_components=None,
        init="auto",
        batch_size=None,
        max_iter=50,
        tol=1e-5,
        learning_rate=0.05,
        random_state=None,
    ):
        self.n_components = n_components
        self.init = init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.learning_rate = learning_rate
        self.random_state = random_state

    def _learn(self, X, groups, counts):
        if (X == X[0]).all():
            raise ValueError("the samples do not differ")
        X = X - X.mean(axis=0, dtype=np.float64).astype(X.dtype)
        if self.n_components is not None and self.n_components > X.shape[1]:
            raise ValueError(
                f"n_components={self.n_components} is more than the {X.shape[1]} features"
            )
        fit = self._fit_scikit_learn if self.batch_size is None else self._fit_batches
        L, objective = fit(X, groups)
        return L, None, {"objective_": objective, "n_iter_": len(objective)}

    def _check_parameters(self):
        check_number("max_iter", self.max_iter, at_least=1, integer=True)
        check_number("tol", self.tol, at_least=0)
        check_number("learning_rate", self.learning_rate, above=0)
        if self.n_components is not None:
            check_number("n_components", self.n_components, at_least=1, integer=True)
        allowed = INITS
        if self.batch_size is not None:
            check_number("batch_size", self.batch_size, at_least=2, integer=True)
            allowed = ("auto", "pca", "identity")
        if isinstance(self.init, str) and self.init not in allowed:
            raise ValueError(f"init must be one of {allowed} or a map, got {self.init!r}")

    def _fit_scikit_learn(self, X, groups):
        objective = []
        with bar(total=self.max_iter, desc="NCA") as progress:

            def note(flat, _):
                L = flat.reshape(-1, X.shape[1])
                objective.append(nca_objective(L, X, groups))
                progress.update()

            learned = NeighborhoodComponentsAnalysis(
                n_components=self.n_components,
                init=self.init,
                max_iter=self.max_iter,
                tol=self.tol,
                callback=note,
                random_state=self.random_state,
            ).fit(X, groups)
        L = np.array(learned.components_, dtype=np.float64)
        if len(objective) >= self.max_iter:
            warnings.warn(
                f"NCA stopped after max_iter={self.max_iter} iterations without converging; "
                "raise max_iter or tol",
                ConvergenceWarning,
                stacklevel=4,
            )
        # the start may already be a stationary point
        return L, objective or [nca_objective(L, X, groups)]

    def _fit_batches(self, X, groups):
        rng = check_random_state(self.random_state)
        n_batches = -(-len(X) // self.batch_size)
        L = self._start(X)
        first_batch = rng.permutation(len(X))[: self.batch_size]
        L /= neighbor_distance(L, X[first_batch]) or 1.0
        step = self.learning_rate * np.sqrt(np.mean(L**2))
        mean, mean_square = np.zeros_like(L), np.zeros_like(L)
        objective, n_steps = [], self.max_iter * n_batches
        with bar(total=n_steps, desc="NCA") as progress:
            for _ in range(self.max_iter):
                values = []
                for batch in np.array_split(rng.permutation(len(X)), n_batches):
                    value, gradient = nca_loss(L, X[batch], groups[batch])
                    values.append(-value * len(batch))
                    mean += (1 - _MOMENTUM) * (gradient - mean)
                    mean_square += (1 - _MOMENTUM_OF_SQUARES) * (gradient**2 - mean_square)
                    k = len(objective) * n_batches + len(values)
                    direction = mean / (1 - _MOMENTUM**k)
                    size = np.sqrt(mean_square / (1 - _MOMENTUM_OF_SQUARES**k))
                    falling = 1 - (k - 1) / n_steps
                    L = L - step * falling * direction / (size + _TINY)
                    progress.update()
                objective.append(float(np.sum(values) / len(X)))
        return L, objective

    def _start(self, X):
        n_components = self.n_components or X.shape[1]
        if not isinstance(self.init, str):
            L = check_array(self.init, dtype=np.float64, copy=True, input_name="init")
            if L.shape != (self.n_components or len(L), X.shape[1]):
                raise ValueError(
                    f"init must have shape ({self.n_components or 'n_components'}, "
                    f"{X.shape[1]}), got {L.shape}"
                )
            return L
        if self.init == "identity":
            return np.eye(X.shape[1])[:n_components]
        return leading_directions(total_scatter(X), n_components)


def nca_loss(L, X, groups):
    """Minus the mean probability of picking one's own class, and its gradient.

    Parameters
    ----------
    L : ndarray of shape (n_components, n_features)
    X : ndarray of shape (n_samples, n_features)
    groups : ndarray of shape (n_samples,)
        Classes as whole numbers.

    Returns
    -------
    value : float
    gradient : ndarray of shape (n_components, n_features)
    """
    Z = X @ L.T.astype(X.dtype)
    picks = pick_probabilities(Z, slice(0, len(Z)))  # (n_samples, n_samples)
    own = groups[:, np.newaxis] == groups
    right = np.sum(picks, axis=1, where=own)
    weights = picks * (own - right[:, np.newaxis])
    weights += weights.T.copy()
    laplacian_z = weights.sum(axis=1)[:, np.newaxis] * Z - weights @ Z
    gradient = (2 / len(X)) * (laplacian_z.T @ X).astype(np.float64)
    return -float(right.mean(dtype=np.float64)), gradient


def nca_objective(L, X, groups):
    """Mean probability of picking one's own class, without any n x n array."""
    Z = X @ L.T.astype(X.dtype)
    total = 0.0
    for rows in row_blocks(len(Z), max(1, 2**22 // len(Z))):
        own = groups[rows, np.newaxis] == groups
        total += np.sum(pick_probabilities(Z, rows), where=own, dtype=np.float64)
    return float(total / len(Z))


def pick_probabilities(Z, rows):
    """softmax of minus the squared distances from some rows of Z to all others; 0 to itself."""
    own = np.arange(len(Z))[rows]
    logits = -squared_distances(Z[rows], Z)
    logits[np.arange(len(own)), own] = -np.inf
    return softmax(logits, axis=1)


def squared_distances(A, B):
    """All squared Euclidean distances between the rows of A and those of B."""
    squares = -2 * (A @ B.T)
    squares += np.einsum("nd,nd->n", A, A)[:, np.newaxis]
    squares += np.einsum("nd,nd->n", B, B)
    return np.maximum(squares, 0, out=squares)


def neighbor_distance(L, X):
    """Root mean square distance of a sample to its nearest other one."""
    Z = X @ L.T.astype(X.dtype)
    squares = squared_distances(Z, Z)
    np.fill_diagonal(squares, np.inf)
    return float(np.sqrt(squares.min(axis=1).mean(dtype=np.float64)))
