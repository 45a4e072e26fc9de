"""Local binary patterns: the texture of an image as histograms of codes, and their distance.

A code says which of the points on a circle around a pixel are at least as bright as the pixel.
The codes are scikit-image's; here they are counted, in the cells of a grid or in one histogram,
so that the counts of all images form one array, ready for a metric.
"""

import numbers

import numpy as np
from sklearn.metrics.pairwise import additive_chi2_kernel

METHODS = ("default", "ror", "uniform", "nri_uniform")
# 2**points codes: beyond this, far more than an image has pixels
_MOST_POINTS = {"default": 16, "ror": 16, "uniform": 64, "nri_uniform": 64}


def lbp_codes(images, points=8, radius=1, method="nri_uniform"):
    """The local binary pattern of each pixel whose circle lies within the image.

    Parameters
    ----------
    images : array-like of shape (n, height, width)
        Grey: whole numbers, or floating-point numbers from 0 to 1, which are rounded to the 256
        levels of a photograph. (Differences in the last bit of a number would else become
        differences between codes.)
    points : int, default=8
        Points on the circle.
    radius : float, default=1
        Of the circle, in pixels. A margin as wide has no codes, because scikit-image takes what
        lies outside of the image for black.
    method : {"nri_uniform", "default", "ror", "uniform"}, default="nri_uniform"
        As scikit-image names them; see `n_codes`. Turning the image changes codes of "default"
        and "nri_uniform", and not, up to interpolation, those of "ror" and "uniform".

    Returns
    -------
    ndarray of int, shape (n, height - 2 margin, width - 2 margin)
        With margin = radius rounded up.

    Raises
    ------
    ValueError
        On another shape or range of the images, a circle that does not fit into them, or a
        parameter out of range.

    References
    ----------
    T. Ojala, M. Pietikainen and T. Maenpaa, Multiresolution gray-scale and rotation invariant
    texture classification with local binary patterns, IEEE Transactions on Pattern Analysis and
    Machine Intelligence 24(7), 2002.
    """
    from skimage.feature import local_binary_pattern

    n_codes(points, method)
    images = _as_grey(images)
    if isinstance(radius, bool) or not isinstance(radius, numbers.Real) or not 0 < radius < np.inf:
        raise ValueError(f"radius must be a number of pixels > 0, got {radius!r}")
    margin = int(np.ceil(radius))
    if 2 * margin >= min(images.shape[1:]):
        raise ValueError(
            f"a circle of radius {radius} fits around no pixel of an image of "
            f"{images.shape[1]} x {images.shape[2]} pixels; use a smaller radius"
        )
    inner = slice(margin, -margin)
    codes = [local_binary_pattern(image, points, radius, method)[inner, inner] for image in images]
    return np.array(codes, dtype=np.int64)


def n_codes(points=8, method="nri_uniform"):
    """How many different codes there are, and so how long a histogram is.

    Parameters
    ----------
    points : int, default=8
    method : str, default="nri_uniform"

    Returns
    -------
    int
        - "default": 2**points, a bit for each point;
        - "ror": as many (most never occur): the smallest code among those of all rotations;
        - "uniform": points + 2: a code with at most two changes between 0 and 1 around the
          circle is named by its number of ones, all others share one name;
        - "nri_uniform": points * (points - 1) + 3: the same, but it matters where the ones are.

    Raises
    ------
    ValueError
        On an unknown method, or a number of points out of range.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}")
    most = _MOST_POINTS[method]
    is_count = isinstance(points, numbers.Integral) and not isinstance(points, bool)
    if not is_count or not 2 <= points <= most:
        raise ValueError(
            f"points must be an integer from 2 to {most} for method {method!r}, got {points!r}"
        )
    if method == "uniform":
        return int(points) + 2
    return int(points) * (int(points) - 1) + 3 if method == "nri_uniform" else 2 ** int(points)


def lbp_histograms(images, grid=1, points=8, radius=1, method="nri_uniform"):
    """How often each code occurs, in each cell of a grid.

    Parameters
    ----------
    images : array-like of shape (n, height, width)
        As for `lbp_codes`.
    grid : int or tuple of two ints, default=1
        Rows and columns of cells; 1 is a single histogram of the whole image, which does not
        know where anything is. Cells differ by a pixel where the grid does not divide the image.
    points, radius, method
        As for `lbp_codes`.

    Returns
    -------
    ndarray of shape (n, rows * columns * n_codes(points, method))
        Shares. All cells count the same, and the shares of an image add up to 1.

    Raises
    ------
    ValueError
        As `lbp_codes`; or if the grid has more rows or columns than there are codes.

    References
    ----------
    T. Ahonen, A. Hadid and M. Pietikainen, Face description with local binary patterns:
    application to face recognition, IEEE Transactions on Pattern Analysis and Machine
    Intelligence 28(12), 2006.
    """
    rows, columns = _as_grid(grid)
    codes = lbp_codes(images, points, radius, method)
    n, height, width = codes.shape
    if rows > height or columns > width:
        raise ValueError(
            f"a grid of {rows} x {columns} cells is finer than the {height} x {width} codes of an "
            "image; use fewer cells or larger images"
        )
    row_cell, column_cell = _cells(height, rows), _cells(width, columns)
    cell = row_cell[:, np.newaxis] * columns + column_cell
    size = n_codes(points, method)
    bins = rows * columns * size
    counts = np.stack(
        [np.bincount((cell * size + image).ravel(), minlength=bins) for image in codes]
    )
    pixels = np.repeat(np.bincount(cell.ravel()), size)
    return counts / (pixels * (rows * columns))


def chi_square(first, second):
    """Chi-square distances sum_i (x_i - y_i)^2 / (x_i + y_i) between histograms.

    A difference counts more where both shares are small. Where both are zero, the summand is 0.

    Parameters
    ----------
    first : array-like of shape (n, n_bins)
    second : array-like of shape (m, n_bins)

    Returns
    -------
    ndarray of shape (n, m)
        From 0 to 2 for histograms that add up to 1. Not a metric: its root is one.

    Raises
    ------
    ValueError
        On negative or non-finite values, or different numbers of bins.
    """
    return -additive_chi2_kernel(first, second)


def _cells(length, parts):
    """The part, 0 .. parts - 1, that each position belongs to."""
    return np.arange(length) * parts // length


def _as_grid(grid):
    pair = (grid, grid) if isinstance(grid, numbers.Integral) else grid
    try:
        rows, columns = pair
    except (TypeError, ValueError):
        rows = columns = None
    for count in (rows, columns):
        if isinstance(count, bool) or not isinstance(count, numbers.Integral) or count < 1:
            raise ValueError(
                f"grid must be a number of rows and columns >= 1, or a pair of them, got {grid!r}"
            )
    return int(rows), int(columns)


def _as_grey(images):
    images = np.asarray(images)
    if images.ndim != 3 or not images.size:
        hint = " (a single image? write image[np.newaxis])" if images.ndim == 2 else ""
        raise ValueError(
            f"images must be grey and have shape (n, height, width), got {images.shape}{hint}"
        )
    if images.dtype.kind in "iu":
        return images
    if images.dtype.kind != "f" or not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            "images must hold whole numbers, or floating-point numbers from 0 to 1 without NaN; "
            f"got {images.dtype}" + _range(images)
        )
    return np.rint(255 * images).astype(np.uint8)


def _range(images):
    if images.dtype.kind != "f":
        return ""
    return f" from {images.min():g} to {images.max():g}; divide by the largest grey level"
