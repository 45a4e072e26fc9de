"""Who is it, if one photograph of each person is known? The test photographs are those of `faces`.

One photograph of each person leaves nothing to choose settings with, and shows nothing of how
photographs of the same person differ. So the settings are the middle ones of `faces`, fixed in
advance, and LDA has to make its own variation: from copies, moved and deformed a little.
"""

import numpy as np
from sklearn.pipeline import make_pipeline

from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.faces import (
    FISHER,
    MAHALANOBIS,
    SPAN,
    Arm,
    Faces,
    angle,
    distance_of,
    load,
    nearest_known,
    split,
)
from mlbook.images import jitter
from mlbook.progress import bar

TITLE = "Faces by local binary patterns: who is it, with one photograph of each person known?"
DATASETS = ("olivetti",)
BASELINE = "pixels"
BUDGETS = {
    "smoke": Budget(n_train=8, n_test=40, seeds=2),
    "reader": Budget(n_train=40, n_test=200, seeds=5),
    "full": Budget(n_train=40, n_test=200, seeds=20),
}

FIXED = {
    "pixels": (Arm("pixels, Euclid", "pixels", None), 32),
    "global_chi2": (Arm("one LBP histogram, chi-square", "global", "chi_square"), 2),
    "global_mahalanobis": (Arm("one LBP histogram, Mahalanobis", "global", MAHALANOBIS), 2),
    "grid_euclid": (Arm("LBP on a grid, Euclid", "grid", None), 6),
    "grid_chi2": (Arm("LBP on a grid, chi-square", "grid", "chi_square"), 6),
    "multi": (Arm("LBP on a grid, three radii, roots, Euclid", "multi", None), 6),
    "multi_white": (
        Arm(
            "LBP on a grid, three radii, roots, whitened, angle",
            "multi",
            angle(make_pipeline(SPAN, MAHALANOBIS)),
        ),
        6,
    ),
}
# copies of each photograph and of its mirror image; pixels, and share of the size
COPIES, SHIFT, STRAIN = 5, 2.0, 0.08
ARMS = {
    **{name: arm.label for name, (arm, _) in FIXED.items()},
    "multi_copies": "LBP on a grid, three radii, roots, LDA on moved copies",
}


def same_items(budget, data):
    """No: each seed draws other photographs."""
    return False


def run(budget, seed, data=None):
    """All arms; parameters and results as in `mlbook.experiments.faces.run`."""
    faces = load(budget_of(BUDGETS, budget).n_train, data)
    train, test = split(faces.y, seed, known=1)
    arms = {
        name: faces.y[nearest_known(faces, arm, setting, train, test)]
        for name, (arm, setting) in bar(FIXED.items(), desc=f"seed {seed}")
    }
    arms["multi_copies"] = _by_copies(faces, train, test, np.random.default_rng(seed))
    return {
        name: {"correct": named == faces.y[test], "n_train": len(train)}
        for name, named in arms.items()
    }


def _by_copies(faces, train, test, rng):
    """Names by LDA that learns from each known photograph, its mirror image, and copies of both."""
    known = np.concatenate([faces.x[train], faces.x[train][:, :, ::-1]])
    moved = [np.clip(jitter(known, rng, SHIFT, STRAIN), 0, 1) for _ in range(COPIES)]
    copies = Faces(np.concatenate([known, *moved]), np.tile(faces.y[train], 2 * (COPIES + 1)))
    X = copies.features("multi", 6)
    distance = distance_of(FISHER, X, copies.y)(faces.features("multi", 6)[test], X)
    return copies.y[distance.argmin(axis=1)]
