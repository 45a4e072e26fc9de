"""The order of a data set's items, and the fingerprint that names them.

Loaders deliver the same items in different orders (by file, by shard, by thread). Sorting
every split by a digest of its items makes "the first 1,000" and "a sample drawn with seed 0"
mean the same images on every machine, and makes the fingerprint independent of the loader.
"""

import hashlib
from typing import NamedTuple

import numpy as np


class Arranged(NamedTuple):
    """One split in canonical order, read-only, and its fingerprint (see `arrange`)."""

    x: np.ndarray | tuple
    y: np.ndarray
    print_: str
    groups: tuple[str, ...]


def digests(x, y, groups=()) -> list[bytes]:
    """One 16-byte digest an item, of its bytes, its label and the group it belongs to, if any.

    `x` is a numeric array (n, ...), or a sequence of strings or of arrays of any shape;
    `y` holds n integers, `groups` n names or none. Byte order of the machine does not
    matter.
    """
    labels = np.asarray(y).astype("<i8")
    if len(x) != len(labels):
        raise ValueError(f"{len(x)} items but {len(labels)} labels")
    if len(groups) not in (0, len(labels)):
        raise ValueError(f"{len(labels)} items but {len(groups)} groups")
    items = _little_endian(x) if isinstance(x, np.ndarray) and x.dtype != object else x
    found = []
    for i, (item, label) in enumerate(zip(items, labels, strict=True)):
        digest = hashlib.blake2b(digest_size=16)
        if isinstance(item, str):
            digest.update(item.encode())
        else:
            digest.update(_little_endian(np.asarray(item)).data)
        digest.update(label.tobytes())
        if groups:
            digest.update(groups[i].encode())
        found.append(digest.digest())
    return found


def _little_endian(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def arrange(x, y, groups=()) -> Arranged:
    """Put one split into canonical order: sorted by digest, and read-only.

    The fingerprint, 16 hexadecimal digits, changes when an item, a label or a group changes,
    is missing or is there twice.
    """
    keys = digests(x, y, groups)
    order = sorted(range(len(keys)), key=keys.__getitem__)
    kind = f"{x.dtype.name}{x.shape[1:]}" if isinstance(x, np.ndarray) else "sequence"
    total = hashlib.sha256(f"{kind}:{len(keys)}:".encode())
    total.update(b"".join(keys[i] for i in order))
    y = np.asarray(y, dtype=np.int64)[order]
    y.flags.writeable = False
    if isinstance(x, np.ndarray):
        x = x[order]
        x.flags.writeable = False
    else:
        x = tuple(x[i] for i in order)
        for item in x:
            if isinstance(item, np.ndarray):
                item.flags.writeable = False
    groups = tuple(groups[i] for i in order) if groups else ()
    return Arranged(x, y, total.hexdigest()[:16], groups)


def hold_out(x, y, one_in: int) -> np.ndarray:
    """The test split of a set that has none: a mask (n,), true for one item in `one_in`.

    Of every class the items with the smallest digests, n_class // one_in of them: a choice as
    good as random, and the same everywhere.
    """
    keys = digests(x, y)
    y = np.asarray(y)
    test = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        of_class = sorted(np.flatnonzero(y == label), key=keys.__getitem__)
        test[of_class[: len(of_class) // one_in]] = True
    return test


def join_prints(train_print: str, test_print: str) -> str:
    """The fingerprint of a data set from those of its splits."""
    return hashlib.sha256(f"train:{train_print} test:{test_print}".encode()).hexdigest()[:16]
