"""Data sets that installed packages carry, and the split by digests."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from mlbook import datasets
from mlbook.datasets import base, order, packaged, small, tiers
from mlbook.errors import DataError

SMALL = ("digits", "wine", "breast_cancer")
PUBLISHED = {"digits": load_digits, "wine": load_wine, "breast_cancer": load_breast_cancer}


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for variable in ("TFDS_DATA_DIR", "SCIKIT_LEARN_DATA", "NLTK_DATA", "MLBOOK_TIER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("MLBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLBOOK_OFFLINE", "1")
    monkeypatch.setattr(tiers, "_announced", set())


# --- the split -----------------------------------------------------------------------------------


def test_hold_out_takes_the_smallest_digests_of_every_class():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(47, 3)), rng.integers(0, 3, 47)
    test = order.hold_out(x, y, one_in=4)
    keys = order.digests(x, y)
    for label in range(3):
        of_class = [i for i in range(47) if y[i] == label]
        held = [i for i in of_class if test[i]]
        assert len(held) == len(of_class) // 4
        assert max(keys[i] for i in held) < min(keys[i] for i in of_class if not test[i])
    shuffled = rng.permutation(47)
    np.testing.assert_array_equal(order.hold_out(x[shuffled], y[shuffled], 4), test[shuffled])


def test_groups_follow_their_items_and_count_in_the_fingerprint():
    x, y, groups = ["a", "b", "c", "d"], [0, 1, 0, 1], ["ann", "bob", "bob", "ann"]
    one = order.arrange(x, y, groups)
    other = order.arrange(x[::-1], y[::-1], groups[::-1])
    assert one.groups == other.groups and one.print_ == other.print_
    assert dict(zip(one.x, one.groups, strict=True)) == dict(zip(x, groups, strict=True))
    prints = {one.print_, order.arrange(x, y).print_}
    prints.add(order.arrange(x, y, ["ann", "bob", "bob", "bob"]).print_)
    assert len(prints) == 3
    with pytest.raises(ValueError, match="4 items but 2 groups"):
        order.arrange(x, y, groups[:2])


# --- the three small sets ------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMALL)
def test_small_sets_hold_every_published_item_once(name):
    data, published = datasets.load(name), PUBLISHED[name]()
    assert data.tier == "canonical" and data.label == ""
    x = np.concatenate([data.x_train, data.x_test]).reshape(len(published.target), -1)
    y = np.concatenate([data.y_train, data.y_test])
    found = sorted((*row, label) for row, label in zip(x.tolist(), y.tolist(), strict=True))
    wanted = zip(published.data.tolist(), published.target.tolist(), strict=True)
    assert found == sorted((*row, label) for row, label in wanted)
    assert data.class_names == tuple(map(str, published.target_names))
    n_class = np.bincount(published.target)
    np.testing.assert_array_equal(np.bincount(data.y_test), n_class // 5)
    if name != "digits":
        assert data.feature_names == tuple(published.feature_names)
        assert data.x_train.dtype == np.float64
        assert len(data.feature_names) == data.x_train.shape[1]


def test_digits_are_images():
    digits = datasets.load("digits")
    assert digits.x_train.shape == (1_442, 8, 8) and digits.x_train.dtype == np.uint8
    assert digits.x_test.shape == (355, 8, 8) and digits.feature_names == ()
    assert digits.x_train.min() == 0 and digits.x_train.max() == 16
    with pytest.raises(ValueError, match="read-only"):
        digits.x_train[0] = 0


def test_a_column_has_the_name_of_its_measurement():
    # a wine has about 13 % of alcohol and hundreds of milligrams of proline a litre
    wine = datasets.load("wine")
    column = dict(zip(wine.feature_names, wine.x_train.T, strict=True))
    assert 12 < column["alcohol"].mean() < 14 and 600 < column["proline"].mean() < 900
    tumours = datasets.load("breast_cancer")
    column = dict(zip(tumours.feature_names, tumours.x_train.T, strict=True))
    assert (column["worst area"] >= column["mean area"]).all()


@pytest.mark.parametrize("name", SMALL)
def test_small_sets_are_listed_checked_and_need_no_download(name):
    (row,) = datasets.status(name)
    assert (row.tier, row.state) == ("canonical", "present") and row.size > 1_000
    (checked,) = datasets.check(name)
    assert checked.state == "sound" and checked.fingerprint == datasets.load(name).fingerprint
    for force in (False, True):
        assert "nothing done" in datasets.fetch(name, force=force).note


def test_small_sets_import_scikit_learn_only_when_read():
    code = (
        "import sys; from mlbook import datasets; [datasets.status(n) for n in "
        f"{SMALL}]; assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --- damage --------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """Our own package that carries a copy of the wine table, in place of scikit-learn."""
    import sklearn.datasets

    (tmp_path / "ourwine").mkdir()
    (tmp_path / "ourwine" / "__init__.py").touch()
    file = tmp_path / "ourwine" / "wine.csv"
    source = small.WINE.sources[0]
    shutil.copy(source.find().files[0], file)
    monkeypatch.syspath_prepend(tmp_path)

    def read():
        table = np.loadtxt(file, delimiter=",", skiprows=1)
        return small._split(table[:, :-1], table[:, -1].astype(int))

    assert sklearn.datasets.load_wine().data.shape == (178, 13)
    altered = packaged.PackagedSource(
        "wine", "ourwine", ("wine.csv",), read, "wine", "none", source.expected
    )
    spec = base.Spec("wine", "wine", small.WINE.class_names, (altered,))
    monkeypatch.setitem(datasets._SPECS, "wine", spec)
    return file


def test_a_copy_elsewhere_is_as_good(copy):
    assert datasets.load("wine").fingerprint == "623348173e2d8160"
    assert datasets.status("wine")[0].place == str(copy)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: text.replace("14.23", "14.24", 1), "split .* holds altered items"),
        (lambda text: text[: text.rindex("\n", 0, -1) + 1], "has .* items instead of"),
        (lambda text: text[: len(text) // 2 + 3], "cannot be read|has .* items instead"),
        (lambda text: text.replace("14.23", "x", 1), "cannot be read .*'x'"),
    ],
)
def test_damage_names_the_file_and_the_command(copy, spoil, message):
    copy.write_text(spoil(copy.read_text()))
    with pytest.raises(DataError, match=message) as error:
        datasets.load("wine")
    assert str(copy) in str(error.value)
    assert "pip install --force-reinstall --no-deps ourwine" in str(error.value)
    assert datasets.check("wine")[0].state == "damaged"


def test_a_missing_file_is_damage_and_fetch_says_how_to_mend_it(copy):
    copy.unlink()
    assert datasets.status("wine")[0].state == "damaged"
    for function in (datasets.load, datasets.fetch):
        with pytest.raises(DataError, match=r"wine\.csv is missing.*pip install --force"):
            function("wine")


def test_a_package_that_is_not_installed_is_absent(monkeypatch):
    source = packaged.PackagedSource(
        "wine", "no_such_package_here", ("x",), lambda: None, "", "", small.WINE.sources[0].expected
    )
    assert source.find().state == "absent"
    assert source.find().note == "the package no_such_package_here is not installed"
