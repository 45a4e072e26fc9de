"""What LMNN minimises: target neighbours, impostors, the loss of both and its gradient."""

import numpy as np
from scipy.sparse import csr_array

from mlbook.blocks import row_blocks
from mlbook.neighbors import exact_neighbors

# one megabyte of float64: a block of differences stays in the processor's cache
_FLOATS_PER_BLOCK = 2**17


def lmnn_loss(L, X, targets, anchors, impostors, margin, mu):
    """The loss of `LMNN` and its gradient.

    Parameters
    ----------
    L : ndarray of shape (n_components, n_features)
    X : ndarray of shape (n_samples, n_features)
    targets : ndarray of shape (n_samples, n_neighbors)
        Positions of target neighbours; -1 is none.
    anchors, impostors : ndarray of shape (n_pairs,)
        The pairs of an anchor and a sample of another class that may be within the margin.
    margin, mu : float

    Returns
    -------
    value : float
    gradient : ndarray of shape (n_components, n_features)
    """
    Z = X @ L.T.astype(X.dtype)
    exists = targets >= 0
    near = target_squares(Z, targets)  # (n_samples, n_neighbors)
    far = pair_squares(Z, anchors, impostors)  # (n_pairs,)
    n_anchors = np.count_nonzero(exists[:, 0])
    value = (1 - mu) * near[exists].sum(dtype=np.float64)
    # how often the squared distance of each pair occurs in the loss
    target_weights = np.where(exists, 1 - mu, 0.0)
    times = np.zeros(len(anchors), dtype=np.int32)
    for column in range(targets.shape[1]):
        limit = np.where(exists[:, column], margin + near[:, column], -np.inf)
        lack = np.maximum(limit.astype(X.dtype)[anchors] - far, 0)
        value += mu * lack.sum(dtype=np.float64)
        violated = lack > 0
        times += violated
        counts = np.bincount(anchors[violated], minlength=len(X))
        target_weights[:, column] += mu * counts
    used = np.flatnonzero(times)
    rows, columns = np.nonzero(exists)
    values = np.concatenate([target_weights[exists], -mu * times[used]]).astype(X.dtype)
    firsts = np.concatenate([rows, anchors[used]])
    seconds = np.concatenate([targets[exists], impostors[used]])
    weights = csr_array((values, (firsts, seconds)), shape=(len(X), len(X)))
    degrees = weights.sum(axis=1) + weights.sum(axis=0)
    laplacian_z = degrees[:, np.newaxis] * Z - weights @ Z - weights.T @ Z
    gradient = (laplacian_z.T @ X).astype(np.float64)
    return value / n_anchors, (2 / n_anchors) * gradient


def pair_squares(Z, first, second):
    """Squared distances of pairs of rows, in bounded memory."""
    squares = np.empty(len(first), dtype=Z.dtype)
    for rows in row_blocks(len(first), max(1, _FLOATS_PER_BLOCK // Z.shape[1])):
        difference = Z[first[rows]] - Z[second[rows]]
        squares[rows] = np.einsum("pd,pd->p", difference, difference)
    return squares


def target_squares(Z, targets):
    """Squared distances to the target neighbours; 0 where there is none."""
    rows = np.arange(len(Z))
    columns = [pair_squares(Z, rows, np.where(t < 0, rows, t)) for t in targets.T]
    return np.stack(columns, axis=1)


def target_neighbors(X, groups, n_neighbors):
    """Nearest other samples of the same class, nearest first; -1 where there are no more."""
    targets = np.full((len(X), n_neighbors), -1, dtype=np.int64)
    for group in range(groups.max() + 1):
        members = np.flatnonzero(groups == group)
        k = min(n_neighbors, len(members) - 1)
        if k < 1:
            continue
        found = exact_neighbors(X[members], X[members], k + 1)[1]
        itself = found == np.arange(len(members))[:, np.newaxis]
        itself[~itself.any(axis=1), -1] = True  # duplicates pushed it out of its own list
        targets[members, :k] = members[found[~itself].reshape(-1, k)]
    return targets


def find_impostors(Z, groups, targets, margin, n_impostors):
    """The pairs (anchor, impostor) that are within the margin, or within twice the margin.

    The latter may come within it before the next search.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_components)
        The mapped samples.
    groups : ndarray of shape (n_samples,)
        Classes as whole numbers.
    targets : ndarray of shape (n_samples, n_neighbors)
    margin : float
    n_impostors : int or None
        At most so many, the nearest, for each anchor.

    Returns
    -------
    anchors, impostors : ndarray of shape (n_pairs,)
    """
    import faiss

    Z32 = np.ascontiguousarray(Z - Z.mean(axis=0), dtype=np.float32)
    reach = reach_of(Z, targets, margin).astype(np.float32)
    anchors, impostors = [], []
    for group in range(groups.max() + 1):
        members = np.flatnonzero((groups == group) & (targets[:, 0] >= 0))
        others = np.flatnonzero(groups != group)
        if not len(members):
            continue
        k = min(n_impostors or len(others), len(others))
        gallery = Z32[others]
        # blocks, as with n_impostors=None the lists are as long as the gallery
        for rows in row_blocks(len(members), max(1, 2**24 // k)):
            squares, found = faiss.knn(Z32[members[rows]], gallery, k)
            row, column = np.nonzero(squares <= reach[members[rows], np.newaxis])
            anchors.append(members[rows][row])
            impostors.append(others[found[row, column]])
    return np.concatenate(anchors), np.concatenate(impostors)


def reach_of(Z, targets, margin):
    """Squared distance of each sample up to which others are, or soon may be, impostors."""
    return target_squares(Z, targets).max(axis=1) + 2 * margin


def within_reach(Z, targets, anchors, impostors, margin):
    """Those of the pairs that are as near as `find_impostors` asks."""
    near = pair_squares(Z, anchors, impostors) <= reach_of(Z, targets, margin)[anchors]
    return anchors[near], impostors[near]


def merge(pairs, found, n_samples):
    """Pairs that are in one of two lists."""
    keys = [anchors * n_samples + impostors for anchors, impostors in (pairs, found)]
    return np.divmod(np.union1d(*keys), n_samples)


def target_size(Z, targets):
    """Root mean square distance to the target neighbours; of all samples, if that is zero."""
    squares = target_squares(Z, targets)[targets >= 0].mean(dtype=np.float64)
    squares = squares or 2 * Z.var(axis=0, dtype=np.float64).sum()
    if squares == 0:
        raise ValueError("the samples do not differ")
    return float(np.sqrt(squares))
