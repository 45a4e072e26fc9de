"""The web book: executed chapters and the pages of `book/`, made into HTML that needs no network.

The sources are staged in `_build/source`, built beside the book that is there, checked, and only
then put in its place. `_build/html` is therefore always one complete book.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mlbook import notebooks, paths
from mlbook.errors import MlbookError
from mlbook.html import page_problems

__all__ = ["build", "page_problems", "stage"]


def build(force: bool = False) -> Path:
    """Build the web book from the executed chapters; do nothing if it is there already.

    Prints at the end where to open it.

    Args:
        force: build also if nothing changed.

    Returns:
        The book's first page.

    Raises:
        MlbookError: a chapter has not been executed since it changed, a figure has no alternative
            text, Sphinx warns of anything, or a page would ask another host for something. The
            book that was there before stays.
    """
    source = stage()
    html, stamp = paths.build() / "html", paths.build() / "html.stamp"
    key = _key(source)
    if force or not _is_built(html, stamp, key):
        fresh = paths.build() / "html.new"
        shutil.rmtree(fresh, ignore_errors=True)
        _sphinx(source, fresh)
        if problems := page_problems(fresh):
            raise MlbookError("the web book is not complete:\n" + _listed(problems))
        stamp.unlink(missing_ok=True)
        shutil.rmtree(html, ignore_errors=True)
        os.replace(fresh, html)
        stamp.write_text(key, encoding="utf-8")
    print(f"Open {(html / 'index.html').as_uri()} in a browser", flush=True)
    return html / "index.html"


def stage() -> Path:
    """Put together what Sphinx reads: the pages of `book/` and the executed chapters.

    Returns:
        The folder `_build/source`.

    Raises:
        MlbookError: a chapter has not been executed since it changed, a computed figure has no
            alternative text, or `book/` is missing.
    """
    book, source = paths.root() / "book", paths.build() / "source"
    if not (book / "conf.py").is_file():
        raise MlbookError(f"{book} has no conf.py: there is nothing to make a book from.")
    chapters = notebooks.chapters()
    if stale := [chapter.stem for chapter in chapters if not notebooks.is_current(chapter)]:
        raise MlbookError(
            f"not executed since the last change: {', '.join(stale)}. Run first: mlbook execute"
        )
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(book, source, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (source / "notebooks").mkdir()
    for chapter in chapters:
        notebook = nbformat.read(notebooks.executed(chapter), as_version=4)
        _place_alt_texts(notebook, chapter.name)
        nbformat.write(notebook, source / "notebooks" / f"{chapter.stem}.ipynb")
    return source


def _place_alt_texts(notebook: NotebookNode, name: str) -> None:
    """Move each figure's alternative text from its output, where plots put it, to its cell.

    myst-nb takes it only from there, which is why a cell may have one figure.
    """
    for number, cell in enumerate(notebook.cells, 1):
        texts = []
        for output in cell.get("outputs", []):
            kinds = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
            if kinds:
                alts = [output.get("metadata", {}).get(kind, {}).get("alt", "") for kind in kinds]
                texts.append(next((alt.strip() for alt in alts if alt.strip()), ""))
        if not texts:
            continue
        where = f"{name}, cell {number} ({(cell.source.strip().splitlines() or [''])[0]!r})"
        if len(texts) > 1:
            raise MlbookError(f"{where} draws {len(texts)} figures: give each a cell of its own.")
        if not texts[0]:
            raise MlbookError(
                f"{where} draws a figure without alternative text: show it with "
                'display(figure, metadata={"image/png": {"alt": "what is to be seen"}}).'
            )
        settings = cell.metadata.setdefault("mystnb", nbformat.from_dict({}))
        settings["image"] = {**settings.get("image", {}), "alt": texts[0]}


def _key(source: Path) -> str:
    """What the book is made from: its sources, the versions of the tools, and this package."""
    state = hashlib.sha256()
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    files += [paths.root() / "requirements.lock", *sorted(Path(__file__).parent.glob("*.py"))]
    for path in files:
        content = path.read_bytes() if path.is_file() else b""
        digest = hashlib.sha256(content).hexdigest()
        state.update(f"{os.path.relpath(path, source)}\0{digest}\0".encode())
    return state.hexdigest()


def _is_built(html: Path, stamp: Path, key: str) -> bool:
    built = (html / "index.html").is_file() and stamp.is_file()
    return built and stamp.read_text(encoding="utf-8") == key


def _sphinx(source: Path, target: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-W", "--keep-going", "-E"]
    command += ["-d", str(paths.build() / "doctrees"), str(source), str(target)]
    # No colours in what may become a message; no tool of the reader's Python settings.
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        raise MlbookError("the web book could not be built:\n" + _listed(lines))


def _listed(lines: list[str], at_most: int = 30) -> str:
    more = [f"and {len(lines) - at_most} more"] if len(lines) > at_most else []
    return "\n".join(f"  {line}" for line in lines[:at_most] + more)
