"""A right answer and typical wrong ones for each exercise of this part."""

import numpy as np


def both(p, q, prior):
    product = p * q / prior
    return product / product.sum()


def without_prior(p, q, prior):
    return p * q / (p * q).sum()


def without_scaling(p, q, prior):
    return p * q / prior


def mean_opinion(p, q, prior):
    return (p + q) / 2


def mended(points, labels, margin):
    total = 0.0
    for i, x in enumerate(points):
        for j, y in enumerate(points):
            target = 0 if labels[i] == labels[j] else margin
            total += (np.linalg.norm(x - y) - target) ** 2 / 2
    return total


def other_way_round(points, labels, margin):
    d = np.linalg.norm(points[:, None] - points, axis=2)
    return ((d - margin * (labels[:, None] == labels)) ** 2).sum() / 2


def each_pair_once(points, labels, margin):
    return mended(points, labels, margin) / 2


def same_target(points, labels, margin):
    return mended(points, np.arange(len(points)), margin)


def without(P, delta, a):
    P -= -a * np.outer(P @ delta, P @ delta) / (1 - a * delta @ P @ delta)  # in place, too
    return P


def added(P, delta, a):
    return P - a * np.outer(P @ delta, P @ delta) / (1 + a * delta @ P @ delta)


def one_sign(P, delta, a):
    return P + a * np.outer(P @ delta, P @ delta) / (1 + a * delta @ P @ delta)


def inverse_not_used(P, delta, a):
    return P + a * np.outer(delta, delta) / (1 - a * delta @ delta)


def eight_bits(x, low, high):
    grid = np.linspace(low, high, 256)
    return grid[np.abs(x[:, None] - grid).argmin(axis=1)]


def not_cut_off(x, low, high):
    width = (high - low) / 255
    return low + np.round((x - low) / width) * width


def wrapped(x, low, high):
    width = (high - low) / 255
    return low + np.round((x - low) / width).astype(int) % 256 * width


def rounded_down(x, low, high):
    width = (high - low) / 255
    return low + np.clip((x - low) // width, 0, 255) * width


def one_step_more(x, low, high):
    width = (high - low) / 256
    return low + np.clip(np.round((x - low) / width), 0, 255) * width


def codes(x, low, high):
    return np.clip(np.round((x - low) * 255 / (high - low)), 0, 255)


def kept(before, after):
    return np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(before, after, strict=True)])


def at_its_place(before, after):
    return np.mean(before == after)


def of_any_query(before, after):
    return np.isin(before, after).mean()


def counted(before, after):
    return sum(len(set(a) & set(b)) for a, b in zip(before, after, strict=True))


ANSWERS = {
    ("04_1", 1): (both, [without_prior, without_scaling, mean_opinion]),
    # wrong: as sure as one; not made to add up to 1; one of them must be right
    ("04_1", 2): (0.81 / 0.82, [0.9, 0.81, 0.99]),
    ("04_1", 3): (
        ["image", "recording", "speaker"],
        [["speaker"], "pair", ["image", "speaker"], ["pair", "image", "recording", "speaker"]],
    ),
    ("04_2", 1): (mended, [other_way_round, each_pair_once, same_target]),
    # wrong: the factor; the decimal logarithm; s itself for a loss of 100; the weight's fall
    ("04_2", 2): (np.log(100), [100, 2, np.log(200), -np.log(100)]),
    # wrong: half; the unfinished turn left out; the second loss
    ("04_2", 3): (130, [125, 120, 250 - 130]),
    # wrong: falls by half once every 200 samples; the half-life; half of it
    ("04_3", 1): (1 / (1 - 0.5 ** (1 / 200)), [400, 200, 100]),
    # wrong: no pause; its own weight forgotten
    ("04_3", 2): (1 / 51, [1 / 101, 1 / 50, 1 / 100]),
    ("04_3", 3): (without, [added, one_sign, inverse_not_used]),
    # wrong: one codebook; parts as long as an embedding; bytes forgotten; the codes themselves
    ("04_4", 1): (8 * 256 * 8 * 4, [256 * 8 * 4, 8 * 256 * 64 * 4, 8 * 256 * 8, 8_000_000]),
    ("04_4", 2): (
        eight_bits,
        [not_cut_off, wrapped, rounded_down, one_step_more, codes],
    ),
    ("04_4", 3): (kept, [at_its_place, of_any_query, counted]),
}
