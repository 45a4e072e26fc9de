"""Checks that try definitions and formulas out: on points, on vectors, on small matrices.

A function to be tried is named by its module and its name, and imported through the evidence.
The functions that the article defines, and that no library has, stand at the end.
"""

import itertools

import numpy as np

from mlbook import distances
from mlbook.axioms import check_axioms
from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, UNCHECKABLE, Outcome

GRID = np.array([(a, b) for a in range(-2, 3) for b in range(-2, 3) if (a, b) != (0, 0)], float)
"""The points that functions are tried on; without (0, 0), which has no direction."""


def is_metric(evidence, module, function):
    """Does a function of two points obey the axioms of a metric, among the points of GRID?

    Supported with conditions, if only some different points are at distance zero.
    """
    report = check_axioms(getattr(evidence.importer(module), function), GRID)
    text = f"{function}: {report.kind} ({report.n_points} of them)"
    if not report.failures:
        return Outcome(SUPPORTED, text)
    names = ", ".join(axiom.name for axiom in report.failures)
    text = f"{text}; fails: {names}; {report.failures[-1].explanation}"
    return Outcome(CONDITIONAL if report.kind.startswith("pseudo") else REFUTED, text)


def metric_axioms_suffice(evidence, module, function, listed):
    """Does a function with the listed axioms have all those of a metric? See `_suffice`."""
    report = check_axioms(getattr(evidence.importer(module), function), GRID)
    failures = {axiom.name: axiom.explanation for axiom in report.failures}
    return _suffice(function, failures, listed)


def is_norm(evidence, module, function):
    """Does a function of one vector obey the axioms of a norm, among the vectors of GRID?"""
    failures = norm_failures(getattr(evidence.importer(module), function), GRID)
    if not failures:
        return Outcome(SUPPORTED, f"{function}: a norm on {len(GRID)} vectors and their sums")
    text = "; ".join(f"{axiom} fails: {why}" for axiom, why in failures.items())
    return Outcome(REFUTED, f"{function}: {text}")


def norm_axioms_suffice(evidence, module, function, listed):
    """Does a function with the listed axioms have all those of a norm? See `_suffice`."""
    failures = norm_failures(getattr(evidence.importer(module), function), GRID)
    return _suffice(function, failures, listed)


def same_values(evidence, first, second, n_vectors):
    """Do two functions of one or two vectors agree everywhere on GRID?

    `first` and `second` are pairs of a module and the name of a function in it.
    """
    functions = [getattr(evidence.importer(module), name) for module, name in (first, second)]
    arguments = [(u,) for u in GRID] if n_vectors == 1 else [(u, v) for u in GRID for v in GRID]
    values = np.array([[float(f(*given)) for f in functions] for given in arguments])
    differences = np.abs(values[:, 0] - values[:, 1])
    worst = int(np.argmax(differences))
    names = f"{first[1]} and {second[1]}"
    if differences[worst] < 1e-9:
        return Outcome(SUPPORTED, f"{names} agree in {len(values)} cases")
    where = ", ".join(_show(vector) for vector in arguments[worst])
    return Outcome(
        REFUTED, f"{names} at {where}: {values[worst, 0]:.4g} against {values[worst, 1]:.4g}"
    )


def is_length_of_line(evidence, module, function, usual):
    """Is a distance the length of the straight line, put together from its pieces?

    With conditions, if it is so measured by itself, and another distance gives other lengths.
    """
    functions = [getattr(evidence.importer(module), name) for name in (function, usual)]
    for u, v in itertools.combinations(GRID, 2):
        points = u + np.linspace(0, 1, 9)[:, None] * (v - u)
        own, other = (sum(map(f, points[:-1], points[1:])) for f in functions)
        whole = functions[0](u, v)
        text = f"{_show(u)} to {_show(v)}: {function} {whole:.4g}, its pieces {own:.4g}"
        if abs(own - whole) > 1e-9:
            return Outcome(REFUTED, text)
        if abs(other - whole) > 1e-9:
            return Outcome(CONDITIONAL, f"{text}, as {usual} has it {other:.4g}")
    return Outcome(SUPPORTED, f"{text}; {usual} agrees everywhere")


def is_similarity(evidence, module, function):
    """Is nothing more similar to a vector than the vector itself?

    Supported with conditions, if that holds among vectors of length one only.
    """
    similarity = getattr(evidence.importer(module), function)
    stranger = _more_similar_than_itself(similarity, GRID)
    if stranger is None:
        return Outcome(SUPPORTED, f"each of {len(GRID)} vectors is most similar to itself")
    u, v = stranger
    text = (
        f"{_show(u)} is more similar to {_show(v)} than to itself: "
        f"{float(similarity(u, v)):.4g} > {float(similarity(u, u)):.4g}"
    )
    directions = GRID / np.linalg.norm(GRID, axis=1, keepdims=True)
    if _more_similar_than_itself(similarity, directions) is None:
        return Outcome(CONDITIONAL, f"{text}; among vectors of length 1 it does not happen")
    return Outcome(REFUTED, f"{text}; also among vectors of length 1")


def accepts(evidence, module, function, arguments):
    """Does the function accept these arguments, as they are written?"""
    try:
        value = getattr(evidence.importer(module), function)(**arguments)
    except (TypeError, ValueError, ArithmeticError) as error:
        return Outcome(REFUTED, f"{type(error).__name__}: {error}")
    return Outcome(SUPPORTED, f"gives {float(value):.5g}")


def sees_correlation(evidence, module, function):
    """Is a step along the correlation shorter than one across it that is equally long?"""
    matrix = np.linalg.inv([[1.0, 0.8], [0.8, 1.0]])
    distance = getattr(evidence.importer(module), function)
    along, across = (float(distance([0, 0], step, matrix)) for step in ([1, 1], [1, -1]))
    text = f"correlation 0.8: a step along it measures {along:.3f}, across it {across:.3f}"
    return Outcome(SUPPORTED if along < across else REFUTED, text)


def learns_from_labels(evidence, module, estimator):
    """Does the fitted map change when the labels of the training points are shuffled?"""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 50)
    X = rng.normal(size=(100, 3)) * [1.0, 2.0, 3.0] + 2 * y[:, np.newaxis]
    pairs = X.reshape(50, 2, 3)
    metric = getattr(evidence.importer(module), estimator)()
    before, after = (metric.fit(X, t).pair_distance(pairs) for t in (y, rng.permutation(y)))
    change = np.abs(after / before - 1).max()
    text = f"{estimator}: distances change by {100 * change:.2g} % when labels are shuffled"
    return Outcome(SUPPORTED if change > 0.01 else REFUTED, text)


CHECKS = (
    accepts,
    is_length_of_line,
    is_metric,
    is_norm,
    is_similarity,
    learns_from_labels,
    metric_axioms_suffice,
    norm_axioms_suffice,
    same_values,
    sees_correlation,
)


def norm_failures(norm, vectors):
    """Which axioms of a norm fail among some vectors, their multiples and their sums.

    Parameters
    ----------
    norm : callable
        `norm(v) -> float`.
    vectors : ndarray of shape (n, d)

    Returns
    -------
    dict of str to str
        For each axiom that fails ("non-negativity", "definiteness", "homogeneity", "triangle
        inequality") a counterexample in words; empty if none does.
    """
    zero = np.zeros(vectors.shape[1])
    failures = {}

    def fails(axiom, explanation):
        failures.setdefault(axiom, explanation)

    if abs(norm(zero)) > 1e-9:
        fails("definiteness", f"f(0) = {norm(zero):.4g}")
    for u in vectors:
        size = float(norm(u))
        if size < -1e-9:
            fails("non-negativity", f"f{_show(u)} = {size:.4g} < 0")
        if abs(size) <= 1e-9:
            fails("definiteness", f"f{_show(u)} = 0")
        for factor in (2.0, -1.0, 0.5):
            multiple = float(norm(factor * u))
            if abs(multiple - abs(factor) * size) > 1e-9:
                fails(
                    "homogeneity",
                    f"f{_show(factor * u)} = {multiple:.4g}, not "
                    f"{'' if factor == -1 else f'{factor:g} '}f{_show(u)} = "
                    f"{abs(factor) * size:.4g}",
                )
        for v in vectors:
            total, parts = float(norm(u + v)), size + float(norm(v))
            if total > parts + 1e-9:
                fails(
                    "triangle inequality",
                    f"f{_show(u + v)} = {total:.4g} > f{_show(u)} + f{_show(v)} = {parts:.4g}",
                )
    return failures


def _suffice(function, failures, listed):
    """One function with the listed axioms and without another shows that they do not suffice."""
    lacking = [axiom for axiom in listed if axiom in failures]
    if lacking:
        return Outcome(UNCHECKABLE, f"{function} lacks {', '.join(lacking)}: it shows nothing")
    if not failures:
        return Outcome(SUPPORTED, f"{function} has the listed axioms, and the others too")
    text = "; ".join(f"{axiom} fails: {why}" for axiom, why in failures.items())
    return Outcome(REFUTED, f"{function} has all that is listed, but {text}")


def _more_similar_than_itself(similarity, vectors):
    """A vector and another that is more similar to it than it is to itself, or None."""
    worst, found = 1e-9, None
    for u in vectors:
        excess = np.array([float(similarity(u, v)) for v in vectors]) - float(similarity(u, u))
        if excess.max() > worst:
            worst, found = excess.max(), (u, vectors[int(np.argmax(excess))])
    return found


def _show(vector):
    return "(" + ", ".join(f"{value:.4g}" for value in vector) + ")"


# --- what the article defines, and functions that show what it leaves out ---


def squared_difference(x, y):
    """Euclid's distance without the root."""
    return np.sum((np.asarray(x) - y) ** 2, axis=-1)


def cosine_distance(x, y):
    """One minus the cosine: called a distance, and none."""
    return 1 - distances.cosine_similarity(x, y)


def cosine_norm(x):
    """The article's "cosine norm". Its formula needs a second vector: here the vector of ones."""
    x = np.asarray(x, dtype=float)
    return float(distances.cosine_similarity(x, np.ones_like(x))) if x.any() else 0.0


def sum_of_squares(x):
    """What the article calls the Euclidean norm in words; its formula has a root."""
    return float(np.sum(np.square(x)))


def manhattan_norm(x):
    """Sum of the absolute values."""
    return float(np.sum(np.abs(x)))


def uphill(x):
    """A length that counts steps upwards twice: everything a norm has but homogeneity."""
    return float(np.sum(np.where(np.asarray(x) > 0, 2, -1) * x))


def cosine_of_angle(x, y):
    """Cosine of the angle between two vectors of the plane, from their directions."""
    return np.cos(np.arctan2(x[1], x[0]) - np.arctan2(y[1], y[0]))


def mahalanobis_as_printed(x, y, sigma):
    """The pseudocode of the article's section 1.3.1, which subtracts its arguments as they come."""
    step = x - y
    return float(np.sqrt(step.T @ np.linalg.inv(sigma) @ step))
