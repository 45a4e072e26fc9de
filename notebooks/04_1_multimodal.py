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
#     article: ["3.1"]
#     datasets: [mnist, spoken_digits]
#     experiments:
#       - multimodal
#       - multimodal_captions
#       - multimodal_cost
#       - multimodal_imbalance
#       - multimodal_retrieval
# ---

# %% [markdown]
# # 4.1 Seen and heard: several modalities
#
# **多模态学习：看到的与听到的**
#
# A digit can be written and it can be spoken. Image and speech are two *modalities* (模态)
# of one thing. Where should they meet: as features, as decisions, or as points of one
# space? What if one of them is noisy, or missing? This chapter tries each of these, and
# ends with a search across modalities: say a digit, and find its images.
#
# A number in “curly quotation marks” is quoted from the article. All other measured numbers
# are printed by a cell.

# %% [markdown]
# ## What the article says
#
# Section 3.1 knows two ways to fuse (融合). *Feature-level fusion* (特征级融合) puts the
# feature vectors of the modalities side by side. *Sample-level fusion* (样本级融合) makes a
# weighted sum of the samples. After either, metric learning shall pull items of one class
# together. Image and text so joined classify “significantly” better. Three challenges
# follow (modalities that do not match, too little data of one of them, and the cost of
# computing), and three remedies: alignment, augmentation, pruning. There is no formula, no
# data, no number, and no reference.
#
# ## What is wrong with it
#
# A weighted sum of an image and a recording does not exist. They are arrays of different
# shapes. We load both and try.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from mlbook import claims, datasets, experiments, fusion, plots
from mlbook.audio import log_mel
from mlbook.datasets.spoken_digits import RATE
from mlbook.experiments import multimodal, multimodal_captions
from mlbook.experiments import multimodal_imbalance as altered
from mlbook.experiments import multimodal_pairs as paired
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

plots.style()
data = {name: datasets.load(name) for name in ("mnist", "spoken_digits")}
mnist, spoken = data.values()
print(mnist.describe())
print(spoken.describe())

# %%
image, recording = mnist.x_train[0], spoken.x_train[0]
try:
    0.5 * image + 0.5 * recording
except ValueError as error:
    print(f"{type(error).__name__}: {error}")

# %% [markdown]
# And if the shapes were equal, what would pixel 5 plus sample 5 mean? A sum needs a *common
# space* (公共空间), in which equal coordinates mean equal things. To find one is the real
# task, and it has a name: *alignment* (对齐). The article lists it under remedies.
#
# ## Pairs
#
# We need digits that are both seen and heard. Nobody wrote the digits of MNIST while
# speaking them, so we pair by class: each recording gets an image of the same digit.
#
# - Pairs are made *within* the training set and *within* the test set. No image and no
#   recording is in both.
# - Two of the five speakers are kept for the test. Nobody there was heard before.
# - Such a pair shares its class and nothing else. In a film, image and sound share much
#   more, and they also fail together. So this is a friendly case for fusion.

# %%
split = paired.pairs(data, multimodal.BUDGETS["reader"], seed=0)
train, test, y, y_test = split.train, split.tests["clean"], split.y, split.y_test
for name in train:
    print(f"{name:6s} training {train[name].shape}, test {test[name].shape}")

# %% tags=["hide-input"]
speaker, digit = paired.voices(spoken)
waves = paired.recordings(spoken)
shown = [int(np.flatnonzero(y == c)[0]) for c in range(6)]
figure, axes = plt.subplots(2, len(shown), figsize=(10, 3.4))
for column, item in zip(axes.T, shown, strict=True):
    row, picture = (split.rows[f"{part}_train"][item] for part in ("speech", "image"))
    column[0].imshow(mnist.x_train[picture], cmap="gray_r")
    column[0].set_title(f"“{digit[row]}”", fontsize=10)
    column[0].set(xticks=[], yticks=[])
    bands = log_mel([waves[row]], RATE)[0]
    column[1].imshow(bands.T, origin="lower", aspect="auto", cmap="cividis")
    column[1].set(yticks=[], xticks=[0, len(bands) - 1])
    column[1].set_xlabel("frames of 10 ms", fontsize=8)
axes[0, 0].set_ylabel("image")
axes[1, 0].set_ylabel("mel bands")
figure.suptitle("Six pairs: an image, and a recording over time", fontsize=11, y=1.04)
plots.show(
    figure,
    "Two rows of six pictures. Above, handwritten digits from 0 to 5; below, for each, the "
    "energy of a spoken digit in mel bands, from low to high, over its frames.",
    mnist,
    spoken,
)

# %% [markdown]
# An image becomes its first principal components. A recording becomes the
# mean cepstral coefficients of each fifth of its length (chapter 2.2): recordings of all
# lengths get equally many features, and the order of the sounds is kept.

# %% [markdown]
# ## The idea, from the ground up
#
# ### Side by side: whoever shouts is heard
#
# Put two vectors side by side, and squared distances add up:
# $d^2 = d^2_\text{image} + d^2_\text{speech}$. The modality with the larger numbers
# decides. On average each brings twice its total variance, so its share is easy to compute:

# %%
for name, part in {
    "units as they are": train,
    "each feature at variance 1": {
        m: StandardScaler().fit_transform(x) for m, x in train.items()
    },
    "each modality at variance 1": {
        m: x / np.sqrt(x.var(axis=0).sum()) for m, x in train.items()
    },
}.items():
    told = ", ".join(f"{m} {share:.1%}" for m, share in fusion.shares(part).items())
    print(f"{name:28s} {told}")

# %% [markdown]
# In its own units, the image hardly counts. This is the article's *mismatch* (模态不匹配)
# in its simplest form, and one line of scaling mends it. A metric that is *learned* on the
# joined features (LDA, chapter 1.4) sets the weights by itself.
#
# ### Decisions: evidence multiplies
#
# Let each modality have its own classifier, and join what they say. If the modalities are
# independent once the class is known, Bayes' rule (贝叶斯公式) multiplies:
# $p(c \mid \text{both}) \propto p(c \mid \text{image})\,p(c \mid \text{speech}) / p(c)$.
# Two opinions of two thirds, on three classes:

# %%
opinions = {"image": np.array([[4, 1, 1]]) / 6, "speech": np.array([[4, 1, 1]]) / 6}
for rule in ("mean", "product"):
    print(f"{rule:8s}", fusion.combine_probabilities(opinions, rule)[0].round(2))

# %% [markdown]
# The mean is as sure as each of them. The product is surer, as it should be, if the two are
# independent. If both repeat one rumour, it is too sure. And a modality that is missing
# costs nothing: its factor is left out.
#
# ### One space: two towers
#
# For a common space, take a small network for each modality, a *tower* (塔), and ask that
# the two halves of a pair land close together, and far from the other pairs of the batch.
# The cosines of all images with all recordings make a table; each row should be largest at
# its own column, and each column at its own row. Three pairs as an example, as directions
# in a plane; the first two show a three, the last a five:


# %%
def directions(*degrees):
    return np.column_stack([f(np.radians(degrees)) for f in (np.cos, np.sin)])


images, sounds, labels = directions(10, 40, 80), directions(30, 20, 95), np.array([3, 3, 5])
cosines = images @ sounds.T
print(cosines.round(2))

# %% [markdown]
# The loss is the cross-entropy of each row and of each column, with the own pair as the
# right answer; that is CLIP. But then the second three is a stranger to the first, to be
# pushed away: a *false negative* (假负例). With class labels, all pairs of a class are
# right answers, in equal parts (UniCL; within one modality this is the supervised
# contrastive loss of chapter 2.1).


# %%
def one_way(s, right):
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return -((right * log_p).sum(axis=1) / right.sum(axis=1)).mean()


s = cosines / 0.1  # a low temperature (温度) makes the nearest count most
loss = fusion.TwoTowerLoss(0.1)
side_by_side = np.hstack([images, sounds])
for name, told in {"own pair": np.arange(3), "same class": labels}.items():
    right = told[:, None] == told
    by_hand = (one_way(s, right) + one_way(s.T, right)) / 2
    print(
        f"{name:10s} by hand {by_hand:.3f}, package {float(loss(told, side_by_side)):.3f}"
    )

# %% [markdown]
# ## The same with the package
#
# All three take a dictionary of arrays, one a modality.

# %%
regression = LogisticRegression(C=0.1, max_iter=1000)
each = {name: make_pipeline(StandardScaler(), regression) for name in train}
models = {
    "features": fusion.FeatureFusion(regression),
    "decisions": fusion.DecisionFusion(each),
    "embeddings": fusion.EmbeddingFusion(
        fusion.TwoTowers(steps=100), KNeighborsClassifier(3)
    ),
}
for name, model in models.items():
    model.fit(train, y)
    told = {
        "both": model.predict(test),
        "image alone": model.predict({"image": test["image"]}),
        "speech alone": model.predict({"speech": test["speech"]}),
    }
    print(
        f"{name:10s}", ", ".join(f"{k} {(v == y_test).mean():.1%}" for k, v in told.items())
    )

# %% [markdown]
# ## The experiment
#
# Every method answers the same test pairs five times: clean, with noise in the pixels, with
# noise in the recording, and with one modality taken away. Classifiers of probabilities are
# all the same logistic regression, those by neighbours all ask three. Nothing was tuned.
# Each pair of speakers is kept out once. The recorded run, accuracy in percent:

# %%
full = experiments.load_result("multimodal", "full")
table = pd.DataFrame(
    {
        what: {
            name: 100 * full.interval(f"{method}_{condition}").value
            for method, name in multimodal.METHODS.items()
            if f"{method}_{condition}" in full.arms
        }
        for condition, what in paired.CONDITIONS.items()
    }
)
plots.table(table.round(1).astype(object).where(table.notna(), "-"), full)

# %% tags=["hide-input"]
curves = {
    "image": ("o", "black"),
    "speech": ("s", "grey"),
    "joined": ("D", "blue"),
    "product": ("^", "vermilion"),
    "towers": ("v", "purple"),
}
figure, ax = plt.subplots(figsize=(9, 3.8))
said = []
for i, (method, (marker, colour)) in enumerate(curves.items()):
    for j, condition in enumerate(paired.CONDITIONS):
        if f"{method}_{condition}" not in full.arms:
            continue
        value = full.interval(f"{method}_{condition}")
        low, high = 100 * (value.value - value.low), 100 * (value.high - value.value)
        ax.errorbar(
            j + 0.13 * (i - 2),
            100 * value.value,
            [[low], [high]],
            fmt=marker,
            color=plots.COLOURS[colour],
            label=multimodal.METHODS[method] if j == 0 else None,
        )
    clean = full.interval(f"{method}_clean").value
    said.append(f"{multimodal.METHODS[method]} {clean:.0%}")
ax.set_xticks(range(len(paired.CONDITIONS)), paired.CONDITIONS.values())
ax.set(
    title="Accuracy on new speakers, by what reaches the model",
    ylabel="right, %",
    ylim=(0, 100),
)
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
plots.show(
    figure,
    "Accuracy with 95 % intervals of five methods under five conditions. Clean: "
    f"{'; '.join(said)}.",
    full,
)

# %% [markdown]
# Paired comparisons say what can be told apart:

# %%
questions = {
    "features joined - image alone, clean": ("joined_clean", "image_clean"),
    "product - image alone, clean": ("product_clean", "image_clean"),
    "features joined: modality dropout - none, clean": ("dropout_clean", "joined_clean"),
    "product - mean, clean": ("product_clean", "mean_clean"),
    "product - features joined, clean": ("product_clean", "joined_clean"),
    "neighbours: own units - image alone": ("raw_clean", "image_near_clean"),
    "neighbours: modalities scaled - own units": ("even_clean", "raw_clean"),
    "neighbours: learned metric - modalities scaled": ("metric_clean", "even_clean"),
    "speech missing: modality dropout - none": (
        "dropout_speech_missing",
        "joined_speech_missing",
    ),
    "image missing: modality dropout - none": (
        "dropout_image_missing",
        "joined_image_missing",
    ),
    "noisy image: product - image alone": ("product_image_noise", "image_image_noise"),
    "product with noisy speech - image alone": ("product_speech_noise", "image_clean"),
    "noisy speech: chosen weights - none": (
        "validated_speech_noise",
        "product_speech_noise",
    ),
    "embeddings: aligned - learned apart": ("towers_clean", "apart_clean"),
}
rows = {}
for question, arms in questions.items():
    gap = full.compare(*arms)
    rows[question] = {
        "points": f"{100 * gap.value:+.1f} [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]",
        "": gap.verdict(),
    }
plots.table(pd.DataFrame.from_dict(rows, orient="index"), full)

# %% [markdown]
# The intervals are wide, because the two strangers of a test are easy or hard to understand
# as a pair. How to read the tables:
#
# - *Where to meet.* The product of probabilities beats the image alone and the joined
#   features. A joint classifier leans on what is easiest in training, and those are voices
#   that it knows; so do neighbours, with a learned metric and without. With *modality
#   dropout* (模态丢弃: learn each item also without either half) it can do without speech.
# - *Own units* show what mismatch costs: the image is hardly heard.
# - *Noise.* If the image is noisy, the product loses little: the speech stands in for it.
#   If the speech is noisy, it is no longer shown to be better than the image alone. A
#   noisy modality still votes, and weights chosen on clean recordings know nothing of it.
# - *Missing.* The product answers as the classifier that is left. One of two embeddings
#   that were *learned apart* cannot stand in for their mean, one that was *aligned* can.
#
# ## Say a digit, find its images
#
# *Cross-modal retrieval* (跨模态检索) needs the common space in earnest: the query is a
# recording of a stranger, the gallery holds images. The towers that were trained above:

# %%
found = models["embeddings"].aligner_.transform(test)
queries = [int(np.flatnonzero(y_test == c)[0]) for c in (0, 2, 4, 6, 8)]
nearest = np.argsort(-found["speech"][queries] @ found["image"].T, axis=1)[:, :8]
hits = y_test[nearest] == y_test[queries][:, None]
first = np.argmax(found["speech"] @ found["image"].T, axis=1)
print(
    f"first image is right: {(y_test[first] == y_test).mean():.1%} of {len(y_test)} queries"
)
print("right among the first eight, for the digits below:", hits.sum(axis=1))

# %% tags=["hide-input"]
figure, axes = plt.subplots(len(queries), 8, figsize=(8, 5.5))
for row, query, positions in zip(axes, queries, nearest, strict=True):
    plots.images(row, mnist.x_test[split.rows["image_test"][positions]])
    for ax, position in zip(row, positions, strict=True):
        if y_test[position] != y_test[query]:
            corners = {"transform": ax.transAxes, "fill": False, "linewidth": 2}
            frame = plt.Rectangle((0, 0), 1, 1, color=plots.COLOURS["vermilion"], **corners)
            ax.add_patch(frame)
    row[0].text(-6, 16, f"said {y_test[query]}", ha="right", fontsize=10)
title = "Images found by a recording of a speaker never heard before (framed: wrong)"
figure.suptitle(title, fontsize=11)
told = "; ".join(
    f"said {y_test[q]}, found {', '.join(map(str, y_test[p]))}"
    for q, p in zip(queries, nearest, strict=True)
)
plots.show(figure, f"Five rows of eight images of digits: {told}.", mnist, spoken)

# %% [markdown]
# The recorded comparison. *Canonical correlation* (典型相关分析) is the classic: directions
# along which pairs agree, from a covariance matrix and no labels. It is what the article's
# “co-occurrence matrix” can mean. And there is a baseline without any common training: let
# one classifier hear and one see, and compare their probabilities.

# %%
search = experiments.load_result("multimodal_retrieval", "full")
columns = {
    "MAP@R, images by speech": "map_at_r",
    "first is right": "recall_at_1",
    "MAP@R, speech by images": "back_map_at_r",
    "first is right, back": "back_recall_at_1",
}
frame = pd.DataFrame(
    {
        column: {
            search.arms[arm]: 100 * search.interval(arm, measure).value
            for arm in search.main_arms
        }
        for column, measure in columns.items()
    }
)
plots.table(frame.round(1), search)

# %%
for arms in (("towers", "pairs"), ("towers", "correlation"), ("towers", "probabilities")):
    gap = search.compare(*arms)
    print(
        f"{search.arms[arms[0]]} - {search.arms[arms[1]]}: {100 * gap.value:+.1f} "
        f"[{100 * gap.low:+.1f}, {100 * gap.high:+.1f}], {gap.verdict()}"
    )

# %% [markdown]
# Maps learned apart do no better than random vectors, however good each is by itself. The
# first difference is the price of false negatives. And the last line is the lesson for
# practice: if the class is all that pairs share, two classifiers whose answers are compared
# are hard to beat. Towers are for pairs that no list of classes can describe.
#
# ## Images and words
#
# There is no data set of images with sentences among those of this book, so we make the
# sentences. They are *synthetic* (合成数据): rules measure loops, slant and thickness in an
# image, words are drawn at random, and each property is left out at times. The digit is not
# named.

# %%
rng = np.random.default_rng(0)
described = multimodal_captions.describe(
    multimodal_captions.properties(mnist.x_train[:6]), rng
)
for c, text in zip(mnist.y_train, described, strict=False):
    print(f"{c}: {text}")

# %%
captions = experiments.load_result("multimodal_captions", "full")
plots.table(captions.table(), captions)

# %% [markdown]
# A sentence that was made from the image holds nothing that is not in it. No gain is shown
# while the image is clear. It is shown when the image arrives with noise, because the
# sentence was written by one who saw it clean:

# %%
for arms in (("joined", "image"), ("noisy_joined", "noisy_image")):
    gap = captions.compare(*arms)
    print(
        f"{captions.arms[arms[0]]} - {captions.arms[arms[1]]}: {100 * gap.value:+.1f} "
        f"[{100 * gap.low:+.1f}, {100 * gap.high:+.1f}], {gap.verdict()}"
    )

# %% [markdown]
# Real captions know more (names, places, what happened before), and their gain can be of
# another size.

# %% [markdown]
# ## Three challenges, three remedies
#
# **Mismatch.** Scaling mends different units, and alignment different meanings: both are in
# the tables above.
#
# **Imbalance** (数据不平衡). Many images, few recordings. Augmentation (数据增强) adds four
# altered copies of each recording: slower and faster, as if others spoke, or with noise.
# The test has new speakers, in clean recordings and in noisy ones.

# %% tags=["hide-input"]
imbalance = experiments.load_result("multimodal_imbalance", "full")
styles = {
    "plain": ("o-", "black"),
    "stretched": ("s--", "blue"),
    "noised": ("^:", "vermilion"),
}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
said = []
for ax, (test_, what) in zip(axes, altered.TESTS.items(), strict=True):
    for version, (line, colour) in styles.items():
        sizes, values = imbalance.sweep(f"speech_{version}_{test_}")
        heights = [100 * value.value for value in values]
        name = altered.VERSIONS[version]
        ax.plot(sizes, heights, line, color=plots.COLOURS[colour], label=name)
        said.append(f"{what}, {name}: {heights[0]:.0f} to {heights[-1]:.0f}")
    ax.set(
        title=f"Speech alone, test: {what}", xlabel="recordings (log scale)", xscale="log"
    )
    ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
    ax.minorticks_off()
axes[0].set(ylabel="right, %", ylim=(0, 100))
axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1))
plots.show(
    figure,
    "Two panels of accuracy over the number of recordings, with three kinds of copies. In "
    f"percent, from few to many: {'; '.join(said)}.",
    imbalance,
)

# %%
rows = {}
for model in altered.MODELS:
    for copies, test_ in (("stretched", "clean"), ("noised", "clean"), ("noised", "noise")):
        gaps = [
            imbalance.compare(*(f"{model}_{v}_{test_}_{n}" for v in (copies, "plain")))
            for n in altered.SIZES
        ]
        rows[f"{altered.MODELS[model]}, {altered.VERSIONS[copies]}, test: {test_}"] = {
            f"{n} recordings": f"{100 * gap.value:+.1f} ({gap.verdict()})"
            for n, gap in zip(altered.SIZES, gaps, strict=True)
        }
print("with copies - without, points of accuracy")
plots.table(pd.DataFrame.from_dict(rows, orient="index"), imbalance)

# %% [markdown]
# Augmentation teaches what it shows. Noisy copies make the speech better where there is
# noise, not elsewhere. Stretched copies were meant to stand for new voices; nothing is
# shown for them. Together with the image no gain is shown either: the image carries most of
# the decision, and few recordings go a long way. A generative network, which the article
# recommends, would also only show more of what is there. What is missing are speakers.

# %% [markdown]
# **Cost** (计算成本). *Pruning* (剪枝) cuts the smallest weights of a network after
# training. Beside it stand networks that were small from the start: the comparison that
# decides whether cutting is worth its trouble.

# %%
cost = experiments.load_result("multimodal_cost", "full")
rows = {
    label: {
        "weights": f"{cost.values(arm, 'n_weights').mean():,.0f}",
        "accuracy, %": f"{100 * cost.interval(arm).value:.1f}",
        "against the whole network": ""
        if arm == cost.baseline
        else f"{100 * (gap := cost.difference(arm)).value:+.1f}: {gap.verdict()}",
    }
    for arm, label in cost.arms.items()
}
plots.table(pd.DataFrame.from_dict(rows, orient="index"), cost)

# %% [markdown]
# No loss is shown with half of the weights. But the intervals are so wide that a loss of
# more than a point is not excluded either, which is why the verdict below does not take it
# as proven. And weights that are zero save time only where the arithmetic knows of them.
#
# ## Modalities that misbehave
#
# Most errors in multimodal work are errors of bookkeeping. They must not pass in silence.

# %%
nothing = {name: part[:0] for name, part in test.items()}
half = {
    "image": test["image"],
    "speech": np.where(test["speech"] > 0, np.nan, test["speech"]),
}
for what, X in {
    "unpaired": {"image": test["image"], "speech": test["speech"][:-1]},
    "empty": nothing,
    "all missing": {"image": None, "speech": None},
    "partly NaN": half,
    "unknown": {"smell": test["image"]},
}.items():
    try:
        models["features"].predict(X)
    except ValueError as error:
        print(f"{what:12s} {error}")

# %% [markdown]
# ## The verdict
#
# The claims of this section, each with a verdict that is computed from the recorded
# results:

# %%
plots.table(claims.table("04_1_multimodal").set_index("claim"))

# %% [markdown]
# ## Exercises
#
# After `from mlbook.checks import exercises`, hand in an answer with
# `exercises.check("04_1", number, answer)`: it says *right*, or gives a hint.
#
# 1. *Multiply.* Write a function `both(p, q, prior)`: from the probabilities of the classes
#    given the image, given the speech, and of the classes at large (three arrays of one
#    length) to those given both, by the product rule. Hand in the function.
# 2. *One rumour twice.* Two classes are equally frequent, and an image gives the first of
#    them $0.9$. Now the same image is given as both modalities. What does the product rule
#    give the first class? Answer with a number. (What happens to the accuracy?)
# 3. *Paired across the split.* Each recording is paired with several different images of
#    its digit; an image may serve several recordings. Then the pairs are split at random
#    into training and test. What may be on both sides? A list of some of "pair", "image",
#    "recording" and "speaker".
#
# One more to try: *whom to trust*. Weigh the recording in the product rule from 0 to 2.
# Where is the best weight for clean recordings, and where for noisy ones?


# %% tags=["hide-cell"]
# Solution 1: the prior is in both factors, so it is taken out once.
from mlbook.checks import exercises


def both(p, q, prior):
    evidence = np.asarray(p) * q / prior
    return evidence / evidence.sum()


exercises.check("04_1", 1, both)

# %% tags=["hide-cell"]
# Solution 2: nearly the same answers as with one (the classes of the data are not quite
# equally frequent), but too sure of them. The first number is how often it is right, the
# second how probable it says that this is.
twice = {"first": train["image"], "second": train["image"]}
rumour = fusion.DecisionFusion({name: each["image"] for name in twice}).fit(twice, y)
for given in (["first"], ["first", "second"]):
    p = rumour.predict_proba({name: test["image"] for name in given})
    right = (p.argmax(axis=1) == y_test).mean()
    print(f"as {len(given)}: {right:.1%} right, {p.max(axis=1).mean():.1%} sure")
said = np.array([0.9, 0.1])
exercises.check("04_1", 2, both(said, said, np.array([0.5, 0.5]))[0])

# %% tags=["hide-cell"]
# Solution 3: all but the pair itself. The test would be of known voices (chapter 2.2),
# recordings and images. Split what must be new first, then pair within the parts.
exercises.check("04_1", 3, ["image", "recording", "speaker"])

# %% tags=["hide-cell"]
# One more to try
model = models["decisions"]
for weight in (0, 0.25, 0.5, 1, 2):
    model.weights_ = {"image": 1.0, "speech": weight}
    right = [
        (model.predict(split.tests[condition]) == y_test).mean()
        for condition in ("clean", "speech_noise")
    ]
    print(f"weight {weight:4g}: clean {right[0]:.1%}, noisy {right[1]:.1%}")

# %% [markdown]
# ## To take away
#
# - A sum of samples needs a common space. Side by side needs common units.
# - Decisions are the simplest place to meet. What is missing is left out.
# - Multiply evidence only if it is independent given the class. Otherwise it is too sure.
# - What is missing can be left out; what is noisy still votes.
# - A joint model leans on what is easy in training. Modality dropout is a remedy.
# - In a contrastive loss, say who is *not* a stranger.
# - Split first, pair afterwards.
#
# ## Further reading
#
# - H. Hotelling, Relations between two sets of variates, Biometrika 28, 321-377, 1936.
# - J. Kittler, M. Hatef, R. P. W. Duin and J. Matas, On combining classifiers, IEEE
#   Transactions on Pattern Analysis and Machine Intelligence 20(3), 226-239, 1998.
# - N. Rasiwasia and others, A new approach to cross-modal multimedia retrieval, ACM
#   Multimedia, 2010.
# - N. Neverova, C. Wolf, G. W. Taylor and F. Nebout, [ModDrop: adaptive multi-modal gesture
#   recognition](https://arxiv.org/abs/1501.00102), 2014.
# - A. Radford and others, [Learning transferable visual models from natural language
#   supervision](https://arxiv.org/abs/2103.00020), International Conference on Machine
#   Learning, 2021: CLIP.
# - J. Yang and others, [Unified contrastive learning in image-text-label
#   space](https://arxiv.org/abs/2204.03610), Conference on Computer Vision and Pattern
#   Recognition, 2022: UniCL.
