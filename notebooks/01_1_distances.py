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
#     article: ["1.1", "1.2"]
#     datasets: [digits]
#     experiments: []
# ---

# %% [markdown]
# # 1.1 What a distance is
#
# **距离是什么**
#
# Everything in this book rests on one word: distance (距离). This chapter says what the
# word promises, tries the promises on the functions that the article calls distances, and
# shows what it costs when one of them is broken.
#
# ## What the article says
#
# Its first section names the aim: to learn a distance under which things of the same kind
# are near each other and things of different kinds are far apart. It lists uses (images,
# texts, faces, anomalies) and promises that models become more robust against noise and
# outliers. Its second section defines a distance function by three conditions, lists the
# Euclidean distance, the Manhattan distance and the cosine similarity as examples, and
# does the same for norms.
#
# The aim is right. Of the mathematics, about half is. We go through it with a tool that
# searches for counterexamples.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
from mlbook import claims, datasets, distances, plots
from mlbook.checks.formulas import cosine_distance, cosine_norm, norm_failures
from mlbook.checks.formulas import squared_difference as squared
from mlbook.distances import check_axioms

plots.style()

# %% [markdown]
# ## What metric learning is
#
# *Metric learning* (度量学习) chooses a distance from data. Take two features: the first
# is noise in a large unit, the second tells two classes apart. Euclid's distance does not
# know which is which, so it listens to the louder one. A method that sees the classes can
# find out. Here one called relevant component analysis (相关成分分析) learns a linear map
# from some of the points: it measures how much points of the same class differ in each
# direction, and divides by that. Both distances are judged on the other points.

# %%
from mlbook.linear import RCA
from mlbook.neighbors import MetricKNeighborsClassifier

rng = np.random.default_rng(0)
classes = np.arange(400) % 2
points = np.stack([10 * rng.normal(size=400), classes + 0.2 * rng.normal(size=400)], axis=1)
learned = RCA()
for name, metric in {"Euclid": None, "learned": learned}.items():
    vote = MetricKNeighborsClassifier(3, metric).fit(points[:100], classes[:100])
    right = np.mean(vote.predict(points[100:]) == classes[100:])
    print(f"{name:8s} 3 nearest neighbours are right on {right:.0%} of new points")
L = learned.fit(points[:100], classes[:100]).components_

# %% tags=["hide-input"]
figure, axes = plt.subplots(
    2, 1, figsize=(7, 4.6), height_ratios=[1, 6], layout="constrained"
)
for ax, shown, title in zip(
    axes, (points, points @ L.T), ("as measured", "after the learned map"), strict=True
):
    for c, colour in enumerate(("blue", "vermilion")):
        ax.scatter(
            *shown[classes == c].T, s=6, color=plots.COLOURS[colour], label=f"class {c}"
        )
    ax.set_title(title)
    ax.set_aspect("equal")
axes[0].set_yticks([])
axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1), markerscale=2)
plots.show(
    figure,
    "Two scatter plots with equal scales on both axes. As measured, both classes lie in "
    "one thin flat strip. After the learned map they are two clouds, one above the other.",
)

# %% [markdown]
# The learned map stretches the feature that matters and shrinks the one that does not.
# That is the whole idea; the rest of the book is about doing it well, and about telling
# when it helps.
#
# Where is it used?
#
# *Images.* Pixels are a poor measure of what a picture shows: moved by one pixel, it is
# far from itself. Here it is rarely the distance that is learned but the features, by a
# network whose output is compared by plain Euclid or by the angle. On small centred
# digits raw pixels do well all the same (chapter 3.1); part 3 goes on to photographs.
#
# *Texts.* Counts of words have thousands of features, nearly all of them zero. The angle
# between such vectors is a strong and cheap rival, and a learned distance has to beat it
# first. Part 3 measures whether it does.
#
# *Faces.* This is the home of metric learning, for a simple reason: the people to be
# recognised are not those of the training set. There is no class to predict, only the
# question *the same person or not?*, and that is a question about a distance. See part 5.
#
# *Anomalies.* Something is strange if it is far from all that is usual. That needs a good
# distance but no labels; chapter 1.2 tries it on tumours, and meets a surprise.
#
# The article says that *regression* is a typical use as well. It is a rarer one, but it
# exists: Weinberger and Tesauro learned a distance for kernel regression.

# %% [markdown]
# ## The four promises
#
# A *metric* (度量) gives every two points a number, and promises:
#
# | promise | in words |
# |---|---|
# | $d(x, y) = 0$ exactly if $x = y$ | only a point itself is at distance zero |
# | $d(x, y) = d(y, x)$ | the way back is as long |
# | $d(x, z) \le d(x, y) + d(y, z)$ | a detour is never shorter |
# | $d(x, y) \ge 0$ | no distance is negative |
#
# The first is called *identity of indiscernibles* (同一性). (The article calls it
# “归一性”, which means normalisation, and there is nothing normalised in it.) The third
# is the *triangle inequality* (三角不等式). **The article leaves it out.** Of the four it
# is the one that does the work, as we shall see.
#
# The last promise is no promise of its own: it follows from the others. Go from $x$ to
# $y$ and back, and
#
# $$0 = d(x, x) \le d(x, y) + d(y, x) = 2\, d(x, y).$$
#
# `check_axioms` tries all triples of some points. It splits the first promise in two,
# since the halves fail separately.

# %%
grid = np.array([(a, b) for a in range(-2, 3) for b in range(-2, 3) if (a, b) != (0, 0)])
print(check_axioms(distances.euclidean, grid))

# %% [markdown]
# No counterexample among these points. That proves nothing by itself (the proof is one
# line of Cauchy and Schwarz), but a counterexample would have been final. The Manhattan
# distance passes too. The article calls it the length of “直线”, a straight line; it is
# the length of a walk along the axes, and only the bird flies straight:

# %%
print("along the axes:", distances.manhattan([0, 0], [3, 4]))
print("straight:      ", distances.euclidean([0, 0], [3, 4]))
print(check_axioms(distances.manhattan, grid).kind)

# %% [markdown]
# ### What each broken promise lets through
#
# One function for each promise, and each breaks just that one where it can:

# %%
candidates = {
    "always 1, even to itself": lambda x, y: np.ones(np.shape(x - y)[:-1]),
    "first feature only": lambda x, y: np.abs(x - y)[..., 0],
    "uphill counts twice": lambda x, y: np.where(y > x, 2 * (y - x), x - y).sum(axis=-1),
    "squared difference": squared,
    "minus Euclid": lambda x, y: 0 - distances.euclidean(x, y),
}
for name, candidate in candidates.items():
    report = check_axioms(candidate, grid)
    print(f"{name}: {report.kind}")
    for axiom in report.failures:
        print(f"    {axiom.name}: {axiom.explanation}")

# %% [markdown]
# - *Always 1*: nothing is at home anywhere.
# - *First feature only* cannot tell some points apart. Everything else holds, and this is
#   no accident but a useful kind: a *pseudo-metric* (伪度量). Every linear map that loses
#   a dimension makes one, so most learned metrics are of this kind; the article never
#   mentions them.
# - *Uphill counts twice* is not symmetric: like walking times in the mountains. *The
#   distance between two points* then has no meaning until one says who walks.
# - *Squared difference* has all three properties of the article's definition. So the
#   article calls it a distance, and yet a detour makes it shorter.
# - *Minus Euclid* breaks the triangle inequality as soon as it is negative, as the little
#   proof says it must.

# %% [markdown]
# ## Why cosine similarity is no distance
#
# The cosine of the angle between two vectors (余弦相似度) is the article's third
# distance. It is large where a distance is small.

# %%
print(check_axioms(distances.cosine_similarity, grid))

# %% [markdown]
# It breaks every promise but symmetry. It is a *similarity* (相似度): a useful thing, and
# another thing. Subtracting it from 1 turns it round, and libraries call the result
# *cosine distance*. The name promises too much.

# %%
print(check_axioms(cosine_distance, grid))

# %% [markdown]
# A vector and its double are at distance zero: that could be lived with, as a
# pseudo-metric. The triangle inequality fails as well: two steps of half the angle cost
# less than the angle at once. The repair is to take the angle itself.

# %%
print(check_axioms(distances.angular, grid))
sphere = grid / np.linalg.norm(grid, axis=1, keepdims=True)
sphere = np.unique(sphere.round(12), axis=0)
print("\namong vectors of length 1:", check_axioms(distances.angular, sphere).kind)

# %% tags=["hide-input"]
angles = np.linspace(0, np.pi, 181)
figure, ax = plt.subplots(figsize=(5.5, 3))
ax.plot(np.degrees(angles), angles / np.pi, label="angle")
ax.plot(np.degrees(angles), (1 - np.cos(angles)) / 2, "--", label="1 - cosine")
ax.set(
    title="Two measures of a turn", xlabel="turn, degrees", ylabel="share of the largest"
)
ax.set_xticks([0, 45, 90, 135, 180])
ax.legend()
plots.show(
    figure,
    "Two curves over the turn from 0 to 180 degrees: the angle grows as a straight line, "
    "one minus the cosine as an S that is flat at the start.",
)

# %% [markdown]
# The reason: 1 - cosine starts flat. Small steps are nearly free, so many small steps are
# cheaper than one large one. The angle is straight, and adds up.

# %% [markdown]
# ## Inner products and norms
#
# An *inner product* (内积) is a function of two vectors that is symmetric, linear in
# each, and positive for a vector with itself. It makes a length, and the length makes a
# distance:
#
# $$\lVert x \rVert = \sqrt{\langle x, x \rangle}, \qquad d(x, y) = \lVert x - y \rVert .$$
#
# The article says that the inner product measures similarity, and stops there. For
# vectors of different lengths it is a poor measure:

# %%
x = np.array([1.0, 2.0])
print("with itself:            ", x @ x)
print("with ten times itself:  ", x @ (10 * x))
print("with another direction: ", x @ np.array([9.0, 0.0]))

# %% [markdown]
# A vector should be most similar to itself. Among vectors of length 1 it is, and there
# the inner product is the cosine.
#
# A *norm* (范数) promises three things: it is positive except at zero, it obeys the
# triangle inequality, and it is *homogeneous* (齐次):
# $\lVert t x \rVert = |t| \lVert x \rVert$. The article lists non-negativity, zero only
# at zero, and the triangle inequality. Homogeneity is missing. What gets in?


# %%
def uphill(x):
    return np.where(x > 0, 2 * x, -x).sum()


norms = {
    "Euclidean norm": np.linalg.norm,
    "number of non-zero entries": np.count_nonzero,
    "uphill counts twice": uphill,
    "the article's “cosine norm”": cosine_norm,
}
for name, norm in norms.items():
    print(f"{name}:", "a norm on these vectors" if not norm_failures(norm, grid) else "")
    for axiom, example in norm_failures(norm, grid).items():
        print(f"    {axiom}: {example}")

# %% [markdown]
# The *number of non-zero entries* has all three properties that the article lists, and
# does not notice when a vector doubles. (It is often called *L0 norm* nevertheless.)
# *Uphill* has them too, and the distance it makes is the asymmetric one from above:
# homogeneity with $t = -1$ is what makes the distance of a norm symmetric.
#
# The “cosine norm” is nothing at all. Its formula has two vectors where a norm has one;
# if we fix the second, it is negative for some vectors, zero for others, and the same for
# a vector and its double. And the Euclidean norm is not “欧氏距离的平方和”, a sum of
# squares of distances, as the article's sentence has it, but the root of the sum of
# squares of the entries, as its formula says.

# %% tags=["hide-input"]
side = np.linspace(-1.3, 1.3, 521)
plane = np.stack(np.meshgrid(side, side), axis=-1)
balls = {
    "Manhattan, $p = 1$": distances.manhattan(plane, [0, 0]),
    "Euclid, $p = 2$": distances.euclidean(plane, [0, 0]),
    "largest entry, $p = \\infty$": distances.chebyshev(plane, [0, 0]),
    "$p = 1/2$: no norm": np.sqrt(np.abs(plane)).sum(axis=-1) ** 2,
}
figure, axes = plt.subplots(1, 4, figsize=(10, 2.9), sharey=True)
for ax, (name, value), colour in zip(
    axes, balls.items(), ("blue", "green", "purple", "vermilion"), strict=True
):
    ax.contourf(side, side, value, levels=[0, 1], colors=[plots.COLOURS[colour]], alpha=0.3)
    ax.contour(side, side, value, levels=[1], colors=[plots.COLOURS[colour]])
    ax.set_title(name, fontsize=10)
    ax.set_aspect("equal")
plots.show(
    figure,
    "Four unit balls in the plane: the Manhattan norm gives a square on its corner, Euclid "
    "a disc, the largest entry a square on its side. The function with p = 1/2 gives a "
    "star with four arms and sides that bend inwards.",
)

# %% [markdown]
# The *unit ball* (单位球) of a function holds the vectors of length at most 1. The ball
# of a norm is convex and the same upside down: that is the triangle inequality and
# homogeneity, drawn. The star is not convex. Between the tips of two arms the straight
# way leaves it, and the triangle inequality fails just there.

# %% [markdown]
# ## What a broken triangle inequality costs
#
# First what it does *not* cost. If all distances from a query are computed and sorted,
# only their order counts, and squaring changes no order. The angle and 1 - cosine have
# the same order, too. We take handwritten digits of eight by eight pixels.

# %%
digits = datasets.load("digits")
stored, queries = (
    x.reshape(len(x), -1).astype(float) for x in (digits.x_train, digits.x_test)
)


def all_pairs(distance, rows, columns):
    return np.stack([distance(row, columns) for row in rows])


pairs_of_functions = [(distances.euclidean, squared), (distances.angular, cosine_distance)]
for good, bad in pairs_of_functions:
    nearest = [all_pairs(d, queries, stored).argmin(axis=1) for d in (good, bad)]
    same = np.mean(nearest[0] == nearest[1])
    print(f"{good.__name__} and {bad.__name__}: same nearest neighbour for {same:.0%}")

# %% [markdown]
# So whoever ranks by the square or by 1 - cosine loses nothing. (And saves a root.)
#
# Now let us be quick. The triangle inequality gives knowledge about distances that nobody
# has computed: with a *pivot* (枢轴点) $p$ whose distances to all stored points are
# known,
#
# $$d(q, x) \ge | d(q, p) - d(p, x) | .$$
#
# If this bound is already larger than the best distance so far, $x$ need not be looked
# at. All search trees for metric spaces live from this. Ten pivots, in a few lines:


# %%
def pivot_search(distance, n_pivots=10):
    """Share of queries with a wrong nearest neighbour, and share of points looked at."""
    truth = all_pairs(distance, queries, stored)
    to_pivots, known = truth[:, :n_pivots], all_pairs(distance, stored[:n_pivots], stored)
    n_wrong = n_looked = 0
    for row, from_query in zip(truth, to_pivots, strict=True):
        bounds = np.abs(from_query[:, np.newaxis] - known).max(axis=0)
        best = np.inf
        for candidate in np.argsort(bounds):
            if bounds[candidate] >= best:
                break  # all that follow are farther, if the bound is one
            n_looked += 1
            best = min(best, row[candidate])
        n_wrong += best > row.min() * (1 + 1e-9)
    return n_wrong / len(queries), n_looked / truth.size


for distance in (distances.euclidean, squared, distances.angular, cosine_distance):
    wrong, looked = pivot_search(distance)
    print(
        f"{distance.__name__:18s} looks at {looked:5.1%} of the points, {wrong:.0%} wrong"
    )

# %% [markdown]
# With a metric the search skips a good part of the points and is never wrong. With its
# impostor it is amazingly fast and wrong for about every second query, and nothing tells
# the user: no error, no warning. The bound is no bound, so the search stops too early.
#
# Libraries know this, up to a point. scikit-learn refuses to build a ball tree (球树) for
# *cosine*. But it takes any Python function at its word.

# %%
from sklearn.neighbors import BallTree, NearestNeighbors

try:
    NearestNeighbors(metric="cosine", algorithm="ball_tree").fit(stored)
except ValueError as error:
    print("by name:", str(error).partition(".")[0])
few = queries[:100]
tree = BallTree(stored, leaf_size=2, metric=lambda u, v: (u - v) @ (u - v))
found = tree.query(few)[0][:, 0]
true = all_pairs(squared, few, stored).min(axis=1)
print(
    "as a function: accepted;", np.sum(found > true * (1 + 1e-9)), "of 100 neighbours wrong"
)

# %% [markdown]
# ## The verdict
#
# The statements of the article's sections 1.1 and 1.2, each tried by a check. The two on
# robustness spoil the digits on purpose and ask whether three nearest neighbours suffer
# less under a metric than under Euclid: under the Mahalanobis distance of the next
# chapter, and under linear discriminant analysis (线性判别分析), which learns from
# labels.

# %%
plots.table(claims.table("01_1_distances").set_index("claim"))

# %% [markdown]
# *Robust* is not a property of metric learning. A metric that sees the labels learns to
# ignore features of pure noise; one that only evens out the variances makes them louder.
# And a few wild points in the training data can pull any estimate with them, the learned
# map as well.

# %% [markdown]
# ## What actually works
#
# - To *rank* all candidates, use any increasing function of a distance: squares and 1 -
#   cosine are fine.
# - To *search* with a tree, pivots or any other pruning, use a metric. For cosine, bring
#   all vectors to length 1 and use Euclid: the order is the same, and every fast
#   Euclidean index works. The cell below shows both.
# - To *learn*, learn a linear map $L$ and use $\lVert L x - L y \rVert$. It obeys the
#   axioms by construction (up to the pseudo in pseudo-metric), whatever the optimiser
#   does.

# %%
unit, unit_queries = (
    v / np.linalg.norm(v, axis=1, keepdims=True) for v in (stored, queries)
)
by_tree = BallTree(unit).query(unit_queries)[1][:, 0]
by_cosine = all_pairs(cosine_distance, queries, stored).argmin(axis=1)
print(f"same neighbour: {np.mean(by_tree == by_cosine):.0%} of {len(queries)} queries")

# %% [markdown]
# ## Exercises
#
# Hand in an answer with `exercises.check("01_1", number, answer)`, where `exercises` comes
# from `mlbook.checks`. It says *right*, or gives a hint.
#
# 1. *Root.* Is $\sqrt{1 - \cos}$ a metric among vectors of length 1? Guess, try it with
#    `check_axioms`, then prove it: by which number must it be multiplied to give Euclid's
#    distance?
# 2. *Capped.* If $d$ is a metric, so is $\min(d, 1)$. Why? It is not the distance of a
#    norm: which property does $\min(\lVert x \rVert, 1)$ lack? Answer with *positivity*,
#    *triangle inequality*, *homogeneity* or *none*.
# 3. *Stations.* All trains of a country go through its capital, at the origin. The
#    distance of two towns is zero for a town and itself, and else the sum of their
#    distances to the capital. Write it as a function of two arrays of coordinates. Is it a
#    metric? Draw its unit ball around a town near the capital, and around one far from it.

# %% tags=["hide-cell"]
# Solution 1: yes. For vectors of length 1, |x - y|^2 = 2 - 2 cos, so the root of 1 - cos is
# Euclid's distance over the root of 2: the straight way through the sphere.
from mlbook.checks import exercises


def root(x, y):
    return np.sqrt(np.maximum(cosine_distance(x, y), 0))


print(check_axioms(root, sphere).kind)
exercises.check("01_1", 1, distances.euclidean(*sphere[:2]) / root(*sphere[:2]))

# %% tags=["hide-cell"]
# Solution 2: if one part of the detour is cut to 1, the detour is at least 1, and so is
# never shorter than the way, which is at most 1. But a vector of length 1 and its double
# are equally long.
print(check_axioms(lambda x, y: np.minimum(distances.euclidean(x, y), 1), grid / 3).kind)
print(norm_failures(lambda x: min(np.linalg.norm(x), 1), grid))
exercises.check("01_1", 2, "homogeneity")


# %% tags=["hide-cell"]
# Solution 3: a metric. From x to z over y one passes the capital twice. If the capital is
# farther than the radius, the ball around a town holds only the town; else also a disc
# around the capital, the smaller the farther the town.
def by_train(x, y):
    through_the_capital = np.linalg.norm(x, axis=-1) + np.linalg.norm(y, axis=-1)
    return np.where(np.all(x == y, axis=-1), 0.0, through_the_capital)


print(check_axioms(by_train, grid).kind)
exercises.check("01_1", 3, by_train)

# %% [markdown]
# ## To take away
#
# - A metric keeps four promises; the first three imply the fourth. The article leaves out
#   the triangle inequality, the one that search depends on.
# - A pseudo-metric may give different points the distance zero. Every low-rank linear
#   metric is one.
# - A similarity is not a distance. For directions, use the angle, or Euclid on vectors of
#   length 1.
# - A norm is homogeneous. Without that, it does not even make a symmetric distance.
# - Ranking forgives a broken triangle inequality; pruned search does not, and does not
#   tell.
# - What learning a metric does for robustness depends on the metric, the noise and the
#   data. It has to be measured.
#
# ## Further reading
#
# - A. Bellet, A. Habrard and M. Sebban, [A survey on metric learning for feature vectors
#   and structured data](https://arxiv.org/abs/1306.6709), arXiv:1306.6709, 2013: the
#   field before deep learning, with a short section on the axioms.
# - E. Chávez, G. Navarro, R. Baeza-Yates and J. L. Marroquín, Searching in metric spaces,
#   ACM Computing Surveys 33(3), 273-321, 2001: what can be done with the triangle
#   inequality and nothing else.
# - P. N. Yianilos, [Data structures and algorithms for nearest neighbor search in general
#   metric spaces](http://pnylab.com/pny/papers/vptree/vptree/), 1993: a tree made of
#   pivots.
# - K. Q. Weinberger and G. Tesauro, [Metric learning for kernel
#   regression](https://proceedings.mlr.press/v2/weinberger07a.html), Proceedings of
#   Machine Learning Research 2 (AISTATS), 612-619, 2007.
