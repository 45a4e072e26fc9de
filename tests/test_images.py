"""Images: a slant is taken away, what is upright stays, and nothing else changes."""

import numpy as np
import pytest

from mlbook.images import deskew, jitter


def bar_of_ink(slant, size=21):
    """A stroke from top to bottom whose columns run with the rows."""
    image = np.zeros((size, size), np.float32)
    for row in range(3, size - 3):
        column = size // 2 + slant * (row - size // 2)
        low = int(np.floor(column))
        image[row, low] += 1 - (column - low)
        image[row, low + 1] += column - low
    return image


def slant_of(image):
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    weights = image / image.sum()
    rows, columns = rows - (weights * rows).sum(), columns - (weights * columns).sum()
    return (weights * rows * columns).sum() / (weights * rows**2).sum()


@pytest.mark.parametrize("slant", [-0.6, 0.3, 0.5])
def test_a_slanted_stroke_is_put_upright(slant):
    slanted = bar_of_ink(slant)
    assert abs(slant_of(slanted) - slant) < 0.05
    upright = deskew(slanted[np.newaxis])[0]
    assert abs(slant_of(upright)) < 0.05
    assert slanted[:, 9:12].sum() < 0.7 * slanted.sum()
    assert upright[:, 9:12].sum() > 0.99 * upright.sum()


def test_ink_is_centred():
    moved = np.roll(bar_of_ink(0.0), (0, 4), axis=(0, 1))
    np.testing.assert_allclose(deskew(moved[np.newaxis])[0], bar_of_ink(0.0), atol=1e-5)


def test_upright_images_stay_and_empty_ones_do_no_harm():
    upright = np.stack([bar_of_ink(0.0), np.zeros((21, 21), np.float32)])
    np.testing.assert_allclose(deskew(upright), upright, atol=1e-5)
    line = np.zeros((1, 21, 21), np.float32)
    line[0, 10, 5:16] = 1
    np.testing.assert_allclose(deskew(line), line, atol=1e-5)


def test_jitter_moves_within_its_limits_and_repeats():
    image = np.zeros((1, 21, 21), np.float32)
    image[0, 10, 10] = 1
    copies = np.concatenate([jitter(image, np.random.default_rng(s), 2.0, 0.0) for s in range(40)])
    rows, columns = np.mgrid[:21, :21]
    centres = np.array([[(c * rows).sum(), (c * columns).sum()] for c in copies]) - 10
    assert np.abs(centres).max() <= 2.0 + 1e-3 and centres.std(axis=0).min() > 0.5
    again = jitter(image, np.random.default_rng(3), 2.0, 0.0)
    np.testing.assert_array_equal(again[0], copies[3])
    still = jitter(image, np.random.default_rng(0), 0.0, 0.0)
    np.testing.assert_allclose(still, image, atol=1e-6)


@pytest.mark.parametrize("bad", [np.zeros((4, 4)), -np.ones((1, 4, 4)), np.full((1, 4, 4), np.nan)])
def test_bad_images_are_refused(bad):
    with pytest.raises(ValueError, match="images must"):
        deskew(bad)
    with pytest.raises(ValueError, match="images must"):
        jitter(bad, np.random.default_rng(0))
