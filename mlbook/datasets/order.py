"""The order of a data set's items, and the fingerprint that names them.

Loaders deliver the same items in different orders (by file, by shard, by thread). Sorting
every split by a digest of its items makes "the first 1,000" and "a sample drawn with seed 0"
mean the same images on every machine, and makes the fingerprint independent of the loader.
"""

import hashlib

import numpy as np


def digests(x, y) -> list[bytes]:
    """One 16-byte digest an item, of its bytes and its label.

    `x` is a numeric array (n, ...), or a sequence of strings or of arrays of any shape;
    `y` holds n integers. Byte order of the machine does not matter, shape and type do.
    """
    labels = np.asarray(y).astype("<i8")
    if len(x) != len(labels):
        raise ValueError(f"{len(x)} items but {len(labels)} labels")
    items = _little_endian(x) if isinstance(x, np.ndarray) and x.dtype != object else x
    found = []
    for item, label in zip(items, labels, strict=True):
        digest = hashlib.blake2b(digest_size=16)
        if isinstance(item, str):
            digest.update(item.encode())
        else:
            digest.update(_little_endian(np.asarray(item)).data)
        digest.update(label.tobytes())
        found.append(digest.digest())
    return found


def _little_endian(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def arrange(x, y):
    """Put one split into canonical order.

    Returns (x, y, fingerprint): the items sorted by digest, read-only, and 16 hexadecimal
    digits that change when an item or a label changes, is missing or is there twice.
    """
    keys = digests(x, y)
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
    return x, y, total.hexdigest()[:16]


def join_prints(train_print: str, test_print: str) -> str:
    """The fingerprint of a data set from those of its splits."""
    return hashlib.sha256(f"train:{train_print} test:{test_print}".encode()).hexdigest()[:16]
