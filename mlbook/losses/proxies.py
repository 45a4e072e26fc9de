"""Losses against proxies: one trainable point a class stands for the class's samples."""

import keras
from keras import ops

from mlbook.losses.base import check_positive, register
from mlbook.losses.tensors import divide, log_sum_exp, squared_distances, unit
from mlbook.losses.trainable import TrainableLoss, one_hot


class ProxyLoss(TrainableLoss):
    """Base of the losses with one proxy a class, shape (n_classes, embedding_size).

    Parameters
    ----------
    n_classes : int
        Labels lie in 0 .. n_classes - 1.
    embedding_size : int
    normalize, reduction, name, dtype
        See `MetricLoss`; the proxies are normalised with the embeddings.

    Attributes
    ----------
    proxies : keras.Variable of shape (n_classes, embedding_size)
        Random directions at first, of about unit length, from Keras's seed
        (`keras.utils.set_random_seed`).
    """

    _uses_pairs = False

    def __init__(self, n_classes, embedding_size, normalize, reduction, name, dtype):
        super().__init__(embedding_size, normalize, reduction, name, dtype)
        self.n_classes = check_positive("n_classes", n_classes, integer=True, at_least=2)
        spread = keras.initializers.RandomNormal(stddev=self.embedding_size**-0.5)
        shape = (self.n_classes, self.embedding_size)
        self._proxies = self._add_weight("proxies", shape, spread)

    @property
    def proxies(self):
        return self._proxies

    def _points(self, dtype):
        proxies = ops.cast(ops.convert_to_tensor(self._proxies), dtype)
        return unit(proxies) if self.normalize else proxies

    def similarities(self, embeddings):
        """Cosines of embeddings and proxies, shape (n, n_classes); argmax classifies.

        Dot products if `normalize` is off.
        """
        embeddings = ops.convert_to_tensor(embeddings, dtype=self._parameters.variable_dtype)
        if self.normalize:
            embeddings = unit(embeddings)
        return self._products(embeddings)

    def _products(self, embeddings):
        return ops.matmul(embeddings, ops.transpose(self._points(embeddings.dtype)))


@register
class ProxyNCALoss(ProxyLoss):
    """Proxy-NCA: softmax over the squared distances to the proxies.

        -log( exp(-scale d^2(x, p_y)) / sum over z of exp(-scale d^2(x, p_z)) )

    Parameters
    ----------
    n_classes, embedding_size : int
    scale : float, default=1.0
        Inverse temperature. On the unit sphere 1, the paper's, leaves even a perfect embedding
        with a large loss; more is usually better.
    positive_in_denominator : bool, default=True
        Whether z runs over all classes, which makes it a softmax (as in Proxy-NCA++), or over
        all but y, as the paper writes it.
    normalize, reduction, name, dtype
        See `MetricLoss` and `ProxyLoss`.

    References
    ----------
    Y. Movshovitz-Attias, A. Toshev, T. K. Leung, S. Ioffe and S. Singh, No fuss distance metric
    learning using proxies, ICCV 2017, arXiv:1703.07464. E. W. Teh, T. DeVries and G. W. Taylor,
    ProxyNCA++: revisiting and revitalizing proxy neighborhood component analysis, ECCV 2020.
    """

    _options = ("n_classes", "embedding_size", "scale", "positive_in_denominator")

    def __init__(
        self,
        n_classes,
        embedding_size,
        scale=1.0,
        positive_in_denominator=True,
        normalize=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(n_classes, embedding_size, normalize, reduction, name, dtype)
        self.scale = check_positive("scale", scale)
        self.positive_in_denominator = bool(positive_in_denominator)

    def sample_losses(self, labels, embeddings):
        squares = squared_distances(embeddings, self._points(embeddings.dtype))  # (n, classes)
        scores = -self.scale * squares
        own, outside = one_hot(labels, self.n_classes, scores.dtype)
        compared = ops.ones_like(own) if self.positive_in_denominator else 1 - own
        return log_sum_exp(scores, compared) - ops.sum(own * scores, axis=1) + outside


@register
class ProxyAnchorLoss(ProxyLoss):
    """Proxy anchor: each proxy is an anchor, compared with all samples of the batch.

    With cosines s of a proxy to the samples p of its class and the others n,

        mean over proxies with a sample of log(1 + sum_p exp(-alpha (s_p - margin)))
        + mean over all proxies of log(1 + sum_n exp(alpha (s_n + margin))).

    Parameters
    ----------
    n_classes, embedding_size : int
    margin : float, default=0.1
    alpha : float, default=32.0
        How much the hardest sample counts before the others.
    normalize, reduction, name, dtype
        See `MetricLoss` and `ProxyLoss`.

    Notes
    -----
    The value belongs to the batch and not to one sample: with `reduction=None` every sample
    carries it, and sample weights scale it by their mean.

    References
    ----------
    S. Kim, D. Kim, M. Cho and S. Kwak, Proxy anchor loss for deep metric learning, CVPR 2020,
    arXiv:2003.13911.
    """

    _options = ("n_classes", "embedding_size", "margin", "alpha")

    def __init__(
        self,
        n_classes,
        embedding_size,
        margin=0.1,
        alpha=32.0,
        normalize=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(n_classes, embedding_size, normalize, reduction, name, dtype)
        self.margin = check_positive("margin", margin, zero=True)
        self.alpha = check_positive("alpha", alpha)

    def sample_losses(self, labels, embeddings):
        s = self._products(embeddings)  # (n, classes)
        own, outside = one_hot(labels, self.n_classes, s.dtype)
        pull = log_sum_exp(-self.alpha * (s - self.margin), own, axis=0, plus_one=True)
        push = log_sum_exp(self.alpha * (s + self.margin), 1 - own, axis=0, plus_one=True)
        present = ops.max(own, axis=0)
        value = divide(ops.sum(pull * present), ops.sum(present)) + ops.mean(push)
        return value + outside
