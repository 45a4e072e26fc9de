"""Metrics that follow a changing stream, and alarms that say when it has changed."""

from mlbook.streaming.covariance import StreamingCovariance
from mlbook.streaming.drift import DriftMonitor, judge_alarms
from mlbook.streaming.lego import LEGO
from mlbook.streaming.mahalanobis import StreamingMahalanobis
from mlbook.streaming.prequential import Trial, percentiles, test_then_train
from mlbook.streaming.streams import course, darken, pool, turn

__all__ = [
    "DriftMonitor",
    "LEGO",
    "StreamingCovariance",
    "StreamingMahalanobis",
    "Trial",
    "course",
    "darken",
    "judge_alarms",
    "percentiles",
    "pool",
    "test_then_train",
    "turn",
]
