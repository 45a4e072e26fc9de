"""Several losses at once: what each weighting makes of them, against hand-made sums."""

import keras
import numpy as np
import pytest
from keras import ops

from mlbook.losses import ArcFaceLoss, ContrastiveLoss
from mlbook.training import (
    AlternatingWeights,
    ByDifficulty,
    FixedWeights,
    GradientNormWeights,
    JointModel,
    ScheduledWeights,
    UncertaintyWeights,
    with_rates,
)

LOSSES = {"a": "mean_squared_error", "b": "mean_absolute_error"}


def network(seed=0):
    """Two outputs that share one layer."""
    inputs = keras.Input((3,))
    glorot = keras.initializers.GlorotUniform
    shared = keras.layers.Dense(4, name="shared", kernel_initializer=glorot(seed))(inputs)
    outputs = {
        name: keras.layers.Dense(1, name=name, kernel_initializer=glorot(seed + 1 + i))(shared)
        for i, name in enumerate("ab")
    }
    return keras.Model(inputs, outputs)


def data(n=32, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)).astype("float32")
    return x, {"a": x[:, :1] * 3, "b": x[:, 1:2] * 30}


def trained(weighting, epochs=1, optimizer=None, **options):
    model = JointModel(network(), weighting)
    model.compile(optimizer or keras.optimizers.SGD(0.01), loss=LOSSES)
    x, y = data()
    history = model.fit(x, y, batch_size=8, epochs=epochs, shuffle=False, verbose=0, **options)
    return model, history.history


def test_fixed_weights_are_those_of_keras():
    model, _ = trained(FixedWeights({"a": 2.0, "b": 0.5}), epochs=3)
    theirs = network()
    theirs.compile(keras.optimizers.SGD(0.01), loss=LOSSES, loss_weights={"a": 2.0, "b": 0.5})
    x, y = data()
    theirs.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    for ours, other in zip(model.encoder.get_weights(), theirs.get_weights(), strict=True):
        assert np.allclose(ours, other, atol=1e-6)
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(2 * found["a_loss"] + 0.5 * found["b_loss"], rel=1e-5)
    assert found["loss"] == pytest.approx(theirs.evaluate(x, y, verbose=0)[0], rel=1e-4)


def test_history_tells_losses_and_weights():
    _, history = trained(FixedWeights({"b": 0.25}), validation_data=data(seed=1))
    assert history["a_weight"] == [1.0] and history["b_weight"] == [0.25]
    assert {"a_loss", "b_loss", "val_a_loss", "val_b_loss", "val_loss"} <= history.keys()


def test_one_loss_trains_as_if_alone():
    model, _ = trained(FixedWeights({"b": 0.0}))
    start = network()
    same = {
        name: np.array_equal(
            model.encoder.get_layer(name).kernel.numpy(), start.get_layer(name).kernel.numpy()
        )
        for name in "ab"
    }
    assert same == {"a": False, "b": True}


def test_schedule_runs_from_start_to_end_and_stays():
    # four steps an epoch
    _, history = trained(ScheduledWeights({"b": lambda done: 2 * done}, steps=8), epochs=4)
    expected = [np.mean([0, 1 / 8, 2 / 8, 3 / 8]), np.mean([4 / 8, 5 / 8, 6 / 8, 7 / 8]), 1, 1]
    assert np.allclose(history["b_weight"], 2 * np.array(expected))
    assert np.allclose(history["a_weight"], 1)


def test_alternating_moves_one_head_at_a_time():
    model = JointModel(network(), AlternatingWeights(every=2))
    model.compile(keras.optimizers.SGD(0.01), loss=LOSSES)
    x, y = data(8)
    moved = []
    for _ in range(6):
        before = {name: model.encoder.get_layer(name).kernel.numpy() for name in "ab"}
        model.train_on_batch(x, y)
        after = {name: model.encoder.get_layer(name).kernel.numpy() for name in "ab"}
        moved.append("".join(n for n in "ab" if not np.array_equal(before[n], after[n])))
    assert moved == ["a", "a", "b", "b", "a", "a"]


def test_uncertainty_weights_go_to_half_the_inverse_loss():
    weighting = UncertaintyWeights()
    model = JointModel(network(), weighting)
    # the network stands still, the log-variances move
    model.compile(with_rates(keras.optimizers.SGD(1e-6), {"log_variances": 5e4}), loss=LOSSES)
    x, y = data()
    model.fit(x, y, batch_size=32, epochs=400, verbose=0)
    losses = model.evaluate(x, y, verbose=0, return_dict=True)
    weights = np.exp(-weighting.log_variances.numpy())
    expected = [1 / (2 * losses["a_loss"]), 1 / (2 * losses["b_loss"])]
    assert np.allclose(weights, expected, rtol=0.05)


def test_gradnorm_evens_the_pulls():
    weighting = GradientNormWeights("shared", alpha=0.0, rate=0.002)
    model = JointModel(network(), weighting)
    model.compile(keras.optimizers.SGD(1e-7), loss=LOSSES)
    x, y = data()
    model.fit(x, y, batch_size=32, epochs=600, verbose=0)
    values = weighting.values.numpy()
    assert values.sum() == pytest.approx(2, rel=1e-4)
    pulls = []
    for name in "ab":
        step = JointModel(model.encoder, FixedWeights({n: float(n == name) for n in "ab"}))
        step.compile(keras.optimizers.SGD(1.0), loss=LOSSES)
        before = model.encoder.get_weights()
        kernel = model.encoder.get_layer("shared").kernel.numpy()
        step.train_on_batch(x, y)
        pulls.append(np.linalg.norm(kernel - model.encoder.get_layer("shared").kernel.numpy()))
        model.encoder.set_weights(before)
    assert values[0] * pulls[0] == pytest.approx(values[1] * pulls[1], rel=0.1)
    assert max(pulls) > 2 * min(pulls)  # there was something to even out


def test_gradnorm_refuses_what_it_cannot_do():
    model = JointModel(network(), GradientNormWeights("missing"))
    with pytest.raises(ValueError, match="shared, a, b"):
        model.compile("sgd", loss=LOSSES)
    model = JointModel(network(), GradientNormWeights("shared"))
    model.compile("sgd", loss=LOSSES, run_eagerly=True)
    with pytest.raises(RuntimeError, match="compiled step"):
        model.train_on_batch(*data(8))


def test_weights_of_a_loss_are_trained_at_their_own_rate():
    def moved(factor):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((3,))
        model = JointModel(keras.Model(inputs, {"e": keras.layers.Dense(4)(inputs)}))
        loss = ArcFaceLoss(n_classes=3, embedding_size=4)
        optimizer = with_rates(keras.optimizers.SGD(0.01), {"proxies": factor})
        model.compile(optimizer, loss={"e": loss})
        start = loss.trainable_variables[0].numpy()
        x, _ = data(9)
        model.train_on_batch(x, np.arange(9) % 3)
        return loss.trainable_variables[0].numpy() - start

    assert np.allclose(moved(10.0), 10 * moved(1.0), rtol=1e-3, atol=1e-7)
    assert np.abs(moved(1.0)).max() > 0


def test_metric_loss_and_cross_entropy_share_labels():
    inputs = keras.Input((3,))
    embedding = keras.layers.Dense(4, name="embedding")(inputs)
    outputs = {
        "embedding": embedding,
        "probabilities": keras.layers.Dense(2, activation="softmax")(embedding),
    }
    model = JointModel(keras.Model(inputs, outputs), FixedWeights({"embedding": 0.5}))
    model.compile(
        keras.optimizers.Adam(0.05),
        loss={
            "embedding": ContrastiveLoss(),
            "probabilities": "sparse_categorical_crossentropy",
        },
        metrics={"probabilities": "accuracy"},
    )
    x, _ = data(64)
    history = model.fit(x, (x[:, 0] > 0).astype(int), epochs=20, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert any("accuracy" in key for key in history)


@pytest.mark.parametrize(("keep", "share"), [("hard", 0.25), ("easy", 0.5), ("hard", 1.0)])
def test_difficulty_keeps_the_right_samples(keep, share):
    labels = np.zeros(8, int)
    probabilities = np.linspace(0.1, 0.8, 8)
    outputs = np.stack([probabilities, 1 - probabilities], axis=1).astype("float32")
    single = -np.log(probabilities)  # the hardest first
    n = int(share * 8)
    kept = single[:n] if keep == "hard" else single[-n:]
    loss = ByDifficulty(keras.losses.SparseCategoricalCrossentropy(), keep, share)
    assert float(loss(labels, outputs)) == pytest.approx(kept.mean(), rel=1e-4)
    again = ByDifficulty.from_config(loss.get_config())
    assert float(again(labels, outputs)) == pytest.approx(kept.mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FixedWeights({"a": -1.0}), "weight of a"),
        (lambda: FixedWeights({"a": float("nan")}), "weight of a"),
        (lambda: ScheduledWeights({}, steps=0), "steps"),
        (lambda: AlternatingWeights(0), "every"),
        (lambda: GradientNormWeights("shared", rate=0), "rate"),
        (lambda: ByDifficulty(keras.losses.MeanSquaredError(), keep="middle"), "easy"),
        (lambda: ByDifficulty(keras.losses.MeanSquaredError(), share=0), "share"),
        (lambda: with_rates(keras.optimizers.SGD(), {"x": 0.0}), "factor of x"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_bad_losses():
    model = JointModel(network(), FixedWeights({"c": 1.0}))
    with pytest.raises(ValueError, match="FixedWeights names c; the losses are a, b"):
        model.compile("sgd", loss=LOSSES)
    model = JointModel(network())
    with pytest.raises(ValueError, match="must be a dictionary"):
        model.compile("sgd", loss="mean_squared_error")
    with pytest.raises(ValueError, match="no output c; the network has"):
        model.compile("sgd", loss={"c": "mean_squared_error"})
    with pytest.raises(ValueError, match="FixedWeights"):
        model.compile("sgd", loss=LOSSES, loss_weights={"a": 1.0})


def test_labels_for_one_loss_only():
    model = JointModel(network())
    model.compile("sgd", loss=LOSSES)
    x, y = data(8)
    with pytest.raises(ValueError, match="no labels for b; there are labels for a"):
        model.fit(x, {"a": y["a"]}, verbose=0)


def test_total_is_finite_when_a_loss_is_zero():
    for weighting in (UncertaintyWeights(), GradientNormWeights("shared")):
        model = JointModel(network(), weighting)
        model.compile("sgd", loss=LOSSES)
        x, _ = data(8)
        zero = {name: model.encoder(x)[name].numpy() for name in "ab"}
        for _ in range(3):
            found = model.train_on_batch(x, zero, return_dict=True)
        assert np.isfinite(found["loss"])
        assert all(np.isfinite(ops.convert_to_numpy(w)).all() for w in model.weights)
