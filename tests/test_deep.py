"""The experiments of chapter 2, and the losses that only they use."""

import numpy as np
import pytest

from mlbook import datasets
from mlbook.checks import deep
from mlbook.experiments import Budget, losses_digits, speakers
from mlbook.experiments.base import budget_of


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_new_classes_are_new(digits, seed):
    limits = losses_digits.BUDGETS["full"]
    parts = losses_digits.split(digits, limits, seed)
    assert len(parts["train"][1]) == limits.n_train and len(parts["new"][1]) == limits.n_test
    assert len(parts["known"][1]) == losses_digits.N_KNOWN_TEST
    for name, labels in (("train", range(6)), ("known", range(6)), ("new", range(6, 10))):
        assert set(parts[name][1]) == set(labels)
    images = {name: {image.tobytes() for image in x} for name, (x, _) in parts.items()}
    assert not images["train"] & images["known"] and not images["train"] & images["new"]
    for x, _ in parts.values():
        assert x.shape[1:] == (8, 8, 1) and x.min() == 0 and x.max() == 1


def test_classes_are_renumbered_consistently(digits):
    pooled = np.concatenate([digits.x_train, digits.x_test])
    labels = np.concatenate([digits.y_train, digits.y_test])
    label_of = {image.tobytes(): c for image, c in zip(pooled, labels, strict=True)}
    x, y = losses_digits.split(digits, losses_digits.BUDGETS["full"], 3)["train"]
    back = (x[..., 0] * 16).astype(pooled.dtype)
    pairs = {(label_of[image.tobytes()], c) for image, c in zip(back, y, strict=True)}
    assert len(pairs) == losses_digits.N_LEARNED


def test_every_loss_tries_as_many_settings():
    full = losses_digits.BUDGETS["full"].grids
    for arm in losses_digits.LOSSES:
        values = losses_digits.settings(arm, full["settings"])
        assert len(set(values)) == 3
        assert values[0] == sorted(values)[1], "a small budget takes the middle one"
    assert set(losses_digits.ARTICLE) <= set(losses_digits.LOSSES)


def test_every_loss_can_be_made_and_pushes_apart():
    from mlbook.experiments import losses_network as network

    labels = np.repeat(np.arange(6), 4)
    corners = 2 * np.eye(6, network.EMBEDDING_SIZE, dtype=np.float32)
    for arm in losses_digits.LOSSES:
        loss = network.make_loss(arm, losses_digits.settings(arm, 1)[0], 6)
        held = getattr(loss, "trainable_variables", [])
        if hasattr(loss, "proxies"):
            held[0].assign(corners)
        apart = float(loss(labels, corners[labels]))
        # not exactly equal: among ties there is no semi-hard triplet
        noise = np.random.default_rng(0).normal(scale=1e-3, size=(24, network.EMBEDDING_SIZE))
        equal = float(loss(labels, (1 + noise).astype(np.float32)))
        assert np.isfinite([apart, equal]).all() and apart < equal, arm


def test_settings_are_chosen_on_training_classes_not_fitted(digits, monkeypatch):
    from mlbook.experiments import losses_network as network

    seen = []

    def train(arm, value, rate, x, y, steps, seed):
        seen.append({image.tobytes() for image in x})
        # the middle setting finds classes by their number; the others know nothing
        good = (value, rate) == (0.2, 3e-3)
        return lambda images: images.reshape(len(images), -1) ** (1 if good else 0)

    scored = []
    plain = losses_digits._measure

    def measure(embed, images):
        scored.append((images[1], {image.tobytes() for image in images[0]}))
        return plain(embed, images)

    monkeypatch.setattr(network, "train", train)
    monkeypatch.setattr(losses_digits, "_measure", measure)
    x, y = losses_digits.split(digits, losses_digits.BUDGETS["full"], 0)["train"]
    grids = losses_digits.BUDGETS["full"].grids
    best = losses_digits.choose("triplet", x, y, grids, 0)
    assert best == ((0.2, 3e-3), (0.2, 3e-3))
    assert len(seen) == 6, "three values, two rates"
    for i, fitted in enumerate(seen):
        (new, new_images), (known, known_images) = scored[2 * i : 2 * i + 2]
        assert set(new) == {3, 4, 5} and set(known) == {0, 1, 2}
        assert not fitted & new_images and not fitted & known_images


def test_one_setting_needs_no_choice(digits):
    grids = losses_digits.BUDGETS["reader"].grids
    chosen = losses_digits.choose("cds", None, None, grids, 0)
    assert chosen == ((0.5, 1e-3), (0.5, 1e-3))


@pytest.fixture(scope="module")
def trained(digits):
    """Twice the same training, with others in between that use the same compiled network."""
    from mlbook.experiments import losses_network as network

    x, y = losses_digits.split(digits, losses_digits.BUDGETS["full"], 0)["train"]
    found = {}
    for arm in ("proxy_anchor", "mahalanobis"):
        value = losses_digits.settings(arm, 1)[0]
        first = network.train(arm, value, 3e-3, x, y, 20, 0)
        before = first(x[:50])
        network.train(arm, value, 1e-2, x, y, 40, 1)
        found[arm] = before, first(x[:50]), network.train(arm, value, 3e-3, x, y, 20, 0)(x[:50])
    return found, network.untrained(0)(x[:50])


@pytest.mark.parametrize("arm", ["proxy_anchor", "mahalanobis"])
def test_a_training_leaves_nothing_for_the_next(trained, arm):
    before, kept, again = trained[0][arm]
    np.testing.assert_array_equal(before, kept)
    np.testing.assert_array_equal(before, again)


def test_proxies_start_from_the_seed():
    from mlbook.experiments import losses_network as network

    trainer = network._trainer("proxy_nca", 4.0, 6)
    starts = []
    for seed in (0, 1, 0):
        trainer._start_anew(seed)
        starts.append(trainer._held[0].numpy())
    np.testing.assert_array_equal(starts[0], starts[2])
    assert np.abs(starts[0] - starts[1]).max() > 0.1


def test_embeddings_have_length_one_unless_a_map_is_learned(trained):
    found, start = trained
    for points in (found["proxy_anchor"][0], start):
        np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, rtol=1e-5)
    assert np.abs(np.linalg.norm(found["mahalanobis"][0], axis=1) - 1).max() > 1e-3
    assert np.abs(found["proxy_anchor"][0] - start).max() > 0.01, "something was learned"


def test_classes_must_divide_the_batch():
    from mlbook.experiments import losses_network as network

    with pytest.raises(ValueError, match="5 classes do not divide a batch of 48"):
        network.train("cds", 0.5, 1e-3, np.zeros((50, 8, 8, 1)), np.arange(50) % 5, 2, 0)


def test_softmax_loss_is_cross_entropy():
    import keras

    from mlbook.experiments.losses_network import SoftmaxLoss

    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(10, 4)).astype(np.float32), rng.integers(3, size=10)
    for smoothing in (0.0, 0.2):
        loss = SoftmaxLoss(3, 4, smoothing)
        logits = x @ loss.trainable_variables[0].numpy().T
        theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
        ours = float(loss(labels, x))
        assert ours == pytest.approx(float(theirs(np.eye(3)[labels], logits)), rel=1e-5)


def test_joint_losses_are_what_they_say():
    import tensorflow as tf

    from mlbook.experiments.losses_network import JointLoss, SoftmaxLoss
    from mlbook.losses import ContrastiveLoss

    rng = np.random.default_rng(1)
    x, labels = tf.constant(rng.normal(size=(12, 4)), tf.float32), np.repeat([0, 1, 2], 4)
    proxies = rng.normal(size=(3, 4))

    def value_and_gradient(loss):
        if hasattr(loss, "proxies"):
            loss.trainable_variables[0].assign(proxies)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(labels, x)
        return float(value), tape.gradient(value, x).numpy()

    first, first_gradient = value_and_gradient(SoftmaxLoss(3, 4))
    second, second_gradient = value_and_gradient(ContrastiveLoss(0.7))
    fixed, fixed_gradient = value_and_gradient(JointLoss(3, 4, weight=3.0, margin=0.7))
    assert fixed == pytest.approx(first + 3 * second, rel=1e-5)
    np.testing.assert_allclose(fixed_gradient, first_gradient + 3 * second_gradient, atol=1e-6)
    _, adapted = value_and_gradient(JointLoss(3, 4, weight=None, margin=0.7))
    expected = first_gradient / (2 * first) + second_gradient / (2 * second)
    np.testing.assert_allclose(adapted, expected, rtol=0.02, atol=1e-3)


def test_speakers_and_words_are_kept_apart():
    speaker, word = np.repeat(np.arange(5), 500), np.tile(np.repeat(np.arange(10), 50), 5)
    kept_out = set()
    for seed in range(10):
        train, tests = speakers.split(speaker, word, speakers.BUDGETS["full"], seed)
        known, strangers = set(speaker[train]), set(speaker[tests["strangers"]])
        assert len(known) == 3 and len(strangers) == 2 and not known & strangers
        kept_out.add(tuple(sorted(strangers)))
        for test in ("takes", "words"):
            assert set(speaker[tests[test]]) == known
        assert word[train].max() < 5 and word[tests["takes"]].max() < 5
        assert word[tests["words"]].min() >= 5 and word[tests["strangers"]].min() >= 5
        rows = np.concatenate([train, *tests.values()])
        assert len(set(rows)) == len(rows) > 4 * 340
    assert len(kept_out) == 10, "every pair of speakers once"


def test_speakers_experiment_measures_what_is_there():
    data = {"spoken_digits": datasets.load("spoken_digits", tier="synthetic")}
    arms = speakers.run("smoke", 0, data)
    assert arms.keys() == speakers.ARMS.keys()
    for measures in arms.values():
        assert 0.4 < measures["auc"] <= 1 and 0 <= measures["eer"] < 0.6
        assert abs((1 - measures["auc"]) - measures["eer"]) < 0.2
    # a learned map knows the voices that it was learned from
    assert arms["lda_takes"]["auc"] > arms["euclid_takes"]["auc"] + 0.1


def test_losses_of_the_article_by_hand():
    labels, x = np.array([0, 0, 1]), np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    assert deep.mahalanobis_loss(labels, x) == pytest.approx(4)
    assert deep.fwhd_loss(labels, x) == pytest.approx(4), "the transform keeps lengths"
    other = (np.exp(-1) + np.exp(-5)) / 2
    assert deep.cds_loss(labels, x) == pytest.approx(np.exp(-4) - other)


def test_budgets():
    for module in (losses_digits, speakers):
        assert isinstance(budget_of(module.BUDGETS, "smoke"), Budget)
        assert not module.same_items("full", None)
