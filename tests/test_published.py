"""The published metric learners: against formulas, naive loops, finite differences and SciPy."""

import itertools
import warnings

import numpy as np
import pytest
import sklearn.base
from scipy.optimize import approx_fprime, minimize
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlbook.linear import lmnn
from mlbook.linear.itml import ITML, project
from mlbook.linear.lda import LDA
from mlbook.linear.lfda import LFDA, affinity_scatter, local_scatters
from mlbook.linear.lmnn import LMNN, improve
from mlbook.linear.lmnn_loss import find_impostors, lmnn_loss, merge, target_neighbors
from mlbook.linear.lsml import LSML
from mlbook.linear.mmc import MMC, DiagonalForm, FullForm, onto_simplex
from mlbook.linear.nca import NCA, nca_loss, nca_objective, neighbor_distance
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
    LFDA(),
    LFDA(n_components=1, n_neighbors=3, embedding="plain", ridge=0),
    LFDA(embedding="orthonormalized"),
    LSML(n_quadruplets=40, tol=0.05, random_state=0),
    LSML(prior="covariance", n_quadruplets=40, tol=0.05, random_state=0),
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
def test_digits_with_their_constant_pixels(digits, learner):
    X, y, X_test, y_test = digits
    options = {"n_components": 9} if getattr(learner, "n_components", None) else {}
    options |= {name: 500 for name in ("n_pairs", "n_quadruplets") if hasattr(learner, name)}
    learner = sklearn.base.clone(learner).set_params(**options)
    if getattr(learner, "batch_size", None):
        learner.set_params(batch_size=350, max_iter=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier = MetricKNeighborsClassifier(metric=learner).fit(X, y)
    weak = isinstance(learner, MMC) or getattr(learner, "prior", "") == "covariance"
    assert classifier.score(X_test, y_test) > (0.7 if weak else 0.9)


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
        (LFDA(n_components=0), "n_components must be"),
        (LFDA(n_components=5), "apart in 4 directions only"),
        (LFDA(n_neighbors=0), "n_neighbors must be"),
        (LFDA(embedding="best"), "embedding must be one of"),
        (LFDA(ridge=-1), "ridge must be"),
        (LSML(gamma=0), "gamma must be"),
        (LSML(prior="flat"), "prior must be"),
        (LSML(prior=np.eye(3)), "symmetric 4 x 4"),
        (LSML(prior=np.arange(16.0).reshape(4, 4)), "symmetric 4 x 4"),
        (LSML(n_quadruplets=0), "n_quadruplets must be"),
        (LSML(max_iter=0), "max_iter must be"),
        (LSML(tol=-1), "tol must be"),
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
        LSML(max_iter=1, tol=0, random_state=0),
    ],
    ids=str,
)
def test_warns_if_not_converged(blobs, learner):
    with pytest.warns(ConvergenceWarning, match=type(learner).__name__) as seen:
        learner.fit(*blobs)
    assert [warning.filename for warning in seen] == [__file__]
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


def test_lmnn_takes_the_undone_steps_again_from_where_they_began(digits, monkeypatch):
    X, y, _, _ = digits
    starts = []

    def noted(L, *arguments):
        starts.append(L)
        return improve(L, *arguments)

    monkeypatch.setattr(lmnn, "improve", noted)
    learner = LMNN(margin=0.2, n_impostors=None, tol=0.01).fit(X, y)
    n_places = len({start.tobytes() for start in starts})
    # no step is taken from the last place that a search accepted
    assert n_places == len(learner.search_objective_) - 1 < len(starts)


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
    np.testing.assert_allclose(ridge.get_mahalanobis_matrix(), expected, atol=1e-12)


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


def test_mmc_gradients_equal_finite_differences():
    rows = np.random.default_rng(11).normal(size=(7, 3))
    B = np.diag([0.5, 0.3, 0.2]) + 0.05
    slope = approx_fprime(B.ravel(), lambda flat: FullForm(rows, flat.reshape(3, 3)).value, 1e-7)
    np.testing.assert_allclose(FullForm(rows, B).gradient(), slope.reshape(3, 3), atol=1e-5)
    b = np.array([0.5, 0.3, 0.2])
    slope = approx_fprime(b, lambda b: DiagonalForm(rows, b).value, 1e-7)
    np.testing.assert_allclose(DiagonalForm(rows, b).gradient(), slope, atol=1e-5)


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


def test_mini_batches_take_the_steps_of_adam(blobs):
    X, y = blobs
    learned = NCA(init="identity", batch_size=20, max_iter=3, learning_rate=0.1, random_state=5)
    learned.fit(X, y)
    rng, X = np.random.RandomState(5), X - X.mean(axis=0)
    L = np.eye(4) / neighbor_distance(np.eye(4), X[rng.permutation(60)[:20]])
    rate = 0.1 * np.sqrt(np.mean(L**2))
    first, second, t = np.zeros((4, 4)), np.zeros((4, 4)), 0
    for _ in range(3):
        for batch in np.split(rng.permutation(60), 3):
            t += 1
            gradient = nca_loss(L, X[batch], y[batch])[1]
            first = 0.9 * first + 0.1 * gradient
            second = 0.999 * second + 0.001 * gradient**2
            step = first / (1 - 0.9**t) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
            L = L - rate * (10 - t) / 9 * step  # the rate falls to zero
    np.testing.assert_allclose(learned.components_, L, rtol=1e-6)


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


# --- LFDA ---


def naive_local_scatters(X, y, k):
    """The sums of the paper, pair by pair."""
    scales = np.zeros(len(X))
    for i in range(len(X)):
        others = sorted(np.linalg.norm(X[i] - X[j]) for j in np.flatnonzero(y == y[i]) if j != i)
        if others:
            scales[i] = others[min(k, len(others)) - 1]
    within, between = np.zeros((2, X.shape[1], X.shape[1]))
    for i, j in itertools.product(range(len(X)), repeat=2):
        outer = np.outer(X[i] - X[j], X[i] - X[j]) / 2
        if y[i] != y[j]:
            between += outer / len(X)
        elif scales[i] * scales[j] > 0:
            affinity = np.exp(-np.sum((X[i] - X[j]) ** 2) / (scales[i] * scales[j]))
            within += affinity / np.sum(y == y[i]) * outer
            between += affinity * (1 / len(X) - 1 / np.sum(y == y[i])) * outer
    return within, between


@pytest.fixture
def unequal_classes():
    """Classes of 30, 14, 5 and one sample, with copies."""
    rng = np.random.default_rng(7)
    y = np.repeat([0, 1, 2, 3], [30, 14, 5, 1])
    X = rng.normal(size=(50, 3)) * [1, 4, 2] + 3 * rng.normal(size=(4, 3))[y]
    X[5:9] = X[4]
    return X, y


@pytest.mark.parametrize("k", [1, 3, 7, 100])
def test_local_scatters_equal_a_loop(unequal_classes, k):
    X, y = unequal_classes
    found = local_scatters(X + 1e4, y, np.bincount(y), k)
    for ours, expected in zip(found, naive_local_scatters(X, y, k), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-6)


def test_affinities_do_not_depend_on_the_blocks(unequal_classes, monkeypatch):
    X, y = unequal_classes
    whole = affinity_scatter(X[y == 0], 3)
    monkeypatch.setattr("mlbook.linear.lfda._FLOATS_PER_BLOCK", 100)
    np.testing.assert_allclose(affinity_scatter(X[y == 0], 3), whole)


def test_lfda_solves_the_eigenvalue_problem_and_beats_random_maps(unequal_classes):
    X, y = unequal_classes
    within, between = naive_local_scatters(X, y, 7)
    plain = LFDA(embedding="plain", ridge=0).fit(X, y)
    L, values = plain.components_, plain.eigenvalues_
    assert np.all(np.diff(values) < 0) and np.all(values > 0)
    np.testing.assert_allclose(between @ L.T, within @ L.T * values, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(L @ within @ L.T, np.eye(3), atol=1e-9)

    def ratio(L):
        return np.trace(np.linalg.solve(L @ within @ L.T, L @ between @ L.T))

    two = LFDA(n_components=2, embedding="orthonormalized", ridge=0).fit(X, y).components_
    np.testing.assert_allclose(two @ two.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(ratio(two), values[:2].sum())
    rng = np.random.default_rng(8)
    assert all(ratio(rng.normal(size=(2, 3))) < ratio(two) for _ in range(300))
    weighted = LFDA(n_components=2, ridge=0).fit(X, y).components_
    np.testing.assert_allclose(weighted, np.sqrt(values[:2])[:, np.newaxis] * L[:2])


def test_lfda_ridge_is_relative_to_the_mean_eigenvalue(unequal_classes):
    X, y = unequal_classes
    within, _ = naive_local_scatters(X, y, 7)
    L = LFDA(embedding="plain", ridge=0.5).fit(X, y).components_
    shifted = within + 0.5 * np.trace(within) / 3 * np.eye(3)
    np.testing.assert_allclose(L @ shifted @ L.T, np.eye(3), atol=1e-9)


def test_lfda_of_classes_of_two_is_lda():
    # all affinities are exp(-1): both matrices are those of Fisher but for a factor and a shift
    rng = np.random.default_rng(9)
    y = np.repeat(np.arange(10), 2)
    X = rng.normal(size=(20, 3)) + 2 * rng.normal(size=(10, 3))[y]
    ours = LFDA(embedding="plain", ridge=0).fit(X, y).components_
    theirs = LinearDiscriminantAnalysis().fit(X, y).scalings_.T
    cosines = np.abs(np.sum(ours * theirs, axis=1))
    cosines /= np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    np.testing.assert_allclose(cosines, 1)


def test_lfda_keeps_the_clusters_of_a_class_apart():
    rng = np.random.default_rng(10)
    cluster = np.arange(150) % 3
    y = cluster % 2  # the first class left and right of the second
    X = rng.normal(size=(150, 2)) * [0.5, 3]
    X[:, 0] += 4 * (cluster - 1)
    accuracy = [
        MetricKNeighborsClassifier(3, metric).fit(X[:90], y[:90]).score(X[90:], y[90:])
        for metric in (LFDA(n_components=1), LDA(n_components=1))
    ]
    assert accuracy[0] > 0.97 and accuracy[1] < 0.8


def test_lfda_on_singular_data(unequal_classes):
    X, y = unequal_classes
    wide = np.column_stack([X, np.full(len(X), 7.0), X[:, 0] + X[:, 1]])
    plain, singular = LFDA(ridge=0).fit(X, y), LFDA(ridge=0).fit(wide, y)
    assert singular.components_.shape == (3, 5)
    np.testing.assert_allclose(singular.components_[:, 3], 0, atol=1e-9)
    # not the same: a repeated feature counts twice in the affinities, but not in the rank
    assert np.linalg.matrix_rank(singular.components_) == plain.components_.shape[0] == 3
    constant = LFDA(ridge=0).fit(wide[:, :4], y)
    np.testing.assert_allclose(constant.components_[:, :3], plain.components_, atol=1e-8)
    copies = np.repeat(X[:10], 9, axis=0), np.repeat(np.arange(10) % 2, 9)
    with pytest.raises(ValueError, match="raise n_neighbors or drop copies"):
        LFDA().fit(*copies)
    assert LFDA(n_neighbors=10).fit(*copies).eigenvalues_[0] > 0
    # classes differ only in a direction in which no class has spread
    flat = np.column_stack([np.tile([-1.0, 0, 1, 2], 2), np.repeat([0.0, 5], 4)])
    labels = np.repeat([0, 1], 4)
    assert np.abs(LFDA().fit(flat, labels).components_[0, 1]) > 1
    np.testing.assert_allclose(LFDA(ridge=0).fit(flat, labels).components_[:, 1], 0, atol=1e-9)
