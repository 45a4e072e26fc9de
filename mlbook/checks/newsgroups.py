"""Checks of the article's section on newsgroups: its data, its script, its optimisation.

The steps of the script are re-created at the end, with what is missing in them.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from mlbook import evaluation
from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, UNCHECKABLE, Outcome

ORDER = ("alt.atheism", "soc.religion.christian", "comp.graphics", "sci.med")
"""The groups in the order in which the script reads their folders."""

LENGTH = 100


def has_posts(evidence, dataset, about, classes):
    """Has the corpus this many posts and groups?

    Supported with conditions if the number of posts agrees in its first digit only.
    """
    data = evidence.dataset(dataset)
    n = len(data.y_train) + len(data.y_test)
    text = f"{n:,} posts of {len(data.class_names)} groups in the version by date"
    if data.tier != "canonical":
        return Outcome(UNCHECKABLE, f"only {data.tier} data here ({text})")
    if n == about and len(data.class_names) == classes:
        return Outcome(SUPPORTED, text)
    unit = 10 ** (len(str(n)) - 1)
    if round(n / unit) * unit == about and len(data.class_names) == classes:
        return Outcome(CONDITIONAL, f"{text}; the quoted number is a rounded one")
    return Outcome(REFUTED, text)


def reads_as_utf8(evidence, dataset):
    """Are the files of the four groups what Python takes for text where UTF-8 is the default?"""
    data = evidence.dataset(dataset)
    if data.tier != "canonical":
        return Outcome(UNCHECKABLE, f"the {data.tier} data are not the files as they were sent")
    texts = [text for side in _four(data) for group in side for text in group]
    # scikit-learn decodes the files as Latin-1, which gives every byte its character
    broken = sum(not _is_utf8(text.encode("latin-1", "replace")) for text in texts)
    text = f"{broken} of {len(texts):,} files stop it with a UnicodeDecodeError"
    return Outcome(REFUTED if broken else SUPPORTED, text)


def loads_in_order(evidence, module, function):
    """Does a loader give the posts in one order, whatever the order of the names it is told?

    The function takes a folder with a folder for each group, and a function that lists names as
    `os.listdir` does, whose documentation leaves the order open.
    """
    load = getattr(evidence.importer(module), function)
    with _folder([2, 2, 2, 2]) as root:
        up = load(root, lambda path: sorted(os.listdir(path)))
        down = load(root, lambda path: sorted(os.listdir(path), reverse=True))
    moved = sum(a != b for a, b in zip(up, down, strict=True))
    text = f"{moved} of {len(up)} posts stand elsewhere when each folder is listed in reverse"
    return Outcome(REFUTED if moved else SUPPORTED, text)


def loads_labels(evidence, module, function):
    """Does what a loader gives tell which group a post is from?

    It is given the same posts in the same order, once with the first three in the first group,
    once with one there and three in the second.
    """
    load = getattr(evidence.importer(module), function)
    loaded = []
    for sizes in ([3, 1, 1, 1], [1, 3, 1, 1]):
        with _folder(sizes) as root:
            loaded.append(load(root, lambda path: sorted(os.listdir(path))))
    same = loaded[0] == loaded[1]
    text = f"6 posts, sorted into groups in two ways: {'the same' if same else 'another'} result"
    return Outcome(REFUTED if same else SUPPORTED, text)


def hides_its_group(evidence, dataset):
    """Does no post of the four groups name the group that it was sent to?

    Supported with conditions if fewer than one in ten do.
    """
    data = evidence.dataset(dataset)
    if data.tier != "canonical":
        return Outcome(UNCHECKABLE, f"the {data.tier} data are not the files as they were sent")
    names = [name for side in _four(data) for name, g in zip(ORDER, side, strict=True) for _ in g]
    texts = [text for side in _four(data) for group in side for text in group]
    named = sum(name in text for name, text in zip(names, texts, strict=True))
    heads = sum("Newsgroups:" in text.partition("\n\n")[0] for text in texts)
    text = (
        f"{named} of {len(texts):,} posts hold the name of their group; {heads} have the header "
        "line that lists groups"
    )
    if named and named < len(texts) / 10:
        return Outcome(CONDITIONAL, text)
    return Outcome(REFUTED if named else SUPPORTED, text)


def learns_words_from_training(evidence, dataset):
    """Are the words that get a number those of the training posts, if it is fitted to all?"""
    from mlbook.text import Vocabulary, tokenize

    sides = _four(evidence.dataset(dataset))
    train, test = ([text for group in side for text in group] for side in sides)
    fitted = [len(Vocabulary().fit(tokenize(part)).words_) for part in (train, train + test)]
    text = f"{fitted[1] - fitted[0]:,} of {fitted[1]:,} words occur in test posts only"
    return Outcome(SUPPORTED if fitted[0] == fitted[1] else REFUTED, text)


def validates_on_all_groups(evidence, dataset, share):
    """Does the last part of the posts, read folder by folder, hold posts of every group?

    Keras cuts the validation part off the end before it shuffles.
    """
    train, test = _four(evidence.dataset(dataset))
    labels = np.repeat(
        np.arange(len(ORDER)), [len(a) + len(b) for a, b in zip(train, test, strict=True)]
    )
    last = np.unique(labels[int(len(labels) * (1 - share)) :])
    text = f"the last {share:.0%} of the posts are of {', '.join(ORDER[label] for label in last)}"
    return Outcome(SUPPORTED if len(last) == len(ORDER) else REFUTED, text)


def gives_weights(evidence, dataset):
    """Does the optimisation, its axis mended, end nearer to something that is not its input?

    It is given what the script gives it: rows of word numbers, for its five epochs.
    """
    from mlbook.text import Vocabulary, tokenize

    documents = tokenize(
        [text for group in _four(evidence.dataset(dataset))[0] for text in group[:50]]
    )
    rows = Vocabulary().fit(documents).encode(documents, LENGTH, keep="end", pad="start")
    optimise = evidence.importer("mlbook.as_printed").gradient_optimization
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = [
            float(np.abs(rows - optimise(rows, None, num_epochs=n, axis_mended=True)).max())
            for n in (0, 5)
        ]
    if not np.isfinite(sizes[1]) or sizes[1] > sizes[0]:
        last = f"{sizes[1]:.0e}" if np.isfinite(sizes[1]) else "no number at all"
        return Outcome(
            REFUTED, f"largest distance of an element of W from X: {sizes[0]:,.0f}, then {last}"
        )
    if sizes[1] < 1e-3 * sizes[0]:
        return Outcome(REFUTED, f"W is a copy of X, up to {sizes[1]:.1g}")
    return Outcome(SUPPORTED, f"W stays {sizes[1]:.3g} away from X")


def is_better_over_seeds(evidence, result, arm, than, measure="accuracy"):
    """Is one network better than another, whatever the start, on the same posts?

    Supported if the interval of the difference over the seeds lies above zero; of the accuracy,
    that over the posts has to do so too. With conditions if only the one over the posts does.
    """
    measured = evidence.result(*result)
    differences = list(measured.values(arm, measure) - measured.values(than, measure))
    intervals = {f"{len(differences)} seeds": evaluation.over_seeds(differences)}
    if measure == measured.measure:
        intervals["the posts"] = measured.compare(arm, than)
    limits = " and ".join(
        f"[{100 * interval.low:+.2f}, {100 * interval.high:+.2f}] over {what}"
        for what, interval in intervals.items()
    )
    text = (
        f"{measured.arms[arm]} minus {measured.arms[than]}, {measure}: "
        f"{100 * np.mean(differences):+.2f} points {limits}"
    )
    better = [interval.verdict() == evaluation.BETTER for interval in intervals.values()]
    if all(better):
        return Outcome(SUPPORTED, text)
    return Outcome(CONDITIONAL if better[-1] else REFUTED, text)


CHECKS = (
    gives_weights,
    has_posts,
    hides_its_group,
    is_better_over_seeds,
    learns_words_from_training,
    loads_in_order,
    loads_labels,
    reads_as_utf8,
    validates_on_all_groups,
)


def _four(data):
    """Training and test posts of the four groups, each a list of lists in the script's order."""
    sides = ((data.x_train, data.y_train), (data.x_test, data.y_test))
    numbers = [list(data.class_names).index(name) for name in ORDER]
    return [
        [[x[i] for i in np.flatnonzero(np.asarray(y) == label)] for label in numbers]
        for x, y in sides
    ]


def _folder(sizes):
    """A temporary folder with so many posts in each of the four groups, one text after another."""
    root = tempfile.TemporaryDirectory()
    texts = iter(f"text {i}" for i in range(sum(sizes)))
    for group, size in zip(ORDER, sizes, strict=True):
        (Path(root.name) / group).mkdir()
        for i in range(size):
            (Path(root.name) / group / f"{i}").write_text(next(texts), encoding="utf-8")
    return root


def _is_utf8(raw):
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


# --- what the article prints ---

# Section 2.4.2 in our words: the steps that matter here, in their order, with what is missing.

LOADING = """
import gensim.downloader as api
from gensim.models import Word2Vec

def read_posts(folder):
    return [open(folder + "/" + name).read() for name in os.listdir(folder)]

posts = read_posts("20_newsgroups/sci.med")
"""

TRAINING = """
import numpy as np

X = np.zeros((10, 100))
y = np.zeros((len(X), 4))
for row, label in enumerate(y_train):
    y[row, label] = 1

def gradient_optimization(X, y):
    return X

model = object()

W = gradient_optimization(X, y)
model.fit(X, y, epochs=10, validation_split=0.1)
"""

TESTING = """
import numpy as np

def report(model):
    predicted = model.predict(X_test)
    return np.mean(np.argmax(predicted, axis=1) == y_test)
"""


def posts_as_printed(folder, listdir=os.listdir):
    """Section 2.4.2: the texts of the four folders, one after another, and nothing else."""
    return [
        Path(folder, group, name).read_text(encoding="utf-8")
        for group in ORDER
        for name in listdir(Path(folder, group))
    ]
