"""The article's sample weights on CIFAR-10, made well defined, and the feature weights it means.

The weight of an image is in inverse proportion to its Mahalanobis distance to the mean of its
class among the main components of the pixels. Beside it, the same weights dealt to the images at
random: what is left of the difference to training without weights is the weights' doing, and not
that of their spread.

The article speaks of weights of features and its code weights samples. So the features of the
network trained without weights are also weighted, for nearest neighbours.
"""

import time

import numpy as np
from sklearn.decomposition import PCA

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of, draw, pixels
from mlbook.linear import FWHD, LDA, MDC
from mlbook.neighbors import MetricKNeighborsClassifier
from mlbook.progress import bar
from mlbook.weighting import distance_weights

TITLE = "The article's network on CIFAR-10, with and without weights"
DATASETS = ("cifar10",)
BASELINE = "unweighted"
N_COMPONENTS, K = 64, 10
# the article watches the last tenth of the training images and does not train on it
HELD_OUT = 10

TRAINED = {
    "unweighted": "article's CNN, no weights",
    "near": "article's CNN, weights 1 / Mahalanobis distance to the class's mean",
    "shuffled": "article's CNN, the same weights dealt at random",
}
METRICS = {
    "euclid": (None, "Euclid"),
    "mdc": (MDC(), "MDC weights"),
    "fwhd": (FWHD(), "FWHD weights"),
    "lda": (LDA(solver="eigen", shrinkage=0.1), "LDA"),
}
ARMS = TRAINED | {
    f"neighbours_{name}": f"{K}-NN on the features of the first, {label}"
    for name, (_, label) in METRICS.items()
}
BUDGETS = {
    "smoke": Budget(n_train=400, n_test=200, seeds=2, grids={"epochs": 1}),
    "reader": Budget(n_train=3000, n_test=1000, seeds=3, grids={"epochs": 5}),
    # one seed takes more than ten minutes, so three
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
        Draws the images, the first weights of the network and the order of the batches.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test image), n_train; train_accuracy and fit_seconds of
        the networks; spread, the standard deviation of the weights, whose mean is 1.
    """
    from mlbook.encoders import scale_images
    from mlbook.experiments.article_training import features, train_article_cnn

    limits = budget_of(BUDGETS, budget)
    (x, y), (x_test, y_test) = sample(data, limits, seed)
    n_held_out = len(y) // HELD_OUT
    x, y = x[:-n_held_out], y[:-n_held_out]
    near = distance_weights(components(x), y)
    shuffled = np.random.default_rng(seed).permutation(near)
    arms = {}
    for arm, weights in zip(TRAINED, (None, near, shuffled), strict=True):
        start = time.perf_counter()
        model, history = train_article_cnn(
            x, y, limits.grids["epochs"], seed, weights, name=f"seed {seed}, {arm}"
        )
        seconds = time.perf_counter() - start
        predicted = model.predict(scale_images(x_test), batch_size=500, verbose=0)
        arms[arm] = {
            "correct": predicted.argmax(axis=1) == y_test,
            "n_train": len(y),
            "train_accuracy": history["accuracy"][-1],
            "fit_seconds": seconds,
            "spread": 0.0 if weights is None else float(weights.std()),
        }
        if arm == "unweighted":
            known, asked = (features(model, scale_images(part)) for part in (x, x_test))
            alive = known.std(axis=0) > 0  # a ReLU leaves some features at 0 for all images
            known, asked = known[:, alive], asked[:, alive]
    progress = bar(METRICS.items(), desc=f"seed {seed}, neighbours")
    for name, (metric, _) in progress:
        neighbours = MetricKNeighborsClassifier(K, metric).fit(known, y)
        arms[f"neighbours_{name}"] = {
            "correct": neighbours.predict(asked) == y_test,
            "n_train": len(y),
        }
    return arms


def sample(data, limits, seed):
    """Images and labels to train on, in random order, and to test on; drawn by the seed."""
    cifar10 = data["cifar10"] if data else datasets.load("cifar10")
    rng = np.random.default_rng(seed)
    train = rng.permutation(draw(len(cifar10.y_train), limits.n_train, rng))
    test = draw(len(cifar10.y_test), limits.n_test, rng)
    return (
        (cifar10.x_train[train], cifar10.y_train[train]),
        (cifar10.x_test[test], cifar10.y_test[test]),
    )


def components(images, n_components=N_COMPONENTS):
    """Main components of the pixels, shape (n, n_components)."""
    return PCA(n_components, random_state=0).fit_transform(pixels(images))
