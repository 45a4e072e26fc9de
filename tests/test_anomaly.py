"""The anomaly experiment: on data whose answer is known, and against scores computed by hand."""

import types

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.metrics import roc_auc_score

from mlbook import datasets
from mlbook.errors import UnknownNameError
from mlbook.experiments import anomaly

ONE_CLASS = [arm for arm in anomaly.ARMS if arm not in ("one_feature", "logistic")]


def cases(benign, malignant, names=("malignant", "benign")):
    """A data set of these cases; half of it in each split, as `scores` joins them anyway."""
    x = np.concatenate([benign, malignant])
    is_malignant = np.arange(len(x)) >= len(benign)
    y = np.where(is_malignant, names.index("malignant"), names.index("benign"))
    half = np.random.default_rng(0).permutation(len(x)) % 2 == 0
    return {
        "breast_cancer": types.SimpleNamespace(
            x_train=x[half],
            y_train=y[half],
            x_test=x[~half],
            y_test=y[~half],
            class_names=names,
        )
    }


@pytest.fixture(scope="module")
def real():
    return {"breast_cancer": datasets.load("breast_cancer")}


def correlated(n_benign=250, n_malignant=60, scale=(1.0, 1.0)):
    """Two strongly correlated features in odd units; anomalies lie across the correlation."""
    rng = np.random.default_rng(1)
    benign = rng.normal(size=(n_benign, 1)) + 0.1 * rng.normal(size=(n_benign, 2))
    side = rng.choice([-1.0, 1.0], size=(n_malignant, 1))
    malignant = np.hstack([0.7 * side, -0.7 * side]) + 0.1 * rng.normal(size=(n_malignant, 2))
    return cases(benign * scale, malignant * scale)


def areas(data, seed=0):
    return {arm: m["auc"] for arm, m in anomaly.run("smoke", seed, data).items()}


def test_only_a_distance_that_knows_the_correlation_finds_what_lies_across_it():
    found = areas(correlated())
    for arm in ("mahalanobis", "robust", "ledoit_wolf", "ledoit_wolf_scaled"):
        assert found[arm] > 0.99, arm
    for arm in ("euclid", "scaled"):
        assert found[arm] < 0.75, arm
    # anomalies on both sides: neither a line nor a threshold on one feature divides them
    assert found["one_feature"] < 0.75 and found["logistic"] < 0.75


def test_units_matter_to_euclid_and_to_shrinkage_only():
    plain, other = areas(correlated()), areas(correlated(scale=(1.0, 1000.0)))
    for arm in ("scaled", "mahalanobis", "ledoit_wolf_scaled", "one_feature", "logistic"):
        assert other[arm] == pytest.approx(plain[arm], abs=1e-9), arm
    for arm in ("euclid", "ledoit_wolf"):
        assert abs(other[arm] - plain[arm]) > 0.005, arm


def test_scores_are_distances_to_the_benign_training_mean(real):
    is_anomaly, arms, n_train = anomaly.scores("smoke", 3, real)
    assert n_train == 160 and len(is_anomaly) == 80
    # the split is scikit-learn's, with both classes in proportion
    from sklearn.model_selection import train_test_split

    data = real["breast_cancer"]
    X = np.concatenate([data.x_train, data.x_test])
    bad = np.concatenate([data.y_train, data.y_test]) == data.class_names.index("malignant")
    X_train, X_test, bad_train, bad_test = train_test_split(
        X, bad, train_size=160, test_size=80, stratify=bad, random_state=3
    )
    np.testing.assert_array_equal(is_anomaly, bad_test)
    benign = X_train[~bad_train]
    mean, inverse = benign.mean(axis=0), np.linalg.inv(np.cov(benign, rowvar=False))
    by_hand = {
        "euclid": [np.linalg.norm(x - mean) for x in X_test],
        "scaled": [np.linalg.norm((x - mean) / benign.std(axis=0, ddof=1)) for x in X_test],
        "mahalanobis": [mahalanobis(x, mean, inverse) for x in X_test],
    }
    for arm, expected in by_hand.items():
        np.testing.assert_allclose(arms[arm]["scores"], expected, rtol=1e-6)
    measured = anomaly.run("smoke", 3, real)
    for arm, expected in by_hand.items():
        assert measured[arm]["auc"] == pytest.approx(roc_auc_score(bad_test, expected))
        assert (measured[arm]["n_train"], measured[arm]["n_test"]) == (160, 80)


def test_one_class_detectors_never_see_a_malignant_training_case():
    rng = np.random.default_rng(2)
    benign, malignant = rng.normal(size=(200, 3)), 3 + rng.normal(size=(100, 3))
    shifted = malignant + 100
    results = [anomaly.scores("smoke", 0, cases(benign, bad)) for bad in (malignant, shifted)]
    (is_anomaly, first, _), (_, second, _) = results
    for arm in ONE_CLASS:
        np.testing.assert_allclose(
            first[arm]["scores"][~is_anomaly], second[arm]["scores"][~is_anomaly], rtol=1e-9
        )
    arm = "logistic"
    assert not np.allclose(first[arm]["scores"][~is_anomaly], second[arm]["scores"][~is_anomaly])


def test_stranger_cases_score_higher_in_every_arm():
    rng = np.random.default_rng(4)
    data = cases(rng.normal(size=(200, 3)), 8 + rng.normal(size=(100, 3)))
    assert min(areas(data).values()) == 1.0
    # also where a small value is the strange one, and whatever the labels are called
    data = cases(rng.normal(size=(200, 3)), rng.normal(size=(100, 3)) - 8, ("benign", "malignant"))
    assert min(areas(data).values()) == 1.0


def test_the_same_seed_gives_the_same_numbers(real):
    first, second, other = (areas(real, seed) for seed in (1, 1, 0))
    assert first == second and first != other
    assert first.keys() == anomaly.ARMS.keys()
    assert min(first.values()) > 0.8


def test_every_case_is_used_at_the_larger_budgets(real):
    n_cases = sum(len(real["breast_cancer"].__getattribute__(y)) for y in ("y_train", "y_test"))
    for budget in ("reader", "full"):
        limits = anomaly.BUDGETS[budget]
        assert limits.n_train + limits.n_test == n_cases
    assert anomaly.BUDGETS["full"].seeds >= 20


def test_an_unknown_budget_is_named(real):
    with pytest.raises(UnknownNameError, match="budget"):
        anomaly.run("huge", 0, real)
