"""Checks of what the article says about libraries, and of what they did here."""

from mlbook.checks.base import REFUTED, SUPPORTED, UNCHECKABLE, Outcome, graded

# so many of the nearest neighbours are the same: what is left are near ties
_ALIKE = 0.95


def offers_names(evidence, wanted):
    """Is there a public name with one of these words in it, for each thing that is wanted?

    `wanted` gives for each thing the modules to look into and the words, any of which will do.
    Supported if all are there, with conditions if some are.
    """
    found = {}
    for thing, place in wanted.items():
        try:
            names = {name for module in place["modules"] for name in dir(evidence.importer(module))}
        except ModuleNotFoundError as error:
            return Outcome(UNCHECKABLE, f"{error.name} is not installed here")
        hits = [
            name
            for name in sorted(names)
            if not name.startswith("_") and any(word in name.lower() for word in place["words"])
        ]
        found[thing] = hits
    text = "; ".join(f"{thing}: {', '.join(hits[:3]) or 'none'}" for thing, hits in found.items())
    return graded([bool(hits) for hits in found.values()], text)


def trained_alike(evidence, result, arm, other):
    """Does a network trained with a metric loss in one framework answer as that in another?"""
    measured = evidence.result(*result)
    share = float(measured.values(arm, "same_nearest").min())
    text = (
        f"{measured.arms[arm]} and {measured.arms[other]}: the same nearest neighbour for "
        f"{100 * share:.1f} % of the queries or more, accuracy "
        f"{measured.interval(arm).percent(1)} and {measured.interval(other).percent(1)}"
    )
    return Outcome(SUPPORTED if share >= _ALIKE else REFUTED, text)


def searches_beyond_memory(evidence, result, exact, large, times):
    """Are answers exact, and was a gallery searched that is so many times the driver's heap?"""
    measured = evidence.result(*result)
    share = float(measured.values(exact, "same_nearest").min())
    size = float(measured.values(large, "gallery_mb").min())
    heap = float(measured.values(large, "heap_mb").max())
    text = (
        f"{100 * share:.1f} % of the neighbours are those of one process; a gallery of "
        f"{size:,.0f} MB was searched with a heap of {heap:,.0f} MB"
    )
    return Outcome(SUPPORTED if share == 1 and size >= times * heap else REFUTED, text)


def differentiates_loops(evidence, module):
    """Is a loop differentiated whose number of rounds depends on the numbers in it?"""
    try:
        library = evidence.importer(module)
    except ModuleNotFoundError as error:
        return Outcome(UNCHECKABLE, f"{error.name} is not installed here")
    x = library.tensor(1.5, requires_grad=True)
    power, value = 1, x
    while value < 10:
        power, value = power + 1, value * x
    value.backward()
    gradient, expected = float(x.grad), power * 1.5 ** (power - 1)
    text = f"derivative of 1.5 to the power {power}: {gradient:.6g}, by hand {expected:.6g}"
    return Outcome(SUPPORTED if abs(gradient - expected) < 1e-3 else REFUTED, text)


CHECKS = (differentiates_loops, offers_names, searches_beyond_memory, trained_alike)
