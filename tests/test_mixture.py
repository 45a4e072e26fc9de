"""The mixtures of metrics: against general solvers, exhaustive search, brute force, the axioms."""

import itertools
import math
import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad, linprog, minimize
from scipy.spatial.distance import cdist, pdist
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.preprocessing import KBinsDiscretizer, Normalizer
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlbook.linear import Covariance, LinearMetric
from mlbook.linear.go import GO, curvature, move, triplet_loss
from mlbook.linear.lso import LSO, project_to_simplex
from mlbook.linear.mixture import mixture_map, split
from mlbook.linear.mixture_metrics import (
    Discriminant,
    Euclid,
    default_metrics,
    fit_base_metrics,
    linear_map,
)
from mlbook.linear.mixture_triplets import draw_triplets, triplet_margins
from mlbook.linear.sco import SCO, anneal, leave_one_out_error, squared_distances, stratified_sample
from mlbook.neighbors import MetricKNeighborsClassifier

LEARNERS = (GO, LSO, SCO)


class Columns(LinearMetric):
    """Euclid's distance on some columns; fitted from the start."""

    def __init__(self, columns=(0,), n_features=4):
        self.columns = columns
        self.n_features = n_features
        self.n_features_in_ = n_features
        self._set_components(np.eye(n_features)[list(columns)])

    def fit(self, X, y=None):
        return self


@pytest.fixture
def blobs():
    """Four features, three classes; column 0 tells the classes apart, the others do not."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1, 2], 20))
    X = rng.normal(size=(60, 4)) * [0.3, 1.0, 1.0, 3.0]
    X[:, 0] += y
    return X, y


@pytest.fixture
def columns():
    return [Columns((m,)) for m in range(4)]


def random_simplex(rng, size, n=1):
    return rng.dirichlet(np.ones(size), n)


def random_z(seed, n_triplets=80, n_metrics=3):
    """Margins with a minimiser inside the simplex as often as not."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_triplets, n_metrics)) + rng.normal(size=n_metrics) / 4


@parametrize_with_checks([GO(), LSO(), SCO(), GO(holdout=0, step_size=0.1, average=True, tol=1)])
def test_scikit_learn_estimator_checks(estimator, check):
    check(estimator)


# --- the mixture as a metric ---------------------------------------------------------------


@pytest.mark.parametrize("learner", LEARNERS)
def test_learned_distance_is_the_mixture_of_its_base_metrics(blobs, learner):
    X, y = blobs
    learned = learner(random_state=0).fit(X, y)
    assert len(learned.metrics_) == len(learned.weights_) == len(default_metrics())
    u, v = np.random.default_rng(1).normal(size=(2, 50, 4))
    expected = np.zeros(50)
    for metric, weight in zip(learned.metrics_, learned.weights_, strict=True):
        mean_square = np.mean(pdist(metric.transform(X)) ** 2)
        expected += weight / mean_square * ((metric.transform(u) - metric.transform(v)) ** 2).sum(1)
    distances = learned.pair_distance(np.stack([u, v], axis=1))
    np.testing.assert_allclose(distances**2, expected)
    scales = [np.mean(pdist(metric.transform(X)) ** 2) for metric in learned.metrics_]
    np.testing.assert_allclose(learned.scales_, scales)
    assert learned.components_.shape[0] <= 4
    spectrum = np.linalg.svd(learned.components_, compute_uv=False)
    assert learned.condition_number_ == pytest.approx(spectrum[0] / spectrum[-1])


@pytest.mark.parametrize("learner", LEARNERS)
def test_weights_are_on_the_simplex_and_the_distance_obeys_the_axioms(blobs, learner):
    X, y = blobs
    learned = learner(random_state=0).fit(X, y)
    assert (learned.weights_ >= 0).all() and learned.weights_.sum() == pytest.approx(1)
    distance = learned.get_metric()
    points = np.random.default_rng(2).normal(size=(8, 4)) * 3
    for u, v, w in itertools.product(points, repeat=3):
        assert distance(u, v) == pytest.approx(distance(v, u))
        assert distance(u, w) <= distance(u, v) + distance(v, w) + 1e-9
    assert all(distance(u, u) == 0 for u in points)
    different = [distance(u, v) for u, v in itertools.combinations(points, 2)]
    assert min(different) > 1e-6


def test_pseudo_metrics_mix_to_a_metric_exactly_if_together_they_see_every_direction(blobs):
    X, y = blobs
    parts = [Columns((0, 1)), Columns((1, 2)), Columns((3,))]
    assert np.linalg.matrix_rank(LSO(parts, C=1e-9).fit(X, y).components_) == 4
    blind = LSO(parts[:2], C=1e-9).fit(X, y)
    assert blind.pair_distance([[np.zeros(4), [0, 0, 0, 5.0]]]) == 0
    assert blind.condition_number_ < 10  # the blind direction does not count


def test_zero_weights_leave_no_rows():
    maps = [np.diag([2.0, 0, 0])[:1], np.eye(3)]
    L, condition = mixture_map(maps, [0.25, 0.0])
    np.testing.assert_array_equal(L, [[1, 0, 0]])
    assert condition == 1
    L, condition = mixture_map(maps, [0.5, 0.5])  # four rows, reduced to three
    assert L.shape == (3, 3) and condition == pytest.approx(math.sqrt(5))
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    blind = np.array([[1.0, 0, 0], [0, 2, 0], [3, 3, 0]]) @ turn  # of one direction, nearly
    assert mixture_map([blind, blind], [0.5, 0.5])[1] < 10
    np.testing.assert_allclose(L.T @ L, np.diag([2.5, 0.5, 0.5]), atol=1e-12)


@pytest.mark.parametrize("learner", LEARNERS)
def test_one_perfect_metric_among_noise_gets_the_weight(blobs, columns, learner):
    X, y = blobs
    X = X.copy()
    X[:, 0] = 10 * y + np.arange(60) / 60
    learned = learner(columns, random_state=0).fit(X, y)
    assert learned.weights_.argmax() == 0
    # GO asks for ever more distance; the others have no reason to once all are right
    assert learned.weights_[0] > {GO: 0.95, LSO: 0.5, SCO: 0.25}[learner]
    assert MetricKNeighborsClassifier(3, learned).fit(X, y).score(X, y) == 1
    if learner is SCO:
        assert learned.objective_[-1] == 0


def test_useful_on_wine():
    X, y = load_wine(return_X_y=True)
    test = np.arange(len(X)) % 3 == 0
    scores = {}
    for metric in (None, *(learner(random_state=0) for learner in LEARNERS)):
        model = MetricKNeighborsClassifier(3, metric).fit(X[~test], y[~test])
        scores[type(metric).__name__] = model.score(X[test], y[test])
    assert min(scores[learner.__name__] for learner in LEARNERS) > scores["NoneType"] + 0.15


# --- triplets ------------------------------------------------------------------------------


def test_triplets_are_the_near_ones_of_the_right_classes(blobs):
    X, y = blobs
    maps = [np.eye(4), np.diag([3.0, 0, 1, 0])]
    triplets = draw_triplets(X, y, maps, 10**6, 0)
    mixed = cdist(X, X, "sqeuclidean") + cdist(X @ maps[1], X @ maps[1], "sqeuclidean")
    expected = set()
    for i in range(60):
        alike = [j for j in np.argsort(mixed[i]) if y[j] == y[i] and j != i][:3]
        others = [j for j in np.argsort(mixed[i]) if y[j] != y[i]][:10]
        expected |= {(i, int(j), int(k)) for j in alike for k in others}
    assert len(triplets) == 60 * 30
    assert {tuple(map(int, triplet)) for triplet in triplets} == expected


def test_triplets_are_shared_out_evenly_and_repeatably(blobs):
    X, y = blobs
    few = draw_triplets(X, y, [np.eye(4)], 150, 3)
    assert len(np.unique(few, axis=0)) == 150
    assert set(np.bincount(few[:, 0])) == {2, 3}
    np.testing.assert_array_equal(few, draw_triplets(X, y, [np.eye(4)], 150, 3))
    assert not np.array_equal(few, draw_triplets(X, y, [np.eye(4)], 150, 4))
    assert len(np.unique(draw_triplets(X, y, [np.eye(4)], 40, 0)[:, 0])) == 40


def test_triplets_of_small_classes():
    X = np.arange(5.0)[:, np.newaxis]
    triplets = draw_triplets(X, np.array([0, 0, 1, 2, 2]), [np.eye(1)], 100, 0)
    # position 2 is alone in its class: an impostor, never an anchor or a target
    assert set(triplets[:, 0]) == {0, 1, 3, 4} and 2 not in triplets[:, 1]
    assert len(triplets) == 4 * 3 and (triplets[:, 2] == 2).sum() == 4


def test_triplet_margins_equal_a_loop(blobs):
    X, y = blobs
    maps = [np.eye(4), np.random.default_rng(0).normal(size=(2, 4))]
    triplets = draw_triplets(X, y, maps, 50, 0)
    expected = [
        [np.sum((L @ (X[i] - X[k])) ** 2) - np.sum((L @ (X[i] - X[j])) ** 2) for L in maps]
        for i, j, k in triplets
    ]
    np.testing.assert_allclose(triplet_margins(X, maps, triplets), expected)


# --- GO ------------------------------------------------------------------------------------


def test_go_gradient_against_finite_differences():
    z = random_z(0)
    for weights in random_simplex(np.random.default_rng(1), 3, 5):
        error = check_grad(
            lambda w: triplet_loss(w, z, 0.3, 7.0)[0],
            lambda w: triplet_loss(w, z, 0.3, 7.0)[1],
            weights,
        )
        assert error < 1e-5
    # the loss itself, by its definition, where nothing overflows
    weights = np.full(3, 1 / 3)
    expected = np.mean([math.log(1 + math.exp(7 * (0.3 - weights @ row))) / 7 for row in z])
    assert triplet_loss(weights, z, 0.3, 7.0)[0] == pytest.approx(expected)
    assert triplet_loss(weights, z - 1e3, 0.0, 100.0)[0] == pytest.approx(1e3, rel=1e-2)


@pytest.mark.parametrize("seed", range(6))
def test_go_equals_a_general_solver(seed):
    z = random_z(seed)
    go = GO(margin=0.2, sharpness=5.0, tol=1e-8, max_iter=20000)
    learned = go._solve(z)
    reference = minimize(
        lambda w: triplet_loss(w, z, 0.2, 5.0),
        np.full(3, 1 / 3),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-14},
    )
    assert learned["objective_"][-1] == pytest.approx(reference.fun, abs=1e-7)
    np.testing.assert_allclose(learned["weights_"], reference.x, atol=2e-3)
    assert learned["optimality_gap_"] <= 1e-8


def test_go_equals_a_fine_grid_and_its_gap_is_an_upper_bound():
    z = random_z(7, n_metrics=2)
    shares = np.linspace(0, 1, 4001)
    values = [triplet_loss(np.array([s, 1 - s]), z, 0.3, 10.0)[0] for s in shares]
    for tol in (1e-1, 1e-2, 1e-3, 1e-6):
        learned = GO(tol=tol)._solve(z)
        excess = learned["objective_"][-1] - min(values)
        assert -1e-6 <= excess <= learned["optimality_gap_"] + 1e-6 <= tol + 1e-6


def test_go_descends_at_every_step_and_obeys_its_rate():
    for seed in range(5):
        z = random_z(seed, n_metrics=5)
        best = GO(tol=1e-9, max_iter=50000)._solve(z)["objective_"][-1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            objective = GO(tol=0, max_iter=60)._solve(z)["objective_"]
        assert (np.diff(objective) <= 1e-12).all()
        bound = curvature(z, 10.0) * np.log(5) / np.arange(1, 60)
        assert (np.array(objective[1:]) - best <= bound).all()


def test_curvature_bounds_the_loss_and_is_tight_for_two_metrics():
    rng = np.random.default_rng(3)
    z = random_z(3)
    smoothness = curvature(z, 6.0)
    worst = 0.0
    for old, new in zip(random_simplex(rng, 3, 300), random_simplex(rng, 3, 300), strict=True):
        value, gradient = triplet_loss(old, z, 0.1, 6.0)
        rise = triplet_loss(new, z, 0.1, 6.0)[0] - value - gradient @ (new - old)
        worst = max(worst, rise / np.sum(new * np.log(new / old)))
    assert 0 < worst <= smoothness
    # one triplet on the corner of the hinge: the second derivative is the bound
    z = np.array([[1.0, -1.0]])
    old, new = np.array([0.5, 0.5]), np.array([0.5 + 1e-3, 0.5 - 1e-3])
    value, gradient = triplet_loss(old, z, 0.0, 6.0)
    rise = triplet_loss(new, z, 0.0, 6.0)[0] - value - gradient @ (new - old)
    ratio = rise / np.sum(new * np.log(new / old))
    assert ratio == pytest.approx(curvature(z, 6.0), rel=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_go_average_obeys_the_regret_bound(seed):
    z = random_z(seed, n_metrics=4)
    best = GO(tol=1e-9, max_iter=50000)._solve(z)["objective_"][-1]
    # |sigma| <= 1, so the differences of gradient entries are at most these
    spread = max(np.abs(z[:, m] - z[:, k]).mean() for m in range(4) for k in range(4))
    for n_steps in (5, 50, 500):
        step = math.sqrt(8 * math.log(4) / n_steps) / spread
        go = GO(step_size=step, average=True, max_iter=n_steps, tol=0)
        with pytest.warns(ConvergenceWarning, match="GO stopped"):
            learned = go._solve(z)
        assert learned["n_iter_"] == n_steps
        excess = learned["objective_"][-1] - best
        assert 0 < excess <= spread * math.sqrt(math.log(4) / (2 * n_steps))
        # the mean of the iterates, by hand
        logs, iterates = np.full(4, -np.log(4)), []
        for _ in range(n_steps):
            iterates.append(np.exp(logs))
            logs = move(logs, triplet_loss(np.exp(logs), z, go.margin, go.sharpness)[1], step)
        np.testing.assert_allclose(learned["weights_"], np.mean(iterates, axis=0))


def test_a_step_multiplies_by_the_exponential_of_the_gradient():
    gradient = np.array([3.0, -2.0, 10.0])
    expected = np.array([0.2, 0.5, 0.3]) * np.exp(-0.1 * gradient)
    moved = np.exp(move(np.log([0.2, 0.5, 0.3]), gradient, 0.1))
    np.testing.assert_allclose(moved, expected / expected.sum())
    assert np.isfinite(move(np.zeros(3), 1e6 * gradient, 1e6)).all()


# --- LSO -----------------------------------------------------------------------------------


def assert_kkt(learned, z, margin, C):
    weights, alpha, mu = learned["weights_"], learned["dual_"], learned["multiplier_"]
    prior, limit = np.full(z.shape[1], 1 / z.shape[1]), C / len(z)
    lack = margin - z @ weights
    assert weights.min() >= 0 and weights.sum() == pytest.approx(1)
    assert alpha.min() >= 0 and alpha.max() <= limit * (1 + 1e-12)
    # stationarity in theta, with the multiplier of theta >= 0 made explicit
    np.testing.assert_allclose(weights, np.maximum(prior + alpha @ z - mu, 0), atol=1e-12)
    pressure = weights - (prior + alpha @ z - mu)
    assert pressure.min() >= -1e-12 and np.abs(pressure * weights).max() < 1e-12
    # complementary slackness: a missed triplet pays the full price, a kept one nothing
    scale = limit * np.maximum(margin - z @ prior, 0).sum()
    missed, kept = lack > 0, lack < 0
    assert ((limit - alpha[missed]) @ lack[missed]) < 2e-5 * scale
    assert (alpha[kept] @ -lack[kept]) < 2e-5 * scale
    np.testing.assert_array_equal(learned["support_"], np.flatnonzero(alpha > 0))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("C", [0.1, 3.0, 100.0])
def test_lso_kkt_residuals_vanish_and_a_general_solver_agrees(seed, C):
    z = random_z(seed, n_triplets=25)
    learned = LSO(margin=0.4, C=C)._solve(z)
    assert_kkt(learned, z, 0.4, C)
    # variables theta and xi
    reference = minimize(
        lambda v: 0.5 * np.sum((v[:3] - 1 / 3) ** 2) + C * v[3:].mean(),
        np.r_[np.full(3, 1 / 3), np.full(25, 5.0)],
        jac=lambda v: np.r_[v[:3] - 1 / 3, np.full(25, C / 25)],
        method="SLSQP",
        bounds=[(0, None)] * 28,
        constraints=[
            {
                "type": "eq",
                "fun": lambda v: v[:3].sum() - 1,
                "jac": lambda v: np.r_[np.ones(3), np.zeros(25)],
            },
            {
                "type": "ineq",
                "fun": lambda v: z @ v[:3] - 0.4 + v[3:],
                "jac": lambda v: np.hstack([z, np.eye(25)]),
            },
        ],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert reference.fun == pytest.approx(learned["objective_"][-1], rel=2e-5, abs=1e-8)
    distance = np.linalg.norm(learned["weights_"] - reference.x[:3])
    assert distance <= math.sqrt(2 * learned["duality_gap_"]) + 1e-4


def test_lso_gap_is_primal_minus_dual():
    z = random_z(2)
    learned = LSO(margin=0.4, C=5.0, tol=1e-2)._solve(z)
    alpha, prior = learned["dual_"], np.full(3, 1 / 3)
    inner = minimize(
        lambda w: (0.5 * np.sum((w - prior) ** 2) - w @ (alpha @ z), w - prior - alpha @ z),
        prior,
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14},
    )
    dual = 0.4 * alpha.sum() + inner.fun
    gap = learned["objective_"][-1] - dual
    assert learned["duality_gap_"] == pytest.approx(gap, abs=1e-8) and gap > 0


def test_lso_between_its_limits():
    z = random_z(4)
    np.testing.assert_allclose(LSO(C=1e-6)._solve(z)["weights_"], 1 / 3, atol=1e-5)
    # C -> infinity: the least mean hinge loss, a linear program
    n = len(z)
    program = linprog(
        np.r_[np.zeros(3), np.full(n, 1 / n)],
        A_ub=np.hstack([-z, -np.eye(n)]),
        b_ub=np.full(n, -0.3),
        A_eq=np.r_[np.ones(3), np.zeros(n)][np.newaxis],
        b_eq=[1],
    )
    weights = LSO(C=1e4, max_iter=100000)._solve(z)["weights_"]
    hinge = np.maximum(0.3 - z @ weights, 0).mean()
    assert program.fun - 1e-9 <= hinge <= program.fun + 2e-4
    # and GO's rounded hinge tends to the same
    sharp = GO(sharpness=1e3, tol=1e-4, max_iter=20000)._solve(z)["weights_"]
    assert np.maximum(0.3 - z @ sharp, 0).mean() == pytest.approx(program.fun, abs=2e-3)


def test_without_the_sum_lso_could_forget_all_metrics():
    # why the program fixes sum(theta) = 1: with theta >= 0 alone, zero solves this one
    z = -np.ones((10, 2))
    C, prior = 10.0, np.array([0.5, 0.5])

    def price(w):
        return 0.5 * np.sum((w - prior) ** 2) + C * np.maximum(0.3 - z @ w, 0).mean()

    grid = np.linspace(0, 1, 21)
    assert min((price(np.array(w)), w) for w in itertools.product(grid, grid))[1] == (0, 0)
    np.testing.assert_allclose(LSO(C=C)._solve(z)["weights_"], prior)


def test_an_outlying_triplet_does_not_stop_lso():
    z = random_z(5, n_triplets=500)
    z[0] = [1e3, -1e3, 0]
    learned = LSO()._solve(z)
    assert_kkt(learned, z, 0.3, 100.0)
    assert learned["n_iter_"] < 5000


def test_projection_to_the_simplex():
    rng = np.random.default_rng(0)
    candidates = random_simplex(rng, 4, 2000)
    for point in rng.normal(size=(20, 4)) * 2:
        projected, mu = project_to_simplex(point)
        assert projected.sum() == pytest.approx(1) and projected.min() >= 0
        np.testing.assert_array_equal(projected, np.maximum(point - mu, 0))
        distances = np.linalg.norm(candidates - point, axis=1)
        assert np.linalg.norm(projected - point) <= distances.min()
    np.testing.assert_allclose(project_to_simplex(np.array([0.2, 0.8]))[0], [0.2, 0.8])


# --- SCO -----------------------------------------------------------------------------------


def grid_of(n_metrics, n_grid):
    for units in itertools.product(range(n_grid + 1), repeat=n_metrics):
        if sum(units) == n_grid:
            yield units


def test_leave_one_out_error_equals_the_classifiers(blobs):
    X, y = blobs
    y = np.where(np.arange(60) == 7, 3, y)  # one sample alone in its class: a neighbour only
    X = np.round(X, 1)
    X[20:30] = X[30:40]  # ties
    squares = np.stack([cdist(X[:, [m]], X[:, [m]], "sqeuclidean") for m in range(4)])
    for weights, k in itertools.product(random_simplex(np.random.default_rng(0), 4, 4), (1, 3, 4)):
        model = MetricKNeighborsClassifier(k).fit(X * np.sqrt(weights), y)
        votes = y[model.kneighbors(return_distance=False)]
        winners = np.array([np.bincount(row, minlength=4).argmax() for row in votes])
        judged = y != 3
        expected = np.mean(winners[judged] != y[judged])
        assert leave_one_out_error(squares, y, weights, k) == pytest.approx(expected)


def test_squared_distances_equal_scipy_and_are_zero_for_duplicates(blobs):
    X, _ = blobs
    X = np.vstack([X, X[:20]]) + 1000
    squares = squared_distances(X)
    np.testing.assert_allclose(squares, cdist(X, X, "sqeuclidean"), rtol=1e-5, atol=1e-9)
    assert (squares[:20, 60:].diagonal() == 0).all() and squares.dtype == np.float32


@pytest.mark.parametrize(("n_metrics", "n_grid"), [(2, 12), (3, 6)])
def test_sco_equals_exhaustive_search(blobs, n_metrics, n_grid):
    X, y = blobs
    metrics = [Columns((m,)) for m in range(n_metrics)]
    sco = SCO(metrics, n_neighbors=3, n_grid=n_grid, temperature=0.05, max_iter=3000)
    learned = sco.set_params(random_state=0).fit(X, y)
    maps = fit_base_metrics(metrics, X, y).maps
    squares = np.stack([squared_distances(X @ L.T) for L in maps])
    errors = {
        units: leave_one_out_error(squares, y, np.array(units, np.float32) / n_grid, 3)
        for units in grid_of(n_metrics, n_grid)
    }
    assert len(errors) == math.comb(n_grid + n_metrics - 1, n_metrics - 1)
    units = tuple(np.round(learned.weights_ * n_grid).astype(int))
    assert learned.objective_[-1] == errors[units] == min(errors.values())
    assert len(set(errors.values())) > 4  # a search worth the name
    assert (np.diff(learned.objective_) <= 0).all()
    assert learned.n_evaluated_ <= len(errors)
    again = clone(sco).fit(X, y)
    np.testing.assert_array_equal(again.weights_, learned.weights_)
    assert again.objective_ == learned.objective_


def test_annealing_accepts_with_the_probability_it_states():
    # from (2, 1) the minimum (0, 3) lies behind a rise of 0.1: proposed with 1/2, accepted
    # at k = 1 with exp(-log 2) = 1/2, and the minimum then proposed with 1/2
    errors = {(2, 1): 0.1, (1, 2): 0.2, (3, 0): 0.2, (0, 3): 0.05}
    found = [
        anneal(errors.get, 2, 3, 0.1, 2, np.random.RandomState(seed))[0] == (0, 3)
        for seed in range(2000)
    ]
    assert np.mean(found) == pytest.approx(1 / 8, abs=0.025)
    # frozen, it never crosses; the temperature falls with k, so a late rise is rarer
    frozen = [
        anneal(errors.get, 2, 3, 1e-9, 50, np.random.RandomState(seed))[0] for seed in range(50)
    ]
    assert set(frozen) == {(2, 1)}


def test_annealing_is_symmetric_so_that_a_flat_error_is_sampled_evenly():
    visits = {}

    def flat(units):
        visits[units] = visits.get(units, 0) + 1
        return 0.5

    best, objective, n_evaluated = anneal(flat, 3, 4, 0.01, 2000, np.random.RandomState(0))
    assert best == (2, 1, 1) and set(objective) == {0.5}
    # every point of the grid is reached, none computed twice, and then the search ends
    assert n_evaluated == len(visits) == 15 and set(visits.values()) == {1}
    assert len(objective) < 2000


def test_stratified_sample():
    y = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [700, 200, 98, 2]))
    rng = np.random.RandomState(0)
    np.testing.assert_array_equal(stratified_sample(y, 1000, rng), np.arange(1000))
    sample = stratified_sample(y, 100, rng)
    assert len(np.unique(sample)) == 100 and (np.diff(sample) > 0).all()
    np.testing.assert_allclose(np.bincount(y[sample]), [69, 20, 9, 2], atol=2)
    many = np.repeat(np.arange(50), 2)
    assert (np.bincount(many[stratified_sample(many, 20, rng)]) != 1).all()


# --- what all three share ------------------------------------------------------------------


@pytest.mark.parametrize("learner", LEARNERS)
def test_order_of_samples_and_names_of_labels_do_not_matter(blobs, columns, learner):
    X, y = blobs
    options = {"n_neighbors": 1} if learner is SCO else {"tol": 1e-8, "max_iter": 100000}
    fit = learner(columns, random_state=0, **options).fit
    plain = fit(X, y).weights_
    order = np.random.default_rng(2).permutation(60)
    for labels in (y, y - 7, np.array(["zebra", "ant", "mole"])[y], np.array([10, -5, 3])[y]):
        np.testing.assert_allclose(fit(X[order], labels[order]).weights_, plain, atol=1e-5)
    moved = fit(X * 7 + 1000, y).weights_  # nor do units and the origin
    np.testing.assert_allclose(moved, plain, atol=1e-5)


@pytest.mark.parametrize("learner", LEARNERS)
def test_fits_are_repeatable_by_seed(blobs, learner):
    X, y = blobs
    first, second = (learner(random_state=5).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.components_, second.components_)
    assert first.objective_ == second.objective_ and first.n_iter_ == len(first.objective_)


def test_given_triplets_decide_alone(blobs, columns):
    X, y = blobs
    triplets = [(i, j, k) for i in range(8) for j in range(20) for k in range(40, 60) if i != j]
    # ask that column 3 decides: j is nearer than k there
    order = [t for t in triplets if abs(X[t[0], 3] - X[t[1], 3]) < abs(X[t[0], 3] - X[t[2], 3])]
    for learner in (GO, LSO):
        learned = learner(columns).fit(X, y, triplets=order)
        assert learned.weights_.argmax() == 3
        np.testing.assert_array_equal(learned.triplets_, order)
        np.testing.assert_array_equal(learned.holdout_, np.arange(60))


@pytest.mark.parametrize("learner", [GO, LSO])
def test_triplets_that_no_metric_satisfies_have_a_defined_answer(blobs, columns, learner):
    X, y = blobs
    contradiction = [(0, 1, 2), (0, 2, 1), (3, 4, 5), (3, 5, 4)]
    learned = learner(columns, tol=1e-7, max_iter=100000).fit(X, y, triplets=contradiction)
    assert learned.weights_.sum() == pytest.approx(1) and learned.objective_[-1] > 0
    again = learner(columns[::-1], tol=1e-7, max_iter=100000).fit(X, y, triplets=contradiction)
    np.testing.assert_allclose(again.weights_[::-1], learned.weights_, atol=1e-3)
    # a point that is to be nearer to another than to itself; a triplet that says nothing
    for impossible in ([(0, 1, 0)], [(0, 1, 1)]):
        learned = learner(columns).fit(X, y, triplets=impossible)
        assert learned.weights_.sum() == pytest.approx(1)
        if impossible[0][2] == 1:
            np.testing.assert_allclose(learned.weights_, 0.25)


def test_holdout_distrusts_a_metric_that_has_learned_its_samples_by_heart():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], 40))
    X = rng.normal(size=(80, 100))
    X[:, 0] += 4 * y
    metrics = [Columns((0,), 100), Discriminant(ridge=1e-6)]
    weights = {h: GO(metrics, holdout=h, random_state=0).fit(X, y).weights_ for h in (0, 0.5)}
    # on its own samples it is perfect; on others it is worse than the one honest column
    assert weights[0][1] > 0.6 and weights[0.5][1] < 0.3
    learned = GO(metrics, random_state=0).fit(X, y)
    assert len(learned.holdout_) == 40 and set(np.bincount(y[learned.holdout_])) == {20}
    assert set(learned.triplets_.ravel()) <= set(learned.holdout_)
    # the metrics of the result are fitted to everything
    everything = Discriminant(ridge=1e-6).fit(X, y).components_
    np.testing.assert_array_equal(learned.metrics_[1].components_, everything)


def test_holdout_only_where_there_is_something_to_fit_and_enough_to_divide(blobs, columns):
    X, y = blobs
    assert len(GO([None, *columns], random_state=0).fit(X, y).holdout_) == 60
    assert len(GO([None, Covariance()], random_state=0).fit(X, y).holdout_) == 30
    assert split(np.array([0, 0, 1, 1]), 0.5, np.random.RandomState(0)) is None
    rest, held = split(np.array([0, 0, 0, 0, 1, 1, 2]), 0.5, np.random.RandomState(0))
    assert len(rest) == 4 and sorted([*rest, *held]) == list(range(7))
    few = GO(random_state=0).fit(X[:5], [0, 0, 1, 1, 1])
    np.testing.assert_array_equal(few.holdout_, np.arange(5))


def test_base_metrics_from_scikit_learn(blobs):
    X, y = blobs
    nca = NeighborhoodComponentsAnalysis(2, max_iter=5, random_state=0).fit(X, y)
    given = [PCA(2, whiten=True), LinearDiscriminantAnalysis(), FrozenEstimator(nca), None]
    learned = clone(LSO(given, C=1e-9, random_state=0)).fit(X, y)
    for metric in learned.metrics_:
        mapped = metric.transform(X)
        np.testing.assert_allclose(pdist(X @ linear_map(metric, X).T), pdist(mapped), atol=1e-6)
    assert learned.metrics_[2] is not nca and isinstance(learned.metrics_[3], Euclid)
    mixed = sum(
        pdist(metric.transform(X)) ** 2 / scale / 4
        for metric, scale in zip(learned.metrics_, learned.scales_, strict=True)
    )
    np.testing.assert_allclose(pdist(learned.transform(X)) ** 2, mixed, rtol=1e-4)


def test_discriminant_equals_scikit_learn_without_a_ridge():
    X, y = load_wine(return_X_y=True)
    ours = Discriminant(ridge=0).fit(X, y)
    reference = LinearDiscriminantAnalysis(solver="svd").fit(X, y)
    assert ours.components_.shape == (2, 13)
    theirs = pdist(reference.transform(X)) * np.sqrt((178 - 3) / 178)  # it divides by n
    np.testing.assert_allclose(pdist(ours.transform(X)), theirs, atol=1e-9)


@pytest.mark.parametrize("learner", LEARNERS)
def test_kinds_of_input(blobs, learner):
    X, y = blobs
    fit = learner(random_state=0).fit
    plain = fit(X, y).weights_
    np.testing.assert_allclose(fit(X.astype(np.float32), y).weights_, plain, atol=0.05)
    frame = pd.DataFrame(X, columns=list("abcd"))
    learned = fit(frame, pd.Series(y).map({0: "x", 1: "y", 2: "z"}))
    np.testing.assert_allclose(learned.weights_, plain, atol=1e-12)
    assert list(learned.feature_names_in_) == list("abcd")
    whole = np.round(10 * X).astype(int)
    np.testing.assert_array_equal(fit(whole, y).weights_, fit(whole.astype(float), y).weights_)
    restored = pickle.loads(pickle.dumps(fit(X, y)))
    np.testing.assert_array_equal(restored.transform(X), fit(X, y).transform(X))
    assert fit(X.astype(np.float32), y).transform(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("learner", LEARNERS)
def test_awkward_but_valid_data(blobs, learner):
    X, y = blobs
    rng = np.random.default_rng(0)
    for data, labels in (
        (np.column_stack([X, np.full(60, 7.0)]), y),  # a constant feature
        (np.repeat(X[:10], 6, axis=0), np.repeat(y[:10], 6)),  # duplicates
        (np.repeat(X[:10], 6, axis=0), rng.integers(0, 2, 60)),  # that contradict each other
        (rng.normal(size=(12, 40)), np.arange(12) % 2),  # more features than samples
        (np.vstack([X, X[:1] + 50]), np.append(y, 99)),  # a class with one sample
        (np.eye(4), [0, 0, 1, 2]),
        (1e-6 * X, y),
        (1e6 * X, y),
        (X[:, :1], y),
        (X, rng.permutation(y)),
    ):
        learned = learner(random_state=0).fit(data, labels)
        assert np.isfinite(learned.components_).all()
        assert learned.weights_.sum() == pytest.approx(1)
        mapped = learned.transform(data)
        mean_square = np.mean(pdist(mapped) ** 2)
        assert mean_square == pytest.approx(1, rel=1e-4)  # the mixture has unit scale too


def test_defaults_that_do_not_exist_are_left_out():
    # no spread within the classes
    X, y = np.repeat(np.eye(3), 4, axis=0), np.repeat([0, 1, 2], 4)
    names = [str(metric) for metric in GO().fit(X, y).metrics_]
    assert len(names) == 3 and "within" not in " ".join(names)
    # class means that do not differ
    X = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]] * 2, dtype=float)
    assert len(GO(holdout=0).fit(X, [0, 0, 1, 1] * 2).metrics_) == 4


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": []}, "non-empty list"),
        ({"metrics": "euclid"}, "non-empty list"),
        ({"metrics": [None, 3]}, r"metrics\[1\] must be None"),
        ({"metrics": [Covariance]}, r"metrics\[0\] must be None"),
        ({"metrics": [None, Columns((0,), 5)]}, r"metrics\[1\] expects 5 features, X has 4"),
        ({"metrics": [Normalizer()]}, "not a linear map"),
        ({"metrics": [KBinsDiscretizer(3, encode="ordinal")]}, "not a linear map"),
        ({"metrics": [None, Columns(())]}, r"metrics\[1\] puts all samples at one point"),
        ({"holdout": -0.1}, "holdout must be"),
        ({"holdout": 1.0}, "holdout must be"),
        ({"max_iter": 0}, "max_iter must be an integer >= 1"),
        ({"max_iter": 2.5}, "max_iter must be an integer >= 1"),
        ({"random_state": "x"}, "random_state|seed"),
    ],
)
def test_wrong_parameters(blobs, learner, options, message):
    with pytest.raises(ValueError, match=message):
        learner(**options).fit(*blobs)


@pytest.mark.parametrize(
    ("learner", "options", "message"),
    [
        (GO, {"margin": -1}, "margin must be"),
        (GO, {"margin": np.nan}, "margin must be"),
        (GO, {"sharpness": 0}, "sharpness must be"),
        (GO, {"step_size": 0}, "step_size must be"),
        (GO, {"step_size": "auto"}, "step_size must be"),
        (GO, {"average": "yes"}, "average must be"),
        (GO, {"n_triplets": True}, "n_triplets must be"),
        (GO, {"tol": np.inf}, "tol must be"),
        (LSO, {"C": 0}, "C must be"),
        (LSO, {"C": np.inf}, "C must be"),
        (LSO, {"margin": None}, "margin must be"),
        (LSO, {"n_triplets": 0}, "n_triplets must be"),
        (LSO, {"tol": -1}, "tol must be"),
        (SCO, {"n_neighbors": 0}, "n_neighbors must be"),
        (SCO, {"n_grid": 1.5}, "n_grid must be"),
        (SCO, {"temperature": 0}, "temperature must be"),
        (SCO, {"max_samples": 1}, "max_samples must be"),
    ],
)
def test_wrong_parameters_of_one(blobs, learner, options, message):
    with pytest.raises(ValueError, match=message):
        learner(**options).fit(*blobs)


@pytest.mark.filterwarnings("ignore:The number of unique classes")
@pytest.mark.parametrize("learner", LEARNERS)
def test_wrong_data(blobs, learner):
    X, y = blobs
    for data, labels, message in (
        (X, None, "requires y to be passed"),
        (X, y[:-1], "inconsistent numbers of samples"),
        (X, np.zeros(60), "at least two classes"),
        (X, np.arange(60), "each of the 60 classes has one sample"),
        (X, y + 0.5, "label type"),
        (np.where(X > 4, np.nan, X), y, "NaN"),
        (np.where(X > 4, np.inf, X), y, "infinity"),
        (np.ones((60, 3)), y, "do not differ"),
        (X[:1], y[:1], "minimum of 2"),
    ):
        with pytest.raises(ValueError, match=message):
            learner().fit(data, labels)
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        learner([None, Covariance()]).fit(np.column_stack([X, X[:, 0]]), y)


@pytest.mark.parametrize("learner", [GO, LSO])
def test_wrong_triplets(blobs, learner):
    for triplets in ([[0, 1]], [[0, 1, 60]], [[0, 1, -1]], [[0.0, 1.0, 2.0]]):
        with pytest.raises(ValueError, match="three integers in 0 .. 59"):
            learner().fit(*blobs, triplets=triplets)
    with pytest.raises(ValueError, match="minimum of 1"):
        learner().fit(*blobs, triplets=np.empty((0, 3), dtype=int))


@pytest.mark.parametrize("learner", [GO, LSO])
def test_no_convergence_is_said_to_the_caller(blobs, learner):
    with pytest.warns(ConvergenceWarning, match=f"{learner.__name__} stopped .* raise") as seen:
        learned = learner(max_iter=2, tol=0).fit(*blobs)
    assert [warning.filename for warning in seen] == [__file__]
    assert learned.n_iter_ == 2


@pytest.mark.parametrize("learner", LEARNERS)
def test_an_interrupt_leaves_no_half_fitted_state(blobs, learner, monkeypatch):
    X, y = blobs
    fitted, fresh = learner(random_state=0).fit(X, y), learner(random_state=0)
    before = pickle.dumps(vars(fitted))

    def interrupted(items, **options):
        yield next(iter(items))
        raise KeyboardInterrupt

    monkeypatch.setattr(f"mlbook.linear.{learner.__name__.lower()}.bar", interrupted)
    for estimator in (fitted, fresh):
        with pytest.raises(KeyboardInterrupt):
            estimator.fit(np.random.default_rng(0).normal(size=(60, 3)), y)
    assert pickle.dumps(vars(fitted)) == before
    assert vars(fresh) == vars(learner(random_state=0))


@pytest.mark.parametrize("learner", LEARNERS)
def test_memory_stays_below_an_array_of_all_pairs(learner):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8000, 3)).astype(np.float32)
    y = rng.integers(0, 4, 8000)
    model = learner([Columns((0,), 3), Columns((1,), 3)], random_state=0, max_iter=1000)
    tracemalloc.start()
    try:
        model.set_params(**({"max_iter": 5} if learner is SCO else {"tol": 1e-2})).fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100e6 < 8000**2 * 4
