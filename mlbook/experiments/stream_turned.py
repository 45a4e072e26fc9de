"""A stream of digits that from one sample to the next stand aslant, by 45 degrees."""

from mlbook.experiments.stream_comparison import ALL_ARMS as ARMS
from mlbook.experiments.stream_comparison import BASELINE
from mlbook.experiments.stream_digits import BUDGETS, digits_experiment, turn_suddenly

TITLE = "Digits that turn suddenly"
DATASETS = ("mnist",)

same_items, run = digits_experiment(turn_suddenly, duration=0)

__all__ = ["ARMS", "BASELINE", "BUDGETS", "DATASETS", "TITLE", "run", "same_items"]
