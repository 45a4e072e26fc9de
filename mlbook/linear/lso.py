"""LSO: the weights of a mixture of metrics as a quadratic program with support triplets."""

import numpy as np

from mlbook.arguments import check_number
from mlbook.linear.mixture import TripletMixture
from mlbook.progress import bar


class LSO(TripletMixture):
    """Mixture of metrics by a support-vector-style quadratic program, solved in its dual.

    Relative comparisons "i is nearer to j than to l" become linear constraints with slack on
    the weights, as in Schultz and Joachims (2003), which is the nearest published method. The
    article calls something "Lagrangian Support Optimization" (LSO) without defining it: the
    name is the article's, the definition is ours. With theta_0 = (1, .., 1) / M the weights solve

        min ||theta - theta_0||^2 / 2 + C mean_t xi_t
        subject to theta^T z_t >= margin - xi_t,  xi_t >= 0,  theta on the simplex,

    z_t = (d_m(i, l)^2 - d_m(i, j)^2)_m, over triplets (i, j, l), i and j of one class, l of
    another. The program is strictly convex in theta and always feasible, so that theta is unique
    and there is no duality gap, whatever the triplets. The weights are sums of few
    *support* triplets: with 0 <= alpha_t <= C / n_triplets the multipliers of the constraints and
    mu that of sum(theta) = 1,

        theta = max(0, theta_0 + sum_t alpha_t z_t - mu).

    The base metrics are divided by their root mean square distance on the training data, so
    that weights compare.

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
    C : float, default=100.0
        Price of the mean slack. Towards 0 the weights become uniform; towards infinity they
        minimise the mean hinge loss.
    n_triplets : int, default=3000
        At most so many triplets are drawn, among each sample's 3 nearest of its class and 10
        nearest others under the uniform mixture. That mixture favours no base metric, but asks
        only about what it finds near.
    max_iter : int, default=10000
    tol : float, default=1e-5
        Stop when the duality gap is at most `tol` times the objective of the uniform weights.
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
    dual_ : ndarray of shape (n_triplets,)
        The alphas. Unlike theta they need not be unique.
    support_ : ndarray of int
        Positions in `triplets_` of the support triplets, alpha > 0.
    multiplier_ : float
        mu.
    holdout_ : ndarray of int
        Positions of the samples on which the weights were learned.
    objective_ : list of float
        The primal objective after each iteration; it need not fall at each.
    duality_gap_ : float
        The objective exceeds its minimum by no more, and weights_ is within
        sqrt(2 duality_gap_) of the solution.
    n_iter_ : int
        Length of `objective_`.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    Why the simplex and not merely theta >= 0: there theta = 0 can be the minimiser, the distance
    that is zero everywhere, as soon as the triplets contradict the base metrics more than
    the prior supports them (labels at random are enough). With the sum fixed there is always a
    metric, and no second normalisation to choose.

    The dual, max over the box of margin sum(alpha) + min_theta [||theta - theta_0||^2 / 2 -
    theta^T sum(alpha_t z_t)], has a Lipschitz gradient, margin - z theta(alpha), and is solved by
    accelerated projected gradient ascent, restarted where the momentum points downhill. The
    box is why most alphas are exactly 0 or C / n_triplets.

    See Also
    --------
    GO : a smooth loss and no preference for equal weights.
    SCO : minimises the neighbours' error itself, by simulated annealing.

    References
    ----------
    M. Schultz and T. Joachims, Learning a distance metric from relative comparisons, NIPS 2003.
    A. Beck and M. Teboulle, A fast iterative shrinkage-thresholding algorithm for linear inverse
    problems, SIAM Journal on Imaging Sciences 2(1), 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from mlbook.linear.covariance import Covariance
    >>> X = np.array([[0, 0], [0, 9], [0, 5], [1, 1], [1, 8], [1, 4]])
    >>> lso = LSO([None, Covariance("diagonal")]).fit(X, [0, 0, 0, 1, 1, 1])
    >>> lso.weights_.round(2)
    array([0., 1.])
    """

    def __init__(
        self,
        metrics=None,
        margin=0.3,
        C=100.0,
        n_triplets=3000,
        max_iter=10000,
        tol=1e-5,
        holdout=0.5,
        random_state=None,
    ):
        self.metrics = metrics
        self.margin = margin
        self.C = C
        self.n_triplets = n_triplets
        self.max_iter = max_iter
        self.tol = tol
        self.holdout = holdout
        self.random_state = random_state

    def _check_parameters(self):
        super()._check_parameters()
        check_number("C", self.C, above=0)

    def _solve(self, z):
        n_triplets, n_metrics = z.shape
        prior, limit = np.full(n_metrics, 1 / n_metrics), self.C / n_triplets
        # On the simplex only differences between the metrics act on the weights. Each alpha is
        # measured in units of its triplet's, or one outlier would make all steps small.
        differences = z - z.mean(axis=1, keepdims=True)
        squares = np.einsum("tm,tm->t", differences, differences)
        squares = np.where(squares > 0, squares, 1.0)
        gram = (differences / squares[:, np.newaxis]).T @ differences
        step = 1 / (max(np.linalg.eigvalsh(gram)[-1], 1.0) * squares)
        alpha = ahead = np.zeros(n_triplets)
        momentum = 1.0
        objective = []
        for _ in bar(range(self.max_iter), desc="LSO"):
            weights, _ = project_to_simplex(prior + ahead @ z)
            new = np.clip(ahead + step * (self.margin - z @ weights), 0, limit)
            if ((ahead - new) / step) @ (new - alpha) > 0:
                momentum = 1.0
            next_momentum = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = new + (momentum - 1) / next_momentum * (new - alpha)
            alpha, momentum = new, next_momentum

            weights, multiplier = project_to_simplex(prior + alpha @ z)
            lack = self.margin - z @ weights
            slack = np.maximum(lack, 0)
            objective.append(float((weights - prior) @ (weights - prior) / 2 + limit * slack.sum()))
            # primal minus dual is the violation of complementary slackness, term by term
            gap = float(limit * slack.sum() - alpha @ lack)
            if len(objective) == 1:
                scale = limit * np.maximum(self.margin - z @ prior, 0).sum()
            if gap <= self.tol * scale:
                break
        else:
            self._warn_of_gap(gap, self.tol * scale, "raise max_iter or tol, or lower C")
        return {
            "weights_": weights,
            "dual_": alpha,
            "support_": np.flatnonzero(alpha),
            "multiplier_": float(multiplier),
            "objective_": objective,
            "duality_gap_": max(gap, 0.0),
            "n_iter_": len(objective),
        }


def project_to_simplex(point):
    """The nearest point of the simplex, max(0, point - mu), and mu."""
    falling = np.sort(point)[::-1]
    candidates = (np.cumsum(falling) - 1) / np.arange(1, len(point) + 1)
    multiplier = candidates[np.flatnonzero(falling > candidates)[-1]]
    return np.maximum(point - multiplier, 0), multiplier
