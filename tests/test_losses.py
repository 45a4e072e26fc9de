"""Metric losses: their values and gradients, against loops, papers' libraries and calculus."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from mlbook import losses
from mlbook.hartley import hartley_transform
from mlbook.losses.tensors import distances

REFERENCE = json.loads(
    (Path(__file__).parent / "fixtures" / "pytorch_metric_learning.json").read_text("utf-8")
)
LABELS = np.array([3, 0, 1, 1, 0, 3, 2, 1, 0, 7])
SIZE = 5
EMBEDDINGS = np.random.default_rng(5).normal(size=(len(LABELS), SIZE))


MAKERS = {
    "contrastive": lambda **kw: losses.ContrastiveLoss(positive_margin=0.1, **kw),
    "triplet all": lambda **kw: losses.TripletLoss(margin=0.3, **kw),
    "triplet hard": lambda **kw: losses.TripletLoss(margin=0.3, mining="hard", **kw),
    "triplet semihard": lambda **kw: losses.TripletLoss(margin=0.3, mining="semihard", **kw),
    "stress": losses.StressLoss,
    "lifted": losses.LiftedStructureLoss,
    "multi-similarity": losses.MultiSimilarityLoss,
    "nt-xent": losses.NTXentLoss,
    "n-pairs": losses.NPairsLoss,
    "supcon": losses.SupConLoss,
    "cds": losses.CDSLoss,
    "mahalanobis": lambda **kw: losses.MahalanobisLoss(SIZE, n_components=3, **kw),
    "fwhd": lambda **kw: losses.FWHDLoss(SIZE, **kw),
    "proxy-nca": lambda **kw: losses.ProxyNCALoss(8, SIZE, scale=3, **kw),
    "proxy-anchor": lambda **kw: losses.ProxyAnchorLoss(8, SIZE, **kw),
    "arcface": lambda **kw: losses.ArcFaceLoss(8, SIZE, scale=8, **kw),
    "cosface": lambda **kw: losses.CosFaceLoss(8, SIZE, scale=8, **kw),
}
NAMES = list(MAKERS)


def make(name, dtype="float64", **common):
    """The loss, its weights (if any) not those at the start but always the same."""
    loss = MAKERS[name](dtype=dtype, **common)
    rng = np.random.default_rng(1)
    for variable in getattr(loss, "trainable_variables", ()):
        variable.assign(rng.normal(size=variable.shape))
    return loss


def evaluate(loss, labels, embeddings, with_weights=False):
    """Value, gradient by the embeddings, and if asked those by the loss's own weights."""
    points = tf.Variable(np.asarray(embeddings, loss.dtype))
    weights = [variable.value for variable in getattr(loss, "trainable_variables", ())]
    with tf.GradientTape() as tape:
        value = loss(labels, points)
    gradients = [gradient.numpy() for gradient in tape.gradient(value, [points, *weights])]
    return (value.numpy(), *gradients) if with_weights else (value.numpy(), gradients[0])


def matching(name, dtype):
    """Our loss for a case of the reference file, with the arguments that CONVENTIONS tells."""
    kind, changed = {
        "contrastive": ("ContrastiveLoss", {}),
        "triplet all": ("TripletLoss", {}),
        "triplet hard": ("TripletLoss", {"mining": "hard"}),
        "triplet semihard": ("TripletLoss", {"mining": "semihard"}),
        "lifted structure": ("LiftedStructureLoss", {}),
        "multi-similarity": ("MultiSimilarityLoss", {}),
        "multi-similarity mined": ("MultiSimilarityLoss", {"mining_margin": 0.1}),
        "nt-xent": ("NTXentLoss", {}),
        "supcon": ("SupConLoss", {}),
        "proxy-nca": ("ProxyNCALoss", {"scale": 3}),
        "proxy-anchor": ("ProxyAnchorLoss", {}),
        "arcface": ("ArcFaceLoss", {"scale": 16}),
        "cosface": ("CosFaceLoss", {"scale": 16}),
    }[name]
    arguments = {**losses.CONVENTIONS[kind].ours, **changed, "dtype": dtype}
    if kind in ("ProxyNCALoss", "ProxyAnchorLoss", "ArcFaceLoss", "CosFaceLoss"):
        arguments |= {"n_classes": 5, "embedding_size": 6}
    return getattr(losses, kind)(**arguments)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", REFERENCE["batches"], ids=["balanced", "uneven"])
@pytest.mark.parametrize("name", REFERENCE["batches"][0]["losses"])
def test_equals_pytorch_metric_learning(name, batch, dtype):
    loss, expected = matching(name, dtype), batch["losses"][name]
    for variable in getattr(loss, "trainable_variables", ()):
        variable.assign(REFERENCE["proxies"])
    found = evaluate(loss, batch["labels"], batch["embeddings"], with_weights=True)
    assert found[0] == pytest.approx(expected["value"], rel=1e-4)
    wanted = [expected["gradient"], *([expected.get("proxy_gradient")] * (len(found) - 2))]
    for gradient, reference in zip(found[1:], wanted, strict=True):
        tolerance = 1e-4 * np.abs(reference).max()
        np.testing.assert_allclose(gradient, reference, rtol=1e-4, atol=tolerance)


def test_conventions_name_every_loss_and_only_existing_arguments():
    made = {type(loss).__name__: loss for loss in map(make, NAMES)}
    assert set(losses.CONVENTIONS) == set(made)
    for name, convention in losses.CONVENTIONS.items():
        assert convention.paper
        assert set(convention.ours) <= set(made[name].get_config()), name


def unit_rows(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def pairs_of(same):
    n = len(LABELS)
    return [
        (i, j) for i in range(n) for j in range(n) if i != j and (LABELS[i] == LABELS[j]) == same
    ]


def gap(x, i, j):
    return np.linalg.norm(x[i] - x[j])


def naive_contrastive(x, positive_margin=0.0, margin=1.0, squared_pull=True):
    pull = [max(0, gap(x, i, j) - positive_margin) ** 2 for i, j in pairs_of(True)]
    push = [max(0, margin - gap(x, i, j)) ** 2 for i, j in pairs_of(False)]
    return np.mean(pull) + np.mean(push)


def naive_triplets(x, mining, margin=0.3):
    costs = []
    for a in range(len(x)):
        positives = [gap(x, a, p) for i, p in pairs_of(True) if i == a]
        negatives = [gap(x, a, n) for i, n in pairs_of(False) if i == a]
        if mining == "hard" and positives:
            costs.append(max(positives) - min(negatives) + margin)
            continue
        for p, n in itertools.product(positives, negatives):
            if mining == "all" or p < n < p + margin:
                costs.append(p - n + margin)
    return np.mean([cost for cost in costs if cost > 0])


def naive_stress(x):
    pull = np.mean([gap(x, i, j) ** 2 / 2 for i, j in pairs_of(True)])
    return pull + np.mean([(1 - gap(x, i, j)) ** 2 / 2 for i, j in pairs_of(False)])


def naive_lifted(x):
    costs = []
    for i, j in pairs_of(True):
        crowd = sum(math.exp(1 - gap(x, a, n)) for a, n in pairs_of(False) if a in (i, j))
        costs.append(max(0, math.log(crowd) + gap(x, i, j)) ** 2 / 2)
    return np.mean(costs)


def naive_multi_similarity(x, alpha=2, beta=50, base=0.5, epsilon=0.1):
    s, total = x @ x.T, 0
    for a in range(len(x)):
        positives = [s[a, p] for i, p in pairs_of(True) if i == a]
        negatives = [s[a, n] for i, n in pairs_of(False) if i == a]
        hard_p = [v for v in positives if v - epsilon < max(negatives)]
        hard_n = [v for v in negatives if positives and v + epsilon > min(positives)]
        total += math.log(1 + sum(math.exp(-alpha * (v - base)) for v in hard_p)) / alpha
        total += math.log(1 + sum(math.exp(beta * (v - base)) for v in hard_n)) / beta
    return total / len(x)


def naive_against_negatives(s):
    costs = []
    for i, p in pairs_of(True):
        others = sum(math.exp(s[a, n]) for a, n in pairs_of(False) if a == i)
        costs.append(-math.log(math.exp(s[i, p]) / (math.exp(s[i, p]) + others)))
    return np.mean(costs)


def naive_supcon(x, temperature=0.1):
    s, costs = x @ x.T / temperature, []
    for a in range(len(x)):
        positives = [s[a, p] for i, p in pairs_of(True) if i == a]
        everyone = sum(math.exp(s[a, j]) for j in range(len(x)) if j != a)
        if positives:
            costs.append(np.mean([-math.log(math.exp(v) / everyone) for v in positives]))
    return np.mean(costs)


def naive_cds(x, bandwidth=0.5):
    def overlap(same):
        kernel = [math.exp(-(gap(x, i, j) ** 2) / (4 * bandwidth**2)) for i, j in pairs_of(same)]
        return math.log(np.mean(kernel))

    return overlap(False) - overlap(True)


def naive_margin_softmax(x, proxies, harder, scale=8):
    costs = []
    for point, label in zip(x, LABELS, strict=True):
        logits = unit_rows(proxies) @ point
        logits[label] = harder(logits[label])
        costs.append(-math.log(math.exp(scale * logits[label]) / np.exp(scale * logits).sum()))
    return np.mean(costs)


def arcface_target(cosine, margin=0.5):
    angle = math.acos(cosine)
    if angle <= math.pi - margin:
        return math.cos(angle + margin)
    return cosine - margin * math.sin(margin)


def naive_proxy_nca(x, proxies, scale=3):
    costs = []
    for point, label in zip(x, LABELS, strict=True):
        squares = ((unit_rows(proxies) - point) ** 2).sum(axis=1)
        costs.append(-math.log(math.exp(-scale * squares[label]) / np.exp(-scale * squares).sum()))
    return np.mean(costs)


def naive_proxy_anchor(x, proxies, margin=0.1, alpha=32):
    s = x @ unit_rows(proxies).T
    pull, push = [], []
    for c in range(len(proxies)):
        own, others = s[LABELS == c, c], s[LABELS != c, c]
        if len(own):
            pull.append(math.log(1 + np.exp(-alpha * (own - margin)).sum()))
        push.append(math.log(1 + np.exp(alpha * (others + margin)).sum()))
    return np.mean(pull) + np.mean(push)


def naive(name, loss):
    x = unit_rows(EMBEDDINGS)
    weights = [variable.numpy() for variable in getattr(loss, "trainable_variables", ())]
    match name.split():
        case ["contrastive"]:
            return naive_contrastive(x, positive_margin=0.1)
        case ["triplet", mining]:
            return naive_triplets(x, mining)
        case ["stress"]:
            return naive_stress(EMBEDDINGS)
        case ["lifted"]:
            return naive_lifted(x)
        case ["multi-similarity"]:
            return naive_multi_similarity(x)
        case ["nt-xent"]:
            return naive_against_negatives(x @ x.T / 0.1)
        case ["n-pairs"]:
            length = (EMBEDDINGS**2).sum(axis=1).mean()
            return naive_against_negatives(EMBEDDINGS @ EMBEDDINGS.T) + 0.002 * length
        case ["supcon"]:
            return naive_supcon(x)
        case ["cds"]:
            return naive_cds(x)
        case ["mahalanobis"]:
            return naive_contrastive(x @ weights[0].T)
        case ["fwhd"]:
            simplex = np.exp(weights[0]) / np.exp(weights[0]).sum()
            mapped = np.sqrt(SIZE * simplex) * hartley_transform(x)
            divergence = (simplex * np.log(simplex * SIZE)).sum()
            return naive_contrastive(mapped) + 0.1 * divergence
        case ["proxy-nca"]:
            return naive_proxy_nca(x, weights[0])
        case ["proxy-anchor"]:
            return naive_proxy_anchor(x, weights[0])
        case ["arcface"]:
            return naive_margin_softmax(x, weights[0], arcface_target)
        case ["cosface"]:
            return naive_margin_softmax(x, weights[0], lambda cosine: cosine - 0.35)
    raise AssertionError(name)


@pytest.mark.parametrize("name", NAMES)
def test_equals_loops(name):
    loss = make(name)
    assert evaluate(loss, LABELS, EMBEDDINGS)[0] == pytest.approx(naive(name, loss), rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_equals_finite_differences(name):
    loss = make(name)
    gradients = evaluate(loss, LABELS, EMBEDDINGS, with_weights=True)[1:]
    rng, step = np.random.default_rng(2), 1e-6
    for which, gradient in enumerate(gradients):
        direction = rng.normal(size=gradient.shape)
        values = []
        for sign in (1, -1):
            if which == 0:
                values.append(evaluate(loss, LABELS, EMBEDDINGS + sign * step * direction)[0])
                continue
            variable = loss.trainable_variables[which - 1]
            before = variable.numpy()
            variable.assign(before + sign * step * direction)
            values.append(evaluate(loss, LABELS, EMBEDDINGS)[0])
            variable.assign(before)
        slope = (values[0] - values[1]) / (2 * step)
        assert slope == pytest.approx((gradient * direction).sum(), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_order_of_the_batch_and_names_of_the_classes_do_not_matter(name):
    loss = make(name)
    value, gradient = evaluate(loss, LABELS, EMBEDDINGS)
    order = np.random.default_rng(3).permutation(len(LABELS))
    shuffled, gradient_shuffled = evaluate(loss, LABELS[order], EMBEDDINGS[order])
    assert shuffled == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(gradient_shuffled, gradient[order], atol=1e-12)
    if name.startswith(("proxy", "arc", "cos")):
        return  # here a label chooses a proxy
    # 2^24 and its successor are one number in float32
    renamed = np.array([2**24, 2**24 + 1, -5, 9, 4, 4, 4, 2**30])[LABELS]
    single = evaluate(make(name, "float32"), renamed, EMBEDDINGS)[0]
    assert single == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_one_hot_columns_and_shares_of_the_samples(name):
    loss = make(name)
    value = evaluate(loss, LABELS, EMBEDDINGS)[0]
    for labels in (np.eye(8)[LABELS], np.eye(8, dtype=int)[LABELS], LABELS[:, None]):
        assert evaluate(loss, labels, EMBEDDINGS)[0] == pytest.approx(value, rel=1e-12)
    shares = make(name, reduction=None)(LABELS, EMBEDDINGS).numpy()
    assert shares.shape == (len(LABELS),)
    assert shares.mean() == pytest.approx(value, rel=1e-12)
    weights = np.linspace(0, 1, len(LABELS))
    weighted = loss(LABELS, EMBEDDINGS, weights).numpy()
    assert weighted == pytest.approx((weights * shares).mean(), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_float32_keeps_its_digits_far_from_the_origin_and_near_collapse(name):
    """Where the naive ||a||^2 + ||b||^2 - 2ab has no digit left."""
    nearly_equal = 1 + 1e-3 * EMBEDDINGS
    points = nearly_equal.astype(np.float32)  # the same numbers for both
    single = evaluate(make(name, "float32"), LABELS, points)
    double = evaluate(make(name, "float64"), LABELS, points)
    assert single[0] == pytest.approx(double[0], rel=1e-3, abs=1e-6)
    scale = np.abs(double[1]).max()
    np.testing.assert_allclose(single[1], double[1], atol=0.02 * scale)


@pytest.mark.parametrize("scale", [1e-25, 1e25])
@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("stress", "n-pairs")])
def test_length_of_embeddings_does_not_matter_when_normalised(name, scale):
    loss = make(name, "float32")
    value = evaluate(loss, LABELS, EMBEDDINGS)[0]
    scaled, gradient = evaluate(loss, LABELS, scale * EMBEDDINGS)
    assert scaled == pytest.approx(value, rel=1e-4)
    assert np.isfinite(gradient).all()


def test_hand_cases():
    points = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    labels = [0, 0, 1]
    side = math.sqrt(2)
    # positives at 0; negatives at sqrt 2, beyond the margin
    assert losses.ContrastiveLoss()(labels, points).numpy() == 0
    assert losses.ContrastiveLoss(negative_margin=2)(labels, points).numpy() == pytest.approx(
        (2 - side) ** 2, rel=1e-6
    )
    assert losses.TripletLoss(margin=1)(labels, points).numpy() == 0
    assert losses.TripletLoss(margin=2)(labels, points).numpy() == pytest.approx(2 - side, rel=1e-6)
    # swapped: positives at sqrt 2, one negative at 0, the other at sqrt 2
    hard = losses.TripletLoss(margin=1, mining="hard")([0, 1, 0], points).numpy()
    assert hard == pytest.approx((side + 1 + 1) / 2, rel=1e-6)
    cds = losses.CDSLoss(bandwidth=1)(labels, points).numpy()
    assert cds == pytest.approx(-2 / 4, rel=1e-6)


@pytest.mark.parametrize("kind", ["euclidean", "squared_euclidean"])
def test_equal_points_are_exactly_0_apart(kind):
    points = np.random.default_rng(0).normal(size=(40, 16)).astype("float32")
    points[7] = points[30]
    found = distances(tf.constant(points), kind).numpy()
    assert found[7, 30] == found[30, 7] == 0
    assert (np.diag(found) == 0).all()
    assert (found == 0).sum() == 42


def test_equal_embeddings_are_hard_triplets_and_not_semihard_ones():
    labels, points = [0, 1, 0, 1, 1], np.ones((5, 2))
    values = {
        mining: losses.TripletLoss(margin=0.3, mining=mining)(labels, points).numpy()
        for mining in ("all", "hard", "semihard")
    }
    assert values == pytest.approx({"all": 0.3, "hard": 0.3, "semihard": 0})


@pytest.mark.parametrize("degrees", [10, 120, 150, 152, 179])
def test_arcface_on_both_sides_of_its_bend(degrees):
    """The bend is at 180 degrees less the margin of 0.5, 151.4 degrees."""
    loss = losses.ArcFaceLoss(2, 2, scale=2, dtype="float64")
    loss.trainable_variables[0].assign([[1, 0], [0, 1]])
    angle = math.radians(degrees)
    own, other = 2 * arcface_target(math.cos(angle)), 2 * math.sin(angle)
    expected = math.log(math.exp(own) + math.exp(other)) - own
    value = loss([0], [[math.cos(angle), math.sin(angle)]]).numpy()
    assert value == pytest.approx(expected, rel=1e-12)


def test_original_proxy_nca_leaves_the_positive_out():
    loss = losses.ProxyNCALoss(3, 2, positive_in_denominator=False, dtype="float64")
    loss.trainable_variables[0].assign([[1, 0], [0, 1], [-1, 0]])
    # squared distances of (1, 0) to the proxies: 0, 2, 4
    expected = math.log(math.exp(-2) + math.exp(-4))
    assert loss([0], [[5.0, 0.0]]).numpy() == pytest.approx(expected)
    np.testing.assert_allclose(loss.similarities([[5.0, 0.0]]), [[1, 0, -1]])


def test_triplet_average_over_all_triplets():
    x = unit_rows(EMBEDDINGS)
    costs = [
        max(0, gap(x, a, p) - gap(x, a, n) + 0.3)
        for a, p in pairs_of(True)
        for b, n in pairs_of(False)
        if a == b
    ]
    loss = losses.TripletLoss(margin=0.3, average="all", dtype="float64")
    assert loss(LABELS, EMBEDDINGS).numpy() == pytest.approx(np.mean(costs), rel=1e-12)


@pytest.mark.parametrize("distance", ["squared_euclidean", "cosine"])
def test_distances(distance):
    x = unit_rows(EMBEDDINGS)
    power = {"squared_euclidean": lambda d: d**2, "cosine": lambda d: d**2 / 2}[distance]
    push = [max(0, 1 - power(gap(x, i, j))) for i, j in pairs_of(False)]
    pull = [power(gap(x, i, j)) for i, j in pairs_of(True)]
    loss = losses.ContrastiveLoss(power=1, distance=distance, dtype="float64")
    expected = np.mean(pull) + np.mean(push)
    assert loss(LABELS, EMBEDDINGS).numpy() == pytest.approx(expected, rel=1e-12)


def test_stress_is_zero_at_the_simplex_and_not_in_too_few_dimensions():
    vertices = np.eye(4) / math.sqrt(2)  # four points with distance 1, in a space of dimension 3
    labels = np.repeat(np.arange(4), 3)
    assert losses.StressLoss()(labels, np.repeat(vertices, 3, axis=0)).numpy() < 1e-10
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    assert losses.StressLoss()(labels, np.repeat(square, 3, axis=0)).numpy() > 0.01


REPAIRED = ["mahalanobis", "fwhd", "cds", "stress"]


@pytest.mark.parametrize("name", REPAIRED)
def test_collapse_is_not_the_minimum_of_the_repaired_losses(name):
    loss = make(name)
    labels = np.repeat([0, 1], 3)
    together = np.ones((6, SIZE))
    apart = np.where(labels[:, None] == 0, np.eye(SIZE)[0], -np.eye(SIZE)[1])
    collapsed, separated = (loss(labels, points).numpy() for points in (together, apart))
    assert separated < collapsed
    if name == "cds":
        assert collapsed == pytest.approx(0, abs=1e-12)
        assert -1 / 0.5**2 <= separated < 0


@pytest.mark.parametrize("name", REPAIRED)
def test_descent_leads_out_of_a_near_collapse(name):
    """From classes 1e-3 apart; the printed losses, same-class distances alone, never lead out."""
    labels = np.repeat([0, 1, 2], 4)
    noise = np.random.default_rng(0).normal(size=(12, SIZE))
    points = tf.Variable(np.eye(SIZE)[0] + 1e-3 * noise)
    loss = make(name) if name in ("cds", "stress") else MAKERS[name](dtype="float64")
    assert getattr(loss, "trainable_variables", True)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = loss(labels, points)
        points.assign_sub(2 * tape.gradient(value, points))

    for _ in range(60):
        step()
    means = points.numpy().reshape(3, 4, SIZE).mean(axis=1)
    assert min(gap(means, i, j) for i, j in itertools.combinations(range(3), 2)) > 0.1


def test_hartley_weights_have_mean_one_and_start_equal():
    loss = losses.FWHDLoss(6, dtype="float64")
    points = np.random.default_rng(0).normal(size=(8, 6))
    labels = np.repeat([0, 1], 4)
    np.testing.assert_allclose(loss.feature_weights, 1)
    plain = losses.ContrastiveLoss(dtype="float64")
    assert loss.trainable_variables
    assert loss(labels, points).numpy() == pytest.approx(plain(labels, points).numpy())
    loss.trainable_variables[0].assign(np.arange(6.0))
    assert loss.feature_weights.mean() == pytest.approx(1)
    assert (loss.feature_weights > 0).all()
    squares = (loss.feature_weights * hartley_transform(points) ** 2).sum(axis=1)
    np.testing.assert_allclose(((points @ loss.components.T) ** 2).sum(axis=1), squares)


def test_components_are_the_map_of_the_distance():
    loss = losses.MahalanobisLoss(3, n_components=2, dtype="float64")
    np.testing.assert_array_equal(loss.components, np.eye(2, 3))


def test_many_classes_and_a_batch_of_256():
    rng = np.random.default_rng(0)
    labels, points = rng.integers(0, 64, size=256), rng.normal(size=(256, 128))
    for mining in ("all", "semihard"):
        single, double = (
            losses.TripletLoss(mining=mining, dtype=dtype)(labels, points).numpy()
            for dtype in ("float32", "float64")
        )
        assert single == pytest.approx(double, rel=1e-4)
