"""Praise or blame? Single sentences, by the article's network, Kim's network and linear models.

Five-fold cross-validation: each seed up to 5 tests another fifth of the sentences. All arms share
the folds. A tenth of the training part chooses the learning rate and the epoch of a network, or
the strength of the penalty of a linear model; neither sees it otherwise.
"""

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.sentiment_texts import LINEAR, linear_arms, pooled, split

TITLE = "Sentiment of sentences: networks with and without FWHD loss, and linear models"
DATASETS = ("movie_sentences",)
BASELINE = "lr_pairs"
LENGTH, MIN_COUNT, WORD2VEC_EPOCHS = 35, 2, 10

NETWORKS = {
    "stacked_as_trained": ("stacked", "as_trained", "cross_entropy"),
    "stacked_ce": ("stacked", "word2vec", "cross_entropy"),
    "stacked_joint": ("stacked", "word2vec", "joint"),
    "stacked_fwhd": ("stacked", "word2vec", "fwhd"),
    "kim_random": ("kim", "random", "cross_entropy"),
    "kim_ce": ("kim", "word2vec", "cross_entropy"),
    "kim_joint": ("kim", "word2vec", "joint"),
}
ARMS = {
    **LINEAR,
    "printed": "the printed script, made to run",
    "stacked_as_trained": "article's network, Word2Vec not centred, cross-entropy",
    "stacked_ce": "article's network, Word2Vec, cross-entropy",
    "stacked_joint": "article's network, Word2Vec, both losses",
    "stacked_fwhd": "article's network, Word2Vec, FWHD loss",
    "kim_random": "Kim's network, random vectors, cross-entropy",
    "kim_ce": "Kim's network, Word2Vec, cross-entropy",
    "kim_joint": "Kim's network, Word2Vec, both losses",
}
_FEW = ("stacked_fwhd", "kim_joint")
BUDGETS = {
    "smoke": Budget(400, 200, 2, {"epochs": 1, "rates": (3e-3,), "arms": _FEW}),
    "reader": Budget(2000, 1000, 5, {"epochs": 5, "rates": (3e-3,), "arms": tuple(NETWORKS)}),
    "full": Budget(8530, 2133, 5, {"epochs": 15, "rates": (3e-3, 1e-3), "arms": tuple(NETWORKS)}),
}


def same_items(budget, data):
    """No: each seed tests another fold."""
    return False


def run(budget, seed, data=None):
    """All arms on one fold.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Which fold; also draws the start of the networks and the order of their batches.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test sentence) and n_train; for networks also what
        `sentiment_network.Trained.measures` tells.
    """
    from mlbook.experiments import sentiment_network as network

    limits = budget_of(BUDGETS, budget)
    texts = pooled(data["movie_sentences"] if data else datasets.load("movie_sentences"))
    parts = split(texts.y, limits, seed)
    arms = linear_arms(texts, parts)
    if budget != "smoke":
        arms["printed"] = network.printed(texts, parts, seed)
    words = network.Words(texts, parts, LENGTH, MIN_COUNT, WORD2VEC_EPOCHS, seed)
    chosen = {name: network.Arm(*NETWORKS[name]) for name in limits.grids["arms"]}
    epochs, rates = limits.grids["epochs"], limits.grids["rates"]
    return arms | network.network_arms(chosen, words, epochs, seed, rates=rates)
