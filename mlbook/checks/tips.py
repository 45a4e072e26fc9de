"""Checks of the article's section of tips."""

import itertools

import numpy as np
from scipy.sparse import csr_array

from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, Outcome, graded
from mlbook.checks.measured import is_better
from mlbook.evaluation import BETTER
from mlbook.linear import Covariance

# at this share of equal nearest neighbours one ranking stands in for the other
_SAME_ENOUGH = 0.95
# so many times Euclid's multiplications count as more
_MORE = 2.0


def costs_more_than_euclid(evidence, module, function, mapped):
    """Does the Mahalanobis distance need many more multiplications than Euclid's?

    Counted, for all pairs of two small sets: by `function`, which evaluates the quadratic form
    for each pair, and by `mapped`, which maps each point once. Supported if both need more;
    with conditions if only the first does.
    """
    library = evidence.importer(module)
    rng = np.random.default_rng(0)
    n_points, n_features = 40, 6
    X, Y = rng.normal(size=(2, n_points, n_features))
    L = rng.normal(size=(n_features, n_features))
    counter = _Counter()
    spent, values = {}, {}
    for name, call, matrix in (
        ("Euclid", squares, None),
        ("pair by pair", getattr(library, function), L.T @ L),
        ("mapped once", getattr(library, mapped), L),
    ):
        counter.n = 0
        points = [counter.wrap(X), counter.wrap(Y)]
        found = call(*points) if matrix is None else call(*points, counter.wrap(matrix))
        spent[name] = counter.n
        values[name] = np.array([[float(number) for number in row] for row in found])
    if not np.allclose(values["pair by pair"], values["mapped once"]):
        raise ValueError(f"{function} and {mapped} must give the same squared distances")
    ratios = {name: spent[name] / spent["Euclid"] for name in ("pair by pair", "mapped once")}
    text = (
        f"{n_points} x {n_points} points, {n_features} features, multiplications in units of "
        "Euclid's: " + ", ".join(f"{name} {ratio:.1f}" for name, ratio in ratios.items())
    )
    n_more = sum(ratio > _MORE for ratio in ratios.values())
    return Outcome((REFUTED, CONDITIONAL, SUPPORTED)[n_more], text)


def ranks_like_mahalanobis(evidence, dataset, module, function):
    """Does a kernel find the nearest neighbours that the Mahalanobis distance finds?

    On the columns of a table, each scaled to variance 1; the test items ask, the training items
    are the gallery. Supported if 95 of 100 neighbours are the same.
    """
    data = evidence.dataset(dataset)
    kernel = getattr(evidence.importer(module), function)
    scale = Covariance("diagonal").fit(data.x_train)
    gallery, queries = scale.transform(data.x_train), scale.transform(data.x_test)
    metric = Covariance("total").fit(gallery)
    found = np.argmax(kernel(queries, gallery), axis=1)
    same = {}
    for name, points in (
        ("Mahalanobis", [metric.transform(x) for x in (queries, gallery)]),
        ("Euclid", [queries, gallery]),
    ):
        same[name] = np.mean(found == _squares(*points).argmin(axis=1))
    text = "the same nearest neighbour: " + ", ".join(
        f"as {name} {100 * share:.0f} %" for name, share in same.items()
    )
    return Outcome(SUPPORTED if same["Mahalanobis"] >= _SAME_ENOUGH else REFUTED, text)


def takes_sparse(evidence, module, estimators):
    """Can these classes of scikit-learn be fitted to a sparse matrix?"""
    rng = np.random.default_rng(0)
    X = csr_array(rng.poisson(0.3, size=(40, 8)).astype(float))
    y = np.arange(40) % 2
    taken = {}
    for name in estimators:
        path, _, estimator = name.rpartition(".")
        try:
            getattr(evidence.importer(f"{module}.{path}"), estimator)().fit(X, y)
        except (TypeError, ValueError):
            taken[estimator] = False
        else:
            taken[estimator] = True
    text = ", ".join(f"{name}: {'yes' if ok else 'no'}" for name, ok in taken.items())
    return graded(taken.values(), text)


def is_better_on_kinds(evidence, result, arm, than, kinds):
    """Is one method better than another, on each kind of data of one result?

    Supported if on all kinds, supported with conditions if on some, else refuted.
    """
    outcomes = {
        kind: is_better(evidence, result, f"{arm}_{kind}", f"{than}_{kind}") for kind in kinds
    }
    text = "; ".join(
        f"{kind}: {outcome.evidence.rpartition(': ')[2]}" for kind, outcome in outcomes.items()
    )
    return graded([outcome.verdict == SUPPORTED for outcome in outcomes.values()], text)


def none_is_better(evidence, result, arm, others, kinds):
    """Is no other method shown to be better than this one, on each kind of data?

    Supported if on all kinds, supported with conditions if on some, else refuted.
    """
    measured = evidence.result(*result)
    beaten = {
        kind: [
            other
            for other in others
            if measured.compare(f"{other}_{kind}", f"{arm}_{kind}").verdict() == BETTER
        ]
        for kind in kinds
    }
    text = "; ".join(f"{kind}: better are {', '.join(by) or 'none'}" for kind, by in beaten.items())
    return graded([not by for by in beaten.values()], text)


def order_changes(evidence, result, methods, kinds):
    """Are there two methods of which one is better on one kind of data, the other on another?"""
    measured = evidence.result(*result)
    for first, second in itertools.combinations(methods, 2):
        wins = {first: [], second: []}
        for kind in kinds:
            for one, other in ((first, second), (second, first)):
                if measured.compare(f"{one}_{kind}", f"{other}_{kind}").verdict() == BETTER:
                    wins[one].append(kind)
        if all(wins.values()):
            text = "; ".join(f"{name} is better on {', '.join(on)}" for name, on in wins.items())
            return Outcome(SUPPORTED, text)
    return Outcome(REFUTED, "no two methods change places between two kinds of data")


def settings_matter(evidence, result, sweep):
    """Is the best setting of a sweep better than the worst, beyond both intervals?"""
    settings, intervals = evidence.result(*result).sweep(sweep)
    values = [interval.value for interval in intervals]
    best, worst = int(np.argmax(values)), int(np.argmin(values))
    text = "; ".join(
        f"{name} at {settings[i]:g}: {intervals[i].percent(1)}"
        for name, i in (("best", best), ("worst", worst))
    )
    apart = intervals[best].low > intervals[worst].high
    return Outcome(SUPPORTED if apart else REFUTED, text)


def useless_looks_good(evidence, result, arm, at_least, measures):
    """Has an arm a high accuracy, though by each of these measures it finds nothing?

    That is what makes it necessary to look at them.
    """
    measured = evidence.result(*result)
    accuracy = measured.interval(arm)
    others = {name: measured.interval(arm, name).value for name in measures}
    text = f"{measured.arms[arm]}: accuracy {accuracy.percent(1)}; " + ", ".join(
        f"{name} {100 * value:.0f} %" for name, value in others.items()
    )
    hidden = accuracy.value >= at_least and not any(others.values())
    return Outcome(SUPPORTED if hidden else REFUTED, text)


CHECKS = (
    costs_more_than_euclid,
    is_better_on_kinds,
    none_is_better,
    order_changes,
    ranks_like_mahalanobis,
    settings_matter,
    takes_sparse,
    useless_looks_good,
)


# --- the two ways to compute it ---


def squares(X, Y):
    """Squared Euclidean distances of all pairs, shape (n, m)."""
    return [[((x - y) * (x - y)).sum() for y in Y] for x in X]


def pair_by_pair(X, Y, M):
    """Squared distances (x - y)^T M (x - y) of all pairs, each evaluated on its own."""
    return [[((x - y) * (M * (x - y)).sum(axis=1)).sum() for y in Y] for x in X]


def mapped_once(X, Y, L):
    """The same for M = L^T L: each point is mapped once, then Euclid."""
    return squares(*([(L * point).sum(axis=1) for point in points] for points in (X, Y)))


class _Counter:
    """Wraps numbers so that it counts how often two of them are multiplied."""

    def __init__(self):
        self.n = 0

    def wrap(self, values):
        array = np.empty(np.shape(values), dtype=object)
        for position, value in np.ndenumerate(values):
            array[position] = _Number(value, self)
        return array


class _Number:
    def __init__(self, value, counter):
        self.value, self.counter = value, counter

    def __add__(self, other):
        return _Number(self.value + other.value, self.counter)

    def __sub__(self, other):
        return _Number(self.value - other.value, self.counter)

    def __mul__(self, other):
        self.counter.n += 1
        return _Number(self.value * other.value, self.counter)

    def __float__(self):
        return float(self.value)


def _squares(X, Y):
    # not from |x|^2 + |y|^2 - 2xy, which loses digits; the sets are small
    return ((X[:, np.newaxis] - Y) ** 2).sum(axis=-1)
