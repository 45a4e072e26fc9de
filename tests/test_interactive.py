"""The moving figure: right numbers, no network, and a script that agrees with Python."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis

from mlbook import interactive
from mlbook.html import page_problems
from mlbook.interactive import LIMITS, mahalanobis_ellipse

DEFAULT = (0.8, (2.0, 1.0), (1.5, 1.5))
STATES = [DEFAULT, (-0.5, (0.5, 2.5), (-2.0, 0.5)), (0.95, (0.2, 0.2), (4.0, -4.0))]


class Page(HTMLParser):
    """What a page holds: elements in order with their attributes, and text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag, **wanted):
        wanted = {key.rstrip("_"): value for key, value in wanted.items()}
        return [a for t, a in self.elements if t == tag and wanted.items() <= a.items()]


def distances_shown(page_text):
    return [float(value) for value in re.findall(r"<b>([\d.]+)</b>", page_text)]


def by_hand(correlation, variances, point):
    a, b = variances
    c = correlation * np.sqrt(a * b)
    inverse = np.linalg.inv([[a, c], [c, b]])
    return np.hypot(*point), mahalanobis(point, [0, 0], inverse)


def corners(path):
    """Outline of a path in the units of the features."""
    pixels = np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", path), dtype=float)
    return (
        (pixels - interactive.SIZE / 2)
        / (interactive.SIZE / 2 / interactive.HALF_WIDTH)
        * [
            1,
            -1,
        ]
    )


@pytest.mark.parametrize("state", STATES)
def test_both_distances_are_right(state):
    figure = mahalanobis_ellipse(*state)
    assert distances_shown(figure.data) == pytest.approx(by_hand(*state), abs=0.005)
    for value in by_hand(*state):
        assert f"{value:.2f}" in repr(figure)


def test_curves_are_at_the_distance_of_the_second_point():
    for correlation, variances, point in STATES[:2]:
        page = Page(mahalanobis_ellipse(correlation, variances, point).data)
        euclid, other = by_hand(correlation, variances, point)
        a, b = variances
        c = correlation * np.sqrt(a * b)
        inverse = np.linalg.inv([[a, c], [c, b]])
        left, right = (corners(path["d"]) for path in page.all("path", class_="mahalanobis"))
        found = [mahalanobis(corner, [0, 0], inverse) for corner in left]
        np.testing.assert_allclose(found, other, atol=0.02)
        np.testing.assert_allclose(np.linalg.norm(right, axis=1), other, atol=0.01)
        circle, ellipse = (corners(path["d"]) for path in page.all("path", class_="euclid"))
        np.testing.assert_allclose(np.linalg.norm(circle, axis=1), euclid, atol=0.01)
        # whitening by the Cholesky factor maps the circle to the ellipse
        factor = np.linalg.cholesky([[a, c], [c, b]])
        np.testing.assert_allclose(np.linalg.norm(ellipse @ factor.T, axis=1), euclid, atol=0.02)


def test_second_point_stays_in_sight():
    page = Page(mahalanobis_ellipse(*STATES[2]).data)
    assert by_hand(*STATES[2])[1] > 20
    for circle in page.all("circle", class_="second"):
        assert 0 < float(circle["cx"]) < interactive.SIZE
        assert 0 < float(circle["cy"]) < interactive.SIZE


def test_cloud_has_the_shape_that_the_sliders_say():
    page = Page(mahalanobis_ellipse(0.8, (2.0, 1.0), (0, 0)).data)
    dots = [a for a in page.all("circle", r="2")]
    n = interactive.N_POINTS
    assert len(dots) == 2 * n
    scale = interactive.SIZE / 2 / interactive.HALF_WIDTH
    places = np.array([[float(d["cx"]), -float(d["cy"])] for d in dots]) / scale
    covariance = np.cov(places[:n], rowvar=False)
    assert covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]) == pytest.approx(
        0.8, abs=0.1
    )
    np.testing.assert_allclose(covariance.diagonal(), [2, 1], rtol=0.4)
    np.testing.assert_allclose(np.cov(places[n:], rowvar=False), np.eye(2), atol=0.4)


def test_asks_nobody_for_anything(tmp_path):
    text = mahalanobis_ellipse().data
    (tmp_path / "page.html").write_text(f"<html><body>{text}</body></html>")
    assert page_problems(tmp_path) == []
    assert not re.search(r"://|@import|import\(|fetch\(|XMLHttp", text)
    assert not re.search(r"\[\[[A-Z]+\]\]", text), "a mark that nothing was put in for"


def test_without_a_script_the_picture_stays_and_the_controls_are_hidden():
    page = Page(mahalanobis_ellipse().data)
    assert page.all("fieldset")[0].keys() >= {"hidden"}
    assert page.all("noscript")
    assert len(page.all("svg", role="img")) == 2
    assert all(a["aria-label"] for a in page.all("svg"))


def test_every_setting_has_a_slider_with_a_label():
    page = Page(mahalanobis_ellipse(*STATES[1]).data)
    sliders = {a["name"]: a for a in page.all("input", type="range")}
    values = dict(zip(LIMITS, (STATES[1][0], *STATES[1][1], *STATES[1][2]), strict=True))
    assert sliders.keys() == LIMITS.keys()
    for name, (low, high) in LIMITS.items():
        assert float(sliders[name]["min"]) == low and float(sliders[name]["max"]) == high
        assert float(sliders[name]["value"]) == values[name]
    # a label around its slider needs no id, so that two figures on one page do not clash
    assert len(page.all("label")) == len(LIMITS)
    assert not any("id" in attributes for _, attributes in page.elements)


def test_the_same_figure_is_the_same_text():
    assert mahalanobis_ellipse().data == mahalanobis_ellipse().data


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"correlation": 1.0}, "correlation must lie between -0.95 and 0.95"),
        ({"variances": (0.0, 1.0)}, "variance of feature 1"),
        ({"variances": (1.0, 9.0)}, "variance of feature 2"),
        ({"point": (0.0, 7.0)}, "second point, feature 2"),
        ({"correlation": float("nan")}, "correlation"),
    ],
)
def test_settings_outside_the_sliders_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        mahalanobis_ellipse(**arguments)


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs a browser")
@pytest.mark.parametrize("state", STATES[1:])
def test_the_script_draws_what_python_draws(state, tmp_path):
    # a page made for one setting, its sliders moved to another before the script runs
    wanted = mahalanobis_ellipse(*state)
    text = mahalanobis_ellipse(*DEFAULT).data
    settings = dict(zip(LIMITS, (state[0], *state[1], *state[2]), strict=True))
    for name, value in settings.items():
        text = re.sub(rf'(name="{name}"[^>]*value=")[^"]*', rf"\g<1>{value:g}", text)
    (tmp_path / "page.html").write_text(f"<!doctype html><html><body>{text}</body></html>")
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", f"--user-data-dir={tmp_path / 'profile'}"]
        + ["--dump-dom", (tmp_path / "page.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
    )
    drawn, expected = Page(done.stdout), Page(wanted.data)
    assert drawn.all("div", class_="mlbook-ellipse")[0]["data-ready"] == "yes"
    assert "hidden" not in drawn.all("fieldset")[0]
    assert distances_shown(done.stdout) == distances_shown(wanted.data)
    for kind in ("faint", "euclid", "mahalanobis"):
        for ours, theirs in zip(
            expected.all("path", class_=kind), drawn.all("path", class_=kind), strict=True
        ):
            np.testing.assert_allclose(corners(theirs["d"]), corners(ours["d"]), atol=0.01)
    for kind in ({"r": "2"}, {"class": "second"}):
        places = [
            np.array([[float(a["cx"]), float(a["cy"])] for a in page.all("circle", **kind)])
            for page in (expected, drawn)
        ]
        np.testing.assert_allclose(*places, atol=0.11)
