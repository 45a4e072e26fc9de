"""Softmax losses with a margin: the target's cosine is made worse before it is compared."""

import math

from keras import ops

from mlbook.losses.base import check_positive, register
from mlbook.losses.proxies import ProxyLoss
from mlbook.losses.tensors import epsilon, log_sum_exp
from mlbook.losses.trainable import one_hot


class MarginSoftmaxLoss(ProxyLoss):
    """Base of ArcFace and CosFace: cross-entropy over scale times cosines to the proxies."""

    _options = ("n_classes", "embedding_size", "margin", "scale")

    def __init__(self, n_classes, embedding_size, margin, scale, reduction, name, dtype):
        super().__init__(n_classes, embedding_size, True, reduction, name, dtype)
        self.margin = check_positive("margin", margin, zero=True)
        self.scale = check_positive("scale", scale)

    def get_config(self):
        config = super().get_config()
        del config["normalize"]  # cosines by definition
        return config

    def sample_losses(self, labels, embeddings):
        cosines = self._products(embeddings)  # (n, classes)
        own, outside = one_hot(labels, self.n_classes, cosines.dtype)
        target = ops.sum(own * cosines, axis=1)
        harder = self._with_margin(target)
        logits = self.scale * (cosines + own * (harder - target)[:, None])
        return log_sum_exp(logits, ops.ones_like(own)) - self.scale * harder + outside

    def _with_margin(self, cosines):
        raise NotImplementedError


@register
class ArcFaceLoss(MarginSoftmaxLoss):
    """ArcFace: additive angular margin; cos(angle) of the target becomes cos(angle + margin).

    Parameters
    ----------
    n_classes, embedding_size : int
    margin : float, default=0.5
        In radians, from 0 to below pi.
    scale : float, default=64.0
        Of the logits, the inverse temperature. The paper's is for many thousand classes; with
        few classes a smaller one trains more smoothly.
    reduction, name, dtype
        See `MetricLoss`. Embeddings and proxies are always normalised.

    Notes
    -----
    Beyond the angle pi - margin, cos(angle + margin) would rise again; there the target's
    cosine is reduced by margin * sin(margin) instead, which keeps it falling.

    The formula is used in the form cos(angle) cos(margin) - sin(angle) sin(margin), which needs
    no arc cosine and has a finite gradient also where the embedding lies on its proxy.

    References
    ----------
    J. Deng, J. Guo, N. Xue and S. Zafeiriou, ArcFace: additive angular margin loss for deep
    face recognition, CVPR 2019, arXiv:1801.07698.
    """

    def __init__(
        self,
        n_classes,
        embedding_size,
        margin=0.5,
        scale=64.0,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(n_classes, embedding_size, margin, scale, reduction, name, dtype)
        if self.margin >= math.pi:
            raise ValueError(f"margin is an angle in radians below pi, got {margin!r}; in degrees?")

    def _with_margin(self, cosines):
        squares = (1 - cosines) * (1 + cosines)
        sines = ops.sqrt(ops.maximum(squares, epsilon(cosines)))
        turned = cosines * math.cos(self.margin) - sines * math.sin(self.margin)
        beyond = cosines < -math.cos(self.margin)
        return ops.where(beyond, cosines - self.margin * math.sin(self.margin), turned)


@register
class CosFaceLoss(MarginSoftmaxLoss):
    """CosFace: additive cosine margin; the target's cosine is reduced by the margin.

    Parameters
    ----------
    n_classes, embedding_size : int
    margin : float, default=0.35
        In units of the cosine.
    scale : float, default=64.0
        Of the logits, see `ArcFaceLoss`.
    reduction, name, dtype
        See `MetricLoss`. Embeddings and proxies are always normalised.

    References
    ----------
    H. Wang et al., CosFace: large margin cosine loss for deep face recognition, CVPR 2018,
    arXiv:1801.09414.
    """

    def __init__(
        self,
        n_classes,
        embedding_size,
        margin=0.35,
        scale=64.0,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(n_classes, embedding_size, margin, scale, reduction, name, dtype)

    def _with_margin(self, cosines):
        return cosines - self.margin
