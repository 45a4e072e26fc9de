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
# This chapter says what the word distance (距离) promises, tries the promises on the
# functions that the article calls distances, and shows what it costs when one is broken.
#
# ## What the article says
#
# Its first section names the aim: to learn a distance under which things of one kind are
# near each other and those of different kinds far apart. It lists uses and promises that
# models become more robust against noise and outliers. Its second section defines a
# distance function by three conditions, lists the Euclidean distance, the Manhattan
# distance and the cosine similarity as examples, and does the same for norms. The aim is
# right; of the mathematics, about half is.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
from mlbook import charts, claims, datasets, distances, plots
from mlbook.checks.formulas import cosine_distance, cosine_norm, norm_failures, uphill
from mlbook.checks.formulas import squared_difference as squared
from mlbook.distances import check_axioms
from mlbook.linear import RCA
from mlbook.neighbors import MetricKNeighborsClassifier
from sklearn.neighbors import BallTree, NearestNeighbors

plots.style()

# %% [markdown]
# ## What metric learning is
#
# *Metric learning* (度量学习) chooses a distance from data. Take two features: the first
# is noise in a large unit, the second tells two classes apart. Euclid's distance listens
# to the louder one. A method that sees the classes can find out. Relevant component
# analysis (相关成分分析) learns a linear map from some of the points: it measures how much
# points of the same class differ in each direction, and divides by that. Both distances
# are judged on the other points.

# %%
rng = np.random.default_rng(0)
classes = np.arange(400) % 2
points = np.stack([10 * rng.normal(size=400), classes + 0.2 * rng.normal(size=400)], axis=1)
learned = RCA()
for name, metric in {"Euclid": None, "learned": learned}.items():
    vote = MetricKNeighborsClassifier(3, metric).fit(points[:100], classes[:100])
    right = np.mean(vote.predict(points[100:]) == classes[100:])
    print(f"{name:8s} 3 nearest neighbours are right on {right:.0%} of new points")

# %% tags=["hide-input"]
L = learned.fit(points[:100], classes[:100]).components_
charts.scatters(
    {"as measured": points, "after the learned map": points @ L.T},
    classes,
    "As measured, both classes lie in one thin flat strip. After the learned map they are "
    "two clouds, one above the other.",
    legend="class",
)

# %% [markdown]
# The learned map stretches the feature that matters and shrinks the one that does not.
# That is the whole idea; the rest of the book is about doing it well, and about telling
# when it helps: on images and texts in part 3, on tumours in chapter 1.2. Its true home is
# part 5, with faces. There the people to be recognised are not those of the training set,
# so no class can be predicted. One can only ask *the same person or not?*, and that is a
# question about a distance.
#
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
# “归一性”, which means normalisation.) The third is the *triangle inequality*
# (三角不等式). **The article leaves it out.** Of the four it is the one that does the work.
#
# The last promise follows from the others. Go from $x$ to $y$ and back, and
#
# $$0 = d(x, x) \le d(x, y) + d(y, x) = 2\, d(x, y).$$
#
# `check_axioms` tries all triples of some points, and splits the first promise in two.

# %%
grid = np.array([(a, b) for a in range(-2, 3) for b in range(-2, 3) if (a, b) != (0, 0)])
print(check_axioms(distances.euclidean, grid))
print("\nManhattan distance:", check_axioms(distances.manhattan, grid).kind)

# %% [markdown]
# No counterexample among these points. That proves nothing by itself (the proof is one
# line of Cauchy and Schwarz), but a counterexample would have been final. The article
# calls the Manhattan distance the length of “直线”, a straight line; it is the length of a
# walk along the axes, and only the bird flies straight.
#
# ### What each broken promise lets through
#
# One function for each promise, two for the first; each breaks no other, if that can be:


# %%
def show_failures(functions, points):
    for name, function in functions.items():
        report = check_axioms(function, points)
        print(f"{name}: {report.kind}")
        for axiom in report.failures:
            print(f"    {axiom.name}: {axiom.explanation}")


candidates = {
    "always 1, even to itself": lambda x, y: np.ones(np.shape(x - y)[:-1]),
    "first feature only": lambda x, y: np.abs(x - y)[..., 0],
    "uphill counts twice": lambda x, y: np.where(y > x, 2 * (y - x), x - y).sum(axis=-1),
    "squared difference": squared,
    "minus Euclid": lambda x, y: 0 - distances.euclidean(x, y),
}
show_failures(candidates, grid)

# %% [markdown]
# - *First feature only* cannot tell some points apart. Everything else holds, and this is
#   a useful kind: a *pseudo-metric* (伪度量). Every linear map that loses a dimension makes
#   one, so most learned metrics are of this kind; the article never mentions them.
# - *Uphill counts twice* is not symmetric: like walking times in the mountains.
# - *Squared difference* has all three properties of the article's definition. So the
#   article calls it a distance, and yet a detour makes it shorter.
# - *Minus Euclid* breaks the triangle inequality too, as the little proof says it must.
#
# ## Why cosine similarity is no distance
#
# The cosine of the angle between two vectors (余弦相似度) is the article's third distance.
# It is large where a distance is small. Subtracting it from 1 turns it round, and libraries
# call the result *cosine distance*. And there is the angle itself.

# %%
cosines = {
    "cosine similarity": distances.cosine_similarity,
    "1 - cosine": cosine_distance,
    "angle": distances.angular,
}
show_failures(cosines, grid)
sphere = np.unique((grid / np.linalg.norm(grid, axis=1)[:, None]).round(12), axis=0)
show_failures({"\nangle, among vectors of length 1": distances.angular}, sphere)

# %% [markdown]
# The cosine breaks every promise but symmetry. It is a *similarity* (相似度): a useful
# thing, and another thing. In the *cosine distance*, that a vector and its double are at
# distance zero could be lived with. But two steps of half the angle cost less than the
# angle at once: 1 - cosine starts flat, and makes small steps nearly free. The repair is
# to take the angle, which adds up.
#
# ## Inner products and norms
#
# An *inner product* (内积) is a function of two vectors that is symmetric, linear in
# each, and positive for a vector with itself. It makes a length, and the length makes a
# distance:
#
# $$\lVert x \rVert = \sqrt{\langle x, x \rangle}, \qquad d(x, y) = \lVert x - y \rVert .$$
#
# The article says that the inner product measures similarity, and stops there. But a vector
# should be most similar to itself, and the inner product of $(1, 2)$ with itself is 5, with
# its double 10, and with $(9, 0)$ it is 9. Among vectors of length 1 it is a good measure:
# there it is the cosine.
#
# A *norm* (范数) promises three things: it is positive except at zero, it obeys the
# triangle inequality, and it is *homogeneous* (齐次):
# $\lVert t x \rVert = |t| \lVert x \rVert$. The article lists non-negativity, zero only
# at zero, and the triangle inequality. Homogeneity is missing. What gets in?

# %%
norms = {
    "Euclidean norm": np.linalg.norm,
    "number of non-zero entries": np.count_nonzero,
    "uphill counts twice": uphill,
    "the article's “cosine norm”": cosine_norm,
}
for name, norm in norms.items():
    failures = norm_failures(norm, grid)
    print(f"{name}:", "no norm" if failures else "a norm on these vectors")
    for axiom, example in failures.items():
        print(f"    {axiom}: {example}")

# %% [markdown]
# The *number of non-zero entries*, often called *L0 norm*, has all three properties that
# the article lists, and does not notice when a vector doubles. *Uphill* has them too, and
# the distance it makes is the asymmetric one from above: homogeneity with $t = -1$ is what
# makes the distance of a norm symmetric.
#
# The “cosine norm” is nothing at all: it needs a second vector, and if we fix that, it
# keeps no promise. And the Euclidean norm is not “欧氏距离的平方和”, a sum of squares of
# distances, as the article's sentence has it, but the root of the sum of squares of the
# entries, as its formula says.

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
for ax, (name, value) in zip(axes, balls.items(), strict=True):
    colours = [plots.COLOURS["vermilion" if "no norm" in name else "blue"]]
    ax.contourf(side, side, value, levels=[0, 1], colors=colours, alpha=0.3)
    ax.contour(side, side, value, levels=[1], colors=colours)
    ax.set(title=name, aspect="equal")
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
#
# ## What a broken triangle inequality costs
#
# First what it does *not* cost. If all distances from a query are computed and sorted,
# only their order counts, and squaring changes no order. The angle and 1 - cosine have
# the same order, too. We take handwritten digits of eight by eight pixels.

# %%
digits = datasets.load("digits")
stored, queries = (1.0 * x.reshape(len(x), -1) for x in (digits.x_train, digits.x_test))


def all_pairs(distance, rows, columns):
    return np.stack([distance(row, columns) for row in rows])


for good, bad in ((distances.euclidean, squared), (distances.angular, cosine_distance)):
    nearest = [all_pairs(d, queries, stored).argmin(axis=1) for d in (good, bad)]
    same = np.mean(nearest[0] == nearest[1])
    print(f"{good.__name__} and {bad.__name__}: same nearest neighbour for {same:.0%}")

# %% [markdown]
# So whoever ranks by the square or by 1 - cosine loses nothing, and saves a root. A search
# that skips points needs more. The triangle inequality tells something about distances
# that nobody has computed: with a *pivot* (枢轴点) $p$ whose distances to all stored points
# are known, $d(q, x) \ge | d(q, p) - d(p, x) |$. If this bound is already larger than the
# best distance so far, $x$ need not be looked at. All search trees for metric spaces live
# from this. Ten pivots, in a few lines:


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
    print(f"{distance.__name__:18s} looks at {looked:5.1%} of points, {wrong:.0%} wrong")

# %% [markdown]
# With a metric the search skips a good part of the points and is never wrong. With its
# impostor it is amazingly fast and wrong for about every second query, without an error or
# a warning. The bound is no bound, so the search stops too early.
#
# Libraries know this, up to a point. scikit-learn refuses to build a ball tree (球树) for
# *cosine*. But it takes any Python function at its word. For cosine there is a way out:
# Euclid on vectors of length 1 has the same order, and is a metric.

# %%
try:
    NearestNeighbors(metric="cosine", algorithm="ball_tree").fit(stored)
except ValueError as error:
    print("cosine, by its name:", str(error).partition(".")[0])
tree = BallTree(stored, leaf_size=2, metric=squared)
found = tree.query(queries[:100])[0][:, 0]
true = all_pairs(squared, queries[:100], stored).min(axis=1)
wrong = np.sum(found > true * (1 + 1e-9))
print(f"the square, as a function: accepted; {wrong} of 100 neighbours wrong")
unit, unit_queries = (v / np.linalg.norm(v, axis=1)[:, None] for v in (stored, queries))
by_tree, by_cosine = BallTree(unit).query(unit_queries)[1][:, 0], nearest[1]
print(f"Euclid at length 1: {np.mean(by_tree == by_cosine):.0%} the neighbours of cosine")

# %% [markdown]
# ## The verdict
#
# The two checks on robustness spoil the digits on purpose and ask whether three nearest
# neighbours suffer less than under Euclid: under the Mahalanobis distance of the next
# chapter, and under linear discriminant analysis (线性判别分析), which learns from labels.

# %%
plots.table(claims.table("01_1_distances").set_index("claim"))

# %% [markdown]
# *Robust* is not a property of metric learning. A metric that sees the labels learns to
# ignore features of pure noise; one that only evens out the variances makes them louder.
# And a few wild points in the training data can pull any estimate with them.
#
# ## What actually works
#
# - To *rank* all candidates, any increasing function of a distance will do.
# - To *search* with a tree, pivots or any other pruning, use a metric. For cosine, bring
#   all vectors to length 1 and use Euclid.
# - To *learn*, learn a linear map $L$ and use $\lVert L x - L y \rVert$. It obeys the
#   axioms by construction (up to the pseudo in pseudo-metric).
#
# ## Exercises
#
# Hand in an answer with `exercises.check("01_1", number, answer)`, where `exercises` comes
# from `mlbook.checks`. It says *right*, or gives a hint.
#
# 1. *Root.* Is $\sqrt{1 - \cos}$ a metric among vectors of length 1? Try it, then prove
#    it: by which number must it be multiplied to give Euclid's distance?
# 2. *Capped.* If $d$ is a metric, so is $\min(d, 1)$. Why? It is not the distance of a
#    norm: which property does $\min(\lVert x \rVert, 1)$ lack? Answer with *positivity*,
#    *triangle inequality*, *homogeneity* or *none*.
# 3. *Stations.* All trains of a country go through its capital, at the origin. The
#    distance of two towns is zero for a town and itself, and else the sum of their
#    distances to the capital. Write it as a function of two arrays of coordinates. Is it a
#    metric? What is its unit ball around a town?

# %% tags=["hide-cell"]
# Solution 1: yes. For vectors of length 1, |x - y|^2 = 2 - 2 cos, so the root of 1 - cos is
# Euclid's distance over the root of 2, and a multiple of a metric is one.
from mlbook.checks import exercises

print(check_axioms(lambda x, y: np.sqrt(cosine_distance(x, y).clip(0)), sphere).kind)
exercises.check("01_1", 1, np.sqrt(2))

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
    over_the_capital = np.linalg.norm(x, axis=-1) + np.linalg.norm(y, axis=-1)
    return np.where(np.all(x == y, axis=-1), 0.0, over_the_capital)


print(check_axioms(by_train, grid).kind)
exercises.check("01_1", 3, by_train)

# %% [markdown]
# ## To take away
#
# - The article leaves out the triangle inequality, the promise that search depends on.
# - A pseudo-metric may give different points the distance zero.
# - A norm is homogeneous. Without that, it does not even make a symmetric distance.
# - Ranking forgives a broken triangle inequality; pruned search does not, silently.
#
# ## Further reading
#
# - A. Bellet, A. Habrard and M. Sebban, [A survey on metric learning for feature vectors
#   and structured data](https://arxiv.org/abs/1306.6709), arXiv:1306.6709, 2013: the
#   field before deep learning, with a short section on the axioms.
# - E. Chávez, G. Navarro, R. Baeza-Yates and J. L. Marroquín, Searching in metric spaces,
#   ACM Computing Surveys 33(3), 273-321, 2001.
# - P. N. Yianilos, [Data structures and algorithms for nearest neighbor search in general
#   metric spaces](http://pnylab.com/pny/papers/vptree/vptree/), 1993: a tree made of
#   pivots.
