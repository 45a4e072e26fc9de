"""The data sets of the later chapters: offline tiers, the real data where it is, and damage.

Downloads are tested with the loaders' own code on tiny sets; only the network is a stand-in.
"""

import io
import os
import shutil
import tarfile
import urllib.error
import wave
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from mlbook import datasets
from mlbook.datasets import (
    base,
    cifar10,
    faces,
    movies,
    newsgroups,
    olivetti,
    order,
    speech,
    spoken_digits,
    tiers,
)
from mlbook.errors import DataError, OfflineError, UnknownNameError

LOADERS = ("TFDS_DATA_DIR", "SCIKIT_LEARN_DATA", "NLTK_DATA", "GENSIM_DATA_DIR")
REAL = {variable: os.environ.get(variable) for variable in LOADERS}


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """An empty project folder, no network, nothing remembered from another test."""
    for variable in (*LOADERS, "MLBOOK_TIER", "MLBOOK_WORD_VECTORS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("MLBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLBOOK_OFFLINE", "1")
    monkeypatch.setattr(tiers, "_answers", {})
    monkeypatch.setattr(tiers, "_announced", set())


@pytest.fixture
def real(monkeypatch):
    """Load the canonical data where the loaders' variables point, or skip the test."""

    def load(name):
        monkeypatch.delenv("MLBOOK_HOME", raising=False)
        for variable, value in REAL.items():
            if value:
                monkeypatch.setenv(variable, value)
        if datasets._SPECS[name].source("canonical").find().state == "absent":
            pytest.skip(f"the canonical {name} is not on this machine")
        return datasets.load(name, "canonical")

    return load


@pytest.fixture
def online(monkeypatch):
    """The probe finds the server; the download itself is a stand-in of the test."""
    monkeypatch.setattr(tiers, "obstacle", lambda url, refresh=False: "")


def everything(data):
    """All items of both splits, with their labels."""
    return [*data.x_train, *data.x_test], np.concatenate([data.y_train, data.y_test])


def expect(monkeypatch, name, raw):
    """Let the canonical tier of `name` expect the items `raw`, a `Splits`."""
    spec = datasets._SPECS[name]
    prints = [
        order.arrange(raw.x_train, raw.y_train, raw.groups_train).print_,
        order.arrange(raw.x_test, raw.y_test, raw.groups_test).print_,
    ]
    expected = base.Expected(len(raw.y_train), len(raw.y_test), *prints)
    source = replace(spec.sources[0], expected=expected, download_bytes=1_000)
    spec = replace(spec, sources=(source, *spec.sources[1:]))
    monkeypatch.setitem(datasets._SPECS, name, spec)


# --- without data and network --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tier", "fingerprint"),
    [
        ("cifar10", "sample", "885b8825d52e37e3"),
        ("olivetti", "synthetic", "e3f20de2b2aef2a3"),
        ("spoken_digits", "synthetic", "f3a1dcd0d18b504d"),
        ("movie_sentences", "sample", "20e1d98841e298ad"),
    ],
)
def test_offline_there_is_something_to_work_with(name, tier, fingerprint, capsys):
    data = datasets.load(name)
    assert data.tier == tier and data.label.startswith(f"{tier} data: ")
    assert "MLBOOK_OFFLINE is set" in capsys.readouterr().err
    assert data.fingerprint == fingerprint
    assert len(data.class_names) == data.y_train.max() + 1 == data.y_test.max() + 1
    rows = datasets.check(name)
    assert [(row.tier, row.state) for row in rows] == [(tier, "sound")]
    with pytest.raises(OfflineError, match=f"MLBOOK_TIER={tier}"):
        datasets.load(name, "canonical")


@pytest.mark.parametrize(
    ("name", "variable"), [("newsgroups", "SCIKIT_LEARN_DATA"), ("movie_reviews", "NLTK_DATA")]
)
def test_offline_without_any_copy_the_error_says_what_to_do(name, variable):
    with pytest.raises(OfflineError, match="canonical .*MLBOOK_OFFLINE.*sample .*MLBOOK_OFFLINE"):
        datasets.load(name)
    with pytest.raises(OfflineError) as error:
        datasets.load(name, "canonical")
    assert variable in str(error.value) and f"mlbook data fetch {name}" in str(error.value)
    assert "MLBOOK_TIER=sample" in str(error.value)


def test_patches_share_no_pixel_between_the_splits(monkeypatch):
    data = datasets.load("cifar10", "sample")
    assert data.x_train.shape == (2_080, 32, 32, 3) and data.x_train.dtype == np.uint8
    assert np.bincount(data.y_train).tolist() == [208] * 10
    assert np.bincount(data.y_test).tolist() == [156] * 10
    assert data.class_names[0] == "china 1" and data.class_names[9] == "flower 5"
    # the same on a photograph whose pixels tell their own place
    row, column = np.mgrid[:427, :640]
    image = np.stack([row % 256, row // 256 + 2 * (column // 256), column % 256], axis=-1)
    monkeypatch.setattr("sklearn.datasets.load_sample_image", lambda name: image)
    raw = cifar10._patches()
    seen = []
    for x, y in ((raw.x_train, raw.y_train), (raw.x_test, raw.y_test)):
        red, green, blue = np.moveaxis(x, -1, 0)
        row, column = red + 256 * (green % 2), blue + 256 * (green // 2)
        assert (column // 128 == y[:, None, None] % 5).all()
        assert row.min() < 64 and row.max() > 350
        seen.append(np.unique(1_000 * row + column))
    assert not np.intersect1d(*seen).size


def test_drawn_faces_show_who_it_is_and_more():
    x, y = faces.faces()
    assert x.shape == (400, 64, 64) and x.dtype == np.float32 and 0 <= x.min() < x.max() <= 1
    assert np.bincount(y).tolist() == [10] * 40
    # the nearest picture shows the same person often, and not always: there is something to learn
    flat = x.reshape(400, -1)
    test = np.arange(400) % 10 < 5
    distances = ((flat[test][:, None] - flat[~test][None]) ** 2).sum(-1)
    right = (y[~test][distances.argmin(1)] == y[test]).mean()
    assert 0.6 < right < 0.95
    data = datasets.load("olivetti", "synthetic")
    assert np.bincount(data.y_train).tolist() == np.bincount(data.y_test).tolist() == [5] * 40


def test_hummed_digits_have_the_promised_structure():
    x, y, names, takes = speech.spoken(takes=2)
    assert len(x) == 100 and sorted(set(takes)) == [0, 1]
    assert all(one.dtype == np.int16 and 0.3 < len(one) / speech.RATE < 0.75 for one in x)
    # the pitch belongs to the speaker, whatever the digit: first peak of the autocorrelation
    for name, (pitch, _, _) in speech._SPEAKERS.items():
        found = []
        for one, speaker in zip(x, names, strict=True):
            if speaker == name:
                middle = one[len(one) // 2 - 400 : len(one) // 2 + 400].astype(float)
                correlation = np.correlate(middle, middle, "full")[800:]
                found.append(speech.RATE / (20 + correlation[20:120].argmax()))
        assert abs(np.median(found) / pitch - 1) < 0.1


def test_hummed_digits_as_a_data_set():
    data = datasets.load("spoken_digits", "synthetic")
    assert isinstance(data.x_train, tuple) and data.counts["train"] == len(data.groups_train)
    pairs = [*zip(data.groups_test, data.y_test.tolist(), strict=True)]
    assert len(pairs) == 100 and all(pairs.count(pair) == 2 for pair in set(pairs))
    assert len(set(pairs)) == 50
    with pytest.raises(ValueError, match="read-only"):
        data.x_train[0][0] = 1


# --- the real data, where it is ------------------------------------------------------------------


def test_real_cifar10(real):
    data = real("cifar10")
    assert data.x_train.shape == (50_000, 32, 32, 3) and data.x_train.dtype == np.uint8
    assert np.bincount(data.y_train).tolist() == [5_000] * 10
    assert np.bincount(data.y_test).tolist() == [1_000] * 10
    # the means of the three colours that papers subtract
    mean = data.x_train.reshape(-1, 3).mean(axis=0) / 255
    np.testing.assert_allclose(mean, [0.4914, 0.4822, 0.4465], atol=5e-5)


def test_real_newsgroups(real):
    data = real("newsgroups")
    assert data.counts == {"train": 11_314, "test": 7_532, "classes": 20}
    assert isinstance(data.x_train, tuple) and isinstance(data.x_train[0], str)
    four = newsgroups.groups(data)
    # the sizes that scikit-learn's guide to text shows for these four groups
    assert four.counts == {"train": 2_257, "test": 1_502, "classes": 4}
    assert four.class_names == newsgroups.ARTICLE_GROUPS
    text = four.x_train[0]
    group = four.class_names[four.y_train[0]]
    assert data.class_names[data.y_train[data.x_train.index(text)]] == group
    assert len({data.fingerprint, four.fingerprint, newsgroups.without(data).fingerprint}) == 2
    from sklearn.datasets import fetch_20newsgroups

    bare = newsgroups.without(four, "quotes", "headers", "footers")
    theirs = fetch_20newsgroups(
        subset="test",
        categories=list(newsgroups.ARTICLE_GROUPS),
        remove=("headers", "footers", "quotes"),
        download_if_missing=False,
    )
    assert sorted(bare.x_test) == sorted(theirs.data)
    assert "without headers, footers, quotes" in bare.source and bare.tier == "canonical"
    np.testing.assert_array_equal(bare.y_test, four.y_test)


def test_real_faces(real):
    data = real("olivetti")
    x, y = everything(data)
    assert np.bincount(y).tolist() == [10] * 40 and np.bincount(data.y_test).tolist() == [5] * 40
    assert data.x_train.shape == (200, 64, 64) and data.x_train.dtype == np.float32
    assert round(float(np.mean(x, dtype=float)), 4) == 0.5470


def test_real_speech(real):
    data = real("spoken_digits")
    assert data.counts == {"train": 2_250, "test": 250, "classes": 10}
    assert len(set(data.groups_train)) == 5 and "jackson" in data.groups_train
    for groups, y, takes in (
        (data.groups_train, data.y_train, 45),
        (data.groups_test, data.y_test, 5),
    ):
        pairs = [*zip(groups, y.tolist(), strict=True)]
        assert len(set(pairs)) == 50 and all(pairs.count(pair) == takes for pair in set(pairs))
    assert data.x_train[0].dtype == np.int16
    assert 0.1 < np.median([len(one) for one in data.x_train]) / spoken_digits.RATE < 1


def test_real_sentences_and_reviews(real):
    sample = datasets.load("movie_sentences", "sample")
    data = real("movie_sentences")
    assert np.bincount(data.y_train).tolist() == [4_798] * 2
    assert np.bincount(data.y_test).tolist() == [533] * 2
    labelled = {text: label for text, label in zip(*everything(data), strict=True)}
    assert all(labelled[text] == label for text, label in zip(*everything(sample), strict=True))
    assert not set(data.x_train) & set(data.x_test)
    reviews = real("movie_reviews")
    assert np.bincount(reviews.y_train).tolist() == [900] * 2
    assert np.bincount(reviews.y_test).tolist() == [100] * 2
    assert np.mean([len(text) for text in reviews.x_train]) > 3_000


# --- newsgroups: selections ----------------------------------------------------------------------

POST = "From: ann@example.org\nSubject: lens\n\nBob writes:\n> old\nnew words\n\n--\nAnn"


@pytest.fixture
def posts():
    y = np.arange(20).repeat(2)
    x = [f"{POST} {i}" for i in range(40)]
    raw = base.Splits(*order.arrange(x, y)[:2], *order.arrange(x[::-1], y[::-1])[:2])
    names = newsgroups.NEWSGROUPS.class_names
    return datasets.Dataset(*raw[:4], names, "newsgroups", "canonical", "posts", "none", "0" * 16)


def test_what_each_part_is(posts):
    def first(*parts):
        return newsgroups.without(posts, *parts).x_train[0]

    assert first("headers").startswith("Bob writes:") and "Ann" in first("headers")
    assert first("quotes").count("\n") == POST.count("\n") - 2 and "> old" not in first("quotes")
    assert not first("footers").endswith("Ann") and "From:" in first("footers")
    assert first("headers", "footers", "quotes").strip() == "new words"
    assert newsgroups.without(posts) is posts
    with pytest.raises(UnknownNameError, match="'header'.*'headers'"):
        newsgroups.without(posts, "header")
    with pytest.raises(ValueError, match="read-only"):
        newsgroups.without(posts, "quotes").y_train[0] = 1


def test_groups_are_renumbered_in_the_order_asked(posts):
    some = newsgroups.groups(posts, ("sci.med", "alt.atheism"))
    assert some.counts == {"train": 4, "test": 4, "classes": 2}
    for x, y in ((some.x_train, some.y_train), (some.x_test, some.y_test)):
        for text, label in zip(x, y, strict=True):
            number = int(text.rsplit(" ", 1)[1])
            assert posts.class_names[number // 2] == some.class_names[label]
    with pytest.raises(UnknownNameError, match="newsgroup 'sci.medicine'"):
        newsgroups.groups(posts, ("sci.medicine",))


# --- scikit-learn's downloads --------------------------------------------------------------------


def archive_of_posts(folder):
    """A tiny 20news-bydate.tar.gz: three posts a group to train on, two to test on."""
    file = folder / "20news-bydate.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for split, n in (("train", 3), ("test", 2)):
            for name in newsgroups.NEWSGROUPS.class_names:
                for i in range(n):
                    content = f"{POST} {split} {name} {i} caf\xe9".encode("latin-1")
                    entry = tarfile.TarInfo(f"20news-bydate-{split}/{name}/{i}")
                    entry.size = len(content)
                    archive.addfile(entry, io.BytesIO(content))
    return file


@pytest.fixture
def tiny_posts(monkeypatch, tmp_path, online):
    """`newsgroups` with a tiny canonical tier that scikit-learn itself unpacks and packs."""
    from sklearn.datasets import _twenty_newsgroups as loader

    (tmp_path / "server").mkdir()
    served = archive_of_posts(tmp_path / "server")

    def fetch(remote, dirname, **_):
        if not served.exists():
            raise urllib.error.URLError("connection refused")
        return shutil.copy(served, dirname)

    monkeypatch.setattr(loader, "_fetch_remote", fetch)
    n = range(20)
    names = newsgroups.NEWSGROUPS.class_names
    texts = {
        split: [f"{POST} {split} {names[c]} {i} caf\xe9" for c in n for i in range(k)]
        for split, k in (("train", 3), ("test", 2))
    }
    raw = base.Splits(texts["train"], np.repeat(n, 3), texts["test"], np.repeat(n, 2))
    expect(monkeypatch, "newsgroups", raw)
    return served


def test_newsgroups_download_and_reading_keep_the_splits_apart(tiny_posts, tmp_path, capsys):
    row = datasets.fetch("newsgroups")
    file = tmp_path / "home/data/scikit_learn_data/20news-bydate_py3.pkz"
    assert row.place == str(file) and row.state == "present"
    said = capsys.readouterr()
    assert "mlbook: newsgroups: downloading" in said.err and said.out == ""
    data = datasets.load("newsgroups")
    assert data.counts == {"train": 60, "test": 40, "classes": 20}
    assert all(" train " in text and text.endswith("café") for text in data.x_train)
    assert all(" test " in text for text in data.x_test)
    left = [one.name for one in file.parent.iterdir() if one.suffix != ".lock"]
    assert left == [file.name]
    assert "nothing done" in datasets.fetch("newsgroups").note


@pytest.mark.parametrize("keep", [0, 0.05, 0.6, 0.999])
def test_a_truncated_pack_is_named(tiny_posts, keep, capsys):
    file = datasets.fetch("newsgroups").place
    with open(file, "r+b") as opened:
        opened.truncate(int(os.path.getsize(file) * keep))
    for tier in ("auto", "canonical"):
        with pytest.raises(DataError, match="mlbook data fetch newsgroups --force") as error:
            datasets.load("newsgroups", tier)
        assert file in str(error.value)
    assert datasets.check("newsgroups")[0].state == "damaged"
    assert capsys.readouterr().out == ""
    datasets.fetch("newsgroups", force=True)
    assert datasets.load("newsgroups").tier == "canonical"


def test_a_read_only_pack_is_not_replaced(tiny_posts):
    file = datasets.fetch("newsgroups").place
    os.chmod(file, 0o444)
    with pytest.raises(DataError, match="read-only and stays as it is. Set SCIKIT_LEARN_DATA"):
        datasets.fetch("newsgroups", force=True)


def test_posts_that_are_not_the_data_set_are_not_kept(tiny_posts, tmp_path):
    newer = archive_of_posts(tmp_path)
    content = newer.read_bytes()
    with (
        tarfile.open(tiny_posts, "w:gz") as archive,
        tarfile.open(fileobj=io.BytesIO(content)) as old,
    ):
        for entry in old.getmembers()[:-1]:
            archive.addfile(entry, old.extractfile(entry))
    with pytest.raises(DataError, match="test split .* has 39 items instead of 40"):
        datasets.fetch("newsgroups")
    assert datasets.status("newsgroups")[0].state == "can be downloaded"


def test_a_refused_connection_is_an_offline_error(tiny_posts):
    tiny_posts.unlink()
    with pytest.raises(OfflineError, match="broke off .*connection refused"):
        datasets.fetch("newsgroups")


def test_faces_download(monkeypatch, tmp_path, online):
    from scipy.io import savemat
    from sklearn.datasets import _olivetti_faces as loader

    pixels = np.random.default_rng(0).integers(0, 256, (4096, 400)).astype(np.uint8)
    pixels[0, 0], pixels[1, 0] = 0, 255

    def fetch(remote, dirname, **_):
        file = os.path.join(dirname, "olivettifaces.mat")
        savemat(file, {"faces": pixels})
        return file

    monkeypatch.setattr(loader, "_fetch_remote", fetch)
    # the columns of the published file are images, stored column by column
    images = pixels.T.reshape(400, 64, 64).transpose(0, 2, 1).astype(np.float32) / 255
    expect(monkeypatch, "olivetti", olivetti._split(images, np.repeat(np.arange(40), 10)))
    row = datasets.fetch("olivetti")
    assert row.place.endswith("scikit_learn_data/olivetti_py3.pkz")
    data = datasets.load("olivetti")
    assert data.tier == "canonical" and data.x_train.shape == (200, 64, 64)
    with open(row.place, "r+b") as opened:
        opened.truncate(os.path.getsize(row.place) // 2)
    with pytest.raises(DataError, match=r"olivetti_py3\.pkz cannot be read"):
        datasets.load("olivetti")


# --- NLTK's corpora ------------------------------------------------------------------------------


def corpus_of_sentences(file, extra=""):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("sentence_polarity")
        archive.writestr("sentence_polarity/README.txt", "about")
        for name, word in (("neg", "dull"), ("pos", "fine")):
            lines = "".join(f"a {word} café of {i} parts . \n" for i in range(50))
            archive.writestr(f"sentence_polarity/rt-polarity.{name}", lines + extra)


@pytest.fixture
def nltk_root(monkeypatch, tmp_path):
    """A tiny sentence_polarity.zip where NLTK_DATA points, second of two folders."""
    root = tmp_path / "nltk"
    (root / "corpora").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("NLTK_DATA", f"{tmp_path / 'empty'}{os.pathsep}{root}")
    corpus_of_sentences(root / "corpora/sentence_polarity.zip")
    raw = [[f"a {word} café of {i} parts ." for i in range(50)] for word in ("dull", "fine")]
    expect(monkeypatch, "movie_sentences", movies._split(sum(raw, []), [0] * 50 + [1] * 50, 10))
    return root


def test_sentences_from_the_archive_and_from_the_folder(nltk_root):
    archive = nltk_root / "corpora/sentence_polarity.zip"
    zipped = datasets.load("movie_sentences")
    assert zipped.tier == "canonical"
    assert zipped.counts == {"train": 90, "test": 10, "classes": 2}
    assert all(("fine" in x) == (y == 1) for x, y in zip(*everything(zipped), strict=True))
    key = datasets.state_key("movie_sentences")
    zipfile.ZipFile(archive).extractall(archive.parent)
    archive.unlink()
    assert datasets.load("movie_sentences").fingerprint == zipped.fingerprint
    assert datasets.status("movie_sentences")[0].place == str(archive.with_suffix(""))
    assert datasets.state_key("movie_sentences") != key


def test_damaged_archives(nltk_root, tmp_path):
    file = nltk_root / "corpora/sentence_polarity.zip"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert datasets.status("movie_sentences")[0].state == "damaged"
    with pytest.raises(DataError, match=r"sentence_polarity\.zip is no complete zip archive"):
        datasets.load("movie_sentences")
    flipped = bytearray(whole)
    flipped[whole.index(b"rt-polarity.neg") + 60] ^= 0xFF
    file.write_bytes(flipped)
    with pytest.raises(DataError, match=r"sentence_polarity\.zip cannot be read .*--force"):
        datasets.load("movie_sentences")
    corpus_of_sentences(file, extra="one more .\n")
    with pytest.raises(DataError, match="has 92 items instead of 90"):
        datasets.load("movie_sentences")
    assert datasets.check("movie_sentences")[0].state == "damaged"


def test_a_corpus_is_downloaded_by_nltk(nltk_root, tmp_path, monkeypatch, online):
    from nltk import downloader

    served = tmp_path / "served.zip"
    shutil.move(nltk_root / "corpora/sentence_polarity.zip", served)

    def download(self, corpus, folder, *args):
        yield downloader.ProgressMessage(5)
        if not served.exists():
            yield downloader.ErrorMessage(None, "Error loading sentence_polarity:\n no route")
            return
        os.makedirs(os.path.join(folder, "corpora"))
        shutil.copy(served, os.path.join(folder, "corpora", f"{corpus}.zip"))
        yield downloader.ProgressMessage(100)

    monkeypatch.setattr(downloader.Downloader, "incr_download", download)
    row = datasets.fetch("movie_sentences")
    assert row.place == str(tmp_path / "empty/corpora/sentence_polarity.zip")
    assert datasets.load("movie_sentences").tier == "canonical"
    served.unlink()
    with pytest.raises(OfflineError, match="broke off .Error loading sentence_polarity: no route"):
        datasets.fetch("movie_sentences", force=True)
    assert datasets.load("movie_sentences").tier == "canonical"


# --- recordings from TensorFlow Datasets ---------------------------------------------------------


def test_preparing_recordings_needs_a_package_and_says_so(monkeypatch, online):
    from mlbook.datasets import from_tfds

    monkeypatch.setattr(from_tfds, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="`pip install pydub`, then `mlbook data fetch spoken_d"):
        datasets.fetch("spoken_digits")
    assert datasets.load("spoken_digits").tier == "synthetic"


def test_recordings_prepared_by_tensorflow_datasets(monkeypatch, tmp_path, online):
    from tensorflow_datasets.datasets.spoken_digit import spoken_digit_dataset_builder as module

    folder = tmp_path / "recordings"
    folder.mkdir()
    x, y, names, takes = speech.spoken(takes=7)
    kept = [i for i in range(len(x)) if names[i] in ("speaker A", "speaker B") and y[i] < 2]
    parts = [[values[i] for i in kept] for values in (x, y, names, takes)]
    parts[2] = [name.replace("speaker ", "") for name in parts[2]]
    for sound, digit, name, take in zip(*parts, strict=True):
        with wave.open(str(folder / f"{digit}_{name}_{take}.wav"), "wb") as file:
            file.setparams((1, 2, speech.RATE, 0, "NONE", ""))
            file.writeframes(sound.tobytes())
    monkeypatch.setattr(
        module.Builder,
        "_split_generators",
        lambda self, _: {"train": self._generate_examples(str(folder))},
    )
    expect(monkeypatch, "spoken_digits", spoken_digits._split(*parts, held=5))
    row = datasets.fetch("spoken_digits")
    assert row.place == str(tmp_path / "home/data/tensorflow_datasets/spoken_digit/1.0.9")
    data = datasets.load("spoken_digits")
    assert data.counts == {"train": 8, "test": 20, "classes": 10}
    assert sorted(set(data.groups_train)) == ["A", "B"]


def test_cifar10_converts_what_tensorflow_datasets_delivers():
    batch = {"image": np.zeros((2, 32, 32, 3), np.uint8), "label": np.array([3, 4])}
    other = {"image": np.ones((1, 32, 32, 3), np.uint8), "label": np.array([5])}
    raw = cifar10._from_features(batch, other)
    assert raw.y_train.tolist() == [3, 4] and raw.y_test.tolist() == [5] and raw.x_test.all()
