"""Checks of the article as a text: its numbers, its promises, its list of references, its markup.

What they look at stands in `mlbook.checks.contents`, as numbers, lines and names.
"""

import itertools
import re

from mlbook.checks.base import REFUTED, SUPPORTED, UNCHECKABLE, Outcome, graded


def numbers_are_unique(evidence, module, facts):
    """Has each heading a number of its own? The facts are pairs of a number and a line."""
    lines = {}
    for number, line in _facts(evidence, module, facts):
        lines.setdefault(number, []).append(line)
    twice = [f"{n} in lines {' and '.join(map(str, at))}" for n, at in lines.items() if len(at) > 1]
    return _all_or_nothing(not twice, f"{len(lines)} different numbers", twice)


def sections_follow(evidence, module, chapters, sections):
    """Do sections have the number of the chapter they stand in, and count from 1 without gaps?

    Both facts are pairs of a number and a line, in the order of the lines.
    """
    starts, wrong, last = _facts(evidence, module, chapters), [], {}
    for number, line in _facts(evidence, module, sections):
        parent, _, own = number.rpartition(".")
        chapter = max((start, name) for name, start in starts if start < line)
        last[chapter] = last.get(chapter, 0) + 1
        if parent != chapter[1] or int(own) != last[chapter]:
            wrong.append(f"{number} in line {line}")
    return _all_or_nothing(not wrong, f"{sum(last.values())} numbers follow", wrong)


def numbers_are_as_announced(evidence, module, outline, body):
    """Has each chapter in the text the number that the outline gives it, topic by topic?"""
    announced, found = (dict(_facts(evidence, module, name)) for name in (outline, body))
    wrong = [
        f"{topic}: announced as {number}, is {found.get(topic, 'missing')}"
        for topic, number in announced.items()
        if found.get(topic) != number
    ]
    return _all_or_nothing(not wrong, f"{len(announced)} numbers agree", wrong)


def order_is_as_announced(evidence, module, outline, body):
    """Do the chapters come in the order that the outline announces?"""
    orders = [[topic for topic, _ in _facts(evidence, module, name)] for name in (outline, body)]
    text = f"announced: {', '.join(orders[0])}"
    if orders[0] == orders[1]:
        return Outcome(SUPPORTED, f"{text}; and so it is")
    return Outcome(REFUTED, f"{text}; found: {', '.join(orders[1])}")


def keeps_promises(evidence, module, facts):
    """Does what the text promises follow? The facts give a line where, or None, for each promise.

    Supported if all are kept, supported with conditions if some.
    """
    promises = _facts(evidence, module, facts)
    broken = [promise for promise, line in promises if line is None]
    kept = [f"{promise} (line {line})" for promise, line in promises if line is not None]
    text = f"kept: {', '.join(kept) or 'none'}; not found: {', '.join(broken) or 'none'}"
    return graded([line is not None for _, line in promises], text)


def nothing_is_left_open(evidence, module, facts):
    """Is nothing left out or unfinished? The facts are pairs of a line and what is open there."""
    found = [f"line {line}: {what}" for line, what in _facts(evidence, module, facts)]
    return _all_or_nothing(not found, "nothing is open", found)


def blocks_differ(evidence, module, facts, at_most):
    """Do blocks of text share no more than this many lines, word by word?

    The facts give for each block its lines and a checksum (CRC-32) of the text of each.
    """
    repeated = [
        f"{name} and {other} share {len(shared)} of {min(len(block), len(second))} lines "
        f"(line {lines[0][0]} is line {lines[0][1]})"
        for (name, block), (other, second) in itertools.combinations(
            _facts(evidence, module, facts), 2
        )
        if len(shared := set(block.values()) & set(second.values())) > at_most
        for lines in [[(_line(block, crc), _line(second, crc)) for crc in sorted(shared)]]
    ]
    return _all_or_nothing(not repeated, "the blocks are different texts", repeated)


def all_are_cited(evidence, module, listed, cited):
    """Is every listed reference cited somewhere in the text?"""
    listed, cited = (_facts(evidence, module, name) for name in (listed, cited))
    text = f"{len(listed)} references, cited in the text: {', '.join(map(str, cited)) or 'none'}"
    return graded([number in cited for number in listed], text)


def lists_agree(evidence, module, first, second):
    """Do two lists name the same authors, work by work?"""
    first, second = (dict(_facts(evidence, module, name)) for name in (first, second))
    wrong = [
        f"{work}: {', '.join(sorted(set(first[work]) ^ set(second[work])))} in one list only"
        for work in first
        if work in second and set(first[work]) != set(second[work])
    ]
    both = sum(work in second for work in first)
    return _all_or_nothing(not wrong, f"{both} works have the same authors in both", wrong)


def reports(evidence, module, facts, needed):
    """Does each reported accuracy come with all that is needed to judge it?

    The facts are pairs of a line and a list of what the text gives there.
    """
    wanting = [
        f"line {line}: no {', no '.join(lacks)}"
        for line, given in _facts(evidence, module, facts)
        if (lacks := [what for what in needed if what not in given])
    ]
    return _all_or_nothing(not wanting, "all give what is needed", wanting)


def shows_in_markdown(evidence, module, source, expected):
    """Does the text of a formula come to the typesetter as it has to?

    `source` is a piece of Markdown, `expected` what a typesetter of TeX must get to see: once of
    the Markdown as it stands (as platforms do that know formulas), and once of what CommonMark
    makes of it. Supported with conditions if only one of them gives it.
    """
    rendered = evidence.importer(module).MarkdownIt().render(source)
    seen = {"as it stands": source, "through CommonMark": re.sub(r"<[^>]*>", "", rendered).strip()}
    text = "; ".join(f"{way}: {' '.join(what.split())}" for way, what in seen.items())
    return graded([_drawn(what) == _drawn(expected) for what in seen.values()], text)


def has_source(evidence, keys, otherwise):
    """Is there a verified work that says so? If not, that alone refutes nothing.

    `keys` are the entries of the bibliography in which it stands; supported with conditions if
    only some of them are verified. `otherwise` says what one would have to know.
    """
    works = evidence.importer("mlbook.bibliography").references()
    found = [works[key] for key in keys if key in works]
    if not found:
        return Outcome(UNCHECKABLE, f"no verified source; {otherwise}")
    text = "; ".join(f"“{work.title}” ({work.year or 'no year'})" for work in found)
    return graded([key in works for key in keys], f"see {text}")


def is_about(evidence, keys, words):
    """Do the verified entries of these works say, in title or note, that they are about it?

    Supported if each holds one of the words, supported with conditions if some do. That no note
    says so does not show that the work does not.
    """
    works = evidence.importer("mlbook.bibliography").references()
    texts = [
        f"{works[key].title} {works[key].fields.get('annote', '')}".lower()
        for key in keys
        if key in works
    ]
    holds = [any(word in text for word in words) for text in texts]
    text = f"{sum(holds)} of {len(keys)} verified entries name {' or '.join(words)}"
    if not any(holds):
        return Outcome(UNCHECKABLE, f"{text}; nobody read the whole works for it")
    return graded([*holds, len(texts) == len(keys)], text)


CHECKS = (
    all_are_cited,
    blocks_differ,
    has_source,
    is_about,
    keeps_promises,
    lists_agree,
    nothing_is_left_open,
    numbers_are_as_announced,
    numbers_are_unique,
    order_is_as_announced,
    reports,
    sections_follow,
    shows_in_markdown,
)


def _facts(evidence, module, name):
    return getattr(evidence.importer(module), name)


def _all_or_nothing(holds, well, faults):
    return Outcome(SUPPORTED if holds else REFUTED, well if holds else "; ".join(faults))


def _drawn(tex):
    """TeX without what cannot be seen; a double bar is two bars."""
    return "".join(tex.replace(r"\|", "||").split())


def _line(block, checksum):
    return next(line for line, value in block.items() if value == checksum)
