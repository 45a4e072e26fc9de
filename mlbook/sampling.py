"""Batches with enough pairs in them, and a look at which triplets a batch holds."""

from dataclasses import dataclass

import keras
import numpy as np

from mlbook.arguments import check_number
from mlbook.losses.base import check_choice, check_positive
from mlbook.losses.labels import class_numbers
from mlbook.losses.tensors import DISTANCES


class BalancedBatches(keras.utils.PyDataset):
    """Batches of P classes with K samples each, drawn anew in every epoch.

    A random batch of a data set with many classes has few positive pairs or none, and a loss
    over pairs then learns little. Here every sample has K - 1 positives.

        model.fit(BalancedBatches(x, y, classes_per_batch=8, samples_per_class=4))

    Parameters
    ----------
    x : array, or a nested structure (tuple, list, dict) of arrays, each of length n
    y : array-like of shape (n,) or (n, 1), or one-hot (n, n_classes)
        Integer class labels.
    classes_per_batch, samples_per_class : int, default=8, 4
        P and K, at least 2 each.
    steps_per_epoch : int or None, default=None
        None is n // (P K), at least 1: an epoch then draws about as many samples as there are.
    short_classes : {"raise", "drop", "repeat"}, default="raise"
        What to do about classes with fewer than K samples: refuse, leave them out, or draw the
        same samples more than once (equal samples are easy positives that teach nothing).
    y_transform : callable or None, default=None
        Applied to the labels of a batch before they are handed out; for a model with several
        outputs, for instance `lambda y: {"embedding": y, "logits": y}`.
    seed : int, default=0
        Batches depend on the seed, the epoch and the step only, not on the number of workers.
    **kwargs
        For `keras.utils.PyDataset`: workers, use_multiprocessing, max_queue_size.

    Attributes
    ----------
    labels : ndarray of int, shape (n,)
    batch_size : int
        P K.
    epoch : int
        How many epochs have ended. (Keras also ends one after its look at the first batch.)

    Raises
    ------
    ValueError
        If there are fewer classes than P or samples than P K, a class is short (see above), or
        the labels are strings, floats, or not one a sample.

    Notes
    -----
    The P classes of a batch are equally likely, whatever their size, and different; so are the
    K samples of a class. Rare classes are seen more often than in a plain epoch.

    References
    ----------
    A. Hermans, L. Beyer and B. Leibe, In defense of the triplet loss for person
    re-identification, arXiv:1703.07737, 2017.
    """

    def __init__(
        self,
        x,
        y,
        classes_per_batch=8,
        samples_per_class=4,
        steps_per_epoch=None,
        short_classes="raise",
        y_transform=None,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.classes_per_batch = check_positive(
            "classes_per_batch", classes_per_batch, integer=True, at_least=2
        )
        self.samples_per_class = check_positive(
            "samples_per_class", samples_per_class, integer=True, at_least=2
        )
        check_choice("short_classes", short_classes, ("raise", "drop", "repeat"))
        self.labels = class_numbers(np.asarray(y))
        self._x = keras.tree.map_structure(np.asarray, x)
        for part in keras.tree.flatten(self._x):
            if not part.ndim:
                raise ValueError("x must hold arrays with one row a sample, not lists or None")
            if len(part) != len(self.labels):
                raise ValueError(f"x has {len(part)} samples, but y {len(self.labels)} labels")
        self._members = self._usable_classes(short_classes)
        self.steps_per_epoch = (
            max(1, sum(map(len, self._members)) // self.batch_size)
            if steps_per_epoch is None
            else check_positive("steps_per_epoch", steps_per_epoch, integer=True)
        )
        check_number("seed", seed, at_least=0, integer=True)
        self._y_transform = y_transform
        self._seed = seed
        self.epoch = 0

    @property
    def batch_size(self):
        return self.classes_per_batch * self.samples_per_class

    @property
    def num_batches(self):
        return self.steps_per_epoch

    def __len__(self):
        return self.steps_per_epoch

    def indices(self, step):
        """Positions in the data of batch `step` of this epoch, shape (P K,), class by class."""
        rng = np.random.default_rng([self._seed, self.epoch, step])
        chosen = rng.choice(len(self._members), self.classes_per_batch, replace=False)
        per_class = self.samples_per_class
        return np.concatenate(
            [
                rng.choice(members, per_class, replace=len(members) < per_class)
                for members in (self._members[place] for place in chosen)
            ]
        )

    def __getitem__(self, step):
        indices = self.indices(step)
        x = keras.tree.map_structure(lambda part: part[indices], self._x)
        labels = self.labels[indices]
        return x, labels if self._y_transform is None else self._y_transform(labels)

    def on_epoch_end(self):
        self.epoch += 1

    def _usable_classes(self, short_classes):
        classes, counts = np.unique(self.labels, return_counts=True)
        short = classes[counts < self.samples_per_class]
        if len(short) and short_classes == "raise":
            shown = ", ".join(map(str, short[:5])) + (", ..." if len(short) > 5 else "")
            raise ValueError(
                f"{len(short)} of {len(classes)} classes have fewer than samples_per_class="
                f"{self.samples_per_class} samples ({shown}): lower samples_per_class, or choose "
                'short_classes="drop" or "repeat"'
            )
        if short_classes == "drop":
            classes = classes[counts >= self.samples_per_class]
        if len(classes) < self.classes_per_batch:
            raise ValueError(
                f"classes_per_batch={self.classes_per_batch} asks for more classes than there are "
                f"({len(classes)}, each with enough samples): lower it"
            )
        order = np.argsort(self.labels, kind="stable")
        starts = np.searchsorted(self.labels[order], classes)
        ends = np.searchsorted(self.labels[order], classes, side="right")
        return [order[start:end] for start, end in zip(starts, ends, strict=True)]


@dataclass(frozen=True)
class TripletCensus:
    """How many triplets of a batch are of which kind.

    Attributes
    ----------
    easy, semihard, hard : int
        The negative is farther than the positive by the margin or more; farther, but by less
        than the margin; not farther.
    """

    easy: int
    semihard: int
    hard: int

    @property
    def total(self):
        return self.easy + self.semihard + self.hard

    @property
    def active(self):
        """Share of triplets that violate the margin, and so still teach; NaN without triplets."""
        return (self.semihard + self.hard) / self.total if self.total else float("nan")


def triplet_census(embeddings, labels, margin=0.2, normalize=True, distance="euclidean"):
    """Count the easy, semi-hard and hard triplets among some embeddings.

    Parameters
    ----------
    embeddings : array-like of shape (n, n_dims)
    labels : array-like of shape (n,)
    margin : float, default=0.2
        In the unit of the distance.
    normalize : bool, default=True
        Scale embeddings to length 1 first, as `mlbook.losses.TripletLoss` does.
    distance : {"euclidean", "squared_euclidean", "cosine"}, default="euclidean"
        "cosine", one minus the cosine, scales to length 1 in any case.

    Returns
    -------
    TripletCensus

    Notes
    -----
    Sorts, for each anchor, its distances to the negatives: O(n^2 log n) time, O(n) memory
    besides the embeddings.
    """
    check_choice("distance", distance, DISTANCES)
    check_positive("margin", margin)
    x, labels = _embeddings_and_labels(embeddings, labels, normalize or distance == "cosine")
    total = within_margin = not_farther = 0
    for anchor in range(len(x)):
        d, same, other = _distances_from(x, labels, anchor)
        if distance != "euclidean":
            d = d**2 / (2 if distance == "cosine" else 1)
        negatives, positives = np.sort(d[~same]), d[same & other]
        total += len(negatives) * len(positives)
        not_farther += np.searchsorted(negatives, positives, side="right").sum()
        within_margin += np.searchsorted(negatives, positives + margin, side="left").sum()
    within_margin = max(within_margin, not_farther)
    return TripletCensus(
        int(total - within_margin), int(within_margin - not_farther), int(not_farther)
    )


def hardest_triplets(embeddings, labels, normalize=True):
    """For each anchor its farthest positive and its nearest negative ("batch hard").

    Parameters
    ----------
    embeddings : array-like of shape (n, n_dims)
    labels : array-like of shape (n,)
    normalize : bool, default=True

    Returns
    -------
    triplets : ndarray of int, shape (n_anchors, 3)
        Positions of anchor, positive and negative; anchors without one of them are left out.
    violations : ndarray of shape (n_anchors,)
        d(anchor, positive) - d(anchor, negative), Euclidean.
    """
    x, labels = _embeddings_and_labels(embeddings, labels, normalize)
    triplets, violations = [], []
    for anchor in range(len(x)):
        d, same, other = _distances_from(x, labels, anchor)
        if not (same & other).any() or same.all():
            continue
        positive = int(np.where(same & other, d, -np.inf).argmax())
        negative = int(np.where(same, np.inf, d).argmin())
        triplets.append((anchor, positive, negative))
        violations.append(d[positive] - d[negative])
    return np.array(triplets, dtype=int).reshape(-1, 3), np.array(violations)


def _embeddings_and_labels(embeddings, labels, normalize):
    x, labels = np.asarray(embeddings, dtype=np.float64), np.asarray(labels)
    if x.ndim != 2 or labels.shape != x.shape[:1]:
        raise ValueError(
            "need embeddings of shape (n, n_dims) and labels of shape (n,), got "
            f"{x.shape} and {labels.shape}"
        )
    if not np.isfinite(x).all():
        raise ValueError("the embeddings hold values that are NaN or infinite")
    if normalize:
        lengths = np.linalg.norm(x, axis=1, keepdims=True)
        x = x / np.where(lengths > 0, lengths, 1)
    return x, labels


def _distances_from(x, labels, anchor):
    same = labels == labels[anchor]
    other = np.arange(len(x)) != anchor
    return np.linalg.norm(x - x[anchor], axis=1), same, other
