"""The classical methods of the experiment `newsgroups`: from lists of words to groups."""

import time

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import Normalizer

from mlbook.linear import NCA

FOLDS = 3
N_NEIGHBORS = 5
WORD2VEC = {"n_dims": 50, "epochs": 10, "min_count": 2}


def _same(document):
    return document


def _tfidf():
    return "tfidf", TfidfVectorizer(analyzer=_same, min_df=2, sublinear_tf=True)


def _lsa():
    # "arpack" needs no seed that would matter; lengths say how much a post has, not what about
    return [_tfidf(), ("lsa", TruncatedSVD(algorithm="arpack", random_state=0)), _unit()]


def _unit():
    return "unit", Normalizer()


def pipeline(method, n_train, seed=0):
    """A classical method from documents (lists of tokens) to labels, and the settings it tries.

    Parameters
    ----------
    method : str
        Such as "tfidf_linear". "vectors_linear" takes mean vectors instead of documents.
    n_train : int
        Training documents: there are fewer components than documents in cross-validation.
    seed : int, default=0
        Of NCA's batches.

    Returns
    -------
    estimator : Pipeline
    settings : dict
        The name of its parameter and up to three values; empty if there is nothing to set.
    """
    neighbours = ("classify", KNeighborsClassifier(N_NEIGHBORS))
    cosine = ("classify", KNeighborsClassifier(metric="cosine"))
    linear = ("classify", LogisticRegression(max_iter=2000))
    nca = ("nca", NCA(n_components=20, batch_size=500, max_iter=20, random_state=seed))
    strengths = {"classify__C": (1.0, 10.0, 100.0)}
    most = n_train * (FOLDS - 1) // FOLDS - 1
    components = {"lsa__n_components": [size for size in (50, 100, 200) if size <= most]}
    steps, settings = {
        "majority": ([("classify", DummyClassifier())], {}),
        "tfidf_neighbours": ([_tfidf(), cosine], {"classify__n_neighbors": (1, 5, 15)}),
        "tfidf_linear": ([_tfidf(), linear], strengths),
        "lsa_neighbours": ([*_lsa(), neighbours], components),
        "nca_neighbours": ([*_lsa(), nca, neighbours], components),
        "vectors_linear": ([linear], strengths),
    }[method]
    return Pipeline(steps), settings


def tuned(method, sides, y, seed):
    """Fit a method with the setting that cross-validation prefers, and predict.

    Parameters
    ----------
    method : str
        As for `pipeline`.
    sides : pair of documents
        To learn from and to test on.
    y : ndarray of int, shape (n_train,)
    seed : int

    Returns
    -------
    predicted : ndarray of int, shape (n_test,)
    measures : dict
        fit_seconds (of processor time) and the setting, if there is one.
    """
    estimator, settings = pipeline(method, len(y), seed)
    start = time.process_time()
    chosen = {}
    if settings:
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        estimator = GridSearchCV(estimator, settings, cv=folds, error_score="raise")
    estimator.fit(sides[0], y)
    seconds = time.process_time() - start
    if settings:
        chosen = {"setting": next(iter(estimator.best_params_.values()))}
    return estimator.predict(sides[1]), {"fit_seconds": seconds} | chosen


def mean_vectors(vectors, documents):
    """The mean word vector of each document, scaled to length 1; zeros if no word has one.

    Parameters
    ----------
    vectors : gensim.models.KeyedVectors
    documents : sequence of lists of str

    Returns
    -------
    ndarray of float32, shape (n, n_dims)
    """
    means = np.zeros((len(documents), vectors.vector_size), dtype=np.float32)
    for mean, document in zip(means, documents, strict=True):
        known = [vectors.key_to_index[word] for word in document if word in vectors]
        if known:
            mean += vectors.vectors[known].mean(axis=0)
            mean /= max(np.linalg.norm(mean), 1e-12)
    return means
