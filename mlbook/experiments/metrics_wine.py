"""Every metric of the book on the wine table, random splits."""

from mlbook.experiments.base import Budget
from mlbook.experiments.comparison import ARMS, random_splits

TITLE = "Every metric on the wine table"
DATASETS = ("wine",)
# in its own units the table is a straw man: one column outweighs all others
BASELINE = "scaled"
BUDGETS = {
    "smoke": Budget(n_train=80, n_test=50, seeds=2, grids={"settings": (2,)}),
    "reader": Budget(n_train=118, n_test=60, seeds=5, grids={"settings": (5,)}),
    "full": Budget(n_train=118, n_test=60, seeds=20, grids={"settings": (5,)}),
}

same_items, run = random_splits("wine", BUDGETS, scale=True)

__all__ = ["ARMS", "BASELINE", "BUDGETS", "DATASETS", "TITLE", "run", "same_items"]
