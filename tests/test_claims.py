"""The ledger: every entry is well formed, and no check is vacuous."""

import dataclasses
import types

import numpy as np
import pytest

from mlbook import claims, paths
from mlbook.checks import CHECKS, VERDICTS, Evidence
from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, UNCHECKABLE
from mlbook.claims import judge
from mlbook.errors import MlbookError, UnknownNameError
from mlbook.evaluation import Interval

LEDGER = [claim for _, claim in claims.load_claims()]


class FakeResult:
    """Answers like a result, with whatever the test wants to have been measured."""

    arms = dict.fromkeys(["article", "total", "euclid", "diagonal"], "an arm")

    def __init__(self, accuracy=None, difference=None, converged=None):
        self.accuracy, self.difference, self.converged = accuracy, difference, converged

    def interval(self, arm, measure="accuracy"):
        return self.accuracy

    def compare(self, first, second):
        return self.difference

    def values(self, arm, measure):
        return np.array(self.converged)


def evidence(**parts):
    """Evidence with the given parts replaced by constants."""
    return Evidence(**{name: (lambda *a, value=value: value) for name, value in parts.items()})


def images(n_train, constant_pixel, tier="canonical", n_classes=10, side=28):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (n_train, side, side)).astype(np.uint8)
    if constant_pixel:
        x[:, 0, 0] = 0
    return types.SimpleNamespace(
        x_train=x,
        y_train=np.zeros(n_train),
        y_test=np.zeros(70_000 - n_train),
        class_names=tuple(map(str, range(n_classes))),
        tier=tier,
    )


# for each check: evidence under which it must give one verdict, and evidence for another
FLIPS = {
    "accuracy_is_about": [
        ({"result": FakeResult(accuracy=Interval(0.971, 0.969, 0.973, ""))}, SUPPORTED),
        ({"result": FakeResult(accuracy=Interval(0.964, 0.958, 0.970, ""))}, CONDITIONAL),
        ({"result": FakeResult(accuracy=Interval(0.978, 0.970, 0.986, ""))}, CONDITIONAL),
        ({"result": FakeResult(accuracy=Interval(0.92, 0.91, 0.93, ""))}, REFUTED),
        ({"result": FakeResult(accuracy=Interval(0.99, 0.985, 0.995, ""))}, REFUTED),
    ],
    "is_better": [
        ({"result": FakeResult(difference=Interval(0.01, 0.005, 0.015, ""))}, SUPPORTED),
        ({"result": FakeResult(difference=Interval(0.01, -0.005, 0.025, ""))}, REFUTED),
        ({"result": FakeResult(difference=Interval(-0.1, -0.2, -0.05, ""))}, REFUTED),
    ],
    "converges": [
        ({"result": FakeResult(converged=[1, 1])}, SUPPORTED),
        ({"result": FakeResult(converged=[0, 1])}, CONDITIONAL),
        ({"result": FakeResult(converged=[0, 0])}, REFUTED),
    ],
    "covariance_is_invertible": [
        ({"dataset": images(1000, constant_pixel=False)}, SUPPORTED),
        ({"dataset": images(1000, constant_pixel=True)}, REFUTED),
        ({"dataset": images(500, constant_pixel=False)}, REFUTED),  # fewer images than pixels
    ],
    "is_importable": [
        ({"importer": types.SimpleNamespace(mahalanobis_distances=len)}, SUPPORTED),
        ({"importer": types.SimpleNamespace(__version__="1.0")}, REFUTED),
    ],
    "has_counts": [
        ({"dataset": images(60_000, False)}, SUPPORTED),
        ({"dataset": images(60_000, False, n_classes=9)}, REFUTED),
        ({"dataset": images(60_000, False, side=27)}, REFUTED),
        ({"dataset": images(5_000, False, tier="sample")}, UNCHECKABLE),
    ],
}


def test_every_check_can_give_more_than_one_verdict():
    assert FLIPS.keys() == CHECKS.keys()
    for cases in FLIPS.values():
        assert len({verdict for _, verdict in cases}) > 1


@pytest.mark.parametrize("claim", LEDGER, ids=lambda claim: claim.id)
def test_verdict_flips_with_the_evidence(claim):
    for parts, expected in FLIPS[claim.check["name"]]:
        outcome = judge(claim, evidence(**parts))
        assert outcome.verdict == expected
        assert outcome.evidence


def test_entries_are_well_formed():
    assert len({claim.id for claim in LEDGER}) == len(LEDGER)
    for claim in LEDGER:
        assert claim.lines == tuple(sorted(claim.lines)) and claim.lines[0] > 0
        assert claim.claim.strip() and claim.refuted_by.strip()
        assert (paths.notebooks() / f"{claim.shown_in}.py").is_file()
        assert "%" not in claim.claim or "about" in claim.claim, "a quoted number says so"


def test_all_claims_have_a_computed_verdict():
    for claim, outcome in claims.judge_all():
        assert outcome.verdict in VERDICTS, claim.id


def test_chapter_and_id_select():
    assert [c.id for c, _ in claims.judge_all(chapter="3")] == [c.id for c in LEDGER]
    [(claim, outcome)] = claims.judge_all(claim_id="mnist-import")
    assert claim.id == "mnist-import" and outcome.verdict == REFUTED
    with pytest.raises(UnknownNameError, match="chapter '9'"):
        claims.judge_all(chapter="9")
    with pytest.raises(UnknownNameError, match="Did you mean 'mnist-import'"):
        claims.judge_all(claim_id="mnist-imprt")


def test_table_shows_the_chapter_only():
    table = claims.table("03_1_mahalanobis_mnist")
    assert len(table) == len(LEDGER)
    assert claims.table("no such chapter").empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "rumour"}, "kind of claim"),
        ({"check": {"name": "no_such"}}, "check of claim"),
        ({"check": {}}, "check of claim"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_entries_are_named(home, change, message):
    import yaml

    entry = dataclasses.asdict(LEDGER[0]) | change
    entry["lines"] = list(entry["lines"])
    (home / "claims").mkdir()
    (home / "claims" / "03.yaml").write_text(yaml.safe_dump([entry]))
    with pytest.raises(MlbookError, match=message):
        claims.load_claims()
