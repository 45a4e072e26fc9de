"""What the benchmarks share: the data, processes of their own, and the peak of memory."""

import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np

from mlbook.errors import DataError

N_TRAIN, N_TEST, N_FEATURES = 60_000, 10_000, 784


def digits():
    """Train and test pixels, train labels, and what they are: noise if MNIST is not here."""
    from mlbook import datasets
    from mlbook.experiments.base import pixels

    try:
        mnist = datasets.load("mnist", tier="canonical")
        return pixels(mnist.x_train), pixels(mnist.x_test), mnist.y_train, "MNIST"
    except DataError:
        rng = np.random.default_rng(0)
        train, test = (rng.random((n, N_FEATURES), dtype=np.float32) for n in (N_TRAIN, N_TEST))
        return train, test, rng.integers(0, 10, N_TRAIN), "uniform noise (synthetic)"


def python(*arguments):
    """Standard output of a new interpreter."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@contextmanager
def peak_memory():
    """Yields a list that holds, once done, the peak of memory above the start, in bytes.

    The peak of this whole process, looked at every 5 ms.
    """
    import psutil

    process = psutil.Process()
    before = process.memory_info().rss
    peak, done = [0], threading.Event()

    def watch():
        while not done.wait(0.005):
            peak[0] = max(peak[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def rounded(values):
    """To three digits behind the point, as a list."""
    return [round(value, 3) for value in values]
