"""Data sets that scikit-learn downloads: one packed file each in the folder of its loader."""

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlbook.datasets import downloading
from mlbook.datasets.base import Expected, Found, Splits
from mlbook.datasets.downloaded import DownloadedSource
from mlbook.datasets.downloading import first_line
from mlbook.errors import DataError


@dataclass(frozen=True)
class SklearnSource(DownloadedSource):
    """One `sklearn.datasets.fetch_...` function and the file in which it keeps its data.

    `loader` gets keyword arguments for that function and returns the `Splits`.
    """

    name: str
    file: str
    url: str
    sentence: str
    licence: str
    expected: Expected
    loader: Callable[..., Splits]
    download_bytes: int
    fallback: str = ""
    tier: str = "canonical"
    label: str = ""
    variable: str = "SCIKIT_LEARN_DATA"
    folder: str = "scikit_learn_data"

    @property
    def entry(self) -> str:
        return self.file

    def judge(self, root: Path) -> Found:
        file = root / self.file
        if not file.is_file():
            return Found("absent")
        # sizes differ a little from machine to machine: only reading tells more
        if file.stat().st_size < self.download_bytes / 10:
            note = f"{file} is too short: {file.stat().st_size:,} bytes"
            return Found("damaged", str(file), note=note, files=(file,))
        return Found("present", str(file), files=(file,))

    def read_from(self, root: Path) -> Splits:
        said = io.StringIO()
        try:
            # scikit-learn prints what is wrong with the file, and raises something else
            with contextlib.redirect_stdout(said):
                return self.loader(data_home=str(root), download_if_missing=False)
        except Exception as error:  # a pickle can fail in any way
            last = said.getvalue().strip().splitlines()[-1:]
            raise DataError(
                f"{self.name}: {root / self.file} cannot be read "
                f"({last[0] if last else first_line(error)}). Mend it with `{self.mend}`."
            ) from error

    def bring(self, scratch: Path) -> None:
        with (
            downloading.watched(scratch, self.download_bytes),
            contextlib.redirect_stdout(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # it warns of every retry; the last one raises
            self.loader(data_home=str(scratch), download_if_missing=True)
