"""Measures speed and memory and writes results/bench.json, after each benchmark.

`python -m benchmarks` runs all of them, `python -m benchmarks WORDS` those whose names contain
these words; the others stay in the file with the date and the machine of their own measurement.

Each figure is a ratio, or a pair of numbers, measured in one process against a peer: the
absolute seconds of one machine say little about another.
"""

import datetime
import json
import os
import platform
import sys
import time
from statistics import median

from benchmarks import losses
from benchmarks.growth import growth, measure
from benchmarks.measure import digits, peak_memory, python, rounded
from mlbook import paths
from mlbook.experiments.runner import write_json
from mlbook.linear import Covariance
from mlbook.neighbors import MetricKNeighborsClassifier
from mlbook.progress import bar

K, REPEATS = 5, 5


def main():
    """Run all benchmarks, print them, and write the file."""
    match sys.argv[1:]:  # a measurement in a process of its own
        case ["memory"]:
            print(json.dumps(memory_of_neighbours()))
            return
        case ["losses", name]:
            print(json.dumps(getattr(losses, name)()))
            return
        case ["growth", name, n, folder]:
            print(json.dumps(measure(name, int(n), folder)))
            return
    words = " ".join(sys.argv[1:])
    steps = {
        "exact neighbours against faiss": speed_of_neighbours,
        "memory of exact neighbours": lambda: json.loads(python("-m", "benchmarks", "memory")),
        "scikit-learn's mahalanobis": speed_of_scikit_learn,
        "start": start_times,
        "growth of learners": growth,
        "training step with each loss": lambda: of_losses("step_with_each_loss"),
        "batches made against arrays in memory": lambda: of_losses("input_against_memory"),
        "losses against PyTorch Metric Learning": lambda: of_losses("losses_against_pytorch"),
    }
    chosen = {name: step for name, step in steps.items() if words in name}
    if not chosen:
        sys.exit(f"no benchmark is called {words!r}; there are: {'; '.join(steps)}")
    path = paths.results() / "bench.json"
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"] if path.is_file() else {}
    progress = bar(chosen.items(), desc="bench")
    for name, step in progress:
        progress.set_postfix_str(name)
        measured = step()
        if isinstance(measured, str) and name in figures:
            continue  # a peer is not installed: what was found with it stays
        figures[name] = {
            "date": datetime.date.today().isoformat(),
            "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()}",
            "python": platform.python_version(),
            "measured": measured,
        }
        write_json(path, {"figures": {name: figures[name] for name in steps if name in figures}})
    print(json.dumps({name: figures[name] for name in chosen}, indent=1))


def speed_of_neighbours():
    """All of ours (map, build, search) against faiss on data that are mapped already."""
    import faiss

    gallery, queries, labels, data = digits()
    metric = Covariance("ledoit_wolf").fit(gallery)
    mapped, mapped_queries = metric.transform(gallery), metric.transform(queries)
    ours, peer = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        index = faiss.IndexFlatL2(mapped.shape[1])
        index.add(mapped)
        index.search(mapped_queries, K)
        peer.append(time.perf_counter() - start)
        del index
        start = time.perf_counter()
        MetricKNeighborsClassifier(K, metric).fit(gallery, labels).kneighbors(queries)
        ours.append(time.perf_counter() - start)
    ratios = [a / b for a, b in zip(ours, peer, strict=True)]
    return {
        "data": f"{data}, {len(gallery):,} x {gallery.shape[1]} float32, {len(queries):,} queries",
        "threads": faiss.omp_get_max_threads(),
        "ours_seconds": rounded(ours),
        "faiss_on_mapped_data_seconds": rounded(peer),
        "ratio_median": round(median(ratios), 3),
        "ratio_range": rounded([min(ratios), max(ratios)]),
        "target": "at most 1.2",
    }


def memory_of_neighbours():
    """Peak memory of fit and search above the arrays; runs in a process of its own."""
    gallery, queries, labels, _ = digits()
    metric = Covariance("ledoit_wolf").fit(gallery)
    MetricKNeighborsClassifier(K, metric).fit(gallery[:99], labels[:99]).kneighbors(queries[:9])
    with peak_memory() as peak:
        MetricKNeighborsClassifier(K, metric).fit(gallery, labels).kneighbors(queries)
    arrays = gallery.nbytes + queries.nbytes
    return {
        "arrays_mb": round(arrays / 1e6),
        "peak_above_mb": round(peak[0] / 1e6),
        "target": "at most 600",
    }


def speed_of_scikit_learn(n_queries=10):
    """scikit-learn's brute force under metric="mahalanobis", on few queries."""
    from sklearn.neighbors import NearestNeighbors

    gallery, queries, labels, _ = digits()
    metric = Covariance("ledoit_wolf").fit(gallery)
    parameters = {"VI": metric.get_mahalanobis_matrix()}
    search = NearestNeighbors(
        n_neighbors=K, metric="mahalanobis", metric_params=parameters, algorithm="brute", n_jobs=-1
    ).fit(gallery)
    start = time.perf_counter()
    search.kneighbors(queries[:n_queries])
    theirs = (time.perf_counter() - start) / n_queries
    model = MetricKNeighborsClassifier(K, metric).fit(gallery, labels)
    start = time.perf_counter()
    model.kneighbors(queries)
    ours = (time.perf_counter() - start) / len(queries)
    return {
        "seconds_per_query": round(theirs, 4),
        "extrapolated_hours_for_all_queries": round(theirs * len(queries) / 3600, 2),
        "ours_seconds_per_query": round(ours, 6),
        "ratio": round(theirs / ours),
    }


def of_losses(name):
    """A function of `benchmarks.losses`, in a process of its own: TensorFlow is large."""
    return json.loads(python("-m", "benchmarks", "losses", name).splitlines()[-1])


def start_times():
    """Seconds to import the package and to print the help, above a bare interpreter's."""
    calls = {
        "bare interpreter": ["-c", "pass"],
        "import mlbook": ["-c", "import mlbook"],
        "mlbook --help": ["-m", "mlbook.cli", "--help"],
    }
    seconds = {name: [] for name in calls}
    for _ in range(REPEATS):
        for name, arguments in calls.items():
            start = time.perf_counter()
            python(*arguments)
            seconds[name].append(time.perf_counter() - start)
    return {f"{name}, seconds": round(median(times), 3) for name, times in seconds.items()} | {
        "target": "import below 0.3, help below 1"
    }


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":")[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()
