"""What a check is handed and what it returns."""

import functools
import importlib
from dataclasses import dataclass, field

from mlbook import datasets
from mlbook.experiments import load_result

SUPPORTED = "supported"
CONDITIONAL = "supported with conditions"
REFUTED = "refuted"
UNCHECKABLE = "cannot be checked here"
VERDICTS = (SUPPORTED, CONDITIONAL, REFUTED, UNCHECKABLE)


@dataclass(frozen=True)
class Outcome:
    """A computed verdict (one of `VERDICTS`) and the evidence for it, in one sentence."""

    verdict: str
    evidence: str


def graded(holds, evidence):
    """Supported if all of several things hold, with conditions if some do, else refuted."""
    return Outcome(SUPPORTED if all(holds) else CONDITIONAL if any(holds) else REFUTED, evidence)


@dataclass(frozen=True)
class Evidence:
    """What checks may look at. Tests replace single parts of it.

    Each data set is loaded once, so that one Evidence is worth sharing among many checks.
    """

    result: object = field(default=load_result)
    dataset: object = field(default_factory=lambda: functools.cache(datasets.load))
    importer: object = field(default=importlib.import_module)
