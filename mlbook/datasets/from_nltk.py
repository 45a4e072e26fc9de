"""Text that NLTK downloads: one zip archive each, or the folder that NLTK unpacks it into.

The files are plain text in either case, so that Python's own `zipfile` reads them and NLTK,
which takes seconds to import, is needed for the download only.
"""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlbook.datasets.base import Expected, Found, Splits
from mlbook.datasets.downloaded import DownloadedSource
from mlbook.datasets.downloading import first_line
from mlbook.errors import DataError


@dataclass(frozen=True)
class NltkSource(DownloadedSource):
    """One corpus. `convert` gets its folder (a `Path`, or a path inside the archive)."""

    name: str
    corpus: str
    sentence: str
    licence: str
    expected: Expected
    convert: Callable[..., Splits]
    download_bytes: int
    fallback: str = ""
    tier: str = "canonical"
    label: str = ""
    url: str = "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/index.xml"
    variable: str = "NLTK_DATA"
    folder: str = "nltk_data"
    many: bool = True

    @property
    def entry(self) -> str:
        return f"corpora/{self.corpus}.zip"

    def judge(self, root: Path) -> Found:
        archive = root / self.entry
        unpacked = archive.with_suffix("")
        if archive.is_file():
            # looks for the table of contents, which stands at the end
            sound = zipfile.is_zipfile(archive)
            note = "" if sound else f"{archive} is no complete zip archive"
            return Found("present" if sound else "damaged", str(archive), "", note, (archive,))
        if unpacked.is_dir():
            files = tuple(sorted(file for file in unpacked.rglob("*") if file.is_file()))
            return Found("present", str(unpacked), files=files)
        return Found("absent")

    def read_from(self, root: Path) -> Splits:
        place = self.judge(root).place
        try:
            if not place.endswith(".zip"):
                return self.convert(Path(place))
            with zipfile.ZipFile(place) as archive:
                return self.convert(zipfile.Path(archive, f"{self.corpus}/"))
        except Exception as error:  # every layer of a damaged archive fails in its own way
            raise DataError(
                f"{self.name}: {place} cannot be read ({first_line(error)}). "
                f"Mend it with `{self.mend}`."
            ) from error

    def bring(self, scratch: Path) -> None:
        from nltk.downloader import Downloader, ErrorMessage, ProgressMessage

        from mlbook.progress import bar

        with bar(total=100, unit="%") as progress:
            for message in Downloader().incr_download(self.corpus, str(scratch)):
                if isinstance(message, ErrorMessage):
                    raise ConnectionError(" ".join(str(message.message).split()))
                if isinstance(message, ProgressMessage):
                    progress.update(message.progress - progress.n)
