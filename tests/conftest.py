"""What several test modules share."""

import os
import types

import pytest

# One place decides how quiet the libraries are; the tests' own output is what matters.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["MLBOOK_PROGRESS"] = "0"
if "PYTEST_XDIST_WORKER" in os.environ:
    # as many processes as cores: more threads would only wait for each other
    for variable in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    ):
        os.environ.setdefault(variable, "1")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty project folder: results, claims and unfinished runs of a test land there."""
    monkeypatch.setenv("MLBOOK_HOME", str(tmp_path))
    return tmp_path


class FakeData:
    name, tier, source, licence, fingerprint = "fake", "synthetic", "here", "none", "0" * 16
    label = "synthetic data: made up"
    counts = {"train": 30, "test": 20, "classes": 2}


@pytest.fixture
def fake(monkeypatch, home):
    """An experiment of three arms, quick and scripted; `fake.calls` lists the seeds it ran."""
    # after the number of threads is set: NumPy reads it when it is imported
    import numpy as np

    from mlbook import datasets, experiments
    from mlbook.experiments import Budget

    def run(budget, seed, data=None):
        fake.calls.append(seed)
        if seed in fake.trouble:
            raise fake.trouble[seed]
        rng = np.random.default_rng(seed)
        base = rng.random(20) < 0.5
        arms = {"base": base, "good": base | (rng.random(20) < 0.8), "same": base}
        return {
            arm: {"correct": correct, "n_train": 30, "fit_seconds": 0.5}
            for arm, correct in arms.items()
        }

    fake = types.SimpleNamespace(
        __file__=__file__,
        TITLE="a fake",
        DATASETS=("fake",),
        BASELINE="base",
        ARMS={"base": "the baseline", "good": "the good one", "same": "the same again"},
        BUDGETS={"smoke": Budget(30, 20, 3), "full": Budget(30, 20, 4)},
        same_items=lambda budget, data: fake.fixed,
        run=run,
        calls=[],
        trouble={},
        data=FakeData,
        fixed=True,
    )
    monkeypatch.setattr(experiments, "get", lambda name: fake)
    monkeypatch.setattr(datasets, "load", lambda name, tier=None: FakeData)
    return fake


@pytest.fixture
def eagerly():
    """TensorFlow without graphs: before a few steps, to draw one takes longer than the steps."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
