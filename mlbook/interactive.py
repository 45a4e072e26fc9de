"""Figures that move: one piece of HTML each, with its picture, its controls and its script.

They work on a web page without a kernel and ask no other host for anything. Where scripts do
not run (a printed page, a notebook that is not trusted, a viewer that strips them) the picture
stays, drawn for the first settings, and the controls stay hidden.
"""

import json

import numpy as np

from mlbook import distances
from mlbook.interactive_page import ELLIPSE

__all__ = ["mahalanobis_ellipse"]

SIZE = 300
"""Width and height of a panel in the units of its drawing."""
HALF_WIDTH = 5.0
"""Largest coordinate that a panel shows."""
LIMITS = {
    "correlation": (-0.95, 0.95),
    "variance_x": (0.2, 3.0),
    "variance_y": (0.2, 3.0),
    "x": (-4.5, 4.5),
    "y": (-4.5, 4.5),
}
"""Ends of the sliders."""
_LABELS = {
    "correlation": "correlation",
    "variance_x": "variance of feature 1",
    "variance_y": "variance of feature 2",
    "x": "second point, feature 1",
    "y": "second point, feature 2",
}
N_POINTS = 80
_N_CORNERS = 72
_FARTHEST = 0.92 * HALF_WIDTH


def mahalanobis_ellipse(correlation=0.8, variances=(2.0, 1.0), point=(1.5, 1.5)):
    """A cloud, its ellipses, two points and their distances, with sliders for everything.

    The left panel shows the features as they are: the cloud, the ellipses of Mahalanobis
    distance 1 and 2 from its mean, and through the second point the curve of all points that
    are as far from the mean as it is, once under Euclid (a circle) and once under Mahalanobis
    (an ellipse). The right panel shows the same after whitening by the Cholesky factor of the
    covariance, where Mahalanobis's ellipse is the circle. The second point can be dragged in the
    left panel; the sliders, which the keyboard reaches, move it too.

    Parameters
    ----------
    correlation : float, default=0.8
    variances : tuple of two floats, default=(2.0, 1.0)
    point : tuple of two floats, default=(1.5, 1.5)
        The second point; the first is the mean, at (0, 0).

    Returns
    -------
    IPython.display.HTML
        Its text form, for readers without the picture, is a description with both distances.

    Raises
    ------
    ValueError
        If a value lies outside its slider (see `LIMITS`).

    Examples
    --------
    >>> mahalanobis_ellipse(0.8, (1.0, 1.0), (1.0, 1.0))
    Two panels: a cloud of points with correlation 0.80, variances 1.00 and 1.00; ...
    """
    state = dict(
        zip(LIMITS, (float(value) for value in (correlation, *variances, *point)), strict=True)
    )
    for name, value in state.items():
        low, high = LIMITS[name]
        if not low <= value <= high:
            raise ValueError(f"{_LABELS[name]} must lie between {low:g} and {high:g}, got {value}")
    return _html()(_page(state), _describe(state))


def _html():
    """IPython's HTML, with a text form; imported late, since the package works without it."""
    from IPython.display import HTML

    class InteractiveFigure(HTML):
        def __init__(self, page, description):
            super().__init__(page)
            self.description = description

        def __repr__(self):
            return self.description

    return InteractiveFigure


def _measure(state):
    """Euclid's and Mahalanobis's distance of the second point from the mean, and the map L."""
    factor = _factor(state)
    point = [state["x"], state["y"]]
    inverse = np.linalg.inv(factor @ factor.T)
    euclid = float(distances.euclidean(point, [0.0, 0.0]))
    return euclid, float(distances.mahalanobis(point, [0.0, 0.0], inverse)), np.linalg.inv(factor)


def _factor(state):
    """The lower triangular F with F F^T = covariance. F maps a round cloud to this one."""
    r, a, b = state["correlation"], state["variance_x"], state["variance_y"]
    return np.array([[np.sqrt(a), 0.0], [np.sqrt(b) * r, np.sqrt(b * (1 - r * r))]])


def _describe(state):
    euclid, mahalanobis, _ = _measure(state)
    return (
        f"Two panels: a cloud of points with correlation {state['correlation']:.2f}, variances "
        f"{state['variance_x']:.2f} and {state['variance_y']:.2f}; the same cloud after "
        f"whitening, round. A second point at ({state['x']:.2f}, {state['y']:.2f}) has the "
        f"distance {euclid:.2f} from the mean under Euclid and {mahalanobis:.2f} under "
        "Mahalanobis. On the web page, sliders change the cloud and the point."
    )


def _page(state):
    cloud = np.random.default_rng(3).normal(size=(N_POINTS, 2)).round(2)
    euclid, mahalanobis, whitening = _measure(state)
    factor = _factor(state)
    point = np.array([state["x"], state["y"]])
    # the second point stays in sight: the whitened panel shows more of the plane if need be
    zoom = min(1.0, _FARTHEST / mahalanobis) if mahalanobis else 1.0
    left = factor, point, np.eye(2)
    right = zoom * np.eye(2), zoom * whitening @ point, zoom * whitening
    parts = {
        "ALT": _describe(state),
        "SLIDERS": "\n".join(_slider(name, value) for name, value in state.items()),
        "EUCLID": f"{euclid:.2f}",
        "MAHALANOBIS": f"{mahalanobis:.2f}",
        "LEFT": _panel(*left, euclid, mahalanobis, cloud),
        "RIGHT": _panel(*right, euclid, mahalanobis, cloud),
        "AXES": f"M0 {SIZE / 2:g}H{SIZE}M{SIZE / 2:g} 0V{SIZE}",
        "FARTHEST": f"{_FARTHEST:g}",
        "CLOUD": json.dumps(cloud.tolist(), separators=(",", ":")),
        "SIZE": str(SIZE),
        "SCALE": f"{SIZE / 2 / HALF_WIDTH:g}",
        "CORNERS": str(_N_CORNERS),
    }
    page = ELLIPSE.strip()
    for name, text in parts.items():
        page = page.replace(f"[[{name}]]", text)
    return page


def _panel(spread, point, euclid_map, euclid, mahalanobis, cloud):
    """The moving parts of one panel as SVG; the script draws the same.

    `spread` maps the round cloud into the panel, `euclid_map` the features.
    """
    dots = "".join(f'<circle r="2" cx="{x}" cy="{y}"/>' for x, y in _pixels(cloud @ spread.T))
    x, y = _pixels(point[np.newaxis])[0]
    middle = SIZE / 2
    # Colours as attributes, not in the style sheet: some viewers keep a drawing without it.
    solid = 'fill="none" stroke="#0072b2"'
    dashed = 'fill="none" stroke="#d55e00" stroke-width="2" stroke-dasharray="6 4"'
    faint = f'class="faint" {solid} opacity="0.45"'
    return (
        f'<g class="cloud" fill="#767676" opacity="0.6">{dots}</g>'
        f'<path {faint} d="{_curve(spread)}"/><path {faint} d="{_curve(2 * spread)}"/>'
        f'<path class="euclid" {dashed} d="{_curve(euclid * euclid_map)}"/>'
        f'<path class="mahalanobis" {solid} stroke-width="2.5" d="{_curve(mahalanobis * spread)}"/>'
        f'<path class="line" stroke="#000" d="M{middle:g} {middle:g}L{x} {y}"/>'
        f'<circle class="mean" r="4" cx="{middle:g}" cy="{middle:g}"/>'
        f'<circle class="second" fill="#009e73" stroke="#fff" stroke-width="2" r="8" '
        f'cx="{x}" cy="{y}"/>'
    )


def _curve(matrix):
    """The image of the unit circle under a matrix, as the outline of an SVG path."""
    angles = 2 * np.pi * np.arange(_N_CORNERS) / _N_CORNERS
    corners = _pixels(np.stack([np.cos(angles), np.sin(angles)], axis=1) @ matrix.T)
    return "M" + "L".join(f"{x} {y}" for x, y in corners) + "Z"


def _pixels(points):
    """Coordinates of the drawing, in which the second axis points down."""
    scale = SIZE / 2 / HALF_WIDTH
    placed = SIZE / 2 + scale * np.asarray(points) * [1, -1]
    return [(f"{x:.1f}", f"{y:.1f}") for x, y in placed]


def _slider(name, value):
    low, high = LIMITS[name]
    return (
        f'<label><span>{_LABELS[name]}</span><input type="range" name="{name}" min="{low:g}" '
        f'max="{high:g}" step="0.05" value="{value:g}"><output>{value:.2f}</output></label>'
    )
