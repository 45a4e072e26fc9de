"""Images as arrays: what is done to them before a metric sees them."""

import numpy as np
from scipy.ndimage import affine_transform


def deskew(images):
    """Shear each image so that its ink stands upright, and centre the ink.

    The slant is read off the moments: with rows r and columns c weighted by the ink, it is
    cov(r, c) / var(r), and the shear by it makes the two uncorrelated. The map is different for
    each image, so this is no linear metric on pixels; it removes one thing that should not
    matter before a metric is learned.

    Parameters
    ----------
    images : array-like of shape (n, height, width)
        Ink is positive, paper zero. An image without ink is left as it is.

    Returns
    -------
    ndarray of float32, shape (n, height, width)
        Interpolated linearly.

    Raises
    ------
    ValueError
        If the array is not three-dimensional, or holds negative or non-finite values.
    """
    images = _as_images(images)
    rows, columns = np.mgrid[: images.shape[1], : images.shape[2]]
    middle = (np.array(images.shape[1:]) - 1) / 2
    upright = np.empty_like(images)
    for i, image in enumerate(images):
        ink = image.sum(dtype=np.float64)
        if ink == 0:
            upright[i] = 0
            continue
        weights = image / ink
        centre = np.array([(weights * rows).sum(), (weights * columns).sum()])
        variance = (weights * (rows - centre[0]) ** 2).sum()
        covariance = (weights * (rows - centre[0]) * (columns - centre[1])).sum()
        # ink in one row has no slant
        slant = covariance / variance if variance > 0 else 0.0
        shear = np.array([[1.0, 0.0], [slant, 1.0]])
        affine_transform(image, shear, centre - shear @ middle, output=upright[i], order=1)
    return upright


def jitter(images, rng, shift=1.0, strain=0.1):
    """A copy of each image, moved and deformed a little at random.

    Parameters
    ----------
    images : array-like of shape (n, height, width)
    rng : numpy.random.Generator
    shift : float, default=1.0
        Largest movement along each axis, in pixels.
    strain : float, default=0.1
        Largest change of each element of the 2 x 2 map, which rotates, scales and shears.

    Returns
    -------
    ndarray of float32, shape (n, height, width)

    Raises
    ------
    ValueError
        As `deskew`.
    """
    images = _as_images(images)
    middle = (np.array(images.shape[1:]) - 1) / 2
    moved = np.empty_like(images)
    for i, image in enumerate(images):
        deformation = np.eye(2) + rng.uniform(-strain, strain, (2, 2))
        offset = middle - deformation @ middle + rng.uniform(-shift, shift, 2)
        affine_transform(image, deformation, offset, output=moved[i], order=1)
    return moved


def _as_images(images):
    images = np.asarray(images)
    if images.ndim != 3:
        raise ValueError(f"images must have shape (n, height, width), got {images.shape}")
    images = images.astype(np.float32)
    if not np.isfinite(images).all() or (images < 0).any():
        raise ValueError("images must hold finite values, 0 for paper and positive for ink")
    return images
