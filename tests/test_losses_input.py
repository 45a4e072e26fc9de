"""Metric losses: labels of every kind, degenerate batches, arguments out of range."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import tensorflow as tf

from mlbook import losses

SIZE = 4
POINTS = np.random.default_rng(0).normal(size=(6, SIZE))
LABELS = np.array([0, 0, 1, 1, 2, 2])
PAIR_LOSSES = {
    "contrastive": losses.ContrastiveLoss,
    "triplet all": losses.TripletLoss,
    "triplet hard": lambda: losses.TripletLoss(mining="hard"),
    "triplet semihard": lambda: losses.TripletLoss(mining="semihard"),
    "stress": losses.StressLoss,
    "lifted": losses.LiftedStructureLoss,
    "multi-similarity": losses.MultiSimilarityLoss,
    "multi-similarity, all": lambda: losses.MultiSimilarityLoss(mining_margin=None),
    "nt-xent": losses.NTXentLoss,
    "n-pairs": losses.NPairsLoss,
    "supcon": losses.SupConLoss,
    "cds": losses.CDSLoss,
    "mahalanobis": lambda: losses.MahalanobisLoss(SIZE),
    "fwhd": lambda: losses.FWHDLoss(SIZE),
}
PROXY_LOSSES = {
    "proxy-nca": lambda: losses.ProxyNCALoss(3, SIZE),
    "proxy-nca, paper": lambda: losses.ProxyNCALoss(3, SIZE, positive_in_denominator=False),
    "proxy-anchor": lambda: losses.ProxyAnchorLoss(3, SIZE),
    "arcface": lambda: losses.ArcFaceLoss(3, SIZE),
    "cosface": lambda: losses.CosFaceLoss(3, SIZE),
}
ALL_LOSSES = PAIR_LOSSES | PROXY_LOSSES


def value_and_gradients(loss, labels, points):
    points = tf.Variable(np.asarray(points, np.float32))
    weights = [variable.value for variable in getattr(loss, "trainable_variables", ())]
    with tf.GradientTape() as tape:
        value = loss(labels, points)
    gradients = tape.gradient(
        value, [points, *weights], unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return value.numpy(), [gradient.numpy() for gradient in gradients]


def assert_finite(value, gradients):
    assert np.isfinite(value)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.parametrize("points", ["one pair", "all", "zero"])
@pytest.mark.parametrize("name", ALL_LOSSES)
def test_equal_embeddings_are_finite(name, points):
    given = {"one pair": POINTS.copy(), "all": np.ones((6, SIZE)), "zero": np.zeros((6, SIZE))}
    given["one pair"][[0, 2]] = POINTS[1]
    assert_finite(*value_and_gradients(ALL_LOSSES[name](), LABELS, given[points]))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1, 2, 3, 4, 5], "no positive pair"),
        ([7, 7, 7, 7, 7, 7], "no negative pair"),
    ],
)
@pytest.mark.parametrize("name", PAIR_LOSSES)
def test_degenerate_batch_has_a_value_and_a_warning(name, labels, words):
    loss = PAIR_LOSSES[name]()
    with pytest.warns(losses.DegenerateBatchWarning, match=words):
        value, gradients = value_and_gradients(loss, labels, POINTS)
    assert_finite(value, gradients)
    one_sided = ("contrastive", "stress", "multi", "mahalanobis", "fwhd", "cds", "supcon")
    if name == "n-pairs":
        assert value == pytest.approx(0.002 * (POINTS**2).sum(axis=1).mean(), rel=1e-5)
    elif not name.startswith(one_sided) or (name == "supcon" and "positive" in words):
        assert value == 0
        assert all((gradient == 0).all() for gradient in gradients)


@pytest.mark.parametrize("name", PAIR_LOSSES)
def test_one_sample(name):
    with pytest.warns(losses.DegenerateBatchWarning):
        assert_finite(*value_and_gradients(PAIR_LOSSES[name](), [3], POINTS[:1]))


@pytest.mark.parametrize("name", PROXY_LOSSES)
def test_proxies_need_no_pairs(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error", losses.DegenerateBatchWarning)
        assert_finite(*value_and_gradients(PROXY_LOSSES[name](), [1], POINTS[:1]))
        assert_finite(*value_and_gradients(PROXY_LOSSES[name](), [1] * 6, POINTS))


def test_arcface_on_its_proxy_and_opposite_to_it():
    loss = losses.ArcFaceLoss(2, 2)
    loss.trainable_variables[0].assign([[1, 0], [0, 1]])
    for point in ([[1.0, 0.0]], [[-1.0, 0.0]]):
        assert_finite(*value_and_gradients(loss, [0], point))


WRONG_LABELS = [
    (np.array(["cat", "cat", "dog", "dog", "owl", "owl"]), "np.unique"),
    (np.array(["cat", 1, 2, 3, 4, None], dtype=object), "np.unique"),
    (LABELS.astype(float), "got floats.*astype"),
    (LABELS.astype(float)[:, None], "got floats"),
    (np.ones((6, 3)), "not one-hot"),
    (np.full((6, 3), 1 / 3), "not one-hot"),
    (np.zeros((6, 3, 1), int), "3 dimensions"),
    (LABELS[:5], "5 labels for 6 embeddings"),
]


@pytest.mark.parametrize(("labels", "words"), WRONG_LABELS)
@pytest.mark.parametrize("name", ["contrastive", "proxy-anchor"])
@pytest.mark.parametrize("as_tensor", [False, True])
def test_wrong_labels(name, labels, words, as_tensor):
    if as_tensor:
        if labels.dtype == object:
            pytest.skip("no tensor holds objects")
        labels = tf.constant(labels)
    with pytest.raises(ValueError, match=words):
        ALL_LOSSES[name]()(labels, POINTS)


@pytest.mark.parametrize(("labels", "words"), [WRONG_LABELS[i] for i in (0, 2, 3, 6)])
def test_wrong_labels_while_tracing(labels, words):
    loss = losses.ContrastiveLoss()
    traced = tf.function(lambda y, x: loss(y, x))
    with pytest.raises(ValueError, match=words):
        traced(tf.constant(labels), tf.constant(POINTS))


@pytest.mark.parametrize("name", PROXY_LOSSES)
@pytest.mark.parametrize("outside", [-1, 3])
def test_labels_outside_the_proxies(name, outside):
    loss = PROXY_LOSSES[name]()
    with pytest.raises(ValueError, match=f"label {outside} is outside the classes 0 .. 2"):
        loss([0, 0, 1, 1, 2, outside], POINTS)
    assert loss.trainable_variables
    traced = tf.function(lambda y, x: loss(y, x))
    good, bad = tf.constant([0, 0, 1, 1, 2, 2]), tf.constant([0, 0, 1, 1, 2, outside])
    points = tf.constant(POINTS, tf.float32)
    assert np.isfinite(traced(good, points))
    assert np.isnan(traced(bad, points)), "a wrong label must show"
    with pytest.raises(ValueError, match="4 columns"):
        loss(np.eye(4)[LABELS], POINTS)


@pytest.mark.parametrize("name", ALL_LOSSES)
def test_traced_losses_have_the_values_of_eager_ones(name):
    loss = ALL_LOSSES[name]()
    eager = value_and_gradients(loss, LABELS, POINTS)[0]
    xla = name == "triplet semihard"  # takes seconds to compile; this one has the rarest operations
    for labels in (LABELS, np.eye(3)[LABELS]):
        traced = tf.function(lambda y, x: loss(y, x), jit_compile=xla)
        value = traced(tf.constant(labels), tf.constant(POINTS, tf.float32)).numpy()
        assert value == pytest.approx(eager, rel=1e-5, abs=1e-6)


def test_wrong_embeddings():
    with pytest.raises(ValueError, match="shape .batch, n_dims."):
        losses.TripletLoss()(LABELS, POINTS[:, 0])
    with pytest.raises(ValueError, match="embedding_size=5.* have 4"):
        losses.MahalanobisLoss(5)(LABELS, POINTS)
    with pytest.raises(ValueError, match="empty"):
        losses.TripletLoss()(LABELS[:0], POINTS[:0])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: losses.TripletLoss(margin=0), "margin must be a finite number > 0"),
        (lambda: losses.TripletLoss(margin="0.2"), "margin"),
        (lambda: losses.TripletLoss(mining="easy"), "'all', 'hard', 'semihard'"),
        (lambda: losses.TripletLoss(distance="manhattan"), "euclidean"),
        (lambda: losses.ContrastiveLoss(power=3), "power"),
        (lambda: losses.ContrastiveLoss(average="some"), "average"),
        (lambda: losses.NTXentLoss(temperature=-1), "temperature"),
        (lambda: losses.SupConLoss(temperature=float("nan")), "temperature"),
        (lambda: losses.MultiSimilarityLoss(alpha=0), "alpha"),
        (lambda: losses.CDSLoss(bandwidth=0), "bandwidth"),
        (lambda: losses.ArcFaceLoss(10, 4, margin=28.6), "radians"),
        (lambda: losses.ArcFaceLoss(1, 4), "n_classes must be an integer >= 2"),
        (lambda: losses.CosFaceLoss(3.0, 4), "n_classes"),
        (lambda: losses.ProxyNCALoss(3, 0), "embedding_size"),
        (lambda: losses.MahalanobisLoss(3, n_components=4), "n_components=4 exceeds"),
        (lambda: losses.FWHDLoss(3, temperature=-0.1), "temperature"),
    ],
)
def test_wrong_arguments(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_weights_that_nobody_trains_warn_once():
    loss = losses.FWHDLoss(SIZE)
    with pytest.warns(UserWarning, match="EmbeddingModel"):
        loss(LABELS, POINTS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss(LABELS, POINTS)


def test_package_is_light_and_names_are_found():
    code = (
        "import sys, mlbook.losses as losses; losses.CONVENTIONS['TripletLoss']; dir(losses);"
        "assert 'keras' not in sys.modules and 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert set(losses.__all__) <= set(dir(losses))
    assert all(getattr(losses, name) for name in losses.__all__)
    with pytest.raises(AttributeError, match="QuadrupletLoss"):
        losses.QuadrupletLoss  # noqa: B018


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("name", ALL_LOSSES)
def test_a_broken_embedding_breaks_the_loss(name, normalize):
    """One NaN must not pass for a loss that is merely stuck."""
    loss = ALL_LOSSES[name]()
    loss.normalize = normalize
    getattr(loss, "trainable_variables", None)  # asked for, so that it does not warn
    assert np.isfinite(loss(LABELS, POINTS).numpy())
    for broken in (np.nan, np.inf):
        points = POINTS.copy()
        points[2, 1] = broken
        assert np.isnan(loss(LABELS, points).numpy())
    assert np.isnan(loss(LABELS, np.full_like(POINTS, np.nan)).numpy())


def test_an_embedding_model_wants_a_network():
    with pytest.raises(TypeError, match="must be a Keras model, got int"):
        losses.EmbeddingModel(3)


def test_labels_of_a_frame_or_a_tensor_are_looked_at_before_the_fit():
    import keras
    import pandas as pd

    model = losses.EmbeddingModel(
        keras.Sequential([keras.Input((SIZE,)), keras.layers.Dense(SIZE)])
    )
    model.compile("sgd", losses.ArcFaceLoss(3, SIZE))
    for labels in (pd.Series(LABELS + 1), tf.constant(LABELS + 1)):
        with pytest.raises(ValueError, match="label 3 is outside"):
            model.fit(POINTS, labels, verbose=0)


def test_no_labels_are_named_so():
    with pytest.raises(ValueError, match="got None"):
        losses.TripletLoss().check_labels(None)
