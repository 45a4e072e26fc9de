"""The network that `losses_digits` trains, the losses that it compares, and how it trains.

Three arms of that experiment need losses that are no metric losses: cross-entropy, and
cross-entropy with a metric loss beside it. They are written as losses over embeddings, like all
others, so that every arm trains the same model in the same way.
"""

import functools

import keras
import numpy as np
from keras import ops

from mlbook.losses.article import CDSLoss, FWHDLoss, MahalanobisLoss
from mlbook.losses.margins import ArcFaceLoss, CosFaceLoss
from mlbook.losses.pairs import (
    ContrastiveLoss,
    LiftedStructureLoss,
    MultiSimilarityLoss,
    StressLoss,
)
from mlbook.losses.proxies import ProxyAnchorLoss, ProxyLoss, ProxyNCALoss
from mlbook.losses.softmax import NPairsLoss, NTXentLoss, SupConLoss
from mlbook.losses.trainable import EmbeddingModel, one_hot
from mlbook.losses.triplets import TripletLoss
from mlbook.sampling import BalancedBatches

EMBEDDING_SIZE = 16
BATCH_SIZE = 48
_FLOOR = 1e-3


class SoftmaxLoss(ProxyLoss):
    """Cross-entropy of a linear classifier (without bias) on the embeddings.

    Parameters
    ----------
    n_classes, embedding_size : int
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over all classes.
    """

    def __init__(self, n_classes, embedding_size, label_smoothing=0.0):
        super().__init__(n_classes, embedding_size, False, "sum_over_batch_size", None, None)
        self.label_smoothing = float(label_smoothing)

    def sample_losses(self, labels, embeddings):
        logits = self._products(embeddings)  # (n, classes)
        own, outside = one_hot(labels, self.n_classes, logits.dtype)
        target = (1 - self.label_smoothing) * own + self.label_smoothing / self.n_classes
        return outside - ops.sum(target * ops.log_softmax(logits, axis=-1), axis=1)


class JointLoss(SoftmaxLoss):
    """Cross-entropy and the contrastive loss of the same embeddings, in one sum.

    Parameters
    ----------
    n_classes, embedding_size : int
    weight : float or None
        Of the contrastive loss. None adapts both weights: each loss is divided by twice its own
        present value, which is what the learned weights of Kendall et al. (minimise
        exp(-s) loss + s / 2 over s) come to where s is at its best.
    margin : float, default=1.0
        Of the contrastive loss.

    References
    ----------
    A. Kendall, Y. Gal and R. Cipolla, Multi-task learning using uncertainty to weigh losses for
    scene geometry and semantics, CVPR 2018, arXiv:1705.07115.
    """

    def __init__(self, n_classes, embedding_size, weight, margin=1.0):
        super().__init__(n_classes, embedding_size)
        self.weight = weight
        self.contrastive = ContrastiveLoss(margin)

    def sample_losses(self, labels, embeddings):
        first = super().sample_losses(labels, embeddings)
        second = self.contrastive.call(labels, embeddings)
        if self.weight is not None:
            return first + self.weight * second
        # the gradient of log(loss) / 2 is that of the loss, divided by twice its value
        value = sum(ops.log(ops.mean(part) + _FLOOR) for part in (first, second)) / 2
        return value + ops.zeros_like(first)


_SIZE = EMBEDDING_SIZE
# a loss from the value of its parameter; those in the second table also need the classes
_MAKERS = {
    "contrastive": ContrastiveLoss,
    "triplet": TripletLoss,
    "triplet_semihard": functools.partial(TripletLoss, mining="semihard"),
    "lifted": LiftedStructureLoss,
    "n_pairs": NPairsLoss,
    "nt_xent": NTXentLoss,
    "supcon": SupConLoss,
    "multi_similarity": lambda value: MultiSimilarityLoss(base=value),
    "mahalanobis": lambda value: MahalanobisLoss(_SIZE, margin=value),
    "fwhd": lambda value: FWHDLoss(_SIZE, margin=value),
    "cds": CDSLoss,
    "stress": functools.partial(StressLoss, normalize=True),
}
_MAKERS_WITH_CLASSES = {
    "cross_entropy": lambda value, n: SoftmaxLoss(n, _SIZE, label_smoothing=value),
    "proxy_nca": lambda value, n: ProxyNCALoss(n, _SIZE, scale=value),
    "proxy_anchor": lambda value, n: ProxyAnchorLoss(n, _SIZE, alpha=value),
    "arcface": lambda value, n: ArcFaceLoss(n, _SIZE, margin=value, scale=16.0),
    "cosface": lambda value, n: CosFaceLoss(n, _SIZE, margin=value, scale=16.0),
    "joint": lambda value, n: JointLoss(n, _SIZE, weight=value),
    "adaptive": lambda value, n: JointLoss(n, _SIZE, weight=None, margin=value),
}


def make_loss(arm, value, n_classes):
    """The loss of an arm of `losses_digits`, with its parameter set to a value."""
    if arm in _MAKERS:
        return _MAKERS[arm](value)
    return _MAKERS_WITH_CLASSES[arm](value, n_classes)


def encoder(seed):
    """The network of all arms, from images (n, 8, 8, 1) to (n, 16); equal seeds, equal weights."""

    def start(layer):
        return {"kernel_initializer": keras.initializers.GlorotUniform(3 * seed + layer)}

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu", **start(0)),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu", **start(1)),
            layers.Flatten(),
            layers.Dense(EMBEDDING_SIZE, **start(2)),
        ]
    )


def untrained(seed):
    """The network before training, as `train` returns it after."""
    model = encoder(seed)
    return lambda images: _embeddings(model, images)


def train(arm, value, rate, x, y, steps, seed):
    """Train the network with one loss and one setting.

    Parameters
    ----------
    arm : str
        One of `losses_digits.LOSSES`.
    value : float
        Of the loss's parameter.
    rate : float
        Learning rate of Adam.
    x : ndarray of shape (n, 8, 8, 1)
    y : ndarray of shape (n,)
        Classes, counted from 0.
    steps : int
    seed : int
        Of the start and of the batches; they are the same for all arms.

    Returns
    -------
    callable
        From images to embeddings of length 1, mapped where the loss learns a map: Euclid's
        distance is then the metric that was learned. Keeps its own copy of the weights.

    Raises
    ------
    ValueError
        If the number of classes does not divide the batch of 48.
    """
    n_classes = int(y.max()) + 1
    if BATCH_SIZE % n_classes:
        raise ValueError(f"{n_classes} classes do not divide a batch of {BATCH_SIZE}")
    batches = BalancedBatches(x, y, n_classes, BATCH_SIZE // n_classes, seed=seed)
    rows = np.concatenate([batches.indices(step) for step in range(steps)])
    trainer = _trainer(arm, value, None if arm in _MAKERS else n_classes)
    return trainer.train(x[rows], batches.labels[rows], rate, seed)


class _Trainer:
    """A compiled network that is set back to a fresh start before every training.

    Keras takes longer to compile a training step than to train so small a network, so trainers
    are kept and used again. Weights, proxies and the optimiser all start anew.
    """

    def __init__(self, loss):
        self.model = EmbeddingModel(encoder(0))
        self.model.compile(keras.optimizers.Adam(), loss, steps_per_execution=20)
        self.model.optimizer.build(self.model.trainable_variables)
        self._loss = loss
        self._held = getattr(loss, "trainable_variables", [])
        fixed = [*self.model.optimizer.variables, *self._held]
        self._starts = [(variable, variable.numpy()) for variable in fixed]

    def train(self, x, y, rate, seed):
        self._start_anew(seed)
        self.model.optimizer.learning_rate = rate
        # the batches are drawn already: one pass, in their order
        self.model.fit(x, y, batch_size=BATCH_SIZE, shuffle=False, verbose=0)
        weights = self.model.encoder.get_weights()
        components = getattr(self._loss, "components", None)

        def embed(images):
            self.model.encoder.set_weights(weights)
            found = _embeddings(self.model.encoder, images)
            return found if components is None else found @ components.T

        return embed

    def _start_anew(self, seed):
        self.model.encoder.set_weights(encoder(seed).get_weights())
        for variable, value in self._starts:
            variable.assign(value)
        rng = np.random.default_rng([seed, 1])
        for variable in self._held:
            if variable.name == "proxies":
                shape = variable.shape
                variable.assign(rng.normal(scale=shape[1] ** -0.5, size=shape))


@functools.cache
def _trainer(arm, value, n_classes):
    return _Trainer(make_loss(arm, value, n_classes))


def _embeddings(model, images):
    found = ops.convert_to_numpy(model(images, training=False))
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
