"""How much does a metric gain from which kind of supervision, and from how much of it?

The question asked of every metric is the one that needs no classes: do two new images show the
same digit? It is scored by the area under the ROC curve over all pairs of test images.

An annotator answers one question at a time: which digit is this (a label)? Do these two show
the same digit (a pair)? Which of two images is more like a third (a triplet)? Which of two
pairs is more alike (a quadruplet)? Each method gets the same number of answers of its kind, and
tries as many settings, scored on pairs of validation images.
"""

import warnings

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.linear import ITML, LDA, LSML, MMC, NCA, RCA, Covariance, sample_pairs
from mlbook.neighbors import MetricKNeighborsClassifier
from mlbook.progress import bar

TITLE = "One question, four kinds of supervision: the digits of 8 x 8 pixels"
DATASETS = ("digits",)
BASELINE = "euclid"
MEASURE = "auc"

ANSWERS = (50, 100, 200, 400, 800)
N_VALIDATION = 300
BUDGETS = {
    "smoke": Budget(n_train=300, n_test=150, seeds=2, grids={"answers": (50, 200)}),
    "reader": Budget(n_train=1000, n_test=497, seeds=5, grids={"answers": ANSWERS[::2]}),
    "full": Budget(n_train=1000, n_test=497, seeds=10, grids={"answers": ANSWERS}),
}

_KINDS = {
    "rca": "RCA, similar pairs",
    "itml": "ITML, pairs",
    "mmc": "MMC, pairs",
    "lsml_triplets": "LSML, triplets",
    "lsml_quadruplets": "LSML, quadruplets",
    "lda": "LDA, labels",
    "nca": "NCA, labels",
}
ARMS = {
    "euclid": "Euclid, nothing learned",
    "pca": "principal components, unlabelled images",
    "total": "Mahalanobis (Ledoit-Wolf), unlabelled images",
    **{f"{kind}_{n}": f"{text}, {n}" for kind, text in _KINDS.items() for n in ANSWERS},
}


def same_items(budget, data):
    """No: each seed draws other test items."""
    return False


def run(budget, seed, data=None):
    """All arms on one random split into training, validation and test images.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the split and the questions.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: auc (over all pairs of test images), accuracy (3-NN, the gallery being the
        training images with their labels), n_train, n_test.
    """
    digits = data["digits"] if data else datasets.load("digits")
    limits = budget_of(BUDGETS, budget)
    rng = np.random.default_rng(seed)
    X = np.concatenate([digits.x_train, digits.x_test]).reshape(-1, 64) / 16
    y = np.concatenate([digits.y_train, digits.y_test])
    rest, test = _divide(X, y, limits.n_test, seed)
    train, validation = _divide(*rest, min(N_VALIDATION, limits.n_test), seed)
    train = train[0][: limits.n_train], train[1][: limits.n_train]

    arms = {
        "euclid": _measure(None, train, test),
        "pca": _measure(PCA(0.9).fit(train[0]), train, test),
        "total": _measure(Covariance("ledoit_wolf").fit(train[0]), train, test),
    }
    progress = bar(total=len(_KINDS) * len(limits.grids["answers"]), desc=f"seed {seed}")
    for n in limits.grids["answers"]:
        for kind, answers in _ask(*train, n, rng).items():
            progress.set_postfix_str(f"{kind}, {n}")
            learned = [fit(*answers) for fit in _learners(kind, seed)]
            best = max(learned, key=lambda metric: _auc(metric, *validation))
            arms[f"{kind}_{n}"] = _measure(best, train, test)
            progress.update()
    progress.close()
    return arms


def _divide(X, y, n_second, seed):
    first, second, y_first, y_second = train_test_split(
        X, y, test_size=n_second, stratify=y, random_state=seed
    )
    return (first, y_first), (second, y_second)


def _ask(X, y, n, rng):
    """The answers that each kind of method learns from: n of them, drawn at random."""
    number = int(rng.integers(2**31))
    pairs, kinds = sample_pairs(y, n, number)
    similar, _ = sample_pairs(y, 2 * n, number)
    similar = similar[:n]
    triplets = np.column_stack([similar, _others(y, similar[:, 0], rng)])
    apart = _others(y, triplets[:, 2], rng)
    labelled = train_test_split(
        np.arange(len(y)), train_size=min(n, len(y) - 10), stratify=y, random_state=number
    )[0]
    labels = X[labelled], y[labelled]
    return {
        "rca": (X[similar], np.ones(len(similar), dtype=int)),
        "itml": (X[pairs], kinds),
        "mmc": (X[pairs], kinds),
        "lsml_triplets": (X[triplets],),
        "lsml_quadruplets": (X[np.column_stack([similar, triplets[:, 2], apart])],),
        "lda": labels,
        "nca": labels,
    }


def _others(y, anchors, rng):
    """For each anchor a random item of another class."""
    found = rng.integers(len(y), size=len(anchors))
    while (same := y[found] == y[anchors]).any():
        found[same] = rng.integers(len(y), size=same.sum())
    return found


def _learners(kind, seed):
    """Three settings of a method, each as a function from answers to a fitted metric."""
    grids = {
        "rca": [RCA(ridge=r) for r in (0.1, 1.0, 10.0)],
        "itml": [ITML(gamma=g, random_state=seed) for g in (0.01, 0.1, 1.0)],
        "mmc": [MMC(ridge=r) for r in (0.1, 1.0, 10.0)],
        "lsml_triplets": [LSML(gamma=g) for g in (1.0, 10.0, 100.0)],
        "lsml_quadruplets": [LSML(gamma=g) for g in (1.0, 10.0, 100.0)],
        "lda": [LDA(solver="eigen", shrinkage=s) for s in (0.1, 0.3, 0.6)],
        "nca": [NCA(n, random_state=seed) for n in (5, 15, 40)],
    }
    method = {"lsml_triplets": "fit_triplets", "lsml_quadruplets": "fit_quadruplets"}
    name = method.get(kind, "fit" if kind in ("lda", "nca") else "fit_pairs")

    def learner(estimator):
        def fit(*answers):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                return getattr(clone(estimator), name)(*answers)

        return fit

    return [learner(estimator) for estimator in grids[kind]]


def _auc(metric, X, y):
    mapped = X if metric is None else metric.transform(X)
    first, second = np.triu_indices(len(y), 1)
    return float(roc_auc_score(y[first] == y[second], -pdist(mapped)))


def _measure(metric, train, test):
    neighbours = MetricKNeighborsClassifier(3, metric).fit(*train)
    return {
        "auc": _auc(metric, *test),
        "accuracy": float(neighbours.score(*test)),
        "n_train": len(train[0]),
        "n_test": len(test[0]),
    }
