"""Losses over pairs: contrastive, supervised stress, lifted structure, multi-similarity."""

from keras import ops

from mlbook.losses.base import MetricLoss, check_choice, check_positive, register
from mlbook.losses.tensors import (
    DISTANCES,
    NEVER,
    distances,
    log_sum_exp,
    mean_over,
    pair_masks,
)


@register
class ContrastiveLoss(MetricLoss):
    """Contrastive loss: pull positive pairs together, push negative ones beyond a margin.

    mean over positive pairs of max(0, d - positive_margin)^power
    + negative_weight * mean over negative pairs of max(0, negative_margin - d)^power.

    Parameters
    ----------
    negative_margin : float, default=1.0
        Negative pairs farther apart than this cost nothing; in the unit of the distance.
    positive_margin : float, default=0.0
        Positive pairs nearer than this cost nothing.
    power : {1, 2}, default=2
        2 is the paper's.
    negative_weight : float, default=1.0
    distance : {"euclidean", "squared_euclidean", "cosine"}, default="euclidean"
    average : {"all", "nonzero"}, default="all"
        Each mean is taken over all pairs of its kind, or only over those that cost something.
    normalize, reduction, name, dtype
        See `MetricLoss`. Normalised embeddings are at most 2 apart.

    References
    ----------
    R. Hadsell, S. Chopra and Y. LeCun, Dimensionality reduction by learning an invariant
    mapping, CVPR 2006.
    """

    _options = (
        "negative_margin",
        "positive_margin",
        "power",
        "negative_weight",
        "distance",
        "average",
    )

    def __init__(
        self,
        negative_margin=1.0,
        positive_margin=0.0,
        power=2,
        negative_weight=1.0,
        distance="euclidean",
        average="all",
        normalize=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(normalize, reduction, name, dtype)
        self.negative_margin = check_positive("negative_margin", negative_margin)
        self.positive_margin = check_positive("positive_margin", positive_margin, zero=True)
        self.power = check_choice("power", power, (1, 2))
        self.negative_weight = check_positive("negative_weight", negative_weight)
        self.distance = check_choice("distance", distance, DISTANCES)
        self.average = check_choice("average", average, ("all", "nonzero"))

    def sample_losses(self, labels, embeddings):
        d = distances(embeddings, self.distance)  # (n, n)
        positive, negative = pair_masks(labels, d.dtype)
        pull = ops.relu(d - self.positive_margin)
        push = ops.relu(self.negative_margin - d)
        return self._mean(pull, positive) + self.negative_weight * self._mean(push, negative)

    def _mean(self, costs, mask):
        if self.average == "nonzero":
            mask = mask * ops.cast(costs > 0, mask.dtype)
        return mean_over(ops.square(costs) if self.power == 2 else costs, mask)


@register
class StressLoss(MetricLoss):
    """The pairwise loss of the article's section 3.2.1, read as supervised stress.

    The article squares the difference of two distances, d(x_i, x_j) and d(y_i, y_j), with y
    undefined. Here the second is a target: 0 for a positive pair, `margin` for a negative one.

        mean over positive pairs of d^2 / 2  +  mean over negative pairs of (margin - d)^2 / 2

    In the field's terms: metric multidimensional scaling with targets from labels. Nearest
    published: relational knowledge distillation, whose targets are a teacher's distances. The
    name is ours.

    Parameters
    ----------
    margin : float, default=1.0
        The distance wanted between any two points of different classes.
    normalize : bool, default=False
        See `MetricLoss`; without it the loss can become 0, see the notes.
    reduction, name, dtype
        See `MetricLoss`.

    Notes
    -----
    *Attainable.* C classes at the vertices of a regular simplex with edge `margin` give 0; this
    needs at least C - 1 dimensions.

    *No collapse.* With all embeddings equal the loss is margin^2 / 2, which is no minimum.
    Unlike the contrastive loss it also pulls together negative pairs farther than the margin.

    References
    ----------
    W. Park, D. Kim, Y. Lu and M. Cho, Relational knowledge distillation, CVPR 2019,
    arXiv:1904.05068.
    """

    _options = ("margin",)

    def __init__(
        self,
        margin=1.0,
        normalize=False,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(normalize, reduction, name, dtype)
        self.margin = check_positive("margin", margin)

    def sample_losses(self, labels, embeddings):
        d = distances(embeddings, "euclidean")  # (n, n)
        positive, negative = pair_masks(labels, d.dtype)
        stress = ops.square(d - self.margin * negative) / 2
        return mean_over(stress, positive) + mean_over(stress, negative)


@register
class LiftedStructureLoss(MetricLoss):
    """Lifted structured loss: each positive pair against all negatives of both its points.

    For a positive pair (i, j), with a log-sum-exp over the negatives of i and of j,

        J = log(sum_k exp(margin - d(i, k)) + sum_k exp(margin - d(j, k))) + d(i, j);

    the loss is the mean over positive pairs of max(0, J)^2 / 2.

    Parameters
    ----------
    margin : float, default=1.0
    distance : {"euclidean", "squared_euclidean", "cosine"}, default="euclidean"
    normalize : bool, default=True
        See `MetricLoss`. The paper does not normalise.
    reduction, name, dtype
        See `MetricLoss`.

    References
    ----------
    H. O. Song, Y. Xiang, S. Jegelka and S. Savarese, Deep metric learning via lifted structured
    feature embedding, CVPR 2016, arXiv:1511.06452.
    """

    _options = ("margin", "distance")

    def __init__(
        self,
        margin=1.0,
        distance="euclidean",
        normalize=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(normalize, reduction, name, dtype)
        self.margin = check_positive("margin", margin)
        self.distance = check_choice("distance", distance, DISTANCES)

    def sample_losses(self, labels, embeddings):
        d = distances(embeddings, self.distance)  # (n, n)
        positive, negative = pair_masks(labels, d.dtype)
        crowding = log_sum_exp(self.margin - d, negative)  # (n,)
        both = ops.logaddexp(crowding[:, None], crowding[None, :])
        # without negatives, d is lost in NEVER and the pair costs nothing
        return mean_over(ops.square(ops.relu(both + d)) / 2, positive)


@register
class MultiSimilarityLoss(MetricLoss):
    """Multi-similarity loss: soft hardest positive and soft hardest negative of each anchor.

    With cosine similarities s of the anchor to its positives p and negatives n,

        log(1 + sum_p exp(-alpha (s_p - base))) / alpha
        + log(1 + sum_n exp(beta (s_n - base))) / beta,

    averaged over all anchors of the batch.

    Parameters
    ----------
    alpha, beta : float, default=2.0, 50.0
        How much the hardest positive, and negative, count before the others.
    base : float, default=0.5
        Similarity above which positives, and below which negatives, count less and less.
    mining_margin : float or None, default=0.1
        The paper's pair mining: keep the negatives more similar than the least similar positive
        minus this, and the positives less similar than the most similar negative plus this.
        None keeps all pairs.
    normalize, reduction, name, dtype
        See `MetricLoss`. Without normalising the similarity is the dot product.

    References
    ----------
    X. Wang, X. Han, W. Huang, D. Dong and M. R. Scott, Multi-similarity loss with general pair
    weighting for deep metric learning, CVPR 2019, arXiv:1904.06627.
    """

    _options = ("alpha", "beta", "base", "mining_margin")

    def __init__(
        self,
        alpha=2.0,
        beta=50.0,
        base=0.5,
        mining_margin=0.1,
        normalize=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(normalize, reduction, name, dtype)
        self.alpha = check_positive("alpha", alpha)
        self.beta = check_positive("beta", beta)
        self.base = float(base)
        self.mining_margin = (
            None
            if mining_margin is None
            else check_positive("mining_margin", mining_margin, zero=True)
        )

    def sample_losses(self, labels, embeddings):
        s = ops.matmul(embeddings, ops.transpose(embeddings))  # (n, n)
        positive, negative = pair_masks(labels, s.dtype)
        if self.mining_margin is not None:
            positive, negative = self._informative(ops.stop_gradient(s), positive, negative)
        pull = log_sum_exp(-self.alpha * (s - self.base), positive, plus_one=True)
        push = log_sum_exp(self.beta * (s - self.base), negative, plus_one=True)
        return pull / self.alpha + push / self.beta

    def _informative(self, s, positive, negative):
        nearest = ops.max(ops.where(negative > 0, s, ops.full_like(s, NEVER)), axis=1)
        farthest = ops.min(ops.where(positive > 0, s, ops.full_like(s, -NEVER)), axis=1)
        easy_positive = ops.cast(s - self.mining_margin >= nearest[:, None], s.dtype)
        easy_negative = ops.cast(s + self.mining_margin <= farthest[:, None], s.dtype)
        return positive * (1 - easy_positive), negative * (1 - easy_negative)
