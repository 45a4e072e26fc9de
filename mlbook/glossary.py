"""The glossary, and whether it and the chapters know each other.

A chapter introduces a term with its Chinese name in brackets. Each such name must stand in the
glossary, and each entry of the glossary must be used by a chapter.
"""

import re
from dataclasses import dataclass

from mlbook import paths

_ENTRY = re.compile(r"^(?![`\s{#])(\S.*)\n  (\S.*)$", re.M)
_CHINESE = re.compile(r"[\u4e00-\u9fff]+(?:[-‐][\u4e00-\u9fff]+)*")
_IN_BRACKETS = re.compile(r"\(\s*([\u4e00-\u9fff][^()]*)\)")


@dataclass(frozen=True)
class Entry:
    """One entry: the English term, its Chinese names, and what it means."""

    term: str
    chinese: tuple
    meaning: str


def entries(text=None):
    """The glossary's entries, in its order; `text` is the page, by default the book's."""
    if text is None:
        text = (paths.root() / "book" / "glossary.md").read_text(encoding="utf-8")
    found = []
    for head, meaning in _ENTRY.findall(text):
        names = tuple(_CHINESE.findall(head))
        term = _CHINESE.sub("", head).strip(" ,，、")
        # "McNemar test McNemar 检验": the Chinese name begins with Latin letters
        term = re.sub(r"^(\w+) (.*) \1$", r"\1 \2", term)
        found.append(Entry(term, names, meaning))
    return found


def problems(chapters, text=None):
    """What the glossary and the chapters do not know of each other.

    Parameters
    ----------
    chapters : dict of str to str
        The prose of each chapter, by its name.
    text : str or None
        The glossary's page, by default the book's.

    Returns
    -------
    list of str
        One line each; empty if all is well.
    """
    known = entries(text)
    names = {name for entry in known for name in entry.chinese}
    prose = {name: re.sub(r"\s+", " ", words) for name, words in chapters.items()}
    found = []
    for chapter, words in prose.items():
        for inside in _IN_BRACKETS.findall(words):
            name = _CHINESE.match(inside)[0]
            if name not in names:
                found.append(f"{chapter}: {name} is introduced, but is not in book/glossary.md")
    together = " ".join(prose.values()).lower()
    for entry in known:
        # "Mahalanobis distance" is used where the words stand together, in any number
        used = re.search(re.escape(entry.term.lower().rstrip("s")), together)
        if not used and not any(name in together for name in entry.chinese):
            found.append(f"glossary: no chapter uses {entry.term}")
    terms = [entry.term.lower() for entry in known]
    twice = sorted({term for term in terms if terms.count(term) > 1})
    found += [f"glossary: {term} stands there twice" for term in twice]
    return sorted(set(found))
