"""The networks that `compression` shrinks, and how they are trained."""

import keras
import numpy as np

from mlbook.compression import RelationalLoss, prune
from mlbook.losses import SupConLoss
from mlbook.sampling import BalancedBatches
from mlbook.training import JointModel

N_CLASSES, SAMPLES_PER_CLASS = 10, 12
RATE, TEMPERATURE = 2e-3, 0.1
# maps of the two convolutions, dimensions of the embedding
SIZES = {"teacher": (32, 64, 64), "student": (8, 16, 16)}


def encoder(size, seed):
    """A network from images (n, 28, 28, 1) to embeddings of length 1; equal seeds, equal weights.

    Parameters
    ----------
    size : {"teacher", "student"}
    seed : int
    """
    first, second, n_dims = SIZES[size]

    def start(layer):
        return {"kernel_initializer": keras.initializers.GlorotUniform(3 * seed + layer)}

    layers = keras.layers
    convolution = {"strides": 2, "padding": "same", "activation": "relu"}
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(first, 5, **convolution, **start(0))(inputs)
    x = layers.Conv2D(second, 3, **convolution, **start(1))(x)
    x = layers.Dense(n_dims, **start(2))(layers.Flatten()(x))
    return keras.Model(inputs, layers.UnitNormalization(name="embedding")(x), name=size)


def train(size, x, y, steps, seed, teacher=None, classes=True):
    """Train an encoder with a supervised contrastive loss, a teacher's distances, or both.

    Parameters
    ----------
    size : {"teacher", "student"}
    x : ndarray of float32, shape (n, 28, 28, 1)
    y : ndarray of int, shape (n,)
    steps, seed : int
    teacher : ndarray of shape (n, n_dims) or None
        The teacher's embeddings of x.
    classes : bool, default=True
        Whether the classes are learned from.

    Returns
    -------
    keras.Model
    """
    model = encoder(size, seed)
    _fit(model, x, y, steps, seed, teacher, classes)
    return model


def pruned(network, share, x, y, steps, seed, teacher=None):
    """A pruned copy of a network, trained further for some steps with its zeros held.

    Parameters
    ----------
    network : keras.Model
    share : float
        Of the kernels' weights that go.
    x, y, seed, teacher
        As for `train`.
    steps : int
        0 leaves it as it is after pruning.
    """
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    callback = prune(copy, share)
    if steps:
        _fit(copy, x, y, steps, seed + 1, teacher, callbacks=[callback])
    return copy


def embed(model, x):
    """Embeddings of images, shape (n, n_dims)."""
    parts = [model(x[i : i + 1000], training=False) for i in range(0, len(x), 1000)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def _fit(model, x, y, steps, seed, teacher=None, classes=True, callbacks=()):
    keras.utils.set_random_seed(seed)
    batches = BalancedBatches(x, y, N_CLASSES, SAMPLES_PER_CLASS, seed=seed)
    rows = np.concatenate([batches.indices(step) for step in range(steps)])
    losses, labels = {}, {}
    # one output for each loss; both are the embedding
    if classes:
        losses["classes"], labels["classes"] = SupConLoss(TEMPERATURE), batches.labels[rows]
    if teacher is not None:
        losses["distances"], labels["distances"] = RelationalLoss(), teacher[rows]
    same = {name: keras.layers.Identity(name=name)(model.output) for name in losses}
    trained = JointModel(keras.Model(model.input, same))
    trained.compile(keras.optimizers.Adam(RATE), loss=losses)
    # the batches are drawn already: one pass, in their order
    trained.fit(
        x[rows],
        labels,
        batch_size=batches.batch_size,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    )
