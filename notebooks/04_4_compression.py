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
#     article: ["3.3.3 (compression)"]
#     datasets: [mnist]
#     experiments: [compression]
# ---

# %% [markdown]
# # 4.4 Smaller models, same distances
#
# **模型压缩：让距离保持不变**
#
# A network that measures distances has to fit somewhere: into a phone, a camera, the memory
# of a server that holds a million vectors. Three things can shrink: the *network*, the
# *embedding* (嵌入向量) of one item, and the *gallery* (图库) of all stored items. This
# chapter shrinks each of them and asks two questions. Are the answers still right? And are
# they still the *same*?
#
# A number in “curly quotation marks” is quoted from the article. All other measured numbers
# are printed by a cell.

# %% [markdown]
# ## What the article says
#
# One sentence of section 3.3.3: in model compression (模型压缩), metric learning can
# optimise a model's parameters and so reduce computation and storage.
#
# ## What is wrong with it
#
# No mechanism is named. A metric loss does not make a network smaller: the number of
# parameters is decided before the first step. What is true is a neighbour of the sentence:
# distances are a good thing to *keep* while something else shrinks the model. That is
# *relational distillation* (关系蒸馏), which the experiment below puts to the test beside
# methods that know nothing of distances.
#
# ## The idea in small steps
#
# Let us train a network on a few digits, with a supervised contrastive loss.

# %%
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from mlbook import claims, datasets, experiments, plots

plots.style()
mnist = datasets.load("mnist")

# %%
from mlbook.experiments import compression
from mlbook.experiments import compression_training as networks
from mlbook.experiments.joint_mnist import split

budget = compression.BUDGETS["reader"]
(x, y), _, (x_test, y_test) = split(mnist, budget, seed=0)
steps = budget.grids["steps"]
teacher = networks.train("teacher", x, y, steps, seed=0)
known, asked = networks.embed(teacher, x), networks.embed(teacher, x_test)
sizes = {name: networks.encoder(name, 0).count_params() for name in networks.SIZES}
print(f"weights of the network: {sizes['teacher']:,}; of a small one: {sizes['student']:,}")

# %% [markdown]
# **Pruning** (剪枝) sets the smallest weights to zero. How small are they?

# %% tags=["hide-input"]
weights = np.concatenate([np.abs(v.numpy()).ravel() for v in teacher.weights if v.ndim > 1])
figure, ax = plt.subplots(figsize=(7, 3.2))
ax.hist(weights, bins=80, color=plots.COLOURS["blue"])
levels = {share: np.quantile(weights, share) for share in compression.SHARES}
for share, line in zip(compression.SHARES, ("-", "--", ":"), strict=True):
    label = f"{100 * share:g} % are smaller"
    ax.axvline(levels[share], color=plots.COLOURS["vermilion"], linestyle=line, label=label)
ax.set(title="Sizes of the network's weights", xlabel="absolute value", ylabel="weights")
ax.legend()
listed = "; ".join(
    f"{100 * share:g} % below {level:.3f}" for share, level in levels.items()
)
plots.show(figure, f"Histogram of absolute weights: {listed}.", mnist)

# %% [markdown]
# Most weights are small, but many small ones add up. So the network is trained on for a
# while with the zeros held at zero, and the other weights make up for them. In the package
# this is a callback:

# %%
import keras
from mlbook.compression import prune

copy = keras.models.clone_model(teacher)
copy.set_weights(teacher.get_weights())
keep_zeros = prune(copy, share=0.8)  # then: copy.fit(..., callbacks=[keep_zeros])
zeros = np.mean([np.mean(mask == 0) for _, mask in keep_zeros.masks])
print(f"zeros, mean over the layers: {100 * zeros:.0f} %")

# %% [markdown]
# **Eight bits** (8 位量化) instead of 32 for each weight and each intermediate result. A
# range $[a, b]$ is cut into 255 steps of width $(b - a) / 255$. The rounding error is at
# most half a step. Here with one row of weights, by hand:

# %%
row = teacher.weights[-2].numpy()[0]
low, high = row.min(), row.max()
width = (high - low) / 255
codes = np.round((row - low) / width).astype(np.uint8)
error = np.abs(low + codes * width - row).max()
print(
    f"{row.nbytes} bytes become {codes.nbytes}; error at most {error:.5f}, step {width:.5f}"
)

# %% [markdown]
# LiteRT does this for a whole network, and finds the ranges of the intermediate results
# from some inputs, the *calibration* set (校准集):

# %%
from mlbook.compression import LiteRTModel, distance_agreement, to_litert

whole = LiteRTModel(to_litert(teacher))
small = LiteRTModel(to_litert(teacher, calibration=x[:100]))
gap = np.abs(small.predict(x_test) - whole.predict(x_test)).max()
print(
    f"bytes: {whole.n_bytes:,} and {small.n_bytes:,}; largest change of a number: {gap:.3f}"
)

# %% [markdown]
# Such a file takes only the inputs that it was made for, and says so:

# %%
try:
    small.predict(x_test[:, ::2, ::2])
except ValueError as error:
    print(error)

# %% [markdown]
# **Distillation** (蒸馏) trains a small network, the student, to do what a large one, the
# teacher, does. The embeddings of the two may have different sizes, so they cannot be
# compared number by number. Their *distances* can. Relational distillation (Park and
# others) takes all pairs of a batch, divides the distances of each network by their mean,
# and punishes the differences. Scale and rotation do not matter to it:

# %%
from mlbook.compression import RelationalLoss

loss = RelationalLoss()
rng = np.random.default_rng(0)
points = rng.normal(size=(20, 3)).astype("float32")
turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
for name, other in {
    "scaled and rotated": 5 * points @ turn,
    "one dimension dropped": points[:, :2],
    "shuffled": rng.permutation(points),
}.items():
    print(f"{name:22s} loss {float(loss(points, other.astype('float32'))):.4f}")

# %% [markdown]
# **Fewer dimensions**: principal components of the embedding. **Product codes**
# (乘积量化): cut each stored vector into parts, and store for each part only the number of
# the most similar of 256 typical parts. The query stays as it is.

# %%
import faiss

quantiser = faiss.ProductQuantizer(known.shape[1], 4, 6)  # 4 parts of 64 typical ones
quantiser.cp.min_points_per_centroid = 1
quantiser.train(known)
codes = quantiser.compute_codes(known)
error = np.linalg.norm(quantiser.decode(codes) - known, axis=1).mean()
print(
    f"a vector of {known[0].nbytes} bytes becomes {codes[0].nbytes}; mean error {error:.2f}"
)
print(
    f"order of the distances kept: {distance_agreement(known, quantiser.decode(codes)):.3f}"
)

# %% [markdown]
# `distance_agreement` is the rank correlation (秩相关) of all distances before and after:
# 1 if every pair of pairs stays in its order.
#
# ## The experiment
#
# One network, trained with a supervised contrastive loss, is shrunk in every way. The
# judge is always the same: for test digits, find the nearest training digits. We measure
# whether the nearest one is of the right class; how many of the ten nearest are still the
# teacher's ten nearest (*kept*); the agreement of distances; bytes; and time. First a small
# run, here and now:

# %%
light = experiments.measure("compression")
plots.table(light.table(), light)

# %% [markdown]
# And the recorded one:

# %%
full = experiments.load_result("compression", "full")
plots.ranking(full, list(full.arms), "Nearest training digit of the wrong class")

# %% [markdown]
# The networks in numbers. A pruned network is a dense file with many zeros, which saves
# nothing until it is packed: its size is that of the packed weights. The time is that of
# one image on one core, in LiteRT.

# %%
rows = {}
for arm in compression.NETWORKS:
    rows[full.arms[arm]] = {
        "right, %": round(100 * full.interval(arm).value, 2),
        "kept of ten": round(10 * full.interval(arm, "kept").value, 1),
        "agreement": round(full.interval(arm, "agreement").value, 3),
        "kB": round(full.interval(arm, "network_bytes").value / 1000, 1),
        "ms": round(full.interval(arm, "query_ms").value, 3),
    }
plots.table(pd.DataFrame(rows).T, full)

# %%
rows = {}
for arm in ("teacher", *compression.GALLERIES):
    rows[full.arms[arm]] = {
        "right, %": round(100 * full.interval(arm).value, 2),
        "kept of ten": round(10 * full.interval(arm, "kept").value, 1),
        "agreement": round(full.interval(arm, "agreement").value, 3),
        "bytes an item": int(full.interval(arm, "item_bytes").value),
    }
plots.table(pd.DataFrame(rows).T, full)

# %% [markdown]
# All on one chart: what it costs, and how many of the ten nearest neighbours it keeps.

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True)
panels = (
    ("network_bytes", 1000, "size of the network, kB", compression.NETWORKS),
    ("item_bytes", 1, "bytes of a stored vector", ("teacher", *compression.GALLERIES)),
)
listed = []
for ax, (measure, unit, label, arms) in zip(axes, panels, strict=True):
    for arm, marker in zip(arms, "osD^vPX<>*", strict=False):
        cost = full.interval(arm, measure).value / unit
        kept = 10 * full.interval(arm, "kept").value
        ax.plot(cost, kept, marker, markersize=7, label=full.arms[arm])
        listed.append(f"{full.arms[arm]}: {cost:.0f}, keeps {kept:.1f}")
    ax.set(xscale="log", xlabel=f"{label} (log scale)")
    ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.16))
axes[0].set(ylabel="kept of the ten nearest", title="Networks")
axes[1].set(title="Embeddings and galleries")
plots.show(figure, f"Cost against neighbours kept. {'; '.join(listed)}.", full)

# %% [markdown]
# The student that was taught by distances keeps their order better than the one that was
# taught by classes (compare their *agreement* in the first table). Its answers are not
# better for it. “From both” adds the two losses with weight 1, and that was not tuned:
# the relational loss has small values, so the classes decide (chapter 4.2 says what to
# do). So this is no proof that distances cannot help. Training on after pruning moves the
# neighbours, too: the network finds another embedding that is as good for the classes.
#
# Now read the accuracies again. The class of the nearest neighbour is nearly as often
# right as before, even where half of the neighbours are others: within a class, many
# digits are equally good answers. If the application shows the neighbours themselves
# (these pictures look like yours), *kept* is what counts. If it only reads a class from
# them, *right* is.
#
# ## The verdict

# %%
plots.table(claims.table("04_4_compression").set_index("claim"))

# %% [markdown]
# ## What does work
#
# - Eight bits first: one call, no training.
# - For the gallery, product codes: they follow the data, where dropping dimensions does not
#   ask which of them a vector needs.
# - Measure *kept* or the agreement beside the accuracy, or you will not see what changed.

# %% [markdown]
# ## Exercises
#
# After `from mlbook.checks import exercises`, hand in an answer with
# `exercises.check("04_4", number, answer)`: it says *right*, or gives a hint.
#
# 1. *Arithmetic.* A gallery has a million items, with embeddings of 64 numbers. Product
#    codes of 8 parts take 8 bytes an item. What else has to be stored: how many bytes do
#    the typical parts take, 256 for each part, 4 bytes a number? Answer with a number.
# 2. *The wrong calibration.* Write a function `eight_bits(x, low, high)`: what an array `x`
#    is after rounding to the 256 values from `low` to `high`. What lies outside becomes the
#    nearest end. Hand in the function. (What happens to a network that was calibrated on
#    black images only?)
# 3. *Kept.* Write a function `kept(before, after)`: of the nearest neighbours of each query
#    (two integer arrays, a query a row, the nearest first), the share that is among them
#    before and after, in whatever order. Hand in the function.
#
# One more to try: *a student with no classes*. Relational distillation needs no labels.
# Teach the small network on images of random noise. What does it keep?

# %% tags=["hide-cell"]
# Solution 1: 8 codebooks of 256 typical parts of 64 / 8 numbers. That is little.
from mlbook.checks import exercises

for name, n_bytes in {"32 bits": 4 * 64, "8 bits": 64, "product codes": 8}.items():
    print(f"{name:14s} {n_bytes * 1_000_000 / 1e6:,.0f} MB")
exercises.check("04_4", 1, 8 * 256 * (64 // 8) * 4)


# %% tags=["hide-cell"]
# Solution 2: everything brighter than the black images is cut off at the top of the range,
# and the embeddings hardly differ any more.
def eight_bits(x, low, high):
    width = (high - low) / 255
    return low + np.clip(np.round((x - low) / width), 0, 255) * width


exercises.check("04_4", 2, eight_bits)
blind = LiteRTModel(to_litert(teacher, calibration=np.zeros_like(x[:100])))
for name, model in {"real images": small, "black images": blind}.items():
    found = model.predict(x_test[:300])
    spread = np.linalg.norm(found - found.mean(axis=0), axis=1).mean()
    print(f"calibrated on {name:12s} spread of the embeddings {spread:.3f}")


# %% tags=["hide-cell"]
# Solution 3: each neighbour from before is looked for in the whole row from after.
def kept(before, after):
    return np.mean([np.isin(old, new) for old, new in zip(before, after, strict=True)])


exercises.check("04_4", 3, kept)

# %% tags=["hide-cell"]
# One more to try: on noise the teacher's distances say little about digits.
noise = rng.random(x.shape).astype("float32")
for name, images in {"digits": x, "noise": noise}.items():
    goal = networks.embed(teacher, images)
    student = networks.train("student", images, y, steps, 0, teacher=goal, classes=False)
    found = distance_agreement(asked[:300], networks.embed(student, x_test[:300]))
    print(f"taught on {name:6s} agreement of distances of digits {found:.3f}")

# %% [markdown]
# ## To take away
#
# - A metric loss shrinks nothing. It can help to keep distances while something else does.
# - Zeros save no time and no space by themselves.
# - The accuracy may hide that the neighbours are no longer the same.
#
# ## Further reading
#
# - S. Han, J. Pool, J. Tran and W. Dally, [Learning both weights and connections for
#   efficient neural networks](https://arxiv.org/abs/1506.02626), NIPS 2015.
# - W. Park, D. Kim, Y. Lu and M. Cho, [Relational knowledge
#   distillation](https://arxiv.org/abs/1904.05068), CVPR 2019.
# - H. Jegou, M. Douze and C. Schmid, [Product quantization for nearest neighbor
#   search](https://doi.org/10.1109/TPAMI.2010.57), IEEE TPAMI 33(1), 2011.
# - M. Douze and others, [The Faiss library](https://arxiv.org/abs/2401.08281), 2024.
