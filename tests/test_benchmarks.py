"""The benchmarks of training run, at sizes that say nothing about speed; and count right."""

import itertools
import json
import sys

import pytest

from benchmarks import __main__ as program
from benchmarks import losses as bench
from benchmarks.measure import python
from mlbook import losses


def test_every_public_loss_is_timed():
    timed = {name.split(",")[0] for name in bench.loss_variants()}
    assert timed == set(losses.CONVENTIONS) and len(bench.loss_variants()) == len(timed) + 2


def test_a_step_with_each_loss(monkeypatch):
    few = {name: bench.make_loss(name) for name in ("ContrastiveLoss", "ArcFaceLoss")}
    monkeypatch.setattr(bench, "loss_variants", lambda: few)
    figures = bench.step_with_each_loss(batch=20, turns=2, steps=1)
    assert figures["cross-entropy, milliseconds a step"] > 0
    for name in few:
        assert figures[name]["processor_ratio"] > 0 and figures[name]["wall_ratio"] > 0
    assert "batch 20" in figures["step"] and figures["target"] == "at most 1.15"


def test_batches_against_memory():
    figures = bench.input_against_memory(batch=20, n_images=100, steps=2, turns=2)
    for name in ("BalancedBatches", "AugmentedBatches"):
        assert figures[name]["wall_ratio"] > 0
    json.dumps(figures)


@pytest.mark.parametrize(("speed", "expected"), [(False, 3), (True, 1 / 3)])
def test_ratios_are_of_the_turns_own_peer(monkeypatch, speed, expected):
    # a machine that gets slower with every turn, and a run three times as slow as its peer
    now, turn = [0.0], itertools.count()
    monkeypatch.setattr(bench.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(bench.time, "process_time", lambda: now[0] / 2)

    def run(seconds):
        def body():
            now[0] += seconds * (1 + next(turn) // 2)

        return body

    figures = bench._against({"peer": run(1), "other": run(3)}, "peer", 5, 2, speed)
    assert figures["other"] == {
        "processor_ratio": round(expected, 3),
        "wall_ratio": round(expected, 3),
    }
    assert figures["peer, milliseconds a step"] == 1500  # the median turn is the third


def test_only_the_first_batches_are_taken():
    import numpy as np

    from mlbook.sampling import BalancedBatches

    x, y = np.arange(40.0)[:, None], np.arange(40) % 4
    all_of_them = BalancedBatches(x, y, 2, 2, steps_per_epoch=5)
    few = bench._first_batches(all_of_them, 3)
    assert len(few) == 3
    np.testing.assert_array_equal(few[2][0], all_of_them[2][0])


def test_without_the_other_library_it_says_so(monkeypatch):
    monkeypatch.setattr(bench.importlib.util, "find_spec", lambda name: None)
    assert bench.losses_against_pytorch() == "PyTorch Metric Learning is not installed"


def test_the_command_prints_one_line_of_json():
    said = python("-m", "benchmarks", "losses", "losses_against_pytorch").splitlines()[-1]
    assert json.loads(said)


def test_a_benchmark_alone_keeps_what_the_others_found(home, monkeypatch, capsys):
    monkeypatch.setattr(program, "start_times", lambda: {"seconds": 1})
    file = home / "results" / "bench.json"
    file.parent.mkdir()
    old = {"date": "2020-01-01", "measured": {"seconds": 2}}
    file.write_text(json.dumps({"figures": {"growth of learners": old, "start": old, "gone": old}}))
    monkeypatch.setattr(sys, "argv", ["benchmarks", "start"])
    program.main()
    figures = json.loads(file.read_text())["figures"]
    assert figures.keys() == {"growth of learners", "start"}
    assert figures["growth of learners"] == old
    assert (
        figures["start"]["measured"] == {"seconds": 1} and figures["start"]["date"] > "2020-01-01"
    )


def test_a_missing_peer_does_not_replace_what_was_found(home, monkeypatch, capsys):
    monkeypatch.setattr(program, "start_times", lambda: "not installed")
    file = home / "results" / "bench.json"
    file.parent.mkdir()
    old = {"date": "2020-01-01", "measured": {"seconds": 2}}
    file.write_text(json.dumps({"figures": {"start": old}}))
    monkeypatch.setattr(sys, "argv", ["benchmarks", "start"])
    program.main()
    assert json.loads(file.read_text())["figures"]["start"] == old


def test_an_unknown_benchmark_is_told_the_names(home, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "no", "such"])
    with pytest.raises(SystemExit, match="'no such'; there are: exact neighbours"):
        program.main()
