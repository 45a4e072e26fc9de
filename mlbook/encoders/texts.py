"""Networks for rows of word numbers; their common options are in the package's documentation."""

import numbers

import numpy as np

from mlbook.arguments import check_number
from mlbook.encoders.heads import Seeds, check_widths, dense, with_head


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
        Word vectors to begin with, from `mlbook.word_vectors.embedding_matrix`.
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

    check_number("units", units, at_least=1, integer=True)
    seeds = Seeds(seed)
    inputs, x = _word_vectors(
        n_words, length, n_word_dims, vectors, train_vectors, seeds, mask_zero=bool(mask)
    )
    x = layers.LSTM(
        units,
        kernel_initializer=seeds("GlorotUniform"),
        recurrent_initializer=seeds("Orthogonal"),
        name="features",
    )(x)
    return with_head(inputs, x, n_classes, n_dims, normalize, seeds, name or "lstm")


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
    check_number("length", length, at_least=29, integer=True)
    seeds = Seeds(seed)
    inputs, x = _word_vectors(n_words, length, n_word_dims, vectors, train_vectors, seeds)
    for i in range(2):
        if i:
            x = layers.MaxPooling1D(5)(x)
        x = layers.Conv1D(128, 5, activation="relu", kernel_initializer=seeds("GlorotUniform"))(x)
    x = dense(128, "features", seeds, activation="relu")(layers.Flatten()(x))
    return with_head(inputs, x, n_classes, n_dims, normalize, seeds, name or "stacked_textcnn")


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

    check_number("maps", maps, at_least=1, integer=True)
    check_widths(widths)
    if not isinstance(dropout, numbers.Real) or not 0 <= dropout < 1:
        raise ValueError(f"dropout must be a share from 0 to below 1, got {dropout!r}")
    seeds = Seeds(seed)
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
    return with_head(inputs, x, n_classes, n_dims, normalize, seeds, name, dropout, max_norm=3)


def _word_vectors(n_words, length, n_word_dims, vectors, train_vectors, seeds, mask_zero=False):
    """The input of word numbers, and the layer that looks up their vectors."""
    from keras import Input, layers

    check_number("n_words", n_words, at_least=3, integer=True)
    check_number("length", length, at_least=1, integer=True)
    if vectors is not None:
        vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != n_words or not np.isfinite(vectors).all():
            raise ValueError(
                f"vectors must have shape (n_words={n_words}, n_word_dims) and finite values, got "
                f"shape {vectors.shape}; see mlbook.word_vectors.embedding_matrix(...).vectors"
            )
        n_word_dims = vectors.shape[1]
    check_number("n_word_dims", n_word_dims, at_least=1, integer=True)
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
