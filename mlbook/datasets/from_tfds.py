"""Data sets that TensorFlow Datasets (TFDS) prepares: find, read, download.

Finding uses names and sizes only, so that listing the data sets does not start TensorFlow.
"""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mlbook.datasets.base import Expected, Found, Splits
from mlbook.datasets.downloaded import DownloadedSource
from mlbook.datasets.downloading import first_line
from mlbook.datasets.quiet import tensorflow_datasets
from mlbook.errors import DataError

# a TFRecord file stores every record with its length (8 bytes) and two checksums (4 each)
RECORD_OVERHEAD = 16


@dataclass(frozen=True)
class TfdsSource(DownloadedSource):
    """One version of a TFDS data set.

    `convert` gets one argument a stored split, in the order of `splits`, and returns the
    `Splits`. The argument is the dictionary of stacked features; with `ragged`, for features
    of varying length, a list with one dictionary an item. `builder` is the name that TFDS knows
    if that is not ours. `needs` are packages that TFDS wants for preparing this set only.
    """

    name: str
    version: str
    url: str
    sentence: str
    licence: str
    expected: Expected
    convert: Callable[..., Splits]
    download_bytes: int
    builder: str = ""
    splits: tuple[str, ...] = ("train", "test")
    ragged: bool = False
    needs: tuple[str, ...] = ()
    fallback: str = "sample"
    tier: str = "canonical"
    label: str = ""
    variable: str = "TFDS_DATA_DIR"
    folder: str = "tensorflow_datasets"

    @property
    def known_as(self) -> str:
        return self.builder or self.name

    @property
    def entry(self) -> str:
        return f"{self.known_as}/{self.version}"

    def judge(self, root: Path) -> Found:
        folder = root / self.entry
        if not folder.is_dir():
            rest = sorted(folder.parent.glob(f"incomplete.*_{self.version}"))
            note = f"an unfinished download is left in {rest[0]} and not used" if rest else ""
            return Found("absent", note=note)
        files, wrong = _inspect(folder, self.known_as, self._counts())
        state = "damaged" if wrong else "present"
        return Found(state, str(folder), note=wrong, files=tuple(files))

    def _counts(self) -> dict[str, int]:
        """How many items each stored split must have."""
        if self.splits == ("train", "test"):
            return {"train": self.expected.train, "test": self.expected.test}
        return {self.splits[0]: self.expected.train + self.expected.test}

    def read_from(self, root: Path) -> Splits:
        """Read every split from `root`, as one batch if it can be: thousands of items a second."""
        tf, tfds = tensorflow_datasets()
        folder = root / self.entry
        try:
            builder = tfds.builder(f"{self.known_as}:{self.version}", data_dir=root)
        except Exception as error:  # the description files are parsed by several libraries
            raise DataError(
                f"{self.name}: the description in {folder} cannot be read "
                f"({first_line(error)}). Mend it with `{self.mend}`."
            ) from error
        parts = []
        for split in self.splits:
            try:
                if self.ragged:
                    part = list(tfds.as_numpy(builder.as_dataset(split=split)))
                else:
                    part = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
            except (tf.errors.OpError, ValueError, AssertionError, OSError) as error:
                files = ", ".join(map(str, sorted(folder.glob(f"{self.known_as}-{split}.*"))))
                raise DataError(
                    f"{self.name}: {files or folder} cannot be read ({first_line(error)}). "
                    f"Mend it with `{self.mend}`."
                ) from error
            parts.append(part)
        return self.convert(*parts)

    def bring(self, scratch: Path) -> None:
        # TFDS would find out after the download
        if missing := [package for package in self.needs if find_spec(package) is None]:
            raise DataError(
                f"{self.name}: preparing it needs a package that is not installed. "
                f"Run `pip install {' '.join(missing)}`, then `mlbook data fetch {self.name}`."
            )
        _, tfds = tensorflow_datasets()
        builder = tfds.builder(
            f"{self.known_as}:{self.version}", data_dir=scratch, file_format="tfrecord"
        )
        # TFDS says on stdout that the data lies in the scratch folder, where it will not stay
        with _fewer_retries(), contextlib.redirect_stdout(io.StringIO()):
            builder.download_and_prepare(
                download_dir=scratch / "downloads",
                download_config=tfds.download.DownloadConfig(try_download_gcs=False),
            )


def _inspect(folder: Path, name: str, counts: dict[str, int]) -> tuple[list[Path], str]:
    """The files of a prepared folder, and what is wrong with them ('' if nothing)."""
    described = folder / "dataset_info.json"
    files = [described, folder / "features.json"]
    read = {}
    for file in files:
        # TFDS writes the descriptions last, so without them the preparation did not finish
        if not file.is_file():
            return files, f"{file} is missing: the download did not finish"
        try:
            read[file] = json.loads(file.read_bytes())
        except ValueError:
            return files, f"{file} is not valid JSON"
    for split, n_expected in counts.items():
        try:
            suffix = read[described].get("fileFormat", "tfrecord")
            (entry,) = (one for one in read[described]["splits"] if one["name"] == split)
            lengths = [int(length) for length in entry["shardLengths"]]
            promised = int(entry["numBytes"]) + RECORD_OVERHEAD * sum(lengths)
        except (AttributeError, KeyError, TypeError, ValueError):
            return files, f"{described} does not describe the {split} split"
        if sum(lengths) != n_expected:
            return files, f"{described} promises {sum(lengths):,} {split} items, not {n_expected:,}"
        shards = [
            folder / f"{name}-{split}.{suffix}-{i:05d}-of-{len(lengths):05d}"
            for i in range(len(lengths))
        ]
        files += shards
        for shard in shards:
            if not shard.is_file():
                return files, f"{shard} is missing"
        size = sum(shard.stat().st_size for shard in shards)
        if suffix == "tfrecord" and size != promised:
            which = shards[0] if len(shards) == 1 else f"{shards[0]} to {shards[-1].name}"
            return files, f"{which}: {size:,} bytes where {promised:,} belong"
    return files, ""


@contextlib.contextmanager
def _fewer_retries() -> Iterator[None]:
    # ten retries with growing pauses are minutes of silence when the connection goes away
    from tensorflow_datasets.core.download import downloader

    before = downloader.MAX_RETRIES
    downloader.MAX_RETRIES = 3
    try:
        yield
    finally:
        downloader.MAX_RETRIES = before
