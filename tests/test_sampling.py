"""Balanced batches and the counting of triplets: their promises, by counting, and bad input."""

import itertools

import keras
import numpy as np
import pytest

from mlbook import losses
from mlbook.sampling import BalancedBatches, hardest_triplets, triplet_census

LABELS = np.random.default_rng(0).permutation(np.repeat([3, 5, 7, 11, 20], [4, 6, 9, 30, 5]))
X = np.arange(len(LABELS))[:, None] * 1.0


def batches(**options):
    return BalancedBatches(X, LABELS, **{"classes_per_batch": 3, "samples_per_class": 4, **options})


def test_every_batch_has_p_classes_and_k_different_samples():
    sampler = batches(steps_per_epoch=40)
    assert (len(sampler), sampler.num_batches, sampler.batch_size) == (40, 40, 12)
    seen = []
    for step in range(len(sampler)):
        x, y = sampler[step]
        assert len(np.unique(x)) == 12
        np.testing.assert_array_equal(LABELS[x[:, 0].astype(int)], y)
        classes, counts = np.unique(y, return_counts=True)
        assert len(classes) == 3
        assert (counts == 4).all()
        seen.append(classes)
    _, times = np.unique(seen, return_counts=True)
    # each of 5 classes is in 3 of 5 batches: 24 of 40, with standard deviation 3.1
    assert len(times) == 5
    assert (np.abs(times - 24) < 13).all()


def test_seed_epoch_and_step_decide():
    first, again, other = batches(), batches(), batches(seed=1)
    np.testing.assert_array_equal(first.indices(2), again.indices(2))
    assert (first.indices(2) != other.indices(2)).any()
    assert (first.indices(2) != first.indices(1)).any()
    before = first.indices(2)
    first.on_epoch_end()
    assert first.epoch == 1
    assert (first.indices(2) != before).any()
    assert len(first) == len(LABELS) // 12


def test_one_hot_labels_structures_and_several_outputs():
    labels = np.arange(12) % 3
    parts = {"image": np.arange(12), "text": -np.arange(12)}
    sampler = BalancedBatches(
        parts, np.eye(3)[labels], 3, 2, y_transform=lambda y: {"embedding": y, "logits": y}
    )
    x, y = sampler[0]
    np.testing.assert_array_equal(x["image"], -x["text"])
    np.testing.assert_array_equal(labels[x["image"]], y["logits"])


def test_fit_uses_it_and_repeats_itself():
    x = np.random.default_rng(0).normal(size=(len(LABELS), 4)).astype("float32")
    found = []
    for workers in (1, 2):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        model.compile("sgd", loss=losses.TripletLoss(), jit_compile=False)
        sampler = BalancedBatches(x, LABELS, 3, 4, workers=workers)
        found.append(model.fit(sampler, epochs=2, verbose=0).history["loss"])
        assert sampler.epoch >= 2
    assert found[0] == pytest.approx(found[1])


def test_embedding_model_checks_the_labels_of_a_sampler():
    model = losses.EmbeddingModel(keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)]))
    model.compile("sgd", loss=losses.CosFaceLoss(20, 2), jit_compile=False)
    with pytest.raises(ValueError, match="label 20 is outside"):
        model.fit(batches(), verbose=0)


def test_short_classes():
    with pytest.raises(ValueError, match=r"2 of 5 classes .* samples \(3, 20\).*drop"):
        batches(samples_per_class=6)
    dropped = batches(samples_per_class=6, short_classes="drop", steps_per_epoch=20)
    assert not set(np.concatenate([dropped[step][1] for step in range(20)])) & {3, 20}
    repeated = batches(samples_per_class=6, short_classes="repeat", steps_per_epoch=20)
    labels = [repeated[step][1] for step in range(20)]
    assert {3, 20} <= set(np.concatenate(labels))
    assert all((np.unique(y, return_counts=True)[1] == 6).all() for y in labels)


@pytest.mark.parametrize(
    ("x", "y", "options", "words"),
    [
        (X, LABELS, {"classes_per_batch": 6}, "more classes than there are .5"),
        (X[:-1], LABELS, {}, "53 samples, but y 54 labels"),
        (X, LABELS.astype(str), {}, "np.unique"),
        (X, LABELS.astype(float), {}, "floats"),
        (X, LABELS, {"samples_per_class": 1}, "samples_per_class must be an integer >= 2"),
        (X, LABELS, {"classes_per_batch": 2.0}, "classes_per_batch"),
        (X, LABELS, {"steps_per_epoch": 0}, "steps_per_epoch"),
        (X, LABELS, {"short_classes": "ignore"}, "short_classes"),
        (X[:6], [0, 0, 0, 1, 1, 1], {}, "lower samples_per_class"),
    ],
)
def test_bad_input(x, y, options, words):
    with pytest.raises(ValueError, match=words):
        BalancedBatches(x, y, **{"classes_per_batch": 3, "samples_per_class": 4, **options})


@pytest.mark.parametrize("normalize", [True, False])
def test_census_counts_what_a_loop_counts(normalize):
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(14, 3)), rng.integers(0, 4, size=14)
    points = x / np.linalg.norm(x, axis=1, keepdims=True) if normalize else x
    kinds = {"easy": 0, "semihard": 0, "hard": 0}
    for a, p, n in itertools.permutations(range(14), 3):
        if labels[a] == labels[p] != labels[n]:
            near, far = (np.linalg.norm(points[a] - points[i]) for i in (p, n))
            kind = "hard" if far <= near else "semihard" if far < near + 0.3 else "easy"
            kinds[kind] += 1
    census = triplet_census(x, labels, margin=0.3, normalize=normalize)
    assert (census.easy, census.semihard, census.hard) == tuple(kinds.values())
    assert census.active == (kinds["semihard"] + kinds["hard"]) / sum(kinds.values())


def test_census_of_distances_that_go_together():
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(14, 3)), rng.integers(0, 4, size=14)
    cosine = triplet_census(x, labels, margin=0.1, distance="cosine", normalize=False)
    assert cosine == triplet_census(x, labels, margin=0.2, distance="squared_euclidean")


def test_census_of_equal_embeddings():
    census = triplet_census(np.ones((6, 2)), [0, 0, 0, 1, 1, 1])
    assert (census.hard, census.total, census.active) == (36, 36, 1.0)
    assert np.isnan(triplet_census(np.ones((2, 2)), [0, 1]).active)


def test_hardest_triplets():
    x = np.array([[0.0], [1.0], [5.0], [4.0], [9.0]])
    triplets, violations = hardest_triplets(x, [0, 0, 0, 1, 2], normalize=False)
    np.testing.assert_array_equal(triplets, [[0, 2, 3], [1, 2, 3], [2, 0, 3]])
    np.testing.assert_array_equal(violations, [5 - 4, 4 - 3, 5 - 1])
    with pytest.raises(ValueError, match="labels of shape"):
        hardest_triplets(x, [0, 1])


def test_data_that_are_no_arrays_are_refused():
    y = np.repeat(np.arange(4), 4)
    for x in ([[0.0]] * 16, None):
        with pytest.raises(ValueError, match="one row a sample"):
            BalancedBatches(x, y, 2, 2)
    for seed in (None, -1):
        with pytest.raises(ValueError, match="seed"):
            BalancedBatches(np.zeros((16, 2)), y, 2, 2, seed=seed)


def test_triplets_of_broken_embeddings_are_refused():
    x = np.eye(4)
    with pytest.raises(ValueError, match="margin"):
        triplet_census(x, [0, 0, 1, 1], margin=-1)
    x[0, 0] = np.nan
    for look in (triplet_census, hardest_triplets):
        with pytest.raises(ValueError, match="NaN or infinite"):
            look(x, [0, 0, 1, 1])
