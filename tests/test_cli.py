"""The command as a person meets it: quick, clear, and without tracebacks."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from mlbook import cli, experiments

PROGRAM = [sys.executable, "-m", "mlbook.cli"]


def call(*arguments, home=None, **environment):
    settings = os.environ | {"MLBOOK_TIER": "sample", "MLBOOK_OFFLINE": "1"} | environment
    if home is not None:
        settings["MLBOOK_HOME"] = str(home)
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, env=settings, timeout=300
    )


@pytest.mark.parametrize("statement", ["import mlbook", "import mlbook.cli"])
def test_import_is_light(statement):
    heavy = ("tensorflow", "keras", "sklearn", "matplotlib", "pandas", "faiss")
    code = f"{statement}; import sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_help_names_the_commands():
    done = call("--help")
    assert done.returncode == 0
    for command in ("list", "run", "results", "data", "check", "claims", "execute", "book"):
        assert command in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "mnist_neighbour"], "Did you mean 'mnist_neighbours'"),
        (["run", "mnist_article", "--budget", "huge"], "unknown budget 'huge'"),
        (["run", "mnist_article", "--seeds", "0", "--budget", "smoke"], "integer >= 1"),
        (["results", "mnist_artcle"], "Did you mean 'mnist_article'"),
        (["results", "mnist_article", "--budget", "smoke"], "mlbook run mnist_article"),
        (["data", "fetch", "minst"], "Did you mean 'mnist'"),
        (["data", "fetch"], "name a data set"),
        (["claims", "--id", "nonsense"], "no ledger in"),
        (["results", "update", "--budget", "huge"], "unknown budget 'huge'"),
        (["results", "mnist_article", "--budget", "huge"], "unknown budget 'huge'"),
        (["execute"], "no chapters in"),
    ],
)
def test_wrong_calls_get_one_short_message(home, arguments, message, monkeypatch, capfd):
    # in this process: to start the command nine times would take most of the time
    monkeypatch.setattr(sys, "argv", ["mlbook", *arguments])
    monkeypatch.setenv("MLBOOK_TIER", "sample")
    monkeypatch.setenv("MLBOOK_OFFLINE", "1")
    with pytest.raises(SystemExit) as left:
        cli.main()
    errors = capfd.readouterr().err
    assert left.value.code not in (0, None)
    assert message in errors
    assert len(errors.strip().splitlines()) <= 3


def test_a_wrong_call_of_the_program_ends_without_a_traceback(home):
    done = call("run", "mnist_neighbour", home=home)
    assert done.returncode == 1
    assert done.stderr.startswith("mlbook: unknown experiment")
    assert len(done.stderr.strip().splitlines()) <= 3


def test_wrong_option_and_missing_argument():
    for arguments in (["run"], ["run", "mnist_article", "--seeds", "many"], ["nonsense"]):
        done = call(*arguments)
        assert done.returncode == 2 and "Traceback" not in done.stderr


def test_list_and_results_of_an_empty_project(home):
    done = call("list", home=home)
    assert done.returncode == 0
    for name in experiments.NAMES:
        assert name in done.stdout
    assert "nothing recorded" in done.stdout
    assert call("results", home=home).stdout.strip() == "nothing to show"


def test_data_lists_tiers_and_states(home):
    done = call("data", home=home)
    assert done.returncode == 0 and "mnist" in done.stdout and "sample" in done.stdout


def test_forced_tier_that_is_not_there(home):
    done = call(
        "run",
        "mnist_article",
        "--budget",
        "smoke",
        home=home,
        MLBOOK_TIER="canonical",
        TFDS_DATA_DIR=str(home),
    )
    assert done.returncode == 1
    assert "mnist" in done.stderr and "Traceback" not in done.stderr


def test_run_records_and_results_show(home):
    done = call("run", "mnist_article", "--budget", "smoke", "--seeds", "1", home=home)
    assert done.returncode == 0, done.stderr
    assert "3-NN, Euclid" in done.stdout
    shown = call("results", "mnist_article", "--budget", "smoke", home=home)
    assert "not a finding" in shown.stdout and "sample data" in shown.stdout
    content = json.loads((home / "results" / "mnist_article.smoke.json").read_text())
    assert content["data"][0]["tier"] == "sample"
    assert "smoke" in call("results", home=home).stdout


def test_interruption_is_answered_politely(home):
    settings = os.environ | {"MLBOOK_HOME": str(home), "MLBOOK_TIER": "sample"}
    process = subprocess.Popen(
        [*PROGRAM, "run", "mnist_article", "--budget", "smoke", "--seeds", "500"],
        env=settings,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list((home / "_build").glob("runs/*/seed-0.json")):
        assert time.monotonic() < deadline and process.poll() is None, "no seed was finished"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in errors and "Traceback" not in errors
    assert list((home / "_build").glob("runs/*/seed-0.json")), "the finished seed is kept"
    assert not list((home / "results").glob("*.json"))


def test_claims_as_json():
    done = call("claims", "--id", "mnist-import", "--json")
    [entry] = json.loads(done.stdout)
    assert entry["id"] == "mnist-import" and entry["verdict"] == "refuted"


def test_every_entrance_can_be_imported_first():
    # an import cycle shows only where nothing of the package is there yet, and from one side;
    # the libraries may stay
    code = """
import importlib, sys
for name in ("neighbors", "linear", "distances", "experiments", "claims", "plots", "book"):
    for known in [m for m in sys.modules if m.partition(".")[0] == "mlbook"]:
        del sys.modules[known]
    importlib.import_module(f"mlbook.{name}")
    print(name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("chapter", "message"), [([], "unknown claim 'x'"), (["--chapter", "1"], "claim of chapter 01")]
)
def test_unknown_claims_are_told_by_chapter(chapter, message, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["mlbook", "claims", "--id", "x", *chapter])
    with pytest.raises(SystemExit):
        cli.main()
    assert message in capfd.readouterr().err
