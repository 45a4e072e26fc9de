"""Class means, the covariance within the classes and its inverse, one sample at a time."""

import numpy as np
from scipy.linalg import eigh

from mlbook.arguments import check_number

# A longer pause than this counts as this: what was known gets a negligible weight, but not zero.
LARGEST_FADE = 2.0**-30


class StreamingCovariance:
    """Weighted class means, pooled within-class scatter, and the inverse of the scatter.

    With weights w_i of the samples, means m_c of the classes and W_c, Q_c the sums of w_i and
    w_i^2 in class c,

        S = sum_i w_i (x_i - m)(x_i - m)^T,    C = S / sum_c (W_c - Q_c / W_c).

    If nothing fades, all weights are 1 and C is the pooled covariance with divisor n - n_classes.
    A new sample changes S by a matrix of rank one, so the formula of Sherman and Morrison changes
    the inverse in O(n_features^2) operations, where a new inversion takes O(n_features^3).

    The inverse is that of S + kappa I. An exact *refresh* sets kappa to ridge times the mean
    eigenvalue of S and inverts anew, which also ends the accumulation of rounding errors. It comes
    each time that the number of samples has doubled since the last one, after `refresh_every`
    samples at the latest, and each time that the weights have halved. In between kappa fades
    together with S, so the ridge in force lies between about a half and all of the nominal one.

    Parameters
    ----------
    n_features : int
    ridge : float, default=0.0
        In units of the mean eigenvalue, as in `mlbook.linear.Covariance`.
    refresh_every : int, default=1000
        In samples.

    Attributes
    ----------
    means : ndarray of shape (n_classes, n_features)
    weights : ndarray of shape (n_classes,)
        Sum of the weights of each class, W_c; the number of its samples if nothing fades.
    scatter : ndarray of shape (n_features, n_features)
        S, without the ridge.
    n_refreshes : int
        How often the inverse was computed anew.

    References
    ----------
    J. Sherman and W. J. Morrison, Adjustment of an inverse matrix corresponding to a change in one
    element of a given matrix, The Annals of Mathematical Statistics 21(1), 1950.
    """

    def __init__(self, n_features, ridge=0.0, refresh_every=1000):
        check_number("n_features", n_features, at_least=1, integer=True)
        check_number("ridge", ridge, at_least=0)
        check_number("refresh_every", refresh_every, at_least=1, integer=True)
        self.ridge, self.refresh_every = ridge, refresh_every
        self.means = np.empty((0, n_features))
        self.weights = np.empty(0)
        self._squares = np.empty(0)
        self.scatter = np.zeros((n_features, n_features))
        self._inverse, self._kappa = None, 0.0
        self.n_refreshes = 0
        self._n_updates, self._since_refresh, self._fade_since_refresh = 0, 0, 1.0

    def add_class(self):
        """Make room for one more class, which has no sample yet; returns its number."""
        self.means = np.vstack([self.means, np.zeros((1, self.means.shape[1]))])
        self.weights = np.append(self.weights, 0.0)
        self._squares = np.append(self._squares, 0.0)
        return len(self.weights) - 1

    def update(self, x, label, fade=1.0):
        """Take in one sample of weight 1; all earlier weights are multiplied by `fade` first.

        Parameters
        ----------
        x : ndarray of shape (n_features,), float64
        label : int
            Number of the class.
        fade : float, default=1.0
            Above 0, at most 1; smaller ones count as 2^-30.
        """
        if fade < 1.0:
            self._fade(max(fade, LARGEST_FADE))
        weight = self.weights[label]
        delta = x - self.means[label]
        share = weight / (weight + 1.0)
        self.means[label] += delta / (weight + 1.0)
        self.weights[label] += 1.0
        self._squares[label] += 1.0
        self._n_updates += 1
        self._since_refresh += 1
        if share > 0.0:  # the first sample of a class is its mean
            root = np.sqrt(share) * delta
            # of a vector with itself: exactly symmetric
            self.scatter += root[:, np.newaxis] * root
            self._update_inverse(root)
        due = min(self._n_updates - self._since_refresh, self.refresh_every)
        if self._since_refresh >= max(due, 1) or self._fade_since_refresh <= 0.5:
            self.refresh()

    def refresh(self):
        """Invert S + kappa I anew; where it is singular, there is no inverse for the present."""
        self._since_refresh, self._fade_since_refresh = 0, 1.0
        self._inverse = None
        if not self._has_spread():
            return
        values, vectors = eigh(self.scatter)
        self._kappa = self.ridge * np.trace(self.scatter) / len(self.scatter)
        values = np.maximum(values, 0.0) + self._kappa
        if values[0] > len(values) * np.finfo(float).eps * values[-1]:
            half = vectors / np.sqrt(values)
            self._inverse = half @ half.T
            self.n_refreshes += 1

    @property
    def covariance(self):
        """C with the ridge that is in force, shape (n_features, n_features).

        Raises
        ------
        numpy.linalg.LinAlgError
            If no class has two different samples.
        """
        self.need_spread()
        return (self.scatter + self._kappa * np.eye(len(self.scatter))) / self._divisor()

    @property
    def precision(self):
        """The inverse of `covariance`, kept by updates of rank one.

        Raises
        ------
        numpy.linalg.LinAlgError
            A `ValueError` too: if C is singular, with the remedy.
        """
        if self._inverse is None:
            self.need_spread()
            self.refresh()
        if self._inverse is None:
            raise np.linalg.LinAlgError(
                "the covariance within the classes is singular: there were too few samples, or a "
                "feature no longer varies. Use ridge > 0, a longer half_life, or fewer features."
            )
        return self._inverse * self._divisor()

    def need_spread(self):
        """Raise LinAlgError unless some class has two different samples."""
        if not self._has_spread():
            raise np.linalg.LinAlgError(
                "no class has two different samples yet (or all of them faded away), so there is "
                "no spread to learn a metric from"
            )

    def _has_spread(self):
        divisor = self._divisor()
        if not divisor > 0:
            return False
        variance = np.trace(self.scatter) / len(self.scatter) / divisor
        # a mean that creeps towards samples that are all equal leaves rounding errors behind
        rounding = (100 * np.finfo(float).eps) ** 2 * np.mean(self.means**2)
        return bool(variance > max(rounding, np.finfo(float).tiny))

    def _divisor(self):
        seen = self.weights > 0
        return float(np.sum(self.weights[seen] - self._squares[seen] / self.weights[seen]))

    def _fade(self, fade):
        self.weights *= fade
        self._squares *= fade**2
        self.scatter *= fade
        self._kappa *= fade
        self._fade_since_refresh *= fade
        if self._inverse is not None:
            self._inverse /= fade

    def _update_inverse(self, root):
        if self._inverse is None:
            return
        v = self._inverse @ root
        # the inverse is positive definite, so this is at least 1
        v /= np.sqrt(1.0 + root @ v)
        self._inverse -= v[:, np.newaxis] * v
