"""Which distance, and which features, for which data?

Every arm is a vote of three neighbours (the RBF network excepted) on the same random splits of
several kinds of data. Distances have no setting. Every method that reduces the features, and
the RBF network, tries five settings in cross-validation on the training items.

"Mahalanobis" is the textbook's: the inverse of the covariance of all training items, and where
there is none the pseudo-inverse.
"""

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectPercentile, VarianceThreshold
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of, fit_and_test
from mlbook.experiments.tips_data import part, pooled, posts
from mlbook.linear import LDA, Covariance
from mlbook.progress import bar

TITLE = "Which distance, and which features, for which data?"
DATASETS = ("mnist", "breast_cancer", "newsgroups")
BASELINE = "euclid_pixels"

KINDS = {
    "pixels": "digits, 784 pixels",
    "units": "table, 30 columns in their own units",
    "scaled": "table, columns scaled to variance 1",
    "counts": "posts, counts of words",
    "tfidf": "posts, TF-IDF",
}
TEXTS = ("counts", "tfidf")
METHODS = {
    "euclid": "Euclid",
    "manhattan": "Manhattan",
    "chebyshev": "Chebyshev",
    "cosine": "cosine",
    "standardised": "Euclid, each feature scaled",
    "mahalanobis": "Mahalanobis",
    "pca": "PCA, then Euclid",
    "lsa": "truncated SVD, then cosine",
    "lda": "LDA, then Euclid",
    "selected": "selected features, then Euclid",
    "rbf": "RBF network",
}
ARMS = {
    f"{method}_{kind}": f"{what}: {label}"
    for kind, what in KINDS.items()
    for method, label in METHODS.items()
    if method != "lsa" or kind in TEXTS
}
N_NEIGHBORS = 3
N_WORDS = 1000
FOLDS = 3
BUDGETS = {
    "smoke": Budget(n_train=80, n_test=40, seeds=2, grids={"settings": 2}),
    "reader": Budget(n_train=200, n_test=100, seeds=3, grids={"settings": 5}),
    "full": Budget(n_train=380, n_test=189, seeds=10, grids={"settings": 5}),
}
_MOST = 100


def same_items(budget, data):
    """No: each seed draws other test items."""
    return False


def run(budget, seed, data=None):
    """All methods on all kinds of data, on one random split of each.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the splits, the folds and the centres of the RBF network.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test item), n_train, fit_seconds, predict_seconds,
        n_features (of the data before any reduction).
    """
    limits = budget_of(BUDGETS, budget)
    data = data or {name: datasets.load(name) for name in DATASETS}
    arms = {}
    for kind in bar(KINDS, desc=f"seed {seed}", unit="kind"):
        X_train, X_test, y_train, y_test = split(kind, data, limits, seed)
        for method in METHODS:
            if f"{method}_{kind}" not in ARMS:
                continue
            estimator = classifier(method, X_train, seed, limits.grids["settings"])
            found = fit_and_test(estimator, (X_train, y_train), (X_test, y_test))
            arms[f"{method}_{kind}"] = found | {
                "n_train": len(y_train),
                "n_features": X_train.shape[1],
            }
    return arms


def split(kind, data, limits, seed):
    """A random training and test part of one kind of data, as numbers.

    What is learned on the way (the words, their weights, the scale of a column) is learned from
    the training part.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    data : dict of str to Dataset
    limits : Budget
    seed : int

    Returns
    -------
    X_train, X_test, y_train, y_test : ndarrays
    """
    if kind in TEXTS:
        texts_train, texts_test, y_train, y_test = part(*posts(data["newsgroups"]), limits, seed)
        options = {"min_df": 2, "max_features": N_WORDS, "stop_words": "english"}
        words = (
            CountVectorizer(**options)
            if kind == "counts"
            else TfidfVectorizer(sublinear_tf=True, **options)
        )
        X_train = words.fit_transform(texts_train).toarray().astype(float)
        X_test = words.transform(texts_test).toarray().astype(float)
        return X_train, X_test, y_train, y_test
    if kind == "pixels":
        mnist = data["mnist"]
        X_train, X_test, y_train, y_test = part(mnist.x_train, mnist.y_train, limits, seed)
        X_train, X_test = (x.reshape(len(x), -1) / 255 for x in (X_train, X_test))
        return X_train, X_test, y_train, y_test
    X_train, X_test, y_train, y_test = part(*pooled(data["breast_cancer"]), limits, seed)
    if kind == "scaled":
        scaler = StandardScaler().fit(X_train)
        X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
    return X_train, X_test, y_train, y_test


def classifier(method, X_train, seed, n_settings=5):
    """A method as a classifier that chooses its own setting.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    X_train : ndarray of shape (n_train, n_features)
        What it will be fitted to: its size, and for the RBF network its typical distance, say
        which settings make sense.
    seed : int
    n_settings : int, default=5
        Of a method that has a setting.

    Returns
    -------
    scikit-learn classifier
    """
    neighbours = ("vote", KNeighborsClassifier(N_NEIGHBORS, algorithm="brute"))
    metric = {"manhattan": "manhattan", "chebyshev": "chebyshev", "cosine": "cosine"}.get(method)
    if metric:
        return KNeighborsClassifier(N_NEIGHBORS, algorithm="brute", metric=metric)
    fixed = {
        "euclid": [],
        "standardised": [("metric", Covariance("diagonal", rank="auto"))],
        "mahalanobis": [("metric", Covariance("total", rank="auto"))],
    }
    if method in fixed:
        return Pipeline([*fixed[method], neighbours])

    n_samples, n_features = X_train.shape
    most = min(n_features, n_samples * (FOLDS - 1) // FOLDS - 1, _MOST)
    sizes = [size for size in (2, 5, 10, 20, 50, 100) if size <= most]
    wide = ("pca", PCA(most, svd_solver="full"))
    steps, settings = {
        "pca": ([("reduce", PCA(svd_solver="full"))], {"reduce__n_components": sizes}),
        "lsa": (
            [("reduce", TruncatedSVD(algorithm="arpack", random_state=0)), ("unit", Normalizer())],
            {"reduce__n_components": sizes},
        ),
        "lda": (
            [wide, ("reduce", LDA(solver="eigen"))],
            {"reduce__shrinkage": [1e-3, 1e-2, 0.1, 0.3, 0.6]},
        ),
        "selected": (
            # a constant feature has no F value
            [("varying", VarianceThreshold()), ("reduce", SelectPercentile())],
            {"reduce__percentile": [5, 10, 20, 40, 80]},
        ),
        "rbf": (
            [("reduce", Nystroem(n_components=most, random_state=seed))],
            {"reduce__gamma": list(np.array([0.1, 0.3, 1, 3, 10]) / _typical_square(X_train))},
        ),
    }[method]
    last = ("vote", RidgeClassifier(alpha=1e-2)) if method == "rbf" else neighbours
    settings = {name: values[-n_settings:] for name, values in settings.items()}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return GridSearchCV(Pipeline([*steps, last]), settings, cv=folds, error_score="raise")


def _typical_square(X):
    """Median of the squared distances between some of the items."""
    return float(np.median(pdist(X[:200], "sqeuclidean"))) or 1.0
