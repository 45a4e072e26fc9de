"""Sentences again: does Kim's network gain by word vectors that were trained on other texts?

An experiment of its own, because the data set `word_vectors` is not on every machine. Where it
is missing, the arms that need it are left out. The design is that of `sentiment_sentences`.
"""

from mlbook import datasets
from mlbook.errors import OfflineError
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.sentiment_sentences import LENGTH, MIN_COUNT, WORD2VEC_EPOCHS
from mlbook.experiments.sentiment_texts import pooled, split

TITLE = "Sentiment of sentences: where the word vectors come from"
DATASETS = ("movie_sentences",)
BASELINE = "random"
NETWORKS = {
    "random": ("kim", "random", "cross_entropy"),
    "word2vec": ("kim", "word2vec", "cross_entropy"),
    "glove": ("kim", "given", "cross_entropy"),
    "glove_static": ("kim", "given", "cross_entropy", False),
}
ARMS = {
    "random": "Kim's network, random vectors",
    "word2vec": "Kim's network, Word2Vec of the training sentences",
    "glove": "Kim's network, GloVe, trained further",
    "glove_static": "Kim's network, GloVe as it is",
}
BUDGETS = {
    "smoke": Budget(400, 200, 2, {"epochs": 1, "rates": (3e-3,)}),
    "reader": Budget(2000, 1000, 5, {"epochs": 5, "rates": (3e-3,)}),
    "full": Budget(8530, 2133, 5, {"epochs": 15, "rates": (3e-3, 1e-3)}),
}


def same_items(budget, data):
    """No: each seed tests another fold."""
    return False


def run(budget, seed, data=None):
    """All arms on one fold; see `sentiment_sentences.run`.

    The arms with GloVe also tell `token_coverage`, the share of the words of the training part
    that have a vector, each counted as often as it occurs.
    """
    from mlbook.experiments import sentiment_network as network

    limits = budget_of(BUDGETS, budget)
    texts = pooled(data["movie_sentences"] if data else datasets.load("movie_sentences"))
    parts = split(texts.y, limits, seed)
    words = network.Words(texts, parts, LENGTH, MIN_COUNT, WORD2VEC_EPOCHS, seed)
    options = {"seed": seed, **limits.grids}
    try:
        given = words.look_up(datasets.load("word_vectors").keyed)
    except OfflineError:  # a damaged file is an error
        given = None
    arms = {}
    for name, settings in NETWORKS.items():
        arm = network.Arm(*settings)
        if arm.vectors == "given" and given is None:
            continue
        vectors = given.vectors if arm.vectors == "given" else None
        arms |= network.network_arms({name: arm}, words, vectors=vectors, **options)
        if arm.vectors == "given":
            arms[name]["token_coverage"] = given.token_coverage
    return arms
