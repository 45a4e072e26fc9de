"""Checks that look at the installed libraries."""

from mlbook.checks.base import REFUTED, SUPPORTED, UNCHECKABLE, Outcome


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


CHECKS = (has_estimators, is_importable)
