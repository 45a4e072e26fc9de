"""Who speaks? Verification of speakers, tested on three splits of the same recordings.

Each seed keeps two of the five speakers out. The metric learns from half of the takes of the
words "zero" to "four" by the other three, and is then asked of two recordings whether the same
person speaks:

- other takes of the same words by the same speakers, as a random split does;
- other words by the same speakers;
- other words by the two speakers that were kept out.

Recordings are summarised by means and standard deviations of their cepstral coefficients
(`mlbook.audio`), scaled to variance 1 on the training recordings.
"""

import functools
import itertools

import numpy as np
from sklearn.preprocessing import StandardScaler

from mlbook import datasets
from mlbook.audio import fixed_length, mfcc
from mlbook.datasets.spoken_digits import RATE
from mlbook.experiments.base import Budget, budget_of, draw
from mlbook.linear import LDA, sample_pairs
from mlbook.verification import pair_scores, roc

TITLE = "The same speaker? Spoken digits, three ways to split them"
DATASETS = ("spoken_digits",)
BASELINE = "euclid_takes"
MEASURE = "auc"

TESTS = {
    "takes": "other takes of the words learned from",
    "words": "other words, same speakers",
    "strangers": "other words, new speakers",
}
_METHODS = {"euclid": "Euclid", "lda": "LDA", "network": "network, supervised contrastive"}
ARMS = {
    f"{method}_{test}": f"{name}: {what}"
    for test, what in TESTS.items()
    for method, name in _METHODS.items()
}
N_PAIRS = 20_000
BUDGETS = {
    "smoke": Budget(n_train=200, n_test=200, seeds=2, grids={"steps": 20}),
    "reader": Budget(n_train=360, n_test=360, seeds=5, grids={"steps": 100}),
    "full": Budget(n_train=360, n_test=360, seeds=10, grids={"steps": 100}),
}


def same_items(budget, data):
    """No: each seed keeps other speakers out."""
    return False


def run(budget, seed, data=None):
    """All methods on all three tests, for one pair of speakers kept out.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Its remainder by 10 says which of the ten pairs of speakers is kept out; it also draws
        the takes, the pairs and the start of the network.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: auc and eer over 20,000 random pairs, half of them of the same speaker;
        n_train and n_test, the recordings.
    """
    limits = budget_of(BUDGETS, budget)
    x, speaker, word = _summaries(data["spoken_digits"] if data else datasets.load("spoken_digits"))
    train, tests = split(speaker, word, limits, seed)
    scaler = StandardScaler().fit(x[train])
    x = scaler.transform(x)
    learned = np.unique(speaker[train], return_inverse=True)[1]
    maps = {
        "euclid": lambda points: points,
        "lda": LDA(solver="eigen", shrinkage=0.1).fit(x[train], learned).transform,
        "network": _network(x[train], learned, limits.grids["steps"], seed),
    }
    arms = {}
    for test, rows in tests.items():
        pairs, kinds = sample_pairs(speaker[rows], N_PAIRS, random_state=seed)
        for method, transform in maps.items():
            scores = pair_scores(transform(x[rows]), pairs, normalize=False)
            curve = roc(scores, kinds == 1)
            arms[f"{method}_{test}"] = {
                "auc": float(np.trapezoid(curve.tar, curve.far)),
                "eer": curve.eer(),
                "n_train": len(train),
                "n_test": len(rows),
            }
    return arms


def split(speaker, word, limits, seed):
    """Which recordings to learn from, and which to test on.

    Parameters
    ----------
    speaker, word : ndarray of int, shape (n,)
    limits : Budget
    seed : int

    Returns
    -------
    train : ndarray of int
    tests : dict of str to ndarray of int
        One entry for each of `TESTS`. Positions, all disjoint.
    """
    rng = np.random.default_rng(seed)
    kept_out = list(itertools.combinations(np.unique(speaker), 2))[seed % 10]
    new, early = np.isin(speaker, kept_out), word < 5
    chosen = rng.random(len(speaker)) < 0.5
    masks = {
        "train": ~new & early & chosen,
        "takes": ~new & early & ~chosen,
        "words": ~new & ~early,
        "strangers": new & ~early,
    }
    parts = {}
    for name, mask in masks.items():
        rows = np.flatnonzero(mask)
        wanted = limits.n_train if name == "train" else limits.n_test
        parts[name] = rows[draw(len(rows), wanted, rng)]
    return parts.pop("train"), parts


@functools.cache
def _summaries(spoken):
    recordings = [*spoken.x_train, *spoken.x_test]
    names = np.array([*spoken.groups_train, *spoken.groups_test])
    x = fixed_length(mfcc(recordings, RATE))
    return x, np.unique(names, return_inverse=True)[1], np.r_[spoken.y_train, spoken.y_test]


def _network(x, y, steps, seed):
    """A map to the unit sphere, learned with the supervised contrastive loss."""
    import keras

    from mlbook.losses.softmax import SupConLoss
    from mlbook.sampling import BalancedBatches

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(16),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), SupConLoss())
    batches = BalancedBatches(x.astype(np.float32), y, 3, 16, steps_per_epoch=steps, seed=seed)
    model.fit(batches, epochs=1, shuffle=False, verbose=0)

    def embed(points):
        found = keras.ops.convert_to_numpy(model(points.astype(np.float32), training=False))
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)

    return embed
