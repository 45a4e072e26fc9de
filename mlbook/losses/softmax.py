"""Losses that classify the positive among the rest of the batch: N-pairs, NT-Xent, SupCon."""

from keras import ops

from mlbook.losses.base import MetricLoss, check_positive, register
from mlbook.losses.tensors import divide, log_sum_exp, mean_over, pair_masks


def _positive_against_negatives(similarities, positive, negative):
    """Mean over positive pairs (i, p) of log(1 + sum_n exp(s_in - s_ip)), by rows."""
    crowding = log_sum_exp(similarities, negative)[:, None]
    return mean_over(ops.softplus(crowding - similarities), positive)


@register
class NTXentLoss(MetricLoss):
    """Normalised, temperature-scaled cross-entropy: each positive against all negatives.

    For every positive pair (i, p), with cosine similarities s and temperature T,

        -log( exp(s_ip / T) / (exp(s_ip / T) + sum over negatives n of exp(s_in / T)) ),

    averaged over the pairs. Other positives of i do not appear in the denominator.

    Parameters
    ----------
    temperature : float, default=0.1
        Lower makes the nearest negatives count more.
    normalize, reduction, name, dtype
        See `MetricLoss`.

    References
    ----------
    T. Chen, S. Kornblith, M. Norouzi and G. Hinton, A simple framework for contrastive learning
    of visual representations, ICML 2020, arXiv:2002.05709 (there with two views an image; give
    both the image's number as label).
    """

    _options = ("temperature",)

    def __init__(
        self,
        temperature=0.1,
        normalize=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(normalize, reduction, name, dtype)
        self.temperature = check_positive("temperature", temperature)

    def sample_losses(self, labels, embeddings):
        s = ops.matmul(embeddings, ops.transpose(embeddings)) / self.temperature  # (n, n)
        return _positive_against_negatives(s, *pair_masks(labels, s.dtype))


@register
class NPairsLoss(MetricLoss):
    """N-pairs loss: a positive against all negatives, by dot products.

    mean over positive pairs (i, p) of log(1 + sum over negatives n of exp(f_i.f_n - f_i.f_p))
    + l2 * mean of ||f||^2.

    Parameters
    ----------
    l2 : float, default=0.002
        Dot products grow with the lengths of the embeddings; this holds them back.
    normalize : bool, default=False
        The paper does not normalise.
    reduction, name, dtype
        See `MetricLoss`.

    Notes
    -----
    The paper's batch has two samples of each of N classes, one the anchor and one the positive,
    and the anchor meets the positives of the other classes only. Here any batch will do: every
    positive pair takes part in both directions, and all samples of the other classes are
    negatives. So the value does not depend on the order of the batch.

    References
    ----------
    K. Sohn, Improved deep metric learning with multi-class N-pair loss objective, NIPS 2016.
    """

    _options = ("l2",)

    def __init__(
        self,
        l2=0.002,
        normalize=False,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(normalize, reduction, name, dtype)
        self.l2 = check_positive("l2", l2, zero=True)

    def sample_losses(self, labels, embeddings):
        s = ops.matmul(embeddings, ops.transpose(embeddings))  # (n, n)
        losses = _positive_against_negatives(s, *pair_masks(labels, s.dtype))
        return losses + self.l2 * ops.sum(ops.square(embeddings), axis=1)


@register
class SupConLoss(MetricLoss):
    """Supervised contrastive loss, with the sum over positives outside the logarithm.

    For an anchor i with cosine similarities s and temperature T,

        mean over its positives p of -log( exp(s_ip / T) / sum over all j != i of exp(s_ij / T) ),

    averaged over the anchors that have a positive.

    Parameters
    ----------
    temperature : float, default=0.1
    normalize, reduction, name, dtype
        See `MetricLoss`.

    Notes
    -----
    In a batch of one class the formula still has a value (the logarithm of the number of
    positives, at least), and that is what is returned.

    References
    ----------
    P. Khosla et al., Supervised contrastive learning, NeurIPS 2020, arXiv:2004.11362.
    """

    _options = ("temperature",)

    def __init__(
        self,
        temperature=0.1,
        normalize=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(normalize, reduction, name, dtype)
        self.temperature = check_positive("temperature", temperature)

    def sample_losses(self, labels, embeddings):
        s = ops.matmul(embeddings, ops.transpose(embeddings)) / self.temperature  # (n, n)
        positive, negative = pair_masks(labels, s.dtype)
        everyone = log_sum_exp(s, positive + negative)[:, None]
        n_positives = ops.sum(positive, axis=1, keepdims=True)
        # a lone sample in its batch has nobody to be compared with
        costs = ops.where(positive > 0, everyone - s, ops.zeros_like(s))
        per_anchor = divide(ops.sum(costs, axis=1, keepdims=True), n_positives)
        return mean_over(per_anchor, ops.cast(n_positives > 0, s.dtype))
