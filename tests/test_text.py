"""Text: tokens by hand, a vocabulary that learns nothing from test texts, word vectors."""

import os
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mlbook.errors import DataError
from mlbook.text import (
    PADDING,
    UNKNOWN,
    NoKnownWordWarning,
    Vocabulary,
    stop_words,
    tokenize,
)
from mlbook.word_vectors import embedding_matrix, train_word2vec

ROOT = Path(__file__).parents[1]
TRAIN = [["b", "a", "b", "c"], ["a", "b", "d"]]


# --- tokens ------------------------------------------------------------------------------------


def test_words_by_hand():
    text = "Don't panic: the café's $3.88 co-star (No. 2) isn’t BAD_LUCK."
    words = ["don't", "panic", "the", "café's", "co", "star", "no", "isn't", "bad", "luck"]
    assert tokenize([text]) == [words]
    assert tokenize([text], lowercase=False)[0][0] == "Don't"
    assert tokenize([text], stop_words=["the", "don't", "no"])[0][:2] == ["panic", "café's"]


def test_treebank_tokens_by_hand():
    tokens = ["do", "n't", "panic", ":", "it", "'s", "$", "3.88", "."]
    assert tokenize(["Don’t panic: it's $3.88."], method="treebank") == [tokens]


def test_empty_texts_stay_and_bytes_in_utf8_are_read():
    assert tokenize(["", "12 + 3", "the"], stop_words={"the"}) == [[], [], []]
    assert tokenize(["café".encode()]) == [["café"]]


def test_what_is_no_text_is_refused():
    with pytest.raises(ValueError, match=r"text 1 is not UTF-8 \(byte 3 is 0xe9\).*latin-1"):
        tokenize(["fine", "café".encode("latin-1")])
    with pytest.raises(TypeError, match=r"single one\? write \[text\]"):
        tokenize("one text")
    with pytest.raises(TypeError, match="text 1 is no text but float: nan"):
        tokenize(["fine", float("nan")])
    with pytest.raises(TypeError, match="one string"):
        tokenize(["fine"], stop_words="the")
    with pytest.raises(ValueError, match="'words' or 'treebank', got 'punkt'"):
        tokenize(["fine"], method="punkt")


# --- stop words --------------------------------------------------------------------------------


@pytest.fixture
def no_nltk_data(home, monkeypatch):
    import nltk

    monkeypatch.setattr(nltk.data, "path", [])
    monkeypatch.setenv("NLTK_DATA", str(home / "elsewhere"))
    return home


@pytest.mark.parametrize("packed", [True, False])
def test_stop_words_are_read_from_the_archive_or_the_folder(no_nltk_data, packed):
    folder = no_nltk_data / "elsewhere" / "corpora"
    folder.mkdir(parents=True)
    if packed:
        with zipfile.ZipFile(folder / "stopwords.zip", "w") as archive:
            archive.writestr("stopwords/english", "the\ndon't\nof\n")
    else:
        (folder / "stopwords").mkdir()
        (folder / "stopwords" / "english").write_text("the\ndon't\nof\n")
    assert stop_words() == {"the", "don't", "of"}


def test_missing_stop_words_say_how_to_get_them_or_are_replaced_aloud(no_nltk_data):
    with pytest.raises(DataError, match=r"nltk.downloader -d data/nltk_data stopwords"):
        stop_words()
    with pytest.warns(UserWarning, match="scikit-learn's English list instead"):
        words = stop_words(missing="scikit-learn")
    assert {"the", "of", "not"} < words
    with pytest.raises(ValueError, match="no stop words for 'german'"):
        stop_words("german", missing="scikit-learn")
    with pytest.raises(ValueError, match="missing must be"):
        stop_words(missing="ignore")


# --- vocabulary --------------------------------------------------------------------------------


def test_numbers_go_by_frequency_then_alphabet():
    vocabulary = Vocabulary().fit(TRAIN)
    assert vocabulary.words_ == ("b", "a", "c", "d")
    assert vocabulary.counts_.tolist() == [3, 2, 1, 1]
    assert vocabulary.index_ == {"b": 2, "a": 3, "c": 4, "d": 5}
    assert len(vocabulary) == 6
    assert Vocabulary().fit(TRAIN[::-1]).words_ == vocabulary.words_


def test_limits():
    assert Vocabulary(min_count=2).fit(TRAIN).words_ == ("b", "a")
    small = Vocabulary(max_size=5).fit(TRAIN)
    assert small.words_ == ("b", "a", "c") and len(small) == 5
    assert small.encode([["d", "a"]], 2).tolist() == [[UNKNOWN, 3]]


@pytest.mark.parametrize(
    "keep, pad, long, short",
    [
        ("start", "end", [2, 3, 2], [5, 0, 0]),
        ("end", "start", [3, 2, 4], [0, 0, 5]),
        ("start", "start", [2, 3, 2], [0, 0, 5]),
        ("end", "end", [3, 2, 4], [5, 0, 0]),
    ],
)
def test_rows_are_cut_and_filled_on_the_right_side(keep, pad, long, short):
    rows = Vocabulary().fit(TRAIN).encode([TRAIN[0], ["d"]], 3, keep=keep, pad=pad)
    assert rows.dtype == np.int32 and rows.tolist() == [long, short]


def test_keras_pads_and_cuts_at_the_start():
    from keras import utils

    rng = np.random.default_rng(0)
    documents = [list(rng.choice(["a", "b", "c"], n)) for n in range(1, 9)]
    vocabulary = Vocabulary().fit(documents)
    numbers = [[vocabulary.index_[token] for token in document] for document in documents]
    for keep, pad, theirs in (("end", "start", "pre"), ("start", "end", "post")):
        np.testing.assert_array_equal(
            vocabulary.encode(documents, 5, keep=keep, pad=pad),
            utils.pad_sequences(numbers, 5, padding=theirs, truncating=theirs),
        )


def test_documents_without_a_known_word_are_told_and_stay():
    vocabulary = Vocabulary().fit(TRAIN)
    with pytest.warns(NoKnownWordWarning, match=r"^2 of 3 documents \(the first is number 1\)"):
        rows = vocabulary.encode([["a"], [], ["x", "y"]], 3)
    assert rows.tolist() == [[3, PADDING, PADDING], [PADDING] * 3, [UNKNOWN, UNKNOWN, PADDING]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vocabulary.encode([["a", "x"]], 3)
        assert vocabulary.encode([], 3).shape == (0, 3)


def test_bad_use_of_a_vocabulary():
    with pytest.raises(TypeError, match="document 0 is a text, not a list of tokens: use tokenize"):
        Vocabulary().fit(["a text"])
    with pytest.raises(TypeError, match=r"use tokenize\(\[text\]\)"):
        Vocabulary().fit("a text")
    with pytest.raises(TypeError, match="document 1 holds a token that is no text: 3"):
        Vocabulary().fit([["a"], [3]])
    with pytest.raises(ValueError, match="no word to learn: 0 different words in 2 documents"):
        Vocabulary().fit([[], []])
    with pytest.raises(ValueError, match="none of them seen min_count=4 times"):
        Vocabulary(min_count=4).fit(TRAIN)
    with pytest.raises(ValueError, match="max_size must be an integer >= 3, got 2"):
        Vocabulary(max_size=2)
    with pytest.raises(ValueError, match="fit it on the training documents"):
        Vocabulary().encode(TRAIN, 3)
    with pytest.raises(ValueError, match="length must be an integer >= 1, got 0"):
        Vocabulary().fit(TRAIN).encode(TRAIN, 0)
    with pytest.raises(ValueError, match="pad must be 'start' or 'end', got 'post'"):
        Vocabulary().fit(TRAIN).encode(TRAIN, 3, pad="post")


# --- word vectors ------------------------------------------------------------------------------


def two_topics(n=400, seed=0):
    """Documents about one of two topics, with the word "the" in both."""
    rng = np.random.default_rng(seed)
    topics = (["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"])
    return [["the", *rng.choice(topics[i % 2], 8)] for i in range(n)]


def test_words_of_one_topic_are_close():
    vectors = train_word2vec(two_topics(), n_dims=8, epochs=10)
    assert vectors.vectors.dtype == np.float32 and vectors.vectors.shape == (9, 8)
    assert vectors.similarity("cat", "dog") > 0.3 + vectors.similarity("cat", "pink")


SCRIPT = """
from tests.test_text import two_topics
from mlbook.word_vectors import train_word2vec
print(train_word2vec(two_topics(60), n_dims=4, seed={seed}).vectors.tobytes().hex())
"""


def test_word_vectors_repeat_in_every_process():
    def in_new_process(hash_seed, seed):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", SCRIPT.format(seed=seed)]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=True, cwd=ROOT
        )
        return done.stdout.strip()

    here = train_word2vec(two_topics(60), n_dims=4, seed=0).vectors.tobytes().hex()
    assert in_new_process("1", 0) == in_new_process("2", 0) == here
    assert train_word2vec(two_topics(60), n_dims=4, seed=1).vectors.tobytes().hex() != here


def test_word_vectors_repeat_with_many_documents():
    # enough for several threads to get in each other's way
    first, again = (train_word2vec(two_topics(8_000), n_dims=4).vectors for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_the_end_of_a_very_long_document_is_learned_from():
    # gensim by itself drops what is beyond 10,000 tokens (frequent words not counted in full)
    filler = [f"word{i % 2_000}" for i in range(20_000)]
    end = [token for sentence in two_topics(200)[::2] for token in sentence]
    vectors = train_word2vec([filler + end], n_dims=8, epochs=20)
    assert vectors.similarity("cat", "dog") > 0.8 and np.linalg.norm(vectors["cat"]) > 1


def test_word_vector_parameters():
    with pytest.raises(ValueError, match="n_dims must be an integer >= 1, got 0"):
        train_word2vec(TRAIN, n_dims=0)
    with pytest.raises(ValueError, match="seed must be an integer >= 0, got 0.5"):
        train_word2vec(TRAIN, seed=0.5)
    with pytest.raises(ValueError, match="none of them seen min_count=5 times"):
        train_word2vec(TRAIN)
    with pytest.raises(TypeError, match="use tokenize"):
        train_word2vec(["the cat sat on the mat"])


def some_vectors():
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(2)
    vectors.add_vectors(["a", "z", "b"], np.array([[1, 2], [9, 9], [3, 4]], np.float32))
    return vectors


def test_vectors_in_the_order_of_the_vocabulary():
    vocabulary = Vocabulary().fit(TRAIN)
    words = embedding_matrix(vocabulary, some_vectors())
    assert words.vectors.shape == (6, 2) and words.vectors.dtype == np.float32
    assert words.vectors[:1].tolist() == [[0, 0]]
    assert words.vectors[2:4].tolist() == [[3, 4], [1, 2]]
    assert words.found.tolist() == [False, False, True, True, False, False]
    assert words.word_coverage == 2 / 4 and words.token_coverage == 5 / 7
    # unknown, "c" and "d" differ from each other, and come again with the same seed
    drawn = words.vectors[[1, 4, 5]]
    assert len(np.unique(drawn)) == 6
    again = embedding_matrix(vocabulary, some_vectors()).vectors
    np.testing.assert_array_equal(again, words.vectors)
    other = embedding_matrix(vocabulary, some_vectors(), seed=1).vectors
    assert (other[[1, 4, 5]] != drawn).all()


def test_words_without_a_vector_have_the_variance_of_the_others():
    from gensim.models import KeyedVectors

    rng = np.random.default_rng(0)
    known = KeyedVectors(50)
    known.add_vectors([f"k{i}" for i in range(200)], rng.normal(0, 0.4, (200, 50)).astype("f4"))
    vocabulary = Vocabulary().fit([[*known.index_to_key, *(f"u{i}" for i in range(200))]])
    words = embedding_matrix(vocabulary, known)
    drawn = words.vectors[~words.found][1:]
    assert drawn.std() == pytest.approx(0.4, rel=0.03) and abs(drawn.mean()) < 0.01
    assert np.abs(drawn).max() <= 0.4 * np.sqrt(3) * 1.03


def test_vectors_that_do_not_fit():
    vocabulary = Vocabulary().fit([["Film", "Actor"]])
    with pytest.raises(ValueError, match=r"none of the 2 words \(Actor, Film, ...\).*letter case"):
        embedding_matrix(vocabulary, some_vectors())
    with pytest.raises(TypeError, match=r"model\.wv"):
        embedding_matrix(vocabulary, {"a": [1, 2]})
    with pytest.raises(ValueError, match="fit it on"):
        embedding_matrix(Vocabulary(), some_vectors())


def test_importing_the_module_is_light():
    modules = "mlbook.text, mlbook.word_vectors, mlbook.audio, mlbook.encoders"
    code = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert not {"nltk", "gensim", "keras", "tensorflow", "sklearn"} & set(loaded)
