"""From the runs of the seeds to arms, intervals and paired differences."""

import base64
import math

import numpy as np

from mlbook import evaluation
from mlbook.errors import ResultError


def main_measure(experiment):
    """What the experiment's arms are compared by: its MEASURE, by default "accuracy"."""
    return getattr(experiment, "MEASURE", "accuracy")


def summarise(experiment, runs, same_items):
    """Arms and differences, with intervals, from the runs of the seeds.

    Parameters
    ----------
    experiment : module
    runs : dict of int to dict
        What `experiment.run` returned for each seed.
    same_items : bool
        Whether all seeds were tested on the same items.

    Returns
    -------
    dict
        The parts `arms`, `differences` and `items_used` of a result file.
    """
    measure = main_measure(experiment)
    first = next(m for arms in runs.values() for m in arms.values())
    n_train = int(first["n_train"])
    n_test = len(first["correct"]) if "correct" in first else int(first["n_test"])
    ratio = test_to_train(experiment, n_test, n_train)
    arms = {}
    for arm, label in experiment.ARMS.items():
        per_seed = {seed: run[arm] for seed, run in runs.items() if arm in run}
        if per_seed:
            arms[arm] = _summarise_arm(label, per_seed, measure, same_items, ratio)

    baseline = arms[experiment.BASELINE]
    differences = {}
    for arm, entry in arms.items():
        if arm == experiment.BASELINE:
            continue
        if same_items:
            sides = [_mean_correct(side, n_test) for side in (entry, baseline)]
            interval = evaluation.paired_difference(*sides)
        else:
            interval = difference_over_seeds(
                entry["measures"][measure]["values"], baseline["measures"][measure]["values"], ratio
            )
        differences[arm] = {measure: _entry(interval) | {"verdict": interval.verdict()}}
    return {
        "arms": arms,
        "differences": differences,
        "items_used": {"train": n_train, "test": n_test},
        "test_to_train": ratio,
    }


def test_to_train(experiment, n_test, n_train):
    """How much the intervals over seeds are widened because the seeds' splits overlap.

    An experiment whose seeds share next to no training items says `INDEPENDENT = True`: then the
    runs are independent repetitions, and the answer is 0.
    """
    return 0.0 if getattr(experiment, "INDEPENDENT", False) else n_test / n_train


def difference_over_seeds(first, second, test_to_train):
    """Paired difference of two arms over the seeds that ran both, as an Interval.

    Parameters
    ----------
    first, second : dict of str to float
        Values by seed.
    test_to_train : float
        Size of a test part over the size of its training part.

    Raises
    ------
    ResultError
        If no seed ran both.
    """
    shared = [seed for seed in first if seed in second]
    if not shared:
        raise ResultError("the two arms share no seed")
    return evaluation.over_seeds(
        [first[s] - second[s] for s in shared], test_to_train=test_to_train
    )


def pack(correct):
    """Right or wrong for each item, shape (n_items,), as text of one character for six items."""
    return base64.b64encode(np.packbits(correct).tobytes()).decode("ascii")


def unpack(text, n_items):
    """The booleans that `pack` made into text, shape (n_items,)."""
    packed = np.frombuffer(base64.b64decode(text), dtype=np.uint8)
    return np.unpackbits(packed, count=n_items).astype(bool)


def _summarise_arm(label, per_seed, measure, same_items, ratio):
    measures = {}
    scalars = [key for key, value in next(iter(per_seed.values())).items() if np.isscalar(value)]
    has_items = all("correct" in run for run in per_seed.values())
    if has_items:
        accuracies = {seed: float(np.mean(run["correct"])) for seed, run in per_seed.items()}
        if same_items:
            n_items = len(next(iter(per_seed.values()))["correct"])
            interval = evaluation.wilson(np.mean(list(accuracies.values())), n_items)
        else:
            interval = evaluation.over_seeds(list(accuracies.values()), test_to_train=ratio)
        measures["accuracy"] = {"values": _by_seed(accuracies)} | _entry(interval)
    for key in scalars:
        values = {seed: float(run[key]) for seed, run in per_seed.items()}
        overlap = ratio if key == measure else 0.0
        interval = evaluation.over_seeds(list(values.values()), test_to_train=overlap)
        measures[key] = {"values": _by_seed(values)} | _entry(interval)
    arm = {"label": label, "measures": measures}
    if has_items and same_items:
        arm["correct"] = _by_seed({seed: pack(run["correct"]) for seed, run in per_seed.items()})
    return arm


def _mean_correct(arm, n_test):
    return np.mean([unpack(text, n_test) for text in arm["correct"].values()], axis=0)


def _by_seed(values):
    return {str(seed): value for seed, value in values.items()}


def _entry(interval):
    limits = (None if math.isnan(x) else x for x in (interval.low, interval.high))
    low, high = limits
    return {"mean": interval.value, "low": low, "high": high, "method": interval.method}
