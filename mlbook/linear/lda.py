"""LDA: scikit-learn's linear discriminant analysis as a metric."""

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mlbook.arguments import check_number
from mlbook.linear.supervised import SupervisedMetric


class LDA(SupervisedMetric):
    """Distance in the space of Fisher's discriminants, from scikit-learn.

    The map whitens the pooled covariance within the classes and keeps the directions in which
    the class means spread most; there are at most n_classes - 1 of them. Unlike scikit-learn's
    `transform`, that of this class does not subtract the mean of the data: distances do not
    see it.

    Parameters
    ----------
    n_components : int or None, default=None
        Directions to keep; None is min(n_classes - 1, n_features).
    solver : {"svd", "eigen"}, default="svd"
        "svd" leaves out directions in which no class spreads, so that constant features do no
        harm; "eigen" needs a regular covariance, or a shrinkage.
    shrinkage : None, "auto" or float, default=None
        Share of a multiple of the identity in the covariance, for solver="eigen" only; "auto"
        is Ledoit and Wolf's.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
    explained_variance_ratio_ : ndarray of shape (n_components,)
        Share of the spread of the class means in each direction.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    References
    ----------
    R. A. Fisher, The use of multiple measurements in taxonomic problems, Annals of Eugenics
    7(2), 1936. C. R. Rao, The utilization of multiple measurements in problems of biological
    classification, Journal of the Royal Statistical Society B 10(2), 1948.

    Examples
    --------
    >>> lda = LDA().fit([[0, 0], [0, 6], [2, 0], [2, 6], [0, 3], [2, 3.5]], [0, 0, 1, 1, 0, 1])
    >>> lda.components_.shape
    (1, 2)
    """

    def __init__(self, n_components=None, solver="svd", shrinkage=None):
        self.n_components = n_components
        self.solver = solver
        self.shrinkage = shrinkage

    def _learn(self, X, groups, counts):
        if not any(np.ptp(X[groups == group], axis=0).any() for group in range(len(counts))):
            raise ValueError("the samples do not differ within their classes")
        learned = LinearDiscriminantAnalysis(
            n_components=self.n_components, solver=self.solver, shrinkage=self.shrinkage
        ).fit(X.astype(np.float64, copy=False), groups)
        shares = learned.explained_variance_ratio_
        # every column of scalings_ is a direction; scikit-learn's transform uses so many
        used = min(len(shares), learned.scalings_.shape[1])
        L = np.ascontiguousarray(learned.scalings_[:, :used].T)
        return L, None, {"explained_variance_ratio_": shares}

    def _check_parameters(self):
        if self.n_components is not None:
            check_number("n_components", self.n_components, at_least=1, integer=True)
        if self.solver not in ("svd", "eigen"):
            raise ValueError(f"solver must be 'svd' or 'eigen', got {self.solver!r}")
        if self.shrinkage is not None and self.solver == "svd":
            raise ValueError("shrinkage needs solver='eigen'")
