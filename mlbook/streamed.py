"""Searching a gallery that is made while it is read, in a process of its own.

    python -m mlbook.streamed ARM JOB.npz ANSWER.npz

The gallery holds noisy copies of images. It is made from seeds, block by block, so that it may be
larger than any memory. `mlbook.experiments.frameworks` writes the job and reads the answer.
"""

import functools
import sys
import time

import numpy as np

from mlbook.frameworks import RANK, RIDGE, peak_memory_mb, processor_seconds

# rows that are made at a time, from one seed, wherever that happens
BLOCK = 1024
NOISE = 0.1
HEAP_MB = 512
BUCKET_LENGTH, N_TABLES = 1.0, 3
ON_TWO_CORES = ("gallery_cores_2", "gallery_large")


def noisy_block(base, number, seed):
    """Ids and rows of one block of the gallery: float32, shape (BLOCK, n_features)."""
    ids = np.arange(number * BLOCK, (number + 1) * BLOCK)
    rng = np.random.default_rng([seed, number])
    noise = rng.standard_normal((BLOCK, base.shape[1]), dtype=np.float32)
    return ids, base[ids % len(base)] + np.float32(NOISE) * noise


def on_one_machine(base, queries, metric, n_blocks, seed):
    """The nearest row of each query, block by block and without Spark."""
    from mlbook.merging import Nearest

    best, mapped = Nearest(1), metric.transform(queries)
    for number in range(n_blocks):
        ids, rows = noisy_block(base, number, seed)
        best += Nearest.among(mapped, metric.transform(rows), ids, 1)
    return best.ids[:, 0]


def on_spark(spark, base, queries, metric, n_blocks, seed, exact=True):
    """The same by Spark; the rows are made by the workers."""
    from mlbook.spark import approximate, nearest

    shared = spark.sparkContext.broadcast(base)

    def make(batches):
        import pyarrow as pa

        for batch in batches:
            for number in batch.column("id").to_pylist():
                ids, rows = noisy_block(shared.value, number, seed)
                ends = pa.array(np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1])
                lists = pa.ListArray.from_arrays(ends, pa.array(rows.ravel()))
                yield pa.RecordBatch.from_arrays([pa.array(ids), lists], ["id", "features"])

    partitions = max(4, n_blocks // 64)
    numbers = spark.range(0, n_blocks, numPartitions=partitions)
    gallery = numbers.mapInArrow(make, "id bigint, features array<float>")
    if exact:
        return nearest(queries, gallery, 1, metric)[1][:, 0]
    return approximate(queries, gallery, 1, metric, BUCKET_LENGTH, N_TABLES)[1][:, 0]


def main(arm, job, answer):
    """Do a job from a file and write the answer to another."""
    from mlbook.linear import Covariance

    with np.load(job) as arrays:
        base, y, queries = (arrays[name] for name in ("x", "y", "x_test"))
        n_blocks, seed = int(arrays["n_blocks"]), int(arrays["seed"])
    metric = Covariance("within", ridge=RIDGE, rank=RANK).fit(base, y)
    given = base, queries, metric, n_blocks, seed
    found, search = {}, on_one_machine
    if arm != "gallery_one":
        from mlbook.spark import session

        spark = session(2 if arm in ON_TWO_CORES else 1, f"{HEAP_MB}m")
        spark.range(1).count()
        heap = spark.sparkContext._jvm.java.lang.Runtime.getRuntime().maxMemory()
        found["heap_mb"] = heap / 2**20
        search = functools.partial(on_spark, spark, exact=arm != "gallery_lsh")
    found["start_seconds"] = processor_seconds()
    clock = time.perf_counter()
    ids = search(*given)
    found["clock_seconds"] = time.perf_counter() - clock
    found["search_seconds"] = processor_seconds() - found["start_seconds"]
    found["memory_mb"] = peak_memory_mb()
    if arm != "gallery_large":
        found["same_nearest"] = np.mean(ids == on_one_machine(*given))
    np.savez(answer, ids=ids, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
