"""A network on both modalities made smaller: weights cut after training, or fewer units before.

The network sees all features side by side, with modality dropout, and has one hidden layer of
64 units. Pruning (剪枝) keeps the weights that are largest in absolute value, over both layers,
and trains no further. Beside it stand networks that had fewer units from the start. See
`multimodal_pairs` for the data.

S. Han, J. Pool, J. Tran and W. J. Dally, Learning both weights and connections for efficient
neural networks, NIPS 2015, arXiv:1506.02626: pruning by size, there with more training after.
"""

import copy
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.multimodal_pairs import pairs
from mlbook.fusion.estimators import FeatureFusion

TITLE = "A network on two modalities, pruned and narrow"
DATASETS = ("mnist", "spoken_digits")
BASELINE = "network"

KEPT = (50, 20, 10, 5)
UNITS = (32, 16, 8, 4)
N_UNITS = 64
ARMS = (
    {"network": f"network of {N_UNITS} units"}
    | {f"pruned_{kept}": f"pruned, {kept} % of the weights kept" for kept in KEPT}
    | {f"narrow_{units}": f"network of {units} units" for units in UNITS}
)
BUDGETS = {
    "smoke": Budget(n_train=150, n_test=100, seeds=2, grids={"epochs": 20}),
    "reader": Budget(n_train=600, n_test=400, seeds=2, grids={"epochs": 20}),
    "full": Budget(n_train=1_500, n_test=1_000, seeds=10, grids={"epochs": 20}),
}


def same_items(budget, data):
    """No: each seed keeps other speakers out."""
    return False


def run(budget, seed, data=None):
    """All arms on one split.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test pair), n_train, n_weights (that are not 0).
    """
    limits = budget_of(BUDGETS, budget)
    data = data or {name: datasets.load(name) for name in DATASETS}
    split = pairs(data, limits, seed)
    epochs, arms = limits.grids["epochs"], {}

    def score(arm, model):
        correct = model.predict(split.tests["clean"]) == split.y_test
        weights = sum(np.count_nonzero(layer) for layer in model.classifier_.coefs_)
        arms[arm] = {"correct": correct, "n_train": len(split.y), "n_weights": weights}

    whole = fitted(N_UNITS, split, epochs, seed)
    score("network", whole)
    for kept in KEPT:
        smaller = copy.deepcopy(whole)
        prune(smaller.classifier_, kept / 100)
        score(f"pruned_{kept}", smaller)
    for units in UNITS:
        score(f"narrow_{units}", fitted(units, split, epochs, seed))
    return arms


def fitted(units, split, epochs, seed):
    """A network on all features, trained for so many epochs."""
    network = MLPClassifier((units,), alpha=0.1, max_iter=epochs, random_state=seed)
    with warnings.catch_warnings():
        # the number of epochs is the setting
        warnings.simplefilter("ignore", ConvergenceWarning)
        return FeatureFusion(network, dropout=True).fit(split.train, split.y)


def prune(network, kept):
    """Set all but a share of the weights of an `MLPClassifier` to 0, the smallest first."""
    sizes = np.concatenate([np.abs(layer).ravel() for layer in network.coefs_])
    limit = np.quantile(sizes, 1 - kept)
    for layer in network.coefs_:
        layer[np.abs(layer) < limit] = 0
