"""The k nearest of many queries, found part by part of a gallery and merged.

Needs no Spark: its workers run it.
"""

from dataclasses import dataclass, field

import numpy as np

from mlbook.neighbors import exact_neighbors
from mlbook.rows import counted


@dataclass
class Nearest:
    """The nearest so far of each query. `a + b` are the nearest in both parts together.

    Attributes
    ----------
    k : int
        How many to keep.
    distances : ndarray of shape (n_queries, n_found), or None
        Nearest first; equally distant ones in the order of their ids. n_found is at most k.
    ids : ndarray of int64, the same shape, or None
    corrupt : dict of str to int
    """

    k: int
    distances: np.ndarray | None = None
    ids: np.ndarray | None = None
    corrupt: dict = field(default_factory=dict)

    @classmethod
    def among(cls, queries, points, ids, k):
        """The nearest among the rows of an array, shape (n_points, d)."""
        if not len(points):
            return cls(k)
        if np.any(ids[1:] < ids[:-1]):
            # the search breaks ties by position
            order = np.argsort(ids, kind="stable")
            points, ids = points[order], ids[order]
        distances, positions = exact_neighbors(queries, points, min(k, len(points)))
        return cls(k, distances, ids[positions])

    def __add__(self, other):
        corrupt = counted([self.corrupt, other.corrupt])
        found = [part for part in (self, other) if part.ids is not None]
        if len(found) < 2:
            one = found[0] if found else self
            return Nearest(self.k, one.distances, one.ids, corrupt)
        distances = np.hstack([part.distances for part in found])
        ids = np.hstack([part.ids for part in found])
        order = np.lexsort((ids, distances))[:, : self.k]
        return Nearest(
            self.k,
            np.take_along_axis(distances, order, axis=1),
            np.take_along_axis(ids, order, axis=1),
            corrupt,
        )


def mapped_by(metric, X):
    """Points under a metric, or as they are if it is None."""
    return X if metric is None else metric.transform(X)
