"""Every metric of the book on the small digits of scikit-learn, random splits."""

from mlbook.experiments.base import Budget
from mlbook.experiments.comparison import ARMS, random_splits

TITLE = "Every metric on the digits of 8 x 8 pixels"
DATASETS = ("digits",)
BASELINE = "euclid"
BUDGETS = {
    "smoke": Budget(n_train=120, n_test=100, seeds=2, grids={"settings": (2,)}),
    "reader": Budget(n_train=400, n_test=600, seeds=5, grids={"settings": (5,)}),
    "full": Budget(n_train=500, n_test=500, seeds=10, grids={"settings": (5,)}),
}

same_items, run = random_splits("digits", BUDGETS, shape=(8, 8), largest=16)

__all__ = ["ARMS", "BASELINE", "BUDGETS", "DATASETS", "TITLE", "run", "same_items"]
