"""Runs an experiment seed by seed, keeps each finished seed, and writes the result whole.

A finished seed lies under `_build/runs/` until the result file is written, so an interrupted
run continues where it stopped. The key of that folder covers the code, the library versions
and the data: nothing measured under other conditions is ever mixed in.
"""

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from mlbook import datasets, paths
from mlbook.errors import MlbookError, ResultError
from mlbook.experiments.base import budget_of
from mlbook.experiments.provenance import code_key
from mlbook.experiments.results import SCHEMA, Result, load_result, result_path
from mlbook.experiments.summary import main_measure, summarise
from mlbook.extras import demand, missing
from mlbook.progress import bar

_LIBRARIES = (
    "faiss-cpu",
    "keras",
    "numpy",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "statsmodels",
    "tensorflow",
)
# by the name of the extra that an experiment may list in EXTRAS
_OPTIONAL = {"spark": "pyspark", "torch": "torch"}


def measure(name, budget=None, seeds=None, tier=None):
    """Run an experiment and return its result without recording it.

    Parameters
    ----------
    name : str
        One of `mlbook.experiments.NAMES`.
    budget : {"smoke", "reader", "full"} or None
        None is what `MLBOOK_BUDGET` says, else "reader".
    seeds : int or None
        How many seeds, counted from 0; None is the budget's own number.
    tier : str or None
        As in `mlbook.datasets.load`.

    Returns
    -------
    Result

    Raises
    ------
    UnknownNameError
        For an unknown experiment, budget, data set or tier.
    """
    return _Run(name, budget, seeds, tier).finish()


def record(name, budget=None, seeds=None, tier=None, on_seed=None):
    """Run an experiment and write `results/NAME.BUDGET.json`; arguments as in `measure`.

    With `on_seed`, that function is called after each seed, and there is no bar of the seeds.

    Returns
    -------
    pathlib.Path
        The file, written whole or not at all.

    Raises
    ------
    ResultError
        If the folder cannot be written, another run is writing the same result, or a result
        on canonical data would be replaced by one on sample or synthetic data.
    MissingExtraError
        If a full run would lack arms because an optional library is not installed.
    KeyboardInterrupt
        After an interruption; the finished seeds stay, and the next call continues there.
    """
    run = _Run(name, budget, seeds, tier)
    path = result_path(name, run.budget_name)
    if run.budget_name == "full":
        for extra in getattr(run.experiment, "EXTRAS", ()):
            demand(extra)
    _keep_the_better_data(path, run)
    _check_writable(path.parent)
    _check_writable(paths.build() / "runs")
    lock = FileLock(paths.build() / "runs" / f"{path.stem}.lock")
    try:
        with lock.acquire(timeout=0):
            result = run.finish(keep=True, on_seed=on_seed)
            write_json(path, result.content)
            run.forget()
    except Timeout:
        raise ResultError(
            f"another run is writing {path.name}; wait for it, or stop it first"
        ) from None
    return path


class _Run:
    def __init__(self, name, budget, seeds, tier):
        from mlbook import experiments

        self.experiment = experiments.get(name)
        self.name = name
        self.budget_name = budget or os.environ.get("MLBOOK_BUDGET") or "reader"
        budget = budget_of(self.experiment.BUDGETS, self.budget_name)
        n_seeds = budget.seeds if seeds is None else seeds
        if isinstance(n_seeds, bool) or not isinstance(n_seeds, int) or n_seeds < 1:
            raise MlbookError(f"the number of seeds must be an integer >= 1, got {n_seeds!r}")
        self.seeds = range(n_seeds)
        self.data = {d: datasets.load(d, tier=tier) for d in self.experiment.DATASETS}
        self.conditions = {
            "experiment": name,
            "budget": self.budget_name,
            "code": code_key(self.experiment),
            "data": [_describe(dataset) for dataset in self.data.values()],
            "versions": _versions(getattr(self.experiment, "EXTRAS", ())),
        }
        key = hashlib.sha256(json.dumps(self.conditions, sort_keys=True).encode()).hexdigest()
        self.folder = paths.build() / "runs" / f"{name}.{self.budget_name}.{key[:12]}"

    def finish(self, keep=False, on_seed=None):
        """All seeds, those already kept included; `keep` stores each as it finishes."""
        runs, seconds = {}, {}
        progress = self.seeds
        if on_seed is None:
            progress = bar(self.seeds, desc=f"{self.name} ({self.budget_name})", unit="seed")
        for seed in progress:
            kept = self._kept(seed) if keep else None
            if kept is None:
                start = time.perf_counter()
                arms = self.experiment.run(self.budget_name, seed, self.data)
                kept = {"seconds": time.perf_counter() - start, "arms": arms}
                if keep:
                    write_json(self.folder / f"seed-{seed}.json", _jsonable(kept))
            seconds[seed] = kept["seconds"]
            runs[seed] = _with_arrays(kept["arms"])
            if on_seed is not None:
                on_seed()
        return Result(self._content(runs, seconds))

    def forget(self):
        """Drop the kept seeds once the result is written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kept(self, seed):
        try:
            return json.loads((self.folder / f"seed-{seed}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _content(self, runs, seconds):
        same_items = self.experiment.same_items(self.budget_name, self.data)
        return {
            "schema": SCHEMA,
            "title": self.experiment.TITLE,
            **self.conditions,
            "seeds": list(self.seeds),
            "baseline": self.experiment.BASELINE,
            "measure": main_measure(self.experiment),
            **summarise(self.experiment, runs, same_items),
            "wall_seconds": {str(seed): round(value, 2) for seed, value in seconds.items()},
            "peak_memory_mb": _peak_memory_mb(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "date": datetime.date.today().isoformat(),
        }


def write_json(path, content):
    """Write JSON to `path` so that a reader finds the old file or the new one, never a part.

    Raises
    ------
    ResultError
        If the folder is read-only or the disk is full; the old file is untouched.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=".", suffix=".tmp", delete=False, encoding="utf-8"
        ) as file:
            temporary = Path(file.name)
            json.dump(content, file, indent=1, ensure_ascii=False, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise ResultError(
            f"cannot write {path}: {error.strerror or error}. What was there before is untouched."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _check_writable(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ResultError(
            f"cannot write into {folder}: {error.strerror or error}. Make the folder writable, or "
            "set MLBOOK_HOME to a folder of yours. Nothing was run."
        ) from error


def _keep_the_better_data(path, run):
    if not path.is_file() or all(d["tier"] == "canonical" for d in run.conditions["data"]):
        return
    if load_result(run.name, run.budget_name).is_canonical:
        tiers = ", ".join(f"{d['name']}: {d['tier']}" for d in run.conditions["data"])
        raise ResultError(
            f"{path.name} was recorded on canonical data and would be replaced by a run on "
            f"{tiers}. Get the canonical data (mlbook data fetch --all), or set MLBOOK_HOME to "
            "another folder. Nothing was run."
        )


def _describe(dataset):
    return {
        "name": dataset.name,
        "tier": dataset.tier,
        "source": dataset.source,
        "licence": dataset.licence,
        "label": dataset.label,
        "counts": dataset.counts,
        "fingerprint": dataset.fingerprint,
    }


def _versions(extras):
    used = [_OPTIONAL[extra] for extra in extras if not missing(extra)]
    libraries = {name: _version(name) for name in sorted([*_LIBRARIES, *used])}
    return {"python": platform.python_version(), **libraries}


def _version(library):
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:  # PySpark from the folder of a cluster's Spark
        return "unknown"


def _peak_memory_mb():
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))


def _jsonable(kept):
    arms = {
        arm: {
            key: value.tolist() if isinstance(value, np.ndarray | np.generic) else value
            for key, value in measures.items()
        }
        for arm, measures in kept["arms"].items()
    }
    return {"seconds": kept["seconds"], "arms": arms}


def _with_arrays(arms):
    return {
        arm: {
            key: np.asarray(value, dtype=bool) if key == "correct" else value
            for key, value in measures.items()
        }
        for arm, measures in arms.items()
    }
