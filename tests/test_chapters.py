"""The map is what the chapters and the ledger say."""

import pytest

from mlbook import chapters, notebooks, paths
from mlbook.errors import MlbookError


def test_map_is_current():
    written = (paths.root() / "chapters.md").read_text(encoding="utf-8")
    assert written == chapters.chapter_map(), "write it again with: mlbook map"


def test_map_has_a_row_for_every_chapter():
    text = chapters.chapter_map()
    for chapter in notebooks.chapters():
        assert f"notebooks/{chapter.stem}.ipynb" in text
    assert "`mlbook.neighbors`" in text and "`mnist_article`" in text and "mnist-inverse" in text


def test_chapter_without_header_is_named(monkeypatch, tmp_path):
    chapter = tmp_path / "09_bare.py"
    chapter.write_text("# %% [markdown]\n# # Bare\n")
    monkeypatch.setattr(chapters, "chapters", lambda: [chapter])
    with pytest.raises(MlbookError, match="09_bare.py.*article, datasets, experiments"):
        chapters.chapter_map()
