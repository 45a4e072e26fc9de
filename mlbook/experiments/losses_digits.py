"""Every metric loss on one small problem under equal conditions, judged on classes never seen.

Each seed draws six of the ten digits to learn from; the other four are new. Every loss trains
the same network from the same start on the same batches for as many steps, and tries as many
settings. There are two tasks: to retrieve images of the new classes, and new images of the
learned ones. For the first, a setting is scored as in the paper below, on classes that it was
not trained on: half of the six fit, the other half score. The chosen setting is then trained on
all six.

Retrieval ranks by the cosine of the embeddings; the losses that learn a map of the embedding
(`MahalanobisLoss`, `FWHDLoss`) rank by Euclid's distance after it, which is their metric.

K. Musgrave, S. Belongie and S.-N. Lim, A metric learning reality check, ECCV 2020,
arXiv:2003.08505: the question, the measure, and the rule for tuning.
"""

import itertools

import numpy as np

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.progress import bar
from mlbook.retrieval import retrieval

TITLE = "Metric losses under equal conditions: digits of 8 x 8 pixels, new classes"
DATASETS = ("digits",)
BASELINE = "pixels"
MEASURE = "map_at_r"

N_LEARNED, N_NEW = 6, 4
N_KNOWN_TEST = 250
RATES = (3e-4, 3e-3)

# what a loss is called, and three values of the parameter that matters most to it
_LOSSES = {
    "cross_entropy": ("cross-entropy, last layer cut off", (0.0, 0.1, 0.2)),
    "contrastive": ("contrastive", (0.5, 1.0, 1.4)),
    "triplet": ("triplet, all", (0.1, 0.2, 0.5)),
    "triplet_semihard": ("triplet, semi-hard", (0.1, 0.2, 0.5)),
    "lifted": ("lifted structure", (0.5, 1.0, 1.5)),
    "n_pairs": ("N-pairs", (0.002, 0.02, 0.2)),
    "nt_xent": ("NT-Xent", (0.05, 0.15, 0.5)),
    "supcon": ("supervised contrastive", (0.05, 0.15, 0.5)),
    "multi_similarity": ("multi-similarity", (0.3, 0.5, 0.7)),
    "proxy_nca": ("proxy-NCA", (1.0, 4.0, 16.0)),
    "proxy_anchor": ("proxy anchor", (8.0, 16.0, 32.0)),
    "arcface": ("ArcFace", (0.1, 0.3, 0.5)),
    "cosface": ("CosFace", (0.1, 0.2, 0.35)),
    "mahalanobis": ("Mahalanobis loss, repaired", (0.5, 1.0, 1.4)),
    "fwhd": ("FWHD loss, repaired", (0.5, 1.0, 1.4)),
    "cds": ("CDS loss, repaired", (0.25, 0.5, 1.0)),
    "stress": ("pairwise loss of 3.2.1, repaired", (0.5, 1.0, 1.4)),
    "joint": ("cross-entropy + fixed weight x contrastive", (0.1, 1.0, 10.0)),
    "adaptive": ("cross-entropy + contrastive, adaptive weights", (0.5, 1.0, 1.4)),
}
LOSSES = tuple(_LOSSES)
ARTICLE = ("mahalanobis", "fwhd", "cds", "stress")
SWEEP = (2, 3, 4, 6)
_SWEEP_SETTING = (0.15, 3e-4)
ARMS = {
    "pixels": "pixels, nothing learned",
    "untrained": "the network before training",
    **{arm: label for arm, (label, _) in _LOSSES.items()},
    **{f"classes_{n}": f"supervised contrastive, {n} classes to learn from" for n in SWEEP},
}

_FEW = ("cross_entropy", "triplet", "fwhd")
BUDGETS = {
    "smoke": Budget(
        200, 200, 2, {"steps": 15, "settings": 1, "rates": RATES, "losses": _FEW, "sweep": ()}
    ),
    "reader": Budget(
        800, 700, 5, {"steps": 60, "settings": 1, "rates": (1e-3,), "losses": LOSSES, "sweep": ()}
    ),
    "full": Budget(
        800, 700, 6, {"steps": 100, "settings": 3, "rates": RATES, "losses": LOSSES, "sweep": SWEEP}
    ),
}


def same_items(budget, data):
    """No: each seed draws other new classes."""
    return False


def run(budget, seed, data=None):
    """All arms on one random split of the classes.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the classes, the images, the start of the network and the batches.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: map_at_r and accuracy (1-NN, that is recall at 1) among the images of the
        new classes, with the setting chosen for them (parameter, rate); the same with `known_`
        before the name among new images of the learned classes; n_train, n_test.
    """
    from mlbook.experiments import losses_network as network

    limits = budget_of(BUDGETS, budget)
    grids = limits.grids
    parts = split(data["digits"] if data else datasets.load("digits"), limits, seed)
    (x, y), new, known = parts["train"], parts["new"], parts["known"]
    sizes = {"n_train": len(y), "n_test": len(new[1])}

    arms = {
        "pixels": _measure(_pixels, new) | _known(_measure(_pixels, known)),
        "untrained": _measure(network.untrained(seed), new)
        | _known(_measure(network.untrained(seed), known)),
    }
    progress = bar(grids["losses"], desc=f"seed {seed}", unit="loss")
    for arm in progress:
        progress.set_postfix_str(arm)
        for_new, for_known = choose(arm, x, y, grids, seed)
        embed = network.train(arm, *for_new, x, y, grids["steps"], seed)
        arms[arm] = _measure(embed, new) | _setting(for_new)
        if for_known != for_new:
            embed = network.train(arm, *for_known, x, y, grids["steps"], seed)
        arms[arm] |= _known(_measure(embed, known) | _setting(for_known))
    for n in grids["sweep"]:
        some = y < n
        embed = network.train("supcon", *_SWEEP_SETTING, x[some], y[some], grids["steps"], seed)
        arms[f"classes_{n}"] = _measure(embed, new) | _setting(_SWEEP_SETTING)
    return {arm: measures | sizes for arm, measures in arms.items()}


def choose(arm, x, y, grids, seed):
    """The best setting of a loss for each of the two tasks, found on the training images.

    Three quarters of the images of half of the classes fit. The other classes score a setting
    for new classes, the last quarter scores it for new images of known classes.

    Parameters
    ----------
    arm : str
    x, y : ndarray
        Training images and classes, in random order.
    grids : dict
        Of the budget: settings, rates, steps.
    seed : int

    Returns
    -------
    for_new, for_known : tuple of (value, rate)
    """
    from mlbook.experiments import losses_network as network

    tries = list(itertools.product(settings(arm, grids["settings"]), grids["rates"]))
    if len(tries) == 1:
        return tries[0], tries[0]
    seen = y < N_LEARNED // 2
    fits = seen & (np.arange(len(y)) % 4 > 0)
    scores = []
    for setting in tries:
        embed = network.train(arm, *setting, x[fits], y[fits], grids["steps"], seed)
        parts = ((x[rows], y[rows]) for rows in (~seen, seen & ~fits))
        scores.append([_measure(embed, part)["map_at_r"] for part in parts])
    best = np.argmax(scores, axis=0)
    return tries[best[0]], tries[best[1]]


def split(digits, limits, seed):
    """Learned and new classes.

    Parameters
    ----------
    digits : Dataset
    limits : Budget
    seed : int

    Returns
    -------
    dict of str to tuple of (x, y)
        "train" (n_train images of the learned classes), "known" (others of these) and "new"
        (n_test images of the other classes). x of shape (n, 8, 8, 1) in [0, 1]; y counts the
        learned classes from 0 to 5 and the new ones from 6 to 9, in a random order.
    """
    rng = np.random.default_rng(seed)
    x = np.concatenate([digits.x_train, digits.x_test]).astype(np.float32)[..., None] / 16
    y = rng.permutation(N_LEARNED + N_NEW)[np.concatenate([digits.y_train, digits.y_test])]
    learned = rng.permutation(np.flatnonzero(y < N_LEARNED))
    new = rng.permutation(np.flatnonzero(y >= N_LEARNED))[: limits.n_test]
    train, known = np.split(learned[: limits.n_train + N_KNOWN_TEST], [limits.n_train])
    return {
        name: (x[rows], y[rows])
        for name, rows in (("train", train), ("known", known), ("new", new))
    }


def settings(arm, n):
    """The first n values of the loss's parameter, the middle one before the others."""
    low, middle, high = _LOSSES[arm][1]
    return (middle, low, high)[:n]


def _measure(embed, images):
    found = retrieval(embed(images[0]), images[1], ks=(1,))
    return {"map_at_r": found.map_at_r, "accuracy": found.recall_at[1]}


def _known(measures):
    return {f"known_{name}": value for name, value in measures.items()}


def _setting(setting):
    return dict(zip(("parameter", "rate"), setting, strict=True))


def _pixels(images):
    rows = images.reshape(len(images), -1)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
