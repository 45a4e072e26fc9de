"""A camera that darkens to a tenth of its light, while its noise stays."""

from mlbook.experiments.stream_comparison import ALL_ARMS as ARMS
from mlbook.experiments.stream_comparison import BASELINE
from mlbook.experiments.stream_digits import BUDGETS, digits_experiment, lose_light

TITLE = "Digits before a camera that darkens"
DATASETS = ("mnist",)

same_items, run = digits_experiment(lose_light)

__all__ = ["ARMS", "BASELINE", "BUDGETS", "DATASETS", "TITLE", "run", "same_items"]
