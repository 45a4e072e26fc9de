"""The two halves of a chapter: the same cells in both, executed once each from top to bottom."""

from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from mlbook import paths


def check_pairs(folder: str | Path | None = None) -> list[str]:
    """Compare every `.py` with its `.ipynb`, and see that the `.ipynb` was really executed.

    Args:
        folder: the folder of the pairs; `notebooks/` by default.

    Returns:
        Problems, one a line; an empty list means that all is well. Problems are: a missing half,
        the first cell whose type, source or kept metadata differ, other chapter metadata, code
        cells that were not executed once each from top to bottom, error outputs, and any
        permission to fail (`raises-exception`, `allow_errors`).
    """
    folder = Path(folder or paths.notebooks())
    scripts = {path.stem: path for path in folder.glob("*.py")}
    notebooks = {path.stem: path for path in folder.glob("*.ipynb")}
    problems = []
    for name in sorted(scripts.keys() | notebooks.keys()):
        if name not in notebooks:
            problems.append(f"{name}: the .ipynb is missing; write it with: make notebooks")
        elif name not in scripts:
            problems.append(f"{name}: the .py is missing")
        else:
            problems += [f"{name}: {it}" for it in _pair(scripts[name], notebooks[name])]
    return problems


def _pair(script: Path, notebook: Path) -> list[str]:
    try:
        ours, theirs = (
            jupytext.read(script, fmt="py:percent"),
            nbformat.read(notebook, as_version=4),
        )
    except Exception as error:  # the two readers raise whatever their parsers raise
        return [f"cannot be read ({type(error).__name__}: {error})"]
    problems = []
    # The .ipynb goes through the text form, so that both sides have lost what it cannot hold.
    # Its own jupytext settings are left out: they may filter tags away.
    plain = theirs.copy()
    plain.metadata = {k: v for k, v in theirs.metadata.items() if k != "jupytext"}
    through_text = jupytext.reads(jupytext.writes(plain, fmt="py:percent"), fmt="py:percent")
    if difference := _first_difference(ours.cells, through_text.cells):
        problems.append(difference)
    if ours.metadata.get("mlbook") != theirs.metadata.get("mlbook"):
        problems.append("the `mlbook` metadata in the header differ between .py and .ipynb")
    return problems + _execution_problems(theirs)


def _first_difference(ours: list[NotebookNode], theirs: list[NotebookNode]) -> str | None:
    for number, (a, b) in enumerate(zip(ours, theirs, strict=False), 1):
        if a.cell_type != b.cell_type:
            return (
                f"cell {number} differs: {a.cell_type} in the .py ({_first_line(a)!r}), "
                f"{b.cell_type} in the .ipynb ({_first_line(b)!r})"
            )
        if a.source != b.source:
            x, y = a.source.splitlines() or [""], b.source.splitlines() or [""]
            at = next((i for i, (p, q) in enumerate(zip(x, y, strict=False)) if p != q), None)
            at = min(len(x), len(y)) if at is None else at
            there = [lines[at] if at < len(lines) else None for lines in (x, y)]
            return (
                f"cell {number} differs in its line {at + 1}: .py {there[0]!r}, .ipynb {there[1]!r}"
            )
        if a.metadata != b.metadata:
            return (
                f"cell {number} ({_first_line(a)!r}) differs in its metadata: "
                f".py {dict(a.metadata)}, .ipynb {dict(b.metadata)}"
            )
    if len(ours) != len(theirs):
        longer, half = (ours, ".py") if len(ours) > len(theirs) else (theirs, ".ipynb")
        number = min(len(ours), len(theirs)) + 1
        return f"cell {number} ({_first_line(longer[number - 1])!r}) is only in the {half}"
    return None


def _first_line(cell: NotebookNode) -> str:
    return (cell.source.strip().splitlines() or [""])[0]


def _execution_problems(notebook: NotebookNode) -> list[str]:
    problems = []
    count = 0
    for number, cell in enumerate(notebook.cells, 1):
        if "raises-exception" in cell.metadata.get("tags", []):
            problems.append(f"cell {number} may raise (tag raises-exception): catch and show it")
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        count += 1
        if cell.execution_count is None:
            problems.append(f"cell {number} ({_first_line(cell)!r}) was not executed")
        elif cell.execution_count != count:
            problems.append(
                f"cell {number} ({_first_line(cell)!r}) was executed out of order: "
                f"its count is {cell.execution_count}, in order it would be {count}"
            )
        for output in cell.outputs:
            if output.output_type == "error":
                problems.append(f"cell {number} failed with {output.ename}: {output.evalue}")
    for key in ("execution", "mystnb"):
        settings = notebook.metadata.get(key, {})
        if settings.get("allow_errors") or settings.get("execution_allow_errors"):
            problems.append(f"the metadata {key!r} allow errors")
    return problems
