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
#     article: ["A.2"]
#     datasets: [mnist, digits]
#     experiments: [frameworks]
# ---

# %% [markdown]
# # A.2 One metric, four frameworks
#
# **一个度量，四个框架**
#
# A metric is mathematics, not software. The same metric, learned in scikit-learn, Spark,
# TensorFlow and PyTorch, must give the same distances. This chapter checks that it does,
# and measures what each framework asks for it. Then it goes beyond one machine
# (分布式计算): how does one search a gallery that no memory holds?
#
# A number in “curly quotation marks” is quoted from the article. All other measured numbers
# are printed by a cell.
#
# ## What the article says
#
# Appendix A.2 names four “mainstream metric learning frameworks”, rich in interfaces and
# tools for it. scikit-learn contains basic algorithms, such as the Mahalanobis distance
# (马氏距离) and FWHD. MLlib, the library of Apache Spark, contains several, such as the
# Mahalanobis distance and KNN, and suits large data. In TensorFlow and in PyTorch one
# defines one's own.
#
# ## What is wrong with it
#
# Two of the four contents are invented. The libraries that *are* for metric learning are
# not named; chapter A.3 lists them. Let us look into the installed libraries, instead of
# remembering.
#
# PyTorch and Spark are extras of this book. Here, and only here, the chapter asks whether
# they are installed. Cells that need one say so if it is missing.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from mlbook import claims, datasets, experiments, extras, plots
from mlbook.experiments import frameworks
from mlbook.linear import FWHD, MDC, Covariance

plots.style()
mnist = datasets.load("mnist")
absent = {extra: extras.missing(extra) for extra in ("torch", "spark")}


def ready(extra):
    """Whether an extra is here; if not, one line that says what to install."""
    if absent[extra]:
        print(f"This cell was skipped. {absent[extra]}")
    return not absent[extra]


print({extra: line or "installed" for extra, line in absent.items()})

# %% [markdown]
# ## What is in them
#
# We search the public names of each library for words of the field, with the check that the
# verdict below uses:

# %% tags=["hide-input"]
from mlbook.checks import CHECKS, Evidence

places = {
    "scikit-learn": ("sklearn", ["neighbors", "covariance", "discriminant_analysis"]),
    "MLlib": ("pyspark.ml", ["feature", "classification", "clustering", "stat", "linalg"]),
    "Keras": ("keras", ["losses", "metrics", "layers"]),
    "PyTorch": ("torch.nn", ["modules", "functional"]),
}
things = {
    "learner": ["neighborhoodcomponents", "lineardiscriminant", "metriclearn"],
    "loss": ["triplet", "contrastive", "circle", "embeddingloss"],
    "neighbours": ["kneighbors", "nearestneighbors", "projectionlsh"],
    "Mahalanobis or FWHD": ["mahalanobis", "fwhd"],
}
for library, (root, modules) in places.items():
    modules = [f"{root}.{module}" for module in modules]
    wanted = {name: {"modules": modules, "words": words} for name, words in things.items()}
    print(f"{library:13s} {CHECKS['offers_names'](Evidence(), wanted).evidence}")

# %% [markdown]
# In scikit-learn the Mahalanobis distance is a value of `metric=` and a method of the
# covariance estimators, not a public name; the verdict finds it in the source files. There
# is one learner of a metric, NCA, beside linear discriminants, and FWHD is nowhere. MLlib
# has neither the Mahalanobis distance nor KNN nor a learner. It has *approximate*
# neighbours, by locality-sensitive hashing (局部敏感哈希). Keras has one loss for
# embeddings, and PyTorch has a few.
#
# ## The idea in small steps
#
# Why can the same metric be learned anywhere? Because the covariance needs sums only. With
# counts $n$, means $m$ and scatter $S$ of two parts of the data,
#
# $$S = S_1 + S_2 + \frac{n_1 n_2}{n_1 + n_2} (m_1 - m_2)(m_1 - m_2)^\top .$$

# %%
digits = datasets.load("digits")
X, y = digits.x_train.reshape(-1, 64) / 16.0, digits.y_train


def moments(X):
    m = X.mean(axis=0)
    return len(X), m, (X - m).T @ (X - m)


def joined(first, second):
    (n1, m1, S1), (n2, m2, S2) = first, second
    step = m1 - m2
    S = S1 + S2 + n1 * n2 / (n1 + n2) * np.outer(step, step)
    return n1 + n2, (n1 * m1 + n2 * m2) / (n1 + n2), S


parts = joined(moments(X[:200]), moments(X[200:]))
print(f"largest difference from all at once: {np.abs(parts[2] - moments(X)[2]).max():.1e}")

# %% [markdown]
# Numbers travel, not rows. In the package the same is done class by class, and from such
# sums come `Covariance`, `FWHD` and `MDC`; the last also needs sums of fourth powers, for
# its amount of shrinkage (收缩).

# %%
from mlbook.from_moments import fit_to_moments
from mlbook.moments import Moments

sums = Moments.of(X[:700], y[:700], fourth=True) + Moments.of(X[700:], y[700:], fourth=True)
for metric in (Covariance("within", ridge=0.1), FWHD(shape=(8, 8)), MDC()):
    first, second = (
        fitted.get_mahalanobis_matrix()
        for fitted in (fit_to_moments(metric, sums), metric.fit(X, y))
    )
    gap = np.abs(first - second).max() / np.abs(second).max()
    print(f"{type(metric).__name__:11s} largest difference {gap:.1e}, relatively")

# %% [markdown]
# **Spark** runs this on the parts (*partitions*, 分区) of a data frame. Neighbours work in
# the same way: each part has its own $k$ nearest, and the nearest of these are the nearest
# of all. The queries (查询) go to the data, and not the data to the queries. Rows without
# a usable vector are counted, and left out or refused: an argument says which.

# %%
if ready("spark"):
    import pyarrow as pa
    from mlbook import spark
    from mlbook.neighbors import MetricKNeighborsClassifier

    session = spark.session(cores=2, memory="512m")
    table = pa.table({"features": list(X), "label": y, "id": np.arange(len(X))})
    frame = session.createDataFrame(table).repartition(4)
    metric = spark.fit_metric(Covariance("within", ridge=0.1), frame)
    queries = digits.x_test.reshape(-1, 64) / 16.0
    distances, ids = spark.nearest(queries, frame, k=3, metric=metric)
    alone = MetricKNeighborsClassifier(3, metric=Covariance("within", ridge=0.1)).fit(X, y)
    same = np.mean(ids == alone.kneighbors(queries)[1])
    print(f"the same neighbours as on one machine: {100 * same:.1f} %")
    session.stop()

# %% [markdown]
# ## The experiment
#
# The same two models in every framework, each in a process of its own, on one core.
#
# - *Linear*: the covariance within classes, with a ridge, learned in the framework's own
#   words; then the nearest training image of each test image.
# - *Network* (网络): two dense layers. TensorFlow, Keras on PyTorch, and plain PyTorch
#   train it with a supervised contrastive loss, from the same weights on the same batches.
#   scikit-learn and Spark have no such loss. They get the weights that TensorFlow learned.
#
# Keras code on another backend is the same code. In plain PyTorch the loss is ten lines:

# %%
import inspect

from mlbook.frameworks import Torch

print(inspect.getsource(Torch.contrastive))

# %% [markdown]
# First a small run, here and now, with what is installed:

# %%
light = experiments.measure("frameworks")
models = [arm for arm in light.arms if not arm.startswith("gallery")]
plots.table(light.table(models), light)

# %% [markdown]
# And the recorded one. *Same nearest*: for how many test images the nearest training image
# is the same one as the reference's. *Error*: the largest relative difference of a
# distance, over all test images and seeds. The reference is scikit-learn for the linear
# metric and TensorFlow for the network. The last column is the largest difference of an
# embedding's number from TensorFlow's, if the weights are the same.

# %%
full = experiments.load_result("frameworks", "full")
models = [arm for arm in full.arms if not arm.startswith("gallery")]
rows = {}
for arm in models:
    rows[full.arms[arm]] = {
        "accuracy, %": round(100 * full.interval(arm).value, 2),
        "same nearest, %": round(100 * full.interval(arm, "same_nearest").value, 2),
        "error": f"{full.values(arm, 'error').max():.0e}",
        "error, same weights": "",
    }
    if "converted_error" in full.content["arms"][arm]["measures"]:
        worst = full.values(arm, "converted_error").max()
        rows[full.arms[arm]]["error, same weights"] = f"{worst:.0e}"
plots.table(pd.DataFrame(rows).T, full)

# %% [markdown]
# With the same weights the embeddings differ by the rounding of 32-bit numbers. Networks
# that are *trained* apart stay together only if nothing amplifies it. Two traps:
#
# - Adam is not the same in both. Keras adds its small constant $\varepsilon$ before the
#   correction for the first steps, PyTorch after it, and their defaults differ.
#   `Torch.train` makes up for it.
# - At the kink of a *ReLU* (修正线性单元) rounding decides whether there is a gradient. So
#   the network has a smooth activation. Exercise 3 shows the difference.
#
# What does it cost? Processor time (处理器时间) of all processes of a framework:

# %% tags=["hide-input"]
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
names = list(frameworks.LABELS.values())
linear, deep = ([f"{kind}_{n}" for n in frameworks.LABELS] for kind in ("linear", "deep"))
parts = {
    "start": (linear, "start_seconds"),
    "learn metric": (linear, "fit_seconds"),
    "train network": (deep, "fit_seconds"),
    "search": (linear, "search_seconds"),
}
base = np.zeros(len(names))
for part, (arms, measure) in parts.items():
    known = [measure in full.content["arms"][arm]["measures"] for arm in arms]
    seconds = [
        full.interval(arm, measure).value if here else 0.0
        for arm, here in zip(arms, known, strict=True)
    ]
    left.barh(names, seconds, left=base, label=part)
    base += seconds
memory = [full.interval(a, "memory_mb").value for a in linear]
right.barh(names, memory, color=plots.COLOURS["grey"])
left.set(title="Processor time", xlabel="seconds")
right.set(title="Peak memory", xlabel="MB", yticklabels=[])
left.legend(fontsize=8)
told = "; ".join(
    f"{n}: {s:.0f} s, {m:.0f} MB" for n, s, m in zip(names, base, memory, strict=True)
)
plots.show(figure, f"Bars of processor time and memory of each framework. {told}.", full)

# %% [markdown]
# On this amount of data the work is small beside the start. Most of what one pays for is
# the framework itself, and Spark is the dearest: a Java machine and Python workers stand
# ready for data that are not there. The memory adds up all processes, with shared pages
# counted more than once.
#
# ## Beyond one machine
#
# Now the data are large: noisy copies of images, made from a seed while they are read, and
# never held. The driver (驱动程序) of Spark gets a small heap on purpose.

# %%
rows = {}
for arm in [arm for arm in full.arms if arm.startswith("gallery")]:
    value = {
        name: full.interval(arm, name).value
        for name in full.content["arms"][arm]["measures"]
    }
    rows[full.arms[arm]] = {
        "rows": f"{value['n_rows']:,.0f}",
        "gallery, MB": f"{value['gallery_mb']:,.0f}",
        "heap, MB": f"{value['heap_mb']:,.0f}" if "heap_mb" in value else "",
        "same as one process, %": round(100 * value.get("same_nearest", np.nan), 1),
        "processor, s": round(value["search_seconds"], 1),
        "clock, s": round(value["clock_seconds"], 1),
    }
plots.table(pd.DataFrame(rows).T.fillna("not compared"), full)

# %% [markdown]
# How many rows does a core pass in a second? The difference between the large gallery and
# the small one, so that the start does not count. The clock would also count what else the
# machine did while this was recorded; processor time does not.


# %%
def value(arm, measure):
    return full.values(arm, measure)[0]  # of the seed that has the large one


small, large = "gallery_cores_2", "gallery_large"
more = {m: value(large, m) - value(small, m) for m in ("n_rows", "search_seconds")}
rate = more["n_rows"] / more["search_seconds"]
one = full.interval("gallery_one", "n_rows").value
one /= full.interval("gallery_one", "search_seconds").value
print(f"rows a second of one core: Spark {rate:,.0f}, one process without Spark {one:,.0f}")
work = [full.interval(f"gallery_cores_{n}", "search_seconds").value for n in (1, 2)]
clock = [full.interval(f"gallery_cores_{n}", "clock_seconds").value for n in (1, 2)]
print(f"two cores instead of one: work x {work[1] / work[0]:.2f}", end=", ")
print(f"clock x {clock[1] / clock[0]:.2f}")

# %% [markdown]
# **A billion vectors.** If the work per row stays the same, the rest is arithmetic. It is
# an estimate: it takes no account of disks, networks and machines that fail. And it is for
# the recorded number of queries at once, which share the cost of reading.

# %%
n_queries = full.content["items_used"]["test"]
hours = 1e9 / rate / 3600
terabytes = 1e9 * mnist.x_train[0].size * 4 / 1e12
print(f"1e9 vectors of {mnist.x_train[0].size} numbers: {terabytes:.1f} TB in 32 bits")
for cores in (1, 16, 256):
    print(f"{cores:4d} cores: {hours / cores:8.2f} hours for {n_queries} queries, exactly")

# %% [markdown]
# So an exact search of a billion vectors is a job for a night or for a cluster, and not for
# a user who waits. What is used then is an approximate index (近似索引) on mapped and
# compressed vectors, as in chapter 4.4. MLlib's own hashing compares each query with all
# rows that share one bucket (桶) of a single projection. In many dimensions these are many,
# and the table shows what it cost for a gallery that is much smaller than the others.
#
# A worker that dies loses nothing: Spark makes its part again, from the seeds or the files.
# The tests kill one in the middle, then a whole executor (执行器) with all it has finished,
# and compare.
#
# ## The verdict

# %%
plots.table(claims.table("06_2_frameworks").set_index("claim"))

# %% [markdown]
# ## What does work
#
# - Data that fit into memory: scikit-learn's way, and `mlbook.linear`. Nothing is faster to
#   start.
# - A network: the framework that you know. Take the losses from a library, as chapter A.3
#   lists them, and check one batch against another implementation.
# - Data that fit on no machine: one pass of sums for the metric, and broadcast queries for
#   the neighbours.
#
# ## Exercises
#
# Hand in an answer with `exercises.check("06_2", number, answer)`, after
# `from mlbook.checks import exercises`; it says *right*, or gives a hint.
#
# 1. *Which metrics need the rows?* Which of `covariance`, `fwhd`, `mdc`, `nca` and `lmnn`
#    cannot be learned from moments? Answer with a list of these words.
# 2. *Arithmetic.* One partial result of the moments has a matrix of 64-bit numbers for each
#    class. How many megabytes (millions of bytes) are the matrices of ten classes and 784
#    features?
# 3. *The kink.* A unit's input is a rounding error, once above zero and once below. How
#    large is the difference of the slopes there, of ReLU and of tanh? Answer with two
#    numbers, in this order.

# %% tags=["hide-cell"]
# Solution 1: the objectives of NCA and LMNN depend on who is near whom under the metric
# that is being learned. No fixed set of sums tells that.
from mlbook.checks import exercises
from mlbook.linear import NCA

try:
    fit_to_moments(NCA(), sums)
except TypeError as error:
    print(error)
exercises.check("06_2", 1, ["nca", "lmnn"])

# %% tags=["hide-cell"]
# Solution 2: with the fourth moments of MDC it is three times as much.
megabytes = 10 * 784 * 784 * 8 / 1e6
print(f"{megabytes:.0f} MB")
exercises.check("06_2", 2, megabytes)

# %% tags=["hide-cell"]
# Solution 3: with ReLU the whole slope, however small the rounding error.
above, below = 1e-7, -1e-7
relu = float(above > 0) - float(below > 0)
tanh = abs(np.tanh(below) ** 2 - np.tanh(above) ** 2)
print(f"ReLU {relu:.0f}, tanh {tanh:.0e}")
exercises.check("06_2", 3, [relu, tanh])

# %% [markdown]
# ## To take away
#
# - Look into a library before you say what it contains.
# - The same mathematics gives the same distances everywhere, if the details of the
#   optimiser are the same, too.
# - A covariance is a sum, and a nearest neighbour is a minimum: both can be made in parts.
#
# ## Further reading
#
# - X. Meng and others, [MLlib: machine learning in Apache
#   Spark](https://arxiv.org/abs/1505.06807), Journal of Machine Learning Research 17, 2016.
# - P. Khosla and others, [Supervised contrastive
#   learning](https://arxiv.org/abs/2004.11362), NeurIPS 2020.
