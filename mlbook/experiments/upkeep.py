"""Keeping the recorded results true: which are stale, making them again, trying one seed of one.

A result is stale if the code or the data that it was made from are no longer those that are
here. Code may change without changing a number: `verify` runs one seed again, compares it with
the recorded one, and if all values are equal writes into the result that the new code was seen
to give them.
"""

import datetime
import functools
import time
from dataclasses import dataclass

import numpy as np

from mlbook import datasets, evaluation
from mlbook.errors import MlbookError, ResultError
from mlbook.experiments import runner
from mlbook.experiments.base import budget_of
from mlbook.experiments.provenance import code_key
from mlbook.experiments.results import load_result, result_path
from mlbook.extras import demand
from mlbook.progress import bar

_BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed} passed, {remaining} to go"
# what a machine decides, and not the experiment
_TIMES = ("seconds", "milliseconds", "_ms", "memory", "_mb", "_p50", "_p95", "_p99")
CODE, DATA, FEWER = "code changed", "other data here", "fewer seeds than planned"
MISSING, DAMAGED = "not recorded", "damaged"


@dataclass(frozen=True)
class State:
    """What is to be said of one recorded result.

    Attributes
    ----------
    name, budget : str
    date : str
        Of the recording; empty if there is none.
    problems : tuple of str
        Of `CODE`, `DATA`, `FEWER`, `MISSING`, `DAMAGED`; empty if the result is current.
    seconds : float or None
        What all seeds together took, if that is known.
    """

    name: str
    budget: str
    date: str
    problems: tuple
    seconds: float | None

    @property
    def age_days(self):
        """Days since the recording, or None."""
        if not self.date:
            return None
        return (datetime.date.today() - datetime.date.fromisoformat(self.date)).days


def state(name, budget="full", with_data=True):
    """Whether a recorded result is current.

    Parameters
    ----------
    name : str
        One of `mlbook.experiments.NAMES`.
    budget : str, default="full"
    with_data : bool, default=True
        Also compare the fingerprints of the data, for which the data sets must be read.

    Returns
    -------
    State
    """
    from mlbook import experiments

    experiment = experiments.get(name)
    if not result_path(name, budget).is_file():
        return State(name, budget, "", (MISSING,), None)
    try:
        content = load_result(name, budget).content
    except ResultError:
        return State(name, budget, "", (DAMAGED,), None)
    problems = []
    if len(content["seeds"]) < experiment.BUDGETS[budget].seeds:
        problems.append(FEWER)
    seen = {content["code"], *(entry["code"] for entry in content.get("verified", ()))}
    if code_key(experiment) not in seen:
        problems.append(CODE)
    if with_data:
        here = {name: datasets.load(name).fingerprint for name in experiment.DATASETS}
        if here != {d["name"]: d["fingerprint"] for d in content["data"]}:
            problems.append(DATA)
    seconds = sum(content["wall_seconds"].values())
    return State(name, budget, content["date"], tuple(problems), seconds)


def rerun(budget="full", names=None):
    """Record again what is missing or stale, under one bar for all.

    An interruption loses at most the seed that runs; the next call continues there.

    Parameters
    ----------
    budget : str, default="full"
    names : sequence of str or None
        Which experiments to look at; None is all.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    MlbookError
        After all others were tried, if some could not be made; the message says why.
    """
    from mlbook import experiments

    for name in names or experiments.NAMES:
        budget_of(experiments.get(name).BUDGETS, budget)
    states = [state(name, budget) for name in names or experiments.NAMES]
    waiting = [s for s in states if s.problems]
    if other := [s.name for s in waiting if DATA in s.problems]:
        raise MlbookError(
            f"the data here are not those of the recorded results ({', '.join(other)}): a re-run "
            "would replace numbers by those of other data. Get the canonical data first: "
            "mlbook data fetch --all"
        )
    n_seeds = {s.name: experiments.get(s.name).BUDGETS[budget].seeds for s in waiting}
    written, failed = [], []
    with bar(total=sum(map(_expected, waiting)), desc="results", bar_format=_BAR) as progress:
        for one in waiting:
            share = _expected(one) / n_seeds[one.name]
            progress.set_description(one.name)
            try:
                tick = functools.partial(progress.update, share)
                written.append(runner.record(one.name, budget, on_seed=tick))
            except MlbookError as error:
                failed.append(f"{one.name}: {error}")
    if failed:
        raise MlbookError("not made again:\n" + "\n".join(failed))
    return written


def verify(name, budget="full", seed=0):
    """Run one seed again and compare it with the recorded one.

    Parameters
    ----------
    name : str
    budget : str, default="full"
    seed : int, default=0

    Returns
    -------
    pandas.DataFrame
        One row for each arm and measure that is not a time: the recorded value of the seed, the
        value now, the interval that a single run should lie in, and whether it does. If the
        data are the recorded ones and all values are equal, the result file says from now on
        that the code of today was seen to give them.

    Raises
    ------
    ResultError
        If nothing is recorded, or not this seed, or not what the experiment measures now.
    """
    import pandas as pd

    from mlbook import experiments

    experiment = experiments.get(name)
    recorded = load_result(name, budget)
    if seed not in recorded.content["seeds"]:
        raise ResultError(
            f"{name} was recorded at {budget} budget with the seeds "
            f"{recorded.content['seeds']}, not with {seed}"
        )
    for extra in getattr(experiment, "EXTRAS", ()):
        demand(extra)
    data = {d: datasets.load(d) for d in experiment.DATASETS}
    # before the run: code that is edited meanwhile was not seen to give anything
    code = code_key(experiment)
    start = time.perf_counter()
    arms = experiment.run(budget, seed, data)
    seconds = time.perf_counter() - start
    rows = []
    known = recorded.content["arms"]
    for arm, measures in arms.items():
        for measure, now in _scalars(measures).items():
            if arm not in known or measure not in known[arm]["measures"]:
                raise ResultError(
                    f"the experiment now measures {measure} of {arm}, which {name}.{budget}.json "
                    f"does not have; record it again: mlbook results update {name}"
                )
            before = known[arm]["measures"][measure]["values"].get(str(seed))
            if before is None:
                continue
            low, high = single_run(recorded, arm, measure)
            rows.append(
                {
                    "arm": arm,
                    "measure": measure,
                    "recorded": before,
                    "now": now,
                    "equal": bool(np.isclose(before, now, rtol=1e-6, atol=1e-9, equal_nan=True)),
                    "low": low,
                    "high": high,
                    "inside": bool(low <= now <= high or np.isclose(before, now)),
                }
            )
    found = pd.DataFrame(rows)
    here = {d: dataset.fingerprint for d, dataset in data.items()}
    same_data = here == {d["name"]: d["fingerprint"] for d in recorded.content["data"]}
    if same_data and found["equal"].all():
        _note(recorded, code, budget, seed, seconds)
    return found


def single_run(recorded, arm, measure):
    """Where the value of one more seed should lie, with 95 % probability: (low, high).

    From the spread over the recorded seeds; with one seed, or none that differ, from the number
    of test items (for a share).
    """
    from scipy import stats

    values = recorded.values(arm, measure)
    n = len(values)
    mean = float(np.mean(values))
    half = 0.0
    if n > 1:
        half = stats.t.ppf(0.975, n - 1) * values.std(ddof=1) * np.sqrt(1 + 1 / n)
    if measure == "accuracy" and 0 <= mean <= 1:
        interval = evaluation.wilson(mean, recorded.content["items_used"]["test"])
        half = max(half, interval.high - mean, mean - interval.low)
    return mean - half, mean + half


def _scalars(measures):
    """What `run` returned for one arm as numbers, times left out."""
    found = {k: float(v) for k, v in measures.items() if np.isscalar(v)}
    if "correct" in measures:
        found["accuracy"] = float(np.mean(measures["correct"]))
    return {k: v for k, v in found.items() if not any(part in k for part in _TIMES)}


def _note(recorded, code, budget, seed, seconds):
    content = dict(recorded.content)
    if code == content["code"]:
        return
    entry = {
        "code": code,
        "seed": seed,
        "seconds": round(seconds, 2),
        "date": datetime.date.today().isoformat(),
    }
    older = [e for e in content.get("verified", ()) if e["code"] != code]
    content["verified"] = [*older, entry]
    runner.write_json(result_path(recorded.experiment, budget), content)


def _expected(one):
    # what was never recorded is taken for ten minutes
    return one.seconds or 600.0
