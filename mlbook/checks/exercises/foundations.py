"""Exercises of the audit and of parts 1 and 2: distances, linear metrics, losses."""

from types import SimpleNamespace

import numpy as np
from scipy.stats import chi2

from mlbook.checks.base import SUPPORTED, Evidence
from mlbook.checks.exercises import judges
from mlbook.checks.measured import is_better
from mlbook.evaluation import Interval


def _number(right, otherwise, mistakes, tolerance=0.01):
    """A judge of a number that knows typical wrong ones, given with what is said of each."""

    def hint(value):
        said = (text for wrong, text in mistakes.items() if np.isclose(value, wrong, rtol=0.005))
        return next(said, otherwise)

    return judges.number(right, hint, tolerance)


def _on_arrays(cases, hint):
    """A judge of a function that is called with arrays, which are given as lists."""
    cases = [
        (tuple(np.array(one) if isinstance(one, list) else one for one in arguments), expected)
        for arguments, expected in cases
    ]
    return judges.function(cases, hint)


def _is_refuted_by(answer):
    """Is "better" refuted by (low, value, high), a difference that is above zero all the same?"""
    low, value, high = (float(part) for part in answer)
    if not low <= value <= high:
        return "the middle value lies within its interval: give low, value and high in this order"
    if value <= 0:
        return "the measured difference itself has to be above zero; the check can still refuse it"
    found = Interval(value, low, high, "handed in")
    measured = SimpleNamespace(
        arms={"a": "first", "b": "second"},
        compare=lambda *_: found,
        measure="accuracy",
        experiment="made up",
    )
    outcome = is_better(Evidence(result=lambda *_: measured), ("any", "full"), "a", "b")
    if outcome.verdict == SUPPORTED:
        return "the check still says supported; which end of the interval does it look at"
    return ""


def _judged(text):
    """Pairs of section and verdict from a short text: r is refuted, s supported, and so on."""
    verdicts = {
        "r": "refuted",
        "s": "supported",
        "c": "supported with conditions",
        "u": "cannot be checked here",
    }
    return [(part[:-1], verdicts[part[-1]]) for part in text.split()]


_combined = judges.function(
    [
        (([np.eye(2), np.diag([2.0, 0.0])], [0.5, 0.5]), [[2.5, 0], [0, 0.5]]),
        (([np.array([[1.0, 1.0]]), np.eye(2)], [0.25, 0.75]), [[1, 0.25], [0.25, 1]]),
        (([np.array([[0.0, 3.0]])], [1.0]), [[0, 0], [0, 9]]),
    ],
    "the distances after this map are not those of the mixture; a weight belongs to a squared "
    "distance, and an entry of a map enters the distance squared",
)


def _is_one_map(answer):
    """Has the returned map the right L^T L? Many maps make the same distance."""
    if not callable(answer):
        return _combined(answer)

    def product(maps, weights):
        L = np.asarray(answer(maps, weights), dtype=float)
        return L.T @ L

    return _combined(product)


_x, _y, _capital = np.array([3.0, 4.0]), np.array([6.0, 8.0]), np.zeros(2)

EXERCISES = {
    ("00", 1): judges.function(
        [
            ((_judged("1r 1s 2r 2r 2u 3s 3s 3c 3s"),), [2, 3]),
            ((_judged("1u 1u 1c 2r"),), [1, 1]),
            ((_judged("4s 5r 4r 5s 5r 4c 5r"),), [3, 4]),
        ],
        "count the verdict refuted and no other one, choose the section by that count, and then "
        "count all of its claims",
    ),
    ("00", 2): _is_refuted_by,
    ("00", 3): judges.words(
        ["b", "d"],
        "name for each sentence one finding that would make it false; where there is none, the "
        "sentence cannot be refuted",
        ["a", "b", "c", "d", "e"],
    ),
    ("01_1", 1): _number(
        np.sqrt(2),
        "expand the squared length of x - y into inner products; two of them are 1",
        {
            2: "this is the factor between the squares of the two",
            np.sqrt(0.5): "this leads the other way, from Euclid's distance to the root",
        },
    ),
    ("01_1", 2): judges.word(
        "homogeneity",
        "take a vector of length 1 and its double, and compare their capped lengths",
        ["positivity", "triangle inequality", "homogeneity", "none"],
    ),
    ("01_1", 3): judges.function(
        [
            ((_x, _capital), 5),
            ((_x, np.array([-3.0, 4.0])), 10),
            ((_x, _y), 15),
            ((_x, _x.copy()), 0),
            ((_capital, _capital.copy()), 0),
        ],
        "try a town and itself, and two towns on the same side of the capital: every other "
        "journey goes through the capital",
    ),
    ("01_2", 1): _number(
        np.sqrt(chi2.ppf(0.95, 30)),
        "take the quantile of the chi-squared distribution with 30 degrees of freedom above which "
        "five in a hundred lie",
        {
            chi2.ppf(0.95, 30): "this is a limit for the squared distance",
            np.sqrt(chi2.ppf(0.05, 30)): "this alarm would be silent for five in a hundred only",
            np.sqrt(chi2.ppf(0.975, 30)): "only one end of the distribution rings: nobody is "
            "alarmed by a small distance",
        },
    ),
    ("01_2", 2): _number(
        9 / np.sqrt(10),
        "write the mean and the standard deviation as multiples of the tenth value; it cancels",
        {
            3: "this is the distance with the divisor n; the covariance here has n - 1",
            np.sqrt(10): "the tenth value takes part in the mean as well",
        },
    ),
    ("01_2", 3): _on_arrays(
        [
            (([[2.0, 1.0], [1.0, 2.0]], [3.0, 0.0]), [2, -1]),
            (([[4.0, 0.0], [0.0, 1.0]], [4.0, 1.0]), [1, 1]),
        ],
        "whitening maps the difference and the case: the product of L x and L d is x times "
        "something, in which L occurs twice",
    ),
    ("01_3", 1): _number(
        4 / 13,
        "take a thousand pairs, count those called alike rightly and wrongly, and divide",
        {
            0.8: "this share holds among all answers; pairs that are not alike are many more",
            0.08: "this is the share of all pairs; divide by the share that is called alike",
            0.1: "this would be so if the answers told nothing",
        },
    ),
    ("01_3", 2): judges.word(
        "not alike",
        "let all distances be a hundred times as large: which of the demands of the first table "
        "gets easier, and which is as it was",
        ["alike", "not alike", "triplet", "quadruplet"],
    ),
    ("01_3", 3): _on_arrays(
        [
            (([1.0, 2.0], [3.0, 4.0, 5.0]), 1),
            (([1.0, 3.0], [2.0, 4.0]), 0.75),
            (([5.0], [1.0, 2.0]), 0),
            (([1.0, 2.0], [2.0, 3.0]), 0.875),
        ],
        "compare each distance of the first list with each of the second; look at which one "
        "should be smaller, and at what equal distances count",
    ),
    ("01_4", 1): _number(
        0,
        "print all three weights of the fitted mixture; the noise stands last in the list",
        {
            1 / 3: "this is the weight before anything is learned",
            1: "this is the weight of another member, or of all together",
        },
    ),
    ("01_4", 2): _on_arrays(
        [
            (([1.0, 1.0, 2.0], [1.0, 4.0, 2.0], 1.0), np.array([1, 4, 1]) / 6),
            (([1.0, 1.0, 2.0], [1.0, 4.0, 2.0], 2.0), [0.25, 0.5, 0.25]),
            (([3.0, 2.0], [6.0, 2.0], 0.5), [0.8, 0.2]),
        ],
        "look at which difference stands above and which below, at the exponent for a large "
        "temperature, and at the sum of the weights",
    ),
    ("01_4", 3): _is_one_map,
    ("02_1", 1): _number(
        np.log(47),
        "all similarities are equal, so the softmax gives each candidate the same probability; "
        "how many candidates has an anchor",
        {
            np.log(48): "an anchor is not a candidate for itself",
            np.log(6): "the candidates are items, not classes",
            0: "the loss is a logarithm of a share, and the positive has only a small share",
            np.log(7): "the negatives are candidates, too",
        },
        tolerance=0.002,
    ),
    ("02_1", 2): _number(
        32 * 31 / 2 * 19 / 1999,
        "how many pairs has a batch, and how probable is it that the second item of a pair is of "
        "the class of the first",
        {
            32 * 31 / 2 / 100: "when the first item of a pair is drawn, one less of its class is "
            "left for the second",
            32 * 31 * 19 / 1999: "this counts each pair twice",
        },
    ),
    ("02_1", 3): _number(
        4,
        "whiten the embeddings first; then every feature has the variance 1, and the difference of "
        "two items has twice that",
        {
            2: "this is the mean squared distance from the mean; here both ends vary",
            1: "each dimension adds its part",
            0: "the covariance shrinks with the embeddings",
        },
    ),
    ("02_2", 1): judges.word(
        "words to strangers",
        "for each of the three splits write down which voices and which words are new, and look "
        "for the step in which only the voices change",
        ["takes to words", "words to strangers", "takes to strangers"],
    ),
    ("02_2", 2): judges.word(
        "interval",
        "ask what the metric is learned from, and over what the interval is taken",
        ["metric", "interval", "both", "neither"],
    ),
    ("02_2", 3): _on_arrays(
        [
            (([1, 0, 1],), 5 / 9),
            (([1, 1, 0, 0],), 0.5),
            (([0, 1],), 0.25),
            (([0, 0, 0],), 0),
            (([1, 1],), 1),
        ],
        "the precision counts only at places with a match; the sum is divided by R, whatever "
        "the number of matches",
    ),
    ("02_2", 4): _number(
        0.25,
        "put all eight distances in one row, and try a threshold between each two neighbours",
        {
            0.5: "the two rates are equal; they are not added",
            0.75: "this is the share of right answers at the threshold",
        },
    ),
}
