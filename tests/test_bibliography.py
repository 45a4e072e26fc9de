"""The bibliography is complete in itself, agrees with the chapters, and misses no bad citation."""

import re
from functools import cache

import pytest

from mlbook import bibliography, claims, paths
from mlbook.bibliography import Reference, cite, cited_in, plain, references
from mlbook.checks import references as checks
from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, UNCHECKABLE, Evidence
from mlbook.errors import MlbookError, UnknownNameError

WORKS = references()
READING = (paths.notebooks() / "06_3_reading.py").read_text(encoding="utf-8")
# what BibTeX's own kinds need besides a title, and ours
REQUIRED = {
    "article": {"author", "journal", "year"},
    "book": {"author", "publisher", "year"},
    "inproceedings": {"author", "booktitle", "year"},
    "online": set(),
    "periodical": {"year", "volume", "contents"},
    "techreport": {"author", "institution", "year"},
}
FIELDS = set.union(*REQUIRED.values()) | {
    *("annote", "doi", "edition", "eprint", "isbn", "number", "pages", "pubstate", "title"),
    *("url", "venue", "verified", "volume"),
}


@cache
def reading_lists():
    return bibliography.further_reading()


def entry(key="smith2001", **fields):
    given = {"author": "Smith, Ann", "title": "On Metrics", "journal": "J", "year": "2001"}
    return Reference(key, "article", {k: v for k, v in (given | fields).items() if v})


def library(home, text):
    (home / "book").mkdir()
    (home / "book" / "references.bib").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("work", WORKS.values(), ids=lambda work: work.key)
def test_entries_are_complete(work):
    assert REQUIRED[work.kind] <= work.fields.keys() <= FIELDS
    assert len(work.fields["verified"]) > 10
    assert work.year is None or 1900 < work.year < 2030
    assert not set("{}\\") & set("".join(work.fields.values())), "plain text, no TeX"
    for name, form in {
        "doi": r"10\.\d{4,9}/\S+",
        "eprint": r"\d{4}\.\d{4,5}",
        "pages": r"\d+(-\d+)?",
        "url": r"https?://\S+",
    }.items():
        assert name not in work.fields or re.fullmatch(form, work.fields[name])
    if pages := re.fullmatch(r"(\d+)-(\d+)", work.fields.get("pages", "")):
        assert int(pages[1]) < int(pages[2])
    if "eprint" in work.fields:  # no preprint is younger than the work
        assert 2000 + int(work.fields["eprint"][:2]) <= work.year
    # a key is the first family name (with a year, and a word if need be)
    if re.search(r"\d{4}", work.key) and work.authors:
        assert work.key.startswith(plain(work.authors[0][1]).replace(" ", "")[:4])
        assert str(work.year) in work.key


def test_keys_are_sorted_and_works_are_there_once():
    assert list(WORKS) == sorted(WORKS)
    for name in ("doi", "eprint", "url"):
        values = [w.fields[name].lower() for w in WORKS.values() if name in w.fields]
        assert len(values) == len(set(values))
    named = [(plain(work.title), work.authors[:1], work.year) for work in WORKS.values()]
    assert len(named) == len(set(named))


def test_every_work_is_used():
    shown = set(re.findall(r'"([a-z][a-z0-9-]*)"', READING))
    shown |= {key for _, claim in claims.load_claims() for key in claim.check.get("keys", ())}
    # the check of a title that nobody wrote names the nearest one
    shown.add("knuth1997")
    unused = [
        key
        for key, work in WORKS.items()
        if key not in shown and not cited_in(work, reading_lists())
    ]
    assert not unused


def test_keys_in_the_reading_chapter_exist():
    shown = re.findall(r'"([a-z-]+(?:19|20)\d\d[a-z]*)"', READING)
    assert len(shown) > 40 and set(shown) <= WORKS.keys()


@pytest.mark.parametrize("number", reading_lists())
def test_chapters_and_bibliography_agree(number):
    """A chapter that names a verified work gives its first author, year and pages."""
    for item in reading_lists()[number]:
        works = [
            work
            for work in WORKS.values()
            if len(plain(work.title).split()) > 2 and f" {plain(work.title)} " in f" {item} "
        ]
        works = [work for work in works if work.authors]
        for work in works:
            assert plain(work.authors[0][1]) in item, (number, work.key)
        if works and not any(plain(work.url or "-") in item for work in works):
            assert any(str(work.year) in item for work in works), (number, works[0].key)
        for work in works:
            pages = re.findall(rf" (\d+) (\d+) {work.year}\b", item)
            if "pages" in work.fields and pages and int(pages[-1][0]) < int(pages[-1][1]):
                assert plain(work.fields["pages"]) in item, (number, work.key)


def test_cite_writes_one_line():
    assert cite("weinberger2009") == (
        "K. Q. Weinberger and L. K. Saul, Distance Metric Learning for Large Margin Nearest "
        "Neighbor Classification, Journal of Machine Learning Research 10, 207-244, 2009"
    )
    assert cite("bellet2013").endswith("Structured Data, arXiv:1306.6709, 2013")
    assert cite("perezrua2019").startswith("J.-M. Pérez-Rúa and others, MFAS")
    assert cite("radford2021").startswith("A. Radford and others, Learning")
    assert cite("ng-machine") == "A. Ng, Machine Learning, Coursera"
    assert cite("jmlr2007") == "Journal of Machine Learning Research, 8, 2007"
    assert "[Nearest Neighbor Pattern Classification](https://doi.org/10.1109/TIT.1967" in cite(
        "cover1967", link=True
    )
    assert "](https://arxiv.org/abs/1306.6709), arXiv" in cite("bellet2013", link=True)
    assert "](https://doi.org/10.1080/" in cite("kessy2018", link=True), "the DOI before arXiv"
    assert cite("belhumeur1997", link=True) == cite("belhumeur1997"), "no address, no link"


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'weinberger2009'"):
        cite("weinberger209")


GOOD = "@book{a2001,\n  author = {A, B},\n  title = {T},\n  verified = {an address},\n}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + GOOD, "two entries have the key a2001"),
        (GOOD.replace("},\n}", "}\n}"), "a2001: no field: 'verified"),
        (GOOD.replace("  title = {T},\n", ""), "a2001: without title"),
        (GOOD.replace("verified", "seen"), "a2001: without verified"),
        (GOOD[:-2], "no entry: '@book{a2001,'"),
        (GOOD + "\nloose words\n", "no entry: 'loose words'"),
    ],
)
def test_what_cannot_be_read_is_named(home, text, message):
    library(home, text)
    with pytest.raises(MlbookError, match=message):
        references()


def test_comments_and_long_fields_are_read(home):
    library(home, "% a comment {\n\n" + GOOD.replace("{T}", "{A title\n    in two lines}"))
    assert references()["a2001"].title == "A title in two lines"


def test_a_missing_file_says_what_to_do(home):
    with pytest.raises(MlbookError, match="set MLBOOK_HOME"):
        references()


def test_a_work_is_found_in_a_chapter(home):
    (home / "notebooks").mkdir()
    chapter = home / "notebooks" / "01_7_x.py"
    chapter.write_text(
        "# %% [markdown]\n# # 1.7 Title\n#\n# On metrics by Smith, 2001.\n#\n# ## Further reading\n"
        "#\n# - B. Jones, [Other things](https://a.org), 2001.\n"
        "# - A. Smíth, [On\n#   metrics](https://b.org), J 1, 2001.\n",
        encoding="utf-8",
    )
    assert cited_in(entry()) == ("1.7",)
    for change in ({"title": "On metrics again"}, {"author": "Jones, B."}, {"year": "2002"}):
        assert cited_in(entry(**change)) == ()
    assert cited_in(entry(year="1999", url="https://b.org")) == ("1.7",)
    assert cited_in(entry(author=None)) == ()


def judged(works, **citation):
    known = {work.key: work for work in works}
    module = type("Bibliography", (), {"references": staticmethod(lambda: known)})
    given = {"title": "On Metrics", "authors": ["Ann Smith"]}
    return checks.is_as_cited(Evidence(importer=lambda name: module), **(given | citation))


@pytest.mark.parametrize(
    ("citation", "verdict", "why"),
    [
        ({}, SUPPORTED, "seen"),
        ({"title": "ON METRICS."}, SUPPORTED, "seen"),
        ({"authors": ["A. B. Smith"]}, SUPPORTED, "seen"),
        ({"year": 2001, "venue": "J"}, SUPPORTED, "seen"),
        ({"authors": ["Bob Smith"]}, REFUTED, "not by Bob Smith"),
        ({"authors": ["Ann Jones"]}, REFUTED, "not by Ann Jones"),
        ({"authors": ["Ann Smith", "Bob Jones"]}, REFUTED, "not by Bob Jones"),
        ({"year": 2002}, CONDITIONAL, "the year is another"),
        ({"venue": "Coursera"}, CONDITIONAL, "the place is another"),
        ({"title": "Of Metrics"}, UNCHECKABLE, "1 of its 2 words stand in “On Metrics”"),
    ],
)
def test_citations_are_judged(citation, verdict, why):
    outcome = judged([entry()], **citation)
    assert outcome.verdict == verdict and why in outcome.evidence


def test_missing_authors_and_subtitles_are_conditions():
    works = [entry(author="Smith, Ann and Jones, Bob", title="On Metrics: A Tale")]
    outcome = judged(works)
    assert outcome.verdict == CONDITIONAL
    assert "authors are missing, it has a subtitle" in outcome.evidence
    assert judged(works, title="On Metrics: A Tale", complete=False).verdict == SUPPORTED


def test_of_two_works_with_one_title_the_one_by_the_author_counts():
    works = [entry("jones", author="Jones, B."), entry()]
    assert judged(works).verdict == judged(works[::-1]).verdict == SUPPORTED


def test_a_volume_whose_papers_are_known_refutes():
    fields = {"title": "J", "year": "2001", "volume": "3", "contents": "jones, smith"}
    volume = Reference("j2001", "periodical", fields)
    cited = {"title": "New Things", "year": 2001, "venue": "J"}
    outcome = judged([volume, entry()], **cited)
    assert outcome.verdict == REFUTED and "The 2 papers of J 3, 2001 are others" in outcome.evidence
    stranger = cited | {"authors": ["C. Brown"]}
    assert judged([volume, entry()], **stranger).verdict == REFUTED
    # an unknown paper of hers in the volume, another volume, another year: nothing is known
    more = Reference("j2001", "periodical", fields | {"contents": "jones, smith, smith"})
    assert judged([more, entry()], **cited).verdict == UNCHECKABLE
    assert judged([volume, entry(year="2000")], **cited).verdict == UNCHECKABLE
    assert judged([volume, entry()], **stranger | {"venue": "K"}).verdict == UNCHECKABLE
    assert judged([volume, entry()], **stranger | {"year": 2002}).verdict == UNCHECKABLE


def test_the_order_of_a_name_does_not_matter():
    works = [entry(author="Fei-Fei, Li")]
    assert judged(works, authors=["Fei-Fei Li"]).verdict == SUPPORTED
    assert judged(works, authors=["L. Fei-Fei"]).verdict == SUPPORTED


def test_nearest_title_counts_words_in_order():
    works = [entry("a", title="One two three four"), entry("b", title="Four three two one five")]
    near, shared = checks.nearest_title(works, "Two, three, four and five")
    assert (near.key, shared) == ("a", 3)
