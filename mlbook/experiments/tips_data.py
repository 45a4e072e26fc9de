"""The data of the experiments `tips_*`, in the form that they share."""

from functools import lru_cache

import numpy as np
from sklearn.model_selection import train_test_split

from mlbook.datasets.newsgroups import PARTS, groups, without

MIN_WORDS = 20


def halved(images):
    """Images of 28 x 28 bytes as rows of 196 numbers in [0, 1]: means of squares of 2 x 2 pixels.

    Parameters
    ----------
    images : ndarray of shape (n, 28, 28)

    Returns
    -------
    ndarray of float64, shape (n, 196)
    """
    return images.reshape(len(images), 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196) / 255


def shifted(images, steps):
    """Copies of images, moved; what comes into view is 0.

    Parameters
    ----------
    images : ndarray of shape (n, height, width)
    steps : sequence of (int, int)
        Pixels down and to the right, one pair a copy.

    Returns
    -------
    ndarray of shape (n * n_steps, height, width)
        The copies of one image stand together.
    """
    height, width = images.shape[1:]
    margin = max(abs(step) for pair in steps for step in pair)
    wide = np.pad(images, ((0, 0), (margin, margin), (margin, margin)))
    copies = [
        wide[:, margin - down : margin - down + height, margin - right : margin - right + width]
        for down, right in steps
    ]
    return np.stack(copies, axis=1).reshape(-1, height, width)


def part(x, y, limits, seed):
    """A random training and test part of these items, classes in proportion.

    Parameters
    ----------
    x : ndarray of shape (n, ...)
    y : ndarray of shape (n,)
    limits : Budget
    seed : int

    Returns
    -------
    x_train, x_test, y_train, y_test : ndarrays
    """
    return train_test_split(
        x,
        y,
        train_size=limits.n_train,
        test_size=limits.n_test,
        stratify=y,
        random_state=seed,
    )


def pooled(dataset):
    """All items of a data set of arrays, both splits together: x and y."""
    return (
        np.concatenate([dataset.x_train, dataset.x_test]),
        np.concatenate([dataset.y_train, dataset.y_test]),
    )


@lru_cache(maxsize=2)
def posts(dataset):
    """The posts of the article's four groups without headers, signatures and quotations.

    Posts of fewer than 20 words are left out.

    Returns
    -------
    x : ndarray of str
    y : ndarray of int
    """
    chosen = without(groups(dataset), *PARTS)
    texts = np.array([*chosen.x_train, *chosen.x_test], dtype=object)
    labels = np.concatenate([chosen.y_train, chosen.y_test])
    long = np.array([len(text.split()) >= MIN_WORDS for text in texts])
    return texts[long], labels[long]
