"""Anomalies among tumours: which distance from the healthy mean finds the malignant ones?

Every detector but the last two sees benign cases only and gives each new case a score, larger
for stranger cases. The score is judged by the area under the ROC curve (AUC): the probability
that a malignant case scores higher than a benign one. The last two learn from the malignant
training cases as well, and show what labels of anomalies are worth.
"""

import time

import numpy as np
from sklearn.covariance import MinCovDet
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.linear import Covariance
from mlbook.progress import bar

TITLE = "Anomaly detection on breast tumours: distances from the mean of the benign cases"
DATASETS = ("breast_cancer",)
BASELINE = "euclid"
MEASURE = "auc"

# 398 + 171 are all cases, 70 % to train
BUDGETS = {
    "smoke": Budget(n_train=160, n_test=80, seeds=2),
    "reader": Budget(n_train=398, n_test=171, seeds=10),
    "full": Budget(n_train=398, n_test=171, seeds=50),
}
ARMS = {
    "euclid": "Euclid to the benign mean, features in their own units",
    "scaled": "Euclid, features divided by their standard deviation",
    "mahalanobis": "Mahalanobis, covariance of the benign cases",
    "ledoit_wolf": "Mahalanobis, Ledoit-Wolf covariance, features in their own units",
    "ledoit_wolf_scaled": "Mahalanobis, Ledoit-Wolf covariance, features scaled first",
    "robust": "Mahalanobis, robust covariance (minimum covariance determinant)",
    "forest": "isolation forest",
    "one_feature": "the best single feature, chosen with labelled training cases",
    "logistic": "logistic regression on labelled training cases",
}


def same_items(budget, data):
    """Never: each seed draws its own split."""
    return False


def run(budget, seed, data=None):
    """All arms on one random split.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the split, with the same share of malignant cases on both sides, and the
        randomness of the isolation forest and of the robust covariance.
    data : dict of str to Dataset, or None
        Loaded data sets; None loads them.

    Returns
    -------
    dict of str to dict
        For each arm: auc, n_train, n_test, fit_seconds.
    """
    is_anomaly, arms, n_train = scores(budget, seed, data)
    return {
        arm: {
            "auc": float(roc_auc_score(is_anomaly, measured["scores"])),
            "n_train": n_train,
            "n_test": len(is_anomaly),
            "fit_seconds": measured["fit_seconds"],
        }
        for arm, measured in arms.items()
    }


def scores(budget, seed, data=None):
    """What each detector says of each test case of one split; parameters as in `run`.

    Returns
    -------
    is_anomaly : ndarray of bool, shape (n_test,)
        Whether the test case is malignant.
    arms : dict of str to dict
        For each arm: scores, ndarray of shape (n_test,), larger for stranger cases; fit_seconds.
    n_train : int
        Training cases, benign and malignant together.
    """
    cases = data["breast_cancer"] if data else datasets.load("breast_cancer")
    limits = budget_of(BUDGETS, budget)
    X = np.concatenate([cases.x_train, cases.x_test])
    labels = np.concatenate([cases.y_train, cases.y_test])
    malignant = labels == cases.class_names.index("malignant")
    X_train, X_test, train_malignant, is_anomaly = train_test_split(
        X,
        malignant,
        train_size=limits.n_train,
        test_size=limits.n_test,
        stratify=malignant,
        random_state=seed,
    )
    arms = {}
    progress = bar(ARMS, desc=f"seed {seed}", unit="arm")
    for arm in progress:
        progress.set_postfix_str(arm)
        start = time.perf_counter()
        score = _fit(arm, X_train, train_malignant, seed)
        seconds = time.perf_counter() - start
        arms[arm] = {"scores": score(X_test), "fit_seconds": seconds}
    return is_anomaly, arms, len(X_train)


def _fit(arm, X, malignant, seed):
    """A function that scores new cases. Only the last two arms look at the malignant ones."""
    maps = {
        "euclid": FunctionTransformer(),
        "scaled": Covariance("diagonal"),
        "mahalanobis": Covariance("total"),
        "ledoit_wolf": Covariance("ledoit_wolf"),
        "ledoit_wolf_scaled": make_pipeline(StandardScaler(), Covariance("ledoit_wolf")),
    }
    benign = X[~malignant]
    if arm in maps:
        return _distance_to_mean(maps[arm], benign)
    if arm == "robust":
        return MinCovDet(random_state=seed).fit(benign).mahalanobis
    if arm == "forest":
        forest = IsolationForest(random_state=seed).fit(benign)
        return lambda cases: -forest.score_samples(cases)
    if arm == "one_feature":
        return _best_feature(X, malignant)
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return logistic.fit(X, malignant).decision_function


def _distance_to_mean(linear_map, benign):
    transform = linear_map.fit(benign).transform
    centre = transform(benign.mean(axis=0, keepdims=True))
    return lambda cases: np.linalg.norm(transform(cases) - centre, axis=1)


def _best_feature(X, malignant):
    areas = np.array([roc_auc_score(malignant, column) for column in X.T])
    best = int(np.argmax(np.abs(areas - 0.5)))
    sign = 1 if areas[best] > 0.5 else -1
    return lambda cases: sign * cases[:, best]
