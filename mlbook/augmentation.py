"""Batches of photographs, each shifted and mirrored at random, made while the network trains."""

import keras
import numpy as np

from mlbook.arguments import check_number


class AugmentedBatches(keras.utils.PyDataset):
    """All images once an epoch in a random order, each shifted a little, half of them mirrored.

        model.fit(AugmentedBatches(x, y), epochs=12, shuffle=False)

    Parameters
    ----------
    x : ndarray of uint8, shape (n, height, width, channels)
    y : array-like of int, shape (n,)
    batch_size : int, default=128
        The images left over at the end of an epoch are not used in it.
    shift : int, default=3
        Largest shift in pixels, up, down, left or right. What comes into view is the image,
        reflected at its border.
    mirror : bool, default=True
    y_transform : callable or None, default=None
        Applied to the labels of a batch before they are handed out, as in `BalancedBatches`.
    seed : int, default=0
        Batches depend on the seed, the epoch and the step only.
    **kwargs
        For `keras.utils.PyDataset`: workers, use_multiprocessing, max_queue_size.

    Attributes
    ----------
    mean, deviation : ndarray of shape (channels,)
        Of the training images, in which `scale` counts.

    Raises
    ------
    ValueError
        If the images are not uint8 of four dimensions, are fewer than a batch or smaller than
        the shift, or the labels are not one an image.
    """

    def __init__(
        self, x, y, batch_size=128, shift=3, mirror=True, y_transform=None, seed=0, **kwargs
    ):
        super().__init__(**kwargs)
        x, y = np.asarray(x), np.asarray(y)
        if x.ndim != 4 or x.dtype != np.uint8:
            raise ValueError(
                "images must be uint8 of shape (n, height, width, channels), got "
                f"{x.dtype} of shape {x.shape}"
            )
        if y.shape != x.shape[:1] or y.dtype.kind not in "iu":
            raise ValueError(
                f"labels must be integers of shape ({len(x)},), got {y.dtype} of shape {y.shape}"
            )
        check_number("batch_size", batch_size, at_least=1, integer=True)
        self.batch_size = batch_size
        check_number("shift", shift, at_least=0, integer=True)
        check_number("seed", seed, at_least=0, integer=True)
        if len(x) < batch_size:
            raise ValueError(f"{len(x)} images do not fill a batch of {batch_size}")
        if shift >= min(x.shape[1:3]):
            raise ValueError(f"a shift of {shift} pixels leaves nothing of images {x.shape[1:3]}")
        self.labels = y
        self.mean = x.mean(axis=(0, 1, 2), dtype=np.float64).astype(np.float32)
        deviation = x.std(axis=(0, 1, 2), dtype=np.float64).astype(np.float32)
        self.deviation = np.where(deviation > 0, deviation, 1)
        border = ((0, 0), (shift, shift), (shift, shift), (0, 0))
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(x, border, mode="reflect"), x.shape[1:3], axis=(1, 2)
        )
        # (n, 2 shift + 1, 2 shift + 1, height, width, channels), a view; channels last, as in
        # memory, so that a window is copied in whole rows
        self._windows = np.moveaxis(windows, 3, 5)
        self._mirror, self._y_transform, self._seed = mirror, y_transform, seed
        self.epoch = 0
        self._draw_order()

    def __len__(self):
        return len(self.labels) // self.batch_size

    @property
    def num_batches(self):
        return len(self)

    def scale(self, images):
        """Images of uint8 as the batches have them: float32, mean 0 and deviation 1."""
        images = np.asarray(images)
        if images.ndim < 3 or images.shape[-1] != len(self.mean):
            raise ValueError(
                f"images must have {len(self.mean)} channels at the end, got shape {images.shape}"
            )
        # rows of pixels: numpy is slow at repeating an operand of three numbers
        width = images.shape[-2]
        scaled = images.reshape(*images.shape[:-2], -1).astype(np.float32)
        scaled -= np.tile(self.mean, width)
        scaled /= np.tile(self.deviation, width)
        return scaled.reshape(images.shape)

    def __getitem__(self, step):
        rows = self._order[step * self.batch_size : (step + 1) * self.batch_size]
        rng = np.random.default_rng([self._seed, self.epoch, step + 1])
        top, left = rng.integers(self._windows.shape[1], size=(2, len(rows)))
        images = self._windows[rows, top, left]
        if self._mirror:
            mirrored = rng.random(len(rows)) < 0.5
            images[mirrored] = images[mirrored, :, ::-1]
        labels = self.labels[rows]
        return self.scale(images), labels if self._y_transform is None else self._y_transform(
            labels
        )

    def on_epoch_end(self):
        self.epoch += 1
        self._draw_order()

    def _draw_order(self):
        rng = np.random.default_rng([self._seed, self.epoch])
        self._order = rng.permutation(len(self.labels))
