"""The book's figure style and its recurring figures.

Figures have a white ground of their own, so that they read the same on a dark page, and
colours that survive colour blindness (the palette of Okabe and Ito). `show` attaches the
alternative text that a reader who cannot see the figure gets instead.
"""

import base64
from io import BytesIO

import numpy as np

COLOURS = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#E69F00",
    "black": "#000000",
    "grey": "#767676",
}
_STYLE = {
    "figure.facecolor": "white",
    "figure.dpi": 110,
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.8,
    "font.size": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


def style():
    """Set the book's figure style for all figures that follow."""
    import matplotlib.pyplot as plt
    from cycler import cycler

    plt.rcParams.update(_STYLE)
    plt.rcParams["axes.prop_cycle"] = cycler(color=list(COLOURS.values()))


def show(figure, alt):
    """Show a figure in the notebook, with its alternative text, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What the figure shows, for a reader who cannot see it: kind of figure, axes, and what
        the data do. Must not be empty.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    if not alt.strip():
        raise ValueError("every figure needs an alternative text")
    buffer = BytesIO()
    # without the library's name and version in the file, equal figures are equal files
    figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    picture = base64.b64encode(buffer.getvalue()).decode("ascii")
    display(
        {"image/png": picture, "text/plain": alt},
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )


def images(axes, pictures, titles=None, **options):
    """Draw grey pictures of shape (n, height, width) on n axes, without ticks."""
    for i, (ax, picture) in enumerate(zip(np.ravel(axes), pictures, strict=True)):
        ax.imshow(picture, **({"cmap": "gray_r"} | options))
        ax.set_axis_off()
        if titles is not None:
            ax.set_title(titles[i], loc="center", fontsize=9)


def intervals(ax, labels, rows, colours=None, reference=None):
    """Horizontal dots with their intervals, the first on top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    labels : sequence of str
    rows : sequence of mlbook.evaluation.Interval
        Shares; drawn in percent.
    colours : sequence of str or None
    reference : float or None
        A share to mark with a vertical line.
    """
    positions = np.arange(len(rows))[::-1]
    colours = colours or [COLOURS["blue"]] * len(rows)
    for position, row, colour in zip(positions, rows, colours, strict=True):
        ax.plot([100 * row.low, 100 * row.high], [position] * 2, color=colour, linewidth=2.5)
        ax.plot(100 * row.value, position, "o", color=colour, markersize=5)
    if reference is not None:
        ax.axvline(100 * reference, color=COLOURS["grey"], linestyle="--", linewidth=1)
    ax.set_yticks(positions, labels)
    ax.grid(axis="y", visible=False)
