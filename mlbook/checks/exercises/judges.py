"""Judges that several exercises share: for a number, a word, several words, an array, a function.

Each maker returns a function from an answer to a hint, which is empty if the answer is right.
"""

from copy import deepcopy

import numpy as np


def number(right, hint, tolerance=0.01):
    """A judge of one number, right within a relative tolerance (absolute where it is 0).

    Parameters
    ----------
    right : float
    hint : str or callable
        Said if it is wrong; a function gets the answer and returns the hint.
    tolerance : float, default=0.01
    """

    def judge(answer):
        value = float(np.asarray(answer, dtype=float).reshape(()))
        if abs(value - right) <= tolerance * (abs(right) or 1.0):
            return ""
        return hint(value) if callable(hint) else hint

    return judge


def word(right, hint, options):
    """A judge of one word out of several.

    Parameters
    ----------
    right, hint : str
    options : sequence of str
        What may be answered; anything else is told the options.
    """

    def judge(answer):
        said = str(answer).strip().lower()
        if said not in [option.lower() for option in options]:
            return f"answer one of {', '.join(options)}"
        return "" if said == right.lower() else hint

    return judge


def words(right, hint, options):
    """A judge of a set of words, in any order; arguments as in `word`."""

    def judge(answer):
        said = {
            str(one).strip().lower() for one in ([answer] if isinstance(answer, str) else answer)
        }
        if not said <= {option.lower() for option in options}:
            return f"answer with some of {', '.join(options)}"
        return "" if said == {one.lower() for one in right} else hint

    return judge


def array(right, hint, tolerance=1e-6):
    """A judge of an array, right if its shape is and every element within the tolerance."""
    right = np.asarray(right, dtype=float)

    def judge(answer):
        values = np.asarray(answer, dtype=float)
        if values.shape != right.shape:
            return f"an array of shape {right.shape} is wanted, got {values.shape}"
        return "" if np.allclose(values, right, rtol=tolerance, atol=tolerance) else hint

    return judge


def function(cases, hint, tolerance=1e-6):
    """A judge of a function, right if it gives what is expected in every case.

    Parameters
    ----------
    cases : sequence of (tuple of arguments, expected)
    hint : str
    tolerance : float, default=1e-6
    """

    def judge(answer):
        if not callable(answer):
            return "hand in the function itself, without calling it"
        for arguments, expected in cases:
            # a copy: a function may change its arguments, and must not spoil the cases
            value = np.asarray(answer(*deepcopy(arguments)), dtype=float)
            expected = np.asarray(expected, dtype=float)
            if value.shape != expected.shape:
                return f"it returns an array of shape {value.shape}, not {expected.shape}"
            if not np.allclose(value, expected, rtol=tolerance, atol=tolerance):
                return hint
        return ""

    return judge
