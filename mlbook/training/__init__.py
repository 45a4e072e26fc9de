"""Several losses, one network: how much each of them counts while the network trains.

    model = JointModel(
        article_cnn(n_classes=10, n_dims=64),
        weighting=UncertaintyWeights(),
    )
    model.compile("adam", loss={
        "embedding": losses.SupConLoss(),
        "probabilities": "sparse_categorical_crossentropy",
    })
    model.fit(x, y)

The network has one output for each loss. The labels are the same for all losses, or a dictionary
with one entry for each. The article (its section 3.2.2) names joint, alternating and dynamic
training; these are `FixedWeights`, `AlternatingWeights`, and the other three.
"""

from mlbook.training.joint import JointModel
from mlbook.training.rates import ByDifficulty, with_rates
from mlbook.training.weightings import (
    AlternatingWeights,
    FixedWeights,
    GradientNormWeights,
    ScheduledWeights,
    UncertaintyWeights,
    Weighting,
)

__all__ = [
    "AlternatingWeights",
    "ByDifficulty",
    "FixedWeights",
    "GradientNormWeights",
    "JointModel",
    "ScheduledWeights",
    "UncertaintyWeights",
    "Weighting",
    "with_rates",
]
