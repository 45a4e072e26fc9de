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
#     article: ["first chapter 2: 2.1, 2.2"]
#     datasets: [digits]
#     experiments: []
# ---

# %% [markdown]
# # 2.1 Losses that teach a network a metric
#
# **深度度量学习：损失函数**
#
# A network can learn a metric: it maps an item to an *embedding* (嵌入), and the distance
# of two embeddings is the metric. What the network learns is decided by its loss. This
# chapter shows which losses collapse and which do not, watches one embedding while it
# learns, and says how such a loss enters a training. The next chapter compares all of them.
#
# A number in “curly quotation marks” is quoted from the article. All other measured numbers
# are printed by a cell.
#
# ## What the article says
#
# A network extracts features; a *metric loss* (度量损失) is added to its training, so that
# features of one class come near to each other and those of different classes move apart.
# The article describes three such losses in words. The *Mahalanobis loss* minimises the
# squared Mahalanobis distances within the classes. The *FWHD loss* does the same with a
# feature-weighted “Hartley distance”. The *CDS loss* minimises a difference between the
# densities of the own class and of the other classes. They enter the training as an extra
# term, by “adjusting the weights”, or with a weight that adapts. A later section (3.2.1)
# prints a loss over pairs: it squares the difference of $d(x_i, x_j)$ and $d(y_i, y_j)$,
# where $x$ and $y$ are items of the same class.
#
# ## What is wrong with it
#
# - The first two losses have nothing that pushes classes apart. A network that maps
#   *everything* to one point makes them zero, and no loss can be better.
# - The Hartley distance is not defined. If it means a distance after the Hartley transform,
#   then with equal weights it is Euclid's, because the transform keeps lengths.
# - The third has the wrong sign. Where the density of the own class is high and that of the
#   others is low, the difference is large; to minimise it is to mix the classes.
# - The pairwise loss never asks whether two items are of different classes. It is zero if
#   all distances are zero.
# - “Adjusting the weights of the network” is no way to introduce a loss. All training does
#   it. And for the weight that adapts, no rule is given.
# - To give “features of the same class a higher weight” confuses items with features.
# - The losses that the field has used since 2006 are all absent.

# %% tags=["hide-input"]
from mlbook.datasets import quiet

_ = quiet.tensorflow_datasets()  # TensorFlow without the lines it prints on starting

# %% tags=["hide-input"]
import keras
import numpy as np
import pandas as pd
from keras import ops
from mlbook import charts, claims, datasets, losses, plots
from mlbook.callbacks import CollapseMonitor
from mlbook.retrieval import retrieval
from mlbook.sampling import BalancedBatches

plots.style()
digits = datasets.load("digits")
print(digits.describe())

# %% [markdown]
# ### The printed losses
#
# In code, for a batch of labels and embeddings. In the pairwise loss, $x$ and $y$ are
# alternate items of the batch.


# %%
def squares(x):
    return ops.sum(ops.square(x[:, None] - x[None]), axis=-1)


def same_class(labels):
    labels = ops.reshape(labels, (-1,))
    return ops.cast(labels[:, None] == labels[None], "float32")


def printed_mahalanobis(labels, x):
    same = same_class(labels)
    return ops.sum(same * squares(x)) / ops.sum(same)


def printed_cds(labels, x):
    same, kernel = same_class(labels), ops.exp(-squares(x))
    own = ops.sum(same * kernel) / ops.sum(same)
    return own - ops.sum((1 - same) * kernel) / ops.sum(1 - same)


def printed_pairwise(labels, x):
    x, y = x[::2], x[1::2]  # the batch holds an even number of each class, side by side
    return ops.mean(ops.square(ops.sqrt(squares(x) + 1e-12) - ops.sqrt(squares(y) + 1e-12)))


# %% [markdown]
# What do they prefer? Two embeddings of four items in two classes: one with the classes
# apart, and one with all items at the origin.

# %%
labels = np.array([0, 0, 1, 1])
apart = np.array([[0, 0], [0, 0], [3, 0], [3, 0]], dtype="float32")
for loss in (printed_mahalanobis, printed_cds, printed_pairwise, losses.ContrastiveLoss()):
    name = getattr(loss, "__name__", "contrastive loss")
    values = [float(loss(labels, x)) for x in (apart, np.zeros_like(apart))]
    print(f"{name:20s} apart {values[0]:6.3f}   all equal {values[1]:6.3f}")

# %% [markdown]
# The first and the third cannot tell the best embedding from the worst. The second prefers
# the worst. The contrastive loss (对比损失), which has a term for pairs of different
# classes, is zero for the first and not for the second.
#
# ### They collapse
#
# A loss that is *able* to collapse need not do so. With free points instead of a network,
# the first loss would draw each class to its own mean and leave the means where they are.
# But a network shares its weights between the classes, and the quickest way to shorten all
# distances within classes is to shorten all distances. We train the same small network,
# from the same start and on the same batches, with the printed losses and with the repaired
# ones.

# %%
few = digits.y_train < 6, digits.y_test < 6
X, X_test = (
    x[rows].reshape(-1, 64).astype("float32") / 16
    for x, rows in zip((digits.x_train, digits.x_test), few, strict=True)
)
y, y_test = digits.y_train[few[0]], digits.y_test[few[1]]


def network(n_dims=2):
    keras.utils.set_random_seed(0)
    layer = keras.layers.Dense
    return keras.Sequential(
        [keras.Input((64,)), layer(64, activation="relu"), layer(n_dims)]
    )


def follow(loss, epochs=10, rate=3e-3):
    """Embeddings of the test images before training and after each epoch."""
    model = losses.EmbeddingModel(network())
    model.compile(keras.optimizers.Adam(rate), loss)
    seen = [ops.convert_to_numpy(model(X_test))]
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: seen.append(ops.convert_to_numpy(model(X_test)))
    )
    batches = BalancedBatches(X, y, 6, 8, steps_per_epoch=20)
    model.fit(batches, epochs=epochs, callbacks=[look], verbose=0)
    return seen


# %%
tried = {
    "Mahalanobis, printed": printed_mahalanobis,
    "CDS, printed": printed_cds,
    "pairwise, printed": printed_pairwise,
    "Mahalanobis, repaired": losses.MahalanobisLoss(2, normalize=False),
    "FWHD, repaired": losses.FWHDLoss(2, normalize=False),
    "CDS, repaired": losses.CDSLoss(),
    "pairwise, repaired": losses.StressLoss(),
}
paths = {name: follow(loss) for name, loss in tried.items()}


def spread(points):
    return np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1).mean())


def one_nn(points):
    return retrieval(points, y_test, ks=(1,)).recall_at[1]


rows = {
    name: {
        "spread before, after": f"{spread(seen[0]):.3f}, {spread(seen[-1]):.3f}",
        "1-NN accuracy before, after": f"{one_nn(seen[0]):.1%}, {one_nn(seen[-1]):.1%}",
    }
    for name, seen in paths.items()
}
plots.table(pd.DataFrame.from_dict(rows, orient="index"), digits)
print(f"guessing one of six classes: {1 / 6:.1%}")

# %% tags=["hide-input"]
spreads = {name: (range(11), [spread(x) for x in seen]) for name, seen in paths.items()}
charts.lines(
    {"Root mean square distance of the test embeddings from their mean": spreads},
    "epoch of 20 steps",
    "spread",
    digits,
    log_y=True,
)

# %% [markdown]
# The printed losses shrink the embedding towards a point. The accuracy of nearest
# neighbours does not depend on the size of an embedding, and it shows that nothing was
# gained on the way: it stays far below that of the repaired losses. (FWHD as printed is the
# same curve as Mahalanobis: with a network in front, positive feature weights and an
# orthogonal transform are only another last layer.) The repaired ones, described in the
# documentation of `mlbook.losses`, all have a term that a collapse makes worse: a margin
# for pairs of different classes, the overlap of different classes, or a target distance.
#
# ## From the ground up
#
# ### Three families
#
# - *Pairs and triplets* (样本对, 三元组): is a positive nearer than a negative, by a
#   margin? Contrastive, triplet, lifted structure, multi-similarity.
# - *Softmax over the batch*: which of the others is the positive? N-pairs, NT-Xent,
#   supervised contrastive.
# - *Proxies* (代理): which learned point stands for the class? Proxy-NCA, proxy anchor,
#   ArcFace, CosFace.
#
# The *anchor* (锚点) is the item we look from, a *positive* (正样本) is of its class, a
# *negative* (负样本) of another. Cross-entropy (交叉熵), the usual loss of a classifier, is
# close to the third family: the rows of its last layer are its proxies.
#
# ### A loss by hand
#
# The *triplet loss* of one triplet is $\max(0, d(a, p) - d(a, n) + m)$. For a batch it is
# the mean over all triplets that cost something. A few lines of NumPy give the same as the
# package:

# %%
rng = np.random.default_rng(0)
batch, batch_labels = rng.normal(size=(12, 3)).astype("float32"), np.repeat([0, 1, 2], 4)
unit = batch / np.linalg.norm(batch, axis=1, keepdims=True)
d = np.linalg.norm(unit[:, None] - unit, axis=2)
same = batch_labels[:, None] == batch_labels
positive = same & ~np.eye(12, dtype=bool)
costs = d[:, :, None] - d[:, None, :] + 0.2  # (anchor, positive, negative)
costs = costs[positive[:, :, None] & ~same[:, None, :]]
print(f"by hand      {costs[costs > 0].mean():.6f}   from {len(costs)} triplets")
print(f"the package  {float(losses.TripletLoss(0.2)(batch_labels, batch)):.6f}")

# %% [markdown]
# ### The batch matters
#
# These losses learn from the pairs that happen to be in a batch. With many classes a random
# batch has few positive pairs, or none. *Balanced batches* (均衡批次) draw $P$ classes and
# $K$ items of each.

# %%
many = np.repeat(np.arange(100), 20)  # 100 classes of 20 items
balanced = BalancedBatches(many, many, 8, 4)
drawn = {
    "random": [rng.choice(many, 32, replace=False) for _ in range(60)],
    "8 classes x 4 items": [many[balanced.indices(step)] for step in range(60)],
}
for name, batches in drawn.items():
    n_pairs = np.mean([np.sum(b[:, None] == b) / 2 - 16 for b in batches])
    print(f"{name:20s} {n_pairs:4.1f} positive pairs in a batch of 32")

# %% [markdown]
# ## One embedding, watched while it learns
#
# Two dimensions are few, but they can be drawn. The repaired Mahalanobis loss from above:

# %% tags=["hide-input"]
seen = paths["Mahalanobis, repaired"]
charts.scatters(
    {f"epoch {m}, 1-NN {one_nn(seen[m]):.0%}": seen[m] for m in (0, 1, 2, 4, 10)},
    y_test,
    "The test images in two dimensions: six digits that overlap before training, and ever "
    "less after.",
    digits,
    legend="digit",
)

# %% [markdown]
# ## How a metric loss enters the training
#
# *Alone*, as above: the network has no classifier at all. *Beside another loss*: the
# network gets two outputs, and the total is a weighted sum. In Keras:

# %%
inputs = keras.Input((64,))
embedding = network(16)(inputs)
logits = keras.layers.Dense(6)(embedding)
both = keras.Model(inputs, {"embedding": embedding, "logits": logits})
both.compile(
    keras.optimizers.Adam(3e-3),
    loss={
        "embedding": losses.ContrastiveLoss(),
        "logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    },
    loss_weights={"embedding": 1.0, "logits": 1.0},
)
batches = BalancedBatches(
    X, y, 6, 8, steps_per_epoch=100, y_transform=lambda y: {"embedding": y, "logits": y}
)
history = both.fit(batches, verbose=0).history
print({name: round(values[-1], 3) for name, values in history.items()})

# %% [markdown]
# *With an adaptive weight* (自适应权重): the two losses have different units, and the right
# weight is unknown. A rule with a reason is that of Kendall, Gal and Cipolla: give each
# loss $\ell$ a learned $s$ and minimise $e^{-s} \ell + s / 2$. For a fixed $\ell$ the best
# $s$ makes the weight $e^{-s} = 1 / (2 \ell)$: each loss is divided by its own size. The
# next chapter uses this best weight at every step.

# %% [markdown]
# ## The verdict

# %%
plots.table(claims.table("02_1_losses").set_index("claim"))

# %% [markdown]
# ## What does work
#
# - Any loss with both a pull and a push. Begin with a plain one.
# - Batches that hold enough positive pairs.
# - A look at the spread during training.
#
# ## Exercises
#
# Hand in a number with `exercises.check("02_1", number, answer)`, where `exercises` comes
# from `mlbook.checks`. It says *right*, or gives a hint.
#
# 1. *Stuck.* The supervised contrastive loss is a softmax over the others in the batch.
#    What is it for 6 classes of 8 items, if all embeddings are equal?
# 2. *By chance.* How many positive pairs has a random batch of 32 from 100 classes of 20
#    items, on average? (The cell above estimated it; compute it.)
# 3. *The other reading.* Let $\Sigma$ in the Mahalanobis loss be the covariance of the
#    embeddings in the batch (divisor n - 1). Show that the mean squared distance over all
#    pairs of two items is then always the same. What is it in two dimensions?
#
# Without a check: train with the printed Mahalanobis loss and the `CollapseMonitor`. What
# does it say? Why must a spread be measured relative to the size of the embeddings?

# %% tags=["hide-cell"]
# Solution 1: one of 47 equal candidates. A loss that stays at this value has collapsed.
from mlbook.checks import exercises

value = losses.SupConLoss()(np.repeat(np.arange(6), 8), np.ones((48, 2), "float32"))
exercises.check("02_1", 1, value)

# %% tags=["hide-cell"]
# Solution 2: each of the pairs is positive if the second item is one of 19 among 1,999.
exercises.check("02_1", 2, 32 * 31 / 2 * 19 / 1999)

# %% tags=["hide-cell"]
# Solution 3: no invertible linear map of the embedding changes these distances, so neither
# does a shrinking. Whitened, each dimension contributes twice its variance of 1.
from scipy.spatial.distance import pdist

for scale in (1.0, 0.01):
    points = scale * paths["Mahalanobis, repaired"][-1].astype(float)
    answer = np.mean(pdist(points, "mahalanobis") ** 2)
    print(f"scale {scale}: {answer:.6f}")
exercises.check("02_1", 3, answer)

# %% tags=["hide-cell"]
# Without a check: the monitor scales embeddings to length 1, as most losses do. Here the
# size vanishes; while the directions still differ, the monitor is silent. Look at both.
import warnings

model = losses.EmbeddingModel(network())
model.compile(keras.optimizers.Adam(3e-3), printed_mahalanobis)
monitor = CollapseMonitor(X[:200], y[:200])
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    batches = BalancedBatches(X, y, 6, 8, steps_per_epoch=20)
    history = model.fit(batches, epochs=6, callbacks=[monitor], verbose=0).history
print("relative spread:", np.round(history["embedding_spread"], 3))
size = np.linalg.norm(model.predict(X_test, verbose=0), axis=1).mean()
print(f"size: {size:.3f}")
print(monitor.messages or "no message")

# %% [markdown]
# ## To take away
#
# - A loss that only pulls is best when nothing is left to tell apart.
# - The repaired losses of the article are contrastive losses in other clothes.
# - That a loss *can* be zero at a collapse does not prove that training goes there. Train,
#   and measure the spread.
# - Losses over pairs need batches with pairs.
#
# ## Further reading
#
# - R. Hadsell, S. Chopra and Y. LeCun, Dimensionality reduction by learning an invariant
#   mapping, CVPR 2006: the contrastive loss.
# - F. Schroff, D. Kalenichenko and J. Philbin, [FaceNet: a unified embedding for face
#   recognition and clustering](https://arxiv.org/abs/1503.03832), CVPR 2015: the triplet
#   loss.
# - A. Kendall, Y. Gal and R. Cipolla, [Multi-task learning using uncertainty to weigh
#   losses for scene geometry and semantics](https://arxiv.org/abs/1705.07115), CVPR 2018.
# - The paper of each loss is named in its documentation, `help(mlbook.losses.TripletLoss)`.
