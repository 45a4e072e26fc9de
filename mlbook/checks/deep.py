"""Checks on losses over embeddings: what a loss prefers, and what training with it gave.

The losses that the article describes in words stand at the end, in NumPy.
"""

import numpy as np

from mlbook import evaluation
from mlbook.checks.base import REFUTED, SUPPORTED, Outcome, graded
from mlbook.hartley import hartley_transform

LABELS = np.repeat(np.arange(3), 4)
"""Three classes of four, on which losses are tried."""


def prefers_separation(evidence, module, function):
    """Is a loss lower when the classes lie apart than when all embeddings are equal?

    The function takes labels of shape (n,) and embeddings of shape (n, d).
    """
    loss = getattr(evidence.importer(module), function)
    apart = 3 * np.eye(3)[LABELS]
    values = float(loss(LABELS, apart)), float(loss(LABELS, np.zeros_like(apart)))
    text = f"classes apart: {values[0]:.3g}; all embeddings equal: {values[1]:.3g}"
    return Outcome(SUPPORTED if values[0] < values[1] - 1e-9 else REFUTED, text)


def pushes_apart(evidence, module, function):
    """Does a loss fall when different classes move apart, and nothing moves within a class?

    By more than a tenth; less can come from how it measures. Supported with conditions if it
    falls from a small distance on and not from a large one, as with a margin.
    """
    loss = getattr(evidence.importer(module), function)
    within = 0.1 * np.random.default_rng(0).normal(size=(len(LABELS), 3))
    near, mid, far = (
        float(loss(LABELS, within + distance * np.eye(3)[LABELS])) for distance in (0.2, 3, 6)
    )
    text = f"classes near: {near:.3g}, apart: {mid:.3g}, twice as far apart: {far:.3g}"
    falls = [after < before - 0.1 * abs(before) for before, after in ((near, mid), (mid, far))]
    return graded(falls, text)


def is_better_by(evidence, result, measure, arm, than):
    """Is one arm better than another in a measure that is not the result's main one?"""
    measured = evidence.result(*result)
    first, second = measured.values(arm, measure), measured.values(than, measure)
    difference = evaluation.over_seeds(list(first - second), test_to_train=measured.test_to_train)
    low, high = 100 * difference.low, 100 * difference.high
    text = (
        f"{measured.arms[arm]} minus {measured.arms[than]}, {measure}: "
        f"{100 * difference.value:+.2f} points [{low:+.2f}, {high:+.2f}]"
    )
    return Outcome(SUPPORTED if difference.verdict() == evaluation.BETTER else REFUTED, text)


def has_weights(evidence, module):
    """Have the losses of a module weights that can be trained while a network is held fixed?

    Supported if all have, supported with conditions if some.
    """
    library = evidence.importer(module)
    # two of the classes are what losses are made from, and none themselves
    names = {name for name in library.__all__ if name.endswith("Loss")}
    names = sorted(names - {"MetricLoss", "TrainableLoss"})
    having = [name for name in names if hasattr(getattr(library, name), "trainable_variables")]
    text = f"{len(having)} of {len(names)} losses have weights: {', '.join(having) or 'none'}"
    return graded([name in having for name in names], text)


def steps_differ(evidence, module, first, second):
    """Do two ways to train end at other weights, after one step from the same start?"""
    ends = [np.asarray(getattr(evidence.importer(module), name)()) for name in (first, second)]
    gap = float(np.abs(ends[0] - ends[1]).max())
    text = f"after one step the weights of {first} and {second} differ by {gap:.1g} at most"
    return Outcome(SUPPORTED if gap > 1e-5 else REFUTED, text)


CHECKS = (has_weights, is_better_by, prefers_separation, pushes_apart, steps_differ)


# --- what the article describes ---


def mahalanobis_loss(labels, x):
    """Section 2.2.1: the mean squared distance within classes; the matrix is the identity."""
    same, _ = _pairs(labels)
    return _squares(x)[same].mean()


def fwhd_loss(labels, x):
    """Section 2.2.1: the same after a Hartley transform, with equal weights."""
    return mahalanobis_loss(labels, hartley_transform(x))


def contrastive_loss(labels, x):
    """For comparison: pulls a class together, pushes others apart up to a margin of 5."""
    same, other = _pairs(labels)
    missing = np.maximum(5 - np.sqrt(_squares(x)), 0)
    return _squares(x)[same].mean() + (missing[other] ** 2).mean()


def cds_loss(labels, x):
    """Section 2.2.1: density of the own class minus that of the others, to be minimised."""
    same, other = _pairs(labels)
    kernel = np.exp(-_squares(x))
    return kernel[same].mean() - kernel[other].mean()


def pairwise_loss(labels, x):
    """Section 3.2.1: distances among items against those among partners of the same class."""
    partner = x.copy()
    for name in np.unique(labels):
        own = np.flatnonzero(labels == name)
        partner[own] = x[np.roll(own, 1)]
    gaps = np.sqrt(_squares(x)) - np.sqrt(_squares(partner))
    return (gaps**2).sum() / 2


def extra_term():
    """Section 2.2.2: a step with a metric loss that is added to cross-entropy."""
    import keras

    inputs, features, outputs = _small_network()
    model = keras.Model(inputs, [outputs, features])
    model.compile(keras.optimizers.SGD(0.1), ["sparse_categorical_crossentropy", _pull])
    return _weights_after_a_step(model, _POINTS, [LABELS, LABELS])


def regulariser():
    """Section 2.2.2: a step with the same loss as a term that regularises the features."""
    import keras

    class Pull(keras.layers.Layer):
        def call(self, features, labels):
            self.add_loss(_pull(labels, features))
            return features

    labels = keras.Input((), dtype="int32")
    inputs, _, outputs = _small_network(lambda features: Pull()(features, labels))
    model = keras.Model([inputs, labels], outputs)
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return _weights_after_a_step(model, [_POINTS, LABELS], LABELS)


_POINTS = np.random.default_rng(0).normal(size=(len(LABELS), 4)).astype("float32")


def _small_network(regularise=lambda features: features):
    import keras

    first, second = (keras.initializers.GlorotUniform(seed) for seed in (0, 1))
    inputs = keras.Input((4,))
    features = regularise(keras.layers.Dense(3, kernel_initializer=first)(inputs))
    outputs = keras.layers.Dense(3, "softmax", kernel_initializer=second)(features)
    return inputs, features, outputs


def _pull(labels, features):
    """The mean squared distance within classes, in Keras."""
    from keras import ops

    labels = ops.reshape(labels, (-1, 1))
    same = ops.cast(ops.equal(labels, ops.transpose(labels)), "float32")
    squares = ops.sum((ops.expand_dims(features, 1) - features) ** 2, axis=-1)
    return ops.sum(same * squares) / ops.sum(same)


def _weights_after_a_step(model, inputs, targets):
    model.fit(inputs, targets, batch_size=len(LABELS), shuffle=False, verbose=0)
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def _squares(x):
    return ((x[:, np.newaxis] - x) ** 2).sum(axis=-1)


def _pairs(labels):
    same = labels[:, np.newaxis] == labels
    return same & ~np.eye(len(labels), dtype=bool), ~same
