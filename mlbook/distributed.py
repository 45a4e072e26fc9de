"""Training on several machines, with negatives from all of them.

    strategy = tf.distribute.MultiWorkerMirroredStrategy()   # the machines stand in TF_CONFIG
    with strategy.scope():
        model, optimizer = ..., keras.optimizers.Adam()
    losses = fit(strategy, model, GlobalBatchLoss(SupConLoss()), optimizer, x, y, batches)

Each worker embeds its share of a batch. A loss over pairs needs all of them: with the pairs inside
its share alone, a worker would learn from few negatives, and from others than one machine would.
So the embeddings are gathered before the loss, and gradients flow back to where they came from.
TensorFlow is the backend. The loop over the steps is our own: `Model.fit` of Keras 3.15 stops on
the values of a strategy with one device a worker.
"""

import keras
import numpy as np
import tensorflow as tf

from mlbook.losses.base import register


@register
class GlobalBatchLoss(keras.losses.Loss):
    """A loss over the embeddings of all workers, not of one.

    Each worker computes the whole loss, so that an embedding gets its gradient from all of them,
    as many times as there are workers. Keras divides a mean over the batch by their number, which
    makes up for it; so the wrapped loss must keep its default reduction.

    Parameters
    ----------
    loss : keras.losses.Loss
        Over integer labels (batch,) and embeddings (batch, d); for example one of
        `mlbook.losses` without trainable weights.
    name : str or None, default=None

    Raises
    ------
    ValueError
        If the loss is not a mean over the batch.

    Notes
    -----
    All workers need equally many samples in a step. What travels is all embeddings and labels of
    a batch, to each worker.
    """

    def __init__(self, loss, name=None):
        super().__init__(name=name or "global_batch", reduction="sum")
        if loss.reduction not in ("sum_over_batch_size", "mean"):
            raise ValueError(f"the loss must be a mean over the batch, not {loss.reduction!r}")
        self.loss = loss

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The wrapped loss of all workers' samples."""
        # not `call`: Keras would turn the labels into floats before it
        if sample_weight is not None:
            sample_weight = gathered(sample_weight)
        return self.loss(gathered(y_true), gathered(y_pred), sample_weight)

    def get_config(self):
        return {"loss": keras.losses.serialize(self.loss), "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(keras.losses.deserialize(config["loss"]), config["name"])


def gathered(values):
    """The values of all workers, one below the other, in the order of the workers."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    return context.all_gather(tf.convert_to_tensor(values), axis=0)


def fit(strategy, model, loss, optimizer, x, y, batches):
    """Train a model, each worker on its part of each batch.

    Parameters
    ----------
    strategy : tf.distribute.Strategy
        With one device a worker.
    model : keras.Model
        Made within the strategy's scope, as the optimizer.
    loss : keras.losses.Loss
        With `GlobalBatchLoss` the weights become those of one machine on the whole batches; with
        another loss each worker sees its own samples only, and the mean is taken.
    optimizer : keras.optimizers.Optimizer
    x, y, batches
        As in `own_share`.

    Returns
    -------
    ndarray of shape (n_steps,)
        The loss in each step, the mean over the workers.
    """
    n_workers = strategy.num_replicas_in_sync
    # where a worker has one device nothing else names it, and tensors without one do not travel
    device = strategy.extended.worker_devices[0] if n_workers > 1 else None

    def replica_step(x, y):
        context = tf.distribute.get_replica_context()
        with tf.device(device):
            with tf.GradientTape() as tape:
                # a mean over the batch comes divided by the number of workers, from Keras; the
                # optimizer adds the gradients of all
                value = loss(tf.identity(y), model(tf.identity(x), training=True))
            gradients = tape.gradient(value, [v.value for v in model.trainable_variables])
            optimizer.apply(gradients, model.trainable_variables)
            return context.all_reduce("SUM", value)

    @tf.function
    def step(x, y):
        values = strategy.run(replica_step, (x, y))
        return strategy.experimental_local_results(values)[0]

    with strategy.scope():
        optimizer.build(model.trainable_variables)
        return np.array([float(step(*part)) for part in own_share(strategy, x, y, batches)])


def own_share(strategy, x, y, batches):
    """A worker's part of each batch, as a data set.

    Parameters
    ----------
    strategy : tf.distribute.Strategy
    x, y : ndarray of length n
        All samples; every worker holds them, or can read them.
    batches : ndarray of int, shape (n_steps, batch_size)
        Positions. The first worker takes the first part of each row, and so on.

    Returns
    -------
    tf.distribute.DistributedDataset

    Raises
    ------
    ValueError
        If a batch cannot be shared out equally.
    """
    batches = np.asarray(batches)
    n_workers = strategy.num_replicas_in_sync
    if batches.ndim != 2 or batches.shape[1] % n_workers:
        raise ValueError(
            f"batches must have shape (n_steps, batch_size), with a size that {n_workers} workers "
            f"can share equally, got {batches.shape}"
        )
    share = batches.shape[1] // n_workers

    def own(context):
        number = context.input_pipeline_id
        rows = batches[:, number * share : (number + 1) * share].ravel()
        return tf.data.Dataset.from_tensor_slices((x[rows], y[rows])).batch(share)

    return strategy.distribute_datasets_from_function(own)
