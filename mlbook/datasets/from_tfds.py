"""Data sets that TensorFlow Datasets (TFDS) prepares: find, read, download.

Finding uses names and sizes only, so that listing the data sets does not start TensorFlow.
"""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mlbook.datasets import downloading, tiers
from mlbook.datasets.base import Expected, Found, Source, Splits, verify
from mlbook.datasets.downloading import first_line
from mlbook.datasets.quiet import tensorflow_datasets
from mlbook.errors import DataError, OfflineError

VARIABLE = "TFDS_DATA_DIR"
FOLDER = "tensorflow_datasets"

# a TFRecord file stores every record with its length (8 bytes) and two checksums (4 each)
RECORD_OVERHEAD = 16


@dataclass(frozen=True)
class TfdsSource(Source):
    """One version of a TFDS data set with the splits 'train' and 'test'.

    `convert` turns the dictionary of stacked features of one split into (x, y).
    """

    name: str
    version: str
    url: str
    sentence: str
    licence: str
    expected: Expected
    convert: Callable[[dict], tuple]
    download_bytes: int
    fallback: str = "sample"  # the tier to work with where this one cannot be had
    tier: str = "canonical"
    label: str = ""

    @property
    def mend(self) -> str:
        return f"mlbook data fetch {self.name} --force"

    def find(self) -> Found:
        """The first sound copy; else the first damaged one; else 'absent'."""
        found = [self._judge(root) for root in tiers.roots(VARIABLE, FOLDER)]
        for state in ("present", "damaged"):
            for one in found:
                if one.state == state:
                    return one
        notes = [one.note for one in found if one.note]
        return Found("absent", note="; ".join(notes))

    def _judge(self, root: tiers.Root) -> Found:
        folder = root.path / self.name / self.version
        if not folder.is_dir():
            rest = sorted(folder.parent.glob(f"incomplete.*_{self.version}"))
            note = f"an unfinished download is left in {rest[0]} and not used" if rest else ""
            return Found("absent", note=note)
        try:
            files, wrong = _inspect(folder, self.name, self.expected)
        except OSError as error:
            files, wrong = [], f"{error.filename or folder} cannot be read ({error.strerror})"
        state = "damaged" if wrong else "present"
        return Found(state, str(folder), f"found {root.where}", wrong, tuple(files))

    def read(self) -> Splits:
        found = self.find()
        if found.state != "present":
            raise DataError(f"{self.name}: no sound copy to read. {found.note}")
        return self._read(Path(found.place).parents[1])

    def _read(self, root: Path) -> Splits:
        """Read both splits from `root`, each as one batch: 70,000 small images take seconds."""
        tf, tfds = tensorflow_datasets()
        folder = root / self.name / self.version
        try:
            builder = tfds.builder(f"{self.name}:{self.version}", data_dir=root)
        except Exception as error:  # the description files are parsed by several libraries
            raise DataError(
                f"{self.name}: the description in {folder} cannot be read "
                f"({first_line(error)}). Mend it with `{self.mend}`."
            ) from error
        parts = []
        for split in ("train", "test"):
            try:
                batch = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
            except (tf.errors.OpError, ValueError, AssertionError, OSError) as error:
                files = ", ".join(map(str, sorted(folder.glob(f"{self.name}-{split}.*"))))
                raise DataError(
                    f"{self.name}: {files or folder} cannot be read ({first_line(error)}). "
                    f"Mend it with `{self.mend}`."
                ) from error
            parts += self.convert(batch)
        return Splits(*parts)

    def fetch(self, force: bool = False) -> Found:
        """Download with TFDS's own progress bar, verify, and only then put it in place.

        Returns what is there afterwards; a sound copy is left alone unless `force`. With
        `force` the existing copy is replaced, and nothing else is touched.

        Raises:
            OfflineError: the server cannot be reached; the existing copy is left alone.
            DataError: a damaged copy is in the way and not `force`; the folder is read-only;
                the disk is full; what arrived is not the data set.
        """
        found = self.find()
        if found.state == "present" and not force:
            return found
        if found.state == "damaged" and not force:
            raise DataError(f"{self.name}: {found.note}. Mend it with `{self.mend}`.")
        root = self._target(found)
        if reason := tiers.obstacle(self.url, refresh=True):
            raise OfflineError(
                f"{self.name} (canonical) cannot be downloaded now: {reason}. Connect and run "
                f"`mlbook data fetch {self.name}`; or copy the folder {self.name}/{self.version} "
                f"of a machine that has it to {root.path}, or set {VARIABLE} to the folder that "
                f"holds it; or set MLBOOK_TIER={self.fallback}."
            )
        with downloading.complaints(self.name, root.path, VARIABLE):
            root.path.mkdir(parents=True, exist_ok=True)
            with downloading.alone(root.path, self.name):
                # another process may have brought it while this one waited
                if not force and self._judge(root).state == "present":
                    return self._judge(root)
                self._download(root.path)
        return self._judge(root)

    def _target(self, found: Found) -> tiers.Root:
        """The root to write to: where a copy lies already, else the first writable one."""
        candidates = tiers.roots(VARIABLE, FOLDER)
        if found.place:
            folder = Path(found.place)
            if not (tiers.writable(folder) and tiers.writable(folder.parent)):
                raise DataError(
                    f"{self.name}: {folder} is read-only and stays as it is. "
                    f"Set {VARIABLE} to a folder you may write to, or unset it."
                )
            candidates = [one for one in candidates if one.path == folder.parents[1]]
        for root in candidates:
            if tiers.writable(root.path / self.name) and tiers.writable(root.path):
                return root
        folders = " and ".join(str(root.path) for root in candidates)
        raise DataError(
            f"{self.name}: cannot write to {folders}. Set {VARIABLE} to a folder you may write to."
        )

    def _download(self, root: Path) -> None:
        with downloading.scratch(root, self.name) as scratch:
            _, tfds = tensorflow_datasets()
            builder = tfds.builder(
                f"{self.name}:{self.version}", data_dir=scratch, file_format="tfrecord"
            )
            megabytes = f"{self.download_bytes / 1e6:.0f} MB"
            print(f"mlbook: {self.name}: downloading {megabytes}", file=sys.stderr)
            # TFDS says on stdout that the data lies in the scratch folder, where it will not stay
            with _fewer_retries(), contextlib.redirect_stdout(io.StringIO()):
                builder.download_and_prepare(
                    download_dir=scratch / "downloads",
                    download_config=tfds.download.DownloadConfig(try_download_gcs=False),
                )
            new = scratch / self.name / self.version
            verify(self.name, self, self._read(scratch), str(new))
            downloading.put_in_place(new, root / self.name / self.version, scratch)


def _inspect(folder: Path, name: str, expected: Expected) -> tuple[list[Path], str]:
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
    for split, n_expected in (("train", expected.train), ("test", expected.test)):
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
