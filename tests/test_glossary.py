"""The glossary and the chapters know each other."""

import pytest

from mlbook import glossary, notebooks
from mlbook.prose import prose

PAGE = """# Glossary

Words.

```{glossary}
metric 度量
  A function of pairs.

McNemar test McNemar 检验
  A test of pairs.

embedding 嵌入 嵌入向量
  A vector.
```
"""
TEXT = "A *metric* (度量), the McNemar\ntest and an embedding (嵌入向量: so it is)."


def test_the_book_is_complete():
    assert glossary.problems({path.stem: prose(path) for path in notebooks.chapters()}) == []


def test_entries_have_a_term_names_and_a_meaning():
    first, second, third = glossary.entries(PAGE)
    assert (first.term, first.chinese, first.meaning) == (
        "metric",
        ("度量",),
        "A function of pairs.",
    )
    assert (second.term, second.chinese) == ("McNemar test", ("检验",))
    assert third.chinese == ("嵌入", "嵌入向量")


@pytest.mark.parametrize(
    ("text", "page", "problem"),
    [
        (TEXT, PAGE, None),
        (TEXT + " A *norm* (范数).", PAGE, "01_1: 范数 is introduced"),
        (TEXT.replace("embedding (嵌入向量: so it is)", "map"), PAGE, "no chapter uses embedding"),
        (TEXT.replace("embedding (", "map ("), PAGE, None),
        (TEXT, PAGE.replace("embedding", "metric"), "metric stands there twice"),
    ],
    ids=["complete", "not in the glossary", "not used", "used in Chinese", "twice"],
)
def test_gaps_are_found(text, page, problem):
    found = glossary.problems({"01_1": text}, page)
    assert len(found) == (problem is not None)
    assert problem is None or problem in found[0]
