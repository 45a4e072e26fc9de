"""Images and words: digits with short descriptions of how they are drawn.

The descriptions are synthetic: made by rules from what can be measured in the image (loops,
slant, thickness), in words chosen at random, and each property is left out at times. They do
not name the digit. Text so made knows nothing that is not in the clean image. It can still tell
a classifier what that classifier does not see, the more so when the image arrives with noise.
"""

import numpy as np
from scipy.ndimage import label
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of, draw, pixels
from mlbook.fusion.estimators import DecisionFusion, FeatureFusion

TITLE = "Digits with synthetic descriptions: image, text, and both"
DATASETS = ("mnist",)
BASELINE = "image"
ARMS = {
    "image": "image alone",
    "text": "description alone (synthetic)",
    "joined": "image and description, features side by side",
    "product": "image and description, product of probabilities",
    "noisy_image": "noisy image alone",
    "noisy_joined": "noisy image and description, features side by side",
    "noisy_product": "noisy image and description, product of probabilities",
}
N_COMPONENTS = 50
NOISE = 0.7
"""Standard deviation of the noise that is added to pixels from 0 to 1."""
SAID = 0.7
"""How often a property is mentioned."""
_WORDS = {
    "loops": (("open", "without loops"), ("with a loop", "with one ring"), ("with two loops",)),
    "slant": (("leaning left", "tilted back"), ("upright", "straight"), ("leaning right",)),
    "thickness": (("thin", "fine"), ("medium",), ("thick", "bold")),
}
BUDGETS = {
    "smoke": Budget(n_train=200, n_test=100, seeds=2),
    "reader": Budget(n_train=600, n_test=400, seeds=3),
    "full": Budget(n_train=1_500, n_test=1_000, seeds=10),
}


def same_items(budget, data):
    """No: each seed draws other images."""
    return False


def run(budget, seed, data=None):
    """All arms on one draw of images.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the images and the words.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test image), n_train.
    """
    limits = budget_of(BUDGETS, budget)
    mnist = data["mnist"] if data else datasets.load("mnist")
    rng = np.random.default_rng(seed)
    train = draw(len(mnist.y_train), limits.n_train, rng)
    test = draw(len(mnist.y_test), limits.n_test, rng)
    y, y_test = mnist.y_train[train], mnist.y_test[test]
    words = texts(mnist.x_train[train], mnist.x_test[test], rng)
    arms = {}
    for prefix, noise in (("", 0.0), ("noisy_", NOISE)):
        images = components(mnist.x_train[train], mnist.x_test[test], noise, rng)
        X, X_test = ({"image": i, "text": t} for i, t in zip(images, words, strict=True))
        for arm, (model, given) in models().items():
            if prefix + arm in ARMS:
                model.fit({name: X[name] for name in given}, y)
                correct = model.predict({name: X_test[name] for name in given}) == y_test
                arms[prefix + arm] = {"correct": correct, "n_train": len(y)}
    return arms


def models():
    """For each arm an unfitted model, and the modalities that it is given."""
    regression = LogisticRegression(C=0.1, max_iter=1000)
    each = {name: make_pipeline(StandardScaler(), regression) for name in ("image", "text")}
    return {
        "image": (FeatureFusion(regression), ["image"]),
        "text": (FeatureFusion(regression), ["text"]),
        "joined": (FeatureFusion(regression), ["image", "text"]),
        "product": (DecisionFusion(each), ["image", "text"]),
    }


def components(x_train, x_test, noise, rng):
    """Principal components of training and test images, after noise, shape (n, 50) each."""
    rows = [pixels(x) for x in (x_train, x_test)]
    rows = [x + noise * rng.normal(size=x.shape) for x in rows]
    reduce = PCA(min(N_COMPONENTS, len(x_train) // 2), svd_solver="covariance_eigh")
    return reduce.fit_transform(rows[0]), reduce.transform(rows[1])


def texts(x_train, x_test, rng):
    """Counts of the words in descriptions of training and test images, shape (n, n_words) each."""
    described = [describe(properties(x), rng) for x in (x_train, x_test)]
    count = CountVectorizer(token_pattern=r"\w+").fit(described[0])
    return [count.transform(some).toarray().astype(float) for some in described]


def properties(images):
    """Loops, slant and thickness of drawn digits, each as 0, 1 or 2.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)

    Returns
    -------
    dict of str to ndarray of int, shape (n,)
        loops: patches of paper enclosed by ink, at most 2. slant: to the left, little, to the
        right, from the second moments. thickness: by the share of inked pixels.
    """
    ink = images > 100
    loops = np.array([_holes(image) for image in ink])
    weights = images / np.maximum(images.sum(axis=(1, 2), keepdims=True), 1)
    down, across = np.mgrid[:28, :28]
    middle = [(weights * axis).sum(axis=(1, 2), keepdims=True) for axis in (down, across)]
    below, right = down - middle[0], across - middle[1]
    lean = -(weights * below * right).sum(axis=(1, 2))
    lean /= np.maximum((weights * below**2).sum(axis=(1, 2)), 1e-9)
    return {
        "loops": np.minimum(loops, 2),
        "slant": np.digitize(lean, (-0.05, 0.25)),
        "thickness": np.digitize(ink.mean(axis=(1, 2)), (0.11, 0.16)),
    }


def describe(found, rng):
    """A description of each image, a list of str; see `properties`."""
    described = []
    for values in zip(*found.values(), strict=True):
        said = [
            rng.choice(_WORDS[name][value])
            for name, value in zip(found, values, strict=True)
            if rng.random() < SAID
        ]
        described.append(" ".join(["a digit", *said]))
    return described


def _holes(ink):
    """Patches of at least three pixels of paper that do not reach the border."""
    patches, _ = label(np.pad(~ink, 1, constant_values=True))
    sizes = np.bincount(patches.ravel())
    outside = patches[0, 0]
    return sum(size >= 3 for i, size in enumerate(sizes) if i not in (0, outside))
