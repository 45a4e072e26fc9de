"""The re-created functions compute what the article prints: loops, hand cases, and their faults."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis, pdist, squareform

from mlbook import as_printed
from mlbook.checks import Evidence
from mlbook.checks.base import REFUTED, SUPPORTED
from mlbook.checks.outputs import agrees, depends_on, differs, has_minimum, mentions, prints, runs

ARTICLE_X, ARTICLE_Y = [[1, 2], [2, 3]], [[2, 2], [3, 3]]


@pytest.fixture
def points():
    rng = np.random.default_rng(0)
    return rng.normal(size=(7, 3)), rng.normal(size=(7, 3))


def cityblock(u, v):
    return np.abs(u - v).sum()


def inverse_covariance(x):
    centred = x - x.mean(axis=0)
    return np.linalg.inv(centred.T @ centred / (len(x) - 1))


def test_mahalanobis_by_hand():
    assert as_printed.mahalanobis([1, 2], [2, 3], [[2, 0], [0, 2]]) == pytest.approx(1.0)
    # (3, 4) in units of the deviations 2 and 3
    assert as_printed.mahalanobis([0, 0], [6, 12], [[4, 0], [0, 9]]) == pytest.approx(5.0)
    with pytest.raises(np.linalg.LinAlgError):
        as_printed.mahalanobis([0, 0], [1, 1], [[1, 1], [1, 1]])


def test_fwhd_weights_are_the_loop(points):
    x, y = points
    w = np.zeros(7)
    for i in range(7):
        for j in range(7):
            if i != j:
                w[i] += 2 * 0.3 * (cityblock(x[i], x[j]) - cityblock(y[i], y[j]))
    np.testing.assert_allclose(as_printed.fwhd_weights(x, y, 0.3, "cityblock"), w / 7)


@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "sqeuclidean", "hamming"])
def test_fwhd_weights_vanish_for_points_moved_as_a_whole(points, metric):
    # halves, so that the move loses no digit and Hamming's comparison stays exact
    x = np.round(2 * points[0]) / 2
    moved = as_printed.fwhd_weights(x, x + [3.0, -1.0, 8.0], 0.3, metric)
    np.testing.assert_allclose(moved, 0, atol=1e-12)
    assert np.abs(as_printed.fwhd_weights(x, 2 * x + x**2, 0.3, metric)).max() > 0 or (
        metric == "hamming"
    )


def test_fwhd_weights_of_two_points_are_equal():
    for metric in ("canberra", "cosine", "braycurtis"):
        first, second = as_printed.fwhd_weights(ARTICLE_X, ARTICLE_Y, 0.1, metric)
        assert first == pytest.approx(second) and first != 0


def test_fwhd_objective_is_the_loop_and_unbounded(points):
    x, w = points[0], points[1][:, 0]
    value = 0.0
    for i in range(7):
        value += cityblock(x[i], x[i]) ** 2
        for j in range(7):
            if i != j:
                value -= 2 * w[i] * w[j] * cityblock(x[i], x[j])
    assert as_printed.fwhd_objective(w, x, "cityblock") == pytest.approx(value)
    # two points at the distance sqrt(2), each counted twice, and a factor 2
    assert as_printed.fwhd_objective([1, 1], ARTICLE_X) == pytest.approx(-4 * np.sqrt(2))
    assert as_printed.fwhd_objective([10, 10], ARTICLE_X) == pytest.approx(-400 * np.sqrt(2))


def test_go_is_the_loop(points):
    x = points[0]
    w = np.random.default_rng(1).normal(size=(7, 7))
    theta, objective = np.zeros(7), 0.0
    for i in range(7):
        for j in range(7):
            if i != j:
                theta[i] += 2 * w[i, j] * cityblock(x[i], x[j])
                objective += w[i, j] * cityblock(x[i], x[j])
    np.testing.assert_allclose(as_printed.go_parameters(x, None, w, "cityblock"), theta / 7)
    assert as_printed.go_objective(None, x, w, "cityblock") == pytest.approx(objective)


def test_go_leaves_out_the_pair_of_a_point_with_itself():
    w = [[100.0, 0.5], [0.5, 100.0]]
    found = as_printed.go_parameters(ARTICLE_X, None, w, lambda u, v: 7.0)
    np.testing.assert_allclose(found, [3.5, 3.5])
    assert as_printed.go_objective(None, ARTICLE_X, w, lambda u, v: 7.0) == pytest.approx(7.0)


def test_go_has_no_gradient_by_a_parameter_that_is_not_in_it():
    w = [[1, 0.5], [0.5, 1]]
    np.testing.assert_array_equal(as_printed.go_gradient(ARTICLE_X, w), [0, 0])
    assert np.abs(as_printed.go_parameters(ARTICLE_X, ARTICLE_Y, w)).min() > 0


def test_go_objective_needs_a_metric_for_each_sample(points):
    x, w = points[0][:3], np.arange(9.0).reshape(3, 3)
    alike = as_printed.go_objective_of_metrics(x, w, ["cityblock"] * 3)
    assert alike == pytest.approx(as_printed.go_objective(None, x, w, "cityblock"))
    mixed = as_printed.go_objective_of_metrics(x, w, ["cityblock", "euclidean", "cityblock"])
    assert mixed < alike
    with pytest.raises(ValueError, match="zip"):
        as_printed.go_objective_of_metrics(x, w, ["cityblock"] * 2)


def test_density_differences_by_hand():
    near, far = np.exp(-1), np.exp(-4)
    found = as_printed.density_differences([[0], [1], [3]], ["a", "a", "b"], None)
    np.testing.assert_allclose(found, [near - np.exp(-9), near - far, -np.exp(-9) - far])


def test_inverse_distances_are_normalised_over_all_pairs(points):
    x, y = points
    VI = inverse_covariance(x)
    expected = np.array([[1 / (mahalanobis(a, b, VI) + 1e-5) for b in y] for a in x])
    found = as_printed.fwhd_inverse_distances(x, y, None)
    np.testing.assert_allclose(found, expected / expected.sum())
    assert found.shape == (7, 7)
    np.testing.assert_allclose(found.sum(), 1)


def test_cds_is_the_loop_and_a_sum_of_distances(points):
    x, y = points
    VI = inverse_covariance(x)
    scores = np.zeros(7)
    for i in range(7):
        for j in range(7):
            if i != j:
                scores[i] += 0.2 * (mahalanobis(x[i], y[j], VI) - mahalanobis(x[i], y[i], VI))
    np.testing.assert_allclose(as_printed.cds_scores(x, y, 0.2), scores)
    sums = 0.2 * squareform(pdist(x, "mahalanobis", VI=VI)).sum(axis=1)
    np.testing.assert_allclose(as_printed.cds_scores(x, x, 0.2), sums)
    np.testing.assert_allclose(as_printed.distance_sums(x, x, 0.2), sums)


def test_optimiser_as_printed_needs_a_square(points):
    with pytest.raises(ValueError, match="broadcast"):
        as_printed.gradient_optimization(points[0], None)
    square = points[0][:3]
    W = np.random.default_rng(0).uniform(size=(3, 3))
    step = 0.02 * (square - W) * np.linalg.norm(square - W, axis=1)  # along the columns
    found = as_printed.gradient_optimization(square, None, num_epochs=1)
    np.testing.assert_allclose(found, W + step)


def test_optimiser_mended_multiplies_the_residual(points):
    x, start = points
    W = as_printed.gradient_optimization(x, None, 1, axis_mended=True, start=start)
    r = x - start
    shrunk = r * (1 - 0.02 * np.linalg.norm(r, axis=1, keepdims=True))
    np.testing.assert_allclose(x - W, shrunk)


def test_optimiser_copies_below_the_limit_and_overflows_above():
    def residual(length, n):
        x = np.array([[length, 0.0]])
        W = as_printed.gradient_optimization(x, None, n, axis_mended=True, start=np.zeros((1, 2)))
        return np.linalg.norm(x - W)

    assert residual(99.0, 5000) < 0.02
    assert residual(100.0, 7) == pytest.approx(100)
    assert residual(50.0, 1) == pytest.approx(0, abs=1e-12)
    with np.errstate(over="ignore", invalid="ignore"):
        assert not np.isfinite(residual(101.0, 100))
    # far above the limit each step squares: the logarithm about doubles
    logs = np.log([residual(1e4, n) for n in range(1, 5)])
    np.testing.assert_allclose(logs[1:] / logs[:-1], 2, rtol=0.25)


def test_start_is_not_changed():
    start = np.zeros((2, 2))
    for num_epochs in (0, 5):
        W = as_printed.gradient_optimization(ARTICLE_X, None, num_epochs, start=start)
        W += 1
        assert not start.any()


# the checks, on the real module


def test_prints_rounds_and_compares_shapes():
    arguments = {"x": ARTICLE_X, "y": ARTICLE_Y, "w": [[1, 0.49], [0.49, 1]]}  # gives 0.98
    assert prints(Evidence(), "go_parameters", arguments, [1, 1], 1).verdict == SUPPORTED
    assert prints(Evidence(), "go_parameters", arguments, [1, 1], 2).verdict == REFUTED
    assert prints(Evidence(), "go_parameters", arguments, 1, 1).verdict == REFUTED
    below = arguments | {"w": [[1, 0.46], [0.46, 1]]}  # 0.92 rounds to 0.9
    assert prints(Evidence(), "go_parameters", below, [1, 1], 1).verdict == REFUTED
    assert "[0.98, 0.98]" in prints(Evidence(), "go_parameters", arguments, [1, 1], 2).evidence


def test_a_slip_of_ours_is_not_a_verdict():
    with pytest.raises(TypeError):
        runs(Evidence(), "go_parameters", {"wrong": 1})
    with pytest.raises(AttributeError):
        runs(Evidence(), "no_such_function", {})


def test_a_stop_is_no_evidence_for_the_article():
    x = {"x": [[0, 0], [1, 0], [0, 2]], "y": None}
    for check in (agrees, differs):
        outcome = check(Evidence(), "gradient_optimization", x, "unchanged", x)
        assert outcome.verdict == REFUTED and "broadcast" in outcome.evidence


def test_depends_on_finds_what_matters():
    fixed = {"x": ARTICLE_X, "y": ARTICLE_Y}
    found = depends_on(Evidence(), "fwhd_weights", "lmbda", [1, 2], fixed)
    assert found.verdict == REFUTED  # zero times anything
    fixed["y"] = [[2, 2], [3, 4]]
    found = depends_on(Evidence(), "fwhd_weights", "lmbda", [1, 2], fixed)
    assert found.verdict == SUPPORTED


def test_has_minimum_needs_the_right_direction():
    arguments = {"x": ARTICLE_X}
    for direction, verdict in (([1, -1], SUPPORTED), ([1, 1], REFUTED)):
        outcome = has_minimum(Evidence(), "fwhd_objective", "w", [direction], arguments)
        assert outcome.verdict == verdict


def test_mentions_ignores_case():
    assert mentions(Evidence(), "sklearn", "mAHALANOBIS").verdict == SUPPORTED
