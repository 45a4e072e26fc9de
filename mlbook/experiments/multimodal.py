"""Digits seen and heard: where should two modalities meet?

The classifiers of probabilities are all logistic regressions with one setting, those by
neighbours all ask three; nothing is tuned. What differs is what they are given and where the
modalities meet: side by side as features, as probabilities, or as points of one space. Every
method answers the same test pairs five times: clean, with noise in one modality, and with one
modality missing. See `multimodal_pairs` for the data.
"""

from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.multimodal_pairs import CONDITIONS, pairs
from mlbook.fusion.alignment import SeparateMaps
from mlbook.fusion.estimators import DecisionFusion, EmbeddingFusion, FeatureFusion
from mlbook.linear import LDA
from mlbook.neighbors import MetricKNeighborsClassifier
from mlbook.progress import bar

TITLE = "Digits seen and heard: where two modalities meet"
DATASETS = ("mnist", "spoken_digits")
BASELINE = "image_clean"

METHODS = {
    "image": "image alone",
    "speech": "speech alone",
    "joined": "features side by side",
    "dropout": "features side by side, modality dropout",
    "mean": "mean of probabilities",
    "product": "product of probabilities",
    "validated": "product, weights chosen on held-out speakers",
    "image_near": "image alone, neighbours",
    "speech_near": "speech alone, neighbours",
    "raw": "features side by side, neighbours, units as they are",
    "even": "features side by side, neighbours, modalities scaled",
    "metric": "features side by side, neighbours, learned metric (LDA)",
    "apart": "mean of embeddings learned apart (LDA)",
    "towers": "mean of aligned embeddings (two towers)",
}
# one modality alone has no answer when it is missing
_NEEDS = {"image": "image", "speech": "speech", "image_near": "image", "speech_near": "speech"}
ARMS = {
    f"{method}_{condition}": f"{name}: {what}"
    for method, name in METHODS.items()
    for condition, what in CONDITIONS.items()
    if condition != f"{_NEEDS.get(method)}_missing"
}
N_NEIGHBORS = 3
BUDGETS = {
    "smoke": Budget(n_train=150, n_test=100, seeds=2, grids={"steps": 20}),
    "reader": Budget(n_train=600, n_test=400, seeds=3, grids={"steps": 100}),
    "full": Budget(n_train=1_500, n_test=1_000, seeds=10, grids={"steps": 200}),
}


def same_items(budget, data):
    """No: each seed keeps other speakers out."""
    return False


def run(budget, seed, data=None):
    """All methods on one split, under all conditions.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the speakers that are kept out, the pairs and the noise.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each method under each condition: correct (bool per test pair), n_train. Weights
        that were chosen: weight_image and weight_speech.
    """
    limits = budget_of(BUDGETS, budget)
    data = data or {name: datasets.load(name) for name in DATASETS}
    split = pairs(data, limits, seed)
    arms = {}
    progress = bar(METHODS, desc=f"seed {seed}", unit="method")
    for method in progress:
        progress.set_postfix_str(method)
        arms |= answers(method, split, limits.grids["steps"], seed)
    return arms


def answers(method, split, steps, seed):
    """What `run` returns, for one method on one split."""
    known = [_NEEDS[method]] if method in _NEEDS else list(split.train)
    model = make(method, steps, seed)
    options = {"groups": split.speakers} if method == "validated" else {}
    model.fit({name: split.train[name] for name in known}, split.y, **options)
    arms = {}
    for condition, test in split.tests.items():
        arm = f"{method}_{condition}"
        if arm in ARMS:
            given = {name: test[name] for name in known}
            arms[arm] = {"correct": model.predict(given) == split.y_test, "n_train": len(split.y)}
            if method == "validated":
                arms[arm] |= {f"weight_{m}": weight for m, weight in model.weights_.items()}
    return arms


def make(method, steps, seed):
    """The estimator of one of `METHODS`, unfitted."""
    regression = LogisticRegression(C=0.1, max_iter=1000)
    neighbours = KNeighborsClassifier(N_NEIGHBORS)
    lda = LDA(solver="eigen", shrinkage=0.1)
    each = {name: make_pipeline(StandardScaler(), regression) for name in ("image", "speech")}
    if method == "towers":
        from mlbook.fusion.towers import TwoTowers

        return EmbeddingFusion(TwoTowers(steps=steps, random_state=seed), neighbours)
    return {
        "image": FeatureFusion(regression),
        "speech": FeatureFusion(regression),
        "joined": FeatureFusion(regression),
        "dropout": FeatureFusion(regression, dropout=True),
        "mean": DecisionFusion(each, "mean"),
        "product": DecisionFusion(each),
        "validated": DecisionFusion(each, weights="validate"),
        "image_near": FeatureFusion(neighbours, scale="modalities"),
        "speech_near": FeatureFusion(neighbours, scale="modalities"),
        "raw": FeatureFusion(neighbours, scale=None),
        "even": FeatureFusion(neighbours, scale="modalities"),
        "metric": FeatureFusion(MetricKNeighborsClassifier(N_NEIGHBORS, lda)),
        "apart": EmbeddingFusion(SeparateMaps({"image": lda, "speech": lda}), neighbours),
    }[method]
