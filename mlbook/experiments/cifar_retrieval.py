"""Photographs of classes never seen: is the nearest one of the same class?

Each seed keeps three of the ten classes of CIFAR-10 out. The network learns from the other seven,
and images of the three are looked up among each other by the cosine of their embeddings.
"""

import numpy as np

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of, draw, pixels
from mlbook.retrieval import retrieval

TITLE = "Retrieval of CIFAR-10 photographs of three classes kept out of training"
DATASETS = ("cifar10",)
BASELINE = "cross_entropy"
MEASURE = "map_at_r"
N_NEW = 3

ARMS = {
    "chance": "in random order",
    "pixels": "pixels, nothing learned",
    "untrained": "the network before training",
    "cross_entropy": "cross-entropy",
    "supcon": "supervised contrastive",
    "joint": "both, equal weights",
}
# of the metric loss, and whether there is cross-entropy too
_LOSSES = {"cross_entropy": (0.0, True), "supcon": (1.0, False), "joint": (1.0, True)}
BUDGETS = {
    "smoke": Budget(n_train=400, n_test=200, seeds=2, grids={"epochs": 1}),
    "reader": Budget(n_train=2000, n_test=900, seeds=2, grids={"epochs": 4}),
    "full": Budget(n_train=7000, n_test=3000, seeds=5, grids={"epochs": 5}),
}


def same_items(budget, data):
    """No: each seed keeps other classes out."""
    return False


def run(budget, seed, data=None):
    """All arms with one choice of classes kept out.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the classes, the images, the first weights and the batches.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: map_at_r and accuracy (recall at 1) among the images of new classes;
        n_train, n_test.
    """
    from mlbook.experiments import residual_training as networks

    limits = budget_of(BUDGETS, budget)
    (x, y), (x_new, y_new) = split(data, limits, seed)
    sizes = {"n_train": len(y), "n_test": len(y_new)}
    rng = np.random.default_rng([seed, 1])
    spaces = {"chance": rng.normal(size=(len(y_new), 16)), "pixels": pixels(x_new)}
    n_classes = 10 - N_NEW
    model, scale = networks.untrained(x, seed, n_classes)
    spaces["untrained"], _ = networks.outputs(model, scale(x_new))
    for arm, (weight, classify) in _LOSSES.items():
        model, scale, _ = networks.train_residual(
            x,
            y,
            limits.grids["epochs"],
            seed,
            weight,
            n_classes=n_classes,
            classify=classify,
            name=f"seed {seed}, {arm}",
        )
        spaces[arm], _ = networks.outputs(model, scale(x_new))
    return {arm: _measure(spaces[arm], y_new) | sizes for arm in ARMS}


def split(data, limits, seed):
    """Images and labels of seven classes, counted from 0, and of three new ones, from 7."""
    cifar10 = data["cifar10"] if data else datasets.load("cifar10")
    rng = np.random.default_rng(seed)
    number = rng.permutation(10)
    y_train, y_test = number[cifar10.y_train], number[cifar10.y_test]
    learned = np.flatnonzero(y_train < 10 - N_NEW)
    learned = rng.permutation(learned[draw(len(learned), limits.n_train, rng)])
    new = np.flatnonzero(y_test >= 10 - N_NEW)
    new = new[draw(len(new), limits.n_test, rng)]
    return (cifar10.x_train[learned], y_train[learned]), (cifar10.x_test[new], y_test[new])


def _measure(space, labels):
    found = retrieval(space, labels, ks=(1,))
    return {"map_at_r": found.map_at_r, "accuracy": found.recall_at[1]}
