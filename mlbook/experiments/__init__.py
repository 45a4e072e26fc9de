"""The book's experiments: each a module with `run(budget, seed) -> {arm: {measure: value}}`.

An experiment module also states

- `TITLE`, one line;
- `DATASETS`, the names it loads;
- `ARMS`, what each arm is, in the words that tables show;
- `BASELINE`, the arm that the others are compared with;
- `MEASURE`, if the arms are compared by something else than the accuracy: then `run` returns
  it for each arm as a number, with `n_train` and `n_test`, and no `correct`;
- `same_items(budget, data)`, whether all seeds are tested on the same items;
- `EXTRAS`, the optional libraries (`mlbook.extras`) without which some arms do not run;
- `INDEPENDENT = True`, if the seeds share next to no training items;
- `BUDGETS`, what "smoke", "reader" and "full" mean for it (`mlbook.experiments.base.Budget`).

To add one, write the module and name it in `NAMES`.
"""

import importlib

from mlbook.errors import UnknownNameError
from mlbook.experiments.base import Budget
from mlbook.experiments.results import Result, load_result, recorded
from mlbook.experiments.runner import measure, record

NAMES = (
    "anomaly",
    "cifar_metric",
    "cifar_noise",
    "cifar_retrieval",
    "cifar_weights",
    "compression",
    "faces",
    "faces_one",
    "faces_verification",
    "frameworks",
    "joint_mnist",
    "losses_digits",
    "metrics_breast_cancer",
    "metrics_digits",
    "metrics_mnist",
    "metrics_wine",
    "mnist_article",
    "mnist_linear",
    "mnist_neighbours",
    "multimodal",
    "multimodal_captions",
    "multimodal_cost",
    "multimodal_imbalance",
    "multimodal_retrieval",
    "newsgroups",
    "sentiment_glove",
    "sentiment_linear",
    "sentiment_reviews",
    "sentiment_sentences",
    "speakers",
    "stream_dark",
    "stream_still",
    "stream_topics",
    "stream_turned",
    "stream_turning",
    "supervision",
    "tips_distances",
    "tips_imbalance",
    "tips_leaks",
    "tips_overfitting",
)

__all__ = ["NAMES", "Budget", "Result", "get", "load_result", "measure", "record", "recorded"]


def get(name):
    """The experiment module called `name`.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if name not in NAMES:
        raise UnknownNameError("experiment", name, NAMES)
    return importlib.import_module(f"mlbook.experiments.{name}")
