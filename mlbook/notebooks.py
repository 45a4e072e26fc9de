"""Chapters: pairs of a `.py` and an `.ipynb`, executed in order and only when something changed.

The `.py` is what an author edits; the `.ipynb` beside it is written by executing it. Execution
goes to `_build/notebooks`; `write_committed` copies from there. A stamp beside each executed
chapter says from what it was made, so that a change anywhere in the package, the lock file,
the data or the recorded results executes it again.
"""

import hashlib
import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import jupytext
import nbformat
from filelock import FileLock, Timeout

from mlbook import paths
from mlbook.errors import MlbookError, UnknownNameError
from mlbook.kernel import USAGE, execute
from mlbook.pairs import check_pairs
from mlbook.prose import prose_numbers

BUDGETS = ("smoke", "reader", "full")
# below the project's folder: what executing the committed chapters took
COSTS = "book/measured.json"

__all__ = [
    "chapters",
    "check_pairs",
    "costs",
    "execute_all",
    "executed",
    "is_current",
    "prose_numbers",
    "write_committed",
]


def chapters(folder: Path | None = None) -> list[Path]:
    """The chapters' `.py` files (`NN_topic.py`) in the order of their names.

    Args:
        folder: where to look; `notebooks/` by default.
    """
    return sorted((folder or paths.notebooks()).glob("[0-9][0-9]_*.py"))


def executed(chapter: Path) -> Path:
    """Where the executed form of a chapter lies, whether or not it exists."""
    return paths.build() / "notebooks" / f"{chapter.stem}.ipynb"


def execute_all(
    budget: str = "reader", force: bool = False, only: str | Sequence[str] | None = None
) -> list[Path]:
    """Execute the chapters that changed and write them to `_build/notebooks`.

    A chapter counts as changed if its `.py`, the package, the lock file, a recorded result, a
    claim, the Python version, the budget, `MLBOOK_TIER` or the state of the data sets did, or
    if its output was altered. The output is replaced only by a complete execution.

    Args:
        budget: smoke, reader or full; the chapter finds it in `MLBOOK_BUDGET`.
        force: execute also what has not changed.
        only: the start of a chapter's name, or several, instead of all.

    Returns:
        The executed chapters, in order, whether they were executed now or earlier.

    Raises:
        UnknownNameError: the budget, or a chapter in `only`, does not exist.
        MlbookError: a cell failed, ran out of time or killed its kernel; or somebody else is
            executing chapters right now.
    """
    if budget not in BUDGETS:
        raise UnknownNameError("budget", budget, BUDGETS)
    chosen = _chosen(only)
    done = []
    with _one_at_a_time():
        shared = _shared_state()
        for chapter in chosen:
            target = executed(chapter)
            key = _key(chapter, budget, shared)
            if not force and _stamp_holds(target, key):
                print(f"{chapter.stem}: unchanged", flush=True)
            else:
                start = time.monotonic()
                notebook = execute(chapter, budget)
                seconds = round(time.monotonic() - start)
                usage = notebook.metadata.pop(USAGE, {})
                content = nbformat.writes(notebook) + "\n"
                # First the output, then its stamp: between the two, the old stamp fits nothing.
                _write(target, content)
                stamp = {"key": key, "budget": budget, "output": _sha256(content.encode())}
                stamp[USAGE] = {"seconds": seconds, **usage}
                _write(_stamp(target), json.dumps(stamp, indent=1) + "\n")
                print(f"{chapter.stem}: {seconds} s", flush=True)
            done.append(target)
    return done


def is_current(chapter: Path) -> bool:
    """Whether the executed form of a chapter exists and nothing it was made from has changed."""
    try:
        budget = json.loads(_stamp(executed(chapter)).read_text(encoding="utf-8"))["budget"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return _stamp_holds(executed(chapter), _key(chapter, budget, _shared_state()))


def write_committed(only: str | Sequence[str] | None = None) -> list[Path]:
    """Execute afresh at the `reader` budget and rewrite the `.ipynb` halves in `notebooks/`.

    Args:
        only: the start of a chapter's name, or several, instead of all.

    Returns:
        The files written.

    Raises:
        MlbookError: a data set that a chapter names is not canonical, so that its numbers would
            not be those of the published data; or the execution failed. Nothing is written then.
    """
    from mlbook import datasets

    chosen = _chosen(only)
    tiers = {}
    for chapter in chosen:
        header = jupytext.read(chapter, fmt="py:percent").metadata.get("mlbook", {})
        for name in header.get("datasets", []):
            if name not in tiers:
                tiers[name] = datasets.load(name).tier
    if poor := [f"{name} ({tier})" for name, tier in tiers.items() if tier != "canonical"]:
        raise MlbookError(
            f"the committed notebooks are made from canonical data only; not canonical here: "
            f"{', '.join(poor)}. Fetch with: mlbook data fetch --all (and unset MLBOOK_TIER)."
        )
    outputs = execute_all(force=True, only=[chapter.stem for chapter in chosen])
    written = []
    for chapter, output in zip(chosen, outputs, strict=True):
        _write(chapter.with_suffix(".ipynb"), output.read_text(encoding="utf-8"))
        written.append(chapter.with_suffix(".ipynb"))
    _note_costs(chosen)
    return written


def costs() -> dict[str, dict[str, float]]:
    """What the chapters took when their committed form was made.

    Returns:
        For each chapter that was measured: `seconds` by the clock, and where the system tells
        them `cpu_seconds` and `peak_memory_mb` of the kernel.
    """
    path = paths.root() / COSTS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _note_costs(chapters_: Sequence[Path]) -> None:
    found = costs()
    for chapter in chapters_:
        stamp = json.loads(_stamp(executed(chapter)).read_text(encoding="utf-8"))
        found[chapter.stem] = stamp[USAGE]
    known = {chapter.stem for chapter in chapters()}
    found = {name: found[name] for name in sorted(found) if name in known}
    _write(paths.root() / COSTS, json.dumps(found, indent=1) + "\n")


def _chosen(only: str | Sequence[str] | None) -> list[Path]:
    known = {chapter.stem: chapter for chapter in chapters()}
    if not known:
        raise MlbookError(f"no chapters in {paths.notebooks()} (files named NN_topic.py).")
    if only is None:
        return list(known.values())
    names = [Path(name).stem for name in ([only] if isinstance(only, str) else only)]
    chosen = set()
    for name in names:
        found = {stem for stem in known if stem.startswith(name)} if name else set()
        if not found:
            raise UnknownNameError("chapter", name, known)
        chosen |= found
    return [known[stem] for stem in sorted(chosen)]


# --- what an execution was made from -------------------------------------------------------------


def _shared_state() -> str:
    """One string for everything that all chapters depend on."""
    from mlbook import datasets

    root = paths.root()
    files = [root / "requirements.lock", root / "book" / "references.bib"]
    files += sorted(paths.results().glob("*.json")) + sorted((root / "claims").glob("*.yaml"))
    state = hashlib.sha256()
    for name, path in [(p.name, p) for p in files] + [
        (p.relative_to(_package()).as_posix(), p) for p in sorted(_package().rglob("*.py"))
    ]:
        state.update(f"{name}\0{_file_hash(path)}\0".encode())
    tier = os.environ.get("MLBOOK_TIER", "")
    state.update(f"{platform.python_version()}\0{tier}\0{datasets.state_key_all()}".encode())
    return state.hexdigest()


def _package() -> Path:
    return Path(__file__).resolve().parent


def _key(chapter: Path, budget: str, shared: str) -> str:
    return _sha256(f"{_file_hash(chapter)}\0{budget}\0{shared}".encode())


def _stamp(target: Path) -> Path:
    return target.with_suffix(".stamp.json")


def _stamp_holds(target: Path, key: str) -> bool:
    """Whether the output is the one that was made from exactly this: it may have been altered."""
    try:
        stamp = json.loads(_stamp(target).read_text(encoding="utf-8"))
        return stamp["key"] == key and stamp["output"] == _sha256(target.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _file_hash(path: Path) -> str:
    return _sha256(path.read_bytes()) if path.is_file() else "missing"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, text: str) -> None:
    """Write all or nothing."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        os.replace(unfinished, path)
    except OSError as error:
        raise MlbookError(f"cannot write {path}: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    folder = paths.build() / "notebooks"
    lock = FileLock(folder / ".lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise MlbookError(
            f"another run is executing chapters into {folder}; wait for it."
        ) from None
    except OSError as error:
        raise MlbookError(f"cannot write to {folder}: {error.strerror or error}.") from error
    try:
        yield
    finally:
        lock.release()
