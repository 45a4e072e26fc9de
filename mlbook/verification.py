"""Same or not? Verification: scores of pairs, error rates, and a threshold chosen in advance."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_curve

from mlbook.blocks import row_blocks
from mlbook.linear import sample_pairs


@dataclass(frozen=True)
class Roc:
    """Error rates of every threshold. A pair is accepted if its score reaches the threshold.

    Attributes
    ----------
    far : ndarray
        False accept rate: share of different pairs that are accepted. Never falls.
    tar : ndarray
        True accept rate: share of same pairs that are accepted.
    thresholds : ndarray
        From above (infinite: nothing is accepted) to below.
    n_same, n_different : int
        Pairs of each kind. A rate below 1 / n_different cannot be measured.
    """

    far: np.ndarray
    tar: np.ndarray
    thresholds: np.ndarray
    n_same: int
    n_different: int

    def eer(self):
        """Equal error rate: where false accepts and false rejects (1 - tar) are equally many.

        Between two thresholds both rates are interpolated, as the line of the ROC curve is.
        """
        gap = self.far - (1 - self.tar)  # from -1 to 1, never falling
        after = int(np.searchsorted(gap, 0.0))
        if gap[after] == 0:
            return float(self.far[after])
        low, high = gap[after - 1], gap[after]
        weight = -low / (high - low)
        return float(self.far[after - 1] + weight * (self.far[after] - self.far[after - 1]))

    def eer_threshold(self):
        """The threshold at which the two error rates are most nearly equal."""
        return float(self.thresholds[np.abs(self.far - (1 - self.tar))[1:].argmin() + 1])

    def tar_at_far(self, far):
        """The best true accept rate among thresholds with at most this false accept rate.

        Raises
        ------
        ValueError
            If `far` is not a rate, or below 1 / n_different: too few pairs to tell.
        """
        return float(self.tar[self._last_within(far)])

    def threshold_at_far(self, far):
        """The lowest threshold with at most this false accept rate."""
        return float(self.thresholds[self._last_within(far)])

    def _last_within(self, far):
        if not 0 < far <= 1:
            raise ValueError(f"far must be a rate above 0 and up to 1, got {far!r}")
        if far * self.n_different < 1 - 1e-9:
            raise ValueError(
                f"{self.n_different:,} different pairs cannot show a false accept rate of {far:g}: "
                f"at least {int(np.ceil(1 / far)):,} are needed"
            )
        return int(np.searchsorted(self.far, far + 1e-12, side="right")) - 1


def roc(scores, same):
    """The ROC curve of pair scores.

    Parameters
    ----------
    scores : array-like of shape (n_pairs,)
        Higher means more alike; for a distance give its negative.
    same : array-like of bool, shape (n_pairs,)

    Returns
    -------
    Roc

    Raises
    ------
    ValueError
        If the two do not match, scores are not finite, or pairs of one kind are missing.
    """
    scores, same = _checked(scores, same)
    far, tar, thresholds = roc_curve(same, scores, drop_intermediate=False)
    return Roc(far, tar, thresholds, int(same.sum()), int((~same).sum()))


def pair_scores(embeddings, pairs, normalize=True):
    """Scores of pairs of embeddings: cosines, or negative Euclidean distances.

    Parameters
    ----------
    embeddings : array-like of shape (n, n_dims)
    pairs : array-like of int, shape (n_pairs, 2)
        Positions.
    normalize : bool, default=True
        True: the cosine, 0 for a zero embedding. False: the negative distance.

    Returns
    -------
    ndarray of shape (n_pairs,)

    Raises
    ------
    ValueError
        On wrong shapes, or pairs that are no positions of embeddings.
    """
    x, pairs = np.asarray(embeddings, dtype=np.float64), np.asarray(pairs)
    if x.ndim != 2:
        raise ValueError(f"embeddings must have shape (n, n_dims), got {x.shape}")
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise ValueError(
            f"pairs must be integers of shape (n_pairs, 2), got {pairs.dtype} of {pairs.shape}"
        )
    if len(pairs) and not 0 <= pairs.min() <= pairs.max() < len(x):
        raise ValueError(f"pairs must lie in 0 .. {len(x) - 1}, the positions of the embeddings")
    if normalize:
        lengths = np.linalg.norm(x, axis=1, keepdims=True)
        x = x / np.where(lengths > 0, lengths, 1)
    scores = np.empty(len(pairs))
    for rows in row_blocks(len(pairs), max(1, 2**20 // max(1, x.shape[1]))):
        first, second = x[pairs[rows, 0]], x[pairs[rows, 1]]
        if normalize:
            scores[rows] = np.einsum("pd,pd->p", first, second)
        else:
            scores[rows] = -np.linalg.norm(first - second, axis=1)
    return scores


@dataclass(frozen=True)
class Verification:
    """What verification is worth on people (or classes) never seen before.

    Attributes
    ----------
    threshold : float
        Chosen on the validation identities.
    far, frr : float
        False accept and false reject rate of this threshold on the test identities.
    eer : float
        On the test identities, with the threshold that only the test pairs know: a measure of
        the scores, not of a system.
    validation, test : Roc
    """

    threshold: float
    far: float
    frr: float
    eer: float
    validation: Roc
    test: Roc


def verify(
    validation_embeddings,
    validation_labels,
    test_embeddings,
    test_labels,
    target_far=None,
    n_pairs=20_000,
    normalize=True,
    seed=0,
):
    """Choose a threshold on some identities and measure it on others.

    Parameters
    ----------
    validation_embeddings, test_embeddings : array-like of shape (n, n_dims)
    validation_labels, test_labels : array-like of shape (n,)
        Identities. None may be in both.
    target_far : float or None, default=None
        The threshold is the lowest with at most this false accept rate on the validation pairs;
        None takes the one where both error rates are equal.
    n_pairs : int, default=20_000
        Random pairs of each data set, half of them same; fewer if there are not so many.
    normalize : bool, default=True
        Score by the cosine, else by the negative Euclidean distance.
    seed : int, default=0
        Of the pairs.

    Returns
    -------
    Verification

    Raises
    ------
    ValueError
        If an identity is in both parts, a part has no pair of one kind, or the labels are not
        one an embedding.

    Notes
    -----
    A threshold chosen on the test pairs, or on other pictures of the tested people, promises
    error rates that strangers do not give; so identities in both parts are refused.

    The pairs share samples, so they are fewer independent observations than they seem.
    """
    for part, embeddings, labels in (
        ("validation", validation_embeddings, validation_labels),
        ("test", test_embeddings, test_labels),
    ):
        if np.ndim(labels) != 1 or len(labels) != len(embeddings):
            raise ValueError(
                f"the {part} part has {len(embeddings)} embeddings and labels of shape "
                f"{np.shape(labels)}: need one label each"
            )
    shared = np.intersect1d(validation_labels, test_labels)
    if len(shared):
        raise ValueError(
            f"{len(shared)} identities are in both the validation and the test part (such as "
            f"{shared[0]!r}): split by identity"
        )
    curves = []
    for embeddings, labels in (
        (validation_embeddings, validation_labels),
        (test_embeddings, test_labels),
    ):
        pairs, kinds = sample_pairs(labels, n_pairs, random_state=seed)
        scores = pair_scores(embeddings, pairs, normalize)
        curves.append((roc(scores, kinds == 1), scores, kinds == 1))
    (validation, _, _), (test, scores, same) = curves
    threshold = (
        validation.eer_threshold()
        if target_far is None
        else validation.threshold_at_far(target_far)
    )
    accepted = scores >= threshold
    return Verification(
        threshold=threshold,
        far=float(accepted[~same].mean()),
        frr=float((~accepted[same]).mean()),
        eer=test.eer(),
        validation=validation,
        test=test,
    )


def _checked(scores, same):
    scores, same = np.asarray(scores, dtype=np.float64), np.asarray(same)
    if scores.ndim != 1 or scores.shape != same.shape:
        raise ValueError(f"need one score a pair, got shapes {scores.shape} and {same.shape}")
    if same.dtype != bool:
        raise ValueError("same must be boolean: compare the labels of the pairs first")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite")
    if not same.any() or same.all():
        raise ValueError("need pairs of both kinds, same and different")
    return scores, same
