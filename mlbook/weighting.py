"""Weights for training samples, from their Mahalanobis distances to the means of the classes.

The article (section 2.3) means to weight samples by the inverse of such a distance; its code
asks for the distances of images to labels. Here the distance is that to the mean of the sample's
own class, under the covariance within the classes, in a space with fewer dimensions than samples.
"""

import numpy as np
from sklearn.utils.validation import check_X_y

from mlbook.linear import RCA

_SCHEMES = ("near", "far", "posterior")


def class_distances(x, y):
    """Mahalanobis distances (马氏距离) of samples to the means of all classes.

    Parameters
    ----------
    x : array-like of shape (n, d)
        Features, for instance main components of images.
    y : array-like of shape (n,)
        Class labels.

    Returns
    -------
    distances : ndarray of shape (n, n_classes)
        In units of the standard deviation within the classes (one covariance for all classes,
        its inverse learned by `RCA`).
    own : ndarray of int, shape (n,)
        The column of each sample's own class; columns are in the order of the sorted labels.

    Raises
    ------
    ValueError
        On NaN, other shapes, one class only, a class with one sample, or a covariance within
        the classes that has no inverse.
    """
    x, y = check_X_y(x, y, dtype=np.float64)
    classes, own, counts = np.unique(y, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise ValueError("distances to the means of classes need two classes, y has one")
    if counts.min() < 2:
        raise ValueError(
            f"class {classes[counts.argmin()]} has one sample, whose distance to the class's mean "
            "is always 0: give every class two or more"
        )
    metric = RCA().fit(x, own)
    if metric.rank_ < x.shape[1]:
        raise ValueError(
            f"the covariance within the classes has rank {metric.rank_} in {x.shape[1]} dimensions "
            "and no inverse: drop constant features, or take fewer main components"
        )
    mapped = metric.transform(x)
    means = np.array([mapped[own == c].mean(axis=0) for c in range(len(classes))])
    squares = (mapped**2).sum(axis=1)[:, None] - 2 * mapped @ means.T + (means**2).sum(axis=1)
    return np.sqrt(np.maximum(squares, 0)), own


def distance_weights(x, y, scheme="near"):
    """A weight for each sample, from its Mahalanobis distance to the mean of its class.

    Parameters
    ----------
    x : array-like of shape (n, d)
    y : array-like of shape (n,)
    scheme : {"near", "far", "posterior"}, default="near"
        "near": in proportion to 1 / distance, the article's formula: typical samples count more.
        "far": in proportion to the distance.
        "posterior": in proportion to the probability of the sample's own label, if classes are
        normal distributions with one covariance and equally likely, as in discriminant analysis.

    Returns
    -------
    ndarray of float32, shape (n,)
        Mean 1, so that the learning rate keeps its meaning.

    Raises
    ------
    ValueError
        As `class_distances`; for an unknown scheme; for "near", if a sample lies at its class's
        mean (it would have all the weight).
    """
    if scheme not in _SCHEMES:
        raise ValueError(f"scheme must be one of {', '.join(_SCHEMES)}, got {scheme!r}")
    distances, own = class_distances(x, y)
    at_own = distances[np.arange(len(own)), own]
    if scheme == "near":
        if at_own.min() < 1e-6 * at_own.mean():
            raise ValueError(
                f"sample {at_own.argmin()} lies at the mean of its class, and 1 / distance has no "
                "value there: drop it, or use another scheme"
            )
        weights = 1 / at_own
    elif scheme == "far":
        weights = at_own
    else:
        logits = -(distances**2) / 2
        logits -= logits.max(axis=1, keepdims=True)
        likelihoods = np.exp(logits)
        weights = likelihoods[np.arange(len(own)), own] / likelihoods.sum(axis=1)
    return (weights / weights.mean()).astype(np.float32)
