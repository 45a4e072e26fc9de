"""Where things lie: one function a folder, all relative to one root."""

import os
from pathlib import Path


def root() -> Path:
    """The project's folder: `MLBOOK_HOME` if set, else the checkout, else the current folder."""
    if home := os.environ.get("MLBOOK_HOME"):
        return Path(home).expanduser().resolve()
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def data() -> Path:
    """Where downloaded data sets land."""
    return root() / "data"


def results() -> Path:
    """The recorded results, one JSON file per experiment and budget."""
    return root() / "results"


def build() -> Path:
    """Everything that can be made again: executed chapters, the web book, unfinished runs."""
    return root() / "_build"


def notebooks() -> Path:
    """The chapters, in pairs of a `.py` and an `.ipynb`."""
    return root() / "notebooks"
