"""Two worker processes train as one does: the same weights after the same batches."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

SCRIPT = """
import sys
import keras, numpy as np, tensorflow as tf
from mlbook.distributed import GlobalBatchLoss, fit
from mlbook.losses import SupConLoss

out, *kinds = sys.argv[1:]
strategy = tf.distribute.get_strategy()
if kinds != ["alone"]:
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
rng = np.random.default_rng(0)
x, y = rng.normal(size=(40, 5)).astype("float32"), np.arange(40) % 3
batches = rng.permuted(np.tile(np.arange(40), (4, 1)), axis=1)[:, :12]
for kind in kinds:
    with strategy.scope():
        model = keras.Sequential([
            keras.Input((5,)),
            keras.layers.Dense(8, "tanh", kernel_initializer=keras.initializers.GlorotUniform(0)),
            keras.layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(1)),
        ])
        optimizer = keras.optimizers.SGD(0.5)  # unlike Adam it sees a wrong scale
    loss = SupConLoss() if kind == "share" else GlobalBatchLoss(SupConLoss())
    losses = fit(strategy, model, loss, optimizer, x, y, batches)
    np.savez(f"{out}-{kind}.npz", losses, *model.get_weights())
"""


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(folder, kinds, n_workers):
    """Processes that train in each of these ways, one after the other."""
    workers = [f"127.0.0.1:{port}" for port in free_ports(n_workers)]
    running = []
    for index in range(n_workers):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
        if n_workers > 1:
            environment["TF_CONFIG"] = json.dumps(task)
        command = [sys.executable, "-c", SCRIPT, str(folder / str(index)), *kinds]
        running.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE))
    return running


def loaded(path):
    with np.load(path) as arrays:
        return list(arrays.values())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """For each way to train, the loss and the weights that each worker ends with."""
    folder = tmp_path_factory.mktemp("trained")
    # what takes long is to start TensorFlow: once for each worker
    running = [*start(folder, ["together", "share"], 2), *start(folder, ["alone"], 1)]
    try:
        for process in running:
            errors = process.communicate(timeout=300)[1].decode()
            assert process.returncode == 0, errors[-3000:]
    finally:
        for process in running:
            process.kill()
    return {
        kind: [loaded(folder / f"{index}-{kind}.npz") for index in range(n)]
        for kind, n in {"alone": 1, "together": 2, "share": 2}.items()
    }


def test_two_workers_learn_what_one_learns(trained):
    for worker in trained["together"]:
        for found, expected in zip(worker, trained["alone"][0], strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5)


def test_without_gathering_they_learn_something_else(trained):
    assert np.abs(trained["share"][0][1] - trained["alone"][0][1]).max() > 1e-3


def test_a_batch_that_cannot_be_shared_is_refused():
    import tensorflow as tf

    from mlbook.distributed import own_share

    with pytest.raises(ValueError, match="must have shape"):
        own_share(tf.distribute.get_strategy(), np.zeros((4, 2)), np.zeros(4), [0, 1, 2])


def test_the_loss_survives_saving():
    import keras

    from mlbook.distributed import GlobalBatchLoss
    from mlbook.losses import SupConLoss

    loss = keras.losses.deserialize(keras.losses.serialize(GlobalBatchLoss(SupConLoss(0.3))))
    labels, embeddings = np.array([0, 1, 0, 1]), np.eye(4, dtype=np.float32)
    assert loss.loss.temperature == 0.3
    with pytest.raises(ValueError, match="mean over the batch, not 'sum'"):
        GlobalBatchLoss(SupConLoss(reduction="sum"))
    assert float(loss(labels, embeddings)) == pytest.approx(
        float(SupConLoss(0.3)(labels, embeddings))
    )
