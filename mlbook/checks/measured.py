"""Checks that compare a claim with a recorded result."""

import re

from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, Outcome, graded
from mlbook.evaluation import BETTER
from mlbook.experiments.results import MEASURES

_LIMITS = re.compile(r"points \[([-+.\de]+), ([-+.\de]+)\]")


def accuracy_is_about(evidence, result, arm, quoted, digits=2):
    """Does the arm's accuracy, as measured, round to what the article prints?

    `quoted` is a share with `digits` decimals. Supported if the mean rounds to it; supported
    with conditions if only its interval reaches a value that does.
    """
    measured = evidence.result(*result)
    interval = measured.interval(arm)
    half = 0.5 * 10**-digits
    low, high = quoted - half, quoted + half
    text = f"{measured.arms[arm]}: {interval.percent()} ({measured.experiment})"
    if low <= interval.value < high:
        return Outcome(SUPPORTED, text)
    if interval.low < high and interval.high >= low:
        return Outcome(CONDITIONAL, f"{text}; only the interval reaches the quoted value")
    return Outcome(REFUTED, text)


def is_better(evidence, result, arm, than):
    """Is one arm's accuracy higher than another's, by more than chance explains?"""
    measured = evidence.result(*result)
    difference = measured.compare(arm, than)
    text = (
        f"{measured.arms[arm]} minus {measured.arms[than]}: {points(difference)} of "
        f"{MEASURES[measured.measure]} ({measured.experiment})"
    )
    return Outcome(SUPPORTED if difference.verdict() == BETTER else REFUTED, text)


def is_not_better(evidence, result, arm, than):
    """Does one arm fail to show a higher accuracy than another?"""
    outcome = is_better(evidence, result, arm, than)
    return Outcome(REFUTED if outcome.verdict == SUPPORTED else SUPPORTED, outcome.evidence)


def is_better_on(evidence, results, arm, than=None):
    """Is an arm better than another, by default the baseline, on each of several results?

    Supported if it is on all of them, supported with conditions if on some, else refuted.
    """
    texts, better = [], []
    for name, budget in results:
        measured = evidence.result(name, budget)
        difference = measured.compare(arm, than or measured.baseline)
        better.append(difference.verdict() == BETTER)
        # the part of the name that tells the results apart: metrics_wine, stream_dark
        texts.append(f"{name.partition('_')[2] or name}: {points(difference)}")
    named = measured.arms[arm], measured.arms[than or measured.baseline]
    return graded(
        better, f"{' minus '.join(named)}, {MEASURES[measured.measure]}: {'; '.join(texts)}"
    )


def each_is_better(evidence, result, pairs):
    """Is the first arm of each pair better than the second, in one result?

    Supported if in all pairs, supported with conditions if in some, else refuted.
    """
    outcomes = [is_better(evidence, result, arm, than) for arm, than in pairs]
    return graded(
        [outcome.verdict == SUPPORTED for outcome in outcomes],
        "; ".join(outcome.evidence for outcome in outcomes),
    )


def is_better_and_steadier(evidence, result, arm, than):
    """Is an arm better than another, and is it less spread over the seeds?

    Steadier is an arm whose variance over the seeds is smaller by an F test at 5 %. Supported if
    both are shown, supported with conditions if one is.
    """
    from scipy import stats

    outcome = is_better(evidence, result, arm, than)
    measured = evidence.result(*result)
    own, other = (measured.values(name).std(ddof=1) for name in (arm, than))
    n_seeds = len(measured.values(arm))
    chance = stats.f.sf((other / max(own, 1e-12)) ** 2, n_seeds - 1, n_seeds - 1)
    shown = [outcome.verdict == SUPPORTED, chance < 0.05]
    text = (
        f"{outcome.evidence}; spread over {n_seeds} seeds {100 * own:.2f} and {100 * other:.2f} "
        f"points (F test: p = {chance:.2g})"
    )
    return graded(shown, text)


def converges(evidence, result, arm):
    """Did the arm's optimiser report convergence, in every run?"""
    measured = evidence.result(*result)
    runs = measured.values(arm, "converged")
    text = f"converged in {int(runs.sum())} of {len(runs)} runs"
    return graded(runs, text)


def overfits(evidence, result, arm, by):
    """Is an arm more accurate on its training data than on new data, by more than this share?"""
    measured = evidence.result(*result)
    seen, new = (float(measured.values(arm, m).mean()) for m in ("train_accuracy", "accuracy"))
    text = f"{measured.arms[arm]}: {100 * seen:.1f} on training data, {100 * new:.1f} on new data"
    return Outcome(SUPPORTED if seen - new > by else REFUTED, text)


CHECKS = (
    accuracy_is_about,
    converges,
    each_is_better,
    is_better,
    is_better_and_steadier,
    is_better_on,
    is_not_better,
    overfits,
)


def points(difference):
    """A difference of accuracies in percentage points, with its interval, as text."""
    value, low, high = (
        _signed(100 * x) for x in (difference.value, difference.low, difference.high)
    )
    return f"{value} points [{low}, {high}]"


def limits_in(evidence):
    """The intervals of differences in a text, as `points` writes them: pairs of low and high."""
    return [tuple(map(float, found)) for found in _LIMITS.findall(evidence)]


def _signed(points):
    """With two decimals, or as many as tell on which side of zero it is."""
    return f"{points:+.2f}" if abs(points) >= 0.005 or not points else f"{points:+.1g}"
