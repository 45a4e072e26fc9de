"""Sample weights from Mahalanobis distances: hand cases, brute force, invariance, bad input."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mlbook.weighting import class_distances, distance_weights


def clouds(n=60, d=4, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 3 * rng.normal(size=(n_classes, d))[y]
    return x, y


def test_distances_by_hand():
    # within each class one step of 1 to both sides: variance 1 in both directions
    x = [[0, 1], [0, -1], [1, 0], [-1, 0], [6, 1], [6, -1], [7, 0], [5, 0]]
    y = ["a"] * 4 + ["b"] * 4
    distances, own = class_distances(x, y)
    # the mean square of either coordinate around the class's mean is 1/2
    assert np.allclose(distances[0], np.sqrt([1 / 0.5, (36 + 1) / 0.5]))
    assert list(own) == [0] * 4 + [1] * 4


def test_distances_by_brute_force():
    x, y = clouds()
    means = np.array([x[y == c].mean(axis=0) for c in range(3)])
    covariance = (x - means[y]).T @ (x - means[y]) / len(x)
    inverse = np.linalg.inv(covariance)
    expected = [[np.sqrt((row - m) @ inverse @ (row - m)) for m in means] for row in x]
    assert np.allclose(class_distances(x, y)[0], expected)


def test_distances_do_not_depend_on_units_or_a_turn_of_the_axes():
    x, y = clouds()
    turned = x @ np.random.default_rng(1).normal(size=(4, 4)) + 5
    assert np.allclose(class_distances(x, y)[0], class_distances(turned, y)[0])


@pytest.mark.parametrize("scheme", ["near", "far", "posterior"])
def test_weights_have_mean_one_and_follow_the_samples(scheme):
    x, y = clouds()
    weights = distance_weights(x, y, scheme)
    assert weights.dtype == np.float32 and weights.shape == (60,)
    assert np.isclose(weights.mean(), 1)
    assert (weights >= 0).all() and weights.std() > 0
    order = np.random.default_rng(2).permutation(60)
    assert np.allclose(distance_weights(x[order], y[order], scheme), weights[order], rtol=1e-4)
    assert np.allclose(distance_weights(x, np.array(["c", "a", "b"])[y], scheme), weights)


def test_near_is_the_inverse_of_far():
    x, y = clouds()
    product = distance_weights(x, y, "near") * distance_weights(x, y, "far")
    assert np.allclose(product, product[0], rtol=1e-5)
    distances, own = class_distances(x, y)
    at_own = distances[np.arange(60), own]
    assert distance_weights(x, y, "near").argmax() == at_own.argmin()


def test_posterior_is_that_of_discriminant_analysis():
    x, y = clouds(n_classes=3)
    lda = LinearDiscriminantAnalysis(solver="lsqr", priors=[1 / 3] * 3).fit(x, y)
    expected = lda.predict_proba(x)[np.arange(60), y]
    weights = distance_weights(x, y, "posterior")
    assert np.allclose(weights / weights.max(), expected / expected.max(), rtol=1e-4)


def test_posterior_of_far_samples_is_finite():
    x, y = clouds()
    weights = distance_weights(np.vstack([x, 1e6 * np.ones((1, 4))]), [*y, 0], "posterior")
    assert np.isfinite(weights).all()


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((4, 2)), [0, 0, 0, 0], "two classes"),
        (np.arange(8.0).reshape(4, 2), [0, 0, 0, 1], "class 1 has one sample"),
        ([[0, np.nan], [1, 1], [2, 0], [1, 5]], [0, 0, 1, 1], "NaN"),
        (np.zeros((4, 2, 2)), [0, 0, 1, 1], "dim 3"),
        (np.zeros((4, 2)), [0, 1, 1], "inconsistent"),
        ([[0, 0], [1, 0], [2, 0], [5, 5], [6, 5], [7, 5]], [0, 0, 0, 1, 1, 1], "rank 1 in 2"),
        ([[0.0], [1], [2], [5], [6], [7]], [0, 0, 0, 1, 1, 1], "lies at the mean"),
    ],
)
def test_bad_input(x, y, message):
    with pytest.raises(ValueError, match=message):
        distance_weights(x, y)


def test_unknown_scheme():
    with pytest.raises(ValueError, match="near, far, posterior"):
        distance_weights(*clouds(), scheme="middle")
