"""The book's figure style and its recurring figures.

Figures have a white ground of their own, so that they read the same on a dark page, and
colours that survive colour blindness (the palette of Okabe and Ito). `show` attaches the
alternative text that a reader who cannot see the figure gets instead.
"""

import base64
from io import BytesIO
from itertools import cycle

import numpy as np

from mlbook.evaluation import BETTER, UNDECIDED, WORSE
from mlbook.experiments.results import MEASURES

COLOURS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "orange": "#E69F00",
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


def show(figure, alt, *sources):
    """Show a figure in the notebook, with its alternative text, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What the figure shows, for a reader who cannot see it: kind of figure, axes, and what
        the data do. Must not be empty.
    *sources : Dataset or Result
        What the figure was made from. One that is not canonical is named under the figure.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    if not alt.strip():
        raise ValueError("every figure needs an alternative text")
    if labels := _labels(sources):
        figure.text(0.01, -0.02, labels, fontsize=8, color=COLOURS["vermilion"], va="top")
        alt = f"{alt} ({labels})"
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


def table(frame, *sources):
    """Show a pandas frame, and under it in one line where its numbers come from.

    Parameters
    ----------
    frame : pandas.DataFrame
    *sources : Dataset or Result
        A result gives its caption; a data set that is not canonical gives its label.
    """
    import pandas as pd
    from IPython.display import Markdown, display

    # pandas would cut texts after 50 characters, and tables after 60 rows
    with pd.option_context("display.max_colwidth", None, "display.max_rows", None):
        display(frame)
    captions = [s.caption for s in sources if hasattr(s, "caption")]
    rest = _labels(s for s in sources if not hasattr(s, "caption"))
    if text := " ".join([*captions, *([rest] if rest else [])]):
        display(Markdown(f"*{text}*"))


def _labels(sources):
    return "; ".join(sorted({source.label for source in sources if source.label}))


def images(axes, pictures, titles=None, signed=False, **options):
    """Draw pictures of shape (n, height, width) on n axes, without ticks.

    Grey by default; with `signed`, negative and positive values get two colours and zero white.
    """
    for i, (ax, picture) in enumerate(zip(np.ravel(axes), pictures, strict=True)):
        colours = {"cmap": "gray_r"}
        if signed:
            largest = np.abs(picture).max() or 1
            colours = {"cmap": "PuOr", "vmin": -largest, "vmax": largest}
        ax.imshow(picture, **(colours | options))
        ax.set_axis_off()
        if titles is not None:
            ax.set_title(titles[i], loc="center", fontsize=9)


def _errors(rows):
    """Error rates in percent with the lengths of their intervals to the left and the right."""
    values = 100 * (1 - np.array([row.value for row in rows]))
    low = 100 * (1 - np.array([row.high for row in rows]))
    high = 100 * (1 - np.array([row.low for row in rows]))
    return values, np.array([values - low, high - values])


_WRONG = {
    "accuracy": "wrong, % of the test items",
    # one minus the area is the share of such couples
    "auc": "wrong order of two pairs, %",
    "one_minus_eer": "equal error rate, %",
    "map_at_r": "100 - MAP@R",
}
_CURVES_WITH_LEGEND_INSIDE = 4


def _error_axis(axis, result):
    """A logarithmic axis for error rates in percent, with plain numbers."""
    from matplotlib.ticker import FixedLocator, NullFormatter, StrMethodFormatter

    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(FixedLocator([0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100]))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())
    axis.set_label_text(f"{_WRONG[result.measure]} (log scale)")


def ranking(result, arms, title):
    """Show the error rates of some arms as dots with intervals, best first.

    The colour of an arm says what its paired difference to the baseline says.

    Parameters
    ----------
    result : Result
    arms : sequence of str
    title : str
        States what is drawn, no finding.
    """
    import matplotlib.pyplot as plt

    ranked = sorted(arms, key=lambda arm: -result.interval(arm).value)
    tints = {BETTER: "green", WORSE: "vermilion", UNDECIDED: "grey"}
    colours = [
        COLOURS["black" if arm == result.baseline else tints[result.difference(arm).verdict()]]
        for arm in ranked
    ]
    rows = [result.interval(arm) for arm in ranked]
    values, lengths = _errors(rows)
    height = 0.6 + 0.29 * len(ranked)
    figure, ax = plt.subplots(figsize=(7, height))
    for position in range(len(ranked)):
        ax.errorbar(
            values[position],
            position,
            xerr=lengths[:, [position]],
            fmt="o",
            markersize=5,
            color=colours[position],
        )
    level = 100 * (1 - result.interval(result.baseline).value)
    ax.axvline(level, color=COLOURS["grey"], linestyle="--", linewidth=1)
    ax.set_yticks(range(len(ranked)), [result.arms[arm] for arm in ranked])
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    _error_axis(ax.xaxis, result)
    baseline = result.arms[result.baseline]
    against = f"green: better than {baseline}, red: worse, grey: no difference shown"
    # a fixed length above the axes, whose top is at 0.88 of any height
    figure.suptitle(f"{title}\n({against})", fontsize=10, y=0.88 + 0.5 / height)
    listed = "; ".join(
        f"{result.arms[arm]} {row.percent(1)}" for arm, row in zip(ranked, rows, strict=True)
    )
    show(
        figure,
        "Dot plot of error rates with intervals. "
        f"{MEASURES[result.measure]}, best first: {listed}.",
        result,
    )


def sweeps(result, labels, title, xlabel):
    """Show the error rate over the settings of one or more sweeps, beside the baseline.

    Parameters
    ----------
    result : Result
    labels : dict of str to str
        What each curve is called, by the name of the sweep.
    title, xlabel : str
    """
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullLocator

    figure, ax = plt.subplots(figsize=(7, 3.8))
    lines = []
    for (sweep, label), marker in zip(labels.items(), cycle("osD^vPX"), strict=False):
        settings, rows = result.sweep(sweep)
        values, lengths = _errors(rows)
        ax.errorbar(settings, values, lengths, marker=marker, markersize=5, capsize=3, label=label)
        lines += [
            f"{label}: {rows[i].percent(1)} at {settings[i]:g}{what}"
            for i, what in ((0, ""), (int(values.argmin()), " (best)"), (-1, ""))
        ]
    level = 100 * (1 - result.interval(result.baseline).value)
    ax.axhline(level, color=COLOURS["black"], linestyle="--", label=result.arms[result.baseline])
    ax.set(xscale="log", title=title, xlabel=f"{xlabel} (log scale)")
    ax.set_xticks(settings, [f"{setting:g}" for setting in settings])
    ax.xaxis.set_minor_locator(NullLocator())
    _error_axis(ax.yaxis, result)
    crowded = len(labels) > _CURVES_WITH_LEGEND_INSIDE
    ax.legend(**({"loc": "upper left", "bbox_to_anchor": (1, 1)} if crowded else {}))
    show(
        figure,
        f"Curves of error rates with intervals over the {xlabel}. "
        f"{MEASURES[result.measure]}: {'; '.join(lines)}.",
        result,
    )


def neighbours(queries, rows, wrong, *sources):
    """Show queries, each in a row with its nearest images under one metric or several.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, height, width)
    rows : dict of str to ndarray of shape (n_queries, k, height, width)
        The neighbours, nearest first, by the name of the metric.
    wrong : dict of str to ndarray of bool, shape (n_queries, k)
        Which neighbours are of another class than the query.
    *sources : Dataset
    """
    import matplotlib.pyplot as plt

    k = next(iter(rows.values())).shape[1]
    n_columns = 1 + len(rows) * (k + 1)
    figure, axes = plt.subplots(len(queries), n_columns, figsize=(0.8 * n_columns, len(queries)))
    for ax in axes.flat:
        ax.set_axis_off()
    images(axes[:, 0], queries)
    axes[0, 0].annotate("query", (0.5, 1.65), xycoords="axes fraction", ha="center", fontsize=10)
    for block, (name, found) in enumerate(rows.items()):
        first = 2 + block * (k + 1)
        for i in range(len(queries)):
            tiles = axes[i, first : first + k]
            images(tiles, found[i])
            for ax, is_wrong in zip(tiles, wrong[name][i], strict=True):
                if is_wrong:
                    ax.set_title("other", fontsize=8, color=COLOURS["vermilion"], pad=1)
                    ax.title.set_horizontalalignment("left")
        axes[0, first + k // 2].annotate(
            f"nearest under {name}", (0.5, 1.65), xycoords="axes fraction", ha="center", fontsize=10
        )
    counts = "; ".join(
        f"under {name}, {int(wrong[name].sum())} of {wrong[name].size} neighbours are of another "
        "class"
        for name in rows
    )
    alt = f"{len(queries)} query images, one a row, each with its {k} nearest images. {counts}."
    show(figure, alt, *sources)
