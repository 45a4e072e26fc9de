"""Checks that compare what the article cites with `book/references.bib`.

A work that is not in the file may still exist. What can be refuted is a citation of a work that
is in it, with other authors, and of a paper in a volume whose papers are all known.
"""

from difflib import SequenceMatcher

from mlbook.bibliography import plain
from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, UNCHECKABLE, Outcome


def is_as_cited(evidence, title, authors, year=None, venue=None, complete=True):
    """Is there a verified work of this title, by these authors, of that year, at that place?

    Refuted if somebody is named who did not write it, or if the volume that is named has no such
    paper; supported with conditions if something else differs. `complete` is False where the
    citation says "et al.".
    """
    works = evidence.importer("mlbook.bibliography").references()
    same = [work for work in works.values() if _starts_title(title, work)]
    if not same:
        return _no_such_title(works, title, authors, year, venue)
    work = max(same, key=lambda work: sum(_wrote(name, work) for name in authors))
    if strangers := [name for name in authors if not _wrote(name, work)]:
        return Outcome(REFUTED, f"it exists, and is not by {' or '.join(strangers)}: {work}")
    wrong = []
    if complete and len(authors) < len(work.authors):
        wrong.append("authors are missing")
    if year and year != work.year:
        wrong.append("the year is another")
    if venue and not (plain(venue) in plain(work.venue) or plain(work.venue) in plain(venue)):
        wrong.append("the place is another")
    if plain(title) != plain(work.title):
        wrong.append("it has a subtitle")
    text = f"seen: {work}"
    return (
        Outcome(CONDITIONAL, f"{text}; {', '.join(wrong)}") if wrong else Outcome(SUPPORTED, text)
    )


def is_source_of(evidence, place, at_least):
    """Were many of the verified works seen at a place, or do they have their address there?

    Supported from `at_least` works on. That none was seen there refutes nothing.
    """
    works = evidence.importer("mlbook.bibliography").references()
    found = [
        work
        for work in works.values()
        if place in f"{work.url} {work.fields.get('eprint') and 'arxiv.org'} "
        f"{work.fields.get('url')} {work.fields['verified']}"
    ]
    text = f"of {len(works)} verified entries, {len(found)} lead to {place}"
    if len(found) >= at_least:
        return Outcome(SUPPORTED, text)
    if found:
        return Outcome(CONDITIONAL, text)
    return Outcome(UNCHECKABLE, f"{text}, which does not show that nothing is there")


def still_appears(evidence, key):
    """Does a site still publish, as far as its entry says?"""
    work = evidence.importer("mlbook.bibliography").references().get(key)
    if work is None:
        return Outcome(UNCHECKABLE, f"no verified entry {key}")
    if state := work.fields.get("pubstate"):
        return Outcome(CONDITIONAL, f"{work.title} is {state}: {work.fields['verified']}")
    return Outcome(SUPPORTED, f"seen: {work}")


def nearest_title(works, title):
    """The work whose title shares most words with this one, in order; and how many it shares."""
    words = plain(title).split()

    def shared(work):
        matcher = SequenceMatcher(None, words, plain(work.title).split(), autojunk=False)
        return sum(block.size for block in matcher.get_matching_blocks())

    # of two with as many, the shorter title is nearer
    work = max(works, key=lambda work: (shared(work), -len(work.title)))
    return work, shared(work)


def _no_such_title(works, title, authors, year, venue):
    papers = [work for work in works.values() if work.authors]
    near, shared = nearest_title(papers, title)
    n_words = len(plain(title).split())
    theirs = [work for work in papers if any(_wrote(name, work) for name in authors)]
    text = (
        f"no verified work has this title; {shared} of its {n_words} words stand in {_name(near)}"
    )
    if rest := [work for work in theirs if work.title != near.title]:
        text += f"; other works of the cited authors: {', '.join(map(_name, rest))}"
    for volume in works.values():
        listed = volume.fields.get("contents", "").split(", ")
        if volume.kind != "periodical" or (volume.title, volume.year) != (venue, year):
            continue
        leads = [plain(name) for name in listed]
        known = [w for w in theirs if (w.venue, w.year) == (venue, year)]
        led = sum(leads.count(_family(name)) for name in authors)
        if led <= sum(any(_is(name, w.authors[0]) for name in authors) for w in known):
            volume_name = f"{volume.title} {volume.fields['volume']}, {year}"
            return Outcome(REFUTED, f"{text}. The {len(listed)} papers of {volume_name} are others")
    return Outcome(UNCHECKABLE, f"{text}. That it is nowhere cannot be proved")


def _starts_title(title, work):
    return plain(title) in (plain(work.title), plain(work.title.partition(":")[0]))


def _wrote(name, work):
    return any(_is(name, author) for author in work.authors)


def _is(name, author):
    """Is "Kilian Q. Weinberger" the author ("K. Q.", "Weinberger")? Family name and one initial."""
    given, family = author
    words = plain(name).split()
    if sorted(words) == sorted(plain(f"{given} {family}").split()):
        return True
    return plain(name).endswith(f" {plain(family)}") and words[0][0] == plain(given)[:1]


def _family(name):
    return plain(name).split()[-1]


def _name(work):
    others = " and others" if len(work.authors) > 1 else ""
    return f"“{work.title}” ({work.authors[0][1]}{others}, {work.year})"


CHECKS = (is_as_cited, is_source_of, still_appears)
