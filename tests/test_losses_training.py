"""Metric losses in Keras: compile, fit, save, load, mixed precision, several outputs."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlbook import losses
from mlbook.losses import EmbeddingModel

SIZE, N_CLASSES = 3, 3
PROXIES = {"n_classes": N_CLASSES, "embedding_size": SIZE}
# every argument away from its default, to see that it is saved
LOSSES = {
    "contrastive": lambda: losses.ContrastiveLoss(1.5, 0.1, 1, 2.0, "cosine", "nonzero", False),
    "triplet": lambda: losses.TripletLoss(0.3, "semihard", "cosine", "all", False),
    "stress": lambda: losses.StressLoss(0.7, True),
    "lifted": lambda: losses.LiftedStructureLoss(0.8, "cosine", False),
    "multi-similarity": lambda: losses.MultiSimilarityLoss(3, 40, 0.4, None, False),
    "nt-xent": lambda: losses.NTXentLoss(0.2, False),
    "n-pairs": lambda: losses.NPairsLoss(0.1, True),
    "supcon": lambda: losses.SupConLoss(0.2, False),
    "cds": lambda: losses.CDSLoss(0.7),
    "mahalanobis": lambda: losses.MahalanobisLoss(SIZE, 2, 1.1, 2.0, False),
    "fwhd": lambda: losses.FWHDLoss(SIZE, 1.1, 2.0, 0.2, False),
    "proxy-nca": lambda: losses.ProxyNCALoss(**PROXIES, scale=2, positive_in_denominator=False),
    "proxy-anchor": lambda: losses.ProxyAnchorLoss(**PROXIES, margin=0.2, alpha=16),
    "arcface": lambda: losses.ArcFaceLoss(**PROXIES, margin=0.4, scale=8),
    "cosface": lambda: losses.CosFaceLoss(**PROXIES, margin=0.3, scale=8),
}
WITH_WEIGHTS = ["mahalanobis", "fwhd", "arcface"]


def data(n=48):
    rng = np.random.default_rng(0)
    labels = np.arange(n) % N_CLASSES
    return (rng.normal(size=(n, 4)) + 2 * np.eye(4)[labels]).astype("float32"), labels


# compiling with XLA takes longer than these trainings; one test does it
def compile_quickly(model, optimizer="sgd", **kwargs):
    model.compile(optimizer, jit_compile=False, **kwargs)


def small_encoder(policy=None):
    dense = keras.layers.Dense(SIZE, dtype=policy)
    return keras.Sequential([keras.Input((4,)), dense])


@pytest.mark.parametrize("name", LOSSES)
def test_config_holds_every_argument(name):
    loss = LOSSES[name]()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    x, y = data(9)
    for ours, theirs in zip(
        getattr(loss, "trainable_variables", ()),
        getattr(again, "trainable_variables", ()),
        strict=True,
    ):
        theirs.assign(ours)
    assert again(y, x[:, :3]).numpy() == loss(y, x[:, :3]).numpy()
    renamed = LOSSES[name]().from_config({**loss.get_config(), "name": "mine", "dtype": "float64"})
    assert (renamed.name, renamed.dtype) == ("mine", "float64")


def test_keras_trains_saves_and_loads_a_plain_model(tmp_path):
    keras.utils.set_random_seed(0)
    x, y = data()
    model = small_encoder()
    model.compile(keras.optimizers.Adam(0.01), loss=losses.TripletLoss(margin=0.5, average="all"))
    history = model.fit(x, y, batch_size=24, epochs=8, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.loss.get_config() == model.loss.get_config()
    assert again.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_embedding_model_trains_saves_and_loads_the_weights_of_its_loss(name, tmp_path):
    keras.utils.set_random_seed(0)
    x, y = data()
    loss = LOSSES[name]()
    model = EmbeddingModel(small_encoder())
    compile_quickly(model, keras.optimizers.Adam(0.05), loss=loss)
    before = [variable.numpy() for variable in loss.trainable_variables]
    history = model.fit(x, y, batch_size=24, epochs=4, verbose=0).history["loss"]
    assert history[-1] < history[0]
    after = [variable.numpy() for variable in loss.trainable_variables]
    assert len(model.trainable_variables) == 2 + len(after) == 3
    assert all(np.abs(new - old).max() > 1e-3 for new, old in zip(after, before, strict=True))

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.loss.trainable_variables[0].numpy(), after[0])
    assert again.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0))
    # the optimiser goes on where it was, with the moments of the loss's weights
    for one in (model, again):
        one.fit(x, y, batch_size=48, epochs=1, verbose=0)
    np.testing.assert_allclose(
        again.loss.trainable_variables[0].numpy(), loss.trainable_variables[0].numpy(), rtol=1e-5
    )


def test_weights_alone_are_saved_and_loaded(tmp_path):
    x, y = data()
    models = []
    for _ in range(2):
        models.append(EmbeddingModel(small_encoder()))
        compile_quickly(models[-1], loss=losses.CosFaceLoss(**PROXIES))
        models[-1].fit(x, y, epochs=1, verbose=0)
    models[0].save_weights(tmp_path / "all.weights.h5")
    models[1].load_weights(tmp_path / "all.weights.h5")
    proxies = [model.loss.proxies.numpy() for model in models]
    np.testing.assert_array_equal(*proxies)


def test_compiling_again_changes_the_weights():
    x, y = data()
    model = EmbeddingModel(small_encoder())
    compile_quickly(model, loss=losses.CosFaceLoss(**PROXIES))
    model.fit(x, y, epochs=1, verbose=0)
    assert [v.name for v in model.trainable_variables][-1] == "proxies"
    compile_quickly(model, loss=losses.FWHDLoss(SIZE))
    assert [v.name for v in model.trainable_variables][-1] == "weight_logits"
    model.fit(x, y, epochs=1, verbose=0)
    compile_quickly(model, loss=losses.TripletLoss())
    assert len(model.trainable_variables) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Keras warns of weights without gradient
        model.fit(x, y, epochs=1, verbose=0)


def test_cross_entropy_and_metric_loss_together(tmp_path):
    x, y = data()
    inputs = keras.Input((4,))
    embedding = keras.layers.Dense(SIZE, name="embedding")(inputs)
    logits = keras.layers.Dense(N_CLASSES, name="logits")(embedding)
    model = EmbeddingModel(keras.Model(inputs, {"embedding": embedding, "logits": logits}))
    entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    compile_quickly(
        model,
        "adam",
        loss={"embedding": losses.FWHDLoss(SIZE), "logits": entropy},
        loss_weights={"embedding": 0.5, "logits": 1.0},
    )
    model.fit(x, {"embedding": y, "logits": y}, epochs=1, verbose=0)
    assert len(model.trainable_variables) == 5
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        again.loss["embedding"].feature_weights, model.loss["embedding"].feature_weights
    )


@pytest.mark.parametrize("name", ["triplet", "supcon", "arcface"])
def test_mixed_precision_is_finite(name):
    x, y = data()
    model = EmbeddingModel(small_encoder("mixed_float16"))
    compile_quickly(model, "adam", loss=LOSSES[name]())
    assert model.encoder(x).dtype == tf.float16
    values = model.fit(x, y, batch_size=16, epochs=2, verbose=0).history["loss"]
    assert np.isfinite(values).all()
    assert all(np.isfinite(variable.numpy()).all() for variable in model.trainable_variables)


@pytest.mark.parametrize("name", LOSSES)
def test_half_precision_embeddings(name):
    """The loss computes in float32 whatever comes in, even when it is to answer in float16."""
    x, y = data(12)
    points = tf.Variable(tf.constant(x[:, :3], tf.float16))
    loss = LOSSES[name]()
    assert getattr(loss, "trainable_variables", True)
    with tf.GradientTape() as tape:
        value = loss(y, points)
    assert value.dtype == tf.float32
    gradient = tape.gradient(value, points)
    assert gradient.dtype == tf.float16
    assert np.isfinite(gradient.numpy()).all()
    half = type(loss).from_config({**loss.get_config(), "dtype": "float16"})
    for ours, theirs in zip(
        getattr(loss, "trainable_variables", ()),
        getattr(half, "trainable_variables", ()),
        strict=True,
    ):
        theirs.assign(ours)
    assert half(y, points).numpy() == pytest.approx(value.numpy(), rel=2e-3)


def test_fit_looks_at_the_labels_first():
    x, y = data()
    model = EmbeddingModel(small_encoder())
    compile_quickly(model, loss=losses.ArcFaceLoss(**PROXIES))
    with pytest.raises(ValueError, match="label 3 is outside"):
        model.fit(x, y + 1, verbose=0)
    with pytest.raises(ValueError, match="got floats"):
        model.evaluate(x, y.astype(float), verbose=0)
    with pytest.raises(ValueError, match="np.unique"):
        model.fit(x, y.astype(str), verbose=0)
    compile_quickly(model, loss=losses.TripletLoss())
    with pytest.warns(losses.DegenerateBatchWarning, match="no positive pair"):
        model.fit(x[:4], np.arange(4), verbose=0)


def test_a_stream_with_a_label_outside_the_proxies_shows():
    x, y = data()
    model = EmbeddingModel(small_encoder())
    compile_quickly(model, loss=losses.ArcFaceLoss(**PROXIES))
    stream = tf.data.Dataset.from_tensor_slices((x, y + 1)).batch(16)
    assert np.isnan(model.fit(stream, epochs=1, verbose=0).history["loss"]).all()


def test_one_hot_labels_in_fit_and_an_incomplete_last_batch():
    x, y = data(20)
    model = small_encoder()
    compile_quickly(model, loss=losses.SupConLoss())
    history = model.fit(x, np.eye(3)[y], batch_size=16, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all()
