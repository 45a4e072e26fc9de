"""Say a digit, find its images: retrieval across modalities, before and after alignment.

A query is a recording of a speaker who was never heard, the gallery the images of the test; and
the reverse. An item matches if it has the query's digit. No method is tuned. See
`multimodal_pairs` for the data.

The matching of class probabilities is the "semantic matching", that by canonical correlation
the "correlation matching" of N. Rasiwasia et al., A new approach to cross-modal multimedia
retrieval, ACM Multimedia 2010.
"""

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.multimodal_pairs import pairs
from mlbook.fusion.alignment import CanonicalCorrelation, SeparateMaps
from mlbook.linear import LDA
from mlbook.progress import bar
from mlbook.retrieval import retrieval

TITLE = "Say a digit, find its images: retrieval across modalities"
DATASETS = ("mnist", "spoken_digits")
BASELINE = "apart"
MEASURE = "map_at_r"

N_DIMS = 16
SIZES = (2, 4, 8, 16)
ARMS = {
    "chance": "random vectors",
    "apart": "maps learned apart (LDA), not aligned",
    "correlation": "canonical correlation",
    "probabilities": "class probabilities of two classifiers",
    "pairs": "two towers, only the own pair is positive (CLIP)",
    "towers": "two towers, the whole class is positive (UniCL)",
} | {f"towers_{size}": f"two towers, {size} dimensions" for size in SIZES}
BUDGETS = {
    "smoke": Budget(n_train=150, n_test=100, seeds=2, grids={"steps": 20, "sizes": (2, 16)}),
    "reader": Budget(n_train=600, n_test=400, seeds=2, grids={"steps": 100, "sizes": (16,)}),
    "full": Budget(n_train=1_500, n_test=1_000, seeds=10, grids={"steps": 200, "sizes": SIZES}),
}


def same_items(budget, data):
    """No: each seed keeps other speakers out."""
    return False


def run(budget, seed, data=None):
    """All methods on one split, in both directions.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: map_at_r and recall_at_1 of images found by speech; back_map_at_r and
        back_recall_at_1 of speech found by images; n_train, n_test.
    """
    limits = budget_of(BUDGETS, budget)
    data = data or {name: datasets.load(name) for name in DATASETS}
    split = pairs(data, limits, seed)
    sizes, steps = limits.grids["sizes"], limits.grids["steps"]
    names = [arm for arm in ARMS if arm not in {f"towers_{size}" for size in SIZES}]
    names += [f"towers_{size}" for size in sizes if size != N_DIMS]
    arms = {}
    progress = bar(names, desc=f"seed {seed}", unit="arm")
    for arm in progress:
        progress.set_postfix_str(arm)
        aligner = make(arm, steps, seed).fit(split.train, split.y)
        arms[arm] = measure(aligner.transform(split.tests["clean"]), split.y_test)
        arms[arm] |= {"n_train": len(split.y), "n_test": len(split.y_test)}
    # the sweep shares its last point with the arm above
    arms[f"towers_{N_DIMS}"] = dict(arms["towers"])
    return arms


def make(arm, steps, seed):
    """The aligner of an arm, unfitted: from modalities to embeddings of length 1."""
    lda = LDA(solver="eigen", shrinkage=0.1)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    if arm == "chance":
        return SeparateMaps({"image": Scattered(2 * seed), "speech": Scattered(2 * seed + 1)})
    if arm in ("apart", "probabilities"):
        one = {"apart": lda, "probabilities": Posteriors(classifier)}[arm]
        return SeparateMaps({"image": one, "speech": one})
    if arm == "correlation":
        return CanonicalCorrelation()
    from mlbook.fusion.towers import TwoTowers

    size = int(arm.partition("_")[2] or N_DIMS)
    positives = "pair" if arm == "pairs" else "class"
    return TwoTowers(size, positives=positives, steps=steps, random_state=seed)


def measure(embeddings, y):
    """Retrieval in both directions, from embeddings of test pairs."""
    found = {}
    for prefix, query, gallery in (("", "speech", "image"), ("back_", "image", "speech")):
        ranking = retrieval(embeddings[query], y, embeddings[gallery], y, ks=(1,))
        found |= {
            f"{prefix}map_at_r": ranking.map_at_r,
            f"{prefix}recall_at_1": ranking.recall_at[1],
        }
    return found


class Posteriors(BaseEstimator):
    """A map to the probabilities of the classes."""

    def __init__(self, classifier):
        self.classifier = classifier

    def fit(self, X, y):
        self.classifier_ = clone(self.classifier).fit(X, y)
        return self

    def transform(self, X):
        return self.classifier_.predict_proba(X)


class Scattered(BaseEstimator):
    """A map to random vectors, which knows nothing."""

    def __init__(self, seed):
        self.seed = seed

    def fit(self, X, y):
        self.rng_ = np.random.default_rng(self.seed)
        return self

    def transform(self, X):
        return self.rng_.normal(size=(len(X), N_DIMS))
