"""Word vectors that others trained: any file in the text format of word2vec, plain or .gz.

The first line says how many words and how many dimensions; every other line holds a word and
its numbers, separated by single spaces. gensim reads it.

Where the file comes from, best first: where the variable MLBOOK_WORD_VECTORS points; the file
in data/word_vectors/; the copy of gensim's own downloader (GENSIM_DATA_DIR, or
data/gensim-data), which `mlbook data fetch word_vectors` brings: 400,000 words of GloVe, 50
dimensions.

Pennington, Socher and Manning, "GloVe: global vectors for word representation", EMNLP 2014.
"""

import contextlib
import gzip
import hashlib
import io
import os
import sys
import zlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from mlbook import paths
from mlbook.datasets.base import Found, Source, Spec
from mlbook.datasets.downloaded import DownloadedSource
from mlbook.datasets.downloading import first_line
from mlbook.errors import DataError

NAME = "word_vectors"
VARIABLE = "MLBOOK_WORD_VECTORS"
GLOVE = "glove-wiki-gigaword-50"


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Word vectors and where they came from; the provenance reads as that of a `Dataset`.

    Attributes:
        keyed: gensim `KeyedVectors`: `keyed["film"]`, `"film" in keyed`, `keyed.vectors` of
            shape (words, dimensions), float32 and read-only, `keyed.index_to_key`.
        fingerprint: 16 hexadecimal digits of all words and numbers.
        name, tier, source, licence, label: as in `Dataset`.
    """

    keyed: Any
    tier: str
    source: str
    licence: str
    fingerprint: str
    label: str = ""
    name: str = NAME

    @property
    def counts(self) -> dict[str, int]:
        """{'words': n, 'dimensions': d}."""
        return {"words": len(self.keyed), "dimensions": self.keyed.vector_size}

    def describe(self) -> str:
        """One line: name, tier, counts and fingerprint."""
        return (
            f"{self.name}: {self.tier} data, {len(self.keyed):,} words, "
            f"{self.keyed.vector_size} dimensions, fingerprint {self.fingerprint}"
        )

    def __repr__(self) -> str:
        return f"<WordVectors {self.describe()}>"


def read(file: Path, mend: str, encoding: str = "utf8"):
    """Read a file in word2vec's text format, after looking at every line of it.

    Returns (KeyedVectors, fingerprint). Raises `DataError` that names the file, the line and
    `mend`.
    """
    try:
        _inspect(file)
        from gensim.models import KeyedVectors

        keyed = KeyedVectors.load_word2vec_format(str(file), encoding=encoding)
        if len(keyed) != len(keyed.vectors) or not np.isfinite(keyed.vectors).all():
            raise ValueError("a number is missing or not finite")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(
            f"word vectors: {file} cannot be used ({first_line(error)}). Mend it with `{mend}`."
        ) from error
    keyed.vectors.flags.writeable = False
    digest = hashlib.sha256("\n".join(keyed.index_to_key).encode())
    digest.update(np.ascontiguousarray(keyed.vectors, dtype="<f4").data)
    return keyed, digest.hexdigest()[:16]


def _inspect(file: Path) -> None:
    """What gensim does not look at: lines too many, columns, words twice, the archive's end."""
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rb") as lines:
        header = lines.readline().split()
        if len(header) != 2 or not all(part.isdigit() for part in header):
            raise ValueError("line 1 does not give two numbers, of words and of dimensions")
        n_words, n_dimensions = map(int, header)
        seen = set()
        for i, line in enumerate(lines, start=2):
            word, *numbers = line.rstrip().split(b" ")
            if len(numbers) != n_dimensions:
                raise ValueError(f"line {i} has {len(numbers)} numbers, not {n_dimensions}")
            if word in seen:
                raise ValueError(f"line {i} gives a word for the second time")
            seen.add(word)
    if len(seen) != n_words:
        raise ValueError(f"it has {len(seen):,} words where line 1 promises {n_words:,}")


class _Vectors(Source):
    """What both tiers share."""

    expected = None  # any file in the format will do
    encoding = "utf8"

    def read(self):
        raise TypeError("word vectors have no splits")  # pragma: no cover

    def load(self, spec: Spec) -> WordVectors:
        found = self.find()
        (file,) = found.files
        keyed, fingerprint = read(file, self.mend, self.encoding)
        return WordVectors(keyed, self.tier, self.sentence, self.licence, fingerprint, self.label)


class CanonicalVectors(_Vectors, DownloadedSource):
    """The reader's own file, else GloVe as gensim's downloader brings it."""

    name = NAME
    tier = "canonical"
    label = ""
    licence = "GloVe: Public Domain Dedication and License (PDDL) 1.0; another file: its own"
    url = f"https://github.com/RaRe-Technologies/gensim-data/releases/download/{GLOVE}/{GLOVE}.gz"
    download_bytes = 69_182_535
    variable = "GENSIM_DATA_DIR"
    folder = "gensim-data"
    fallback = "sample"
    entry = GLOVE

    @property
    def sentence(self) -> str:
        if (own := self._own()) is None:
            return "GloVe 6B, 400,000 words, 50 dimensions, as gensim's downloader brings it"
        return f"word vectors from the file {Path(own.place).name}"

    @property
    def mend(self) -> str:
        own = self._own()
        if own is None:
            return f"mlbook data fetch {NAME} --force"
        return f"unset {VARIABLE}" if own.note.startswith(VARIABLE) else f"rm {own.place}"

    def _own(self) -> Found | None:
        """The file that the reader chose, if any."""
        if pointed := os.environ.get(VARIABLE, ""):
            file = Path(pointed).expanduser().absolute()
            state = "present" if file.is_file() else "damaged"
            note = f"{VARIABLE} points to {file}" + (", which is no file" * (state == "damaged"))
            return Found(state, str(file), f"found where {VARIABLE} points", note, (file,))
        folder = paths.data() / NAME
        files = sorted(folder.glob("*")) if folder.is_dir() else []
        if not files:
            return None
        if len(files) > 1:
            note = f"{folder} holds {len(files)} files; keep one, or let {VARIABLE} point to one"
            return Found("damaged", str(files[0]), note=note)
        return Found("present", str(files[0]), f"found under data/{NAME}", files=tuple(files))

    def find(self) -> Found:
        return self._own() or super().find()

    def judge(self, root: Path) -> Found:
        file = root / self.entry / f"{GLOVE}.gz"
        if not file.is_file():
            return Found("absent")
        size = file.stat().st_size
        if size != self.download_bytes:
            note = f"{file}: {size:,} bytes where {self.download_bytes:,} belong"
            return Found("damaged", str(file.parent), note=note, files=(file,))
        return Found("present", str(file.parent), files=(file,))

    def read_from(self, root: Path):
        raise TypeError("word vectors have no splits")  # pragma: no cover

    def fetch(self, force: bool = False) -> Found:
        own = self._own()
        if own is None:
            return super().fetch(force)
        if own.state == "damaged" or force:
            raise DataError(
                f"{NAME}: {own.place} is the file of your choice, which mlbook does not replace. "
                f"Take it away with `{self.mend}` first."
            )
        return own

    def bring(self, scratch: Path) -> None:
        from gensim import downloader

        quiet = os.environ.get("MLBOOK_PROGRESS") == "0"
        before = downloader.BASE_DIR
        downloader.BASE_DIR = str(scratch)
        try:
            # it draws its progress bar on stdout, where results are expected
            with contextlib.redirect_stdout(io.StringIO() if quiet else sys.stderr):
                downloader.load(GLOVE, return_path=True)
        finally:
            downloader.BASE_DIR = before

    def accept(self, scratch: Path) -> None:
        # gensim compared the checksum that its list of models gives
        found = self.judge(scratch)
        if found.state != "present":
            raise DataError(f"{NAME}: what arrived is not {GLOVE}. {found.note}")


class SampleVectors(_Vectors):
    """Vectors of the words of the 200 sentences that gensim carries for its own tests."""

    tier = "sample"
    encoding = "latin-1"
    sentence = "1,694 words, 100 dimensions, fastText vectors from gensim's test data"
    licence = "gensim is LGPL-2.1"
    label = "sample data: word vectors trained on 200 sentences"
    url = ""
    download_bytes = 0
    mend = "pip install --force-reinstall --no-deps gensim"

    def find(self) -> Found:
        package = find_spec("gensim")
        if package is None:
            return Found("absent", note="the package gensim is not installed")
        file = Path(package.origin).parent / "test/test_data/pang_lee_polarity_fasttext.vec"
        if not file.is_file():
            return Found("damaged", str(file), note=f"{file} is missing")
        return Found("present", str(file), files=(file,))


WORD_VECTORS = Spec(NAME, "Word vectors", (), (CanonicalVectors(), SampleVectors()))


def word_vectors(path: str | Path | None = None) -> WordVectors:
    """Word vectors from a file in word2vec's text format (also .gz), or those `load` finds.

    Args:
        path: the file. Default: as `load("word_vectors")`, see this module's beginning.

    Raises:
        DataError: there is no such file, or it is truncated or altered; the message names the
            file and the line.
        OfflineError: they would have to be downloaded and the network does not answer.
    """
    from mlbook.datasets import load

    if path is None:
        return load(NAME)
    file = Path(path).expanduser()
    keyed, fingerprint = read(file, "another file or copy")
    source = f"word vectors from the file {file.name}"
    return WordVectors(keyed, "canonical", source, "that of the file", fingerprint)
