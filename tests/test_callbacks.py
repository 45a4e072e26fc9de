"""The collapse monitor speaks when an embedding collapses, and only then."""

import warnings

import keras
import numpy as np
import pytest

from mlbook import losses
from mlbook.callbacks import CollapseMonitor, CollapseWarning, embedding_spread

LABELS = np.arange(24) % 3
X = (np.random.default_rng(0).normal(size=(24, 4)) + 4 * np.eye(4)[LABELS]).astype("float32")


def model_with(loss, weights=None, learning_rate=0.0):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(learning_rate), loss=loss, jit_compile=False)
    if weights is not None:
        model.layers[0].set_weights(weights)
    return model


# everything to one point; each class to a place of its own
CONSTANT = [np.zeros((4, 2)), np.array([1.0, 2.0])]
SEPARATED = [np.array([[1, 0], [-1, 1], [-1, -1], [0, 0]]), np.zeros(2)]


def test_collapse_is_told_once_with_what_to_try():
    monitor = CollapseMonitor(X, LABELS, patience=2)
    model = model_with(losses.TripletLoss(margin=0.3), CONSTANT)
    with pytest.warns(CollapseWarning) as caught:
        history = model.fit(X, LABELS, epochs=5, verbose=0, callbacks=[monitor]).history
    texts = [str(warning.message) for warning in caught]
    assert len([text for text in texts if "nearly equal" in text]) == 1
    assert len([text for text in texts if "margin (0.3)" in text]) == 1
    assert all("Try" in text and "for 2 epochs" in text for text in monitor.messages)
    assert history["embedding_spread"] == pytest.approx([0] * 5, abs=1e-9)
    assert history["active_triplets"] == [1] * 5


def test_it_waits_for_its_patience_and_starts_anew():
    monitor = CollapseMonitor(X, LABELS, patience=3)
    model = model_with(losses.ContrastiveLoss(), CONSTANT)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CollapseWarning)
        for _ in range(2):
            model.fit(X, LABELS, epochs=2, verbose=0, callbacks=[monitor])
    assert monitor.messages == []


def test_a_healthy_embedding_is_left_alone_and_a_fading_loss_is_told():
    monitor = CollapseMonitor(X, LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CollapseWarning)
        model_with(losses.TripletLoss(), SEPARATED).fit(
            X, LABELS, epochs=3, verbose=0, callbacks=[monitor]
        )
    fading = losses.TripletLoss(margin=1e-3, average="all")
    with pytest.warns(CollapseWarning, match="average='nonzero'"):
        model_with(fading, SEPARATED).fit(X, LABELS, epochs=2, verbose=0, callbacks=[monitor])


def test_one_output_of_several():
    inputs = keras.Input((4,))
    outputs = {name: keras.layers.Dense(2, name=name)(inputs) for name in ("embedding", "logits")}
    model = keras.Model(inputs, outputs)
    entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss={"embedding": losses.TripletLoss(0.4), "logits": entropy})
    monitor = CollapseMonitor(X, LABELS % 2, output="embedding")
    monitor.set_model(model)
    logs = {}
    monitor.on_epoch_end(0, logs)
    assert 0 < logs["embedding_spread"] <= 1
    blind = CollapseMonitor(X, LABELS)
    blind.set_model(model)
    with pytest.raises(ValueError, match="which is the embedding"):
        blind.on_epoch_end(0, {})


def test_spread():
    assert embedding_spread([[1, 0], [-2, 0]]) == pytest.approx(1)
    assert embedding_spread([[1, 1], [2, 2], [0.1, 0.1]]) == pytest.approx(0, abs=1e-7)
    assert embedding_spread([[1, 0], [0, 3]]) == pytest.approx(np.sqrt(0.5))


@pytest.mark.parametrize(
    ("y", "options", "words"),
    [
        (np.zeros(24, int), {}, "no triplet"),
        (np.arange(24), {}, "no triplet"),
        (LABELS.astype(str), {}, "np.unique"),
        (LABELS, {"margin": -1}, "margin"),
        (LABELS, {"patience": 0}, "patience"),
    ],
)
def test_bad_input(y, options, words):
    with pytest.raises(ValueError, match=words):
        CollapseMonitor(X, y, **options)
