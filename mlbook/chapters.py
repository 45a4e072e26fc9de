"""The map of the book: article section -> chapter -> modules -> experiments -> claims.

Everything in it is read off the chapters' headers and code, and off the ledger, so that
`chapters.md` cannot say anything else than they do.
"""

import ast

from mlbook import claims, paths
from mlbook.errors import MlbookError
from mlbook.experiments.results import load_result, result_path
from mlbook.notebooks import chapters, costs

_HEAD = """\
# The map of the book

Made by `mlbook map` from the chapters and the ledger; a test fails if it is out of date.
Section numbers are the article's own; it has two chapters numbered 2.

*Reader* is what executing the chapter took when its committed form was made: processor time of
its kernel and peak memory. *Full* is what recording its experiments took by the clock, all seeds
one after another on two slow cores, often with other work beside, and the most memory of one.

| article section | chapter | data sets | reader | full | modules | experiments | claims |
|---|---|---|---|---|---|---|---|
"""


def chapter_map():
    """The text of chapters.md.

    Raises
    ------
    MlbookError
        If a chapter's header lacks an entry that the map needs.
    """
    ledger = [claim for _, claim in claims.load_claims()]
    rows = [_row(path, ledger) for path in chapters()]
    return _HEAD + "\n".join(rows) + "\n"


def write_map():
    """Write chapters.md at the top of the project; returns its path."""
    path = paths.root() / "chapters.md"
    path.write_text(chapter_map(), encoding="utf-8")
    return path


def _row(path, ledger):
    import jupytext

    notebook = jupytext.read(path)
    header = notebook.metadata.get("mlbook", {})
    missing = {"article", "datasets", "experiments"} - header.keys()
    if missing:
        raise MlbookError(f"{path.name}: its header lacks mlbook: {', '.join(sorted(missing))}")
    title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
    ids = [claim.id for claim in ledger if claim.shown_in == path.stem]
    cells = (
        "; ".join(header["article"]),
        f"[{title}](notebooks/{path.stem}.ipynb)",
        ", ".join(header["datasets"]),
        _reader(path),
        _full(header["experiments"]),
        ", ".join(f"`{module}`" for module in _modules(path)),
        ", ".join(f"`{name}`" for name in header["experiments"]),
        ", ".join(ids),
    )
    return f"| {' | '.join(cells)} |"


def _reader(path):
    cost = costs().get(path.stem)
    if not cost:
        return "not measured"
    return _cost(cost.get("cpu_seconds", cost["seconds"]), cost.get("peak_memory_mb"))


def _full(names):
    if not names:
        return ""
    contents = [load_result(name).content for name in names if result_path(name, "full").is_file()]
    if len(contents) < len(names):
        return "not all recorded"
    seconds = sum(sum(content["wall_seconds"].values()) for content in contents)
    return _cost(seconds, max(content["peak_memory_mb"] or 0 for content in contents))


def _cost(seconds, megabytes):
    time = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
    return f"{time}, {megabytes / 1000:.1f} GB" if megabytes else time


def _modules(path):
    """The modules of mlbook that a chapter imports from, sorted."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlbook"):
            if node.module == "mlbook":
                names |= {f"mlbook.{alias.name}" for alias in node.names}
            else:
                names.add(node.module)
    return sorted(names)
