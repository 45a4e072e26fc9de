"""FWHD: Euclid's distance between Hartley spectra, each frequency with a learned weight."""

import numpy as np

from mlbook.arguments import check_number
from mlbook.hartley import check_image_shape, hartley_transform
from mlbook.linear.scatter import class_means, residual_blocks
from mlbook.linear.supervised import SupervisedMetric

# Relative to the mean moment: a coefficient that is constant, but for rounding, gets ratio one.
_FLOOR = 1e-9


class FWHD(SupervisedMetric):
    """Diagonal metric in the Hartley domain, weighted by how far classes differ there.

    In the field's terms: diagonal metric learning after a fixed orthogonal transform. Nearest
    published: the diagonal case of Xing et al. (2002), feature weighting by Fisher scores, and
    metric learning in a transform domain (Sun, Feng and Wang, 2015). The article names a
    "Feature-Weighted Hartley Distance" without a usable definition: the name is the article's,
    the definition is ours.

    With H the orthonormal discrete Hartley transform (real, symmetric, its own inverse),

        d_w(x, y)^2 = sum_k w_k (H (x - y))_k^2,    w on the simplex,

    a pseudo-metric, and a metric exactly if every w_k is positive. The weights solve

        min over the simplex of  sum_k w_k log(s_k / t_k) + temperature * sum_k w_k log w_k,

    with s_k and t_k the mean of (H (x_i - x_j))_k^2 over pairs of the same and of different
    classes. This is strictly convex, with the one solution w_k = (t_k / s_k)^(1 / temperature)
    over their sum.

    Parameters
    ----------
    temperature : float, default=1.0
        Towards infinity all weights become equal (Euclid's distance over sqrt(n_features));
        towards 0 the best coefficient gets all of it. Where two ratios t_k / s_k differ by
        more than a factor exp(745 temperature), the smaller weight underflows to 0 and leaves a
        pseudo-metric. Choose it by cross-validation.
    shape : tuple of int or None, default=None
        (height, width) of images stored row by row: the two-dimensional transform, with
        kernel cas(2 pi (u r / height + v c / width)). None: the one-dimensional one.

    Attributes
    ----------
    components_ : ndarray of shape (n_features, n_features)
        The map diag(sqrt(w)) H.
    weights_ : ndarray of shape (n_features,)
        w, positive, with sum 1. Row by row in the order of `hartley_transform`.
    same_moments_, different_moments_ : ndarray of shape (n_features,)
        s and t, as measured.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    *Optimality.* For every w on the simplex the objective exceeds its minimum,
    -temperature * log sum_k (t_k / s_k)^(1 / temperature), by temperature * KL(w, solution).

    *No loop over pairs.* With n_c samples, mean m_c and sum of squares S_c around it in class c,
    and m the mean of all n samples, the sums over ordered pairs are, coefficient by coefficient,
    2 sum_c n_c S_c for the same class, and 2 sum_c (n - n_c) S_c + 2 n sum_c n_c (m_c - m)^2 for
    different ones. All terms are positive, so no digits cancel. Time is O(n d log d).

    *Constant features* are harmless: 1e-9 of the mean moment is added to s and t, which gives a
    coefficient without any spread the ratio 1, as one that does not tell classes apart.

    *Shifts.* The metric does not change under cyclic shifts of both points if w_k is equal at
    each frequency and its negative; the learned weights are close to that on images.

    See Also
    --------
    mlbook.distances.hartley : this distance, with given weights.
    MDC : weights of the features themselves.

    References
    ----------
    E. Xing, A. Ng, M. Jordan and S. Russell, Distance metric learning, with application to
    clustering with side-information, NIPS 15, 2002. B. Sun, J. Feng and L. Wang, On the
    translation-invariance of image distance metric, Applied Informatics 2:11, 2015. R. Bracewell,
    Discrete Hartley transform, Journal of the Optical Society of America 73(12), 1983.

    Examples
    --------
    The classes differ in the mean of the two features, coefficient 0, not in their difference.

    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [3.0, 3.0], [3.0, 4.0]])
    >>> metric = FWHD().fit(X, [0, 0, 1, 1])
    >>> metric.same_moments_.round(2), metric.different_moments_.round(2)
    (array([0.5, 0.5]), array([18.25,  0.25]))
    >>> metric.weights_.round(3)
    array([0.986, 0.014])
    """

    def __init__(self, temperature=1.0, shape=None):
        self.temperature = temperature
        self.shape = shape

    def _check_parameters(self):
        check_number("temperature", self.temperature, above=0)

    def _learn(self, X, groups, counts):
        shape = self.shape and check_image_shape(self.shape, X.shape[1])
        same, different = pair_moments(X, groups, counts, shape)
        weights = simplex_weights(same, different, self.temperature)
        transform = hartley_transform(np.eye(len(weights)), shape)
        positive = weights[weights > 0]
        learned = {
            "weights_": weights,
            "same_moments_": same,
            "different_moments_": different,
        }
        components = np.sqrt(weights)[:, np.newaxis] * transform
        return components, np.sqrt(positive.max() / positive.min()), learned


def pair_moments(X, groups, counts, shape=None):
    """Mean squared Hartley coefficients of x_i - x_j over pairs of like and unlike samples.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    groups : ndarray of int, shape (n_samples,)
        Classes as 0 .. n_classes - 1.
    counts : ndarray of int, shape (n_classes,)
        At least two classes, and one with two samples.
    shape : tuple of int or None

    Returns
    -------
    same, different : ndarray of shape (n_features,)
    """
    n_samples, sizes = len(X), counts.astype(np.float64)
    means, mean = class_means(X, groups, counts)
    # What a sample's squares count for, in pairs of its own class and of the others.
    shares = np.stack([sizes, n_samples - sizes])[:, groups]
    same, different = np.zeros((2, X.shape[1]))
    for rows, residuals in residual_blocks(X, groups, means):
        inside, outside = shares[:, rows] @ hartley_transform(residuals, shape) ** 2
        same += inside
        different += outside
    different += n_samples * (sizes @ hartley_transform(means - mean, shape) ** 2)
    same_pairs = np.sum(sizes * (sizes - 1))
    different_pairs = n_samples**2 - np.sum(sizes**2)
    return 2 * same / same_pairs, 2 * different / different_pairs


def simplex_weights(same, different, temperature):
    """The weights proportional to (different / same)^(1 / temperature), with sum 1.

    Raises
    ------
    ValueError
        If no two samples of different classes differ, or moments are not finite.
    """
    if not np.isfinite(different).all():
        raise ValueError("squares of the data overflow float64: rescale X")
    if not different.any():
        raise ValueError("all samples are equal: there is no difference to weigh")
    floor = _FLOOR * (same.mean() + different.mean()) / 2
    logits = (np.log(different + floor) - np.log(same + floor)) / temperature
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()
