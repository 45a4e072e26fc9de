"""The experiments on CIFAR-10: what they draw, and that they learn what can be learned."""

import types

import numpy as np
import pytest

from mlbook.checks import weighting as script
from mlbook.experiments import cifar_metric, cifar_noise, cifar_retrieval, cifar_weights, get
from mlbook.experiments.base import Budget


def coloured(n_train=600, n_test=200, seed=0):
    """Ten classes of noise, each around a colour of its own: easy for a network."""
    rng = np.random.default_rng(seed)
    colours = rng.integers(40, 216, (10, 3))

    def split(n):
        y = np.arange(n) % 10
        x = colours[y][:, None, None] + rng.normal(scale=20, size=(n, 32, 32, 3))
        return np.clip(x, 0, 255).astype(np.uint8), y

    (x_train, y_train), (x_test, y_test) = split(n_train), split(n_test)
    return {
        "cifar10": types.SimpleNamespace(
            x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test
        )
    }


def limits(n_train, n_test, epochs):
    return {"smoke": Budget(n_train, n_test, seeds=1, grids={"epochs": epochs})}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("covariance_of_images", "more than 2 dimensions"),
        ("distances_to_labels", "same number of columns"),
        ("fit_with_weights_of_pairs", "shape"),
        ("compare_with_one_hot", "broadcast"),
    ],
)
def test_steps_of_the_script_stop(step, message):
    images = np.random.default_rng(0).random((40, 8, 8, 3))
    with pytest.raises(ValueError, match=message):
        getattr(script, step)(images, np.eye(5)[np.arange(40) % 5])


def test_the_comparison_of_ten_images_is_wrong_without_an_error():
    assert script.compare_with_one_hot(None, np.eye(10)) == pytest.approx(0.1)  # all are right


def test_wrong_labels():
    y = np.arange(1000) % 10
    noisy = cifar_noise.with_wrong_labels(y, seed=3)
    assert np.mean(noisy != y) == cifar_noise.WRONG
    assert set(np.unique(noisy)) == set(range(10))
    steps = (noisy - y)[noisy != y] % 10
    assert np.bincount(steps, minlength=10)[1:].min() > 20  # to every other class
    assert np.array_equal(noisy, cifar_noise.with_wrong_labels(y, seed=3))
    assert not np.array_equal(noisy, cifar_noise.with_wrong_labels(y, seed=4))


def test_classes_kept_out_are_never_learned():
    data = coloured()
    (x, y), (x_new, y_new) = cifar_retrieval.split(data, Budget(300, 60, 1), seed=1)
    assert len(y) == 300 and len(y_new) == 60
    assert set(y) == set(range(7)) and set(y_new) == {7, 8, 9}
    # by their colours: no image of one side looks like the other side's classes
    centres = np.array([x[y == c].mean(axis=(0, 1, 2)) for c in range(7)])
    new_centres = np.array([x_new[y_new == c].mean(axis=(0, 1, 2)) for c in (7, 8, 9)])
    assert np.abs(centres[:, None] - new_centres[None]).max(axis=2).min() > 3
    other = cifar_retrieval.split(data, Budget(300, 60, 1), seed=2)
    assert not np.array_equal(x_new, other[1][0])


def test_samples_are_drawn_from_their_own_splits():
    data = coloured()
    (x, y), (x_test, y_test) = cifar_weights.sample(data, Budget(100, 50, 1), seed=0)
    assert len(x) == len(y) == 100 and len(x_test) == len(y_test) == 50
    train = {image.tobytes() for image in data["cifar10"].x_train}
    assert all(image.tobytes() in train for image in x)
    assert not any(image.tobytes() in train for image in x_test)


def test_weights_of_the_arms(monkeypatch):
    monkeypatch.setattr(cifar_weights, "BUDGETS", limits(400, 100, 2))
    arms = cifar_weights.run("smoke", 0, coloured())
    assert arms.keys() == cifar_weights.ARMS.keys()
    assert arms["unweighted"]["spread"] == 0
    assert arms["near"]["spread"] == pytest.approx(arms["shuffled"]["spread"]) and (
        arms["near"]["spread"] > 0
    )
    assert all(arm["n_train"] == 360 for arm in arms.values())
    assert np.mean(arms["neighbours_lda"]["correct"]) > 0.5


def test_only_the_oracle_takes_all_weight_from_wrong_labels(monkeypatch):
    monkeypatch.setattr(cifar_noise, "BUDGETS", limits(400, 100, 2))
    arms = cifar_noise.run("smoke", 0, coloured())
    assert arms.keys() == cifar_noise.ARMS.keys()
    assert arms["oracle"]["on_wrong"] == 0
    assert arms["unweighted"]["on_wrong"] == pytest.approx(cifar_noise.WRONG)
    # where colours tell the classes, the distance knows which labels are wrong
    assert arms["posterior"]["on_wrong"] < 0.25 < arms["near"]["on_wrong"]
    assert arms["near"]["on_wrong"] < arms["shuffled"]["on_wrong"]


def test_the_modern_network_learns_colours(monkeypatch):
    monkeypatch.setattr(cifar_metric, "BUDGETS", limits(512, 100, 4))
    arms = cifar_metric.run("smoke", 0, coloured())
    assert arms.keys() == cifar_metric.ARMS.keys()
    assert np.mean(arms["joint_neighbours"]["correct"]) > 0.6
    assert arms["joint"]["fit_cpu_seconds"] > 0
    # one image of each class is drawn ten times: chance is near 0.1
    assert arms["cross_entropy"]["map_at_r"] > 0.3


def test_retrieval_of_new_classes(monkeypatch):
    monkeypatch.setattr(cifar_retrieval, "BUDGETS", limits(350, 60, 1))
    arms = cifar_retrieval.run("smoke", 0, coloured())
    assert arms.keys() == cifar_retrieval.ARMS.keys()
    assert arms["pixels"]["map_at_r"] > arms["chance"]["map_at_r"]
    assert all(arm["n_train"] == 350 and arm["n_test"] == 60 for arm in arms.values())


@pytest.mark.parametrize("name", ["weights", "noise", "metric", "retrieval"])
def test_experiments_are_known_and_name_a_baseline(name):
    module = get(f"cifar_{name}")
    assert module.BASELINE in module.ARMS
    assert {"smoke", "reader", "full"} == module.BUDGETS.keys()
