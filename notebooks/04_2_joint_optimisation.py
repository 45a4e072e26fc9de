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
#     article: ["3.2", "4.3.2 (joint losses)"]
#     datasets: [mnist]
#     experiments: [joint_mnist]
# ---

# %% [markdown]
# # 4.2 Two losses, one network
#
# **联合优化：交叉熵与度量损失**
#
# A classifier is trained with *cross-entropy* (交叉熵). A *metric loss* (度量损失) wants
# something else: images of one class near to each other, images of two classes far apart.
# May one network serve both? How much should each of them count? And is it worth the
# trouble? This chapter tries the ways that the article names, and three that it does not.
#
# A number in “curly quotation marks” is quoted from the article. All other measured numbers
# are printed by a cell.
#
# ## What the article says
#
# Section 3.2 gives a “simple metric loss” as a formula over pairs, and three strategies:
# *joint optimisation* (联合优化: add the losses), *alternating optimisation* (交替优化:
# hold the network fixed and optimise the metric loss, then the other way round), and
# *dynamic adjustment* (动态调整: change the weight of the metric loss during training).
# Section 4.3 adds that a joint loss makes a model better and more stable. No numbers, no
# code.
#
# ## What is wrong with it
#
# **The formula pulls and pushes nothing.** It is
#
# $$L = \sum_i \sum_{j \ne i} w_{ij} \tfrac12 \bigl(d(x_i, x_j) - d(y_i, y_j)\bigr)^2,$$
#
# where $x_i$ and $y_i$ are two items of the same class. It asks that distances among the
# $x$ equal distances among their partners $y$. Labels of pairs do not occur. If all items
# fall on one point, the loss is zero, which is as good as it gets:

# %%
import numpy as np
import pandas as pd
from mlbook import charts, claims, datasets, experiments, network_plots, plots

plots.style()
mnist = datasets.load("mnist")


def printed_loss(x, y):
    """The article's formula with weights of 1."""
    d_x, d_y = (np.linalg.norm(part[:, None] - part, axis=2) for part in (x, y))
    return ((d_x - d_y) ** 2).sum() / 2


rng = np.random.default_rng(0)
labels = np.repeat([0, 1, 2], 4)
partner = np.array([3, 0, 1, 2] * 3) + 4 * labels  # another item of the same class
centres = 5 * rng.normal(size=(3, 2))
separated = centres[labels] + 0.3 * rng.normal(size=(12, 2))
mixed = rng.normal(size=(12, 2))
for name, points in {
    "three tight, distant classes": separated,
    "classes mixed at random": mixed,
    "all on one point": np.zeros((12, 2)),
}.items():
    print(f"{name:30s} loss {printed_loss(points, points[partner]):7.3f}")

# %% [markdown]
# What the formula describes is known as *stress* in multidimensional scaling (多维标度):
# keep given distances. With targets in place of $d(y_i, y_j)$, 0 for a pair of one class
# and a margin for other pairs, it becomes a usable loss: `mlbook.losses.StressLoss` of
# chapter 2.1.
#
# **Alternating, as described, does nothing.** With the network held fixed, what should an
# optimiser change? A metric loss over embeddings has no weights of its own, unless it keeps
# *proxies* (代理点, a learned point for each class) or a learned matrix:

# %%
from mlbook import losses

for loss in (losses.SupConLoss(), losses.TripletLoss(), losses.ProxyNCALoss(10, 32)):
    held = [tuple(v.shape) for v in getattr(loss, "trainable_variables", [])]
    print(f"{type(loss).__name__:14s} has trainable weights: {held or 'none'}")

# %% [markdown]
# What can be done is to take turns: some steps for one loss, some for the other, both
# through the network. This is what `AlternatingWeights` does.
#
# ## The idea in small steps
#
# The network gets two outputs: an embedding of 32 dimensions, and class probabilities
# computed from it. Each output has its loss. The network learns from the gradient of the
# sum, $g = w_1 g_1 + w_2 g_2$. How large are the two gradients at the start, and where do
# they point?

# %%
import tensorflow as tf
from mlbook.experiments import joint_mnist
from mlbook.experiments import joint_training as networks

budget = joint_mnist.BUDGETS["reader"]
train, validation, test = joint_mnist.split(mnist, budget, seed=0)
x, y = train
some = np.random.default_rng(0).permutation(len(y))[:60]


def gradients(network, x, y):
    """Of both losses, with respect to the layer that makes the embedding."""
    kernel = network.get_layer("embedding").trainable_variables[0]
    with tf.GradientTape(persistent=True) as tape:
        found = network(x)
        metric = losses.SupConLoss(networks.TEMPERATURE)(y, found["embedding"])
        crossed = tf.keras.losses.sparse_categorical_crossentropy(y, found["probabilities"])
        crossed = tf.reduce_mean(crossed)
    return [np.ravel(tape.gradient(loss, kernel)) for loss in (metric, crossed)]


network = networks.encoder(seed=0)
g_metric, g_crossed = gradients(network, x[some], y[some])
sizes = np.linalg.norm(g_metric), np.linalg.norm(g_crossed)
print(f"length of the gradient: metric {sizes[0]:.3f}, cross-entropy {sizes[1]:.3f}")
print(f"cosine of their angle: {g_metric @ g_crossed / np.prod(sizes):.2f}")

# %% [markdown]
# A cosine of 1 would mean that both losses want the same change, 0 that neither cares for
# the other's, and below 0 that they work against each other. The lengths differ, and they
# change from loss to loss, from scale to scale, from step to step. A weight of 1 is
# therefore no neutral choice. It is a setting like a learning rate, and has to be chosen.
#
# **A weight that is learned.** Kendall, Gal and Cipolla give each loss $L_i$ a number
# $s_i$ and minimise $\sum_i e^{-s_i} L_i + s_i / 2$ over the network and all $s_i$. What
# does this do? Hold $L$ fixed and look for the best $s$:

# %%
s = np.linspace(-8, 4, 120_001)
for value in (0.1, 1.0, 10.0):
    weight = np.exp(-s[np.argmin(np.exp(-s) * value + s / 2)])
    print(f"loss {value:5.1f}: weight {weight:.3f}, weight x loss {weight * value:.3f}")

# %% [markdown]
# The product is always one half: each loss is divided by twice its own value. So this
# rule makes the *values* comparable. GradNorm (Chen and others) makes the *gradients*
# comparable: it moves the weights until all losses pull at the last shared layer with
# similar force, and a loss that lags behind may pull harder.
#
# **A weight on a schedule.** Begin with the metric and let it fade, the other way round, or
# with a hump in the middle.
#
# **A learning rate of the loss.** The article's section 3.3 wants one. A loss has none,
# but its own weights (proxies) may move faster than the network. `with_rates` makes an
# optimiser that does so. Here one step of plain gradient descent, with a factor of 10 for
# the proxies:

# %%
import keras
from mlbook.training import with_rates

layer = keras.layers.Layer(name="loss")
proxies = layer.add_weight(name="proxies", shape=(2,), initializer="zeros")
kernel = keras.Variable(np.zeros(2), name="kernel")
optimizer = with_rates(keras.optimizers.SGD(0.01), {"proxies": 10.0})
optimizer.apply([np.ones(2, "float32")] * 2, [proxies, kernel])
print("proxies moved by", proxies.numpy(), "and the kernel by", kernel.numpy())

# %% [markdown]
# **Samples by difficulty.** Cross-entropy alone can also be weighted from within: train on
# the hard half of each batch, or leave the hardest fifth out (`ByDifficulty`).
#
# ## The same with the package
#
# `JointModel` wraps a network with one output per loss. What the weights are is the
# business of a `weighting`: `FixedWeights`, `AlternatingWeights`, `ScheduledWeights`,
# `UncertaintyWeights` or `GradientNormWeights`.

# %%
from mlbook.losses import SupConLoss
from mlbook.sampling import BalancedBatches
from mlbook.training import JointModel, UncertaintyWeights

keras.utils.set_random_seed(0)
model = JointModel(networks.encoder(seed=0), weighting=UncertaintyWeights())
model.compile(
    keras.optimizers.Adam(2e-3),
    loss={"embedding": SupConLoss(0.1), "probabilities": "sparse_categorical_crossentropy"},
)
batches = BalancedBatches(x, y, classes_per_batch=10, samples_per_class=6)
history = model.fit(batches, epochs=3, verbose=0).history
print({name: np.round(values, 2).tolist() for name, values in history.items()})

# %% [markdown]
# ## How the weights move
#
# Three rules on the same 1,000 digits (or the most that the present data allow), over the
# same batches. The metric loss is a supervised contrastive loss.

# %%
rules = {
    "schedule": ("falling schedule", "falling"),
    "uncertainty": ("uncertainty", 10.0),
    "gradients": ("gradient normalisation", 0.5),
}
steps = budget.grids["steps"]
trained = {
    arm: networks.train(arm, value, x, y, steps, seed=0)
    for arm, (_, value) in rules.items()
}

# %% tags=["hide-input"]
panels = {
    title: {
        name: (np.arange(steps) + 1, trained[arm][1][f"{output}_weight"])
        for arm, (name, _) in rules.items()
    }
    for title, output in (
        ("Weight of the metric loss", "embedding"),
        ("Weight of cross-entropy", "probabilities"),
    )
}
charts.lines(panels, "step", "weight", mnist, ylim=(0, None))

# %% [markdown]
# Under the uncertainty rule (its numbers $s$ move faster than the network) the
# weight of a loss grows as the loss falls. When both grow, this acts like a growing
# learning rate. Gradient normalisation keeps the sum of the weights at two.
#
# What the embedding looks like with and without the metric loss, for test digits:

# %%
alone, _, _ = networks.train("cross_entropy", 0.0, x, y, steps, seed=0)
shown = slice(800)
names = [str(digit) for digit in range(10)]

# %% tags=["hide-input"]
views = {"cross-entropy alone": alone, "with a metric loss": trained["uncertainty"][0]}
views = {name: networks.outputs(net, test[0][shown])[0] for name, net in views.items()}
network_plots.embedding_views(
    views, test[1][shown], names, "Embeddings of test digits", mnist
)

# %% tags=["hide-input"]
_, probabilities = networks.outputs(trained["uncertainty"][0], test[0])
network_plots.confusion(
    test[1],
    probabilities.argmax(axis=1),
    names,
    "Which digit is taken for which: uncertainty weights",
    mnist,
)

# %% [markdown]
# ## The experiment
#
# A thousand training digits, so that errors remain that could be avoided. Nine arms: the
# baseline (基线) is cross-entropy alone. Every arm has one setting and tries three values
# of it; the best value on 2,000 other training images is kept. All else is equal:
# network, first weights, batches, number of steps, learning rate. The first table is a
# small run, here and now, with one value of each setting and one seed:

# %%
small = experiments.measure("joint_mnist")
main = list(joint_mnist.SETTINGS)
plots.table(small.table([arm for arm in main if arm in small.arms]), small)

# %% [markdown]
# And the recorded one:

# %%
full = experiments.load_result("joint_mnist", "full")
plots.ranking(full, main, "Errors on test digits after 1,000 training digits")

# %% [markdown]
# Gain over cross-entropy alone with its interval, how well the embedding retrieves
# (MAP@R, 1 would be perfect), and the cost of a step:

# %%
base = full.interval("cross_entropy", "step_seconds").value
rows = {}
for arm in main:
    gain = full.difference(arm) if arm != full.baseline else None
    rows[full.arms[arm]] = {
        "wrong, %": round(100 * (1 - full.interval(arm).value), 2),
        "gain, points": gain and f"{100 * gain.value:+.2f}",
        "interval": gain and f"{100 * gain.low:+.2f} to {100 * gain.high:+.2f}",
        "verdict": gain.verdict() if gain else "(baseline)",
        "MAP@R": round(full.interval(arm, "map_at_r").value, 3),
        "cost of a step": round(full.interval(arm, "step_seconds").value / base, 2),
    }
plots.table(pd.DataFrame(rows).T.fillna(""), full)

# %% [markdown]
# The cost is processor time relative to cross-entropy alone. The network is tiny, so the
# price of a loss shows more than it would beside a large network.
#
# Are the clever rules better than a plain sum with a chosen weight?

# %%
charts.differences([(arm, "fixed") for arm in joint_mnist.JOINT[1:]], full)

# %% [markdown]
# How much does the setting matter? Every value that was tried:

# %% tags=["hide-input"]
swept = [
    arm for arm in full.arms if arm.startswith(tuple(f"{a}_" for a in joint_mnist.SWEPT))
]
plots.ranking(full, [full.baseline, *swept], "Errors for every setting of four arms")

# %% [markdown]
# ## The verdict

# %%
plots.table(claims.table("04_2_joint_optimisation").set_index("claim"))

# %% [markdown]
# ## What does work
#
# - Begin with the plain sum, and try weights a factor of ten apart. This is one more
#   setting to choose on validation data, and no more than that.
# - Judge by what the embedding is for. Where a class is read from
#   the embedding (retrieval, verification, new classes), the metric loss may be worth more
#   than the accuracy of the classifier shows.
# - With many training images the gain gets small: chapter 3.2 does the same on CIFAR-10
#   with all its images, chapter 3.3 on texts.
#
# ## Exercises
#
# After `from mlbook.checks import exercises`, hand in an answer with
# `exercises.check("04_2", number, answer)`: it says *right*, or gives a hint.
#
# 1. *The collapse.* The printed formula is zero if all points are one, and also for three
#    well separated points, one a class. So it does not *prefer* the collapse; it lacks the
#    labels. Write `mended(points, labels, margin)`: as `printed_loss`, but with the target
#    0 for two points of one class and `margin` for two of different classes, in place of
#    $d(y_i, y_j)$. Hand in the function.
# 2. *Units.* Multiply the metric loss by 100. How much larger is the number $s$ at which
#    the uncertainty rule then rests? Answer with a number. Which rules leave the training
#    as it was?
# 3. *Turns.* Two losses take turns under `AlternatingWeights(every=20)`. How many of 250
#    steps serve the first one? Answer with a number. Which loss has the last word?


# %% tags=["hide-cell"]
# Solution 1: now the collapse costs, and well separated points may cost nothing.
from mlbook.checks import exercises


def mended(points, labels, margin):
    d = np.linalg.norm(points[:, None] - points, axis=2)
    target = margin * (labels[:, None] != labels)
    return ((d - target) ** 2).sum() / 2


corners = np.array([[0, 0], [3, 0], [1.5, 3 * np.sqrt(0.75)]])  # 3 from each other
for name, points in {"separated": corners, "collapsed": 0 * corners}.items():
    both = printed_loss(points, points), mended(points, np.arange(3), 3)
    print(f"{name}: printed {both[0]:.2f}, mended {both[1]:.2f}")
exercises.check("04_2", 1, mended)

# %% tags=["hide-cell"]
# Solution 2: for a loss L the best s is log(2 L). The learned weight takes the factor back:
# s grows by log 100, which adds a constant to the total and changes no gradient. A fixed
# weight does not; GradNorm does, step by step, as it looks at the weighted gradients.
for factor in (1, 100):
    best = np.log(2 * 0.4 * factor)
    print(f"factor {factor:3d}: the gradient is multiplied by {np.exp(-best) * factor:.3f}")
exercises.check("04_2", 2, np.log(2 * 0.4 * 100) - np.log(2 * 0.4))

# %% tags=["hide-cell"]
# Solution 3: the loss whose turn it is at the end. With a large n the network moves away
# from the other loss for n steps before anybody looks.
for every in (1, 5, 20):
    turn = (np.arange(250) // every) % 2
    print(f"every {every:2d}: the last step serves loss {1 + turn[-1]}")
exercises.check("04_2", 3, np.sum(turn == 0))

# %% [markdown]
# ## To take away
#
# - A weight between two losses has units; 1 is not neutral.
# - Rules that set the weights save a search; they do not make a second loss useful.
# - Compare with the same network, the same steps and as much tuning, or compare nothing.
#
# ## Further reading
#
# - A. Kendall, Y. Gal and R. Cipolla, [Multi-task learning using uncertainty to weigh
#   losses for scene geometry and semantics](https://arxiv.org/abs/1705.07115), CVPR 2018.
# - Z. Chen, V. Badrinarayanan, C.-Y. Lee and A. Rabinovich, [GradNorm: gradient
#   normalization for adaptive loss balancing in deep multitask
#   networks](https://arxiv.org/abs/1711.02257), ICML 2018.
# - P. Khosla and others, [Supervised contrastive
#   learning](https://arxiv.org/abs/2004.11362), NeurIPS 2020.
# - Y. Movshovitz-Attias and others, [No fuss distance metric learning using
#   proxies](https://arxiv.org/abs/1703.07464), ICCV 2017.
