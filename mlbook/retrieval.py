"""How good is a ranking? Recall, precision, R-precision and MAP@R of nearest neighbours."""

from dataclasses import dataclass

import numpy as np

from mlbook.blocks import row_blocks
from mlbook.neighbors import exact_neighbors

_ENTRIES_PER_BLOCK = 2**21


@dataclass(frozen=True)
class Retrieval:
    """Measures of a ranking, each a mean over the queries that have a match at all.

    Attributes
    ----------
    recall_at : dict of int to float
        k -> share of queries with at least one match among their k nearest (in this field
        called recall@k; elsewhere hit rate or top-k accuracy).
    precision_at : dict of int to float
        k -> share of matches among the k nearest.
    r_precision : float
        Share of matches among the R nearest, with R the number of matches of the query.
    map_at_r : float
        Mean average precision at R: like R-precision, but early matches count more.
    n_queries : int
        Queries averaged over.
    n_without_match : int
        Queries left out, because nothing in the gallery has their class.
    per_query : dict of str to ndarray
        r_precision and map_at_r of each query, NaN for those left out; for intervals and tests.
    """

    recall_at: dict
    precision_at: dict
    r_precision: float
    map_at_r: float
    n_queries: int
    n_without_match: int
    per_query: dict


def retrieval(
    queries,
    query_labels,
    gallery=None,
    gallery_labels=None,
    ks=(1, 5, 10),
    own_positions=None,
    normalize=False,
):
    """Rank the gallery for each query by Euclid's distance, and measure the rankings.

    Parameters
    ----------
    queries : array-like of shape (n_queries, n_dims)
    query_labels : array-like of shape (n_queries,)
        Of any type that can be compared.
    gallery : array-like of shape (n_gallery, n_dims) or None, default=None
        None: the queries are the gallery, and none is a neighbour of itself.
    gallery_labels : array-like of shape (n_gallery,) or None, default=None
    ks : sequence of int, default=(1, 5, 10)
    own_positions : array-like of int, shape (n_queries,), or None, default=None
        Where the gallery holds the query itself, -1 where it does not; the query is then no
        neighbour of itself. Without it, a query that is in the gallery finds itself first and
        every measure comes out too high.
    normalize : bool, default=False
        Scale all to length 1 first, which ranks by the cosine.

    Returns
    -------
    Retrieval

    Raises
    ------
    ValueError
        On shapes that do not match, values that are not finite, a k larger than the number of
        points that can be found, or when no query has a match.

    Notes
    -----
    Queries are worked through in blocks, so nothing of size n_queries x n_gallery is held. The
    neighbours are those of `mlbook.neighbors`: exact, equal distances in the gallery's order.

    With matches (1 or 0) m_1, m_2, ... in the order of the ranking,
    MAP@R of a query is (1/R) sum over i <= R of m_i (m_1 + ... + m_i) / i.

    References
    ----------
    K. Musgrave, S. Belongie and S.-N. Lim, A metric learning reality check, ECCV 2020,
    arXiv:2003.08505.
    """
    queries, query_labels = _checked(queries, query_labels, "queries")
    if gallery is None:
        if own_positions is not None or gallery_labels is not None:
            raise ValueError("own_positions and gallery_labels need a gallery")
        gallery, gallery_labels = queries, query_labels
        own = np.arange(len(queries))
    else:
        gallery, gallery_labels = _checked(gallery, gallery_labels, "gallery")
        own = _checked_positions(own_positions, queries, gallery)
    if queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"queries have {queries.shape[1]} dimensions, the gallery {gallery.shape[1]}"
        )
    ks = _checked_ks(ks, len(gallery) - bool((own >= 0).any()))

    n_matches = _count_matches(query_labels, gallery_labels) - (own >= 0)
    asked = n_matches > 0
    if not asked.any():
        raise ValueError("no query has a match: nothing (else) in the gallery has its class")
    if normalize:
        queries, gallery = _unit(queries), _unit(gallery)
    centre = gallery.mean(axis=0)
    queries, gallery = queries - centre, gallery - centre

    sums = {k: np.zeros(2) for k in ks}
    r_precision, map_at_r = np.full((2, len(queries)), np.nan)
    for rows, depth in _blocks(n_matches, own, ks, len(gallery)):
        found = _neighbours(queries[rows], gallery, own[rows], depth)
        hits = gallery_labels[found] == query_labels[rows][:, np.newaxis]
        for k in ks:
            sums[k] += hits[:, :k].any(axis=1).sum(), hits[:, :k].mean(axis=1).sum()
        r_precision[rows], map_at_r[rows] = _at_r(hits, n_matches[rows])
    n_asked = int(asked.sum())
    return Retrieval(
        recall_at={k: float(total[0] / n_asked) for k, total in sums.items()},
        precision_at={k: float(total[1] / n_asked) for k, total in sums.items()},
        r_precision=float(np.nanmean(r_precision)),
        map_at_r=float(np.nanmean(map_at_r)),
        n_queries=n_asked,
        n_without_match=len(queries) - n_asked,
        per_query={"r_precision": r_precision, "map_at_r": map_at_r},
    )


def _blocks(n_matches, own, ks, n_gallery):
    """Queries with a match, in blocks that fit into memory, each with the length of its rankings.

    Sorted by that length, so that one large class does not make all rankings long.
    """
    for inside in (True, False):
        rows = np.flatnonzero((n_matches > 0) & ((own >= 0) == inside))
        rows = rows[np.argsort(n_matches[rows], kind="stable")]
        depths = np.maximum(n_matches[rows], max(ks))
        while len(rows):
            sizes = np.arange(1, len(rows) + 1) * (depths + 1)
            n_rows = max(1, int(np.searchsorted(sizes, _ENTRIES_PER_BLOCK, side="right")))
            yield rows[:n_rows], int(depths[n_rows - 1])
            rows, depths = rows[n_rows:], depths[n_rows:]


def _neighbours(queries, gallery, own, depth):
    """Positions of the `depth` nearest gallery points of each query but itself.

    Either all queries are in the gallery, or none.
    """
    if own[0] < 0:
        return exact_neighbors(queries, gallery, depth)[1]
    found = exact_neighbors(queries, gallery, depth + 1)[1]
    is_self = found == own[:, np.newaxis]
    # itself not in the list, among many equal points: drop the last
    is_self[~is_self.any(axis=1), -1] = True
    return found[~is_self].reshape(len(found), -1)


def _at_r(hits, n_matches):
    ranks = np.arange(1, hits.shape[1] + 1)
    hits = hits & (ranks <= n_matches[:, np.newaxis])
    r_precision = hits.sum(axis=1) / n_matches
    precisions = hits.cumsum(axis=1) / ranks
    return r_precision, (precisions * hits).sum(axis=1) / n_matches


def _count_matches(query_labels, gallery_labels):
    classes, counts = np.unique(gallery_labels, return_counts=True)
    places = np.minimum(np.searchsorted(classes, query_labels), len(classes) - 1)
    return np.where(classes[places] == query_labels, counts[places], 0)


def _unit(x):
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(lengths > 0, lengths, 1)


def _checked(x, labels, name):
    x = np.asarray(x)
    x = x if x.dtype in (np.float32, np.float64) else x.astype(np.float64)
    labels = np.asarray(labels)
    if x.ndim != 2 or not len(x) or labels.shape != x.shape[:1]:
        raise ValueError(
            f"{name} need points of shape (n, n_dims) and one label each, got {x.shape} and "
            f"{labels.shape}"
        )
    for rows in row_blocks(len(x)):
        if not np.isfinite(x[rows]).all():
            raise ValueError(f"{name} hold values that are NaN or infinite")
    return x, labels


def _checked_positions(own_positions, queries, gallery):
    if own_positions is None:
        return np.full(len(queries), -1)
    own = np.asarray(own_positions)
    if own.shape != (len(queries),) or own.dtype.kind not in "iu":
        raise ValueError("own_positions must be one integer a query (-1: not in the gallery)")
    if own.min() < -1 or own.max() >= len(gallery):
        raise ValueError(f"own_positions must lie in -1 .. {len(gallery) - 1}")
    inside = own >= 0
    if not np.array_equal(queries[inside], gallery[own[inside]]):
        raise ValueError("own_positions point at gallery points that differ from the queries")
    return own


def _checked_ks(ks, n_others):
    given = list(ks) if np.iterable(ks) else [ks]
    if not given or not all(isinstance(k, (int, np.integer)) and k >= 1 for k in given):
        raise ValueError(f"ks must be positive integers, got {given}")
    ks = sorted({int(k) for k in given})
    if ks[-1] > n_others:
        raise ValueError(f"k={ks[-1]} asks for more neighbours than there are ({n_others})")
    return ks
