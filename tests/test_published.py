"""The published metric learners: against formulas, naive loops, finite differences and SciPy."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.base
from scipy.optimize import approx_fprime, minimize
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlbook.linear.itml import ITML, project
from mlbook.linear.lda import LDA
from mlbook.linear.lmnn import LMNN
from mlbook.linear.lmnn_loss import find_impostors, lmnn_loss, merge, target_neighbors
from mlbook.linear.mmc import MMC, onto_simplex
from mlbook.linear.nca import NCA, nca_loss, nca_objective
from mlbook.linear.rca import RCA
from mlbook.neighbors import MetricKNeighborsClassifier

QUICK = [
    LMNN(max_iter=60, tol=0.01),
    LMNN(n_components=2, n_impostors=20, max_iter=500, tol=1e-4),
    RCA(),
    RCA(n_components=1, ridge=0.1),
    ITML(n_pairs=40, tol=0.05, random_state=0),
    ITML(prior="covariance", n_pairs=40, tol=0.05, random_state=0),
    MMC(n_pairs=40, tol=0.05, random_state=0),
    MMC(diagonal=True, n_pairs=40, tol=0.05, random_state=0),
    NCA(max_iter=100, tol=0.1, random_state=0),
    NCA(batch_size=20, max_iter=3, random_state=0),
    LDA(),
    LDA(solver="eigen", shrinkage=0.1),
]
NAMES = [repr(estimator) for estimator in QUICK]
each_learner = pytest.mark.parametrize("learner", QUICK, ids=NAMES)


@pytest.fixture
def blobs():
    """Three overlapping classes in four features, mixed and in odd units."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 60)
    X = rng.normal(size=(60, 4)) + 2 * np.eye(4)[y]
    return X @ (rng.normal(size=(4, 4)) * [1, 3, 0.3, 2]), y


@pytest.fixture(scope="module")
def digits():
    """Scikit-learn's digits, with their constant and almost constant pixels."""
    X, y = load_digits(return_X_y=True)
    return X[:700], y[:700], X[700:1100], y[700:1100]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(QUICK)
def test_scikit_learn_estimator_checks(estimator, check):
    check(estimator)


# --- all learners ---


def distances(learner, X):
    mapped = learner.transform(X)
    return cdist(mapped, mapped)


def fitted(learner, X, y):
    return sklearn.base.clone(learner).fit(X, y)


@each_learner
def test_distances_obey_the_axioms(blobs, learner):
    X, y = blobs
    distance = fitted(learner, X, y).get_metric()
    for u, v, w in itertools.product(X[:7], repeat=3):
        assert distance(u, v) == pytest.approx(distance(v, u)) and distance(u, v) >= 0
        assert distance(u, w) <= distance(u, v) + distance(v, w) + 1e-9
    assert all(distance(u, u) == 0 for u in X[:7])


@each_learner
def test_transform_is_the_map_and_nothing_else(blobs, learner):
    X, y = blobs
    learner = fitted(learner, X, y)
    np.testing.assert_allclose(learner.transform(X), X @ learner.components_.T)
    pairs = np.stack([X[:10], X[10:20]], axis=1)
    M = learner.get_mahalanobis_matrix()
    squares = [(u - v) @ M @ (u - v) for u, v in pairs]
    np.testing.assert_allclose(learner.pair_distance(pairs) ** 2, squares, atol=1e-12)


@each_learner
def test_names_of_labels_do_not_matter(blobs, learner):
    X, y = blobs
    plain = fitted(learner, X, y)
    for names in (np.array([-5, 0, 7]), np.array(["ant", "bee", "cow"])):
        np.testing.assert_array_equal(plain.components_, fitted(learner, X, names[y]).components_)
    # another order of the classes, too
    other = fitted(learner, X, np.array(["zebra", "ant", "mole"])[y])
    if not isinstance(learner, ITML | MMC):  # their random pairs are others
        np.testing.assert_allclose(distances(plain, X), distances(other, X), rtol=0.03, atol=0.01)


@each_learner
def test_order_of_samples_does_not_matter(blobs, learner):
    if isinstance(learner, ITML | MMC) or getattr(learner, "batch_size", None):
        pytest.skip("draws at random")
    X, y = blobs
    order = np.random.default_rng(1).permutation(len(X))
    plain, other = fitted(learner, X, y), fitted(learner, X[order], y[order])
    np.testing.assert_allclose(distances(plain, X), distances(other, X), rtol=0.03, atol=0.01)


@each_learner
def test_a_shift_of_the_data_does_not_matter(blobs, learner):
    if isinstance(learner, LMNN) and learner.n_components is not None:
        pytest.skip("not convex: rounding decides which local minimum is found")
    X, y = blobs
    plain, other = fitted(learner, X, y), fitted(learner, X + [3, -50, 7, 1e3], y)
    np.testing.assert_allclose(distances(plain, X), distances(other, X), rtol=0.01, atol=0.01)


@each_learner
def test_kinds_of_input(blobs, learner):
    X, y = blobs
    frame = pd.DataFrame(X, columns=list("abcd"))
    learned = fitted(learner, frame, pd.Series(y))
    np.testing.assert_allclose(learned.components_, fitted(learner, X, y).components_, rtol=1e-6)
    assert list(learned.feature_names_in_) == list("abcd")
    single = fitted(learner, frame.astype(np.float32), y)
    assert single.components_.dtype == np.float64
    assert single.transform(frame.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(
        distances(single, frame), distances(learned, frame), rtol=0.05, atol=0.01
    )
    whole = np.round(20 * X).astype(int)
    np.testing.assert_allclose(
        fitted(learner, whole, y).components_,
        fitted(learner, whole.astype(float), y).components_,
        rtol=1e-6,
    )


@each_learner
def test_constant_features_duplicates_and_lonely_samples(blobs, learner):
    X, y = blobs
    X = np.column_stack([X, np.full(len(X), 7.0), X[:, 0] + X[:, 1]])
    X, y = np.vstack([X, X[:20], X[:1] + 1]), np.concatenate([y, y[:20], [99]])
    learned = fitted(learner, X, y)
    assert np.isfinite(learned.components_).all() and learned.transform(X).std() > 0


@each_learner
def test_more_features_than_samples(learner):
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1], 6)
    X = rng.normal(size=(12, 30)) + 2 * y[:, np.newaxis]
    learned = fitted(learner, X, y)
    assert np.isfinite(learned.components_).all() and learned.transform(X).std() > 0


@each_learner
def test_digits_with_their_constant_pixels(digits, learner):
    X, y, X_test, y_test = digits
    options = {"n_components": 9} if getattr(learner, "n_components", None) else {}
    if hasattr(learner, "n_pairs"):
        options["n_pairs"] = 500
    learner = sklearn.base.clone(learner).set_params(**options)
    if getattr(learner, "batch_size", None):
        learner.set_params(batch_size=350, max_iter=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier = MetricKNeighborsClassifier(metric=learner).fit(X, y)
    assert classifier.score(X_test, y_test) > (0.7 if isinstance(learner, MMC) else 0.9)


@each_learner
def test_data_that_cannot_be_learned_from(blobs, learner):
    X, y = blobs

    def refuse(X, y, message, error=ValueError):
        with pytest.raises(error, match=message):
            fitted(learner, X, y)

    refuse(np.where(X > 4, np.nan, X), y, "NaN")
    refuse(np.where(X > 4, np.inf, X), y, "infinity")
    refuse(scipy.sparse.csr_array(X), y, "[Ss]parse", TypeError)
    refuse(X, None, "y to be passed")
    refuse(X, y[:-1], "inconsistent numbers of samples")
    refuse(np.ones_like(X), y, "do not differ|are equal|unbounded")
    refuse(X[:6], np.arange(6), "each of the 6 classes has one|no class or chunklet")
    if isinstance(learner, RCA):  # one chunklet has a spread, too
        covariance = fitted(learner, X, np.zeros(60)).covariance_
        np.testing.assert_allclose(covariance, np.cov(X.T, ddof=0))
    else:
        refuse(X, np.zeros(60), "at least two classes")


@each_learner
def test_a_failed_fit_changes_nothing(blobs, learner):
    X, y = blobs
    learner = fitted(learner, X, y)
    before = learner.components_.copy()
    with pytest.raises(ValueError, match="do not differ|are equal|unbounded"):
        learner.fit(np.ones((60, 5)), y)
    np.testing.assert_array_equal(learner.components_, before)
    assert learner.n_features_in_ == 4


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (LMNN(n_neighbors=0), "n_neighbors must be"),
        (LMNN(n_components=0), "n_components must be"),
        (LMNN(n_components=5), "more than the 4 features"),
        (LMNN(margin=0), "margin must be"),
        (LMNN(mu=0), "mu must be"),
        (LMNN(mu=1), "mu must be"),
        (LMNN(n_impostors=0), "n_impostors must be"),
        (LMNN(refresh=True), "refresh must be"),
        (LMNN(max_iter=1.5), "max_iter must be"),
        (LMNN(tol=-1), "tol must be"),
        (LMNN(init=np.eye(3)), "init must have shape"),
        (RCA(ridge=-1), "ridge must be"),
        (RCA(n_components=9), "more directions"),
        (ITML(gamma=0), "gamma must be"),
        (ITML(prior="flat"), "prior must be"),
        (ITML(prior=np.eye(3)), "symmetric 4 x 4"),
        (ITML(prior=np.diag([1, 1, 1, 0])), "positive definite"),
        (ITML(bounds=(1, 2, 3)), "two numbers"),
        (ITML(bounds=(0, 2)), "bounds must be"),
        (ITML(n_pairs=1), "n_pairs must be"),
        (MMC(diagonal="yes"), "diagonal must be"),
        (MMC(ridge=np.nan), "ridge must be"),
        (NCA(init="best"), "init must be"),
        (NCA(init="lda", batch_size=9), "init must be"),
        (NCA(init=np.eye(3), batch_size=9), "init must have shape"),
        (NCA(batch_size=1), "batch_size must be"),
        (NCA(learning_rate=0), "learning_rate must be"),
        (NCA(n_components=5), "more than the 4 features"),
        (LDA(n_components=0), "n_components must be"),
        (LDA(n_components=3), "n_components"),
        (LDA(solver="lsqr"), "solver must be"),
        (LDA(shrinkage=0.5), "needs solver='eigen'"),
    ],
    ids=str,
)
def test_wrong_parameters(blobs, learner, message):
    with pytest.raises(ValueError, match=message):
        learner.fit(*blobs)


@pytest.mark.parametrize(
    "learner",
    [
        LMNN(max_iter=2, tol=0),
        ITML(max_iter=1, tol=0, random_state=0),
        MMC(max_iter=1, tol=0, random_state=0),
        NCA(max_iter=1, tol=0),
    ],
    ids=str,
)
def test_warns_if_not_converged(blobs, learner):
    with pytest.warns(ConvergenceWarning):
        learner.fit(*blobs)
    assert learner.n_iter_ == learner.max_iter


# --- LMNN ---


def naive_lmnn(L, X, y, targets, margin, mu):
    def square(i, j):
        return np.sum((L @ (X[i] - X[j])) ** 2)

    total, n_anchors = 0.0, 0
    for i in range(len(X)):
        n_anchors += targets[i, 0] >= 0
        for j in targets[i][targets[i] >= 0]:
            total += (1 - mu) * square(i, j)
            for other in np.flatnonzero(y != y[i]):
                total += mu * max(0.0, margin + square(i, j) - square(i, other))
    return total / n_anchors


@pytest.fixture
def lmnn_problem(blobs):
    X, y = blobs
    X, y = X[:25], y[:25].copy()
    y[0] = 3  # alone in its class
    y[1:3] = 4  # fewer than three targets each
    rng = np.random.default_rng(3)
    return X, y, target_neighbors(X, y, 3), 0.4 * rng.normal(size=(2, 4))


def test_target_neighbors_equal_a_loop(lmnn_problem):
    X, y, targets, _ = lmnn_problem
    for i in range(len(X)):
        mates = [j for j in np.flatnonzero(y == y[i]) if j != i]
        mates = sorted(mates, key=lambda j: np.linalg.norm(X[i] - X[j]))[:3]
        assert [j for j in targets[i] if j >= 0] == mates
    assert (targets[0] == -1).all() and (targets[1] == [2, -1, -1]).all()


def test_target_neighbors_of_duplicates_are_never_the_sample_itself():
    X = np.zeros((9, 2))
    targets = target_neighbors(X, np.zeros(9, dtype=int), 3)
    assert (targets != np.arange(9)[:, np.newaxis]).all() and (targets >= 0).all()


@pytest.mark.parametrize(("margin", "mu"), [(1.0, 0.5), (3.0, 0.2)])
def test_lmnn_loss_equals_a_triple_loop_and_its_gradient_finite_differences(
    lmnn_problem, margin, mu
):
    X, y, targets, L = lmnn_problem
    pairs = find_impostors(X @ L.T, y, targets, margin, None)
    value, gradient = lmnn_loss(L, X, targets, *pairs, margin, mu)
    assert value == pytest.approx(naive_lmnn(L, X, y, targets, margin, mu))
    numeric = approx_fprime(
        L.ravel(), lambda flat: naive_lmnn(flat.reshape(2, 4), X, y, targets, margin, mu), 1e-7
    )
    np.testing.assert_allclose(gradient.ravel(), numeric, rtol=1e-4, atol=1e-4)
    single = lmnn_loss(L, X.astype(np.float32), targets, *pairs, margin, mu)
    assert single[0] == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(single[1], gradient, rtol=1e-3, atol=1e-4)


def test_limited_impostors_are_the_nearest(lmnn_problem):
    X, y, targets, L = lmnn_problem
    Z = X @ L.T
    anchors, impostors = find_impostors(Z, y, targets, 1.0, 2)
    for i in np.unique(anchors):
        squares = np.where(y == y[i], np.inf, np.sum((Z[i] - Z) ** 2, axis=1))
        found = impostors[anchors == i]
        np.testing.assert_array_equal(found, np.argsort(squares)[: len(found)])
    assert len(anchors) > len(X) / 2 and (anchors != 0).all()


def test_lmnn_descends_between_searches_and_from_search_to_search(blobs):
    learner = LMNN(refresh=5, tol=1e-4, max_iter=300).fit(*blobs)
    assert (np.diff(learner.search_objective_) <= 0).all()
    assert learner.n_iter_ == len(learner.objective_) - 1
    steps = np.diff(learner.objective_)
    assert (steps[np.arange(len(steps)) % 5 != 0] <= 1e-12).all()
    X, y = blobs
    final = naive_lmnn(learner.components_, X - X.mean(axis=0), y, learner.targets_, 1.0, 0.5)
    assert final == pytest.approx(learner.search_objective_[-1])


def test_lmnn_goes_back_when_unknown_impostors_undo_its_steps(digits):
    # with so small a margin, ten steps bring in crowds that the first search did not see
    X, y, _, _ = digits
    learner = LMNN(margin=0.2, n_impostors=None, tol=0.01).fit(X, y)
    assert len(learner.objective_) > 1 + 10 * (len(learner.search_objective_) - 1)
    assert learner.search_objective_[-1] < 0.6 * learner.search_objective_[0]
    assert (np.diff(learner.search_objective_) <= 0).all()


def test_lmnn_reaches_the_convex_minimum_from_anywhere(blobs):
    X, y = blobs
    options = {"tol": 1e-6, "max_iter": 3000, "n_impostors": None}
    values = []
    for seed in (None, 0, 1):
        init = None if seed is None else np.random.default_rng(seed).normal(size=(4, 4))
        values.append(LMNN(init=init, **options).fit(X, y).search_objective_[-1])
    np.testing.assert_allclose(values, values[0], rtol=1e-2)


def test_lmnn_does_not_depend_on_units(blobs):
    X, y = blobs
    plain, large = LMNN(tol=1e-2).fit(X, y), LMNN(tol=1e-2).fit(1000 * X, y)
    np.testing.assert_allclose(distances(plain, X), distances(large, 1000 * X), rtol=1e-3)


def test_lmnn_finds_the_feature_that_tells_the_classes(digits):
    rng = np.random.default_rng(4)
    y = np.repeat([0, 1], 60)
    X = np.column_stack([y + 0.1 * rng.normal(size=120), 3 * rng.normal(size=(120, 2))])
    learner = LMNN(tol=1e-2).fit(X, y)
    weights = learner.get_mahalanobis_matrix().diagonal()
    assert weights[0] > 20 * weights[1:].max()


def test_merge_keeps_each_pair_once():
    pairs = np.array([0, 0, 3]), np.array([4, 5, 1])
    found = np.array([0, 2]), np.array([5, 1])
    anchors, impostors = merge(pairs, found, 6)
    assert list(zip(anchors, impostors, strict=True)) == [(0, 4), (0, 5), (2, 1), (3, 1)]


# --- RCA ---


def naive_chunklet_covariance(X, chunklets):
    total, count = np.zeros((X.shape[1],) * 2), 0
    for chunklet in np.unique(chunklets):
        members = X[chunklets == chunklet]
        if len(members) > 1:
            for x in members - members.mean(axis=0):
                total += np.outer(x, x)
            count += len(members)
    return total / count


def test_rca_equals_the_formula(blobs):
    X, y = blobs
    y = np.append(y, 7)  # a single sample is no chunklet
    X = np.vstack([X, [[9.0, 9, 9, 9]]])
    rca = RCA().fit(X, y)
    expected = naive_chunklet_covariance(X, y)
    np.testing.assert_allclose(rca.covariance_, expected)
    np.testing.assert_allclose(rca.get_mahalanobis_matrix(), np.linalg.inv(expected))
    assert rca.n_chunklets_ == 3 and rca.rank_ == 4


def test_rca_components_are_the_discriminants(blobs):
    X, y = blobs
    mapped = RCA(n_components=2).fit(X, y).transform(X)
    reference = LinearDiscriminantAnalysis(solver="eigen").fit(X, y).transform(X)
    scale = cdist(mapped, mapped)[0, 1] / cdist(reference, reference)[0, 1]
    np.testing.assert_allclose(
        cdist(mapped, mapped), scale * cdist(reference, reference), rtol=1e-6, atol=1e-9
    )
    np.testing.assert_allclose(naive_chunklet_covariance(mapped, y), np.eye(2), atol=1e-9)


def test_rca_on_singular_data(blobs):
    X, y = blobs
    X = np.column_stack([X, np.full(len(X), 7.0), X[:, 0] + X[:, 1]])
    rca = RCA().fit(X, y)
    assert rca.rank_ == 4 and rca.components_.shape == (4, 6)
    expected = np.linalg.pinv(naive_chunklet_covariance(X, y), hermitian=True)
    np.testing.assert_allclose(rca.get_mahalanobis_matrix(), expected, atol=1e-6)
    ridge = RCA(ridge=0.1).fit(X, y)
    shift = 0.1 * np.trace(ridge.covariance_) / 6
    expected = np.linalg.inv(ridge.covariance_ + shift * np.eye(6))
    np.testing.assert_allclose(ridge.get_mahalanobis_matrix(), expected)


# --- ITML ---


def itml_problem(n_pairs=12, n_features=3, seed=5):
    rng = np.random.default_rng(seed)
    differences = rng.normal(size=(n_pairs, n_features))
    y = np.where(np.arange(n_pairs) % 2, 1, -1)
    targets = np.where(y > 0, 1.0, 4.0)
    root = rng.normal(size=(n_features, n_features))
    return root @ root.T + np.eye(n_features), differences, y, targets


@pytest.mark.parametrize("gamma", [0.1, 1.0, 10.0])
def test_itml_satisfies_the_conditions_of_optimality(gamma):
    prior, differences, y, targets = itml_problem()
    rng = np.random.RandomState(0)
    M, duals, slacks, objective, gap = project(
        prior, differences, y, targets, gamma, 20000, 1e-10, rng
    )
    # stationary in M and in the slacks
    pull = (differences.T * (duals * y)) @ differences
    np.testing.assert_allclose(np.linalg.inv(M), np.linalg.inv(prior) + pull, rtol=1e-6)
    np.testing.assert_allclose(gamma * (1 / targets - 1 / slacks), duals * y, atol=1e-8)
    # feasible, and a multiplier only where a bound is touched
    lack = y * (np.einsum("pd,de,pe->p", differences, M, differences) - slacks)
    assert (duals >= 0).all() and lack.max() < 1e-4
    np.testing.assert_allclose(duals * lack, 0, atol=5e-4)
    assert (np.diff(objective) >= -1e-9).all() and gap < 1e-4


def test_itml_agrees_with_a_general_solver():
    prior, differences, y, targets = itml_problem(n_pairs=6, n_features=2)
    gamma = 0.7

    def primal(flat):
        root = np.array([[np.exp(flat[0]), 0], [flat[1], np.exp(flat[2])]])
        M = root @ root.T
        squares = np.einsum("pd,de,pe->p", differences, M, differences)
        slacks = np.where(y > 0, np.maximum(squares, targets), np.minimum(squares, targets))
        ratio, image = slacks / targets, M @ np.linalg.inv(prior)
        value = np.trace(image) - np.linalg.slogdet(image)[1] - 2
        return value + gamma * np.sum(ratio - np.log(ratio) - 1)

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000}
    best = minimize(primal, np.zeros(3), method="Nelder-Mead", options=options)
    rng = np.random.RandomState(0)
    M, _, _, objective, _ = project(prior, differences, y, targets, gamma, 9999, 1e-9, rng)
    assert objective[-1] == pytest.approx(best.fun, rel=1e-5)
    root = np.array([[np.exp(best.x[0]), 0], [best.x[1], np.exp(best.x[2])]])
    np.testing.assert_allclose(M, root @ root.T, rtol=1e-3, atol=1e-4)


def test_itml_leaves_a_prior_that_obeys_all_bounds():
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 5.0]])
    pairs = [[X[0], X[1]], [X[0], X[2]]]
    itml = ITML(bounds=(2, 20)).fit_pairs(pairs, [1, -1])
    np.testing.assert_array_equal(itml.get_mahalanobis_matrix(), np.eye(2))
    assert itml.n_iter_ == 1 and itml.duals_.tolist() == [0, 0]


def test_itml_ignores_pairs_of_equal_points(blobs):
    X, _ = blobs
    pairs, y = np.stack([X[:20], X[20:40]], axis=1), np.where(np.arange(20) % 2, 1, -1)
    options = {"bounds": (1, 30), "tol": 1e-6, "max_iter": 5000, "random_state": 0}
    plain = ITML(**options).fit_pairs(pairs, y)
    equal = np.stack([X[:2], X[:2]], axis=1)
    more = ITML(**options).fit_pairs(np.vstack([pairs, equal]), np.append(y, [1, -1]))
    np.testing.assert_allclose(plain.components_, more.components_, rtol=1e-6)


# --- MMC ---


def pairs_in_two_dimensions():
    rng = np.random.default_rng(6)
    similar = rng.normal(size=(15, 2)) * [2.0, 0.5] @ [[1, 0.6], [0, 1]]
    dissimilar = rng.normal(size=(12, 2)) + [1, 2]
    differences = np.vstack([similar, dissimilar])
    pairs = np.stack([differences, np.zeros_like(differences)], axis=1)
    return pairs, np.repeat([1, -1], [15, 12]), similar, dissimilar


def test_mmc_agrees_with_scipy_in_two_dimensions():
    pairs, y, similar, dissimilar = pairs_in_two_dimensions()

    def mean_square(flat, differences):
        root = np.array([[flat[0], 0], [flat[1], flat[2]]])
        return np.sum((differences @ root) ** 2, axis=1)

    best = minimize(
        lambda flat: -np.sqrt(mean_square(flat, dissimilar) + 1e-15).mean(),
        [0.1, 0.1, 0.1],
        constraints={"type": "ineq", "fun": lambda f: 1 - mean_square(f, similar).mean()},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    mmc = MMC(ridge=0, tol=1e-7, max_iter=5000).fit_pairs(pairs, y)
    assert mmc.objective_[-1] == pytest.approx(-best.fun, rel=1e-4)
    root = np.array([[best.x[0], 0], [best.x[1], best.x[2]]])
    np.testing.assert_allclose(mmc.get_mahalanobis_matrix(), root @ root.T, atol=1e-2)


def test_diagonal_mmc_agrees_with_the_objective_of_the_paper():
    pairs, y, similar, dissimilar = pairs_in_two_dimensions()

    def paper(log_weights):  # its minimiser is free in nothing but is the same up to scale
        weights = np.exp(log_weights)
        apart = np.sqrt(dissimilar**2 @ weights).sum()
        return (similar**2 @ weights).sum() - np.log(apart)

    best = np.exp(minimize(paper, np.zeros(2), method="Nelder-Mead", tol=1e-10).x)
    mmc = MMC(diagonal=True, ridge=0, tol=1e-8, max_iter=5000).fit_pairs(pairs, y)
    M = mmc.get_mahalanobis_matrix()
    assert M[0, 1] == 0
    assert M[0, 0] / M[1, 1] == pytest.approx(best[0] / best[1], rel=1e-2)


@pytest.mark.parametrize("diagonal", [False, True])
def test_mmc_rises_within_its_budget_and_beats_random_metrics(blobs, diagonal):
    X, y = blobs
    rng = np.random.default_rng(7)
    index = rng.integers(0, 60, (200, 2))
    index = index[index[:, 0] != index[:, 1]]
    kinds = np.where(y[index[:, 0]] == y[index[:, 1]], 1, -1)
    mmc = MMC(diagonal, ridge=0, preprocessor=X).fit_pairs(index, kinds)
    assert (np.diff(mmc.objective_) >= 0).all()
    lengths = mmc.pair_distance(index)
    assert np.mean(lengths[kinds > 0] ** 2) <= 1 + 1e-9
    assert lengths[kinds < 0].mean() == pytest.approx(mmc.objective_[-1], rel=1e-4)
    assert mmc.optimality_gap_ <= mmc.tol * mmc.objective_[-1]
    differences = X[index[:, 0]] - X[index[:, 1]]
    for _ in range(50):
        root = np.diag(rng.random(4)) if diagonal else rng.normal(size=(4, 4))
        other = np.linalg.norm(differences @ root, axis=1)
        other /= np.sqrt(np.mean(other[kinds > 0] ** 2))
        assert other[kinds < 0].mean() <= mmc.objective_[-1] + mmc.optimality_gap_ + 1e-9


def test_mmc_says_when_the_problem_is_unbounded():
    pairs = [[[0, 0], [1, 0]], [[0, 0], [1, 1]]]
    for diagonal in (False, True):
        with pytest.raises(ValueError, match=r"unbounded.*ridge > 0"):
            MMC(diagonal, ridge=0).fit_pairs(pairs, [1, -1])
        assert np.isfinite(MMC(diagonal).fit_pairs(pairs, [1, -1]).components_).all()


def test_projection_onto_the_simplex_is_the_nearest_point():
    rng = np.random.default_rng(8)
    for values in rng.normal(size=(20, 5)):
        projected = onto_simplex(values)
        assert projected.min() >= 0 and projected.sum() <= 1 + 1e-12
        corners = np.vstack([np.eye(5), np.zeros(5)])  # no corner is on the far side
        assert ((values - projected) @ (corners - projected).T).max() < 1e-12


# --- NCA ---


def naive_nca(L, X, y):
    total = 0.0
    for i in range(len(X)):
        weights = np.exp(-np.sum(((X - X[i]) @ L.T) ** 2, axis=1))
        weights[i] = 0
        total += weights[y == y[i]].sum() / weights.sum()
    return total / len(X)


def test_nca_loss_equals_a_loop_and_its_gradient_finite_differences(blobs):
    X, y = blobs
    L = 0.3 * np.random.default_rng(9).normal(size=(2, 4))
    value, gradient = nca_loss(L, X, y)
    assert -value == pytest.approx(naive_nca(L, X, y))
    assert nca_objective(L, X, y) == pytest.approx(naive_nca(L, X, y))
    numeric = approx_fprime(L.ravel(), lambda flat: -naive_nca(flat.reshape(2, 4), X, y), 1e-7)
    np.testing.assert_allclose(gradient.ravel(), numeric, rtol=1e-4, atol=1e-5)


def test_nca_is_that_of_scikit_learn(blobs):
    X, y = blobs
    options = {"n_components": 2, "init": "pca", "random_state": 0, "max_iter": 100, "tol": 1e-3}
    ours = NCA(**options).fit(X, y)
    theirs = NeighborhoodComponentsAnalysis(**options).fit(X - X.mean(axis=0), y)
    np.testing.assert_allclose(ours.components_, theirs.components_)
    assert ours.n_iter_ == len(ours.objective_) <= theirs.n_iter_
    assert ours.objective_[-1] == pytest.approx(naive_nca(ours.components_, X, y))
    assert ours.objective_[-1] > ours.objective_[0]


def test_one_batch_of_all_samples_reaches_what_the_full_batch_does(blobs):
    X, y = blobs
    full = NCA(init="pca", max_iter=500).fit(X, y)
    batch = NCA(batch_size=60, max_iter=500, random_state=0).fit(X, y)
    assert batch.n_iter_ == 500
    assert naive_nca(batch.components_, X, y) > 0.97 * full.objective_[-1]


def test_mini_batches_rise_and_repeat(digits):
    X, y, _, _ = digits
    learner = NCA(batch_size=100, max_iter=8, random_state=3)
    first, again = fitted(learner, X, y), fitted(learner, X, y)
    np.testing.assert_array_equal(first.components_, again.components_)
    assert first.objective_[-1] > first.objective_[0] + 0.1
    other = fitted(learner.set_params(random_state=4), X, y)
    assert not np.array_equal(first.components_, other.components_)
    given = NCA(init=np.eye(64)[:5], batch_size=100, max_iter=2, random_state=0).fit(X, y)
    assert given.components_.shape == (5, 64)


# --- LDA ---


@pytest.mark.parametrize("options", [{}, {"n_components": 1}, {"solver": "eigen"}])
def test_lda_is_that_of_scikit_learn(blobs, options):
    X, y = blobs
    ours = LDA(**options).fit(X, y)
    theirs = LinearDiscriminantAnalysis(**{"solver": "svd"} | options).fit(X, y)
    mapped = theirs.transform(X)
    np.testing.assert_allclose(distances(ours, X), cdist(mapped, mapped), atol=1e-9)
    assert ours.components_.shape == (mapped.shape[1], 4)
    np.testing.assert_allclose(ours.explained_variance_ratio_, theirs.explained_variance_ratio_)
