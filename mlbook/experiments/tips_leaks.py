"""Each leak beside its honest twin: the same data, the same method, the same numbers of items.

A *leak* is knowledge of the test items that will not be there when the method is used. Every
pair of arms differs in that knowledge only. On noise, whose labels are coin flips drawn apart
from it, an honest accuracy is one half, whatever is done.
"""

import functools

import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from mlbook import datasets
from mlbook.audio import fixed_length, mfcc
from mlbook.datasets.spoken_digits import RATE
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.tips_data import halved, part, pooled, shifted
from mlbook.linear import LDA, Covariance
from mlbook.neighbors import MetricKNeighborsClassifier

TITLE = "Leaks, each beside its honest twin"
DATASETS = ("mnist", "breast_cancer", "spoken_digits")
BASELINE = "gallery_honest"

LEAKS = {
    "selection": ("noise: features chosen", "on all items", "on the training items"),
    "metric": ("noise: LDA learned", "from all items", "from the training items"),
    "tuning": ("noise: the best of many metrics", "on the test items", "on validation items"),
    "digits": ("digits: LDA learned", "from all items", "from the training items"),
    "copies": ("digits: shifted copies split", "at random", "by their originals"),
    "gallery": ("digits: the gallery", "holds the queries", "holds other images"),
    "speakers": ("spoken digits: the speaker", "is heard in training too", "is new"),
    "scaling": ("table: columns scaled", "by all items", "by the training items"),
    "components": ("digits: 20 principal components", "of all items", "of the training items"),
    "covariance": ("digits: Mahalanobis, covariance", "of all items", "of the training items"),
}
ARMS = {
    f"{leak}_{side}": f"{what} {how}"
    for leak, (what, leaky, honest) in LEAKS.items()
    for side, how in (("leaky", leaky), ("honest", honest))
}
N_NOISE = 2000
N_SELECTED = 20
N_METRIC = 60
STEPS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
BUDGETS = {
    "smoke": Budget(n_train=100, n_test=50, seeds=2, grids={"metrics": 20}),
    "reader": Budget(n_train=200, n_test=100, seeds=5, grids={"metrics": 100}),
    "full": Budget(n_train=200, n_test=100, seeds=20, grids={"metrics": 100}),
}


def same_items(budget, data):
    """No: each seed draws other test items."""
    return False


def run(budget, seed, data=None):
    """All leaks and their twins on one draw.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test item), n_train.
    """
    limits = budget_of(BUDGETS, budget)
    data = data or {name: datasets.load(name) for name in DATASETS}
    rng = np.random.default_rng(seed)
    x, y = data["mnist"].x_train, data["mnist"].y_train
    images = part(x, y, limits, seed)
    digits = halved(images[0]), halved(images[1]), *images[2:]
    table = part(*pooled(data["breast_cancer"]), limits, seed)
    sides = {
        "selection": selection(*noise(N_NOISE, limits, rng)),
        "metric": metric(*noise(N_METRIC, limits, rng)),
        "tuning": tuning(*noise(N_METRIC, limits, rng), limits.grids["metrics"], rng),
        "digits": metric(*digits),
        "copies": copies(x, y, limits, seed),
        "gallery": gallery(*digits),
        "speakers": speakers(*_spoken(data["spoken_digits"]), limits, rng),
        "scaling": fitted_to_all(StandardScaler(), *table),
        "components": fitted_to_all(PCA(20, svd_solver="full"), *digits),
        "covariance": fitted_to_all(Covariance("ledoit_wolf"), *digits),
    }
    return {
        f"{leak}_{side}": {"correct": correct, "n_train": limits.n_train}
        for leak, pair in sides.items()
        for side, correct in zip(("leaky", "honest"), pair, strict=True)
    }


def noise(n_features, limits, rng):
    """Noise with labels that have nothing to do with it: X_train, X_test, y_train, y_test."""
    n = limits.n_train + limits.n_test
    X = rng.normal(size=(n, n_features))
    # as many of each class in both parts, so that one half is the level of chance
    y = np.arange(n) % 2
    first = limits.n_train
    return X[:first], X[first:], rng.permutation(y[:first]), rng.permutation(y[first:])


def selection(X_train, X_test, y_train, y_test):
    """The features that tell the classes apart best: on all items, or on the training items."""
    both = np.concatenate([X_train, X_test]), np.concatenate([y_train, y_test])
    pair = []
    for seen in (both, (X_train, y_train)):
        best = SelectKBest(k=N_SELECTED).fit(*seen)
        pair.append(_vote(best.transform(X_train), y_train, best.transform(X_test)) == y_test)
    return pair


def metric(X_train, X_test, y_train, y_test):
    """LDA, learned from all items and their labels, or from the training items and theirs."""
    both = np.concatenate([X_train, X_test]), np.concatenate([y_train, y_test])
    pair = []
    for seen in (both, (X_train, y_train)):
        lda = LDA().fit(*seen)
        pair.append(_vote(lda.transform(X_train), y_train, lda.transform(X_test)) == y_test)
    return pair


def tuning(X_train, X_test, y_train, y_test, n_metrics, rng):
    """The best of many random metrics, chosen on the test items, or on a part of the training.

    The metric that is chosen votes with all training items in both.
    """
    X_fit, X_score, y_fit, y_score = train_test_split(
        X_train, y_train, test_size=0.5, stratify=y_train, random_state=0
    )
    results, validated = [], []
    for _ in range(n_metrics):
        L = rng.normal(size=(X_train.shape[1], 5))
        results.append(_vote(X_train @ L, y_train, X_test @ L) == y_test)
        validated.append(np.mean(_vote(X_fit @ L, y_fit, X_score @ L) == y_score))
    on_test = int(np.argmax([correct.mean() for correct in results]))
    return results[on_test], results[int(np.argmax(validated))]


def copies(x, y, limits, seed):
    """Each image stands there five times, shifted by at most a pixel; split at random or not."""
    n_copies = len(STEPS)
    n_train, n_test = limits.n_train // n_copies, limits.n_test // n_copies
    originals, _, labels, _ = train_test_split(
        x, y, train_size=n_train + n_test, stratify=y, random_state=seed
    )
    X = halved(shifted(originals, STEPS))
    y_copies = np.repeat(labels, n_copies)
    number = np.repeat(np.arange(len(labels)), n_copies)
    order = np.random.default_rng(seed).permutation(len(X))
    leaky = np.isin(np.arange(len(X)), order[: limits.n_train])
    return [
        _vote(X[mask], y_copies[mask], X[~mask], 1) == y_copies[~mask]
        for mask in (leaky, number < n_train)
    ]


def gallery(X_train, X_test, y_train, y_test):
    """One nearest neighbour: of images that are in the gallery, or of others."""
    n = len(y_test)
    return [
        _vote(X_train, y_train, X_train[:n], 1) == y_train[:n],
        _vote(X_train, y_train, X_test, 1) == y_test,
    ]


def speakers(X, word, speaker, limits, rng):
    """Which word was it? Tested on speakers that were heard in training, or on another one."""
    order = rng.permutation(len(word))
    stranger = rng.choice(np.unique(speaker))
    known, new = (order[(speaker[order] == stranger) == wanted] for wanted in (False, True))
    honest = known[: limits.n_train], new[: limits.n_test]
    # the same test recordings, but a part of the training recordings is by their speaker
    rest = np.setdiff1d(order, honest[1])
    leaky = rng.choice(rest, limits.n_train, replace=False), honest[1]
    pair = []
    for train, test in (leaky, honest):
        scaler = StandardScaler().fit(X[train])
        answers = _vote(scaler.transform(X[train]), word[train], scaler.transform(X[test]))
        pair.append(answers == word[test])
    return pair


def fitted_to_all(estimator, X_train, X_test, y_train, y_test):
    """A map that looks at no label, fitted to all items, or to the training items."""
    pair = []
    for seen in (np.concatenate([X_train, X_test]), X_train):
        fitted = estimator.fit(seen)
        pair.append(_vote(fitted.transform(X_train), y_train, fitted.transform(X_test)) == y_test)
    return pair


def _vote(X_train, y_train, X_test, n_neighbors=3):
    return MetricKNeighborsClassifier(n_neighbors).fit(X_train, y_train).predict(X_test)


@functools.cache
def _spoken(spoken):
    """Summaries of all recordings, with word and speaker."""
    recordings = [*spoken.x_train, *spoken.x_test]
    names = np.array([*spoken.groups_train, *spoken.groups_test])
    X = fixed_length(mfcc(recordings, RATE))
    return X, np.r_[spoken.y_train, spoken.y_test], np.unique(names, return_inverse=True)[1]
