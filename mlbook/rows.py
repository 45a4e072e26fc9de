"""Columns of Arrow record batches as arrays, with the rows that cannot be used counted.

Spark hands the rows of a partition to Python as Arrow batches. This module, which its workers
run, needs PyArrow and no Spark.
"""

import numpy as np


def vectors(column, n_features):
    """The vectors of a column, and what is wrong with the others.

    Parameters
    ----------
    column : pyarrow.ListArray of numbers
    n_features : int

    Returns
    -------
    X : ndarray of shape (n_good, n_features)
        float32 if the column is, else float64.
    good : ndarray of bool, shape (n_rows,)
        Which rows they are.
    corrupt : dict of str to int
        How many rows have no vector, one of another length, or one with a number that is
        missing, NaN or infinite.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.list_value_length(column), -1).to_numpy(zero_copy_only=False)
    fits = lengths == n_features
    kept = column if fits.all() else column.filter(pa.array(fits))
    numbers = pc.list_flatten(kept)
    dtype = np.float32 if numbers.type == pa.float32() else np.float64
    # a missing number becomes NaN
    X = numbers.to_numpy(zero_copy_only=False).astype(dtype, copy=False)
    X = X.reshape(-1, n_features)
    finite = np.isfinite(X).all(axis=1)
    good = fits.copy()
    good[fits] = finite
    corrupt = {
        "no vector": int((lengths < 0).sum()),
        "another length": int(((lengths >= 0) & ~fits).sum()),
        "not finite": int((~finite).sum()),
    }
    return X if finite.all() else X[finite], good, corrupt


def values(column):
    """The values of a column, shape (n_rows,), and which of them are there.

    Missing are null and NaN.
    """
    missing = column.is_null().to_numpy(zero_copy_only=False)
    if missing.any():
        numbers = column.to_pandas().to_numpy()
    else:
        numbers = column.to_numpy(zero_copy_only=False)
    present = ~missing
    if numbers.dtype.kind == "f":
        present &= ~np.isnan(numbers)
    return numbers, present


def usable(batch, n_features, absent):
    """The vectors and the values of a batch of two columns, without the rows that lack either.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        Of vectors and of labels or ids.
    n_features : int
    absent : str
        How to call a row without the second.

    Returns
    -------
    X : ndarray of shape (n_good, n_features)
    y : ndarray of shape (n_good,)
    corrupt : dict of str to int
    """
    X, good, corrupt = vectors(batch.column(0), n_features)
    y, present = values(batch.column(1))
    corrupt[absent] = int((good & ~present).sum())
    y = y[good & present]
    return X if present[good].all() else X[present[good]], y, corrupt


def counted(parts):
    """Several counts of corrupt rows as one; only what was found."""
    total = {}
    for part in parts:
        for name, count in part.items():
            if count:
                total[name] = total.get(name, 0) + count
    return total
