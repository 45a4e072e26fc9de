"""The discrete Hartley transform: Fourier's with real numbers for real data."""

import numbers

import numpy as np
import scipy.fft


def hartley_transform(x, shape=None):
    """Orthonormal discrete Hartley transform of the last axis.

    The matrix is H_kn = cas(2 pi k n / d) / sqrt(d), with cas = cos + sin; in two dimensions
    H_(u,v),(r,c) = cas(2 pi (u r / h + v c / w)) / sqrt(h w). It is real, symmetric and its own
    inverse, hence orthogonal: sums of squares are kept (Parseval). Computed as the real minus
    the imaginary part of the Fourier transform, in O(d log d).

    Parameters
    ----------
    x : array-like of shape (..., d)
    shape : tuple of int, default=None
        (h, w) with h w = d: each vector holds an image row by row. None: one dimension.

    Returns
    -------
    ndarray of shape (..., d)

    Raises
    ------
    ValueError
        On a single number, on empty vectors, or on a shape that does not hold d values.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"x must have shape (..., d) with d >= 1, got {x.shape}")
    grid = (x.shape[-1],) if shape is None else check_image_shape(shape, x.shape[-1])
    spectrum = scipy.fft.fftn(
        x.reshape(x.shape[:-1] + grid), axes=range(-len(grid), 0), norm="ortho"
    )
    return (spectrum.real - spectrum.imag).reshape(x.shape)


def check_image_shape(shape, n_features):
    """The shape as a tuple of two int; ValueError unless it holds n_features values."""
    try:
        height, width = shape
        valid = all(isinstance(side, numbers.Integral) and side >= 1 for side in shape)
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise ValueError(f"shape must be None or (height, width), two integers, got {shape!r}")
    if height * width != n_features:
        raise ValueError(
            f"shape {height} x {width} holds {height * width} values, "
            f"but the vectors have {n_features}"
        )
    return int(height), int(width)
