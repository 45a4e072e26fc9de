"""The works that the book cites: `book/references.bib`, read into plain objects.

Every entry says in `verified` where it was seen; one that nobody has seen is not in the file.
"""

import re
import unicodedata
from dataclasses import dataclass

from mlbook import paths
from mlbook.errors import MlbookError, UnknownNameError

_ENTRY = re.compile(r"^@(\w+)\{([\w-]+),\n(.*?)^\}\n?", re.M | re.S)
_FIELD = re.compile(r"^  (\w+) = \{(.*?)\},\n", re.M | re.S)
_COMMENT = re.compile(r"^%.*\n?", re.M)
_PLACES = ("journal", "booktitle", "publisher", "institution", "venue")
_SHOWN_AUTHORS = 4


@dataclass(frozen=True)
class Reference:
    """One entry.

    Attributes
    ----------
    key, kind : str
        As in `@kind{key,`.
    fields : dict of str to str
    """

    key: str
    kind: str
    fields: dict

    @property
    def title(self):
        return self.fields["title"]

    @property
    def authors(self):
        """Tuple of (given names, family name); given names may be empty or initials."""
        names = [name for name in self.fields.get("author", "").split(" and ") if name]
        parts = [name.partition(", ") for name in names if name != "others"]
        return tuple((given, family) for family, _, given in parts)

    @property
    def year(self):
        """The year, or None."""
        return int(self.fields["year"]) if "year" in self.fields else None

    @property
    def venue(self):
        """Journal, proceedings, publisher or platform, or an empty text."""
        return next((self.fields[name] for name in _PLACES if name in self.fields), "")

    @property
    def url(self):
        """Where to find it: the DOI if there is one, else arXiv, else an address, else None."""
        if "doi" in self.fields:
            return f"https://doi.org/{self.fields['doi']}"
        if "eprint" in self.fields:
            return f"https://arxiv.org/abs/{self.fields['eprint']}"
        return self.fields.get("url")

    def __str__(self):
        parts = [_and_others(self), self.title, self._place(), str(self.year or "")]
        return ", ".join(part for part in parts if part)

    def _place(self):
        volume, number = (self.fields.get(name, "") for name in ("volume", "number"))
        issue = f"{volume}{f'({number})' if number else ''}"
        place = f"{self.venue} {issue}".strip()
        if self.venue == "arXiv":
            place = f"arXiv:{self.fields['eprint']}"
        return ", ".join(part for part in (place, self.fields.get("pages")) if part)


def references():
    """All entries by key, in the order of the file.

    Raises
    ------
    MlbookError
        If the file is missing, or is not what this module reads; the message says where.
    """
    path = paths.root() / "book" / "references.bib"
    try:
        text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MlbookError(
            f"cannot read {path}: {error.strerror}. The bibliography is part of the checkout; "
            "run mlbook there, or set MLBOOK_HOME to it."
        ) from None
    if rest := _ENTRY.sub("", text).strip():
        raise MlbookError(f"{path.name}: this is no entry: {rest.splitlines()[0]!r}")
    found = {}
    for kind, key, body in _ENTRY.findall(text):
        if rest := _FIELD.sub("", body).strip():
            raise MlbookError(f"{path.name}, entry {key}: no field: {rest.splitlines()[0]!r}")
        fields = {name: " ".join(value.split()) for name, value in _FIELD.findall(body)}
        if missing := {"title", "verified"} - fields.keys():
            raise MlbookError(f"{path.name}, entry {key}: without {', '.join(sorted(missing))}")
        if key in found:
            raise MlbookError(f"{path.name}: two entries have the key {key}")
        found[key] = Reference(key, kind, fields)
    return found


def cite(key, link=False):
    """One line that names a work: authors, title, place, year.

    Parameters
    ----------
    key : str
    link : bool, default=False
        Make the title a Markdown link, if it is known where the work can be found.

    Raises
    ------
    UnknownNameError
        If no entry has that key; the message names the nearest.
    """
    known = references()
    if key not in known:
        raise UnknownNameError("reference", key, known)
    work = known[key]
    if not (link and work.url):
        return str(work)
    return str(work).replace(work.title, f"[{work.title}]({work.url})", 1)


def cited_in(work, texts=None):
    """The places that name a work: by title, first author and year, or by its address.

    Parameters
    ----------
    work : Reference
    texts : dict of str to sequence of str, or None
        Place -> texts, each as `plain` returns it; None is `further_reading()`.

    Returns
    -------
    tuple of str
        By default numbers of chapters, such as ("1.2", "A.1").
    """
    if not work.authors:
        return ()
    asked = [plain(work.title), plain(work.authors[0][1]), str(work.year)]
    address = plain(work.url or "")
    texts = further_reading() if texts is None else texts
    return tuple(
        place
        for place, items in texts.items()
        if any(
            (address and _has(item, address)) or all(_has(item, words) for words in asked)
            for item in items
        )
    )


def further_reading():
    """Number of a chapter -> the items of its *Further reading*, as `plain` returns them."""
    found = {}
    for path in sorted(paths.notebooks().glob("[0-9][0-9]_*.py")):
        text = re.sub(r"^# ?", "", path.read_text(encoding="utf-8"), flags=re.M)
        title = re.search(r"^# (\S+)", text, re.M)
        _, heading, rest = text.partition("\n## Further reading")
        if title and heading:
            found[title[1]] = tuple(plain(item) for item in re.split(r"\n\s*- ", rest))
    return found


def plain(text):
    """Lower-case words without accents and punctuation, one blank between two."""
    letters = unicodedata.normalize("NFKD", text)
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", letters.lower()))


def _has(text, words):
    return f" {words} " in f" {text} "


def _and_others(work):
    names = [f"{_initials(given)}{family}" for given, family in work.authors]
    if len(names) > _SHOWN_AUTHORS or work.fields.get("author", "").endswith(" and others"):
        return f"{names[0]} and others"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _initials(given):
    """Given names -> initials: "Kilian Q." -> "K. Q. ", "Jean-Marie" -> "J.-M. "."""
    parts = [
        "-".join(f"{piece[0]}." for piece in name.split("-") if piece) for name in given.split()
    ]
    return "".join(f"{part} " for part in parts)
