"""Checks that look at a data set."""

import numpy as np

from mlbook.checks.base import REFUTED, SUPPORTED, UNCHECKABLE, Outcome


def covariance_is_invertible(evidence, dataset):
    """Can the sample covariance of the training items be inverted?"""
    data = evidence.dataset(dataset)
    X = data.x_train.reshape(len(data.x_train), -1).astype(np.float64)
    constant = int(np.sum(np.ptp(X, axis=0) == 0))
    rank = np.linalg.matrix_rank(np.cov(X, rowvar=False), hermitian=True)
    text = (
        f"{data.tier} data: {constant} of {X.shape[1]} features are constant, the covariance has "
        f"rank {rank}"
    )
    return Outcome(SUPPORTED if rank == X.shape[1] else REFUTED, text)


def has_counts(evidence, dataset, total, classes, shape):
    """Has the data set this many items, classes, and this shape of an item?"""
    data = evidence.dataset(dataset)
    found = len(data.y_train) + len(data.y_test), len(data.class_names), data.x_train.shape[1:]
    text = f"{found[0]:,} items, {found[1]} classes, items of shape {found[2]}"
    if data.tier != "canonical":
        return Outcome(UNCHECKABLE, f"only {data.tier} data here ({text})")
    return Outcome(SUPPORTED if found == (total, classes, tuple(shape)) else REFUTED, text)


CHECKS = (covariance_is_invertible, has_counts)
