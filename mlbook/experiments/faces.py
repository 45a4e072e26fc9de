"""Who is it? Faces by local binary patterns, five photographs of each person known.

Of each person five of the ten photographs, drawn at random, are known, and the others are to be
recognised: each takes the name of the nearest known one. Every arm tries three settings and is
given the one that recognises most known photographs when one of each person is left out in turn;
the test photographs choose nothing.

`Faces`, `distance_of` and `split` serve the experiments `faces_one` and `faces_verification` too.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.decomposition import KernelPCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.lbp import chi_square, lbp_histograms
from mlbook.linear import LDA, Covariance
from mlbook.progress import bar

TITLE = "Faces by local binary patterns: who is it, with five photographs of each person known?"
DATASETS = ("olivetti",)
BASELINE = "pixels"
PICTURES, KNOWN = 10, 5
# five photographs of each person to train, five to test
BUDGETS = {
    "smoke": Budget(n_train=40, n_test=40, seeds=2),
    "reader": Budget(n_train=200, n_test=200, seeds=5),
    "full": Budget(n_train=200, n_test=200, seeds=20),
}

RADII = (1, 2, 3)
SETTINGS = {
    "pixels": (64, 32, 16),  # pixels a side
    "global": RADII,
    "grid": (4, 6, 8),  # cells a side
    "roots": (4, 6, 8),
    "multi": (4, 6, 8),
}
RADIUS = 2  # of the gridded histograms that have but one
SHRINKAGE = 0.5  # of the covariance in LDA: half, fixed in advance for all arms

# All principal components, found from the inner products of the images (a linear kernel). This
# turns the axes and forgets nothing in which these images differ; but the covariance that has to
# be estimated is then as small as the number of images, which is less than that of the features.
SPAN = KernelPCA()
MAHALANOBIS = Covariance(rank="auto")
SHRUNK = make_pipeline(SPAN, Covariance("ledoit_wolf"))
FISHER = make_pipeline(SPAN, LDA(solver="eigen", shrinkage=SHRINKAGE))


def angle(metric):
    """The metric that sees only the angle between what `metric` maps to."""
    # Euclid's distance between vectors of length one grows with the angle, and with nothing else
    return make_pipeline(metric, Normalizer())


class Arm(NamedTuple):
    """What is compared, and how: a key of `SETTINGS`, and an argument of `distance_of`."""

    label: str
    kind: str
    metric: object


TUNED = {
    "pixels": Arm("pixels, Euclid", "pixels", None),
    "pixels_lda": Arm("pixels, LDA", "pixels", FISHER),
    "global_euclid": Arm("one LBP histogram, Euclid", "global", None),
    "global_chi2": Arm("one LBP histogram, chi-square", "global", "chi_square"),
    "global_diagonal": Arm("one LBP histogram, variances", "global", Covariance("diagonal", 1e-9)),
    "global_mahalanobis": Arm("one LBP histogram, Mahalanobis", "global", MAHALANOBIS),
    "global_shrunk": Arm("one LBP histogram, Mahalanobis shrunk", "global", SHRUNK),
    "global_lda": Arm("one LBP histogram, LDA", "global", FISHER),
    "grid_euclid": Arm("LBP on a grid, Euclid", "grid", None),
    "grid_chi2": Arm("LBP on a grid, chi-square", "grid", "chi_square"),
    "grid_shrunk": Arm("LBP on a grid, Mahalanobis shrunk", "grid", SHRUNK),
    "grid_lda": Arm("LBP on a grid, LDA", "grid", FISHER),
    "roots_lda": Arm("LBP on a grid, roots, LDA", "roots", FISHER),
    "multi_lda": Arm("LBP on a grid, three radii, roots, LDA", "multi", FISHER),
    "multi_angle": Arm("LBP on a grid, three radii, roots, LDA, angle", "multi", angle(FISHER)),
}
ARMS = {
    "printed": "everybody is the first person (the printed code)",
    **{name: arm.label for name, arm in TUNED.items()},
}


def same_items(budget, data):
    """No: each seed draws other photographs."""
    return False


def run(budget, seed, data=None):
    """All arms on one random half of the photographs of each person.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the halves.
    data : dict of str to Dataset, or None
        Loaded data sets; None loads them.

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test photograph), n_train, and setting (the chosen one).
    """
    faces = load(budget_of(BUDGETS, budget).n_train // KNOWN, data)
    train, test = split(faces.y, seed)
    right = faces.y[test] == faces.y[train[0]]
    arms = {"printed": {"correct": right, "n_train": len(train)}}
    for name, arm in bar(TUNED.items(), desc=f"seed {seed}"):
        setting = choose(faces, arm, train)
        nearest = nearest_known(faces, arm, setting, train, test)
        arms[name] = {
            "correct": faces.y[nearest] == faces.y[test],
            "n_train": len(train),
            "setting": setting,
        }
    return arms


class Faces:
    """Photographs of some people, and their features, each computed once.

    Attributes
    ----------
    x : ndarray of shape (n, 64, 64)
    y : ndarray of shape (n,)
        Who it is.
    """

    def __init__(self, x, y):
        self.x, self.y = x, y
        self._features = {}

    def features(self, kind, setting):
        """One row a photograph.

        Parameters
        ----------
        kind : {"pixels", "global", "grid", "roots", "multi"}
            Pixels; one histogram of patterns; one for each cell; the square roots of its shares,
            between which Euclid's distance is Hellinger's; the same with several radii.
        setting : int
            Pixels a side, the radius, or cells a side.

        Returns
        -------
        ndarray of shape (n, n_features)
        """
        if (kind, setting) not in self._features:
            self._features[kind, setting] = self._compute(kind, setting)
        return self._features[kind, setting]

    def _compute(self, kind, setting):
        if kind == "pixels":
            block = self.x.shape[1] // setting
            blocks = self.x.reshape(len(self.x), setting, block, setting, block)
            return blocks.mean(axis=(2, 4), dtype=np.float64).reshape(len(self.x), -1)
        if kind == "global":
            return lbp_histograms(self.x, radius=setting)
        if kind == "multi":
            parts = [lbp_histograms(self.x, setting, radius=radius) for radius in RADII]
            return np.sqrt(np.hstack(parts) / len(parts))
        shares = lbp_histograms(self.x, setting, radius=RADIUS)
        return np.sqrt(shares) if kind == "roots" else shares


def load(n_people, data=None):
    """The photographs of the first `n_people` people as `Faces`; `data` as for `run`."""
    return _prepared(data["olivetti"] if data else datasets.load("olivetti"), n_people)


@lru_cache(maxsize=2)
def _prepared(dataset, n_people):
    x = np.concatenate([dataset.x_train, dataset.x_test])
    y = np.concatenate([dataset.y_train, dataset.y_test])
    chosen = np.isin(y, np.unique(y)[:n_people])
    return Faces(x[chosen], y[chosen])


def split(y, seed, known=KNOWN):
    """Positions of the known photographs of each person, person by person, and of five others.

    Whatever `known` (up to five) is, the others are the same.
    """
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(np.flatnonzero(y == person)) for person in np.unique(y)]
    train = np.concatenate([order[:known] for order in orders])
    return train, np.concatenate([order[KNOWN:] for order in orders])


def distance_of(metric, X, y):
    """The distance that a metric learns from features, as a function of two arrays.

    Parameters
    ----------
    metric : None, "chi_square" or estimator
        None is Euclid. An estimator is cloned and fitted.
    X : ndarray of shape (n, n_features)
    y : ndarray of shape (n,)

    Returns
    -------
    callable
        Arrays of shapes (n, n_features) and (m, n_features) -> array of shape (n, m).
    """
    if metric is None:
        return cdist
    if metric == "chi_square":
        return chi_square
    learned = clone(metric).fit(X, y)
    return lambda first, second: cdist(learned.transform(first), learned.transform(second))


def nearest_known(faces, arm, setting, train, test):
    """Position of the known photograph that is nearest to each of the others."""
    X = faces.features(arm.kind, setting)
    distance = distance_of(arm.metric, X[train], faces.y[train])
    return train[distance(X[test], X[train]).argmin(axis=1)]


def choose(faces, arm, train):
    """The arm's setting with fewest errors on known photographs left out in turn.

    Of equally good ones the first.
    """
    turns = np.arange(len(train)) % KNOWN
    settings = SETTINGS[arm.kind]
    errors = dict.fromkeys(settings, 0)
    for setting in settings:
        for turn in range(KNOWN):
            left_out = train[turns == turn]
            found = nearest_known(faces, arm, setting, train[turns != turn], left_out)
            errors[setting] += int(np.sum(faces.y[found] != faces.y[left_out]))
    return min(settings, key=errors.get)
