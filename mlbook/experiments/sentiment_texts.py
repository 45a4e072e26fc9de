"""What the experiments on sentiment share: texts, folds, and linear models of counted words."""

from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.svm import LinearSVC
from sklearn.utils.validation import validate_data

from mlbook.experiments.base import draw
from mlbook.text import tokenize

VALIDATION = 0.1  # of the training part, to choose settings by
FOLDS = 5

LINEAR = {
    "majority": "the more frequent class of the training part",
    "lr_words": "TF-IDF of words, logistic regression",
    "lr_pairs": "TF-IDF of words and pairs, logistic regression",
    "svm_words": "TF-IDF of words, linear SVM",
    "svm_pairs": "TF-IDF of words and pairs, linear SVM",
    "nbsvm": "words and pairs, NB-SVM",
}
# of 1 / strength of the penalty: about as many as a network has epochs to choose from
GRIDS = {
    "lr": (1.0, 3.0, 10.0, 30.0),
    "svm": (0.1, 0.3, 1.0, 3.0),
    "nbsvm": (0.01, 0.03, 0.1, 0.3),
}


class Texts:
    """Texts with their classes.

    Parameters
    ----------
    documents : sequence of lists of str
    y : ndarray of int, shape (n,)
        0 is blame, 1 is praise.
    """

    def __init__(self, documents, y):
        self.documents, self.y = documents, y

    @cached_property
    def counts(self):
        """How often each word, and each pair of neighbouring words, occurs in each text.

        Counted once for all folds; `features` then keeps what the fitted texts know.

        Returns
        -------
        counts : sparse matrix of shape (n, n_words + n_pairs)
        is_word : ndarray of bool, shape (n_words + n_pairs,)
        """
        counter = CountVectorizer(
            # the documents are lists of tokens already
            tokenizer=_as_it_is,
            preprocessor=_as_it_is,
            token_pattern=None,
            lowercase=False,
            ngram_range=(1, 2),
        )
        counts = counter.fit_transform(self.documents)
        return counts, np.array([" " not in name for name in counter.get_feature_names_out()])


class Parts(NamedTuple):
    """Positions of texts. Settings are chosen by `validation`, `fit` and `validation` are the
    training part, and `test` chooses nothing."""

    fit: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def train(self):
        return np.concatenate([self.fit, self.validation])


@lru_cache(maxsize=2)
def pooled(dataset):
    """All texts of a data set, training and test split together, as `Texts`."""
    texts = [*dataset.x_train, *dataset.x_test]
    return Texts(tokenize(texts), np.concatenate([dataset.y_train, dataset.y_test]))


def split(y, limits, seed, folds=FOLDS):
    """One fold is the test; a tenth of the others, both classes in proportion, the validation.

    Parameters
    ----------
    y : ndarray of int, shape (n,)
    limits : Budget
        At most n_train and n_test texts are drawn from the two sides.
    seed : int
        Fold number `seed % folds` of repetition `seed // folds`: seeds 0 to folds - 1 test every
        text once.
    folds : int, default=5

    Returns
    -------
    Parts
    """
    turn, fold = divmod(seed, folds)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=turn)
    train, test = list(splitter.split(np.zeros(len(y)), y))[fold]
    rng = np.random.default_rng(seed)
    train = train[draw(len(train), limits.n_train, rng)]
    test = test[draw(len(test), limits.n_test, rng)]
    fit, validation = train_test_split(
        train, test_size=VALIDATION, stratify=y[train], random_state=seed
    )
    return Parts(fit, validation, test)


class NBSVM(ClassifierMixin, BaseEstimator):
    """Linear SVM on words that are weighted by how they divide the two classes.

    Each binary feature is multiplied by the log-ratio of naive Bayes, and the weights of the SVM
    are then pulled towards their mean size.

    Parameters
    ----------
    C : float, default=0.1
        Of `sklearn.svm.LinearSVC`.
    beta : float, default=0.25
        Share of the SVM's own weights; the rest is their mean size. The paper's value.

    References
    ----------
    S. Wang and C. D. Manning, Baselines and bigrams: simple, good sentiment and topic
    classification, ACL 2012.
    """

    def __init__(self, C=0.1, beta=0.25):
        self.C = C
        self.beta = beta

    def fit(self, X, y):
        """X: sparse or dense, shape (n, n_features), 0 or 1; y: two classes."""
        X = validate_data(self, X, accept_sparse="csr")
        self.classes_, second = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"NBSVM tells two classes apart, got {len(self.classes_)}")
        counts = [1 + np.asarray(X[second == c].sum(axis=0)).ravel() for c in (0, 1)]
        shares = [count / count.sum() for count in counts]
        self.log_ratio_ = np.log(shares[1] / shares[0])
        svm = LinearSVC(C=self.C).fit(self._weighted(X), second)
        weights = svm.coef_.ravel()
        self.coef_ = (1 - self.beta) * np.abs(weights).mean() + self.beta * weights
        self.intercept_ = float(svm.intercept_[0])
        return self

    def decision_function(self, X):
        """Above 0 for the second class; shape (n,)."""
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        return self._weighted(X) @ self.coef_ + self.intercept_

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def _weighted(self, X):
        return sparse.csr_matrix(X).multiply(self.log_ratio_).tocsr()


def features(texts, known, *sides):
    """Words and pairs of neighbouring words, weighted in three ways.

    Parameters
    ----------
    texts : Texts
    known : ndarray of int
        Positions of the texts that are learned from: what occurs in one of them only is left
        out, and the weights of TF-IDF are theirs.
    *sides : ndarray of int
        Positions of the texts that are wanted.

    Returns
    -------
    list of dict
        For each side sparse matrices of shape (n, n_features): "words" and "pairs" (with words),
        TF-IDF; and "nbsvm", 1 where a word or pair occurs.
    """
    counts, is_word = texts.counts
    frequent = np.flatnonzero(np.bincount(counts[known].indices, minlength=len(is_word)) >= 2)
    counts, is_word = counts[:, frequent], is_word[frequent]
    columns = {"words": np.flatnonzero(is_word), "pairs": np.arange(len(frequent))}
    found = [{"nbsvm": (counts[rows] > 0).astype(np.float64)} for rows in sides]
    for kind, chosen in columns.items():
        weights = TfidfTransformer(sublinear_tf=True).fit(counts[known][:, chosen])
        for side, rows in zip(found, sides, strict=True):
            side[kind] = weights.transform(counts[rows][:, chosen])
    return found


def linear(arm, C):
    """The unfitted classifier of an arm of `LINEAR`."""
    if arm == "nbsvm":
        return NBSVM(C=C)
    if arm.startswith("lr"):
        return LogisticRegression(C=C, solver="liblinear")
    return LinearSVC(C=C)


def linear_arms(texts, parts, refit=False):
    """All arms of `LINEAR` on one split.

    Parameters
    ----------
    texts : Texts
    parts : Parts
    refit : bool, default=False
        Fit once more, on the whole training part, with the chosen setting. The networks cannot:
        the validation part says when they should stop.

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test text), n_train, and C, the chosen setting.
    """
    y, n_train = texts.y, len(parts.train)
    majority = np.bincount(y[parts.train]).argmax()
    arms = {"majority": {"correct": y[parts.test] == majority, "n_train": n_train}}
    fit, validation, test = features(texts, parts.fit, *parts)
    chosen = {}
    for arm in LINEAR:
        if arm == "majority":
            continue
        kind, scores = arm.split("_")[-1], {}
        for C in GRIDS[arm.split("_")[0]]:
            model = linear(arm, C).fit(fit[kind], y[parts.fit])
            right = model.predict(validation[kind]) == y[parts.validation]
            scores[C] = right.mean(), model
        best = max(scores, key=lambda C: scores[C][0])  # of equally good ones the first
        chosen[arm] = best, scores[best][1]
    if refit:
        train, test = features(texts, parts.train, parts.train, parts.test)
    for arm, (C, model) in chosen.items():
        kind = arm.split("_")[-1]
        if refit:
            model = linear(arm, C).fit(train[kind], y[parts.train])
        correct = model.predict(test[kind]) == y[parts.test]
        arms[arm] = {"correct": correct, "n_train": n_train, "C": C}
    return arms


def _as_it_is(tokens):
    return tokens
