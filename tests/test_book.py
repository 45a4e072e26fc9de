"""A small book is built; the check of its pages is shown to see what it exists for."""

import re
import shutil
import sys
from types import SimpleNamespace

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_output

import mlbook
from mlbook import book, kernel, notebooks, paths
from mlbook.errors import MlbookError

BOOK = paths.root() / "book"

# one grey point
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
ALT = 'A line "rises" <slowly>'
CHAPTER = r"""
# %% [markdown]
# # 1.1 Metric 度量
#
# The distance is $d(x, y) = \sqrt{(x - y)^\top M (x - y)}$, and
#
# \begin{align}
# M &= L^\top L
# \end{align}

# %% tags=["hide-input"]
import os

# %%
figure()

# %%
table()

# %% [markdown]
# ## Further reading
#
# - [A paper](https://example.org/paper)
"""


def make_chapter(home, alt=ALT, name="01_small"):
    """Write a chapter and what its execution would have left, without executing it."""
    home.joinpath("notebooks").mkdir(exist_ok=True)
    home.joinpath("notebooks", f"{name}.py").write_text(CHAPTER)
    notebook = jupytext.reads(CHAPTER, fmt="py:percent")
    image = {"image/png": PNG, "text/plain": "<Figure>"}
    metadata = {"image/png": {"alt": alt}} if alt is not None else {}
    notebook.cells[2].outputs = [new_output("display_data", image, metadata=metadata)]
    html = '<table border="1" class="dataframe"><tr><th>arm</th><td>Euclid</td></tr></table>'
    notebook.cells[3].outputs = [new_output("execute_result", {"text/html": html})]
    for count, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    target = home / "_build" / "notebooks" / f"{name}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(nbformat.writes(kernel.tidy(notebook)))
    return target


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(BOOK, home / "book")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLBOOK_HOME", str(home))
        # whether a chapter is current is tested with the chapters, and the data play no part here
        patch.setattr(notebooks, "is_current", lambda chapter: True)
        data = SimpleNamespace(state_key_all=lambda: "")
        patch.setitem(sys.modules, "mlbook.datasets", data)
        patch.setattr(mlbook, "datasets", data, raising=False)
        make_chapter(home)
        yield home


@pytest.fixture(scope="module")
def html(home):
    return book.build().parent


@pytest.fixture
def page(tmp_path):
    """Write one page and one style sheet; returns what the check says of them."""

    def check(body="", head="", css=""):
        (tmp_path / "index.html").write_text(f"<html><head>{head}</head><body>{body}</body></html>")
        (tmp_path / "book.css").write_text(css)
        (tmp_path / "here.js").write_text("")
        return book.page_problems(tmp_path)

    return check


def test_the_book_asks_no_other_host(html):
    assert book.page_problems(html) == []
    pages = sorted(path.relative_to(html).as_posix() for path in html.rglob("*.html"))
    assert {"index.html", "glossary.html", "notebooks/01_small.html", "search.html"} <= set(pages)


def test_the_page_has_its_maths_figure_table_and_buttons(html):
    text = (html / "notebooks" / "01_small.html").read_text(encoding="utf-8")
    (script,) = re.findall(r'<script[^>]* src="([^"]*mathjax[^"]*)"', text)
    assert (html / "notebooks" / script.split("?")[0]).resolve().is_file()
    assert r"\(d(x, y) = \sqrt{" in text and r"\begin{align}" in text
    assert 'alt="A line &quot;rises&quot; &lt;slowly&gt;"' in text
    assert 'class="dataframe"' in text and "copybutton.js" in text
    assert "度量学习：逐行重新执行" in text
    assert "<details" in text  # the hidden input


def test_nothing_changed_builds_nothing(home, html, capsys, monkeypatch):
    monkeypatch.setattr(book, "_sphinx", lambda *_: pytest.fail("Sphinx was run again"))
    first = book.build()
    assert capsys.readouterr().out == f"Open {first.as_uri()} in a browser\n"


@pytest.mark.parametrize("change", ["page", "chapter", "lock", "gone"])
def test_a_change_builds_again(home, html, monkeypatch, change):
    runs = []

    def sphinx(source, target):
        runs.append(source)
        target.mkdir()
        (target / "index.html").write_text("<html></html>")

    monkeypatch.setattr(book, "_sphinx", sphinx)
    book.build()
    runs.clear()
    if change == "page":
        with open(home / "book" / "index.md", "a", encoding="utf-8") as file:
            file.write("\nMore.\n")
    elif change == "chapter":
        make_chapter(home, alt="Another line")
    elif change == "lock":
        (home / "requirements.lock").write_text("numpy==2.4.6\n")
    else:
        (html / "index.html").unlink()
    book.build()
    book.build()
    assert len(runs) == 1


def test_a_figure_without_alt_text_is_refused(home):
    make_chapter(home, alt=None, name="02_bare")
    try:
        with pytest.raises(MlbookError, match=r"02_bare.py, cell 3 .* without alternative text"):
            book.stage()
    finally:
        (home / "notebooks" / "02_bare.py").unlink()


def test_two_figures_in_one_cell_are_refused(home):
    target = make_chapter(home, name="02_two")
    notebook = nbformat.read(target, as_version=4)
    notebook.cells[2].outputs *= 2
    nbformat.write(notebook, target)
    try:
        with pytest.raises(MlbookError, match="draws 2 figures"):
            book.stage()
    finally:
        (home / "notebooks" / "02_two.py").unlink()


def test_a_chapter_that_was_not_executed_is_refused(home, monkeypatch):
    monkeypatch.setattr(notebooks, "is_current", lambda chapter: False)
    with pytest.raises(MlbookError, match="01_small. Run first: mlbook execute"):
        book.stage()


def test_a_warning_fails_and_the_earlier_book_stays(home, html):
    before = (html / "index.html").read_bytes()
    index = home / "book" / "index.md"
    kept = index.read_text(encoding="utf-8")
    index.write_text(kept + "\n[nowhere](missing.md)\n", encoding="utf-8")
    try:
        with pytest.raises(MlbookError, match=r"could not be built:\n.*missing.md"):
            book.build()
    finally:
        index.write_text(kept, encoding="utf-8")
    assert (html / "index.html").read_bytes() == before


@pytest.mark.parametrize(
    "planted",
    [
        {"body": '<script src="https://cdn.example.org/x.js"></script>'},
        {"body": '<script src="//cdn.example.org/x.js"></script>'},
        {"body": '<img src="http://example.org/x.png" alt="x">'},
        {"body": '<img src="here.js" srcset="here.js 1x, https://example.org/x.png 2x" alt="x">'},
        {"body": '<iframe src="https://example.org/"></iframe>'},
        {"body": '<p style="background: url(https://example.org/x.png)">x</p>'},
        {"body": '<svg><image href="https://example.org/x.png"/></svg>'},
        {"head": '<link rel="stylesheet" href="https://example.org/x.css">'},
        {"head": '<link rel="preload" as="font" href="https://example.org/x.woff2">'},
        {"head": '<link rel="preconnect" href="https://example.org">'},
        {"head": "<style>@import 'https://example.org/x.css';</style>"},
        {"head": "<style>@import url(//example.org/x.css);</style>"},
        {"css": "@font-face { src: url('https://example.org/x.woff2') }"},
        {"css": '@import "https://example.org/x.css";'},
        {"head": '<base href="https://example.org/">'},
    ],
)
def test_an_address_of_another_host_is_seen(page, planted):
    (problem,) = page(**planted)
    assert "asks another host" in problem and "example.org" in problem


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        ({"body": '<script src="mathjax/tex-chtml.js"></script>'}, "does not exist"),
        ({"body": '<script src="/here.js"></script>'}, "is not relative"),
        ({"body": '<script src="../here.js"></script>'}, "lies outside the book"),
        ({"css": "body { background: url(missing.png) }"}, "does not exist"),
        ({"body": '<img src="here.js">'}, "without alternative text"),
        ({"body": '<img src="here.js" alt=" ">'}, "without alternative text"),
        ({"head": '<meta http-equiv="refresh" content="0; url=x.html">'}, "leads elsewhere"),
    ],
)
def test_other_defects_are_seen(page, planted, message):
    (problem,) = page(**planted)
    assert message in problem


@pytest.mark.parametrize(
    "harmless",
    [
        {"body": '<a href="https://example.org/">a link</a>'},
        {"body": '<script src="here.js?v=1"></script>'},
        {"body": '<img src="data:image/png;base64,AAAA" alt="a point">'},
        {"head": '<link rel="canonical" href="https://example.org/">'},
        {"css": "/* url(https://example.org/x.png) */ p { mask: url(data:image/svg+xml,%3Csvg) }"},
        {"css": "p { fill: url(#gradient) }"},
    ],
)
def test_harmless_addresses_are_not(page, harmless):
    assert page(**harmless) == []
