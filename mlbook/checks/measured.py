"""Checks that compare a claim with a recorded result."""

from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, Outcome
from mlbook.evaluation import BETTER


def accuracy_is_about(evidence, result, arm, quoted, digits=2):
    """Does the arm's accuracy, as measured, round to what the article prints?

    `quoted` is a share with `digits` decimals. Supported if the mean rounds to it; supported
    with conditions if only its interval reaches a value that does.
    """
    measured = evidence.result(*result)
    interval = measured.interval(arm)
    half = 0.5 * 10**-digits
    low, high = quoted - half, quoted + half
    text = f"{measured.arms[arm]}: {interval.percent()}"
    if low <= interval.value < high:
        return Outcome(SUPPORTED, text)
    if interval.low < high and interval.high >= low:
        return Outcome(CONDITIONAL, f"{text}; only the interval reaches the quoted value")
    return Outcome(REFUTED, text)


def is_better(evidence, result, arm, than):
    """Is one arm's accuracy higher than another's, by more than chance explains?"""
    measured = evidence.result(*result)
    difference = measured.compare(arm, than)
    text = f"{measured.arms[arm]} minus {measured.arms[than]}: {_points(difference)}"
    return Outcome(SUPPORTED if difference.verdict() == BETTER else REFUTED, text)


def is_not_better(evidence, result, arm, than):
    """Does one arm fail to show a higher accuracy than another?"""
    outcome = is_better(evidence, result, arm, than)
    return Outcome(REFUTED if outcome.verdict == SUPPORTED else SUPPORTED, outcome.evidence)


def is_better_on(evidence, results, arm, than=None):
    """Is an arm better than another, by default the baseline, on each of several results?

    Supported if it is on all of them, supported with conditions if on some, else refuted.
    """
    texts, n_better = [], 0
    for name, budget in results:
        measured = evidence.result(name, budget)
        difference = measured.compare(arm, than or measured.baseline)
        n_better += difference.verdict() == BETTER
        # the part of the name that tells the results apart: metrics_wine, stream_dark
        texts.append(f"{name.partition('_')[2] or name}: {_points(difference)}")
    if n_better == len(results):
        return Outcome(SUPPORTED, "; ".join(texts))
    return Outcome(CONDITIONAL if n_better else REFUTED, "; ".join(texts))


def converges(evidence, result, arm):
    """Did the arm's optimiser report convergence, in every run?"""
    measured = evidence.result(*result)
    runs = measured.values(arm, "converged")
    text = f"converged in {int(runs.sum())} of {len(runs)} runs"
    if runs.all():
        return Outcome(SUPPORTED, text)
    return Outcome(CONDITIONAL if runs.any() else REFUTED, text)


CHECKS = (accuracy_is_about, converges, is_better, is_better_on, is_not_better)


def _points(difference):
    value, low, high = (
        f"{100 * x:+.2f}" for x in (difference.value, difference.low, difference.high)
    )
    return f"{value} points [{low}, {high}]"
