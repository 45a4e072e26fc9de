"""Experiments: the road from a run to a result file, and what must not break it."""

import errno
import importlib.metadata
import json
import os
import threading
import types

import numpy as np
import pytest

from mlbook import datasets, evaluation, experiments
from mlbook.errors import MlbookError, ResultError, UnknownNameError
from mlbook.experiments import Budget, provenance, runner, summary

TAKES_LONG = ("cifar_metric", "cifar_weights")


def test_every_experiment_is_complete():
    for name in experiments.NAMES:
        module = experiments.get(name)
        assert set(module.BUDGETS) == {"smoke", "reader", "full"}
        assert module.BASELINE in module.ARMS
        assert all(d in datasets.available() for d in module.DATASETS)
        # three are allowed where a seed takes more than ten minutes; the module says so
        n_seeds = 3 if name in TAKES_LONG else 5
        assert module.BUDGETS["full"].seeds >= n_seeds


# what reads the data keeps its graphs, and says so
@pytest.mark.filterwarnings("ignore:Even though the .tf.config:UserWarning")
@pytest.mark.filterwarnings("ignore:NLTK's stop words are missing")
@pytest.mark.parametrize("name", experiments.NAMES)
def test_the_same_seed_gives_the_same_numbers(name, request):
    if name.startswith(("cifar", "compression")):
        request.getfixturevalue("eagerly")
    module = experiments.get(name)
    tiers = {"mnist": "sample", "cifar10": "sample"}
    data = {d: datasets.load(d, tier=tiers.get(d)) for d in module.DATASETS}
    first, second, other = (module.run("smoke", seed, data) for seed in (1, 1, 0))
    assert first.keys() == second.keys() <= module.ARMS.keys()
    measure = summary.main_measure(module)
    key = "correct" if measure == "accuracy" else measure
    for arm in first:
        np.testing.assert_array_equal(first[arm][key], second[arm][key])
    assert any(not np.array_equal(first[a][key], other[a][key]) for a in first)
    if key == "correct":
        # what the arms share: items; and the baseline errs less than half as often as guessing
        assert len({len(m["correct"]) for m in first.values()}) == 1
        n_classes = max(dataset.counts["classes"] for dataset in data.values())
        # (too hard for a smoke run: praise or blame, photographs; a frozen metric in a stream)
        if not name.startswith(("sentiment", "cifar", "stream")):
            assert 1 - first[module.BASELINE]["correct"].mean() < 0.5 * (1 - 1 / n_classes)
    # (photographs; and embeddings learned apart, which say nothing about each other)
    elif not name.startswith(("cifar", "multimodal_retrieval")):
        assert first[module.BASELINE][key] > 0.6


def test_record_writes_what_was_measured(fake, home):
    path = experiments.record("fake", "smoke")
    assert path == home / "results" / "fake.smoke.json"
    result = experiments.load_result("fake", "smoke")
    values = [np.mean(fake.run("smoke", s)["good"]["correct"]) for s in range(3)]
    np.testing.assert_allclose(result.values("good"), values)
    assert result.interval("good").value == pytest.approx(np.mean(values))
    assert result.content["data"][0]["tier"] == "synthetic"
    assert {"numpy", "scikit-learn", "python"} <= set(result.content["versions"])
    for key in ("date", "machine", "peak_memory_mb", "wall_seconds", "code"):
        assert result.content[key]
    assert not list((home / "_build" / "runs").glob("fake.smoke.*/seed-*")), "nothing is left over"
    assert not list(home.rglob("*.tmp"))


@pytest.mark.parametrize("absent", [(), ("torch",), ("spark", "torch")])
def test_versions_of_optional_libraries_are_recorded_where_they_were_used(
    fake, monkeypatch, absent
):
    def version(library):
        if library == "pyspark":
            raise importlib.metadata.PackageNotFoundError(library)
        return "1.2.3"

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(runner, "missing", lambda extra: extra if extra in absent else None)
    plain = experiments.measure("fake", "smoke").content["versions"]
    assert not {"pyspark", "torch"} & set(plain), "what an experiment does not use is no condition"
    fake.EXTRAS = ("torch", "spark")
    used = {"pyspark": "unknown", "torch": "1.2.3"}
    for extra in absent:
        del used["pyspark" if extra == "spark" else extra]
    assert experiments.measure("fake", "smoke").content["versions"] == plain | used


def test_differences_on_the_same_items(fake):
    result = experiments.measure("fake", "full")
    assert result.difference("good").verdict() == "better"
    same = result.difference("same")
    assert (same.low, same.value, same.high) == (0, 0, 0)
    assert "test items" in same.method
    runs = [fake.run("full", s) for s in range(4)]
    expected = np.mean([r["good"]["correct"].mean() - r["base"]["correct"].mean() for r in runs])
    assert result.difference("good").value == pytest.approx(expected)
    assert result.compare("base", "good").value == pytest.approx(-expected)
    test = result.mcnemar("good", "base")
    first = runs[0]
    assert test.only_first == np.sum(first["good"]["correct"] & ~first["base"]["correct"])
    np.testing.assert_allclose(
        result.correct("good"), np.mean([r["good"]["correct"] for r in runs], axis=0)
    )


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_the_wider_interval_decides_where_seeds_share_items(fake, spread):
    """Over the items nothing is uncertain, but seeds of one arm may differ."""
    n_items = 20
    right = {"base": [10] * 4, "same": [10] * 4}
    right["good"] = [int(n_items * (0.8 + step * spread)) for step in (-1, 0, 0, 0.5)]

    def run(budget, seed, data):
        return {
            arm: {"correct": np.arange(n_items) < n[seed], "n_train": 30, "n_test": n_items}
            for arm, n in right.items()
        }

    fake.run = run
    result = experiments.measure("fake", "full")
    over_items = evaluation.paired_difference(result.correct("good"), result.correct("base"))
    gap = result.compare("good", "base")
    assert (gap.method == over_items.method) == (spread == 0)
    assert gap.high - gap.low >= over_items.high - over_items.low
    assert result.difference("good") == gap
    assert ("seeds" in result.interval("good").method) == (spread > 0)
    assert over_items.verdict() == "better"
    assert gap.verdict() == ("no difference shown" if spread else "better")


def test_differences_over_splits(fake):
    fake.fixed = False
    result = experiments.measure("fake", "full")
    assert "4 seeds, corrected" in result.difference("good").method
    runs = [fake.run("full", s) for s in range(4)]
    each = [r["good"]["correct"].mean() - r["base"]["correct"].mean() for r in runs]
    assert result.difference("good").value == pytest.approx(np.mean(each))
    assert result.compare("good", "base").low == pytest.approx(result.difference("good").low)
    with pytest.raises(ResultError, match="other test items"):
        result.correct("good")
    with pytest.raises(ResultError, match="no seed"):
        result.mcnemar("good", "base")


def test_seeds_that_share_no_training_items_are_not_widened(fake):
    fake.fixed = False
    plain = experiments.measure("fake", "full")
    fake.INDEPENDENT = True
    free = experiments.measure("fake", "full")
    # t over four seeds: the error shrinks from (1/4 + 20/30) to 1/4 of the variance
    ratio = np.sqrt((1 / 4 + 20 / 30) / (1 / 4))
    for asked in (
        lambda result: result.interval("good"),
        lambda result: result.difference("good"),
        lambda result: result.compare("good", "same"),
    ):
        wide, narrow = asked(plain), asked(free)
        assert wide.value == pytest.approx(narrow.value)
        assert (wide.value - wide.low) / (narrow.value - narrow.low) == pytest.approx(ratio)
        assert "corrected" in wide.method and "corrected" not in narrow.method
    assert (plain.test_to_train, free.test_to_train) == (20 / 30, 0)
    # a file from before says nothing, and was widened
    del plain.content["test_to_train"]
    assert plain.test_to_train == 20 / 30


def test_table_and_caption_say_where_the_numbers_come_from(fake):
    result = experiments.measure("fake", "smoke")
    table = result.table()
    assert list(table.index) == ["the baseline", "the good one", "the same again"]
    assert table.iloc[0, -1] == "(baseline)" and table.iloc[1, -1] == "better"
    assert "synthetic data" in result.caption and "not a finding" in result.caption
    assert "not a finding" not in experiments.measure("fake", "full").caption
    assert list(result.table(["good"]).index) == ["the good one"]


def test_interrupted_run_keeps_finished_seeds_and_the_old_file(fake, home):
    experiments.record("fake", "smoke", seeds=1)
    before = (home / "results" / "fake.smoke.json").read_bytes()
    fake.calls.clear()
    fake.trouble = {2: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        experiments.record("fake", "smoke")
    assert fake.calls == [0, 1, 2]
    assert (home / "results" / "fake.smoke.json").read_bytes() == before
    fake.calls.clear()
    fake.trouble = {}
    experiments.record("fake", "smoke")
    assert fake.calls == [2], "the finished seeds are not run again"
    assert len(experiments.load_result("fake", "smoke").content["seeds"]) == 3
    fake.calls.clear()
    experiments.record("fake", "smoke")
    assert fake.calls == [0, 1, 2], "a finished run leaves nothing to continue"


def test_kept_seeds_of_other_conditions_are_not_used(fake, monkeypatch):
    fake.trouble = {1: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        experiments.record("fake", "smoke")
    fake.trouble = {}
    fake.calls.clear()
    monkeypatch.setattr(fake.data, "fingerprint", "1" * 16)
    experiments.record("fake", "smoke")
    assert fake.calls == [0, 1, 2]


def test_damaged_kept_seed_is_run_again(fake, home):
    fake.trouble = {2: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        experiments.record("fake", "smoke")
    [kept] = (home / "_build" / "runs").glob("*/seed-0.json")
    kept.write_text(kept.read_text()[:50])
    fake.trouble = {}
    fake.calls.clear()
    experiments.record("fake", "smoke")
    assert fake.calls == [0, 2]


def test_two_runs_of_the_same_result(fake):
    started, go_on = threading.Event(), threading.Event()
    plain = fake.run

    def slow(budget, seed, data=None):
        started.set()
        go_on.wait(20)
        return plain(budget, seed, data)

    fake.run = slow
    first = threading.Thread(target=experiments.record, args=("fake", "smoke"))
    first.start()
    assert started.wait(20)
    with pytest.raises(ResultError, match="another run is writing fake.smoke.json"):
        experiments.record("fake", "smoke")
    go_on.set()
    first.join()
    assert len(experiments.load_result("fake", "smoke").content["seeds"]) == 3


def test_folder_that_cannot_be_written_is_noticed_before_the_run(fake, home, monkeypatch):
    (home / "results").write_text("a file where the folder should be")
    with pytest.raises(ResultError, match="cannot write into .*results"):
        experiments.record("fake", "smoke")
    (home / "results").unlink()

    def denied(*args, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(runner.tempfile, "TemporaryFile", denied)
    with pytest.raises(ResultError, match="Permission denied.*Nothing was run"):
        experiments.record("fake", "smoke")
    assert fake.calls == []


def test_full_disk_leaves_the_old_result_and_no_debris(fake, home, monkeypatch):
    experiments.record("fake", "smoke", seeds=1)
    before = (home / "results" / "fake.smoke.json").read_bytes()

    def full(content, file, **options):
        file.write("{")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(runner.json, "dump", full)
    with pytest.raises(ResultError, match="No space left.*untouched"):
        experiments.record("fake", "smoke")
    assert (home / "results" / "fake.smoke.json").read_bytes() == before
    assert not list(home.rglob("*.tmp"))


def test_canonical_result_is_not_replaced_by_a_lesser_one(fake, home, monkeypatch):
    monkeypatch.setattr(fake.data, "tier", "canonical")
    experiments.record("fake", "smoke")
    experiments.record("fake", "smoke")
    before = (home / "results" / "fake.smoke.json").read_bytes()
    monkeypatch.setattr(fake.data, "tier", "sample")
    fake.calls.clear()
    with pytest.raises(ResultError, match="recorded on canonical data.*fake: sample"):
        experiments.record("fake", "smoke")
    assert fake.calls == []
    assert (home / "results" / "fake.smoke.json").read_bytes() == before


def test_damaged_and_missing_result_files_name_the_command(fake, home):
    with pytest.raises(ResultError, match="mlbook run fake --budget full"):
        experiments.load_result("fake", "full")
    path = experiments.record("fake", "full")
    text = path.read_text()
    content = json.loads(text)
    for damage in (text[:200], "[]", json.dumps(content | {"experiment": "other"}), "\x00"):
        path.write_text(damage)
        with pytest.raises(ResultError, match="damaged.*mlbook run fake --budget full"):
            experiments.load_result("fake", "full")


def test_unknown_names(fake, monkeypatch):
    result = experiments.measure("fake", "smoke")
    with pytest.raises(UnknownNameError, match="budget 'huge'"):
        experiments.measure("fake", "huge")
    with pytest.raises(UnknownNameError, match="arm of fake 'godo'.*Did you mean 'good'"):
        result.interval("godo")
    with pytest.raises(UnknownNameError, match="measure of arm good"):
        result.interval("good", "recall")
    with pytest.raises(UnknownNameError, match="difference of arm"):
        result.difference("base")
    for seeds in (0, -1, True, 2.0):
        with pytest.raises(MlbookError, match="number of seeds"):
            experiments.measure("fake", "smoke", seeds=seeds)
    monkeypatch.undo()
    with pytest.raises(UnknownNameError, match="Did you mean 'mnist_article'"):
        experiments.get("mnist_artcle")


def test_budget_comes_from_the_environment(fake, monkeypatch):
    monkeypatch.setenv("MLBOOK_BUDGET", "full")
    assert experiments.measure("fake").budget == "full"
    monkeypatch.delenv("MLBOOK_BUDGET")
    with pytest.raises(UnknownNameError, match="budget 'reader'"):
        experiments.measure("fake")


def test_deterministic_arms_run_once_on_the_whole_split(monkeypatch):
    from mlbook.experiments import mnist_neighbours

    sample = datasets.load("mnist", tier="sample")
    smoke = mnist_neighbours.BUDGETS["smoke"]
    whole = Budget(len(sample.y_train), len(sample.y_test), 2, smoke.grids | {"nca": (150, 2)})
    monkeypatch.setitem(mnist_neighbours.BUDGETS, "whole", whole)
    arms = mnist_neighbours.run("whole", 1, {"mnist": sample})
    assert list(arms) == ["nca"]
    assert len(arms["nca"]["correct"]) == len(sample.y_test)
    assert mnist_neighbours.same_items("whole", {"mnist": sample})
    assert not mnist_neighbours.same_items("smoke", {"mnist": sample})


def test_items_survive_packing():
    for n in (1, 7, 8, 9, 1000):
        correct = np.random.default_rng(n).random(n) < 0.5
        np.testing.assert_array_equal(summary.unpack(summary.pack(correct), n), correct)


def test_comments_and_docstrings_do_not_count():
    plain = "x = 1\ndef f(y):\n    return '#' + y\n"
    told = (
        '"""A module."""\n\nx = 1  # one\n# f\n'
        'def f(y):\n    """Say.\n\n    More."""\n    return \'#\' + y\n'
    )
    assert provenance.without_comments(told) == provenance.without_comments(plain)
    for other in (plain.replace("1", "2"), plain.replace("'#'", "'# '"), "x = 1\n" + plain):
        assert provenance.without_comments(other) != provenance.without_comments(plain)
    # a string that is no docstring is code
    assert "text" in provenance.without_comments('x = 1\n"""text"""\n')


def test_code_key_follows_the_code(tmp_path):
    file = tmp_path / "module.py"
    file.write_text("a = 1")
    module = types.SimpleNamespace(__file__=str(file))
    before = provenance.code_key(module)
    file.write_text("a = 2")
    assert provenance.code_key(module) != before


def test_sources_are_followed_through_packages_and_functions(tmp_path):
    file = tmp_path / "module.py"
    file.write_text("from mlbook.linear import RCA\n\ndef f():\n    import mlbook.axioms\n")
    names = {source.name for source in provenance.sources(file)}
    assert {"module.py", "rca.py", "base.py", "axioms.py", "evaluation.py"} <= names
    assert not names & {"lmnn.py", "mnist.py", "errors.py"}


def test_another_measure_than_accuracy(fake):
    def run(budget, seed, data=None):
        rng = np.random.default_rng(seed)
        return {
            arm: {"auc": level + 0.01 * rng.random(), "n_train": 30, "n_test": 10}
            for arm, level in {"base": 0.7, "good": 0.9, "same": 0.7}.items()
        }

    fake.run, fake.MEASURE, fake.fixed = run, "auc", False
    result = experiments.measure("fake", "full")
    values = result.values("good")
    assert result.interval("good").value == pytest.approx(np.mean(values))
    assert "corrected" in result.interval("good").method
    assert result.difference("good").verdict() == "better"
    assert result.difference("same").verdict() == "no difference shown"
    assert result.compare("good", "base").value == pytest.approx(result.difference("good").value)
    assert result.table().columns[0].startswith("area under the ROC curve")


def test_arms_of_the_comparison_try_equally_many_settings():
    from mlbook.experiments import comparison

    without = {"majority", "logistic", "euclid", "scaled"}
    for n_samples, n_features in ((100, 13), (5000, 784)):
        for arm in comparison.ARMS.keys() - without:
            assert len(comparison.settings(arm, n_samples, n_features)) == 5, arm


def test_the_comparison_chooses_on_training_items_only(monkeypatch):
    from mlbook.experiments import comparison

    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 4)) + 3 * np.repeat(np.eye(3, 4), 30, axis=0)
    y = np.repeat(np.arange(3), 30)
    seen = []
    plain = comparison._score

    def spy(candidate, fitting, scoring):
        seen.append((fitting[0], scoring[0]))
        return plain(candidate, fitting, scoring)

    monkeypatch.setattr(comparison, "_score", spy)
    test = np.arange(0, 90, 3)
    train = np.setdiff1d(np.arange(90), test)
    arms = comparison.compare((X[train], y[train]), (X[test], y[test]), 0, 40, arms=["rca"])
    assert len(seen) == 5
    rows = {tuple(row) for row in X[train]}
    for fitting, scoring in seen:
        assert len(fitting) == 30 and len(scoring) == 10
        parts = {tuple(row) for row in fitting}, {tuple(row) for row in scoring}
        assert parts[0] | parts[1] <= rows and not parts[0] & parts[1]
    assert arms["rca"]["n_train"] == 60 and arms["rca"]["correct"].shape == (30,)


def test_questions_of_the_supervision_experiment_are_about_the_labels():
    from mlbook.experiments import supervision

    y = np.repeat(np.arange(5), 20)
    X = y[:, np.newaxis] + np.zeros((100, 2))  # the value is the class
    answers = supervision._ask(X, y, 30, np.random.default_rng(0))
    value = {kind: np.asarray(points[0])[..., 0] for kind, points in answers.items()}
    assert (value["rca"][:, 0] == value["rca"][:, 1]).all()
    same = value["itml"][:, 0] == value["itml"][:, 1]
    assert (same == (answers["itml"][1] == 1)).all() and len(same) == 30
    anchor, positive, negative = value["lsml_triplets"].T
    assert (anchor == positive).all() and (anchor != negative).all()
    a, b, c, d = value["lsml_quadruplets"].T
    assert (a == b).all() and (c != d).all() and len(a) == 30
    assert len(value["lda"]) == 30


def test_the_interval_of_a_share_stays_within_0_and_1(fake):
    def run(budget, seed, data=None):
        value = (1.0, 1.0, 0.8, 1.0)[seed]
        return {"base": {"auc": value, "spread": 10 * value, "n_train": 30, "n_test": 10}}

    fake.run, fake.MEASURE, fake.fixed = run, "auc", False
    result = experiments.measure("fake", "full")
    assert result.interval("base").high == 1.0 and 0 < result.interval("base").low < 0.95
    assert result.interval("base", "spread").high > 10, "only shares are limited"
