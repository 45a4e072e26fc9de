"""What a metric loss beside cross-entropy is worth, and which way to combine them.

A thousand digits to learn from, so that there is something to gain. All arms train the same
network from the same start on the same batches, for as many steps; each tries three values of
its setting, and the one that is best on 2,000 other training images is kept.
"""

import numpy as np

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.progress import bar

TITLE = "Cross-entropy and a metric loss in one network: 1,000 digits of MNIST"
DATASETS = ("mnist",)
BASELINE = "cross_entropy"
# 1,000 of 60,000 images: two seeds share about 17
INDEPENDENT = True

# what an arm is called, and the three values of its setting; the middle of the range comes first
_ARMS = {
    "cross_entropy": ("cross-entropy alone (label smoothing)", (0.1, 0.0, 0.2)),
    "difficulty": ("cross-entropy, samples by difficulty", ("hard 0.5", "hard 0.8", "easy 0.8")),
    "alone": ("metric loss alone, nearest class mean (temperature)", (0.1, 0.05, 0.3)),
    "fixed": ("sum, fixed weight", (1.0, 0.1, 10.0)),
    "alternating": ("in turn, every n steps", (1, 5, 20)),
    "schedule": ("sum, weight on a schedule", ("falling", "rising", "hump")),
    "uncertainty": ("sum, uncertainty weights (their rate)", (10.0, 1.0, 100.0)),
    "gradients": ("sum, gradient normalisation (alpha)", (0.5, 0.0, 1.5)),
    "rates": ("sum with a proxy loss (rate of the proxies)", (10.0, 1.0, 100.0)),
}
SETTINGS = {arm: values for arm, (_, values) in _ARMS.items()}
JOINT = ("fixed", "alternating", "schedule", "uncertainty", "gradients", "rates")
SWEPT = ("fixed", "rates", "schedule", "alternating")
ARMS = {arm: label for arm, (label, _) in _ARMS.items()} | {
    f"{arm}_{value}": f"{_ARMS[arm][0]} {value}" for arm in SWEPT for value in SETTINGS[arm]
}

_FEW = ("cross_entropy", "alone", "fixed")
BUDGETS = {
    "smoke": Budget(200, 300, 2, {"arms": _FEW, "settings": 1, "steps": 30, "validation": 100}),
    "reader": Budget(
        1000, 2000, 1, {"arms": tuple(_ARMS), "settings": 1, "steps": 100, "validation": 500}
    ),
    "full": Budget(
        1000, 10_000, 5, {"arms": tuple(_ARMS), "settings": 3, "steps": 250, "validation": 2000}
    ),
}


def same_items(budget, data):
    """No: networks differ from seed to seed more than the test images would say."""
    return False


def run(budget, seed, data=None):
    """All arms from one start of the network, on one draw of training images.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the images, the first weights and the batches.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm, with its chosen setting (and, of the arms in `SWEPT`, for every setting
        tried): correct (bool per test image), n_train, map_at_r among the first 2,000 test
        images, chosen (position of the setting), step_seconds (processor time).
    """
    from mlbook.experiments import joint_training as networks
    from mlbook.retrieval import retrieval

    limits = budget_of(BUDGETS, budget)
    steps = limits.grids["steps"]
    train, validation, test = split(data["mnist"] if data else datasets.load("mnist"), limits, seed)
    arms = {}
    progress = bar(limits.grids["arms"], desc=f"seed {seed}", unit="arm")
    for arm in progress:
        progress.set_postfix_str(arm)
        tried = []
        for value in SETTINGS[arm][: limits.grids["settings"]]:
            model, _, seconds = networks.train(arm, value, *train, steps, seed)
            predict = classify if arm != "alone" else nearest_mean
            score, _, _ = predict(networks, model, train, validation)
            _, correct, embedding = predict(networks, model, train, test)
            shown = slice(2000)
            measures = {
                "correct": correct,
                "n_train": len(train[1]),
                "map_at_r": retrieval(embedding[shown], test[1][shown], ks=(1,)).map_at_r,
                "step_seconds": seconds,
            }
            tried.append((score, measures))
            if arm in SWEPT:
                arms[f"{arm}_{value}"] = measures
        chosen = int(np.argmax([score for score, _ in tried]))
        arms[arm] = tried[chosen][1] | {"chosen": chosen}
    return {arm: arms[arm] for arm in ARMS if arm in arms}


def split(mnist, limits, seed):
    """Training, validation and test images.

    Parameters
    ----------
    mnist : Dataset
    limits : Budget
    seed : int

    Returns
    -------
    three tuples of (x, y)
        Equally many training images a class; x of float32, shape (n, 28, 28, 1), in [0, 1].
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(mnist.y_train))
    per_class = limits.n_train // 10
    train = np.concatenate([order[mnist.y_train[order] == c][:per_class] for c in range(10)])
    others = np.setdiff1d(order, train, assume_unique=True)
    validation = rng.permutation(others)[: limits.grids["validation"]]
    test = rng.permutation(len(mnist.y_test))[: limits.n_test]

    def images(x, y, rows):
        return x[rows][..., None].astype(np.float32) / 255, y[rows].astype(int)

    return (
        images(mnist.x_train, mnist.y_train, train),
        images(mnist.x_train, mnist.y_train, validation),
        images(mnist.x_test, mnist.y_test, test),
    )


def classify(networks, model, train, items):
    """Accuracy, right or wrong, and embeddings, by the network's own classifier."""
    embedding, probabilities = networks.outputs(model, items[0])
    correct = probabilities.argmax(axis=1) == items[1]
    return correct.mean(), correct, embedding


def nearest_mean(networks, model, train, items):
    """The same, by the nearest class mean in the embedding: a metric loss has no classifier."""
    known, _ = networks.outputs(model, train[0])
    embedding, _ = networks.outputs(model, items[0])
    means = np.stack([known[train[1] == c].mean(axis=0) for c in range(10)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    correct = (embedding @ means.T).argmax(axis=1) == items[1]
    return correct.mean(), correct, embedding
