"""Every learned metric of the book against the baselines, under equal conditions.

The experiments `metrics_*` run these arms, each on its own data set. All arms vote with three
neighbours on the same splits. Every method that has a parameter tries five settings, fitted to
a part of the training items and scored on another; the best one is fitted to all of them.
"""

import time
import tracemalloc
import warnings

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlbook import datasets
from mlbook.experiments.base import budget_of
from mlbook.linear import (
    CDS,
    FWHD,
    GO,
    ITML,
    LDA,
    LFDA,
    LMNN,
    LSML,
    LSO,
    MDC,
    MMC,
    NCA,
    RCA,
    SCO,
    Covariance,
)
from mlbook.neighbors import MetricKNeighborsClassifier
from mlbook.progress import bar

N_NEIGHBORS = 3
ARMS = {
    "majority": "most frequent class",
    "logistic": "logistic regression",
    "euclid": "Euclid, features as they are",
    "scaled": "Euclid, features scaled to variance 1",
    "pca": "principal components",
    "total": "Mahalanobis, total covariance",
    "rca": "RCA (within-class covariance)",
    "lda": "LDA",
    "lfda": "LFDA",
    "nca": "NCA",
    "lmnn": "LMNN",
    "itml": "ITML",
    "mmc": "MMC",
    "lsml": "LSML",
    "fwhd": "FWHD (article's name)",
    "mdc": "MDC (article's name)",
    "cds": "CDS (article's name)",
    "go": "GO (article's name)",
    "sco": "SCO (article's name)",
    "lso": "LSO (article's name)",
}
INVENTED = ("fwhd", "mdc", "cds", "go", "sco", "lso")
# methods whose cost grows fast with the number of features; on wide data they get components
_REDUCED = {"lda", "lfda", "nca", "lmnn", "itml", "mmc", "lsml"}
_ALL_PAIRS = 2000
_SHARES = (0.1, 0.2, 0.4, 0.6, 0.8)
_RIDGES = (1e-3, 1e-2, 1e-1, 1e0, 1e1)


def settings(arm, n_samples, n_features, shape=None, seed=0):
    """The metrics that an arm tries: one, or five if it has a parameter.

    Parameters
    ----------
    arm : str
    n_samples, n_features : int
        Of the training items. NCA looks at all pairs of them if they are few.
    shape : tuple of int or None
        Of an image, for the transform of FWHD.
    seed : int

    Returns
    -------
    list of estimators; None in it is Euclid.
    """
    batch_size = None if n_samples <= _ALL_PAIRS else 1000
    most = min(n_features, n_samples // 2)
    sizes = sorted({max(1, round(share * most)) for share in _SHARES})
    grids = {
        "euclid": [None],
        "scaled": [Covariance("diagonal", rank="auto")],
        "pca": [PCA(size, svd_solver="covariance_eigh") for size in sizes],
        "total": [Covariance("total", ridge=ridge) for ridge in _RIDGES],
        "rca": [RCA(ridge=ridge) for ridge in _RIDGES],
        "lda": [LDA(solver="eigen", shrinkage=s) for s in (1e-3, 1e-2, 1e-1, 0.3, 0.6)],
        "lfda": [
            LFDA(n_components=size, ridge=ridge)
            for size, ridge in (
                (sizes[1], 1e-2),
                *((size, 1e-1) for size in sizes[:3]),
                (sizes[1], 1.0),
            )
        ],
        "nca": [NCA(n_components=size, batch_size=batch_size, random_state=seed) for size in sizes],
        "lmnn": [LMNN(mu=mu, max_iter=100) for mu in (0.1, 0.3, 0.5, 0.7, 0.9)],
        "itml": [ITML(gamma=gamma, random_state=seed) for gamma in _RIDGES],
        "mmc": [MMC(ridge=ridge, random_state=seed) for ridge in _RIDGES],
        "lsml": [LSML(gamma=gamma, random_state=seed) for gamma in _RIDGES],
        "fwhd": [FWHD(temperature=t, shape=shape) for t in (0.1, 0.2, 0.4, 0.8, 2.0)],
        "mdc": [MDC(shrinkage=s) for s in ("auto", 0.1, 0.3, 0.6, 1.0)],
        "cds": [CDS(ridge=ridge, random_state=seed) for ridge in _RIDGES],
        "go": [GO(margin=m, random_state=seed) for m in (0.1, 0.2, 0.3, 0.5, 1.0)],
        "sco": [SCO(n_grid=n, random_state=seed) for n in (5, 10, 15, 20, 30)],
        "lso": [LSO(C=c, random_state=seed) for c in (1.0, 10.0, 100.0, 1e3, 1e4)],
    }
    return grids[arm]


def compare(
    train,
    test,
    seed,
    n_tuning,
    n_settings=5,
    n_components=None,
    shape=None,
    scale=False,
    arms=None,
):
    """All arms on one split.

    Parameters
    ----------
    train, test : tuple of (X, y)
    seed : int
    n_tuning : int
        Training items used to choose settings, at most: three quarters fit, a quarter scores.
    n_settings : int, default=5
        At most so many settings are tried for each method.
    n_components : int or None
        Principal components that costly methods work on; None is all features.
    shape : tuple of int or None
    scale : bool, default=False
        Whether all arms but `euclid` work on features scaled to variance 1, as tables of
        measurements in different units need.
    arms : sequence of str or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test item), n_train, chosen (position of the setting),
        fit_seconds and predict_seconds (of processor time, all threads together), fit_mb (peak
        of the arrays that NumPy made during the final fit, without the data), converged.
    """
    names = list(ARMS) if arms is None else list(arms)
    y = train[1]
    part = np.arange(len(y))
    if n_tuning < len(y):
        part, _ = train_test_split(part, train_size=n_tuning, stratify=y, random_state=seed)
    fit_part, score_part = train_test_split(
        part, test_size=0.25, stratify=y[part], random_state=seed
    )
    results = {}
    progress = bar(names, desc=f"seed {seed}", unit="arm")
    for arm in progress:
        progress.set_postfix_str(arm)
        scaled = scale and arm != "euclid"
        reduced = arm in _REDUCED and n_components
        candidates = _candidates(arm, train[0].shape, seed, reduced, shape, scaled)[:n_settings]
        scores = [0.0]
        if len(candidates) > 1:
            fitting = train[0][fit_part], y[fit_part]
            scores = [
                _score(candidate, fitting, (train[0][score_part], y[score_part]))
                for candidate in candidates
            ]
        chosen = int(np.argmax(scores))
        results[arm] = _measure(candidates[chosen], train, test) | {"chosen": chosen}
    return results


def _candidates(arm, size, seed, n_components, shape, scaled):
    n_samples, n_features = size
    n_components = n_components and min(n_components, n_samples // 2)
    before = [StandardScaler()] if scaled else []
    if n_components:
        before.append(PCA(n_components, svd_solver="covariance_eigh"))
        n_features = n_components
    if arm == "majority":
        return [DummyClassifier()]
    if arm == "logistic":
        grid = (1e-2, 1e-1, 1e0, 1e1, 1e2)
        return [make_pipeline(*before, LogisticRegression(C=c, max_iter=1000)) for c in grid]
    metrics = settings(arm, n_samples, n_features, shape, seed)
    return [
        MetricKNeighborsClassifier(
            N_NEIGHBORS, make_pipeline(*before, metric or "passthrough") if before else metric
        )
        for metric in metrics
    ]


def _score(candidate, fitting, scoring):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return clone(candidate).fit(*fitting).score(*scoring)


def _measure(candidate, train, test):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        # processor time: what else the machine does would count in a clock's seconds
        start = time.process_time()
        estimator = clone(candidate).fit(*train)
        fitted = time.process_time()
        correct = estimator.predict(test[0]) == test[1]
        predicted = time.process_time()
        tracemalloc.start()
        clone(candidate).fit(*train)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    converged = not any(issubclass(w.category, ConvergenceWarning) for w in caught)
    return {
        "correct": correct,
        "n_train": len(train[0]),
        "fit_seconds": fitted - start,
        "predict_seconds": predicted - fitted,
        "fit_mb": peak / 1e6,
        "converged": float(converged),
    }


def random_splits(name, budgets, shape=None, scale=False, largest=1):
    """What an experiment on random splits of a small data set needs: `same_items` and `run`.

    Parameters
    ----------
    name : str
        The data set. Its items are pooled: it has no published split.
    budgets : dict of str to Budget
    shape, scale
        As in `compare`.
    largest : float, default=1
        What the features are divided by.

    Returns
    -------
    same_items, run : callables
    """

    def same_items(budget, data):
        """No: each seed draws other test items."""
        return False

    def run(budget, seed, data=None):
        """All arms on one random split; see `mlbook.experiments.comparison.compare`."""
        dataset = data[name] if data else datasets.load(name)
        limits = budget_of(budgets, budget)
        X = np.concatenate([dataset.x_train, dataset.x_test]).astype(np.float64) / largest
        y = np.concatenate([dataset.y_train, dataset.y_test])
        X_train, X_test, y_train, y_test = train_test_split(
            X.reshape(len(X), -1),
            y,
            train_size=limits.n_train,
            test_size=limits.n_test,
            stratify=y,
            random_state=seed,
        )
        train, test = (X_train, y_train), (X_test, y_test)
        (n_settings,) = limits.grids["settings"]
        return compare(train, test, seed, len(y_train), n_settings, shape=shape, scale=scale)

    return same_items, run
