"""Weak supervision: learning from pairs, thresholds on distances, and drawing pairs."""

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.base
from scipy.optimize import approx_fprime, minimize
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from mlbook.linear.itml import ITML
from mlbook.linear.lsml import LSML
from mlbook.linear.lsml_loss import lsml_loss, optimality_gap
from mlbook.linear.mmc import MMC
from mlbook.linear.pair_sampling import sample_pairs, sample_quadruplets
from mlbook.linear.pairs import STRATEGIES, best_threshold
from mlbook.linear.rca import RCA

LEARNERS = [
    RCA(),
    RCA(n_components=2, ridge=0.1),
    ITML(tol=1e-3, random_state=0),
    MMC(),
    MMC(diagonal=True),
]
each_learner = pytest.mark.parametrize("learner", LEARNERS, ids=[repr(one) for one in LEARNERS])


@pytest.fixture
def problem():
    """Points, pairs of positions, and labels of the pairs."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    X = rng.normal(size=(60, 4)) * [1, 3, 1, 2] + 2 * np.eye(4)[y]
    return X, *sample_pairs(y, 80, random_state=0)


def fitted(learner, pairs, kinds, **options):
    return sklearn.base.clone(learner).set_params(**options).fit_pairs(pairs, kinds)


# --- fit_pairs ---


@each_learner
def test_positions_and_points_are_the_same_pairs(problem, learner):
    X, index, kinds = problem
    by_points = fitted(learner, X[index], kinds)
    by_position = fitted(learner, index, kinds, preprocessor=X)
    np.testing.assert_allclose(by_points.components_, by_position.components_)
    np.testing.assert_allclose(by_points.pair_distance(X[index]), by_position.pair_distance(index))
    np.testing.assert_allclose(
        by_position.pair_distance(X[index[:3]]), by_position.pair_distance(index[:3])
    )
    lists = fitted(learner, X[index].tolist(), kinds.tolist())
    np.testing.assert_allclose(by_points.components_, lists.components_)
    assert by_points.n_features_in_ == 4 and not hasattr(by_points, "feature_names_in_")
    frame = pd.DataFrame(X, columns=list("abcd"))
    named = fitted(learner, index, pd.Series(kinds).astype(float), preprocessor=frame)
    np.testing.assert_allclose(named.components_, by_position.components_)
    assert list(named.feature_names_in_) == list("abcd")
    np.testing.assert_allclose(named.pair_distance(index), by_position.pair_distance(index))


@each_learner
def test_order_within_and_among_pairs_does_not_matter(problem, learner):
    X, index, kinds = problem
    order = np.random.default_rng(1).permutation(len(index))
    options = {"preprocessor": X}
    if isinstance(learner, ITML):
        options |= {"tol": 1e-8}
    plain = fitted(learner, index, kinds, **options).get_mahalanobis_matrix()
    other = fitted(learner, index[order][:, ::-1], kinds[order], **options)
    np.testing.assert_allclose(other.get_mahalanobis_matrix(), plain, rtol=1e-3, atol=1e-3)


@each_learner
def test_a_learned_distance_obeys_the_axioms_and_separates_better(problem, learner):
    X, index, kinds = problem
    learned = fitted(learner, index, kinds, preprocessor=X)
    distance = learned.get_metric()
    for u, v, w in itertools.product(X[:6], repeat=3):
        assert distance(u, v) == pytest.approx(distance(v, u)) and distance(u, v) >= 0
        assert distance(u, w) <= distance(u, v) + distance(v, w) + 1e-9

    def separation(lengths):
        return np.mean(lengths[kinds < 0] ** 2) / np.mean(lengths[kinds > 0] ** 2)

    euclid = separation(np.linalg.norm(X[index[:, 0]] - X[index[:, 1]], axis=1))
    assert separation(learned.pair_distance(index)) > 1.05 * euclid


@each_learner
def test_constant_features_and_more_features_than_pairs(problem, learner):
    X, index, kinds = problem
    wide = np.column_stack([X, np.full(60, 7.0), X @ np.ones((4, 8))])
    learned = fitted(learner, index, kinds, preprocessor=wide)
    assert np.isfinite(learned.components_).all() and learned.pair_distance(index).max() > 0
    few = np.random.default_rng(2).normal(size=(6, 2, 20))
    learned = fitted(learner, few, [1, 1, 1, -1, -1, -1])
    assert np.isfinite(learned.components_).all() and learned.pair_distance(few).max() > 0


@each_learner
def test_float32_and_whole_numbers(problem, learner):
    X, index, kinds = problem
    X = np.round(4 * X)
    double = fitted(learner, X[index], kinds)
    for dtype in (np.float32, np.int64):
        other = fitted(learner, X[index].astype(dtype), kinds)
        np.testing.assert_allclose(
            other.get_mahalanobis_matrix(), double.get_mahalanobis_matrix(), rtol=1e-3, atol=1e-6
        )


@each_learner
@pytest.mark.filterwarnings("error")
def test_wrong_pairs(problem, learner):
    X, index, kinds = problem

    def refuse(message, pairs, y, error=ValueError, **options):
        with pytest.raises(error, match=message):
            fitted(learner, pairs, y, **options)

    refuse("preprocessor=X", index, kinds)
    refuse("positions must lie in 0 .. 59", index + 1000, kinds, preprocessor=X)
    refuse("positions must lie in 0 .. 59", index - 60, kinds, preprocessor=X)
    refuse("pairs must be an array", index.astype(float), kinds, preprocessor=X)
    refuse("pairs must be an array", index[:, :1], kinds, preprocessor=X)
    refuse("pairs must be an array", index[:, 0], kinds, preprocessor=X)
    refuse("pairs must be an array", index[:0], kinds[:0], preprocessor=X)
    refuse("pairs must have shape", X[index][:, [0, 1, 1]], kinds)
    refuse("NaN", np.where(X[index] > 4, np.nan, X[index]), kinds)
    refuse("NaN", index, kinds, preprocessor=np.where(X > 4, np.nan, X))
    refuse("[Ss]parse", index, kinds, TypeError, preprocessor=scipy.sparse.csr_array(X))
    refuse("one label for each of the 80 pairs", X[index], kinds[:-1])
    refuse("nothing else", X[index], np.where(kinds > 0, 1, 0))
    refuse("nothing else", X[index], np.where(kinds > 0, "yes", "no"))
    refuse("NaN", X[index], np.where(kinds > 0, 1, np.nan))
    refuse("there is no similar one", X[index], -np.ones(80))
    refuse("do not differ|are equal|no class or chunklet", np.ones((80, 2, 3)), kinds)
    if isinstance(learner, RCA):  # needs no dissimilar pair
        assert fitted(learner, X[index], np.ones(80)).components_.shape[1] == 4
    else:
        refuse("there is no dissimilar one", X[index], np.ones(80))


@each_learner
def test_a_failed_fit_changes_nothing(problem, learner):
    X, index, kinds = problem
    learned = fitted(learner, X[index], kinds).calibrate_threshold(X[index], kinds)
    before = {**vars(learned)}
    with pytest.raises(ValueError, match="no similar"):
        learned.fit_pairs(X[index][:, :, :3], -np.ones(80))
    assert vars(learned) == before
    learned.fit_pairs(X[index], kinds)
    assert not hasattr(learned, "threshold_")  # it belonged to the metric before


def test_rca_chunklets_are_the_connected_points():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(9, 2))
    index = np.array([[0, 1], [2, 1], [3, 4], [5, 6], [7, 8]])
    kinds = np.array([1, 1, 1, -1, 1])  # chunklets 0-1-2, 3-4 and 7-8
    chunklets = [[0, 1, 2], [3, 4], [7, 8]]
    expected = sum((X[c] - X[c].mean(0)).T @ (X[c] - X[c].mean(0)) for c in chunklets) / 7
    rca = RCA().fit_pairs(X[index], kinds)
    np.testing.assert_allclose(rca.covariance_, expected)
    np.testing.assert_allclose(rca.get_mahalanobis_matrix(), np.linalg.inv(expected))
    assert rca.n_chunklets_ == 3
    labels = np.array([0, 0, 0, 1, 1, 2, 3, 4, 4])
    np.testing.assert_allclose(RCA().fit(X, labels).covariance_, expected)


def test_all_similar_pairs_of_the_classes_are_the_classes(problem):
    X, _, _ = problem
    y = np.arange(60) % 3
    every = np.array(list(itertools.combinations(range(60), 2)))
    kinds = np.where(y[every[:, 0]] == y[every[:, 1]], 1, -1)
    for options in ({}, {"n_components": 2}):
        by_pairs = RCA(preprocessor=X, **options).fit_pairs(every, kinds)
        by_class = RCA(**options).fit(X, y)
        np.testing.assert_allclose(
            by_pairs.get_mahalanobis_matrix(), by_class.get_mahalanobis_matrix()
        )


@pytest.mark.parametrize("learner", [ITML(random_state=0), MMC(random_state=0)], ids=repr)
def test_fit_is_fit_pairs_of_the_drawn_pairs(problem, learner):
    X, _, _ = problem
    y = np.arange(60) % 3
    learner.set_params(n_pairs=100)
    index, kinds = sample_pairs(y, 100, random_state=0)
    expected = fitted(learner, X[index], kinds)
    names = np.array(["ant", "bee", "cow"])[y]
    np.testing.assert_allclose(learner.fit(X, names).components_, expected.components_)


# --- comparisons ---


@pytest.fixture
def comparisons():
    """Points, and quadruplets of positions that no metric satisfies altogether."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 3)) * [1, 3, 2]
    return X, rng.integers(0, 30, (60, 4))


def naive_objective(M, X, quadruplets, gamma, prior):
    """The sum of the definition, comparison by comparison."""

    def square(M, i, j):
        return (X[i] - X[j]) @ M @ (X[i] - X[j])

    size = np.mean([[square(prior, a, b), square(prior, c, d)] for a, b, c, d in quadruplets])
    residuals = [
        max(0, np.sqrt(square(M, a, b)) - np.sqrt(square(M, c, d))) for a, b, c, d in quadruplets
    ]
    ratio = M @ np.linalg.inv(prior)
    divergence = np.trace(ratio) - np.log(np.linalg.det(ratio)) - len(M)
    return divergence + gamma / size * np.sum(np.square(residuals))


def test_lsml_loss_equals_a_loop_and_its_gradient_finite_differences(comparisons):
    X, index = comparisons
    a, b, c, d = index.T
    near, far = X[a] - X[b], X[c] - X[d]
    size = np.mean([np.sum(near**2, axis=1), np.sum(far**2, axis=1)])
    near, far = near / np.sqrt(size), far / np.sqrt(size)
    A = np.eye(3) + 0.3 * np.random.default_rng(5).normal(size=(3, 3))
    value, tilt = lsml_loss(A, near, far, 2.0)
    assert value == pytest.approx(naive_objective(A.T @ A, X, index, 2.0, np.eye(3)))

    def of_matrix(flat):  # M itself: its factor is recovered, the value does not depend on which
        M = flat.reshape(3, 3)
        return lsml_loss(np.linalg.cholesky((M + M.T) / 2).T, near, far, 2.0)[0]

    M = A.T @ A
    slope = approx_fprime(M.ravel(), of_matrix, 1e-7).reshape(3, 3)
    np.testing.assert_allclose(slope, tilt - np.linalg.inv(M), atol=1e-4)


@pytest.mark.parametrize(
    ("gamma", "prior"), [(0.1, "identity"), (3.0, "matrix"), (100.0, "identity")]
)
def test_lsml_agrees_with_a_general_solver(comparisons, gamma, prior):
    X, index = comparisons
    index = index[:25]
    M0 = np.eye(3) if prior == "identity" else np.array([[2, 1, 0], [1, 3, 0], [0, 0, 0.5]])
    lsml = LSML(gamma, prior=M0, tol=1e-10, preprocessor=X).fit_quadruplets(index)

    def objective(flat):
        root = np.zeros((3, 3))
        root[np.triu_indices(3)] = flat
        return naive_objective(root.T @ root, X, index, gamma, M0)

    start = np.linalg.cholesky(M0).T[np.triu_indices(3)]
    general = minimize(objective, start, method="Powell", options={"ftol": 1e-9})
    M = lsml.get_mahalanobis_matrix()
    assert naive_objective(M, X, index, gamma, M0) == pytest.approx(lsml.objective_[-1])
    assert lsml.objective_[-1] <= general.fun + 1e-9
    assert lsml.objective_[-1] == pytest.approx(general.fun, rel=1e-4)
    assert lsml.objective_[0] == pytest.approx(naive_objective(M0, X, index, gamma, M0))
    assert np.all(np.diff(lsml.objective_) <= 1e-12) and lsml.n_iter_ == len(lsml.objective_)


def test_lsml_gap_bounds_what_is_left(comparisons):
    X, index = comparisons
    best = LSML(5.0, tol=1e-12, preprocessor=X).fit_quadruplets(index)
    for tol in (0.5, 0.1, 1e-2, 1e-4):
        rough = LSML(5.0, tol=tol, preprocessor=X).fit_quadruplets(index)
        excess = rough.objective_[-1] - best.objective_[-1]
        assert -1e-9 <= excess <= rough.optimality_gap_ + 1e-9
        assert rough.optimality_gap_ <= tol * rough.objective_[-1]
    assert optimality_gap(np.eye(2), np.diag([1.0, -1.0])) == np.inf


def test_lsml_by_hand():
    # hard comparison of the sides of a rectangle 2 x 1: the least tr M - log det M with
    # 4 M_11 <= M_22 has M = diag(2/5, 8/5)
    corner, right, top = np.array([[0.0, 0], [2, 0], [0, 1]])
    hard = LSML(gamma=1e5, tol=1e-8).fit_triplets([[corner, right, top]])
    np.testing.assert_allclose(hard.get_mahalanobis_matrix(), np.diag([0.4, 1.6]), atol=1e-3)
    # contradicting ones: equally far, whichever way round they are given
    both = LSML(gamma=1e5, tol=1e-8).fit_triplets([[corner, right, top], [corner, top, right]])
    np.testing.assert_allclose(both.get_mahalanobis_matrix(), np.diag([0.4, 1.6]), atol=1e-3)
    # nothing is nearer than a point to itself: minimise m - log m + gamma (2 m), s = v^2 / 2
    same = LSML(gamma=3.0, tol=1e-10).fit_quadruplets([[corner, right, top, top]])
    np.testing.assert_allclose(same.get_mahalanobis_matrix(), np.diag([1 / 7, 1]), atol=1e-5)
    # satisfied: the prior stays
    prior = np.array([[1, 0.2], [0.2, 2]])
    kept = LSML(prior=prior).fit_triplets([[corner, top, right]])
    np.testing.assert_allclose(kept.get_mahalanobis_matrix(), prior)
    assert kept.n_iter_ == 1 and kept.objective_ == [0]
    assert LSML().fit_quadruplets([[top, top, right, top]]).objective_ == [0]


def test_lsml_satisfies_comparisons_that_can_be_satisfied():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(200, 4))
    truth = X * [3, 1, 0.3, 0.1]
    index = rng.integers(0, 200, (2000, 4))
    far_first = np.linalg.norm(truth[index[:, 0]] - truth[index[:, 1]], axis=1) > np.linalg.norm(
        truth[index[:, 2]] - truth[index[:, 3]], axis=1
    )
    index[far_first] = index[far_first][:, [2, 3, 0, 1]]
    learned = LSML(gamma=100.0, preprocessor=X).fit_quadruplets(index[:1000])

    def right(distance):
        return np.mean(distance(index[1000:, :2]) <= distance(index[1000:, 2:]))

    euclid = right(lambda pairs: np.linalg.norm(X[pairs[:, 0]] - X[pairs[:, 1]], axis=1))
    assert euclid < 0.85 and right(learned.pair_distance) > 0.97
    weights = learned.get_mahalanobis_matrix().diagonal()
    assert np.all(np.diff(weights[:3]) < 0)


def test_lsml_kinds_of_comparisons(comparisons):
    X, index = comparisons
    points = LSML().fit_quadruplets(X[index])
    learned = LSML(preprocessor=X).fit_quadruplets(index)
    expected = points.get_mahalanobis_matrix()
    np.testing.assert_allclose(learned.get_mahalanobis_matrix(), expected, rtol=1e-6)
    np.testing.assert_allclose(
        learned.pair_distance(index[:, :2]), points.pair_distance(X[index[:, :2]])
    )
    order = np.random.default_rng(7).permutation(60)
    turned = LSML(tol=1e-8).fit_quadruplets(X[index][order][:, [1, 0, 3, 2]])
    exact = LSML(tol=1e-8).fit_quadruplets(X[index])
    np.testing.assert_allclose(
        turned.get_mahalanobis_matrix(), exact.get_mahalanobis_matrix(), rtol=1e-3, atol=1e-5
    )
    frame = pd.DataFrame(X, columns=list("abc"))
    named = LSML(preprocessor=frame).fit_quadruplets(index.tolist())
    np.testing.assert_allclose(named.get_mahalanobis_matrix(), expected, rtol=1e-6)
    assert list(named.feature_names_in_) == list("abc")
    triplets = index[:, :3]
    as_triplets = LSML(preprocessor=X).fit_triplets(triplets)
    as_quadruplets = LSML(preprocessor=X).fit_quadruplets(triplets[:, [0, 1, 0, 2]])
    np.testing.assert_allclose(as_triplets.components_, as_quadruplets.components_)
    in_points = LSML().fit_triplets(X[triplets].astype(np.float32))
    np.testing.assert_allclose(in_points.components_, as_triplets.components_, atol=1e-4)
    # other units, the same distances but for the units
    large = LSML().fit_quadruplets(1e6 * X[index])
    np.testing.assert_allclose(large.components_, points.components_, rtol=1e-6, atol=1e-9)


@pytest.mark.filterwarnings("error")
def test_wrong_comparisons(comparisons):
    X, index = comparisons

    def refuse(message, method, tuples, error=ValueError, **options):
        learner = LSML(**options)
        with pytest.raises(error, match=message):
            getattr(learner, method)(tuples)
        assert not hasattr(learner, "n_features_in_")

    for method, size in (("fit_quadruplets", 4), ("fit_triplets", 3)):
        tuples = index[:, :size]
        name = method.removeprefix("fit_")
        refuse("preprocessor=X", method, tuples)
        refuse("positions must lie in 0 .. 29", method, tuples + 30, preprocessor=X)
        refuse("positions must lie in 0 .. 29", method, tuples - 30, preprocessor=X)
        refuse(f"{name} must be an array", method, tuples.astype(float), preprocessor=X)
        refuse(f"{name} must be an array", method, tuples[:, :2], preprocessor=X)
        refuse(f"{name} must be an array", method, tuples[:0], preprocessor=X)
        refuse("minimum of 1 is required", method, X[tuples[:0]])
        refuse(f"{name} must have shape", method, X[tuples[:, :2]])
        refuse("NaN", method, np.where(X[tuples] > 4, np.nan, X[tuples]))
        refuse("[Ss]parse", method, tuples, TypeError, preprocessor=scipy.sparse.csr_array(X))
        refuse("every compared pair are equal", method, np.ones((5, size, 3)))
        refuse("squares of the data overflow", method, 1e200 * X[tuples])
    with pytest.warns(ConvergenceWarning, match="raise max_iter") as seen:
        LSML(max_iter=1, tol=0, preprocessor=X).fit_quadruplets(index)
    assert [warning.filename for warning in seen] == [__file__]


def test_lsml_thresholds_and_new_fits(comparisons):
    X, index = comparisons
    learned = LSML(preprocessor=X).fit_quadruplets(index)
    pairs, kinds = index[:20, :2], np.tile([1, -1], 10)
    learned.calibrate_threshold(pairs, kinds)
    assert set(learned.predict_pairs(pairs)) <= {1, -1}
    before = {**vars(learned)}
    with pytest.raises(ValueError, match="positions must lie"):
        learned.fit_triplets(index[:, :3] + 99)
    assert vars(learned) == before
    assert not hasattr(learned.fit_triplets(index[:, :3]), "threshold_")
    assert not hasattr(learned, "fit_pairs")  # it is not defined on pairs


def test_drawn_quadruplets_compare_within_with_between(problem):
    X, _, _ = problem
    y = np.arange(60) % 3
    index = sample_quadruplets(y, 500, random_state=0)
    assert index.shape == (500, 4)
    assert np.all(y[index[:, 0]] == y[index[:, 1]]) and np.all(index[:, 0] != index[:, 1])
    assert np.all(y[index[:, 2]] != y[index[:, 3]])
    # classes come mixed, even where all pairs there are have been drawn
    every = sample_quadruplets(y, 1200, random_state=0)
    assert len({tuple(pair) for pair in every[:, :2]}) == 570
    assert len({tuple(pair) for pair in every[:, 2:]}) == 1200
    assert abs(np.corrcoef(every[:, 0], np.arange(1200))[0, 1]) < 0.1
    assert abs(np.corrcoef(y[every[:, 0]], y[every[:, 2]])[0, 1]) < 0.1
    np.testing.assert_array_equal(index, sample_quadruplets(y, 500, random_state=0))
    few = sample_quadruplets([0, 0, 1], 50, random_state=0)
    np.testing.assert_array_equal(few[:, :2], [[0, 1], [0, 1]])
    assert {tuple(pair) for pair in few[:, 2:]} == {(0, 2), (1, 2)}
    names = np.array(["ant", "bee", "cow"])[y]
    by_class = LSML(n_quadruplets=100, random_state=0).fit(X, names)
    expected = LSML(preprocessor=X).fit_quadruplets(sample_quadruplets(y, 100, random_state=0))
    np.testing.assert_allclose(by_class.components_, expected.components_)


# --- thresholds ---


def measure(distances, y, threshold, strategy):
    called = distances <= threshold
    hits, false = np.sum(called & (y > 0)), np.sum(called & (y < 0))
    misses, rejected = np.sum(~called & (y > 0)), np.sum(~called & (y < 0))
    if strategy == "accuracy":
        return (hits + rejected) / len(y)
    if strategy == "balanced_accuracy":
        return (hits / (hits + misses) + rejected / (rejected + false)) / 2
    return 2 * hits / (2 * hits + false + misses)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_threshold_is_better(strategy):
    rng = np.random.default_rng(4)
    for _ in range(50):
        n = rng.integers(2, 12)
        distances = rng.integers(0, 6, n).astype(float)  # with ties
        y = np.append([1, -1], rng.choice([1, -1], n - 2))
        threshold = best_threshold(distances, y, strategy)
        ours = measure(distances, y, threshold, strategy)
        candidates = np.arange(-0.5, 7)
        scores = [measure(distances, y, t, strategy) for t in candidates]
        assert ours == pytest.approx(max(scores))
        # the lowest of the best; a threshold in the middle of a gap has the same answers
        lowest = candidates[np.isclose(scores, max(scores))][0]
        np.testing.assert_array_equal(distances <= threshold, distances <= lowest)


def test_threshold_by_hand():
    assert best_threshold(np.array([1.0, 4, 2, 8]), np.array([1, -1, 1, -1]), "accuracy") == 3
    # strict among few similar pairs, lenient where balance counts
    distances, y = np.array([1.0, 2, 3, 4, 5, 6]), np.array([-1, 1, -1, -1, -1, -1])
    assert best_threshold(distances, y, "accuracy") == -np.inf
    assert best_threshold(distances, y, "balanced_accuracy") == 2.5
    assert best_threshold(np.array([1.0, 2]), np.array([-1, 1]), "f1") == np.inf


def test_calibrate_and_predict(problem):
    X, index, kinds = problem
    learner = MMC(preprocessor=X).fit_pairs(index[::2], kinds[::2])
    with pytest.raises(NotFittedError, match="calibrate_threshold"):
        learner.predict_pairs(index)
    assert learner.calibrate_threshold(index[1::2], kinds[1::2]) is learner
    predicted = learner.predict_pairs(index[1::2])
    assert set(predicted) <= {1, -1}
    np.testing.assert_array_equal(
        predicted == 1, learner.pair_distance(X[index[1::2]]) <= learner.threshold_
    )
    share = np.mean(predicted == kinds[1::2])
    assert share >= 0.5
    with pytest.raises(ValueError, match="strategy must be one of"):
        learner.calibrate_threshold(index, kinds, strategy="best")
    with pytest.raises(ValueError, match="there is no dissimilar one"):
        learner.calibrate_threshold(index, np.ones(80))
    with pytest.raises(ValueError, match="positions must lie"):
        learner.predict_pairs([[0, 60]])
    with pytest.raises(ValueError, match="pairs must have shape"):
        MMC().fit_pairs(X[index], kinds).pair_distance(index)
    for call in (MMC().predict_pairs, MMC().pair_distance):
        with pytest.raises(NotFittedError):
            call(X[index])


# --- drawing pairs ---


def test_drawn_pairs_are_what_they_say():
    y = np.array(["b", "a", "c"])[np.random.default_rng(5).integers(0, 3, 200)]
    pairs, kinds = sample_pairs(y, 501, random_state=1)
    assert len(pairs) == 501 and np.sum(kinds == 1) == 251
    np.testing.assert_array_equal(kinds == 1, y[pairs[:, 0]] == y[pairs[:, 1]])
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert len(np.unique(pairs, axis=0)) == 501
    again, _ = sample_pairs(y, 501, random_state=1)
    other, _ = sample_pairs(y, 501, random_state=2)
    np.testing.assert_array_equal(pairs, again)
    assert not np.array_equal(pairs, other)


def test_all_pairs_if_there_are_no_more():
    y = [3, -1, 3, 3, -1, 8]
    pairs, kinds = sample_pairs(y, 1000)
    assert sorted(map(tuple, pairs)) == list(itertools.combinations(range(6), 2))
    assert np.sum(kinds == 1) == 4
    np.testing.assert_array_equal(kinds == 1, np.take(y, pairs[:, 0]) == np.take(y, pairs[:, 1]))


def test_the_bias_is_the_documented_one():
    # 300, 100 and 1: similar pairs by points (3 : 1), not by pairs of points (9 : 1)
    y = np.repeat([0, 1, 2], [300, 100, 1])
    counts = np.zeros((3, 3))
    for seed in range(20):
        pairs, _ = sample_pairs(y, 800, random_state=seed)
        np.add.at(counts, (y[pairs[:, 0]], y[pairs[:, 1]]), 1)
    assert counts[0, 0] / counts[1, 1] == pytest.approx(3, rel=0.1)
    assert counts[2, 2] == 0 and counts[:2, 2].min() > 0
    assert np.trace(counts) == counts.sum() / 2


def test_partners_are_uniform():
    y = np.repeat([0, 1], 30)
    counts = np.zeros((60, 60))
    for seed in range(150):
        pairs, _ = sample_pairs(y, 200, random_state=seed)
        counts[pairs[:, 0], pairs[:, 1]] += 1
    upper = counts[np.triu_indices(60, 1)]
    same = (y[:, np.newaxis] == y)[np.triu_indices(60, 1)]
    for kind in (same, ~same):  # a Poisson spread, and nobody left out
        assert upper[kind].std() < 1.2 * np.sqrt(upper[kind].mean())
    assert counts.sum(axis=0)[59] > 0 and counts.sum(axis=1)[0] > 0


def test_many_small_classes_and_one_lonely_sample_take_no_n_squared():
    y = np.arange(30000) // 2
    pairs, kinds = sample_pairs(y, 31000, random_state=0)
    assert np.sum(kinds == 1) == 15000 and np.sum(kinds == -1) == 15500
    y = np.append(np.zeros(20000, dtype=int), 1)
    pairs, kinds = sample_pairs(y, 50000, random_state=0)
    assert np.sum(kinds == -1) == 20000 and (pairs[kinds < 0, 1] == 20000).all()


@pytest.mark.parametrize(
    ("y", "n", "message"),
    [
        ([1, 1, 1], 4, "at least two classes"),
        ([1, 2, 3], 4, "no two samples are alike"),
        ([[1], [2]], 4, "one dimension"),
        ([0.5, 1.5, 2.5], 4, "[Uu]nknown label type"),
        ([1, 1, 2], 1, "n must be"),
        ([1, 1, 2], 2.5, "n must be"),
        ([1.0, np.nan, 2.0], 4, "NaN"),
    ],
)
def test_labels_without_pairs(y, n, message):
    with pytest.raises(ValueError, match=message):
        sample_pairs(y, n)
