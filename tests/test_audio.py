"""Sound features: the chain by hand, energy kept, tones in their bands, and bad recordings."""

import numpy as np
import pytest
from scipy.signal import get_window

from mlbook.audio import fixed_length, log_mel, mel_filters, mfcc, pad_frames, power_spectrum

RATE = 8_000


def tone(frequency, seconds=0.2, amplitude=1.0, rate=RATE):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


def noise(n=1_000, seed=0):
    return np.random.default_rng(seed).uniform(-0.9, 0.9, n)


# --- spectrum ----------------------------------------------------------------------------------


def test_spectrum_by_the_definition():
    # frames of 4 samples every 2, so 8 bins of the transform, of which 5 are kept
    wave = np.array([0.1, -0.4, 0.8, 0.3, -0.2, 0.5, 0.9])
    spectrum = power_spectrum(wave, rate=4, frame=1, step=0.5)
    assert spectrum.shape == (2, 5)
    window = np.array([0, 0.5, 1, 0.5])  # Hann, periodic
    for i, frame in enumerate((wave[0:4], wave[2:6])):
        for k in range(5):
            waves = np.exp(-2j * np.pi * k * np.arange(4) / 8)
            power = abs((frame * window * waves).sum()) ** 2 / (8 * 1.5)
            assert spectrum[i, k] == pytest.approx(power * (1 if k in (0, 4) else 2))


@pytest.mark.parametrize("rate, frame", [(8_000, 0.025), (16_000, 0.032), (11_025, 0.021)])
def test_power_is_the_weighted_mean_square(rate, frame):
    wave = noise(3_000)
    spectrum = power_spectrum(wave, rate, frame)
    length, hop = round(frame * rate), round(0.010 * rate)
    assert len(spectrum) == 1 + (3_000 - length) // hop
    weights = get_window("hann", length) ** 2
    for i in (0, 1, len(spectrum) - 1):
        squares = wave[i * hop : i * hop + length] ** 2
        assert spectrum[i].sum() == pytest.approx((weights * squares).sum() / weights.sum())


def test_a_full_tone_has_power_one_half_in_its_bin():
    spectrum = power_spectrum(tone(1_000), RATE)
    n_fft = 2 * (spectrum.shape[1] - 1)
    np.testing.assert_allclose(spectrum.sum(axis=1), 0.5, rtol=1e-3)
    np.testing.assert_allclose(spectrum.argmax(axis=1) * RATE / n_fft, 1_000)


def test_recordings_shorter_than_a_frame_are_one_frame():
    short = noise(150)
    spectrum = power_spectrum(short, RATE)
    assert spectrum.shape == (1, 257)
    np.testing.assert_array_equal(spectrum, power_spectrum(np.pad(short, (0, 50)), RATE))
    assert len(power_spectrum(noise(200), RATE)) == len(power_spectrum(noise(279), RATE)) == 1
    assert len(power_spectrum(noise(280), RATE)) == 2


# --- mel bands ---------------------------------------------------------------------------------


def test_triangles_by_hand():
    # mel(f) / 2595 = log10(1 + f / 700) = 0, 0.1, 0.2, 0.3 at the edges of two bands
    edges = 700 * (10 ** np.array([0, 0.1, 0.2, 0.3]) - 1)
    filters = mel_filters(RATE, 512, n_mels=2, low=0, high=edges[3])
    for band in range(2):
        left, peak, right = edges[band : band + 3]
        for k in (0, 5, 9, 12, 20, 25, 30, 44, 60, 256):
            f = k * RATE / 512
            up, down = (f - left) / (peak - left), (right - f) / (right - peak)
            assert filters[band, k] == pytest.approx(max(0, min(up, down)), abs=1e-12)


def test_bands_share_out_all_power_between_the_first_and_the_last_peak():
    filters = mel_filters(RATE, 512)
    assert filters.shape == (40, 257) and filters.min() == 0 and filters.max() <= 1
    peaks = filters.argmax(axis=1)
    assert (np.diff(peaks) > 0).all()
    np.testing.assert_allclose(filters[:, peaks[0] + 1 : peaks[-1]].sum(axis=0), 1)
    heard = (filters > 1e-9).any(axis=0)
    bins = np.arange(257) * RATE / 512
    assert bins[heard].min() == 62.5 and bins[heard].max() == 4_000 - RATE / 512
    # narrow bands below, wide ones above
    assert np.count_nonzero(filters[-1]) > 3 * np.count_nonzero(filters[0])


@pytest.mark.parametrize("frequency", [300, 1_000, 2_500, 3_600])
def test_a_tone_lands_in_its_band(frequency):
    (bands,) = log_mel([tone(frequency)], RATE)
    mel = 2595 * np.log10(1 + frequency / 700)
    low, high = 2595 * np.log10(1 + np.array([50, 4_000]) / 700)
    # peaks of the 40 bands are 1/41, ..., 40/41 of the way
    expected = (mel - low) / (high - low) * 41 - 1
    assert np.abs(bands.argmax(axis=1) - expected).max() <= 0.75
    far = np.abs(np.arange(40) - expected) > 6
    assert (bands.max(axis=1)[:, np.newaxis] - bands[:, far]).min() > np.log(1e3)


def test_power_in_bands_is_that_of_the_recording():
    wave = tone(800) * 0.3 + tone(1_900) * 0.2
    (bands,) = log_mel([wave], RATE)
    np.testing.assert_allclose(np.exp(bands).sum(axis=1), (0.3**2 + 0.2**2) / 2, rtol=0.02)


def test_the_rate_does_not_matter_when_both_hold_the_bands():
    frequencies = (400, 1_500, 3_000)
    slow, fast = (
        sum(tone(f, amplitude=0.3, rate=rate) for f in frequencies) for rate in (8_000, 16_000)
    )
    (a,), (b,) = log_mel([slow], 8_000), log_mel([fast], 16_000)
    assert a.shape == b.shape
    strong = a > np.log(1e-4)
    assert strong.sum() > 3 * len(a)
    np.testing.assert_allclose(a[strong], b[strong], atol=0.02)


def test_integers_are_fractions_of_their_range():
    wave = np.rint(2**7 * noise()).astype(int)
    for dtype, scaled in (
        (np.int8, wave),
        (np.uint8, wave + 128),
        (np.int16, wave * 2**8),
        (np.uint16, wave * 2**8 + 2**15),
        (np.int32, wave * 2**24),
        (np.float32, wave / 2**7),
    ):
        (bands,) = log_mel([scaled.astype(dtype)], RATE)
        np.testing.assert_allclose(bands, log_mel([wave / 2**7], RATE)[0], rtol=1e-5)


def test_twice_as_loud_adds_a_constant():
    quiet, loud = log_mel([noise() / 2, noise()], RATE)
    np.testing.assert_allclose(loud - quiet, np.log(4), atol=1e-4)
    quiet, loud = mfcc([noise() / 2, noise()], RATE)
    assert quiet.shape == loud.shape == (11, 13) and quiet.dtype == np.float32
    # the transform of a constant c has c * sqrt(40) first and zeros elsewhere
    np.testing.assert_allclose((loud - quiet)[:, 0], np.log(4) * np.sqrt(40), rtol=1e-4)
    np.testing.assert_allclose((loud - quiet)[:, 1:], 0, atol=1e-4)


def test_cepstrum_by_the_definition():
    (bands,), (cepstrum,) = (f([noise()], RATE, n_mels=20) for f in (log_mel, mfcc))
    m = np.arange(20)
    for k in (0, 1, 7, 12):
        scale = np.sqrt((1 if k == 0 else 2) / 20)
        ripple = scale * np.cos(np.pi * k * (m + 0.5) / 20)
        np.testing.assert_allclose(cepstrum[:, k], bands @ ripple, rtol=1e-4, atol=1e-4)


# --- arrays of one shape -----------------------------------------------------------------------


def test_statistics_and_padding_by_hand():
    features = [np.array([[1.0, 2], [3, 6]]), np.array([[5.0, 7]])]
    statistics = fixed_length(features)
    assert statistics.dtype == np.float32
    assert statistics.tolist() == [[2, 4, 1, 2], [5, 7, 0, 0]]
    padded, mask = pad_frames(features)
    assert padded.dtype == np.float32
    assert padded.tolist() == [[[1, 2], [3, 6]], [[5, 7], [0, 0]]]
    assert mask.tolist() == [[True, True], [True, False]]
    padded, mask = pad_frames(features, 1)
    assert padded.tolist() == [[[1, 2]], [[5, 7]]] and mask.all()
    padded, mask = pad_frames(features, 3)
    assert padded.shape == (2, 3, 2) and mask.sum() == 3 and not padded[~mask].any()


def test_recordings_of_different_lengths():
    features = mfcc([noise(900), noise(2_000), np.zeros(50)], RATE)
    assert [len(frames) for frames in features] == [9, 23, 1]
    assert fixed_length(features).shape == (3, 26)
    padded, mask = pad_frames(features)
    assert padded.shape == (3, 23, 13) and mask.sum(axis=1).tolist() == [9, 23, 1]


# --- bad recordings ----------------------------------------------------------------------------


def test_silence_is_the_floor():
    (bands,) = log_mel([np.zeros(1_000, np.int16)], RATE)
    np.testing.assert_allclose(bands, np.log(1e-10), rtol=1e-6)
    # the floor is a limit, and adds nothing to what is louder
    (faint,) = log_mel([2e-5 * noise()], RATE)
    (loud,) = log_mel([noise()], RATE)
    expected = np.maximum(loud + 2 * np.log(2e-5), np.log(1e-10))
    np.testing.assert_allclose(faint, expected, atol=1e-4)
    (cepstrum,) = mfcc([np.zeros(1_000)], RATE)
    np.testing.assert_allclose(cepstrum[:, 1:], 0, atol=1e-4)


@pytest.mark.parametrize(
    "wave, message",
    [
        (np.zeros(0), "recording 1 has no samples"),
        (np.array([0, np.nan, 0]), "recording 1 holds NaN or infinite"),
        (np.array([0, -np.inf, 0]), "recording 1 holds NaN or infinite"),
        (np.array([0.0, -3_200]), "up to 3200, beyond 1: divide by full scale"),
        (np.zeros((100, 2)), r"shape \(n_samples,\), got \(100, 2\); of several channels"),
        (np.zeros(100, np.int64), r"64-bit integers.*astype\(np.int16\)"),
        ([100, -100, 3], "64-bit integers"),
        (np.zeros(100, bool), "must hold numbers, got bool"),
        (np.array(["a"]), "must hold numbers"),
    ],
)
def test_bad_recordings(wave, message):
    with pytest.raises(ValueError, match=message):
        mfcc([noise(), wave], RATE)
    with pytest.raises(ValueError):
        power_spectrum(wave, RATE)


def test_bad_settings():
    with pytest.raises(ValueError, match="6,000 samples a second holds nothing above 3,000 Hz"):
        log_mel([noise()], 6_000)
    assert log_mel([noise()], 6_000, high=3_000)[0].shape[1] == 40
    with pytest.raises(ValueError, match=r"single one\? write \[wave\]"):
        log_mel(noise(), RATE)
    with pytest.raises(ValueError, match="bands between 50 and 4000 Hz are too narrow"):
        log_mel([noise()], RATE, n_mels=200)
    with pytest.raises(ValueError, match="40 mel bands give no 41 coefficients"):
        mfcc([noise()], RATE, n_coefficients=41)
    with pytest.raises(ValueError, match="need 0 <= low < high"):
        log_mel([noise()], RATE, low=4_000)
    with pytest.raises(ValueError, match="too short"):
        log_mel([noise()], RATE, step=0.00001)
    for wrong in ({"rate": 0}, {"rate": np.nan}, {"frame": -1}, {"step": None}, {"n_mels": 2.5}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
            log_mel([noise()], **{"rate": RATE, **wrong})


@pytest.mark.parametrize("function", [fixed_length, pad_frames])
def test_bad_features(function):
    for features, message in (
        ([], "no recordings"),
        ([np.zeros((2, 3)), np.zeros((0, 3))], "recording 1 .* at least one frame"),
        ([np.zeros(3)], r"\(n_frames, n_features\)"),
        ([np.zeros((2, 3)), np.zeros((2, 4))], "recording 1 has 4 features, the first 3"),
    ):
        with pytest.raises(ValueError, match=message):
            function(features)
    with pytest.raises(ValueError, match="length must be an integer > 0, got 0"):
        pad_frames([np.zeros((2, 3))], 0)
