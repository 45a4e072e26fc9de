"""Verification: error rates by counting, hand cases, honest thresholds."""

import numpy as np
import pytest

from mlbook.verification import pair_scores, roc, verify


def people(seed, first, n_people=8, n_each=6, spread=0.6):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(first, first + n_people), n_each)
    centres = rng.normal(size=(n_people, 8))
    return centres[labels - first] + spread * rng.normal(size=(len(labels), 8)), labels


def test_hand_case():
    """Three pairs of each kind; at the threshold 0.6 one of three is wrong on both sides."""
    curve = roc([0.9, 0.8, 0.4, 0.6, 0.3, 0.1], [True, True, True, False, False, False])
    assert curve.eer() == pytest.approx(1 / 3)
    assert curve.eer_threshold() == 0.6
    assert curve.tar_at_far(1 / 3) == 1.0
    assert curve.threshold_at_far(1 / 3) == 0.4
    assert curve.tar_at_far(0.6) == 1.0
    assert (curve.n_same, curve.n_different) == (3, 3)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [([2.0, 1.0], 0.0), ([1.0, 2.0], 1.0), ([1.0, 1.0], 0.5)],
)
def test_equal_error_rate_at_the_ends(scores, expected):
    assert roc(scores, [True, False]).eer() == pytest.approx(expected)


def test_rates_equal_counting():
    rng = np.random.default_rng(0)
    same = rng.random(400) < 0.3
    scores = np.round(rng.normal(size=400) + 1.5 * same, 1)  # with ties
    curve = roc(scores, same)
    for far, tar, threshold in zip(curve.far, curve.tar, curve.thresholds, strict=True):
        assert far == pytest.approx((scores[~same] >= threshold).mean())
        assert tar == pytest.approx((scores[same] >= threshold).mean())
    best = max((scores[same] >= t).mean() for t in scores if (scores[~same] >= t).mean() <= 0.05)
    assert curve.tar_at_far(0.05) == pytest.approx(best)
    threshold = curve.threshold_at_far(0.05)
    assert (scores[~same] >= threshold).mean() <= 0.05
    assert (scores[~same] >= np.max(scores[scores < threshold])).mean() > 0.05
    # the two error rates around the equal error rate
    misses, accepts = 1 - curve.tar, curve.far
    assert (accepts[accepts <= misses]).max() <= curve.eer() <= accepts[accepts >= misses].min()


def test_a_monotone_change_of_the_scores_changes_no_rate():
    rng = np.random.default_rng(1)
    scores, same = rng.normal(size=200), rng.random(200) < 0.5
    before, after = roc(scores, same), roc(np.exp(scores), same)
    np.testing.assert_array_equal(before.far, after.far)
    assert before.eer() == after.eer()


def test_pair_scores():
    x, pairs = [[3.0, 4.0], [0.0, 2.0], [0.0, 0.0]], [[0, 1], [0, 2]]
    np.testing.assert_allclose(pair_scores(x, pairs), [0.8, 0.0])
    np.testing.assert_allclose(pair_scores(x, pairs, normalize=False), [-np.sqrt(13), -5.0])


def test_threshold_comes_from_the_validation_part_alone():
    validation, test = people(0, 0), people(1, 100)
    found = verify(*validation, *test, target_far=0.05, seed=3)
    assert found.threshold == found.validation.threshold_at_far(0.05)
    shifted = verify(*validation, *people(2, 100, spread=0.1), target_far=0.05, seed=3)
    assert shifted.threshold == found.threshold
    place = np.flatnonzero(found.test.thresholds >= found.threshold)[-1]
    assert found.far == pytest.approx(found.test.far[place])
    assert found.frr == pytest.approx(1 - found.test.tar[place])
    assert verify(*validation, *test).threshold == found.validation.eer_threshold()


def test_a_score_at_the_threshold_is_accepted():
    """One same pair at distance 1; two different ones, at distances 1 and 2."""
    points, labels = np.array([[0.0], [1.0], [2.0]]), np.array([0, 0, 1])
    found = verify(points, labels, points, labels + 5, target_far=0.5, normalize=False)
    assert found.threshold == -1
    assert (found.far, found.frr) == (0.5, 0)


def test_people_in_both_parts_are_refused():
    with pytest.raises(ValueError, match="1 identities are in both .*split by identity"):
        verify(*people(0, 0), *people(1, 7))


@pytest.mark.parametrize(
    ("scores", "same", "words"),
    [
        ([1.0, 2.0], [True, True], "both kinds"),
        ([1.0, 2.0], [1, 0], "boolean"),
        ([1.0, np.nan], [True, False], "finite"),
        ([1.0, 2.0, 3.0], [True, False], "one score a pair"),
    ],
)
def test_bad_input(scores, same, words):
    with pytest.raises(ValueError, match=words):
        roc(scores, same)


def test_a_rate_that_the_pairs_cannot_show():
    curve = roc(np.arange(200.0), np.arange(200) >= 100)
    with pytest.raises(ValueError, match="100 different pairs cannot show .* 1,000 are needed"):
        curve.tar_at_far(0.001)
    assert curve.tar_at_far(0.01) == 1
    with pytest.raises(ValueError, match="rate"):
        curve.tar_at_far(0)


def test_pairs_and_labels_that_do_not_fit_are_refused():
    x, y = np.eye(6), np.array([0, 0, 1, 1, 2, 2])
    for pairs in ([[0, 1, 2]], [0, 1], [[0.0, 1.0]]):
        with pytest.raises(ValueError, match="integers of shape"):
            pair_scores(x, pairs)
    for pairs in ([[0, -1]], [[0, 6]]):
        with pytest.raises(ValueError, match="must lie in 0 .. 5"):
            pair_scores(x, pairs)
    with pytest.raises(ValueError, match="the test part has 6 embeddings and labels of shape"):
        verify(x, y, x, y[:-1] + 9)
