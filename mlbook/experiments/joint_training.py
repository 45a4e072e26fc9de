"""The network that `joint_mnist` trains, and the ways in which two losses can share it."""

import time

import keras
import numpy as np

from mlbook.losses import ProxyNCALoss, SupConLoss
from mlbook.sampling import BalancedBatches
from mlbook.training import (
    AlternatingWeights,
    ByDifficulty,
    FixedWeights,
    GradientNormWeights,
    JointModel,
    ScheduledWeights,
    UncertaintyWeights,
    with_rates,
)

N_CLASSES, EMBEDDING_SIZE = 10, 32
SAMPLES_PER_CLASS = 6
RATE, TEMPERATURE = 2e-3, 0.1
_SCHEDULES = {
    "falling": lambda done: 1 - done,
    "rising": lambda done: done,
    "hump": lambda done: 4 * done * (1 - done),
}


def encoder(seed, classify=True):
    """The network of all arms: two convolutions, an embedding, and a classifier if wanted."""

    def start(layer):
        return {"kernel_initializer": keras.initializers.GlorotUniform(4 * seed + layer)}

    layers = keras.layers
    convolution = {"strides": 2, "padding": "same", "activation": "relu"}
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(16, 5, **convolution, **start(0))(inputs)
    x = layers.Conv2D(32, 3, **convolution, **start(1))(x)
    embedding = layers.Dense(EMBEDDING_SIZE, name="embedding", **start(2))(layers.Flatten()(x))
    outputs = {"embedding": embedding}
    if classify:
        softmax = {"activation": "softmax", "name": "probabilities"}
        outputs["probabilities"] = layers.Dense(N_CLASSES, **softmax, **start(3))(
            layers.ReLU()(embedding)
        )
    return keras.Model(inputs, outputs)


def make(arm, value, steps, seed):
    """A compiled network for one arm and one value of its setting.

    Parameters
    ----------
    arm : str
        One of `joint_mnist.SETTINGS`.
    value : float or str
        Of the setting.
    steps : int
        Of the whole training, for schedules.
    seed : int
        Of the network's first weights and of the proxies.

    Returns
    -------
    JointModel
        From images (n, 28, 28, 1) in [0, 1] to {"embedding": ..., "probabilities": ...}.
    """
    keras.utils.set_random_seed(seed)
    classify = keras.losses.SparseCategoricalCrossentropy()
    metric = SupConLoss(TEMPERATURE)
    optimizer = keras.optimizers.Adam(RATE)
    weighting = FixedWeights()
    if arm == "cross_entropy":
        classify, metric = _smoothed(value), None
    elif arm == "difficulty":
        kind, share = value.split()
        classify, metric = ByDifficulty(classify, kind, float(share)), None
    elif arm == "alone":
        classify, metric = None, SupConLoss(value)
    elif arm == "fixed":
        weighting = FixedWeights({"embedding": value})
    elif arm == "alternating":
        weighting = AlternatingWeights(every=value)
    elif arm == "schedule":
        weighting = ScheduledWeights({"embedding": _SCHEDULES[value]}, steps)
    elif arm == "uncertainty":
        # the weights have few steps in which to find their place
        optimizer = with_rates(optimizer, {"log_variances": value})
        weighting = UncertaintyWeights()
    elif arm == "gradients":
        weighting = GradientNormWeights("embedding", alpha=value)
    elif arm == "rates":
        metric = ProxyNCALoss(N_CLASSES, EMBEDDING_SIZE)
        optimizer = with_rates(optimizer, {"proxies": value})
    else:
        raise ValueError(f"no arm {arm!r}")
    losses = {"embedding": metric, "probabilities": classify}
    model = JointModel(encoder(seed, classify=arm != "alone"), weighting)
    model.compile(optimizer, loss={name: loss for name, loss in losses.items() if loss})
    return model


def train(arm, value, x, y, steps, seed):
    """Train one network.

    Parameters
    ----------
    arm, value, steps, seed
        As for `make`; the seed also draws the batches, which are the same for all arms.
    x : ndarray of float32, shape (n, 28, 28, 1)
    y : ndarray of int, shape (n,)

    Returns
    -------
    model : JointModel
    history : dict
        One value a step of each loss and weight.
    seconds_per_step : float
        Processor time of all threads, from the second twentieth of the steps on: the first ones
        are spent on compiling.
    """
    model = make(arm, value, steps, seed)
    batches = BalancedBatches(x, y, N_CLASSES, SAMPLES_PER_CLASS, seed=seed)
    rows = np.concatenate([batches.indices(step) for step in range(steps)])
    watch = _Watch(after=max(1, steps // 20))
    # the batches are drawn already: one pass, in their order
    model.fit(
        x[rows],
        batches.labels[rows],
        batch_size=batches.batch_size,
        shuffle=False,
        verbose=0,
        callbacks=[watch],
    )
    return model, watch.history, watch.seconds_per_step


def outputs(model, x):
    """Embeddings of length 1, and probabilities if there are any, of images."""
    # `predict` would compile a function for every network, which takes longer than this
    found = [model.encoder(x[i : i + 1000], training=False) for i in range(0, len(x), 1000)]
    found = {
        name: np.concatenate([keras.ops.convert_to_numpy(part[name]) for part in found])
        for name in found[0]
    }
    embedding = found["embedding"]
    embedding /= np.maximum(np.linalg.norm(embedding, axis=1, keepdims=True), 1e-12)
    return embedding, found.get("probabilities")


class _Watch(keras.callbacks.Callback):
    """Processor time of the steps, and the losses and weights on the way."""

    def __init__(self, after):
        super().__init__()
        self.after = after
        self.history = {}

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 == self.after:
            self.start, self.first = time.process_time(), batch + 1
        self.last = batch + 1
        for name, value in (logs or {}).items():
            # Keras hands out the mean since the start of the epoch
            self.history.setdefault(name, []).append(float(value))

    def on_train_end(self, logs=None):
        done = self.last - self.first
        self.seconds_per_step = (time.process_time() - self.start) / max(done, 1)
        for name, means in self.history.items():
            sums = np.asarray(means) * np.arange(1, len(means) + 1)
            self.history[name] = np.diff(sums, prepend=0).tolist()


def _smoothed(share):
    """Cross-entropy with integer labels, a share of the target spread over all classes."""

    def smoothed_cross_entropy(labels, probabilities):
        labels = keras.ops.one_hot(keras.ops.cast(labels, "int32"), N_CLASSES)
        labels = keras.ops.reshape(labels, (-1, N_CLASSES))
        return keras.losses.categorical_crossentropy(labels, probabilities, label_smoothing=share)

    return smoothed_cross_entropy
