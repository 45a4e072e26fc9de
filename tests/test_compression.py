"""Smaller networks: what pruning, eight-bit numbers and distillation do, by hand and in full."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy.stats import spearmanr

from mlbook import compression
from mlbook.compression import LiteRTModel, RelationalLoss, distance_agreement, prune, to_litert


@pytest.fixture(scope="module")
def network():
    glorot = keras.initializers.GlorotUniform
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(4, 3, activation="relu", kernel_initializer=glorot(0)),
            keras.layers.Flatten(),
            keras.layers.Dense(3, kernel_initializer=glorot(1)),
        ]
    )


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((40, 6, 6, 1)).astype("float32")


@pytest.fixture(scope="module")
def small(network, images):
    return LiteRTModel(to_litert(network)), LiteRTModel(to_litert(network, images))


def kernels(model):
    return np.concatenate(
        [ops.convert_to_numpy(v).ravel() for v in model.variables if v.name == "kernel"]
    )


@pytest.mark.parametrize("share", [0.0, 0.25, 0.9])
def test_the_smallest_weights_go(network, share):
    model = keras.models.clone_model(network)
    model.set_weights(network.get_weights())
    before = np.abs(kernels(model))
    prune(model, share)
    after = kernels(model)
    n_gone = round(share * len(before))
    assert (after == 0).sum() == n_gone
    assert set(np.flatnonzero(after == 0)) == set(np.argsort(before)[:n_gone])
    biases = [v for v in model.variables if v.name == "bias"]
    assert len(biases) == 2 and all(not np.any(b.numpy()) for b in biases)


def test_pruned_weights_stay_zero_while_the_others_learn(network, images):
    model = keras.models.clone_model(network)
    model.set_weights(network.get_weights())
    callback = prune(model, 0.5)
    before = kernels(model)
    model.compile("adam", "mse")
    target = np.ones((40, 3), "float32")
    model.fit(images, target, epochs=1, batch_size=20, verbose=0, callbacks=[callback])
    after = kernels(model)
    np.testing.assert_array_equal(after == 0, before == 0)
    assert not np.array_equal(after, before)
    # without the callback they come back: the test could fail
    model.fit(images, target, epochs=1, batch_size=20, verbose=0)
    assert (kernels(model) == 0).sum() < (before == 0).sum()


def test_prune_refuses(network):
    with pytest.raises(ValueError, match="below 1"):
        prune(network, 1.0)
    with pytest.raises(ValueError, match="share"):
        prune(network, -0.1)
    with pytest.raises(ValueError, match="no kernel"):
        prune(keras.Sequential([keras.Input((2,)), keras.layers.ReLU()]), 0.5)


def test_litert_answers_as_the_network_does(network, images, small):
    expected = ops.convert_to_numpy(network(images))
    whole, eight_bits = small
    np.testing.assert_allclose(whole.predict(images, batch_size=16), expected, atol=1e-5)
    # eight bits: about one part in 255 of the range
    gap = np.abs(eight_bits.predict(images) - expected).max()
    assert 1e-6 < gap < 0.05 * np.ptp(expected)
    assert whole.input_shape == (6, 6, 1) and whole.n_bytes > 0
    one = whole.predict(images[:1])
    np.testing.assert_allclose(one, expected[:1], atol=1e-5)


@pytest.mark.parametrize(
    "x, message",
    [
        (np.zeros((2, 28, 28, 1)), r"shape \(n, 6, 6, 1\), got \(2, 28, 28, 1\)"),
        (np.zeros((6, 6, 1)), r"got \(6, 6, 1\)"),
        (np.full((1, 6, 6, 1), np.nan), "NaN"),
        (np.zeros((0, 6, 6, 1)), "no item"),
        (np.full((1, 6, 6, 1), "a"), "array of numbers"),
    ],
)
def test_litert_refuses_other_inputs(small, x, message):
    for model in small:
        with pytest.raises(ValueError, match=message):
            model.predict(x)


def test_litert_refuses_other_networks_and_files(network):
    with pytest.raises(ValueError, match="no LiteRT file"):
        LiteRTModel(b"not a model at all")
    inputs = keras.Input((2,))
    two = keras.Model(inputs, {"a": inputs + 1, "b": inputs * 2})
    with pytest.raises(ValueError, match="1 and 2"):
        to_litert(two)
    with pytest.raises(ValueError, match="the bytes of a LiteRT file, got str"):
        LiteRTModel("network.tflite")
    with pytest.raises(ValueError, match="no LiteRT file"):
        LiteRTModel(to_litert(network)[:300])
    with pytest.raises(ValueError, match="got"):
        to_litert(network, calibration=np.zeros((3, 5)))
    with pytest.raises(ValueError, match="no input"):
        to_litert(network, calibration=np.zeros((0, 6, 6, 1)))
    with pytest.raises(ValueError, match="no weights yet"):
        to_litert(keras.Sequential([keras.layers.Dense(2)]))


def test_converting_is_quiet_and_errors_still_show(network, capfd):
    import os

    from mlbook.datasets.quiet import filtered_stderr

    LiteRTModel(to_litert(network))
    assert not capfd.readouterr().err
    with filtered_stderr():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nan error\n")
    assert capfd.readouterr().err == "an error\n"


def naive_relational(teacher, student, delta):
    pairs = [(i, j) for i in range(len(teacher)) for j in range(len(teacher)) if i != j]

    def relative(x):
        found = [np.sqrt(((x[i] - x[j]) ** 2).sum()) for i, j in pairs]
        return np.array(found) / np.mean(found)

    total = 0.0
    for a, b in zip(relative(teacher), relative(student), strict=True):
        gap = abs(a - b)
        total += gap**2 / 2 if gap <= delta else delta * (gap - delta / 2)
    return total / len(pairs)


@pytest.mark.parametrize("delta", [0.1, 1.0])
def test_relational_loss_is_the_naive_one(delta):
    rng = np.random.default_rng(0)
    teacher, student = rng.normal(size=(7, 5)), rng.normal(size=(7, 2))
    expected = naive_relational(teacher, student, delta)
    found = float(RelationalLoss(delta)(teacher.astype("float32"), student.astype("float32")))
    assert found == pytest.approx(expected, rel=1e-4)
    order = rng.permutation(7)
    assert float(RelationalLoss(delta)(teacher[order], student[order])) == pytest.approx(
        found, rel=1e-4
    )


def test_relational_loss_sees_neither_scale_nor_rotation():
    rng = np.random.default_rng(0)
    teacher = rng.normal(size=(6, 3)).astype("float32")
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    assert float(RelationalLoss()(teacher, (5 * teacher @ turn).astype("float32"))) < 1e-8
    assert float(RelationalLoss()(teacher, teacher**3)) > 1e-3


def test_gradient_of_the_relational_loss():
    import tensorflow as tf

    rng = np.random.default_rng(1)
    teacher = tf.constant(rng.normal(size=(5, 4)))
    student = tf.Variable(rng.normal(size=(5, 2)))
    loss = RelationalLoss(0.3)
    with tf.GradientTape() as tape:
        value = loss.call(teacher, student)
    gradient = tape.gradient(value, student).numpy()
    step = 1e-6
    for place in np.ndindex(5, 2):
        moved = np.zeros((5, 2))
        moved[place] = step
        change = [float(loss.call(teacher, student + s * moved)) for s in (1, -1)]
        assert gradient[place] == pytest.approx((change[0] - change[1]) / (2 * step), abs=1e-6)


@pytest.mark.parametrize("student", [np.zeros((4, 2)), np.ones((4, 2))])
def test_relational_loss_of_a_collapsed_student_is_finite(student):
    teacher = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    assert np.isfinite(float(RelationalLoss()(teacher, student.astype("float32"))))
    assert float(RelationalLoss()(teacher[:1], teacher[:1])) == 0


def test_relational_loss_refuses_other_items():
    with pytest.raises(ValueError, match="5 embeddings of the large network and 4"):
        RelationalLoss()(np.zeros((5, 3), "float32"), np.zeros((4, 2), "float32"))


def test_relational_loss_is_saved_with_its_model():
    loss = RelationalLoss(0.4)
    again = RelationalLoss.from_config(loss.get_config())
    assert again.delta == 0.4


def test_agreement_of_distances():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 4))
    assert distance_agreement(x, 3 * x + 1) == pytest.approx(1)
    y = rng.normal(size=(12, 2))
    pairs = [(i, j) for i in range(12) for j in range(i)]
    both = [[np.linalg.norm(z[i] - z[j]) for i, j in pairs] for z in (x, y)]
    assert distance_agreement(x, y) == pytest.approx(spearmanr(*both).statistic)
    few = distance_agreement(x, y, n_pairs=30)
    assert few != pytest.approx(distance_agreement(x, y)) and abs(few) < 1


@pytest.mark.parametrize(
    "first, second, message",
    [
        (np.zeros((3, 2)), np.zeros((4, 2)), "3 items in one embedding and 4"),
        (np.zeros((2, 2)), np.zeros((2, 2)), "three items"),
        (np.eye(4) * [1, 2, 3, 4], np.zeros((4, 2)), "collapsed"),
        (np.eye(4), np.full((4, 2), np.nan), "NaN"),
    ],
)
def test_agreement_refuses(first, second, message):
    with pytest.raises(ValueError, match=message):
        distance_agreement(first, second)


def test_zeros_cost_nothing_on_disk():
    rng = np.random.default_rng(0)
    full = rng.normal(size=(100, 100)).astype("float32")
    sparse = np.where(rng.random(full.shape) < 0.9, 0, full).astype("float32")
    assert compression.packed_size([sparse]) < 0.25 * compression.packed_size([full])
