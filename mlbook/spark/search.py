"""Nearest neighbours in a gallery that no machine could hold, exact and approximate."""

import operator

import numpy as np
from pyspark.ml.feature import BucketedRandomProjectionLSH
from pyspark.ml.functions import array_to_vector
from pyspark.sql import Window
from pyspark.sql import functions as F
from sklearn.utils.validation import check_array

from mlbook.arguments import check_number
from mlbook.errors import DataError
from mlbook.merging import Nearest, mapped_by
from mlbook.rows import counted, usable
from mlbook.spark.frames import (
    columns,
    failures_named,
    judge_corrupt,
    length_of_vectors,
    reduce_partitions,
)


def nearest(queries, gallery, k, metric=None, features="features", id="id", corrupt="fail"):
    """Exact nearest neighbours of many queries: the gallery streams by, the queries stay.

    Each worker gets all queries, reads its partitions in batches, and keeps the k nearest so
    far. So the gallery may be of any size; k numbers and ids for each query have to fit.

    Parameters
    ----------
    queries : array-like of shape (n_queries, n_features)
    gallery : pyspark.sql.DataFrame
    k : int
    metric : fitted estimator with `transform`, or None
        None is Euclid's distance.
    features, id : str
        Names of the columns of vectors and of whole numbers.
    corrupt : {"fail", "skip"}, default="fail"
        As in `mlbook.spark.moments`, for rows without a usable vector or an id.

    Returns
    -------
    distances : ndarray of shape (n_queries, k), float64
        Nearest first.
    ids : ndarray of shape (n_queries, k), int64
        Among equally distant points the one with the lower id comes first.

    Raises
    ------
    ValueError
        If the queries are not finite, have another number of features than the gallery, or ask
        for more neighbours than it has usable rows.
    CorruptRowsError, DataError, SparkFailedError
        As `mlbook.spark.moments`.
    """
    queries, mapped, centre = _mapped_queries(queries, k, metric)
    rows = _gallery(gallery, features, id, queries.shape[1])
    shared = rows.sparkSession.sparkContext.broadcast((mapped, metric, centre))
    n_features = queries.shape[1]

    def summarise(batches):
        mapped, metric, centre = shared.value
        best = Nearest(k)
        for batch in batches:
            X, ids, wrong = usable(batch, n_features, "no id")
            points = mapped_by(metric, X) - centre.astype(X.dtype) if len(X) else X
            best += Nearest.among(mapped, points, ids.astype(np.int64), k)
            best.corrupt = counted([best.corrupt, wrong])
        return best

    try:
        best = reduce_partitions(rows, summarise, operator.add, Nearest(k))
    finally:
        shared.unpersist()
    judge_corrupt(best.corrupt, corrupt)
    n_found = 0 if best.ids is None else best.ids.shape[1]
    if n_found < k:
        raise ValueError(f"k = {k} asks for more neighbours than the {n_found} usable rows")
    return best.distances, best.ids


def approximate(
    queries,
    gallery,
    k,
    metric=None,
    bucket_length=1.0,
    n_tables=4,
    seed=0,
    features="features",
    id="id",
    corrupt="fail",
):
    """Approximate nearest neighbours by MLlib's `BucketedRandomProjectionLSH`.

    The gallery is mapped by the metric, projected on a random direction for each table, and cut
    into buckets. A query is compared with the rows that share a bucket with it in some table.

    Parameters
    ----------
    queries, gallery, k, metric, features, id, corrupt
        As in `nearest`; the gallery is read twice.
    bucket_length : float, default=1.0
        Width of a bucket, in units of the metric. Wider: more is compared, and found.
    n_tables : int, default=4
    seed : int, default=0
        Draws the directions.

    Returns
    -------
    distances : ndarray of shape (n_queries, k), float64
        Infinite where fewer than k rows shared a bucket.
    ids : ndarray of shape (n_queries, k), int64
        -1 there.

    Raises
    ------
    As `nearest`, but for a small gallery.

    References
    ----------
    M. Datar, N. Immorlica, P. Indyk and V. Mirrokni, Locality-sensitive hashing scheme based on
    p-stable distributions, SCG 2004.
    """
    check_number("bucket_length", bucket_length, above=0)
    check_number("n_tables", n_tables, at_least=1, integer=True)
    queries, mapped, centre = _mapped_queries(queries, k, metric)
    rows = _gallery(gallery, features, id, queries.shape[1])
    n_features = queries.shape[1]

    def counts(batches):
        return counted(usable(batch, n_features, "no id")[2] for batch in batches)

    wrong = reduce_partitions(rows, counts, lambda a, b: counted([a, b]), {})
    judge_corrupt(wrong, corrupt)

    def run(batches):
        import pyarrow as pa

        for batch in batches:
            X, ids, _ = usable(batch, n_features, "no id")
            if len(X):
                points = (mapped_by(metric, X) - centre).astype(np.float64)
                lists = pa.array(list(points), pa.list_(pa.float64()))
                yield pa.RecordBatch.from_arrays([pa.array(ids, pa.int64()), lists], ["id", "list"])

    def as_vectors(frame):
        return frame.select("id", array_to_vector("list").alias("vector"))

    spark = rows.sparkSession
    points = as_vectors(rows.mapInArrow(run, "id bigint, list array<double>"))
    asked = [(i, row) for i, row in enumerate(mapped.astype(np.float64).tolist())]
    asked = as_vectors(spark.createDataFrame(asked, "id bigint, list array<double>"))
    model = BucketedRandomProjectionLSH(
        inputCol="vector",
        outputCol="buckets",
        bucketLength=float(bucket_length),
        numHashTables=n_tables,
        seed=seed,
    ).fit(asked)
    pairs = model.approxSimilarityJoin(asked, points, float("inf"), "distance").select(
        F.col("datasetA.id").alias("query"), F.col("datasetB.id").alias("id"), "distance"
    )
    order = Window.partitionBy("query").orderBy("distance", "id")
    ranked = pairs.withColumn("rank", F.row_number().over(order)).where(f"rank <= {k}")
    with failures_named():
        found = ranked.collect()
    distances, ids = np.full((len(mapped), k), np.inf), np.full((len(mapped), k), -1)
    for query, point, distance, rank in found:
        distances[query, rank - 1], ids[query, rank - 1] = distance, point
    return distances, ids


def _mapped_queries(queries, k, metric):
    check_number("k", k, at_least=1, integer=True)
    queries = check_array(queries, dtype=[np.float64, np.float32], input_name="queries")
    mapped = mapped_by(metric, queries)
    # distances do not see a shift, and smaller numbers lose fewer digits
    centre = mapped.mean(axis=0, dtype=np.float64)
    return queries, mapped - centre.astype(mapped.dtype), centre


def _gallery(gallery, features, id, n_features):
    rows = columns(gallery, features, id)
    if (length := length_of_vectors(rows)) != n_features:
        raise ValueError(f"the queries have {n_features} features, the gallery's vectors {length}")
    kind = rows.schema["other"].dataType.simpleString()
    if kind not in ("tinyint", "smallint", "int", "bigint"):
        raise DataError(f"column {id!r} must hold whole numbers, not {kind}")
    return rows
