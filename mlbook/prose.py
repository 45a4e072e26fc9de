"""Measured-looking numbers typed into prose: the check behind "a cell prints it".

A number that the project measured belongs in a cell's output, where it changes when the
measurement changes. This module finds numbers of that kind in Markdown cells.
"""

import re
from pathlib import Path

import jupytext

# Everything here is blanked out before the search, in this order: a fence may contain dollars,
# a quotation may contain code. `_PARAGRAPH` is any text without an empty line.
_PARAGRAPH = r"(?:(?!\n[ \t]*\n)[\s\S])"
_NOT_PROSE = [
    re.compile(r"^[ \t]*(`{3,}|~{3,})[\s\S]*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.M),
    re.compile(r"<!--[\s\S]*?-->"),
    re.compile(rf"(?<!`)(`+)(?!`){_PARAGRAPH}+?(?<!`)\1(?!`)"),
    re.compile(r"\$\$[\s\S]*?\$\$"),
    re.compile(r"\\begin\{(\w+\*?)\}[\s\S]*?\\end\{\1\}"),
    re.compile(rf"(?<![\\$])\$(?=\S)(?:(?!\$){_PARAGRAPH})+?(?<=\S)(?<!\\)\$(?!\d)"),
    re.compile(rf"“(?:(?!”){_PARAGRAPH})*”"),
    # link targets, reference definitions, bare addresses and the attributes of HTML tags
    re.compile(r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)"),
    re.compile(r"^[ \t]*\[[^\]]+\]:\s*\S+", re.M),
    re.compile(r"https?://[^\s)>\]]+"),
    re.compile(r"</?[a-zA-Z][^>\n]*>"),
    re.compile(r"\b10\.\d{4,9}/\S+"),
    re.compile(r"\barXiv[:\s]+\d{4}\.\d{4,5}(?:v\d+)?", re.I),
    # the number of a heading: "## 3.1 Mahalanobis"
    re.compile(r"^[ \t]*#{1,6}[ \t]+\d+(?:\.\d+)*\b(?![ \t]*%)", re.M),
]
# "section 2.2", "Python 3.11": the name says what the number is. Only a plural has a list after
# it ("sections 2.2, 2.3 and 2.4"): in "in version 3, 0.97 was reached" the list would hide much.
_NUMBERED = re.compile(
    r"(?:\b(?:section|sec\.|chapter|part|figure|fig\.|table|equation|eq\.|exercise|theorem|"
    r"definition|listing|version|release|CC[ -]BY(?:-[A-Z]+)*|Apache|Python|NumPy|SciPy|pandas|"
    r"Matplotlib|scikit-learn|scikit-image|statsmodels|TensorFlow(?: Datasets)?|Keras|NLTK|"
    r"gensim|mlxtend|faiss(?:-cpu)?|Sphinx|MathJax)|§)\s*v?\d+(?:\.\d+)*"
    r"(?:\s*[-\u2013]\s*\d+(?:\.\d+)*)?(?!\s*[%\d])"
    r"|(?:\b(?:sections|chapters|parts|figures|tables|equations|exercises|versions)|§§)"
    r"\s*\d+(?:\.\d+)*(?:(?:\s*(?:,|and|or|to|[-\u2013&])\s*)+\d+(?:\.\d+)*)*(?!\s*[%\d])",
    re.I,
)
# a level chosen beforehand is not a measurement
_NOMINAL = re.compile(
    r"\b\d+\s?%\s+(?:(?:Wilson|bootstrap|percentile|paired)\s+)*(?:confidence|interval|level)", re.I
)

_NUMBER = r"(?<![\w.])\d+(?:[.,]\d+)*"
_WORDS = r"(?:two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|hundred|thousand)"
_COMPARED = (
    r"(?:as|faster|slower|quicker|longer|shorter|more|less|fewer|better|worse|larger|bigger|"
    r"smaller|higher|lower|cheaper)\b"
)
_MEASURED = re.compile(
    "|".join(
        [
            rf"{_NUMBER}\s?(?:[%％]|per\s?cent\b|percent\b|percentage\b)",
            rf"(?:{_NUMBER}|\b{_WORDS})\s?(?:times|[x×]|-?fold)\s+{_COMPARED}",
            r"\btwice\s+as\b|\bhalf\s+as\b",
            # a bare "s" needs its space, or every decade ("the 1980s") would be a duration
            rf"{_NUMBER}(?:\s?(?:ms|µs|μs|ns)|[\s\u00a0](?:s|h))\b",
            rf"{_NUMBER}[\s\u00a0-]?(?:(?:milli|micro|nano)?seconds?|secs?|minutes?|mins?|hours?)\b",
            rf"{_NUMBER}[\s\u00a0-]?(?:[kKMGT]i?B|(?:kilo|mega|giga)bytes?)\b",
            r"(?<![\w.])\d+\.\d+(?![\d]|\.\d)",
        ]
    ),
    re.I,
)
_DECIMAL_ONLY = re.compile(r"\d+\.\d+")
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]")
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+(.*)")


def prose(path: str | Path) -> str:
    """The Markdown cells of a chapter, one after another."""
    cells = jupytext.read(path).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def prose_numbers(path: str | Path) -> list[str]:
    """Find measured-looking numbers typed into the Markdown cells of a chapter.

    Found are percentages, decimal fractions, "N times faster", durations and memory sizes. Not
    looked at: TeX, code, link targets, quotations in “curly quotes” (within one paragraph), the
    numbers of headings, sections, figures and versions, nominal levels ("95 % interval"), and
    identifiers and page numbers in the lists under a heading *Further reading*.

    Args:
        path: a `.py` in the percent format or an `.ipynb`.

    Returns:
        One line per number: file, cell (counted from 1 over all cells), the number and its line.
    """
    path = Path(path)
    found = []
    reading = False
    for number, cell in enumerate(jupytext.read(path).cells, 1):
        if cell.cell_type != "markdown":
            continue
        shown = cell.source.splitlines()
        in_item = False
        for line, text in zip(shown, _prose(cell.source).split("\n"), strict=False):
            if heading := _HEADING.match(line):
                reading = "further reading" in heading[1].lower()
            # an item goes on over indented lines
            in_item = bool(_LIST_ITEM.match(line)) or (in_item and line.startswith(" "))
            for match in _MEASURED.finditer(text):
                if reading and in_item and _DECIMAL_ONLY.fullmatch(match[0]):
                    continue
                found.append(f"{path.name}, cell {number}: {match[0].strip()!r} in: {line.strip()}")
    return found


def _prose(source: str) -> str:
    """The source with everything blanked that is not prose; lines keep their places."""
    source = "\n".join(source.splitlines())
    for pattern in [*_NOT_PROSE, _NUMBERED, _NOMINAL]:
        source = pattern.sub(_blank, source)
    return source


def _blank(match: re.Match[str]) -> str:
    # a letter, not a space: "$n$ 5" must not become a heading or a list item's number
    return re.sub(r"[^\n]", "_", match[0])
