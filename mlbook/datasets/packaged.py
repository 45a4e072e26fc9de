"""Data that an installed package carries: found by file, read by the package's own function."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mlbook.datasets.base import Expected, Found, Source, Splits
from mlbook.datasets.downloading import first_line
from mlbook.errors import DataError


@dataclass(frozen=True)
class PackagedSource(Source):
    """Files of an installed package, which `reader` turns into splits.

    `package` is its name for `import`, `distribution` its name for `pip` if that is another;
    `data` are the files, relative to the package's folder.
    """

    name: str
    package: str
    data: tuple[str, ...]
    reader: Callable[[], Splits]
    sentence: str
    licence: str
    expected: Expected
    tier: str = "canonical"
    label: str = ""
    distribution: str = ""
    class_names: tuple[str, ...] = ()
    url: str = ""
    download_bytes: int = 0

    @property
    def mend(self) -> str:
        return f"pip install --force-reinstall --no-deps {self.distribution or self.package}"

    def find(self) -> Found:
        package = find_spec(self.package)
        if package is None:
            return Found("absent", note=f"the package {self.package} is not installed")
        files = tuple(Path(package.origin).parent / file for file in self.data)
        place = str(files[0] if len(files) == 1 else files[0].parent)
        for file in files:
            if not file.is_file():
                return Found("damaged", place, note=f"{file} is missing")
        # `sentence` names the package, so there is nothing to add on where it was found
        return Found("present", place, files=files)

    def read(self) -> Splits:
        try:
            return self.reader()
        except Exception as error:  # a damaged file can break any step of a parser
            raise DataError(
                f"{self.name}: {self.find().place} cannot be read ({first_line(error)}). "
                f"Mend it with `{self.mend}`."
            ) from error
