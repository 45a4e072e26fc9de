"""The Mahalanobis metric of a stream, as a scikit-learn estimator that never stops learning."""

import numpy as np
from scipy.linalg import eigh
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from mlbook.arguments import check_number
from mlbook.blocks import row_blocks
from mlbook.linear.base import LinearMetric
from mlbook.linear.scatter import fix_signs
from mlbook.streaming.covariance import StreamingCovariance

# squares of larger numbers, and sums of them, may overflow
_LARGEST = 1e140


class StreamingMahalanobis(ClassifierMixin, LinearMetric):
    """Nearest class mean under the Mahalanobis metric of the within-class covariance, updated.

    Each call of `partial_fit` brings samples in their order in time; new classes may come at any
    time. With a half-life, a sample's weight halves each time so many samples, or so much time,
    have passed: the means and the metric follow the stream. Without, all samples count the same,
    and the metric is that of `mlbook.linear.Covariance("within")` on all of them.

    Parameters
    ----------
    half_life : float or None, default=None
        In samples; or in the unit of `times`, if `partial_fit` gets times. None forgets nothing.
        The means fade like the covariance. The mean of a class that does not occur stays where it
        is; its weight fades, so that the class adapts fast when it comes back.
    ridge : float, default=0.01
        In units of the mean variance within the classes; see `StreamingCovariance` for when it is
        brought up to date. 0 is the plain covariance, which must not be singular.
    refresh_every : int, default=1000
        The inverse is computed anew after so many samples at the latest.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        In the order in which they came.
    means_ : ndarray of shape (n_classes, n_features)
    weights_ : ndarray of shape (n_classes,)
        How many samples the mean of each class stands on; a faded sample counts less than one.
    covariance_ : ndarray of shape (n_features, n_features)
        Within the classes, with the ridge.
    components_ : ndarray of shape (n_features, n_features)
        The whitening map L of the present, M = L^T L; computed when it is asked for.
    n_seen_ : int
        Samples so far.
    time_ : float or None
        Time of the last sample.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    See Also
    --------
    mlbook.linear.Covariance : the same from a whole data set, if nothing fades.

    Examples
    --------
    >>> model = StreamingMahalanobis(ridge=0.0)
    >>> model = model.partial_fit([[0, 0], [2, 0], [0, 1], [2, 1.5]], ["a", "a", "a", "a"])
    >>> model = model.partial_fit([[5, 5]], ["b"])
    >>> model.predict([[4, 4]])
    array(['b'], dtype='<U1')
    """

    def __init__(self, half_life=None, ridge=0.01, refresh_every=1000):
        self.half_life = half_life
        self.ridge = ridge
        self.refresh_every = refresh_every

    def fit(self, X, y, times=None):
        """Forget everything, then `partial_fit`; same parameters."""
        return self._learn(X, y, times, anew=True)

    def partial_fit(self, X, y, times=None):
        """Take in some more samples, one after another.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels, all numbers or all text; they may be new.
        times : array-like of shape (n_samples,) or None, default=None
            When each sample was taken: numbers that never decrease, in any unit. Give them
            always or never.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On NaN, infinite or huge data, another number of features than before, labels of
            another kind than before, times that are missing, new or go backwards, or a parameter
            out of range. Nothing has been learned from the call then.
        """
        return self._learn(X, y, times, anew=not hasattr(self, "n_seen_"))

    def _learn(self, X, y, times, anew):
        check_number("ridge", self.ridge, at_least=0)
        check_number("refresh_every", self.refresh_every, at_least=1, integer=True)
        if self.half_life is not None:
            check_number("half_life", self.half_life, above=0)
        settings = self.ridge, self.refresh_every
        if not anew and settings != (self._state.ridge, self._state.refresh_every):
            raise ValueError(
                "ridge and refresh_every cannot change within a stream: call fit to begin anew"
            )
        # everything is checked before anything changes
        given, is_plain = X, not anew and self._is_plain(X)
        if not is_plain:
            X = check_array(X, dtype=np.float64, input_name="X", estimator=self)
        if np.abs(X).max() > _LARGEST:
            raise ValueError(f"squares of the data overflow (larger than {_LARGEST:g}): rescale X")
        labels = _check_labels(y, len(X), None if anew else self._labels)
        steps, last = self._check_times(times, len(X), anew)
        if not is_plain:
            validate_data(self, given, skip_check_array=True, reset=anew)
        if anew:
            self._state = StreamingCovariance(X.shape[1], self.ridge, self.refresh_every)
            self._labels, self._number_of = [], {}
            self.n_seen_ = 0
        if self.half_life is None:
            fades = np.ones(len(X))
        else:
            fades = 0.5 ** (steps / self.half_life)
        for x, label, fade in zip(X, labels, fades, strict=True):
            if label not in self._number_of:
                self._number_of[label] = self._state.add_class()
                self._labels.append(label)
            self._state.update(x, self._number_of[label], fade)
        self.n_seen_ += len(X)
        self.time_ = last
        self._map = None
        return self

    def _is_plain(self, X):
        """Whether X needs no check any more; scikit-learn's take longer than learning a sample."""
        return (
            type(X) is np.ndarray
            and X.dtype == np.float64
            and X.ndim == 2
            and X.shape[0] > 0
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")
            and bool(np.isfinite(X).all())
        )

    def _check_times(self, times, n_samples, anew):
        """Steps of time before each sample, and the time of the last one."""
        if not anew and (times is None) != (self.time_ is None):
            raise ValueError("give times with every call of partial_fit, or with none")
        if times is None:
            return np.ones(n_samples), None
        if np.asarray(times).dtype.kind in "mM":
            raise ValueError(
                "times must be numbers, got dates: take seconds, for instance "
                "(dates - dates[0]) / np.timedelta64(1, 's')"
            )
        times = check_array(times, ensure_2d=False, dtype=np.float64, input_name="times")
        if times.shape != (n_samples,):
            raise ValueError(
                f"times must hold one number for each of the {n_samples} samples, got shape "
                f"{times.shape}"
            )
        before = times[0] if anew else self.time_
        steps = np.diff(times, prepend=before)
        if steps.min() < 0:
            i = int(np.argmax(steps < 0))
            raise ValueError(
                f"the clock goes backwards: sample {i} has time {times[i]:g} after "
                f"{(times[i - 1] if i else before):g}. Sort the samples, or leave late ones out."
            )
        return steps, float(times[-1])

    def class_distances(self, X):
        """Distance of each sample from each class mean, shape (n_samples, n_classes).

        Raises
        ------
        ValueError
            On NaN, infinity, a wrong number of features, or a covariance that is singular.
        """
        if "n_seen_" not in vars(self) or not self._is_plain(X):
            check_is_fitted(self)
            X = validate_data(self, X, reset=False, dtype=np.float64)
        precision = self._state.precision
        squares = np.empty((len(X), len(self._labels)))
        for rows in row_blocks(len(X), 256):
            differences = X[rows, np.newaxis] - self._state.means
            squares[rows] = np.sum(differences @ precision * differences, axis=2)
        return np.sqrt(np.maximum(squares, 0.0))

    def predict(self, X):
        """The class of the nearest mean, shape (n_samples,); raises as `class_distances`."""
        nearest = self.class_distances(X).argmin(axis=1)
        return self.classes_[nearest]

    def get_mahalanobis_matrix(self):
        """The matrix M, the inverse of `covariance_`; shape (n_features, n_features).

        Raises
        ------
        numpy.linalg.LinAlgError
            A `ValueError` too: if the covariance is singular, with the remedy.
        """
        check_is_fitted(self)
        return self._state.precision

    @property
    def classes_(self):
        return np.array(self._fitted_labels())

    @property
    def means_(self):
        self._fitted_labels()
        return self._state.means.copy()

    @property
    def weights_(self):
        self._fitted_labels()
        return self._state.weights.copy()

    @property
    def covariance_(self):
        self._fitted_labels()
        return self._state.covariance

    @property
    def components_(self):
        self._fitted_labels()
        if self._map is None:
            values, vectors = eigh(self._state.precision)
            # smallest first: the direction of the largest variance leads, as in Covariance
            self._map = fix_signs((vectors * np.sqrt(np.maximum(values, 0.0))).T)
            self._condition = float(np.sqrt(values[-1] / values[0]))
        return self._map

    @property
    def condition_number_(self):
        """Largest over smallest singular value of `components_`."""
        _ = self.components_
        return self._condition

    def _fitted_labels(self):
        if "n_seen_" not in vars(self):
            # what `hasattr` and scikit-learn's check_is_fitted understand
            raise AttributeError("partial_fit was not called yet")
        return self._labels

    def __sklearn_is_fitted__(self):
        return "n_seen_" in vars(self)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _check_labels(y, n_samples, known):
    if y is None:
        raise ValueError("y must hold one label for each sample, got None")
    if type(y) is not np.ndarray or y.dtype.kind not in "iu":
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    if y.shape != (n_samples,):
        raise ValueError(f"y must hold one label for each of the {n_samples} samples: {y.shape}")
    if y.dtype.kind == "f" and np.any(y != np.floor(y)):
        raise ValueError("y must hold class labels, got numbers with fractions")
    labels = y.tolist()
    if any(label is None for label in labels):
        raise ValueError("a label is None: leave samples without a label out")
    is_text = {isinstance(label, str) for label in [*labels, *(known or [])[:1]]}
    if len(is_text) > 1:
        raise ValueError("labels must be all numbers or all text, also from call to call")
    return labels
