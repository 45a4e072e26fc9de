"""Maps of several modalities into spaces of one size, without a network."""

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.cross_decomposition import CCA
from sklearn.utils.validation import check_is_fitted

from mlbook.fusion.modalities import check_labels, check_modalities, is_missing
from mlbook.fusion.rules import unit_rows


class SeparateMaps(BaseEstimator):
    """A map for each modality, learned on its own: equal sizes, but no common space.

    Parameters
    ----------
    maps : mapping of str to transformer
        For instance an `mlbook.linear.LDA` each.
    """

    def __init__(self, maps):
        self.maps = maps

    def fit(self, X, y):
        """Fit each map to the items that have its modality; X and y as in `FeatureFusion`."""
        parts = check_modalities(X)
        if set(parts) != set(self.maps):
            raise ValueError(f"maps are for {sorted(self.maps)}, modalities are {sorted(parts)}")
        y = check_labels(y, parts)
        self.widths_ = {name: part.shape[1] for name, part in parts.items()}
        self.maps_ = {}
        for name, part in parts.items():
            rows = ~is_missing(part)
            self.maps_[name] = clone(self.maps[name]).fit(part[rows], y[rows])
        return self

    def transform(self, X):
        """Embeddings of length 1 for each modality that X has; NaN where an item lacks it."""
        check_is_fitted(self, "maps_")
        return embed_present(X, self.widths_, lambda name, part: self.maps_[name].transform(part))


class CanonicalCorrelation(BaseEstimator):
    """Canonical correlation analysis (典型相关分析): directions along which pairs agree.

    Parameters
    ----------
    n_components : int, default=9
        Pairs that share nothing but one of k classes agree along k - 1 directions at most.
    max_iter : int, default=500
        See `sklearn.cross_decomposition.CCA`.

    Notes
    -----
    It learns from complete pairs and does not look at the classes.

    References
    ----------
    H. Hotelling, Relations between two sets of variates, Biometrika 28(3/4), 1936.
    """

    def __init__(self, n_components=9, max_iter=500):
        self.n_components = n_components
        self.max_iter = max_iter

    def fit(self, X, y=None):
        """Learn from the pairs.

        Parameters
        ----------
        X : mapping of two names to array-like of shape (n, n_features)
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there are not two modalities, fewer than two complete pairs, or all of one side
            are equal.
        """
        parts = two_modalities(X)
        self.widths_ = {name: part.shape[1] for name, part in parts.items()}
        complete = ~np.any([is_missing(part) for part in parts.values()], axis=0)
        if complete.sum() < 2:
            raise ValueError("canonical correlation needs at least two items with both modalities")
        sides = [part[complete] for part in parts.values()]
        for name, side in zip(parts, sides, strict=True):
            if not np.ptp(side, axis=0).any():
                raise ValueError(f"{name} is the same for all items: nothing to agree with")
        self.cca_ = CCA(self.n_components, max_iter=self.max_iter).fit(*sides)
        return self

    def transform(self, X):
        """Embeddings of length 1 for each modality that X has; NaN where an item lacks it."""
        check_is_fitted(self, "cca_")
        first, second = self.widths_

        def embed(name, part):
            if name == first:
                return self.cca_.transform(part)
            nothing = np.zeros((len(part), self.widths_[first]))
            return self.cca_.transform(nothing, part)[1]

        return embed_present(X, self.widths_, embed)


def two_modalities(X):
    """`check_modalities`, and exactly two of them."""
    parts = check_modalities(X)
    if len(parts) != 2:
        raise ValueError(f"need exactly two modalities to align, got {', '.join(parts)}")
    return parts


def embed_present(X, widths, embed):
    """Embeddings at length 1 of the modalities that X has, NaN for items that lack one."""
    found = {}
    for name, part in check_modalities(X, widths).items():
        rows = ~is_missing(part)
        if rows.any():
            embedded = unit_rows(np.asarray(embed(name, part[rows]), dtype=float))
            found[name] = np.full((len(part), embedded.shape[1]), np.nan)
            found[name][rows] = embedded
    return found
