"""The tools of the checks on formulas: each axiom of a norm is seen to fail alone."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis

from mlbook.checks import formulas

VECTORS = formulas.GRID


@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
def test_norms_have_no_failures(order):
    assert formulas.norm_failures(lambda x: np.linalg.norm(x, order), VECTORS) == {}
    assert formulas.norm_failures(lambda x: 0.1 * np.linalg.norm(x, order), VECTORS) == {}


@pytest.mark.parametrize(
    ("function", "failing"),
    [
        (lambda x: -np.linalg.norm(x), {"non-negativity", "triangle inequality"}),
        (lambda x: abs(x[0]), {"definiteness"}),
        (lambda x: np.linalg.norm(x) + (not x.any()), {"definiteness"}),
        (np.count_nonzero, {"homogeneity"}),
        (formulas.uphill, {"homogeneity"}),
        (lambda x: min(np.linalg.norm(x), 1), {"homogeneity"}),
        (lambda x: np.sum(np.sqrt(np.abs(x))) ** 2, {"triangle inequality"}),
        (formulas.sum_of_squares, {"homogeneity", "triangle inequality"}),
        (lambda x: 0.0, {"definiteness"}),
    ],
)
def test_each_axiom_of_a_norm_fails_where_it_should(function, failing):
    failures = formulas.norm_failures(function, VECTORS)
    assert failures.keys() == failing
    assert all("f(" in text for text in failures.values())


def test_counterexamples_are_true():
    failures = formulas.norm_failures(np.count_nonzero, np.array([[1.0, 3.0]]))
    assert failures == {"homogeneity": "f(2, 6) = 2, not 2 f(1, 3) = 4"}
    failures = formulas.norm_failures(formulas.sum_of_squares, np.array([[1.0, 0.0]]))
    assert failures["triangle inequality"] == "f(2, 0) = 4 > f(1, 0) + f(1, 0) = 2"
    failures = formulas.norm_failures(formulas.cosine_norm, np.array([[-2.0, -2.0]]))
    assert failures["non-negativity"] == "f(-2, -2) = -1 < 0"


def test_the_articles_functions_by_hand():
    x, y, sigma = np.array([1.0, 2.0]), np.array([2.0, 3.0]), 2 * np.eye(2)
    assert formulas.squared_difference([1, 2], [4, 6]) == 25
    assert formulas.cosine_distance([1, 0], [0, 2]) == 1
    assert formulas.cosine_norm([3.0, 3.0]) == pytest.approx(1)
    assert formulas.sum_of_squares([3, 4]) == 25
    assert formulas.manhattan_norm([3, -4]) == 7
    assert formulas.uphill([3, -4]) == 10 and formulas.uphill([-3, 4]) == 11
    assert formulas.cosine_of_angle([1, 0], [1, 1]) == pytest.approx(np.sqrt(0.5))
    assert formulas.mahalanobis_as_printed(x, y, sigma) == pytest.approx(1)
    other = np.array([[2.0, 1], [1, 3]])
    assert formulas.mahalanobis_as_printed(x, 3 * y, other) == pytest.approx(
        mahalanobis(x, 3 * y, np.linalg.inv(other))
    )
    with pytest.raises(TypeError):
        formulas.mahalanobis_as_printed([1, 2], [2, 3], [[2, 0], [0, 2]])
