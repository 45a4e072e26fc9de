"""A stream of newsgroup posts in which topics come and go.

Five groups are there at the start. From then on, at fixed times, the group that has been there
for longest leaves, and one that was never seen enters. The features are made from the posts of the
start alone: TF-IDF, then its main directions (latent semantic analysis); so they know nothing of
the topics to come.
"""

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.stream_comparison import ALL_ARMS as ARMS
from mlbook.experiments.stream_comparison import BASELINE, SWEEP, Stream, compare

TITLE = "Newsgroup posts: topics come and go"
DATASETS = ("newsgroups",)
N_ACTIVE = 5
BUDGETS = {
    "smoke": Budget(n_train=100, n_test=100, seeds=2, grids={"half_lives": (50, 200)}),
    "reader": Budget(n_train=500, n_test=1200, seeds=2, grids={"half_lives": (50, 200, 800)}),
    "full": Budget(n_train=500, n_test=3000, seeds=6, grids={"half_lives": SWEEP}),
}
N_COMPONENTS = 50
# the first period has the groups of the start, each further one a new group
N_PERIODS = 10

__all__ = ["ARMS", "BASELINE", "BUDGETS", "DATASETS", "TITLE", "run", "same_items"]


def same_items(budget, data):
    """No: each seed draws the order of the groups and the posts."""
    return False


def run(budget, seed, data=None):
    """All models on one stream; see `mlbook.experiments.stream_comparison.compare`."""
    posts = data["newsgroups"] if data else datasets.load("newsgroups")
    limits = budget_of(BUDGETS, budget)
    return compare(make_stream(posts, limits, seed), seed, limits.grids["half_lives"])


def make_stream(posts, limits, seed):
    """The start and the stream, as a `Stream`; the change begins with the first new group."""
    texts = np.array([*posts.x_train, *posts.x_test], dtype=object)
    labels = np.concatenate([posts.y_train, posts.y_test])
    chosen, onset = draw_posts(labels, limits, np.random.default_rng(seed))
    n_start = limits.n_train
    dimensions = min(N_COMPONENTS, n_start // 2)
    features = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2),
        TruncatedSVD(dimensions, random_state=seed),
    )
    start = features.fit_transform(texts[chosen[:n_start]])
    rest = features.transform(texts[chosen[n_start:]])
    y = labels[chosen]
    return Stream(start, y[:n_start], rest, y[n_start:], onset, len(rest))


def draw_posts(labels, limits, rng):
    """Positions of the posts, the start first, and the sample with which the change begins."""
    groups = rng.permutation(np.unique(labels))
    # each group's posts in a random order, taken from the end, and anew if they are used up
    waiting = {}
    length = limits.n_test // N_PERIODS
    sizes = [limits.n_train] + [length] * (N_PERIODS - 1)
    sizes.append(limits.n_test - length * (N_PERIODS - 1))
    chosen = []
    for period, size in enumerate(sizes):
        shift = max(0, period - 1)
        active = groups[np.arange(shift, shift + N_ACTIVE) % len(groups)]
        for group in rng.choice(active, size):
            if not waiting.get(group):
                waiting[group] = list(rng.permutation(np.flatnonzero(labels == group)))
            chosen.append(waiting[group].pop())
    return np.array(chosen), length
