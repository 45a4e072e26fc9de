"""One metric, several frameworks: the same answers, and what they cost.

The linear metric is learned by each framework in its own words. The network is trained by those
that can, from the same weights on the same batches; the others get the weights that TensorFlow
learned. Each framework runs in a process of its own, on one core.

Beside them, a gallery of noisy copies of images that is made while it is searched: by one process,
by Spark on one core and on two, by MLlib's approximate search, and one of more than ten times the
heap that Spark's driver has.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from mlbook import datasets, frameworks, streamed
from mlbook.errors import MlbookError
from mlbook.experiments.base import Budget, budget_of, draw, pixels
from mlbook.extras import missing
from mlbook.progress import bar

TITLE = "One linear metric and one network in five frameworks: MNIST"
DATASETS = ("mnist",)
BASELINE = "linear_sklearn"

LABELS = {
    "sklearn": "scikit-learn",
    "spark": "Spark",
    "tensorflow": "TensorFlow (Keras)",
    "keras_torch": "PyTorch (Keras)",
    "torch": "PyTorch (plain)",
}
NEEDS = {"spark": "spark", "keras_torch": "torch", "torch": "torch"}
EXTRAS = ("spark", "torch")
ARMS = {
    f"{kind}_{name}": f"{what}, {label}"
    for kind, what in (("linear", "linear metric"), ("deep", "network"))
    for name, label in LABELS.items()
} | {
    "gallery_one": "gallery, one process without Spark",
    "gallery_cores_1": "gallery, Spark, 1 core",
    "gallery_cores_2": "gallery, Spark, 2 cores",
    "gallery_lsh": "gallery, Spark's approximate search",
    "gallery_large": "gallery of 10 times the heap, Spark",
}
N_HIDDEN, N_DIMS, SAMPLES_PER_CLASS = 128, 32, 6
_FEW = ("tensorflow", "sklearn", "torch")
# the first one trains the weights that those which cannot train are given
_ALL = ("tensorflow", "sklearn", "spark", "keras_torch", "torch")
# the large one alone takes minutes, so that only the first seed has it
_ONE = {"gallery_one": 1}
_MANY = {"gallery_one": 100, "gallery_cores_1": 100, "gallery_cores_2": 100, "gallery_lsh": 5}
BUDGETS = {
    "smoke": Budget(300, 200, 2, {"frameworks": _FEW, "steps": 10, "blocks": _ONE}),
    "reader": Budget(2000, 300, 1, {"frameworks": _ALL, "steps": 50, "blocks": _ONE}),
    "full": Budget(
        5000, 500, 5, {"frameworks": _ALL, "steps": 200, "blocks": _MANY, "large": 1700}
    ),
}


def same_items(budget, data):
    """No: each seed draws its own images."""
    return False


def run(budget, seed, data=None):
    """All frameworks that are installed, on the same images.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the images, the first weights and the batches.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test image: is the nearest training image of its class?),
        n_train; same_nearest (share of test images with the same nearest image as the reference,
        which is scikit-learn for the linear metric and TensorFlow for the network) and error
        (largest relative difference of the distance to it); processor time of all processes:
        start_seconds, search_seconds and, if it is learned here, fit_seconds; memory_mb.
        Of a network also converted_error, the largest difference of a number of an embedding
        from TensorFlow's if the weights are the same. Of a gallery also n_rows, gallery_mb,
        heap_mb of the driver, clock_seconds of the search.
    """
    limits = budget_of(BUDGETS, budget)
    mnist = data["mnist"] if data else datasets.load("mnist")
    job, y_test = make_job(mnist, limits, seed)
    wanted = [
        name for name in limits.grids["frameworks"] if name not in NEEDS or not missing(NEEDS[name])
    ]
    answers = {}
    progress = bar(wanted, desc=f"seed {seed}", unit="framework")
    for name in progress:
        progress.set_postfix_str(name)
        answers[name] = ask(name, job)
        if name == "tensorflow":
            job |= {f"trained_{i}": answers[name][f"trained_{i}"] for i in range(4)}
    arms = {}
    reference = {"linear": answers["sklearn"], "deep": answers["tensorflow"]}
    for arm in ARMS:
        kind, _, name = arm.partition("_")
        if name in answers:
            arms[arm] = _judge(kind, answers[name], reference[kind], job["y"], y_test)
    return arms | galleries(job, y_test, limits, seed)


def galleries(job, y_test, limits, seed):
    """The arms that search a gallery made on the fly."""
    blocks = dict(limits.grids["blocks"])
    if seed == 0 and "large" in limits.grids:
        blocks["gallery_large"] = limits.grids["large"]
    if missing("spark"):
        blocks = {"gallery_one": blocks["gallery_one"]}
    n_images, arms = len(job["y"]), {}
    for arm, n_blocks in blocks.items():
        given = {name: job[name] for name in ("x", "y", "x_test")}
        answer = ask(arm, given | {"n_blocks": n_blocks, "seed": seed}, streamed)
        found = answer.pop("ids")
        n_rows = n_blocks * streamed.BLOCK
        arms[arm] = {
            # -1 is none; a row is a copy of the image of its number, counted round and round
            "correct": (found >= 0) & (job["y"][found % n_images] == y_test),
            "n_train": n_images,
            "n_rows": n_rows,
            "gallery_mb": n_rows * job["x"][0].nbytes / 2**20,
            **{name: float(value) for name, value in answer.items() if np.isfinite(value)},
        }
    return arms


def make_job(mnist, limits, seed):
    """What every framework is given, and the classes of the test images."""
    rng = np.random.default_rng(seed)
    parts = [
        (pixels(x[rows]), y[rows].astype(np.int64))
        for x, y, n in (
            (mnist.x_train, mnist.y_train, limits.n_train),
            (mnist.x_test, mnist.y_test, limits.n_test),
        )
        for rows in [draw(len(x), n, rng)]
    ]
    (x, y), (x_test, y_test) = parts
    sizes = (x.shape[1], N_HIDDEN, N_DIMS)
    start = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        reach = np.sqrt(6 / (n_in + n_out))
        start += [rng.uniform(-reach, reach, (n_in, n_out)), np.zeros(n_out)]
    batches = [
        np.concatenate(
            [rng.choice(np.flatnonzero(y == label), SAMPLES_PER_CLASS) for label in np.unique(y)]
        )
        for _ in range(limits.grids["steps"])
    ]
    job = {"x": x, "y": y, "x_test": x_test, "batches": np.array(batches)}
    for i, value in enumerate(start):
        job[f"start_{i}"] = value.astype(np.float32)
    return job, y_test


def ask(name, job, module=frameworks):
    """Have one framework do a job in a process of its own, each of its parts on one core.

    Raises
    ------
    MlbookError
        If it fails; with the last lines that it wrote.
    """
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"),
        "1",
    )
    backend = "torch" if name == "keras_torch" else "tensorflow"
    environment = os.environ | one | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder, file)) for file in ("job.npz", "answer.npz")]
        np.savez(files[0], **job)
        command = [sys.executable, "-m", module.__name__, name, *files]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise MlbookError(f"{name} failed:\n{done.stderr[-2000:]}")
        with np.load(files[1]) as answer:
            return dict(answer)


def _judge(kind, answer, reference, y, y_test):
    nearest, distances = answer[f"{kind}_nearest"], answer[f"{kind}_distances"]
    scale = np.maximum(reference[f"{kind}_distances"], 1e-6)
    measures = {
        "correct": y[nearest] == y_test,
        "n_train": len(y),
        "same_nearest": float(np.mean(nearest == reference[f"{kind}_nearest"])),
        "error": float(np.max(np.abs(distances - reference[f"{kind}_distances"]) / scale)),
        "start_seconds": float(answer["start_seconds"]),
        "search_seconds": float(answer[f"{kind}_search_seconds"]),
    }
    if kind == "linear" or "trained_0" in answer:
        measures["fit_seconds"] = float(answer[f"{kind}_fit_seconds"])
    if kind == "deep" and "converted" in answer:
        gap = np.abs(answer["converted"] - reference["embedded"])
        measures["converted_error"] = float(gap.max())
    if np.isfinite(answer["memory_mb"]):
        measures["memory_mb"] = float(answer["memory_mb"])
    return measures
