"""Two towers: a small network for each modality, taught to agree in one space."""

import keras
import numpy as np
from keras import ops
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from mlbook.arguments import check_number
from mlbook.fusion.alignment import embed_present, two_modalities
from mlbook.fusion.modalities import is_missing
from mlbook.losses.base import MetricLoss, check_positive, register
from mlbook.losses.tensors import log_sum_exp, unit

POSITIVES = ("class", "pair")


@register
class TwoTowerLoss(MetricLoss):
    """Contrastive loss between two modalities, in both directions.

    With cosines s_ij of the first half of row i and the second half of row j, temperature T,
    and P(i) the rows with the label of row i, itself included,

        mean over p in P(i) of -log( exp(s_ip / T) / sum over all j of exp(s_ij / T) ),

    averaged with the same for the second half of i against all first halves.

    Parameters
    ----------
    temperature : float, default=0.1
    reduction, name, dtype
        See `MetricLoss`.

    Notes
    -----
    `y_pred` has shape (batch, 2 n_dims): the two embeddings of a pair side by side. With a
    label of its own for each pair this is the loss of CLIP; with class labels, other items of
    the same class are positives instead of negatives, as in UniCL.

    References
    ----------
    A. Radford et al., Learning transferable visual models from natural language supervision,
    ICML 2021, arXiv:2103.00020 (CLIP). J. Yang et al., Unified contrastive learning in
    image-text-label space, CVPR 2022, arXiv:2204.03610 (UniCL; twice the value given here).
    P. Khosla et al., Supervised contrastive learning, NeurIPS 2020, arXiv:2004.11362.
    """

    _options = ("temperature",)
    # every pair is its own positive, so that no batch lacks one
    _uses_pairs = False

    def __init__(self, temperature=0.1, reduction="sum_over_batch_size", name=None, dtype=None):
        # the halves are brought to length 1, not the whole
        super().__init__(False, reduction, name, dtype)
        self.temperature = check_positive("temperature", temperature)

    def get_config(self):
        config = super().get_config()
        del config["normalize"]
        return config

    def sample_losses(self, labels, embeddings):
        first, second = ops.split(embeddings, 2, axis=1)
        s = ops.matmul(unit(first), ops.transpose(unit(second))) / self.temperature  # (n, n)
        positive = ops.cast(labels[:, None] == labels[None, :], s.dtype)
        return (_one_way(s, positive) + _one_way(ops.transpose(s), positive)) / 2

    def _checked_labels(self, y_true, y_pred):
        labels = super()._checked_labels(y_true, y_pred)
        if y_pred.shape[1] is not None and y_pred.shape[1] % 2:
            raise ValueError(
                f"{self.name}: two embeddings side by side have an even number of columns, "
                f"got {y_pred.shape[1]}"
            )
        # Keras turns labels into floats; each is named by the first row that has it
        labels = ops.convert_to_tensor(labels)
        return ops.argmax(labels[:, None] == labels[None, :], axis=1)


class TwoTowers(BaseEstimator):
    """Two small networks that map two modalities into one space, where pairs lie close.

    Parameters
    ----------
    n_dims : int, default=16
        Of the common space.
    hidden : int, default=64
        Units of each tower's hidden layer.
    temperature : float, default=0.1
    positives : {"class", "pair"}, default="class"
        Whether all items of a class belong together, or only the two halves of a pair; then
        other items of the same class are pushed away.
    steps, batch_size : int, default=200, 200
        A batch has no item twice; fewer items make smaller batches.
    rate : float, default=3e-3
        Learning rate of Adam.
    random_state : int, default=0

    Attributes
    ----------
    towers_ : dict of str to keras.Model
    n_weights_ : dict of str to int
    """

    def __init__(
        self,
        n_dims=16,
        hidden=64,
        temperature=0.1,
        positives="class",
        steps=200,
        batch_size=200,
        rate=3e-3,
        random_state=0,
    ):
        self.n_dims = n_dims
        self.hidden = hidden
        self.temperature = temperature
        self.positives = positives
        self.steps = steps
        self.batch_size = batch_size
        self.rate = rate
        self.random_state = random_state

    def fit(self, X, y):
        """Train on the items that have both modalities.

        Parameters
        ----------
        X : mapping of two names to array-like of shape (n, n_features)
        y : array-like of shape (n,)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there are not two modalities, fewer than two complete pairs, or a setting is out
            of range.
        """
        for name in ("n_dims", "hidden", "steps", "batch_size"):
            check_number(name, getattr(self, name), at_least=1, integer=True)
        if self.positives not in POSITIVES:
            raise ValueError(
                f"positives must be one of {', '.join(POSITIVES)}, got {self.positives!r}"
            )
        parts = two_modalities(X)
        complete = ~np.any([is_missing(part) for part in parts.values()], axis=0)
        n_pairs = int(complete.sum())
        if n_pairs < 2:
            raise ValueError("two towers need at least two items with both modalities")
        parts = {name: part[complete] for name, part in parts.items()}
        labels = np.unique(np.asarray(y)[complete], return_inverse=True)[1]
        if self.positives == "pair":
            labels = np.arange(n_pairs)
        self.widths_ = {name: part.shape[1] for name, part in parts.items()}
        self.scalers_ = {name: StandardScaler().fit(part) for name, part in parts.items()}
        rows = self._batches(n_pairs)
        x = [self.scalers_[m].transform(part)[rows].astype(np.float32) for m, part in parts.items()]
        keras.utils.set_random_seed(self.random_state)
        self.towers_ = {name: self._tower(name, width) for name, width in self.widths_.items()}
        model = self._model()
        size = min(self.batch_size, n_pairs)
        model.fit(x, labels[rows], batch_size=size, shuffle=False, verbose=0)
        self.n_weights_ = {name: tower.count_params() for name, tower in self.towers_.items()}
        return self

    def transform(self, X):
        """Embeddings of length 1 for each modality that X has; NaN where an item lacks it."""
        check_is_fitted(self, "towers_")
        return embed_present(X, self.widths_, self._embed)

    def _embed(self, name, part):
        x = self.scalers_[name].transform(part).astype(np.float32)
        return ops.convert_to_numpy(self.towers_[name](x, training=False))

    def _batches(self, n_pairs):
        """Rows of all batches one after the other."""
        rng = np.random.default_rng(self.random_state)
        size = min(self.batch_size, n_pairs)
        per_pass = n_pairs // size
        passes = -(-self.steps // per_pass)
        rows = [rng.permutation(n_pairs)[: per_pass * size] for _ in range(passes)]
        return np.concatenate(rows)[: self.steps * size]

    def _tower(self, name, width):
        layers = [
            keras.Input((width,)),
            keras.layers.Dense(self.hidden, activation="relu"),
            keras.layers.Dense(self.n_dims),
        ]
        return keras.Sequential(layers, name=f"tower_of_{name}")

    def _model(self):
        inputs = [keras.Input((width,)) for width in self.widths_.values()]
        towers = self.towers_.values()
        outputs = [tower(entry) for tower, entry in zip(towers, inputs, strict=True)]
        model = keras.Model(inputs, keras.layers.Concatenate()(outputs))
        loss = TwoTowerLoss(self.temperature)
        steps = min(20, self.steps)
        model.compile(keras.optimizers.Adam(self.rate), loss, steps_per_execution=steps)
        return model


def _one_way(s, positive):
    """Each row's mean over its positives of the cross-entropy of the whole row, shape (n,)."""
    everyone = log_sum_exp(s, ops.ones_like(s))
    return everyone - ops.sum(positive * s, axis=1) / ops.sum(positive, axis=1)
