"""Sums over a data set that can be made in parts and added.

So a data set may lie on many machines; each makes the moments of its part, and what travels is
small. Adding is exact but for rounding, and loses no digits where a mean is far from zero, because
each part is centred on its own mean. `mlbook.from_moments` makes metrics from them.

It needs NumPy only: the worker processes of a cluster import it, again and again.

T. Chan, G. Golub and R. LeVeque, Algorithms for computing the sample variance: analysis and
recommendations, The American Statistician 37(3), 1983: how two parts are added.
"""

from dataclasses import dataclass, field

import numpy as np

from mlbook.rows import counted


@dataclass
class ClassMoments:
    """Moments of the samples of one class, r = x - mean.

    Attributes
    ----------
    count : int
    mean : ndarray of shape (d,)
    second : ndarray of shape (d, d)
        Sum of r_j r_k.
    third, fourth : ndarray of shape (d, d), or None
        Sums of r_j^2 r_k and of r_j^2 r_k^2; what the amount of shrinkage needs.
    """

    count: int
    mean: np.ndarray
    second: np.ndarray
    third: np.ndarray | None = None
    fourth: np.ndarray | None = None

    @classmethod
    def of(cls, X, fourth=False):
        """Moments of the rows of X, shape (n, d), in float64."""
        X = np.asarray(X, dtype=np.float64)
        mean = X.mean(axis=0)
        r = X - mean
        # what rounding left of a sum that is zero
        slip = r.mean(axis=0)
        mean, r = mean + slip, r - slip
        squares = r**2
        higher = (squares.T @ r, squares.T @ squares) if fourth else (None, None)
        return cls(len(X), mean, r.T @ r, *higher)

    def around(self, mean):
        """Second, third and fourth moments around another point than the mean."""
        n, S, T, Q = self.count, self.second, self.third, self.fourth
        e = self.mean - mean
        second = S + n * np.outer(e, e)
        if Q is None:
            return second, None, None
        s = S.diagonal()
        third = T + np.outer(s, e) + 2 * e[:, np.newaxis] * S + n * np.outer(e**2, e)
        fourth = Q + 2 * (T * e + (T * e).T) + np.outer(s, e**2) + np.outer(e**2, s)
        fourth += 4 * np.outer(e, e) * S + n * np.outer(e**2, e**2)
        return second, third, fourth

    def __add__(self, other):
        count = self.count + other.count
        mean = self.mean + (other.mean - self.mean) * (other.count / count)
        sums = zip(self.around(mean), other.around(mean), strict=True)
        return ClassMoments(count, mean, *(None if a is None else a + b for a, b in sums))


@dataclass
class Moments:
    """Moments of a data set, class by class. `a + b` are the moments of both together.

    Attributes
    ----------
    classes : dict
        From label to `ClassMoments`.
    low, high : ndarray of shape (d,), or None
        Smallest and largest value of each feature; None if there are no rows.
    corrupt : dict of str to int
        Rows that were left out, by what is wrong with them.
    """

    classes: dict = field(default_factory=dict)
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    corrupt: dict = field(default_factory=dict)

    @classmethod
    def of(cls, X, y, fourth=False):
        """Moments of an array of shape (n, d) with labels of shape (n,)."""
        if not len(X):
            return cls()
        classes = {label: ClassMoments.of(X[y == label], fourth) for label in np.unique(y).tolist()}
        return cls(classes, *(getattr(X, end)(axis=0).astype(np.float64) for end in ("min", "max")))

    def __add__(self, other):
        classes = dict(self.classes)
        for label, added in other.classes.items():
            classes[label] = classes[label] + added if label in classes else added
        ends = [
            b if a is None else a if b is None else smaller(a, b)
            for a, b, smaller in (
                (self.low, other.low, np.minimum),
                (self.high, other.high, np.maximum),
            )
        ]
        return Moments(classes, *ends, counted([self.corrupt, other.corrupt]))

    @property
    def n_rows(self):
        """Rows that the moments are of."""
        return sum(part.count for part in self.classes.values())

    def arrays(self):
        """Counts (c,), means (c, d), mean of all (d,) and second moments (c, d, d), by label.

        Raises
        ------
        ValueError
            If there are fewer than two rows.
        """
        if self.n_rows < 2:
            raise ValueError(f"a metric needs at least two rows, but {self.n_rows} is left")
        parts = [self.classes[label] for label in sorted(self.classes)]
        counts, means = np.array([p.count for p in parts]), np.array([p.mean for p in parts])
        return counts, means, counts @ means / counts.sum(), np.array([p.second for p in parts])
