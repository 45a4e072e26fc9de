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
# One step in a direction in which the data hardly vary says more than one step in a
# direction in which they vary anyway. The Mahalanobis distance (马氏距离) measures every
# step in units of the spread in its direction. This chapter draws it, turns it into a
# linear map, and uses it to look for strange tumours.
#
# ## What the article says
#
# Its section 1.3.1 gives the formula
#
# $$d_M(x, y) = \sqrt{(x - y)^\top \Sigma^{-1} (x - y)}$$
#
# with the covariance (协方差) $\Sigma$ of the data, says that it takes correlations into
# account, and adds four lines of pseudocode and an example. In section 1.1 it counts
# anomaly detection (异常检测) among the uses of metric learning.
#
# The formula is right. The pseudocode does not run on the example, the printed result is
# wrong, and a condition is missing.

# %% tags=["hide-input"]
import time

import matplotlib.pyplot as plt
import numpy as np
from mlbook import claims, datasets, distances, experiments, plots
from mlbook.checks.formulas import mahalanobis_as_printed
from mlbook.interactive import mahalanobis_ellipse
from mlbook.linear import Covariance

plots.style()

# %% [markdown]
# ## The example, computed
#
# The article takes $x = (1, 2)$, $y = (2, 3)$ and $\Sigma = 2I$, all written as Python
# lists, and reports “1.41421”. First its pseudocode on these lists, then the value, on
# paper and by SciPy.

# %%
x, y, sigma = [1, 2], [2, 3], [[2, 0], [0, 2]]
try:
    mahalanobis_as_printed(x, y, sigma)
except TypeError as error:
    print("the pseudocode:", error)

from scipy.spatial.distance import mahalanobis

print("on paper:      ", np.sqrt(1**2 / 2 + 1**2 / 2))
print("SciPy:         ", mahalanobis(x, y, np.linalg.inv(sigma)))
print("Euclid:        ", np.linalg.norm(np.subtract(x, y)))

# %% [markdown]
# Each feature differs by 1 and has the variance 2, so each contributes one half. The
# article's number is Euclid's distance: whoever wrote it down did not run the example.

# %% [markdown]
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
        report = distances.check_axioms(
            lambda u, v, M=matrix: distances.mahalanobis(u, v, M), grid
        )
        print(report.kind)
    except ValueError as error:
        print(str(error).partition(",")[0])

# %% [markdown]
# A covariance is always positive semi-definite, but its *inverse* exists only if no
# eigenvalue is zero. With fewer points than features, or with a feature that is constant
# or computed from others, one is. The article's `inv` then stops, or, worse, returns
# nonsense. The *pseudo-inverse* (伪逆) leaves out the directions in which the data do not
# vary at all; the result is a pseudo-metric. Handwritten digits have such directions:

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
print(f"distance of the first two digits: {metric.pair_distance([digits[:2]])[0]:.2f}")

# %% [markdown]
# ## Ellipses
#
# All points at one distance from the mean form a circle under Euclid, and an ellipse
# under Mahalanobis. Its axes are the *principal directions* (主方向) of the data, the
# eigenvectors of $\Sigma$; their half-lengths are the standard deviations, the roots of
# the eigenvalues.
#
# In the figure below, move the sliders, or drag the green point. The dashed curve holds
# all points that are as far from the mean as the green one under Euclid, the solid curve
# those that are as far under Mahalanobis. Put the point first along the cloud, then
# across it.

# %%
mahalanobis_ellipse(correlation=0.8, variances=(2.0, 1.0), point=(1.5, 1.5))

# %% [markdown]
# In the right panel the same cloud is *whitened*, which is what we do next.
#
# ## Whitening, step by step
#
# Let $\Sigma = V \Lambda V^\top$ be the eigendecomposition. Three steps make any cloud
# round: subtract the mean; rotate so that the principal directions become the axes;
# divide each axis by its standard deviation.

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
far = np.argsort(np.linalg.norm(centred, axis=1))[-1]
strange = np.argsort(np.linalg.norm(whitened, axis=1))[-1]
for ax, (name, shown) in zip(axes, steps.items(), strict=True):
    ax.scatter(*shown.T, s=6, color=plots.COLOURS["grey"], alpha=0.6)
    for which, colour, label in (
        (far, "vermilion", "farthest under Euclid"),
        (strange, "blue", "farthest under Mahalanobis"),
    ):
        ax.plot(*shown[which], "o", color=plots.COLOURS[colour], label=label)
    ax.set(title=name, xlim=(-6, 9), ylim=(-6.5, 6.5), aspect="equal")
    ax.axhline(0, color="black", linewidth=0.6)
    ax.axvline(0, color="black", linewidth=0.6)
handles, labels = axes[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="lower center", ncols=2, bbox_to_anchor=(0.5, -0.06))
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
# follows from that sentence: to learn a metric is to learn $L$.
#
# ### Many maps, one distance
#
# $L$ is not unique. Turn the whitened cloud once more, and it is still round: if $Q$ is
# orthogonal, $QL$ gives the same distance. Three maps have names: the one above (PCA
# whitening), the one turned back so that every axis stays as near as possible to its
# feature (ZCA), and the triangular one that takes the features one after another
# (Cholesky).

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
# Whitening undoes every invertible linear map of the features: if all points are mapped
# by $A$, the covariance becomes $A \Sigma A^\top$, and the $A$s cancel. In particular
# nobody has to decide whether a length is given in metres or millimetres. Euclid cares
# very much:

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
# ### What it costs
#
# The formula, taken at its word, multiplies by a matrix for every *pair* of points. The
# map does so once for every *point*. The distances are the same.

# %%
many = rng.normal(size=(2000, 100)) @ rng.normal(size=(100, 100))
from scipy.spatial.distance import cdist

start = time.perf_counter()
inverse = np.linalg.inv(np.cov(many, rowvar=False))
pair_by_pair = cdist(many[:100], many, "mahalanobis", VI=inverse)
half = time.perf_counter()
mapped = Covariance().fit_transform(many)
map_once = cdist(mapped[:100], mapped)
end = time.perf_counter()
faster = (half - start) / (end - half)
print("pair by pair takes", "longer" if faster > 1 else "no longer", "than mapping once,")
print("by a factor of at least", 10 ** int(np.log10(faster)) if faster > 1 else 1)
print(f"largest difference: {np.abs(pair_by_pair - map_once).max():.1e}")

# %% [markdown]
# ## Strange tumours
#
# Now a use without labels. The breast cancer data of Wisconsin hold measurements of cell
# nuclei in tumours, benign (良性) or malignant (恶性). We pretend to know only benign
# ones: estimate mean and covariance from them, and call a new case the stranger, the
# farther it is from the mean. If malignant cases come out farther than benign ones, the
# distance has found them without ever having seen one.

# %%
tumours = datasets.load("breast_cancer")
benign = tumours.x_train[tumours.y_train == tumours.class_names.index("benign")]
spread = benign.std(axis=0)
largest, smallest = spread.argmax(), spread.argmin()
correlations = np.corrcoef(benign, rowvar=False)
print(tumours.describe())
print(f"{benign.shape[1]} features; standard deviations from {spread.min():.3f}")
print(f"({tumours.feature_names[smallest]}) to {spread.max():.0f}", end=" ")
print(f"({tumours.feature_names[largest]})")
print(f"correlation of mean radius and mean perimeter: {correlations[0, 2]:.3f}")

# %% [markdown]
# The features differ in scale by orders of magnitude, and some are almost copies of
# others. Both should hurt Euclid and leave Mahalanobis cold. That is the textbook's
# expectation; we measure it.
#
# The score of a detector is the *area under the ROC curve* (AUC, 曲线下面积): the
# probability that a malignant case gets a larger distance than a benign one. A detector
# that guesses has one half, a perfect one has 1. One random split, as a picture:

# %% tags=["hide-input"]
from mlbook.experiments import anomaly
from sklearn.metrics import roc_auc_score, roc_curve

is_anomaly, arms, _ = anomaly.scores("full", 0)
figure, ax = plt.subplots(figsize=(5.2, 4.4))
shown = {"euclid": "Euclid", "scaled": "Euclid, scaled", "mahalanobis": "Mahalanobis"}
alts = []
for (arm, label), line in zip(shown.items(), (":", "--", "-"), strict=True):
    false_alarms, hits, _ = roc_curve(is_anomaly, arms[arm]["scores"])
    ax.step(100 * false_alarms, 100 * hits, line, where="post", label=label)
    alts.append(f"{label} {roc_auc_score(is_anomaly, arms[arm]['scores']):.3f}")
ax.set(
    title="ROC curves of three distances, one split",
    xlabel="benign cases called strange, %",
    ylabel="malignant cases found, %",
)
ax.legend(loc="lower right")
plots.show(
    figure,
    "Three ROC curves that rise steeply and lie close together. Areas under them: "
    + ", ".join(alts),
    tumours,
)

# %% [markdown]
# Many splits, with rivals. A *robust covariance* (稳健协方差) ignores the outermost
# training cases; an *isolation forest* (孤立森林) knows no distance and asks how few
# random cuts set a case apart. The last two rows are of another kind. They may look at
# malignant training cases: one to choose a single feature, the other to fit a logistic
# regression. The interval is corrected for the overlap of the splits.

# %%
full = experiments.load_result("anomaly", "full")
plots.table(full.table(), full)

# %% [markdown]
# And the comparison that the textbook makes, each arm with the one it should beat, on the
# same splits:

# %%
for arm, rival in [
    ("mahalanobis", "euclid"),
    ("mahalanobis", "scaled"),
    ("robust", "mahalanobis"),
    ("ledoit_wolf", "ledoit_wolf_scaled"),
    ("one_feature", "mahalanobis"),
    ("logistic", "one_feature"),
]:
    difference = full.compare(arm, rival)
    values = [
        f"{100 * v:+.2f}" for v in (difference.value, difference.low, difference.high)
    ]
    print(f"{full.arms[arm]}\n  against {full.arms[rival]}:")
    print(f"  {values[0]} points [{values[1]}, {values[2]}], {difference.verdict()}")

# %% [markdown]
# The surprise: the famous distance is not shown to beat its plain rivals here, and the
# best of the unlabelled rows owes its place to an accident. (On the split of the picture
# the Mahalanobis distance looked better. One split is one throw of the dice.) Why?

# %%
sick = tumours.y_train == tumours.class_names.index("malignant")
areas = [roc_auc_score(sick, column) for column in tumours.x_train.T]
first = Covariance().fit(benign).components_[0]
names = np.array(tumours.feature_names)
print("best single features:     ", ", ".join(names[np.argsort(areas)[:-5:-1]]))
print("first principal direction:", ", ".join(names[np.argsort(-np.abs(first))[:4]]))

# %% [markdown]
# Malignant nuclei are above all *large*: the best single features measure size. In raw
# units, size lives in the areas, which have the largest numbers of all. So Euclid in raw
# units listens to size: it is right for a wrong reason. And shrinkage (收缩) towards a
# multiple of the identity is *not* free of units. In raw units it silences whatever is
# measured in small numbers, and keeps size; with scaled features the same estimator loses
# its advantage. Whitening, last, is fair to all directions, also to those that know
# little. The next cell keeps only the directions of largest variance and whitens those.

# %% tags=["hide-input"]
X = np.concatenate([tumours.x_train, tumours.x_test])
labels = np.concatenate([tumours.y_train, tumours.y_test])
is_benign = labels == tumours.class_names.index("benign")
curves = {"features in their own units": [], "features scaled first": []}
for seed in range(20):
    healthy = np.random.default_rng(seed).permutation(X[is_benign])
    known, new = np.split(healthy, [int(0.7 * len(healthy))])
    cases = np.concatenate([new, X[~is_benign]])
    truth = np.arange(len(cases)) >= len(new)
    for name, unit in zip(curves, (1.0, known.std(axis=0)), strict=True):
        whitening = Covariance().fit(known / unit)
        steps = whitening.transform((cases - known.mean(axis=0)) / unit)
        radii = np.sqrt(np.cumsum(steps**2, axis=1)).T
        curves[name].append([roc_auc_score(truth, radius) for radius in radii])

figure, ax = plt.subplots(figsize=(7, 3.6))
alts = []
for (name, values), marker in zip(curves.items(), "os", strict=True):
    mean = np.mean(values, axis=0)
    count = np.arange(1, len(mean) + 1)
    ax.plot(count, mean, marker=marker, markersize=4, label=name)
    best = int(mean.argmax())
    alts.append(
        f"{name}: highest at {count[best]} with {mean[best]:.3f}, {mean[-1]:.3f} at all"
    )
ax.set(
    title="Whitening the first directions only: mean of 20 splits",
    xlabel="number of principal directions, largest variance first",
    ylabel="area under the ROC curve",
)
ax.legend()
plots.show(
    figure,
    "Two curves of the area under the ROC curve over the number of directions kept, which "
    f"end in the same point. {'; '.join(alts)}.",
    tumours,
)

# %% [markdown]
# In raw units the first directions are those of the areas, and a few of them come out
# above all together. With scaled features the first directions are others, and the
# advantage is gone. With *all* directions both curves end at one value: the Mahalanobis
# distance has no units. Beware of the peak, though. We found it with the labels of the
# malignant cases, which a detector of anomalies is not supposed to have.

# %% [markdown]
# ## The verdict
#
# The statements of the article's section 1.3.1, and the two on anomalies:

# %%
plots.table(claims.table("01_2_mahalanobis_geometry").set_index("claim"))

# %% [markdown]
# One of them is about the heading under which the formula stands. A covariance does not
# know which points should be near each other: shuffle the labels, and not one distance
# changes. The Mahalanobis distance is a *normalisation*. The metrics of the later
# chapters have its form, and learn the matrix.
#
# ## What actually works
#
# - Scale first, or whiten; then at least the units decide nothing.
# - Never invert a covariance: map by its eigenvectors, with a rank or a ridge
#   (`Covariance(rank=..., ridge=...)`).
# - Try the dull rivals: one feature, scaled Euclid. If they win, the distance looks in
#   the wrong directions.
# - If there are labelled anomalies, even a few, use them.
#
# In the package all of this is one estimator, and it fits into a pipeline:

# %%
from sklearn.covariance import EmpiricalCovariance

metric = Covariance().fit(benign)
fresh = tumours.x_test[tumours.y_test == tumours.class_names.index("benign")]
ours = np.linalg.norm(metric.transform(fresh - benign.mean(axis=0)), axis=1)
theirs = np.sqrt(EmpiricalCovariance().fit(benign).mahalanobis(fresh))
ratio = ours / theirs
print(f"scikit-learn's distances over ours: {1 / ratio.mean():.5f} for every case;")
print(f"the divisor explains it: {np.sqrt(len(benign) / (len(benign) - 1)):.5f}")

# %% [markdown]
# ## Exercises
#
# Hand in an answer with `exercises.check("01_2", number, answer)`, where `exercises` comes
# from `mlbook.checks`. It says *right*, or gives a hint.
#
# 1. *Threshold.* If benign cases were normally distributed, their squared distance would
#    follow the chi-squared distribution with as many degrees of freedom as features. From
#    which distance on must the alarm ring, so that it should ring for five in a hundred
#    benign cases? A number. How often does it ring?
# 2. *Contamination.* Nine training values are zero, the tenth is a million. Mean and
#    variance (divisor n - 1) come from all ten. What is the Mahalanobis distance of the
#    tenth value from the mean? A number. Then let one in ten of the training cases be
#    malignant: does the robust covariance now earn its keep?
# 3. *One direction.* Whiten the cases and project them on the difference of the two class
#    means, whitened too. In the original features this is a product $w^\top x$. Write a
#    function that returns $w$ from a covariance and a difference of means. Compare the
#    AUC with the table.

# %% tags=["hide-cell"]
# Solution 1: it rings far too often. Real measurements have heavier tails than the normal
# distribution has.
from mlbook.checks import exercises
from scipy.stats import chi2

limit = np.sqrt(chi2.ppf(0.95, benign.shape[1]))
print(f"rings for {np.mean(ours > limit):.0%} of the new benign cases")
exercises.check("01_2", 1, limit)

# %% tags=["hide-cell"]
# Solution 2: no point can be farther than (n - 1) / sqrt(n) from a mean that it helped to
# make. The malignant cases, too, stretch the covariance towards themselves, and then look
# near. The robust covariance leaves them out.
from sklearn.covariance import MinCovDet

values = np.array([0.0] * 9 + [1e6])
exercises.check("01_2", 2, (values[9] - values.mean()) / values.std(ddof=1))
bad = tumours.x_train[tumours.y_train == tumours.class_names.index("malignant")]
truth = tumours.y_test == tumours.class_names.index("malignant")
for n_bad in (0, len(benign) // 9):
    training = np.concatenate([benign, bad[:n_bad]])
    for name, estimator in {
        "plain": EmpiricalCovariance(),
        "robust": MinCovDet(random_state=0),
    }.items():
        far = estimator.fit(training).mahalanobis(tumours.x_test)
        area = roc_auc_score(truth, far)
        print(f"{n_bad:2d} malignant in training, {name:6s} covariance: AUC {area:.3f}")


# %% tags=["hide-cell"]
# Solution 3: L x times L d is x times L^T L d. Labels choose the one direction that matters
# (this is nearly Fisher's).
def direction(covariance, difference):
    return np.linalg.solve(covariance, difference)


w = direction(np.cov(benign, rowvar=False), bad.mean(axis=0) - benign.mean(axis=0))
print(f"AUC on the test split: {roc_auc_score(truth, tumours.x_test @ w):.3f}")
exercises.check("01_2", 3, direction)

# %% [markdown]
# ## To take away
#
# - The article's example gives 1, and its number is Euclid's distance.
# - A positive definite matrix gives a metric, a semi-definite one a pseudo-metric, any
#   other nothing.
# - Mahalanobis is Euclid after whitening. Many maps whiten; all give the same distance.
# - It has no units, and needs none. Its shrunken relatives do.
# - It gives all directions the same weight. If what matters lies in few of them, dull
#   rivals win.
# - It is estimated, not learned: labels play no part in it.
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
