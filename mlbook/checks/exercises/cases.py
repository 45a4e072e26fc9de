"""Exercises of the cases (chapters 05) and of the appendix (chapters 06)."""

import numpy as np

from mlbook import as_printed
from mlbook.checks.exercises import judges

# what is wrong with each of the five citations of appendix A.3: author, place, year
_FAULTS = ("p", "apy", "p", "", "ay")


def _p_value(said):
    if abs(said - 0.387) < 0.01:
        return "either of the two could have been ahead: count both directions"
    return "the texts on which both agree say nothing; think of twelve tosses of a coin"


def _spoilt_embeddings(answer):
    rows = np.asarray(answer, dtype=float)
    if rows.shape != (4, 2) or not np.isfinite(rows).all():
        return f"an array of 4 embeddings of 2 numbers is wanted, got the shape {rows.shape}"
    if not (np.allclose(rows[0], rows[1]) and np.allclose(rows[2], rows[3])):
        return "two texts of one class are still apart, so the loss is not the smallest possible"
    if not np.allclose(rows[0], rows[2]):
        return "the loss is the smallest possible, but here a classifier can tell the classes apart"
    return ""


def _by_luck(said):
    if said >= 0.95:
        return "probabilities of events that can happen together do not add up"
    return "first compute how probable it is that none of the twenty looks better"


def _unequal_weights(answer):
    x, y = (np.asarray(points, dtype=float) for points in answer)
    if x.ndim != 2 or x.shape != y.shape or len(x) != 3:
        return f"x and y are three points each, one a row; got the shapes {x.shape} and {y.shape}"
    weights = as_printed.fwhd_weights(x, y, 0.1)
    if np.ptp(weights) > 1e-6:
        return ""
    if np.allclose(weights, 0):
        return "all weights are 0: between x and y no distance has changed"
    return "each point has the same sum of changes; let one point move more than the others"


def _doi_form(answer):
    if callable(answer):  # a match is as good as a yes
        return _doi_cases(lambda text: bool(answer(text)))
    return _doi_cases(answer)


_doi_cases = judges.function(
    [
        (("10.1109/TPAMI.2002.1017623",), True),
        (("10.1007/3-540-49257-7_15",), True),
        (("10.1234",), False),
        (("10.1234/",), False),
        (("10.12/name",), False),
        (("1051234/name",), False),
        (("see 10.1234/name",), False),
        (("10.1234/two names",), False),
    ],
    "it judges a text wrongly: think of a text before and behind, and of what a dot means in a "
    "regular expression",
)


def _faults(answer):
    said = [set(str(letters).lower()) - set(" ,") for letters in answer]
    if isinstance(answer, str) or len(said) != len(_FAULTS):
        return f"hand in a list of {len(_FAULTS)} texts, one a citation"
    if unknown := set().union(*said) - set("apy"):
        return f"use the letters a, p and y; got {', '.join(sorted(unknown))}"
    for number, (letters, right) in enumerate(zip(said, _FAULTS, strict=True), 1):
        if letters != set(right):
            return f"look at citation {number} again, and at every part of it"
    return ""


EXERCISES = {
    ("05_1", 1): judges.words(
        ["add", "halve", "root"],
        "a bit asks only which of two greys is larger: try each change on a dark and a bright "
        "pixel that are neighbours",
        ["add", "halve", "root", "negative", "shade"],
    ),
    ("05_1", 2): judges.function(
        [
            (([0] * 8,), 0),
            (([0, 1, 0, 0, 0, 0, 0, 0],), 1),
            (([1, 0, 0, 0, 0, 0, 0, 1],), 3),
            (([1, 1, 0, 1, 0, 0, 0, 0],), 11),
            (([0, 0, 0, 0, 1, 1, 0, 1],), 11),
            (([1, 0, 1, 1, 0, 0, 0, 0],), 13),
        ],
        "a code is wrong: a rotation lets the last bit come in again in front and keeps the "
        "gaps between the ones; the first bit counts 1",
    ),
    ("05_1", 3): judges.array(
        [0.2, 0.6],
        "the threshold comes from the first two rows alone; the share of accepted different "
        "pairs is wanted first",
    ),
    ("05_2", 1): judges.words(
        ["pairs", "kim"],
        "try each on “not bad but good” and “not good but bad”",
        ["counts", "tfidf", "mean", "pairs", "kim"],
    ),
    ("05_2", 2): judges.number(0.7744140625, _p_value),
    ("05_2", 3): _spoilt_embeddings,
    ("05_3", 1): judges.words(
        ["selection", "copies", "neighbours"],
        "ask of each whether the label of a test item can reach the model, itself or in a copy",
        ["scaling", "missing", "selection", "copies", "neighbours"],
    ),
    ("05_3", 2): judges.number(1 - 0.95**20, _by_luck),
    ("05_3", 3): judges.array(
        [0.75, 0.6, 2 / 3],
        "recall divides by the eights that are there, precision by the eights that are "
        "claimed; F1 is the harmonic mean",
        tolerance=1e-3,
    ),
    ("06_1", 1): _unequal_weights,
    ("06_1", 2): judges.array(
        [100, 0], "put the length into the rule, with 2 alpha = 0.02, and then once more"
    ),
    ("06_1", 3): judges.array(
        [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]],
        "the largest t / s gets the largest weight; see what a very large exponent makes of the "
        "three, and what an exponent near zero",
        tolerance=1e-3,
    ),
    ("06_2", 1): judges.words(
        ["nca", "lmnn"],
        "counts, means and scatters of the classes are all there is; ask of each whether it needs "
        "to know which points are near each other",
        ["covariance", "fwhd", "mdc", "nca", "lmnn"],
    ),
    ("06_2", 2): judges.number(
        10 * 784 * 784 * 8 / 1e6,
        "a matrix has a row and a column for each feature, a number of 64 bits has 8 bytes, and "
        "there is one matrix a class",
    ),
    ("06_2", 3): judges.array(
        [1, 0],
        "ReLU's slope is 0 on one side of zero and 1 on the other; that of tanh is nearly the same "
        "on both sides",
    ),
    ("06_3", 1): _doi_form,
    ("06_3", 2): _faults,
    ("06_3", 3): judges.words(
        ["contents", "page"],
        "a search that finds nothing may be a bad search; look for findings that hold whatever "
        "else exists",
        ["search", "copies", "names", "contents", "page"],
    ),
}
