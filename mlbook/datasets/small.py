"""Three small sets that scikit-learn carries: always there, nothing to download.

`digits`: 1,797 images of handwritten digits, uint8 (n, 8, 8), each pixel the number 0 to 16 of
inked points in a block of 4 x 4. It is the test part of a UCI set, and not MNIST.

`wine`: 13 measurements of 178 wines from three growers, float64 (n, 13).

`breast_cancer`: 30 measurements of cell nuclei in 569 tumours, float64 (n, 30).

None has a published split. One fifth of every class, the items with the smallest digests, is
the test split (see `order.hold_out`). The tables keep their units: columns differ in scale by
factors of thousands, which is what the chapters want to show.
"""

import numpy as np

from mlbook.datasets.base import Expected, Spec, Splits
from mlbook.datasets.order import hold_out
from mlbook.datasets.packaged import PackagedSource

LICENCE = (
    "from the UCI Machine Learning Repository; scikit-learn's copy states no licence for the "
    "data, scikit-learn itself is BSD-3-Clause"
)


def _split(x, y) -> Splits:
    test = hold_out(x, y, one_in=5)
    return Splits(x[~test], y[~test], x[test], y[test])


def _digits() -> Splits:
    from sklearn.datasets import load_digits

    data = load_digits()
    return _split(data.images.astype(np.uint8), data.target)


def _wine() -> Splits:
    from sklearn.datasets import load_wine

    return _split(*load_wine(return_X_y=True))


def _breast_cancer() -> Splits:
    from sklearn.datasets import load_breast_cancer

    return _split(*load_breast_cancer(return_X_y=True))


def _spec(name, title, file, reader, expected, class_names, feature_names=()) -> Spec:
    source = PackagedSource(
        name=name,
        package="sklearn",
        distribution="scikit-learn",
        data=(f"datasets/data/{file}",),
        reader=reader,
        sentence=f"{title}, as the package scikit-learn carries it",
        licence=LICENCE,
        expected=expected,
    )
    return Spec(name, title, class_names, (source,), feature_names)


DIGITS = _spec(
    "digits",
    "Optical Recognition of Handwritten Digits (8 x 8 pixels)",
    "digits.csv.gz",
    _digits,
    Expected(1_442, 355, "e1c073d2aedabcc3", "6903cacd786853c3"),
    class_names=tuple("0123456789"),
)

WINE = _spec(
    "wine",
    "Wine Recognition",
    "wine_data.csv",
    _wine,
    Expected(144, 34, "0deecf997c2cfdb9", "b48134b21414991e"),
    class_names=("class_0", "class_1", "class_2"),
    feature_names=(
        "alcohol",
        "malic_acid",
        "ash",
        "alcalinity_of_ash",
        "magnesium",
        "total_phenols",
        "flavanoids",
        "nonflavanoid_phenols",
        "proanthocyanins",
        "color_intensity",
        "hue",
        "od280/od315_of_diluted_wines",
        "proline",
    ),
)

# ten properties of a cell nucleus, each as mean, standard error and worst (largest) value
_NUCLEUS = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)

BREAST_CANCER = _spec(
    "breast_cancer",
    "Breast Cancer Wisconsin (Diagnostic)",
    "breast_cancer.csv",
    _breast_cancer,
    Expected(456, 113, "b25840f6d49de806", "3319a9b805afcd4d"),
    class_names=("malignant", "benign"),
    feature_names=(
        *(f"mean {name}" for name in _NUCLEUS),
        *(f"{name} error" for name in _NUCLEUS),
        *(f"worst {name}" for name in _NUCLEUS),
    ),
)
