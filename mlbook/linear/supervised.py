"""What the metrics learned from class labels have in common."""

from abc import abstractmethod

from mlbook.linear.base import LinearMetric
from mlbook.linear.checks import check_classes, unchanged_on_error


class SupervisedMetric(LinearMetric):
    """Base of metrics learned from labelled points, at least two classes, one with a pair.

    A subclass implements `_check_parameters()` and `_learn(X, groups, counts)`, which returns
    the map L, its condition number (or None) and a dict of further fitted attributes.
    """

    def fit(self, X, y=None):
        """Learn the metric.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels of any sortable type.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On a parameter out of range, NaN or infinite data, a missing y, labels that are not
            classes, one class only, no class with two samples, or data without the spread that
            the method needs.
        TypeError
            On sparse X: centring would fill it. Convert it with `X.toarray()`.
        """
        with unchanged_on_error(self):
            self._check_parameters()
            X, groups, counts = check_classes(self, X, y)
            components, condition_number, learned = self._learn(X, groups, counts)
            for name, value in learned.items():
                setattr(self, name, value)
            self._set_components(components, condition_number)
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    @abstractmethod
    def _check_parameters(self):
        """Raise ValueError if a parameter is out of range."""

    @abstractmethod
    def _learn(self, X, groups, counts):
        """The map, its condition number or None, and the fitted attributes."""
