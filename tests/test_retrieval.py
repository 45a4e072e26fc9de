"""Retrieval: against loops, hand cases and PyTorch Metric Learning's accuracy calculator."""

import json
from pathlib import Path

import numpy as np
import pytest

from mlbook import retrieval as module
from mlbook.retrieval import retrieval

REFERENCE = json.loads(
    (Path(__file__).parent / "fixtures" / "pytorch_metric_learning.json").read_text("utf-8")
)["retrieval"]
POINTS, LABELS = np.array(REFERENCE["points"]), np.array(REFERENCE["labels"])


@pytest.mark.parametrize("case", REFERENCE["measures"])
def test_equals_pytorch_metric_learning(case):
    arguments = {
        "one set": (POINTS, LABELS),
        "queries in gallery": (POINTS[:12], LABELS[:12], POINTS, LABELS),
        "apart": (POINTS[:12], LABELS[:12], POINTS[12:], LABELS[12:]),
    }[case]
    own = np.arange(12) if case == "queries in gallery" else None
    found = retrieval(*arguments, ks=(1,), own_positions=own)
    expected = REFERENCE["measures"][case]
    assert found.precision_at[1] == pytest.approx(expected["precision_at_1"], rel=1e-9)
    assert found.recall_at[1] == found.precision_at[1]
    assert found.r_precision == pytest.approx(expected["r_precision"], rel=1e-9)
    assert found.map_at_r == pytest.approx(expected["mean_average_precision_at_r"], rel=1e-9)


def by_loops(queries, query_labels, gallery, gallery_labels, ks, own):
    totals = {k: [[], []] for k in ks}
    r_precisions, maps = [], []
    for query, label, place in zip(queries, query_labels, own, strict=True):
        others = [i for i in range(len(gallery)) if i != place]
        others.sort(key=lambda i, query=query: (((gallery[i] - query) ** 2).sum(), i))
        hits = [gallery_labels[i] == label for i in others]
        r = sum(hits)
        if r == 0:
            continue
        for k in ks:
            totals[k][0].append(any(hits[:k]))
            totals[k][1].append(sum(hits[:k]) / k)
        r_precisions.append(sum(hits[:r]) / r)
        maps.append(sum(hits[i] * sum(hits[: i + 1]) / (i + 1) for i in range(r)) / r)
    recall = {k: np.mean(total[0]) for k, total in totals.items()}
    precision = {k: np.mean(total[1]) for k, total in totals.items()}
    return recall, precision, np.mean(r_precisions), np.mean(maps), len(maps)


@pytest.mark.parametrize("entries", [1, 60, 2**21])
def test_equals_loops_with_partial_overlap_lone_queries_and_ties(entries, monkeypatch):
    monkeypatch.setattr(module, "_ENTRIES_PER_BLOCK", entries)
    rng = np.random.default_rng(0)
    gallery = rng.integers(0, 3, size=(50, 2)).astype(float)  # many equal points
    gallery_labels = rng.choice(np.array(["a", "b", "c"]), p=[0.8, 0.1, 0.1], size=50)
    own = np.array([4, 17, -1, 30, -1, -1])
    queries = np.where(own[:, None] >= 0, gallery[own], rng.integers(0, 3, size=(6, 2)))
    labels = np.array([*gallery_labels[[4, 17]], "a", gallery_labels[30], "b", "missing"])
    found = retrieval(queries, labels, gallery, gallery_labels, (1, 3, 7), own)
    recall, precision, r_precision, map_at_r, n = by_loops(
        queries, labels, gallery, gallery_labels, (1, 3, 7), own
    )
    assert found.recall_at == pytest.approx(recall)
    assert found.precision_at == pytest.approx(precision)
    assert found.r_precision == pytest.approx(r_precision)
    assert found.map_at_r == pytest.approx(map_at_r)
    assert (found.n_queries, found.n_without_match) == (n, 1)
    assert np.isnan(found.per_query["map_at_r"]).sum() == 1


def test_hand_case():
    """One query; the ranking is match, other, match, other, so R = 2."""
    found = retrieval([[0.0]], [1], [[1.0], [2.0], [3.0], [4.0]], [1, 0, 1, 0], ks=(1, 2, 4))
    assert found.recall_at == {1: 1, 2: 1, 4: 1}
    assert found.precision_at == {1: 1, 2: 0.5, 4: 0.5}
    assert (found.r_precision, found.map_at_r) == (0.5, 0.5)
    late = retrieval([[0.0]], [0], [[1.0], [2.0], [3.0], [4.0]], [1, 0, 1, 0], ks=(1,))
    assert (late.r_precision, late.map_at_r) == (0.5, 0.25)


def test_a_query_that_finds_itself_looks_too_good():
    rng = np.random.default_rng(1)
    points, labels = rng.normal(size=(30, 2)), np.arange(30) % 3
    fair = retrieval(points, labels, ks=(1,))
    unfair = retrieval(points, labels, points, labels, ks=(1,))
    told = retrieval(points, labels, points, labels, (1,), np.arange(30))
    assert unfair.recall_at[1] == 1 > fair.recall_at[1]
    assert told.map_at_r == fair.map_at_r


def test_normalised_ranks_by_the_cosine():
    queries, gallery = [[1.0, 0.0]], [[0.9, 0.5], [50.0, 1.0]]
    assert retrieval(queries, [1], gallery, [0, 1], ks=(1,)).map_at_r == 0
    assert retrieval(queries, [1], gallery, [0, 1], ks=(1,), normalize=True).map_at_r == 1


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((POINTS, LABELS[:-1]), {}, "one label each"),
        ((POINTS[:0], LABELS[:0]), {}, "points of shape"),
        ((POINTS, LABELS, POINTS[:, :2], LABELS), {}, "dimensions"),
        ((POINTS, LABELS, POINTS), {}, "one label each"),
        ((np.where(POINTS > 0, POINTS, np.nan), LABELS), {}, "NaN"),
        ((POINTS, LABELS), {"ks": (40,)}, r"k=40 .* there are \(39\)"),
        ((POINTS, LABELS), {"ks": (0,)}, "positive"),
        ((POINTS, LABELS), {"own_positions": np.arange(40)}, "need a gallery"),
        ((POINTS, np.arange(40)), {}, "no query has a match"),
        ((POINTS, LABELS, POINTS[::-1], LABELS), {"own_positions": np.arange(40)}, "differ"),
        ((POINTS, LABELS, POINTS, LABELS), {"own_positions": np.arange(1, 41)}, "lie in"),
    ],
)
def test_bad_input(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        retrieval(*arguments, **options)


@pytest.mark.parametrize("ks", [(1, 2.5), (1.5,), 0, ()])
def test_numbers_of_neighbours_are_whole(ks):
    with pytest.raises(ValueError, match="positive integers"):
        retrieval(np.eye(4), [0, 0, 1, 1], ks=ks)
