"""The ledger: what the article claims, and verdicts that are computed, never typed.

A claim names a check and its arguments. A check is a function `check(evidence, **arguments)
-> Outcome` in `CHECKS`; `evidence` hands it results, data and whatever else it may look at,
so that a test can hand it something else and see the verdict flip.
"""

import importlib
from dataclasses import asdict, dataclass, field

import numpy as np
import yaml

from mlbook import datasets, paths
from mlbook.errors import MlbookError, UnknownNameError
from mlbook.experiments import load_result

SUPPORTED = "supported"
CONDITIONAL = "supported with conditions"
REFUTED = "refuted"
UNCHECKABLE = "cannot be checked here"
VERDICTS = (SUPPORTED, CONDITIONAL, REFUTED, UNCHECKABLE)
KINDS = ("accuracy", "formula", "code", "output", "reference", "fact")


@dataclass(frozen=True)
class Claim:
    """One claim of the article, in our words.

    Attributes
    ----------
    id : str
    section : str
        The article's own number of the section; chapters and numbers repeat there.
    lines : tuple of int
        Lines of the article's Markdown.
    kind : str
        One of `KINDS`.
    claim : str
    refuted_by : str
        What would show it to be wrong.
    check : dict
        `name` of the check, and its arguments.
    shown_in : str
        The chapter that shows it.
    """

    id: str
    section: str
    lines: tuple
    kind: str
    claim: str
    refuted_by: str
    check: dict
    shown_in: str


@dataclass(frozen=True)
class Outcome:
    """A computed verdict (one of `VERDICTS`) and the evidence for it, in one sentence."""

    verdict: str
    evidence: str


@dataclass(frozen=True)
class Evidence:
    """What checks may look at. Tests replace single parts of it."""

    result: object = field(default=load_result)
    dataset: object = field(default=datasets.load)
    importer: object = field(default=importlib.import_module)


def load_claims():
    """All claims, in the order of the files and of the entries in them.

    Raises
    ------
    MlbookError
        If a file is not what the ledger expects; the message names the file and the entry.
    """
    claims = []
    for path in sorted((paths.root() / "claims").glob("*.yaml")):
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        for entry in entries:
            try:
                claim = Claim(**entry | {"lines": tuple(entry["lines"])})
            except (TypeError, KeyError) as error:
                name = entry.get("id", "?") if isinstance(entry, dict) else entry
                raise MlbookError(f"{path.name}, entry {name}: {error}") from None
            if claim.kind not in KINDS:
                raise UnknownNameError(f"kind of claim {claim.id}", claim.kind, KINDS)
            if claim.check.get("name") not in CHECKS:
                raise UnknownNameError(
                    f"check of claim {claim.id}", str(claim.check.get("name")), CHECKS
                )
            claims.append((path.stem, claim))
    return claims


def judge(claim, evidence=None):
    """The verdict on one claim, computed now.

    Parameters
    ----------
    claim : Claim
    evidence : Evidence or None
        None is the recorded results and the installed data and libraries.

    Returns
    -------
    Outcome
    """
    arguments = {key: value for key, value in claim.check.items() if key != "name"}
    return CHECKS[claim.check["name"]](evidence or Evidence(), **arguments)


def judge_all(chapter=None, claim_id=None, evidence=None):
    """Verdicts on all claims, or on those of one chapter file or one id.

    Returns
    -------
    list of (Claim, Outcome)

    Raises
    ------
    UnknownNameError
        If nothing has that chapter or id.
    """
    claims = load_claims()
    if chapter is not None:
        names = {stem for stem, _ in claims}
        claims = [(stem, c) for stem, c in claims if stem == chapter.zfill(2)]
        if not claims:
            raise UnknownNameError("chapter", chapter, names)
    if claim_id is not None:
        names = {claim.id for _, claim in claims}
        claims = [(stem, c) for stem, c in claims if c.id == claim_id]
        if not claims:
            raise UnknownNameError("claim", claim_id, names)
    return [(claim, judge(claim, evidence)) for _, claim in claims]


def table(shown_in, evidence=None):
    """The verdicts that belong to one chapter, as a pandas frame."""
    import pandas as pd

    rows = [
        {
            "claim": claim.claim,
            "article": f"section {claim.section}, line {claim.lines[0]}",
            "verdict": outcome.verdict,
            "evidence": outcome.evidence,
        }
        for claim, outcome in judge_all(evidence=evidence)
        if claim.shown_in == shown_in
    ]
    return pd.DataFrame(rows)


def as_dict(claim, outcome):
    """Claim and verdict as one dictionary, for machines."""
    return asdict(claim) | asdict(outcome)


def accuracy_is_about(evidence, result, arm, quoted, digits=2):
    """Does the arm's accuracy, as measured, round to what the article prints?

    `quoted` is a share with `digits` decimals. Supported if the mean rounds to it; supported
    with conditions if only its interval reaches a value that does.
    """
    measured = evidence.result(*result)
    interval = measured.interval(arm)
    half = 0.5 * 10**-digits
    low, high = quoted - half, quoted + half
    text = f"{measured.arms[arm]}: {interval.percent()}"
    if low <= interval.value < high:
        return Outcome(SUPPORTED, text)
    if interval.low < high and interval.high >= low:
        return Outcome(CONDITIONAL, f"{text}; only the interval reaches the quoted value")
    return Outcome(REFUTED, text)


def is_better(evidence, result, arm, than):
    """Is one arm's accuracy higher than another's, by more than chance explains?"""
    measured = evidence.result(*result)
    difference = measured.compare(arm, than)
    points = [f"{100 * x:+.2f}" for x in (difference.value, difference.low, difference.high)]
    text = (
        f"{measured.arms[arm]} minus {measured.arms[than]}: {points[0]} points "
        f"[{points[1]}, {points[2]}]"
    )
    return Outcome(SUPPORTED if difference.verdict() == "better" else REFUTED, text)


def converges(evidence, result, arm):
    """Did the arm's optimiser report convergence, in every run?"""
    measured = evidence.result(*result)
    runs = measured.values(arm, "converged")
    text = f"converged in {int(runs.sum())} of {len(runs)} runs"
    if runs.all():
        return Outcome(SUPPORTED, text)
    return Outcome(CONDITIONAL if runs.any() else REFUTED, text)


def covariance_is_invertible(evidence, dataset):
    """Can the sample covariance of the training items be inverted?"""
    data = evidence.dataset(dataset)
    X = data.x_train.reshape(len(data.x_train), -1).astype(np.float64)
    constant = int(np.sum(np.ptp(X, axis=0) == 0))
    rank = np.linalg.matrix_rank(np.cov(X, rowvar=False), hermitian=True)
    text = (
        f"{data.tier} data: {constant} of {X.shape[1]} features are constant, the covariance has "
        f"rank {rank}"
    )
    return Outcome(SUPPORTED if rank == X.shape[1] else REFUTED, text)


def is_importable(evidence, module, attribute):
    """Does the installed library have this name?"""
    library = evidence.importer(module)
    root = evidence.importer(module.partition(".")[0])
    text = f"{module} of version {getattr(root, '__version__', 'unknown')}"
    if hasattr(library, attribute):
        return Outcome(SUPPORTED, f"{text} has {attribute}")
    return Outcome(REFUTED, f"{text} has no {attribute}")


def has_counts(evidence, dataset, total, classes, shape):
    """Has the data set this many items, classes, and this shape of an item?"""
    data = evidence.dataset(dataset)
    found = len(data.y_train) + len(data.y_test), len(data.class_names), data.x_train.shape[1:]
    text = f"{found[0]:,} items, {found[1]} classes, items of shape {found[2]}"
    if data.tier != "canonical":
        return Outcome(UNCHECKABLE, f"only {data.tier} data here ({text})")
    return Outcome(SUPPORTED if found == (total, classes, tuple(shape)) else REFUTED, text)


CHECKS = {
    check.__name__: check
    for check in (
        accuracy_is_about,
        converges,
        covariance_is_invertible,
        has_counts,
        is_better,
        is_importable,
    )
}
