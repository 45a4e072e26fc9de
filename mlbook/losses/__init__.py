"""Losses that teach a network a metric: `keras.losses.Loss` over class labels and embeddings.

    model.compile("adam", loss=mlbook.losses.TripletLoss(margin=0.2))

Every loss takes labels of shape (batch,) (integers; one-hot rows are accepted) and embeddings
of shape (batch, n_dims), is written with `keras.ops`, and returns one number a sample, whose
mean is the value of the batch. A loss with trainable weights of its own (proxies, feature
weights) is compiled into an `EmbeddingModel`, which trains and saves them with the network.
`CONVENTIONS` tells which arguments give the values of PyTorch Metric Learning.

Keras is imported when the first loss is asked for, not when this package is imported.
"""

from importlib import import_module

from mlbook.losses.conventions import CONVENTIONS

_HOMES = {
    "base": ("DegenerateBatchWarning", "MetricLoss"),
    "pairs": ("ContrastiveLoss", "LiftedStructureLoss", "MultiSimilarityLoss", "StressLoss"),
    "triplets": ("TripletLoss",),
    "softmax": ("NPairsLoss", "NTXentLoss", "SupConLoss"),
    "article": ("CDSLoss", "FWHDLoss", "MahalanobisLoss"),
    "trainable": ("EmbeddingModel", "TrainableLoss"),
    "proxies": ("ProxyAnchorLoss", "ProxyNCALoss"),
    "margins": ("ArcFaceLoss", "CosFaceLoss"),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["CONVENTIONS", *sorted(_MODULES)]


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
