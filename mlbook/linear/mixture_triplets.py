"""Triplets for the mixtures of metrics: which ones are asked, and what each base metric answers."""

import numpy as np
from sklearn.utils import check_random_state

from mlbook.blocks import row_blocks

N_TARGETS = 3
N_IMPOSTORS = 10
_FLOATS_PER_BLOCK = 2**21


def draw_triplets(X, y, maps, n_triplets, random_state):
    """Triplets of near neighbours: i, one of its nearest of the class, one of the nearest others.

    *Near* is measured by the uniform mixture of the base metrics, so that no base metric sets
    its own examination. The choice is still biased: it asks about the pairs which the uniform
    mixture finds near, of which a very different metric might find few near. (Random
    pairs would be unbiased, but almost all of them are easy.)

    Every anchor is used once before one is used twice, and so on; anchors are in random order,
    and no triplet occurs twice.

    Returns
    -------
    ndarray of shape (at most n_triplets, 3)
        All there are, in a fixed order, if they are no more than `n_triplets`.
    """
    rng = check_random_state(random_state)
    anchors = np.flatnonzero(np.bincount(y)[y] > 1)
    if len(anchors) > n_triplets:
        anchors = np.sort(rng.choice(anchors, n_triplets, replace=False))
    M = sum(L.T @ L for L in maps) / len(maps)
    centred = X - X.mean(axis=0)
    mapped = centred @ M.astype(X.dtype)
    squares = np.einsum("nd,nd->n", mapped, centred)
    n_targets, n_impostors = min(N_TARGETS, len(X) - 1), min(N_IMPOSTORS, len(X) - 1)
    targets = np.empty((len(anchors), n_targets), dtype=np.int64)
    impostors = np.empty((len(anchors), n_impostors), dtype=np.int64)
    for rows in row_blocks(len(anchors), max(1, _FLOATS_PER_BLOCK // len(X))):
        chosen = anchors[rows]
        distances = squares - 2 * mapped[chosen] @ centred.T  # but for the anchor's own square
        alike = y[chosen][:, np.newaxis] == y
        impostors[rows] = _smallest(np.where(alike, np.inf, distances), n_impostors)
        alike[np.arange(len(chosen)), chosen] = False
        targets[rows] = _smallest(np.where(alike, distances, np.inf), n_targets)
    own = anchors[:, np.newaxis]
    valid = ((y[targets] == y[own]) & (targets != own))[:, :, np.newaxis]
    valid = (valid & (y[impostors] != y[own])[:, np.newaxis]).reshape(len(anchors), -1)
    # Each anchor's triplets in random order, first all first ones, then all second ones, ...
    turn = np.where(valid, rng.random_sample(valid.shape), 2.0).argsort(axis=1).argsort(axis=1)
    order = np.lexsort((rng.random_sample(valid.size), turn.ravel(), ~valid.ravel()))
    kept = np.sort(order[: min(n_triplets, int(valid.sum()))])
    anchor, pair = np.divmod(kept, n_targets * n_impostors)
    target, impostor = np.divmod(pair, n_impostors)
    return np.column_stack([anchors[anchor], targets[anchor, target], impostors[anchor, impostor]])


def _smallest(distances, k):
    """Positions of the k smallest in each row; among equals any, but always the same."""
    if k == distances.shape[1]:
        return np.broadcast_to(np.arange(k), distances.shape)
    return np.argpartition(distances, k - 1, axis=1)[:, :k]


def triplet_margins(X, maps, triplets):
    """z with z[t, m] = d_m(i, l)^2 - d_m(i, j)^2 for the triplets (i, j, l), in float64."""
    points, inverse = np.unique(triplets, return_inverse=True)
    i, j, l = inverse.reshape(triplets.shape).T  # noqa: E741 (the letters of the definition)
    z = np.empty((len(triplets), len(maps)))
    for m, L in enumerate(maps):
        mapped = np.empty((len(points), len(L)))
        for rows in row_blocks(len(points)):
            mapped[rows] = X[points[rows]].astype(np.float64) @ L.T
        for rows in row_blocks(len(triplets)):
            far = ((mapped[i[rows]] - mapped[l[rows]]) ** 2).sum(axis=1)
            z[rows, m] = far - ((mapped[i[rows]] - mapped[j[rows]]) ** 2).sum(axis=1)
    return z
