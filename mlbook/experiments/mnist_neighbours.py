"""Nearest neighbours on MNIST's official split, under every covariance and beyond.

The article's second chapter "2.2" reports an accuracy "because of" the Mahalanobis distance
without ever using one. Here the distance is used, with each sensible covariance, beside the
baselines. Every neighbour arm votes with the same three neighbours; the two sweeps (ridge,
number of principal components) have grids of equal length, and the setting that counts as a
sweep's own is chosen on a validation part of the training images, never on the test images.
"""

import warnings
from copy import copy

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid, NeighborhoodComponentsAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of, draw, fit_and_test, pixels
from mlbook.linear import Covariance
from mlbook.neighbors import MetricKNeighborsClassifier
from mlbook.progress import bar

TITLE = "Nearest neighbours on MNIST under every covariance"
DATASETS = ("mnist",)
BASELINE = "euclid"
N_NEIGHBORS = 3

RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3)
DIMENSIONS = (10, 20, 30, 40, 60, 100, 200, 400)
BUDGETS = {
    "smoke": Budget(
        n_train=400,
        n_test=200,
        seeds=2,
        grids={"ridge": RIDGES[3::2], "dimension": DIMENSIONS[::2][:3], "nca": (200, 5)},
    ),
    "reader": Budget(
        n_train=3000,
        n_test=1000,
        seeds=5,
        grids={"ridge": RIDGES[1::2], "dimension": DIMENSIONS[1::2], "nca": (1000, 20)},
    ),
    "full": Budget(
        n_train=60_000,
        n_test=10_000,
        seeds=5,
        grids={"ridge": RIDGES, "dimension": DIMENSIONS, "nca": (5000, 100)},
    ),
}

ARMS = {
    "majority": "most frequent class",
    "centroid": "nearest class mean (Euclid)",
    "logistic": "logistic regression",
    "euclid": "3-NN, Euclid",
    "cosine": "3-NN, cosine",
    "diagonal": "3-NN, variances only",
    "total": "3-NN, total covariance, pseudo-inverse",
    "ledoit_wolf": "3-NN, Ledoit-Wolf covariance",
    "within": "3-NN, within-class covariance, pseudo-inverse",
    "total_ridge": "3-NN, total covariance, ridge chosen on validation",
    "within_ridge": "3-NN, within-class covariance, ridge chosen on validation",
    "pca": "3-NN, principal components, number chosen on validation",
    "pca_white": "3-NN, whitened components, number chosen on validation",
    "lda": "3-NN after linear discriminant analysis",
    "nca": "3-NN after neighbourhood components analysis",
    **{f"total_ridge_{r:g}": f"3-NN, total covariance, ridge {r:g}" for r in RIDGES},
    **{f"within_ridge_{r:g}": f"3-NN, within-class covariance, ridge {r:g}" for r in RIDGES},
    **{f"pca_{d}": f"3-NN, {d} principal components" for d in DIMENSIONS},
    **{f"pca_white_{d}": f"3-NN, {d} whitened components" for d in DIMENSIONS},
}


def same_items(budget, data):
    """Whether the budget tests every seed on all test images."""
    return budget_of(BUDGETS, budget).n_test >= data["mnist"].counts["test"]


def run(budget, seed, data=None):
    """All arms on one draw of the official split.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the subset (where the budget does not use all images), the validation part and
        the start of the randomised arms.
    data : dict of str to Dataset, or None
        Loaded data sets; None loads them.

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test image), n_train, dimensions, fit_seconds (mapping
        included; in the sweeps and for nca without learning the map), predict_seconds. When
        the budget covers the whole split, seeds after the first return the randomised arm
        only: the others could not come out differently.
    """
    mnist = data["mnist"] if data else datasets.load("mnist")
    limits = budget_of(BUDGETS, budget)
    rng = np.random.default_rng(seed)
    chosen = draw(len(mnist.y_train), limits.n_train, rng)
    tested = draw(len(mnist.y_test), limits.n_test, rng)
    train = pixels(mnist.x_train[chosen]), mnist.y_train[chosen]
    test = pixels(mnist.x_test[tested]), mnist.y_test[tested]

    is_whole = len(chosen) == len(mnist.y_train) and len(tested) == len(mnist.y_test)
    nca = limits.grids["nca"]
    if is_whole and seed > 0:
        return {"nca": _measure(_nca(*nca, train, rng), train, test)}
    arms = {}
    progress = bar(total=len(_FIXED) + 2 * len(_SWEEPS) + 1, desc=f"seed {seed}", unit="step")
    for arm, estimator in _FIXED.items():
        progress.set_postfix_str(arm)
        arms[arm] = _measure(clone(estimator), train, test)
        progress.update()
    fitting, validation = _hold_out(train, rng)
    for sweep, (prepare, grid) in _SWEEPS.items():
        progress.set_postfix_str(f"{sweep}, validation")
        scores = {
            setting: _measure(classifier, fitting, validation)["correct"].mean()
            for setting, classifier in prepare(fitting, limits.grids[grid])
        }
        progress.update()
        progress.set_postfix_str(sweep)
        for setting, classifier in prepare(train, limits.grids[grid]):
            arms[f"{sweep}_{setting:g}"] = _measure(classifier, train, test)
        arms[sweep] = arms[f"{sweep}_{max(scores, key=scores.get):g}"]
        progress.update()
    progress.set_postfix_str("nca")
    arms["nca"] = _measure(_nca(*nca, train, rng), train, test)
    progress.close()
    return arms


def _neighbours(metric):
    return MetricKNeighborsClassifier(N_NEIGHBORS, metric)


_FIXED = {
    "majority": DummyClassifier(),
    "centroid": NearestCentroid(),
    "logistic": LogisticRegression(max_iter=1000),
    "euclid": _neighbours(None),
    "cosine": _neighbours(Normalizer()),
    "diagonal": _neighbours(Covariance("diagonal", rank="auto")),
    "total": _neighbours(Covariance("total", rank="auto")),
    "ledoit_wolf": _neighbours(Covariance("ledoit_wolf")),
    "within": _neighbours(Covariance("within", rank="auto")),
    "lda": _neighbours(LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")),
}


def _ridges(estimate):
    def prepare(train, ridges):
        fitted = Covariance(estimate, rank="auto").fit(*train)
        return ((r, _neighbours(fitted.regularised(ridge=r))) for r in ridges)

    return prepare


def _components(train, dimensions):
    """Principal components as they are: the rotation that whitening starts with."""
    pca = PCA(max(dimensions), svd_solver="covariance_eigh").fit(train[0])
    return ((d, _neighbours(_truncated(pca, d))) for d in dimensions)


def _truncated(pca, n_components):
    shorter = copy(pca)
    shorter.components_ = pca.components_[:n_components]
    return shorter


def _whitened_components(train, dimensions):
    fitted = Covariance("total", rank="auto").fit(*train)
    return ((d, _neighbours(fitted.regularised(rank=d))) for d in dimensions)


# for each sweep: what makes its classifiers from training data, and the grid it goes through
_SWEEPS = {
    "total_ridge": (_ridges("total"), "ridge"),
    "within_ridge": (_ridges("within"), "ridge"),
    "pca": (_components, "dimension"),
    "pca_white": (_whitened_components, "dimension"),
}


def _nca(n_fit, max_iter, train, rng):
    """Neighbourhood components learned on a random part: the method needs all pairs."""
    part = draw(len(train[0]), n_fit, rng)
    metric = make_pipeline(
        PCA(100, svd_solver="covariance_eigh"),
        NeighborhoodComponentsAnalysis(
            n_components=40, init="pca", max_iter=max_iter, random_state=int(rng.integers(2**31))
        ),
    )
    return _neighbours(metric.fit(train[0][part], train[1][part]))


def _measure(classifier, train, test):
    with warnings.catch_warnings():
        # constant pixels, of no consequence for the class means
        warnings.filterwarnings("ignore", message="self.within_class_std_dev_")
        measured = fit_and_test(classifier, train, test)
    gallery = getattr(classifier, "_gallery", train[0])
    return measured | {"n_train": len(train[0]), "dimensions": gallery.shape[1]}


def _hold_out(train, rng):
    """Five parts to fit and one to validate, of at most 24,000 training items."""
    X, y = train
    part = rng.permutation(len(X))[:24_000]
    held_out, kept = part[: len(part) // 6], part[len(part) // 6 :]
    return (X[kept], y[kept]), (X[held_out], y[held_out])
