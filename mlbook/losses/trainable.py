"""Losses with trainable weights of their own, and the model that trains and saves them.

Keras trains the weights of layers and models; a `keras.losses.Loss` has none that anybody
would look at. So the weights live in a layer (`TrainableLoss.parameters`), the loss reads
them, and `EmbeddingModel.compile` adopts that layer: from then on they are among
`model.trainable_variables`, get gradients and optimiser slots, and are saved in the model's
file. Only public interfaces of Keras are used.
"""

import warnings

import keras
import numpy as np
from keras import ops

from mlbook.losses.base import MetricLoss, check_positive, register
from mlbook.losses.labels import known_values, warn_if_degenerate


class _Parameters(keras.layers.Layer):
    """A layer that only holds weights."""

    def build(self, input_shape=None):
        self.built = True

    def call(self, inputs):
        return inputs


class _Adopted(keras.layers.Layer):
    """Holds the layers of the losses that a model is compiled with.

    Keras refuses new weights once a layer is built, and a model is often compiled again after
    that. This layer is never called, hence never built, and takes them at any time. A list,
    because Keras forgets what leaves a list, but not what leaves an attribute.
    """

    def __init__(self):
        super().__init__(name="loss_parameters")
        self.held = []


class TrainableLoss(MetricLoss):
    """Base of the losses with trainable weights.

    Parameters
    ----------
    embedding_size : int
        Number of dimensions of the embeddings, for which the weights are made.
    normalize, reduction, name, dtype
        See `MetricLoss`.

    Attributes
    ----------
    parameters : keras.layers.Layer
        Holds the weights.
    trainable_variables : list of keras.Variable

    Notes
    -----
    Compile it into an `EmbeddingModel`. In another model, or in a training loop of your own,
    the weights get no updates unless you hand `trainable_variables` to the optimiser; a loss
    whose weights nobody asked for warns when it is first used.
    """

    def __init__(self, embedding_size, normalize, reduction, name, dtype):
        super().__init__(normalize, reduction, name, dtype)
        self.embedding_size = check_positive("embedding_size", embedding_size, integer=True)
        half = self.dtype in ("float16", "bfloat16")
        self._parameters = _Parameters(
            name=f"{self.name}_parameters", dtype="float32" if half else self.dtype
        )
        self._asked_for = False

    @property
    def parameters(self):
        self._asked_for = True
        return self._parameters

    @property
    def trainable_variables(self):
        return self.parameters.trainable_variables

    def _add_weight(self, name, shape, initializer):
        return self._parameters.add_weight(
            name=name, shape=shape, initializer=initializer, trainable=True
        )

    def _checked_labels(self, y_true, y_pred):
        labels = super()._checked_labels(y_true, y_pred)
        if y_pred.shape[1] != self.embedding_size:
            raise ValueError(
                f"{self.name}: made for embedding_size={self.embedding_size}, but the embeddings "
                f"have {y_pred.shape[1]} dimensions"
            )
        if not self._asked_for:
            self._asked_for = True
            warnings.warn(
                f"{self.name} has trainable weights, and no model trains them: use "
                "mlbook.losses.EmbeddingModel(encoder).compile(..., loss=...), or give the "
                "loss's trainable_variables to your optimiser",
                stacklevel=3,
            )
        return labels


@register
class EmbeddingModel(keras.Model):
    """A network that also trains the weights of its losses.

    Parameters
    ----------
    encoder : keras.Model
        Maps inputs to embeddings (or to several outputs, one of them embeddings). It stays
        usable, and can be saved, on its own.
    **kwargs
        As for `keras.Model`: name, dtype.

    Attributes
    ----------
    encoder : keras.Model
    loss_parameters : keras.layers.Layer
        Holds the weights of the losses given to `compile`.

    Notes
    -----
    `fit` and `evaluate` look at the labels before they start, when these are at hand (an array,
    or batches from `mlbook.sampling.BalancedBatches`): a label of a wrong type, or outside the
    proxies of a loss, is a ValueError, and labels without any positive pair a warning. In a
    compiled training step nothing can be raised; there a label without proxy makes the loss
    NaN.

    Examples
    --------
    >>> import keras
    >>> from mlbook.losses import ArcFaceLoss, EmbeddingModel
    >>> encoder = keras.Sequential([keras.Input((64,)), keras.layers.Dense(16)])
    >>> model = EmbeddingModel(encoder)
    >>> model.compile("adam", loss=ArcFaceLoss(n_classes=10, embedding_size=16))
    >>> sorted(variable.name for variable in model.trainable_variables)
    ['bias', 'kernel', 'proxies']
    """

    def __init__(self, encoder, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(encoder, keras.layers.Layer):
            raise TypeError(f"encoder must be a Keras model, got {type(encoder).__name__}")
        self.encoder = encoder
        self.loss_parameters = _Adopted()

    def build(self, input_shape=None):
        if not self.encoder.built:
            self.encoder.build(input_shape)
        self.built = True

    def call(self, inputs, training=None):
        return self.encoder(inputs, training=training)

    def compile(self, *args, **kwargs):
        """As in Keras; the weights of the losses become weights of the model."""
        super().compile(*args, **kwargs)
        self.loss_parameters.held.clear()
        for loss in self._metric_losses():
            if isinstance(loss, TrainableLoss):
                self.loss_parameters.held.append(loss.parameters)

    def fit(self, x=None, y=None, *args, **kwargs):
        """As in Keras, after a look at the labels."""
        self._check_labels(x, y)
        return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """As in Keras, after a look at the labels."""
        self._check_labels(x, y)
        return super().evaluate(x, y, *args, **kwargs)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def get_config(self):
        config = super().get_config()
        return {**config, "encoder": keras.saving.serialize_keras_object(self.encoder)}

    @classmethod
    def from_config(cls, config):
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        return cls(**{**config, "encoder": encoder})

    def _metric_losses(self):
        losses = keras.tree.flatten(self.loss) if self.loss is not None else []
        return [loss for loss in losses if isinstance(loss, MetricLoss)]

    def _check_labels(self, x, y):
        if isinstance(self.loss, (list, tuple, dict)):
            return  # which labels belong to which loss is for Keras to find out
        labels = getattr(x, "labels", None) if y is None else y
        if ops.is_tensor(labels):
            labels = known_values(labels)
        elif hasattr(labels, "to_numpy"):  # a column of a frame
            labels = labels.to_numpy()
        if not isinstance(labels, (np.ndarray, list)):
            return
        for loss in self._metric_losses():
            values = loss.check_labels(labels)
            if loss._uses_pairs:
                warn_if_degenerate(values, loss.name, stacklevel=4)


def one_hot(labels, n_classes, dtype):
    """One-hot rows of shape (n, n_classes), and a vector of n zeros to add to the losses.

    The vector is NaN where the label has no class: inside a compiled step nothing can be raised,
    and a wrong label should show instead of training something wrong.
    """
    labels = ops.cast(labels, "int32")
    inside = ops.logical_and(labels >= 0, labels < n_classes)
    zeros = ops.zeros_like(ops.cast(labels, dtype))
    return ops.one_hot(labels, n_classes, dtype=dtype), ops.where(inside, zeros, zeros + np.nan)
