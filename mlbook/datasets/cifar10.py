"""CIFAR-10: colour photographs of ten kinds of things, 50,000 to train on, 10,000 to test on.

Images are uint8 arrays (n, 32, 32, 3): red, green, blue from 0 to 255.

Krizhevsky, "Learning multiple layers of features from tiny images", technical report,
University of Toronto, 2009.

The sample tier is another task with images of the same shape: see `_patches`.
"""

import numpy as np

from mlbook.datasets.base import Expected, Spec, Splits
from mlbook.datasets.from_tfds import TfdsSource
from mlbook.datasets.packaged import PackagedSource

SIDE = 32

# of a photograph 640 pixels wide and 427 high
PLACES = 5  # columns, each a class of its own
BANDS = 7  # horizontal bands, in turn for training and for testing
STEP = 8  # pixels from one patch to the next


def _from_features(train: dict, test: dict) -> Splits:
    return Splits(train["image"], train["label"], test["image"], test["label"])


def _patches() -> Splits:
    """Small patches of two photographs; the class says which of ten places a patch shows.

    Each photograph is cut into five columns, which are the classes, and each column into seven
    bands, of which four give training patches and three give test patches. So both splits see
    every place from top to bottom and share no pixel. Patches of one band overlap.
    """
    from sklearn.datasets import load_sample_image

    parts = {True: ([], []), False: ([], [])}
    for photograph, name in enumerate(("china.jpg", "flower.jpg")):
        image = load_sample_image(name)
        tall, wide = image.shape[0] // BANDS, image.shape[1] // PLACES
        for place in range(PLACES):
            for band in range(BANDS):
                x, y = parts[band % 2 == 0]
                for top in range(band * tall, (band + 1) * tall - SIDE + 1, STEP):
                    for left in range(place * wide, (place + 1) * wide - SIDE + 1, STEP):
                        x.append(image[top : top + SIDE, left : left + SIDE])
                        y.append(photograph * PLACES + place)
    (x_train, y_train), (x_test, y_test) = parts[True], parts[False]
    return Splits(np.array(x_train), np.array(y_train), np.array(x_test), np.array(y_test))


CIFAR10 = Spec(
    name="cifar10",
    title="CIFAR-10 colour images",
    class_names=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    sources=(
        TfdsSource(
            name="cifar10",
            version="3.0.2",
            url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            sentence="TensorFlow Datasets cifar10 3.0.2",
            licence="no licence is stated; cite Krizhevsky (2009)",
            expected=Expected(50_000, 10_000, "132e385cafeb21bf", "7006a1087a87ae68"),
            convert=_from_features,
            download_bytes=170_052_171,
        ),
        PackagedSource(
            name="cifar10",
            package="sklearn",
            distribution="scikit-learn",
            data=("datasets/images/china.jpg", "datasets/images/flower.jpg"),
            reader=_patches,
            sentence="patches of ten places in two photographs from the package scikit-learn",
            licence="photographs CC BY 2.0, credits in scikit-learn's sklearn/datasets/images",
            expected=Expected(2_080, 1_560, "201942f8237d2a4e", "7915da42c1d2656d"),
            tier="sample",
            label="sample data: patches of two photographs, not CIFAR-10",
            class_names=tuple(f"{name} {i}" for name in ("china", "flower") for i in range(1, 6)),
        ),
    ),
)
