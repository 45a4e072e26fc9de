"""Checks of definitions: which axioms are needed, what an inner product is, who needs labels.

The functions that they are tried on, and that no library has, stand at the end.
"""

import itertools
import math

import numpy as np

from mlbook import as_printed
from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, Outcome, graded
from mlbook.checks.formulas import GRID, mahalanobis_as_printed


def is_inner_product(evidence, module, function):
    """Is a function of two vectors symmetric, linear and positive, among the vectors of GRID?"""
    product = getattr(evidence.importer(module), function)
    values = np.array([[float(product(u, v)) for v in GRID] for u in GRID])
    sums = np.array([[float(product(u + GRID[0], v)) for v in GRID] for u in GRID])
    twice = np.array([[float(product(-2 * u, v)) for v in GRID] for u in GRID])
    fails = [
        name
        for name, holds in (
            ("symmetry", np.allclose(values, values.T)),
            ("additivity", np.allclose(sums, values + values[0])),
            ("homogeneity", np.allclose(twice, -2 * values)),
            ("positivity", values.diagonal().min() > 0),
        )
        if not holds
    ]
    text = f"{function}: on {len(GRID)} vectors fails {', '.join(fails) or 'none of the axioms'}"
    return Outcome(REFUTED if fails else SUPPORTED, text)


def axiom_is_needed(evidence, module, axioms, axiom, among):
    """Is there a function with all other axioms and without this one?

    Tried are all tables of distances -1, 0, 1 and 3 among three points, with 0 or 1 from each to
    itself. `axioms` names a dictionary of predicates on such tables. `among` are the other axioms
    in the definition. Supported if there is such a table, with conditions if there is none once
    all axioms of the dictionary but this one hold too.
    """
    holds = getattr(evidence.importer(module), axioms)
    tables = _tables()
    without = [t for t in tables if not holds[axiom](t)]
    found = [t for t in without if all(holds[name](t) for name in among)]
    if not found:
        return Outcome(REFUTED, f"none of {len(tables):,} tables lacks {axiom} alone")
    rest = [name for name in holds if name not in (axiom, *among)]
    left = [t for t in found if all(holds[name](t) for name in rest)]
    text = f"{len(found):,} of {len(tables):,} tables lack {axiom} and have {', '.join(among)}"
    if rest and not left:
        return Outcome(CONDITIONAL, f"{text}; none of them has {', '.join(rest)} too")
    return Outcome(SUPPORTED, text)


def fixes_scale(evidence, module, axioms, axiom):
    """Does an axiom normalise: does a table that has it lose it when all of it is tripled?

    The tables are those of `axiom_is_needed`.
    """
    holds = getattr(evidence.importer(module), axioms)[axiom]
    having = [table for table in _tables() if holds(table)]
    tripled = sum(bool(holds(3 * table)) for table in having)
    text = f"{axiom}: of {len(having):,} tables that have it, {tripled:,} have it when tripled"
    return Outcome(REFUTED if tripled else SUPPORTED, text)


def needs_labels(evidence, module, supervised, unsupervised):
    """Do the first estimators need labels to be fitted, and the others not?

    Both list a name and arguments. Supported if all behave so, with conditions if some do.
    """
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.arange(60) % 2
    library, behaves, texts = evidence.importer(module), [], []
    for with_labels, estimators in ((True, supervised), (False, unsupervised)):
        for name, arguments in estimators:
            try:
                getattr(library, name)(**arguments).fit(X)
            except (TypeError, ValueError):
                getattr(library, name)(**arguments).fit(X, y)
                needed = True
            else:
                needed = False
            behaves.append(needed == with_labels)
            texts.append(f"{name} {'needs' if needed else 'does without'} labels")
    return graded(behaves, ", ".join(texts))


def contrast_falls(evidence, module, function, few, many):
    """Do the nearest and the farthest of many points come closer to each other with dimensions?

    The function makes points of shape (n, d). The contrast is the farthest distance over the
    nearest one, as the mean over queries. Supported if it falls below a tenth.
    """
    points = getattr(evidence.importer(module), function)
    contrasts = []
    for n_dimensions in (few, many):
        x = np.asarray(points(500, n_dimensions))
        distances = np.linalg.norm(x[:50, np.newaxis] - x[50:], axis=-1)
        contrasts.append(float(np.mean(distances.max(axis=1) / distances.min(axis=1))))
    text = f"farthest over nearest: {contrasts[0]:.3g} in {few} and {contrasts[1]:.3g} in {many}"
    return Outcome(SUPPORTED if contrasts[1] < contrasts[0] / 10 else REFUTED, f"{text} dimensions")


def counts_hits(evidence, module, function):
    """Does a line that computes the accuracy count hits, for labels in an array and in a list?

    One of two predictions is right. Supported with conditions if only one of the two works.
    """
    accuracy = getattr(evidence.importer(module), function)
    values = [float(accuracy([0, 1], labels)) for labels in (np.array([0, 0]), [0, 0])]
    text = f"one of two right: {values[0]:g} with labels in an array, {values[1]:g} in a list"
    return graded([value == 0.5 for value in values], text)


def sees_ranking(evidence, module, functions):
    """Does one of these measures notice that only the first neighbour is of the right class?

    Four classes of twelve points: once each is one group, and once it lies in pairs that are far
    apart. A measure takes the labels (n,) and those of all neighbours in their order (n, n).
    """
    y = np.repeat(np.arange(4), 12)
    spots = np.random.default_rng(0).permutation(24)[np.arange(48) // 2]
    texts, seen = [], False
    orders = []
    for place in (100.0 * y, 100.0 * spots):
        x = place + 0.1 * np.arange(48)
        distances = np.abs(x[:, np.newaxis] - x) + np.diag(np.full(48, np.inf))
        orders.append(y[np.argsort(distances, axis=1)])
    for name in functions:
        together, apart = (
            float(getattr(evidence.importer(module), name)(y, order)) for order in orders
        )
        seen |= apart < together - 0.01
        texts.append(f"{name} {together:.2f} and {apart:.2f}")
    right = [np.mean(order[:, :11] == y[:, np.newaxis]) for order in orders]
    text = (
        f"classes in one group and in scattered pairs: {', '.join(texts)}; of the 11 nearest "
        f"{100 * right[0]:.0f} and {100 * right[1]:.0f} % are right"
    )
    return Outcome(SUPPORTED if seen else REFUTED, text)


CHECKS = (
    axiom_is_needed,
    contrast_falls,
    counts_hits,
    fixes_scale,
    is_inner_product,
    needs_labels,
    sees_ranking,
)


def _tables():
    """All tables of distances -1, 0, 1 and 3 among three points, 0 or 1 from each to itself."""
    return [
        np.array([[own, a, b], [c, own, d], [e, f, own]])
        for own in (0, 1)
        for a, b, c, d, e, f in itertools.product((-1, 0, 1, 3), repeat=6)
    ]


# of tables of distances among three points
AXIOMS = {
    "non-negativity": lambda d: d.min() >= 0,
    "identity": lambda d: not d.diagonal().any() and (d + np.eye(3)).all(),
    "symmetry": lambda d: (d == d.T).all(),
    "triangle inequality": lambda d: (d[:, np.newaxis] <= d[:, :, np.newaxis] + d).all(),
}


# --- what the article defines, and functions that show what it leaves out ---

_SIGMA = np.array([[2.0, 0.6], [0.6, 1.0]])


def mahalanobis_of_grid(x, y):
    """The formula of section 1.3.1 with a positive definite matrix, as SciPy has it."""
    from mlbook import distances

    return distances.mahalanobis(x, y, np.linalg.inv(_SIGMA))


def pseudocode_of_arrays(x, y):
    """The pseudocode of section 1.3.1, given arrays."""
    return mahalanobis_as_printed(np.asarray(x), np.asarray(y), _SIGMA)


def mahalanobis_of_unlike_scales(x, y):
    """The formula for uncorrelated features of variances 4 and 0.25."""
    return np.sqrt(np.sum((np.subtract(x, y) / [2.0, 0.5]) ** 2, axis=-1))


def example_as_printed(x, y, sigma):
    """The lines of section 1.3.1 below the pseudocode, which make arrays of the lists first."""
    return float(mahalanobis_as_printed(np.array(x), np.array(y), sigma))


def weighted_by_class(x, y):
    """Section 2.1.2: weights that are higher for the features of the class that x is of.

    The sign of the first coordinate is the class; each of two features belongs to one.
    """
    x, y = np.asarray(x), np.asarray(y)
    weights = np.where(x[..., :1] > 0, [4.0, 1.0], [1.0, 4.0])
    return np.sqrt(np.sum(weights * (x - y) ** 2, axis=-1))


def after_a_projection(x, y):
    """Euclid's distance after a linear map to fewer dimensions, as many methods learn it."""
    return np.abs(np.subtract(x, y) @ [1.0, 2.0])


def cosine_as_printed(x, y):
    """The printed formula of the cosine similarity, number by number."""
    above = sum(a * b for a, b in zip(x, y, strict=True))
    return above / (math.sqrt(sum(a * a for a in x)) * math.sqrt(sum(b * b for b in y)))


def share_of_equal(found, labels):
    """Section 4.1.2: the printed accuracy, where what was found is always a list."""
    return np.mean(found == labels)


def accuracy(y, neighbours):
    """Of the nearest neighbour's label."""
    return np.mean(neighbours[:, 0] == y)


def recall(y, neighbours):
    """The same, class by class."""
    from sklearn.metrics import recall_score

    return recall_score(y, neighbours[:, 0], average="macro")


def f1(y, neighbours):
    """The same with precision."""
    from sklearn.metrics import f1_score

    return f1_score(y, neighbours[:, 0], average="macro")


def fwhd_weights_of(x):
    """The weights of section 1.3.2, the second set of points being all zero."""
    return as_printed.fwhd_weights(x, np.zeros_like(x), 1.0)


def go_parameters_of(x):
    """The parameters of section 1.3.3, all pairs of samples being weighted alike."""
    return as_printed.go_parameters(x, None, np.ones((len(x), len(x))))


def photographs_as_prepared(images):
    """The preparation of the second section 2.3.2."""
    return np.asarray(images).astype(np.float32) / 255.0


def pixels_as_prepared(images):
    """The preparation of the second section 2.2.2: the type of the numbers is changed."""
    return np.asarray(images).astype(np.float32)


def uniform_points(n, n_dimensions):
    """Points that fill a cube evenly."""
    return np.random.default_rng(0).random((n, n_dimensions))


def points_on_a_plane(n, n_dimensions):
    """Points of two dimensions, laid into space of many."""
    x = np.random.default_rng(0).random((n, 2))
    return x @ np.random.default_rng(1).normal(size=(2, n_dimensions))
