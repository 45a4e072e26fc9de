"""How much each of several losses counts: fixed, on a schedule, in turn, or learned."""

from abc import ABC, abstractmethod

import keras
from keras import ops

from mlbook.arguments import check_number


class Weighting(ABC):
    """Turns the values of several losses into one. Subclasses say how.

    Attributes
    ----------
    names : tuple of str
        Of the losses, from `build` on.
    """

    def build(self, names, layer):
        """Get ready for losses of these names; weights to train are added to `layer`."""
        self.names = tuple(names)

    @abstractmethod
    def weights(self, losses, step):
        """The weight of each loss, a list of numbers or scalar tensors."""

    def total(self, losses, step):
        """The loss to minimise; by default the weighted sum.

        Parameters
        ----------
        losses : list of scalar tensors
        step : scalar tensor
            How many steps of training were done.
        """
        return sum(w * loss for w, loss in zip(self.weights(losses, step), losses, strict=True))

    def _check_names(self, names, given):
        unknown = set(given) - set(names)
        if unknown:
            raise ValueError(
                f"{type(self).__name__} names {', '.join(sorted(unknown))}; the losses are "
                f"{', '.join(names)}"
            )


class FixedWeights(Weighting):
    """The same weights all the time.

    Parameters
    ----------
    by_name : dict of str to float
        Losses that are not named have weight 1.
    """

    def __init__(self, by_name=()):
        self.by_name = dict(by_name)
        for name, weight in self.by_name.items():
            check_number(f"the weight of {name}", weight, at_least=0)

    def build(self, names, layer):
        self._check_names(names, self.by_name)
        super().build(names, layer)

    def weights(self, losses, step):
        return [self.by_name.get(name, 1.0) for name in self.names]


class ScheduledWeights(Weighting):
    """Weights that follow a curve over the training.

    Parameters
    ----------
    by_name : dict of str to callable
        From the share of the training that is done, 0 to 1, to the weight. Losses that are not
        named have weight 1.
    steps : int
        Of the whole training; after it the share stays 1.
    """

    def __init__(self, by_name, steps):
        self.by_name = dict(by_name)
        check_number("steps", steps, at_least=1, integer=True)
        self.steps = steps

    def build(self, names, layer):
        self._check_names(names, self.by_name)
        super().build(names, layer)

    def weights(self, losses, step):
        done = ops.minimum(ops.cast(step, "float32") / self.steps, 1.0)
        return [self.by_name[n](done) if n in self.by_name else 1.0 for n in self.names]


class AlternatingWeights(Weighting):
    """One loss at a time, in turn.

    Parameters
    ----------
    every : int, default=1
        Steps until it is the next loss's turn.
    """

    def __init__(self, every=1):
        check_number("every", every, at_least=1, integer=True)
        self.every = every

    def weights(self, losses, step):
        turn = (ops.cast(step, "int32") // self.every) % len(losses)
        return [ops.cast(turn == i, "float32") for i in range(len(losses))]


class UncertaintyWeights(Weighting):
    """Weights that are learned with the network: sum_i exp(-s_i) L_i + s_i / 2.

    Where the s_i are at their best, each loss is divided by twice its value.

    References
    ----------
    A. Kendall, Y. Gal and R. Cipolla, Multi-task learning using uncertainty to weigh losses for
    scene geometry and semantics, CVPR 2018, arXiv:1705.07115.
    """

    def build(self, names, layer):
        super().build(names, layer)
        self.log_variances = layer.add_weight(
            name="log_variances", shape=(len(names),), initializer="zeros", trainable=True
        )

    def weights(self, losses, step):
        return [ops.exp(-self.log_variances[i]) for i in range(len(losses))]

    def total(self, losses, step):
        return super().total(losses, step) + ops.sum(self.log_variances) / 2


class GradientNormWeights(Weighting):
    """Weights under which all losses pull at the shared layers at a similar rate (GradNorm).

    The pull of a loss is the length of the gradient of its weighted value with respect to the
    kernel of one shared layer. A loss that has fallen less than the others, compared with its
    first value, may pull harder: its target is the mean pull times (relative rate) ** alpha.

    Parameters
    ----------
    shared : str
        Name of the layer, the last one that all losses share; it must have a kernel.
    alpha : float, default=1.5
    rate : float, default=0.025
        Step of the weights, which are then scaled to sum to the number of losses.

    Notes
    -----
    Needs the TensorFlow backend and a compiled step (not `run_eagerly`).

    References
    ----------
    Z. Chen, V. Badrinarayanan, C.-Y. Lee and A. Rabinovich, GradNorm: gradient normalization for
    adaptive loss balancing in deep multitask networks, ICML 2018, arXiv:1711.02257.
    """

    def __init__(self, shared, alpha=1.5, rate=0.025):
        if keras.backend.backend() != "tensorflow":
            raise RuntimeError(
                "GradientNormWeights needs gradients inside a step, which only the TensorFlow "
                "backend gives here; use UncertaintyWeights"
            )
        check_number("alpha", alpha, at_least=0)
        check_number("rate", rate, above=0)
        self.shared, self.alpha, self.rate = shared, alpha, rate
        self.kernel = None

    def build(self, names, layer):
        super().build(names, layer)
        fixed = {"shape": (len(names),), "trainable": False}
        self.values = layer.add_weight(name="loss_weights", initializer="ones", **fixed)
        self.first = layer.add_weight(name="first_losses", initializer="zeros", **fixed)

    def weights(self, losses, step):
        return [self.values[i] for i in range(len(losses))]

    def total(self, losses, step):
        import tensorflow as tf

        if tf.executing_eagerly():
            raise RuntimeError("GradientNormWeights needs a compiled step: no run_eagerly=True")
        total = super().total(losses, step)
        pulls = tf.stack([tf.norm(tf.gradients(loss, [self.kernel])[0]) for loss in losses])
        now = ops.stop_gradient(ops.stack(losses))
        first = ops.where(ops.equal(step, 0), now, self.first)
        self.first.assign(first)
        progress = now / ops.maximum(first, keras.backend.epsilon())
        rates = progress / ops.maximum(ops.mean(progress), keras.backend.epsilon())
        weighted = self.values * pulls
        target = ops.mean(weighted) * rates**self.alpha
        # the derivative of sum |weighted - target| with the target held fixed
        stepped = ops.maximum(self.values - self.rate * ops.sign(weighted - target) * pulls, 1e-3)
        self.values.assign(stepped * len(losses) / ops.sum(stepped))
        return total
