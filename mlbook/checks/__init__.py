"""The checks behind the verdicts, one module a kind of evidence.

A check is a function `check(evidence, **arguments) -> Outcome`. `evidence` hands it results,
data and whatever else it may look at, so that a test can hand it something else and see the
verdict flip. A check that cannot fail is a defect. To add one, write it in the module of its
kind and list it there in `CHECKS`.
"""

from importlib import import_module

from mlbook.checks.base import VERDICTS, Evidence, Outcome

__all__ = ["CHECKS", "VERDICTS", "Evidence", "Outcome"]

_MODULES = (
    "data",
    "deep",
    "definitions",
    "faces",
    "formulas",
    "frameworks",
    "learned",
    "libraries",
    "measured",
    "multimodal",
    "newsgroups",
    "outputs",
    "references",
    "robustness",
    "scripts",
    "sentiment",
    "streaming",
    "structure",
    "tips",
    "weighting",
)
CHECKS = {
    check.__name__: check
    for name in _MODULES
    for check in import_module(f"mlbook.checks.{name}").CHECKS
}
