"""Whole film reviews by linear models alone, under the protocol of the papers.

Ten-fold cross-validation over all 2,000 reviews. A tenth of each training part chooses the
strength of the penalty; the model is then fitted once more on the whole training part.

B. Pang and L. Lee, A sentimental education, ACL 2004: the reviews, and ten folds.
"""

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.sentiment_texts import LINEAR, linear_arms, pooled, split

TITLE = "Sentiment of whole reviews: linear models, ten-fold cross-validation"
DATASETS = ("movie_reviews",)
BASELINE = "lr_words"
FOLDS = 10
ARMS = dict(LINEAR)
BUDGETS = {
    "smoke": Budget(400, 200, 2),
    "reader": Budget(1800, 200, 5),
    "full": Budget(1800, 200, 10),
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
        Which of the ten folds.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test review), n_train, and C, the chosen setting.
    """
    limits = budget_of(BUDGETS, budget)
    texts = pooled(data["movie_reviews"] if data else datasets.load("movie_reviews"))
    return linear_arms(texts, split(texts.y, limits, seed, FOLDS), refit=True)
