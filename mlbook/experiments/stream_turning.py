"""A stream of digits that turn slowly, by a right angle."""

from mlbook.experiments.stream_comparison import ALL_ARMS as ARMS
from mlbook.experiments.stream_comparison import BASELINE
from mlbook.experiments.stream_digits import BUDGETS, digits_experiment, turn_slowly

TITLE = "Digits that turn slowly"
DATASETS = ("mnist",)

same_items, run = digits_experiment(turn_slowly)

__all__ = ["ARMS", "BASELINE", "BUDGETS", "DATASETS", "TITLE", "run", "same_items"]
