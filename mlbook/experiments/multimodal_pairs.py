"""Digits seen and heard: images of MNIST and spoken digits, paired by class within each split.

Nobody wrote these digits while speaking them. A pair shares its class and nothing else, so the
modalities are independent given the class, by construction. In real pairs (a film and its
sound) they share more, and fail together more often.

Each seed keeps two of the five speakers out: nobody is heard both in training and in the test.
The images of the test come from the test images of MNIST.
"""

import functools
import itertools
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

from mlbook.audio import mfcc
from mlbook.datasets.spoken_digits import RATE
from mlbook.experiments.base import draw, pixels
from mlbook.fusion.modalities import pair_by_label

CONDITIONS = {
    "clean": "clean",
    "image_noise": "noise in the image",
    "speech_noise": "noise in the speech",
    "image_missing": "image missing",
    "speech_missing": "speech missing",
}
N_COMPONENTS = 50
N_PARTS = 5
IMAGE_NOISE = 0.7
"""Standard deviation of the noise that is added to pixels from 0 to 1."""
SPEECH_NOISE = 10.0
"""Ratio of signal to noise in decibels."""


@dataclass(frozen=True)
class Pairs:
    """One split.

    Attributes
    ----------
    train : dict of str to ndarray
        image (n, 50), principal components of the pixels, and speech (n, 65).
    y : ndarray of int, shape (n,)
    speakers : ndarray of int, shape (n,)
    tests : dict of str to dict of str to ndarray
        The same for the test, under each of `CONDITIONS`.
    y_test : ndarray of int, shape (n_test,)
    rows : dict of str to ndarray of int
        Which recordings and images these are: speech_train, speech_test, image_train, image_test.
    """

    train: dict
    y: np.ndarray
    speakers: np.ndarray
    tests: dict
    y_test: np.ndarray
    rows: dict


def pairs(data, limits, seed):
    """Draw one split: recordings by speaker, and an image of the same digit for each.

    Parameters
    ----------
    data : dict of str to Dataset
        mnist and spoken_digits.
    limits : Budget
    seed : int
        Its remainder by 10 says which two speakers are kept out.

    Returns
    -------
    Pairs
    """
    mnist, spoken = data["mnist"], data["spoken_digits"]
    rng = np.random.default_rng(seed)
    speaker, digit = voices(spoken)
    kept_out = list(itertools.combinations(np.unique(speaker), 2))[seed % 10]
    new = np.isin(speaker, kept_out)
    rows = {}
    for part, mask, wanted in (("train", ~new, limits.n_train), ("test", new, limits.n_test)):
        heard = np.flatnonzero(mask)
        heard = heard[draw(len(heard), wanted, rng)]
        seen = pair_by_label(getattr(mnist, f"y_{part}"), digit[heard], seed)
        rows |= {f"speech_{part}": heard, f"image_{part}": seen}
    seen = {
        part: pixels(getattr(mnist, f"x_{part}")[rows[f"image_{part}"]])
        for part in ("train", "test")
    }
    size = min(N_COMPONENTS, len(seen["train"]) // 2)
    reduce = PCA(size, svd_solver="covariance_eigh").fit(seen["train"]).transform
    noisy = seen["test"] + IMAGE_NOISE * rng.normal(size=seen["test"].shape)
    heard = clean_speech(spoken)
    clean = {"image": reduce(seen["test"]), "speech": heard[rows["speech_test"]]}
    tests = {
        "clean": clean,
        "image_noise": clean | {"image": reduce(noisy.astype(np.float32))},
        "speech_noise": clean | {"speech": noisy_speech(spoken)[rows["speech_test"]]},
        "image_missing": clean | {"image": None},
        "speech_missing": clean | {"speech": None},
    }
    return Pairs(
        train={"image": reduce(seen["train"]), "speech": heard[rows["speech_train"]]},
        y=digit[rows["speech_train"]],
        speakers=speaker[rows["speech_train"]],
        tests=tests,
        y_test=digit[rows["speech_test"]],
        rows=rows,
    )


def voices(spoken):
    """Who speaks, as a number, and which digit, in all recordings: two arrays of shape (n,)."""
    names = np.array([*spoken.groups_train, *spoken.groups_test])
    return np.unique(names, return_inverse=True)[1], np.r_[spoken.y_train, spoken.y_test]


def recordings(spoken):
    """All recordings of the data set, in the order of `voices`."""
    return [*spoken.x_train, *spoken.x_test]


def speech_features(waves):
    """Means of 13 cepstral coefficients over each fifth of a recording, shape (n, 65).

    Recordings of all lengths become equally long, and the order of the sounds is kept.
    """
    rows = []
    for frames in mfcc(waves, RATE):
        # a recording shorter than five frames repeats them
        frames = np.repeat(frames, max(1, -(-N_PARTS // len(frames))), axis=0)
        parts = np.array_split(frames, N_PARTS)
        rows.append(np.concatenate([part.mean(axis=0) for part in parts]))
    return np.array(rows)


def with_noise(wave, decibels, rng):
    """The recording with white noise at this ratio of signal to noise, int16."""
    wave = np.asarray(wave, dtype=float)
    power = np.mean(wave**2) / 10 ** (decibels / 10)
    noisy = wave + np.sqrt(power) * rng.normal(size=len(wave))
    return np.clip(np.round(noisy), -(2**15), 2**15 - 1).astype(np.int16)


@functools.cache
def clean_speech(spoken):
    """`speech_features` of all recordings."""
    return speech_features(recordings(spoken))


@functools.cache
def noisy_speech(spoken):
    """The same with noise."""
    rng = np.random.default_rng(0)
    return speech_features([with_noise(w, SPEECH_NOISE, rng) for w in recordings(spoken)])
