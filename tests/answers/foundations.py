"""A right answer and typical wrong ones for each exercise of the audit and of parts 1 and 2."""

import numpy as np
from scipy.linalg import sqrtm
from scipy.stats import chi2


def worst_section(pairs, counted=("refuted",), by_refuted=True):
    """How many claims of one section are counted, and how many it has."""
    found = {}
    for section, verdict in pairs:
        counts = found.setdefault(section, [0, 0])
        counts[0] += verdict in counted
        counts[1] += 1
    return max(found.values(), key=lambda counts: counts[0 if by_refuted else 1])


def by_train(x, y):
    return 0.0 if np.all(x == y) else np.linalg.norm(x) + np.linalg.norm(y)


def by_the_shortest_rails(x, y):
    """Towns in one direction have a line of their own."""
    cosine = x @ y / max(np.linalg.norm(x) * np.linalg.norm(y), 1e-12)
    return np.linalg.norm(x - y) if cosine > 1 - 1e-9 else by_train(x, y)


def area(same, other, tie=0.5):
    gaps = np.subtract.outer(other, same)
    return np.mean((gaps > 0) + tie * (gaps == 0))


def weights(same, different, temperature):
    raised = np.divide(different, same) ** (1 / temperature)
    return raised / raised.sum()


def one_map(maps, weights):
    return np.vstack([np.sqrt(w) * L for L, w in zip(maps, weights, strict=True)])


def average_precision(matches):
    hits = np.cumsum(matches)
    return np.mean(hits / np.arange(1, len(matches) + 1) * matches)


ANSWERS = {
    ("00", 1): (
        worst_section,
        [
            lambda pairs: worst_section(
                pairs, ("refuted", "supported with conditions", "cannot be checked here")
            ),
            lambda pairs: worst_section(pairs, by_refuted=False),
            lambda pairs: [sum(v == "refuted" for _, v in pairs), len(pairs)],
        ],
    ),
    ("00", 2): (
        (-0.01, 0.02, 0.05),
        [(0.01, 0.02, 0.05), (-0.05, -0.02, -0.01), (0.02, -0.01, 0.05)],
    ),
    ("00", 3): (["d", "b"], [["b"], ["b", "d", "e"], ["a", "b", "d"], "b, d"]),
    ("01_1", 1): (1.414, [2, 0.707, 1]),
    ("01_1", 2): ("homogeneity", ["triangle inequality", "none", "symmetry"]),
    ("01_1", 3): (
        by_train,
        [
            lambda x, y: np.linalg.norm(x) + np.linalg.norm(y),
            by_the_shortest_rails,
            lambda x, y: np.linalg.norm(x - y),
            by_train(np.ones(2), np.zeros(2)),
        ],
    ),
    ("01_2", 1): (6.616, [chi2.ppf(0.95, 30), np.sqrt(chi2.ppf(0.05, 30)), 1.645]),
    ("01_2", 2): (2.846, [3, np.sqrt(10), 1e6]),
    ("01_2", 3): (
        np.linalg.solve,
        [
            lambda covariance, difference: np.real(
                np.linalg.solve(sqrtm(np.array(covariance)), difference)
            ),
            lambda covariance, difference: difference / np.diag(covariance),
            lambda covariance, difference: difference,
        ],
    ),
    ("01_3", 1): (0.3077, [0.8, 0.08, 0.2]),
    ("01_3", 2): ("Not alike", ["alike", "triplet", "pair"]),
    ("01_3", 3): (
        area,
        [
            lambda same, other: area(same, other, 0),
            lambda same, other: area(same, other, 1),
            lambda same, other: area(other, same),
        ],
    ),
    ("01_4", 1): (3e-6, [1 / 3, 1, 0.5]),
    ("01_4", 2): (
        weights,
        [
            lambda same, different, temperature: weights(different, same, temperature),
            lambda same, different, temperature: weights(same, different, 1 / temperature),
            lambda same, different, temperature: np.divide(different, same) ** (1 / temperature),
        ],
    ),
    ("01_4", 3): (
        one_map,
        [
            lambda maps, weights: one_map(maps, np.square(weights)),
            lambda maps, weights: sum(w * L for L, w in zip(maps, weights, strict=True)),
            lambda maps, weights: np.vstack(maps),
        ],
    ),
    ("02_1", 1): (3.85, [np.log(48), np.log(6), 0]),
    ("02_1", 2): (4.71, [4.96, 9.43, 496]),
    ("02_1", 3): (4, [2, 1, 0]),
    ("02_2", 1): ("words to strangers", ["takes to words", "takes to strangers"]),
    ("02_2", 2): ("interval", ["metric", "both"]),
    ("02_2", 3): (
        average_precision,
        [
            np.mean,
            lambda matches: average_precision(matches) * len(matches) / max(sum(matches), 1),
            lambda matches: np.mean(np.cumsum(matches) / np.arange(1, len(matches) + 1)),
        ],
    ),
    ("02_2", 4): (1 / 4, [0.5, 0.75]),
}
