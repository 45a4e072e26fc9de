"""One linear metric and one small network in several frameworks, each in a process of its own.

    python -m mlbook.frameworks NAME JOB.npz ANSWER.npz

`mlbook.experiments.frameworks` writes the job and reads the answer. Only the framework that is
asked for is imported, so that time and memory are its own.

The linear metric is the inverse of the covariance within the classes, with a ridge, in its main
directions; under it the nearest neighbours are found. The network is two dense layers and a
scaling to length 1, trained with a supervised contrastive loss, on given batches from given
weights. Its activation is smooth: at the kink of a ReLU rounding decides whether a gradient is
there, and networks that are trained apart part company.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

RIDGE, RANK, RATE, TEMPERATURE = 0.1, 32, 2e-3, 0.1
# Keras's default; PyTorch's is another
EPSILON, SECOND_DECAY = 1e-7, 0.999


class Sklearn:
    """scikit-learn. It has no metric loss; its network takes weights that others learned."""

    def __init__(self):

        import mlbook.linear  # noqa: F401

    def fit(self, x, y):
        """The metric, in whatever form `nearest` takes it."""
        from mlbook.linear import Covariance

        return Covariance("within", ridge=RIDGE, rank=RANK).fit(x, y)

    def nearest(self, metric, gallery, queries):
        """Distance and position of the nearest row of the gallery; metric None is Euclid."""
        from sklearn.neighbors import NearestNeighbors

        if metric is not None:
            gallery, queries = metric.transform(gallery), metric.transform(queries)
        index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(gallery)
        return [part[:, 0] for part in index.kneighbors(queries)]

    def train(self, weights, x, y, batches):
        """The weights after training, or None if the framework cannot train the network."""

    def embed(self, weights, x):
        """The network's output for each row."""
        from sklearn.neural_network import MLPRegressor
        from sklearn.preprocessing import normalize

        network = MLPRegressor(weights[0].shape[1], activation="tanh")
        network.coefs_, network.intercepts_ = list(weights[0::2]), list(weights[1::2])
        network.n_layers_, network.n_outputs_ = 3, weights[2].shape[1]
        network.out_activation_ = "identity"
        return normalize(network.predict(x))


class Spark(Sklearn):
    """Spark with `mlbook.spark`. MLlib's own network cannot take a metric loss either."""

    def __init__(self):
        from mlbook.spark import session

        self.session = session(cores=1, memory="1g")

    def fit(self, x, y):
        from mlbook.linear import Covariance
        from mlbook.spark import fit_metric

        return fit_metric(Covariance("within", ridge=RIDGE, rank=RANK), self._frame(x, label=y))

    def nearest(self, metric, gallery, queries):
        from mlbook.spark import nearest

        frame = self._frame(gallery, id=np.arange(len(gallery)))
        return [part[:, 0] for part in nearest(queries, frame, 1, metric)]

    def embed(self, weights, x):
        def run(batches):
            import numpy as np
            import pyarrow as pa

            for batch in batches:
                rows = np.stack(batch.column("features").to_numpy(zero_copy_only=False))
                h = np.tanh(rows @ weights[0] + weights[1]) @ weights[2] + weights[3]
                h /= np.linalg.norm(h, axis=1, keepdims=True)
                column = pa.array(list(h), pa.list_(pa.float32()))
                yield pa.RecordBatch.from_arrays([batch.column("id"), column], ["id", "features"])

        frame = self._frame(x, id=np.arange(len(x)))
        rows = frame.mapInArrow(run, "id bigint, features array<float>").toArrow().sort_by("id")
        return np.stack(rows["features"].to_numpy())

    def _frame(self, x, **columns):
        import pyarrow as pa

        columns = {"features": pa.array(list(x)), **columns}
        return self.session.createDataFrame(pa.table(columns)).repartition(2)


class Keras:
    """Keras, on the backend that the environment names."""

    def __init__(self):
        import keras

        self.keras, self.ops = keras, keras.ops

    def fit(self, x, y):
        ops = self.ops
        x = ops.convert_to_tensor(x, "float64")
        members = ops.one_hot(y, int(y.max()) + 1, dtype="float64")
        counts = ops.sum(members, axis=0)
        means = ops.matmul(ops.transpose(members), x) / counts[:, None]
        rest = x - ops.matmul(members, means)
        scatter = ops.matmul(ops.transpose(rest), rest) / (len(y) - len(counts))
        variances, directions = ops.eigh(scatter)
        variances = ops.maximum(variances, 0) + RIDGE * ops.mean(variances)
        return (directions / ops.sqrt(variances))[:, -RANK:]

    def nearest(self, metric, gallery, queries):
        ops = self.ops
        gallery, queries = (ops.convert_to_tensor(it, "float64") for it in (gallery, queries))
        if metric is not None:
            gallery, queries = ops.matmul(gallery, metric), ops.matmul(queries, metric)
        squares = ops.sum(gallery**2, axis=1) - 2 * ops.matmul(queries, ops.transpose(gallery))
        least, positions = ops.top_k(-squares, 1)
        squares = ops.sum(queries**2, axis=1) - least[:, 0]
        distances = ops.sqrt(ops.maximum(squares, 0))
        return [ops.convert_to_numpy(part) for part in (distances, positions[:, 0])]

    def train(self, weights, x, y, batches):
        from mlbook.losses import SupConLoss

        model = self._network(weights)
        adam = self.keras.optimizers.Adam(RATE, epsilon=EPSILON)
        model.compile(adam, SupConLoss(TEMPERATURE))
        order = batches.ravel()
        model.fit(x[order], y[order], batch_size=batches.shape[1], shuffle=False, verbose=0)
        return model.get_weights()

    def embed(self, weights, x):
        return self._network(weights).predict(x, batch_size=1024, verbose=0)

    def _network(self, weights):
        layers = self.keras.layers
        model = self.keras.Sequential(
            [
                self.keras.Input((len(weights[0]),)),
                layers.Dense(weights[0].shape[1], activation="tanh"),
                layers.Dense(weights[2].shape[1]),
                layers.UnitNormalization(),
            ]
        )
        model.set_weights(weights)
        return model


class Torch:
    """PyTorch alone: the same metric, network and loss in its own words."""

    def __init__(self):
        import torch

        self.torch = torch

    def fit(self, x, y):
        torch = self.torch
        x, y = torch.as_tensor(x, dtype=torch.float64), torch.as_tensor(y)
        rest = x.clone()
        for label in torch.unique(y):
            rest[y == label] -= x[y == label].mean(dim=0)
        scatter = rest.T @ rest / (len(y) - len(torch.unique(y)))
        variances, directions = torch.linalg.eigh(scatter)
        variances = variances.clamp(min=0) + RIDGE * variances.mean()
        return (directions / variances.sqrt())[:, -RANK:]

    def nearest(self, metric, gallery, queries):
        torch = self.torch
        gallery, queries = (torch.as_tensor(it, dtype=torch.float64) for it in (gallery, queries))
        if metric is not None:
            gallery, queries = gallery @ metric, queries @ metric
        return [part.numpy() for part in torch.cdist(queries, gallery).min(dim=1)]

    def train(self, weights, x, y, batches):
        torch = self.torch
        model = self._network(weights)
        adam = torch.optim.Adam(model.parameters(), RATE, eps=EPSILON)
        x, y = torch.as_tensor(x), torch.as_tensor(y)
        for step, batch in enumerate(torch.as_tensor(batches), 1):
            # Keras adds epsilon before the correction for the start, PyTorch after it
            adam.param_groups[0]["eps"] = EPSILON / (1 - SECOND_DECAY**step) ** 0.5
            adam.zero_grad()
            self.contrastive(model(x[batch]), y[batch]).backward()
            adam.step()
        return [self._turned(parameter.detach().numpy()) for parameter in model.parameters()]

    def embed(self, weights, x):
        torch = self.torch
        with torch.no_grad():
            found = self._network(weights)(torch.as_tensor(x))
            return torch.nn.functional.normalize(found, dim=1).numpy()

    def contrastive(self, embeddings, labels):
        """The supervised contrastive loss (Khosla et al., 2020), as `mlbook.losses.SupConLoss`."""
        torch = self.torch
        unit = torch.nn.functional.normalize(embeddings, dim=1)
        itself = torch.eye(len(labels), dtype=torch.bool)
        s = (unit @ unit.T / TEMPERATURE).masked_fill(itself, float("-inf"))
        positive = (labels[:, None] == labels) & ~itself
        costs = torch.where(positive, s.logsumexp(dim=1, keepdim=True) - s, 0.0)
        return (costs.sum(dim=1) / positive.sum(dim=1)).mean()

    def _network(self, weights):
        torch = self.torch
        sizes = len(weights[0]), weights[0].shape[1], weights[2].shape[1]
        first, second = (torch.nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True))
        model = torch.nn.Sequential(first, torch.nn.Tanh(), second)
        with torch.no_grad():
            for parameter, value in zip(model.parameters(), weights, strict=True):
                parameter.copy_(torch.as_tensor(self._turned(value)))
        return model

    @staticmethod
    def _turned(value):
        # PyTorch stores a layer's matrix as (outputs, inputs), Keras as (inputs, outputs)
        return np.ascontiguousarray(value.T)


FRAMEWORKS = {
    "sklearn": Sklearn,
    "spark": Spark,
    "tensorflow": Keras,
    "keras_torch": Keras,
    "torch": Torch,
}


def work(framework, job, timed):
    """All that one framework is asked for.

    Parameters
    ----------
    framework : object
        Of one of the classes above.
    job : dict of str to ndarray
        x, y, x_test; batches of positions; start_0, ... (weights before training); trained_0, ...
        (weights of another framework to embed with), if there are any.
    timed : callable
        timed(name, function, *arguments): the function's value; notes its time.

    Returns
    -------
    dict of str to ndarray
    """
    x, y, x_test = job["x"], job["y"], job["x_test"]
    start = [job[f"start_{i}"] for i in range(4)]
    trained = [job[f"trained_{i}"] for i in range(4) if f"trained_{i}" in job]
    metric = timed("linear_fit", framework.fit, x, y)
    found = timed("linear_search", framework.nearest, metric, x, x_test)
    answer = dict(zip(("linear_distances", "linear_nearest"), found, strict=True))
    if trained:
        answer["converted"] = framework.embed(trained, x_test)
    own = timed("deep_fit", framework.train, start, x, y, job["batches"])
    if own is not None:
        answer |= {f"trained_{i}": value for i, value in enumerate(own)}
    # what cannot be trained here is searched with the weights that came
    gallery, queries = (framework.embed(own or trained, it) for it in (x, x_test))
    answer["embedded"] = queries
    found = timed("deep_search", framework.nearest, None, gallery, queries)
    return answer | dict(zip(("deep_distances", "deep_nearest"), found, strict=True))


def processes():
    """Folders in /proc of this process and of all that it started; none off Linux."""
    waiting = ["self"]
    while waiting:
        folder = Path("/proc", waiting.pop())
        try:
            for task in (folder / "task").iterdir():
                waiting += (task / "children").read_text().split()
        except OSError:
            continue
        yield folder


def peak_memory_mb():
    """Largest resident memory of this process and those that it started, added; NaN off Linux.

    Pages that processes share are counted for each.
    """
    peaks = []
    for folder in processes():
        lines = (folder / "status").read_text().splitlines()
        peaks += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return sum(peaks) if peaks else float("nan")


def processor_seconds():
    """Processor time of this process and those that it started; off Linux of this one only.

    On a machine that does other things as well it says more than the clock.
    """
    stats = [(folder / "stat").read_text().rpartition(")")[2].split() for folder in processes()]
    # own time, and that of children that have ended, in user and in system mode
    ticks = sum(int(stat[i]) for stat in stats for i in (11, 12, 13, 14))
    return ticks / os.sysconf("SC_CLK_TCK") if stats else time.process_time()


def main(name, job, answer):
    """Do a job from a file and write the answer to another."""
    seconds = {}

    def timed(what, function, *arguments):
        before = processor_seconds()
        value = function(*arguments)
        seconds[f"{what}_seconds"] = processor_seconds() - before
        return value

    framework = FRAMEWORKS[name]()
    seconds["start_seconds"] = processor_seconds()
    with np.load(job) as arrays:
        result = work(framework, dict(arrays), timed)
    np.savez(answer, **result, **seconds, memory_mb=peak_memory_mb())


if __name__ == "__main__":
    main(*sys.argv[1:])
