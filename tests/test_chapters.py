"""The map is what the chapters and the ledger say."""

import re

import jupytext
import nbformat
import pytest

from mlbook import chapters, datasets, notebooks, paths
from mlbook.errors import MlbookError


def test_map_is_current():
    written = (paths.root() / "chapters.md").read_text(encoding="utf-8")
    assert written == chapters.chapter_map(), "write it again with: mlbook map"


def test_map_has_a_row_for_every_chapter():
    text = chapters.chapter_map()
    for chapter in notebooks.chapters():
        assert f"notebooks/{chapter.stem}.ipynb" in text
    assert "`mlbook.neighbors`" in text and "`mnist_article`" in text and "mnist-inverse" in text


# the article's numbered sections; it has two chapters 2, and its cases and its appendix follow
SECTIONS = [
    *(f"1.{i}" for i in (1, 2, 3, 4)),
    *(f"first chapter 2: 2.{i}" for i in (1, 2, 3)),
    *(f"second chapter 2: 2.{i}" for i in (1, 2, 3, 4)),
    *(f"3.{i}" for i in (1, 2, 3)),
    *(f"4.{i}" for i in (1, 2, 3)),
    *(f"A.{i}" for i in (1, 2, 3, 4)),
]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_of_the_article_has_a_chapter(section):
    headers = [jupytext.read(path).metadata["mlbook"]["article"] for path in notebooks.chapters()]
    listed = "; ".join(entry for header in headers for entry in header)
    chapter, _, number = section.rpartition(": ")
    # under "second chapter 2", "2.4" may follow another section
    found = re.search(rf"{chapter}[^;]*\b{re.escape(number)}(?!\d)", listed)
    assert found, f"no chapter says that it covers section {section}"


def test_chapter_without_header_is_named(monkeypatch, tmp_path):
    chapter = tmp_path / "09_bare.py"
    chapter.write_text("# %% [markdown]\n# # Bare\n")
    monkeypatch.setattr(chapters, "chapters", lambda: [chapter])
    with pytest.raises(MlbookError, match="09_bare.py.*article, datasets, experiments"):
        chapters.chapter_map()


@pytest.mark.parametrize("chapter", notebooks.chapters(), ids=lambda path: path.stem)
def test_chapter_runs_on_sample_data_and_says_so(chapter, monkeypatch, tmp_path):
    # what a reader without a network sees; make book and make test execute the better data
    monkeypatch.setattr(paths, "build", lambda: tmp_path)
    monkeypatch.setenv("MLBOOK_TIER", "sample")
    [executed] = notebooks.execute_all("smoke", only=chapter.stem)
    notebook = nbformat.read(executed, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    figures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert figures and all(o.metadata["image/png"]["alt"] for o in figures)
    shown = [o["data"].get("text/markdown", "") for o in outputs if "data" in o]
    shown += [o["data"]["text/plain"] for o in figures]
    for name in jupytext.read(chapter).metadata["mlbook"]["datasets"]:
        data = datasets.load(name)
        if data.label:
            assert any(f"{data.tier} data" in text for text in shown), "it must name its data"
