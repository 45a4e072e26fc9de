"""Four newsgroups by date: plain baselines, a learned metric, the article's LSTM, two losses.

Every arm sees the same posts, as they were sent ("raw") or without header lines, quotations and
signatures ("stripped"); every arm is tested on the same later posts. The classical methods
(`mlbook.experiments.newsgroups_words`) try three settings each; each is given the one that does
best in cross-validation on the training posts. The networks
(`mlbook.experiments.newsgroups_network`) try none: their settings are those of the article, or
were fixed in advance. The test posts choose nothing.
"""

import time
from functools import lru_cache

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from mlbook import datasets
from mlbook.datasets.newsgroups import PARTS, groups, without
from mlbook.experiments.base import Budget, budget_of, draw
from mlbook.experiments.newsgroups_words import N_NEIGHBORS, WORD2VEC, mean_vectors, tuned
from mlbook.progress import bar
from mlbook.text import stop_words, tokenize
from mlbook.word_vectors import train_word2vec

TITLE = "Four newsgroups by date: word counts, a learned metric, and LSTMs with one loss or two"
DATASETS = ("newsgroups",)
BASELINE = "tfidf_linear_raw"

TEXTS = {"raw": "posts as sent", "stripped": "stripped posts"}
_CLASSICAL = {
    "majority": "most frequent group",
    "tfidf_neighbours": "TF-IDF, neighbours by cosine",
    "tfidf_linear": "TF-IDF, logistic regression",
    "lsa_neighbours": "LSA, neighbours",
    "nca_neighbours": "LSA, NCA, neighbours",
    "vectors_linear": "mean word vector, logistic regression",
}
_RANDOM = ("nca_neighbours", "vectors_linear")
_NETWORKS = {
    "lstm": "the article's LSTM",
    "lstm_masked": "the article's LSTM, masked",
    "lstm_joint": "the article's LSTM, two losses",
    "mended": "mended LSTM",
    "mended_joint": "mended LSTM, two losses",
}
ARMS = {
    **{
        f"{method}_{kind}": f"{label}: {what}"
        for kind, what in TEXTS.items()
        for method, label in (_CLASSICAL | _NETWORKS).items()
    },
    "headers_linear": "TF-IDF, logistic regression: header lines alone",
    "moved_linear": "TF-IDF, logistic regression: learned on posts as sent, tested on stripped",
}

# masking matters where there is much padding: the posts as sent are longer than the network reads
_RECORDED = (
    "lstm_raw",
    "lstm_joint_raw",
    "lstm_stripped",
    "lstm_masked_stripped",
    *(f"{network}_{kind}" for kind in TEXTS for network in ("mended", "mended_joint")),
)
BUDGETS = {
    "smoke": Budget(
        n_train=150, n_test=80, seeds=2, grids={"networks": ("mended_joint_raw",), "epochs": 1}
    ),
    "reader": Budget(
        n_train=400,
        n_test=300,
        seeds=2,
        grids={"networks": ("mended_raw", "mended_joint_raw"), "epochs": 5},
    ),
    "full": Budget(
        n_train=2_257, n_test=1_502, seeds=5, grids={"networks": _RECORDED, "epochs": None}
    ),
}


def same_items(budget, data):
    """Whether the budget tests every seed on all test posts of the four groups."""
    return budget_of(BUDGETS, budget).n_test >= four(data["newsgroups"]).counts["test"]


def run(budget, seed, data=None):
    """All arms on one draw of the posts.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the posts (where the budget does not use all), the word vectors, the batches of
        NCA and the start and the batches of the networks.
    data : dict of str to Dataset, or None
        Loaded data sets; None loads them.

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test post), n_train, fit_seconds (of processor time),
        setting (the chosen one, of a classical method that has one); of a network,
        train_accuracy (during the last epoch) and neighbours (accuracy of the neighbours of its
        last states). When the budget covers all posts, seeds after the first return the arms
        that depend on a seed only.
    """
    limits = budget_of(BUDGETS, budget)
    posts = four(data["newsgroups"] if data else datasets.load("newsgroups"))
    rng = np.random.default_rng(seed)
    rows = (
        draw(len(posts.y_train), limits.n_train, rng),
        draw(len(posts.y_test), limits.n_test, rng),
    )
    is_whole = [len(part) for part in rows] == [len(posts.y_train), len(posts.y_test)]
    y, y_test = posts.y_train[rows[0]], posts.y_test[rows[1]]
    only_random = is_whole and seed > 0
    found = _predictions(posts, rows, (y, y_test), limits, seed, only_random)
    return {
        arm: {"correct": predicted == y_test, "n_train": len(y)} | measures
        for arm, (predicted, measures) in found.items()
    }


@lru_cache(maxsize=2)
def four(dataset):
    """The posts of the article's four groups, always the same object."""
    return groups(dataset)


def _predictions(posts, rows, labels, limits, seed, only_random):
    """For each arm, the predicted labels and what else was measured."""
    found, y = {}, labels[0]
    content = {
        kind: [_rows(part, where) for part, where in zip(tokens(posts, kind), rows, strict=True)]
        for kind in TEXTS
    }
    wanted = limits.grids["networks"]
    progress = bar(total=2 * len(_CLASSICAL) + len(wanted), desc=f"seed {seed}", unit="arm")
    for kind, (train, test) in content.items():
        vectors = train_word2vec(train, **WORD2VEC, seed=seed)
        for method in _CLASSICAL:
            progress.set_postfix_str(f"{method}_{kind}")
            if not only_random or method in _RANDOM:
                features = (
                    [mean_vectors(vectors, side) for side in (train, test)]
                    if method == "vectors_linear"
                    else (train, test)
                )
                found[f"{method}_{kind}"] = tuned(method, features, y, seed)
            progress.update()
        for network in _NETWORKS:
            if (arm := f"{network}_{kind}") in wanted:
                progress.set_postfix_str(arm)
                given = (train, test)
                if network.startswith("lstm"):  # the article's code leaves no word out
                    sides = zip(tokens(posts, kind, all_words=True), rows, strict=True)
                    given = [_rows(part, where) for part, where in sides]
                epochs = limits.grids["epochs"]
                found[arm] = _network(network, given, labels, vectors, epochs, seed)
                progress.update()
    if not only_random:
        sides = zip(tokens(posts, "headers"), rows, strict=True)
        heads = [_rows(part, where) for part, where in sides]
        found["headers_linear"] = tuned("tfidf_linear", heads, y, seed)
        moved = (content["raw"][0], content["stripped"][1])
        found["moved_linear"] = tuned("tfidf_linear", moved, y, seed)
    progress.close()
    return found


def _rows(documents, where):
    return [documents[i] for i in where]


@lru_cache(maxsize=8)
def tokens(posts, kind, all_words=False):
    """The posts cut into words.

    Parameters
    ----------
    posts : Dataset
        From `mlbook.datasets.newsgroups.groups`.
    kind : {"raw", "stripped", "headers"}
        Whole posts; without headers, footers and quotes; or the lines above the first blank one,
        of the sample tier, which has no lines, the whole.
    all_words : bool, default=False
        Keep the stop words.

    Returns
    -------
    train, test : list of list of str
    """
    if kind == "stripped":
        posts = without(posts, *PARTS)
    left_out = () if all_words else stop_words(missing="scikit-learn")
    sides = []
    for texts in (posts.x_train, posts.x_test):
        if kind == "headers":
            texts = [text.partition("\n\n")[0] for text in texts]
        sides.append(tokenize(texts, stop_words=left_out))
    return tuple(sides)


def _network(network, sides, labels, vectors, epochs, seed):
    from mlbook.experiments.newsgroups_network import train

    start = time.process_time()
    trained = train(network, sides[0], labels[0], seed, vectors=vectors, epochs=epochs)
    seconds = time.process_time() - start
    nearest = KNeighborsClassifier(N_NEIGHBORS).fit(trained.embed(sides[0]), labels[0])
    return trained.predict(sides[1]), {
        "fit_seconds": seconds,
        "train_accuracy": float(trained.history["probabilities_accuracy"][-1]),
        "neighbours": float(nearest.score(trained.embed(sides[1]), labels[1])),
    }
