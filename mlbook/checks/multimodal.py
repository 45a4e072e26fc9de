"""Checks of the article's section on several modalities."""

import numpy as np

from mlbook.checks.base import REFUTED, SUPPORTED, UNCHECKABLE, Outcome, graded
from mlbook.checks.measured import points
from mlbook.evaluation import BETTER, WORSE


def samples_have_sum(evidence, datasets):
    """Can samples of several data sets, as they are, be added with weights?

    Supported if the first samples of all of them have one shape.
    """
    shapes = {}
    for name in datasets:
        first = np.asarray(evidence.dataset(name).x_train[0])
        if first.dtype.kind not in "iuf":
            return Outcome(UNCHECKABLE, f"a sample of {name} is no array of numbers")
        shapes[name] = first.shape
    text = ", ".join(f"a sample of {name} has shape {shape}" for name, shape in shapes.items())
    return Outcome(SUPPORTED if len(set(shapes.values())) == 1 else REFUTED, text)


def sweeps_help(evidence, result, pairs):
    """Is each setting of a sweep better than the same setting of another, for several pairs?

    Supported if all are, supported with conditions if some, else refuted.
    """
    measured = evidence.result(*result)
    verdicts, texts = [], []
    for kind, than in pairs:
        settings = [f"{setting:g}" for setting in measured.sweep(kind)[0]]
        gaps = [measured.compare(f"{kind}_{s}", f"{than}_{s}") for s in settings]
        better = [gap.verdict() == BETTER for gap in gaps]
        verdicts += better
        told = ", ".join(f"{100 * gap.value:+.1f}" for gap in gaps)
        texts.append(f"{kind} - {than}: {told} points, {sum(better)} of {len(better)} better")
    return graded(verdicts, "; ".join(texts))


def costs_no_accuracy(evidence, result, kind, measure, share):
    """Does a sweep of smaller models reach a share of a cost without a loss of accuracy?

    Supported if some arm of the sweep has at most this share of the baseline's `measure`, and
    its accuracy is neither worse than the baseline's, nor can be by a point.
    """
    measured = evidence.result(*result)
    whole = float(np.mean(measured.values(measured.baseline, measure)))
    texts, kept = [], False
    for setting in measured.sweep(kind)[0]:
        arm = f"{kind}_{setting:g}"
        part = float(np.mean(measured.values(arm, measure))) / whole
        gap = measured.compare(arm, measured.baseline)
        texts.append(f"{part:.0%} of {measure}: {points(gap)}")
        kept |= part <= share and gap.verdict() != WORSE and gap.low > -0.01
    return Outcome(SUPPORTED if kept else REFUTED, "; ".join(texts))


CHECKS = (costs_no_accuracy, samples_have_sum, sweeps_help)
