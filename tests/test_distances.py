"""Distances: hand cases, SciPy, broadcasting, the axioms, and the article's false candidates."""

import dataclasses

import numpy as np
import pytest
import scipy.sparse
from scipy.spatial import distance as reference

from mlbook import distances
from mlbook.axioms import check_axioms
from mlbook.linear import Covariance

X, Y = np.random.default_rng(0).normal(size=(2, 7, 6))
MATRIX = np.cov(np.random.default_rng(1).normal(size=(6, 20)))
WEIGHTS = np.random.default_rng(2).dirichlet(np.ones(6))

BY_NAME = {
    "euclidean": distances.euclidean,
    "manhattan": distances.manhattan,
    "chebyshev": distances.chebyshev,
    "minkowski": lambda x, y: distances.minkowski(x, y, 3.5),
    "cosine_similarity": distances.cosine_similarity,
    "angular": distances.angular,
    "mahalanobis": lambda x, y: distances.mahalanobis(x, y, MATRIX),
    "hartley": lambda x, y: distances.hartley(x, y, WEIGHTS),
    "hartley of images": lambda x, y: distances.hartley(x, y, WEIGHTS, shape=(2, 3)),
}
METRICS = {name: d for name, d in BY_NAME.items() if name != "cosine_similarity"}
REFERENCES = {
    "euclidean": reference.euclidean,
    "manhattan": reference.cityblock,
    "chebyshev": reference.chebyshev,
    "minkowski": lambda x, y: reference.minkowski(x, y, 3.5),
    "cosine_similarity": lambda x, y: 1 - reference.cosine(x, y),
    "angular": lambda x, y: np.arccos(1 - reference.cosine(x, y)),
    "mahalanobis": lambda x, y: reference.mahalanobis(x, y, MATRIX),
}


def cas_matrix(d):
    angle = 2 * np.pi * np.outer(range(d), range(d)) / d
    return (np.cos(angle) + np.sin(angle)) / np.sqrt(d)


def test_hand_cases():
    assert distances.euclidean([0, 0], [3, 4]) == 5
    assert distances.manhattan([0, 0], [3, 4]) == 7
    assert distances.chebyshev([0, 0], [3, 4]) == 4
    assert distances.minkowski([0, 0], [1, 1], 4) == pytest.approx(2**0.25)
    assert distances.cosine_similarity([1, 0], [1, 1]) == pytest.approx(np.sqrt(0.5))
    assert distances.angular([1, 0], [0, 5]) == pytest.approx(np.pi / 2)
    assert distances.angular([1, 2], [-2, -4]) == pytest.approx(np.pi)
    # the article's example: 1, not the square root of 2
    assert distances.mahalanobis([1, 2], [2, 3], np.eye(2) / 2) == pytest.approx(1.0)
    # H = [[1, 1], [1, -1]] / sqrt(2): the difference (2, 0) has the spectrum (sqrt 2, sqrt 2)
    assert distances.hartley([2, 1], [0, 1], [0.25, 0.5]) == pytest.approx(np.sqrt(1.5))


@pytest.mark.parametrize("name", REFERENCES)
def test_equal_to_scipy(name):
    expected = [REFERENCES[name](x, y) for x, y in zip(X, Y, strict=True)]
    np.testing.assert_allclose(BY_NAME[name](X, Y), expected)


@pytest.mark.parametrize("name", BY_NAME)
def test_broadcasting_equals_one_pair_at_a_time(name):
    d = BY_NAME[name]
    table = d(X[:, None], Y[None])
    assert table.shape == (7, 7) and table.dtype == np.float64
    single = d(X[2], Y[5])
    assert np.ndim(single) == 0
    assert table[2, 5] == pytest.approx(single)
    np.testing.assert_allclose(d(X[2], Y), table[2])
    np.testing.assert_allclose(d(X.astype(np.float32), Y[0]), table[:, 0], rtol=1e-5)
    assert np.isfinite(d([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 7]))
    assert d(np.ones((0, 6)), X[0]).shape == (0,)


@pytest.mark.parametrize("name", METRICS)
def test_true_distances_pass_the_axioms(name):
    points = np.random.default_rng(3).normal(size=(60, 6))
    if name == "angular":
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    report = check_axioms(METRICS[name], points)
    assert report.kind == "metric on these points", report
    assert report.failures == () and report.n_points == 60


def test_norms_neither_overflow_nor_vanish():
    assert distances.minkowski([0, 0, 0], [2, 2, 2], 5000) == pytest.approx(2 * 3 ** (1 / 5000))
    assert distances.euclidean([0, 0], [3e200, 4e200]) == pytest.approx(5e200)
    assert distances.euclidean([0, 0], [3e-200, 4e-200]) == pytest.approx(5e-200)
    assert distances.cosine_similarity([1e-200, 0], [1e200, 1e200]) == pytest.approx(np.sqrt(0.5))
    assert distances.minkowski([0], [2], np.inf) == 2


def test_angular_keeps_small_angles():
    assert distances.angular([1, 0], [1, 1e-12]) == pytest.approx(1e-12)
    assert distances.angular([1, 2], [2, 4]) == 0


@pytest.mark.parametrize("d", [1, 2, 5, 8])
def test_hartley_transform_is_its_definition_and_its_own_inverse(d):
    points = np.random.default_rng(d).normal(size=(4, d))
    spectra = distances.hartley_transform(points)
    np.testing.assert_allclose(spectra, points @ cas_matrix(d), atol=1e-12)
    np.testing.assert_allclose(distances.hartley_transform(spectra), points, atol=1e-12)
    np.testing.assert_allclose((spectra**2).sum(axis=1), (points**2).sum(axis=1))


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (1, 12), (5, 2)])
def test_hartley_transform_of_images(shape):
    h, w = shape
    r, c = np.divmod(np.arange(h * w), w)
    angle = 2 * np.pi * (np.outer(r, r) / h + np.outer(c, c) / w)
    H = (np.cos(angle) + np.sin(angle)) / np.sqrt(h * w)
    np.testing.assert_allclose(distances.hartley_transform(np.eye(h * w), shape), H, atol=1e-12)
    np.testing.assert_allclose(H @ H, np.eye(h * w), atol=1e-12)


def test_hartley_distance_with_uniform_weights_is_euclid():
    expected = distances.euclidean(X, Y) / np.sqrt(6)
    np.testing.assert_allclose(distances.hartley(X, Y), expected)
    np.testing.assert_allclose(distances.hartley(X, Y, shape=(3, 2)), expected)


def test_square_of_the_difference_fails_the_triangle_inequality():
    report = check_axioms(lambda x, y: (x - y) ** 2, [0, 1, 2])
    assert report.kind == "no metric"
    assert report.failures == (report.triangle_inequality,)
    assert report.triangle_inequality.indices == (0, 1, 2)
    assert report.triangle_inequality.points == (0, 1, 2)
    assert report.triangle_inequality.values == (4, 1, 1)
    assert "FAILS: d(0, 2) = 4 > d(0, 1) + d(1, 2) = 1 + 1" in str(report)


def one_minus_cosine(x, y):
    return 1 - distances.cosine_similarity(x, y)


def test_one_minus_cosine_is_no_metric():
    triangle = check_axioms(one_minus_cosine, [(1, 0), (1, 1), (0, 1)]).triangle_inequality
    assert triangle.points == ((1, 0), (1, 1), (0, 1))
    np.testing.assert_allclose(triangle.values, [1, 1 - np.sqrt(0.5), 1 - np.sqrt(0.5)])
    report = check_axioms(one_minus_cosine, [(1, 2), (2, 4)])
    assert report.separation.points == ((1, 2), (2, 4))
    assert report.self_distance.holds
    assert report.kind == "pseudo-metric on these points"
    assert check_axioms(distances.angular, [(1, 2), (2, 4), (0, 1)]).failures == (
        check_axioms(distances.angular, [(1, 2), (2, 4), (0, 1)]).separation,
    )


def test_inner_product_is_no_distance():
    report = check_axioms(np.dot, [(1, 0), (-1, 1), (0, 1)])
    assert report.kind == "no metric"
    assert report.non_negativity.points == ((1, 0), (-1, 1))
    assert report.non_negativity.values == (-1,)
    assert report.self_distance.points == ((-1, 1), (-1, 1))
    assert report.self_distance.values == (2,)
    assert report.separation.points == ((1, 0), (0, 1))
    assert report.symmetry.holds


def test_cosine_norm_is_no_distance():
    # the article's formula <x, y> / (||x|| ||y||), called a norm
    report = check_axioms(distances.cosine_similarity, [(1, 0), (-1, 0), (0, 1)])
    assert not report.non_negativity.holds
    assert report.non_negativity.points == ((1, 0), (-1, 0))
    assert report.non_negativity.values == (-1,)
    assert report.self_distance.values == (1,)


def test_asymmetric_function_fails_symmetry_alone():
    # one-way streets on a circle: the way from x to y, always upwards, modulo 5
    report = check_axioms(lambda x, y: (y - x) % 5, [0, 1, 4])
    assert report.failures == (report.symmetry,)
    assert report.symmetry.points == (0, 1)
    assert report.symmetry.values == (1, 4)


def test_low_rank_mahalanobis_is_a_pseudo_metric():
    points = np.random.default_rng(4).normal(size=(20, 3))
    L = np.random.default_rng(5).normal(size=(2, 3))
    null = np.linalg.svd(L)[2][-1]
    points = np.vstack([points, points[3] + 2 * null])
    report = check_axioms(lambda x, y: distances.mahalanobis(x, y, L.T @ L), points)
    assert report.kind == "pseudo-metric on these points"
    assert report.separation.indices == (3, 20)
    assert "x != y" in report.separation.explanation
    # rounding noise in an eigenvalue of 1e-17 would show as a distance of 1e-9
    for seed in range(20):
        L = np.random.default_rng(seed).normal(size=(3, 6))
        null = np.linalg.svd(L)[2][-1]
        assert distances.mahalanobis(X[0], X[0] + null, L.T @ L) < 1e-13


def test_checker_accepts_functions_of_two_vectors_only():
    metric = Covariance().fit(X @ np.eye(6)[:, :2])
    assert check_axioms(metric.get_metric(), X[:, :2]).kind == "metric on these points"
    assert check_axioms(reference.euclidean, X).kind == "metric on these points"
    # a function that gives nonsense of the right shape for an array: 6 points, 6 features
    square = X[:6]
    assert check_axioms(lambda u, v: np.sqrt((u - v) @ (u - v).T), square).failures == ()

    def summed_over_points(u, v):
        return np.abs(u - v).sum(axis=0 if np.ndim(v) == 2 else None)

    assert check_axioms(summed_over_points, square).kind == "metric on these points"


def test_checker_on_equal_and_single_points():
    assert check_axioms(distances.euclidean, [(1, 2), (1, 2)]).kind == "metric on these points"
    assert check_axioms(distances.euclidean, [(1, 2)]).kind == "metric on these points"
    # equal points must be at distance zero
    calls = iter(range(100))
    report = check_axioms(lambda x, y: next(calls) % 7, [3, 3])
    assert not report.self_distance.holds
    assert check_axioms(lambda x, y: 0.0, [1, 2]).kind == "pseudo-metric on these points"


def test_tolerance_is_relative():
    noisy = check_axioms(lambda x, y: 1e6 * abs(x - y) + 1e-5 * (x > y), [0, 1, 2])
    assert noisy.kind == "metric on these points"
    strict = check_axioms(lambda x, y: 1e6 * abs(x - y) + 1e-5 * (x > y), [0, 1, 2], tolerance=0)
    assert not strict.symmetry.holds


def test_report_is_frozen_and_readable():
    report = check_axioms(distances.euclidean, np.arange(14).reshape(2, 7))
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.n_points = 3
    assert str(report).startswith("metric on these points (2 points)\n")
    assert str(report).count("holds") == 5
    far = check_axioms(lambda x, y: np.sum((x - y) ** 2), np.arange(21).reshape(3, 7))
    assert "d(points[0], points[2])" in far.triangle_inequality.explanation
    assert hash(far) == hash(far)


@pytest.mark.parametrize("name", BY_NAME)
def test_wrong_vectors(name):
    d = BY_NAME[name]
    with pytest.raises(ValueError, match="one length, got 6 and 5"):
        d(X[0], Y[0, :5])
    with pytest.raises(ValueError, match="do not broadcast"):
        d(X, Y[:3])
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="y contains NaN or infinite"):
            d(X[0], np.where(np.arange(6) == 2, bad, Y[0]))
    for bad in (1.0, [], None):
        with pytest.raises(ValueError, match="x (must have shape|contains)"):
            d(bad, bad)
    for bad in (["a"] * 6, [1j] * 6, X[0] + 1j, [[1, 2], [3]], scipy.sparse.csr_array(X)):
        with pytest.raises(ValueError, match="x must be a dense array of real numbers"):
            d(bad, Y[0])


@pytest.mark.parametrize("p", [0.5, 0, -1, np.nan, "2", None, True])
def test_wrong_exponent(p):
    with pytest.raises(ValueError, match="p must be a number >= 1"):
        distances.minkowski([0], [1], p)


@pytest.mark.parametrize("d", [distances.cosine_similarity, distances.angular])
def test_zero_vector_has_no_direction(d):
    with pytest.raises(ValueError, match="y holds a zero vector"):
        d([[1, 0], [0, 1]], [[1, 0], [0, 0]])


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 0.5], [0, 1]], "symmetric"),
        ([[1, 2], [2, 1]], "eigenvalue -1"),
        ([[-1, 0], [0, 0]], "eigenvalue -1"),
        (np.eye(3), r"shape \(2, 2\), got \(3, 3\)"),
        ([1, 1], "shape"),
        ([[np.nan, 0], [0, 1]], "matrix contains NaN"),
    ],
)
def test_wrong_matrix(matrix, message):
    with pytest.raises(ValueError, match=message):
        distances.mahalanobis([0, 0], [1, 1], matrix)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": [1, -1, 1, 1]}, "negative"),
        ({"weights": [1, 1]}, r"shape \(4,\)"),
        ({"weights": [1, 1, 1, np.nan]}, "weights contains NaN"),
        ({"shape": (2, 3)}, "holds 6 values, but the vectors have 4"),
        ({"shape": (4,)}, "two integers"),
        ({"shape": 4}, "two integers"),
        ({"shape": (2.0, 2.0)}, "two integers"),
        ({"shape": (-2, -2)}, "two integers"),
    ],
)
def test_wrong_hartley_options(options, message):
    with pytest.raises(ValueError, match=message):
        distances.hartley(np.zeros(4), np.ones(4), **options)


def test_wrong_arguments_of_the_checker():
    with pytest.raises(ValueError, match="points must have shape"):
        check_axioms(distances.euclidean, np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="points must have shape"):
        check_axioms(distances.euclidean, [])
    with pytest.raises(ValueError, match="tolerance"):
        check_axioms(distances.euclidean, X, tolerance=-1)
    for bad in (np.nan, "far", np.ones(2), 1j):
        with pytest.raises(ValueError, match="points 0 and 0 must be a finite real number"):
            check_axioms(lambda u, v, bad=bad: bad, X)
    with pytest.raises(ValueError, match="zero vector"):
        check_axioms(distances.angular, [(0, 0), (1, 1)])
