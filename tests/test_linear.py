"""The covariance metrics: against hand cases, SciPy, brute force and the axioms."""

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist, mahalanobis
from sklearn.covariance import LedoitWolf
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlbook.linear import Covariance, LinearMetric
from mlbook.linear.covariance import ESTIMATES
from mlbook.linear.scatter import fix_signs, leading_directions, principal_directions


@pytest.fixture
def blobs():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 4))
    y = rng.integers(0, 3, 60)
    return X + 5 * y[:, None], y


@parametrize_with_checks(
    [Covariance(e) for e in ESTIMATES] + [Covariance(ridge=0.1), Covariance(rank="auto")]
)
def test_scikit_learn_estimator_checks(estimator, check):
    check(estimator)


def test_article_example_is_one_and_not_root_two():
    # the article's points and covariance: C = 2 I, x = (1, 2), y = (2, 3)
    a = np.sqrt(3)
    X = np.array([[a, 0], [-a, 0], [0, a], [0, -a]])
    metric = Covariance().fit(X)
    np.testing.assert_allclose(metric.covariance_, 2 * np.eye(2), atol=1e-12)
    assert metric.pair_distance([[[1, 2], [2, 3]]]) == pytest.approx(1.0)


def test_total_equals_scipy(blobs):
    X, _ = blobs
    inverse = np.linalg.inv(np.cov(X, rowvar=False))
    metric = Covariance().fit(X)
    expected = [mahalanobis(u, v, inverse) for u, v in zip(X[:20], X[20:40], strict=True)]
    pairs = np.stack([X[:20], X[20:40]], axis=1)
    np.testing.assert_allclose(metric.pair_distance(pairs), expected)
    np.testing.assert_allclose(metric.get_mahalanobis_matrix(), inverse)
    np.testing.assert_allclose(metric.get_metric()(X[0], X[1]), mahalanobis(X[0], X[1], inverse))


def test_within_equals_a_loop_over_classes(blobs):
    X, y = blobs
    scatter = np.zeros((4, 4))
    for label in np.unique(y):
        for x in X[y == label]:
            difference = x - X[y == label].mean(axis=0)
            scatter += np.outer(difference, difference)
    np.testing.assert_allclose(Covariance("within").fit(X, y).covariance_, scatter / (60 - 3))


def test_ledoit_wolf_and_diagonal_equal_their_references(blobs):
    X, _ = blobs
    shrunk = Covariance("ledoit_wolf").fit(X).covariance_
    np.testing.assert_allclose(shrunk, LedoitWolf().fit(X).covariance_)
    diagonal = Covariance("diagonal").fit(X)
    mapped = diagonal.transform(X)
    np.testing.assert_allclose(
        cdist(mapped, mapped), cdist(X, X, "seuclidean", V=X.var(axis=0, ddof=1))
    )


@pytest.mark.parametrize("estimate", ["total", "ledoit_wolf"])
def test_mapped_data_are_white(blobs, estimate):
    # catches a whitening with the wrong triangular or transposed factor
    X, _ = blobs
    metric = Covariance(estimate).fit(X)
    L, C = metric.components_, metric.covariance_
    np.testing.assert_allclose(L @ C @ L.T, np.eye(4), atol=1e-8)
    if estimate == "total":
        np.testing.assert_allclose(np.cov(metric.transform(X), rowvar=False), np.eye(4), atol=1e-8)


@pytest.mark.parametrize("estimate", ESTIMATES)
@pytest.mark.parametrize("options", [{}, {"ridge": 0.5}, {"rank": 2}])
def test_distances_obey_the_axioms(blobs, estimate, options):
    X, y = blobs
    distance = Covariance(estimate, **options).fit(X, y).get_metric()
    points = X[:8]
    for u, v, w in itertools.product(points, repeat=3):
        assert distance(u, v) >= 0
        assert distance(u, v) == pytest.approx(distance(v, u))
        assert distance(u, w) <= distance(u, v) + distance(v, w) + 1e-9
    assert all(distance(u, u) == 0 for u in points)


def test_reduced_rank_is_a_pseudo_metric_only(blobs):
    X, _ = blobs
    metric = Covariance(rank=2).fit(X)
    null_direction = np.linalg.svd(metric.components_)[2][-1]
    assert metric.pair_distance([[X[0], X[0] + 3 * null_direction]]) == pytest.approx(0, abs=1e-9)


def test_pseudo_inverse_on_constant_and_repeated_features(blobs):
    X, _ = blobs
    X = np.column_stack([X, np.full(len(X), 7.0), X[:, 0] + X[:, 1]])
    metric = Covariance(rank="auto").fit(X)
    assert metric.rank_ == 4
    expected = np.linalg.pinv(np.cov(X, rowvar=False), hermitian=True)
    np.testing.assert_allclose(metric.get_mahalanobis_matrix(), expected, atol=1e-6)


def test_distances_do_not_depend_on_units_or_on_mixing(blobs):
    X, y = blobs
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(4, 4)) * [1, 10, 100, 0.1]
    for estimate in ("total", "within"):
        plain = Covariance(estimate).fit(X, y).transform(X)
        mixed = Covariance(estimate).fit(X @ mixing, y).transform(X @ mixing)
        np.testing.assert_allclose(cdist(plain, plain), cdist(mixed, mixed), atol=1e-6)


def test_order_of_samples_and_names_of_labels_do_not_matter(blobs):
    X, y = blobs
    order = np.random.default_rng(2).permutation(len(X))
    names = np.array(["zebra", "ant", "mole"])
    plain = Covariance("within").fit(X, y)
    other = Covariance("within").fit(X[order], names[y[order]])
    np.testing.assert_allclose(plain.get_mahalanobis_matrix(), other.get_mahalanobis_matrix())
    negative = Covariance("within").fit(X, y - 7)
    np.testing.assert_allclose(plain.components_, negative.components_)


def test_large_ridge_tends_to_euclid(blobs):
    X, _ = blobs
    mapped = Covariance(ridge=1e9).fit(X).transform(X)
    ratio = cdist(mapped, mapped)[0, 1:] / cdist(X, X)[0, 1:]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)


@pytest.mark.parametrize("options", [{"ridge": 0.3}, {"rank": 2}, {"ridge": 1.0, "rank": 3}])
def test_regularised_equals_a_new_fit(blobs, options):
    X, y = blobs
    for estimate in ESTIMATES:
        fitted = Covariance(estimate).fit(X, y)
        before = fitted.components_.copy()
        path, fresh = fitted.regularised(**options), Covariance(estimate, **options).fit(X, y)
        np.testing.assert_array_equal(path.components_, fresh.components_)
        np.testing.assert_allclose(path.covariance_, fresh.covariance_)
        assert path.get_params() == fresh.get_params()
        np.testing.assert_array_equal(fitted.components_, before)


def test_float32_keeps_its_digits_where_the_map_is_ill_conditioned():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(500, 6)) * np.geomspace(1, 1e-6, 6) @ np.linalg.qr(np.eye(6) + 0.3)[0]
    metric = Covariance().fit(X)
    exact, rounded = metric.transform(X), metric.transform(X.astype(np.float32))
    assert rounded.dtype == np.float32 and exact.dtype == np.float64
    assert metric.condition_number_ > 1e5
    # what is left is the rounding of the data themselves
    reference = X.astype(np.float32).astype(np.float64) @ metric.components_.T
    np.testing.assert_allclose(rounded, reference, rtol=1e-5, atol=1e-5)


def test_data_frames_keep_their_names(blobs):
    X, _ = blobs
    frame = pd.DataFrame(X, columns=list("abcd"))
    metric = Covariance(rank=2).fit(frame)
    assert list(metric.feature_names_in_) == list("abcd")
    assert list(metric.regularised().feature_names_in_) == list("abcd")
    assert list(metric.get_feature_names_out()) == ["covariance0", "covariance1"]


def test_metric_function_is_picklable_and_independent(blobs):
    X, _ = blobs
    metric = Covariance().fit(X)
    function = metric.get_metric()
    before = function(X[0], X[1])
    metric.fit(100 * X)
    assert function(X[0], X[1]) == before
    assert pickle.loads(pickle.dumps(function))(X[0], X[1]) == before
    with pytest.raises(ValueError, match="two vectors of shape"):
        function(X[0], X[1][:2])


def test_any_components_make_a_metric():
    class Given(LinearMetric):
        def fit(self, X, y=None):
            self._set_components(np.array([[3.0, 0.0], [0.0, 4.0]]))
            self.n_features_in_ = 2
            return self

    given = Given().fit(None)
    assert given.condition_number_ == pytest.approx(4 / 3)
    assert given.pair_distance([[[0, 0], [1, 1]]]) == pytest.approx(5.0)


def test_singular_covariance_says_what_to_do(blobs):
    X, y = blobs
    with_constant = np.column_stack([X, np.ones(len(X))])
    with pytest.raises(np.linalg.LinAlgError, match="rank 4 of 5 .* rank='auto'"):
        Covariance().fit(with_constant)
    # the case in which numpy.linalg.inv returns garbage without a word
    nearly = X @ np.random.default_rng(4).normal(size=(4, 8))
    with pytest.raises(ValueError, match="singular"):
        Covariance("within").fit(nearly, y)
    with pytest.raises(ValueError, match="rank=6 asks for more"):
        Covariance(rank=6).fit(nearly)
    assert Covariance(ridge=1e-3).fit(nearly).rank_ == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimate": "robust"}, "estimate must be one of"),
        ({"ridge": -1}, "ridge must be"),
        ({"ridge": np.nan}, "ridge must be"),
        ({"ridge": "big"}, "ridge must be"),
        ({"rank": 0}, "rank must be"),
        ({"rank": 1.5}, "rank must be"),
        ({"rank": True}, "rank must be"),
        ({"rank": "all"}, "rank must be"),
    ],
)
def test_wrong_parameters(blobs, options, message):
    with pytest.raises(ValueError, match=message):
        Covariance(**options).fit(*blobs)
    with pytest.raises(ValueError, match=message):
        Covariance().fit(*blobs).set_params(**options).fit(*blobs)


@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_wrong_data(blobs):
    X, y = blobs
    within = Covariance("within")
    with pytest.raises(ValueError, match="NaN"):
        Covariance().fit(np.where(X > 4, np.nan, X))
    with pytest.raises(ValueError, match="infinity"):
        Covariance().fit(np.where(X > 4, np.inf, X))
    with pytest.raises(ValueError, match="y to be passed"):
        within.fit(X)
    with pytest.raises(ValueError, match="one label for each"):
        within.fit(X, y[:-1])
    with pytest.raises(ValueError, match="each of the 60 classes has one"):
        within.fit(X, np.arange(60))
    with pytest.raises(ValueError, match="do not differ"):
        Covariance().fit(np.ones((5, 3)))
    with pytest.raises(ValueError, match="minimum of 2"):
        Covariance().fit(X[:1])
    with pytest.raises(TypeError, match="[Ss]parse"):
        import scipy.sparse

        Covariance().fit(scipy.sparse.csr_matrix(X))
    metric = Covariance().fit(X)
    with pytest.raises(ValueError, match="3 features"):
        metric.transform(X[:, :3])
    for pairs in (X, X[:, None, :], np.zeros((2, 2, 3))):
        with pytest.raises(ValueError, match="pairs must have shape"):
            metric.pair_distance(pairs)
    with pytest.raises(ValueError, match="NaN"):
        metric.pair_distance(np.full((1, 2, 4), np.nan))
    for method in ("get_metric", "get_mahalanobis_matrix", "regularised"):
        with pytest.raises(NotFittedError):
            getattr(Covariance(), method)()


def test_class_with_one_sample_adds_nothing_but_a_degree_of_freedom(blobs):
    X, y = blobs
    plain = Covariance("within").fit(X, y)
    more = Covariance("within").fit(np.vstack([X, [[9.0] * 4]]), np.append(y, 99))
    np.testing.assert_allclose(plain.covariance_, more.covariance_)


def test_directions_are_sorted_and_of_a_fixed_sign(blobs):
    X, _ = blobs
    covariance = np.cov(X, rowvar=False)
    variances, directions = principal_directions(covariance)
    assert np.all(np.diff(variances) < 0)
    np.testing.assert_allclose(
        directions @ covariance @ directions.T, np.diag(variances), atol=1e-9
    )
    np.testing.assert_allclose(leading_directions(covariance, 2), directions[:2], atol=1e-9)
    signed = fix_signs(np.array([[1.0, -3, 2], [-1, 3, -2], [0.5, 0, -0.4]]))
    np.testing.assert_array_equal(signed, [[-1, 3, -2], [-1, 3, -2], [0.5, 0, -0.4]])
