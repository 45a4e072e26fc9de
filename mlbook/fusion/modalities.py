"""Items seen through several modalities: what is accepted, who belongs to whom, what weighs."""

from collections.abc import Mapping

import numpy as np
from scipy.sparse import issparse


def check_modalities(X, widths=None):
    """The modalities as arrays with the items in the same order.

    Parameters
    ----------
    X : mapping of str to (array-like of shape (n, n_features) or None)
        None: this modality is missing for all items. A row of NaN: it is missing for this item.
    widths : mapping of str to int, or None
        The modalities that were learned from, with their numbers of features; one that X does
        not have counts as missing. None: X decides, and must have every modality.

    Returns
    -------
    dict of str to ndarray of float, shape (n, n_features)
        In the order of `widths`, or else of X. Missing rows are NaN throughout.

    Raises
    ------
    ValueError
        If the modalities have different numbers of items, one is empty or unknown, a row is
        NaN only in part, or an item has no modality at all.
    """
    if isinstance(X, Mapping) and not X:
        raise ValueError("there is no modality: the dictionary is empty")
    if not isinstance(X, Mapping):
        raise ValueError(
            "modalities come as a dictionary, for instance {'image': pixels, 'speech': features}, "
            f"got {type(X).__name__}"
        )
    unknown = [name for name in X if widths is not None and name not in widths]
    if unknown:
        raise ValueError(
            f"the modality {unknown[0]!r} was not learned; learned were {', '.join(widths)}"
        )
    parts = {name: _as_matrix(name, part) for name, part in X.items() if part is not None}
    if not parts:
        raise ValueError("every modality is missing: there is nothing to go by")
    lengths = {name: len(part) for name, part in parts.items()}
    n_items = next(iter(lengths.values()))
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise ValueError(
            f"modalities have different numbers of items ({told}). Row i must be item i in each "
            "of them: mark what is missing with rows of NaN, or pair by class with pair_by_label"
        )
    if widths is None:
        empty = [name for name in X if name not in parts or np.isnan(parts[name]).all()]
        if empty:
            raise ValueError(f"the modality {empty[0]!r} has no item at all: leave it out")
        widths = {name: part.shape[1] for name, part in parts.items()}
    found = {}
    for name, width in widths.items():
        part = parts.get(name)
        found[name] = np.full((n_items, width), np.nan) if part is None else part
        if found[name].shape[1] != width:
            raise ValueError(f"{name} has {part.shape[1]} features, but {width} were learned")
    alone = np.all([np.isnan(part[:, 0]) for part in found.values()], axis=0)
    if alone.any():
        raise ValueError(f"item {np.flatnonzero(alone)[0]} has no modality at all: leave it out")
    return found


def check_labels(y, parts):
    """The labels as an array, one an item of these modalities; ValueError otherwise."""
    y, n_items = np.asarray(y), len(next(iter(parts.values())))
    if y.shape != (n_items,):
        raise ValueError(f"need one label an item: {n_items} items, labels of shape {y.shape}")
    return y


def is_missing(part):
    """Which items lack a modality, shape (n,), for an array that `check_modalities` returned."""
    return np.isnan(part[:, 0])


def pair_by_label(first, second, seed=0):
    """Partners of the same class: for each item of the second list one of the first.

    Call it once for the training items and once for the test items, with lists that share
    nothing: a pair is as clean as its two halves.

    Parameters
    ----------
    first, second : array-like of shape (n_first,) and (n_second,)
        The classes.
    seed : int

    Returns
    -------
    ndarray of int, shape (n_second,)
        Positions in `first`. None is taken twice before all of its class were taken once.

    Raises
    ------
    ValueError
        If a class of the second list has no item in the first.
    """
    first, second = np.asarray(first), np.asarray(second)
    rng = np.random.default_rng(seed)
    partners = np.empty(len(second), dtype=int)
    for name in np.unique(second):
        members, wanting = np.flatnonzero(first == name), np.flatnonzero(second == name)
        if not len(members):
            raise ValueError(f"class {name} has no item in the first list to pair with")
        rounds = [rng.permutation(members) for _ in range(-(-len(wanting) // len(members)))]
        partners[wanting] = np.concatenate(rounds)[: len(wanting)]
    return partners


def shares(X):
    """How much of the squared distance between two items each modality brings, on average.

    The mean squared distance of two random items is twice the sum of the variances, and so it
    is a sum over the modalities of a concatenation.

    Parameters
    ----------
    X : mapping of str to array-like of shape (n, n_features)

    Returns
    -------
    dict of str to float
        Adding up to 1.

    Raises
    ------
    ValueError
        As `check_modalities`; or if all items are equal.
    """
    parts = check_modalities(X).items()
    spread = {name: float(np.nanvar(part, axis=0).sum()) for name, part in parts}
    total = sum(spread.values())
    if not total:
        raise ValueError("all items are equal: no distance to share")
    return {name: value / total for name, value in spread.items()}


def _as_matrix(name, part):
    if issparse(part):
        raise ValueError(f"{name} is sparse: give it dense, as {name}.toarray()")
    part = np.asarray(part)
    if part.ndim != 2 or not part.shape[0] or not part.shape[1]:
        raise ValueError(
            f"{name} must have shape (n, n_features) with at least one of each, got {part.shape}"
        )
    if part.dtype.kind not in "iufb":
        raise ValueError(f"{name} must hold numbers, got {part.dtype}")
    part = part.astype(np.float64)
    if np.isinf(part).any():
        raise ValueError(f"{name} holds infinite values")
    gaps = np.isnan(part)
    partly = gaps.any(axis=1) & ~gaps.all(axis=1)
    if partly.any():
        raise ValueError(
            f"{name}, item {np.flatnonzero(partly)[0]}: some features are NaN. Only a whole row "
            "of NaN says that the modality is missing"
        )
    return part
