"""A training step with each loss against one with cross-entropy, and batches against arrays.

The variants take turns, and each is compared with the peer of its own turn, so that what else
the machine does falls on all of them. Ratios of processor time are the steadier ones; wall time
is what a reader waits for.
"""

import gc
import importlib.util
import inspect
import time
from statistics import median

import numpy as np

from mlbook import losses

BATCH, N_DIMS, N_CLASSES = 256, 128, 10
IMAGE = (32, 32, 3)
NOT_TO_TIME = {"DegenerateBatchWarning", "EmbeddingModel", "MetricLoss", "TrainableLoss"}


def make_loss(name, **options):
    """A loss by its name, with the numbers of classes and dimensions if it asks for them."""
    kind = getattr(losses, name)
    sizes = {"n_classes": N_CLASSES, "embedding_size": N_DIMS}
    asked = inspect.signature(kind).parameters
    return kind(**{k: v for k, v in sizes.items() if k in asked}, **options)


def loss_variants():
    """Name -> loss: every public loss, the triplet loss once for each way to choose triplets."""
    variants = {}
    for name in losses.__all__:
        if name == "CONVENTIONS" or name in NOT_TO_TIME:
            continue
        if name == "TripletLoss":
            for mining in ("all", "hard", "semihard"):
                variants[f"{name}, {mining}"] = make_loss(name, mining=mining)
        else:
            variants[name] = make_loss(name)
    return variants


def step_with_each_loss(batch=BATCH, turns=9, steps=3):
    """Seconds of a training step, forward and backward, over those with cross-entropy.

    One network for all, `article_cnn` with a head of 128 dimensions; labels in balanced batches.
    """
    import keras

    from mlbook.encoders import article_cnn

    x, y = _images(batch)
    network = article_cnn(n_classes=N_CLASSES, n_dims=N_DIMS)
    probabilities = network.get_layer("probabilities").output
    models = {"cross-entropy": keras.Model(network.input, probabilities)}
    models["cross-entropy"].compile("adam", "sparse_categorical_crossentropy")
    for name, loss in loss_variants().items():
        models[name] = losses.EmbeddingModel(article_cnn(n_dims=N_DIMS))
        models[name].compile("adam", loss)
    runs = {name: _stepper(model, x, y, steps) for name, model in models.items()}
    return {
        "step": f"article_cnn, {N_DIMS} dimensions, batch {batch}, forward and backward, Adam",
        "threads": _threads(),
        **_against(runs, "cross-entropy", turns, steps),
        "target": "at most 1.15",
    }


def _stepper(model, x, y, steps):
    for _ in range(2):  # the first call compiles, the second fills the caches
        model.train_on_batch(x, y)

    def run():
        for _ in range(steps):
            model.train_on_batch(x, y)

    return run


def input_against_memory(batch=BATCH, n_images=10_000, steps=39, turns=9):
    """Steps a second with batches made during training, over those with the same in memory.

    In epochs of 39 steps: every epoch begins with some tens of milliseconds of Keras.
    """
    import keras

    from mlbook.augmentation import AugmentedBatches
    from mlbook.encoders import article_cnn, scale_images
    from mlbook.sampling import BalancedBatches

    x, y = _images(n_images)
    half = N_CLASSES // 2
    pipelines = {
        "BalancedBatches": BalancedBatches(
            scale_images(x), y, half, batch // half, steps_per_epoch=steps
        ),
        "AugmentedBatches": AugmentedBatches(x, y, batch_size=batch),
    }
    figures = {"network": f"article_cnn, batches of {batch} of {n_images:,} images, random pixels"}
    for name, pipeline in pipelines.items():
        taken = _first_batches(pipeline, steps)
        ready = [taken[i] for i in range(steps)]
        x_ready, y_ready = (np.concatenate(part) for part in zip(*ready, strict=True))
        size = len(ready[0][1])
        model = article_cnn(n_classes=N_CLASSES)
        model.compile("adam", "sparse_categorical_crossentropy")
        runs = {
            "memory": _fitter(model, x_ready, y_ready, batch_size=size),
            name: _fitter(model, taken),
        }
        figures[name] = _against(runs, "memory", turns, steps, speed=True)[name]
        keras.backend.clear_session()
        gc.collect()
    return {**figures, "threads": _threads(), "target": "at least 0.95"}


def _first_batches(pipeline, steps):
    import keras

    class First(keras.utils.PyDataset):
        """The first `steps` batches of another data set, which every epoch makes anew."""

        def __len__(self):
            return steps

        def __getitem__(self, step):
            return pipeline[step % len(pipeline)]

    return First()


def _fitter(model, *data, **options):
    def run():
        model.fit(*data, verbose=0, shuffle=False, **options)

    run()  # compiles
    return run


def _against(runs, peer, turns, steps, speed=False):
    """The ratio of each run to `peer`, by wall and by processor time: medians over the turns.

    Of seconds, or with `speed` of steps a second.
    """
    wall, processor = ({name: [] for name in runs} for _ in range(2))
    names = list(runs)
    for turn in range(turns):
        # forwards and backwards, so that a drift of the machine favours none
        for name in names if turn % 2 else names[::-1]:
            gc.collect()
            start, start_cpu = time.perf_counter(), time.process_time()
            runs[name]()
            wall[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - start_cpu)
    figures = {f"{peer}, milliseconds a step": round(1000 * median(wall[peer]) / steps, 2)}
    for name in names:
        if name != peer:
            figures[name] = {
                f"{kind}_ratio": round(_ratio(times[name], times[peer], speed), 3)
                for kind, times in (("processor", processor), ("wall", wall))
            }
    return figures


def _ratio(times, peer, speed):
    ratios = [a / b for a, b in zip(times, peer, strict=True)]
    return 1 / median(ratios) if speed else median(ratios)


def losses_against_pytorch(batch=64, turns=15, steps=5):
    """Seconds of a loss and its gradient over those of PyTorch Metric Learning, if it is here.

    It is no part of the environment: two frameworks in one process are for measuring only.
    A small batch, because its NTXentLoss and TripletMarginLoss hold an entry for every positive
    pair and negative: gigabytes at 256 samples of 10 classes.
    """
    if not all(map(importlib.util.find_spec, ("torch", "pytorch_metric_learning"))):
        return "PyTorch Metric Learning is not installed"
    import tensorflow as tf
    import torch
    from pytorch_metric_learning import losses as theirs

    rng = np.random.default_rng(0)
    values = rng.normal(size=(batch, N_DIMS)).astype(np.float32)
    labels = np.arange(batch) % N_CLASSES
    names = {"num_classes": N_CLASSES, "embedding_size": N_DIMS, "numpy": np, "theirs": theirs}
    figures = {}
    for name, convention in losses.CONVENTIONS.items():
        if not convention.pml:
            continue
        peer = eval(f"theirs.{convention.pml}", names)  # the calls of our own table
        ours = make_loss(name, **convention.ours)
        runs = {
            "theirs": _torch_gradients(torch, peer, values, labels, steps),
            name: _tensorflow_gradients(tf, ours, values, labels, steps),
        }
        figures[name] = _against(runs, "theirs", turns, steps)
    threads = {"threads": _threads(), "torch_threads": torch.get_num_threads()}
    return {"batch": batch, **threads, **figures}


def _torch_gradients(torch, loss, values, labels, steps):
    labels = torch.tensor(labels)

    def run():
        for _ in range(steps):
            embeddings = torch.tensor(values, requires_grad=True)
            loss(embeddings, labels).backward()

    run()
    return run


def _tensorflow_gradients(tf, loss, values, labels, steps):
    weights = loss.trainable_variables if hasattr(loss, "parameters") else []
    weights = [weight.value for weight in weights]

    @tf.function
    def gradients(embeddings, labels):
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            value = loss(labels, embeddings)
        return tape.gradient(value, [embeddings, *weights])

    labels = tf.constant(labels)

    def run():
        for _ in range(steps):
            [gradient.numpy() for gradient in gradients(tf.constant(values), labels)]

    run()
    return run


def _images(n):
    """Random images and labels in equal numbers; the pixels do not matter to the speed."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, *IMAGE), dtype=np.uint8), np.arange(n) % N_CLASSES


def _threads():
    """Of TensorFlow's operations; 0 lets TensorFlow choose."""
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads()
