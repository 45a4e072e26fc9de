"""Sound: recordings of different lengths -> features of frames -> arrays of one shape.

    features = mfcc(recordings, rate=8_000)  # a list of arrays (frames, 13)
    x = fixed_length(features)               # (n, 26): means and standard deviations
    x, mask = pad_frames(features)           # or (n, longest, 13), for a network

The chain: cut into frames of 25 ms, weigh each with a window, take its power spectrum, add up
the power in bands as wide as the ear's (the mel scale, 梅尔刻度), take the logarithm
(`log_mel`), and with a discrete cosine transform what a spectrum has of slow and of fast
ripples (`mfcc`, 梅尔频率倒谱系数).

Conventions. Mel scale and triangles are those of HTK (`mel_scale="htk"`, `norm=None` in
torchaudio, its defaults; `htk=True, norm=None` in librosa, not its defaults), the window is a
periodic Hann window, frames lie within the recording (`center=False`), the cosine transform is
the orthonormal one of type 2. Two things differ: power is scaled so that the bins of a frame
add up to its mean square, which adds a constant to each logarithm, and the logarithm is the
natural one, not decibels, without a floor that depends on the loudest frame.

S. B. Davis and P. Mermelstein, Comparison of parametric representations for monosyllabic word
recognition in continuously spoken sentences, IEEE Transactions on Acoustics, Speech, and Signal
Processing 28(4), 1980.
"""

import numbers

import numpy as np
from scipy.fft import dct, rfft
from scipy.signal import get_window

# below the power of the last bit of a 16-bit recording, about 1e-9
FLOOR = 1e-10


def power_spectrum(wave, rate, frame=0.025, step=0.010):
    """The power spectrum of each frame of one recording.

    Parameters
    ----------
    wave : array-like of shape (n_samples,)
        Integers of 8, 16 or 32 bits, whose full range is taken for -1 to 1, or floating-point
        numbers from -1 to 1.
    rate : int
        Samples a second.
    frame, step : float
        Length of a frame and from one start to the next, in seconds.

    Returns
    -------
    ndarray of shape (n_frames, n_fft // 2 + 1)
        Bin k is the frequency k * rate / n_fft, with n_fft the power of two from twice the frame
        upwards. The bins of a frame add up to the mean square of its samples, weighted by the
        squared window; a sine as loud as can be has 0.5. What is left after the last whole frame
        is dropped; a recording shorter than one frame is filled up with zeros.

    Raises
    ------
    ValueError
        On an empty recording, more than one channel, NaN, floating-point numbers beyond 1,
        64-bit integers, or a frame without two samples.
    """
    _check_positive("rate", rate)
    _check_positive("frame", frame)
    _check_positive("step", step)
    wave = _as_wave(wave, "the recording")
    length, hop = round(frame * rate), round(step * rate)
    if length < 2 or hop < 1:
        raise ValueError(f"frames of {frame} s every {step} s are too short at {rate} samples a s")
    if len(wave) < length:
        wave = np.pad(wave, (0, length - len(wave)))
    window = get_window("hann", length)
    frames = np.lib.stride_tricks.sliding_window_view(wave, length)[::hop] * window
    n_fft = _n_fft(rate, frame)
    power = np.abs(rfft(frames, n_fft)) ** 2 / (n_fft * (window**2).sum())
    # the negative frequencies, which mirror all but the first and the last
    power[:, 1:-1] *= 2
    return power


def mel_filters(rate, n_fft, n_mels=40, low=50, high=4_000):
    """Triangles, evenly spaced in mel = 2595 log10(1 + f / 700), over the bins of a spectrum.

    Parameters
    ----------
    rate : int
        Samples a second.
    n_fft : int
    n_mels : int, default=40
    low, high : float
        Where the first triangle begins and the last one ends, in Hz.

    Returns
    -------
    ndarray of shape (n_mels, n_fft // 2 + 1)
        Each triangle has height 1 and reaches from the peak before to the peak after, so that
        between the first peak and the last all weights of a bin add up to 1.

    Raises
    ------
    ValueError
        If `high` is above half the rate, or a triangle is too narrow to have a bin.
    """
    for name, count in (("n_mels", n_mels), ("n_fft", n_fft)):
        _check_positive(name, count, numbers.Integral)
    if not 0 <= low < high:
        raise ValueError(f"need 0 <= low < high, got low={low} and high={high} Hz")
    if high > rate / 2:
        raise ValueError(
            f"a recording of {rate:,} samples a second holds nothing above {rate / 2:,.0f} Hz, "
            f"but high={high:,} Hz: lower it, for all recordings that are to be compared"
        )
    edges = 700 * np.expm1(np.linspace(np.log1p(low / 700), np.log1p(high / 700), n_mels + 2))
    bins = np.arange(n_fft // 2 + 1) * rate / n_fft
    slopes = (bins - edges[:, np.newaxis]) / np.diff(edges, append=np.inf)[:, np.newaxis]
    rising, falling = slopes[:-2], 1 - slopes[1:-1]
    filters = np.maximum(0, np.minimum(rising, falling))
    if not filters.any(axis=1).all():
        raise ValueError(
            f"{n_mels} bands between {low} and {high} Hz are too narrow for bins of "
            f"{rate / n_fft:g} Hz: use fewer bands or longer frames"
        )
    return filters


def log_mel(recordings, rate, n_mels=40, frame=0.025, step=0.010, low=50, high=4_000):
    """Logarithms of the power in mel bands, frame by frame.

    Parameters
    ----------
    recordings : sequence of array-likes of shape (n_samples,)
        Of any lengths; see `power_spectrum`.
    rate : int
        Samples a second, the same for all. Features of recordings at different rates can be
        compared if the rates hold all frequencies up to `high`: bands are given in Hz and frames
        in seconds. Nothing in the numbers tells the rate, so a wrong one goes unnoticed.
    n_mels, frame, step, low, high
        See `mel_filters` and `power_spectrum`.

    Returns
    -------
    list of ndarrays of float32, shape (n_frames, n_mels)
        Never below log(1e-10), which stands for silence.

    Raises
    ------
    ValueError
        As `power_spectrum` and `mel_filters`; says which recording.
    """
    waves = _as_waves(recordings)
    _check_positive("rate", rate)
    _check_positive("frame", frame)
    filters = mel_filters(rate, _n_fft(rate, frame), n_mels, low, high)
    features = []
    for wave in waves:
        power = power_spectrum(wave, rate, frame, step) @ filters.T
        features.append(np.log(np.maximum(power, FLOOR)).astype(np.float32))
    return features


def mfcc(recordings, rate, n_coefficients=13, **options):
    """Mel-frequency cepstral coefficients, frame by frame.

    Parameters
    ----------
    recordings, rate
        See `log_mel`.
    n_coefficients : int, default=13
        The first ones: number 0 grows with loudness, the next tell the broad shape of the
        spectrum; the pitch of a voice shows in high ones.
    **options
        Those of `log_mel`.

    Returns
    -------
    list of ndarrays of float32, shape (n_frames, n_coefficients)

    Raises
    ------
    ValueError
        As `log_mel`; or if there are fewer bands than coefficients.
    """
    _check_positive("n_coefficients", n_coefficients, numbers.Integral)
    features = log_mel(recordings, rate, **options)
    if features and n_coefficients > features[0].shape[1]:
        raise ValueError(
            f"{features[0].shape[1]} mel bands give no {n_coefficients} coefficients: "
            "use fewer coefficients or more bands (n_mels)"
        )
    return [dct(bands, type=2, norm="ortho")[:, :n_coefficients] for bands in features]


def fixed_length(features):
    """Each feature's mean and standard deviation over the frames of a recording.

    Parameters
    ----------
    features : sequence of array-likes of shape (n_frames, n_features)

    Returns
    -------
    ndarray of float32, shape (n, 2 * n_features)
        Means, then standard deviations, which are 0 for a single frame. When a thing was said
        is lost.

    Raises
    ------
    ValueError
        If there is nothing, a recording has no frame, or their numbers of features differ.
    """
    features = _as_features(features)
    rows = [np.concatenate([frames.mean(axis=0), frames.std(axis=0)]) for frames in features]
    return np.array(rows, dtype=np.float32)


def pad_frames(features, length=None):
    """Recordings as one array: longer ones are cut at the end, shorter ones followed by zeros.

    Parameters
    ----------
    features : sequence of array-likes of shape (n_frames, n_features)
    length : int or None, default=None
        In frames; None is that of the longest recording.

    Returns
    -------
    ndarray of float32, shape (n, length, n_features)
    ndarray of bool, shape (n, length)
        True where a frame stands. Zero is no silence for logarithms, so a network should be
        told: `keras.layers.LSTM(8)(x, mask=mask)`.

    Raises
    ------
    ValueError
        As `fixed_length`; or on a length below 1.
    """
    features = _as_features(features)
    if length is None:
        length = max(map(len, features))
    _check_positive("length", length, numbers.Integral)
    padded = np.zeros((len(features), length, features[0].shape[1]), dtype=np.float32)
    mask = np.zeros((len(features), length), dtype=bool)
    for i, frames in enumerate(features):
        padded[i, : len(frames)] = frames[:length]
        mask[i, : len(frames)] = True
    return padded, mask


def _n_fft(rate, frame):
    # twice as many bins as needed: the lowest mel bands are narrow
    return 2 ** int(np.ceil(np.log2(2 * round(frame * rate))))


def _as_waves(recordings):
    if isinstance(recordings, np.ndarray) and recordings.ndim == 1 and recordings.dtype != object:
        raise ValueError("recordings must be a sequence of recordings; a single one? write [wave]")
    return [_as_wave(wave, f"recording {i}") for i, wave in enumerate(recordings)]


def _as_wave(wave, name):
    """As float64 from -1 to 1."""
    wave = np.asarray(wave)
    if wave.ndim != 1:
        raise ValueError(
            f"{name} must have shape (n_samples,), got {wave.shape}; "
            "of several channels pick one, or average them"
        )
    if not wave.size:
        raise ValueError(f"{name} has no samples: leave it out")
    kind, bits = wave.dtype.kind, 8 * wave.dtype.itemsize
    if kind in "iu":
        if bits > 32:
            raise ValueError(
                f"{name} has {bits}-bit integers, which no sound file has: convert to the type "
                "that the samples had, for instance wave.astype(np.int16)"
            )
        # unsigned samples swing around the middle of their range
        middle = 2.0 ** (bits - 1) if kind == "u" else 0.0
        return (wave - middle) / 2.0 ** (bits - 1)
    if kind != "f":
        raise ValueError(f"{name} must hold numbers, got {wave.dtype}")
    loudest = np.abs(wave).max()
    if not np.isfinite(loudest):
        raise ValueError(f"{name} holds NaN or infinite samples")
    if loudest > 1:
        raise ValueError(
            f"{name} has floating-point samples up to {loudest:g}, beyond 1: divide by full scale "
            "(32,768 for samples that were 16-bit integers)"
        )
    return wave.astype(np.float64)


def _as_features(features):
    features = [np.asarray(frames) for frames in features]
    if not features:
        raise ValueError("no recordings")
    for i, frames in enumerate(features):
        if frames.ndim != 2 or not len(frames):
            raise ValueError(
                f"recording {i} must have shape (n_frames, n_features) with at least one frame, "
                f"got {frames.shape}"
            )
        if frames.shape[1] != features[0].shape[1]:
            raise ValueError(
                f"recording {i} has {frames.shape[1]} features, the first {features[0].shape[1]}"
            )
    return features


def _check_positive(name, value, kind=numbers.Real):
    right = isinstance(value, kind) and not isinstance(value, bool)
    if not right or not 0 < value < float("inf"):
        what = "an integer" if kind is numbers.Integral else "a number"
        raise ValueError(f"{name} must be {what} > 0, got {value!r}")
