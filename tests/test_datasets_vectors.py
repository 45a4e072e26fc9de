"""Word vectors: any file in word2vec's text format, found, read, fetched, and how it breaks."""

import gzip
import hashlib
import json
import os
import shutil
import urllib.error

import numpy as np
import pytest

from mlbook import datasets
from mlbook.datasets import tiers, vectors
from mlbook.errors import DataError, OfflineError

LINES = ["4 3", "good 1 0 0.5", "bad -1 0 0.25", "café 0 2e-1 1", ". 0.5 0.5 0.5"]


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for variable in ("MLBOOK_WORD_VECTORS", "GENSIM_DATA_DIR", "MLBOOK_TIER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("MLBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLBOOK_OFFLINE", "1")
    monkeypatch.setattr(tiers, "_answers", {})
    monkeypatch.setattr(tiers, "_announced", set())


@pytest.fixture
def online(monkeypatch):
    monkeypatch.setattr(tiers, "obstacle", lambda url, refresh=False: "")


def write(file, lines=LINES):
    file.parent.mkdir(parents=True, exist_ok=True)
    content = ("\n".join(lines) + "\n").encode()
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    return file


@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.txt.gz"])
def test_a_file_of_ones_own(tmp_path, name):
    file = write(tmp_path / name)
    ours = datasets.word_vectors(file)
    assert ours.counts == {"words": 4, "dimensions": 3}
    assert ours.keyed["bad"].tolist() == [-1, 0, 0.25] and "café" in ours.keyed
    assert ours.keyed.vectors.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        ours.keyed.vectors[0] = 0
    assert ours.keyed.most_similar("good", topn=1)[0][0] == "."
    assert ours.tier == "canonical" and ours.label == "" and name in ours.source
    # the fingerprint is of the content, not of the packing
    assert ours.fingerprint == datasets.word_vectors(write(tmp_path / "other.txt")).fingerprint
    other = datasets.word_vectors(write(tmp_path / "x", [*LINES[:-1], ". 0.5 0.5 0.25"]))
    assert other.fingerprint != ours.fingerprint


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (LINES[1:], "line 1 does not give two numbers"),
        (["4 x", *LINES[1:]], "line 1 does not give two numbers"),
        ([], "line 1 does not give two numbers"),
        (LINES[:-1], "it has 3 words where line 1 promises 4"),
        ([*LINES, "more 1 2 3"], "it has 5 words where line 1 promises 4"),
        ([*LINES[:3], "café 1", LINES[4]], "line 4 has 1 numbers, not 3"),
        ([*LINES[:3], "café 1 2 3 4", LINES[4]], "line 4 has 4 numbers, not 3"),
        ([*LINES[:3], "good 1 2 3", LINES[4]], "line 4 gives a word for the second time"),
        ([*LINES[:3], "café 1 x 3", LINES[4]], "could not convert .*x"),
        ([*LINES[:3], "café 1 nan 3", LINES[4]], "not finite"),
    ],
)
def test_altered_files_are_named_with_the_line(tmp_path, lines, message):
    file = write(tmp_path / "vectors.txt", lines)
    with pytest.raises(DataError, match=message) as error:
        datasets.word_vectors(file)
    assert str(file) in str(error.value)


def test_truncated_and_flipped_archives(tmp_path, monkeypatch):
    many = ["300 4", *(f"word{i} {i} {i * 7 % 11} 0.5 {i / 8}" for i in range(300))]
    file = write(tmp_path / "vectors.txt.gz", many)
    monkeypatch.setenv("MLBOOK_WORD_VECTORS", str(file))
    whole = file.read_bytes()
    for content in (
        whole[: len(whole) // 2],
        whole[:-4],  # all lines are there, only the archive's own check is gone
        whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:],
        whole[:40] + bytes([whole[40] ^ 0x10]) + whole[41:],
        b"",
    ):
        file.write_bytes(content)
        with pytest.raises(DataError, match="unset MLBOOK_WORD_VECTORS") as error:
            datasets.word_vectors()
        assert str(file) in str(error.value)
        assert datasets.check("word_vectors")[0].state == "damaged"


def test_no_such_file(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"nothing\.txt cannot be used"):
        datasets.word_vectors(tmp_path / "nothing.txt")
    monkeypatch.setenv("MLBOOK_WORD_VECTORS", str(tmp_path / "nothing.txt"))
    for function in (datasets.load, datasets.fetch):
        with pytest.raises(DataError, match=r"nothing\.txt.*unset MLBOOK_WORD_VECTORS"):
            function("word_vectors")


def test_where_the_file_is_looked_for(tmp_path, monkeypatch, capsys):
    assert datasets.word_vectors().tier == "sample"
    keys = [datasets.state_key("word_vectors")]
    own = write(tmp_path / "home/data/word_vectors/mine.txt")
    tiers._announced.clear()
    capsys.readouterr()
    found = datasets.load("word_vectors")
    assert found.source == "word vectors from the file mine.txt" and len(found.keyed) == 4
    said = capsys.readouterr().err
    assert "mine.txt, found under data/word_vectors" in said and str(tmp_path) not in said
    keys.append(datasets.state_key("word_vectors"))
    other = write(tmp_path / "other.txt", ["1 2", "one 1 2"])
    monkeypatch.setenv("MLBOOK_WORD_VECTORS", str(other))
    assert len(datasets.word_vectors().keyed) == 1
    keys.append(datasets.state_key("word_vectors"))
    assert len(set(keys)) == 3
    monkeypatch.delenv("MLBOOK_WORD_VECTORS")
    write(own.with_name("second.txt"))
    with pytest.raises(DataError, match="holds 2 files; keep one, or let MLBOOK_WORD_VECTORS"):
        datasets.load("word_vectors")


def test_a_chosen_file_is_never_replaced(tmp_path, monkeypatch):
    file = write(tmp_path / "mine.txt")
    monkeypatch.setenv("MLBOOK_WORD_VECTORS", str(file))
    assert "nothing done" in datasets.fetch("word_vectors").note
    with pytest.raises(DataError, match="file of your choice"):
        datasets.fetch("word_vectors", force=True)
    assert file.is_file()


def test_offline_sample_says_what_it_is(capsys):
    sample = datasets.load("word_vectors")
    assert sample.tier == "sample" and sample.counts == {"words": 1_694, "dimensions": 100}
    assert sample.label == "sample data: word vectors trained on 200 sentences"
    assert sample.fingerprint == "7985b135958b30e6" and "1,694 words" in repr(sample)
    assert "MLBOOK_OFFLINE" in capsys.readouterr().err
    with pytest.raises(OfflineError, match="GENSIM_DATA_DIR.*MLBOOK_TIER=sample"):
        datasets.load("word_vectors", "canonical")
    # it knows the words of the sample sentences
    words = {w for text in datasets.load("movie_sentences", "sample").x_train for w in text.split()}
    assert len(words & set(sample.keyed.index_to_key)) > 0.9 * len(words)


@pytest.fixture
def server(tmp_path, monkeypatch, online):
    """gensim's own downloader, with files in place of its two servers."""
    from gensim import downloader

    served = write(tmp_path / "server/glove.gz")
    checksum = hashlib.md5(served.read_bytes()).hexdigest()
    entry = {"checksum": checksum, "file_name": f"{vectors.GLOVE}.gz", "parts": 1}
    listing = tmp_path / "server/list.json"
    listing.write_text(json.dumps({"corpora": {}, "models": {vectors.GLOVE: entry}}))

    def retrieve(url, target, reporthook=None):
        if not served.exists():
            raise urllib.error.URLError("no route to host")
        if url.endswith("__init__.py"):
            open(target, "w").close()
        else:
            shutil.copy(served, target)
            reporthook(1, 10, 10)

    monkeypatch.setattr(downloader.urllib, "urlretrieve", retrieve)
    monkeypatch.setattr(downloader, "urlopen", lambda url: open(listing, "rb"))
    monkeypatch.setattr(vectors.CanonicalVectors, "download_bytes", served.stat().st_size)
    return served


def test_glove_is_fetched_by_gensim(server, tmp_path, monkeypatch, capsys):
    from gensim import downloader

    before = downloader.BASE_DIR
    row = datasets.fetch("word_vectors")
    folder = tmp_path / "home/data/gensim-data" / vectors.GLOVE
    assert row.state == "present" and row.place == str(folder)
    assert downloader.BASE_DIR == before and capsys.readouterr().out == ""
    found = datasets.load("word_vectors")
    assert len(found.keyed) == 4 and found.source.startswith("GloVe 6B")
    (file,) = folder.glob("*.gz")
    with open(file, "r+b") as opened:
        opened.truncate(os.path.getsize(file) - 1)
    with pytest.raises(DataError, match="bytes where .* belong.*fetch word_vectors --force"):
        datasets.load("word_vectors")
    datasets.fetch("word_vectors", force=True)
    monkeypatch.setenv("GENSIM_DATA_DIR", str(folder.parent))
    assert len(datasets.load("word_vectors", "canonical").keyed) == 4


def test_a_broken_download_leaves_nothing(server, tmp_path):
    content = server.read_bytes()
    server.write_bytes(content[:-1] + b"x")
    with pytest.raises(DataError, match="Checksum comparison failed"):
        datasets.fetch("word_vectors")
    server.unlink()
    with pytest.raises(OfflineError, match="no route to host"):
        datasets.fetch("word_vectors")
    left = [p for p in (tmp_path / "home/data/gensim-data").iterdir() if p.suffix != ".lock"]
    assert left == []
    assert datasets.status("word_vectors")[0].state == "can be downloaded"
