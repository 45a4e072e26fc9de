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
#     article: ["second chapter 2: 2.1 (CIFAR-10), 2.3"]
#     datasets: [cifar10]
#     experiments: [cifar_weights, cifar_noise, cifar_metric, cifar_retrieval]
# ---

# %% [markdown]
# # 3.2 Weighted images: a CNN on CIFAR-10
#
# **特征重加权与卷积神经网络：CIFAR-10 图像分类**
#
# This chapter repeats the second project of the article: to tell ten kinds of things apart
# in small photographs, with a convolutional network (卷积神经网络, CNN) and with weights
# that come from a Mahalanobis distance. A number in “curly quotation marks” is quoted; all
# other measured numbers are printed by a cell.
#
# ## What the article says
#
# The images are scaled and augmented (数据增强). A function for *feature reweighting*
# (特征重加权) computes Mahalanobis distances; their inverses are the weights. A network of
# three convolutions is trained for ten epochs, with these weights as sample weights
# (样本权重). It is right on “about 82 %” of the test images, which is called significantly
# better than without weights, because the model now attends to the important features.
#
# Does the code run? Does it weight features, or images? And who deserves the praise: the
# weights, or the network?

# %% tags=["hide-input"]
import os

import numpy as np
from mlbook import charts, claims, datasets, evaluation, experiments, network_plots, plots
from mlbook.datasets import quiet

quiet.tensorflow_datasets()  # TensorFlow without the lines it prints on starting
plots.style()
cifar10 = datasets.load("cifar10")
print(cifar10.describe())

# %% [markdown]
# ## What is wrong with it
#
# ### What stops the script
#
# The function gets the images and their *labels* as rows of 0 and 1 (one-hot, 独热编码). It
# computes a covariance matrix, distances between the two, and one divided by each. The
# weights go to Keras, and in the end predicted classes are compared with rows of 0 and 1.
# Each step gets a few images here, as if the steps before it had worked:

# %%
from mlbook.checks import weighting as script
from mlbook.encoders import scale_images

images = scale_images(cifar10.x_train[:40])
one_hot = np.eye(10)[cifar10.y_train[:40]]
for step in (
    script.covariance_of_images,
    script.distances_to_labels,
    script.fit_with_weights_of_pairs,
    script.compare_with_one_hot,
):
    try:
        step(images, one_hot)
    except ValueError as error:
        print(f"{step.__name__}:\n    {error}")

# %% [markdown]
# An image has thousands of numbers and a label ten: there is no distance between them. And
# before all that, the function for the distances is neither defined nor imported.
#
# ### What the weights would be
#
# Suppose the images were meant in place of the labels. Distances between every two images
# give a weight for every *pair*. Here for some images, described by their main components
# (主成分):

# %%
from mlbook.experiments import cifar_weights

limits = cifar_weights.BUDGETS[os.environ.get("MLBOOK_BUDGET", "reader")]
(x, y), test = cifar_weights.sample({"cifar10": cifar10}, limits, seed=0)
x_test, y_test = test
space = cifar_weights.components(x)
of_pairs = script.weights_between_samples(space[:200])
print(f"{len(space[:200])} images, {space.shape[1]} features: weights {of_pairs.shape}")
print(f"{np.trace(of_pairs):.1%} of all weight is on pairs of an image and itself")
n = len(cifar10.y_train)
print(f"for all {n:,} training images: {n**2 * 8 / 2**30:.1f} GiB")

# %% [markdown]
# An image is at distance zero from itself. The small number that is added, so that nothing
# is divided by zero, gives such pairs nearly all the weight. And these are weights neither
# of features, which would be one a feature, nor of samples, one an image.
#
# ## The idea, from the ground up
#
# ### Weights that exist
#
# What can be meant? An image has a distance to the *mean of its own class* $c$,
#
# $$d_i = \sqrt{(x_i - m_c)^\top S^{-1} (x_i - m_c)}, \qquad
#   w_i = \frac{1/d_i}{\frac1n \sum_j 1/d_j},$$
#
# with $S$ the covariance within the classes (类内协方差): a typical image counts more than
# an odd one. Three choices make it well defined: fewer main components than images, so that
# $S$ has an inverse; one distance an image; and a mean weight of 1, so that the loss keeps
# its scale. (The article's weights sum to 1: exercise 2.)

# %%
from mlbook.weighting import distance_weights

means = np.array([space[y == c].mean(axis=0) for c in range(10)])
gap = space - means[y]
within = gap.T @ gap / len(gap)
distances = np.sqrt(np.sum(gap @ np.linalg.inv(within) * gap, axis=1))
by_hand = (1 / distances) / np.mean(1 / distances)
weights = distance_weights(space, y)
print("by hand and from the package:", np.allclose(by_hand, weights, rtol=1e-4))
print(f"weights from {weights.min():.2f} to {weights.max():.2f}, ", end="")
print(f"mean {weights.mean():.2f}, standard deviation {weights.std():.2f}")

# %% tags=["hide-input"]
order = np.argsort(-weights)
ends = np.concatenate([order[:10], order[-10:]])
named = ", ".join(f"{cifar10.class_names[y[i]]} {weights[i]:.2f}" for i in ends)
charts.picture_rows(
    {"largest\nweights": x[ends[:10]], "smallest\nweights": x[ends[10:]]},
    "Images by their weights",
    f"Two rows of ten photographs. Class and weight, largest first: {named}.",
    cifar10,
)

# %% [markdown]
# Near the mean of a class, in pixels, means smooth, grey, of low contrast. That is not *a
# good example of its class*: an odd image may be the one to learn from.
#
# ### The same with the package
#
# The article's network is that of a [tutorial of
# TensorFlow](https://www.tensorflow.org/tutorials/images/cnn), which reports “over 70%”
# for it, without any weights. We train it on a part of the images, with and without.

# %%
from mlbook.experiments.article_training import train_article_cnn

trained = {
    name: train_article_cnn(x, y, limits.grids["epochs"], 0, w, test, name=name)
    for name, w in {"no weights": None, "weights": weights}.items()
}
curves = {name: history for name, (_, history) in trained.items()}
title = "Accuracy of the article's network from epoch to epoch"
network_plots.history(curves, title, "accuracy", cifar10)

# %% tags=["hide-input"]
predicted = trained["no weights"][0].predict(scale_images(x_test), verbose=0).argmax(axis=1)
title = "Test images, the article's network without weights"
network_plots.confusion(y_test, predicted, cifar10.class_names, title, cifar10)

# %% [markdown]
# Curves of one start say little about the weights. That needs an experiment.
#
# ## The experiment
#
# ### With and without weights
#
# All images, the article's settings; a tenth is held out, as in the article. Each seed
# draws a start and an order of the batches, the same for all arms. A third arm has the
# *same weights, dealt at random*: uneven weights may help or harm for reasons that have
# nothing to do with a distance.

# %%
full = experiments.load_result("cifar_weights", "full")
plots.table(full.table(list(cifar_weights.TRAINED)), full)
charts.differences({"the weights - dealt at random": ("near", "shuffled")}, full)
at_home = full.values("unweighted", "train_accuracy").mean()
best = max(full.values(arm).max() for arm in cifar_weights.TRAINED)
print(f"training images without weights {at_home:.1%}; best single run on test {best:.1%}")

# %% [markdown]
# ### Where weights have something to do
#
# Let us give the weights a chance: two labels of five are now *wrong* (标签噪声), the same
# for all arms; the test labels are right. An image with a wrong label should lie far from
# the mean of "its" class. We also try weights in the features of a briefly trained network,
# and the *probability* that the label is right, as discriminant analysis sees it. An
# *oracle* gives wrong labels no weight at all.

# %%
noise = experiments.load_result("cifar_noise", "full")
on_wrong = [f"{noise.values(arm, 'on_wrong').mean():.1%}" for arm in noise.arms]
plots.table(noise.table().assign(**{"weight on wrong labels": on_wrong}), noise)

# %% [markdown]
# Read the last column first: a weight of $1/d$ hardly knows which labels are wrong. In 64
# dimensions all distances to a mean are alike. What gives a wrong label away is not that
# the image is far from its class, but that it is *nearer to another one*; the probabilities
# compare, and move much more weight. Whether that helps, the other columns say.
#
# ### Weights of features
#
# The text promises weights of *features*: in a network, the numbers before its last layer.
# Nearest neighbours look at them with equal weights (Euclid), with weights by MDC or FWHD
# of chapter 1.4, and under a full linear map, LDA (线性判别分析).

# %%
metrics = [f"neighbours_{name}" for name in cifar_weights.METRICS]
plots.table(full.table(["unweighted", *metrics]), full)
pairs = {
    f"{full.arms[arm].rpartition(', ')[2]} - Euclid": (arm, "neighbours_euclid")
    for arm in metrics[1:]
}
charts.differences(pairs, full)

# %% [markdown]
# ## What works
#
# ### A better network
#
# Four things that have nothing to do with a metric. *Augmentation*, which the article
# promises and leaves out: images are shifted and mirrored at random, so no two epochs show
# the same. *Batch normalisation* (批归一化) and *residual connections* (残差连接), which
# let more layers learn. A *learning rate* that rises and falls again. *Smoothed* labels.

# %% tags=["hide-input"]
from mlbook.augmentation import AugmentedBatches

copies = AugmentedBatches(np.repeat(x[:1], 8, axis=0), np.zeros(8, int), batch_size=8)
seen = np.clip(copies[0][0] * copies.deviation + copies.mean, 0, 255).astype(np.uint8)
charts.picture_rows(
    {"original": x[:1], "altered": seen},
    "One image, as eight epochs may see it",
    "One image and eight shifted copies, some of them mirrored.",
    cifar10,
)

# %% [markdown]
# ### And a metric loss
#
# The network has two outputs: an embedding (嵌入) of 64 numbers, and the classes that are
# read from it. Beside cross-entropy we put the supervised contrastive loss (监督对比损失)
# of chapter 2.1 on the embedding. To see *its* merit, both arms have the same network,
# start, batches and rates. Here is a small run, on seven classes; three are kept for later.

# %%
from mlbook.experiments import cifar_metric
from mlbook.experiments import residual_training as networks
from mlbook.experiments.base import pixels

N_KNOWN = 7
known, known_test = y < N_KNOWN, y_test < N_KNOWN
held_out = x_test[known_test], y_test[known_test]
modern, curves = {}, {}
losses = {"cross-entropy": 0.0, "both losses": cifar_metric.WEIGHTS["joint"]}
for name, weight in losses.items():
    *modern[name], history = networks.train_residual(
        x[known], y[known], 4, 0, weight, N_KNOWN, validation=held_out, name=name
    )
    curves[name] = {key.replace("probabilities_", ""): h for key, h in history.items()}
network_plots.history(curves, "Small modern network, seven classes", "accuracy", cifar10)

# %% [markdown]
# The training images are altered, and harder than the test images: a dashed line may lie
# below its solid one. Now the test images of all ten classes, three of them new:

# %% tags=["hide-input"]
spaces = {"pixels": pixels(x_test)}
for name, (model, scale) in modern.items():
    spaces[name], _ = networks.outputs(model, scale(x_test))
new = cifar10.class_names[N_KNOWN:]
names = [f"{name} (new)" if name in new else name for name in cifar10.class_names]
points, title = spaces["both losses"][:700], "Embeddings of test images, both losses"
network_plots.embedding_map(points, y_test[:700], names, title, cifar10)

# %% [markdown]
# What is an embedding good for? To look things up. Images of the three new classes, looked
# up among each other, by their pixels and by the embedding of a network that never saw such
# a thing:

# %%
from mlbook.neighbors import MetricKNeighborsClassifier
from mlbook.retrieval import retrieval

is_new = ~known_test
x_new, y_new = x_test[is_new], y_test[is_new]
some = np.concatenate([np.flatnonzero(y_new == c)[:2] for c in range(N_KNOWN, 10)])
rows, wrong = {}, {}
for name, points in spaces.items():
    found = retrieval(points[is_new], y_new, ks=(1,))
    print(f"{name:14s} nearest image of the same class: {found.recall_at[1]:.1%}", end=", ")
    print(f"MAP@R {found.map_at_r:.1%}")
    search = MetricKNeighborsClassifier(5).fit(points[is_new], y_new)
    near = search.kneighbors(return_distance=False)[some]
    rows[name], wrong[name] = x_new[near], y_new[near] != y_new[some][:, np.newaxis]
shown = {name: rows[name] for name in ("pixels", "both losses")}
plots.neighbours(x_new[some], shown, wrong, cifar10)

# %% [markdown]
# Pixels find what has the same colours at the same places, such as sky or grass. How far
# the embedding gets with all images, the recorded run says.
#
# ### The recorded run: ten classes
#
# All training images. The settings are usual ones, fixed in advance; no arm was tuned.
# Beside the classifier, the ten nearest training images in the embedding vote. How much is
# whose merit? (The article's network learns from a tenth fewer images.)

# %%
metric = experiments.load_result("cifar_metric", "full")
plots.table(metric.table(), metric)
minutes = metric.values("joint", "fit_seconds").max() / 60
passed = "yes" if metric.interval("joint").value >= 0.85 and minutes <= 25 else "no"
print(f"longest training of both losses {minutes:.0f} minutes", end="; ")
print(f"at least 85 % within 25 minutes: {passed}")

# %%
network = metric.interval("cross_entropy").value - full.interval("unweighted").value
print(f"network, augmentation and schedule: {100 * network:+.2f} points")
pairs = {
    "the metric loss, for the classifier": ("joint", "cross_entropy"),
    "the metric loss, for neighbours": ("joint_neighbours", "cross_entropy_neighbours"),
    "neighbours instead of the classifier": ("joint_neighbours", "joint"),
}
charts.differences(pairs, metric)
for name, measure in {"recall@1": "recall_at_1", "MAP@R": "map_at_r"}.items():
    with_it, without = (metric.values(arm, measure) for arm in ("joint", "cross_entropy"))
    gain = evaluation.over_seeds(with_it - without, test_to_train=metric.test_to_train)
    print(f"the metric loss, for {name}: {100 * gain.value:+.2f} points, {gain.verdict()}")
price = [metric.values(arm, "fit_cpu_seconds").mean() for arm in ("joint", "cross_entropy")]
print(f"processor time with the metric loss, over that without: {price[0] / price[1]:.2f}")

# %% [markdown]
# Recall and MAP@R are of test images, looked up among each other. An embedding can get
# purer while the number of right answers stays.
#
# ### The recorded run: classes never seen
#
# Each seed keeps three other classes out. The measure is MAP@R; a random order has about
# one ninth of it, as each class is a third of the images. *Before training* shows how much
# comes from the form of the network alone.

# %%
strangers = experiments.load_result("cifar_retrieval", "full")
plots.table(strangers.table(), strangers)

# %% [markdown]
# ## The verdict

# %%
plots.table(claims.table("03_2_weighted_cnn_cifar10").set_index("claim"))

# %% [markdown]
# ## Exercises
#
# After `from mlbook.checks import exercises`, hand in an answer with
# `exercises.check("03_2", number, answer)`: it says *right*, or gives a hint.
#
# 1. *A trap.* Ten images, one of each class, in the order of the classes: now the printed
#    comparison does not stop. Which accuracy does it give for a network that is always
#    right? Answer with a number. Why?
# 2. *Weights that sum to 1.* They divide all gradients by the number of images, $50\,000$.
#    Adam divides a gradient $g$ by its own size: a step is $g / (|g| + \varepsilon)$ times
#    the rate, with $\varepsilon = 10^{-7}$. With weights of mean 1 a gradient is $0.001$.
#    What is left of the step, as a share of the rate, if they sum to 1?
# 3. *Near, far, probable.* Two labels of five are wrong. Which scheme of `distance_weights`
#    leaves least weight on them: near, far or posterior?

# %% tags=["hide-cell"]
# Solution 1: ten classes are laid over each of ten rows. The first column asks "is it 0?",
# the second "is it 1?", and all others compare 2 to 9 with 0 and 1.
from mlbook.checks import exercises

compared = script.compare_with_one_hot(None, np.eye(10))
print(f"always right, and the comparison says {compared:.1f}")
exercises.check("03_2", 1, compared)

# %% tags=["hide-cell"]
# Solution 2: far above epsilon the scale does not matter; below it the steps get short.
for g in (1e-1, 1e-3, 1e-5):
    steps = [scaled / (scaled + 1e-7) for scaled in (g, g / 50_000)]
    print(f"gradient {g:.0e}: step {steps[0]:.2f} with mean 1, {steps[1]:.2g} with sum 1")
exercises.check("03_2", 2, 2e-8 / (2e-8 + 1e-7))

# %% tags=["hide-cell"]
# Solution 3: the one that compares classes.
from mlbook.experiments.cifar_noise import with_wrong_labels

noisy = with_wrong_labels(y, seed=0)
for scheme in ("near", "far", "posterior"):
    w = distance_weights(space, noisy, scheme)
    print(f"{scheme:10s} {w[noisy != y].sum() / w.sum():.1%} on wrong labels")
exercises.check("03_2", 3, "posterior")

# %% [markdown]
# ## To take away
#
# - The printed script stops at its first line, and after each repair at the next.
# - A weight of a sample is one number a sample; a weight of a feature is one a feature.
# - Beside a clever weight, try the same weights dealt at random.
# - Far from its mean is not the same as wrong. To find wrong labels, compare classes.
# - Change one thing at a time. The gain of a better network is not the merit of its loss.
# - Judge an embedding by what it is for: neighbours, and classes never seen.
#
# ## Further reading
#
# - A. Krizhevsky, Learning multiple layers of features from tiny images, technical report,
#   2009: the images.
# - B. Barz and J. Denzler, [Do we train on test data? Purging CIFAR of
#   near-duplicates](https://doi.org/10.3390/jimaging6060041), Journal of Imaging 6(6), 41,
#   2020: some test images have a near-duplicate to learn from.
# - P. Khosla and others, [Supervised contrastive
#   learning](https://arxiv.org/abs/2004.11362), NeurIPS 2020.
# - A. Zhai and H.-Y. Wu, [Classification is a strong baseline for deep metric
#   learning](https://arxiv.org/abs/1811.12649), BMVC 2019.
# - K. Musgrave, S. Belongie and S.-N. Lim, [A metric learning reality
#   check](https://arxiv.org/abs/2003.08505), ECCV 2020.
