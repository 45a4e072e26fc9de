"""Olivetti faces: 40 people, 10 photographs each, 64 x 64 grey pixels.

Images are float32 arrays (n, 64, 64) between 0 and 1, as scikit-learn gives them.

There is no published split. Of every person the five photographs with the smallest digests are
the test split; experiments that need several splits draw their own from both halves together.

The synthetic tier draws its faces, see `mlbook.datasets.faces`.

Samaria and Harter, "Parameterisation of a stochastic model for human face identification",
IEEE Workshop on Applications of Computer Vision, 1994.
"""

from mlbook.datasets.base import Expected, Spec, Splits
from mlbook.datasets.faces import faces
from mlbook.datasets.from_sklearn import SklearnSource
from mlbook.datasets.generated import GeneratedSource
from mlbook.datasets.order import hold_out


def _split(x, y) -> Splits:
    test = hold_out(x, y, one_in=2)
    return Splits(x[~test], y[~test], x[test], y[test])


def _load(**options) -> Splits:
    from sklearn.datasets import fetch_olivetti_faces

    data = fetch_olivetti_faces(**options)
    return _split(data.images, data.target)


def _draw() -> Splits:
    return _split(*faces())


OLIVETTI = Spec(
    name="olivetti",
    title="Olivetti (AT&T) faces",
    class_names=tuple(f"person {i}" for i in range(1, 41)),
    sources=(
        SklearnSource(
            name="olivetti",
            file="olivetti_py3.pkz",
            url="https://ndownloader.figshare.com/files/5976027",
            sentence="Olivetti faces, as scikit-learn's fetch_olivetti_faces brings them",
            licence="no licence is stated; give credit to AT&T Laboratories Cambridge",
            expected=Expected(200, 200, "43063f47bb199ccd", "2459afded8007b87"),
            loader=_load,
            download_bytes=4_000_000,  # about
            fallback="synthetic",
        ),
        GeneratedSource(
            generate=_draw,
            sentence="400 drawn faces of 40 invented people",
            label="synthetic data: drawn faces, not photographs",
            expected=Expected(200, 200, "87adb0330fc8076b", "1437d117324800fb"),
        ),
    ),
)
