"""Every metric of the book on the breast cancer table, random splits."""

from mlbook.experiments.base import Budget
from mlbook.experiments.comparison import ARMS, random_splits

TITLE = "Every metric on the breast cancer table"
DATASETS = ("breast_cancer",)
BASELINE = "scaled"
BUDGETS = {
    "smoke": Budget(n_train=80, n_test=80, seeds=2, grids={"settings": (2,)}),
    "reader": Budget(n_train=379, n_test=190, seeds=5, grids={"settings": (5,)}),
    "full": Budget(n_train=379, n_test=190, seeds=20, grids={"settings": (5,)}),
}

same_items, run = random_splits("breast_cancer", BUDGETS, scale=True)

__all__ = ["ARMS", "BASELINE", "BUDGETS", "DATASETS", "TITLE", "run", "same_items"]
