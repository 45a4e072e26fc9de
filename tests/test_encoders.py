"""Encoders: sizes by formula, features by brute force, padding without influence, saving."""

import keras
import numpy as np
import pytest

from mlbook import losses
from mlbook.encoders import (
    article_cnn,
    lstm,
    residual_cnn,
    scale_images,
    stacked_textcnn,
    textcnn,
)

N_WORDS, LENGTH, N = 12, 30, 16
SMALL = {"input_shape": (18, 20, 3)}
TEXT = {"n_words": N_WORDS, "length": LENGTH, "n_word_dims": 5}
BUILDERS = {
    "article_cnn": lambda **o: article_cnn(**SMALL | o),
    "residual_cnn": lambda **o: residual_cnn(**SMALL | {"stem": 4, "widths": (6, 8, 8)} | o),
    "lstm": lambda **o: lstm(**TEXT | {"units": 7} | o),
    "lstm, unmasked": lambda **o: lstm(**TEXT | {"units": 7, "mask": False} | o),
    "stacked_textcnn": lambda **o: stacked_textcnn(**TEXT | o),
    "textcnn": lambda **o: textcnn(**TEXT | {"maps": 6} | o),
}
N_FEATURES = dict(zip(BUILDERS, (64, 8, 7, 7, 128, 18), strict=True))
OF_TEXT = [name for name in BUILDERS if "cnn" not in name or "text" in name]
every_network = pytest.mark.parametrize("name", BUILDERS)


def batch(name, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(N) % 4
    if name not in OF_TEXT:
        return rng.random((N, 18, 20, 3)).astype("float32"), labels
    words = rng.integers(1, N_WORDS, (N, LENGTH)).astype("int32")
    for i, row in enumerate(words):
        row[LENGTH - i :] = 0
    return words, labels


def values(model, x):
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(x, training=False))


def arrays(weights):
    return [keras.ops.convert_to_numpy(weight) for weight in weights]


def kernels(model):
    """All weights that are drawn at random."""
    constant = ("bias", "gamma", "beta", "moving_mean", "moving_variance", "seed_generator_state")
    return arrays(weight for weight in model.weights if weight.name not in constant)


# --- the end of a network ----------------------------------------------------------------------


@every_network
def test_what_comes_out(name):
    build, (x, _) = BUILDERS[name], batch(name)
    assert values(build(), x).shape == (N, N_FEATURES[name])
    assert values(build(n_dims=3), x).shape == (N, 3)
    probabilities = values(build(n_classes=4), x)
    assert probabilities.shape == (N, 4) and probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    both = values(build(n_classes=4, n_dims=3), x)
    assert {key: value.shape for key, value in both.items()} == {
        "embedding": (N, 3),
        "probabilities": (N, 4),
    }


@every_network
def test_features_can_be_had_from_any_network(name):
    x, _ = batch(name)
    model = BUILDERS[name](n_classes=4)
    features = keras.Model(model.input, model.get_layer("features").output)
    np.testing.assert_allclose(values(features, x), values(BUILDERS[name](), x), rtol=1e-5)


def test_the_classifier_reads_the_embedding_before_it_is_scaled():
    x, _ = batch("article_cnn")
    options = {"n_classes": 4, "n_dims": 3, "seed": 2}
    plain = values(BUILDERS["article_cnn"](**options), x)
    model = BUILDERS["article_cnn"](**options, normalize=True)
    scaled = values(model, x)
    lengths = np.linalg.norm(plain["embedding"], axis=1, keepdims=True)
    assert lengths.std() > 0.01
    np.testing.assert_allclose(scaled["embedding"], plain["embedding"] / lengths, rtol=1e-4)
    np.testing.assert_array_equal(scaled["probabilities"], plain["probabilities"])
    kernel, bias = model.get_layer("probabilities").get_weights()
    logits = plain["embedding"] @ kernel + bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(plain["probabilities"], expected, rtol=1e-4)


def test_a_text_without_words_has_an_embedding_of_length_zero_not_nan():
    for name in ("textcnn", "lstm"):
        embedding = values(BUILDERS[name](n_dims=3, normalize=True), np.zeros((2, LENGTH), int))
        np.testing.assert_array_equal(embedding, 0)


# --- sizes -------------------------------------------------------------------------------------


def convolution(window, maps_in, maps, bias=True):
    return window * maps_in * maps + (maps if bias else 0)


def test_parameters_of_the_article_networks():
    # 32 - 2 = 30, halved 15, - 2 = 13, halved 6, - 2 = 4
    cnn = convolution(9, 3, 32) + convolution(9, 32, 64) + convolution(9, 64, 64)
    cnn += (4 * 4 * 64 + 1) * 64 + (64 + 1) * 10
    assert cnn == 122_570 == article_cnn(n_classes=10).count_params()
    assert article_cnn(n_dims=16).count_params() == cnn - 650 + 65 * 16
    # four gates, each of the word vector, the state and a bias
    words = 1_000 * 32 + 4 * 128 * (32 + 128 + 1) + (128 + 1) * 4
    for mask in (True, False):
        assert lstm(1_000, 100, n_classes=4, mask=mask).count_params() == words
    # (60 - 4) // 5 = 11, - 4 = 7
    stacked = 1_000 * 50 + convolution(5, 50, 128) + convolution(5, 128, 128)
    stacked += (7 * 128 + 1) * 128 + (128 + 1) * 2
    assert stacked_textcnn(1_000, 60, 2, n_word_dims=50).count_params() == stacked


def test_parameters_of_the_better_networks():
    kim = 1_000 * 50 + sum(convolution(width, 50, 100) for width in (3, 4, 5)) + 301 * 2
    assert textcnn(1_000, 60, n_classes=2, n_word_dims=50).count_params() == kim
    # a normalisation has four numbers a map, two of them trained
    stem, widths = 16, (24, 64, 144)
    total = convolution(9, 3, stem, False) + 4 * stem
    before = stem
    for width in widths:
        total += convolution(9, before, width, False) + convolution(9, width, width, False)
        total += convolution(1, before, width, False) + 3 * 4 * width
        before = width
    total += (144 + 1) * 10
    model = residual_cnn(n_classes=10, stem=stem, widths=widths)
    assert model.count_params() == total
    sides = [layer.output.shape[1] for layer in model.layers if "conv2d" in layer.name]
    # a block's two convolutions and its short cut
    assert sides == [32] + 3 * [16] + 3 * [8] + 3 * [4]


def test_the_default_modern_network_is_small_and_cheap():
    model = residual_cnn(n_classes=10)
    assert 300_000 < model.count_params() < 700_000
    products = sum(
        int(np.prod(layer.kernel.shape)) * int(np.prod(layer.output.shape[1:-1]))
        for layer in model.layers
        if hasattr(layer, "kernel")
    )
    assert products < 12e6


# --- what the features are ---------------------------------------------------------------------


def test_textcnn_by_brute_force():
    x, _ = batch("textcnn")
    model = textcnn(**TEXT, maps=6, widths=(2, 3))
    features = values(model, x)
    vectors = model.get_layer("word_vectors").get_weights()[0]
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv1D)]
    for i, row in enumerate(x):
        words = [vectors[word] for word in row if word]
        found = []
        for width, layer in zip((2, 3), convolutions, strict=True):
            kernel, bias = layer.get_weights()
            left = (width - 1) // 2
            silence = [np.zeros(5)]
            padded = np.array(left * silence + words + width * silence)
            windows = [padded[k : k + width] for k in range(len(words))]
            maps = [np.maximum(0, np.einsum("wd,wdm->m", w, kernel) + bias) for w in windows]
            found.append(np.max(maps, axis=0) if maps else np.zeros(6))
        np.testing.assert_allclose(features[i], np.concatenate(found), atol=1e-6)


def test_a_residual_block_without_its_convolutions_is_its_short_cut():
    x = batch("residual_cnn")[0][:, :8, :8]
    model = residual_cnn(input_shape=(8, 8, 3), stem=6, widths=(6, 6))
    stem, *others = [layer for layer in model.layers if "conv2d" in layer.name]
    assert len(others) == 4  # the short cuts need no convolution for as many maps
    for layer in others:
        layer.set_weights([0 * layer.get_weights()[0]])
    after_stem = values(keras.Model(model.input, stem.output), x) / np.sqrt(1 + 1e-3)
    # half as large after the first block, the second one keeps the size
    expected = np.maximum(0, after_stem).reshape(N, 4, 2, 4, 2, 6).mean(axis=(2, 4))
    np.testing.assert_allclose(values(model, x), expected.mean(axis=(1, 2)), rtol=1e-4)


def test_padding_has_no_influence_where_it_is_masked():
    x, _ = batch("lstm")
    longer = np.pad(x, ((0, 0), (0, 7)))
    at_start = np.array([np.concatenate([row[row == 0], row[row != 0]]) for row in x])
    for name in ("lstm", "textcnn"):
        model = BUILDERS[name](n_dims=3)
        expected = values(model, x)
        model_longer = BUILDERS[name](n_dims=3, length=LENGTH + 7)
        np.testing.assert_allclose(values(model_longer, longer), expected, atol=1e-6)
        np.testing.assert_allclose(values(model, at_start), expected, atol=1e-6)
        (vectors,) = model.get_layer("word_vectors").get_weights()
        vectors[0] = 1_000
        model.get_layer("word_vectors").set_weights([vectors])
        np.testing.assert_allclose(values(model, x), expected, atol=1e-6)
    for name in ("lstm, unmasked", "stacked_textcnn"):
        model = BUILDERS[name](n_dims=3)
        moved = np.abs(values(model, at_start) - values(model, x)).max(axis=1)
        assert moved[0] == 0 and (moved[1:-1] > 1e-5).all()


# --- weights -----------------------------------------------------------------------------------


@every_network
def test_same_seed_same_weights(name):
    def build(seed):
        return BUILDERS[name](n_classes=4, n_dims=3, seed=seed)

    keras.utils.set_random_seed(1)
    first, other = build(0), build(1)
    keras.utils.set_random_seed(2)
    again = build(0)
    for mine, same in zip(arrays(first.weights), arrays(again.weights), strict=True):
        np.testing.assert_array_equal(mine, same)
    for i, mine in enumerate(kernels(first)):
        assert mine.std() > 0
        for theirs in kernels(other) + kernels(first)[i + 1 :]:
            assert mine.shape != theirs.shape or (mine != theirs).mean() > 0.9


@every_network
def test_every_weight_learns(name):
    x, y = batch(name)
    model = BUILDERS[name](n_classes=4, n_dims=3)
    model.compile(
        keras.optimizers.SGD(0.5),
        loss={
            "embedding": losses.ContrastiveLoss(),
            "probabilities": "sparse_categorical_crossentropy",
        },
        run_eagerly=True,
    )
    before = arrays(model.trainable_weights)
    model.train_on_batch(x, {"embedding": y, "probabilities": y})
    for weight, was in zip(model.trainable_weights, before, strict=True):
        assert (keras.ops.convert_to_numpy(weight) != was).any(), weight.path


@pytest.mark.parametrize("name", OF_TEXT)
def test_word_vectors_are_used(name):
    x, y = batch(name)
    vectors = np.random.default_rng(0).normal(size=(N_WORDS, 9))
    for train in (True, False):
        model = BUILDERS[name](n_classes=4, vectors=vectors, train_vectors=train)
        layer = model.get_layer("word_vectors")
        np.testing.assert_allclose(layer.get_weights()[0], vectors, rtol=1e-6)
        lookup = keras.Model(model.input, layer.output)
        np.testing.assert_allclose(values(lookup, x), vectors[x], rtol=1e-6)
        # other vectors, other features: they are not only stored
        swapped = BUILDERS[name](n_classes=4, vectors=vectors[::-1])
        assert np.abs(values(swapped, x) - values(model, x)).max() > 1e-3
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
        model.train_on_batch(x, y)
        assert (layer.get_weights()[0] != vectors.astype("f4")).any() == train
        # the vectors are weights, not part of the description
        assert len(model.to_json()) < 20_000


def test_textcnn_limits_its_classifier_and_drops_out_in_training_only():
    x, y = batch("textcnn")
    model = BUILDERS["textcnn"](n_classes=4)
    np.testing.assert_array_equal(values(model, x), values(model, x))
    in_training = keras.ops.convert_to_numpy(model(x, training=True))
    assert np.abs(in_training - values(model, x)).max() > 1e-4
    model.compile(keras.optimizers.SGD(1e4), "sparse_categorical_crossentropy", run_eagerly=True)
    model.train_on_batch(x, y)
    lengths = np.linalg.norm(model.get_layer("probabilities").get_weights()[0], axis=0)
    assert lengths.max() == pytest.approx(3, rel=1e-4)


# --- saving, and the metric losses -------------------------------------------------------------


@every_network
def test_save_and_load(name, tmp_path):
    x, _ = batch(name)
    options = {"vectors": np.random.default_rng(0).normal(size=(N_WORDS, 5))}
    model = BUILDERS[name](
        n_classes=4, n_dims=3, normalize=True, **options if name in OF_TEXT else {}
    )
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for key, value in values(model, x).items():
        np.testing.assert_array_equal(values(again, x)[key], value)


@pytest.mark.parametrize(
    "name, loss",
    [
        ("residual_cnn", lambda: losses.TripletLoss()),
        ("lstm", lambda: losses.ProxyAnchorLoss(4, 3)),
        ("textcnn", lambda: losses.FWHDLoss(3)),
    ],
)
def test_with_the_metric_losses(name, loss, tmp_path):
    x, y = batch(name)
    model = losses.EmbeddingModel(BUILDERS[name](n_classes=4, n_dims=3))
    model.compile(
        keras.optimizers.Adam(0.01),
        loss={"embedding": loss(), "probabilities": "sparse_categorical_crossentropy"},
        metrics={"probabilities": "accuracy"},
        jit_compile=False,
        # the graph of many layers takes longer than the six steps
        run_eagerly=name == "residual_cnn",
    )
    targets = {"embedding": y, "probabilities": y}
    history = model.fit(x, targets, batch_size=N, epochs=6, verbose=0).history
    assert np.isfinite(history["loss"]).all() and history["loss"][-1] < history["loss"][0]
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for key, value in values(model, x).items():
        np.testing.assert_allclose(values(again, x)[key], value, rtol=1e-5)


def test_an_encoder_alone_learns_a_metric():
    x, y = batch("textcnn")
    model = losses.EmbeddingModel(BUILDERS["textcnn"](n_dims=3, normalize=True))
    model.compile("adam", loss=losses.SupConLoss(), jit_compile=False)
    history = model.fit(x, y, batch_size=N, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]


# --- bad input ---------------------------------------------------------------------------------


def test_images_are_scaled():
    images = np.array([[[[0, 51, 255]]]], np.uint8)
    scaled = scale_images(images, (1, 1, 3))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, [[[[0, 0.2, 1]]]], rtol=1e-6)
    np.testing.assert_array_equal(scale_images(scaled.astype(float), (1, 1, 3)), scaled)
    assert scale_images(np.zeros((0, 32, 32, 3))).shape == (0, 32, 32, 3)


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros((32, 32, 3), np.uint8), r"shape \(n, \*\(32, 32, 3\)\), got \(32, 32, 3\)"),
        (np.zeros((2, 28, 28, 1), np.uint8), r"got \(2, 28, 28, 1\)"),
        (np.zeros((2, 3, 32, 32), np.uint8), r"got \(2, 3, 32, 32\)"),
        (np.zeros((2, 32, 32, 3), int), "must be uint8, .* got int64"),
        (np.full((2, 32, 32, 3), 255.0), "got 255 to 255: divide"),
        (np.full((2, 32, 32, 3), -0.5), "between 0 and 1"),
        (np.full((2, 32, 32, 3), np.nan), "without NaN"),
    ],
)
def test_bad_images(images, message):
    with pytest.raises(ValueError, match=message):
        scale_images(images)


@every_network
def test_inputs_of_another_shape(name):
    x, _ = batch(name)
    with pytest.raises(ValueError, match="expected shape="):
        BUILDERS[name](n_dims=3)(x[:, 1:])


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: article_cnn(10, input_shape=(16, 32, 3)), "height and width .* >= 18, got 16"),
        (lambda: article_cnn(10, input_shape=(32, 32)), r"\(height, width, channels\), got \(32"),
        (lambda: article_cnn(10, input_shape=32), r"\(height, width, channels\), got 32"),
        (lambda: article_cnn(n_classes=1), "n_classes must be an integer >= 2, got 1"),
        (lambda: article_cnn(n_dims=0), "n_dims must be an integer >= 1, got 0"),
        (lambda: article_cnn(10, seed=-1), "seed must be an integer >= 0, got -1"),
        (lambda: article_cnn(10, seed=None), "seed must be an integer >= 0, got None"),
        (lambda: article_cnn(10, normalize=True), "there are none: give n_dims"),
        (lambda: residual_cnn(10, widths=(8, 0)), "widths must be an integer >= 1, got 0"),
        (lambda: residual_cnn(10, input_shape=(4, 4, 3)), "height and width .* >= 8, got 4"),
        (lambda: lstm(2, 10, 2), "n_words must be an integer >= 3, got 2"),
        (lambda: lstm(10.0, 10, 2), "n_words must be an integer >= 3, got 10.0"),
        (lambda: lstm(10, 10, 2, units=0), "units must be"),
        (lambda: stacked_textcnn(10, 28, 2), "length must be an integer >= 29, got 28"),
        (lambda: textcnn(10, 0, 2), "length must be an integer >= 1, got 0"),
        (lambda: textcnn(10, 9, 2, widths=()), r"at least one size, .* got \(\)"),
        (lambda: textcnn(10, 9, 2, widths=(3, 2.5)), "widths must be an integer >= 1, got 2.5"),
        (lambda: textcnn(10, 9, 2, dropout=1.0), "dropout must be"),
        (lambda: textcnn(10, 9, 2, vectors=np.ones((9, 4))), r"n_words=10, .* got shape \(9, 4\)"),
        (lambda: textcnn(2, 9, 2, vectors=np.ones(2)), "n_words must be"),
        (lambda: lstm(10, 9, 2, vectors=np.full((10, 4), np.nan)), "finite values"),
    ],
)
def test_sizes_out_of_range(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_the_shortest_inputs_work():
    assert article_cnn(3, input_shape=(18, 18, 1)).output.shape == (None, 3)
    assert stacked_textcnn(5, 29, 3).output.shape == (None, 3)
    assert textcnn(5, 1, 3).output.shape == (None, 3)
