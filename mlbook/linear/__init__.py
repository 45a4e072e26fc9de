"""Metrics learned as a linear map: scikit-learn estimators, one class a module."""

from mlbook.linear.base import LinearMetric
from mlbook.linear.covariance import Covariance

__all__ = ["Covariance", "LinearMetric"]
