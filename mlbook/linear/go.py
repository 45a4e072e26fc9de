"""GO: the weights of a mixture of metrics by gradient descent on the simplex."""

import numpy as np
from scipy.special import expit

from mlbook.arguments import check_number
from mlbook.linear.mixture import TripletMixture
from mlbook.progress import bar


class GO(TripletMixture):
    """Mixture of metrics by exponentiated gradient: convex, smooth triplet loss on the simplex.

    This is multiple-kernel learning with metrics in the place of kernels; the nearest published
    method is SCML, which also learns non-negative weights of given metrics from triplets. The
    article calls something "Gradient Optimization" (GO) without defining it: the name is the
    article's, the definition is ours. The weights solve

        min over the simplex of R(theta) = mean_t softplus_b(margin - theta^T z_t),
        softplus_b(u) = log(1 + exp(b u)) / b,   z_t = (d_m(i, l)^2 - d_m(i, j)^2)_m,

    over triplets (i, j, l), i and j of one class, l of another: a hinge with a rounded corner.
    R is convex (softplus after a linear map), so every minimum is global. The base metrics are
    divided by their root mean square distance on the training data, so that weights compare.

    Parameters
    ----------
    metrics : list of estimators, or None, default=None
        The base metrics: linear maps with `transform` (`Covariance`, other learned metrics,
        scikit-learn's PCA, LDA, NCA); None in the list is Euclid. An unfitted one is cloned and
        fitted; a fitted one is used as it is (wrap it in `FrozenEstimator` if this estimator
        is going to be cloned). None stands for Euclid, standardised Euclid, the within-class
        and the total covariance with a ridge, and a discriminant map; those that do not exist
        on the data (say, without any spread within classes) are left out.
    margin : float, default=0.3
        How much farther, in mean squared distances, the other class should be.
    sharpness : float, default=10.0
        The b of the softplus; it exceeds the hinge by at most log(2) / b.
    step_size : float or None, default=None
        A constant step; or None, for the largest step that provably descends, found by doubling
        and halving.
    average : bool, default=False
        Return the mean of all iterates instead of the last one. The textbook bound for a
        constant step is about the mean.
    n_triplets : int, default=3000
        At most so many triplets are drawn, among each sample's 3 nearest of its class and 10
        nearest others under the uniform mixture. That mixture favours no base metric, but asks
        only about what it finds near.
    max_iter : int, default=1000
    tol : float, default=1e-5
        Stop when R(theta) is proved to be within `tol` of its minimum.
    holdout : float, default=0.5
        Share of each class on which the weights are learned, with base metrics fitted to the
        rest; those in the result are fitted to all. A metric looks better than it is on the
        samples it was fitted to, and the mixture would trust it too much. 0 uses all samples
        for both, as happens where there are too few to divide, or nothing to fit.
    random_state : int, RandomState or None, default=None
        Draws the held-out samples and the triplets.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The map of the mixture.
    weights_ : ndarray of shape (n_metrics,)
        theta, on the simplex.
    metrics_ : list of fitted estimators
    scales_ : ndarray of shape (n_metrics,)
        Mean squared distance of the training data under each base metric, before division.
    triplets_ : ndarray of shape (n_triplets, 3)
    holdout_ : ndarray of int
        Positions of the samples on which the weights were learned.
    objective_ : list of float
        R after each iteration, beginning with the uniform weights.
    optimality_gap_ : float
        Upper bound on R(weights_) - min R: `max over s in the simplex of grad^T (theta - s)`.
    n_iter_ : int
        Length of `objective_`.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    A step is theta_m <- theta_m exp(-step g_m) / Z, g the gradient. With a constant step s, the
    mean of the K iterates obeys R - min R <= log(M) / (K s) + s D^2 / 8, where D bounds
    max_m g_m - min_m g_m (only differences count, as adding a constant to g changes nothing);
    the best s gives D sqrt(log(M) / (2 K)). But R is smooth: relative to the entropy its
    curvature is at most L = b / 16 max_{m,k} mean_t (z_tm - z_tk)^2, so that steps of 1 / L
    always descend and the last iterate obeys R - min R <= L log(M) / K. That is what
    `step_size=None` uses, with larger steps wherever they pass the same test.

    See Also
    --------
    LSO : the same with a hinge and a preference for equal weights, as a quadratic program.
    SCO : minimises the neighbours' error itself, by simulated annealing.

    References
    ----------
    Y. Shi, A. Bellet and F. Sha, Sparse compositional metric learning, AAAI 2014. J. Kivinen and
    M. Warmuth, Exponentiated gradient versus gradient descent for linear predictors, Information
    and Computation 132(1), 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from mlbook.linear.covariance import Covariance
    >>> X = np.array([[0, 0], [0, 9], [0, 5], [1, 1], [1, 8], [1, 4]])
    >>> go = GO([None, Covariance("diagonal")]).fit(X, [0, 0, 0, 1, 1, 1])
    >>> go.weights_.round(2)
    array([0., 1.])
    """

    def __init__(
        self,
        metrics=None,
        margin=0.3,
        sharpness=10.0,
        step_size=None,
        average=False,
        n_triplets=3000,
        max_iter=1000,
        tol=1e-5,
        holdout=0.5,
        random_state=None,
    ):
        self.metrics = metrics
        self.margin = margin
        self.sharpness = sharpness
        self.step_size = step_size
        self.average = average
        self.n_triplets = n_triplets
        self.max_iter = max_iter
        self.tol = tol
        self.holdout = holdout
        self.random_state = random_state

    def _check_parameters(self):
        super()._check_parameters()
        check_number("sharpness", self.sharpness, above=0)
        if self.step_size is not None:
            check_number("step_size", self.step_size, above=0)
        if not isinstance(self.average, bool | np.bool_):
            raise ValueError(f"average must be True or False, got {self.average!r}")

    def _solve(self, z):
        def loss(log_weights):
            return triplet_loss(np.exp(log_weights), z, self.margin, self.sharpness)

        log_weights = np.full(z.shape[1], -np.log(z.shape[1]))
        value, gradient = loss(log_weights)
        smoothness = curvature(z, self.sharpness)
        safe_step = 1 / smoothness if smoothness > 0 else 1.0
        step, total = safe_step, np.zeros(z.shape[1])
        objective = []
        for _ in bar(range(self.max_iter), desc="GO"):
            point, point_value, point_gradient = np.exp(log_weights), value, gradient
            if self.average:
                total += point
                point = total / total.sum()
                point_value, point_gradient = triplet_loss(point, z, self.margin, self.sharpness)
            objective.append(float(point_value))
            gap = float(point @ point_gradient - point_gradient.min())
            if gap <= self.tol:
                break
            if self.step_size is not None:
                log_weights = move(log_weights, gradient, self.step_size)
                value, gradient = loss(log_weights)
            else:
                log_weights, value, gradient, step = descend(
                    loss, log_weights, value, gradient, 2 * step, safe_step
                )
        else:
            self._warn_of_gap(gap, self.tol, "raise max_iter or tol")
        return {
            "weights_": point / point.sum(),
            "objective_": objective,
            "optimality_gap_": max(gap, 0.0),
            "n_iter_": len(objective),
        }


def triplet_loss(weights, z, margin, sharpness):
    """Mean rounded hinge of margin - z @ weights, and its gradient in the weights.

    Parameters
    ----------
    weights : ndarray of shape (n_metrics,)
    z : ndarray of shape (n_triplets, n_metrics)
    margin, sharpness : float

    Returns
    -------
    value : float
    gradient : ndarray of shape (n_metrics,)
    """
    lack = sharpness * (margin - z @ weights)
    return np.logaddexp(0, lack).mean() / sharpness, -(expit(lack) @ z) / len(z)


def curvature(z, sharpness):
    """The L with R(t') <= R(t) + grad^T (t' - t) + L KL(t', t) on the simplex.

    softplus_b has second derivative at most b / 4, and mean (z^T v)^2 over ||v||_1 = 1, sum v = 0
    is largest at v = (e_m - e_k) / 2, a corner of that set; Pinsker's inequality does the rest.
    """
    moments = z.T @ z / len(z)
    diagonal = moments.diagonal()
    return sharpness / 16 * max(0.0, (diagonal[:, np.newaxis] + diagonal - 2 * moments).max())


def move(log_weights, gradient, step):
    """One exponentiated-gradient step, in logarithms so that no weight vanishes by rounding."""
    moved = log_weights - step * (gradient - gradient.min())
    return moved - np.logaddexp.reduce(moved)


def descend(loss, log_weights, value, gradient, step, safe_step):
    """The longest of the steps `step`, `step` / 2, ... that its own model proves to descend.

    The model is value + gradient^T (new - old) + KL(new, old) / step, which the move minimises;
    for `safe_step` it is an upper bound everywhere, so the search ends there.
    """
    weights = np.exp(log_weights)
    while True:
        step = max(step, safe_step)
        new = move(log_weights, gradient, step)
        new_value, new_gradient = loss(new)
        change = np.exp(new) - weights
        model = value + gradient @ change + np.exp(new) @ (new - log_weights) / step
        if new_value <= model or step == safe_step:
            return new, new_value, new_gradient, step
        step /= 2
