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
#     article: ["1.3.2", "1.3.3", "A.1"]
#     datasets: [digits, wine]
#     experiments: []
# ---

# %% [markdown]
# # A.1 The algorithms from scratch
#
# **从零实现**
#
# **FWHD, MDC, CDS, GO, SCO and LSO are not in the literature:** we found no publication of
# such methods. The name is the article's, the definition is ours, and each section says
# which published method is nearest.
#
# ## What the article says
#
# Sections 1.3.2 and 1.3.3 name *feature reweighting* (特征重加权) by FWHD, MDC and CDS, and
# *co-optimisation* (协同优化) by GO, SCO and LSO, with a formula, pseudocode and a printed
# result for FWHD and GO. Appendix A.1 has code for the Mahalanobis distance, FWHD, CDS and
# GO. We run what is printed (`as_printed` computes the same, errors included, in our code),
# then build a well-posed method and compare it with the package. What stands in “curly
# quotes” is the article's.

# %% tags=["hide-input"]
import inspect

import numpy as np
import pandas as pd
from mlbook import as_printed, charts, claims, datasets, plots
from mlbook.linear import CDS, FWHD, GO, LSO, MDC, SCO, Covariance
from scipy.spatial.distance import cdist
from scipy.special import expit

plots.style()
wine, digits = datasets.load("wine"), datasets.load("digits")
X, y = wine.x_train, wine.y_train
images, labels = digits.x_train[:300].reshape(300, 64) / 16, digits.y_train[:300]
print(wine.describe(), digits.describe(), sep="\n")

# %% [markdown]
# ## Mahalanobis
#
# The first function of A.1, the *Mahalanobis distance* (马氏距离), is right:
# $d(x, y)^2 = (x - y)^\top C^{-1} (x - y)$, $C$ positive definite. With
# $C = V \Lambda V^\top$ and $L = \Lambda^{-1/2} V^\top$ it is $\lVert L(x - y) \rVert$: one
# map, then Euclid.

# %%
C = np.cov(X, rowvar=False)
variances, V = np.linalg.eigh(C)
scratch = np.linalg.norm((V / np.sqrt(variances)).T @ (X[0] - X[1]))
package = Covariance().fit(X).pair_distance(X[None, :2])[0]
print(f"{as_printed.mahalanobis(X[0], X[1], C):.9f} {scratch:.9f} {package:.9f}")

# %% [markdown]
# ## FWHD, and CDS, as printed
#
# Section 1.3.2 minimises over $w$, without any condition on it,
#
# $$\sum_i d(x_i, x_i)^2 - 2 \sum_{i \ne j} w_i w_j \, d(x_i, x_j) .$$
#
# The first sum is zero and the second grows with the square of $w$, so there is no minimum
# ([chapter 1.4](01_4_algorithms.ipynb) shows it). The pseudocode does not look for one: it
# is a single pass over pairs, with one weight for each *point*, where the text speaks of
# features. Its second set `y` is `x` moved one step to the right. Its distance `d` is
# undefined; we try several. Said to print: “[0.4, 0.6]”.

# %%
two, moved = [[1, 2], [2, 3]], [[2, 2], [3, 3]]
print(inspect.getsource(as_printed.fwhd_weights).split('"""')[2])
for metric in ("euclidean", "cityblock", "sqeuclidean", "chebyshev", "hamming", "cosine"):
    print(f"{metric:12s}", as_printed.fwhd_weights(two, moved, 0.1, metric).round(4))

# %% [markdown]
# After a move, a distance that ignores moves gives zeros, for any points. The cosine does
# not ignore them, but with two points symmetry alone makes the weights equal: no symmetric
# distance can print the article's numbers. The FWHD of A.1 is another function, which
# inverts Mahalanobis distances. It has one number for each *pair* of points, and with
# `y = x` nearly all goes to the pairs of a point with itself. The CDS of A.1, “Constrained
# Density Separation”, has no density, no constraint and no labels. With `y = x` its scores
# are sums of distances. (`mahalanobis_distances`, which both call, does not exist.)

# %%
weights = as_printed.fwhd_inverse_distances(X, X, lambda_value=0.1)
print("FWHD of 1.3.2:", as_printed.fwhd_weights(X, X, lmbda=0.1).shape, end=", ")
print(f"of A.1: {weights.shape}, {weights.trace():.3%} of it on the diagonal")
sums = 0.1 * cdist(X, X, "mahalanobis", VI=np.linalg.inv(C)).sum(axis=1)
scores = as_printed.cds_scores(X, X, lambda_value=0.1)
print("CDS is a sum, if y is x:", np.allclose(scores, sums))

# %% [markdown]
# ## FWHD
#
# *Ours; nearest published: Xing and others 2002, the diagonal case.* “Feature Weighted
# Hartley Distance” names the *discrete Hartley transform* (离散哈特莱变换)
# $H_{kn} = \mathrm{cas}(2\pi kn/d)/\sqrt d$, $\mathrm{cas} = \cos + \sin$, Fourier's in
# real numbers. It is orthogonal and its own inverse. We weight its frequencies:
#
# $$d_w(x, y)^2 = \sum_k w_k \, (H(x - y))_k^2, \qquad w_k > 0, \ \sum_k w_k = 1,$$
#
# a metric. Let $s_k$ and $t_k$ be the mean of $(H(x_i - x_j))_k^2$ over pairs of the same
# class and of different classes, and minimise
# $\sum_k w_k \log (s_k / t_k) + \tau \sum_k w_k \log w_k$. This is strictly convex; a
# multiplier for the sum gives the solution, $w_k \propto (t_k / s_k)^{1/\tau}$. On images:

# %%
row, column = np.divmod(np.arange(64), 8)
angle = 2 * np.pi * (np.outer(row, row) + np.outer(column, column)) / 8
H = (np.cos(angle) + np.sin(angle)) / 8
squares = ((images @ H)[:, None] - (images @ H)[None]) ** 2
different = labels[:, None] != labels
same = ~different & ~np.eye(300, dtype=bool)
w = squares[different].mean(axis=0) / squares[same].mean(axis=0)
w /= w.sum()
fwhd = FWHD(shape=(8, 8)).fit(images, labels)
print("equal to the package:", np.allclose(w, fwhd.weights_))

# %% [markdown]
# ## MDC
#
# The article has only the name, “Mahalanobis Distance Coefficient”. *Ours; nearest
# published: squared CAT scores, Zuber and Strimmer 2009.* Let $V$ hold the variances and
# $P$ the correlations within classes, and $W = P^{-1/2} V^{-1/2}$, with the symmetric root:
# it whitens (白化) the data within classes. Feature $j$ accounts for the share
#
# $$\mathrm{MDC}_j = \sum_c n_c (W(m_c - m))_j^2 / \sum_c n_c \lVert W(m_c - m) \rVert^2$$
#
# of the squared Mahalanobis separation of the class means $m_c$. Shares are not negative
# and sum to 1; they weight the standardised features. $P$ is *shrunk* (收缩) towards $I$.

# %%
means = np.stack([X[y == c].mean(axis=0) for c in range(3)])
within = (X - means[y]).T @ (X - means[y]) / (len(X) - 3)
sigma = np.sqrt(np.diag(within))
eigenvalues, V = np.linalg.eigh(0.9 * within / np.outer(sigma, sigma) + 0.1 * np.eye(13))
W = V / np.sqrt(eigenvalues) @ V.T / sigma
shares = np.bincount(y) @ ((means - X.mean(axis=0)) @ W.T) ** 2
shares /= shares.sum()
mdc = MDC(shrinkage=0.1).fit(X, y)
print("equal to the package:", np.allclose(shares, mdc.coefficients_))
print(f"largest share: {wine.feature_names[shares.argmax()]}, {shares.max():.1%}")

# %% [markdown]
# ## CDS
#
# *Ours; nearest published: Torkkola 2003.* Map $z = Lx$ and give each class a Gaussian
# *kernel density* (核密度) of bandwidth $h$. The overlap $\int p_a p_b$ of two classes is a
# mean over their pairs, so
#
# $$\min_L \; O(L) = \operatorname*{mean}_{y_i \ne y_j} e^{-\lVert L(x_i - x_j) \rVert^2 /
# 4h^2} \quad \text{subject to} \quad L(S_w + \varepsilon I)L^\top = I .$$
#
# Without the constraint a large $L$ makes all overlap vanish. With it $L = Q^\top W$, where
# $W$ whitens $S_w + \varepsilon I$ and $Q$ has orthonormal columns: a compact set, so a
# minimum exists. $O$ is not convex; we start at the limit of wide kernels. With $k_{ij}$
# the kernels over their sum,
# $\partial \log O / \partial z_i = -\sum_j k_{ij} (z_i - z_j) / h^2$.

# %%
scaled = (X - X.mean(axis=0)) / X.std(axis=0)
cds = CDS(n_components=2, tol=1e-4).fit(scaled, y)
W = Covariance("within", ridge=0.1).fit(scaled, y).components_
white, h, unlike = scaled @ W.T, cds.bandwidth_, y[:, None] != y
gaps = (white[:, None] - white[None])[unlike]
Q = np.linalg.eigh(gaps.T @ gaps)[1][:, -2:]
for _ in range(200):
    z = white @ Q
    k = np.exp(-cdist(z, z, "sqeuclidean") / (4 * h**2)) * unlike
    k /= k.sum()
    slope = white.T @ (k @ z - k.sum(axis=1, keepdims=True) * z) / h**2
    Q = np.linalg.qr(Q - 0.2 * (slope - Q @ (Q.T @ slope)))[0]  # orthonormal again
M = W.T @ Q @ Q.T @ W
print("equal to the package:", np.allclose(M, cds.get_mahalanobis_matrix(), atol=1e-3))

# %% [markdown]
# ## GO
#
# In section 1.3.3 “Gradient Optimization” minimises $\sum_{i \ne j} w_{ij} f_i(x_i, x_j)$
# over a $\theta$ that does not occur in it. The code adds up weighted distances, calls them
# gradients and stops after one pass. Its argument `y` has no effect. The result is said to
# be “[0.5, 0.5]”. The GO of A.1 is another. It moves a random array $W$, as large as `x`.

# %%
half = np.array([[1, 0.5], [0.5, 1]])
print("1.3.3: result", as_printed.go_parameters(two, moved, half))
print("A.1:\n", inspect.getsource(as_printed.gradient_optimization).split('"""')[2])
try:
    as_printed.gradient_optimization(X, y)
except ValueError as error:
    print("A.1 as printed:", error)

# %% [markdown]
# It multiplies along the wrong axis, and stops unless there are as many samples as
# features. Mend the axis, and each row $r$ of $x - W$ obeys
# $r \leftarrow r \, (1 - 2 \alpha \lVert r \rVert)$, $\alpha = 0.01$. If
# $\lVert r \rVert < 1/\alpha = 100$, it shrinks to zero: $W$ becomes a copy of the data. If
# $\lVert r \rVert > 1/\alpha$, each step about squares it, and the numbers overflow.

# %% tags=["hide-input"]
lengths = [np.array([10.0, 45, 99, 101, 120, 200])]
for _ in range(9):
    lengths.append(np.abs(lengths[-1] * (1 - 0.02 * lengths[-1])))
curves = {f"starts at {r[0]:.0f}": (range(10), r) for r in np.transpose(lengths)}
title = "The optimiser of A.1: distance of W from a row of the data"
charts.lines({title: curves}, "epoch", "length", log_y=True, ylim=(0.1, 1e12))

# %%
for name, data in (("digits", digits.x_train.reshape(-1, 64)), ("wine", X)):
    with np.errstate(over="ignore", invalid="ignore"):
        W = as_printed.gradient_optimization(data, None, 500, axis_mended=True)
    rows, r = np.linalg.norm(data, axis=1), np.linalg.norm(data - W, axis=1)
    print(f"{name}: rows {rows.min():.0f} to {rows.max():.0f} long; in 500 epochs", end=" ")
    print(f"{np.mean(r < 0.2):.0%} copied to 0.2, {np.mean(~np.isfinite(r)):.0%} overflown")

# %% [markdown]
# *Ours; nearest published: SCML, Shi and others 2014.* GO, SCO and LSO become three solvers
# of one problem. Given metrics $d_1, \dots, d_M$, scaled to a common size, find $\theta$ on
# the simplex (单纯形: not negative, sum 1) for
#
# $$d_\theta(x, y)^2 = \sum_m \theta_m \, d_m(x, y)^2 .$$
#
# This is a metric as soon as one $d_m$ with $\theta_m > 0$ is one. A *triplet* (三元组)
# $(i, j, l)$ has $i$, $j$ of one class and $l$ of another. With
# $z_m = d_m(i, l)^2 - d_m(i, j)^2$ it asks for $\theta^\top z > 0$, a linear condition.

# %%
metrics = [None, Covariance("diagonal"), Covariance("within")]
maps = [np.eye(13), *(metric.fit(X, y).components_ for metric in metrics[1:])]
maps = [L / np.sqrt(2 * np.trace(L @ C @ L.T)) for L in maps]
draws = np.random.default_rng(0).integers(len(X), size=(10_000, 3))
a, b, c = draws.T
triplets = draws[(a != b) & (y[a] == y[b]) & (y[a] != y[c])]
squares = np.stack([cdist(X @ L.T, X @ L.T, "sqeuclidean") for L in maps])
a, b, c = triplets.T
Z = (squares[:, a, c] - squares[:, a, b]).T
print(len(Z), "triplets, in order under each metric:", np.mean(Z > 0, axis=0).round(3))

# %% [markdown]
# GO minimises
# $R(\theta) = \mathrm{mean}_t \log(1 + e^{\beta(\gamma - \theta^\top z_t)}) / \beta$, a
# hinge with a round corner. $R$ is convex: every minimum is global. The *exponentiated
# gradient* (指数梯度), $\theta_m \leftarrow \theta_m e^{-s g_m}$ and a division by the sum,
# stays on the simplex. (By default the package learns on points to which the base metrics
# were not fitted; `holdout=0` does without, as this cell does.)

# %%
theta, margin, beta = np.full(3, 1 / 3), 0.3, 10.0
for _ in range(2000):
    gradient = -expit(beta * (margin - Z @ theta)) @ Z / len(Z)
    theta = theta * np.exp(-gradient)
    theta /= theta.sum()
go = GO(metrics, tol=1e-8, holdout=0).fit(X, y, triplets=triplets)
print("weights of Euclid, variances, within classes:", theta.round(3))
print("equal to the package:", np.allclose(theta, go.weights_, atol=1e-3))

# %% [markdown]
# ## SCO
#
# The article has only the name, “Simulated Co-optimization”. *Ours; the search is the
# simulated annealing (模拟退火) of Kirkpatrick and others 1983.* Minimise the leave-one-out
# error (留一法误差) of nearest neighbours itself. It is a step function of $\theta$; its
# gradient says nothing. SCO walks on a grid, accepts a step that is worse by $e$ with
# probability $e^{-e/T_k}$, $T_k = T / \log(k + 1)$, and keeps the best.

# %%
known = {}  # the whole grid, to compare
for units in [(i, j, 20 - i - j) for i in range(21) for j in range(21 - i)]:
    mixed = np.tensordot(np.array(units) / 20, squares, axes=1)
    np.fill_diagonal(mixed, np.inf)
    votes = np.eye(3)[y[np.argsort(mixed, axis=1, kind="stable")[:, :3]]].sum(axis=1)
    known[units] = np.mean(votes.argmax(axis=1) != y)
rng, state, best = np.random.default_rng(0), (7, 7, 6), (7, 7, 6)
for k in range(1, 301):
    proposal = tuple(np.add(state, rng.permutation([1, -1, 0])))
    rise = known.get(proposal, np.inf) - known[state]
    if rng.random() < np.exp(-max(rise, 0) * np.log(k + 1) / 0.01):
        state = proposal
    best = min(best, state, key=known.get)
sco = SCO(metrics, holdout=0, random_state=0).fit(X, y)
print(f"error: even weights {known[7, 7, 6]:.4f}, walk {known[best]:.4f},", end=" ")
package = known[tuple(np.rint(20 * sco.weights_).astype(int))]
print(f"whole grid {min(known.values()):.4f}, package {package:.4f}")
print("equal to the package:", np.isclose(package, sco.objective_[-1]))

# %% [markdown]
# ## LSO
#
# The article has only the name, “Lagrangian Support Optimization”. *Ours; nearest
# published: Schultz and Joachims 2003.* With even weights $\theta_0$ and $n$ triplets,
#
# $$\min_{\theta, \xi} \; \tfrac12 \lVert \theta - \theta_0 \rVert^2 + \tfrac{C}{n} \sum_t
# \xi_t \quad \text{s.t.} \quad \theta^\top z_t \ge \gamma - \xi_t, \; \xi_t \ge 0, \;
# \theta \text{ on the simplex.}$$
#
# Strictly convex, so one solution. With multipliers $0 \le \alpha_t \le C/n$ it is
# $\theta = \max(0, \theta_0 + \sum_t \alpha_t z_t - \mu)$, a projection on the simplex; the
# triplets with $\alpha_t > 0$ *support* it. We ascend in $\alpha$ and clip to the box.


# %%
def project(point):
    falling = np.sort(point)[::-1]
    mu = (np.cumsum(falling) - 1) / np.arange(1, len(point) + 1)
    return np.maximum(point - mu[falling > mu][-1], 0)


centred, limit = Z - Z.mean(axis=1, keepdims=True), 100.0 / len(Z)
step = 1 / np.linalg.eigvalsh(centred.T @ centred)[-1]
alpha = ahead = np.zeros(len(Z))
for k in range(3000):
    new = np.clip(ahead + step * (margin - Z @ project(1 / 3 + ahead @ Z)), 0, limit)
    alpha, ahead = new, new + k / (k + 3) * (new - alpha)  # with momentum
theta = project(1 / 3 + alpha @ Z)
lso = LSO(metrics, C=100, holdout=0, tol=1e-8).fit(X, y, triplets=triplets)
print("weights:", theta.round(3), " support triplets:", np.sum(alpha > 0), "of", len(Z))
print("equal to the package:", np.allclose(theta, lso.weights_, atol=1e-3))

# %% [markdown]
# ## Side by side
#
# Samples $n$, features $d$, metrics $M$, triplets $T$. Two columns are computed.

# %% tags=["hide-input"]
about = {
    fwhd: ("weights of frequencies", "n d log d", "Xing et al. 2002, diagonal case"),
    mdc: ("weights of features", "n d² + d³", "Zuber and Strimmer 2009"),
    cds: ("map of least overlap", "n d² + d³; n² + n d a step", "Torkkola 2003"),
    go: ("weights of metrics", "M d (n d + T); M T a step", "Shi et al. 2014"),
    sco: ("weights of metrics, grid", "M n² d; M n² a step", "Kirkpatrick et al. 1983"),
    lso: ("weights of metrics", "M d (n d + T); M T a step", "Schultz, Joachims 2003"),
}
names = ["solves for", "cost, order of", "nearest published"]
table = pd.DataFrame(about.values(), [type(metric).__name__ for metric in about], names)
steps = [getattr(metric, "n_iter_", 0) for metric in about]
table["solution"] = [f"{n} steps" if n else "closed form" for n in steps]
full = [np.linalg.matrix_rank(m.components_) == m.n_features_in_ for m in about]
table["kind"] = np.where(full, "metric", "pseudo-metric")
plots.table(table)

# %% [markdown]
# ## The verdict

# %%
plots.table(claims.table("06_1_algorithms").set_index("claim"))

# %% [markdown]
# ## Exercises
#
# `exercises.check("06_1", 1, answer)` says *right*, or gives a hint.
#
# 1. Find three points `x` and three `y` for which the FWHD of 1.3.2 gives unequal weights.
#    Hand in the pair `(x, y)`.
# 2. Two residuals have the lengths $1/\alpha$ and $1/(2\alpha)$. How long are they after
#    ten steps of the optimiser of A.1? Hand in both lengths.
# 3. Three frequencies have $t_k / s_k = 2, 1, 1/2$. Which weights does our FWHD give them
#    in the limits $\tau \to 0$ and $\tau \to \infty$? Hand in two rows of three weights.

# %% tags=["hide-cell"]
# 1: a point moves away. 2: the first changes its sign for ever, the second is zero at once.
# 3: all weight on the best frequency, or even weights: tau decides how far the data count.
from mlbook.checks import exercises

exercises.check("06_1", 1, ([[0, 0], [1, 0], [2, 0]], [[0, 0], [1, 0], [9, 0]]))
r = np.array([100.0, 50.0])
for _ in range(10):
    r = np.abs(r * (1 - 0.02 * r))
exercises.check("06_1", 2, r)
powers = np.array([2, 1, 0.5]) ** (1 / np.array([[0.01], [1e9]]))
exercises.check("06_1", 3, powers / powers.sum(axis=1, keepdims=True))

# %% [markdown]
# ## To take away
#
# - Run an example before you believe its output: both printed results are wrong.
# - A well-posed problem says what varies, what is fixed and why a minimum exists.
# - A weight belongs to features, frequencies or metrics. One per sample is no metric.
#
# ## Further reading
#
# - E. Xing, A. Ng, M. Jordan and S. Russell, Distance metric learning, with application to
#   clustering with side-information, NIPS 15, 2002.
# - V. Zuber and K. Strimmer, Gene ranking and biomarker discovery under correlation,
#   [Bioinformatics 25(20), 2700-2707](https://doi.org/10.1093/bioinformatics/btp460), 2009.
# - K. Torkkola, Feature extraction by non-parametric mutual information maximization,
#   Journal of Machine Learning Research 3, 1415-1438, 2003.
# - Y. Shi, A. Bellet and F. Sha, Sparse compositional metric learning, AAAI 2014.
# - S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, Optimization by simulated annealing,
#   [Science 220, 671-680](https://doi.org/10.1126/science.220.4598.671), 1983.
# - M. Schultz and T. Joachims, Learning a distance metric from relative comparisons, NIPS
#   16, 41-48, 2003.
