"""Drawn faces with a known structure, for machines without the photographs.

A person is twelve numbers (widths, distances, shades). A picture of the person adds what a
metric should learn to ignore: where the light comes from, a shift of the head, an open or
closed mouth, and noise. So the identity is a smooth function of twelve numbers, and the
within-person variation has about five dimensions besides the noise.
"""

import numpy as np

SIDE = 64


def faces(people: int = 40, pictures: int = 10, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw faces.

    Returns
    -------
    x : ndarray of shape (people * pictures, 64, 64), float32
        Grey between 0 and 1, in steps of 1/255 as in a photograph.
    y : ndarray of shape (people * pictures,)
        Who it is.
    """
    rng = np.random.default_rng(seed)
    persons = rng.random((people, 12))
    x = [_picture(person, rng) for person in persons for _ in range(pictures)]
    # rounded: the last bit of an exponential differs between machines
    grey = np.rint(255 * np.clip(x, 0, 1)).astype(np.uint8)
    return grey.astype(np.float32) / np.float32(255), np.repeat(np.arange(people), pictures)


def _picture(person: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One picture (64, 64) of the person with these twelve numbers between 0 and 1."""
    width, height, skin, hair, line, gap, eyes, brows, nose, mouth, lips, level = person
    right, up, side, top, opened = 2 * rng.random(5) - 1
    row, column = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    row, column = row + 0.05 * up, column - 0.05 * right

    def blob(at_row, at_column, tall, wide):
        """A soft spot: 1 in the middle, 0 far away."""
        return np.exp(-(((row - at_row) / tall) ** 2) - ((column - at_column) / wide) ** 2)

    def step(inside, softness=0.04):
        """1 where `inside` is positive, 0 where it is negative, smooth between."""
        return 1 / (1 + np.exp(-np.clip(inside / softness, -30, 30)))

    wide, tall = 0.5 + 0.2 * width, 0.72 + 0.2 * height
    head = step(1 - np.sqrt((column / wide) ** 2 + (row / tall) ** 2))
    picture = 0.1 + head * (0.35 + 0.4 * skin)
    hairline = -0.35 - 0.35 * line
    picture += head * step(hairline - row) * (0.6 * hair - 0.35 - 0.4 * skin)
    eye_row, eye_column = -0.2 + 0.15 * level, 0.18 + 0.12 * gap
    for sign in (-1, 1):
        picture -= 0.4 * blob(eye_row, sign * eye_column, 0.06, 0.06 + 0.07 * eyes)
        picture -= 0.3 * brows * blob(eye_row - 0.14, sign * eye_column, 0.04, 0.14)
    picture -= 0.2 * blob(0.05 + 0.15 * nose, 0, 0.12 + 0.12 * nose, 0.06)
    mouth_row = 0.38 + 0.12 * level
    picture -= 0.35 * blob(mouth_row, 0, 0.04 + 0.05 * lips + 0.03 * opened, 0.15 + 0.15 * mouth)
    # light from one side; as strong as the differences between people, so that it has to be
    # ignored and not averaged away
    picture *= 1 + 0.35 * side * column + 0.2 * top * row
    return picture + 0.08 * (rng.random((SIDE, SIDE)) - 0.5)
