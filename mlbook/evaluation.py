"""How well, how sure, and is the difference real: measures, intervals and paired tests.

Two kinds of repetition occur in the book, and they need different intervals. On one fixed
test set the *items* vary: Wilson's interval for a share, McNemar's test and the bootstrap
for a paired difference. Over seeds that draw a new split the *splits* vary: Student's t
over the seeds, with the variance corrected for splits that share their data.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as _mcnemar
from statsmodels.stats.proportion import proportion_confint

BETTER, WORSE, UNDECIDED = "better", "worse", "no difference shown"


@dataclass(frozen=True)
class Interval:
    """A value with its confidence interval.

    Attributes
    ----------
    value, low, high : float
        In the unit of what was measured; a share lies between 0 and 1.
    method : str
        How the interval was made, in words.
    """

    value: float
    low: float
    high: float
    method: str

    def percent(self, digits=2):
        """The share and its interval in percent, as text."""
        value, low, high = (f"{100 * x:.{digits}f}" for x in (self.value, self.low, self.high))
        return f"{value} % [{low}, {high}]"

    def verdict(self):
        """What a difference says: 'better', 'worse' or 'no difference shown'."""
        if self.low > 0:
            return BETTER
        return WORSE if self.high < 0 else UNDECIDED


@dataclass(frozen=True)
class McNemar:
    """McNemar's test of two classifiers on the same items.

    Attributes
    ----------
    only_first, only_second : int
        Items that only the first, or only the second, got right.
    p_value : float
        Probability of a split at least this uneven if both err equally often.
    """

    only_first: int
    only_second: int
    p_value: float


def accuracy(y_true, y_pred, confidence=0.95):
    """Share of correct predictions, with Wilson's interval.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_items,)
    confidence : float, default=0.95

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        If the two do not have the same length, or are empty.
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.ndim != 1 or y_true.shape != y_pred.shape:
        raise ValueError(
            f"y_true and y_pred must be vectors of one length, got {y_true.shape} and "
            f"{y_pred.shape} (one-hot labels? take argmax first)"
        )
    return share(y_true == y_pred, confidence)


def share(correct, confidence=0.95):
    """Share of true values, with Wilson's interval.

    Parameters
    ----------
    correct : array-like of bool, shape (n_items,)
    confidence : float, default=0.95

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        If empty or not boolean, or the confidence is not between 0 and 1.

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22, 1927.
    """
    (correct,) = _outcomes(correct)
    return wilson(correct.mean(), len(correct), confidence)


def wilson(value, n_items, confidence=0.95):
    """Wilson's interval for a share that was seen among n_items.

    Parameters
    ----------
    value : float
        The share, between 0 and 1.
    n_items : int
    confidence : float, default=0.95

    Returns
    -------
    Interval
    """
    _check_confidence(confidence)
    low, high = proportion_confint(value * n_items, n_items, 1 - confidence, method="wilson")
    return Interval(
        float(value), float(low), float(high), f"Wilson's interval over {n_items:,} test items"
    )


def mcnemar(first_correct, second_correct):
    """McNemar's test: do two classifiers err equally often on the same items?

    Exact (binomial) when fewer than 25 items tell the two apart, else the chi-square
    approximation with continuity correction.

    Parameters
    ----------
    first_correct, second_correct : array-like of bool, shape (n_items,)
        Whether each classifier got each item right; same items, same order.

    Returns
    -------
    McNemar

    Raises
    ------
    ValueError
        If the two do not match, are empty or not boolean.

    References
    ----------
    Q. McNemar, Note on the sampling error of the difference between correlated proportions or
    percentages, Psychometrika 12, 1947.
    """
    first, second = _outcomes(first_correct, second_correct)
    table = [
        [np.sum(first & second), np.sum(first & ~second)],
        [np.sum(~first & second), np.sum(~first & ~second)],
    ]
    only_first, only_second = int(table[0][1]), int(table[1][0])
    if only_first + only_second == 0:
        return McNemar(0, 0, 1.0)
    test = _mcnemar(table, exact=only_first + only_second < 25, correction=True)
    return McNemar(only_first, only_second, float(test.pvalue))


def paired_difference(first, second, confidence=0.95, n_resamples=2000, seed=0):
    """Mean difference first - second over the same items, with a bootstrap interval.

    Parameters
    ----------
    first, second : array-like of shape (n_items,)
        Per-item scores; booleans for right and wrong, or shares where several seeds were
        averaged for each item.
    confidence : float, default=0.95
    n_resamples : int, default=2000
    seed : int, default=0

    Returns
    -------
    Interval
        The percentile bootstrap interval.

    Raises
    ------
    ValueError
        If the two do not match, are empty or not finite.
    """
    _check_confidence(confidence)
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.ndim != 1 or first.shape != second.shape or not len(first):
        raise ValueError(
            "a paired difference needs two non-empty vectors over the same items, got shapes "
            f"{first.shape} and {second.shape}"
        )
    differences = first - second
    if not np.isfinite(differences).all():
        raise ValueError("a paired difference needs finite values, got NaN or infinity")
    method = f"bootstrap over {len(differences):,} paired test items"
    value = float(differences.mean())
    if np.ptp(differences) == 0:
        return Interval(value, value, value, method)
    interval = stats.bootstrap(
        (differences,),
        np.mean,
        n_resamples=n_resamples,
        batch=max(1, 2**22 // len(differences)),
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(value, float(interval.low), float(interval.high), method)


def over_seeds(values, confidence=0.95, test_to_train=0.0):
    """Mean over seeds with a Student interval.

    Parameters
    ----------
    values : array-like of shape (n_seeds,)
        One value a seed; for a paired difference, the difference within each seed.
    confidence : float, default=0.95
    test_to_train : float, default=0.0
        Size of a test part over the size of its training part when the seeds draw overlapping
        splits of one data set. Such splits are not independent, and the plain interval is too
        narrow; this adds the correction of Nadeau and Bengio. 0 for independent repetitions.

    Returns
    -------
    Interval
        With one seed the limits are NaN: one number carries no interval.

    Raises
    ------
    ValueError
        If there is no value, or one is not finite.

    References
    ----------
    C. Nadeau and Y. Bengio, Inference for the generalization error, Machine Learning 52, 2003.
    """
    _check_confidence(confidence)
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError("over_seeds needs a non-empty vector of finite values, one a seed")
    n_seeds, mean = len(values), float(values.mean())
    if n_seeds == 1:
        return Interval(mean, float("nan"), float("nan"), "one seed, no interval")
    error = np.sqrt(values.var(ddof=1) * (1 / n_seeds + test_to_train))
    half = float(stats.t.ppf((1 + confidence) / 2, n_seeds - 1) * error)
    corrected = ", corrected for overlapping splits" if test_to_train else ""
    return Interval(mean, mean - half, mean + half, f"t over {n_seeds} seeds{corrected}")


def _outcomes(*outcomes):
    arrays = [np.asarray(outcome) for outcome in outcomes]
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1 or arrays[0].ndim != 1 or not len(arrays[0]):
        raise ValueError(
            "need non-empty vectors of right/wrong over the same items, got shapes "
            + " and ".join(str(array.shape) for array in arrays)
        )
    if any(array.dtype != bool for array in arrays):
        raise ValueError("need booleans (right or wrong per item): compare labels first")
    return arrays


def _check_confidence(confidence):
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence!r}")
