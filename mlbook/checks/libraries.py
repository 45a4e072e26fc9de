"""Checks that look at the installed libraries."""

from mlbook.checks.base import REFUTED, SUPPORTED, Outcome


def is_importable(evidence, module, attribute):
    """Does the installed library have this name?"""
    library = evidence.importer(module)
    root = evidence.importer(module.partition(".")[0])
    text = f"{module} of version {getattr(root, '__version__', 'unknown')}"
    if hasattr(library, attribute):
        return Outcome(SUPPORTED, f"{text} has {attribute}")
    return Outcome(REFUTED, f"{text} has no {attribute}")


CHECKS = (is_importable,)
