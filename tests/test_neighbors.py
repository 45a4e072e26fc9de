"""Nearest neighbours: against brute force and scikit-learn; exact, repeatable, clear."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlbook import neighbors
from mlbook.linear import Covariance
from mlbook.neighbors import MetricKNeighborsClassifier, exact_neighbors


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    # scikit-learn breaks ties in no documented way; without ties all answers must agree
    X = X + np.random.default_rng(0).normal(scale=1e-3, size=X.shape)
    return X[:1000], y[:1000], X[1000:1400], y[1000:1400]


def brute_force(queries, gallery, k):
    distances = cdist(queries.astype(float), gallery.astype(float))
    order = np.lexsort((np.broadcast_to(np.arange(len(gallery)), distances.shape), distances))
    return np.take_along_axis(distances, order, axis=1)[:, :k], order[:, :k]


@parametrize_with_checks(
    [
        MetricKNeighborsClassifier(),
        MetricKNeighborsClassifier(metric=Covariance(ridge=0.1), batch_size=7),
        MetricKNeighborsClassifier(metric=StandardScaler()),
    ]
)
def test_scikit_learn_estimator_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0, 1e3])
def test_engine_equals_brute_force(dtype, offset):
    rng = np.random.default_rng(0)
    gallery = (offset + rng.normal(size=(2000, 9))).astype(dtype)
    queries = (offset + rng.normal(size=(70, 9))).astype(dtype)
    distances, indices = exact_neighbors(queries, gallery, 5)
    expected_distances, expected_indices = brute_force(queries, gallery, 5)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e12, 1e30])
def test_engine_at_extreme_scales(scale):
    rng = np.random.default_rng(1)
    gallery, queries = scale * rng.normal(size=(500, 3)), scale * rng.normal(size=(20, 3))
    distances, indices = exact_neighbors(queries, gallery, 4)
    expected_distances, expected_indices = brute_force(queries, gallery, 4)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-9)


def far_out_clusters():
    """Neighbours much nearer to each other than float32 resolves at their norm."""
    rng = np.random.default_rng(2)
    centres = np.array([[3e3, 0.0], [-3e3, 0.0]])
    gallery = centres[rng.integers(0, 2, 4000)] + 1e-3 * rng.normal(size=(4000, 2))
    return gallery[:50] + 1e-4 * rng.normal(size=(50, 2)), gallery


def test_engine_where_float32_alone_is_wrong():
    queries, gallery = far_out_clusters()
    expected = brute_force(queries, gallery, 3)[1]
    np.testing.assert_array_equal(exact_neighbors(queries, gallery, 3)[1], expected)
    single = neighbors._candidates(queries.astype("f"), gallery.astype("f"), 3)[1]
    assert not np.array_equal(single, expected), "the case does not test what it should"


def test_the_error_bound_is_what_makes_it_exact(monkeypatch):
    queries, gallery = far_out_clusters()

    class TooSmall:
        eps = 0.0

    monkeypatch.setattr(neighbors.np, "finfo", lambda dtype: TooSmall)
    indices = exact_neighbors(queries, gallery, 3)[1]
    assert not np.array_equal(indices, brute_force(queries, gallery, 3)[1])


def test_ties_go_to_the_first_point_and_the_first_class():
    rng = np.random.default_rng(3)
    gallery = rng.integers(0, 2, size=(3000, 4)).astype(np.float32)
    queries = np.array(np.meshgrid(*[[0, 1]] * 4)).reshape(4, -1).T.astype(np.float32)
    distances, indices = exact_neighbors(queries, gallery, 7)
    np.testing.assert_array_equal(indices, brute_force(queries, gallery, 7)[1])
    assert np.all(distances == 0) and np.all(np.diff(indices) > 0)
    vote = MetricKNeighborsClassifier(2).fit([[0.0], [2.0]], ["b", "a"])
    assert vote.predict([[1.0]]) == ["a"]


@pytest.mark.parametrize("metric", [None, Covariance(ridge=0.01), Covariance("within", ridge=0.1)])
def test_agrees_with_scikit_learn(digits, metric):
    X, y, queries, truth = digits
    ours = MetricKNeighborsClassifier(5, metric).fit(X, y)
    options = {"metric": "euclidean"}
    if metric is not None:
        matrix = ours.metric_.get_mahalanobis_matrix()
        options = {"metric": "mahalanobis", "metric_params": {"VI": matrix}, "algorithm": "brute"}
    theirs = KNeighborsClassifier(5, **options).fit(X, y)
    distances, indices = ours.kneighbors(queries)
    expected_distances, expected_indices = theirs.kneighbors(queries)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-6)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_allclose(ours.predict_proba(queries), theirs.predict_proba(queries))
    assert ours.score(queries, truth) == theirs.score(queries, truth)


def test_distances_are_those_of_the_metric(digits):
    X, y, queries, _ = digits
    model = MetricKNeighborsClassifier(2, Covariance(ridge=0.1)).fit(X, y)
    distances, indices = model.kneighbors(queries[:30])
    for column in range(2):
        pairs = np.stack([queries[:30], X[indices[:, column]]], axis=1)
        np.testing.assert_allclose(distances[:, column], model.metric_.pair_distance(pairs))


def test_batch_size_changes_nothing(digits):
    X, y, queries, _ = digits
    results = [
        MetricKNeighborsClassifier(3, Covariance(ridge=0.1), batch_size=b)
        .fit(X, y)
        .kneighbors(queries)
        for b in (1, 64, 10**6)
    ]
    for distances, indices in results[1:]:
        np.testing.assert_array_equal(indices, results[0][1])
        # another batch is another matrix product, which may round in another order
        np.testing.assert_allclose(distances, results[0][0], rtol=1e-12)


def test_neighbours_of_the_training_points_leave_out_the_point_itself(digits):
    X, y, _, _ = digits
    X = np.vstack([X[:200], X[:200], X[:200]])  # every point three times
    model = MetricKNeighborsClassifier(2).fit(X, np.tile(y[:200], 3))
    distances, indices = model.kneighbors()
    assert not np.any(indices == np.arange(600)[:, None])
    assert np.all(distances == 0)
    np.testing.assert_array_equal(indices[0], [200, 400])
    np.testing.assert_array_equal(indices[400], [0, 200])


def test_pipeline_grid_search_and_cross_validation(digits):
    X, y, queries, truth = digits
    pipeline = make_pipeline(StandardScaler(), MetricKNeighborsClassifier(metric=Covariance()))
    prefix = pipeline.steps[-1][0]
    grid = {
        f"{prefix}__n_neighbors": [1, 3],
        f"{prefix}__metric": [None, Covariance(ridge=1.0), Covariance(rank=20)],
    }
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X[:400], y[:400])
    assert search.score(queries, truth) > 0.8
    nested = {f"{prefix}__metric__ridge": [0.1, 1.0]}
    search = GridSearchCV(pipeline, nested, cv=3, error_score="raise").fit(X[:400], y[:400])
    assert search.best_params_[f"{prefix}__metric__ridge"] in (0.1, 1.0)
    assert cross_val_score(MetricKNeighborsClassifier(), X, y, cv=3).min() > 0.9


def test_fitted_metric_is_used_as_it_is(digits):
    X, y, queries, truth = digits
    learned = NeighborhoodComponentsAnalysis(10, max_iter=5, random_state=0).fit(X[:300], y[:300])
    model = MetricKNeighborsClassifier(3, learned).fit(X, y)
    assert model.metric_ is learned
    assert model.score(queries, truth) > 0.9
    unfitted = Covariance(ridge=1.0)
    model = MetricKNeighborsClassifier(3, unfitted).fit(X, y)
    assert model.metric_ is not unfitted and not hasattr(unfitted, "components_")
    frozen = MetricKNeighborsClassifier(3, FrozenEstimator(learned))
    assert cross_val_score(frozen, X, y, cv=3).min() > 0.85


def test_labels_of_any_kind(digits):
    X, y, queries, _ = digits
    plain = MetricKNeighborsClassifier().fit(X, y).predict(queries)
    names = np.array([f"digit {c}" for c in range(10)])
    np.testing.assert_array_equal(
        MetricKNeighborsClassifier().fit(X, names[y]).predict(queries), names[plain]
    )
    np.testing.assert_array_equal(
        MetricKNeighborsClassifier().fit(X, y - 5).predict(queries), plain - 5
    )


def test_training_data_are_not_changed(digits):
    X = digits[0].astype(np.float32)
    before = X.copy()
    MetricKNeighborsClassifier().fit(X, digits[1]).predict(X[:5])
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_neighbors": 0}, "n_neighbors must be an integer"),
        ({"n_neighbors": 2.5}, "n_neighbors must be an integer"),
        ({"n_neighbors": True}, "n_neighbors must be an integer"),
        ({"n_neighbors": 1001}, "n_neighbors = 1001 .* n_samples = 1000"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"metric": "mahalanobis"}, "estimator with fit and transform, got str"),
        ({"metric": Covariance()}, "singular"),
        ({"metric": Covariance}, r"got the class Covariance: write Covariance\(\)"),
    ],
)
def test_wrong_parameters(digits, options, message):
    X, y = np.round(digits[0]), digits[1]  # without the noise some pixels are constant
    with pytest.raises(ValueError, match=message):
        MetricKNeighborsClassifier(**options).fit(X, y)


def test_wrong_data(digits):
    X, y, _, _ = digits
    model = MetricKNeighborsClassifier().fit(X, y)
    with pytest.raises(ValueError, match="NaN"):
        MetricKNeighborsClassifier().fit(np.where(X > 3, np.nan, X), y)
    with pytest.raises(ValueError, match="infinity"):
        model.predict(np.where(X[:3] > 3, np.inf, X[:3]))
    with pytest.raises(ValueError, match="63 features"):
        model.predict(X[:, :63])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MetricKNeighborsClassifier().fit(X, y[:-1])
    with pytest.raises(ValueError, match="n_neighbors = 2000"):
        model.kneighbors(X[:3], n_neighbors=2000)
    with pytest.raises(ValueError, match="without the point itself"):
        model.kneighbors(n_neighbors=1000)
    with pytest.raises(ValueError, match="continuous"):
        MetricKNeighborsClassifier().fit(X, y + 0.5)
    with pytest.raises(ValueError, match="expects 64 features"):
        MetricKNeighborsClassifier(metric=Covariance(rank="auto").fit(X)).fit(X[:, :5], y)
    with pytest.raises(NotFittedError):
        MetricKNeighborsClassifier().kneighbors(X)


def test_a_metric_may_give_frames(digits):
    X, y, queries, _ = digits
    plain = MetricKNeighborsClassifier(3, Covariance("within", rank="auto")).fit(X, y)
    framed = Covariance("within", rank="auto").set_output(transform="pandas")
    model = MetricKNeighborsClassifier(3, framed).fit(X, y)
    np.testing.assert_array_equal(model.predict(queries), plain.predict(queries))


def test_a_metric_with_sparse_rows_is_refused(digits):
    X, y, _, _ = digits
    with pytest.raises(ValueError, match="sparse rows, and distances need dense ones"):
        MetricKNeighborsClassifier(3, OneHotEncoder()).fit(X[:50].round(), y[:50])


def test_a_search_that_cannot_be_is_refused():
    points = np.zeros((3, 2))
    for k in (0, 4):
        with pytest.raises(ValueError, match="there are 3 points to choose from"):
            exact_neighbors(points, points, k)
    with pytest.raises(ValueError, match="queries have 5 dimensions, the gallery 2"):
        exact_neighbors(np.zeros((1, 5)), points, 1)
