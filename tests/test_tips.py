"""The experiments behind the tips: hand cases, and data on which a leak must show or must not."""

import types

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mlbook import datasets
from mlbook.checks import CHECKS, Evidence, tips
from mlbook.checks.base import CONDITIONAL, REFUTED
from mlbook.errors import UnknownNameError
from mlbook.experiments import tips_data, tips_distances, tips_imbalance, tips_leaks
from mlbook.experiments import tips_overfitting as overfitting
from mlbook.experiments.base import Budget

LIMITS = Budget(n_train=100, n_test=50, seeds=1)


@pytest.fixture(scope="module")
def mnist():
    return {"mnist": datasets.load("mnist", tier="sample")}


# --- the data ---


def test_halved_images_are_means_of_squares():
    images = np.zeros((2, 28, 28), dtype=np.uint8)
    images[0, 2:4, 4:6] = 255
    images[1, 27, 27] = 255
    rows = tips_data.halved(images)
    assert rows.shape == (2, 196)
    assert rows[0, 14 + 2] == 1 and rows[0].sum() == 1
    assert rows[1, -1] == 0.25 and rows[1].sum() == 0.25


def test_shifted_copies_stand_together_and_lose_what_leaves_the_image():
    images = np.arange(1, 13).reshape(2, 2, 3)
    copies = tips_data.shifted(images, ((0, 0), (1, 0), (0, -1), (0, 3)))
    np.testing.assert_array_equal(copies[0], images[0])
    np.testing.assert_array_equal(copies[1], [[0, 0, 0], [1, 2, 3]])
    np.testing.assert_array_equal(copies[2], [[2, 3, 0], [5, 6, 0]])
    np.testing.assert_array_equal(copies[3], 0)
    np.testing.assert_array_equal(copies[4], images[1])
    assert copies.shape == (8, 2, 3)


def test_posts_are_long_enough_and_keep_their_labels():
    from mlbook.datasets.newsgroups import ARTICLE_GROUPS

    posts = datasets.load("newsgroups", tier="sample")
    x, y = tips_data.posts(posts)
    assert len(x) == len(y) and set(y) == {0, 1, 2, 3}
    assert min(len(text.split()) for text in x) >= tips_data.MIN_WORDS
    where = {text: label for text, label in zip(posts.x_train, posts.y_train, strict=True)}
    for text, label in list(zip(x, y, strict=True))[:50]:
        assert posts.class_names[where[text]] == ARTICLE_GROUPS[label]


# --- distances ---


def mixed_units(n, rng):
    """A column that tells the classes apart, in a small unit, and noise in a large one."""
    y = np.arange(n) % 2
    return np.column_stack([1e-3 * (y + 0.1 * rng.normal(size=n)), rng.normal(size=n)]), y


def test_units_decide_for_euclid_and_not_for_a_scaled_distance():
    rng = np.random.default_rng(0)
    X, y = mixed_units(100, rng)
    queries, wanted = mixed_units(100, rng)
    right = {
        method: tips_distances.classifier(method, X, 0).fit(X, y).score(queries, wanted)
        for method in ("euclid", "standardised", "mahalanobis", "selected", "lda")
    }
    # shrinkage adds a number to every variance, so it knows the units too
    assert right.pop("euclid") < 0.7 and right.pop("lda") < 0.7
    assert min(right.values()) > 0.95


def test_cosine_looks_at_directions_only():
    # Euclid would take the near ones of the other class
    X, y = np.array([[1, 0], [2, 0.1], [1, 0.1], [0, 9], [1, 20], [0, 30]]), [0, 0, 0, 1, 1, 1]
    queries = np.array([[0.1, 0.01], [0.1, 1], [90, 10]])
    cosine = tips_distances.classifier("cosine", X, 0).fit(X, y)
    np.testing.assert_array_equal(cosine.predict(queries), [0, 1, 0])
    assert tips_distances.classifier("manhattan", X, 0).metric == "manhattan"
    assert tips_distances.classifier("chebyshev", X, 0).metric == "chebyshev"


def test_settings_are_chosen_within_the_folds():
    # if the features were selected before the folds, noise would look like a signal
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(60, 3000)), np.arange(60) % 2
    chosen = tips_distances.classifier("selected", X, 0).fit(X, y)
    assert isinstance(chosen, GridSearchCV) and chosen.best_score_ < 0.68
    assert chosen.n_splits_ == tips_distances.FOLDS


@pytest.mark.parametrize("method", ["pca", "lsa", "lda", "selected", "rbf"])
def test_every_tuned_method_tries_as_many_settings(method):
    X = np.random.default_rng(0).normal(size=(200, 120))
    (grid,) = tips_distances.classifier(method, X, 0).param_grid.values()
    assert len(grid) == 5
    (grid,) = tips_distances.classifier(method, X, 0, 2).param_grid.values()
    assert len(grid) == 2


@pytest.fixture(scope="module")
def texts(mnist):
    words = [f"word{letter}{n}" for letter in "ab" for n in range(30)]
    rng = np.random.default_rng(0)
    y = np.arange(150) % 2
    x = [" ".join(rng.choice(words[30 * label :][:30], 25)) for label in y]
    return np.array(x, dtype=object), y


def test_words_and_scales_come_from_the_training_part(monkeypatch, texts):
    x, y = texts
    x = x.copy()
    monkeypatch.setattr(tips_distances, "posts", lambda dataset: (x, y))
    data = {"newsgroups": None, "breast_cancer": datasets.load("breast_cancer")}
    counts = tips_distances.split("counts", data, LIMITS, 0)
    assert counts[0].shape[1] == counts[1].shape[1] == 60
    # words that only test posts have are unknown
    tested = tips_data.part(np.arange(150), y, LIMITS, 0)[1]
    x[tested] += " novelty novelty"
    again = tips_distances.split("counts", data, LIMITS, 0)
    np.testing.assert_array_equal(counts[1], again[1])
    tfidf = tips_distances.split("tfidf", data, LIMITS, 0)
    np.testing.assert_allclose(np.linalg.norm(tfidf[0], axis=1), 1)
    X_train, X_test, *_ = tips_distances.split("scaled", data, LIMITS, 0)
    np.testing.assert_allclose(X_train.std(axis=0), 1)
    np.testing.assert_allclose(X_train.mean(axis=0), 0, atol=1e-12)
    assert np.abs(X_test.mean(axis=0)).max() > 0.01


def test_on_rows_of_length_one_euclid_and_cosine_are_the_same(monkeypatch, texts, mnist):
    monkeypatch.setattr(tips_distances, "posts", lambda dataset: texts)
    data = {"newsgroups": None, "breast_cancer": datasets.load("breast_cancer"), **mnist}
    arms = tips_distances.run("smoke", 0, data)
    assert arms.keys() == tips_distances.ARMS.keys()
    np.testing.assert_array_equal(arms["euclid_tfidf"]["correct"], arms["cosine_tfidf"]["correct"])
    np.testing.assert_array_equal(
        arms["standardised_units"]["correct"], arms["euclid_scaled"]["correct"]
    )
    assert {arm["n_train"] for arm in arms.values()} == {80}
    assert arms["euclid_pixels"]["n_features"] == 784


# --- leaks ---


def noise(seed):
    rng = np.random.default_rng(seed)
    return rng, tips_leaks.noise(60, LIMITS, rng)


def test_noise_has_even_classes_in_both_parts():
    _, (X_train, X_test, y_train, y_test) = noise(0)
    assert X_train.shape == (100, 60) and X_test.shape == (50, 60)
    assert y_train.mean() == y_test.mean() == 0.5


def test_on_noise_leaks_show_and_honest_twins_are_at_chance():
    found = {"selection": [], "metric": [], "tuning": []}
    for seed in range(8):
        rng = np.random.default_rng(seed)
        wide, narrow = (tips_leaks.noise(n, LIMITS, rng) for n in (1000, 60))
        found["selection"].append(np.mean(tips_leaks.selection(*wide), axis=1))
        found["metric"].append(np.mean(tips_leaks.metric(*narrow), axis=1))
        found["tuning"].append(np.mean(tips_leaks.tuning(*narrow, 40, rng), axis=1))
    for name, values in found.items():
        leaky, honest = np.mean(values, axis=0)
        assert leaky > 0.58, name
        assert 0.42 < honest < 0.58, name


@pytest.mark.parametrize("leak", ["selection", "metric", "tuning"])
def test_honest_answers_do_not_depend_on_the_test_labels(leak):
    def outcome(flip):
        rng, (X_train, X_test, y_train, y_test) = noise(1)
        more = (10, rng) if leak == "tuning" else ()
        labels = 1 - y_test if flip else y_test
        return getattr(tips_leaks, leak)(X_train, X_test, y_train, labels, *more)

    (leaky, honest), (_, flipped) = outcome(False), outcome(True)
    np.testing.assert_array_equal(honest, ~flipped)
    assert len(leaky) == len(honest) == 50
    if leak == "tuning":
        # both choose among the same metrics
        assert leaky.mean() >= max(honest.mean(), 1 - honest.mean())


def test_copies_of_meaningless_images_are_recognised_only_if_one_was_seen():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (200, 28, 28)).astype(np.uint8)
    x = np.kron(x[:, ::7, ::7], np.ones((1, 7, 7), dtype=np.uint8))  # survives a small shift
    y = np.arange(200) % 2
    pairs = [
        [np.mean(side) for side in tips_leaks.copies(x, y, LIMITS, seed)] for seed in range(20)
    ]
    leaky, honest = np.mean(pairs, axis=0)
    assert leaky > 0.9 and 0.35 < honest < 0.65
    assert all(len(side) == 50 for side in tips_leaks.copies(x, y, LIMITS, 0))


def test_a_gallery_that_holds_the_query_is_always_right():
    _, data = noise(0)
    leaky, honest = tips_leaks.gallery(*data)
    assert leaky.all() and 0.2 < honest.mean() < 0.8


def test_an_unheard_speaker_is_unheard():
    # each speaker says each word in a way of his own, that tells nothing of another's
    rng = np.random.default_rng(0)
    speaker, word = np.arange(600) % 4, rng.integers(0, 3, 600)
    X = 100.0 * np.eye(12)[3 * speaker + word] + rng.normal(size=(600, 12))
    leaky, honest = tips_leaks.speakers(X, word, speaker, LIMITS, rng)
    assert leaky.mean() > 0.95 and honest.mean() < 0.7
    assert len(leaky) == len(honest) == 50


def test_a_map_that_learns_nothing_cannot_leak():
    _, data = noise(2)
    leaky, honest = tips_leaks.fitted_to_all(FunctionTransformer(), *data)
    np.testing.assert_array_equal(leaky, honest)


def test_the_leaky_map_has_seen_the_test_items(monkeypatch):
    seen = []
    monkeypatch.setattr(StandardScaler, "fit", lambda self, X: seen.append(len(X)) or FIXED)
    tips_leaks.fitted_to_all(StandardScaler(), *noise(0)[1])
    assert seen == [150, 100]


FIXED = FunctionTransformer()


def test_every_leak_has_its_twin():
    assert len(tips_leaks.ARMS) == 2 * len(tips_leaks.LEAKS)
    for leak in tips_leaks.LEAKS:
        assert {f"{leak}_leaky", f"{leak}_honest"} <= tips_leaks.ARMS.keys()


# --- few images ---


def test_settings_follow_the_training_images_or_the_folds(mnist):
    first, second = (overfitting.run("smoke", seed, mnist) for seed in (0, 1))
    grid = overfitting.BUDGETS["smoke"].grids["shrinkage"]
    best = max(grid, key=lambda s: first[f"shrink_{s}"]["train_accuracy"])
    assert first["chosen_training"]["shrinkage"] == best
    for arm in ("chosen_training", "chosen_folds"):
        sweep = first[f"shrink_{first[arm]['shrinkage']}"]
        np.testing.assert_array_equal(first[arm]["correct"], sweep["correct"])
    assert first["lda"]["train_accuracy"] > first["lda"]["correct"].mean() + 0.2
    assert first["chosen_folds"]["correct"].mean() > first["lda"]["correct"].mean()
    # the test images stay, the training images do not
    assert first["euclid"]["n_train"] == first["euclid_copies"]["n_train"] == 150
    assert not np.array_equal(first["euclid"]["correct"], second["euclid"]["correct"])
    assert overfitting.same_items("full", mnist)


def test_the_folds_keep_copies_together(monkeypatch):
    sides = []

    class Watcher:
        def __init__(self, X):
            self.X = X

        def score(self, X, y):
            sides.append((set(self.X[:, 0]), set(X[:, 0])))
            return 0.5

    monkeypatch.setattr(overfitting, "_neighbours", lambda metric, X, y: Watcher(X))
    groups = np.repeat(np.arange(20), 3)
    X = np.column_stack([groups, np.arange(60)])
    # equal scores: the smallest setting
    assert overfitting.choose(X, groups % 2, groups, (0.1, 0.5)) == 0.1
    assert len(sides) == 2 * overfitting.FOLDS
    assert all(not fit & scored for fit, scored in sides)


# --- rare things ---


def test_measures_by_hand():
    wanted = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], dtype=bool)
    found = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 0], dtype=bool)
    scores = tips_imbalance.scores(wanted, found)
    assert scores["recall"] == 3 / 4 and scores["precision"] == 3 / 4 and scores["f1"] == 3 / 4
    assert scores["balanced_accuracy"] == pytest.approx((3 / 4 + 5 / 6) / 2)
    assert scores["mcc"] == pytest.approx((3 * 5 - 1 * 1) / np.sqrt(4 * 4 * 6 * 6))
    nothing = tips_imbalance.scores(wanted, np.zeros(10, dtype=bool))
    assert nothing["recall"] == nothing["precision"] == nothing["f1"] == nothing["mcc"] == 0


def test_one_image_in_twenty_is_an_eight(mnist):
    x, y = mnist["mnist"].x_train, mnist["mnist"].y_train
    X, is_rare = tips_imbalance.thinned(x, y, 400, np.random.default_rng(0))
    assert X.shape == (400, 196) and is_rare.sum() == 20
    eights = {row.tobytes() for row in tips_data.halved(x[y == 8])}
    assert [row.tobytes() in eights for row in X] == is_rare.tolist()
    arms = tips_imbalance.run("smoke", 0, mnist)
    assert arms["majority"]["correct"].mean() == 0.95 and arms["majority"]["recall"] == 0
    assert arms["balanced"]["recall"] > arms["logistic"]["recall"]
    assert arms.keys() == tips_imbalance.ARMS.keys()


# --- checks ---


@pytest.mark.parametrize(
    ("function", "expected"),
    [("squares", 12 * 5), ("pair_by_pair", 12 * 30), ("mapped_once", 7 * 25 + 12 * 5)],
)
def test_multiplications_by_hand(function, expected):
    rng = np.random.default_rng(0)
    X, Y, L = rng.normal(size=(4, 5)), rng.normal(size=(3, 5)), rng.normal(size=(5, 5))
    L, wanted = {
        "squares": ((), X[:, None] - Y),
        "pair_by_pair": ((L.T @ L,), (X[:, None] - Y) @ L.T),
        "mapped_once": ((L,), (X[:, None] - Y) @ L.T),
    }[function]
    counter = tips._Counter()
    found = getattr(tips, function)(*(counter.wrap(values) for values in (X, Y, *L)))
    assert counter.n == expected
    np.testing.assert_allclose(np.array(found, dtype=float), (wanted**2).sum(axis=-1))


def test_two_ways_must_give_the_same_distance():
    library = types.SimpleNamespace(pairs=tips.pair_by_pair, mapped=lambda X, Y, L: [[1] * 40] * 40)
    with pytest.raises(ValueError, match="same squared distances"):
        CHECKS["costs_more_than_euclid"](
            Evidence(importer=lambda name: library),
            module="any",
            function="pairs",
            mapped="mapped",
        )


def test_a_gaussian_of_euclids_distance_ranks_like_euclid():
    outcome = CHECKS["ranks_like_mahalanobis"](
        Evidence(),
        dataset="breast_cancer",
        module="sklearn.metrics.pairwise",
        function="rbf_kernel",
    )
    assert outcome.verdict == REFUTED and "as Euclid 100 %" in outcome.evidence


def test_truncated_svd_takes_sparse_matrices():
    outcome = CHECKS["takes_sparse"](
        Evidence(),
        module="sklearn",
        estimators=[
            "decomposition.TruncatedSVD",
            "discriminant_analysis.LinearDiscriminantAnalysis",
        ],
    )
    assert outcome.verdict == CONDITIONAL and outcome.evidence.startswith("TruncatedSVD: yes")


@pytest.mark.parametrize("module", [tips_distances, tips_imbalance, tips_leaks, overfitting])
def test_an_unknown_budget_is_named(module):
    with pytest.raises(UnknownNameError, match="budget"):
        module.run("huge", 0, {name: None for name in module.DATASETS})
