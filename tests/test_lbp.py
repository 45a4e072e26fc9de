"""Local binary patterns: codes by hand, counts by brute force, and the experiments on faces."""

import itertools

import numpy as np
import pytest
from sklearn.decomposition import PCA

from mlbook import datasets
from mlbook.experiments import faces, faces_one, faces_verification
from mlbook.lbp import METHODS, chi_square, lbp_codes, lbp_histograms, n_codes

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 17, 20)).astype(np.uint8)


def interpolated(image, row, column):
    top, left = int(np.floor(row)), int(np.floor(column))
    down, right = row - top, column - left
    corners = image[top : top + 2, left : left + 2].astype(float)
    weights = np.outer([1 - down, down], [1 - right, right])[: corners.shape[0], : corners.shape[1]]
    return (corners * weights).sum()


def bits(image, row, column, points, radius):
    """Whether each point of the circle, anticlockwise from the right, reaches the centre."""
    angles = 2 * np.pi * np.arange(points) / points
    places = [(row - radius * np.sin(a), column + radius * np.cos(a)) for a in angles]
    values = [interpolated(image, *np.round(place, 5)) for place in places]
    return [int(value >= image[row, column]) for value in values]


def changes(code):
    return sum(a != b for a, b in zip(code, code[1:] + code[:1], strict=True))


def number(code):
    return sum(bit << place for place, bit in enumerate(code))


def named(code, method):
    if method == "default":
        return number(code)
    if method == "ror":
        return min(number(code[i:] + code[:i]) for i in range(len(code)))
    return sum(code) if changes(code) <= 2 else len(code) + 1


def test_code_by_hand():
    image = np.array([[[9, 7, 9], [3, 5, 8], [9, 5, 9]]])
    # right 8 and above 7 are brighter, left 3 is not, below 5 is as bright
    assert lbp_codes(image, points=4, method="default").tolist() == [[[1 + 2 + 8]]]
    assert lbp_codes(image, points=4, method="ror").tolist() == [[[7]]]
    assert lbp_codes(image, points=4, method="uniform").tolist() == [[[3]]]


@pytest.mark.parametrize("method", ["default", "ror", "uniform"])
@pytest.mark.parametrize(("points", "radius"), [(4, 1), (8, 1), (8, 2), (6, 2.5)])
def test_codes_equal_brute_force(method, points, radius):
    found = lbp_codes(IMAGES, points, radius, method)
    margin = int(np.ceil(radius))
    assert found.shape == (3, 17 - 2 * margin, 20 - 2 * margin)
    for (i, row, column), code in np.ndenumerate(found):
        around = bits(IMAGES[i], row + margin, column + margin, points, radius)
        assert code == named(around, method)


@pytest.mark.parametrize("points", [3, 4, 8])
def test_number_of_codes_is_the_number_of_patterns(points):
    patterns = [list(p) for p in itertools.product([0, 1], repeat=points)]
    smooth = [p for p in patterns if changes(p) <= 2]
    assert n_codes(points, "default") == len(patterns)
    assert n_codes(points, "nri_uniform") == len(smooth) + 1
    assert n_codes(points, "uniform") == len({sum(p) for p in smooth}) + 1


@pytest.mark.parametrize("method", METHODS)
def test_codes_stay_within_their_number(method):
    codes = lbp_codes(RNG.random((4, 40, 40)), 6, 1, method)
    assert 0 <= codes.min() and codes.max() < n_codes(6, method)


def test_codes_see_the_order_of_greys_only():
    darker = (IMAGES // 2).astype(np.uint8)
    steps = IMAGES // 2 * 2  # so that halving keeps the order
    np.testing.assert_array_equal(lbp_codes(darker, 4), lbp_codes(steps, 4))
    floats = IMAGES / np.float32(255)
    np.testing.assert_array_equal(lbp_codes(floats), lbp_codes(IMAGES))


@pytest.mark.parametrize(("method", "kept"), [(m, m in ("ror", "uniform")) for m in METHODS])
def test_turning_by_a_right_angle(method, kept):
    turned = np.rot90(IMAGES, axes=(1, 2))
    before, after = (lbp_histograms(x, points=4, method=method) for x in (IMAGES, turned))
    assert np.allclose(before, after) == kept


def test_cells_are_counted_one_by_one():
    found = lbp_histograms(IMAGES, grid=(3, 2), points=4, method="default").reshape(3, 3, 2, 16)
    codes = lbp_codes(IMAGES, points=4, method="default")  # 15 x 18
    for i, row, column in np.ndindex(3, 3, 2):
        cell = codes[i, 5 * row : 5 * row + 5, 9 * column : 9 * column + 9]
        shares = [np.mean(cell == code) for code in range(16)]
        np.testing.assert_allclose(found[i, row, column], np.array(shares) / 6)


@pytest.mark.parametrize("grid", [1, 4, (7, 3)])
def test_shares_add_up_and_cells_count_the_same(grid):
    found = lbp_histograms(IMAGES, grid, radius=2)
    rows, columns = (grid, grid) if isinstance(grid, int) else grid
    cells = found.reshape(3, rows * columns, 59).sum(axis=2)
    np.testing.assert_allclose(cells, 1 / (rows * columns))


def test_the_grid_knows_where_and_the_single_histogram_does_not():
    left = np.zeros((20, 40), np.uint8)
    left[:, 2:18] = RNG.integers(0, 256, (20, 16))
    right = np.roll(left, 20, axis=1)
    one = lbp_histograms([left, right], points=4)
    np.testing.assert_allclose(one[0], one[1])
    apart = chi_square(*lbp_histograms([left, right], (1, 2), points=4)[:, np.newaxis])
    assert apart > 0.5


def test_chi_square_by_hand():
    x, y = [[0.5, 0.5, 0.0]], [[0.25, 0.25, 0.5], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]
    expected = [[2 * 0.25**2 / 0.75 + 0.5, 0.0, 2.0]]
    np.testing.assert_allclose(chi_square(x, y), expected)
    with pytest.raises(ValueError):
        chi_square([[-1.0]], [[1.0]])


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (IMAGES[0], {}, r"shape \(n, height, width\).*image\[np.newaxis\]"),
        (np.zeros((2, 9, 9, 3), np.uint8), {}, "must be grey"),
        (np.zeros((0, 9, 9), np.uint8), {}, "must be grey"),
        (IMAGES.astype(float), {}, "from 0 to 1.*divide by the largest grey level"),
        (np.full((1, 9, 9), np.nan), {}, "without NaN"),
        (-np.ones((1, 9, 9)), {}, "from 0 to 1"),
        (IMAGES > 9, {}, "got bool"),
        (IMAGES, {"radius": 9}, "radius 9 fits around no pixel.*17 x 20.*smaller radius"),
        (IMAGES, {"radius": 0}, "radius must be"),
        (IMAGES, {"radius": "2"}, "radius must be"),
        (IMAGES, {"points": 1}, "points must be an integer from 2"),
        (IMAGES, {"points": 24, "method": "default"}, "from 2 to 16 for method 'default'"),
        (IMAGES, {"points": 8.0}, "points must be an integer"),
        (IMAGES, {"method": "rotated"}, "method must be one of"),
        (IMAGES, {"grid": 16}, "16 x 16 cells is finer than the 15 x 18 codes"),
        (IMAGES, {"grid": (15, 19)}, "finer"),
        (IMAGES, {"grid": 0}, "grid must be"),
        (IMAGES, {"grid": 2.5}, "grid must be"),
        (IMAGES, {"grid": (2, 2, 2)}, "grid must be"),
        (IMAGES, {"grid": True}, "grid must be"),
    ],
)
def test_bad_input_is_refused(images, options, message):
    with pytest.raises(ValueError, match=message):
        lbp_histograms(images, **options)


def test_one_image_and_the_finest_grid_are_enough():
    assert lbp_histograms(IMAGES[:1], (15, 18)).shape == (1, 15 * 18 * 59)
    assert lbp_codes(np.zeros((1, 3, 3), np.uint8)).shape == (1, 1, 1)


# --- the experiments ---


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("olivetti", "synthetic")


def test_halves_do_not_meet_and_the_test_half_is_shared():
    y = np.repeat([5, 2, 9], 10)
    train, test = faces.split(y, seed=3)
    one, same_test = faces.split(y, seed=3, known=1)
    assert not set(train) & set(test) and len(set(train) | set(test)) == 30
    np.testing.assert_array_equal(np.bincount(y[train]), np.bincount(y[test]))
    np.testing.assert_array_equal(test, same_test)
    assert set(one) <= set(train) and sorted(y[one]) == [2, 5, 9]
    assert not np.array_equal(train, faces.split(y, seed=4)[0])


def test_axes_that_are_turned_keep_distances():
    X, y = RNG.random((20, 50)), np.arange(20) % 4
    plain = faces.distance_of(None, X, y)(X[:3], X)
    for turned in (PCA(), faces.SPAN):
        np.testing.assert_allclose(faces.distance_of(turned, X, y)(X[:3], X), plain, atol=1e-6)


def test_settings_are_chosen_by_the_known_photographs(drawn, monkeypatch):
    known = faces.load(8, {"olivetti": drawn})
    train, test = faces.split(known.y, 0)
    arm = faces.TUNED["grid_lda"]
    chosen = faces.choose(known, arm, train)
    spoiled = faces.Faces(known.x.copy(), known.y.copy())
    spoiled.x[test], spoiled.y[test] = 0, 99
    assert faces.choose(spoiled, arm, train) == chosen
    seen = []

    def nearest(_, arm, setting, gallery, queries):
        seen.append((setting, set(gallery), set(queries)))
        return queries if setting == 6 else gallery[: len(queries)]

    monkeypatch.setattr(faces, "nearest_known", nearest)
    assert faces.choose(known, arm, train) == 6
    for setting in (4, 6, 8):
        turns = [(gallery, queries) for s, gallery, queries in seen if s == setting]
        assert set().union(*(queries for _, queries in turns)) == set(train)
        for gallery, queries in turns:
            assert gallery | queries == set(train) and not gallery & queries
            assert sorted(known.y[list(queries)]) == sorted(set(known.y))


def test_pixels_of_another_size_are_means():
    x = RNG.random((2, 64, 64)).astype(np.float32)
    small = faces.Faces(x, np.arange(2)).features("pixels", 16).reshape(2, 16, 16)
    np.testing.assert_allclose(small[1, 3, 5], x[1, 12:16, 20:24].mean(), rtol=1e-6)


def test_roots_have_length_one(drawn):
    known = faces.load(8, {"olivetti": drawn})
    for kind in ("roots", "multi"):
        np.testing.assert_allclose((known.features(kind, 4) ** 2).sum(axis=1), 1)


def test_the_printed_code_is_right_on_one_person_only(drawn):
    arms = faces.run("smoke", 0, {"olivetti": drawn})
    assert arms.keys() == faces.ARMS.keys()
    assert arms["printed"]["correct"].sum() == 5
    assert {len(arm["correct"]) for arm in arms.values()} == {40}


def test_one_photograph_uses_the_same_test_photographs(drawn):
    arms = faces_one.run("smoke", 0, {"olivetti": drawn})
    assert arms.keys() == faces_one.ARMS.keys()
    for arm in arms.values():
        assert len(arm["correct"]) == 40 and arm["n_train"] == 8


def test_people_who_are_tested_taught_and_chose_nothing(drawn, monkeypatch):
    seen = []
    learn = faces_verification.distance_of
    curve = faces_verification._curve

    def watch(metric, X, y):
        seen.append(("learn", frozenset(y)))
        return learn(metric, X, y)

    def judge(distances, y):
        seen.append(("judge", frozenset(y)))
        return curve(distances, y)

    monkeypatch.setattr(faces_verification, "distance_of", watch)
    monkeypatch.setattr(faces_verification, "_curve", judge)
    n_train, n_test, curves = faces_verification.verify_all("smoke", 0, {"olivetti": drawn})
    assert (n_train, n_test) == (80, 40)
    taught = {people for what, people in seen if what == "learn"}
    judged = {people for what, people in seen if what == "judge"}
    assert len(taught) == 1 and len(judged) == 2
    groups = [*taught, *judged]
    assert sorted(map(len, groups)) == [4, 4, 8] and len(frozenset().union(*groups)) == 16
    for _, _, test in curves.values():
        assert (test.n_same, test.n_different) == (4 * 45, 40 * 39 // 2 - 4 * 45)


def test_rates_are_those_of_the_threshold_chosen_before(drawn):
    data = {"olivetti": drawn}
    arms = faces_verification.run("smoke", 1, data)
    _, _, curves = faces_verification.verify_all("smoke", 1, data)
    people = np.random.default_rng(1).permutation(16)
    known = faces.load(16, data)
    test, validation = (np.isin(known.y, part) for part in (people[12:], people[8:12]))
    setting, threshold, _ = curves["pixels"]
    X = known.features("pixels", setting)

    def pairs(part):
        first, second = np.triu_indices(part.sum(), 1)
        distances = np.linalg.norm(X[part][first] - X[part][second], axis=1)
        return distances, known.y[part][first] == known.y[part][second]

    distances, same = pairs(test)
    accepted = -distances >= threshold
    assert arms["pixels"]["far"] == pytest.approx(np.mean(accepted[~same]))
    assert arms["pixels"]["frr"] == pytest.approx(np.mean(~accepted[same]))
    distances, same = pairs(validation)
    accepted = -distances >= threshold
    assert abs(np.mean(accepted[~same]) - np.mean(~accepted[same])) < 0.02
    assert 0.5 < arms["pixels"]["one_minus_eer"] < arms["pixels"]["auc"] <= 1
