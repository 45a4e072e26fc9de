"""Sample weights where they have something to do: two labels of five are wrong.

Of the training images, a share gets another label, drawn at random; the test images keep theirs.
Every weighting sees the wrong labels only. One arm knows which labels are wrong, and gives them no
weight: more than that no weighting can do.
"""

import numpy as np
from sklearn.decomposition import PCA

from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.cifar_weights import components, sample
from mlbook.weighting import distance_weights

TITLE = "The article's network on CIFAR-10 with 40 % of the labels wrong"
DATASETS = ("cifar10",)
BASELINE = "unweighted"
# each seed draws a tenth of the training images
INDEPENDENT = True
WRONG = 0.4
N_CLASSES = 10
# a network that has not had the time to learn the wrong labels by heart
EARLY_EPOCHS = 3
N_FEATURES = 16

ARMS = {
    "unweighted": "no weights",
    "near": "weights 1 / distance among the pixels' main components",
    "shuffled": "the same weights dealt at random",
    "near_features": "weights 1 / distance among the features of an early network",
    "posterior": "weights by the probability of the label, pixels' main components",
    "posterior_features": "weights by the probability of the label, features of an early network",
    "oracle": "no weight for wrong labels, which nobody knows",
}
BUDGETS = {
    "smoke": Budget(n_train=400, n_test=200, seeds=2, grids={"epochs": 1}),
    "reader": Budget(n_train=2000, n_test=1000, seeds=3, grids={"epochs": 5}),
    "full": Budget(n_train=5000, n_test=10_000, seeds=5, grids={"epochs": 10}),
}


def same_items(budget, data):
    """No: networks differ from seed to seed more than the test images would say."""
    return False


def run(budget, seed, data=None):
    """All weightings on the same wrong labels, from one start of the network.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the images, the wrong labels, the first weights and the order of the batches.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test image), n_train; spread, the standard deviation of
        the weights, whose mean is 1; on_wrong, the share of all weight that lies on images with
        wrong labels.
    """
    from mlbook.encoders import scale_images
    from mlbook.experiments.article_training import features, train_article_cnn

    limits = budget_of(BUDGETS, budget)
    (x, y), (x_test, y_test) = sample(data, limits, seed)
    noisy = with_wrong_labels(y, seed)
    early, _ = train_article_cnn(
        x, noisy, min(EARLY_EPOCHS, limits.grids["epochs"]), seed, name=f"seed {seed}, early"
    )
    pixel_space = components(x)
    # some features are dead or say the same after so few epochs; main components are not
    feature_space = PCA(N_FEATURES, random_state=0).fit_transform(features(early, scale_images(x)))
    near = distance_weights(pixel_space, noisy)
    right = (noisy == y).astype(np.float32)
    weightings = {
        "unweighted": np.ones(len(y), np.float32),
        "near": near,
        "shuffled": np.random.default_rng(seed).permutation(near),
        "near_features": distance_weights(feature_space, noisy),
        "posterior": distance_weights(pixel_space, noisy, "posterior"),
        "posterior_features": distance_weights(feature_space, noisy, "posterior"),
        "oracle": right / right.mean(),
    }
    arms = {}
    for arm, weights in weightings.items():
        model, _ = train_article_cnn(
            x, noisy, limits.grids["epochs"], seed, weights, name=f"seed {seed}, {arm}"
        )
        predicted = model.predict(scale_images(x_test), batch_size=500, verbose=0)
        arms[arm] = {
            "correct": predicted.argmax(axis=1) == y_test,
            "n_train": len(y),
            "spread": float(weights.std()),
            "on_wrong": float(weights[noisy != y].sum() / weights.sum()),
        }
    return arms


def with_wrong_labels(y, seed, share=WRONG):
    """The labels, a share of them exchanged for another label, all others equally likely."""
    rng = np.random.default_rng([seed, 1])
    wrong = rng.permutation(len(y))[: round(share * len(y))]
    noisy = y.copy()
    noisy[wrong] = (y[wrong] + rng.integers(1, N_CLASSES, len(wrong))) % N_CLASSES
    return noisy
