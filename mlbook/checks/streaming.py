"""Checks of the article's section on metrics that adapt."""

import inspect

import numpy as np

from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, Outcome


def keeps_up(evidence, result, arm, milliseconds):
    """Do a query and an update together take no longer than this, in 99 of 100 cases?

    Supported with conditions if only the median does. The recorded times are the processor's.
    """
    measured = evidence.result(*result)
    spent = {
        p: float(
            np.mean(measured.values(arm, f"predict_{p}") + measured.values(arm, f"update_{p}"))
        )
        for p in ("p50", "p99")
    }
    text = (
        f"a query and an update take {spent['p50']:.2f} ms of processor time in the median, "
        f"{spent['p99']:.2f} ms at the 99th percentile"
    )
    if spent["p99"] <= milliseconds:
        return Outcome(SUPPORTED, text)
    return Outcome(CONDITIONAL if spent["p50"] <= milliseconds else REFUTED, text)


def takes_argument(evidence, module, base, argument):
    """Do the classes of a module that derive from a base take this argument?"""
    library = evidence.importer(module)
    root = getattr(library, base)
    found = {
        it for it in vars(library).values() if inspect.isclass(it) and issubclass(it, root)
    } - {root}
    with_it = [it for it in found if argument in inspect.signature(it).parameters]
    text = f"of {len(found)} classes of {module}, {len(with_it)} take the argument {argument}"
    if found and len(with_it) == len(found):
        return Outcome(SUPPORTED, text)
    return Outcome(CONDITIONAL if with_it else REFUTED, text)


CHECKS = (keeps_up, takes_argument)
