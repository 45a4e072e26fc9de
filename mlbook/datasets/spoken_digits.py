"""Free Spoken Digit Dataset: ten English digits by five speakers, 50 takes each, 2,500 in all.

`x_train` and `x_test` are tuples of int16 arrays, 8,000 samples a second, of different lengths.
`groups_train` and `groups_test` name the speaker of every recording, for splits by speaker.

The usual test split is takes 0 to 4 of every speaker and digit: the same speakers as in
training. A classifier for new speakers has to be tested on a speaker it never heard.

Version 1.0.9 of the Free Spoken Digit Dataset; for version 1.0.8 its authors are given as Zohar
Jackson, César Souza, Jason Flaks, Yuxin Pan, Hereman Nicolas and Adhish Thite (Zenodo, 2018,
doi:10.5281/zenodo.1342401).

The synthetic tier hums its digits, see `mlbook.datasets.speech`.
"""

import numpy as np

from mlbook.datasets.base import Expected, Spec, Splits
from mlbook.datasets.from_tfds import TfdsSource
from mlbook.datasets.generated import GeneratedSource
from mlbook.datasets.speech import RATE, spoken

__all__ = ["RATE", "SPOKEN_DIGITS"]


def _split(x, y, speakers, takes, held: int) -> Splits:
    """The first `held` takes of every speaker and digit are the test split."""
    parts = []
    for test in (False, True):
        kept = [i for i, take in enumerate(takes) if (take < held) == test]
        parts.append([[values[i] for i in kept] for values in (x, y, speakers)])
    (x_train, y_train, train), (x_test, y_test, test) = parts
    return Splits(x_train, np.array(y_train), x_test, np.array(y_test), train, test)


def _from_features(recordings: list[dict]) -> Splits:
    x = [recording["audio"].astype(np.int16) for recording in recordings]
    y = [int(recording["label"]) for recording in recordings]
    # the file name is the only place that tells the speaker and the take: 7_jackson_32.wav
    names = [recording["audio/filename"].decode().removesuffix(".wav") for recording in recordings]
    speakers = [name.split("_")[1] for name in names]
    takes = [int(name.split("_")[2]) for name in names]
    return _split(x, y, speakers, takes, held=5)


def _hum() -> Splits:
    return _split(*spoken(), held=2)


SPOKEN_DIGITS = Spec(
    name="spoken_digits",
    title="Free Spoken Digit Dataset",
    class_names=tuple("0123456789"),
    sources=(
        TfdsSource(
            name="spoken_digits",
            builder="spoken_digit",
            version="1.0.9",
            url="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",
            sentence="TensorFlow Datasets spoken_digit 1.0.9",
            licence="CC BY-SA 4.0",
            expected=Expected(2_250, 250, "1441ca2f685e73c2", "c21feebd06b53ba3"),
            convert=_from_features,
            download_bytes=11_975_353,
            splits=("train",),
            ragged=True,
            needs=("pydub",),
            fallback="synthetic",
        ),
        GeneratedSource(
            generate=_hum,
            sentence="1,000 hummed digits of five invented speakers",
            label="synthetic data: hummed digits, not speech",
            expected=Expected(900, 100, "b5d11b13c78fad77", "45bdaa9118ba928b"),
        ),
    ),
)
