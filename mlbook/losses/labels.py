"""Class labels on their way into a loss: what is accepted, and what the batch can teach."""

import warnings

import keras
import numpy as np
from keras import ops

_HOW_TO_NUMBER = "number the classes first: labels = np.unique(labels, return_inverse=True)[1]"


class DegenerateBatchWarning(UserWarning):
    """A batch without a positive pair, or without a negative one: there is little to learn."""


def known_values(labels):
    """The labels as a NumPy array, or None while Keras traces a graph and has no values."""
    if not (ops.is_tensor(labels) or isinstance(labels, keras.KerasTensor)):
        return np.asarray(labels)
    try:
        return np.asarray(ops.convert_to_numpy(labels))
    except Exception:  # each backend has its own error for "there is no value yet"
        return None


def class_numbers(labels, n_classes=None):
    """Integer labels of shape (n,) from integers of shape (n,) or (n, 1), or one-hot rows.

    Parameters
    ----------
    labels : ndarray
        With values; see `class_numbers_symbolic` for a tensor without.
    n_classes : int or None, default=None
        The classes a loss has proxies for.

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    ValueError
        On strings, floats, rows that are not one-hot, no label at all, or a label outside
        0 .. n_classes - 1.
    """
    _refuse_type(labels.dtype.kind, labels.ndim)
    if labels.ndim == 2 and labels.shape[1] == 1:
        _refuse_type(labels.dtype.kind, 1)
        labels = labels[:, 0]
    elif labels.ndim == 2:
        if n_classes is not None and labels.shape[1] != n_classes:
            raise ValueError(
                f"one-hot labels have {labels.shape[1]} columns, but the loss has proxies for "
                f"n_classes={n_classes} classes"
            )
        if not (np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all()):
            raise ValueError(
                f"labels of shape {labels.shape} are not one-hot (one 1 and else 0 in each row): "
                "a metric loss needs one class a sample"
            )
        labels = labels.argmax(axis=1)
    if not len(labels):
        raise ValueError("the batch is empty: a metric loss needs samples")
    labels = labels.astype(np.int64)
    if n_classes is not None:
        outside = np.unique(labels[(labels < 0) | (labels >= n_classes)])
        if len(outside):
            raise ValueError(
                f"label {outside[0]} is outside the classes 0 .. {n_classes - 1} that the loss has "
                f"proxies for: raise n_classes, or {_HOW_TO_NUMBER}"
            )
    return labels


def class_numbers_symbolic(labels, n_classes=None):
    """The same for a tensor without values: what type and shape tell is checked."""
    dtype, rank = str(labels.dtype), len(labels.shape)
    kind = next((kind for kind, name in _KINDS.items() if name in dtype), "U")
    _refuse_type(kind, rank)
    if rank == 1:
        return labels
    columns = labels.shape[1]
    if columns == 1:
        _refuse_type(kind, 1)
        return ops.squeeze(labels, axis=1)
    if n_classes is not None and columns is not None and columns != n_classes:
        raise ValueError(
            f"one-hot labels have {columns} columns, but the loss has proxies for "
            f"n_classes={n_classes} classes"
        )
    return ops.argmax(labels, axis=1)


def warn_if_degenerate(labels, name, stacklevel):
    """Warn if no two labels are equal, or all are."""
    n_classes = len(np.unique(labels))
    if n_classes == len(labels):
        missing = "no two samples share a class, so there is no positive pair"
    elif n_classes == 1:
        missing = "all samples have one class, so there is no negative pair"
    else:
        return
    warnings.warn(
        f"{name}: {missing} in this batch of {len(labels)}; the terms that need one count as 0. "
        "Draw balanced batches with mlbook.sampling.BalancedBatches.",
        DegenerateBatchWarning,
        stacklevel=stacklevel,
    )


# "uint" holds "int", and "bfloat" "float"
_KINDS = {"i": "int", "f": "float", "b": "bool"}


def _refuse_type(kind, rank):
    if kind == "O" and rank == 0:
        raise ValueError("labels must be integers, one a sample; got None")
    if kind not in "iufb":
        raise ValueError(f"labels must be integers, got strings or objects; {_HOW_TO_NUMBER}")
    if rank not in (1, 2):
        raise ValueError(
            f"labels must have shape (batch,), or one-hot (batch, n_classes); got {rank} dimensions"
        )
    if rank == 1 and kind == "f":
        raise ValueError(
            "labels must be integers, got floats; class numbers stored as floats: "
            f"labels.astype('int64'), anything else: {_HOW_TO_NUMBER}"
        )
