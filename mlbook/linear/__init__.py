"""Metrics learned as a linear map: scikit-learn estimators, one class a module."""

from mlbook.linear.base import LinearMetric
from mlbook.linear.cds import CDS
from mlbook.linear.covariance import Covariance
from mlbook.linear.fwhd import FWHD
from mlbook.linear.go import GO
from mlbook.linear.itml import ITML
from mlbook.linear.lda import LDA
from mlbook.linear.lfda import LFDA
from mlbook.linear.lmnn import LMNN
from mlbook.linear.lsml import LSML
from mlbook.linear.lso import LSO
from mlbook.linear.mdc import MDC
from mlbook.linear.mmc import MMC
from mlbook.linear.nca import NCA
from mlbook.linear.pair_sampling import sample_pairs
from mlbook.linear.rca import RCA
from mlbook.linear.sco import SCO

__all__ = [
    "CDS",
    "Covariance",
    "FWHD",
    "GO",
    "ITML",
    "LDA",
    "LFDA",
    "LMNN",
    "LSML",
    "LSO",
    "LinearMetric",
    "MDC",
    "MMC",
    "NCA",
    "RCA",
    "SCO",
    "sample_pairs",
]
