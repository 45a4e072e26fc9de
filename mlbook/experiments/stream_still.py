"""A stream of digits in which nothing changes: what does it cost to be prepared?"""

from mlbook.experiments.stream_comparison import ALL_ARMS as ARMS
from mlbook.experiments.stream_comparison import BASELINE
from mlbook.experiments.stream_digits import BUDGETS, digits_experiment

TITLE = "Digits that do not change"
DATASETS = ("mnist",)

same_items, run = digits_experiment()

__all__ = ["ARMS", "BASELINE", "BUDGETS", "DATASETS", "TITLE", "run", "same_items"]
