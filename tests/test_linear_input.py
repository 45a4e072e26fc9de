"""Awkward and wrong input, for every learner alike: the right answer or a specific error."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from mlbook import linear
from mlbook.linear import (
    CDS,
    FWHD,
    GO,
    ITML,
    LDA,
    LFDA,
    LMNN,
    LSML,
    LSO,
    MDC,
    MMC,
    NCA,
    RCA,
    SCO,
    Covariance,
    LinearMetric,
)

LEARNERS = [
    Covariance(rank="auto"),
    Covariance("within", ridge=0.1),
    Covariance("ledoit_wolf"),
    Covariance("diagonal", rank="auto"),
    FWHD(),
    MDC(),
    MDC(shrinkage=0.1),
    CDS(random_state=0),
    CDS(n_components=1, batch_size=20, max_iter=40, random_state=0),
    GO(random_state=0),
    SCO(random_state=0, max_iter=300),
    LSO(random_state=0),
    LDA(),
    LFDA(),
    LFDA(ridge=0, embedding="orthonormalized"),
    RCA(),
    RCA(ridge=0.1),
    LMNN(max_iter=100, tol=1e-2),
    NCA(max_iter=100, tol=1e-2, random_state=0),
    NCA(batch_size=20, max_iter=5, random_state=0),
    ITML(random_state=0),
    MMC(random_state=0),
    LSML(random_state=0),
]
UNSUPERVISED = [one for one in LEARNERS if isinstance(one, Covariance) and one.estimate != "within"]
NEED_TWO_CLASSES = [
    one for one in LEARNERS if not isinstance(one, RCA) and not (isinstance(one, Covariance))
]
# nothing of the fit depends on random draws, or all there is to draw is drawn
DETERMINED = [
    one for one in LEARNERS if not isinstance(one, LSML) and getattr(one, "batch_size", 0) != 20
]
# NCA's start has a scale that depends on the units (in scikit-learn, too)
SCALE_FREE = [one for one in LEARNERS if not isinstance(one, NCA)]


def each(learners):
    return pytest.mark.parametrize("learner", learners, ids=repr)


@pytest.fixture
def blobs():
    """Three overlapping classes of 20 in four mixed features."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    X = rng.normal(size=(60, 4)) + 2 * np.eye(4)[y]
    return X @ (rng.normal(size=(4, 4)) * [1, 3, 0.3, 2]), y


def fitted(learner, X, y):
    with warnings.catch_warnings():
        # whether iterations suffice is the matter of other tests
        warnings.simplefilter("ignore", ConvergenceWarning)
        return clone(learner).fit(X, y)


def check_sound(learner, X, y):
    """Fit; the map must be finite, and tell at least some of the samples apart."""
    learned = fitted(learner, X, y)
    assert learned.components_.dtype == np.float64
    assert np.isfinite(learned.components_).all()
    mapped = learned.transform(X)
    assert np.isfinite(mapped).all() and np.ptp(mapped, axis=0).max() > 0
    return learned


def distances(learned, X):
    mapped = learned.transform(X)
    return cdist(mapped, mapped)


def assert_same_metric(one, other, X, tolerance=1e-6):
    expected = distances(one, X)
    np.testing.assert_allclose(distances(other, X), expected, atol=tolerance * expected.max())


def test_every_learner_is_here():
    public = {getattr(linear, name) for name in linear.__all__} - {LinearMetric}
    classes = {one for one in public if isinstance(one, type)}
    assert classes == {type(learner) for learner in LEARNERS}


# --- awkward, but valid ---


@each(LEARNERS)
@pytest.mark.parametrize(
    "name", ["strings", "objects", "categories", "negative", "unsorted", "floats", "booleans"]
)
def test_names_of_labels_do_not_matter(blobs, learner, name):
    X, y = blobs
    if name == "booleans":
        y = np.minimum(y, 1)
    labels = {
        "strings": np.array(["ant", "bee", "cow"])[y],
        "objects": np.array(["ant", "bee", "cow"], dtype=object)[y],
        "categories": pd.Series(np.array(["ant", "bee", "cow"])[y], dtype="category"),
        "negative": y - 7,
        "unsorted": np.array([10, 200, 3000])[y],
        "floats": y.astype(float),
        "booleans": y.astype(bool),
    }[name]
    plain, other = fitted(learner, X, y), fitted(learner, X, labels)
    np.testing.assert_array_equal(other.components_, plain.components_)


@each(DETERMINED)
def test_order_of_the_classes_does_not_matter(blobs, learner):
    X, y = blobs
    learner = draw_everything(learner)
    names = np.array(["zebra", "ant", "mole"])[y]
    assert_same_metric(fitted(learner, X, y), fitted(learner, X, names), X, 0.01)


@each(DETERMINED)
def test_order_of_the_samples_does_not_matter(blobs, learner):
    X, y = blobs
    learner = draw_everything(learner)
    order = np.random.default_rng(1).permutation(len(X))
    assert_same_metric(fitted(learner, X, y), fitted(learner, X[order], y[order]), X, 0.01)


def draw_everything(learner):
    options = {"holdout": 0} if hasattr(learner, "holdout") else {}
    options |= {"n_pairs": 10**4, "tol": 1e-5} if hasattr(learner, "n_pairs") else {}
    # with more neighbours the lower class would win a tie of votes
    options |= {"n_neighbors": 1} if isinstance(learner, SCO) else {}
    return clone(learner).set_params(**options)


@each(LEARNERS)
def test_a_shift_of_the_data_does_not_matter(blobs, learner):
    X, y = blobs
    plain, other = fitted(learner, X, y), fitted(learner, X + [3, -50, 7, 1e3], y)
    assert_same_metric(plain, other, X, 0.01)
    assert_same_metric(plain, fitted(learner, X + 1e6, y), X, 0.05)


@each(LEARNERS)
def test_frames_keep_the_names_of_features(blobs, learner):
    X, y = blobs
    frame = pd.DataFrame(X, columns=list("abcd"))
    learned = fitted(learner, frame, pd.Series(y, index=range(100, 160)))
    np.testing.assert_allclose(learned.components_, fitted(learner, X, y).components_, rtol=1e-6)
    assert list(learned.feature_names_in_) == list("abcd") and learned.n_features_in_ == 4
    assert len(learned.get_feature_names_out()) == len(learned.components_)
    with pytest.raises(ValueError, match="feature names"):
        learned.transform(frame[list("dcba")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert not hasattr(learned.fit(X, y), "feature_names_in_")


@each(LEARNERS)
def test_whole_numbers_lists_and_float32(blobs, learner):
    X, y = blobs
    X = np.round(20 * X)
    double = fitted(learner, X, y)
    for data in (X.astype(int), X.astype(np.int16), np.asfortranarray(X), X.tolist()):
        np.testing.assert_allclose(fitted(learner, data, y).components_, double.components_)
    single = fitted(learner, X.astype(np.float32), y)
    assert single.components_.dtype == np.float64
    assert single.transform(X.astype(np.float32)).dtype == np.float32
    assert single.transform(X).dtype == np.float64
    assert_same_metric(double, single, X, 0.02)


@each(LEARNERS)
def test_data_are_not_changed(blobs, learner):
    for dtype in (np.float64, np.float32):
        X, y = blobs[0].astype(dtype), blobs[1].copy()
        before = X.copy()
        X.setflags(write=False)
        fitted(learner, X, y).transform(X)
        np.testing.assert_array_equal(X, before)


@each(LEARNERS)
def test_a_class_with_one_sample(blobs, learner):
    X, y = blobs
    check_sound(learner, np.vstack([X, X[:1] + 1]), np.append(y, 99))
    # one class has a pair, the others one sample each
    check_sound(learner, X[:8], [5, 1, 2, 3, 4, 0, 5, 6])


@each(LEARNERS)
def test_constant_and_repeated_features(blobs, learner):
    X, y = blobs
    for constant in (0.0, 0.1, 1e6):
        data = np.column_stack([X[:, :2], np.full(len(X), constant), X[:, 2:], X[:, 0] + X[:, 1]])
        learned = check_sound(learner, data, y)
        # what a constant feature weighs does not matter to distances among the samples
        M = learned.get_mahalanobis_matrix()
        assert np.isfinite(M).all()
    check_sound(learner, np.column_stack([X[:, :1], np.ones((60, 3))]), y)


@each(LEARNERS)
def test_one_feature(blobs, learner):
    X, y = blobs
    check_sound(learner, X[:, :1], y)


@each(LEARNERS)
def test_duplicated_samples(blobs, learner):
    X, y = blobs
    check_sound(learner, np.vstack([X, X[:20], X[:5]]), np.concatenate([y, y[:20], y[:5]]))
    many = clone(learner)
    if isinstance(many, LFDA):
        many.set_params(n_neighbors=15)
    check_sound(many, np.repeat(X[:12], 5, axis=0), np.repeat(y[:12], 5))
    # copies of a sample in several classes
    check_sound(learner, np.vstack([X, X[:6]]), np.concatenate([y, (y[:6] + 1) % 3]))


@each(LEARNERS)
def test_more_features_than_samples(learner):
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1, 2], 4)
    check_sound(learner, rng.normal(size=(12, 30)) + 2 * y[:, np.newaxis], y)
    check_sound(learner, (rng.random((12, 30)) < 0.2).astype(np.float32), y)


@each([LMNN(n_neighbors=50, max_iter=50), LFDA(n_neighbors=50), SCO(n_neighbors=50, max_iter=50)])
def test_more_neighbours_than_a_class_has(blobs, learner):
    X, y = blobs
    check_sound(learner, X[:20], y[:20])
    check_sound(learner, np.vstack([X, X[:1] + 1]), np.append(y, 99))


@each(SCALE_FREE)
@pytest.mark.parametrize("scale", [1e-9, 1e9, np.float32(1e20), np.float32(1e-25)], ids=str)
def test_units_far_from_one(blobs, learner, scale):
    X, y = blobs
    if isinstance(scale, np.float32):  # the squares of which overflow or underflow
        X = X.astype(np.float32)
    learned, plain = check_sound(learner, scale * X, y), fitted(learner, X, y)
    ours, expected = distances(learned, scale * X), distances(plain, X)
    np.testing.assert_allclose(ours / ours.max(), expected / expected.max(), atol=0.02)


# --- wrong ---


def refuse(learner, X, y, message, error=ValueError):
    learner = clone(learner)
    with pytest.raises(error, match=message), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        learner.fit(X, y)
    with pytest.raises(NotFittedError):
        learner.transform(X)
    assert not hasattr(learner, "n_features_in_")


@each(NEED_TWO_CLASSES)
def test_one_class_only(blobs, learner):
    X, _ = blobs
    refuse(learner, X, np.zeros(60), "at least two classes are needed, but y holds one class")
    refuse(learner, X, ["ant"] * 60, "at least two classes are needed, but y holds one class")


@each([one for one in LEARNERS if one not in NEED_TWO_CLASSES])
def test_one_class_will_do(blobs, learner):
    check_sound(learner, blobs[0], np.zeros(60))


@each([one for one in LEARNERS if one not in UNSUPERVISED])
def test_labels_that_are_no_classes(blobs, learner):
    X, y = blobs
    message = "has one sample|has one|no class or chunklet has two samples"
    refuse(learner, X, np.arange(60), message)
    refuse(learner, X, None, "y to be passed")
    refuse(learner, X, y[:-1], "inconsistent numbers of samples|one label for each")
    refuse(learner, X, X[:, 0], "[Uu]nknown label type")
    refuse(learner, X, np.where(y == 0, np.nan, y), "NaN")
    refuse(learner, X, np.eye(3)[y], "1d array|one label for each|[Uu]nknown label type")


@each(LEARNERS)
def test_data_that_are_no_numbers(blobs, learner):
    X, y = blobs
    refuse(learner, np.where(X > 4, np.nan, X), y, "NaN")
    refuse(learner, np.where(X > 4, np.inf, X), y, "infinity")
    refuse(learner, scipy.sparse.csr_array(X), y, "[Ss]parse", TypeError)
    refuse(learner, scipy.sparse.csc_matrix(X), y, "[Ss]parse", TypeError)
    refuse(learner, X.astype(complex), y, "[Cc]omplex")
    refuse(learner, np.full(X.shape, "red"), y, "could not convert|[Nn]umeric")


@each(LEARNERS)
def test_data_of_a_wrong_shape(blobs, learner):
    X, y = blobs
    refuse(learner, X[:, 0], y, "2D array")
    refuse(learner, X[:, :0], y, "0 feature")
    refuse(learner, X[:0], y[:0], "0 sample")
    refuse(learner, X[:1], y[:1], "minimum of 2")
    refuse(learner, X[np.newaxis], y, "dim 3|2D array|2 dimensions")


@each(LEARNERS)
def test_samples_that_do_not_differ(blobs, learner):
    _, y = blobs
    message = "do not differ|are equal|unbounded|no sample differs"
    for value in (0.0, 0.1, 7e5):
        refuse(learner, np.full((60, 4), value), y, message)
        refuse(learner, np.full((60, 4), value, dtype=np.float32), y, message)


@each(LEARNERS)
def test_squares_that_overflow(blobs, learner):
    X, y = blobs
    for size in (1e160, 1e200, 1e300):
        refuse(learner, size * X, y, "squares of the data overflow .* rescale X")


@each(LEARNERS)
def test_squares_that_underflow(blobs, learner):
    X, y = blobs
    for size in (1e-160, 1e-200, 1e-300):
        refuse(learner, size * X, y, "squares of the data underflow .* rescale X")


@each(LEARNERS)
def test_a_failed_fit_changes_nothing(blobs, learner):
    X, y = blobs
    learned = fitted(learner, X, y)
    before = vars(learned).copy()
    for data in (np.ones((60, 5)), np.full((60, 3), np.nan)):
        with pytest.raises(ValueError, match="do not differ|are equal|unbounded|no sample|NaN"):
            learned.fit(data, y)
        assert vars(learned).keys() == before.keys()
        assert all(value is before[name] for name, value in vars(learned).items())


@each(LEARNERS)
def test_a_fitted_learner_refuses_other_features(blobs, learner):
    X, y = blobs
    learned = fitted(learner, X, y)
    with pytest.raises(ValueError, match="3 features"):
        learned.transform(X[:, :3])
    with pytest.raises(ValueError, match="NaN"):
        learned.transform(np.full((1, 4), np.nan))
    with pytest.raises(ValueError, match="pairs must have shape"):
        learned.pair_distance(X[:10].reshape(5, 2, 4)[:, :, :3])
