"""The small modern network for CIFAR-10, and how it is trained."""

import keras
import numpy as np
from keras import ops

from mlbook.augmentation import AugmentedBatches
from mlbook.encoders import residual_cnn
from mlbook.losses import EmbeddingModel, SupConLoss
from mlbook.progress import training_bar

BATCH, EMBEDDING_SIZE = 128, 64
# usual values for this kind of network, fixed in advance; neither arm was tuned
RATE, DECAY, SMOOTHING, WARM_UP = 0.2, 5e-3, 0.1, 0.25
TEMPERATURE = 0.1


class Triangle(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that rises in a line from 0 to its peak, and falls in a line to 0 again.

    Parameters
    ----------
    peak : float
    steps : int
        Of the whole training.
    warm_up : float, default=0.25
        Share of the steps that rise.

    References
    ----------
    L. N. Smith and N. Topin, Super-convergence: very fast training of neural networks using
    large learning rates, arXiv:1708.07120.
    """

    def __init__(self, peak, steps, warm_up=WARM_UP):
        self.peak, self.steps, self.warm_up = peak, steps, warm_up

    def __call__(self, step):
        done = (ops.cast(step, "float32") + 1) / self.steps
        up, down = done / self.warm_up, (1 - done) / (1 - self.warm_up)
        return self.peak * ops.maximum(ops.minimum(up, down), 1e-3)

    def get_config(self):
        return {"peak": self.peak, "steps": self.steps, "warm_up": self.warm_up}


def train_residual(
    x, y, epochs, seed, metric_weight=0.0, n_classes=10, classify=True, validation=None, name=""
):
    """Train the small modern network: augmentation, a triangle of rates, decay of the weights.

    Parameters
    ----------
    x : ndarray of uint8, shape (n, 32, 32, 3)
    y : ndarray of int, shape (n,)
        Counted from 0.
    epochs, seed : int
    metric_weight : float, default=0.0
        Of the supervised contrastive loss on the embedding, beside cross-entropy.
    n_classes : int, default=10
    classify : bool, default=True
        False trains with the metric loss alone.
    validation : tuple of (x, y), or None
        Watched during training; decides nothing.
    name : str
        Of the progress bar.

    Returns
    -------
    model : EmbeddingModel
        From images as `batches.scale` makes them to {"embedding": ..., "probabilities": ...}.
    scale : callable
    history : dict
    """
    keras.utils.set_random_seed(seed)

    def both(labels):
        return {"embedding": labels, "probabilities": labels}

    batches = AugmentedBatches(x, y, min(BATCH, len(y)), y_transform=both, seed=seed)
    model = EmbeddingModel(residual_cnn(n_classes=n_classes, n_dims=EMBEDDING_SIZE, seed=seed))
    optimizer = keras.optimizers.SGD(
        Triangle(RATE, epochs * len(batches)), momentum=0.9, nesterov=True, weight_decay=DECAY
    )
    # the scales and shifts of the normalisation are not what should stay small
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    model.compile(
        optimizer,
        loss={"embedding": SupConLoss(TEMPERATURE), "probabilities": _smoothed(n_classes)},
        loss_weights={"embedding": metric_weight, "probabilities": float(classify)},
        metrics={"probabilities": "accuracy"},
    )
    if validation is not None:
        validation = batches.scale(validation[0]), both(validation[1])
    found = model.fit(
        batches,
        epochs=epochs,
        shuffle=False,
        validation_data=validation,
        verbose=0,
        callbacks=[training_bar(name or "small modern network")],
    )
    return model, batches.scale, found.history


def untrained(x, seed, n_classes=10):
    """The model and the scale of `train_residual`, before any training."""
    model = EmbeddingModel(residual_cnn(n_classes=n_classes, n_dims=EMBEDDING_SIZE, seed=seed))
    return model, AugmentedBatches(x, np.zeros(len(x), int), 1, shift=0, seed=seed).scale


def outputs(model, images):
    """Embeddings of length 1 and predicted classes of images as the model wants them."""
    found = model.predict(images, batch_size=500, verbose=0)
    embedding = found["embedding"]
    embedding /= np.maximum(np.linalg.norm(embedding, axis=1, keepdims=True), 1e-12)
    return embedding, found["probabilities"].argmax(axis=1)


def _smoothed(n_classes):
    """Cross-entropy against targets that leave a little to the other classes."""

    def smoothed_cross_entropy(labels, probabilities):
        labels = ops.cast(ops.reshape(labels, (-1,)), "int32")
        return keras.losses.categorical_crossentropy(
            ops.one_hot(labels, n_classes), probabilities, label_smoothing=SMOOTHING
        )

    return smoothed_cross_entropy
