"""Buzzing "spoken digits" with a known structure, for machines without the recordings.

A recording is a buzz (the voice) whose overtones are strengthened near two moving frequencies
(the formants, 共振峰). A digit is the path of its two formants. A speaker is a pitch, a factor
on all formants (the length of the vocal tract) and a speed. A take varies all of these a
little and adds noise. So speaker and digit are independent causes, as in real speech.
"""

import numpy as np

RATE = 8_000
"""Samples a second."""

# start and end of both formants of the ten digits, in Hz
_PATHS = np.array(
    [
        [(350, 900), (2200, 1400)],
        [(550, 350), (900, 2000)],
        [(700, 300), (1100, 2300)],
        [(300, 650), (1800, 1000)],
        [(450, 700), (1600, 900)],
        [(750, 400), (1700, 2300)],
        [(400, 400), (2300, 1900)],
        [(650, 550), (1300, 2100)],
        [(500, 300), (2000, 2500)],
        [(800, 500), (1400, 1000)],
    ],
    dtype=float,
)

# pitch in Hz, factor on the formants, speed
_SPEAKERS = {
    "speaker A": (105, 0.92, 0.9),
    "speaker B": (125, 1.00, 1.2),
    "speaker C": (150, 1.05, 1.0),
    "speaker D": (190, 1.12, 1.1),
    "speaker E": (220, 1.18, 0.85),
}


def spoken(takes: int = 20, seed: int = 0) -> tuple[list[np.ndarray], list, list[str], list[int]]:
    """Make `takes` recordings of every digit by every speaker.

    Returns
    -------
    x : list of int16 arrays
        8,000 samples a second, about 0.3 to 0.7 s each.
    y, speakers, indices : lists
        The digit, the speaker's name and the number of the take, from 0.
    """
    rng = np.random.default_rng(seed)
    rows = [
        (_record(_PATHS[digit], *voice, rng.random(6), rng), digit, name, take)
        for name, voice in _SPEAKERS.items()
        for digit in range(10)
        for take in range(takes)
    ]
    return tuple(map(list, zip(*rows, strict=True)))


def _record(path, pitch, tract, speed, luck, rng) -> np.ndarray:
    """One recording; the six numbers `luck`, between 0 and 1, make it differ from the others."""
    length, high, first, second, loud, noisy = luck
    n = int(RATE * (0.4 + 0.2 * length) / speed)
    t = np.linspace(0, 1, n)
    # a falling voice, a few per cent higher or lower than usual
    frequency = pitch * (0.95 + 0.1 * high) * (1.1 - 0.2 * t)
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    formants = [
        tract * (0.95 + 0.1 * shift) * (start + (end - start) * t)
        for (start, end), shift in zip(path, (first, second), strict=True)
    ]
    wave = np.zeros(n)
    # sin((k + 1) p) = 2 cos(p) sin(k p) - sin((k - 1) p): one sine for all overtones
    before, now, twice = np.zeros(n), np.sin(phase), 2 * np.cos(phase)
    for overtone in range(1, int(3_000 / pitch)):
        gain = sum(1 / (1 + ((overtone * frequency - one) / 90) ** 2) for one in formants)
        wave += gain * now / overtone**0.5
        before, now = now, twice * now - before
    wave /= np.abs(wave).max()
    wave *= 2 * np.sqrt(t * (1 - t))
    wave += (0.01 + 0.05 * noisy) * (2 * rng.random(n) - 1)
    # rounded: the last bit of a sine differs between machines
    return np.rint((6_000 + 9_000 * loud) * wave).astype(np.int16)
