"""A right answer and typical wrong ones for each exercise of this part."""

import re

import numpy as np


def smallest_rotation(bits):
    return min(np.roll(bits, k) @ 2 ** np.arange(8) for k in range(8))


def doi(text):
    return re.fullmatch(r"10\.\d{4,9}/\S+", text)


ANSWERS = {
    ("05_1", 1): (
        ["root", "add", "halve"],
        [["add", "halve"], ["add", "halve", "root", "negative"], "add", ["pixels"]],
    ),
    ("05_1", 2): (
        smallest_rotation,
        [
            lambda bits: bits @ 2 ** np.arange(8),  # no rotation
            lambda bits: 2 ** np.sum(bits) - 1,  # all ones side by side
            lambda bits: min(np.roll(bits, k) @ 2 ** np.arange(8)[::-1] for k in range(8)),
            lambda bits: min(bits[k:] @ 2 ** np.arange(8 - k) for k in range(8)),  # bits are lost
        ],
    ),
    ("05_1", 3): ([0.2, 0.6], [[0.6, 0.2], [0.4, 0.4], [0.8, 0.4], 0.4]),
    ("05_2", 1): (["kim", "pairs"], ["kim", ["tfidf", "pairs", "kim"], ["mean", "kim"]]),
    ("05_2", 2): (0.7744, [0.3872, 0.8389, 0.02]),
    ("05_2", 3): (
        np.ones((4, 2)),
        [[[0, 0], [0, 0], [1, 1], [1, 1]], [[0, 0], [1, 1], [0, 0], [1, 1]], np.zeros(4)],
    ),
    ("05_3", 1): (
        ["copies", "neighbours", "selection"],
        [
            ["scaling", "missing", "selection", "copies", "neighbours"],
            ["selection", "neighbours"],
            "neighbours",
        ],
    ),
    ("05_3", 2): (0.6415, [1.0, 0.05, 0.3585]),
    ("05_3", 3): (
        [0.75, 0.6, 0.6667],
        [[0.6, 0.75, 0.6667], [0.75, 0.6, 0.675], [0.75, 0.6], [0.75, 0.975, 0.848]],
    ),
    ("06_1", 1): (
        ([[0, 0], [1, 0], [2, 0]], [[0, 0], [1, 0], [9, 0]]),
        [
            ([[0, 0], [1, 0], [2, 0]], [[5, 5], [6, 5], [7, 5]]),  # moved as a whole
            (np.eye(3), 2 * np.eye(3)),  # all distances alike
            ([[1, 2], [2, 3]], [[2, 2], [9, 3]]),  # two points
        ],
    ),
    ("06_1", 2): ([100, 0], [[0, 0], [0, 100], [-100, 0], [100, 25]]),
    ("06_1", 3): (
        [[1, 0, 0], [0.3333, 0.3333, 0.3333]],
        [
            [[1 / 3, 1 / 3, 1 / 3], [1, 0, 0]],
            [[0, 0, 1], [1 / 3, 1 / 3, 1 / 3]],
            [[1, 0, 0], [0, 0, 0]],
            [1, 0, 0],
        ],
    ),
    ("06_2", 1): (
        ["nca", "lmnn"],
        [["nca"], ["mdc", "nca", "lmnn"], ["covariance", "fwhd", "mdc"]],  # the others
    ),
    ("06_2", 2): (
        49.17248,
        [4.917248, 393.4, 24.58624, 0.06272],  # one class, bits, 32-bit numbers, one row
    ),
    ("06_2", 3): ([1.0, 1e-14], [[0, 0], [1, 1], [1e-7, 0]]),
    ("06_3", 1): (
        doi,
        [
            lambda text: text.startswith("10."),
            lambda text: re.search(r"10\.\d{4,9}/\S+", text),  # anywhere
            lambda text: re.match(r"10\.\d{4,9}/\S+", text),  # anything may follow
            lambda text: re.fullmatch(r"10.\d{4,9}/\S+", text),  # a dot that is any character
            "10.1234/name",
        ],
    ),
    ("06_3", 2): (
        ["p", "a, p, y", "p", "", "ya"],
        [
            ["p", "ap", "p", "", "ya"],
            ["", "apy", "p", "", "ya"],
            ["p", "apy", "p", "right", "ay"],
            [4],
            "4",
        ],
    ),
    ("06_3", 3): (
        ["page", "contents"],
        [["search", "contents", "page"], ["page"], ["search", "names", "contents", "page"]],
    ),
}
