"""Streams that change, made from real pictures: a slow or sudden turn, and a camera that darkens.

A *course* says how far the change has gone at each sample, from 0 (not at all) to 1.
"""

import numpy as np
from scipy.ndimage import rotate

from mlbook.arguments import check_number


def course(n_samples, onset, duration):
    """0 before the onset, then rising evenly over `duration` samples, then 1.

    Parameters
    ----------
    n_samples, onset : int
    duration : int
        0 is a jump.

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    check_number("n_samples", n_samples, at_least=1, integer=True)
    check_number("onset", onset, at_least=0, integer=True)
    check_number("duration", duration, at_least=0, integer=True)
    position = np.arange(n_samples) - onset
    if duration == 0:
        return (position >= 0).astype(float)
    return np.clip((position + 1) / duration, 0.0, 1.0)


def turn(images, degrees):
    """Each image turned counter-clockwise by its angle, on a ground of zeros.

    Parameters
    ----------
    images : ndarray of shape (n, height, width)
    degrees : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n, height, width), float32
    """
    return np.stack(
        [
            rotate(image.astype(np.float32), angle, reshape=False, order=1)
            for image, angle in zip(images, degrees, strict=True)
        ]
    )


def darken(images, factors, noise, rng):
    """Each image multiplied by its factor, with the noise of the sensor, which does not shrink.

    Parameters
    ----------
    images : ndarray of shape (n, height, width), values in [0, 1]
    factors : ndarray of shape (n,)
    noise : float
        Standard deviation in each pixel.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n, height, width), float32, clipped to [0, 1] as a camera does
    """
    dark = images * np.asarray(factors)[:, np.newaxis, np.newaxis]
    return np.clip(dark + noise * rng.standard_normal(images.shape), 0, 1).astype(np.float32)


def pool(images, size):
    """Means over squares of size x size pixels, as rows, shape (n, n_squares).

    Raises
    ------
    ValueError
        If height or width is no multiple of the size.
    """
    n, height, width = images.shape
    if height % size or width % size:
        raise ValueError(f"images of {height} x {width} do not divide into squares of {size}")
    blocks = images.reshape(n, height // size, size, width // size, size)
    return blocks.mean(axis=(2, 4)).reshape(n, -1)
