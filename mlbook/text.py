"""Text: documents -> tokens -> rows of word numbers. (Vectors for them: `word_vectors`.)

    documents = tokenize(texts_train)
    vocabulary = Vocabulary(max_size=10_000).fit(documents)  # training texts only
    x_train = vocabulary.encode(documents, length=200)
    x_test = vocabulary.encode(tokenize(texts_test), length=200)

What a test text has and no training text had is "unknown": a vocabulary fitted on all texts
knows something about the test set.

NLTK, which takes long to import, is imported when it is first used.
"""

import warnings
from collections import Counter

import numpy as np

from mlbook.arguments import check_number
from mlbook.errors import DataError

PADDING, UNKNOWN = 0, 1
"""The numbers of "no word here" and of "a word that the vocabulary does not have"."""

FIRST = 2
"""The number of the most frequent word."""

# letters of any alphabet, and apostrophes within a word
_WORD = r"[^\W\d_]+(?:'[^\W\d_]+)*"


class NoKnownWordWarning(UserWarning):
    """Documents were encoded of which the vocabulary knows no word."""


def tokenize(texts, method="words", lowercase=True, stop_words=()):
    """Cut texts into tokens (词元).

    Parameters
    ----------
    texts : sequence of str
        Or of bytes in UTF-8.
    method : {"words", "treebank"}, default="words"
        - "words": runs of letters; numbers and punctuation vanish; "don't" is one token.
          NLTK's `RegexpTokenizer`.
        - "treebank": NLTK's `TreebankWordTokenizer`, the rules of the Penn Treebank, which most
          published word vectors follow: punctuation marks are tokens; "don't" is "do", "n't". It
          is made for single sentences: a full stop inside a text stays at its word.
    lowercase : bool, default=True
    stop_words : collection of str, default=()
        Tokens to leave out, see `stop_words`. Compared after `lowercase`.

    Returns
    -------
    list of list of str
        One list a text; empty if nothing is left of a text.

    Raises
    ------
    TypeError
        If `texts` is one string, or holds something that is no text.
    ValueError
        On bytes that are not UTF-8 or an unknown method.
    """
    from nltk.tokenize import RegexpTokenizer, TreebankWordTokenizer

    if method not in ("words", "treebank"):
        raise ValueError(f"method must be 'words' or 'treebank', got {method!r}")
    if isinstance(stop_words, str):
        raise TypeError("stop_words must be a collection of words, got one string")
    left_out = frozenset(stop_words)
    cut = (RegexpTokenizer(_WORD) if method == "words" else TreebankWordTokenizer()).tokenize
    documents = []
    for text in _as_texts(texts):
        # the apostrophe of typesetters is the one of typists to all lists of words
        tokens = cut(text.replace("’", "'"))
        if lowercase:
            tokens = [token.lower() for token in tokens]
        documents.append([token for token in tokens if token not in left_out])
    return documents


def stop_words(language="english", missing="raise"):
    """NLTK's list of the words that are everywhere (停用词): "the", "of", "not", ...

    For `tokenize` with method "words": "don't" stands there as one word. The list has "no" and
    "not", without which praise and blame read the same.

    Parameters
    ----------
    language : str, default="english"
        As NLTK names its lists.
    missing : {"raise", "scikit-learn"}, default="raise"
        What to do if the list is not on this machine: raise, or warn and return scikit-learn's
        English list, which is another one.

    Returns
    -------
    frozenset of str

    Raises
    ------
    DataError
        If the list is not on this machine; says how to get it.
    ValueError
        If `missing` is something else, or "scikit-learn" is to stand in for a list that is not
        English.
    """
    if missing not in ("raise", "scikit-learn"):
        raise ValueError(f"missing must be 'raise' or 'scikit-learn', got {missing!r}")
    import nltk

    from mlbook.datasets.tiers import roots

    # first where our own data sets lie, then where NLTK looks
    places = [str(root.path) for root in roots("NLTK_DATA", "nltk_data", many=True)]
    try:
        file = nltk.data.find(f"corpora/stopwords/{language}", [*places, *nltk.data.path])
    except LookupError:
        get = "python -m nltk.downloader -d data/nltk_data stopwords"
        if missing == "raise":
            raise DataError(
                f"NLTK's stop words for {language!r} are not on this machine. Get all languages "
                f"with `{get}`, or pass missing='scikit-learn' for another list of English words."
            ) from None
        if language != "english":
            raise ValueError(f"scikit-learn has no stop words for {language!r}") from None
        warnings.warn(
            f"NLTK's stop words are missing (`{get}` brings them); "
            "using scikit-learn's English list instead",
            stacklevel=2,
        )
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return frozenset(ENGLISH_STOP_WORDS)
    with file.open(encoding="utf-8") as lines:
        return frozenset(lines.read().split())


class Vocabulary:
    """Numbers for words: 0 is padding, 1 an unknown word, 2 the most frequent word.

    Parameters
    ----------
    max_size : int or None, default=None
        The most numbers to give out, padding and unknown included: what an embedding layer
        needs as its number of rows. The most frequent words stay.
    min_count : int, default=1
        Words seen less often are unknown.

    Attributes
    ----------
    words_ : tuple of str
        Word number i is `words_[i - 2]`. Equally frequent words are in alphabetical order, so
        that the numbers do not depend on the order of the documents.
    counts_ : ndarray of int64, shape (len(words_),)
        How often `fit` saw them.
    index_ : dict of str to int
        The number of each word.
    """

    def __init__(self, max_size=None, min_count=1):
        if max_size is not None:
            check_number("max_size", max_size, at_least=FIRST + 1, integer=True)
        check_number("min_count", min_count, at_least=1, integer=True)
        self.max_size = max_size
        self.min_count = min_count

    def fit(self, documents):
        """Count the words of the training documents (lists of str, from `tokenize`).

        Raises TypeError if a document is no list of strings, ValueError if no word is left.
        """
        counts = Counter(token for document in as_tokens(documents) for token in document)
        frequent = [pair for pair in counts.items() if pair[1] >= self.min_count]
        frequent.sort(key=lambda pair: (-pair[1], pair[0]))
        if self.max_size is not None:
            frequent = frequent[: self.max_size - FIRST]
        if not frequent:
            raise ValueError(
                f"no word to learn: {len(counts):,} different words in {len(documents):,} "
                f"documents, none of them seen min_count={self.min_count} times"
            )
        self.words_ = tuple(word for word, _ in frequent)
        self.counts_ = np.array([count for _, count in frequent], dtype=np.int64)
        self.index_ = {word: number for number, word in enumerate(self.words_, start=FIRST)}
        return self

    def __len__(self):
        """How many numbers there are, padding and unknown included."""
        self._check_fitted()
        return FIRST + len(self.words_)

    def encode(self, documents, length, keep="start", pad="end"):
        """Documents as rows of word numbers, all of one length.

        Parameters
        ----------
        documents : sequence of lists of str
        length : int
        keep : {"start", "end"}, default="start"
            Which part of a longer document to keep.
        pad : {"end", "start"}, default="end"
            On which side of a shorter document to fill up with 0. A recurrent network without
            masking forgets a short text under zeros at its end: give it pad="start". (Keras's
            own `pad_sequences` has keep="end" and pad="start".)

        Returns
        -------
        ndarray of int32, shape (n, length)
            An empty document is a row of 0; one of unknown words has 1 for each of them.

        Warns
        -----
        NoKnownWordWarning
            If there are documents of which no word is known.

        Raises
        ------
        TypeError, ValueError
            As `fit`; or on a length below 1, or another word for a side.
        """
        self._check_fitted()
        check_number("length", length, at_least=1, integer=True)
        for name, side in (("keep", keep), ("pad", pad)):
            if side not in ("start", "end"):
                raise ValueError(f"{name} must be 'start' or 'end', got {side!r}")
        documents = as_tokens(documents)
        rows = np.full((len(documents), length), PADDING, dtype=np.int32)
        blank = []
        for i, document in enumerate(documents):
            numbers_ = [self.index_.get(token, UNKNOWN) for token in document]
            if all(number == UNKNOWN for number in numbers_):
                blank.append(i)
            kept = numbers_[:length] if keep == "start" else numbers_[-length:]
            if kept:
                place = slice(0, len(kept)) if pad == "end" else slice(length - len(kept), length)
                rows[i, place] = kept
        if blank:
            warnings.warn(
                f"{len(blank):,} of {len(documents):,} documents (the first is number {blank[0]}) "
                "are empty or have no known word: their rows carry no information",
                NoKnownWordWarning,
                stacklevel=2,
            )
        return rows

    def _check_fitted(self):
        if not hasattr(self, "words_"):
            raise ValueError("this vocabulary knows no words yet: fit it on the training documents")


def _as_texts(texts):
    if isinstance(texts, (str, bytes)):
        raise TypeError("texts must be a sequence of texts; a single one? write [text]")
    for i, text in enumerate(texts):
        if isinstance(text, bytes):
            try:
                text = text.decode("utf-8")
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"text {i} is not UTF-8 (byte {error.start} is 0x{text[error.start]:02x}): "
                    "decode it first with the encoding it has, for instance "
                    "text.decode('latin-1')"
                ) from None
        if not isinstance(text, str):
            raise TypeError(f"text {i} is no text but {type(text).__name__}: {text!r:.40}")
        yield text


def as_tokens(documents):
    """The documents as a list, after a look at each; TypeError unless they are lists of tokens."""
    if isinstance(documents, (str, bytes)):
        raise TypeError("documents must be lists of tokens, got one text; use tokenize([text])")
    documents = list(documents)
    for i, document in enumerate(documents):
        if isinstance(document, (str, bytes)):
            # else the letters would pass for words
            raise TypeError(f"document {i} is a text, not a list of tokens: use tokenize(texts)")
        for token in document:
            if not isinstance(token, str):
                raise TypeError(f"document {i} holds a token that is no text: {token!r:.40}")
    return documents
