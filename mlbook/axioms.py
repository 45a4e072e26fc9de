"""Does a function of two points behave like a metric? Try it, and show where it does not."""

import numbers
from dataclasses import dataclass

import numpy as np

_LONGEST_POINT_SHOWN = 6


@dataclass(frozen=True)
class Axiom:
    """One axiom on one set of points.

    Attributes
    ----------
    name, statement : str
    holds : bool
    indices : tuple of int
        Positions of the points of the counterexample, empty if the axiom holds.
    points : tuple
        These points: numbers, or tuples of numbers.
    values : tuple of float
        The distances that contradict the axiom, in the order of `explanation`.
    explanation : str
        The counterexample in one line, empty if the axiom holds.
    """

    name: str
    statement: str
    holds: bool
    indices: tuple = ()
    points: tuple = ()
    values: tuple = ()
    explanation: str = ""

    def __str__(self):
        outcome = "holds" if self.holds else f"FAILS: {self.explanation}"
        return f"{self.name:<20} {self.statement:<34} {outcome}"


@dataclass(frozen=True)
class AxiomReport:
    """What `check_axioms` found: one `Axiom` each, and what they amount to.

    A counterexample disproves an axiom. That none was found among some points proves nothing
    about others.

    Attributes
    ----------
    non_negativity, self_distance, separation, symmetry, triangle_inequality : Axiom
        `self_distance` is d(x, x) = 0; `separation` is d(x, y) = 0 only if x = y. Together they
        are the identity of indiscernibles; a pseudo-metric lacks the second.
    n_points : int
    tolerance : float
        Relative to the largest distance.
    """

    non_negativity: Axiom
    self_distance: Axiom
    separation: Axiom
    symmetry: Axiom
    triangle_inequality: Axiom
    n_points: int
    tolerance: float

    @property
    def axioms(self):
        """The five, in order."""
        return (
            self.non_negativity,
            self.self_distance,
            self.separation,
            self.symmetry,
            self.triangle_inequality,
        )

    @property
    def failures(self):
        """Those that do not hold."""
        return tuple(axiom for axiom in self.axioms if not axiom.holds)

    @property
    def kind(self):
        """'metric on these points', 'pseudo-metric on these points' or 'no metric'."""
        if not self.failures:
            return "metric on these points"
        if self.failures == (self.separation,):
            return "pseudo-metric on these points"
        return "no metric"

    def __str__(self):
        lines = [f"{self.kind} ({self.n_points} points)"]
        return "\n  ".join(lines + [str(axiom) for axiom in self.axioms])


def check_axioms(distance, points, tolerance=1e-9):
    """Look for a violation of the metric axioms among some points.

    Takes O(n^2) memory and O(n^3) time for the triangle inequality; a few hundred points are
    quick. Of several violations the largest is shown.

    Parameters
    ----------
    distance : callable
        `distance(u, v) -> float`. If it also accepts one point against an array of points, as
        the functions of `mlbook.distances` do, it is called n times, else n^2 times.
    points : array-like of shape (n, d), or (n,) for numbers
    tolerance : float, default=1e-9
        Relative to the largest absolute distance; differences below it count as none.

    Returns
    -------
    AxiomReport

    Raises
    ------
    ValueError
        If there are no points, the tolerance is not in [0, 1), or the distance does not give
        finite real numbers.

    Examples
    --------
    >>> report = check_axioms(lambda x, y: (x - y) ** 2, [0, 1, 2])
    >>> report.kind
    'no metric'
    >>> report.triangle_inequality.explanation
    'd(0, 2) = 4 > d(0, 1) + d(1, 2) = 1 + 1'
    """
    points = np.asarray(points)
    if points.ndim not in (1, 2) or len(points) == 0:
        raise ValueError(f"points must have shape (n, d) or (n,), n >= 1, got {points.shape}")
    is_number = isinstance(tolerance, numbers.Real) and not isinstance(tolerance, bool)
    if not is_number or not 0 <= tolerance < 1:
        raise ValueError(f"tolerance must be a number in [0, 1), got {tolerance!r}")
    table = _table(distance, points)
    slack = tolerance * np.abs(table).max()
    same = _equal_points(points)
    return AxiomReport(
        _non_negativity(table, points, slack),
        _self_distance(table, points, slack, same),
        _separation(table, points, slack, same),
        _symmetry(table, points, slack),
        _triangle_inequality(table, points, slack),
        n_points=len(points),
        tolerance=float(tolerance),
    )


def _table(distance, points):
    """All distances, shape (n, n)."""
    n_points = len(points)
    table = np.empty((n_points, n_points))
    rows_at_once = True
    for i in range(n_points):
        row = _whole_row(distance, points, i) if rows_at_once else None
        if row is None:
            rows_at_once = False
            row = [_number(distance(points[i], other), i, j) for j, other in enumerate(points)]
        table[i] = row
    return table


def _whole_row(distance, points, i):
    """d(points[i], each point) in one call, or None if the function cannot do that."""
    try:
        row = np.asarray(distance(points[i], points))
    except Exception:  # a function of two vectors may object to an array in any way
        return None
    if row.shape != (len(points),) or row.dtype.kind not in "biuf" or not np.isfinite(row).all():
        return None
    # A function made for two vectors may return something else of this shape, so ask again,
    # for every pair of the first row and for some pair of each other row.
    others = range(len(points)) if i == 0 else [(7 * i + 1) % len(points)]
    for j in others:
        single = _number(distance(points[i], points[j]), i, j)
        if not np.isclose(row[j], single, rtol=1e-9, atol=1e-12 * np.abs(row).max()):
            return None
    return row


def _number(value, i, j):
    value = np.asarray(value)
    if value.size != 1 or value.dtype.kind not in "biuf" or not np.isfinite(value).all():
        raise ValueError(
            f"the distance between points {i} and {j} must be a finite real number, got {value!r}"
        )
    return float(value.reshape(()))


def _equal_points(points):
    """Which points are the same, shape (n, n)."""
    labels = np.unique(points, axis=0, return_inverse=True)[1].reshape(-1)
    return labels[:, np.newaxis] == labels


def _non_negativity(table, points, slack):
    name, statement = "non-negativity", "d(x, y) >= 0"
    i, j = _largest(-table)
    if table[i, j] >= -slack:
        return Axiom(name, statement, True)
    return _failure(name, statement, points, (i, j), table, [(0, 1)], "{0} < 0")


def _self_distance(table, points, slack, same):
    name, statement = "self-distance", "d(x, x) = 0"
    i, j = _largest(np.where(same, np.abs(table), -1.0))
    if abs(table[i, j]) <= slack:
        return Axiom(name, statement, True)
    if table[i, i] == table[i, j]:
        j = i
    return _failure(name, statement, points, (i, j), table, [(0, 1)], "{0}, not 0")


def _separation(table, points, slack, same):
    name, statement = "separation", "d(x, y) = 0 only if x = y"
    i, j = _largest(np.where(same, -np.inf, -np.abs(table)))
    if same[i, j] or abs(table[i, j]) > slack:
        return Axiom(name, statement, True)
    template = "{0}, but x != y" if table[i, j] == 0 else "{0}, as good as 0, but x != y"
    return _failure(name, statement, points, (i, j), table, [(0, 1)], template)


def _symmetry(table, points, slack):
    name, statement = "symmetry", "d(x, y) = d(y, x)"
    i, j = _largest(np.abs(table - table.T))
    if abs(table[i, j] - table[j, i]) <= slack:
        return Axiom(name, statement, True)
    return _failure(name, statement, points, (i, j), table, [(0, 1), (1, 0)], "{0}, but {1}")


def _triangle_inequality(table, points, slack):
    name, statement = "triangle inequality", "d(x, z) <= d(x, y) + d(y, z)"
    worst, triple = slack, None
    for j in range(len(table)):
        excess = table - (table[:, j, np.newaxis] + table[j])
        i, k = _largest(excess)
        if excess[i, k] > worst:
            worst, triple = excess[i, k], (i, j, k)
    if triple is None:
        return Axiom(name, statement, True)
    compared = [(0, 2), (0, 1), (1, 2)]
    return _failure(name, statement, points, triple, table, compared, "{0} > {1} + {2} = {3} + {4}")


def _largest(values):
    """Row and column of the largest entry; the first of equals."""
    return tuple(int(index) for index in np.unravel_index(np.argmax(values), values.shape))


def _failure(name, statement, points, indices, table, compared, template):
    """A counterexample; `compared` lists which of its points are at the distances named."""
    distances = [float(table[indices[a], indices[b]]) for a, b in compared]
    shown = [_show(points[index], index) for index in indices]
    terms = [f"d({shown[a]}, {shown[b]})" for a, b in compared]
    numbers_shown = [f"{value:.4g}" for value in distances]
    if len(compared) == 3:
        terms[0] += f" = {numbers_shown[0]}"
        explanation = template.format(*terms, *numbers_shown[1:])
    else:
        equations = [f"{t} = {n}" for t, n in zip(terms, numbers_shown, strict=True)]
        explanation = template.format(*equations)
    counterexample = tuple(_plain(points[index]) for index in indices)
    return Axiom(name, statement, False, indices, counterexample, tuple(distances), explanation)


def _plain(point):
    return tuple(point.tolist()) if point.ndim else point.item()


def _show(point, index):
    if point.ndim == 0:
        return f"{point:.4g}"
    if len(point) > _LONGEST_POINT_SHOWN:
        return f"points[{index}]"
    return "(" + ", ".join(f"{value:.4g}" for value in point) + ")"
