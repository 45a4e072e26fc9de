"""RCA: whitening by the spread within groups of points that are known to be alike."""

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils.multiclass import check_classification_targets

from mlbook.arguments import check_number
from mlbook.linear.checks import check_samples, unchanged_on_error
from mlbook.linear.pairs import PairLearner
from mlbook.linear.scatter import class_means, fix_signs, leading_directions, scatter, total_scatter


class RCA(PairLearner):
    """Relevant component analysis: Mahalanobis metric of the average chunklet covariance.

    A *chunklet* is a group of points known to be alike, without a name for what they are. The
    spread around the chunklets' means,

        C = 1/p sum_j sum_i (x_ji - m_j) (x_ji - m_j)^T,   p points in all chunklets,

    is what a metric should not see, so RCA whitens it: L = C^(-1/2). With whole classes as
    chunklets this is the pooled within-class covariance of discriminant analysis; a few
    must-link pairs are enough for an estimate.

    Parameters
    ----------
    n_components : int or None, default=None
        None keeps all directions. An integer keeps, of the whitened data, that many principal
        directions: those of largest total variance relative to the variance within chunklets,
        which are Fisher's discriminants.
    ridge : float, default=0.0
        Adds ridge times the mean eigenvalue of C to each of its eigenvalues. With 0,
        eigenvalues that are zero up to rounding are left out, which is the pseudo-inverse; then
        the metric is blind to a direction in which no chunklet spreads, even to one that tells
        the classes apart. With more features than samples, use a ridge.
    preprocessor : array-like of shape (n_samples, n_features), default=None
        The points that pairs of positions refer to.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
    covariance_ : ndarray of shape (n_features, n_features)
        C, without the ridge.
    rank_ : int
        Directions that the whitening keeps.
    n_chunklets_ : int
        Chunklets of at least two points; a single point says nothing about spread.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    See Also
    --------
    mlbook.linear.Covariance : `estimate="within"` is the same with divisor n - n_classes.

    References
    ----------
    A. Bar-Hillel, T. Hertz, N. Shental and D. Weinshall, Learning a Mahalanobis metric from
    equivalence constraints, Journal of Machine Learning Research 6, 2005.

    Examples
    --------
    >>> rca = RCA().fit([[0, 0], [2, 0], [0, 5], [0, 6]], ["a", "a", "b", "b"])
    >>> rca.covariance_
    array([[0.5  , 0.   ],
           [0.   , 0.125]])
    """

    def __init__(self, n_components=None, ridge=0.0, preprocessor=None):
        self.n_components = n_components
        self.ridge = ridge
        self.preprocessor = preprocessor

    def fit(self, X, y=None):
        """Learn the metric, with the classes as chunklets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels of any sortable type. One class will do.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On NaN or infinite data, a missing y, no class with two different samples, more
            components than the covariance has, or a parameter out of range.
        """
        with unchanged_on_error(self):
            self._check_parameters()
            X, y = check_samples(self, X, y)
            check_classification_targets(y)
            self._store(*self._whiten(X, np.unique(y, return_inverse=True)[1]))
        return self

    def _check_parameters(self):
        check_number("ridge", self.ridge, at_least=0)
        if self.n_components is not None:
            check_number("n_components", self.n_components, at_least=1, integer=True)

    def _learn(self, points, index, y):
        """Similar pairs that share a point form a chunklet; dissimilar pairs are not used.

        The same point in two pairs is recognised by its values.
        """
        if not np.any(y > 0):
            raise ValueError("RCA learns from similar pairs; there is no similar one")
        used, place = np.unique(index, return_inverse=True)
        points, same = np.unique(points[used], axis=0, return_inverse=True)
        similar = same.reshape(-1)[place.reshape(index.shape)][y > 0]
        links = coo_array((np.ones(len(similar)), similar.T), shape=(len(points),) * 2)
        return self._whiten(points, connected_components(links, directed=False)[1])

    def _whiten(self, points, chunklets):
        sizes = np.bincount(chunklets)
        inside = sizes[chunklets] > 1
        n_features = points.shape[1]
        if not inside.any():
            raise ValueError("no class or chunklet has two samples, so none has any spread")
        means, _ = class_means(points, chunklets, sizes)
        # a single point is its own mean and adds nothing but zeros
        covariance = scatter(points, chunklets, means) / inside.sum()
        variances, directions = eigh(covariance, driver="evd")
        noise = max(n_features * np.finfo(float).eps, 10 * np.finfo(points.dtype).eps ** 2)
        size = max(variances[-1], 0.0)
        rounding = (100 * np.finfo(points.dtype).eps) ** 2 * np.mean(means**2)
        if size <= max(rounding, np.finfo(float).tiny):
            raise ValueError("the samples do not differ within their classes or chunklets")
        keep = variances > noise * size
        shift = self.ridge * variances.mean()
        if shift > noise * size:
            keep[:] = True
        L = (directions[:, keep] / np.sqrt(np.maximum(variances[keep], 0) + shift)).T[::-1]
        rank = len(L)
        if self.n_components is not None:
            if self.n_components > rank:
                raise ValueError(
                    f"n_components={self.n_components} asks for more directions than the chunklet "
                    f"covariance has (rank {rank} of {n_features} features)"
                )
            L = leading_directions(L @ total_scatter(points) @ L.T, self.n_components) @ L
        n_chunklets = int(np.sum(sizes > 1))
        return fix_signs(L), {"covariance_": covariance, "rank_": rank, "n_chunklets_": n_chunklets}
