"""How time and memory of the learners grow with the number of samples.

One fit is measured in a process of its own, so that nobody's memory counts for another.
"""

import json
import sys
import tempfile
import time
import warnings
from typing import NamedTuple

import numpy as np

from benchmarks.measure import digits, peak_memory, python
from mlbook.linear import CDS, FWHD, GO, LMNN, LSO, MDC, NCA, RCA, Covariance
from mlbook.progress import bar

ALL = (1_000, 3_000, 10_000, 30_000, 60_000)


class Subject(NamedTuple):
    """A learner, how far to follow it, and what is asked of it at one size."""

    learner: object
    sizes: tuple = ALL
    n_features: int = 784
    target_size: int = 60_000
    target_seconds: float = np.inf
    target_mb: float = np.inf  # above the data
    target_times_data: float = np.inf  # the peak with the data, in multiples of the data


# Some pixels of MNIST never vary, so that a plain inverse of a covariance does not exist.
SUBJECTS = {
    "FWHD": Subject(FWHD(), target_seconds=5, target_times_data=2),
    "MDC": Subject(MDC(), target_seconds=5, target_times_data=2),
    "Covariance": Subject(Covariance(rank="auto"), target_seconds=5, target_times_data=2),
    "RCA": Subject(RCA(), target_seconds=10, target_times_data=2),
    "CDS": Subject(CDS(random_state=0), target_size=10_000, target_seconds=60, target_mb=2000),
    "CDS, 30 components": Subject(
        CDS(n_components=30, random_state=0), (10_000,), 784, 10_000, 60, 2000
    ),
    "GO": Subject(GO(random_state=0), ALL[:3], 784, 10_000, 60, 2000),
    "LSO": Subject(LSO(random_state=0), ALL[:3], 784, 10_000, 60, 2000),
    "LMNN": Subject(LMNN(), ALL[:3], 100, 10_000, 120, 2000),
    "NCA in batches": Subject(NCA(n_components=30, batch_size=500, max_iter=5, random_state=0)),
}


def growth(sizes=ALL):
    """Seconds and memory of each learner at each of `sizes` that it is followed to."""
    steps = [(name, n) for name, it in SUBJECTS.items() for n in it.sizes if n in sizes]
    train, _, labels, data = digits()
    figures = {"data": data}
    with tempfile.TemporaryDirectory() as folder:  # loading MNIST costs more than a small fit
        np.save(f"{folder}/X.npy", train)
        np.save(f"{folder}/y.npy", labels)
        del train, labels
        progress = bar(steps, desc="growth")
        for name, n in progress:
            progress.set_postfix_str(f"{name}, {n:,}")
            measured = json.loads(python("-m", "benchmarks", "growth", name, str(n), folder))
            figures.setdefault(name, {"target": target(SUBJECTS[name]), "measured": []})
            figures[name]["measured"].append(measured)
    return figures


def target(subject):
    """The target in words, or None."""
    limits = []
    if subject.target_seconds < np.inf:
        limits.append(f"{subject.target_seconds:g} s")
    if subject.target_mb < np.inf:
        limits.append(f"{subject.target_mb:g} MB above the data")
    if subject.target_times_data < np.inf:
        limits.append(f"{subject.target_times_data:g} times the data, with the data")
    if not limits:
        return None
    return f"{subject.target_size:,} x {subject.n_features}: at most " + " and ".join(limits)


def measure(name, n, folder):
    """Fit one learner to the first n samples in `folder`, here and now.

    Fewer features than pixels are the leading principal components.
    """
    subject = SUBJECTS[name]
    X = np.load(f"{folder}/X.npy", mmap_mode="r")[:n].copy()
    y = np.load(f"{folder}/y.npy")[:n]
    if subject.n_features < X.shape[1]:
        from sklearn.decomposition import PCA

        X = PCA(subject.n_features, random_state=0).fit_transform(X)
    small = slice(0, 200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        type(subject.learner)().set_params(**quick(subject.learner)).fit(X[small], y[small])
        with peak_memory() as peak:
            start = time.perf_counter()
            subject.learner.fit(X, y)
            seconds = time.perf_counter() - start
    result = {
        "samples": n,
        "features": X.shape[1],
        "seconds": round(seconds, 2),
        "data_mb": round(X.nbytes / 1e6, 1),
        "peak_above_mb": round(peak[0] / 1e6, 1),
    }
    if n == subject.target_size and target(subject):
        mb = peak[0] / 1e6
        times_data = 1 + peak[0] / X.nbytes
        result["target_met"] = bool(
            seconds <= subject.target_seconds
            and mb <= subject.target_mb
            and times_data <= subject.target_times_data
        )
    return result


def quick(learner):
    """Parameters of a fit that only loads what the learner imports."""
    limits = {"max_iter": 2, "rank": "auto", "batch_size": 50}
    return {name: value for name, value in limits.items() if hasattr(learner, name)}


if __name__ == "__main__":
    print(json.dumps(growth(tuple(map(int, sys.argv[1:])) or ALL), indent=1))
