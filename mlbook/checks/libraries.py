"""Checks that look at the installed libraries."""

import ast
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, UNCHECKABLE, Outcome, graded


def is_importable(evidence, module, attribute):
    """Does the installed library have this name?"""
    library = evidence.importer(module)
    root = evidence.importer(module.partition(".")[0])
    text = f"{module} of version {getattr(root, '__version__', 'unknown')}"
    if hasattr(library, attribute):
        return Outcome(SUPPORTED, f"{text} has {attribute}")
    return Outcome(REFUTED, f"{text} has no {attribute}")


def has_estimators(evidence, names):
    """Does scikit-learn have estimators of these names? If not, that alone refutes nothing."""
    library = evidence.importer("sklearn.utils.discovery")
    known = {name.lower(): name for name, _ in library.all_estimators()}
    found = [known[name.lower()] for name in names if name.lower() in known]
    text = f"of {len(known)} estimators of scikit-learn, {', '.join(found) or 'none'} has the name"
    if len(found) == len(names):
        return Outcome(SUPPORTED, text)
    return Outcome(UNCHECKABLE, f"{text}; that no publication uses it cannot be proved")


def runs_on_python(evidence, packages, version):
    """Do the installed versions of these packages say that they run on this version of Python?"""
    from packaging.specifiers import SpecifierSet

    metadata = evidence.importer("importlib.metadata").metadata
    needs = {name: metadata(name)["Requires-Python"] for name in packages}
    admitted = [version in SpecifierSet(need) for need in needs.values()]
    text = ", ".join(f"{name} needs {need}" for name, need in needs.items())
    return graded(admitted, text)


def installs_what_it_imports(evidence, imports, installs):
    """Do the packages that are to be installed bring all modules that are imported?

    With those that each of them requires. A module is told by the first part of its name.
    """
    metadata = evidence.importer("importlib.metadata")
    homes = metadata.packages_distributions()
    brought = {_plain(name) for name in installs}
    for name in installs:
        brought |= {_plain(_package_name(need)) for need in metadata.requires(name) or ()}
    missing = [m for m in imports if not brought & {_plain(home) for home in homes.get(m, ())}]
    text = f"{', '.join(installs)} bring {', '.join(m for m in imports if m not in missing)}"
    if missing:
        return Outcome(REFUTED, f"{text}, and not {', '.join(missing)}")
    return Outcome(SUPPORTED, text)


def imports_what_it_installs(evidence, imports, installs):
    """Is each package that is to be installed imported? With conditions, if some are not."""
    homes = evidence.importer("importlib.metadata").packages_distributions()
    used = {_plain(home) for module in imports for home in homes.get(module, ())}
    unused = [name for name in installs if _plain(name) not in used]
    text = f"never imported: {', '.join(unused) or 'none'} of {', '.join(installs)}"
    return graded([name not in unused for name in installs], text)


def accepts_quietly(evidence, module, function, arguments):
    """Does a function take these arguments? With conditions, if it warns that it will not."""
    call = evidence.importer(module)
    for part in function.split("."):
        call = getattr(call, part)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            call(**arguments)
        except (TypeError, ValueError) as error:
            return Outcome(REFUTED, f"{type(error).__name__}: {error}")
    if caught:
        return Outcome(CONDITIONAL, f"{function} warns: {caught[0].message}")
    return Outcome(SUPPORTED, f"{function} takes them and says nothing")


def refuses_missing(evidence, module, estimators):
    """Do these classes refuse a missing value, so that one has to be dealt with before?"""
    X = np.random.default_rng(0).normal(size=(40, 3))
    X[0, 0] = np.nan
    refused = {}
    for name in estimators:
        path, _, estimator = f"{module}.{name}".rpartition(".")
        try:
            getattr(evidence.importer(path), estimator)().fit(X, np.arange(40) % 2)
        except ValueError:
            refused[estimator] = True
        else:
            refused[estimator] = False
    text = ", ".join(f"{n}: {'refuses' if no else 'takes it'}" for n, no in refused.items())
    return graded(refused.values(), text)


def fetched_from(evidence, host, sources):
    """Does a loader of the installed libraries fetch the data from this host?

    `sources` are triples of a package, a source file in it, and the name that the address is
    assigned to. That no loader does refutes nothing: the address may work.
    """
    hosts = []
    for package, file, name in sources:
        root = Path(next(iter(evidence.importer(package).__path__)))
        hosts += [urlsplit(address).netloc for address in _addresses(root / file, name)]
    text = f"the installed loaders fetch it from {', '.join(sorted(set(hosts))) or 'nowhere'}"
    if host in hosts:
        return Outcome(SUPPORTED, text)
    return Outcome(UNCHECKABLE, f"{text}; whether {host} answers, only a connection can tell")


CHECKS = (
    accepts_quietly,
    fetched_from,
    has_estimators,
    imports_what_it_installs,
    installs_what_it_imports,
    is_importable,
    refuses_missing,
    runs_on_python,
)


def _addresses(path, name):
    """Addresses in what a source file assigns to a name."""
    return [
        part.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name
        for part in ast.walk(node.value)
        if isinstance(part, ast.Constant) and str(part.value).startswith("http")
    ]


def _package_name(requirement):
    from packaging.requirements import Requirement

    return Requirement(requirement).name


def _plain(name):
    return name.lower().replace("_", "-")
