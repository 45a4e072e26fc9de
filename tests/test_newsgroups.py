"""The experiment on newsgroups: what its arms read, how they are tuned, and what they share."""

import numpy as np
import pytest
from gensim.models import KeyedVectors

from mlbook import datasets
from mlbook.datasets.newsgroups import ARTICLE_GROUPS
from mlbook.experiments import newsgroups, newsgroups_words
from mlbook.experiments.base import Budget
from mlbook.experiments.newsgroups_words import mean_vectors, pipeline, tuned
from mlbook.text import Vocabulary

# the arms are the same with the list of words that stands in for it, and says so
pytestmark = pytest.mark.filterwarnings("ignore:NLTK's stop words are missing")

TOPICS = ("doubt", "church", "pixel", "doctor")
POST = """From: {author}@example.org
Subject: {topic}

In article <1> Somebody writes:
> william {quoted}

the {topic} and {filler}
--
{author}, bristol
"""


@pytest.fixture(scope="module")
def posts():
    """Forty posts to learn from and twenty to test; one word of the body tells the group."""
    rng = np.random.default_rng(0)
    names = tuple(sorted(ARTICLE_GROUPS))
    sides = []
    for n in (40, 20):
        y = np.arange(n) % 4
        texts = []
        for label in y:
            topic = TOPICS[ARTICLE_GROUPS.index(names[label])]
            filler = " ".join(rng.choice(["red", "green", "blue", "grey"], 5))
            texts.append(POST.format(author="annie", topic=topic, quoted="before", filler=filler))
        sides += [tuple(texts), y]
    return datasets.Dataset(*sides, names, "newsgroups", "canonical", "posts", "none", "0" * 16)


@pytest.fixture
def vectors():
    keyed = KeyedVectors(2)
    keyed.add_vectors(["up", "right"], np.array([[0.0, 2.0], [2.0, 0.0]], dtype=np.float32))
    return keyed


@pytest.fixture
def network(monkeypatch):
    """The module of the networks, which read eight words here."""
    from mlbook.experiments import newsgroups_network

    monkeypatch.setattr(newsgroups_network, "LENGTH", 8)
    return newsgroups_network


# --- what the arms read ---


def test_tokens_of_posts_as_sent_stripped_and_of_headers(posts):
    raw, _ = newsgroups.tokens(posts, "raw")
    stripped, _ = newsgroups.tokens(posts, "stripped")
    headers, tested = newsgroups.tokens(posts, "headers")
    assert {"annie", "subject", "william", "bristol"} <= set(raw[0])
    assert not {"annie", "subject", "william", "somebody", "bristol", "the"} & set(stripped[0])
    assert len(stripped[0]) == 6, "the topic and five fillers"
    assert {"annie", "subject"} <= set(headers[0]) and "william" not in headers[0]
    assert len(raw) == len(stripped) == len(headers) == 40 and len(tested) == 20


def test_tokens_keep_stop_words_on_request_only(posts):
    assert "the" not in newsgroups.tokens(posts, "raw")[0][0]
    assert "the" in newsgroups.tokens(posts, "raw", all_words=True)[0][0]


def test_mean_vectors_have_length_one_and_zeros_where_no_word_is_known(vectors):
    documents = [["up"], ["up", "right", "unknown"], ["unknown"], []]
    found = mean_vectors(vectors, documents)
    half = 0.5**0.5
    np.testing.assert_allclose(found, [[0, 1], [half, half], [0, 0], [0, 0]], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "row", "short"),
    [
        # the last eight words, zeros before, unknown words vanish
        ("lstm", [4, 5, 6, 7, 8, 9, 10, 11], [0, 0, 0, 0, 0, 0, 2, 3]),
        # the first eight words, zeros after, unknown words are 1
        ("mended", [2, 3, 4, 5, 6, 7, 8, 9], [2, 1, 3, 0, 0, 0, 0, 0]),
    ],
)
def test_encode_reads_as_the_recipe_says(network, name, row, short):
    letters = list("abcdefghij")
    trained = network.Trained(network.RECIPES[name], Vocabulary().fit([letters]), model=None)
    np.testing.assert_array_equal(trained.encode([letters, ["a", "?", "b"]]), [row, short])


# --- classical methods ---


def test_methods_try_up_to_three_settings_and_no_more_components_than_there_are_documents():
    for method in ("tfidf_neighbours", "tfidf_linear", "vectors_linear", "lsa_neighbours"):
        assert [len(values) for values in pipeline(method, 2000)[1].values()] == [3]
    assert pipeline("nca_neighbours", 150)[1] == {"lsa__n_components": [50]}
    assert pipeline("majority", 2000)[1] == {}


def test_tuned_finds_the_word_that_tells_and_takes_the_best_setting():
    documents = [[("yes", "no")[i % 2], "word", f"w{i}"] for i in range(60)]
    y = np.arange(60) % 2
    predicted, measures = tuned("tfidf_linear", (documents[:40], documents[40:]), y[:40], seed=0)
    np.testing.assert_array_equal(predicted, y[40:])
    assert measures["setting"] in (1.0, 10.0, 100.0) and measures["fit_seconds"] > 0
    # where some labels are wrong, one neighbour is too few
    rng = np.random.default_rng(0)
    documents = [[("yes", "no")[i % 2]] * 3 + [f"w{rng.integers(40)}"] for i in range(120)]
    noisy = np.where(rng.random(120) < 0.3, 1 - np.arange(120) % 2, np.arange(120) % 2)
    _, measures = tuned("tfidf_neighbours", (documents, documents[:1]), noisy, seed=0)
    assert measures["setting"] > 1


def test_majority_predicts_the_most_frequent_group():
    predicted, measures = tuned(
        "majority", ([["a"]] * 5, [["b"]] * 3), np.array([2, 2, 1, 0, 2]), 0
    )
    assert list(predicted) == [2, 2, 2] and "setting" not in measures


# --- networks ---


def documents_of(n, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    fillers = [f"f{chr(97 + i)}" for i in range(10)]
    return [[TOPICS[label], *rng.choice(fillers, 4)] for label in y], y


def test_networks_of_a_pair_differ_in_the_second_loss_only(network, monkeypatch):
    documents, y = documents_of(64)  # two whole batches: Keras weighs a smaller one in two ways
    alone = network.train("lstm", documents, y, seed=3, epochs=2)
    joint = network.train("lstm_joint", documents, y, seed=3, epochs=2)
    monkeypatch.setattr(network, "WEIGHT", 0.0)
    without = network.train("lstm_joint", documents, y, seed=3, epochs=2)
    losses = [alone.history["loss"]]  # of a single loss there is but one value
    losses += [found.history["probabilities_loss"] for found in (without, joint)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    assert abs(losses[2][1] - losses[0][1]) > 1e-4
    first, second = joint.history["embedding_loss"]
    assert second < first, "the metric loss is minimised too"
    np.testing.assert_allclose(np.linalg.norm(joint.embed(documents), axis=1), 1, atol=1e-5)


def test_another_seed_is_another_start(network):
    documents, y = documents_of(32)
    first, second = (network.train("lstm", documents, y, seed, epochs=1) for seed in (0, 1))
    assert first.history["loss"] != second.history["loss"]


def test_held_out_posts_change_nothing(network):
    documents, y = documents_of(32)
    other = documents_of(16, seed=1)
    first = network.train("lstm", documents, y, seed=0, epochs=2)
    second = network.train("lstm", documents, y, seed=0, epochs=2, held_out=other)
    np.testing.assert_allclose(first.history["loss"], second.history["loss"], rtol=1e-6)
    assert len(second.history["val_probabilities_accuracy"]) == 2
    np.testing.assert_array_equal(first.predict(other[0]), second.predict(other[0]))


def test_a_mended_network_begins_with_the_vectors(network, monkeypatch):
    documents = [["up", "right"], ["right", "right", "up"]] * 4
    y = np.array([0, 1] * 4)
    with pytest.raises(ValueError, match="give vectors"):
        network.train("mended", documents, y, seed=0)
    keyed = KeyedVectors(2)
    keyed.add_vectors(["up", "right"], np.array([[0.0, 2.0], [2.0, 0.0]], dtype=np.float32))
    trained = network.train("mended", documents, y, seed=0, vectors=keyed, epochs=1)
    [weights] = trained.model.get_layer("word_vectors").get_weights()
    expected = [keyed[word] for word in trained.vocabulary.words_]
    np.testing.assert_allclose(weights[2:], expected, atol=0.02)  # after one step of Adam


# --- all together ---


@pytest.fixture
def small(monkeypatch):
    """Budgets for forty posts, without networks."""
    none = {"networks": (), "epochs": 1}
    budgets = {"full": Budget(40, 20, 2, none), "smoke": Budget(24, 8, 2, none)}
    monkeypatch.setattr(newsgroups, "BUDGETS", budgets)
    # as few posts as these have fewer than twenty components
    monkeypatch.setattr(newsgroups, "_CLASSICAL", {"majority": "", "tfidf_linear": ""})


def test_all_arms_are_tested_on_the_same_posts(posts, small):
    data = {"newsgroups": posts}
    assert newsgroups.same_items("full", data) and not newsgroups.same_items("smoke", data)
    arms = newsgroups.run("full", 0, data)
    assert {*arms} <= {*newsgroups.ARMS}
    assert {len(arm["correct"]) for arm in arms.values()} == {20}
    assert {arm["n_train"] for arm in arms.values()} == {40}
    assert arms["tfidf_linear_stripped"]["correct"].all()
    assert arms["headers_linear"]["correct"].all(), "the subject gives it away"
    assert arms["majority_raw"]["correct"].mean() == 0.25


def test_a_second_seed_runs_only_what_depends_on_it(posts, small, monkeypatch):
    data = {"newsgroups": posts}
    assert newsgroups.run("full", 1, data) == {}
    assert {*newsgroups.run("smoke", 1, data)} == {*newsgroups.run("smoke", 0, data)}
    monkeypatch.setattr(newsgroups, "_CLASSICAL", {"vectors_linear": "", "majority": ""})
    assert {*newsgroups.run("full", 1, data)} == {"vectors_linear_raw", "vectors_linear_stripped"}


def test_arms_of_the_recorded_run_exist():
    named = [name for budget in newsgroups.BUDGETS.values() for name in budget.grids["networks"]]
    assert {*named} <= {*newsgroups.ARMS} and newsgroups.BASELINE in newsgroups.ARMS
    assert newsgroups_words.FOLDS == 3 and newsgroups.BUDGETS["full"].seeds >= 5
