"""Networks for images; their common options are in the package's documentation."""

import numpy as np

from mlbook.arguments import check_number
from mlbook.encoders.heads import Seeds, check_widths, dense, with_head


def article_cnn(
    n_classes=None, n_dims=None, normalize=False, input_shape=(32, 32, 3), seed=0, name=None
):
    """The article's network for CIFAR-10 (section 2.3.2), also that of TensorFlow's tutorial.

    Three 3 x 3 convolutions of 32, 64 and 64 maps, max-pooling between them, and a dense layer
    of 64, the features.

    Parameters
    ----------
    n_classes, n_dims, normalize, seed, name
        See the module.
    input_shape : tuple of three ints, default=(32, 32, 3)
        Height, width and channels; of images from `scale_images`.

    Returns
    -------
    keras.Model
    """
    from keras import Input, layers

    _check_shape(input_shape, smallest=18)
    seeds = Seeds(seed)
    inputs = x = Input(input_shape, name="images")
    for i, maps in enumerate((32, 64, 64)):
        if i:
            x = layers.MaxPooling2D(2)(x)
        x = layers.Conv2D(maps, 3, activation="relu", kernel_initializer=seeds("GlorotUniform"))(x)
    x = dense(64, "features", seeds, activation="relu")(layers.Flatten()(x))
    return with_head(inputs, x, n_classes, n_dims, normalize, seeds, name or "article_cnn")


def residual_cnn(
    n_classes=None,
    n_dims=None,
    normalize=False,
    input_shape=(32, 32, 3),
    stem=16,
    widths=(24, 64, 144),
    seed=0,
    name=None,
):
    """A small modern network: batch normalisation, residual blocks, global average pooling.

    A 3 x 3 convolution at full size, then for each width a block of two 3 x 3 convolutions and
    a short cut past them. A block halves the sides of its images as long as they are 8 pixels
    or more. The mean of each map is a feature. The pixels' scale does not matter, if it is the
    same in training and in use.

    Parameters
    ----------
    n_classes, n_dims, normalize, seed, name
        See the module.
    input_shape : tuple of three ints, default=(32, 32, 3)
        Height, width and channels.
    stem : int, default=16
        Maps of the first convolution.
    widths : tuple of ints, default=(24, 64, 144)
        Maps of the blocks.

    Returns
    -------
    keras.Model

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image recognition, CVPR 2016.
    """
    from keras import Input, layers

    _check_shape(input_shape, smallest=8)
    check_number("stem", stem, at_least=1, integer=True)
    check_widths(widths)
    seeds = Seeds(seed)
    inputs = Input(input_shape, name="images")
    x = layers.ReLU()(_convolution(inputs, stem, seeds))
    for width in widths:
        shortcut, stride = x, 2 if min(x.shape[1:3]) >= 8 else 1
        x = layers.ReLU()(_convolution(x, width, seeds, stride))
        x = _convolution(x, width, seeds)
        if stride == 2:
            # a 1 x 1 convolution with stride 2 would not look at three pixels of four
            shortcut = layers.AveragePooling2D(2, padding="same")(shortcut)
        if shortcut.shape[-1] != width:
            shortcut = _convolution(shortcut, width, seeds, size=1)
        x = layers.ReLU()(layers.add([x, shortcut]))
    x = layers.GlobalAveragePooling2D(name="features")(x)
    return with_head(inputs, x, n_classes, n_dims, normalize, seeds, name or "residual_cnn")


def scale_images(images, input_shape=(32, 32, 3)):
    """Photographs as the networks want them: float32 from 0 to 1.

    Parameters
    ----------
    images : array-like of uint8, shape (n, *input_shape)
        Or floating-point numbers, already from 0 to 1.
    input_shape : tuple of three ints, default=(32, 32, 3)

    Returns
    -------
    ndarray of float32, shape (n, *input_shape)

    Raises
    ------
    ValueError
        On another shape, type or range.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[1:] != tuple(input_shape):
        raise ValueError(f"images must have shape (n, *{tuple(input_shape)}), got {images.shape}")
    if images.dtype == np.uint8:
        return images.astype(np.float32) / 255
    if images.dtype.kind != "f":
        raise ValueError(f"images must be uint8, or floating-point from 0 to 1; got {images.dtype}")
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            f"floating-point images must lie between 0 and 1 without NaN, got {images.min():g} to "
            f"{images.max():g}: divide by the largest grey level"
        )
    return images.astype(np.float32)


def _convolution(x, maps, seeds, stride=1, size=3):
    from keras import layers

    # no bias: the normalisation that follows has one
    x = layers.Conv2D(
        maps,
        size,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer=seeds("HeNormal"),
    )(x)
    # the default, 0.99, needs hundreds of steps before the running statistics are any good
    return layers.BatchNormalization(momentum=0.9)(x)


def _check_shape(input_shape, smallest):
    try:
        height, width, channels = input_shape
    except (TypeError, ValueError):
        raise ValueError(
            f"input_shape must be (height, width, channels), got {input_shape!r}"
        ) from None
    check_number("height and width", height, at_least=smallest, integer=True)
    check_number("height and width", width, at_least=smallest, integer=True)
    check_number("channels", channels, at_least=1, integer=True)
