"""Is the embedding collapsing? A Keras callback that looks, and says what to try."""

import warnings

import keras
import numpy as np

from mlbook.losses.base import check_positive
from mlbook.losses.labels import class_numbers
from mlbook.sampling import triplet_census


class CollapseWarning(UserWarning):
    """An embedding that has collapsed, or a loss that has stopped teaching."""


class CollapseMonitor(keras.callbacks.Callback):
    """Watch an embedding while it learns, on a small fixed sample.

    After every epoch it adds to the history

    - `embedding_spread`: root mean square distance of the embeddings, scaled to length 1, from
      their mean. 0 if all are equal, 1 if they surround the origin evenly.
    - `active_triplets`: share of the triplets of the sample that violate the margin.

    and warns, once for each reason, with `CollapseWarning`, if for `patience` epochs in a row

    - the spread is below `least_spread`: the embedding has collapsed;
    - the training loss of a triplet loss is its margin, within 2 %: its value if all distances
      are equal;
    - less than 1 % of the triplets are active, and the triplet loss averages over all of them:
      what is left to learn drowns among zeros.

    Parameters
    ----------
    x : array, or a nested structure of arrays, each of length n
        A few hundred samples, some of each class; more are cut off at `max_samples`.
    y : array-like of shape (n,), integers, or one-hot (n, n_classes)
    margin : float or None, default=None
        Of the triplets; None takes the margin of the model's loss if it is a `TripletLoss`,
        else 0.2. The distance is that of the `TripletLoss`, else Euclid's at length 1.
    output : int, str or None, default=None
        Which output of a model with several is the embedding.
    patience : int, default=2
    least_spread : float, default=0.05
    max_samples : int, default=512

    Attributes
    ----------
    messages : list of str
        What it warned of.
    """

    def __init__(
        self,
        x,
        y,
        margin=None,
        output=None,
        patience=2,
        least_spread=0.05,
        max_samples=512,
    ):
        super().__init__()
        n = check_positive("max_samples", max_samples, integer=True)
        self._x = keras.tree.map_structure(lambda part: np.asarray(part)[:n], x)
        self._labels = class_numbers(np.asarray(y))[:n]
        _, counts = np.unique(self._labels, return_counts=True)
        if len(counts) < 2 or counts.max() < 2:
            raise ValueError(
                f"the first {len(self._labels)} samples have no triplet (two of one class and one "
                "of another): give samples of several classes, in mixed order"
            )
        self.margin = None if margin is None else check_positive("margin", margin)
        self.output = output
        self.patience = check_positive("patience", patience, integer=True)
        self.least_spread = check_positive("least_spread", least_spread)
        self._forget()

    def on_train_begin(self, logs=None):
        self._forget()

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        loss = self._triplet_loss()
        embeddings = self._embeddings()
        spread = embedding_spread(embeddings)
        rules = {} if loss is None else {"distance": loss.distance, "normalize": loss.normalize}
        margin = self.margin or getattr(loss, "margin", 0.2)
        active = triplet_census(embeddings, self._labels, margin, **rules).active
        logs["embedding_spread"], logs["active_triplets"] = spread, active

        value = logs.get("loss")
        at_margin = (
            loss is not None and value is not None and abs(value - loss.margin) < 0.02 * loss.margin
        )
        fading = loss is not None and loss.average == "all" and active < 0.01
        self._judge(
            "collapse",
            spread < self.least_spread,
            f"the embeddings are nearly equal (spread {spread:.3f} of at most 1). Try a lower "
            "learning rate, mining that is not the hardest (mining='semihard' or 'all'), larger "
            "batches with more classes, or batch normalisation before the embedding; a loss "
            "without a term for negative pairs always ends here",
        )
        self._judge(
            "margin",
            at_margin,
            f"the loss stays at its margin ({loss.margin if loss else 0:g}), its value when all "
            "distances are equal. Try a lower learning rate, mining='semihard' before 'hard', or "
            "normalize=True",
        )
        self._judge(
            "fading",
            fading,
            f"only {active:.2%} of the triplets violate the margin, and the loss averages over "
            "all of them. Try average='nonzero', mining='hard', or a larger margin; or stop here",
        )

    def _forget(self):
        self.messages, self._bad_epochs, self._warned = [], {}, set()

    def _judge(self, reason, bad, message):
        self._bad_epochs[reason] = self._bad_epochs.get(reason, 0) + 1 if bad else 0
        if self._bad_epochs[reason] < self.patience or reason in self._warned:
            return
        self._warned.add(reason)
        self.messages.append(f"for {self.patience} epochs, {message}")
        warnings.warn(self.messages[-1], CollapseWarning, stacklevel=2)

    def _triplet_loss(self):
        from mlbook.losses import TripletLoss

        loss = getattr(self.model, "loss", None)
        if self.output is not None and isinstance(loss, (dict, list, tuple)):
            loss = loss[self.output]
        return loss if isinstance(loss, TripletLoss) else None

    def _embeddings(self):
        found = self.model(self._x, training=False)
        found = found if self.output is None else found[self.output]
        if isinstance(found, (dict, list, tuple)):
            raise ValueError("the model has several outputs: say which is the embedding (output=)")
        return keras.ops.convert_to_numpy(found).astype(np.float64)


def embedding_spread(embeddings):
    """Root mean square distance from their mean of embeddings scaled to length 1.

    Parameters
    ----------
    embeddings : array-like of shape (n, n_dims)

    Returns
    -------
    float
        Between 0 (all equal) and 1 (their mean is the origin).
    """
    x = np.asarray(embeddings, dtype=np.float64)
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    x = x / np.where(lengths > 0, lengths, 1)
    return float(np.sqrt(((x - x.mean(axis=0)) ** 2).sum(axis=1).mean()))
