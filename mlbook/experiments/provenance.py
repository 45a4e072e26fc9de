"""Which source files an experiment's numbers depend on, found from the imports."""

import ast
import functools
import hashlib
import io
import tokenize
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
# no number depends on these; what the data sets deliver is covered by their fingerprints
_HARMLESS = {"errors.py", "paths.py", "progress.py", "__init__.py", "datasets", "plots.py"}


def code_key(experiment):
    """A digest of the source that an experiment's numbers depend on, 16 hexadecimal digits.

    It covers the experiment's module, the computation of intervals, and every module of the
    package that they import, directly or not, wherever in the file the import stands. Comments,
    docstrings and empty lines do not count.
    """
    digest = hashlib.sha256()
    for file in sources(Path(experiment.__file__)):
        digest.update(_code(file, file.stat().st_mtime_ns).encode())
    return digest.hexdigest()[:16]


@functools.cache
def _code(file, changed):
    return without_comments(file.read_text(encoding="utf-8"))


def without_comments(source):
    """Python source without what no number depends on: comments, docstrings, empty lines."""
    lines = source.splitlines()
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            lines[text.lineno - 1 : text.end_lineno] = [""] * (text.end_lineno - text.lineno + 1)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0] - 1
        if token.type == tokenize.COMMENT and lines[line]:
            lines[line] = lines[line][: token.start[1]]
    return "\n".join(line.rstrip() for line in lines if line.strip())


def sources(path):
    """The files behind an experiment's module: itself first, then the others in order."""
    found, waiting = set(), [path, _PACKAGE / "experiments" / "summary.py"]
    while waiting:
        file = waiting.pop()
        if file in found or _is_harmless(file):
            continue
        found.add(file)
        waiting += _imported(file, file.stat().st_mtime_ns)
    return [path, *sorted(found - {path})]


def _is_harmless(file):
    if not file.is_relative_to(_PACKAGE):
        return False
    return bool(_HARMLESS & set(file.relative_to(_PACKAGE).parts))


@functools.cache
def _imported(file, changed):
    """Files of the package that a file imports; a name that a package hands on is followed."""
    return tuple(_imports(file))


def _imports(file):
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                yield from _files(node.module, alias.name)


def _files(module, name=None):
    first, *rest = module.split(".")
    if first != "mlbook":
        return
    place = _PACKAGE.joinpath(*rest)
    if place.with_suffix(".py").is_file():
        yield place.with_suffix(".py")
    elif name and (place / f"{name}.py").is_file():
        yield place / f"{name}.py"
    elif name and (place / "__init__.py").is_file():
        if (place / name / "__init__.py").is_file():
            return
        for node in ast.walk(ast.parse((place / "__init__.py").read_bytes())):
            if isinstance(node, ast.ImportFrom) and name in {
                a.asname or a.name for a in node.names
            }:
                yield from _files(node.module, name)
