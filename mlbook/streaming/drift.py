"""Alarms: when has the stream changed?"""

import numpy as np

from mlbook.arguments import check_number


class DriftMonitor:
    """Watches a number, such as the errors of a classifier, for a rise of its mean.

    The test is river's; this says which alarms count, starts it anew after each of them, and
    keeps their positions.

    Parameters
    ----------
    detector : {"adwin", "page_hinkley"} or object, default="adwin"
        ADWIN compares the mean of the last values with that of the earlier ones, for many
        divisions into last and earlier. Page and Hinkley's test sums up how far the values lie
        above their mean, and gives an alarm when the sum has risen by its threshold. Both with
        river's default settings. Or a drift detector of river with settings of your own.
    both : bool, default=False
        Whether a fall of the mean is an alarm too. (A learner that gets better is no reason to
        start anew.) ADWIN only.

    Attributes
    ----------
    alarms : list of int
        Positions of the values that gave an alarm, counted from 0.
    n_seen : int

    References
    ----------
    A. Bifet and R. Gavalda, Learning from time-changing data with adaptive windowing, SIAM
    International Conference on Data Mining, 2007. E. S. Page, Continuous inspection schemes,
    Biometrika 41, 1954.
    """

    def __init__(self, detector="adwin", both=False):
        self._detector = _make(detector)
        self._both = both
        self.alarms, self.n_seen = [], 0

    def update(self, value):
        """Take in the next value; returns whether it gives an alarm.

        Raises
        ------
        ValueError
            If the value is not a finite number; it is not taken in.
        """
        value = float(value)
        if not np.isfinite(value):
            raise ValueError(f"a drift monitor needs finite numbers, got {value}")
        before = getattr(self._detector, "estimation", None)
        self._detector.update(value)
        alarm = self._detector.drift_detected
        if alarm and not self._both and before is not None:
            alarm = self._detector.estimation > before
        if alarm:
            self.alarms.append(self.n_seen)
            self._detector = self._detector.clone()
        self.n_seen += 1
        return alarm


def judge_alarms(alarms, onset, n_samples):
    """How good alarms are, if it is known where the stream began to change.

    Parameters
    ----------
    alarms : sequence of int
    onset : int or None
        First sample after the change; None if there is no change.
    n_samples : int
        Length of the stream.

    Returns
    -------
    dict
        false_alarms, the alarms before the onset; detected, 1.0 or 0.0; delay, samples from the
        onset to the first alarm at or after it, and to the end of the stream if there is none.
        Without an onset every alarm is false, and the other two are 0.

    Raises
    ------
    ValueError
        If an alarm or the onset lies outside the stream.
    """
    check_number("n_samples", n_samples, at_least=1, integer=True)
    alarms = np.asarray(alarms, dtype=int)
    last = n_samples - 1
    if np.any((alarms < 0) | (alarms > last)) or (onset is not None and not 0 <= onset <= last):
        raise ValueError(f"alarms and onset must lie in 0 .. {last}")
    if onset is None:
        return {"false_alarms": len(alarms), "detected": 0.0, "delay": 0}
    after = alarms[alarms >= onset]
    return {
        "false_alarms": int(np.sum(alarms < onset)),
        "detected": float(len(after) > 0),
        "delay": int((after.min() if len(after) else n_samples) - onset),
    }


def _make(detector):
    if not isinstance(detector, str):
        return detector
    # imported here: river loads slowly, and the rest of the module does without
    from river import drift

    known = {
        "adwin": drift.ADWIN,
        "page_hinkley": lambda: drift.PageHinkley(mode="up"),
    }
    if detector not in known:
        raise ValueError(f"detector must be one of {tuple(known)}, got {detector!r}")
    return known[detector]()
