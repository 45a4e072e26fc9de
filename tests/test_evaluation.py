"""Intervals and tests: against hand cases and against what is known of them."""

import numpy as np
import pytest
from scipy import stats

from mlbook import evaluation
from mlbook.evaluation import Interval


def outcomes(n_right, n):
    return np.arange(n) < n_right


def test_wilson_interval_of_a_known_case():
    # 8 of 10: centre (8 + 1.92) / (10 + 3.84), half-width by Wilson's formula
    z = stats.norm.ppf(0.975)
    centre = (8 + z**2 / 2) / (10 + z**2)
    half = z / (10 + z**2) * np.sqrt(10 * 0.8 * 0.2 + z**2 / 4)
    interval = evaluation.share(outcomes(8, 10))
    assert interval.value == 0.8
    assert interval.low == pytest.approx(centre - half)
    assert interval.high == pytest.approx(centre + half)
    assert "Wilson" in interval.method


def test_wilson_at_the_edges_stays_within_zero_and_one():
    perfect = evaluation.share(np.ones(50, dtype=bool))
    assert perfect.high == pytest.approx(1.0) and 0.9 < perfect.low < 1
    assert evaluation.share(np.zeros(50, dtype=bool)).low == pytest.approx(0.0)


def test_accuracy_of_labels():
    assert evaluation.accuracy(["a", "b", "b", "a"], ["a", "b", "a", "a"]).value == 0.75
    with pytest.raises(ValueError, match="argmax"):
        evaluation.accuracy([0, 1], [[1, 0], [0, 1]])
    with pytest.raises(ValueError, match="one length"):
        evaluation.accuracy([0, 1], [1])


def test_mcnemar_exact_hand_case():
    # 1 against 5: two-sided binomial, 2 (C(6,0) + C(6,1)) / 2^6 = 14 / 64
    first = np.array([1, 0, 0, 0, 0, 0, 1, 1, 0], dtype=bool)
    second = np.array([0, 1, 1, 1, 1, 1, 1, 1, 0], dtype=bool)
    test = evaluation.mcnemar(first, second)
    assert (test.only_first, test.only_second) == (1, 5)
    assert test.p_value == pytest.approx(14 / 64)
    assert evaluation.mcnemar(second, first).p_value == pytest.approx(14 / 64)


def test_mcnemar_large_uses_chi_square_with_correction():
    first, second = outcomes(100, 200), np.roll(outcomes(60, 200), 100)
    test = evaluation.mcnemar(first, second)
    assert (test.only_first, test.only_second) == (100, 60)
    assert test.p_value == pytest.approx(stats.chi2.sf((abs(100 - 60) - 1) ** 2 / 160, 1))


def test_mcnemar_of_equal_classifiers():
    assert evaluation.mcnemar(outcomes(3, 9), outcomes(3, 9)).p_value == 1.0


def test_bootstrap_agrees_with_the_normal_approximation():
    rng = np.random.default_rng(0)
    first, second = rng.random(4000) < 0.9, rng.random(4000) < 0.88
    interval = evaluation.paired_difference(first, second)
    differences = first.astype(float) - second
    assert interval.value == pytest.approx(differences.mean())
    error = 1.96 * differences.std() / np.sqrt(4000)
    assert interval.low == pytest.approx(interval.value - error, abs=error / 10)
    assert interval.high == pytest.approx(interval.value + error, abs=error / 10)
    assert interval == evaluation.paired_difference(first, second), "the seed must fix it"


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for seed in range(200):
        first, second = rng.random(300) < 0.8, rng.random(300) < 0.7
        interval = evaluation.paired_difference(first, second, n_resamples=300, seed=seed)
        hits += interval.low <= 0.1 <= interval.high
    assert 0.90 <= hits / 200 <= 0.98


def test_pairing_matters():
    # always right together but for a few items: pairing makes the small difference visible
    first = outcomes(900, 1000)
    second = outcomes(885, 1000)
    assert evaluation.paired_difference(first, second).verdict() == "better"
    shuffled = np.random.default_rng(0).permutation(second)
    assert evaluation.paired_difference(first, shuffled).verdict() == "no difference shown"


def test_constant_difference_needs_no_bootstrap():
    interval = evaluation.paired_difference(np.ones(5), np.zeros(5))
    assert (interval.low, interval.value, interval.high) == (1, 1, 1)


def test_student_interval_over_seeds():
    values = [0.90, 0.92, 0.94]
    interval = evaluation.over_seeds(values)
    expected = stats.t.interval(0.95, 2, loc=0.92, scale=stats.sem(values))
    assert (interval.low, interval.high) == pytest.approx(expected)
    corrected = evaluation.over_seeds(values, test_to_train=0.25)
    widening = (corrected.high - 0.92) / (interval.high - 0.92)
    assert widening == pytest.approx(np.sqrt((1 / 3 + 0.25) / (1 / 3)))


def test_one_seed_has_no_interval():
    interval = evaluation.over_seeds([0.9])
    assert np.isnan(interval.low) and np.isnan(interval.high)
    assert interval.verdict() == "no difference shown"


def test_verdicts():
    assert Interval(0.1, 0.05, 0.15, "").verdict() == "better"
    assert Interval(-0.1, -0.15, -0.05, "").verdict() == "worse"
    assert Interval(0.1, -0.05, 0.25, "").verdict() == "no difference shown"
    assert Interval(0.123456, 0.1, 0.2, "").percent(1) == "12.3 % [10.0, 20.0]"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evaluation.share([]), "non-empty"),
        (lambda: evaluation.share([0.5, 1.0]), "booleans"),
        (lambda: evaluation.share([True], confidence=95), "between 0 and 1"),
        (lambda: evaluation.mcnemar([True, False], [True]), "same items"),
        (lambda: evaluation.paired_difference([1.0], [1.0, 2.0]), "same items"),
        (lambda: evaluation.paired_difference([np.nan], [1.0]), "finite"),
        (lambda: evaluation.over_seeds([]), "non-empty"),
        (lambda: evaluation.over_seeds([np.inf]), "finite"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
