"""Checks of the article's section on CIFAR-10: its script, step by step.

What the script does is re-created at the end, errors included.
"""

import ast

import numpy as np

from mlbook.checks.base import REFUTED, SUPPORTED, UNCHECKABLE, Outcome

# what a large laptop has
_MEMORY_GB = 16


def step_runs(evidence, module, function):
    """Does a step of the script come to its end, on a few random images and their labels?"""
    step = getattr(evidence.importer(module), function)
    rng = np.random.default_rng(0)
    images = rng.random((40, 8, 8, 3))
    one_hot = np.eye(4)[rng.permutation(np.arange(40) % 4)]
    try:
        value = step(images, one_hot)
    except (ArithmeticError, ValueError) as error:
        return Outcome(REFUTED, f"{function} stops: {type(error).__name__}: {error}")
    return Outcome(SUPPORTED, f"{function} returns an array of shape {np.shape(value)}")


def pairs_fit_in_memory(evidence, dataset, bytes_a_number=8):
    """Does a matrix of all pairs of training items fit into the memory of a large laptop?"""
    data = evidence.dataset(dataset)
    n = len(data.y_train)
    size = n**2 * bytes_a_number / 2**30
    text = f"{n:,} x {n:,} numbers of {bytes_a_number} bytes are {size:.1f} GiB"
    if data.tier != "canonical":
        return Outcome(UNCHECKABLE, f"only {data.tier} data here ({text})")
    return Outcome(SUPPORTED if size <= _MEMORY_GB else REFUTED, text)


def weighs_features(evidence, module, function):
    """Has the result one weight for each feature, rather than for each sample?"""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 4))
    weights = np.asarray(getattr(evidence.importer(module), function)(x))
    text = f"from 30 samples of 4 features, weights of shape {weights.shape}"
    return Outcome(SUPPORTED if weights.shape == (4,) else REFUTED, text)


def calls(evidence, module, script, names, at_least=1):
    """Does a script call functions, methods or layers of these names, so often in all?"""
    tree = ast.parse(getattr(evidence.importer(module), script))
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = [getattr(function, "attr", getattr(function, "id", "")) for function in called]
    count = sum(name in names for name in called)
    text = f"calls of {', '.join(names)} in the script: {count}"
    return Outcome(SUPPORTED if count >= at_least else REFUTED, text)


CHECKS = (calls, pairs_fit_in_memory, step_runs, weighs_features)


# --- what the article's script does ---

# Section 2.3.2 in our words: the steps that matter here, in their order, with what is missing.

WEIGHTS = """
import numpy as np
from tensorflow.keras import layers, models

def weights_of(x, y, lambda_value):
    inverse = np.linalg.inv(np.cov(x, rowvar=False))
    distances = mahalanobis_distances(x, y, metric="mahalanobis", VI=inverse)
    weights = 1 / (distances + 1e-5)
    return weights / np.sum(weights)
"""

TRAINING = """
images = images / 255.0
weights = weights_of(images, labels, 0.1)
model = models.Sequential()
for maps in (32, 64, 64):
    model.add(layers.Conv2D(maps, (3, 3), activation="relu"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(images, labels, batch_size=64, epochs=10, validation_split=0.1, sample_weight=weights)
accuracy = np.mean(np.argmax(model.predict(test_images), axis=1) == test_labels)
"""


def covariance_of_images(images, one_hot):
    """Section 2.3.2: the covariance of the images as they are, with four axes."""
    return np.cov(images, rowvar=False)


def distances_to_labels(images, one_hot):
    """The same, with the images put in rows: distances between images and labels."""
    from scipy.spatial.distance import cdist

    return cdist(images.reshape(len(images), -1), one_hot)


def weights_between_samples(x):
    """The weights, with the images themselves in the place of the labels."""
    from scipy.spatial.distance import cdist

    weights = 1 / (cdist(x, x, "mahalanobis") + 1e-5)
    return weights / weights.sum()


def weight_at_distance(distance):
    """The weight before it is divided by the sum."""
    return 1 / (distance + 1e-5)


def network_of_ten_classes(images, one_hot):
    """The printed network, layer by layer, on images of 32 by 32 pixels."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((32, 32, 3))])
    for i, maps in enumerate((32, 64, 64)):
        if i:
            model.add(layers.MaxPooling2D((2, 2)))
        model.add(layers.Conv2D(maps, (3, 3), activation="relu"))
    for layer in (layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(10, "softmax")):
        model.add(layer)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model.predict(np.tile(images, (1, 4, 4, 1)), verbose=0)


def compare_with_one_hot(images, one_hot):
    """The printed accuracy: classes, compared with rows of zeros and ones."""
    return np.mean(one_hot.argmax(axis=1) == one_hot)


def fit_with_weights_of_pairs(images, one_hot):
    """Training with a weight for each pair of images, where one for each image is expected."""
    import keras

    inputs = keras.Input(images.shape[1:])
    outputs = keras.layers.Dense(one_hot.shape[1], "softmax")(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "categorical_crossentropy")
    weights = weights_between_samples(images.reshape(len(images), -1)[:, :3])
    try:
        model.fit(images, one_hot, batch_size=16, sample_weight=weights, verbose=0)
    except Exception as error:  # each backend of Keras has its own
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        telling = [line for line in lines if "shape" in line.lower()] or lines
        raise ValueError(telling[0][:200]) from None
    return weights
