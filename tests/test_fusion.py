"""Several modalities: hand cases of the rules, what is missing, and what is refused."""

import re

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from mlbook.fusion import (
    CanonicalCorrelation,
    DecisionFusion,
    EmbeddingFusion,
    FeatureFusion,
    SeparateMaps,
    check_modalities,
    combine_probabilities,
    log_linear_weights,
    mean_embedding,
    pair_by_label,
    shares,
)

NAN = np.nan


def two_views(n=120, seed=0, noise=0.3):
    """Three classes seen twice: 2 features, and 3 others in units a hundred times as large."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    eye = np.eye(3)[y]
    image = eye[:, :2] + noise * rng.normal(size=(n, 2))
    speech = 100 * (eye[:, ::-1] + noise * rng.normal(size=(n, 3)))
    return {"image": image, "speech": speech}, y


# --- what is accepted ---


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones((3, 2)), "dictionary"),
        ({}, "dictionary"),
        ({"a": None}, "every modality is missing"),
        ({"a": np.ones((3, 2)), "b": np.ones((4, 2))}, r"a: 3, b: 4.*pair_by_label"),
        ({"a": np.ones(3)}, r"shape \(n, n_features\)"),
        ({"a": np.ones((0, 3))}, r"at least one"),
        ({"a": [["x"]]}, "numbers"),
        ({"a": [[np.inf]]}, "infinite"),
        ({"a": [[1.0, NAN]]}, "item 0: some features are NaN"),
        ({"a": [[1.0], [NAN]], "b": [[1.0], [NAN]]}, "item 1 has no modality"),
        ({"a": [[1.0]], "b": None}, "'b' has no item at all"),
        ({"a": [[1.0]], "b": [[NAN]]}, "'b' has no item at all"),
    ],
)
def test_modalities_that_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        check_modalities(X)


def test_a_modality_may_be_missing_once_it_was_learned():
    found = check_modalities({"b": [[1.0, 2.0]]}, {"a": 3, "b": 2})
    assert list(found) == ["a", "b"]
    assert np.isnan(found["a"]).all() and found["a"].shape == (1, 3)
    for X, message in (({"c": [[1.0]]}, "'c' was not learned"), ({"b": [[1.0]]}, "1 features")):
        with pytest.raises(ValueError, match=message):
            check_modalities(X, {"a": 3, "b": 2})


def test_partners_have_the_same_class_and_are_shared_evenly():
    first, second = np.array([1, 0, 1, 0, 2]), np.repeat([0, 1], 5)
    partners = pair_by_label(first, second, seed=3)
    assert (first[partners] == second).all()
    counts = np.bincount(partners, minlength=5)
    assert sorted(counts[[1, 3]]) == sorted(counts[[0, 2]]) == [2, 3] and counts[4] == 0
    assert not np.array_equal(partners, pair_by_label(first, second, seed=4))
    with pytest.raises(ValueError, match="class 3 has no item"):
        pair_by_label(first, [0, 3])


def test_shares_are_those_of_the_squared_distances():
    X, _ = two_views(40)
    squares = {
        name: ((part[:, None] - part[None]) ** 2).sum() for name, part in X.items()
    }  # over all pairs
    total = sum(squares.values())
    assert shares(X) == pytest.approx({name: part / total for name, part in squares.items()})
    with pytest.raises(ValueError, match="all items are equal"):
        shares({"a": np.ones((3, 2))})


# --- rules ---


def test_product_rule_is_bayes_rule():
    # two modalities, independent given the class; by hand from prior and likelihoods
    prior = np.array([0.7, 0.3])
    first, second = np.array([0.2, 0.6]), np.array([0.5, 0.1])  # p(what is seen | class)
    posteriors = {
        name: (prior * seen / (prior @ seen))[None] for name, seen in (("a", first), ("b", second))
    }
    joint = prior * first * second
    found = combine_probabilities(posteriors, prior=prior)
    assert found[0] == pytest.approx(joint / joint.sum())


def test_rules_by_hand():
    p = {"a": np.array([[0.8, 0.2]]), "b": np.array([[0.5, 0.5]])}
    assert combine_probabilities(p, "mean")[0] == pytest.approx([0.65, 0.35])
    assert combine_probabilities(p, "mean", {"a": 3, "b": 1})[0] == pytest.approx([0.725, 0.275])
    assert combine_probabilities(p)[0] == pytest.approx([0.8, 0.2])
    assert combine_probabilities(p, weights={"a": 2, "b": 1})[0] == pytest.approx(
        [0.64 / 0.68, 0.04 / 0.68]
    )
    both = {"a": p["a"], "b": p["a"]}
    assert combine_probabilities(both)[0, 0] > combine_probabilities(both, "mean")[0, 0]


@pytest.mark.parametrize("rule", ["product", "mean"])
def test_what_is_missing_is_left_out(rule):
    prior = np.array([0.9, 0.1])
    p = {"a": np.array([[0.8, 0.2], [NAN, NAN]]), "b": np.array([[NAN, NAN], [0.3, 0.7]])}
    found = combine_probabilities(p, rule, prior=prior)
    np.testing.assert_allclose(found, [[0.8, 0.2], [0.3, 0.7]])


def test_no_modality_has_a_veto():
    p = {"a": np.array([[1.0, 0.0]]), "b": np.array([[0.0, 1.0]])}
    np.testing.assert_allclose(combine_probabilities(p), [[0.5, 0.5]])
    # two that are almost certain outvote one that is certain
    sure = np.array([[0.9999, 0.0001]])
    assert combine_probabilities({"a": sure, "b": sure, "c": p["b"]})[0, 0] > 0.9


@pytest.mark.parametrize(
    ("p", "options", "message"),
    [
        ({"a": [[0.5, 0.5]]}, {"rule": "vote"}, "rule must be one of product, mean"),
        ({"a": [[0.5, 0.5]], "b": [[1.0]]}, {}, "one shape"),
        ({"a": [[0.5, 0.6]]}, {}, "add up to 1"),
        ({"a": [[1.5, -0.5]]}, {}, ">= 0"),
        ({"a": [[0.5, 0.5]]}, {"weights": {"a": -1}}, "finite and >= 0"),
        ({"a": [[0.5, 0.5]]}, {"weights": {"b": 1}}, "weights are for"),
        ({"a": [[0.5, 0.5]]}, {"weights": {"a": 0}}, "no modality that counts"),
        ({"a": [[NAN, NAN]]}, {}, "no modality that counts"),
        ({"a": [[0.5, 0.5]]}, {"prior": [1, 0]}, "prior must hold 2 numbers"),
    ],
)
def test_probabilities_that_are_refused(p, options, message):
    with pytest.raises(ValueError, match=message):
        combine_probabilities(p, **options)


def test_weights_are_those_of_the_lowest_cost():
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    # one modality is right but half as sure as it should be, the other is noise
    useful = 0.5 * (2 * np.eye(3)[y] + rng.normal(size=(300, 3)))
    logits = {"useful": useful, "noise": 3 * rng.normal(size=(300, 3))}
    p = {m: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for m, x in logits.items()}
    prior = np.full(3, 1 / 3)
    found = log_linear_weights(p, y, prior)

    def cost(weights):
        fused = combine_probabilities(p, weights=weights, prior=prior)
        return -np.log(fused[np.arange(300), y]).mean()

    assert found["useful"] > 1 and 0 <= found["noise"] < 0.1
    for name in p:
        for step in (-0.02, 0.02):
            moved = found | {name: max(found[name] + step, 0)}
            assert cost(moved) >= cost(found) - 1e-6


def test_mean_of_embeddings_by_hand():
    embeddings = {"a": [[2.0, 0.0], [0.0, 3.0]], "b": [[0.0, 5.0], [NAN, NAN]]}
    half = np.sqrt(0.5)
    np.testing.assert_allclose(mean_embedding(embeddings), [[half, half], [0, 1]])
    weighted = mean_embedding(embeddings, {"a": 3, "b": 4})
    np.testing.assert_allclose(weighted, [[0.6, 0.8], [0, 1]])


def test_samples_of_different_kinds_have_no_sum():
    with pytest.raises(ValueError, match=re.escape("image: (1, 784), speech: (1, 65)")):
        mean_embedding({"image": np.ones((1, 784)), "speech": np.ones((1, 65))})
    with pytest.raises(ValueError, match="no modality that counts"):
        mean_embedding({"a": [[1.0]], "b": [[NAN]]}, {"a": 0, "b": 1})


# --- fusion of features ---


def test_scaling_decides_who_is_heard():
    X, y = two_views()
    knn = KNeighborsClassifier(1)
    raw, scaled, even = (
        FeatureFusion(knn, scale=scale).fit(X, y) for scale in (None, "features", "modalities")
    )

    def told(fusion):
        rows = fusion.transform(X)
        return shares({"image": rows[:, :2], "speech": rows[:, 2:]})["image"]

    assert told(raw) < 1e-3
    assert told(scaled) == pytest.approx(2 / 5)  # by the number of features
    assert told(even) == pytest.approx(1 / 2)
    np.testing.assert_allclose(raw.transform(X)[:, :2], X["image"] - X["image"].mean(axis=0))


def test_a_missing_modality_is_the_mean():
    X, y = two_views()
    fusion = FeatureFusion(LogisticRegression(C=100)).fit(X, y)
    some = {"image": X["image"], "speech": np.full_like(X["speech"], NAN)}
    means = {"image": X["image"], "speech": np.tile(X["speech"].mean(axis=0), (len(y), 1))}
    for missing in (some, {"image": X["image"]}, {"image": X["image"], "speech": None}):
        np.testing.assert_allclose(
            fusion.predict_proba(missing), fusion.predict_proba(means), atol=1e-9
        )
    with pytest.raises(ValueError, match="scale must be one of"):
        FeatureFusion(LogisticRegression(), scale="both").fit(X, y)
    with pytest.raises(ValueError, match="one label an item"):
        FeatureFusion(LogisticRegression()).fit(X, y[1:])


class Remembers(DummyClassifier):
    """Keeps what it was fitted to."""

    def fit(self, X, y):
        self.rows_, self.labels_ = X, y
        return super().fit(X, y)


def test_dropout_shows_every_item_with_and_without_each_modality():
    X = {"a": [[1.0], [3.0], [NAN]], "b": [[10.0], [NAN], [30.0]]}
    seen = FeatureFusion(Remembers(), scale=None, dropout=True).fit(X, [0, 1, 2]).classifier_
    # centred on 2 and 20; then without a (items 0 and 2 keep b), then without b (items 0, 1)
    expected = [[-1, -10], [1, 0], [0, 10], [0, -10], [0, 10], [-1, 0], [1, 0]]
    np.testing.assert_allclose(seen.rows_, expected)
    assert seen.labels_.tolist() == [0, 1, 2, 0, 2, 0, 1]


# --- fusion of decisions ---


def test_decisions_fall_back_on_what_is_there():
    X, y = two_views(noise=0.6)
    names = np.array(["zero", "one", "two"])[y]
    single = LogisticRegression().fit(X["image"], names)
    fusion = DecisionFusion({m: LogisticRegression() for m in X}).fit(X, names)
    np.testing.assert_allclose(
        fusion.predict_proba({"image": X["image"]}), single.predict_proba(X["image"])
    )
    assert fusion.classes_.tolist() == ["one", "two", "zero"]
    both = (fusion.predict(X) == names).mean()
    assert both > max((fusion.predict({m: X[m]}) == names).mean() for m in X)


def test_weights_are_validated_on_other_groups():
    X, y = two_views(240, noise=0.4)
    groups = np.arange(240) // 60
    # within a group the speech repeats a signature that tells the class only there
    rng = np.random.default_rng(1)
    signature = rng.normal(size=(4, 3, 3))
    X["speech"] = 5 * signature[groups, y] + rng.normal(size=(240, 3))
    parts = {m: KNeighborsClassifier(15) for m in X}
    random = DecisionFusion(parts, weights="validate").fit(X, y).weights_
    grouped = DecisionFusion(parts, weights="validate").fit(X, y, groups).weights_
    assert random["speech"] > 0.5
    assert grouped["speech"] < 0.1 < grouped["image"]


def test_decisions_that_are_refused():
    X, y = two_views()
    one = {"image": LogisticRegression()}
    with pytest.raises(ValueError, match="classifiers are for"):
        DecisionFusion(one).fit(X, y)
    with pytest.raises(ValueError, match="rule must be"):
        DecisionFusion(one, "max").fit({"image": X["image"]}, y)
    with pytest.raises(ValueError, match="product rule"):
        DecisionFusion(one, "mean", "validate").fit({"image": X["image"]}, y)
    X["speech"][y == 1] = NAN
    with pytest.raises(ValueError, match="speech has no item of class 1"):
        DecisionFusion({m: LogisticRegression() for m in X}).fit(X, y)


# --- fusion of embeddings, alignment ---


def test_separate_maps_share_no_space():
    X, y = two_views()
    apart = SeparateMaps({m: FunctionTransformer() for m in X})
    with pytest.raises(ValueError, match="no sum"):
        EmbeddingFusion(apart, KNeighborsClassifier()).fit(X, y)


def test_canonical_correlation_finds_what_pairs_share():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(400, 2))
    X = {
        "a": hidden @ rng.normal(size=(2, 4)) + 0.1 * rng.normal(size=(400, 4)),
        "b": hidden @ rng.normal(size=(2, 5)) + 0.1 * rng.normal(size=(400, 5)),
    }
    train = {m: part[:300] for m, part in X.items()}
    test = {m: part[300:] for m, part in X.items()}
    model = CanonicalCorrelation(2).fit(train)
    found = model.transform(test)
    cosines = (found["a"] * found["b"]).sum(axis=1)
    assert np.median(cosines) > 0.98 and cosines.mean() > 0.9
    # one modality at a time gives the same, and its length is 1
    np.testing.assert_allclose(model.transform({"b": test["b"]})["b"], found["b"])
    np.testing.assert_allclose(np.linalg.norm(found["b"], axis=1), 1)
    with pytest.raises(ValueError, match="exactly two modalities"):
        CanonicalCorrelation().fit({"a": X["a"]})


def test_items_without_a_modality_have_no_embedding_there():
    X, y = two_views()
    model = CanonicalCorrelation(2).fit(X)
    some = {"image": X["image"].copy(), "speech": X["speech"]}
    some["image"][3] = NAN
    found = model.transform(some)
    assert np.isnan(found["image"][3]).all() and np.isfinite(np.delete(found["image"], 3, 0)).all()
    fused = mean_embedding(found)
    np.testing.assert_allclose(fused[3], found["speech"][3])
    assert list(model.transform({"speech": X["speech"]})) == ["speech"]


# --- two towers ---


def brute_force(first, second, labels, temperature):
    first = first / np.linalg.norm(first, axis=1, keepdims=True)
    second = second / np.linalg.norm(second, axis=1, keepdims=True)
    values = []
    for i in range(len(labels)):
        value = 0
        for anchor, others in ((first[i], second), (second[i], first)):
            scores = [anchor @ other / temperature for other in others]
            positives = [j for j in range(len(labels)) if labels[j] == labels[i]]
            log_sum = np.log(np.sum(np.exp(scores)))
            value += np.mean([log_sum - scores[p] for p in positives]) / 2
        values.append(value)
    return np.array(values)


@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 4], [7, 7, 2, 2, 7], [1, 1, 1, 1, 1]])
def test_two_tower_loss_against_brute_force(labels):
    from mlbook.fusion import TwoTowerLoss

    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 5, 3)).astype(np.float32)
    loss = TwoTowerLoss(0.5, reduction=None)
    found = np.asarray(loss(np.array(labels), np.concatenate([first, second], axis=1)))
    np.testing.assert_allclose(found, brute_force(first, second, labels, 0.5), rtol=1e-5)


def test_two_tower_loss_by_hand_and_saved():
    import keras

    from mlbook.fusion import TwoTowerLoss

    eye = np.eye(2, dtype=np.float32)
    side_by_side = np.concatenate([eye, 3 * eye], axis=1)
    alone, together = TwoTowerLoss(1.0), TwoTowerLoss(1.0)
    # cosines 1 and 0: log(e + 1) - 1 for own pairs, log(e + 1) - 1/2 if both are positives
    assert float(alone([0, 1], side_by_side)) == pytest.approx(np.log(np.e + 1) - 1, abs=1e-6)
    assert float(together([5, 5], side_by_side)) == pytest.approx(np.log(np.e + 1) - 0.5, abs=1e-6)
    again = keras.losses.deserialize(keras.losses.serialize(TwoTowerLoss(0.3)))
    assert again.temperature == 0.3
    with pytest.raises(ValueError, match="even number of columns"):
        alone([0, 1], side_by_side[:, :3])


@pytest.fixture(scope="module")
def towers():
    from mlbook.fusion import TwoTowers

    X, y = two_views(150, noise=0.2)
    return TwoTowers(n_dims=4, hidden=8, steps=60, batch_size=50, rate=0.02).fit(X, y)


def test_towers_bring_the_classes_together(towers):
    X, y = two_views(90, seed=1, noise=0.2)
    found = towers.transform(X)
    cosines = found["image"] @ found["speech"].T
    same = y[:, None] == y
    assert cosines[same].mean() > 0.8 and cosines[~same].mean() < 0.4
    np.testing.assert_allclose(np.linalg.norm(found["speech"], axis=1), 1, rtol=1e-5)
    assert towers.n_weights_ == {"image": 2 * 8 + 8 + 8 * 4 + 4, "speech": 3 * 8 + 8 + 8 * 4 + 4}


def test_towers_draw_no_item_twice_in_a_batch(towers):
    rows = towers._batches(150).reshape(60, 50)
    assert all(len(set(batch)) == 50 for batch in rows)
    assert set(rows[:3].ravel()) == set(range(150))


@pytest.mark.parametrize(
    ("options", "n", "message"),
    [
        ({"positives": "all"}, 6, "positives must be one of class, pair"),
        ({"n_dims": 0}, 6, "n_dims must be an integer"),
        ({}, 1, "at least two items"),
    ],
)
def test_towers_that_are_refused(options, n, message):
    from mlbook.fusion import TwoTowers

    X, y = two_views(6)
    X["image"][n:] = NAN
    with pytest.raises(ValueError, match=message):
        TwoTowers(**options).fit(X, y)


# --- what a user tries ---


def test_a_feature_that_never_changes_stays_small():
    X, y = two_views()
    X["image"] = np.column_stack([X["image"], np.full(len(y), 0.1)])
    model = FeatureFusion(LogisticRegression()).fit(X, y)
    X["image"][:, -1] = 0.11
    assert np.abs(model.transform(X)).max() < 10


def test_weights_of_an_absent_modality_are_left_out():
    X, y = two_views()
    maps = SeparateMaps({name: FunctionTransformer(lambda part: part[:, :2]) for name in X})
    model = EmbeddingFusion(maps, KNeighborsClassifier(3), weights={"image": 1, "speech": 2})
    model.fit(X, y)
    image = model.aligner_.transform({"image": X["image"]})["image"]
    for alone in ({"image": X["image"]}, {"image": X["image"], "speech": None}):
        np.testing.assert_allclose(model.transform(alone), image)
    weighted = image + 2 * model.aligner_.transform({"speech": X["speech"]})["speech"]
    weighted /= np.linalg.norm(weighted, axis=1, keepdims=True)
    np.testing.assert_allclose(model.transform(X), weighted)


@pytest.mark.parametrize(
    "model",
    [
        FeatureFusion(LogisticRegression()),
        DecisionFusion({"image": LogisticRegression(), "speech": LogisticRegression()}),
        EmbeddingFusion(CanonicalCorrelation(), LogisticRegression()),
    ],
    ids=["features", "decisions", "embeddings"],
)
def test_what_is_not_fitted_says_so(model):
    with pytest.raises(NotFittedError):
        model.predict(two_views()[0])


def both(**options):
    return DecisionFusion(
        {"image": LogisticRegression(), "speech": LogisticRegression()}, **options
    )


def without_pairs(X, y):
    half = len(y) // 2
    X["image"][:half], X["speech"][half:] = NAN, NAN
    return X, y


@pytest.mark.parametrize(
    ("change", "groups", "message"),
    [
        (without_pairs, None, "no item has all modalities"),
        (lambda X, y: (X, np.where(np.arange(len(y)) == 0, 9, y)), None, "class 9 has fewer"),
        (lambda X, y: (X, y), lambda y: np.zeros(len(y)), "one group, which cannot"),
        (lambda X, y: (X, y), lambda y: y, "is held out with its groups entirely"),
        (lambda X, y: (X, y), lambda y: y[1:], "one group an item"),
    ],
)
def test_weights_that_cannot_be_chosen(change, groups, message):
    X, y = change(*two_views())
    with pytest.raises(ValueError, match=message):
        both(weights="validate").fit(X, y, groups and groups(y))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (both(weights={"image": -1, "speech": 1}), "weight"),
        (DecisionFusion(LogisticRegression()), "come as a dictionary"),
        (
            DecisionFusion({"image": LinearSVC(), "speech": LogisticRegression()}),
            "image must have predict_proba",
        ),
        (SeparateMaps({"image": FunctionTransformer()}), "maps are for"),
    ],
)
def test_wrong_parts_are_refused_when_fitting(model, message):
    with pytest.raises(ValueError, match=message):
        model.fit(*two_views())


def test_odd_modalities_are_named():
    with pytest.raises(ValueError, match="the dictionary is empty"):
        check_modalities({})
    with pytest.raises(ValueError, match="image is sparse"):
        check_modalities({"image": csr_array(np.eye(3))})
    X, y = two_views()
    X["speech"][:] = 1.0
    with pytest.raises(ValueError, match="speech is the same for all items"):
        CanonicalCorrelation(1).fit(X, y)
