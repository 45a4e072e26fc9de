"""Small Keras networks: images or texts -> features -> embedding and classifier.

Each function builds a `keras.Model`. All have the same options for its end:

    article_cnn(n_classes=10)               # probabilities (n, 10), as in the article
    article_cnn(n_dims=64, normalize=True)  # embeddings (n, 64) of length 1
    article_cnn(n_classes=10, n_dims=64)    # {"embedding": ..., "probabilities": ...}
    article_cnn()                           # the features themselves

    n_classes : int or None, default=None. Of the classifier.
    n_dims : int or None, default=None. Of the embedding (嵌入), a linear layer on the features.
    normalize : bool, default=False. Scale the embeddings that are handed out to length 1.
    seed : int, default=0. Same seed, same initial weights, whatever was drawn before.
    name : str or None, default=None. Of the model.

With both, the classifier reads the embedding (before it is scaled): a classification loss and a
metric loss then train the same space, and networks that differ in the loss alone can be
compared. The losses of `mlbook.losses` scale embeddings themselves by default.

    model = EmbeddingModel(article_cnn(n_classes=10, n_dims=64))
    model.compile("adam", loss={
        "embedding": losses.TripletLoss(),
        "probabilities": "sparse_categorical_crossentropy",
    })
    model.fit(x, {"embedding": y, "probabilities": y})

`keras.Model(model.input, model.get_layer("features").output)` gives the features of any of
these networks. Sizes out of range raise ValueError. Keras, which takes seconds to import, is
imported when the first network is built.
"""

import numbers

import numpy as np


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
    seeds = _Seeds(seed)
    inputs = x = Input(input_shape, name="images")
    for i, maps in enumerate((32, 64, 64)):
        if i:
            x = layers.MaxPooling2D(2)(x)
        x = layers.Conv2D(maps, 3, activation="relu", kernel_initializer=seeds("GlorotUniform"))(x)
    x = _dense(64, "features", seeds, activation="relu")(layers.Flatten()(x))
    return _with_head(inputs, x, n_classes, n_dims, normalize, seeds, name or "article_cnn")


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
    _check_size("stem", stem)
    _check_widths(widths)
    seeds = _Seeds(seed)
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
    return _with_head(inputs, x, n_classes, n_dims, normalize, seeds, name or "residual_cnn")


def lstm(
    n_words,
    length,
    n_classes=None,
    n_dims=None,
    normalize=False,
    mask=True,
    n_word_dims=32,
    vectors=None,
    train_vectors=True,
    units=128,
    seed=0,
    name=None,
):
    """The article's network for 20 Newsgroups (section 2.4.2): word vectors and an LSTM.

    The features are the last state of the LSTM.

    Parameters
    ----------
    n_words : int
        Rows of the word vectors: `len(vocabulary)`. Word numbers at or above it are an error or
        garbage, depending on how the model is compiled.
    length : int
        Of the rows of word numbers, from `mlbook.text.Vocabulary.encode`.
    n_classes, n_dims, normalize, seed, name
        See the module.
    mask : bool, default=True
        Pass over padding, word number 0. The article does not: its network reads on, and the
        last state is that after the zeros.
    n_word_dims : int, default=32
        Of the word vectors, if `vectors` is None.
    vectors : array-like of shape (n_words, n_word_dims) or None, default=None
        Word vectors to begin with, from `mlbook.text.embedding_matrix`.
    train_vectors : bool, default=True
        Train them further.
    units : int, default=128
        Of the LSTM.

    Returns
    -------
    keras.Model

    References
    ----------
    S. Hochreiter and J. Schmidhuber, Long short-term memory, Neural Computation 9(8), 1997.
    """
    from keras import layers

    _check_size("units", units)
    seeds = _Seeds(seed)
    inputs, x = _word_vectors(
        n_words, length, n_word_dims, vectors, train_vectors, seeds, mask_zero=bool(mask)
    )
    x = layers.LSTM(
        units,
        kernel_initializer=seeds("GlorotUniform"),
        recurrent_initializer=seeds("Orthogonal"),
        name="features",
    )(x)
    return _with_head(inputs, x, n_classes, n_dims, normalize, seeds, name or "lstm")


def stacked_textcnn(
    n_words,
    length,
    n_classes=None,
    n_dims=None,
    normalize=False,
    n_word_dims=100,
    vectors=None,
    train_vectors=True,
    seed=0,
    name=None,
):
    """The article's network for sentiment (section 4.2.2), which it calls TextCNN.

    Convolutions of width 5 one after the other, max-pooling between them, and a dense layer of
    128, the features. It reads padding like words, and its dense layer expects each thing at its
    place in the text. See `textcnn` for the network of that name.

    Parameters
    ----------
    n_words, length, n_classes, n_dims, normalize, vectors, train_vectors, seed, name
        See `lstm`. The article loads word vectors and then forgets to hand them over.
    n_word_dims : int, default=100
        Of the word vectors, if `vectors` is None.

    Returns
    -------
    keras.Model
    """
    from keras import layers

    # (29 - 4) // 5 = 5, which the second convolution needs
    _check_size("length", length, least=29)
    seeds = _Seeds(seed)
    inputs, x = _word_vectors(n_words, length, n_word_dims, vectors, train_vectors, seeds)
    for i in range(2):
        if i:
            x = layers.MaxPooling1D(5)(x)
        x = layers.Conv1D(128, 5, activation="relu", kernel_initializer=seeds("GlorotUniform"))(x)
    x = _dense(128, "features", seeds, activation="relu")(layers.Flatten()(x))
    return _with_head(inputs, x, n_classes, n_dims, normalize, seeds, name or "stacked_textcnn")


def textcnn(
    n_words,
    length,
    n_classes=None,
    n_dims=None,
    normalize=False,
    n_word_dims=100,
    vectors=None,
    train_vectors=True,
    widths=(3, 4, 5),
    maps=100,
    dropout=0.5,
    seed=0,
    name=None,
):
    """Kim's network: convolutions of several widths side by side, each map's maximum over time.

    Padding has no influence: its word vectors count as zeros, and maxima are taken over windows
    around words only. (Kim pads with zeros too, but lets each window lie within the padded
    text.) A text without words has features 0. Dropout follows the features; the classifier's
    weights have length 3 at most, as in the paper.

    Parameters
    ----------
    n_words, length, n_classes, n_dims, normalize, vectors, train_vectors, seed, name
        See `lstm`. The paper's variants: "rand" without vectors, "static" with vectors and
        train_vectors=False, "non-static" with train_vectors=True.
    n_word_dims : int, default=100
        Of the word vectors, if `vectors` is None.
    widths : tuple of ints, default=(3, 4, 5)
        Words a window.
    maps : int, default=100
        For each width.
    dropout : float, default=0.5

    Returns
    -------
    keras.Model

    References
    ----------
    Y. Kim, Convolutional neural networks for sentence classification, EMNLP 2014.
    """
    from keras import layers, ops

    _check_size("maps", maps)
    _check_widths(widths)
    if not isinstance(dropout, numbers.Real) or not 0 <= dropout < 1:
        raise ValueError(f"dropout must be a share from 0 to below 1, got {dropout!r}")
    seeds = _Seeds(seed)
    inputs, x = _word_vectors(n_words, length, n_word_dims, vectors, train_vectors, seeds)
    is_word = ops.expand_dims(ops.cast(ops.not_equal(inputs, 0), x.dtype), axis=-1)
    x = layers.multiply([x, is_word])
    pooled = []
    for width in widths:
        y = layers.Conv1D(
            maps,
            width,
            padding="same",
            activation="relu",
            kernel_initializer=seeds("GlorotUniform"),
        )(x)
        # maps are 0 or more, so a zero hides a window without hiding a maximum
        pooled.append(layers.GlobalMaxPooling1D()(layers.multiply([y, is_word])))
    x = layers.Concatenate(name="features")(pooled)
    name = name or "textcnn"
    return _with_head(inputs, x, n_classes, n_dims, normalize, seeds, name, dropout, max_norm=3)


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


class _Seeds:
    """Initialisers that all draw differently, and the same for the same seed."""

    def __init__(self, seed):
        _check_size("seed", seed, least=0)
        self._rng = np.random.default_rng(seed)

    def number(self):
        return int(self._rng.integers(2**31))

    def __call__(self, initializer):
        import keras

        return getattr(keras.initializers, initializer)(seed=self.number())


def _word_vectors(n_words, length, n_word_dims, vectors, train_vectors, seeds, mask_zero=False):
    """The input of word numbers, and the layer that looks up their vectors."""
    from keras import Input, layers

    _check_size("n_words", n_words, least=3)
    _check_size("length", length)
    if vectors is not None:
        vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != n_words or not np.isfinite(vectors).all():
            raise ValueError(
                f"vectors must have shape (n_words={n_words}, n_word_dims) and finite values, got "
                f"shape {vectors.shape}; see mlbook.text.embedding_matrix(...).vectors"
            )
        n_word_dims = vectors.shape[1]
    _check_size("n_word_dims", n_word_dims)
    layer = layers.Embedding(
        n_words,
        n_word_dims,
        embeddings_initializer=seeds("RandomUniform"),
        mask_zero=mask_zero,
        trainable=bool(train_vectors),
        name="word_vectors",
    )
    inputs = Input((length,), dtype="int32", name="words")
    x = layer(inputs)
    if vectors is not None:
        # as weights, not as an initialiser, which would be saved with the configuration
        layer.set_weights([vectors])
    return inputs, x


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


def _dense(units, name, seeds, **options):
    from keras import layers

    return layers.Dense(units, kernel_initializer=seeds("GlorotUniform"), name=name, **options)


def _with_head(
    inputs, features, n_classes, n_dims, normalize, seeds, name, dropout=0.0, max_norm=None
):
    import keras
    from keras import layers

    for label, size, least in (("n_classes", n_classes, 2), ("n_dims", n_dims, 1)):
        if size is not None:
            _check_size(label, size, least)
    if normalize and n_classes is not None and n_dims is None:
        raise ValueError("normalize=True scales embeddings, and there are none: give n_dims")
    x = features
    if dropout and (n_classes or n_dims):
        x = layers.Dropout(dropout, seed=seeds.number())(x)
    if n_dims is not None:
        x = _dense(n_dims, "unscaled" if normalize else "embedding", seeds)(x)
    embedding = layers.UnitNormalization(name="embedding")(x) if normalize else x
    if n_classes is None:
        return keras.Model(inputs, embedding, name=name)
    constraint = None if max_norm is None else keras.constraints.MaxNorm(max_norm)
    classifier = _dense(
        n_classes, "probabilities", seeds, activation="softmax", kernel_constraint=constraint
    )
    if n_dims is None:
        return keras.Model(inputs, classifier(x), name=name)
    outputs = {"embedding": embedding, "probabilities": classifier(x)}
    return keras.Model(inputs, outputs, name=name)


def _check_shape(input_shape, smallest):
    try:
        height, width, channels = input_shape
    except (TypeError, ValueError):
        raise ValueError(
            f"input_shape must be (height, width, channels), got {input_shape!r}"
        ) from None
    _check_size("height and width", height, smallest)
    _check_size("height and width", width, smallest)
    _check_size("channels", channels)


def _check_widths(widths):
    if not isinstance(widths, (tuple, list)) or not widths:
        raise ValueError(f"widths must name at least one size, as in (3, 4, 5); got {widths!r}")
    for width in widths:
        _check_size("widths", width)


def _check_size(name, value, least=1):
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(f"{name} must be an integer >= {least}, got {value!r}")
