"""Metrics from a distributed data set, in one pass over it."""

import operator

from mlbook.from_moments import fit_to_moments
from mlbook.linear import MDC
from mlbook.moments import Moments
from mlbook.rows import counted, usable
from mlbook.spark.frames import columns, judge_corrupt, length_of_vectors, reduce_partitions


def moments(frame, features="features", label="label", fourth=False, corrupt="fail"):
    """Counts, means and scatter of each class of a data frame, in one pass.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
    features, label : str
        Names of the columns.
    fourth : bool, default=False
        Sum third and fourth moments, too: three products of matrices instead of one.
    corrupt : {"fail", "skip"}, default="fail"
        What to do with rows that lack a vector or a label, or whose vector has another length
        than most of the first or a number that is not finite. They never count; "fail" raises an
        error that counts them, "skip" a warning.

    Returns
    -------
    mlbook.moments.Moments
        With `corrupt`, the number of rows left out by reason.

    Raises
    ------
    CorruptRowsError
        If there are such rows and `corrupt="fail"`.
    DataError
        If a column is missing or of a wrong type, or the frame is empty.
    SparkFailedError
        If Spark gives up, as it does when the workers of one part die again and again.

    Notes
    -----
    What travels is one matrix of n_features x n_features a class and partition (three with
    `fourth`), whatever the number of rows.
    """
    rows = columns(frame, features, label)
    n_features = length_of_vectors(rows)

    def summarise(batches):
        total = Moments()
        for batch in batches:
            X, y, wrong = usable(batch, n_features, "no label")
            total += Moments.of(X, y, fourth)
            total.corrupt = counted([total.corrupt, wrong])
        return total

    total = reduce_partitions(rows, summarise, operator.add, Moments())
    judge_corrupt(total.corrupt, corrupt)
    return total


def fit_metric(metric, frame, features="features", label="label", corrupt="fail"):
    """Fit a metric to a data frame: as on one machine, but for rounding.

    Parameters
    ----------
    metric : Covariance, FWHD or MDC
        Not changed.
    frame, features, label, corrupt
        As in `moments`.

    Returns
    -------
    estimator
        A fitted one of the same class and parameters.

    Raises
    ------
    As `moments` and `mlbook.from_moments.fit_to_moments`.
    """
    fourth = isinstance(metric, MDC) and metric.shrinkage == "auto"
    return fit_to_moments(metric, moments(frame, features, label, fourth, corrupt))
