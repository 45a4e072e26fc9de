"""Metrics that follow a stream: each shortcut against the long way, and streams that misbehave."""

import types

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.base import clone

from mlbook.experiments import stream_comparison, stream_digits, stream_topics
from mlbook.linear import RCA, Covariance
from mlbook.streaming import (
    LEGO,
    DriftMonitor,
    StreamingCovariance,
    StreamingMahalanobis,
    Trial,
    course,
    darken,
    judge_alarms,
    percentiles,
    pool,
    test_then_train,
    turn,
)

RNG = np.random.default_rng(0)
N, D = 400, 5
Y = RNG.integers(0, 3, N)
X = RNG.normal(size=(N, D)) @ RNG.normal(size=(D, D)) + 4 * Y[:, None] + 10


def one_by_one(model, X=X, y=Y, times=None):
    for i in range(len(X)):
        part = {} if times is None else {"times": times[i : i + 1]}
        model.partial_fit(X[i : i + 1], y[i : i + 1], **part)
    return model


def weighted_within(X, y, weights):
    """The definition, the long way: scatter around weighted means, divided as documented."""
    total, divisor = np.zeros((X.shape[1],) * 2), 0.0
    for label in np.unique(y):
        rows, w = X[y == label], weights[y == label]
        centred = rows - w @ rows / w.sum()
        total += (w[:, None] * centred).T @ centred
        divisor += w.sum() - (w**2).sum() / w.sum()
    return total / divisor


# --- the covariance and its inverse ---


def test_by_hand():
    model = StreamingMahalanobis(ridge=0.0)
    model.partial_fit([[0.0, 0.0], [2.0, 0.0], [1.0, 3.0], [1.0, -3.0]], [7, 7, 7, 7])
    assert np.allclose(model.means_, [[1, 0]])
    assert np.allclose(model.covariance_, [[2 / 3, 0], [0, 6]])
    assert model.pair_distance([[[0, 0], [1, 0]], [[0, 0], [0, 6]]]) == pytest.approx(
        [1.5**0.5, 6**0.5]
    )


@pytest.mark.parametrize("refresh_every", [1, 7, 1000, 10**9])
def test_equals_the_batch_estimate_when_nothing_is_forgotten(refresh_every):
    model = one_by_one(StreamingMahalanobis(ridge=0.0, refresh_every=refresh_every))
    batch = Covariance("within").fit(X, Y)
    assert np.abs(model.covariance_ - batch.covariance_).max() < 1e-8
    assert np.abs(model.get_mahalanobis_matrix() - batch.get_mahalanobis_matrix()).max() < 1e-8
    assert np.abs(model.components_ - batch.components_).max() < 1e-8
    assert np.allclose(model.transform(X[:9]), batch.transform(X[:9]), atol=1e-8)
    # RCA differs in the divisor only
    rca = RCA().fit(X, Y).get_mahalanobis_matrix() * (N - 3) / N
    assert np.abs(model.get_mahalanobis_matrix() - rca).max() < 1e-8


def test_ridge_is_that_of_the_batch_estimate_after_a_refresh():
    model = one_by_one(StreamingMahalanobis(ridge=0.3))
    within = Covariance("within", ridge=0.3).fit(X, Y)
    relative = np.abs(model.covariance_ / within.covariance_ - 1).max()
    assert 1e-6 < relative < 0.5  # it was frozen since the last refresh
    model._state.refresh()
    assert np.abs(model.covariance_ - within.covariance_).max() < 1e-8


@pytest.mark.parametrize("half_life", [3, 20, 300])
def test_forgetting_equals_the_weighted_estimate(half_life):
    model = one_by_one(StreamingMahalanobis(half_life, ridge=0.0))
    weights = 0.5 ** ((N - 1 - np.arange(N)) / half_life)
    expected = weighted_within(X, Y, weights)
    assert np.allclose(model.covariance_, expected, rtol=1e-8, atol=1e-10)
    assert np.allclose(model.get_mahalanobis_matrix() @ expected, np.eye(D), atol=1e-7)
    for label, mean, weight in zip(model.classes_, model.means_, model.weights_, strict=True):
        w = weights[label == Y]
        assert np.allclose(mean, w @ X[label == Y] / w.sum(), atol=1e-10)
        assert weight == pytest.approx(w.sum())
    one = one_by_one(StreamingMahalanobis(half_life, ridge=0.0), y=np.zeros(N, int))
    assert np.allclose(one.covariance_, np.cov(X.T, aweights=weights), rtol=1e-8)


def test_times_replace_counts():
    times = np.cumsum(RNG.integers(0, 4, N)).astype(float)
    model = one_by_one(StreamingMahalanobis(25.0, ridge=0.0), times=times)
    expected = weighted_within(X, Y, 0.5 ** ((times[-1] - times) / 25))
    assert np.allclose(model.covariance_, expected, rtol=1e-8, atol=1e-10)
    assert model.time_ == times[-1]
    hours = one_by_one(StreamingMahalanobis(25.0 / 60, ridge=0.0), times=times / 60)
    assert np.allclose(hours.covariance_, model.covariance_)


def test_rank_one_updates_stay_exact_over_a_long_stream():
    state = StreamingCovariance(D, ridge=1e-3, refresh_every=10**9)
    state.add_class()
    rng = np.random.default_rng(1)
    for x in rng.normal(size=(5000, D)) * [1, 10, 100, 1e3, 1e4]:
        state.update(x, 0)
    defect = state.precision @ state.covariance - np.eye(D)
    # in the units of each pair of features
    assert (
        np.abs(
            defect * np.outer([1, 10, 100, 1e3, 1e4], 1 / np.array([1, 10, 100, 1e3, 1e4]))
        ).max()
        < 1e-6
    )
    assert np.array_equal(state.precision, state.precision.T)


def test_ridge_in_force_stays_between_a_half_and_all():
    for half_life, rng in ((None, 2), (5, 3), (400, 4)):
        rng = np.random.default_rng(rng)
        model = StreamingMahalanobis(half_life, ridge=0.1)
        for i in range(1500):
            model.partial_fit(rng.normal(size=(1, D)), [0])
            if i > 30:
                ridge = model._state._kappa / (np.trace(model._state.scatter) / D)
                assert 0.1 * 0.3 < ridge < 0.1 * 2


def test_batches_and_single_samples_give_the_same():
    one = one_by_one(StreamingMahalanobis(50))
    many = StreamingMahalanobis(50)
    for part in np.array_split(np.arange(N), 7):
        many.partial_fit(X[part], Y[part])
    assert np.array_equal(one.covariance_, many.covariance_)
    assert np.array_equal(one.get_mahalanobis_matrix(), many.get_mahalanobis_matrix())
    assert np.array_equal(StreamingMahalanobis(50).fit(X, Y).means_, one.means_)
    # fit forgets, partial_fit goes on
    assert np.array_equal(many.fit(X, Y).means_, one.means_)
    assert many.n_seen_ == N


def test_predict_is_the_nearest_mean_under_the_metric():
    model = StreamingMahalanobis(100, ridge=0.01).fit(X, Y)
    expected = np.array(
        [
            [((x - m) @ np.linalg.inv(model.covariance_) @ (x - m)) ** 0.5 for m in model.means_]
            for x in X[:30]
        ]
    )
    assert np.allclose(model.class_distances(X[:30]), expected)
    assert np.array_equal(model.predict(X[:30]), model.classes_[expected.argmin(axis=1)])
    assert model.score(X, Y) > 0.9
    text = StreamingMahalanobis().fit(X, np.array(["a", "b", "c"])[Y])
    assert set(text.predict(X)) == {"a", "b", "c"}


def test_it_is_a_scikit_learn_estimator():
    model = StreamingMahalanobis(7, ridge=0.5)
    assert clone(model).get_params() == {"half_life": 7, "ridge": 0.5, "refresh_every": 1000}
    with pytest.raises(ValueError, match="not fitted"):
        model.predict(X)
    with pytest.raises(ValueError, match="not fitted"):
        model.transform(X)
    assert not hasattr(model, "classes_")
    model.fit(X, Y)
    single = model.transform(X.astype(np.float32))
    assert single.dtype == np.float32
    distances = np.linalg.norm(model.transform(X[:4]) - model.transform(X[4:8]), axis=1)
    assert np.allclose(distances, model.pair_distance(np.stack([X[:4], X[4:8]], axis=1)))


# --- streams that misbehave ---


def state_of(model):
    keys = ("scatter", "means", "weights", "_inverse")
    return [np.array(getattr(model._state, key)) for key in keys] + [model.n_seen_, model.time_]


@pytest.mark.parametrize(
    ("rows", "labels", "times", "message"),
    [
        ([[1, 2, np.nan, 4, 5]], [0], [500], "NaN"),
        ([[1, 2, 3, 4, 5], [1, 2, np.inf, 4, 5]], [0, 1], [500, 501], "infinity"),
        ([[1e200, 2, 3, 4, 5]], [0], [500], "overflow"),
        ([[1, 2, 3, 4]], [0], [500], "4 features"),
        (np.empty((0, 5)), [], [], "0 sample"),
        ([[1, 2, 3, 4, 5]], [0, 1], [500], "one label for each"),
        ([[1, 2, 3, 4, 5]], ["a"], [500], "all numbers or all text"),
        ([[1, 2, 3, 4, 5]], [0.5], [500], "fractions"),
        ([[1, 2, 3, 4, 5]], [np.nan], [500], "NaN"),
        ([[1, 2, 3, 4, 5]], [0], [399.5], "clock goes backwards: sample 0 .* after 400"),
        ([[1, 2, 3, 4, 5]] * 3, [0] * 3, [500, 502, 501], "sample 2 has time 501 after 502"),
        ([[1, 2, 3, 4, 5]], [0], None, "give times with every call"),
        ([[1, 2, 3, 4, 5]], [0], [np.nan], "NaN"),
        ([[1, 2, 3, 4, 5]], [0], [500, 501], "one number for each"),
    ],
)
def test_bad_samples_are_refused_and_change_nothing(rows, labels, times, message):
    model = StreamingMahalanobis(50.0).fit(X, Y, times=np.arange(1.0, N + 1))
    before = state_of(model)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(np.array(rows, dtype=float), np.array(labels), times=times)
    for old, new in zip(before, state_of(model), strict=True):
        assert np.array_equal(old, new)
    model.partial_fit(X[:1], Y[:1], times=[N + 1])  # the stream goes on


def test_times_must_not_appear_later():
    with pytest.raises(ValueError, match="or with none"):
        StreamingMahalanobis(9).fit(X, Y).partial_fit(X, Y, times=np.arange(N))


@pytest.mark.parametrize(
    "bad", [{"half_life": 0}, {"half_life": np.nan}, {"ridge": -1}, {"refresh_every": 0}]
)
def test_bad_parameters(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        StreamingMahalanobis(**bad).fit(X, Y)


def test_a_new_class_is_answered_from_its_first_sample_on():
    model = StreamingMahalanobis(50).fit(X, Y)
    before = model.get_mahalanobis_matrix()
    model.partial_fit(np.full((1, D), 90.0), [11])
    assert list(model.classes_) == [*dict.fromkeys(Y.tolist()), 11]
    assert model.predict(np.full((1, D), 88.0)) == [11]
    # one sample of a class says nothing about its spread: the shape of the metric stays
    ratio = model.get_mahalanobis_matrix() / before
    assert np.allclose(ratio, ratio[0, 0], rtol=0.02)


def test_one_class_for_long_keeps_the_others():
    model = StreamingMahalanobis(20).fit(X, Y)
    mean = model.means_[list(model.classes_).index(2)]
    only = np.full(20_000, 0)
    rng = np.random.default_rng(5)
    model.partial_fit(X[Y == 0].mean(axis=0) + rng.normal(size=(len(only), D)), only)
    assert np.array_equal(model.means_[list(model.classes_).index(2)], mean)
    assert model.predict(mean[None]) == [2]
    assert np.allclose(model.covariance_, np.eye(D), atol=0.8)
    # back after a long time: a single sample counts for more than all that faded away
    model.partial_fit(mean[None] + 3, [2])
    assert np.allclose(model.means_[list(model.classes_).index(2)], mean + 3)


def test_a_covariance_that_becomes_singular():
    rng = np.random.default_rng(6)
    stuck = rng.normal(size=(4000, D))
    stuck[500:, 1] = 3.0
    plain = StreamingMahalanobis(20, ridge=0.0)
    plain.partial_fit(stuck[:500], np.zeros(500, int))
    assert np.isfinite(plain.components_).all()
    plain.partial_fit(stuck[500:], np.zeros(3500, int))
    with pytest.raises(np.linalg.LinAlgError, match="ridge > 0"):
        plain.predict(stuck[:1])
    with pytest.raises(ValueError, match="singular"):
        _ = plain.components_
    # and recovers when the feature does
    plain.partial_fit(rng.normal(size=(300, D)), np.zeros(300, int))
    assert np.linalg.cond(plain.get_mahalanobis_matrix()) < 100
    ridged = StreamingMahalanobis(20, ridge=0.01)
    ridged.partial_fit(stuck, np.zeros(4000, int))
    eigenvalues = np.linalg.eigvalsh(ridged.get_mahalanobis_matrix())
    assert eigenvalues[0] > 0 and eigenvalues[-1] / eigenvalues[0] < 1e4


def test_too_few_samples_are_no_metric_yet():
    model = StreamingMahalanobis().partial_fit(X[:1], [0])
    with pytest.raises(np.linalg.LinAlgError, match="no class has two different samples"):
        model.predict(X[:1])
    model.partial_fit(X[:1], [0])
    with pytest.raises(np.linalg.LinAlgError, match="no class has two different samples"):
        _ = model.covariance_
    model.partial_fit(X[1:2], [0])
    assert model.predict(X[:1]) == [0]
    plain = StreamingMahalanobis(ridge=0.0)
    for i in range(D):
        plain.partial_fit(X[i : i + 1], [0])
        with pytest.raises(np.linalg.LinAlgError):
            plain.predict(X[:1])
    plain.partial_fit(X[D : D + 1], [0])
    assert np.allclose(plain.covariance_, np.cov(X[: D + 1].T))
    assert np.allclose(plain.get_mahalanobis_matrix() @ np.cov(X[: D + 1].T), np.eye(D), atol=1e-6)


def test_a_camera_that_hangs_and_a_long_pause():
    model = StreamingMahalanobis(5, ridge=0.01).fit(X, Y)
    model.partial_fit(np.repeat(X[:1], 300, axis=0), np.repeat(Y[:1], 300))
    assert np.isfinite(model.get_mahalanobis_matrix()).all()
    model.partial_fit(np.repeat(X[:1], 9000, axis=0), np.repeat(Y[:1], 9000))
    with pytest.raises(np.linalg.LinAlgError, match="faded away"):
        model.predict(X[:1])
    one_by_one(model)
    assert model.score(X[-100:], Y[-100:]) > 0.7
    paused = StreamingMahalanobis(1.0).fit(X, Y, times=np.arange(N))
    answers = paused.predict(X)
    paused.partial_fit(X[:1], Y[:1], times=[1e9])
    assert np.isfinite(paused.components_).all()
    assert np.array_equal(paused.predict(X[:1]), Y[:1])
    assert len(answers) == N


# --- LEGO ---


def pairs_of(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.choice([-1, 1], n)
    pairs = rng.normal(size=(n, 2, 3)) * [1.0, 1.0, 6.0]
    # along the third axis similar pairs differ, along the first dissimilar ones do
    pairs[y < 0, 1, 0] += 2.0
    return pairs, y


def test_an_update_minimises_what_it_says():
    metric = LEGO(rate=0.5, bounds=(0.5, 4.0)).fit_pairs(*pairs_of(40, 1))
    M = metric.get_mahalanobis_matrix()
    rate = 0.5 / 4.0**4
    rows, columns = np.tril_indices(3)
    for pair, label, target in (
        (np.array([[0, 0, 0], [2.0, 1, 3]]), 1, 0.25),
        (np.array([[0, 0, 0], [0.1, 0.2, 0.1]]), -1, 16.0),
    ):
        z = pair[1] - pair[0]

        def objective(flat, z=z, target=target):
            root = np.zeros((3, 3))
            root[rows, columns] = flat
            A = root @ root.T
            ratio = np.linalg.solve(M, A)
            return (
                np.trace(ratio)
                - np.linalg.slogdet(ratio)[1]
                - 3
                + rate / 2 * (z @ A @ z - target) ** 2
            )

        start = np.linalg.cholesky(M)[rows, columns]
        best = minimize(objective, start, method="BFGS", options={"gtol": 1e-9}).x
        after = clone(metric).fit_pairs(*pairs_of(40, 1))
        after.partial_fit_pairs(pair[None], [label])
        ours = np.linalg.cholesky(after.get_mahalanobis_matrix())[rows, columns]
        assert objective(ours) <= objective(best) + 1e-9
        assert np.allclose(ours, best, atol=1e-4)
        moved = z @ after.get_mahalanobis_matrix() @ z
        assert min(z @ M @ z, target) < moved < max(z @ M @ z, target)


def test_lego_stays_positive_definite_and_symmetric():
    rng = np.random.default_rng(2)
    metric = LEGO(rate=1e3, bounds=(1e-3, 1e3))
    for _ in range(300):
        z = rng.normal(size=(5, 2, 4)) * 10 ** rng.uniform(-3, 3, (5, 1, 1))
        metric.partial_fit_pairs(z, rng.choice([-1, 1], 5))
        M = metric.get_mahalanobis_matrix()
        assert np.array_equal(M, M.T)
        assert np.linalg.eigvalsh(M)[0] > 0


def test_lego_learns_and_follows():
    metric = LEGO(rate=0.5).fit_pairs(*pairs_of(500, 3))
    M = metric.get_mahalanobis_matrix()
    assert M[0, 0] > 5 * M[2, 2]
    pairs, y = pairs_of(3000, 4)
    metric.partial_fit_pairs(pairs[..., ::-1], y)  # the axes change places
    M = metric.get_mahalanobis_matrix()
    assert M[2, 2] > 5 * M[0, 0]
    assert metric.n_pairs_ == 3500 and 0 < metric.n_updates_ <= 3500
    assert np.allclose(metric.components_.T @ metric.components_, M)
    scaled = LEGO(rate=0.5).fit_pairs(100 * pairs_of(500, 3)[0], pairs_of(500, 3)[1])
    plain = LEGO(rate=0.5).fit_pairs(*pairs_of(500, 3))
    assert np.allclose(scaled.get_mahalanobis_matrix(), plain.get_mahalanobis_matrix())


def test_lego_leaves_satisfied_and_equal_pairs_alone():
    metric = LEGO(bounds=(1.0, 2.0)).fit_pairs([[[0.0, 0], [0.5, 0]]], [1])
    metric.partial_fit_pairs([[[0.0, 0], [3, 0]], [[1.0, 1], [1, 1]]], [-1, -1])
    metric.partial_fit_pairs(np.array([[[0.0, 0], [0.5, 0]]]), np.array([1]))
    assert np.array_equal(metric.get_mahalanobis_matrix(), np.eye(2))
    assert metric.n_updates_ == 0 and metric.n_pairs_ == 4


def test_lego_as_an_estimator():
    metric = LEGO(n_pairs=200, random_state=0).fit(X, Y)
    again = LEGO(n_pairs=200, random_state=0).fit(X, Y)
    assert np.array_equal(metric.components_, again.components_)
    one = LEGO(preprocessor=X).fit_pairs([[0, 1], [2, 3], [4, 9]], [1, -1, 1])
    two = LEGO().fit_pairs(X[[[0, 1], [2, 3], [4, 9]]], [1, -1, 1])
    assert np.array_equal(one.components_, two.components_)
    with pytest.raises(ValueError, match="not fitted"):
        LEGO().transform(X)


@pytest.mark.parametrize(
    ("pairs", "labels", "message"),
    [
        ([[[1, np.nan, 1], [1, 2, 3]]], [1], "NaN"),
        ([[[1, 2, 1], [1, 2, 3]]], [0], r"\+1 for similar"),
        ([[[1, 2], [1, 2]]], [1], "2 features"),
        ([[[1, 2, 1]]], [1], "shape"),
        ([[[1e80, 2, 1], [1, 2, 3]]], [1], "overflow"),
        ([[[1, 2, 1], [1, 2, 3]]], [1, 1], "one label for each"),
    ],
)
def test_bad_pairs_are_refused_and_change_nothing(pairs, labels, message):
    metric = LEGO().fit_pairs(*pairs_of(50, 5))
    before = metric.get_mahalanobis_matrix()
    with pytest.raises(ValueError, match=message):
        metric.partial_fit_pairs(np.array(pairs, dtype=float), np.array(labels))
    assert np.array_equal(metric.get_mahalanobis_matrix(), before)
    assert metric.n_pairs_ == 50


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"rate": 0}, "rate"),
        ({"bounds": (2, 1)}, "0 < near < far"),
        ({"bounds": 3}, "two distances"),
        ({"bounds": (0, 1)}, "bounds"),
    ],
)
def test_bad_parameters_of_lego(bad, message):
    metric = LEGO(**bad)
    with pytest.raises(ValueError, match=message):
        metric.fit_pairs(*pairs_of(50, 5))
    assert not hasattr(metric, "components_")
    with pytest.raises(ValueError, match="give bounds"):
        LEGO().fit_pairs(np.ones((4, 2, 3)), [1, 1, -1, -1])


# --- alarms ---


@pytest.mark.parametrize("detector", ["adwin", "page_hinkley"])
def test_an_alarm_after_a_jump_and_none_before(detector):
    rng = np.random.default_rng(7)
    monitor = DriftMonitor(detector)
    rates = np.repeat([0.2, 0.7, 0.7, 0.7], 500)
    for value in rng.random(2000) < rates:
        monitor.update(value)
    judged = judge_alarms(monitor.alarms, 500, 2000)
    assert judged["false_alarms"] == 0 and judged["detected"] == 1.0
    assert 0 < judged["delay"] < 250
    # after the alarm the higher level is the normal one
    assert len(monitor.alarms) == 1


def test_a_fall_is_no_alarm_unless_asked_for():
    values = np.random.default_rng(8).random(2000) < np.repeat([0.7, 0.1], 1000)
    monitors = DriftMonitor(), DriftMonitor("page_hinkley"), DriftMonitor(both=True)
    for value in values:
        for monitor in monitors:
            monitor.update(value)
    assert [len(monitor.alarms) > 0 for monitor in monitors] == [False, False, True]


def test_a_detector_of_ones_own():
    from river import drift

    monitor = DriftMonitor(drift.PageHinkley(mode="up", threshold=5, min_instances=1))
    answers = [monitor.update(value) for value in [0.0] * 20 + [1.0] * 20]
    assert answers.index(True) == monitor.alarms[0] >= 20
    with pytest.raises(ValueError, match="detector must be one of"):
        DriftMonitor("cusum")
    with pytest.raises(ValueError, match="finite"):
        monitor.update(np.nan)
    assert monitor.n_seen == 40


def test_the_detector_starts_anew_after_an_alarm_and_only_then():
    class Fourth:
        def __init__(self):
            self.n_seen = 0

        def update(self, value):
            self.n_seen += 1

        @property
        def drift_detected(self):
            return self.n_seen == 4

        def clone(self):
            return Fourth()

    monitor = DriftMonitor(Fourth())
    assert [i for i in range(12) if monitor.update(0.0)] == [3, 7, 11] == monitor.alarms


def test_alarms_are_judged():
    expected = {"false_alarms": 2, "detected": 1.0, "delay": 5}
    assert judge_alarms([3, 9, 15, 20], 10, 30) == expected
    assert judge_alarms([10], 10, 30)["delay"] == 0
    assert judge_alarms([3], 10, 30) == {"false_alarms": 1, "detected": 0.0, "delay": 20}
    assert judge_alarms([3, 5], None, 30) == {"false_alarms": 2, "detected": 0.0, "delay": 0}
    for alarms, onset in (([30], 1), ([-1], 1), ([1], 30)):
        with pytest.raises(ValueError, match="must lie in 0 .. 29"):
            judge_alarms(alarms, onset, 30)


# --- test, then train ---


class Parrot:
    """Answers with the last label that it was given."""

    def __init__(self):
        self.last, self.asked = -1, []

    def predict(self, X):
        self.asked.append((float(X[0, 0]), self.last))
        return np.array([self.last])

    def partial_fit(self, X, y):
        self.last = y[0]


def test_the_query_comes_before_the_label():
    parrot = Parrot()
    y = np.array([1, 1, 2, 2, 2, 3])
    ticks = iter(range(100))
    trial = test_then_train(parrot, np.arange(6.0)[:, None], y, clock=lambda: next(ticks))
    assert trial.correct.tolist() == [False, True, False, True, True, False]
    assert parrot.asked[2] == (2.0, 1)
    assert set(trial.predict_seconds) == set(trial.update_seconds) == {1.0}
    positions, accuracies = trial.moving_accuracy(2)
    assert positions.tolist() == [1, 2, 3, 4, 5]
    assert accuracies.tolist() == [0.5, 0.5, 0.5, 1.0, 0.5]


def test_percentiles_are_milliseconds():
    seconds = np.arange(101) / 1000
    assert percentiles(seconds) == pytest.approx({"p50": 50.0, "p95": 95.0, "p99": 99.0})
    assert Trial(np.ones(3, bool), seconds, seconds).moving_accuracy(3)[1].tolist() == [1.0]


# --- streams ---


def test_courses():
    assert course(6, 2, 0).tolist() == [0, 0, 1, 1, 1, 1]
    assert course(7, 2, 4).tolist() == [0, 0, 0.25, 0.5, 0.75, 1, 1]
    with pytest.raises(ValueError, match="duration"):
        course(5, 1, -1)


def test_a_quarter_turn_and_no_turn():
    image = np.arange(16.0).reshape(1, 4, 4)
    assert np.allclose(turn(image, [90.0])[0], np.rot90(image[0]), atol=1e-4)
    assert np.array_equal(turn(image, [0.0]), image)
    assert turn(np.repeat(image, 3, axis=0), [0, 90, 180]).shape == (3, 4, 4)


def test_darkness_scales_the_image_and_not_the_noise():
    rng = np.random.default_rng(9)
    grey = np.full((2, 200, 200), 0.6)
    dark = darken(grey, [1.0, 0.5], 0.05, rng)
    assert dark.mean(axis=(1, 2)) == pytest.approx([0.6, 0.3], abs=0.002)
    assert dark.std(axis=(1, 2)) == pytest.approx([0.05, 0.05], abs=0.002)
    assert darken(grey, [3.0, 0.0], 0.5, rng).min() == 0
    assert darken(grey, [3.0, 0.0], 0.5, rng).max() == 1


def test_pooling():
    image = np.arange(16.0).reshape(1, 4, 4)
    assert pool(image, 2).tolist() == [[2.5, 4.5, 10.5, 12.5]]
    with pytest.raises(ValueError, match="do not divide"):
        pool(image, 3)


# --- the experiments ---


def fake_mnist(n=700):
    rng = np.random.default_rng(10)
    y = np.arange(n) % 10
    x = rng.integers(0, 60, (n, 28, 28))
    for i in range(n):
        x[i, 2 * y[i] : 2 * y[i] + 5, 8:20] += 180
    half = n // 2
    return types.SimpleNamespace(
        x_train=x[:half].astype(np.uint8),
        x_test=x[half:].astype(np.uint8),
        y_train=y[:half],
        y_test=y[half:],
    )


def test_a_stream_of_digits():
    limits = stream_digits.BUDGETS["smoke"]
    still = stream_digits.make_stream(fake_mnist(), limits, 0)
    turned = stream_digits.make_stream(
        fake_mnist(), limits, 0, stream_digits.turn_suddenly, duration=0
    )
    assert still.X.shape == (120, 49) and still.X_start.shape == (120, 49)
    assert still.onset is None and turned.onset == turned.end == 30
    assert np.array_equal(still.y, turned.y)
    same = np.isclose(still.X, turned.X).all(axis=1)
    assert same[:30].all() and not same[30:].any()
    other = stream_digits.make_stream(fake_mnist(), limits, 1)
    seen = {row.tobytes() for row in np.vstack([still.X_start, still.X])}
    assert not any(row.tobytes() in seen for row in np.vstack([other.X_start, other.X]))
    dark = stream_digits.make_stream(fake_mnist(), limits, 0, stream_digits.lose_light, 0.5)
    assert (dark.onset, dark.end) == (30, 90)
    assert dark.X[-20:].mean() < 0.3 * dark.X[:20].mean()


def test_all_models_meet_the_same_stream():
    limits = stream_digits.BUDGETS["smoke"]
    stream = stream_digits.make_stream(
        fake_mnist(), limits, 0, stream_digits.turn_suddenly, duration=0
    )
    arms = stream_comparison.compare(stream, 0, (50, 200))
    assert set(arms) == set(stream_comparison.ARMS) | {"following_50", "following_200"}
    for measured in arms.values():
        assert measured["correct"].shape == (120,)
        parts = 30 * measured["before"] + 90 * measured["after"]
        assert parts == pytest.approx(measured["correct"].sum())
    assert arms["following"]["after"] > arms["frozen"]["after"]
    assert arms["following_200"] == arms["following"]
    assert set(arms["alarm"]) >= {"delay", "false_alarms", "detected"}
    # a model that stays what it was cannot depend on what comes
    backwards = stream_comparison.Stream(
        stream.X_start, stream.y_start, stream.X[::-1], stream.y[::-1], 30, 30
    )
    again = stream_comparison.compare(backwards, 0)
    for arm in ("euclid", "frozen", "unit"):
        assert np.array_equal(again[arm]["correct"][::-1], arms[arm]["correct"])


def test_the_window_and_the_restart_learn_from_what_they_say(monkeypatch):
    monkeypatch.setattr(stream_comparison, "WINDOW", 60)
    monkeypatch.setattr(stream_comparison, "EVERY", 30)
    model = stream_comparison.Window(X[:100], Y[:100])
    for i in range(100, 170):
        model.partial_fit(X[i : i + 1], Y[i : i + 1])
    expected = StreamingMahalanobis().fit(X[100:160], Y[100:160])
    assert np.array_equal(model._model.means_, expected.means_)
    assert stream_comparison.WINDOW / 2 == pytest.approx(60 / 2)
    alarmed = stream_comparison.Alarmed(X[:300], Y[:300], "adwin")
    monkeypatch.setattr(alarmed.monitor, "update", lambda wrong: True)
    alarmed.predict(X[300:301])
    alarmed.partial_fit(X[300:301], Y[300:301])
    expected = StreamingMahalanobis().fit(X[101:301], Y[101:301])
    assert np.array_equal(alarmed._model.means_, expected.means_)


def test_window_and_half_life_have_the_same_mean_age():
    ages = np.arange(20_000)
    weights = 0.5 ** (ages / stream_comparison.HALF_LIFE)
    mean_age = weights @ ages / weights.sum()
    assert (stream_comparison.WINDOW - 1) / 2 == pytest.approx(mean_age, rel=0.05)


def test_topics_come_and_go():
    labels = np.repeat(np.arange(20), 60)
    limits = stream_topics.BUDGETS["smoke"]
    chosen, onset = stream_topics.draw_posts(labels, limits, np.random.default_rng(0))
    assert len(chosen) == limits.n_train + limits.n_test and onset == 10
    groups = labels[chosen]
    start = set(groups[: limits.n_train])
    assert len(start) == 5
    assert set(groups[limits.n_train : limits.n_train + onset]) <= start
    assert not set(groups[-10:]) & start
    assert len(set(chosen)) == len(chosen)  # no post twice while there are enough


def test_a_parameter_that_changes_within_a_stream_is_refused():
    model = StreamingMahalanobis().fit(np.eye(3), [0, 1, 2]).set_params(ridge=5.0)
    with pytest.raises(ValueError, match="call fit to begin anew"):
        model.partial_fit(np.eye(3), [0, 1, 2])
    assert model.n_seen_ == 3
    model.fit(np.eye(3), [0, 1, 2])


def test_dates_and_missing_labels_are_refused():
    dates = np.array(["2026-01-01", "2026-01-02", "2026-01-03"], dtype="datetime64[D]")
    with pytest.raises(ValueError, match="got dates: take seconds"):
        StreamingMahalanobis(2.0).fit(np.eye(3), [0, 1, 2], times=dates)
    with pytest.raises(ValueError, match="got None"):
        StreamingMahalanobis().fit(np.eye(3), None)
    with pytest.raises(ValueError, match="a label is None"):
        StreamingMahalanobis().fit(np.eye(3), np.array(["a", None, "b"], dtype=object))
