"""FWHD, MDC and CDS: hand cases, loops over pairs, optimality, gradients, the axioms, bad input."""

import warnings

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.optimize import approx_fprime
from sklearn.base import clone
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlbook.axioms import check_axioms
from mlbook.distances import hartley, hartley_transform
from mlbook.linear import Covariance, cds
from mlbook.linear.cds import CDS, default_bandwidth, different_moment, log_overlap
from mlbook.linear.fwhd import FWHD, simplex_weights
from mlbook.linear.mdc import MDC, symmetric_inverse_root
from mlbook.linear.scatter import class_means
from mlbook.linear.stiefel import retract, tangent
from mlbook.neighbors import MetricKNeighborsClassifier

LEARNERS = [FWHD(), FWHD(0.3, shape=(2, 3)), MDC(), MDC(0.2), CDS(), CDS(4, bandwidth=1.0)]


@pytest.fixture
def blobs():
    """Three classes of 30, 20 and 10 samples, correlated features, 6 of them."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1, 2], [30, 20, 10]))
    X = rng.normal(size=(60, 6)) @ rng.normal(size=(6, 6)) + 3 * rng.normal(size=(3, 6))[y]
    return X, y


def draw_surrounded(seed):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], 40)
    X = rng.normal(size=(80, 4)) * [0.3, 1, 2, 1]
    X[y == 0, 0] += np.repeat([-3, 3], 20)
    return X, y


@pytest.fixture
def surrounded():
    """Two classes with one mean: the first lies on both sides of the second, feature 0 of 4."""
    return draw_surrounded(1)


def loop_over_pairs(X, y):
    """Ordered pairs' differences, of the same class and of different classes."""
    pairs = [(i, j) for i in range(len(X)) for j in range(len(X)) if i != j]
    same = np.array([X[i] - X[j] for i, j in pairs if y[i] == y[j]])
    different = np.array([X[i] - X[j] for i, j in pairs if y[i] != y[j]])
    return same, different


@parametrize_with_checks(
    [FWHD(), FWHD(0.1), MDC(), MDC(0.3), CDS(), CDS(ridge=0), CDS(batch_size=8)]
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learn_estimator_checks(estimator, check):
    check(estimator)


# --- FWHD ---


def test_fwhd_hand_case():
    # Coefficients are (a + b, a - b) / sqrt(2). Within classes each is off by sqrt(1/2); class
    # means differ by (3, 3), which is sqrt(18) in the first and nothing in the second.
    X, y = [[0, 0], [0, 1], [3, 3], [3, 4]], [0, 0, 1, 1]
    metric = FWHD().fit(X, y)
    np.testing.assert_allclose(metric.same_moments_, [0.5, 0.5])
    np.testing.assert_allclose(metric.different_moments_, [18.25, 0.25])
    np.testing.assert_allclose(metric.weights_, [73 / 74, 1 / 74], rtol=1e-6)
    flatter = FWHD(temperature=2).fit(X, y)
    np.testing.assert_allclose(flatter.weights_[0] / flatter.weights_[1], np.sqrt(73), rtol=1e-6)


@pytest.mark.parametrize("shape", [None, (2, 3), (3, 2)])
def test_moments_equal_a_loop_over_pairs(blobs, shape):
    X, y = blobs
    same, different = loop_over_pairs(X + 100, y)
    metric = FWHD(shape=shape).fit(X + 100, y)
    np.testing.assert_allclose(
        metric.same_moments_, np.mean(hartley_transform(same, shape) ** 2, axis=0)
    )
    np.testing.assert_allclose(
        metric.different_moments_, np.mean(hartley_transform(different, shape) ** 2, axis=0)
    )


def test_moments_keep_their_digits_far_from_zero(blobs):
    X, y = blobs
    near, far = FWHD().fit(X, y), FWHD().fit(X + 1e7, y)
    np.testing.assert_allclose(near.different_moments_, far.different_moments_, rtol=1e-6)


def weight_objective(w, same, different, temperature):
    return w @ np.log(same / different) + temperature * w @ np.log(w)


@pytest.mark.parametrize("temperature", [0.2, 1.0, 5.0])
def test_closed_form_is_the_minimum_on_the_simplex(blobs, temperature):
    metric = FWHD(temperature).fit(*blobs)
    same, different, w = metric.same_moments_, metric.different_moments_, metric.weights_
    lowest = weight_objective(w, same, different, temperature)
    ratios = (different / same) ** (1 / temperature)
    assert lowest == pytest.approx(-temperature * np.log(ratios.sum()), rel=1e-6)
    # KKT: the gradient is the same in every coordinate
    gradient = np.log(same / different) + temperature * (1 + np.log(w))
    np.testing.assert_allclose(gradient, gradient[0], rtol=1e-6)
    rng = np.random.default_rng(0)
    nearby = w * np.exp(0.01 * rng.normal(size=(200, 6)))
    for other in np.vstack([rng.dirichlet(np.ones(6), 200), nearby]):
        other = other / other.sum()
        above = weight_objective(other, same, different, temperature) - lowest
        assert above > 0
        divergence = np.sum(other * np.log(other / w))
        assert above == pytest.approx(temperature * divergence, rel=1e-4, abs=1e-7)


def test_temperature_leads_from_the_best_coefficient_to_euclid(blobs):
    X, y = blobs
    hot, cold = FWHD(1e9).fit(X, y), FWHD(1e-3).fit(X, y)
    expected = np.linalg.norm(X[:30] - X[30:], axis=1) / np.sqrt(6)
    pairs = np.stack([X[:30], X[30:]], axis=1)
    np.testing.assert_allclose(hot.pair_distance(pairs), expected)
    best = np.argmax(cold.different_moments_ / cold.same_moments_)
    np.testing.assert_allclose(cold.weights_, np.eye(6)[best], atol=1e-9)
    assert FWHD(1e-300).fit(X, y).weights_.sum() == pytest.approx(1)


@pytest.mark.parametrize("shape", [None, (2, 3)])
def test_fwhd_is_the_hartley_distance(blobs, shape):
    X, y = blobs
    metric = FWHD(shape=shape).fit(X, y)
    expected = hartley(X[0], X[1:], metric.weights_, shape)
    pairs = np.stack([np.broadcast_to(X[0], X[1:].shape), X[1:]], axis=1)
    np.testing.assert_allclose(metric.pair_distance(pairs), expected)
    singular = np.linalg.svd(metric.components_, compute_uv=False)
    assert metric.condition_number_ == pytest.approx(singular[0] / singular[-1])


def test_even_weights_do_not_see_cyclic_shifts():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 9))
    w = rng.dirichlet(np.ones(9))
    even = (w + np.roll(w[::-1], 1)) / 2  # w_k and w_(-k) averaged
    shifted = np.roll(x, 4), np.roll(y, 4)
    assert hartley(*shifted, even) == pytest.approx(hartley(x, y, even))
    assert hartley(*shifted, w) != pytest.approx(hartley(x, y, w))


def test_constant_features_and_perfect_coefficients():
    # feature means separate the classes perfectly; the differences are constant
    X = np.array([[1.0, 1.0], [1.0, 1.0], [4.0, 4.0], [4.0, 4.0]])
    weights = FWHD().fit(X, [0, 0, 1, 1]).weights_
    np.testing.assert_allclose(weights, [1, 0], atol=1e-6)
    assert (weights > 0).all()
    np.testing.assert_allclose(simplex_weights(np.zeros(3), np.array([0, 0, 2.0]), 1e12), 1 / 3)


# --- MDC ---


def test_mdc_hand_case():
    # Uncorrelated, equal variances, means apart by (4, 2): shares 16 : 4.
    X = np.array([[0, 0], [0, 2], [2, 0], [2, 2], [4, 2], [4, 4], [6, 2], [6, 4]])
    metric = MDC().fit(X, np.repeat([0, 1], 4))
    np.testing.assert_allclose(metric.coefficients_, [0.8, 0.2])
    np.testing.assert_allclose(metric.deviations_, np.sqrt([4 / 3, 4 / 3]))
    assert metric.separation_ == pytest.approx((16 + 4) / (4 / 3) / 4)
    assert metric.pair_distance([[[0, 0], [1, 0]]]) == pytest.approx(np.sqrt(0.8 * 3 / 4))


def test_mdc_of_two_classes_is_the_share_of_the_mahalanobis_distance(blobs):
    X, y = blobs
    X, y = X[y < 2], y[y < 2]
    metric = MDC(shrinkage=0).fit(X, y)
    S = Covariance("within").fit(X, y).covariance_
    difference = X[y == 0].mean(axis=0) - X[y == 1].mean(axis=0)
    D2 = difference @ np.linalg.solve(S, difference)
    deviations = np.sqrt(S.diagonal())
    values, vectors = np.linalg.eigh(S / np.outer(deviations, deviations))
    omega = vectors @ np.diag(values**-0.5) @ vectors.T @ (difference / deviations)
    np.testing.assert_allclose(metric.coefficients_, omega**2 / D2)
    assert metric.separation_ == pytest.approx(30 * 20 / 50**2 * D2)


def test_mdc_shares_are_the_trace_and_sum_to_one(blobs):
    X, y = blobs
    metric = MDC(shrinkage=0).fit(X, y)
    S = Covariance("within").fit(X, y).covariance_
    means = np.array([X[y == c].mean(axis=0) for c in range(3)]) - X.mean(axis=0)
    between = (means.T * np.array([30, 20, 10]) / 60) @ means
    assert metric.separation_ == pytest.approx(np.trace(np.linalg.solve(S, between)))
    assert metric.coefficients_.min() >= 0
    assert metric.coefficients_.sum() == pytest.approx(1)
    # the naive terms of the same trace are not shares: some are negative
    assert np.diag(np.linalg.solve(S, between)).min() < 0


@pytest.mark.parametrize("shrinkage", ["auto", 0, 0.5])
def test_mdc_does_not_depend_on_units(blobs, shrinkage):
    X, y = blobs
    units = np.array([1e-3, 1, 1, 10, 1e5, 7])
    plain, other = MDC(shrinkage).fit(X, y), MDC(shrinkage).fit(X * units, y)
    np.testing.assert_allclose(plain.coefficients_, other.coefficients_)
    np.testing.assert_allclose(plain.transform(X), other.transform(X * units))


def test_full_shrinkage_ignores_correlations(blobs):
    X, y = blobs
    metric = MDC(shrinkage=1).fit(X, y)
    t = [
        np.sum([np.sum(y == c) * (f[y == c].mean() - f.mean()) ** 2 for c in range(3)]) / s**2
        for f, s in zip(X.T, metric.deviations_, strict=True)
    ]
    np.testing.assert_allclose(metric.coefficients_, t / np.sum(t))


def test_automatic_shrinkage_equals_ledoit_wolf(blobs):
    X, y = blobs
    means = np.array([X[y == c].mean(axis=0) for c in range(3)])
    residuals = (X - means[y]) / np.std(X - means[y], axis=0)
    expected = ledoit_wolf_shrinkage(residuals, assume_centered=True)
    metric = MDC().fit(X, y)
    assert metric.shrinkage_ == pytest.approx(expected)
    assert 0 < metric.shrinkage_ < 1
    with_constant = np.column_stack([X, np.full(60, 0.1)])
    assert MDC().fit(with_constant, y).shrinkage_ == pytest.approx(expected)


def test_mdc_ignores_constant_features_and_trusts_perfect_ones(blobs):
    X, y = blobs
    metric, more = MDC().fit(X, y), MDC().fit(np.column_stack([X, np.full(60, 0.1)]), y)
    np.testing.assert_allclose(more.coefficients_, np.append(metric.coefficients_, 0), atol=1e-12)
    assert more.deviations_[-1] == 0
    perfect = MDC().fit(np.column_stack([X, y * 0.1]), y)
    assert perfect.coefficients_[-1] > 0.999
    assert np.isfinite(perfect.components_).all()
    all_perfect = MDC().fit([[1, 0], [1, 0], [2, 1], [2, 1]], [0, 0, 1, 1])
    np.testing.assert_allclose(all_perfect.coefficients_, [0.5, 0.5])


def test_singular_correlations(blobs):
    X, y = blobs
    doubled = np.column_stack([X, X[:, 0] - X[:, 1]])
    with pytest.raises(np.linalg.LinAlgError, match="singular .rank 6 of 7 .* shrinkage"):
        MDC(shrinkage=0).fit(doubled, y)
    assert MDC().fit(doubled, y).coefficients_.sum() == pytest.approx(1)
    A = symmetric_inverse_root(np.array([[2.0, 1.0], [1.0, 2.0]]))
    np.testing.assert_allclose(A @ A @ [[2, 1], [1, 2]], np.eye(2), atol=1e-12)


# --- CDS ---


def brute_overlap(Z, y, bandwidth):
    terms = [
        np.exp(-np.sum((Z[i] - Z[j]) ** 2) / (4 * bandwidth**2))
        for i in range(len(Z))
        for j in range(len(Z))
        if y[i] != y[j]
    ]
    return np.mean(terms)


def test_overlap_equals_a_loop_over_pairs_and_the_integral_of_densities(blobs):
    X, y = blobs
    assert np.exp(log_overlap(X, y, 2.0)[0]) == pytest.approx(brute_overlap(X, y, 2.0))
    # one dimension, two classes: integral of p_a p_b = mean kernel / sqrt(4 pi h^2)
    a, b, h = X[:9, 0], X[9:20, 0], 0.7
    grid = np.linspace(-40, 40, 20001)
    densities = [
        np.exp(-((grid[:, None] - c) ** 2) / (2 * h**2)).mean(axis=1) / np.sqrt(2 * np.pi * h**2)
        for c in (a, b)
    ]
    integral = np.sum(densities[0] * densities[1]) * (grid[1] - grid[0])
    mean_kernel = brute_overlap(X[:20, :1], np.repeat([0, 1], [9, 11]), h)
    assert integral == pytest.approx(mean_kernel / np.sqrt(4 * np.pi * h**2), rel=1e-6)


@pytest.mark.parametrize("bandwidth", [0.5, 2.0, 50.0])
def test_gradient_of_the_overlap_equals_finite_differences(blobs, bandwidth):
    Z, y = blobs[0][:15, :3], blobs[1][:15]
    _, gradient = log_overlap(Z, y, bandwidth)
    numeric = approx_fprime(
        Z.ravel(), lambda z: log_overlap(z.reshape(15, 3), y, bandwidth)[0], 1e-6
    )
    np.testing.assert_allclose(gradient.ravel(), numeric, atol=1e-4 * np.abs(numeric).max())


def test_gradient_on_the_manifold_equals_finite_differences(blobs):
    X, y = blobs
    rng = np.random.default_rng(3)
    Q, direction = retract(rng.normal(size=(6, 2))), rng.normal(size=(6, 2))
    _, gradient = log_overlap(X @ Q, y, 1.5)
    slope = tangent(Q, X.T @ gradient)
    np.testing.assert_allclose(Q.T @ slope, 0, atol=1e-10)
    direction = tangent(Q, direction)
    up, down = (log_overlap(X @ retract(Q + t * direction), y, 1.5)[0] for t in (1e-5, -1e-5))
    assert np.sum(slope * direction) == pytest.approx((up - down) / 2e-5, rel=1e-5)
    # the part left out only rotates: no change to first order
    rotated, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    assert log_overlap(X @ Q @ rotated, y, 1.5)[0] == pytest.approx(log_overlap(X @ Q, y, 1.5)[0])


def test_overlap_survives_tiny_bandwidths(blobs):
    X, y = blobs
    value, gradient = log_overlap(X, y, 1e-4)
    assert value < -1e5 and np.isfinite(gradient).all() and np.abs(gradient).max() > 0


@pytest.mark.parametrize("ridge", [0, 0.1, 3.0])
@pytest.mark.parametrize("batch_size", [16, 1024])
def test_constraint_holds(blobs, ridge, batch_size):
    X, y = blobs
    metric = CDS(2, ridge=ridge, batch_size=batch_size, random_state=0).fit(X, y)
    S = Covariance("within", ridge=ridge).fit(X, y).covariance_
    np.testing.assert_allclose(metric.components_ @ S @ metric.components_.T, np.eye(2), atol=1e-8)


def test_objective_never_rises_and_ends_where_the_gradient_vanishes(surrounded):
    X, y = surrounded
    # a slope of 1e-6 changes the sum over pairs by less than some processors round it
    metric = CDS(1, tol=1e-4).fit(X, y)
    assert np.all(np.diff(metric.objective_) <= 0)
    assert metric.objective_[-1] < metric.objective_[0] - 0.1
    assert metric.n_iter_ == len(metric.objective_)
    assert np.exp(metric.objective_[-1]) == pytest.approx(
        brute_overlap(metric.transform(X), y, metric.bandwidth_)
    )
    whitening = Covariance("within", ridge=0.1).fit(X, y).components_
    Q = np.linalg.solve(whitening.T, metric.components_.T)
    _, gradient = log_overlap(metric.transform(X), y, metric.bandwidth_)
    slope = tangent(Q, whitening @ (X.T @ gradient))
    assert np.linalg.norm(slope) <= 1e-4


@pytest.mark.parametrize("batch_size", [24, 1024])
def test_cds_beats_random_feasible_maps_and_lda(surrounded, batch_size):
    X, y = surrounded
    metric = CDS(1, batch_size=batch_size, random_state=0).fit(X, y)
    learned = log_overlap(metric.transform(X), y, metric.bandwidth_)[0]
    whitening = Covariance("within", ridge=0.1).fit(X, y).components_
    rng = np.random.default_rng(4)
    for _ in range(200):
        random_map = retract(rng.normal(size=(4, 1))).T @ whitening
        # a tie with a map of the same direction, found by chance, is possible
        assert learned < log_overlap(X @ random_map.T, y, metric.bandwidth_)[0] + 1e-3
    direction = metric.components_[0] * X.std(axis=0)
    assert np.abs(direction[0]) > 5 * np.abs(direction[1:]).max()


def test_cds_finds_what_lda_cannot(surrounded):
    accuracy = [
        MetricKNeighborsClassifier(3, metric).fit(*surrounded).score(*draw_surrounded(2))
        for metric in (CDS(1), LinearDiscriminantAnalysis(n_components=1))
    ]
    assert accuracy[0] == 1 and accuracy[1] < 0.9


def test_wide_kernels_give_lda():
    rng = np.random.default_rng(5)
    y = np.repeat([0, 1, 2], 40)
    X = rng.normal(size=(120, 5)) @ rng.normal(size=(5, 5)) + 2 * rng.normal(size=(3, 5))[y]
    lda = LinearDiscriminantAnalysis(solver="eigen").fit(X, y).scalings_[:, :2]
    wide = CDS(bandwidth=1e3, ridge=0, tol=1e-12).fit(X, y).components_.T
    assert subspace_angles(lda, wide).max() < 1e-3
    narrow = CDS(bandwidth=0.5, ridge=0).fit(X, y).components_.T
    assert subspace_angles(lda, narrow).max() > 0.02


def test_different_moment_equals_a_loop_over_pairs(blobs):
    X, y = blobs
    _, differences = loop_over_pairs(X, y)
    counts = np.bincount(y)
    moment = different_moment(X, y, counts, *class_means(X, y, counts))
    np.testing.assert_allclose(moment, differences.T @ differences / len(differences))


def test_default_bandwidth(blobs):
    X, y = blobs
    metric = CDS(2, max_iter=500, random_state=0).fit(X, y)
    start = CDS(2, bandwidth=1e6, ridge=0.1).fit(X, y).transform(X)  # stays at the initial map
    _, differences = loop_over_pairs(start, y)
    near = np.quantile(np.linalg.norm(differences, axis=1), 0.1)
    assert metric.bandwidth_ == pytest.approx(near / 4)
    # most points of different classes coincide; then all do
    points, groups = np.zeros((10, 1)), np.arange(10) % 2
    rng = np.random.default_rng(0)
    assert default_bandwidth(points, groups, np.eye(1), rng) == 0.5
    points[0] = 3
    assert default_bandwidth(points, groups, np.eye(1), rng) == pytest.approx(3 * 5 / 25 / 4)


def test_as_many_components_as_features_is_the_within_class_mahalanobis_distance(blobs):
    X, y = blobs
    expected = Covariance("within", ridge=0.1).fit(X, y).get_mahalanobis_matrix()
    for batch_size in (20, 100):
        metric = CDS(6, batch_size=batch_size, random_state=0).fit(X, y)
        np.testing.assert_allclose(metric.get_mahalanobis_matrix(), expected, atol=1e-8)


def test_batches_repeat_with_the_seed_and_survive_rare_classes(blobs):
    X, y = blobs
    first, second, other = (
        CDS(batch_size=16, random_state=seed).fit(X, y).components_ for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
    rare = np.where(np.arange(60) == 7, "rare", "common")
    metric = CDS(batch_size=4, random_state=0).fit(X, rare)
    assert np.isfinite(metric.objective_).all()


@pytest.mark.parametrize("batch_size", [16, 1024])
def test_warns_when_not_converged(surrounded, batch_size):
    with pytest.warns(ConvergenceWarning, match="max_iter=3 iterations before it converged") as w:
        metric = CDS(2, max_iter=3, tol=1e-9, batch_size=batch_size).fit(*surrounded)
    assert w[0].filename == __file__
    assert metric.n_iter_ == len(metric.objective_) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CDS(2, batch_size=batch_size, random_state=0).fit(*surrounded)


def test_interrupt_leaves_the_estimator_as_it_was(blobs, monkeypatch):
    X, y = blobs
    calls = iter(range(100))

    def interrupted(*arguments):
        if next(calls) == 2:
            raise KeyboardInterrupt
        return log_overlap(*arguments)

    monkeypatch.setattr(cds, "log_overlap", interrupted)
    metric = CDS()
    with pytest.raises(KeyboardInterrupt):
        metric.fit(X, y)
    with pytest.raises(NotFittedError):
        metric.transform(X)
    fitted = CDS().fit(X, y)
    before = fitted.transform(X)
    with pytest.raises(ValueError, match="one class only"):
        fitted.fit(X[:, :3], np.zeros(60))
    np.testing.assert_array_equal(fitted.transform(X), before)


# --- all of them ---


@pytest.mark.parametrize("learner", LEARNERS, ids=str)
def test_learned_distances_obey_the_axioms(blobs, learner):
    X, y = blobs
    metric = clone(learner).fit(X, y)
    expected = "metric on these points"
    if isinstance(learner, CDS):
        # different points that differ by what the map does not see
        expected = "pseudo-metric on these points"
        X = np.vstack([X, X[0] + np.linalg.svd(metric.components_)[2][-1]])
    assert check_axioms(metric.get_metric(), X[-20:]).failures == ()
    points = np.vstack([X[:1], X[-15:]])
    assert check_axioms(metric.get_metric(), points).kind == expected


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (FWHD(0), "temperature must be a finite number > 0"),
        (FWHD(-1.0), "temperature"),
        (FWHD(np.nan), "temperature"),
        (FWHD(np.inf), "temperature"),
        (FWHD("warm"), "temperature"),
        (FWHD(True), "temperature"),
        (FWHD(shape=(2, 2)), "holds 4 values, but the vectors have 6"),
        (FWHD(shape=6), "shape must be None or"),
        (FWHD(shape=()), "shape must be None or"),
        (MDC("much"), "shrinkage must be 'auto' or a number from 0 to 1"),
        (MDC(1.5), "shrinkage"),
        (MDC(-0.1), "shrinkage"),
        (MDC(None), "shrinkage"),
        (CDS(0), "n_components must be an integer >= 1"),
        (CDS(7), "n_components=7 asks for more than 6 dimensions"),
        (CDS(1.5), "n_components"),
        (CDS(bandwidth=0), "bandwidth must be a finite number > 0"),
        (CDS(bandwidth="wide"), "bandwidth"),
        (CDS(ridge=-1), "ridge"),
        (CDS(batch_size=1), "batch_size must be an integer >= 2"),
        (CDS(max_iter=0), "max_iter"),
        (CDS(tol=0), "tol"),
    ],
    ids=str,
)
def test_wrong_parameters(blobs, learner, message):
    with pytest.raises(ValueError, match=message):
        learner.fit(*blobs)


def test_equal_class_means_leave_mdc_nothing_to_share():
    X = [[-1, 0], [1, 0], [0, -2], [0, 2]]
    with pytest.raises(ValueError, match="the class means are equal"):
        MDC().fit(X, [0, 0, 1, 1])


def test_no_spread_within_classes_leaves_cds_without_a_scale():
    with pytest.raises(ValueError, match="do not differ within their classes"):
        CDS().fit([[0, 0], [0, 0], [1, 1], [1, 1]], [0, 0, 1, 1])
    with pytest.raises(ValueError, match="more than 1 dimensions, in which samples of a class"):
        CDS(2, ridge=0).fit([[0, 0], [1, 0], [0, 1], [1, 1]], [0, 0, 1, 1])
