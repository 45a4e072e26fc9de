"""The experiments on sentiment: folds, counted words, networks and what chooses what."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from mlbook.experiments import sentiment_texts
from mlbook.experiments.base import Budget
from mlbook.experiments.sentiment_texts import NBSVM, Parts, Texts, features, linear_arms, split

ALL = Budget(10_000, 10_000, 1)


@pytest.fixture(scope="module")
def texts():
    """Two hundred texts; one word of each tells its class, at a random place."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    documents = []
    for label in y:
        document = [f"w{chr(97 + i)}" for i in rng.integers(0, 20, rng.integers(6, 15))]
        document.insert(rng.integers(len(document)), ("dull", "witty")[label])
        documents.append(document)
    return Texts(documents, y)


def shuffled(texts, rows, seed=1):
    """The same texts, but the classes of `rows` are drawn anew."""
    y = texts.y.copy()
    y[rows] = np.random.default_rng(seed).permutation(y[rows])
    return Texts(texts.documents, y)


# --- folds ---


def test_folds_test_every_text_once_and_choose_by_others():
    y = np.array([0] * 60 + [1] * 140)
    tested = []
    for seed in range(5):
        parts = split(y, ALL, seed)
        assert len(np.unique(np.concatenate(parts))) == 200, "the parts are disjoint"
        assert [len(part) for part in parts] == [144, 16, 40]
        assert np.mean(y[parts.test]) == 0.7
        assert np.mean(y[parts.validation]) == pytest.approx(0.7, abs=0.04)
        np.testing.assert_array_equal(np.sort(parts.train), np.setdiff1d(range(200), parts.test))
        tested.append(parts.test)
    np.testing.assert_array_equal(np.sort(np.concatenate(tested)), np.arange(200))


def test_later_seeds_cut_other_folds_and_budgets_draw_fewer():
    y = np.arange(200) % 2
    assert set(split(y, ALL, 0).test) != set(split(y, ALL, 5).test)
    assert [len(part) for part in split(y, ALL, 0, folds=10)] == [162, 18, 20]
    few = split(y, Budget(50, 10, 1), 0)
    assert [len(part) for part in few] == [45, 5, 10]
    assert set(few.test) <= set(split(y, ALL, 0).test)


# --- counted words ---


def test_features_are_those_of_a_vectoriser_that_knows_the_known_texts_only(texts):
    known, other = np.arange(0, 60), np.arange(100, 130)
    found = features(texts, known, known, other)
    for kind, pairs in (("words", 1), ("pairs", 2)):
        vectoriser = TfidfVectorizer(
            analyzer="word",
            tokenizer=str.split,
            token_pattern=None,
            ngram_range=(1, pairs),
            min_df=2,
            sublinear_tf=True,
        )
        lines = [" ".join(document) for document in texts.documents]
        expected = [vectoriser.fit_transform(lines[:60]), vectoriser.transform(lines[100:130])]
        for side, matrix in zip(found, expected, strict=True):
            np.testing.assert_allclose(side[kind].toarray(), matrix.toarray())
    assert found[1]["nbsvm"].shape == found[1]["pairs"].shape
    assert set(found[1]["nbsvm"].data) == {1.0}
    np.testing.assert_array_equal(found[1]["nbsvm"].toarray() > 0, found[1]["pairs"].toarray() > 0)


def test_nbsvm_is_the_formula_of_the_paper():
    rng = np.random.default_rng(0)
    y = np.repeat([3, 7], 30)
    X = (rng.random((60, 5)) < np.where(y[:, np.newaxis] == 7, [0.9, 0.5, 0.5, 0.2, 0], 0.5)) * 1.0
    p, q = (1 + X[y == 7].sum(axis=0), 1 + X[y == 3].sum(axis=0))
    r = np.log((p / p.sum()) / (q / q.sum()))
    svm = LinearSVC(C=0.3).fit(X * r, y == 7)
    w = svm.coef_[0]
    expected = (X * r) @ (0.25 * w + 0.75 * np.abs(w).sum() / 5) + svm.intercept_[0]
    model = NBSVM(C=0.3).fit(sparse.csr_matrix(X), y)
    np.testing.assert_allclose(model.decision_function(X), expected, atol=1e-8)
    np.testing.assert_array_equal(model.predict(X), np.where(expected > 0, 7, 3))
    assert r[0] > 0 > r[4]


def test_nbsvm_refuses_what_it_cannot_learn():
    X = np.eye(3)
    with pytest.raises(ValueError, match="two classes apart, got 3"):
        NBSVM().fit(X, [0, 1, 2])
    with pytest.raises(ValueError, match="features"):
        NBSVM().fit(X, [0, 1, 1]).predict(np.eye(2))


def test_linear_arms_find_the_word_that_tells(texts):
    parts = split(texts.y, ALL, 0)
    arms = linear_arms(texts, parts)
    assert arms.keys() == sentiment_texts.LINEAR.keys()
    assert arms["majority"]["correct"].mean() == 0.5
    for arm in ("lr_words", "svm_words", "nbsvm"):
        assert arms[arm]["correct"].mean() > 0.95, arm
    assert all(m["n_train"] == 160 and len(m["correct"]) == 40 for m in arms.values())


@pytest.mark.parametrize("refit", [False, True])
def test_classes_of_test_texts_change_nothing_but_what_is_right(texts, refit):
    parts = split(texts.y, ALL, 0)
    other = shuffled(texts, parts.test)
    first, second = (linear_arms(t, parts, refit) for t in (texts, other))
    for arm in first:
        assert first[arm].get("C") == second[arm].get("C")
        said = first[arm]["correct"] == (texts.y[parts.test] == 1)
        np.testing.assert_array_equal(
            said, second[arm]["correct"] == (other.y[parts.test] == 1), arm
        )


def test_the_validation_part_chooses_and_is_learned_from_in_the_refit_only(texts):
    # the word that tells occurs in validation texts only
    documents = [
        [w for w in d if w not in ("dull", "witty")] if i < 120 else d
        for i, d in enumerate(texts.documents)
    ]
    parts = Parts(np.arange(120), np.arange(120, 160), np.arange(160, 200))
    changed = Texts(documents, texts.y)
    blind, seeing = (linear_arms(changed, parts, refit) for refit in (False, True))
    assert blind["lr_words"]["correct"].mean() < 0.75
    assert seeing["lr_words"]["correct"].mean() > 0.9


# --- networks ---


@pytest.fixture(scope="module")
def network():
    from mlbook.experiments import sentiment_network

    return sentiment_network


@pytest.fixture(scope="module")
def words(network, texts):
    parts = split(texts.y, ALL, 0)
    return network.Words(texts, parts, length=29, min_count=1, epochs=1, seed=0)


@pytest.fixture(scope="module")
def trained(network, words):
    return {
        loss: network.Trained(network.Arm("kim", "random", loss), words, 20, seed=0)
        for loss in ("cross_entropy", "joint", "fwhd")
    }


def test_words_know_the_training_part_only(network, texts):
    parts = split(texts.y, ALL, 0)
    documents = list(texts.documents)
    documents[parts.test[0]] = ["unheard"] * 40
    words = network.Words(Texts(documents, texts.y), parts, 29, 1, 1, seed=0)
    assert "unheard" not in words.vocabulary.index_
    assert set(words.x[parts.test[0]]) == {1}, "an unknown word"
    assert words.word2vec.shape == (len(words.vocabulary), network.N_WORD_DIMS)


def test_word_vectors_are_centred_and_of_one_size(network, words):
    from gensim.models import KeyedVectors

    rng = np.random.default_rng(0)
    names = [*words.vocabulary.words_[:15], "unheard"]
    keyed = KeyedVectors(network.N_WORD_DIMS)
    theirs = 5 + 2 * rng.normal(size=(len(names), network.N_WORD_DIMS))
    keyed.add_vectors(names, theirs.astype("float32"))
    matrix = words.look_up(keyed)
    known = matrix.vectors[matrix.found]
    assert len(known) == 15
    np.testing.assert_allclose(known.mean(axis=0), 0, atol=1e-6)
    assert known.std() == pytest.approx(network.SPREAD, rel=1e-5)
    assert not matrix.vectors[0].any(), "padding stays zero"
    # only moved and scaled: differences keep their ratios
    differences = theirs[1:15] - theirs[0]
    scale = (known[1] - known[0])[0] / differences[0, 0]
    np.testing.assert_allclose(known[1:] - known[0], scale * differences, atol=1e-5)


def test_word_vectors_that_are_one_vector_only_are_refused(network, words):
    from gensim.models import KeyedVectors

    first, second = words.vocabulary.words_[:2]
    for names in ([first], [first, second]):
        keyed = KeyedVectors(network.N_WORD_DIMS)
        keyed.add_vectors(names, np.ones((len(names), network.N_WORD_DIMS), dtype="float32"))
        with pytest.raises(ValueError, match=rf"{len(names)} of [\d,]+ words have a vector"):
            words.look_up(keyed)


def test_a_long_text_keeps_its_end(network, texts):
    parts = split(texts.y, ALL, 0)
    documents = list(texts.documents)
    documents[parts.fit[0]] = ["dull"] * 40 + ["witty"]
    words = network.Words(Texts(documents, texts.y), parts, 29, 1, 1, seed=0)
    assert words.x[parts.fit[0], -1] == words.vocabulary.index_["witty"]


@pytest.mark.parametrize("loss", ["cross_entropy", "joint", "fwhd"])
def test_every_loss_learns_and_the_kept_epoch_is_the_best_on_validation(
    network, trained, words, loss
):
    found, parts = trained[loss], words.parts
    history, epoch = found.history, found.epoch
    assert {len(values) for values in history.values()} == {min(20, epoch + network.PATIENCE)}
    assert history["val_accuracy"][epoch - 1] == max(history["val_accuracy"])
    assert history["val_accuracy"].index(max(history["val_accuracy"])) == epoch - 1
    right = found.predict(parts.validation) == words.y[parts.validation]
    assert right.mean() == history["val_accuracy"][epoch - 1], "its weights are back"
    measures = found.measures()
    assert measures["correct"].mean() > 0.8
    assert measures["peeked_accuracy"] == max(history["test_accuracy"])
    assert measures["last_accuracy"] == history["test_accuracy"][-1]
    assert measures["n_train"] == 160 and measures["epoch"] == epoch


def test_the_weights_of_the_kept_epoch_are_back(network, texts):
    # classes drawn at random: more training does not help, and the last epoch is not the best
    random = shuffled(texts, np.arange(200))
    words = network.Words(random, split(random.y, ALL, 0), 29, 1, 1, seed=0)
    found = network.Trained(network.Arm("kim", "random", "cross_entropy"), words, 8, seed=0)
    values = found.history["val_accuracy"]
    assert values[-1] < max(values)
    right = found.predict(words.parts.validation) == words.y[words.parts.validation]
    assert right.mean() == max(values)


def test_the_metric_is_that_of_the_loss(trained, words):
    rows = words.parts.test
    encoder = trained["joint"].model.encoder
    raw = encoder.predict(words.x[rows], verbose=0)["embedding"]
    sphere = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    x, _ = trained["joint"].outputs(rows)
    components = trained["joint"].model.loss["embedding"].components
    np.testing.assert_allclose(x, sphere @ components.T, atol=1e-5)
    x, _ = trained["cross_entropy"].outputs(rows)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)


def test_without_a_classifier_the_nearest_class_mean_decides(trained, words):
    parts, y = words.parts, words.y
    known, x = (trained["fwhd"].outputs(rows)[0] for rows in (parts.fit, parts.test))
    means = np.stack([known[y[parts.fit] == c].mean(axis=0) for c in (0, 1)])
    nearest = np.linalg.norm(x[:, np.newaxis] - means, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(trained["fwhd"].predict(parts.test), nearest)
    _, probabilities = trained["joint"].outputs(parts.test)
    np.testing.assert_array_equal(
        trained["joint"].predict(parts.test), probabilities.argmax(axis=1)
    )


def test_classes_of_test_texts_do_not_reach_the_training(network, texts, words, trained):
    parts = words.parts
    other = network.Words(shuffled(texts, parts.test), parts, 29, 1, 1, seed=0)
    again = network.Trained(network.Arm("kim", "random", "joint"), other, 20, seed=0)
    assert again.epoch == trained["joint"].epoch
    np.testing.assert_array_equal(again.predict(parts.test), trained["joint"].predict(parts.test))


def test_given_vectors_start_the_network_and_stay_when_they_should(network, words):
    vectors = np.random.default_rng(0).normal(size=(len(words.vocabulary), 50)).astype("float32")
    arm = network.Arm("kim", "given", "cross_entropy", train_vectors=False)
    found = network.Trained(arm, words, 1, 0, vectors)
    layer = found.model.encoder.get_layer("word_vectors")
    np.testing.assert_array_equal(layer.get_weights()[0], vectors)
    found = network.Trained(arm._replace(train_vectors=True), words, 1, 0, vectors)
    layer = found.model.encoder.get_layer("word_vectors")
    assert not np.array_equal(layer.get_weights()[0], vectors)


def test_the_printed_script_learns_what_it_can(network, texts):
    parts = split(texts.y, ALL, 0)
    found = network.printed(texts, parts, seed=0)
    assert found["n_train"] == 160 and len(found["correct"]) == 40


def test_glove_is_left_out_where_it_is_missing(network, texts, monkeypatch):
    from mlbook import datasets
    from mlbook.errors import DataError, OfflineError
    from mlbook.experiments import sentiment_glove

    def missing(name):
        raise OfflineError("not here")

    def damaged(name):
        raise DataError("truncated")

    monkeypatch.setattr(datasets, "load", missing)
    monkeypatch.setattr(sentiment_glove, "pooled", lambda dataset: texts)
    monkeypatch.setattr(
        network, "network_arms", lambda arms, words, **_: {arm: {"correct": []} for arm in arms}
    )
    arms = sentiment_glove.run("smoke", 0, {"movie_sentences": None})
    assert arms.keys() == {"random", "word2vec"}
    # what is there and cannot be used is not passed over
    monkeypatch.setattr(datasets, "load", damaged)
    with pytest.raises(DataError, match="truncated"):
        sentiment_glove.run("smoke", 0, {"movie_sentences": None})


def test_the_rate_with_the_best_validation_texts_counts(network, words, monkeypatch):
    arm = network.Arm("kim", "random", "cross_entropy")
    kept = []
    monkeypatch.setattr(
        network.Trained, "measures", lambda self: kept.append(self) or {"rate": self.rate}
    )
    # so small that nothing moves, and an ordinary one
    for rates in ((1e-9, 3e-3), (3e-3, 1e-9)):
        found = network.network_arms({"kim": arm}, words, 12, seed=0, rates=rates)
        assert found["kim"]["rate"] == 3e-3
    assert all(trained.validation_accuracy() > 0.7 for trained in kept)
