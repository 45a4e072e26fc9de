"""Vectors for the words of a `mlbook.text.Vocabulary`: trained here, or looked up.

gensim, which takes seconds to import, is imported when it is first used.
"""

from typing import NamedTuple

import numpy as np

from mlbook.arguments import check_number
from mlbook.text import FIRST, PADDING, Vocabulary, as_tokens

# gensim trains on no more tokens of a document than this, and says nothing about the others
_GENSIM_LONGEST = 10_000


def train_word2vec(documents, n_dims=100, window=5, min_count=5, epochs=5, skip_gram=True, seed=0):
    """Word vectors (词向量) learned from the training documents by gensim's Word2Vec.

    Parameters
    ----------
    documents : sequence of lists of str
        From `tokenize`, stop words included or not.
    n_dims : int, default=100
    window : int, default=5
        How far a context word may be away.
    min_count : int, default=5
        Words seen less often get no vector.
    epochs : int, default=5
        Few documents need more: with 100,000 tokens, 20 or so.
    skip_gram : bool, default=True
        Predict the context from the word (skip-gram), else the word from its context (CBOW).
    seed : int, default=0
        The same documents and seed give the same vectors, in every process: one thread trains.

    Returns
    -------
    gensim.models.KeyedVectors
        Float32, shape (n_words, n_dims).

    Raises
    ------
    TypeError, ValueError
        As `Vocabulary.fit`, or on a parameter that is no integer in range.

    References
    ----------
    T. Mikolov, I. Sutskever, K. Chen, G. Corrado and J. Dean, Distributed representations of
    words and phrases and their compositionality, NIPS 2013.
    """
    options = {"n_dims": n_dims, "window": window, "min_count": min_count, "epochs": epochs}
    for name, value in options.items():
        check_number(name, value, at_least=1, integer=True)
    check_number("seed", seed, at_least=0, integer=True)
    documents = as_tokens(documents)
    # raises in our words where gensim speaks of its own methods
    Vocabulary(min_count=min_count).fit(documents)

    from gensim.models import Word2Vec

    pieces = [
        document[start : start + _GENSIM_LONGEST]
        for document in documents
        for start in range(0, len(document), _GENSIM_LONGEST)
    ]
    options["vector_size"] = options.pop("n_dims")
    # with several threads the order of the updates is left to chance
    return Word2Vec(pieces, **options, sg=int(skip_gram), seed=seed, workers=1).wv


class WordMatrix(NamedTuple):
    """Word vectors in the order of a vocabulary, and how much of it they cover.

    Attributes:
        vectors: float32 (len(vocabulary), n_dims), for an embedding layer.
        found: bool (len(vocabulary),), which rows come from the word vectors.
        word_coverage: share of the vocabulary's words that have a vector.
        token_coverage: the same, each word counted as often as it occurs in the training texts.
    """

    vectors: np.ndarray
    found: np.ndarray
    word_coverage: float
    token_coverage: float


def embedding_matrix(vocabulary, keyed_vectors, seed=0):
    """Word vectors, trained here or elsewhere, in the order of a vocabulary.

    Parameters
    ----------
    vocabulary : Vocabulary
    keyed_vectors : gensim.models.KeyedVectors
        From `train_word2vec`, or `mlbook.datasets.load("word_vectors").keyed`.
    seed : int, default=0
        For the rows of the words without a vector.

    Returns
    -------
    WordMatrix
        Padding is a row of zeros. Words without a vector, and "unknown", are drawn evenly from
        an interval around 0 that gives them the variance of the words that have one.

    Raises
    ------
    TypeError
        If `keyed_vectors` cannot be looked up.
    ValueError
        If not a single word has a vector.

    References
    ----------
    Y. Kim, Convolutional neural networks for sentence classification, EMNLP 2014 (section 4.3
    for the words without a vector).
    """
    vocabulary._check_fitted()
    index = getattr(keyed_vectors, "key_to_index", None)
    if index is None:
        raise TypeError(
            f"keyed_vectors must be gensim KeyedVectors, got {type(keyed_vectors).__name__} (of a "
            "Word2Vec model they are model.wv, of mlbook's word vectors .keyed)"
        )
    known = [(number, index[word]) for word, number in vocabulary.index_.items() if word in index]
    if not known:
        few = ", ".join(vocabulary.words_[:3])
        raise ValueError(
            f"none of the {len(vocabulary.words_):,} words ({few}, ...) has a vector: "
            "check language, letter case and tokenisation"
        )
    numbers_, theirs = np.transpose(known)
    vectors = np.asarray(keyed_vectors.vectors, dtype=np.float32)[theirs]
    half_width = np.sqrt(3 * vectors.var())
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(-half_width, half_width, (len(vocabulary), vectors.shape[1]))
    matrix = matrix.astype(np.float32)
    matrix[PADDING] = 0
    matrix[numbers_] = vectors
    found = np.zeros(len(vocabulary), dtype=bool)
    found[numbers_] = True
    of_words = found[FIRST:]
    counts = vocabulary.counts_
    of_tokens = counts[of_words].sum() / counts.sum()
    return WordMatrix(matrix, found, float(of_words.mean()), float(of_tokens))
