"""The losses that the article names but does not define well: Mahalanobis, FWHD, CDS.

As printed, the first two minimise distances within classes and nothing else, and the best they
can do is to map everything to one point. Each has a term here that a collapse makes worse. (The
article's pairwise loss of section 3.2.1 is `StressLoss`.)
"""

import numpy as np
from keras import ops

from mlbook.hartley import hartley_transform
from mlbook.losses.base import MetricLoss, check_positive, register
from mlbook.losses.tensors import (
    log_sum_exp,
    mean_over,
    pair_masks,
    root,
    squared_distances,
)
from mlbook.losses.trainable import TrainableLoss


class _MappedContrastiveLoss(TrainableLoss):
    """mean over positive pairs of d^2 + weight * mean over negative pairs of (margin - d)_+^2,
    with d Euclid's distance after a trainable linear map."""

    def __init__(self, embedding_size, margin, negative_weight, normalize, reduction, name, dtype):
        super().__init__(embedding_size, normalize, reduction, name, dtype)
        self.margin = check_positive("margin", margin)
        self.negative_weight = check_positive("negative_weight", negative_weight)

    @property
    def components(self):
        """The map as an array of shape (n_components, embedding_size): d(x, y) is the length of
        components @ (x - y)."""
        return ops.convert_to_numpy(self._map(self._parameters.variable_dtype))

    def _map(self, dtype):
        raise NotImplementedError

    def sample_losses(self, labels, embeddings):
        mapped = ops.matmul(embeddings, ops.transpose(self._map(embeddings.dtype)))
        squares = squared_distances(mapped)  # (n, n)
        positive, negative = pair_masks(labels, squares.dtype)
        push = ops.square(ops.relu(self.margin - root(squares)))
        return mean_over(squares, positive) + self.negative_weight * mean_over(push, negative)


@register
class MahalanobisLoss(_MappedContrastiveLoss):
    """Contrastive loss in a Mahalanobis distance that is learned with the network.

        mean over positive pairs of d^2 + negative_weight * mean over negative ones of
        max(0, margin - d)^2,    d(x, y) = || L (x - y) ||

    In the field's terms: the contrastive loss of Hadsell et al. after a linear layer L. The
    article's version has the first term alone, and is best when all embeddings are equal. The
    name is the article's, the definition ours.

    Parameters
    ----------
    embedding_size : int
    n_components : int or None, default=None
        Rows of L. None is embedding_size; fewer make a pseudo-metric.
    margin : float, default=1.0
    negative_weight : float, default=1.0
    normalize : bool, default=True
        See `MetricLoss`, and the notes.
    reduction, name, dtype
        See `MetricLoss`.

    Attributes
    ----------
    components : ndarray of shape (n_components, embedding_size)
        L; the identity (its first rows) before training.

    Notes
    -----
    *Is L redundant?* If the embeddings are the output of a linear layer without anything after
    it, yes: L times that layer is again such a layer, and no new function can be learned. On
    the unit sphere (`normalize`) it is not: L then stretches the sphere to an ellipsoid.

    References
    ----------
    R. Hadsell, S. Chopra and Y. LeCun, Dimensionality reduction by learning an invariant
    mapping, CVPR 2006. The article, sections 2.2.1 and 3.2.2.
    """

    _options = ("embedding_size", "n_components", "margin", "negative_weight")

    def __init__(
        self,
        embedding_size,
        n_components=None,
        margin=1.0,
        negative_weight=1.0,
        normalize=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(embedding_size, margin, negative_weight, normalize, reduction, name, dtype)
        rows = self.embedding_size if n_components is None else n_components
        self.n_components = check_positive("n_components", rows, integer=True, at_least=1)
        if self.n_components > self.embedding_size:
            raise ValueError(
                f"n_components={rows} exceeds embedding_size={self.embedding_size}: more rows "
                "add no distance"
            )
        shape = (self.n_components, self.embedding_size)
        self._components = self._add_weight("components", shape, "identity")

    def _map(self, dtype):
        return ops.cast(ops.convert_to_tensor(self._components), dtype)


@register
class FWHDLoss(_MappedContrastiveLoss):
    """Contrastive loss in a feature-weighted Hartley distance whose weights are learned.

        mean over positive pairs of d^2 + negative_weight * mean over negative ones of
        max(0, margin - d)^2 + temperature * KL(w / n, uniform),
        d(x, y)^2 = sum_k w_k (H (x - y))_k^2,    w > 0 with mean 1

    In the field's terms: the contrastive loss in a diagonal metric after a fixed orthogonal
    transform, H, the discrete Hartley transform. The article asks for the first term alone,
    which equal embeddings make 0. The name is the article's, the definition ours; `FWHD` in
    `mlbook.linear` is the same distance with weights in closed form.

    Parameters
    ----------
    embedding_size : int
    margin : float, default=1.0
    negative_weight : float, default=1.0
    temperature : float, default=0.1
        Pulls the weights towards equal ones, in which case d is Euclid's distance. 0 lets a few
        coefficients win all.
    normalize, reduction, name, dtype
        See `MetricLoss`.

    Attributes
    ----------
    feature_weights : ndarray of shape (embedding_size,)
        w: all 1 before training.
    components : ndarray of shape (embedding_size, embedding_size)
        diag(sqrt(w)) H.

    Notes
    -----
    The weights are a softmax times embedding_size: always positive, so d is a metric, and of
    mean 1, so they cannot shrink the distances of positive pairs without growing others, and
    the margin means the same for every embedding size.

    References
    ----------
    R. Hadsell, S. Chopra and Y. LeCun, Dimensionality reduction by learning an invariant
    mapping, CVPR 2006. R. Bracewell, Discrete Hartley transform, Journal of the Optical Society
    of America 73(12), 1983. The article, sections 2.2.1 and 5.2.
    """

    _options = ("embedding_size", "margin", "negative_weight", "temperature")

    def __init__(
        self,
        embedding_size,
        margin=1.0,
        negative_weight=1.0,
        temperature=0.1,
        normalize=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(embedding_size, margin, negative_weight, normalize, reduction, name, dtype)
        self.temperature = check_positive("temperature", temperature, zero=True)
        self._hartley = hartley_transform(np.eye(self.embedding_size))
        self._logits = self._add_weight("weight_logits", (self.embedding_size,), "zeros")

    @property
    def feature_weights(self):
        return ops.convert_to_numpy(self._weights(self._parameters.variable_dtype))

    def _weights(self, dtype):
        logits = ops.cast(ops.convert_to_tensor(self._logits), dtype)
        return self.embedding_size * ops.softmax(logits)

    def _map(self, dtype):
        hartley = ops.convert_to_tensor(self._hartley, dtype=dtype)
        return ops.sqrt(self._weights(dtype))[:, None] * hartley

    def sample_losses(self, labels, embeddings):
        losses = super().sample_losses(labels, embeddings)
        logits = ops.cast(ops.convert_to_tensor(self._logits), losses.dtype)
        log_weights = ops.log_softmax(logits) + float(np.log(self.embedding_size))
        # w log w with w = exp(log w): 0, and not NaN, where w is too small for its type
        divergence = ops.mean(ops.exp(log_weights) * log_weights)
        return losses + self.temperature * divergence


@register
class CDSLoss(MetricLoss):
    """Constrained density separation: classes should overlap little, each itself much.

        log mean over negative pairs of k - log mean over positive pairs of k,
        k(x, y) = exp(-||x - y||^2 / (4 bandwidth^2)),  on the unit sphere

    In the field's terms: with a Gaussian kernel density for each class, the log overlap of
    different classes against the log overlap within classes. Near relatives are the uniformity
    loss (the first term, there over all pairs) with an alignment term, and NCA. The article
    would minimise a difference "of densities" without a sign or a constraint; the name is the
    article's, the definition ours.

    Parameters
    ----------
    bandwidth : float, default=0.5
        Of the density; on the unit sphere, whose points are at most 2 apart.
    reduction, name, dtype
        See `MetricLoss`. Embeddings are always normalised.

    Notes
    -----
    The values lie between -1 / bandwidth^2 and 1 / bandwidth^2. Equal embeddings give 0, which
    is no minimum as soon as the classes can be told apart. The value belongs to the batch: with
    `reduction=None` every sample carries it.

    References
    ----------
    T. Wang and P. Isola, Understanding contrastive representation learning through alignment and
    uniformity on the hypersphere, ICML 2020, arXiv:2005.10242. The article, section 2.2.1.
    """

    _options = ("bandwidth",)

    def __init__(self, bandwidth=0.5, reduction="sum_over_batch_size", name=None, dtype=None):
        super().__init__(True, reduction, name, dtype)
        self.bandwidth = check_positive("bandwidth", bandwidth)

    def get_config(self):
        config = super().get_config()
        del config["normalize"]  # without the sphere there is no lower bound
        return config

    def sample_losses(self, labels, embeddings):
        exponents = squared_distances(embeddings) / (-4 * self.bandwidth**2)  # (n, n)
        positive, negative = pair_masks(labels, exponents.dtype)
        value = _log_mean_exp(exponents, negative) - _log_mean_exp(exponents, positive)
        return value + ops.zeros_like(embeddings[:, 0])


def _log_mean_exp(exponents, mask):
    """log of the mean of exp over all entries where the mask is 1; 0 if there are none."""
    count = ops.sum(mask)
    total = log_sum_exp(ops.reshape(exponents, (1, -1)), ops.reshape(mask, (1, -1)))[0]
    some = count > 0
    mean = total - ops.log(ops.where(some, count, ops.ones_like(count)))
    return ops.where(some, mean, ops.zeros_like(mean))
