"""Results: built from the runs of the seeds, stored as JSON, and read by chapters and claims.

This module is the only way from a measurement to a table, a figure or a sentence.
"""

import json
import math
import re
from dataclasses import dataclass

import numpy as np

from mlbook import evaluation, paths
from mlbook.errors import ResultError, UnknownNameError
from mlbook.experiments.summary import difference_over_seeds, unpack

SCHEMA = 1
_FINDINGS = ("reader", "full")
# shares, shown in percent
MEASURES = {
    "accuracy": "accuracy",
    "auc": "area under the ROC curve",
    "one_minus_eer": "1 - EER",
    "map_at_r": "MAP@R",
}
# a sweep names its arms NAME_SETTING
_SETTING = re.compile(r"_\d+(\.\d+)?(e[+-]?\d+)?$")


@dataclass(frozen=True)
class Result:
    """One experiment at one budget: all seeds, with intervals and differences.

    Attributes
    ----------
    content : dict
        What the JSON file holds.
    """

    content: dict

    @property
    def experiment(self):
        """Name of the experiment."""
        return self.content["experiment"]

    @property
    def budget(self):
        """Name of the budget."""
        return self.content["budget"]

    @property
    def baseline(self):
        """The arm that differences refer to."""
        return self.content["baseline"]

    @property
    def measure(self):
        """What the arms are compared by, a key of `MEASURES`."""
        return self.content.get("measure", "accuracy")

    @property
    def arms(self):
        """Descriptions of the arms, by name, in the experiment's order."""
        return {name: arm["label"] for name, arm in self.content["arms"].items()}

    @property
    def main_arms(self):
        """Names of the arms that are not single settings of a sweep, in order."""
        return [arm for arm in self.arms if not _SETTING.search(arm)]

    @property
    def is_canonical(self):
        """Whether every data set behind the numbers is the canonical one."""
        return all(data["tier"] == "canonical" for data in self.content["data"])

    @property
    def label(self):
        """What figures made from this result must show; empty if all data are canonical."""
        return "; ".join(data["label"] for data in self.content["data"] if data["label"])

    @property
    def caption(self):
        """Where the numbers come from, in one line; goes under every table and figure."""
        data = "; ".join(
            f"{d['name']} ({d['tier']}{' data' if d['tier'] != 'canonical' else ''}, "
            f"{d['counts']['train']:,} + {d['counts']['test']:,} items)"
            for d in self.content["data"]
        )
        used = self.content["items_used"]
        n_seeds = len(self.content["seeds"])
        text = (
            f"Measured: {self.experiment}, {self.budget} budget, {data}, trained on "
            f"{used['train']:,} and tested on {used['test']:,}, {n_seeds} "
            f"seed{'s' if n_seeds > 1 else ''}, {self.content['date']}."
        )
        if self.budget not in _FINDINGS:
            text += " A check that the code runs, not a finding."
        return text

    def values(self, arm, measure=None):
        """A measure of one arm, by default the main one, for each seed that ran it."""
        return np.array(list(self._measure(arm, measure)["values"].values()))

    def interval(self, arm, measure=None):
        """Mean of a measure, by default the main one, as `mlbook.evaluation.Interval`.

        Where all seeds answered the same test items, it is the wider of the interval over the
        items and that over the seeds.
        """
        entry = self._measure(arm, measure)
        interval = _stored(entry)
        if (measure or self.measure) == self.measure and "correct" in self._arm(arm):
            interval = _wider(interval, evaluation.over_seeds(self.values(arm)))
        low, high = interval.low, interval.high
        if (measure or self.measure) in MEASURES:
            # Student's interval does not know that a share ends at 0 and 1
            low, high = np.clip((low, high), 0.0, 1.0).tolist()
        return evaluation.Interval(entry["mean"], low, high, interval.method)

    def sweep(self, name, measure=None):
        """The arms `NAME_SETTING` of a sweep.

        Returns
        -------
        settings : ndarray of shape (n_settings,)
            In increasing order.
        intervals : list of Interval
            The measure at each setting.

        Raises
        ------
        UnknownNameError
            If the experiment has no such sweep.
        """
        found = {
            float(arm[len(name) + 1 :]): arm
            for arm in self.arms
            if (match := _SETTING.search(arm)) and arm[: match.start()] == name
        }
        if not found:
            sweeps = {a[: m.start()] for a in self.arms if (m := _SETTING.search(a))}
            raise UnknownNameError(f"sweep of {self.experiment}", name, sweeps)
        return np.array(sorted(found)), [self.interval(found[s], measure) for s in sorted(found)]

    def difference(self, arm, measure=None):
        """Paired difference arm - baseline with its 95 % interval, as from `compare`."""
        self._measure(arm, measure)
        entry = self.content["differences"].get(arm, {}).get(measure or self.measure)
        if entry is None:
            raise UnknownNameError("difference of arm", arm, self.content["differences"])
        if (measure or self.measure) == self.measure and "correct" in self._arm(arm):
            return self.compare(arm, self.baseline)
        return _stored(entry)

    def correct(self, arm):
        """Share of seeds that got each test item right, shape (n_items,).

        Raises
        ------
        ResultError
            If the seeds had different test items; then there is nothing to line up.
        """
        packed = self._arm(arm).get("correct")
        if packed is None:
            raise ResultError(
                f"{self.experiment} at {self.budget} budget drew other test items for each seed; "
                "only differences within a seed can be compared"
            )
        return np.mean([unpack(text, self._n_test) for text in packed.values()], axis=0)

    def compare(self, first, second):
        """Paired difference first - second of the main measure of any two arms.

        Where all seeds answered the same test items, it is the wider of two intervals: over the
        items (would it hold on other items?) and over the seeds (in another training?).
        """
        values = self._measure(first)["values"], self._measure(second)["values"]
        if not ("correct" in self._arm(first) and "correct" in self._arm(second)):
            return difference_over_seeds(*values, self.test_to_train)
        over_items = evaluation.paired_difference(self.correct(first), self.correct(second))
        if not set(values[0]) & set(values[1]):
            return over_items
        return _wider(over_items, difference_over_seeds(*values, 0.0))

    def mcnemar(self, first, second):
        """McNemar's test of two arms on the test items of the first seed that ran both."""
        packed = [self._arm(arm).get("correct") or {} for arm in (first, second)]
        shared = sorted(set(packed[0]) & set(packed[1]), key=int)
        if not shared:
            raise ResultError(f"no seed ran both {first} and {second} on the same stored items")
        return evaluation.mcnemar(*(unpack(side[shared[0]], self._n_test) for side in packed))

    def table(self, arms=None):
        """The main measure as a pandas frame, ready to show.

        Parameters
        ----------
        arms : sequence of str or None
            Which arms, in which order; None is all.

        Returns
        -------
        pandas.DataFrame
            Indexed by the arm's description; the measure in percent and difference to the baseline
            in percentage points, each with its 95 % interval, and what the difference says.
        """
        import pandas as pd

        against = f"against {self.arms[self.baseline]}"
        heading = f"{MEASURES[self.measure]}, % [95 % interval]"
        rows = {}
        for arm in self.arms if arms is None else arms:
            value = self.interval(arm)
            row = {
                heading: f"{100 * value.value:.2f} {_limits(value)}",
                "difference [95 % interval]": "",
                against: "(baseline)",
            }
            if arm != self.baseline:
                difference = self.difference(arm)
                row["difference [95 % interval]"] = (
                    f"{100 * difference.value:+.2f} {_limits(difference, sign=True)}"
                )
                row[against] = difference.verdict()
            rows[self.arms[arm]] = row
        return pd.DataFrame.from_dict(rows, orient="index")

    @property
    def _n_test(self):
        return self.content["items_used"]["test"]

    @property
    def test_to_train(self):
        """How much intervals over the seeds are widened for splits that overlap."""
        # older files do not say it; their splits were all taken to overlap
        used = self.content["items_used"]
        return self.content.get("test_to_train", used["test"] / used["train"])

    def _arm(self, arm):
        if arm not in self.content["arms"]:
            raise UnknownNameError(f"arm of {self.experiment}", arm, self.content["arms"])
        return self.content["arms"][arm]

    def _measure(self, arm, measure=None):
        measure = measure or self.measure
        measures = self._arm(arm)["measures"]
        if measure not in measures:
            raise UnknownNameError(f"measure of arm {arm}", measure, measures)
        return measures[measure]


def result_path(name, budget):
    """Where the recorded result of an experiment at a budget lies."""
    return paths.results() / f"{name}.{budget}.json"


def load_result(name, budget="full"):
    """The recorded result of an experiment.

    Raises
    ------
    ResultError
        If it was not recorded yet or the file is damaged; the message names the command.
    """
    known = ("smoke", *_FINDINGS)
    if budget not in known:
        raise UnknownNameError("budget", budget, known)
    path = result_path(name, budget)
    command = f"mlbook run {name} --budget {budget}"
    if not path.is_file():
        raise ResultError(f"no recorded result {path.name}; make it with: {command}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA or content["experiment"] != name:
            raise ValueError("it is of another schema or experiment")
        return Result(content)
    except (ValueError, KeyError, TypeError) as error:
        raise ResultError(
            f"{path.name} is damaged ({error}); restore it from version control or make it "
            f"again with: {command}"
        ) from error


def recorded():
    """Names and budgets of the result files that exist, as (name, budget) pairs."""
    files = sorted(paths.results().glob("*.*.json"))
    return [tuple(file.name.removesuffix(".json").rsplit(".", 1)) for file in files]


def _stored(entry):
    return evaluation.Interval(
        entry["mean"], _number(entry["low"]), _number(entry["high"]), entry["method"]
    )


def _wider(first, second):
    """The wider of two intervals; an interval of one seed has no width."""
    widths = [0.0 if math.isnan(i.low) else i.high - i.low for i in (first, second)]
    return first if widths[0] >= widths[1] else second


def _number(value):
    return float("nan") if value is None else value


def _limits(interval, sign=False):
    if math.isnan(interval.low):
        return "(one seed)"
    form = "+.2f" if sign else ".2f"
    # no line break within an interval
    return f"[{100 * interval.low:{form}},\N{NO-BREAK SPACE}{100 * interval.high:{form}}]"
