"""Metrics and neighbours of data that lie in a Spark cluster, by PySpark's data frames.

    spark = session(cores=2)                       # or a session of your cluster
    metric = fit_metric(Covariance("within"), frame, "features", "label")
    distances, ids = nearest(queries, gallery, k=10, metric=metric)
    distances, ids = approximate(queries, gallery, k=10, metric=metric, bucket_length=2.0)

A frame has a column of vectors (arrays of numbers, or MLlib's vectors) and one of labels or of
ids. No row comes to the driver: what comes are sums, and for each query its k nearest.

If a worker or a whole executor dies, Spark makes its parts again, and the answer is the same. After
as many failures of one part as `spark.task.maxFailures` says, or on a local master the number in
"local[cores, failures]", the answer is `SparkFailedError`; the session stays usable.

Importing this package without PySpark or Java 17 raises `mlbook.extras.MissingExtraError`, which
says what to install. The functions that the workers run are in modules that do not import Spark.
"""

from mlbook.extras import demand

demand("spark")

from mlbook.spark.fitting import fit_metric, moments  # noqa: E402
from mlbook.spark.frames import (  # noqa: E402
    CorruptRowsError,
    CorruptRowsWarning,
    SparkFailedError,
    session,
)
from mlbook.spark.search import approximate, nearest  # noqa: E402

__all__ = [
    "CorruptRowsError",
    "CorruptRowsWarning",
    "SparkFailedError",
    "approximate",
    "fit_metric",
    "moments",
    "nearest",
    "session",
]
