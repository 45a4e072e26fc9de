"""Checks of the article's section on faces: its script, and what it says of LBP.

What the script defines is re-created at the end, errors included.
"""

import inspect
import time

import numpy as np

from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, UNCHECKABLE, Outcome

# less than this share of the pixels may change their code: interpolation rounds
_ROUNDING = 0.01


def compiles(evidence, source):
    """Does Python take this source for a program?"""
    try:
        evidence.importer("builtins").compile(source, "script", "exec")
    except SyntaxError as error:
        return Outcome(REFUTED, f"{type(error).__name__}: {error.msg}")
    return Outcome(SUPPORTED, "it compiles")


def offers_function(evidence, module, word, recorded=None):
    """Is there a function, no class, whose name holds the word? None there refutes nothing else.

    `recorded` is a pair of a module and a name in it: what such a look found in a version that
    was installed somewhere. It counts where the module itself is missing.
    """
    try:
        library = evidence.importer(module)
    except ImportError:
        text = f"{module} is not installed; the book does without it"
        try:
            seen = getattr(evidence.importer(recorded[0]), recorded[1])
        except (ImportError, TypeError):
            return Outcome(UNCHECKABLE, text)
        names = ", ".join(f"{name} ({kind})" for name, kind in seen["names"].items())
        found = "function" in seen["names"].values()
        text = f"{module} {seen['version']}, looked at elsewhere: {names} has {word} in its name"
        return Outcome(SUPPORTED if found else REFUTED, text)
    names = [name for name in dir(library) if word in name.lower()]
    text = f"{module} {getattr(library, '__version__', '')}: {', '.join(names) or 'nothing'}"
    found = any(inspect.isroutine(getattr(library, n)) and "_create" not in n for n in names)
    return Outcome(SUPPORTED if found else REFUTED, f"{text} has {word} in its name")


def survives_rotation(evidence, dataset, methods):
    """Does turning a face by a right angle leave its LBP histogram as it is?

    Supported if it does for all methods, supported with conditions if for some.
    """
    images = evidence.dataset(dataset).x_train[:20]
    histograms = evidence.importer("mlbook.lbp").lbp_histograms
    turned = np.rot90(images, axes=(1, 2))
    changes = {
        # of two histograms, half the sum of the differences is the share that moved
        method: float(np.mean(np.abs(h - t).sum(axis=1)) / 2)
        for method in methods
        for h, t in [[histograms(side, method=method) for side in (images, turned)]]
    }
    text = ", ".join(f"{method} {100 * change:.0f} %" for method, change in changes.items())
    kept = [change < _ROUNDING for change in changes.values()]
    verdict = SUPPORTED if all(kept) else CONDITIONAL if any(kept) else REFUTED
    return Outcome(verdict, f"of a histogram this share moves by a right angle: {text}")


def is_quick(evidence, dataset, module, function, milliseconds):
    """Does a function describe an image in less than this, at its best of three runs?"""
    images = evidence.dataset(dataset).x_train[:5]
    describe = getattr(evidence.importer(module), function)
    spent = []
    for _ in range(3):
        start = time.perf_counter()
        describe(images)
        spent.append(1000 * (time.perf_counter() - start) / len(images))
    # the time itself is another in each run
    text = f"{function} takes {'less' if min(spent) < milliseconds else 'more'} than"
    return Outcome(
        SUPPORTED if min(spent) < milliseconds else REFUTED,
        f"{text} {milliseconds} ms for an image of {' by '.join(map(str, images.shape[1:3]))}",
    )


def describes_features(evidence, dataset):
    """Are mean and covariance of the images, as the script takes them, those of the features?

    The images are put in rows first; as they are, NumPy refuses them.
    """
    images = evidence.dataset(dataset).x_train
    features = evidence.importer("mlbook.lbp").lbp_histograms(images)
    pixels = images.reshape(len(images), -1)
    rank = min(pixels.shape[1], len(images) - 1)
    text = (
        f"{pixels.shape[1]:,} pixels, {features.shape[1]:,} features; the covariance of the pixels "
        f"has rank {rank:,} at most"
    )
    same = features.shape == pixels.shape and np.allclose(features.mean(0), pixels.mean(0))
    return Outcome(SUPPORTED if same else REFUTED, text)


def tells_people_apart(evidence, dataset, module, function):
    """Does a function of features, names, mean and covariance give more than one name?"""
    data = evidence.dataset(dataset)
    x = evidence.importer("mlbook.lbp").lbp_histograms(data.x_train[:40])
    recognise = getattr(evidence.importer(module), function)
    spread = np.cov(x, rowvar=False) + 1e-6 * np.eye(x.shape[1])
    names = recognise(x, data.y_train[:40], x.mean(axis=0), spread)
    n_given, n_known = len(np.unique(names)), len(np.unique(data.y_train[:40]))
    text = f"of {n_known} people in {len(x)} images, {n_given} named"
    return Outcome(SUPPORTED if n_given > 1 else REFUTED, text)


CHECKS = (
    compiles,
    describes_features,
    is_quick,
    offers_function,
    survives_rotation,
    tells_people_apart,
)


# --- names of OpenCV, with its additional modules, that hold "lbp", at any depth ---

OPENCV = {
    "version": "5.0.0",
    "names": {
        "face.LBPHFaceRecognizer": "class",
        "face.LBPHFaceRecognizer_create": "maker of that class",
        "detail.CvFeatureParams_LBP": "constant",
    },
}


# --- what the article defines ---


def distance_as_printed(x, y, mean, cov):
    """Section 4.1.2: a Mahalanobis distance that has a third parameter, and no use for it."""
    step = np.subtract(x, y)
    return np.sqrt(step @ np.linalg.inv(cov) @ step)


def recognise_as_printed(features, labels, mean, cov):
    """Section 4.1.2, with the missing argument given and the features computed beforehand.

    The distance of one image to the mean is one number, and the position of the smallest of one
    number is 0.
    """
    return [labels[np.argmin(distance_as_printed(image, mean, None, cov))] for image in features]
