"""The model that several losses train, and how it asks a weighting for their sum."""

import keras
from keras import ops

from mlbook.losses.trainable import EmbeddingModel
from mlbook.training.weightings import FixedWeights, GradientNormWeights, Weighting


class JointModel(EmbeddingModel):
    """A network trained by several losses at once.

    Parameters
    ----------
    encoder : keras.Model
        With one output for each loss, by name.
    weighting : Weighting or None, default=None
        None is `FixedWeights()`: the plain sum.
    **kwargs
        As for `keras.Model`.

    Notes
    -----
    The history holds, beside the total, the mean of each loss (`NAME_loss`) and of its weight
    (`NAME_weight`). Compile with a dictionary of losses; `loss_weights` belongs to Keras's own
    sum and is refused.
    """

    def __init__(self, encoder, weighting=None, **kwargs):
        super().__init__(encoder, **kwargs)
        self.weighting = weighting if weighting is not None else FixedWeights()

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, **kwargs):
        """As in Keras, with a dictionary of losses.

        Raises
        ------
        ValueError
            If `loss` is no dictionary, names something that is no output of the network, or
            `loss_weights` are given.
        """
        if loss_weights is not None:
            raise ValueError("give the weights as weighting=FixedWeights({...}) to JointModel")
        if not isinstance(loss, dict) or not loss:
            raise ValueError(f"loss must be a dictionary, one loss an output; got {loss!r}")
        outputs = self.encoder.output
        names = outputs if isinstance(outputs, dict) else self.encoder.output_names
        if missing := set(loss) - set(names):
            raise ValueError(
                f"no output {', '.join(sorted(missing))}; the network has {', '.join(names)}"
            )
        super().compile(optimizer, loss=loss, **kwargs)
        self._parts = {name: _as_loss(part) for name, part in loss.items()}
        self._step = keras.Variable(0, dtype="int32", trainable=False, name="step")
        holder = keras.layers.Layer(name="weighting")
        self.weighting.build(tuple(loss), holder)
        self.loss_parameters.held.append(holder)
        if isinstance(self.weighting, GradientNormWeights):
            self.weighting.kernel = _kernel(self.encoder, self.weighting.shared)
        self._means = {
            f"{name}_{what}": keras.metrics.Mean(name=f"{name}_{what}")
            for name in loss
            for what in ("loss", "weight")
        }

    @property
    def metrics(self):
        return super().metrics + list(getattr(self, "_means", {}).values())

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """As in Keras; labels that all losses share are those of every output."""
        labels = y if isinstance(y, dict) else dict.fromkeys(y_pred, y)
        return super().compute_metrics(x, labels, y_pred, sample_weight)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The weighted sum of the losses; state changes only while training."""
        losses = []
        if isinstance(y, dict) and (missing := self._parts.keys() - y):
            raise ValueError(
                f"no labels for {', '.join(sorted(missing))}; there are labels for {', '.join(y)}"
            )
        for name, part in self._parts.items():
            labels = y[name] if isinstance(y, dict) else y
            weights = sample_weight[name] if isinstance(sample_weight, dict) else sample_weight
            losses.append(part(labels, y_pred[name], sample_weight=weights))
        if training:
            total = self.weighting.total(losses, self._step.value)
        else:
            total = Weighting.total(self.weighting, losses, self._step.value)
        used = self.weighting.weights(losses, self._step.value)
        for name, loss, weight in zip(self._parts, losses, used, strict=True):
            self._means[f"{name}_loss"].update_state(loss)
            self._means[f"{name}_weight"].update_state(weight)
        if training:
            self._step.assign(self._step + 1)
        for extra in self.losses:
            total = total + ops.sum(extra)
        return total


def _as_loss(part):
    """A loss object from an object, a name or a function of labels and outputs."""
    if isinstance(part, keras.losses.Loss):
        return part
    found = keras.losses.get(part)
    if isinstance(found, keras.losses.Loss):
        return found

    class Wrapped(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return found(y_true, y_pred)

    return Wrapped(name=getattr(found, "__name__", "loss"))


def _kernel(encoder, name):
    layer = next((layer for layer in encoder.layers if layer.name == name), None)
    if layer is None or not hasattr(layer, "kernel"):
        having = [layer.name for layer in encoder.layers if hasattr(layer, "kernel")]
        raise ValueError(
            f"shared={name!r} is no layer with a kernel; there are {', '.join(having)}"
        )
    return layer.kernel.value
