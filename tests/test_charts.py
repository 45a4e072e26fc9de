"""The charts: their alternative text and their tables must say what the numbers say."""

import IPython.display
import numpy as np
import pytest

from mlbook import charts, plots
from mlbook.evaluation import Interval


class Fake:
    """As much of a result as the charts ask for: two arms, three seeds."""

    label, caption, measure = "", "Measured: fake.", "accuracy"
    arms = {"a": "method a", "b": "method b"}
    seeds = {"a": np.array([0.7, 0.8, 0.9]), "b": np.array([0.5, 0.5, 0.5])}

    def interval(self, arm):
        return Interval(self.seeds[arm].mean(), 0.25, 0.95, "")

    def values(self, arm):
        return self.seeds[arm]

    def compare(self, first, second):
        gap = self.seeds[first].mean() - self.seeds[second].mean()
        return Interval(gap, gap - 0.1, gap + 0.1, "")


@pytest.fixture
def shown(monkeypatch):
    """What was shown: alternative texts of figures, and tables."""
    found = []

    def display(what, **_):
        found.append(what["text/plain"] if isinstance(what, dict) else what)

    monkeypatch.setattr(IPython.display, "display", display)
    return found


@pytest.fixture
def figures(monkeypatch):
    """The figures that were shown, as matplotlib has them."""
    found = []
    monkeypatch.setattr(plots, "show", lambda figure, alt, *sources: found.append(figure))
    yield found
    import matplotlib.pyplot as plt

    plt.close("all")


def test_lines_tell_the_ends_of_each_curve(shown):
    panels = {
        "one": {"up": ([1, 10], [3, 40.25]), "down": ([1, 10], [9, 1])},
        "two": {"up": ([1, 10], [5, 6])},
    }
    charts.lines(panels, "size", "right, %", log=True, note="A note.")
    assert shown[0].startswith("2 panels of curves of right, % over size")
    for told in ("one, up: 3 to 40.2", "one, down: 9 to 1", "two, up: 5 to 6", "A note."):
        assert told in shown[0]


def test_a_curve_looks_the_same_in_all_panels(figures):
    charts.lines({"one": {"a": ([0], [1]), "b": ([0], [1])}, "two": {"b": ([0], [1])}}, "x", "y")
    first, second = figures[0].axes
    assert first.lines[1].get_color() == second.lines[0].get_color() != first.lines[0].get_color()
    (legend,) = figures[0].legends
    assert [text.get_text() for text in legend.texts] == ["a", "b"]


def test_logarithmic_axes_say_so(figures):
    charts.lines({"one": {"a": ([1, 10], [1, 100])}}, "x", "y", log=True, log_y=True)
    ax = figures[0].axes[0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (log scale)", "y (log scale)")


@pytest.mark.parametrize("panels", [{}, {"one": {}}])
def test_no_curve_to_draw(panels):
    with pytest.raises(ValueError, match="no curve"):
        charts.lines(panels, "x", "y")


def test_dots_lie_where_the_means_are(figures, shown):
    rows = {"first": {"clean": "a", "noise": "b"}, "second": {"noise": "a"}}
    charts.dots(Fake(), rows, "title")
    ax = figures[0].axes[0]
    assert [round(float(line.get_xdata()[0])) for line in ax.lines] == [80, 50, 80]
    left, right = ax.collections[0].get_segments()[0][:, 0]
    assert (round(left), round(right)) == (25, 95)
    assert [text.get_text() for text in ax.get_legend().texts] == ["clean", "noise"]


def test_dots_in_words(shown):
    charts.dots(Fake(), {"first": {"": "a"}, "second": {"": "b"}}, "title", each_seed=True)
    assert "first: 80 (seeds 70 to 90); second: 50 (seeds 50 to 50)." in shown[0]


def test_bars_from_the_top_in_the_colour_of_their_group(figures, shown):
    charts.bars({"up": {"a": 2.0, "b": 1.0}, "down": {"c": -3.0}}, "title", "weight")
    ax = figures[0].axes[0]
    assert [bar.get_width() for bar in ax.patches] == [2, 1, -3]
    first, second, other = (bar.get_facecolor() for bar in ax.patches)
    assert first == second != other
    assert ax.patches[0].get_y() < ax.patches[2].get_y() and ax.yaxis_inverted()
    assert [text.get_text() for text in ax.get_legend().texts] == ["up", "down"]


def test_bars_in_words(shown):
    charts.bars({"": {"a": 2.0, "b": 1.25}}, "title", "weight")
    assert shown[0] == "Bars of weight, from the top. a 2, b 1.25."


def test_a_bar_must_not_hide_another():
    with pytest.raises(ValueError, match="two groups"):
        charts.bars({"one": {"a": 1.0}, "two": {"a": 2.0}}, "title", "weight")


def test_scatters_give_each_class_its_colour_and_equal_scales(figures):
    points = np.array([[0, 0], [1, 0], [2, 5]])
    charts.scatters({"raw": points, "double": 2 * points}, ["b", "a", "b"], "alt", legend="class")
    first, second = figures[0].axes
    assert [line.get_label() for line in first.lines] == ["a", "b"]
    assert first.lines[1].get_xydata().tolist() == [[0, 0], [2, 5]]
    assert second.lines[0].get_xydata().tolist() == [[2, 0]]
    assert first.lines[0].get_color() == second.lines[0].get_color() != first.lines[1].get_color()
    assert first.get_aspect() == second.get_aspect() == 1
    assert second.get_legend().get_title().get_text() == "class"


def test_scatters_name_their_panels_in_words(shown):
    charts.scatters({"raw": [[0, 0]], "mapped": [[1, 1]]}, [0], "What they do.")
    assert shown[0] == "2 scatter plots side by side: raw; mapped. What they do."


def test_rows_of_pictures_may_differ_in_length(figures):
    picture = np.zeros((4, 4))
    charts.picture_rows({"long": [picture] * 3, "short": [picture]}, "title", "alt")
    drawn = [len(ax.images) for ax in figures[0].axes]
    assert drawn == [1, 1, 1, 1, 0, 0]


def test_the_title_does_not_lie_on_those_of_the_pictures(figures):
    charts.picture_rows({"a": [np.zeros((4, 4))] * 3}, "title", "alt", titles=[1, 2, 3])
    (figure,) = figures
    renderer = figure.canvas.get_renderer()
    ours = figure._suptitle.get_window_extent(renderer)
    assert not any(ours.overlaps(ax.title.get_window_extent(renderer)) for ax in figure.axes)


def test_differences_of_one_result(shown):
    charts.differences([("a", "b"), ("b", "a"), ("a", "a")], Fake())
    table = shown[0]
    assert list(table.index)[0] == "method a - method b"
    points, verdicts = table.to_numpy().T
    assert points[0].startswith("+30.0 [+20.0,") and points[1].startswith("-30.0")
    assert list(verdicts) == ["better", "worse", "no difference shown"]


def test_differences_of_several_results(shown):
    charts.differences({"a over b": ("a", "b")}, {"one": Fake(), "two": Fake()})
    assert shown[0].loc["a over b"].tolist() == ["+30.0 (better)"] * 2
    assert list(shown[0].columns) == ["one", "two"]
