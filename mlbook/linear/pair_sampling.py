"""Random pairs of points, and comparisons of pairs, from class labels."""

import numpy as np
from sklearn.utils import check_array, check_random_state

from mlbook.arguments import check_number
from mlbook.linear.checks import class_groups

_DRAWS = 50


def sample_pairs(y, n, random_state=None):
    """Draw similar and dissimilar pairs of points from class labels, half of each.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class labels of any sortable type.
    n : int
        How many pairs; there are fewer if y does not offer so many different ones of a kind.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    pairs : ndarray of shape (at most n, 2)
        Positions in y, the lower one first; no pair twice. First the similar pairs.
    kinds : ndarray of shape (at most n,)
        +1 or -1.

    Raises
    ------
    ValueError
        If no two points share a class, or all do, or n is below 2.

    Notes
    -----
    The pairs are no fair sample of all pairs. Half of them are similar, which of all pairs of
    c equal classes only about 1 / c are: a threshold calibrated on them calls too many pairs
    similar in practice. And a point is drawn first, its partner second, so that a class has
    similar pairs in proportion to its points, not to its pairs: a large class has fewer than
    its share of pairs, and a class with one point takes part in dissimilar pairs only.
    """
    check_number("n", n, at_least=2, integer=True)
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    if y.ndim != 1:
        raise ValueError(f"y must have one dimension, got shape {y.shape}")
    groups, counts = class_groups(y)
    rng = check_random_state(random_state)
    by_class = np.argsort(groups, kind="stable")
    starts = np.cumsum(counts) - counts
    n_similar = (int(n) + 1) // 2
    similar = _draw(True, n_similar, by_class, starts, counts, groups, rng)
    dissimilar = _draw(False, int(n) - n_similar, by_class, starts, counts, groups, rng)
    return np.vstack([similar, dissimilar]), np.repeat([1, -1], [len(similar), len(dissimilar)])


def sample_quadruplets(y, n, random_state=None):
    """Positions (a, b, c, d), shape (n, 4): a, b of one class, c, d of two."""
    rng = check_random_state(random_state)
    pairs, kinds = sample_pairs(y, 2 * n, rng)
    # shuffled, as pairs come class by class if there are no more than asked for
    similar, dissimilar = (rng.permutation(pairs[kinds == kind]) for kind in (1, -1))
    n = min(n, max(len(similar), len(dissimilar)))
    return np.hstack(
        [similar[np.arange(n) % len(similar)], dissimilar[np.arange(n) % len(dissimilar)]]
    )


def _draw(similar, n, by_class, starts, counts, groups, rng):
    sizes = counts.astype(object)  # whole numbers without overflow
    exist = sum(sizes * (sizes - 1)) if similar else len(groups) ** 2 - sum(sizes**2)
    if exist // 2 <= n:
        return _all_pairs(similar, by_class, starts, counts)
    firsts = np.flatnonzero(counts[groups] > 1) if similar else np.arange(len(groups))
    own_place = np.empty(len(groups), dtype=np.int64)
    own_place[by_class] = np.arange(len(groups))
    found = np.empty((0, 2), dtype=np.int64)
    for _ in range(_DRAWS):  # rare repeats are replaced; when nearly all are repeats, give up
        i = rng.choice(firsts, 2 * n)
        start, count = starts[groups[i]], counts[groups[i]]
        if similar:
            place = start + (rng.random_sample(len(i)) * (count - 1)).astype(np.int64)
            place += place >= own_place[i]  # anyone of the class but oneself
        else:
            place = (rng.random_sample(len(i)) * (len(groups) - count)).astype(np.int64)
            place += np.where(place >= start, count, 0)  # anyone outside the class
        drawn = np.sort(np.column_stack([i, by_class[place]]), axis=1)
        both = np.vstack([found, drawn])
        found = both[np.sort(np.unique(both, axis=0, return_index=True)[1])]
        if len(found) >= n:
            break
    return found[:n]


def _all_pairs(similar, by_class, starts, counts):
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for start, count in zip(starts, counts, strict=True):
        own, later = by_class[start : start + count], by_class[start + count :]
        if similar:
            pairs.append(np.column_stack([own[place] for place in np.triu_indices(count, 1)]))
        else:
            pairs.append(np.column_stack([np.repeat(own, len(later)), np.tile(later, count)]))
    return np.sort(np.vstack(pairs), axis=1)
