"""Weak supervision: learning from pairs, thresholds on distances, and drawing pairs."""

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.base
from sklearn.exceptions import NotFittedError

from mlbook.linear.itml import ITML
from mlbook.linear.mmc import MMC
from mlbook.linear.pair_sampling import sample_pairs
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
        ([1, 2, 3], 4, "no pair is similar"),
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
