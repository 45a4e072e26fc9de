"""The figures of a training: what their alternative text says must be what the data say."""

import IPython.display
import numpy as np
import pytest

from mlbook import network_plots
from mlbook.progress import training_bar


@pytest.fixture
def shown(monkeypatch):
    """The alternative texts of the figures that were shown."""
    texts = []
    monkeypatch.setattr(
        IPython.display, "display", lambda data, **_: texts.append(data["text/plain"])
    )
    return texts


def test_history_draws_training_and_held_out(shown):
    curves = {"a": {"loss": [1.0, 0.5], "val_loss": [1.2, 0.8]}}
    network_plots.history(curves, "title", "loss")
    assert "a, training 1.00 to 0.50" in shown[0] and "a, held out 1.20 to 0.80" in shown[0]
    network_plots.history(curves, "title", "loss", test=False)
    assert "held out" not in shown[1]


def test_history_without_the_measure():
    with pytest.raises(ValueError, match="no val_loss; it has loss"):
        network_plots.history({"a": {"loss": [1.0]}}, "title", "loss")
    with pytest.raises(ValueError, match="no history"):
        network_plots.history({}, "title", "loss")


def test_confusion_names_the_commonest_mistake(shown):
    true = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    said = [0, 0, 0, 1, 1, 1, 0, 0, 2, 2]
    network_plots.confusion(true, said, ("cat", "dog", "ship"), "title")
    assert "cat 75, dog 50, ship 100" in shown[0]
    assert "dog for cat, 50 %" in shown[0]


def test_confusion_with_a_class_that_is_not_there(shown):
    network_plots.confusion([0, 0, 1], [0, 0, 1], ("a", "b", "c"), "title")
    assert "a 100, b 100, c 0" in shown[0]


@pytest.mark.parametrize("n_classes", [2, 10])
def test_map_of_an_embedding(shown, n_classes):
    y = np.arange(60) % n_classes
    points = np.eye(n_classes)[y] + 0.01 * np.random.default_rng(0).normal(size=(60, n_classes))
    network_plots.embedding_map(points, y, [f"c{c}" for c in range(n_classes)], "title")
    assert f"60 embeddings coloured by {n_classes} classes" in shown[0]


def test_few_points_have_a_map_too(shown):
    network_plots.embedding_map(np.eye(8)[:, :3], np.arange(8) % 2, ("a", "b"), "title")
    assert len(shown) == 1


def test_bar_of_a_training_is_silent_on_request(monkeypatch, capsys):
    import keras

    monkeypatch.setenv("MLBOOK_PROGRESS", "0")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones(4), verbose=0, callbacks=[training_bar("x")])
    assert "x:" not in capsys.readouterr().err
    monkeypatch.delenv("MLBOOK_PROGRESS")
    model.fit(np.ones((4, 2)), np.ones(4), verbose=0, callbacks=[training_bar("x")])
    assert "x:" in capsys.readouterr().err


def test_views_of_the_same_items(shown):
    y = np.arange(40) % 4
    views = {"flat": np.eye(4)[y][:, :2], "full": np.random.default_rng(0).normal(size=(40, 5))}
    network_plots.embedding_views(views, y, ("a", "b"), "title")
    assert "2 scatter plots of 40 embeddings" in shown[0]
    assert "in colour: a, b." in shown[0] and "flat 100 %" in shown[0]
