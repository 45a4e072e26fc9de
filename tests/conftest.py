"""What several test modules share."""

import os

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
