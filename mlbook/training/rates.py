"""Weights that move at a rate of their own, and samples that count by their difficulty."""

import keras
from keras import ops

from mlbook.arguments import check_number


def with_rates(optimizer, factors):
    """An optimiser that moves some weights faster or slower than the others.

    Article, section 3.3.1: a “learning rate of the loss function”. Losses have none; what they
    may have is weights of their own (proxies, feature weights), and those may well need another
    rate than the network's.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Not built yet. It is copied.
    factors : dict of str to float
        By a part of a variable's path, for instance {"proxies": 10.0}.

    Returns
    -------
    keras.optimizers.Optimizer
    """
    for name, factor in factors.items():
        check_number(f"the factor of {name}", factor, above=0)
    base = type(optimizer)

    class WithRates(base):
        def build(self, variables):
            super().build(variables)
            self._factors = [
                (variable, factor)
                for variable in variables
                for name, factor in factors.items()
                if name in variable.path
            ]

        def update_step(self, gradient, variable, learning_rate):
            for known, factor in self._factors:
                # a backend may hand out its own variable instead of Keras's
                if known is variable or known.value is variable:
                    learning_rate = learning_rate * factor
            return super().update_step(gradient, variable, learning_rate)

    WithRates.__name__ = f"{base.__name__}WithRates"
    return WithRates.from_config(optimizer.get_config())


class ByDifficulty(keras.losses.Loss):
    """A loss in which samples count by how hard they are in their batch.

    Parameters
    ----------
    loss : keras.losses.Loss
        Of one sample each, such as cross-entropy.
    keep : {"easy", "hard"}, default="hard"
        "easy" leaves out the samples with the largest losses, as self-paced learning does;
        "hard" those with the smallest, as hard example mining does.
    share : float, default=0.5
        Of the batch that is kept, above 0 and at most 1.
    """

    def __init__(self, loss, keep="hard", share=0.5, name="by_difficulty"):
        super().__init__(reduction="sum_over_batch_size", name=name)
        if keep not in ("easy", "hard"):
            raise ValueError(f'keep must be "easy" or "hard", got {keep!r}')
        check_number("share", share, above=0, at_most=1)
        config = loss.get_config() | {"reduction": None}
        self.loss = type(loss).from_config(config)
        self.keep, self.share = keep, float(share)

    def call(self, y_true, y_pred):
        losses = self.loss(y_true, y_pred)
        level = ops.quantile(
            ops.stop_gradient(losses), self.share if self.keep == "easy" else 1 - self.share
        )
        kept = losses <= level if self.keep == "easy" else losses >= level
        kept = ops.cast(kept, losses.dtype)
        return losses * kept / ops.mean(kept)

    def get_config(self):
        config = super().get_config()
        config.pop("reduction", None)
        loss = keras.saving.serialize_keras_object(self.loss)
        return config | {"loss": loss, "keep": self.keep, "share": self.share}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config.pop("dtype", None)
        return cls(loss=keras.saving.deserialize_keras_object(config.pop("loss")), **config)
