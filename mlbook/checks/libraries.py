"""Checks that look at the installed libraries."""

import ast
import inspect
import platform
import textwrap
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


def imports_work(evidence, module, script):
    """Does every import of a script find what it names in the installed libraries?

    With conditions, if some do.
    """
    wanted = []
    for node in ast.walk(ast.parse(getattr(evidence.importer(module), script))):
        if isinstance(node, ast.Import):
            wanted += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            wanted += [(node.module, alias.name) for alias in node.names]
    found = [_finds(evidence, *pair) for pair in wanted]
    names = [".".join(filter(None, pair)) for pair in wanted]
    missing = [name for name, there in zip(names, found, strict=True) if not there]
    return graded(found, f"{sum(found)} of {len(found)} found; not: {', '.join(missing) or 'none'}")


def is_default(evidence, functions, parameter, value):
    """Is this what the functions take for a parameter when nothing is said?

    `functions` are pairs of a module and a name. With conditions, if it is for some.
    """
    defaults = {}
    for module, name in functions:
        signature = inspect.signature(getattr(evidence.importer(module), name))
        defaults[name] = signature.parameters[parameter].default
    text = ", ".join(f"{name}: {default}" for name, default in defaults.items())
    return graded([default == value for default in defaults.values()], f"{parameter} of {text}")


def calls_inside(evidence, module, function, called):
    """Does the source of an installed function call another one of this name?"""
    call = inspect.unwrap(getattr(evidence.importer(module), function))
    tree = ast.parse(textwrap.dedent(inspect.getsource(call)))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    count = sum(getattr(f, "attr", getattr(f, "id", "")) == called for f in calls)
    text = f"{function} calls {called} {count} times"
    return Outcome(SUPPORTED if count else REFUTED, text)


def is_open_source(evidence, packages):
    """Do installed packages name one of the usual open licences? With conditions, if some do."""
    metadata = evidence.importer("importlib.metadata").metadata
    named = {}
    for package in packages:
        try:
            about = metadata(package)
        except ModuleNotFoundError:
            return Outcome(UNCHECKABLE, f"{package} is not installed here")
        fields = [about["License-Expression"], about["License"], *about.get_all("Classifier", [])]
        text = " ".join(field for field in fields if field)
        named[package] = [licence for licence in _LICENCES if licence in text]
    text = "; ".join(f"{name}: {', '.join(found) or 'none'}" for name, found in named.items())
    return graded([bool(found) for found in named.values()], f"open licences of {text}")


def has_estimators(evidence, names):
    """Does scikit-learn have estimators of these names? If not, that alone refutes nothing."""
    library = evidence.importer("sklearn.utils.discovery")
    known = {name.lower(): name for name, _ in library.all_estimators()}
    found = [known[name.lower()] for name in names if name.lower() in known]
    text = f"of {len(known)} estimators of scikit-learn, {', '.join(found) or 'none'} has the name"
    if len(found) == len(names):
        return Outcome(SUPPORTED, text)
    return Outcome(UNCHECKABLE, f"{text}; that no publication uses it cannot be proved")


def runs_on_python(evidence, packages, version, or_higher=False):
    """Do the installed versions of these packages say that they run on this version of Python?

    With `or_higher`, supported with conditions if they run on the one that is here and is newer.
    """
    from packaging.specifiers import SpecifierSet

    metadata = evidence.importer("importlib.metadata").metadata
    needs = {name: metadata(name)["Requires-Python"] for name in packages}
    admitted = [version in SpecifierSet(need) for need in needs.values()]
    text = ", ".join(f"{name} needs {need}" for name, need in needs.items())
    here = platform.python_version()
    if or_higher and not all(admitted) and all(here in SpecifierSet(n) for n in needs.values()):
        return Outcome(CONDITIONAL, f"{text}; here is {here}")
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


_LICENCES = ("Apache", "BSD", "MIT", "GPL", "MPL")
CHECKS = (
    accepts_quietly,
    calls_inside,
    fetched_from,
    has_estimators,
    imports_what_it_installs,
    imports_work,
    installs_what_it_imports,
    is_default,
    is_importable,
    is_open_source,
    refuses_missing,
    runs_on_python,
)


def _finds(evidence, module, name):
    """Is there such a module and, in it, such a name, which may be a module too?"""
    try:
        library = evidence.importer(module)
        if name is None or hasattr(library, name):
            return True
        if hasattr(library, "__path__"):
            evidence.importer(f"{module}.{name}")
            return True
    except ImportError:
        pass
    return False


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
