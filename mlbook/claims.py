"""The ledger: what the article claims, and verdicts that are computed, never typed.

A claim names a check of `mlbook.checks` and its arguments.
"""

import inspect
from dataclasses import asdict, dataclass

import yaml

from mlbook import paths
from mlbook.checks import CHECKS, Evidence, Outcome
from mlbook.checks.base import UNCHECKABLE
from mlbook.errors import MlbookError, ResultError, UnknownNameError
from mlbook.progress import bar

# the one written in C reads the same ten times as fast, where libyaml is there
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
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


def load_claims():
    """All claims, in the order of the files and of the entries in them.

    Raises
    ------
    MlbookError
        If a file is not what the ledger expects; the message names the file and the entry.
    """
    claims, folder = [], paths.root() / "claims"
    if not folder.is_dir():
        raise MlbookError(
            f"there is no ledger in {folder}: run this in a checkout of the book, or set "
            "MLBOOK_HOME to one"
        )
    for path in sorted(folder.glob("*.yaml")):
        try:
            entries = yaml.load(path.read_text(encoding="utf-8"), _LOADER) or []
        except (UnicodeDecodeError, yaml.YAMLError) as error:
            raise MlbookError(f"{path.name} cannot be read: {error}") from None
        if not isinstance(entries, list):
            raise MlbookError(f"{path.name} must be a list of entries, each beginning with '- id:'")
        claims += [(path.stem, _checked(entry, path.name)) for entry in entries]
    return claims


def _checked(entry, file):
    """An entry as a claim, with a check that exists and takes its arguments."""
    if not isinstance(entry, dict):
        raise MlbookError(f"{file}: {entry!r} is no entry; one begins with 'id:'")
    name = entry.get("id", "?")
    for key, kind, what in (("lines", list, "a list of numbers"), ("check", dict, "a mapping")):
        if not isinstance(entry.get(key), kind):
            raise MlbookError(f"{file}, entry {name}: {key} must be {what}, got {entry.get(key)!r}")
    try:
        claim = Claim(**entry | {"lines": tuple(entry["lines"])})
    except TypeError as error:
        raise MlbookError(f"{file}, entry {name}: {error}") from None
    if claim.kind not in KINDS:
        raise UnknownNameError(f"kind of claim {claim.id}", claim.kind, KINDS)
    arguments = dict(claim.check)
    check = str(arguments.pop("name", None))
    if check not in CHECKS:
        raise UnknownNameError(f"check of claim {claim.id}", check, CHECKS)
    try:
        inspect.signature(CHECKS[check]).bind(None, **arguments)
    except TypeError as error:
        raise MlbookError(f"{file}, entry {name}: check {check}: {error}") from None
    return claim


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
        Where a result is not recorded, "cannot be checked here", with the command that makes it.
    """
    arguments = {key: value for key, value in claim.check.items() if key != "name"}
    try:
        return CHECKS[claim.check["name"]](evidence or Evidence(), **arguments)
    except ResultError as error:
        return Outcome(UNCHECKABLE, str(error))


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
            where = "claim" if chapter is None else f"claim of chapter {chapter.zfill(2)}"
            raise UnknownNameError(where, claim_id, names)
    # one for all: it loads each data set once
    evidence = evidence or Evidence()
    progress = bar(claims, desc="claims", unit="claim")
    return [(claim, judge(claim, evidence)) for _, claim in progress]


def table(shown_in, evidence=None):
    """The verdicts that belong to one chapter, as a pandas frame."""
    import pandas as pd

    evidence = evidence or Evidence()
    rows = [
        {
            "claim": claim.claim,
            "article": f"section {claim.section}, line {claim.lines[0]}",
            "verdict": outcome.verdict,
            "evidence": outcome.evidence,
        }
        for _, claim in load_claims()
        if claim.shown_in == shown_in
        for outcome in [judge(claim, evidence)]
    ]
    return pd.DataFrame(rows)


def as_dict(claim, outcome):
    """Claim and verdict as one dictionary, for machines."""
    return asdict(claim) | asdict(outcome)
