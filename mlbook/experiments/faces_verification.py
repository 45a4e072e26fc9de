"""The same person or not? Verification of people whom nobody has seen before.

The people are divided at random: half of them teach the metric, a quarter chooses the setting
and the threshold, a quarter is tested. So nothing about the tested people is known in advance,
not even who they are. All pairs of photographs of the tested people are judged.

The main measure is 1 - EER: the share of pairs that are judged rightly with the threshold at
which equally many same and different pairs are judged wrongly. A real system must fix the
threshold beforehand; `far` and `frr` are its errors then.
"""

import numpy as np
from sklearn.pipeline import make_pipeline

from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.faces import (
    PICTURES,
    SETTINGS,
    SHRUNK,
    SPAN,
    TUNED,
    Arm,
    angle,
    distance_of,
    load,
)
from mlbook.linear import RCA
from mlbook.progress import bar
from mlbook.verification import roc

TITLE = "Faces by local binary patterns: are two photographs of strangers of the same person?"
DATASETS = ("olivetti",)
BASELINE = "pixels"
MEASURE = "one_minus_eer"
# 20 people to learn from, 10 to choose with, 10 to test
BUDGETS = {
    "smoke": Budget(n_train=80, n_test=40, seeds=2),
    "reader": Budget(n_train=200, n_test=100, seeds=5),
    "full": Budget(n_train=200, n_test=100, seeds=20),
}

_WITHIN = make_pipeline(SPAN, RCA(ridge=1.0))
_SHARED = ("pixels", "pixels_lda", "global_chi2", "global_mahalanobis", "grid_euclid", "grid_chi2")
_SHARED += ("grid_shrunk", "grid_lda", "multi_lda")
COMPARED = {
    **{name: TUNED[name] for name in _SHARED},
    "pixels_within": Arm("pixels, RCA, angle", "pixels", angle(_WITHIN)),
    "grid_shrunk_angle": Arm("LBP on a grid, Mahalanobis shrunk, angle", "grid", angle(SHRUNK)),
    "multi_angle": TUNED["multi_angle"],
    "grid_within": Arm("LBP on a grid, RCA, angle", "grid", angle(_WITHIN)),
}
ARMS = {name: arm.label for name, arm in COMPARED.items()}


def same_items(budget, data):
    """No: each seed draws other people."""
    return False


def run(budget, seed, data=None):
    """All arms on one random division of the people.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Divides the people.
    data : dict of str to Dataset, or None
        Loaded data sets; None loads them.

    Returns
    -------
    dict of str to dict
        For each arm: one_minus_eer, auc; far and frr of the threshold chosen in advance; the
        setting; n_train (photographs to learn from), n_test.
    """
    n_train, n_test, curves = verify_all(budget, seed, data)
    arms = {}
    for name, (setting, threshold, test) in curves.items():
        # the rates of the last threshold that is not below the chosen one
        last = int(np.searchsorted(-test.thresholds, -threshold, side="right")) - 1
        arms[name] = {
            "one_minus_eer": 1 - test.eer(),
            "auc": float(np.trapezoid(test.tar, test.far)),
            "far": float(test.far[last]),
            "frr": float(1 - test.tar[last]),
            "setting": setting,
            "n_train": n_train,
            "n_test": n_test,
        }
    return arms


def verify_all(budget, seed, data=None):
    """The curves behind the numbers of one division; parameters as for `run`.

    Returns
    -------
    n_train, n_test : int
        Photographs of the people that teach, and of those that are tested.
    curves : dict of str to tuple
        For each arm the setting and the threshold that the validation people chose, and the
        `mlbook.verification.Roc` of the people tested.
    """
    limits = budget_of(BUDGETS, budget)
    n_people = (limits.n_train + 2 * limits.n_test) // PICTURES
    faces = load(n_people, data)
    people = np.random.default_rng(seed).permutation(np.unique(faces.y))
    n_learn, n_judge = limits.n_train // PICTURES, limits.n_test // PICTURES
    learn, validation, test = (
        np.flatnonzero(np.isin(faces.y, part))
        for part in np.split(people, [n_learn, n_learn + n_judge])
    )
    curves = {}
    for name, arm in bar(COMPARED.items(), desc=f"seed {seed}"):
        tried = {}
        for setting in SETTINGS[arm.kind]:
            X = faces.features(arm.kind, setting)
            distance = distance_of(arm.metric, X[learn], faces.y[learn])
            tried[setting] = [
                _curve(distance(X[part], X[part]), faces.y[part]) for part in (validation, test)
            ]
        setting = min(tried, key=lambda setting: tried[setting][0].eer())
        chosen_on, tested = tried[setting]
        curves[name] = setting, chosen_on.eer_threshold(), tested
    return len(learn), len(test), curves


def _curve(distances, y):
    first, second = np.triu_indices(len(y), 1)
    return roc(-distances[first, second], y[first] == y[second])
