# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
#   mlbook:
#     article: ["1.1 (anomaly detection)", "1.3.1"]
#     datasets: [breast_cancer, digits]
#     experiments: [anomaly]
# ---

# %% [markdown]
# # 1.2 The Mahalanobis distance
#
# **马氏距离：按数据的尺度量距离**
#
# A step in a direction in which the data hardly vary says more than one in a direction in
# which they vary anyway. The Mahalanobis distance (马氏距离) measures every step in units
# of the spread in its direction. This chapter draws it, turns it into a linear map, and
# uses it to look for strange tumours.
#
# ## What the article says
#
# Its section 1.3.1 gives the formula
#
# $$d_M(x, y) = \sqrt{(x - y)^\top \Sigma^{-1} (x - y)}$$
#
# with the covariance (协方差) $\Sigma$ of the data, says that it takes correlations into
# account, and adds four lines of pseudocode and an example. In section 1.1 it counts
# anomaly detection (异常检测) among the uses of metric learning. The formula is right. The
# pseudocode does not run on the example, the printed result is wrong, and a condition is
# missing.

# %% tags=["hide-input"]
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from mlbook import charts, claims, datasets, distances, experiments, plots
from mlbook.checks.formulas import mahalanobis_as_printed
from mlbook.interactive import mahalanobis_ellipse
from mlbook.linear import Covariance
from scipy.spatial.distance import mahalanobis
from sklearn.metrics import roc_auc_score

plots.style()

# %% [markdown]
# ## The example, computed
#
# The article takes $x = (1, 2)$, $y = (2, 3)$ and $\Sigma = 2I$, all written as Python
# lists, and reports “1.41421”.

# %%
x, y, sigma = [1, 2], [2, 3], [[2, 0], [0, 2]]
try:
    mahalanobis_as_printed(x, y, sigma)
except TypeError as error:
    print("the pseudocode:", error)
print("SciPy:         ", mahalanobis(x, y, np.linalg.inv(sigma)))
print("Euclid:        ", np.linalg.norm(np.subtract(x, y)))

# %% [markdown]
# Each feature differs by 1 and has the variance 2, so each contributes one half. The
# article's number is Euclid's distance: whoever wrote it down did not run the example.
#
# ## Which matrices are allowed?
#
# Under the root stands a number that could be negative. It never is if the matrix $M$ in
# the middle is *positive semi-definite* (半正定): all eigenvalues at least zero. If all
# are positive (正定), only a point itself is at distance zero, and $d$ is a metric. Three
# matrices, three answers:

# %%
grid = np.array([(a, b) for a in range(-2, 3) for b in range(-2, 3)], float)
for matrix in ([[2, 1], [1, 2]], [[1, 1], [1, 1]], [[1, 2], [2, 1]]):
    print(matrix, "eigenvalues", np.linalg.eigvalsh(matrix).round(9) + 0.0, end=": ")
    try:
        d = partial(distances.mahalanobis, matrix=matrix)
        print(distances.check_axioms(d, grid).kind)
    except ValueError as error:
        print(str(error).partition(",")[0])

# %% [markdown]
# A covariance is always positive semi-definite, but its *inverse* exists only if no
# eigenvalue is zero. With fewer points than features, or a feature that is constant, one
# is. The article's `inv` then stops, or, worse, returns nonsense. The *pseudo-inverse*
# (伪逆) leaves out the directions in which the data do not vary at all; the result is a
# pseudo-metric. Handwritten digits have such directions:

# %%
digits = datasets.load("digits").x_train.reshape(-1, 64).astype(float)
covariance = np.cov(digits, rowvar=False)
print("rank", np.linalg.matrix_rank(covariance, hermitian=True), "of", len(covariance))
try:
    np.linalg.inv(covariance)
except np.linalg.LinAlgError as error:
    print("inverse:", error)
metric = Covariance("total", rank="auto").fit(digits)
print("pseudo-inverse: keeps", len(metric.components_), "directions")

# %% [markdown]
# ## Ellipses
#
# All points at one distance from the mean form a circle under Euclid, and an ellipse under
# Mahalanobis. Its axes are the *principal directions* (主方向), the eigenvectors of
# $\Sigma$; their half-lengths are standard deviations, the roots of the eigenvalues.
#
# Move the sliders, or drag the green point. The dashed curve holds all points that are as
# far from the mean as the green one under Euclid, the solid curve those that are as far
# under Mahalanobis. Put the point first along the cloud, then across it.

# %%
mahalanobis_ellipse(correlation=0.8, variances=(2.0, 1.0), point=(1.5, 1.5))

# %% [markdown]
# ## Whitening, step by step
#
# In the right panel the same cloud is *whitened*. With $\Sigma = V \Lambda V^\top$, its
# eigendecomposition, three steps make any cloud round: subtract the mean; rotate so that
# the principal directions become the axes; divide each by its standard deviation.

# %%
rng = np.random.default_rng(2)
cloud = rng.normal(size=(300, 2)) @ np.array([[1.6, 1.0], [0.0, 0.6]]) + [3, 2]
eigenvalues, V = np.linalg.eigh(np.cov(cloud, rowvar=False))
centred = cloud - cloud.mean(axis=0)
rotated = centred @ V
whitened = rotated / np.sqrt(eigenvalues)
print(np.cov(whitened, rowvar=False).round(12) + 0.0)

# %% tags=["hide-input"]
steps = {"as measured": cloud, "centred": centred, "rotated": rotated, "scaled": whitened}
figure, axes = plt.subplots(1, 4, figsize=(11, 2.9), sharey=True)
farthest = {
    "Euclid": (np.argmax(np.linalg.norm(centred, axis=1)), "vermilion"),
    "Mahalanobis": (np.argmax(np.linalg.norm(whitened, axis=1)), "blue"),
}
for ax, (title, shown) in zip(axes, steps.items(), strict=True):
    ax.scatter(*shown.T, s=6, color=plots.COLOURS["grey"], alpha=0.6)
    for name, (which, colour) in farthest.items():
        label = f"farthest under {name}"
        ax.plot(*shown[which], "o", color=plots.COLOURS[colour], label=label)
    ax.set(title=title, xlim=(-6, 9), ylim=(-6.5, 6.5), aspect="equal")
    ax.plot(0, 0, "k+", markersize=10, label="origin")
figure.legend(*ax.get_legend_handles_labels(), loc="lower center", ncols=3)
plots.show(
    figure,
    "Four scatter plots of one cloud: oblique and away from the origin; around the origin; "
    "turned so that its long side lies along an axis; round. Two points are marked: the "
    "farthest from the mean under Euclid, at the end of the long side, and the farthest "
    "under Mahalanobis, at the side of the cloud.",
)

# %% [markdown]
# Written as one matrix, $L = \Lambda^{-1/2} V^\top$, and
#
# $$L^\top L = V \Lambda^{-1} V^\top = \Sigma^{-1}, \qquad
#   d_M(x, y) = \lVert L x - L y \rVert .$$
#
# **The Mahalanobis distance is Euclid's distance after a linear map.** Most of this book
# follows from that sentence: to learn a metric is to learn $L$. It is also cheaper: the
# formula multiplies by a matrix for every *pair* of points, the map once for every *point*.
#
# ### Many maps, one distance
#
# $L$ is not unique. Turn the whitened cloud once more, and it is still round: if $Q$ is
# orthogonal, $QL$ gives the same distance. Three maps have names: the one above (PCA), the
# one turned back so that every axis stays as near as possible to its feature (ZCA), and the
# triangular one that takes the features one after another (Cholesky).

# %%
L_pca = np.diag(eigenvalues**-0.5) @ V.T
L_zca = V @ L_pca
L_cholesky = np.linalg.inv(np.linalg.cholesky(np.cov(cloud, rowvar=False)))
for name, L in {"PCA": L_pca, "ZCA": L_zca, "Cholesky": L_cholesky}.items():
    distance = np.linalg.norm(L @ (cloud[0] - cloud[1]))
    print(f"{name:9s} {L.round(3).tolist()}  distance {distance:.6f}")

# %% [markdown]
# ### No units
#
# Whitening undoes every invertible linear map $A$ of the features: the covariance becomes
# $A \Sigma A^\top$, and the $A$s cancel. So nobody has to decide whether a length is given
# in metres or millimetres. Euclid cares very much:

# %%
people = rng.multivariate_normal([1.7, 70], [[0.01, 0.7], [0.7, 120]], size=200)
millimetres = people * [1000, 1]
mixed = people @ rng.normal(size=(2, 2))
for name, data in {"m, kg": people, "mm, kg": millimetres, "mixed": mixed}.items():
    metric = Covariance().fit(data)
    pairs = [data[[0, 1]], data[[0, 2]]]
    plain = [np.linalg.norm(u - v) for u, v in pairs]
    nearer = ["second", "third"][int(np.argmin(plain))]
    print(f"{name:7s} Mahalanobis {metric.pair_distance(pairs).round(4)}", end="  ")
    print(f"Euclid {np.round(plain, 2)}, nearer to the first: the {nearer}")

# %% [markdown]
# ## Strange tumours
#
# Now a use without labels. The breast cancer data of Wisconsin hold measurements of cell
# nuclei in tumours, benign (良性) or malignant (恶性). We pretend to know only benign
# ones: estimate mean and covariance from them, and call a new case the stranger, the
# farther it is from the mean.

# %%
tumours = datasets.load("breast_cancer")
malignant = tumours.class_names.index("malignant")
sick, sick_test = tumours.y_train == malignant, tumours.y_test == malignant
benign, names = tumours.x_train[~sick], np.array(tumours.feature_names)
spread = benign.std(axis=0)
print(tumours.describe())
for which in (spread.argmin(), spread.argmax()):
    print(f"{names[which]}: standard deviation {spread[which]:.3f}")
correlation = np.corrcoef(benign, rowvar=False)[0, 2]
print(f"correlation of {names[0]} and {names[2]}: {correlation:.3f}")

# %% [markdown]
# The features differ in scale by orders of magnitude, and some are almost copies of
# others. Both should hurt Euclid and leave Mahalanobis cold, says the textbook. We measure
# it. The score of a detector is the *area under the ROC curve* (AUC, 曲线下面积): the
# probability that a malignant case gets a larger distance than a benign one. A detector
# that guesses has one half, a perfect one has 1.
#
# The recorded run compares many random splits, with rivals. A *robust covariance*
# (稳健协方差) ignores the outermost training cases; an *isolation forest* (孤立森林) knows
# no distance and asks how few random cuts set a case apart. The last two rows may look at
# malignant training cases: one to choose a single feature, the other to fit a logistic
# regression. The interval is corrected for the overlap of the splits. Below, each distance
# meets the one that it should beat.

# %%
full = experiments.load_result("anomaly", "full")
plots.table(full.table(), full)

# %%
rivals = {
    "Mahalanobis - Euclid": ("mahalanobis", "euclid"),
    "Mahalanobis - scaled Euclid": ("mahalanobis", "scaled"),
    "robust - plain covariance": ("robust", "mahalanobis"),
    "Ledoit-Wolf: raw units - scaled": ("ledoit_wolf", "ledoit_wolf_scaled"),
    "one feature - Mahalanobis": ("one_feature", "mahalanobis"),
    "logistic regression - one feature": ("logistic", "one_feature"),
}
charts.differences(rivals, full)

# %% [markdown]
# The surprise: the famous distance is not shown to beat its plain rivals here, and the
# best of the unlabelled rows owes its place to an accident. Why?

# %%
areas = [roc_auc_score(sick, column) for column in tumours.x_train.T]
first = Covariance().fit(benign).components_[0]
print("best single features:     ", ", ".join(names[np.argsort(areas)[:-5:-1]]))
print("first principal direction:", ", ".join(names[np.argsort(-np.abs(first))[:4]]))

# %% [markdown]
# Malignant nuclei are above all *large*: the best single features measure size, and in raw
# units the areas have the largest numbers of all. So Euclid listens to size, and is right
# for a wrong reason. Shrinkage (收缩) towards a multiple of the identity is *not* free of
# units: it silences whatever is measured in small numbers, and keeps size; with scaled
# features it loses its advantage. Whitening, last, is fair to all directions, also to those
# that know little. The next cell whitens only the directions of largest variance.

# %% tags=["hide-input"]
X, is_sick = np.vstack([tumours.x_train, tumours.x_test]), np.append(sick, sick_test)
areas = {"features in their own units": [], "features scaled first": []}
for seed in range(20):
    healthy = np.random.default_rng(seed).permutation(X[~is_sick])
    known, new = np.split(healthy, [int(0.7 * len(healthy))])
    cases = np.vstack([new, X[is_sick]])
    truth = np.arange(len(cases)) >= len(new)
    for name, unit in zip(areas, (1.0, known.std(axis=0)), strict=True):
        whitening = Covariance().fit(known / unit)
        steps = whitening.transform((cases - known.mean(axis=0)) / unit)
        radii = np.sqrt(np.cumsum(steps**2, axis=1)).T
        areas[name].append([100 * roc_auc_score(truth, radius) for radius in radii])
means = {name: np.mean(values, axis=0) for name, values in areas.items()}
kept = np.arange(1, X.shape[1] + 1)
peaks = [f"{name}: highest at {np.argmax(mean) + 1}" for name, mean in means.items()]
charts.lines(
    {"Mean of 20 splits": {name: (kept, mean) for name, mean in means.items()}},
    "principal directions kept, largest variance first",
    "area under the ROC curve, %",
    tumours,
    note=f"{'; '.join(peaks)}.",
)

# %% [markdown]
# In raw units the first directions are those of the areas, and a few of them come out
# above all together. With scaled features the advantage is gone. With *all* directions both
# curves end at one value: the Mahalanobis distance has no units. But the peak was found
# with the labels of malignant cases, which a detector of anomalies does not have.
#
# ## The verdict

# %%
plots.table(claims.table("01_2_mahalanobis_geometry").set_index("claim"))

# %% [markdown]
# A covariance does not know which points should be near each other: shuffle the labels, and
# not one distance changes. The Mahalanobis distance is a *normalisation*. The metrics of
# the later chapters have its form, and learn the matrix.
#
# ## What actually works
#
# - Scale first, or whiten; then at least the units decide nothing.
# - Never invert a covariance: map by its eigenvectors, with a rank or a ridge
#   (`Covariance(rank=..., ridge=...)`).
# - Try the dull rivals: one feature, scaled Euclid.
# - If there are labelled anomalies, even a few, use them.
#
# ## Exercises
#
# Hand in an answer with `exercises.check("01_2", number, answer)`, where `exercises` comes
# from `mlbook.checks`. It says *right*, or gives a hint.
#
# 1. *Threshold.* If benign cases were normally distributed, their squared distance would
#    follow the chi-squared distribution with as many degrees of freedom as features. From
#    which distance on (a number) should the alarm ring for five in a hundred benign cases?
#    How often does it ring?
# 2. *Contamination.* Nine training values are zero, the tenth is a million. Mean and
#    variance (divisor n - 1) come from all ten. What is the Mahalanobis distance of the
#    tenth value from the mean (a number)? Then let one in ten of the training cases be
#    malignant: does the robust covariance now earn its keep?
# 3. *One direction.* Whiten the cases and project them on the difference of the two class
#    means, whitened too. In the original features this is a product $w^\top x$. Write a
#    function that returns $w$ from a covariance and a difference of means.

# %% tags=["hide-cell"]
# Solution 1: it rings far too often, because real measurements have heavier tails.
from mlbook.checks import exercises
from scipy.stats import chi2

limit = np.sqrt(chi2.ppf(0.95, benign.shape[1]))
steps = Covariance().fit(benign).transform(tumours.x_test[~sick_test] - benign.mean(axis=0))
rings = np.mean(np.linalg.norm(steps, axis=1) > limit)
print(f"rings for {rings:.0%} of the new benign cases")
exercises.check("01_2", 1, limit)

# %% tags=["hide-cell"]
# Solution 2: no point can be farther than (n - 1) / sqrt(n) from a mean that it helped to
# make. Malignant cases, too, stretch the covariance and then look near; the robust one
# leaves them out.
from sklearn.covariance import EmpiricalCovariance, MinCovDet

values = np.array([0.0] * 9 + [1e6])
exercises.check("01_2", 2, (values[9] - values.mean()) / values.std(ddof=1))
bad = tumours.x_train[sick]
for n_bad in (0, len(benign) // 9):
    training = np.concatenate([benign, bad[:n_bad]])
    for estimator in (EmpiricalCovariance(), MinCovDet(random_state=0)):
        area = roc_auc_score(sick_test, estimator.fit(training).mahalanobis(tumours.x_test))
        print(f"{n_bad:2d} malignant in training, {estimator}: AUC {area:.3f}")


# %% tags=["hide-cell"]
# Solution 3: L x times L d is x times L^T L d. Labels choose the one direction that matters
# (this is nearly Fisher's).
def direction(covariance, difference):
    return np.linalg.solve(covariance, difference)


w = direction(np.cov(benign, rowvar=False), bad.mean(axis=0) - benign.mean(axis=0))
print(f"AUC on the test split: {roc_auc_score(sick_test, tumours.x_test @ w):.3f}")
exercises.check("01_2", 3, direction)

# %% [markdown]
# ## To take away
#
# - A positive definite matrix gives a metric, a semi-definite one a pseudo-metric.
# - Mahalanobis is Euclid after whitening. Many maps whiten; all give the same distance.
# - It has no units, and needs none. Its shrunken relatives do.
# - It gives all directions the same weight, and labels play no part in it.
#
# ## Further reading
#
# - P. C. Mahalanobis, [On the generalised distance in
#   statistics](https://doi.org/10.1007/s13171-019-00164-5), Proceedings of the National
#   Institute of Sciences of India 2(1), 49-55, 1936 (the link leads to a reprint).
# - A. Kessy, A. Lewin and K. Strimmer, [Optimal whitening and
#   decorrelation](https://doi.org/10.1080/00031305.2016.1277159), The American
#   Statistician 72(4), 309-314, 2018: the whitening maps and what each is best at.
# - P. J. Rousseeuw and K. Van Driessen, A fast algorithm for the minimum covariance
#   determinant estimator, Technometrics 41(3), 1999: the robust covariance.
# - F. T. Liu, K. M. Ting and Z.-H. Zhou, [Isolation-based anomaly
#   detection](https://doi.org/10.1145/2133360.2133363), ACM Transactions on Knowledge
#   Discovery from Data 6(1), article 3, 2012.
# - W. N. Street, W. H. Wolberg and O. L. Mangasarian, Nuclear feature extraction for
#   breast tumor diagnosis, IS&T/SPIE Symposium on Electronic Imaging, volume 1905,
#   861-870, 1993: the data.
# - O. Ledoit and M. Wolf, A well-conditioned estimator for large-dimensional covariance
#   matrices, Journal of Multivariate Analysis 88(2), 365-411, 2004.
