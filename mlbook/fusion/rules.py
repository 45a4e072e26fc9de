"""Rules that make one answer out of several: of probabilities, and of embeddings."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from mlbook.fusion.modalities import is_missing

RULES = ("product", "mean")
# a classifier that is certain has seen too little: no class is ruled out by one modality
FLOOR = 1e-6


def combine_probabilities(probabilities, rule="product", weights=None, prior=None):
    """One probability for each class from the probabilities that each modality gives.

    With p_m(c) of modality m, prior p(c) and weights w_m,

    - "product": p(c) times the product over m of (p_m(c) / p(c))^w_m, made to add up to 1. For
      equal weights of 1 it is Bayes' rule if the modalities are independent given the class.
    - "mean": the weighted mean of p_m(c). It asks for less and forgets more: two modalities
      that agree make it no surer than one.

    Parameters
    ----------
    probabilities : mapping of str to array-like of shape (n, n_classes)
        Rows of NaN, where the modality is missing, are left out.
    rule : {"product", "mean"}
    weights : mapping of str to float >= 0, or None
        None is 1 for each.
    prior : array-like of shape (n_classes,) or None
        None is the same for all classes. The mean does not need it.

    Returns
    -------
    ndarray of shape (n, n_classes)
        Rows add up to 1.

    Raises
    ------
    ValueError
        On an unknown rule, shapes that differ, numbers that are no probabilities, a negative
        weight, or an item without a modality that counts.

    References
    ----------
    J. Kittler, M. Hatef, R. P. W. Duin and J. Matas, On combining classifiers, IEEE
    Transactions on Pattern Analysis and Machine Intelligence 20(3), 1998: there the product
    rule and the sum rule.
    """
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    parts = _as_probabilities(probabilities)
    weights = as_weights(weights, parts)
    n_classes = next(iter(parts.values())).shape[1]
    prior = np.full(n_classes, 1 / n_classes) if prior is None else np.asarray(prior, dtype=float)
    if prior.shape != (n_classes,) or not (prior > 0).all():
        raise ValueError(f"prior must hold {n_classes} numbers > 0, got {prior}")
    present = {name: ~is_missing(part) & (weights[name] > 0) for name, part in parts.items()}
    if not np.any(list(present.values()), axis=0).all():
        raise ValueError("an item has no modality that counts: its weights are 0, or all missing")
    total = np.zeros((len(next(iter(parts.values()))), n_classes))
    for name, part in parts.items():
        rows = present[name]
        if rule == "mean":
            total[rows] += weights[name] * part[rows]
        else:
            total[rows] += weights[name] * evidence(part[rows], prior)
    if rule == "mean":
        return total / total.sum(axis=1, keepdims=True)
    total += np.log(prior)
    return np.exp(total - logsumexp(total, axis=1, keepdims=True))


def evidence(probabilities, prior):
    """log of probability over prior: what a modality adds to what was known, (n, n_classes)."""
    return np.log(np.maximum(probabilities, FLOOR)) - np.log(prior)


def log_linear_weights(probabilities, y, prior):
    """Weights of the product rule that make the right classes most probable.

    Parameters
    ----------
    probabilities : mapping of str to array-like of shape (n, n_classes)
        Of items that the classifiers did not learn from, without missing rows.
    y : array-like of int, shape (n,)
        Columns of the right classes.
    prior : array-like of shape (n_classes,)

    Returns
    -------
    dict of str to float
        At least 0. The sum over items of -log p(right class) is convex in them, so there is
        one minimum.
    """
    parts = _as_probabilities(probabilities)
    prior, y = np.asarray(prior, dtype=float), np.asarray(y)
    votes = np.stack([evidence(part, prior) for part in parts.values()])  # (m, n, classes)

    def cost(weights):
        scores = np.tensordot(weights, votes, axes=1) + np.log(prior)
        logs = scores - logsumexp(scores, axis=1, keepdims=True)
        rows = np.arange(len(y))
        # gradient: the vote of the right class against the expected vote
        expected = (np.exp(logs) * votes).sum(axis=2)
        return -logs[rows, y].mean(), (expected - votes[:, rows, y]).mean(axis=1)

    start = np.ones(len(votes))
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(votes))
    return dict(zip(parts, found.x.tolist(), strict=True))


def mean_embedding(embeddings, weights=None):
    """The mean of the embeddings of an item, each at length 1.

    It means something only if equal coordinates of the modalities mean the same: see
    `mlbook.fusion.alignment` and `mlbook.fusion.towers`.

    Parameters
    ----------
    embeddings : mapping of str to array-like of shape (n, n_dims)
        Rows of NaN, where the modality is missing, are left out.
    weights : mapping of str to float >= 0, or None

    Returns
    -------
    ndarray of shape (n, n_dims)
        Rows of length 1, or 0 where embeddings cancel.

    Raises
    ------
    ValueError
        If the numbers of dimensions differ: then there is no sum. On a negative weight, or an
        item without a modality that counts.
    """
    parts = {name: np.asarray(part, dtype=float) for name, part in embeddings.items()}
    shapes = {name: part.shape for name, part in parts.items()}
    if len(set(shapes.values())) > 1:
        told = ", ".join(f"{name}: {shape}" for name, shape in shapes.items())
        raise ValueError(
            f"vectors of different shapes have no sum ({told}): map them into one space first"
        )
    weights = as_weights(weights, parts)
    total, counted = 0, 0
    for name, part in parts.items():
        rows = ~is_missing(part)[:, np.newaxis]
        total = total + weights[name] * np.where(rows, unit_rows(part), 0)
        counted = counted + weights[name] * rows
    if not (counted > 0).all():
        raise ValueError("an item has no modality that counts: its weights are 0, or all missing")
    return unit_rows(total)


def unit_rows(x):
    """Rows scaled to length 1; rows of zeros stay."""
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(lengths > 0, lengths, 1)


def _as_probabilities(probabilities):
    parts = {name: np.asarray(part, dtype=float) for name, part in probabilities.items()}
    shapes = {name: part.shape for name, part in parts.items()}
    if not parts or len(set(shapes.values())) > 1 or len(next(iter(shapes.values()))) != 2:
        raise ValueError(f"probabilities must all have one shape (n, n_classes), got {shapes}")
    for name, part in parts.items():
        rows = part[~is_missing(part)]
        if not ((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-5)):
            raise ValueError(f"{name}: rows of probabilities must be >= 0 and add up to 1")
    return parts


def as_weights(weights, parts):
    if weights is None:
        return dict.fromkeys(parts, 1.0)
    if set(weights) != set(parts):
        raise ValueError(f"weights are for {sorted(weights)}, modalities are {sorted(parts)}")
    if not all(0 <= weight < np.inf for weight in weights.values()):
        raise ValueError(f"weights must be finite and >= 0, got {dict(weights)}")
    return weights
