"""The few tensor operations of the metric losses, safe where the naive formula is not.

What is NaN stays NaN: conditions are put so that a comparison with NaN, which is false, keeps
the value. A network that has broken then shows in its loss.
"""

import numpy as np
from keras import backend, ops

# stands for minus infinity: exp gives an exact 0, and 0 times it is still a number
NEVER = -1e30
DISTANCES = ("euclidean", "squared_euclidean", "cosine")


def epsilon(x):
    """The relative rounding error of x's type."""
    return float(np.finfo(backend.standardize_dtype(x.dtype)).eps)


def unit(x):
    """Rows scaled to length 1; a row of zeros stays zero, with a finite gradient.

    The largest entry is divided out first (as a constant: the result does not depend on it), so
    that the squares neither overflow nor vanish.
    """
    largest = ops.stop_gradient(ops.max(ops.absolute(x), axis=-1, keepdims=True))
    x = x / ops.where(largest > 0, largest, ops.ones_like(largest))
    squares = ops.sum(ops.square(x), axis=-1, keepdims=True)
    return x * ops.rsqrt(ops.where(squares > 0, squares, ops.ones_like(squares)))


def squared_distances(x, y=None):
    """Squared Euclidean distances, shape (len(x), len(y)), of the rows of x and y (or x again).

    From ||a||^2 + ||b||^2 - 2 a.b, by one matrix product. The difference loses the digits of
    small distances, so the mean is subtracted first: distances do not see it, and what is left
    is as small as the cloud. What is within the rounding error is exactly 0.
    """
    centre = ops.stop_gradient(ops.mean(x, axis=0, keepdims=True))
    x = x - centre
    y = x if y is None else y - centre
    sizes = ops.sum(ops.square(x), axis=1)[:, None] + ops.sum(ops.square(y), axis=1)[None, :]
    squares = sizes - 2 * ops.matmul(x, ops.transpose(y))
    return ops.where(squares <= 8 * epsilon(x) * sizes, ops.zeros_like(squares), squares)


def root(squares):
    """Square root with gradient 0 (not infinite) at 0."""
    nothing = squares <= 0
    roots = ops.sqrt(ops.where(nothing, ops.ones_like(squares), squares))
    return ops.where(nothing, ops.zeros_like(roots), roots)


def distances(x, kind):
    """Distances between all rows of x: one of `DISTANCES`, shape (len(x), len(x))."""
    if kind == "cosine":
        x = unit(x)
        return 1 - ops.matmul(x, ops.transpose(x))
    squares = squared_distances(x)
    return squares if kind == "squared_euclidean" else root(squares)


def pair_masks(labels, dtype):
    """Which ordered pairs are positive and which negative, as 0 and 1; a sample with itself is
    neither."""
    same = labels[:, None] == labels[None, :]
    index = ops.arange(ops.shape(labels)[0])
    other = index[:, None] != index[None, :]
    positive = ops.cast(ops.logical_and(same, other), dtype)
    return positive, ops.cast(ops.logical_not(same), dtype)


def divide(numerator, denominator):
    """Numerator over denominator, 0 where the denominator is 0 (and NaN if the numerator is)."""
    nothing = denominator == 0
    quotient = numerator / ops.where(nothing, ops.ones_like(denominator), denominator)
    return ops.where(nothing, 0 * numerator, quotient)


def mean_over(values, mask):
    """Each row's share of the mean over all entries where the mask is 1.

    The mean of the result over the rows is that mean; 0 if the mask is empty.
    """
    mask = ops.stop_gradient(mask)
    rows = ops.sum(values * mask, axis=1)
    n_rows = ops.cast(ops.shape(values)[0], values.dtype)
    return n_rows * divide(rows, ops.sum(mask))


def log_sum_exp(x, mask, axis=1, plus_one=False):
    """log of the sum of exp(x) where the mask is 1, and of 1 more if `plus_one`.

    `NEVER` where there is nothing to sum.
    """
    x = ops.where(mask > 0, x, ops.full_like(x, NEVER))
    largest = ops.stop_gradient(ops.max(x, axis=axis, keepdims=True))
    if plus_one:
        largest = ops.maximum(largest, 0)
    total = ops.sum(ops.exp(x - largest) * mask, axis=axis, keepdims=True)
    if plus_one:
        total = total + ops.exp(-largest)
    nothing = total <= 0
    result = largest + ops.log(ops.where(nothing, ops.ones_like(total), total))
    result = ops.where(nothing, ops.full_like(result, NEVER), result)
    return ops.squeeze(result, axis=axis)
