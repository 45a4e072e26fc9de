"""CDS: a low-dimensional map after which the classes' densities overlap least."""

import warnings

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from mlbook.arguments import check_number
from mlbook.linear.covariance import Covariance
from mlbook.linear.scatter import class_means, leading_directions, residual_blocks
from mlbook.linear.stiefel import descend, descend_in_batches
from mlbook.linear.supervised import SupervisedMetric

_SAMPLES_FOR_BANDWIDTH = 1000
_NEAR = 0.1


class CDS(SupervisedMetric):
    """Discriminant map of least overlap between the Gaussian-kernel densities of the classes.

    In the field's terms: non-parametric discriminant analysis, a relative of information-
    theoretic feature extraction with Parzen windows; nearest published is Torkkola (2003). The
    article names a "Constrained Density Separation" without density or constraint: the name is
    the article's, the definition is ours.

    After the map z = L x every class has a kernel density of bandwidth h. The overlap of two
    classes, the integral of p_a p_b, is the mean over their pairs of N(z_i - z_j; 0, 2 h^2 I).
    With D the pairs of different classes, the map solves

        min over L of  O(L) = mean over D of exp(-||L (x_i - x_j)||^2 / (4 h^2))
        subject to     L (S_w + eps I) L^T = I.

    S_w is the covariance within classes. The constraint fixes the scale: without it, a large
    map would make every overlap vanish.

    Parameters
    ----------
    n_components : int or None, default=None
        Dimension p of z, from 1 to n_features. None is n_classes - 1 (at most n_features). With
        p = n_features the constraint leaves only rotations, and the metric is that of
        `Covariance("within", ridge)`.
    bandwidth : float or None, default=None
        h, in standard deviations within classes. None takes the data's: under the initial map,
        a tenth of the pairs of different classes are nearer than 4 h, where the kernel is
        exp(-4). Small values look at the classes' borders, large ones at their means.
    ridge : float, default=0.1
        eps, as a multiple of the mean variance. 0 restricts the map to directions in which
        S_w has spread (the pseudo-inverse), and overfits if there are few samples.
    batch_size : int, default=1024
        Up to so many samples, all pairs are used at each iteration. More samples are drawn in
        batches; memory and time of an iteration are O(batch_size^2).
    max_iter : int, default=500
    tol : float, default=0.005
        All pairs: stop when the gradient of log O, per radian, has a norm below `tol`. Batches:
        stop when steps of more than `tol` radians do not reduce the overlap.
    random_state : int, RandomState or None, default=None
        Draws the batches, and the samples that set the bandwidth if there are more than 1000.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The map L.
    bandwidth_ : float
        The h used.
    objective_ : list of float
        log O at each iteration, beginning with the initial map: it falls if all pairs are used,
        and scatters from batch to batch else.
    n_iter_ : int
        Length of `objective_`.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    *Solutions.* With W a whitening of S_w + eps I, L = Q^T W with orthonormal columns of Q: a
    compact set, so a minimum exists. O depends on the subspace spanned by Q alone, so L is
    determined up to a rotation of z, which no distance sees. The problem is not convex; the
    algorithm finds a local minimum by gradient descent on log O over such Q, re-orthonormalised
    by QR. log O instead of O, as its gradient does not vanish where all overlaps are tiny.

    *Wide kernels.* As h grows, O = 1 - mean over D of ||L (x_i - x_j)||^2 / (4 h^2) + ..., so
    the best Q are the leading eigenvectors of W S_D W^T, where S_D is the mean of
    (x_i - x_j)(x_i - x_j)^T over D. For classes of equal size and eps = 0 this is linear
    discriminant analysis. Descent begins there; where class means coincide this start says
    little, and with small batches the search may end in a poor local minimum.

    *Kind.* A pseudo-metric if n_components < n_features.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` is reached first; the map found so far is kept.

    See Also
    --------
    sklearn.discriminant_analysis.LinearDiscriminantAnalysis : the limit of wide kernels.
    sklearn.neighbors.NeighborhoodComponentsAnalysis : kernels normalised for each sample.

    References
    ----------
    K. Torkkola, Feature extraction by non-parametric mutual information maximization, Journal of
    Machine Learning Research 3, 2003. P.-A. Absil, R. Mahony and R. Sepulchre, Optimization
    Algorithms on Matrix Manifolds, Princeton University Press, 2008.

    Examples
    --------
    Two classes with one mean: the first surrounds the second along the first feature.

    >>> import numpy as np
    >>> X = np.array([[-4, 0], [-4, 1], [4, 0], [4, 1], [-1, 0], [-1, 1], [1, 0], [1, 1]])
    >>> metric = CDS(n_components=1, bandwidth=0.2).fit(X, [0, 0, 0, 0, 1, 1, 1, 1])
    >>> first, second = np.abs(metric.components_[0])
    >>> bool(second < 0.01 * first)
    True
    """

    def __init__(
        self,
        n_components=None,
        bandwidth=None,
        ridge=0.1,
        batch_size=1024,
        max_iter=500,
        tol=0.005,
        random_state=None,
    ):
        self.n_components = n_components
        self.bandwidth = bandwidth
        self.ridge = ridge
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def _check_parameters(self):
        if self.n_components is not None:
            check_number("n_components", self.n_components, at_least=1, integer=True)
        if self.bandwidth is not None:
            check_number("bandwidth", self.bandwidth, above=0)
        check_number("ridge", self.ridge, at_least=0)
        check_number("batch_size", self.batch_size, at_least=2, integer=True)
        check_number("max_iter", self.max_iter, at_least=1, integer=True)
        check_number("tol", self.tol, above=0)

    def _learn(self, X, groups, counts):
        rng = check_random_state(self.random_state)
        whitening = Covariance("within", ridge=self.ridge, rank="auto").fit(X, groups).components_
        n_components = self._dimension(len(counts), *whitening.shape)
        means, mean = class_means(X, groups, counts)
        moment = different_moment(X, groups, counts, means, mean)
        Q = leading_directions(whitening @ moment @ whitening.T, n_components).T
        bandwidth = self.bandwidth
        if bandwidth is None:
            bandwidth = default_bandwidth(X, groups, Q.T @ whitening, rng)

        def overlap(Q, rows):
            centred = X[rows] - mean
            value, gradient = log_overlap(centred @ (whitening.T @ Q), groups[rows], bandwidth)
            return value, whitening @ (centred.T @ gradient)

        if len(X) <= self.batch_size:
            everything = np.arange(len(X))
            Q, objective, converged = descend(
                lambda Q: overlap(Q, everything), Q, self.max_iter, self.tol, "CDS"
            )
        else:
            draw = mixed_batches(groups, self.batch_size, rng)
            Q, objective, converged = descend_in_batches(
                overlap, draw, Q, self.max_iter, self.tol, "CDS"
            )
        if not converged:
            warnings.warn(
                f"CDS stopped after max_iter={self.max_iter} iterations before it converged; "
                "raise max_iter or tol",
                ConvergenceWarning,
                stacklevel=3,
            )
        learned = {
            "bandwidth_": float(bandwidth),
            "objective_": objective,
            "n_iter_": len(objective),
        }
        return Q.T @ whitening, None, learned

    def _dimension(self, n_classes, rank, n_features):
        if self.n_components is None:
            return min(n_classes - 1, rank)
        if self.n_components > rank:
            reason = "" if rank == n_features else ", in which samples of a class differ"
            raise ValueError(
                f"n_components={self.n_components} asks for more than {rank} dimensions{reason}"
            )
        return int(self.n_components)


def log_overlap(Z, groups, bandwidth):
    """Logarithm of the mean kernel over pairs of different classes, and its gradient.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_dims), float64
    groups : ndarray of int, shape (n_samples,)
        At least two classes.
    bandwidth : float

    Returns
    -------
    value : float
        log mean exp(-||z_i - z_j||^2 / (4 h^2)).
    gradient : ndarray of shape (n_samples, n_dims)
        With respect to Z.
    """
    order, counts = np.argsort(groups, kind="stable"), np.bincount(groups)
    ends = np.cumsum(counts)
    starts = ends - counts
    scaled = Z[order] / (2 * bandwidth)
    squares = np.einsum("ij,ij->i", scaled, scaled)[:, np.newaxis]
    ones = np.ones_like(squares)
    # One product gives 2 <z_i, z_j> - ||z_i||^2 - ||z_j||^2, of a class and all later classes.
    left, right = np.hstack([2 * scaled, -squares, ones]), np.hstack([scaled, ones, -squares])
    kernels = [left[i:j] @ right[j:].T for i, j in zip(starts, ends, strict=True)]
    largest = max(kernel.max(initial=-np.inf) for kernel in kernels)
    row_sums, sums = np.zeros_like(squares), np.zeros_like(scaled)
    for i, j, kernel in zip(starts, ends, kernels, strict=True):
        kernel -= largest
        # Not smaller: numbers that fade into denormal ones cost much time and add nothing.
        np.maximum(kernel, -700.0, out=kernel)
        np.exp(kernel, out=kernel)
        row_sums[i:j] += kernel.sum(axis=1, keepdims=True)
        row_sums[j:] += kernel.sum(axis=0)[:, np.newaxis]
        sums[i:j] += kernel @ scaled[j:]
        sums[j:] += kernel.T @ scaled[i:j]
    total = row_sums.sum()
    gradient = np.empty_like(scaled)
    gradient[order] = (sums - row_sums * scaled) * (2 / (bandwidth * total))
    n_pairs = len(Z) ** 2 - np.sum(counts**2)
    return float(largest + np.log(total) - np.log(n_pairs)), gradient


def different_moment(X, groups, counts, means, mean):
    """Mean of (x_i - x_j)(x_i - x_j)^T over pairs of different classes, without the pairs.

    Returns
    -------
    ndarray of shape (n_features, n_features)
    """
    n_samples = len(X)
    moment = np.zeros((X.shape[1], X.shape[1]))
    outside = (n_samples - counts).astype(float)
    for rows, residuals in residual_blocks(X, groups, means):
        moment += (residuals * outside[groups[rows], np.newaxis]).T @ residuals
    spread = np.sqrt(counts)[:, np.newaxis] * (means - mean)
    moment += n_samples * (spread.T @ spread)
    return 2 * moment / (n_samples**2 - np.sum(counts.astype(float) ** 2))


def default_bandwidth(X, groups, components, rng):
    """A quarter of the distance below which a tenth of the pairs of different classes lie.

    Such near pairs make up the overlap. The typical distance within a class would not do: with
    more features than samples, the initial map nearly sends each class onto a point.
    """
    chosen = np.arange(len(X))
    if len(X) > _SAMPLES_FOR_BANDWIDTH:
        chosen = mixed_batches(groups, _SAMPLES_FOR_BANDWIDTH, rng)()
    distances = pdist((X[chosen] - X[0].astype(float)) @ components.T)
    rows, columns = np.triu_indices(len(chosen), 1)
    distances = distances[groups[chosen[rows]] != groups[chosen[columns]]]
    near = np.quantile(distances, _NEAR) or distances.mean()
    return near / 4 if near > 0 else 0.5


def mixed_batches(groups, size, rng):
    """A function that draws `size` samples without order, of at least two classes.

    Every sample comes once before any comes twice.
    """
    order, position = rng.permutation(len(groups)), 0

    def draw():
        nonlocal order, position
        if position + size > len(order):
            order, position = rng.permutation(len(groups)), 0
        rows = order[position : position + size]
        position += size
        if (groups[rows] == groups[rows[0]]).all():
            # Only a rare class differs, and the batch missed it: put one of its samples in.
            others = np.flatnonzero(groups != groups[rows[0]])
            rows = np.append(rows[1:], rng.choice(others))
        return rows

    return draw
