"""A check of numbers that users pass, with one wording for all of the package."""

import numbers

import numpy as np


def check_number(name, value, *, above=None, at_least=None, at_most=np.inf, integer=False):
    """Raise ValueError unless value is a finite number in range."""
    kind = numbers.Integral if integer else numbers.Real
    is_number = isinstance(value, kind) and not isinstance(value, bool) and abs(value) < np.inf
    if (
        not is_number
        or (above is not None and not value > above)
        or (at_least is not None and not value >= at_least)
        or not value <= at_most
    ):
        limit = f"> {above}" if above is not None else f">= {at_least}"
        limit += f" and <= {at_most}" if at_most < np.inf else ""
        noun = "an integer" if integer else "a finite number"
        raise ValueError(f"{name} must be {noun} {limit}, got {value!r}")
