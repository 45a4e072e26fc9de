"""Keeping results: what is stale, making it again, and trying one seed of it."""

import datetime
import json

import numpy as np
import pytest

from mlbook import datasets, experiments, extras
from mlbook.errors import MlbookError, ResultError
from mlbook.experiments import provenance, runner, upkeep


@pytest.fixture
def recorded(fake, monkeypatch):
    """The fake experiment, recorded at full budget; `recorded.code` is the digest of its code."""
    fake.code = "before"
    for module in (runner, upkeep):
        monkeypatch.setattr(module, "code_key", lambda experiment: fake.code)
    monkeypatch.setattr(experiments, "NAMES", ("fake",))
    experiments.record("fake", "full")
    fake.calls.clear()
    return fake


def content(home):
    return json.loads((home / "results" / "fake.full.json").read_text())


def test_a_result_of_this_code_and_these_data_is_current(recorded):
    state = upkeep.state("fake")
    assert state.problems == () and state.age_days == 0
    assert state.seconds == pytest.approx(sum(content_of("fake")["wall_seconds"].values()))


def content_of(name):
    return experiments.load_result(name).content


@pytest.mark.parametrize("change", ["code", "data", "missing"])
def test_what_changed_is_said(recorded, home, monkeypatch, change):
    expected = {"code": upkeep.CODE, "data": upkeep.DATA, "missing": upkeep.MISSING}[change]
    if change == "code":
        recorded.code = "after"
    elif change == "data":
        other = type("Other", (recorded.data,), {"fingerprint": "1" * 16})
        monkeypatch.setattr(datasets, "load", lambda name, tier=None: other)
    else:
        (home / "results" / "fake.full.json").unlink()
    assert upkeep.state("fake").problems == (expected,)
    assert (upkeep.state("fake", with_data=False).problems == ()) == (change == "data")


def test_the_digest_is_that_of_the_experiment():
    """Not only of the fake: an experiment's state rests on the digest that a recording writes."""
    assert upkeep.code_key is provenance.code_key


def test_only_what_is_stale_is_made_again(recorded, home):
    assert upkeep.rerun() == [] and recorded.calls == []
    recorded.code = "after"
    assert upkeep.rerun() == [home / "results" / "fake.full.json"]
    assert recorded.calls == [0, 1, 2, 3]
    assert content(home)["code"] == "after"
    assert upkeep.rerun() == []


def test_an_interrupted_update_continues(recorded, home):
    recorded.code = "after"
    recorded.trouble[2] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        upkeep.rerun()
    assert content(home)["code"] == "before", "the old result stays until the new one is whole"
    recorded.trouble.clear()
    recorded.calls.clear()
    upkeep.rerun()
    assert recorded.calls == [2, 3]


def test_results_of_other_data_are_not_replaced(recorded, home, monkeypatch):
    other = type("Other", (recorded.data,), {"fingerprint": "1" * 16})
    monkeypatch.setattr(datasets, "load", lambda name, tier=None: other)
    with pytest.raises(MlbookError, match=r"not those of the recorded results \(fake\)"):
        upkeep.rerun()
    assert recorded.calls == []


def test_a_failure_is_told_and_the_old_result_stays(recorded, home):
    recorded.code = "after"
    recorded.trouble[1] = MlbookError("no room")
    with pytest.raises(MlbookError, match="fake: no room"):
        upkeep.rerun()
    assert content(home)["code"] == "before"


def test_equal_values_make_the_new_code_current(recorded, home):
    recorded.code = "after"
    found = upkeep.verify("fake", seed=1)
    assert recorded.calls == [1]
    assert found["equal"].all() and found["inside"].all()
    assert set(found["measure"]) == {"accuracy", "n_train"}, "times are not compared"
    (entry,) = content(home)["verified"]
    assert entry["code"] == "after" and entry["seed"] == 1
    assert entry["date"] == datetime.date.today().isoformat()
    assert upkeep.state("fake").problems == ()
    before = content(home)
    upkeep.verify("fake", seed=1)
    assert len(content(home)["verified"]) == len(before["verified"]), "once for each code"


def test_what_the_machine_decides_is_not_compared():
    machine = {"fit_seconds": 1.0, "query_ms": 1.0, "fit_mb": 1.0, "update_p95": 1.0}
    ours = {"predict_precision": 0.5, "item_bytes": 8.0, "update_power": 2.0}
    assert upkeep._scalars(machine | ours) == ours


@pytest.mark.parametrize(("shift", "inside"), [(0.01, True), (0.5, False)])
def test_other_values_do_not(recorded, home, monkeypatch, shift, inside):
    """A recorded value moved: near it the new one is inside the interval, far from it not."""
    path = home / "results" / "fake.full.json"
    changed = content(home)
    values = changed["arms"]["good"]["measures"]["accuracy"]["values"]
    for seed in values:
        values[seed] = float(np.clip(values[seed] - shift, 0, 1))
    path.write_text(json.dumps(changed))
    recorded.code = "after"
    found = upkeep.verify("fake").set_index(["arm", "measure"])
    assert not found.loc[("good", "accuracy"), "equal"]
    assert found.loc[("good", "accuracy"), "inside"] == inside
    assert "verified" not in content(home)
    assert upkeep.state("fake").problems == (upkeep.CODE,)


def test_equal_values_from_other_data_prove_nothing(recorded, home, monkeypatch):
    other = type("Other", (recorded.data,), {"fingerprint": "1" * 16})
    monkeypatch.setattr(datasets, "load", lambda name, tier=None: other)
    recorded.code = "after"
    assert upkeep.verify("fake")["equal"].all()
    assert "verified" not in content(home)


def test_single_runs_lie_where_nineteen_of_twenty_do(home):
    """Of runs drawn from one normal distribution, the interval holds about 95 %."""
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(400):
        *values, one_more = rng.normal(0.7, 0.02, 6)
        fake_result = type(
            "R",
            (),
            {
                "values": lambda self, arm, measure, v=values: np.array(v),
                "content": {"items_used": {"test": 10}},
            },
        )()
        low, high = upkeep.single_run(fake_result, "arm", "some_measure")
        hits.append(low <= one_more <= high)
    assert 0.92 < np.mean(hits) < 0.98


def test_a_seed_that_was_not_recorded(recorded):
    with pytest.raises(ResultError, match=r"with the seeds \[0, 1, 2, 3\], not with 7"):
        upkeep.verify("fake", seed=7)


def test_fewer_seeds_than_planned_are_said(recorded):
    experiments.record("fake", "full", seeds=2)
    assert upkeep.state("fake").problems == (upkeep.FEWER,)
    upkeep.rerun()
    assert upkeep.state("fake").problems == ()


def test_a_damaged_file_is_said_and_made_again(recorded, home, monkeypatch):
    monkeypatch.setattr(recorded.data, "tier", "canonical")
    path = home / "results" / "fake.full.json"
    path.write_text(path.read_text()[:200])
    assert upkeep.state("fake").problems == (upkeep.DAMAGED,)
    upkeep.rerun()
    assert upkeep.state("fake").problems == ()


def test_arms_that_were_not_recorded_are_named(recorded, home):
    path = home / "results" / "fake.full.json"
    changed = content(home)
    del changed["arms"]["same"]
    path.write_text(json.dumps(changed))
    with pytest.raises(ResultError, match="of same, which fake.full.json does not have"):
        upkeep.verify("fake")


@pytest.mark.parametrize("action", [upkeep.verify, lambda name: experiments.record(name, "full")])
def test_without_its_extras_a_full_run_does_not_start(recorded, home, monkeypatch, action):
    """A record without some arms would replace, or confirm, one that has them."""
    recorded.EXTRAS = ("torch",)
    monkeypatch.setattr(extras, "missing", lambda extra: f"not installed: {extra}")
    before = content(home)
    with pytest.raises(extras.MissingExtraError, match="not installed: torch"):
        action("fake")
    assert recorded.calls == [] and content(home) == before
    experiments.measure("fake", "smoke")


def test_code_that_changes_during_the_run_is_not_vouched_for(recorded, home):
    recorded.code = "after"
    before_the_change = recorded.run

    def run(budget, seed, data=None):
        recorded.code = "later"
        return before_the_change(budget, seed, data)

    recorded.run = run
    upkeep.verify("fake")
    assert [entry["code"] for entry in content(home)["verified"]] == ["after"]
    assert upkeep.state("fake").problems == (upkeep.CODE,)
