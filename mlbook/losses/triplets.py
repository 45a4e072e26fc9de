"""The triplet loss: a positive must be nearer than a negative, by a margin."""

from keras import ops

from mlbook.losses.base import MetricLoss, check_choice, check_positive, register
from mlbook.losses.tensors import (
    DISTANCES,
    NEVER,
    distances,
    divide,
    epsilon,
    mean_over,
    pair_masks,
)

MINING = ("all", "hard", "semihard")


@register
class TripletLoss(MetricLoss):
    """Triplet loss, with the choice of triplets made within the batch.

    For an anchor a, a positive p (same class) and a negative n (another one), with distances d,

        max(0, d(a, p) - d(a, n) + margin).

    Parameters
    ----------
    margin : float, default=0.2
        By how much a negative must be farther than a positive; in the unit of the distance.
    mining : {"all", "hard", "semihard"}, default="all"
        "all": every triplet of the batch ("batch all" of Hermans et al.). "hard": for each
        anchor the farthest positive and the nearest negative ("batch hard"). "semihard": all
        triplets with d(a, p) < d(a, n) < d(a, p) + margin, as in FaceNet, which takes one of
        them.
    distance : {"euclidean", "squared_euclidean", "cosine"}, default="euclidean"
        FaceNet has the squared one. "cosine" is one minus the cosine.
    average : {"nonzero", "all"}, default="nonzero"
        The mean over the triplets that violate the margin, or over all chosen ones. With "all"
        most terms become 0 during training and the mean forgets the others.
    normalize, reduction, name, dtype
        See `MetricLoss`.

    Notes
    -----
    *No loop and no cube.* Away from ties the loss is linear in the distances, and the
    coefficient of a distance is a count: of the negatives nearer than d(a, p) + margin, or of
    the positives farther than d(a, n) - margin. One sort of each row gives all counts, so time
    is O(n^2 log n) and memory O(n^2), where the triplets themselves would be O(n^3).

    *Collapse.* If all embeddings are equal the loss is exactly `margin`: a loss that stays
    there is the sign that `mlbook.callbacks.CollapseMonitor` looks for. Hard mining from a
    random start is what brings it about most often.

    References
    ----------
    F. Schroff, D. Kalenichenko and J. Philbin, FaceNet: a unified embedding for face
    recognition and clustering, CVPR 2015, arXiv:1503.03832. A. Hermans, L. Beyer and B. Leibe,
    In defense of the triplet loss for person re-identification, arXiv:1703.07737, 2017.
    """

    _options = ("margin", "mining", "distance", "average")

    def __init__(
        self,
        margin=0.2,
        mining="all",
        distance="euclidean",
        average="nonzero",
        normalize=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(normalize, reduction, name, dtype)
        self.margin = check_positive("margin", margin)
        self.mining = check_choice("mining", mining, MINING)
        self.distance = check_choice("distance", distance, DISTANCES)
        self.average = check_choice("average", average, ("nonzero", "all"))

    def sample_losses(self, labels, embeddings):
        d = distances(embeddings, self.distance)  # (n, n)
        positive, negative = pair_masks(labels, d.dtype)
        if self.mining == "hard":
            return self._hardest(d, positive, negative)
        return self._counted(labels, d, positive, negative)

    def _hardest(self, d, positive, negative):
        farthest = ops.max(ops.where(positive > 0, d, ops.full_like(d, NEVER)), axis=1)
        nearest = ops.min(ops.where(negative > 0, d, ops.full_like(d, -NEVER)), axis=1)
        chosen = (ops.max(positive, axis=1) * ops.max(negative, axis=1))[:, None]
        violations = ops.where(chosen > 0, (farthest - nearest + self.margin)[:, None], 0 * chosen)
        losses = ops.relu(violations)
        if self.average == "nonzero":
            chosen = ops.cast(losses > 0, d.dtype)
        return mean_over(losses, chosen)

    def _counted(self, labels, d, positive, negative):
        fixed = ops.stop_gradient(d)
        # decides ties: equal distances are no semi-hard triplet, a violation of 0 is none
        tie = 4 * epsilon(d) * (ops.max(fixed) + self.margin)
        counts, violating = _count_triplets(labels, fixed + (self.margin - tie) * positive)
        if self.mining == "semihard":
            hard, n_hard = _count_triplets(labels, fixed + tie * positive)
            counts, violating = counts - hard, violating - n_hard
        losses = ops.sum(counts * d, axis=1) + self.margin * violating
        if self.average == "nonzero" or self.mining == "semihard":
            n_triplets = ops.sum(violating)
        else:
            n_triplets = ops.sum(ops.sum(positive, axis=1) * ops.sum(negative, axis=1))
        n_samples = ops.cast(ops.shape(d)[0], d.dtype)
        return n_samples * divide(losses, n_triplets)


def _count_triplets(labels, keys):
    """The triplets (a, p, n) of each anchor a with key(a, p) > key(a, n).

    Returns in how many a sample is the positive, less in how many it is the negative, shape
    (n, n), and how many there are, shape (n,).
    """
    n = ops.shape(keys)[0]
    index = ops.arange(n)
    # the anchor is neither: it comes last, and is left out
    keys = ops.where(index[:, None] == index[None, :], ops.full_like(keys, NEVER), keys)
    order = ops.top_k(keys, n)[1][:, :-1]
    is_negative = ops.take(labels, order) != labels[:, None]
    negatives = ops.cumsum(ops.cast(is_negative, keys.dtype), axis=1)
    nearer = negatives[:, -1:] - negatives
    farther = ops.cast(index[1:], keys.dtype) - negatives
    counts = ops.where(is_negative, -farther, nearer)
    # back to the samples' own places
    places = ops.reshape(order + n * index[:, None], (-1,))
    counts_in_place = ops.segment_sum(ops.reshape(counts, (-1,)), places, n * n)
    return ops.reshape(counts_in_place, (n, n)), ops.sum(ops.relu(counts), axis=1)
