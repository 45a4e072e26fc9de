"""Classifiers of items with several modalities, by the place where the modalities meet."""

from collections.abc import Mapping

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.utils.validation import check_is_fitted

from mlbook.fusion.modalities import check_labels, check_modalities, is_missing
from mlbook.fusion.rules import (
    RULES,
    as_weights,
    combine_probabilities,
    log_linear_weights,
    mean_embedding,
)

SCALES = (None, "features", "modalities")


class FeatureFusion(ClassifierMixin, BaseEstimator):
    """Feature-level fusion (特征级融合): one classifier on all features side by side.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Also one that learns a metric, as `mlbook.neighbors.MetricKNeighborsClassifier`.
    scale : {"features", "modalities", None}, default="features"
        Divide each feature by its standard deviation; or each modality by the root of its
        total variance, so that all bring equal parts to the squared distances; or leave the
        units as they are.
    dropout : bool, default=False
        Modality dropout: learn from each item once as it is and once more for each modality
        with that modality taken away, so that no answer hangs on one modality alone.

    Attributes
    ----------
    classes_ : ndarray
    widths_ : dict of str to int
        The modalities learned from, with their numbers of features.
    classifier_ : the fitted classifier

    Notes
    -----
    Features are centred on the training means; a modality that is missing is filled with
    these. Dropout here is complete and not random: every item is met in all its versions.

    References
    ----------
    N. Neverova, C. Wolf, G. W. Taylor and F. Nebout, ModDrop: adaptive multi-modal gesture
    recognition, arXiv:1501.00102, 2014 (dropout of modalities, at random).
    """

    def __init__(self, classifier, scale="features", dropout=False):
        self.classifier = classifier
        self.scale = scale
        self.dropout = dropout

    def fit(self, X, y):
        """Learn scales and classifier.

        Parameters
        ----------
        X : mapping of str to array-like of shape (n, n_features)
            See `check_modalities`.
        y : array-like of shape (n,)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On an unknown scale, or as `check_modalities`.
        """
        if self.scale not in SCALES:
            raise ValueError(f"scale must be one of {SCALES}, got {self.scale!r}")
        parts = check_modalities(X)
        y = check_labels(y, parts)
        self.widths_ = {name: part.shape[1] for name, part in parts.items()}
        self.means_ = {name: np.nanmean(part, axis=0) for name, part in parts.items()}
        self.scales_ = {name: self._scale(_variances(part)) for name, part in parts.items()}
        rows, labels = self._joined(parts), y
        if self.dropout:
            dropped = [self._without(parts, name) for name in parts]
            rows = np.concatenate([rows, *(self._joined(some) for some, _ in dropped)])
            labels = np.concatenate([y, *(y[kept] for _, kept in dropped)])
        self.classifier_ = clone(self.classifier).fit(rows, labels)
        self.classes_ = self.classifier_.classes_
        return self

    def transform(self, X):
        """All features side by side, centred and scaled, shape (n, sum of the widths)."""
        check_is_fitted(self, "widths_")
        return self._joined(check_modalities(X, self.widths_))

    def predict(self, X):
        """The class of each item, shape (n,)."""
        check_is_fitted(self, "classifier_")
        return self.classifier_.predict(self.transform(X))

    def predict_proba(self, X):
        """Probabilities of the classes, shape (n, n_classes), if the classifier gives any."""
        check_is_fitted(self, "classifier_")
        return self.classifier_.predict_proba(self.transform(X))

    def _joined(self, parts):
        blocks = [
            np.where(np.isnan(part), 0, part - self.means_[name]) / self.scales_[name]
            for name, part in parts.items()
        ]
        return np.concatenate(blocks, axis=1)

    def _scale(self, variances):
        if self.scale is None:
            return np.ones_like(variances)
        if self.scale == "modalities":
            variances = np.full_like(variances, variances.sum())
        # what never changes brings nothing, whatever it is divided by
        return np.sqrt(np.where(variances > 0, variances, 1))

    @staticmethod
    def _without(parts, dropped):
        """The items that keep another modality, without this one; and which they are."""
        others = [~is_missing(part) for name, part in parts.items() if name != dropped]
        kept = np.any(others, axis=0) if others else np.zeros(len(parts[dropped]), dtype=bool)
        some = {
            name: np.full_like(part[kept], np.nan) if name == dropped else part[kept]
            for name, part in parts.items()
        }
        return some, kept


class DecisionFusion(ClassifierMixin, BaseEstimator):
    """Decision-level fusion (决策级融合): one classifier a modality, whose answers are joined.

    Parameters
    ----------
    classifiers : mapping of str to classifier with predict_proba
    rule : {"product", "mean"}, default="product"
        See `combine_probabilities`.
    weights : mapping of str to float, "validate" or None, default=None
        "validate" (product rule only) chooses them by the probabilities of items that were
        held out, three parts in turn.

    Attributes
    ----------
    classes_ : ndarray
    weights_ : dict of str to float, or None (all equal)
    prior_ : ndarray of shape (n_classes,)
        Shares of the classes in training.
    classifiers_ : dict of str to fitted classifier
    """

    def __init__(self, classifiers, rule="product", weights=None):
        self.classifiers = classifiers
        self.rule = rule
        self.weights = weights

    def fit(self, X, y, groups=None):
        """Fit each classifier to the items that have its modality.

        Parameters
        ----------
        X : mapping of str to array-like of shape (n, n_features)
        y : array-like of shape (n,)
        groups : array-like of shape (n,) or None
            For `weights="validate"`: items of one group (a speaker) are held out together.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X and the classifiers have different modalities, a classifier gives no
            probabilities, a weight is negative or missing, a modality has no item of some class,
            too few items can be held out to choose weights, or as `check_modalities`.
        """
        if self.rule not in RULES:
            raise ValueError(f"rule must be one of {', '.join(RULES)}, got {self.rule!r}")
        if isinstance(self.weights, str) and (self.weights, self.rule) != ("validate", "product"):
            raise ValueError('weights must be numbers, None, or "validate" with the product rule')
        parts = check_modalities(X)
        if not isinstance(self.classifiers, Mapping):
            raise ValueError(
                "classifiers come as a dictionary, one for each modality, "
                f"got {type(self.classifiers).__name__}"
            )
        if set(parts) != set(self.classifiers):
            raise ValueError(
                f"classifiers are for {sorted(self.classifiers)}, modalities are {sorted(parts)}"
            )
        for name, classifier in self.classifiers.items():
            if not hasattr(classifier, "predict_proba"):
                raise ValueError(f"the classifier for {name} must have predict_proba")
        if isinstance(self.weights, Mapping):
            as_weights(self.weights, parts)
        y = check_labels(y, parts)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        self.prior_ = np.bincount(numbers) / len(numbers)
        self.widths_ = {name: part.shape[1] for name, part in parts.items()}
        self.weights_ = self.weights
        if isinstance(self.weights, str):
            self.weights_ = self._validated(parts, numbers, groups)
        self.classifiers_ = self._fitted(parts, numbers)
        return self

    def predict_proba(self, X):
        """Probabilities of the classes, shape (n, n_classes)."""
        check_is_fitted(self, "classifiers_")
        parts = check_modalities(X, self.widths_)
        probabilities = _probabilities(self.classifiers_, parts, len(self.classes_))
        return combine_probabilities(probabilities, self.rule, self.weights_, self.prior_)

    def predict(self, X):
        """The most probable class of each item, shape (n,)."""
        check_is_fitted(self, "classifiers_")
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _fitted(self, parts, numbers):
        classifiers = {}
        for name, part in parts.items():
            rows = ~is_missing(part)
            lacking = np.setdiff1d(numbers, numbers[rows])
            if len(lacking):
                raise ValueError(f"{name} has no item of class {self.classes_[lacking[0]]}")
            classifiers[name] = clone(self.classifiers[name]).fit(part[rows], numbers[rows])
        return classifiers

    def _validated(self, parts, numbers, groups):
        complete = ~np.any([is_missing(part) for part in parts.values()], axis=0)
        folds = StratifiedKFold(3, shuffle=True, random_state=0)
        if not complete.any():
            raise ValueError("no item has all modalities: there is nothing to choose weights by")
        if groups is not None:
            if np.shape(groups) != numbers.shape:
                raise ValueError(f"need one group an item: {len(numbers)}, not {np.shape(groups)}")
            n_groups = len(np.unique(groups))
            if n_groups < 2:
                raise ValueError("all items are of one group, which cannot be held out")
            folds = GroupKFold(min(3, n_groups))
        elif np.bincount(numbers).min() < 3:
            few = self.classes_[np.bincount(numbers).argmin()]
            raise ValueError(f"class {few} has fewer than the three items that the folds need")
        held, columns = [], []
        for learned, rest in folds.split(numbers, numbers, groups):
            lacking = np.setdiff1d(numbers, numbers[learned])
            if len(lacking):
                raise ValueError(
                    f"class {self.classes_[lacking[0]]} is held out with its groups entirely: "
                    "each class needs items in several groups"
                )
            fitted = self._fitted({m: part[learned] for m, part in parts.items()}, numbers[learned])
            rows = rest[complete[rest]]
            some = {name: part[rows] for name, part in parts.items()}
            held.append(_probabilities(fitted, some, len(self.classes_)))
            columns.append(numbers[rows])
        stacked = {name: np.concatenate([part[name] for part in held]) for name in parts}
        return log_linear_weights(stacked, np.concatenate(columns), self.prior_)


class EmbeddingFusion(ClassifierMixin, BaseEstimator):
    """Embedding-level fusion (嵌入级融合): the mean of vectors in one space, then a classifier.

    This is what the article's weighted sum of samples can mean: samples of different kinds have
    no sum, their images in a common space have one.

    Parameters
    ----------
    aligner : object with fit(X, y) and transform(X)
        From a mapping of modalities to a mapping of embeddings: `SeparateMaps`,
        `CanonicalCorrelation`, `TwoTowers`.
    classifier : scikit-learn classifier
    weights : mapping of str to float, or None

    Attributes
    ----------
    classes_, aligner_, classifier_
    """

    def __init__(self, aligner, classifier, weights=None):
        self.aligner = aligner
        self.classifier = classifier
        self.weights = weights

    def fit(self, X, y):
        """Learn the space, and the classifier in it.

        Parameters
        ----------
        X : mapping of str to array-like of shape (n, n_features)
        y : array-like of shape (n,)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `check_modalities` and `mean_embedding`.
        """
        parts = check_modalities(X)
        y = check_labels(y, parts)
        if self.weights is not None:
            as_weights(self.weights, parts)
        self.aligner_ = clone(self.aligner).fit(X, y)
        self.classifier_ = clone(self.classifier).fit(self.transform(X), y)
        self.classes_ = self.classifier_.classes_
        return self

    def transform(self, X):
        """The mean embedding of each item, at length 1, shape (n, n_dims)."""
        check_is_fitted(self, "aligner_")
        found = self.aligner_.transform(X)
        weights = self.weights and {name: self.weights[name] for name in found}
        return mean_embedding(found, weights)

    def predict(self, X):
        """The class of each item, shape (n,)."""
        check_is_fitted(self, "classifier_")
        return self.classifier_.predict(self.transform(X))


def _variances(part):
    """Of each feature; 0 for one that never changes, where rounding would leave something."""
    varies = np.nanmax(part, axis=0) > np.nanmin(part, axis=0)
    return np.where(varies, np.nanvar(part, axis=0), 0.0)


def _probabilities(classifiers, parts, n_classes):
    """What each classifier says where its modality is there; NaN elsewhere."""
    found = {}
    for name, classifier in classifiers.items():
        rows = ~is_missing(parts[name])
        found[name] = np.full((len(rows), n_classes), np.nan)
        if rows.any():
            found[name][rows] = classifier.predict_proba(parts[name][rows])
    return found
