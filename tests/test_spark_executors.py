"""The death of an executor of Spark, a Java machine of its own as in a cluster.

A process has one session of Spark, and this one is another than that of `test_spark`: so it runs in
a process of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlbook import extras
from mlbook.linear import Covariance

pytestmark = [
    pytest.mark.skipif(extras.missing("spark") is not None, reason=str(extras.missing("spark"))),
]

SCRIPT = """
import json, sys, time
from pathlib import Path
import numpy as np, psutil
from pyspark import TaskContext
from mlbook.linear import Covariance
from mlbook.spark import fit_metric, session

folder = Path(sys.argv[1])
with np.load(folder / "data.npz") as file:
    X, y = file["X"], file["y"]


def executor():
    # between a worker and its executor is a process that starts workers
    above = psutil.Process().parents()
    return next(p for p in above if "CoarseGrainedExecutorBackend" in " ".join(p.cmdline()))


def mortal(job):
    # makes the rows of a part; between two of them the executor is killed: by "in vain" whenever
    # it has part 2, else once, when it has finished a part of this stage, which is then lost too
    def make(part, numbers):
        stage, own = TaskContext.get().stageId(), executor()
        name = f"{job}.{stage}.{part}.{own.pid}"
        for i in numbers:
            yield X[i].tolist(), str(y[i])
            if i % 100 == 50:
                finished = any(folder.glob(f"{job}.{stage}.*.{own.pid}.done"))
                once = finished and not any(folder.glob(f"{job}.*.killed"))
                doomed = part == 2 if job == "in vain" else once
                if doomed:
                    (folder / f"{name}.killed").touch()
                    own.kill()
                    psutil.Process().kill()
        (folder / f"{name}.done").touch()

    return make


def serving(spark):
    # the executors that tasks run in, once there are two
    def where(_):
        time.sleep(0.1)
        return executor().pid

    for _ in range(600):
        found = set(spark.sparkContext.parallelize(range(4), 4).map(where).collect())
        if len(found) == 2:
            return sorted(found)
    raise RuntimeError("no two executors")


with session(
    master="local-cluster[2,1,1024]",
    memory="512m",
    spark_executor_memory="512m",
    spark_executor_extraJavaOptions="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    # a task may fail once before the job does
    spark_task_maxFailures=2,
) as spark:
    # of six parts the sums are shuffled before they are added
    numbers = spark.sparkContext.parallelize(range(len(X)), 6)

    def fit(job):
        rows = numbers.mapPartitionsWithIndex(mortal(job))
        frame = spark.createDataFrame(rows, "features array<double>, label string")
        return fit_metric(Covariance("within"), frame).components_

    before = serving(spark)
    found = {"fitted": fit("once").tolist(), "before": before, "after": serving(spark)}
    try:
        fit("in vain")
    except Exception as error:
        found["error"] = f"{type(error).__name__}: {error}"
(folder / "found.json").write_text(json.dumps(found))
"""


def test_a_killed_executor_is_replaced_and_loses_nothing(tmp_path):
    from pyspark.find_spark_home import _find_spark_home

    # executors write their logs below the home of Spark, which is not ours
    home = tmp_path / "spark"
    home.mkdir()
    for name in ("bin", "jars"):
        (home / name).symlink_to(Path(_find_spark_home()) / name)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1200, 4)), rng.choice(["a", "b", "c"], 1200)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        env=os.environ | {"SPARK_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads((tmp_path / "found.json").read_text())

    alone = Covariance("within").fit(X, y)
    np.testing.assert_allclose(found["fitted"], alone.components_, rtol=1e-8, atol=1e-8)
    # job, stage, part, process, what happened to it
    events = [file.name.split(".") for file in tmp_path.glob("*.*.*.*.*")]
    killed = [event for event in events if event[-1] == "killed"]
    ((_, stage, _, pid, _),) = [event for event in killed if event[0] == "once"]
    assert int(pid) in found["before"] and int(pid) not in found["after"]
    assert len(found["before"]) == len(found["after"]) == 2
    # what the executor had finished was done again by another
    made = [
        (part, process) for _, at, part, process, what in events if (at, what) == (stage, "done")
    ]
    lost = {part for part, process in made if process == pid}
    assert lost and lost <= {part for part, process in made if process != pid}

    # a part that kills each of its executors is given up
    assert [part for job, _, part, *_ in killed if job == "in vain"] == ["2", "2"]
    assert found["error"].startswith("SparkFailedError: Spark gave up: Job aborted")
    assert "ExecutorLostFailure" in found["error"] and "\n" not in found["error"]
