"""What a data set is, what a source of one must offer, and how the two are brought together."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from mlbook.datasets.order import arrange, join_prints
from mlbook.errors import DataError

TIERS = ("canonical", "sample", "synthetic")


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test split that cannot be changed, and where they came from.

    Attributes:
        x_train, x_test: arrays of shape (n, ...), or tuples of n strings for text, or tuples
            of n arrays where lengths differ.
        y_train, y_test: int64 arrays of shape (n,); label c means `class_names[c]`.
        class_names: one name a class.
        name: the name that `load` knows.
        tier: 'canonical', 'sample' or 'synthetic'.
        source: a sentence on where the items came from, without paths.
        licence: under which terms the items may be used.
        fingerprint: 16 hexadecimal digits; the same exactly if both splits hold the same items
            with the same labels, in whatever order the loader delivered them.
        label: what every table and figure made from this data must show; '' if canonical.
        feature_names: for a table, one name a column of x; else empty.
        groups_train, groups_test: where items come in groups within the classes (the speaker of
            a recording), one name an item; else empty.

    The arrays are read-only: a chapter's cell that writes into one raises `ValueError` instead
    of spoiling the cells after it. Copy first.
    """

    x_train: np.ndarray | tuple[str, ...]
    y_train: np.ndarray
    x_test: np.ndarray | tuple[str, ...]
    y_test: np.ndarray
    class_names: tuple[str, ...]
    name: str
    tier: str
    source: str
    licence: str
    fingerprint: str
    label: str = ""
    feature_names: tuple[str, ...] = ()
    groups_train: tuple[str, ...] = ()
    groups_test: tuple[str, ...] = ()

    def __post_init__(self):
        # a table that hides its origin is worse than no table
        if (self.tier == "canonical") == bool(self.label):
            raise ValueError("a label belongs to every tier but the canonical one")

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of items and of classes: {'train': n, 'test': n, 'classes': c}."""
        return {
            "train": len(self.y_train),
            "test": len(self.y_test),
            "classes": len(self.class_names),
        }

    def describe(self) -> str:
        """One line: name, tier, counts and fingerprint."""
        return (
            f"{self.name}: {self.tier} data, {len(self.y_train):,} training and "
            f"{len(self.y_test):,} test items, {len(self.class_names)} classes, "
            f"fingerprint {self.fingerprint}"
        )

    def __repr__(self) -> str:
        return f"<Dataset {self.describe()}>"


class Splits(NamedTuple):
    """The items as a loader delivers them: x arrays or lists, y integer labels, groups names."""

    x_train: np.ndarray | Sequence[str]
    y_train: np.ndarray
    x_test: np.ndarray | Sequence[str]
    y_test: np.ndarray
    groups_train: Sequence[str] = ()
    groups_test: Sequence[str] = ()


@dataclass(frozen=True)
class Expected:
    """How many items each split must have, and the fingerprint of each split (see `arrange`)."""

    train: int
    test: int
    train_print: str
    test_print: str

    @property
    def fingerprint(self) -> str:
        """The fingerprint of both splits together."""
        return join_prints(self.train_print, self.test_print)


@dataclass(frozen=True)
class Found:
    """What lies on this machine, judged by names, sizes and dates only.

    `files` are the files that `Source.read` would open; `place` is a path for people; `where`
    says the same without a path, because chapters print it and are committed.
    """

    state: Literal["present", "absent", "damaged"]
    place: str = ""
    where: str = ""
    note: str = ""
    files: tuple[Path, ...] = ()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.stat().st_size for file in self.files if file.is_file())


class Source(ABC):
    """One tier of one data set: where its items come from and what they must be.

    A data set's module makes one `Source` a tier; see mnist.py.
    """

    tier: str
    sentence: str
    licence: str
    label: str
    expected: Expected
    mend: str  # the command that puts damaged files right
    url: str  # what a download would ask for; '' if this source cannot be downloaded
    download_bytes: int
    class_names: tuple[str, ...] = ()  # if they are not those of the data set

    @abstractmethod
    def find(self) -> Found:
        """Look for the files, without opening a heavy library or the network."""

    @abstractmethod
    def read(self) -> Splits:
        """Read all items; raises `DataError` that names the file if they cannot be read."""

    def load(self, spec: "Spec") -> Dataset:
        """Read, arrange and verify; raises `DataError` as `read` and `verify` do."""
        splits, fingerprint = verify(spec.name, self, self.read(), self.find().place)
        return Dataset(
            **splits._asdict(),
            class_names=self.class_names or spec.class_names,
            name=spec.name,
            tier=self.tier,
            source=self.sentence,
            licence=self.licence,
            fingerprint=fingerprint,
            label=self.label,
            feature_names=spec.feature_names,
        )

    def obstacle(self, refresh: bool = False) -> str:
        """Why it cannot be downloaded now, '' if it can; asked where it is absent."""
        return self.find().note

    def fetch(self, force: bool = False) -> Found:
        """Download; a source without a `url` can only say whether it is there."""
        found = self.find()
        if found.state != "present":
            raise DataError(f"{found.note}. Mend it with `{self.mend}`.")
        return found


@dataclass(frozen=True)
class Spec:
    """A data set that `load` knows: its sources, best tier first."""

    name: str
    title: str
    class_names: tuple[str, ...]
    sources: tuple[Source, ...]
    feature_names: tuple[str, ...] = ()

    def source(self, tier: str) -> Source:
        """The source of one tier; `DataError` if this data set has none."""
        for source in self.sources:
            if source.tier == tier:
                return source
        has = ", ".join(source.tier for source in self.sources)
        raise DataError(f"{self.name} has no {tier} tier. It has: {has}.")


def verify(name: str, source: Source, raw: Splits, place: str) -> tuple[Splits, str]:
    """Arrange the items that a source delivered and compare them with `source.expected`.

    Returns the arranged, read-only splits and their fingerprint. Raises `DataError` that names
    the split, the place and the command that mends it.
    """
    expected = source.expected
    train = arrange(raw.x_train, raw.y_train, raw.groups_train)
    test = arrange(raw.x_test, raw.y_test, raw.groups_test)
    for split, n, n_expected, found, wanted in (
        ("train", len(train.y), expected.train, train.print_, expected.train_print),
        ("test", len(test.y), expected.test, test.print_, expected.test_print),
    ):
        if n != n_expected:
            wrong = f"has {n:,} items instead of {n_expected:,}"
        elif found != wanted:
            wrong = f"holds altered items (fingerprint {found} instead of {wanted})"
        else:
            continue
        raise DataError(
            f"{name} ({source.tier}): the {split} split in {place} {wrong}. "
            f"Mend it with `{source.mend}`."
        )
    splits = Splits(train.x, train.y, test.x, test.y, train.groups, test.groups)
    return splits, join_prints(train.print_, test.print_)
