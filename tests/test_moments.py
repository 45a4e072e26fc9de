"""Moments of parts, and the metrics made from them: against the same metrics from the samples."""

import functools
import operator

import numpy as np
import pyarrow as pa
import pytest

from mlbook import extras
from mlbook.from_moments import fit_to_moments
from mlbook.linear import CDS, FWHD, MDC, Covariance
from mlbook.merging import Nearest
from mlbook.moments import Moments
from mlbook.neighbors import exact_neighbors
from mlbook.rows import usable

RNG = np.random.default_rng(0)


def data(n=300, shift=0.0):
    """Three classes of unlike sizes and spreads in six dimensions."""
    y = RNG.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1])
    centres = {"a": 0.0, "b": 1.5, "c": -1.0}
    X = RNG.normal(size=(n, 6)) @ RNG.normal(size=(6, 6))
    X += np.array([centres[label] for label in y])[:, np.newaxis] * np.arange(6)
    return X + shift, y


def in_parts(X, y, cuts, fourth=True):
    parts = zip(np.split(X, cuts), np.split(y, cuts), strict=True)
    return functools.reduce(operator.add, (Moments.of(*part, fourth=fourth) for part in parts))


def check_same(metric, fitted, X, y, rtol=1e-8):
    alone = type(metric)(**metric.get_params()).fit(X, y)
    np.testing.assert_allclose(fitted.components_, alone.components_, rtol=rtol, atol=rtol)
    for name, value in vars(alone).items():
        if name.endswith("_") and not name.startswith("_") and name != "feature_names_in_":
            np.testing.assert_allclose(getattr(fitted, name), value, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fitted.transform(X[:5]), alone.transform(X[:5]), rtol=1e-7)


METRICS = [
    Covariance("total"),
    Covariance("within", ridge=0.1),
    Covariance("diagonal"),
    FWHD(),
    FWHD(temperature=0.5, shape=(2, 3)),
    MDC(),
    MDC(shrinkage=0.2),
]


@pytest.mark.parametrize("metric", METRICS, ids=str)
# one part; parts without some classes, one of them empty, one of a single row
@pytest.mark.parametrize("cuts", [[], [1, 40, 40, 299]], ids=["whole", "parts"])
def test_metrics_from_moments_are_those_from_the_samples(metric, cuts):
    for shift in (0.0, 1e4):
        X, y = data(shift=shift)
        order = np.argsort(y, kind="stable")  # the first part holds one class
        X, y = X[order], y[order]
        check_same(
            metric,
            fit_to_moments(metric, in_parts(X, y, cuts)),
            X,
            y,
            rtol=1e-8 if not shift else 1e-5,
        )


def test_a_constant_feature_and_float32():
    X, y = data()
    X[:, 2] = 7
    check_same(MDC(), fit_to_moments(MDC(), in_parts(X, y, [50, 200])), X, y)
    X = X.astype(np.float32)
    metric = Covariance("within", ridge=0.1)
    check_same(metric, fit_to_moments(metric, in_parts(X, y, [50])), X, y, rtol=1e-4)


def test_higher_moments_move_with_the_mean():
    X, y = data(n=20)
    whole = in_parts(X, np.full(20, "a"), [7, 8]).classes["a"]
    r = X - X.mean(axis=0)
    np.testing.assert_allclose(whole.third, (r**2).T @ r, atol=1e-9)
    np.testing.assert_allclose(whole.fourth, (r**2).T @ r**2, atol=1e-9)


@pytest.mark.parametrize(
    ("metric", "rows", "fourth", "message"),
    [
        (CDS(), 100, True, "suffice for Covariance, FWHD, MDC"),
        (Covariance("ledoit_wolf"), 100, True, "more than moments"),
        (MDC(), 100, False, "fourth=True"),
        (MDC(), 1, True, "at least two rows"),
        (Covariance("total"), 4, True, "singular"),
        (FWHD(temperature=-1), 100, True, "temperature"),
    ],
)
def test_what_cannot_be_fitted_says_why(metric, rows, fourth, message):
    X, y = data()
    with pytest.raises((TypeError, ValueError), match=message):
        fit_to_moments(metric, Moments.of(X[:rows], y[:rows], fourth))


def test_one_class_is_not_enough():
    X, _ = data()
    with pytest.raises(ValueError, match="one class only"):
        fit_to_moments(FWHD(), Moments.of(X, np.zeros(300)))


def test_neighbours_of_parts_are_those_of_the_whole():
    gallery = RNG.integers(0, 3, size=(200, 4)).astype(float)  # many equal distances
    queries = RNG.integers(0, 3, size=(30, 4)).astype(float)
    ids = RNG.permutation(1000)[:200]
    by_id = np.argsort(ids)
    distances, positions = exact_neighbors(queries, gallery[by_id], 5)
    cuts = [0, 3, 3, 90, 91, 200]
    parts = [
        Nearest.among(queries, gallery[a:b], ids[a:b], 5)
        for a, b in zip(cuts[:-1], cuts[1:], strict=True)
    ]
    for order in (parts, parts[::-1]):
        merged = functools.reduce(operator.add, order, Nearest(5))
        np.testing.assert_array_equal(merged.ids, ids[by_id][positions])
        np.testing.assert_allclose(merged.distances, distances)


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()], ids=str)
def test_corrupt_rows_are_counted_by_what_is_wrong(kind):
    rows = [[1, 2], None, [3], [4, None], [5, float("nan")], [6, float("inf")], [], [7, 8], [9, 0]]
    labels = ["a", "a", "a", "a", "a", "a", "a", None, "b"]
    batch = pa.RecordBatch.from_arrays([pa.array(rows, pa.list_(kind)), pa.array(labels)], "xy")
    X, y, corrupt = usable(batch, 2, "no label")
    np.testing.assert_array_equal(X, [[1, 2], [9, 0]])
    assert list(y) == ["a", "b"] and X.dtype == kind.to_pandas_dtype()
    assert corrupt == {"no vector": 1, "another length": 2, "not finite": 3, "no label": 1}
    # a slice of a batch starts in the middle of its buffers
    X, y, _ = usable(batch.slice(7), 2, "no label")
    np.testing.assert_array_equal(X, [[9, 0]])


@pytest.mark.parametrize(
    ("packages", "java", "message"),
    [
        ([], 17, "pip install 'mlbook\\[spark\\]'"),
        (["pyspark", "pyarrow"], None, "found is none"),
        (["pyspark", "pyarrow"], 11, "found is Java 11"),
        (["pyspark", "pyarrow"], 21, None),
    ],
)
def test_a_missing_extra_says_what_to_install(monkeypatch, packages, java, message):
    monkeypatch.setattr(extras, "find_spec", lambda name: name in packages or None)
    monkeypatch.setattr(extras, "java_version", lambda: java)
    if message is None:
        return extras.demand("spark")
    with pytest.raises(extras.MissingExtraError, match=message):
        extras.demand("spark")


@pytest.mark.parametrize(
    ("said", "version"),
    [('openjdk version "17.0.15" 2025', 17), ('java version "1.8.0_291"', 8), ("no java", None)],
)
def test_the_version_of_java_is_read(monkeypatch, tmp_path, said, version):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    extras.java_version.cache_clear()
    assert extras.java_version() == version
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "none"))
    extras.java_version.cache_clear()
    assert extras.java_version() is None
    extras.java_version.cache_clear()
