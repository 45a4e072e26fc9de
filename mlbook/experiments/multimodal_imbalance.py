"""Many images, few recordings: what more recordings are worth, and what altered ones are.

All images of the training split are used, but only so many recordings. Augmentation (数据增强)
adds four altered versions of each: either played slower or faster, which moves pitch and
resonances as if another person spoke, or with noise. All versions of a recording together count
as much as a recording without. The test has new speakers, in clean recordings and in noisy
ones. The modalities meet as a product of probabilities. See `multimodal_pairs` for the data.
"""

import functools
import itertools

import numpy as np
from scipy.signal import resample_poly
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.multimodal_pairs import (
    pairs,
    recordings,
    speech_features,
    voices,
    with_noise,
)
from mlbook.fusion.estimators import DecisionFusion

TITLE = "Many images and few recordings: augmentation"
DATASETS = ("mnist", "spoken_digits")
BASELINE = "image"

SIZES = (30, 100, 300, 1_000)
# new length of a recording, as a fraction
STRETCHES = ((17, 20), (14, 15), (15, 14), (20, 17))
N_COPIES = len(STRETCHES)
DECIBELS = (5, 40)
"""Range of the ratios of signal to noise of the noisy copies."""
MODELS = {"speech": "speech alone", "fused": "image and speech"}
VERSIONS = {"plain": "as recorded", "stretched": "slower and faster too", "noised": "noisy too"}
TESTS = {"clean": "clean", "noise": "noise in the speech"}
ARMS = {"image": "image alone"} | {
    f"{model}_{version}_{test}_{size}": (
        f"{MODELS[model]}, {size} recordings {VERSIONS[version]}; test: {TESTS[test]}"
    )
    for model, version, test, size in itertools.product(MODELS, VERSIONS, TESTS, SIZES)
}
BUDGETS = {
    "smoke": Budget(n_train=150, n_test=100, seeds=2, grids={"sizes": (30,)}),
    "reader": Budget(n_train=600, n_test=400, seeds=2, grids={"sizes": (30, 100)}),
    "full": Budget(n_train=1_500, n_test=1_000, seeds=10, grids={"sizes": SIZES}),
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
        For each arm: correct (bool per test pair), n_train.
    """
    limits = budget_of(BUDGETS, budget)
    data = data or {name: datasets.load(name) for name in DATASETS}
    split = pairs(data, limits, seed)
    rng = np.random.default_rng(seed)
    tests = {"clean": split.tests["clean"], "noise": split.tests["speech_noise"]}
    arms = {}

    def score(arm, model, given):
        right = model.predict(given) == split.y_test
        arms[arm] = {"correct": right, "n_train": len(split.y)}

    seen = {"image": split.train["image"]}
    alone = DecisionFusion({"image": classifier()}).fit(seen, split.y)
    score("image", alone, {"image": tests["clean"]["image"]})
    for size in limits.grids["sizes"]:
        kept = few(split.y, size, rng)
        for version in VERSIONS:
            X, y = with_few(split, data["spoken_digits"], kept, version)
            copies = 0 if version == "plain" else N_COPIES
            each = {"image": classifier(), "speech": classifier(1 + copies)}
            model = DecisionFusion(each).fit(X, y)
            for test, given in tests.items():
                score(f"fused_{version}_{test}_{size}", model, given)
                heard = {"speech": given["speech"]}
                score(f"speech_{version}_{test}_{size}", model, heard)
    return arms


def classifier(times=1):
    """The classifier of a modality, of which each item is there so many times."""
    # the penalty grows with the items, so that copies do not make it surer
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1 / times, max_iter=1000))


def few(y, size, rng):
    """Rows of `size` random items, as many of each class (all, if there are fewer)."""
    classes = np.unique(y)
    each = size // len(classes)
    return np.concatenate([rng.permutation(np.flatnonzero(y == name))[:each] for name in classes])


def with_few(split, spoken, kept, version):
    """The training pairs with few recordings, and with altered copies of these.

    Parameters
    ----------
    split : Pairs
    spoken : Dataset
    kept : ndarray of int
        Pairs that keep their recording.
    version : str
        One of `VERSIONS`.

    Returns
    -------
    X : dict of str to ndarray
        Copies are further items, which have no image.
    y : ndarray of int
    """
    speech = np.full_like(split.train["speech"], np.nan)
    speech[kept] = split.train["speech"][kept]
    X, y = {"image": split.train["image"], "speech": speech}, split.y
    if version == "plain":
        return X, y
    rows = split.rows["speech_train"][kept]
    copies = altered_speech(spoken, version)[:, rows].reshape(-1, speech.shape[1])
    nothing = np.full((len(copies), X["image"].shape[1]), np.nan)
    X = {
        "image": np.concatenate([X["image"], nothing]),
        "speech": np.concatenate([speech, copies]),
    }
    return X, np.concatenate([y, np.tile(voices(spoken)[1][rows], N_COPIES)])


@functools.cache
def altered_speech(spoken, version):
    """Features of the altered copies of all recordings, shape (4, n, 65)."""
    rng = np.random.default_rng(1)
    copies = []
    for up, down in STRETCHES:
        if version == "stretched":
            waves = [stretch(wave, up, down) for wave in recordings(spoken)]
        else:
            waves = [with_noise(w, rng.uniform(*DECIBELS), rng) for w in recordings(spoken)]
        copies.append(speech_features(waves))
    return np.array(copies)


def stretch(wave, up, down):
    """The recording made up / down times as long, int16; pitch and resonances move along."""
    longer = resample_poly(np.asarray(wave, dtype=float), up, down)
    return np.clip(np.round(longer), -(2**15), 2**15 - 1).astype(np.int16)
