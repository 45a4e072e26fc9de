"""The failures that mlbook expects. Their messages are written for the person at the keyboard.

The command line prints the message of any `MlbookError` without a traceback and exits with
a code other than zero. Errors about values given to an estimator stay `ValueError`, as
scikit-learn's conventions ask.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class MlbookError(Exception):
    """Something went wrong that the reader can mend; the message says how."""


class DataError(MlbookError):
    """A data set is missing, truncated or altered."""


class OfflineError(DataError):
    """A download was needed and the network did not answer."""


class ResultError(MlbookError):
    """A result file cannot be read, or cannot be written now."""


class UnknownNameError(MlbookError):
    """A name that mlbook does not know: of a data set, a budget, an experiment, a measure."""

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        known = sorted(known)
        text = str(name)
        same = [one for one in known if one.lower() == text.lower()]
        close = same or get_close_matches(text, known, n=1)
        guess = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"unknown {kind} {name!r}.{guess} Known: {', '.join(known) or 'none'}.")
