"""What the functions on data frames share: a session, columns, and one reduction."""

import contextlib
import os
import pickle
import sys
import tempfile
import warnings
from collections import Counter

from py4j.protocol import Py4JJavaError
from pyspark.ml.functions import vector_to_array
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, NumericType

from mlbook.errors import DataError, MlbookError

_ROWS_LOOKED_AT = 100


class CorruptRowsError(DataError):
    """Rows of a data frame cannot be used; the message counts them."""


class SparkFailedError(MlbookError):
    """Spark gave a job up, mostly since workers died at one part of it; the message says why."""


class CorruptRowsWarning(UserWarning):
    """Rows of a data frame were left out; the message counts them."""


def session(cores=2, memory="1g", master=None, **settings):
    """A Spark session on this machine, quiet, whose workers run this Python.

    Parameters
    ----------
    cores : int, default=2
        Worker processes at a time.
    memory : str, default="1g"
        Heap of the driver, which runs the tasks as well if the master is local.
    master : str or None, default=None
        None is "local[cores, 4]": a part that fails is tried four times, as on a cluster.
    **settings
        More of Spark's settings, with "_" for ".": `spark_sql_shuffle_partitions=4`.

    Returns
    -------
    pyspark.sql.SparkSession
    """
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    quiet = {
        "spark.driver.memory": memory,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(2 * cores),
        # rows of a batch: some thousand vectors of some hundred numbers are a few megabytes
        "spark.sql.execution.arrow.maxRecordsPerBatch": "4096",
        # half of a short session's time is the compilation of code that is run once
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    } | {name.replace("_", "."): str(value) for name, value in settings.items()}
    builder = SparkSession.builder.master(master or f"local[{cores}, 4]").appName("mlbook")
    for name, value in quiet.items():
        builder = builder.config(name, value)
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    with _chatter_kept():
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("OFF")
    return spark


@contextlib.contextmanager
def _chatter_kept():
    """Error output goes to a file, that of the process that is started too; shown on failure."""
    with tempfile.TemporaryFile() as log:
        sys.stderr.flush()
        terminal = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            yield
        except BaseException:
            log.seek(0)
            os.write(terminal, log.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)


@contextlib.contextmanager
def failures_named():
    """Spark's own error, pages of Java, as one of ours; errors of Python code pass as they are."""
    try:
        yield
    except Py4JJavaError as error:
        reason = str(error.java_exception.getMessage()).partition("\n")[0]
        raise SparkFailedError(f"Spark gave up: {reason}") from error


def columns(frame, features, other):
    """The frame with two columns: the vectors as arrays of numbers, and another column.

    Raises
    ------
    DataError
        If a column is missing, or the first holds no vectors.
    """
    absent = {features, other} - set(frame.columns)
    if absent:
        raise DataError(
            f"the frame has no column {', '.join(sorted(absent))}; it has: "
            f"{', '.join(frame.columns)}"
        )
    kind, column = frame.schema[features].dataType, F.col(features)
    if kind.typeName() == "vectorudt":
        column = vector_to_array(column)
    elif not isinstance(kind, ArrayType) or not isinstance(kind.elementType, NumericType):
        raise DataError(
            f"column {features!r} must hold arrays of numbers or MLlib's vectors, not "
            f"{kind.simpleString()}"
        )
    elif kind.elementType.typeName() not in ("float", "double"):
        column = column.cast("array<double>")
    return frame.select(column.alias("vector"), F.col(other).alias("other"))


@failures_named()
def length_of_vectors(frame):
    """The commonest length among the first vectors of a frame that `columns` made.

    Raises
    ------
    DataError
        If the frame has no vector.
    """
    lengths = frame.where("vector is not null").select(F.size("vector")).limit(_ROWS_LOOKED_AT)
    counts = Counter(row[0] for row in lengths.collect() if row[0] > 0)
    if not counts:
        raise DataError("the frame has no rows with a vector")
    return counts.most_common(1)[0][0]


@failures_named()
def reduce_partitions(frame, summarise, add, start):
    """One value from each partition, added in a tree: the driver holds few of them at a time.

    Parameters
    ----------
    frame : DataFrame
    summarise : callable
        From an iterator of Arrow batches to a value; runs in a worker.
    add : callable
        Two values as one, in any order.
    start : object
        The value of no partition.
    """

    def run(batches):
        import pyarrow as pa

        packed = pickle.dumps(summarise(batches))
        yield pa.RecordBatch.from_arrays([pa.array([packed], pa.large_binary())], ["packed"])

    partial = frame.mapInArrow(run, "packed binary").rdd
    return partial.map(lambda row: pickle.loads(row[0])).treeAggregate(start, add, add)


def judge_corrupt(corrupt, policy):
    """Raise or warn about corrupt rows, as the parameter `corrupt` of the callers says."""
    if policy not in ("fail", "skip"):
        raise ValueError(f"corrupt must be 'fail' or 'skip', got {policy!r}")
    if not corrupt:
        return
    listed = ", ".join(f"{count:,} with {name}" for name, count in sorted(corrupt.items()))
    rows = f"{sum(corrupt.values()):,} corrupt rows: {listed}"
    if policy == "fail":
        raise CorruptRowsError(f"{rows}. Mend them, or leave them out with corrupt='skip'")
    warnings.warn(f"left out {rows}", CorruptRowsWarning, stacklevel=3)
