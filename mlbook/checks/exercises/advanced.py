"""Exercises of part 4: several modalities, joint losses, streams, compression."""

import numpy as np

from mlbook.checks.exercises import judges

_HALVES, _THIRDS = np.full(2, 1 / 2), np.full(3, 1 / 3)
_OBTUSE = np.array([[2.0, 0.5], [0.5, 1.0]])


def _weights(total):
    if np.isclose(total, 400):
        return "weights fade smoothly, not by half once every 200 samples; add up fade^k for all k"
    return "from one sample to the next all weights are multiplied by the same number; which?"


def _rest(growth):
    if np.isclose(growth, 2):
        return "the rule holds exp(-s); which logarithm undoes that?"
    return (
        "for one loss L, where is the derivative of exp(-s) L + s / 2 zero? Compare that s for L "
        "and for 100 L"
    )


def _typical_parts(n_bytes):
    if np.isclose(n_bytes, 256 * 8 * 4):
        return "that is one codebook; each part has its own"
    return "how many numbers has one typical part, how many typical parts are there in all?"


EXERCISES = {
    ("04_1", 1): judges.function(
        [
            ((np.array([0.8, 0.2]), np.array([0.6, 0.4]), _HALVES), [6 / 7, 1 / 7]),
            (
                (np.array([4, 1, 1]) / 6, np.array([4, 1, 1]) / 6, _THIRDS),
                np.array([8, 1 / 2, 1 / 2]) / 9,
            ),
            # who says no more than is known anyway changes nothing
            ((np.array([0.9, 0.1]), np.array([0.9, 0.1]), np.array([0.9, 0.1])), [0.9, 0.1]),
        ],
        "two checks: the result adds up to 1; and where image and speech both give just the "
        "prior, the result is the prior again",
    ),
    ("04_1", 2): judges.number(
        0.81 / 0.82,
        "the rule takes the second modality for new evidence: multiply for both classes, and "
        "make the products add up to 1",
        tolerance=0.002,
    ),
    ("04_1", 3): judges.words(
        ["image", "recording", "speaker"],
        "it is the pairs that are split; ask of everything in a pair whether it is in other pairs "
        "too, and where those may go",
        ["pair", "image", "recording", "speaker"],
    ),
    ("04_2", 1): judges.function(
        [
            ((np.array([[0.0], [1.0]]), np.array([0, 0]), 3.0), 1.0),
            ((np.array([[0.0], [1.0]]), np.array([0, 1]), 3.0), 4.0),
            # distances 3, 4 and 5; the first two are of one class
            ((np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]]), np.array([1, 1, 2]), 4.5), 9.5),
        ],
        "take two points: a pair of one class costs its squared distance, a pair of two classes "
        "at the margin costs nothing, a point and itself cost nothing; each pair is in the sum "
        "twice, and the sum is halved, as in printed_loss",
    ),
    ("04_2", 2): judges.number(np.log(100), _rest),
    ("04_2", 3): judges.number(
        130,
        "the turns are 20 steps each, and the first loss begins; 250 is not a multiple of two "
        "turns, so look at what is left at the end",
        tolerance=1e-6,
    ),
    ("04_3", 1): judges.number(1 / (1 - 0.5 ** (1 / 200)), _weights),
    ("04_3", 2): judges.number(
        1 / 51,
        "what do the 100 old weights add up to after the pause? The next sample has the weight "
        "1, and its share is of all weights, its own too",
    ),
    ("04_3", 3): judges.function(
        [
            ((np.array([[1.0]]), np.array([1.0]), 0.5), [[2.0]]),
            (
                (np.linalg.inv(_OBTUSE + np.diag([0.0, 3.0])), np.array([0.0, 2.0]), 0.75),
                np.linalg.inv(_OBTUSE),
            ),
        ],
        "with one feature and S = 1, P = 1, delta = 1, a = 1/2 the inverse is 2; which signs of "
        "the formula of Sherman and Morrison change if a becomes -a?",
    ),
    ("04_4", 1): judges.number(65_536, _typical_parts),
    ("04_4", 2): judges.function(
        [
            ((np.array([0.2, 3.7, 255.0]), 0.0, 255.0), [0, 4, 255]),
            ((np.array([-1.0, 0.3, 1.0]), -1.0, 1.0), [-1, 77 / 255, 1]),
            ((np.array([300.0, -4.0, 100.2]), 0.0, 255.0), [255, 0, 100]),
        ],
        "256 values have 255 steps between them; round to the nearest of them; numbers outside "
        "of the range must not come out outside of it, nor wrap around",
    ),
    ("04_4", 3): judges.function(
        [
            ((np.array([[1, 2, 3]]), np.array([[3, 1, 2]])), 1.0),
            ((np.array([[1, 2], [3, 4]]), np.array([[1, 5], [6, 7]])), 0.25),
            # item 4 is found after, but by the other query
            ((np.array([[1, 2], [3, 4]]), np.array([[2, 4], [5, 3]])), 0.5),
        ],
        "neighbours in another order are still the neighbours, but a neighbour of another query "
        "does not count; the share is of all neighbours of all queries",
    ),
}
