"""What all metric losses share: the labels, the numbers they compute in, how they are saved."""

import keras
import numpy as np
from keras import ops

from mlbook.arguments import check_number
from mlbook.losses.labels import (
    DegenerateBatchWarning,
    class_numbers,
    class_numbers_symbolic,
    known_values,
    warn_if_degenerate,
)
from mlbook.losses.tensors import unit

__all__ = ["DegenerateBatchWarning", "MetricLoss", "check_choice", "check_positive", "register"]

register = keras.saving.register_keras_serializable(package="mlbook")


class MetricLoss(keras.losses.Loss):
    """Base of the losses over class labels and embeddings.

    A subclass implements `sample_losses(labels, embeddings)`, which returns one value a sample.

    Parameters
    ----------
    normalize : bool, default=True
        Scale each embedding to length 1 first. A zero embedding stays zero.
    reduction : str or None, default="sum_over_batch_size"
        As in Keras. The default, the mean over the samples, is the value of the loss;
        None gives the samples' shares in it.
    name : str or None, default=None
    dtype : str or None, default=None
        In which to compute; None is Keras's default, float32, also under a mixed precision
        policy. Half precision is accepted, but computed in float32 and then rounded.

    Notes
    -----
    *Labels* are integers of shape (batch,) or (batch, 1), or one-hot rows; strings, floats and
    rows that are not one-hot raise ValueError. (Inside a compiled training step the values of
    rows are not known, and the largest entry counts; `EmbeddingModel.fit` looks beforehand.)
    Only the equality of labels matters to a loss over pairs.

    *NaN.* An embedding that is NaN or infinite makes the loss NaN, whatever its pairs are.

    *Degenerate batches.* Without a positive pair, or without a negative one, the terms that
    need it are 0 and their gradients 0, and a call with values (not from inside a compiled
    training step, where nothing can speak) warns with `DegenerateBatchWarning`. Distances
    between equal embeddings are 0 with gradient 0.

    *Sample weights* weigh the samples' shares, that is, all pairs or triplets in which the
    sample is the anchor.
    """

    _options = ()
    _uses_pairs = True

    def __init__(self, normalize=True, reduction="sum_over_batch_size", name=None, dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.normalize = bool(normalize)

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The loss of a batch.

        Parameters
        ----------
        y_true : array-like or tensor of shape (batch,), or one-hot (batch, n_classes)
        y_pred : array-like or tensor of shape (batch, n_dims)
        sample_weight : array-like or tensor of shape (batch,), default=None

        Returns
        -------
        tensor
            A scalar, or of shape (batch,) if `reduction` is None.

        Raises
        ------
        ValueError
            On labels of a wrong type or shape, or not one a sample.
        """
        if not hasattr(y_pred, "shape"):
            y_pred = np.asarray(y_pred)
        labels = self._checked_labels(y_true, y_pred)
        return super().__call__(labels, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        """One value a sample, shape (batch,)."""
        embeddings = y_pred
        if self.dtype in ("float16", "bfloat16"):
            embeddings = ops.cast(embeddings, "float32")
        if self.normalize:
            embeddings = unit(embeddings)
        return self.sample_losses(ops.cast(y_true, "int32"), embeddings)

    def sample_losses(self, labels, embeddings):
        """One value a sample: labels (batch,) of int, embeddings (batch, n_dims), as called."""
        raise NotImplementedError

    def get_config(self):
        options = {option: getattr(self, option) for option in ("normalize", *self._options)}
        return {**super().get_config(), "dtype": self.dtype, **options}

    def check_labels(self, labels):
        """The labels as integers of shape (n,); ValueError if the loss cannot use them."""
        return class_numbers(known_values(labels), getattr(self, "n_classes", None))

    def _checked_labels(self, y_true, y_pred):
        shape = y_pred.shape
        if len(shape) != 2:
            raise ValueError(
                f"{self.name}: embeddings must have shape (batch, n_dims), got {tuple(shape)}"
            )
        values = known_values(y_true)
        if values is None:
            labels = class_numbers_symbolic(y_true, getattr(self, "n_classes", None))
        else:
            labels = self.check_labels(values)
            if self._uses_pairs:
                warn_if_degenerate(labels, self.name, stacklevel=4)
        n_labels, n_embeddings = labels.shape[0], shape[0]
        if None not in (n_labels, n_embeddings) and n_labels != n_embeddings:
            raise ValueError(
                f"{self.name}: {n_labels} labels for {n_embeddings} embeddings; need one each"
            )
        if not self._uses_pairs:
            return labels
        # Keras turns labels into the type of the loss, and float32 merges integers above 2^24.
        # Only equality matters, so each label is named by the first sample that has it.
        labels = ops.convert_to_tensor(labels)
        return ops.argmax(labels[:, None] == labels[None, :], axis=1)


def check_choice(name, value, choices):
    """The value if it is one of the choices, else ValueError."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def check_positive(name, value, zero=False, integer=False, at_least=None):
    """The value as a number above (or, with `zero`, at) zero, else ValueError."""
    low = 0 if at_least is None else at_least
    strict = at_least is None and not zero
    check_number(name, value, integer=integer, **{"above" if strict else "at_least": low})
    return int(value) if integer else float(value)
