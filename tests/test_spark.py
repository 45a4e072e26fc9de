"""Metrics and neighbours by Spark, against one machine. One session, hence one file.

Without PySpark or Java all of it is skipped, and the reason says what is missing.
"""

import os
import signal

import numpy as np
import pytest

from mlbook import extras
from mlbook.errors import DataError
from mlbook.from_moments import fit_to_moments
from mlbook.linear import FWHD, MDC, Covariance
from mlbook.neighbors import MetricKNeighborsClassifier

pytestmark = [
    pytest.mark.skipif(extras.missing("spark") is not None, reason=str(extras.missing("spark"))),
]
RNG = np.random.default_rng(0)
N, D = 400, 5


@pytest.fixture(scope="module")
def spark():
    from mlbook.spark import session

    # a task may fail twice before the job does
    with session(master="local[2,3]", memory="512m", spark_sql_shuffle_partitions=2) as spark:
        yield spark


@pytest.fixture(scope="module")
def samples():
    y = RNG.choice(["a", "b", "c"], N)
    X = RNG.normal(size=(N, D)) @ RNG.normal(size=(D, D)) + (y == "b")[:, np.newaxis]
    return X, y


def frame(spark, X, y=None, first=(), partitions=None):
    """A data frame of rows, some before them, in partitions of these sizes; 0 is an empty one."""
    y = ["a"] * len(X) if y is None else y.tolist()
    rows = [*first, *zip(X.tolist(), y, strict=True)]
    rows = [(*row, i) for i, row in enumerate(rows)]
    sizes = partitions or [len(rows) // 2, len(rows) - len(rows) // 2]
    cuts = np.cumsum([0, *sizes])
    assert cuts[-1] == len(rows)
    parts = [rows[a:b] for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
    rdd = spark.sparkContext.parallelize(parts, len(parts)).flatMap(list)
    # kept: every job would make the rows again
    return spark.createDataFrame(rdd, "features array<double>, label string, id bigint").cache()


def lethal(file):
    """A function that lets batches pass, but the first worker that has seen one is killed."""

    def run(batches):
        for batch in batches:
            yield batch
            try:
                os.close(os.open(file, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)

    return run


# as it comes; all but a few rows in one partition, and empty ones first, last and between
@pytest.mark.parametrize("partitions", [None, [0, 397, 0, 1, 2, 0]], ids=["even", "skewed"])
def test_metrics_are_those_of_one_machine(spark, samples, partitions):
    from mlbook.spark import fit_metric, moments

    X, y = samples
    data = frame(spark, X, y, partitions=partitions)
    sums = moments(data, fourth=True)
    fitted = [fit_to_moments(metric, sums) for metric in (Covariance("within"), FWHD(), MDC())]
    for metric in (*fitted, fit_metric(MDC(), data)):
        alone = type(metric)(**metric.get_params()).fit(X, y)
        np.testing.assert_allclose(metric.components_, alone.components_, rtol=1e-8, atol=1e-8)


def test_neighbours_are_those_of_one_machine(spark, samples):
    from pyspark.ml.functions import array_to_vector

    from mlbook.spark import nearest

    X, y = samples
    queries = RNG.normal(size=(50, D))
    metric = Covariance("within").fit(X, y)
    alone = MetricKNeighborsClassifier(7, metric=metric).fit(X, y)
    expected, positions = alone.kneighbors(queries)
    data = frame(spark, X, partitions=[0, 390, 3, 7])
    # MLlib's vectors as well as arrays
    for gallery in (data, data.withColumn("features", array_to_vector("features"))):
        distances, ids = nearest(queries, gallery, 7, metric)
        np.testing.assert_array_equal(ids, positions)
        np.testing.assert_allclose(distances, expected, rtol=1e-9)


def test_equal_distances_are_ordered_by_id(spark):
    from mlbook.spark import nearest

    X = np.repeat([[0.0], [1.0], [-1.0]], 20, axis=0)[RNG.permutation(60)]
    order = np.lexsort((np.arange(60), np.abs(X[:, 0])))
    shuffled = frame(spark, X).repartition(7)
    distances, ids = nearest([[0.0]], shuffled, 30)
    np.testing.assert_array_equal(ids[0], order[:30])
    np.testing.assert_array_equal(distances[0], np.repeat([0.0, 1.0], [20, 10]))
    with pytest.raises(ValueError, match="than the 60 usable rows"):
        nearest([[0.0]], shuffled, 61)
    with pytest.raises(ValueError, match="queries have 2 features, the gallery's vectors 1"):
        nearest([[0.0, 0.0]], shuffled, 1)


CORRUPT = [(None, "a"), ([1.0], "b"), ([float("nan")] * D, "c"), ([0.0] * D, None)]


def test_corrupt_rows_are_counted_or_fail(spark, samples):
    from mlbook import spark as on_spark

    X, y = samples
    data = frame(spark, X, y, first=CORRUPT, partitions=[1, 3, N])
    with pytest.raises(on_spark.CorruptRowsError, match="4 corrupt rows: 1 with another length"):
        on_spark.fit_metric(FWHD(), data)
    with pytest.warns(on_spark.CorruptRowsWarning, match="left out 4 corrupt rows"):
        found = on_spark.fit_metric(FWHD(), data, corrupt="skip")
    np.testing.assert_allclose(found.components_, FWHD().fit(X, y).components_, atol=1e-8)
    with pytest.raises(on_spark.CorruptRowsError, match="3 corrupt rows"):
        on_spark.nearest(X[:3], data, 1)
    # a row without a label has a vector, and is found
    with pytest.warns(on_spark.CorruptRowsWarning, match="left out 3 corrupt rows"):
        distances, ids = on_spark.nearest(X[:3], data, 1, corrupt="skip")
    np.testing.assert_array_equal(ids[:, 0], np.arange(3) + len(CORRUPT))
    np.testing.assert_array_equal(distances, 0)


def test_a_killed_worker_loses_nothing(spark, samples, tmp_path):
    from mlbook.spark import fit_metric, nearest

    X, y = samples
    data = frame(spark, X, y, partitions=[100, 200, 100])
    file = str(tmp_path / "killed")

    def mortal():
        return data.mapInArrow(lethal(file), data.schema)

    for ask in (
        lambda data: fit_metric(Covariance("within"), data).components_,
        lambda data: nearest(X[:20], data, 5)[1],
    ):
        expected = ask(data)
        assert not os.path.exists(file)
        found = ask(mortal())
        assert os.path.exists(file), "no worker was killed: the test shows nothing"
        os.remove(file)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_wide_buckets_find_the_nearest_and_narrow_ones_nothing(spark, samples):
    from mlbook.spark import approximate, nearest

    X, y = samples
    metric = Covariance("within").fit(X, y)
    data = frame(spark, X, first=CORRUPT[:1])
    queries = X[:20]
    with pytest.warns(UserWarning, match="left out 1 corrupt row"):
        expected = nearest(queries, data, 4, metric, corrupt="skip")
        found = approximate(queries, data, 4, metric, bucket_length=1e6, corrupt="skip")
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_allclose(found[0], expected[0], atol=1e-7)
    with pytest.warns(UserWarning):
        narrow = approximate(
            queries, data, 4, metric, bucket_length=1e-3, n_tables=1, corrupt="skip"
        )
    # each finds itself, since it has its own bucket, and few else
    np.testing.assert_array_equal(narrow[1][:, 0], expected[1][:, 0])
    assert np.mean(narrow[1][:, 1:] == -1) > 0.9
    assert np.isinf(narrow[0][narrow[1] == -1]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": "pixels"}, "no column pixels"),
        ({"features": "label"}, "must hold arrays of numbers"),
        ({"id": "label"}, "must hold whole numbers"),
        ({"corrupt": "ignore"}, "'fail' or 'skip'"),
        ({"k": 0}, "k must be an integer >= 1"),
        ({"queries": [[np.nan] * D]}, "queries contains NaN"),
    ],
)
def test_bad_arguments_say_so(spark, samples, arguments, message):
    from mlbook.spark import nearest

    X, _ = samples
    arguments = {"queries": X[:2], "gallery": frame(spark, X[:10]), "k": 1} | arguments
    with pytest.raises((DataError, ValueError), match=message):
        nearest(**arguments)


def test_an_empty_frame_is_named(spark):
    from mlbook.spark import moments

    with pytest.raises(DataError, match="no rows with a vector"):
        moments(frame(spark, np.empty((0, D))))


@pytest.mark.parametrize("name", ["moments", "nearest", "approximate"])
def test_workers_that_always_die_are_one_line(spark, samples, name):
    from mlbook import spark as on_spark

    def die(batches):
        os.kill(os.getpid(), signal.SIGKILL)
        yield from batches

    data = frame(spark, samples[0])
    arguments = {"moments": (), "nearest": (1,), "approximate": (1,)}[name]
    dead = data.mapInArrow(die, data.schema)
    first = () if name == "moments" else (samples[0][:1],)
    with pytest.raises(on_spark.SparkFailedError, match=r"gave up: .*failed 3 times") as caught:
        getattr(on_spark, name)(*first, dead, *arguments)
    assert "\n" not in str(caught.value)
