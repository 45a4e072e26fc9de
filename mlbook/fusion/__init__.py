"""Several modalities (模态) of the same things: how to join what each of them tells.

    X = {"image": pixels, "speech": features}   # one row an item; None: the modality is missing
    FeatureFusion(LogisticRegression()).fit(X, y)
    DecisionFusion({"image": classifier, "speech": classifier}).fit(X, y)
    EmbeddingFusion(TwoTowers(), KNeighborsClassifier()).fit(X, y)

All of them take a dictionary of arrays, one a modality, with the items in the same order. A
modality may be missing for all items (None, or no entry) or for some (rows of NaN).

Keras is imported when a tower is asked for, not when this package is imported.
"""

from importlib import import_module

_HOMES = {
    "modalities": ("check_modalities", "pair_by_label", "shares"),
    "estimators": ("DecisionFusion", "EmbeddingFusion", "FeatureFusion"),
    "rules": ("combine_probabilities", "log_linear_weights", "mean_embedding"),
    "alignment": ("CanonicalCorrelation", "SeparateMaps"),
    "towers": ("TwoTowerLoss", "TwoTowers"),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_MODULES)


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
