"""Smaller networks that keep their distances: pruning, eight-bit numbers, distillation.

keep_pruned = prune(model, share=0.8)        # 80 % of the kernels' weights become zero
model.fit(x, y, callbacks=[keep_pruned])     # ... and stay zero while the others make up

small = LiteRTModel(to_litert(model, calibration=x[:200]))
embeddings = small.predict(x)
"""

import contextlib
import tempfile
import warnings
import zlib

import keras
import numpy as np
from keras import ops

from mlbook.arguments import check_number
from mlbook.datasets.quiet import filtered_stderr
from mlbook.losses.tensors import distances, divide


class KeepPruned(keras.callbacks.Callback):
    """Sets pruned weights to zero again after every step of training. Made by `prune`.

    Attributes
    ----------
    masks : list of (keras.Variable, ndarray)
        Each kernel with 1 where a weight stays and 0 where it was pruned.
    """

    def __init__(self, masks):
        super().__init__()
        self.masks = masks

    def apply(self):
        """Set the pruned weights to zero now."""
        for kernel, mask in self.masks:
            kernel.assign(kernel * ops.convert_to_tensor(mask, kernel.dtype))

    def on_train_batch_end(self, batch, logs=None):
        self.apply()


def prune(model, share):
    """Set the smallest weights of a network's kernels to zero.

    The weights of all kernels compete with each other: those with the smallest absolute values
    go. Biases and normalisation stay, being few.

    Parameters
    ----------
    model : keras.Model
        Is changed.
    share : float
        Of the kernels' weights that go, from 0 to below 1.

    Returns
    -------
    KeepPruned
        A callback for further training.

    Raises
    ------
    ValueError
        If the share is out of range, or the network has no kernel.

    References
    ----------
    S. Han, J. Pool, J. Tran and W. Dally, Learning both weights and connections for efficient
    neural networks, NIPS 2015, arXiv:1506.02626.
    """
    check_number("share", share, at_least=0)
    if share >= 1:
        raise ValueError(f"share must be below 1, got {share}: a network of zeros says nothing")
    kernels = [v for v in model.trainable_variables if v.name == "kernel"]
    if not kernels:
        raise ValueError(f"{model.name} has no kernel to prune; build it, or give another model")
    sizes = np.concatenate([np.abs(ops.convert_to_numpy(kernel)).ravel() for kernel in kernels])
    n_pruned = int(round(share * len(sizes)))
    level = np.partition(sizes, n_pruned - 1)[n_pruned - 1] if n_pruned else -1.0
    masks = [
        (kernel, (np.abs(ops.convert_to_numpy(kernel)) > level).astype("float32"))
        for kernel in kernels
    ]
    callback = KeepPruned(masks)
    callback.apply()
    return callback


def to_litert(model, calibration=None):
    """A network as the bytes of a LiteRT file, the format for phones and small devices.

    Parameters
    ----------
    model : keras.Model
        With one input and one output; TensorFlow backend.
    calibration : array-like of shape (n, ...) or None, default=None
        Some inputs as in use. With them weights and activations become 8-bit integers, with
        ranges taken from these inputs; a hundred are enough. Input and output stay float32.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If the model is not built, has more than one input or output, or there are no
        calibration inputs, or inputs of another shape.
    """
    import tensorflow as tf

    if not model.built:
        raise ValueError(f"{model.name} has no weights yet: call it on some inputs first")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"to_litert takes networks with one input and one output, and {model.name} has "
            f"{len(model.inputs)} and {len(model.outputs)}: cut out the part that you need"
        )
    shape = tuple(model.inputs[0].shape[1:])
    if calibration is not None:
        calibration = _check_input(calibration, shape)
        if not len(calibration):
            raise ValueError("calibration holds no input; give a hundred or so, as in use")
    # from_keras_model cannot read models of Keras 3 in all versions; a saved model it can
    with tempfile.TemporaryDirectory() as folder, filtered_stderr(), _only_errors(tf.get_logger()):
        model.export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if calibration is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([row[np.newaxis]] for row in calibration)
        return converter.convert()


class LiteRTModel:
    """A network from the bytes of a LiteRT file, ready to answer.

    Parameters
    ----------
    content : bytes
        From `to_litert`, or read from a file.

    Attributes
    ----------
    input_shape : tuple of int
        Of one item.
    n_bytes : int
        Size of the file.

    Raises
    ------
    ValueError
        If the bytes are no LiteRT file, or one with several inputs or outputs.
    """

    def __init__(self, content):
        if not isinstance(content, bytes):
            raise ValueError(
                f"need the bytes of a LiteRT file, got {type(content).__name__}; of a file: "
                "pathlib.Path(name).read_bytes()"
            )
        import tensorflow as tf

        with warnings.catch_warnings(), filtered_stderr():
            # the interpreter announces a move to a package of its own
            warnings.simplefilter("ignore")
            try:
                self._interpreter = tf.lite.Interpreter(model_content=content, num_threads=1)
                self._interpreter.allocate_tensors()
            except ValueError as error:
                raise ValueError(f"these bytes are no LiteRT file: {error}") from None
        inputs, outputs = (
            self._interpreter.get_input_details(),
            self._interpreter.get_output_details(),
        )
        if len(inputs) != 1 or len(outputs) != 1:
            raise ValueError(
                f"a network with one input and one output is wanted; this one has {len(inputs)} "
                f"and {len(outputs)}"
            )
        self._input, self._output = inputs[0], outputs[0]
        self.input_shape = tuple(int(n) for n in self._input["shape"][1:])
        self.n_bytes = len(content)
        self._batch = None

    def predict(self, x, batch_size=256):
        """The network's output for inputs x of shape (n, *input_shape); shape (n, ...).

        Raises
        ------
        ValueError
            On another shape, or values that are no finite numbers.
        """
        check_number("batch_size", batch_size, at_least=1, integer=True)
        x = _check_input(x, self.input_shape)
        if not len(x):
            raise ValueError("x holds no item")
        found = []
        for start in range(0, len(x), batch_size):
            part = x[start : start + batch_size]
            if self._batch != len(part):
                self._interpreter.resize_tensor_input(self._input["index"], part.shape)
                self._interpreter.allocate_tensors()
                self._batch = len(part)
            self._interpreter.set_tensor(self._input["index"], part)
            self._interpreter.invoke()
            found.append(self._interpreter.get_tensor(self._output["index"]).copy())
        return np.concatenate(found)


class RelationalLoss(keras.losses.Loss):
    """Relational distillation by distances: a small network keeps a large one's distances.

    The distances of all pairs of a batch, divided by their mean, in both networks; the loss is
    the Huber loss of their differences. The two embeddings may differ in size and in scale.

    Use it as the loss of the small network's embedding, with the large network's embeddings of
    the same items as labels.

    Parameters
    ----------
    delta : float, default=1.0
        Of the Huber loss: where it turns from a square into a line.

    References
    ----------
    W. Park, D. Kim, Y. Lu and M. Cho, Relational knowledge distillation, CVPR 2019,
    arXiv:1904.05068: the loss RKD-D.
    """

    def __init__(self, delta=1.0, name="relational_loss"):
        super().__init__(reduction=None, name=name)
        check_number("delta", delta, above=0)
        self.delta = float(delta)

    def call(self, y_true, y_pred):
        sizes = y_true.shape[0], y_pred.shape[0]
        if None not in sizes and sizes[0] != sizes[1]:
            raise ValueError(
                f"{self.name}: {sizes[0]} embeddings of the large network and {sizes[1]} of the "
                "small one; both must be of the same items"
            )
        teacher, student = (_relative_distances(part) for part in (y_true, y_pred))
        gap = ops.abs(teacher - student)
        huber = ops.where(gap <= self.delta, gap**2 / 2, self.delta * (gap - self.delta / 2))
        n = ops.cast(ops.shape(y_pred)[0], huber.dtype)
        return ops.sum(huber) / ops.maximum(n * (n - 1), 1)

    def get_config(self):
        return {"name": self.name, "delta": self.delta}


def distance_agreement(first, second, n_pairs=20_000, seed=0):
    """How alike two embeddings of the same items order the distances of pairs.

    Parameters
    ----------
    first, second : array-like of shape (n_items, n_dims)
        The numbers of dimensions may differ.
    n_pairs : int, default=20_000
        Pairs drawn; all, if there are no more.
    seed : int

    Returns
    -------
    float
        Spearman's rank correlation of the distances: 1 if all pairs are in the same order.

    Raises
    ------
    ValueError
        If the numbers of items differ, there are fewer than three, an embedding holds NaN, or
        all distances are equal.
    """
    from scipy.stats import spearmanr

    first, second = (np.asarray(part, dtype=float) for part in (first, second))
    if len(first) != len(second):
        raise ValueError(f"{len(first)} items in one embedding and {len(second)} in the other")
    if len(first) < 3:
        raise ValueError("to compare distances, at least three items are needed")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("an embedding holds NaN or infinite values")
    i, j = np.triu_indices(len(first), k=1)
    if len(i) > n_pairs:
        chosen = np.random.default_rng(seed).choice(len(i), n_pairs, replace=False)
        i, j = i[chosen], j[chosen]
    distances = [np.linalg.norm(part[i] - part[j], axis=1) for part in (first, second)]
    if any(np.ptp(part) == 0 for part in distances):
        raise ValueError("all distances in one of the embeddings are equal: it has collapsed")
    return float(spearmanr(*distances).statistic)


def packed_size(weights):
    """Bytes that arrays take when they are compressed: zeros then cost almost nothing.

    Parameters
    ----------
    weights : sequence of ndarray
    """
    return len(zlib.compress(b"".join(np.ascontiguousarray(w).tobytes() for w in weights), 9))


def _relative_distances(embeddings):
    """Distances of all pairs over their mean; 0 if all items coincide."""
    found = distances(embeddings, "euclidean")
    n = ops.cast(ops.shape(embeddings)[0], found.dtype)
    return divide(found * n * (n - 1), ops.sum(found) * ops.ones_like(found))


def _check_input(x, shape):
    try:
        x = np.asarray(x, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"inputs must be one array of numbers: {error}") from None
    if x.shape[1:] != tuple(shape):
        raise ValueError(f"inputs must have shape (n, {', '.join(map(str, shape))}), got {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("inputs hold NaN or infinite values")
    return x


@contextlib.contextmanager
def _only_errors(logger):
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)
