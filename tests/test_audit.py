"""The audit page: numbers from the results, nothing typed, nothing lost."""

import dataclasses
import re
import types

import numpy as np
import pytest

from mlbook import audit, claims, experiments, notebooks
from mlbook.audit_projects import PROJECTS, Project
from mlbook.checks import VERDICTS, Evidence, Outcome
from mlbook.checks.base import REFUTED, SUPPORTED
from mlbook.checks.measured import points
from mlbook.errors import ResultError, UnknownNameError
from mlbook.evaluation import Interval

LEDGER = [claim for _, claim in claims.load_claims()]
JUDGED = [
    (claim, Outcome(VERDICTS[i % len(VERDICTS)], f"evidence <{i}> & more"))
    for i, claim in enumerate(LEDGER)
]


class Fake:
    """A result whose arms have the given accuracies, one for each seed."""

    def __init__(self, items=(0.0, 0.0), **values):
        self.given, self.items = values, items
        self.arms = {arm: f"arm {arm}" for arm in values}
        self.content = {"wall_seconds": {"0": 3.0, "1": 8.0}}

    def values(self, arm, measure="accuracy"):
        if measure != "accuracy":
            raise UnknownNameError("measure", measure, ["accuracy"])
        return np.array(self.given[arm])

    def interval(self, arm, measure=None):
        mean = float(np.mean(self.given[arm]))
        return Interval(mean, mean - 0.01, mean + 0.01, "typed")

    def compare(self, first, second):
        value = float(np.mean(self.given[first]) - np.mean(self.given[second]))
        return Interval(value, value + self.items[0], value + self.items[1], "typed")


PROJECT = Project(
    "things",
    1,
    0.8,
    {"described": ("some", "with_it"), "plain": ("some", "without")},
    ("some", "with_it", "without"),
)
BEST = dataclasses.replace(PROJECT, arms=PROJECT.arms | {"best": ("some", "with_it")})


def test_every_arm_of_a_project_exists():
    for project in PROJECTS:
        names = [*project.arms.values(), (project.with_metric[0], project.with_metric[1])]
        names.append((project.with_metric[0], project.with_metric[2]))
        for name, arm in names:
            assert arm in experiments.get(name).ARMS
        assert set(project.arms) <= set(audit.ROLES)


def test_the_quoted_numbers_are_those_of_the_ledger():
    """Some claim of the ledger quotes the same number from the same line."""
    for project in PROJECTS:
        quoted = {c.check.get("quoted") for c in LEDGER if project.line in c.lines}
        assert project.quoted in quoted, project.name


def test_tables_show_what_was_measured():
    evidence = Evidence(result=lambda *_: Fake(with_it=[0.7, 0.7], without=[0.6, 0.6]))
    row = audit.accuracies([PROJECT], evidence).loc["things"]
    assert row["quoted"] == "“80 %”"
    assert row[audit.ROLES["described"]] == "arm with_it: 70.0 % [69.0, 71.0]"
    assert row[audit.ROLES["printed"]] == "–"
    row = audit.gains([BEST], evidence).loc["things"]
    assert row["with the metric minus without, points"] == "+10.0 [+10.0, +10.0]"
    assert row["so the metric is"] == "better" and row["seeds"] == "2"
    assert row["what works minus quoted, points"] == "-10.0"
    assert row["one fit of it takes"].startswith("less than 8 s")


def test_refuted_effects_are_told_apart():
    def refuted(evidence, kind="accuracy", verdict=REFUTED):
        return types.SimpleNamespace(kind=kind), Outcome(verdict, evidence)

    none, worse = (
        points(Interval(0, low, high, "")) for low, high in ((-0.01, 0.03), (-0.03, -1e-7))
    )
    found = audit.refuted_effects(
        [
            refuted(f"a minus b: {none} of accuracy"),
            refuted(f"a minus b: {worse} of accuracy"),
            refuted(f"a: {worse}; b: {none}"),
            refuted("50.00 % [40.00, 60.00]"),
            refuted(none, kind="code"),
            refuted(none, verdict=SUPPORTED),
        ]
    )
    assert list(found.values()) == [1, 1, 1, 1]
    assert list(found)[:3] == ["not shown", "the reverse is shown", "some of each"]


def test_what_is_not_recorded_is_named_so():
    def nothing(*which):
        raise ResultError("no recorded result")

    evidence = Evidence(result=nothing)
    assert set(audit.accuracies([PROJECT], evidence).loc["things"]) == {"“80 %”", "–"}
    assert set(audit.gains([PROJECT], evidence).loc["things"]) == {"not recorded"}


def test_the_counts_are_those_of_the_ledger():
    counts = audit.counts(JUDGED)
    assert counts.to_numpy().sum() == len(LEDGER)
    code = [outcome.verdict for claim, outcome in JUDGED if claim.kind == "code"]
    assert [counts.loc["code", verdict] for verdict in VERDICTS] == [
        code.count(verdict) for verdict in VERDICTS
    ]


def test_the_ledger_page_holds_every_claim_and_escapes_what_it_shows():
    page = audit.ledger(JUDGED).data
    assert page.count("<tr data-kind=") == len(LEDGER)
    assert "evidence &lt;0&gt; &amp; more" in page and "evidence <0>" not in page
    assert "[[" not in re.sub(r"<td>.*?</td>", "", page, flags=re.S)
    for claim in LEDGER:
        assert f"<code>{claim.id}</code>" in page
        assert f'data-chapter="{claim.shown_in}"' in page
    assert "http" not in re.sub(r"<td>.*?</td>", "", page, flags=re.S)


@pytest.mark.parametrize("chapter", notebooks.chapters(), ids=lambda path: path.stem)
def test_the_ledger_calls_chapters_by_their_titles_numbers(chapter):
    title = re.search(r"^# # (\S+) ", chapter.read_text(encoding="utf-8"), flags=re.M)[1]
    claim = dataclasses.replace(LEDGER[0], shown_in=chapter.stem)
    page = audit.ledger([(claim, JUDGED[0][1])]).data
    assert f'data-chapter="{chapter.stem}">{title}</a>' in page
