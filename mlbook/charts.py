"""Charts whose alternative text is made from the numbers they draw, and a table of differences.

`mlbook.plots` has the style; here is what many chapters draw: lines, arms of a result as dots,
bars, pictures in rows, and paired differences.
"""

from itertools import cycle

import numpy as np

from mlbook import plots
from mlbook.experiments.results import MEASURES

_COLOURS = ("black", "blue", "vermilion", "green", "purple", "orange", "sky", "grey")
_MARKERS = "osD^vPX*"
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (8, 3)), (0, (1, 3)), (0, (3, 1)))
# more points than this are a line without markers
_MARKED = 12


def lines(panels, xlabel, ylabel, *sources, log=False, log_y=False, ylim=None, band=None, note=""):
    """Show named curves, in one panel or in several side by side.

    Parameters
    ----------
    panels : dict of str to dict of str to (x, y)
        The curves of each panel by their names, the panels by their titles. A title states what
        is drawn, no finding. A name has the same colour in all panels.
    xlabel, ylabel : str
    *sources : Dataset or Result
    log : bool, default=False
        Whether the x axis is logarithmic; its ticks are then the x of the first curve.
    log_y : bool, default=False
        Whether the y axis is logarithmic.
    ylim : (float, float) or None
    band : (float, float) or None
        Where on the x axis to draw a grey band.
    note : str
        What the alternative text shall say besides the first and last value of each curve.

    Raises
    ------
    ValueError
        If there is no panel, or a panel without a curve.
    """
    import matplotlib.pyplot as plt

    if not panels or not all(panels.values()):
        raise ValueError("no curve to draw")
    n = len(panels)
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    look = dict(zip(names, zip(cycle(_COLOURS), cycle(_DASHES), cycle(_MARKERS)), strict=False))
    figure, axes = plt.subplots(
        1, n, figsize=(6.5 if n == 1 else 3 + 2.4 * n, 3.4), sharey=True, squeeze=False
    )
    told = []
    for ax, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for name, (x, y) in curves.items():
            colour, dash, marker = look[name]
            ax.plot(
                x,
                y,
                color=plots.COLOURS[colour],
                linestyle=dash,
                marker=marker if len(x) <= _MARKED else "",
                markersize=5,
                label=name,
            )
            told.append(f"{f'{title}, ' if n > 1 else ''}{name}: {y[0]:.3g} to {y[-1]:.3g}")
        if band is not None:
            ax.axvspan(*band, color=plots.COLOURS["grey"], alpha=0.15, lw=0)
        ax.set(title=title, xlabel=f"{xlabel} (log scale)" if log else xlabel)
        if log:
            ticks = next(iter(curves.values()))[0]
            ax.set_xscale("log")
            ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            ax.minorticks_off()
        if log_y:
            ax.set_yscale("log")
    axes[0, 0].set(ylabel=f"{ylabel} (log scale)" if log_y else ylabel, ylim=ylim)
    handles = {h.get_label(): h for ax in axes[0] for h in ax.get_legend_handles_labels()[0]}
    if n == 1:
        axes[0, 0].legend(handles.values(), handles, loc="upper left", bbox_to_anchor=(1, 1))
    else:
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.04), "ncol": min(3, len(names))}
        figure.legend(handles.values(), handles, **below)
    plots.show(
        figure,
        f"{'Curves' if n == 1 else f'{n} panels of curves'} of {ylabel} over {xlabel}, first to "
        f"last value. {'; '.join(told)}. {note}".rstrip(),
        *sources,
    )


def dots(result, rows, title, each_seed=False):
    """Show the main measure of arms as dots with their intervals, several to a row.

    Parameters
    ----------
    result : Result
    rows : dict of str to dict of str to str
        For each row, from the top: arms, by the name of the series to which they belong. A
        series has one colour and marker; it need not be in every row.
    title : str
        States what is drawn, no finding.
    each_seed : bool, default=False
        Whether to draw each seed as a small dot behind, instead of the interval.
    """
    import matplotlib.pyplot as plt

    series = list(dict.fromkeys(name for arms in rows.values() for name in arms))
    looks = zip(series, zip(_COLOURS, _MARKERS, strict=True), strict=False)
    figure, ax = plt.subplots(figsize=(7, 0.9 + len(rows) * (0.22 + 0.13 * len(series))))
    told = []
    for i, (name, (colour, marker)) in enumerate(looks):
        style = {"color": plots.COLOURS[colour]}
        label = name  # of the first dot only
        for place, (row, arms) in enumerate(rows.items()):
            if name not in arms:
                continue
            height = place + 0.8 * ((i + 0.5) / len(series) - 0.5)
            mean = result.interval(arms[name])
            value = 100 * mean.value
            spread = f"{value:.0f}"
            if each_seed:
                seeds = 100 * result.values(arms[name])
                ax.plot(seeds, np.full(len(seeds), height), "o", alpha=0.35, **style)
                spread += f" (seeds {seeds.min():.0f} to {seeds.max():.0f})"
                sides = None
            else:
                sides = [[value - 100 * mean.low], [100 * mean.high - value]]
            ax.errorbar(value, height, xerr=sides, fmt=marker, markersize=6, label=label, **style)
            label = None
            told.append(f"{row}{f', {name}' if len(series) > 1 else ''}: {spread}")
    ax.set_yticks(range(len(rows)), rows)
    ax.set(title=title, xlabel=f"{MEASURES[result.measure]}, %")
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    if len(series) > 1:
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    what = "small dots of the seeds" if each_seed else "95 % intervals"
    plots.show(figure, f"Dots of the mean in percent, with {what}. {'; '.join(told)}.", result)


def scatters(panels, labels, alt, *sources, legend=None):
    """Show points of the plane in panels side by side, each class in its colour and marker.

    Both axes of a panel have the same scale, so that lengths can be compared.

    Parameters
    ----------
    panels : dict of str to array-like of shape (n_points, 2)
        The points of each panel by its title, which states what is drawn, no finding.
    labels : array-like of shape (n_points,)
        The name of the class of each point.
    alt : str
        What the points do; the number of panels and their titles are put before it.
    *sources : Dataset or Result
    legend : str or None
        What the names are, as the title of the legend.
    """
    import matplotlib.pyplot as plt

    labels = np.asarray(labels)
    names = np.unique(labels)
    n = len(panels)
    side = min(3.2, 11 / n)
    size = (n * side + 1, side + 0.4)
    figure, axes = plt.subplots(1, n, figsize=size, squeeze=False, layout="constrained")
    for ax, (title, points) in zip(axes[0], panels.items(), strict=True):
        for name, colour, marker in zip(names, cycle(_COLOURS[1:]), cycle(_MARKERS), strict=False):
            own = np.asarray(points)[labels == name].T
            ax.plot(
                *own, marker, color=plots.COLOURS[colour], markersize=3, alpha=0.7, label=str(name)
            )
        ax.set_aspect("equal", adjustable="datalim")
        ax.locator_params(nbins=5)
        ax.set_title(title, fontsize=10)
    beside = {"loc": "upper left", "bbox_to_anchor": (1, 1), "markerscale": 2}
    axes[0, -1].legend(title=legend, **beside)
    titles = "; ".join(panels)
    plots.show(figure, f"{n} scatter plots side by side: {titles}. {alt}", *sources)


def bars(groups, title, xlabel, *sources):
    """Show named values as horizontal bars, from the top, each group in its colour.

    Parameters
    ----------
    groups : dict of str to dict of str to float
        Values by their names, by the group to which they belong. The names of all groups must
        differ; the groups are named in a legend if there are several.
    title : str
        States what is drawn, no finding.
    xlabel : str
    *sources : Dataset or Result

    Raises
    ------
    ValueError
        If a name is in two groups: one bar would lie on the other.
    """
    import matplotlib.pyplot as plt

    names = [name for values in groups.values() for name in values]
    if len(set(names)) < len(names):
        raise ValueError("a name stands in two groups")
    figure, ax = plt.subplots(figsize=(6.5, 0.7 + 0.2 * len(names)))
    told = []
    for (group, values), colour in zip(groups.items(), _COLOURS[1:], strict=False):
        ax.barh(list(values), list(values.values()), color=plots.COLOURS[colour], label=group)
        listed = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
        told.append(f"{group}: {listed}" if len(groups) > 1 else listed)
    ax.set(title=title, xlabel=xlabel)
    ax.invert_yaxis()
    ax.margins(y=0.01)
    ax.grid(axis="y", visible=False)
    if len(groups) > 1:
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    plots.show(figure, f"Bars of {xlabel}, from the top. {'; '.join(told)}.", *sources)


def picture_rows(rows, title, alt, *sources, **options):
    """Show pictures in rows, each with its name at the left.

    Parameters
    ----------
    rows : dict of str to sequence of ndarray of shape (height, width)
        Rows may have different numbers of pictures.
    title, alt : str
    *sources : Dataset or Result
    **options
        For `mlbook.plots.images`, such as cmap.
    """
    import matplotlib.pyplot as plt

    width = max(len(row) for row in rows.values())
    size = (0.9 * width + 1, 0.95 * len(rows) + 0.4)
    figure, axes = plt.subplots(len(rows), width, figsize=size, squeeze=False)
    for row, (name, pictures) in zip(axes, rows.items(), strict=True):
        plots.images(row[: len(pictures)], pictures, **options)
        for ax in row[len(pictures) :]:
            ax.set_axis_off()
        at_left = {"xycoords": "axes fraction", "ha": "right", "va": "center", "fontsize": 9}
        row[0].annotate(name, (-0.1, 0.5), **at_left)
    # where the pictures have titles, ours stands above them; axes end at 0.88 of any height
    above = {"y": 0.88 + 0.28 / size[1], "va": "bottom"} if options.get("titles") else {}
    figure.suptitle(title, fontsize=11, **above)
    plots.show(figure, alt, *sources)


def differences(pairs, results):
    """Show paired differences of the main measure as a table.

    Parameters
    ----------
    pairs : dict of str to (str, str), or iterable of (str, str)
        Two arms for each row: the difference is the first minus the second. Rows without names
        are called by the descriptions of their arms.
    results : Result, or dict of str to Result
        One gives the difference in percentage points, its 95 % interval and what it says;
        several give a column each, with the difference and what it says.
    """
    import pandas as pd

    several = isinstance(results, dict)
    one = next(iter(results.values())) if several else results
    if not isinstance(pairs, dict):
        pairs = {
            f"{one.arms[first]} - {one.arms[second]}": (first, second) for first, second in pairs
        }
    table = {}
    for name, arms in pairs.items():
        if several:
            gaps = {column: result.compare(*arms) for column, result in results.items()}
            table[name] = {
                column: f"{100 * gap.value:+.1f} ({gap.verdict()})" for column, gap in gaps.items()
            }
        else:
            gap = one.compare(*arms)
            limits = f"[{100 * gap.low:+.1f},\N{NO-BREAK SPACE}{100 * gap.high:+.1f}]"
            table[name] = {
                "points [95 % interval]": f"{100 * gap.value:+.1f} {limits}",
                "first against second": gap.verdict(),
            }
    plots.table(
        pd.DataFrame.from_dict(table, orient="index"), *(results.values() if several else [one])
    )
