"""What works on CIFAR-10: a small modern network, and what a metric loss adds to it.

Both arms train the same network from the same start on the same augmented batches; one has the
supervised contrastive loss on the embedding, from which the classes are read, beside
cross-entropy. Nearest neighbours in the embedding are judged too.
"""

import time

from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.cifar_weights import sample
from mlbook.neighbors import MetricKNeighborsClassifier
from mlbook.retrieval import retrieval

TITLE = "A small modern network on CIFAR-10, with and without a metric loss"
DATASETS = ("cifar10",)
BASELINE = "cross_entropy"
K = 10
# of the metric loss beside cross-entropy; fixed in advance, like all other settings
WEIGHTS = {"cross_entropy": 0.0, "joint": 0.5}

_NAMES = {"cross_entropy": "cross-entropy", "joint": "cross-entropy + supervised contrastive"}
ARMS = _NAMES | {f"{arm}_neighbours": f"{name}, {K}-NN" for arm, name in _NAMES.items()}
BUDGETS = {
    "smoke": Budget(n_train=400, n_test=200, seeds=2, grids={"epochs": 1}),
    "reader": Budget(n_train=3000, n_test=1000, seeds=1, grids={"epochs": 5}),
    # one training takes about ten minutes, so three seeds
    "full": Budget(n_train=50_000, n_test=10_000, seeds=3, grids={"epochs": 10}),
}


def same_items(budget, data):
    """No: networks differ from seed to seed more than the test images would say."""
    return False


def run(budget, seed, data=None):
    """All arms from one start of the network.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the images, the first weights, the order of the batches and the augmentation.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test image), n_train; of the networks also map_at_r and
        recall_at_1 among the test images, fit_seconds (by the clock) and fit_cpu_seconds (of
        all cores together).
    """
    from mlbook.experiments import residual_training as networks

    limits = budget_of(BUDGETS, budget)
    (x, y), (x_test, y_test) = sample(data, limits, seed)
    arms = {}
    for arm, weight in WEIGHTS.items():
        start, cpu_start = time.perf_counter(), time.process_time()
        model, scale, _ = networks.train_residual(
            x, y, limits.grids["epochs"], seed, weight, name=f"seed {seed}, {arm}"
        )
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu_start
        embedding, predicted = networks.outputs(model, scale(x_test))
        known, _ = networks.outputs(model, scale(x))
        found = retrieval(embedding, y_test, ks=(1,))
        arms[arm] = {
            "correct": predicted == y_test,
            "n_train": len(y),
            "map_at_r": found.map_at_r,
            "recall_at_1": found.recall_at[1],
            "fit_seconds": seconds,
            "fit_cpu_seconds": cpu,
        }
        neighbours = MetricKNeighborsClassifier(K).fit(known, y)
        arms[f"{arm}_neighbours"] = {
            "correct": neighbours.predict(embedding) == y_test,
            "n_train": len(y),
        }
    return {arm: arms[arm] for arm in ARMS}
