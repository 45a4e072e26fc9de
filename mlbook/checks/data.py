"""Checks that look at a data set."""

import numpy as np

from mlbook.checks.base import REFUTED, SUPPORTED, UNCHECKABLE, Outcome, graded


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


def has_classes(evidence, dataset, names):
    """Has the data set classes of these names? Supported with conditions, if of some."""
    known = evidence.dataset(dataset).class_names
    found = [name for name in names if name in known]
    text = f"of {len(names)} names, {len(found)} are among the {len(known)} classes"
    return graded([name in known for name in names], text)


def is_sparse(evidence, dataset, below):
    """Have texts more words than there are texts, and almost all counts of them zero?

    `below` is the share of counts that may differ from zero. The first 500 texts are counted.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    counts = CountVectorizer().fit_transform(evidence.dataset(dataset).x_train[:500])
    share = counts.nnz / np.prod(counts.shape)
    text = f"{counts.shape[0]} texts, {counts.shape[1]:,} words, {100 * share:.2g} % not zero"
    return Outcome(
        SUPPORTED if counts.shape[1] > counts.shape[0] and share < below else REFUTED, text
    )


def is_scaled(evidence, module, function, low, high):
    """Do images of numbers from 0 to 255 leave a preparation within these limits?"""
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    values = np.asarray(getattr(evidence.importer(module), function)(images))
    text = f"{function} gives numbers from {values.min():g} to {values.max():g}"
    inside = low <= values.min() and values.max() <= high
    return Outcome(SUPPORTED if inside else REFUTED, text)


CHECKS = (covariance_is_invertible, has_classes, has_counts, is_scaled, is_sparse)
