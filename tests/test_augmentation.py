"""Augmented batches: what they may change in an image, and what not."""

import numpy as np
import pytest

from mlbook.augmentation import AugmentedBatches


def pictures(n=12, side=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, side, side, 3)).astype(np.uint8), np.arange(n)


def unscaled(batches, images):
    return np.rint(images * batches.deviation + batches.mean).astype(int)


def test_without_shift_and_mirror_the_images_come_as_they_are():
    x, y = pictures()
    batches = AugmentedBatches(x, y, batch_size=4, shift=0, mirror=False)
    assert len(batches) == 3
    seen = [batches[step] for step in range(3)]
    labels = np.concatenate([labels for _, labels in seen])
    assert sorted(labels) == list(y)  # each image once
    for images, labels in seen:
        assert images.dtype == np.float32
        assert np.array_equal(unscaled(batches, images), x[labels])


def test_scale_gives_mean_zero_and_deviation_one():
    x, y = pictures(40)
    batches = AugmentedBatches(x, y, batch_size=4)
    scaled = batches.scale(x)
    assert np.allclose(scaled.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    assert np.allclose(scaled.std(axis=(0, 1, 2)), 1, atol=1e-4)


def test_a_channel_without_contrast_stays_finite():
    x, y = pictures()
    x[..., 1] = 7
    assert np.isfinite(AugmentedBatches(x, y, batch_size=4).scale(x)).all()


def test_every_image_is_a_shifted_or_mirrored_one():
    x, y = pictures(side=6)
    shift = 2  # on six pixels no reflected window is its own mirror image
    batches = AugmentedBatches(x, y, batch_size=12, shift=shift)
    padded = np.pad(x, ((0, 0), (shift, shift), (shift, shift), (0, 0)), mode="reflect")
    kinds = set()
    for _ in range(30):
        images, labels = batches[0]
        for image, label in zip(unscaled(batches, images), labels, strict=True):
            found = [
                (top, left, mirrored)
                for top in range(2 * shift + 1)
                for left in range(2 * shift + 1)
                for mirrored in (False, True)
                for window in [padded[label, top : top + 6, left : left + 6]]
                if np.array_equal(image, window[:, ::-1] if mirrored else window)
            ]
            assert found
            kinds.add(found[0])
        batches.on_epoch_end()
    assert len(kinds) == 2 * (2 * shift + 1) ** 2  # all of them occur


def test_batches_depend_on_seed_epoch_and_step_only():
    x, y = pictures()
    first, second = (AugmentedBatches(x, y, batch_size=4, seed=1) for _ in range(2))
    second[2]  # reading out of turn changes nothing
    assert all(np.array_equal(a, b) for a, b in zip(first[0], second[0], strict=True))
    before = first[0]
    first.on_epoch_end()
    assert not np.array_equal(before[0], first[0][0])
    other = AugmentedBatches(x, y, batch_size=4, seed=2)
    assert not np.array_equal(before[0], other[0][0])


def test_labels_for_a_model_with_two_outputs():
    x, y = pictures()
    batches = AugmentedBatches(x, y, 4, y_transform=lambda labels: {"a": labels, "b": -labels})
    labels = batches[0][1]
    assert np.array_equal(labels["a"], -labels["b"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": pictures()[0].astype(float)}, "uint8"),
        ({"x": pictures()[0][..., 0]}, "uint8 of shape"),
        ({"y": np.arange(11)}, "labels must be integers"),
        ({"y": np.arange(12.0)}, "labels must be integers"),
        ({"batch_size": 13}, "do not fill a batch"),
        ({"batch_size": 0}, "batch_size"),
        ({"shift": 6}, "leaves nothing"),
        ({"shift": -1}, "shift"),
    ],
)
def test_bad_input(change, message):
    x, y = pictures()
    with pytest.raises(ValueError, match=message):
        AugmentedBatches(**({"x": x, "y": y, "batch_size": 4} | change))


def test_a_missing_seed_or_channel_is_refused():
    x, y = np.zeros((8, 9, 9, 3), np.uint8), np.zeros(8, int)
    with pytest.raises(ValueError, match="seed"):
        AugmentedBatches(x, y, 4, seed=None)
    with pytest.raises(ValueError, match="3 channels"):
        AugmentedBatches(x, y, 4).scale(x[..., :1])
