"""Checks that run what the article prints, as re-created in `mlbook.as_printed`.

`function` and `other` name functions of that module; `arguments` are given by their names.
"""

from pathlib import Path

import numpy as np

from mlbook.checks.base import REFUTED, SUPPORTED, Outcome

_STRETCHES = (1.0, 10.0, 100.0)


def prints(evidence, function, arguments, expected, digits):
    """Does the function give these numbers, rounded to `digits` decimals?"""
    value, error = _run(evidence, function, arguments)
    if error:
        return Outcome(REFUTED, error)
    expected = np.asarray(expected, dtype=float)
    same = value.shape == expected.shape and np.allclose(
        value, expected, rtol=0, atol=0.5 * 10**-digits
    )
    text = f"{function} gives {_short(value, digits)}"
    if same:
        return Outcome(SUPPORTED, text)
    return Outcome(REFUTED, f"{text}, not {_short(expected, digits)}")


def runs(evidence, function, arguments):
    """Does the function come to its end?"""
    value, error = _run(evidence, function, arguments)
    if error:
        return Outcome(REFUTED, error)
    return Outcome(SUPPORTED, f"{function} returns an array of shape {value.shape}")


def depends_on(evidence, function, parameter, values, arguments):
    """Does the result change with the parameter, over these values?"""
    results = []
    for value in values:
        result, error = _run(evidence, function, arguments | {parameter: value})
        if error:
            return Outcome(REFUTED, error)
        results.append(result)
    if all(np.array_equal(result, results[0]) for result in results):
        return Outcome(
            REFUTED, f"{function} gives the same for {len(values)} values of {parameter}"
        )
    return Outcome(SUPPORTED, f"{function} changes with {parameter}")


def agrees(evidence, function, arguments, other, other_arguments, within=1e-9):
    """Do the two functions give the same, to a difference of `within`?"""
    same, text = _compare(evidence, function, arguments, other, other_arguments, within)
    return Outcome(SUPPORTED if same else REFUTED, text)


def differs(evidence, function, arguments, other, other_arguments, within=1e-9):
    """Do the two functions give something else, by more than `within`?"""
    same, text = _compare(evidence, function, arguments, other, other_arguments, within)
    # None is a stop: what gives nothing does not give something else
    return Outcome(SUPPORTED if same is False else REFUTED, text)


def has_minimum(evidence, function, parameter, directions, arguments):
    """Does a quadratic function stay bounded below along each of these directions?

    One direction that falls with the square of its length refutes a minimum for certain.
    """
    for direction in directions:
        values = []
        for stretch in _STRETCHES:
            given = arguments | {parameter: (stretch * np.asarray(direction)).tolist()}
            value, error = _run(evidence, function, given)
            if error:
                return Outcome(REFUTED, error)
            values.append(float(value))
        if values[0] < 0 and np.allclose(values, values[0] * np.square(_STRETCHES)):
            falls = ", ".join(f"{value:,.4g}" for value in values)
            return Outcome(
                REFUTED, f"{function} falls without end: {falls} at lengths in ratio 1 : 10 : 100"
            )
    return Outcome(SUPPORTED, f"{function} falls along none of {len(directions)} directions")


def is_never_negative(evidence, function, cases):
    """Is the result, as that of a sum of squares, never below zero, for these arguments?"""
    values = []
    for arguments in cases:
        value, error = _run(evidence, function, arguments)
        if error:
            return Outcome(REFUTED, error)
        values.append(float(np.min(value)))
    text = f"{function}: {', '.join(f'{value:.4g}' for value in values)}"
    return Outcome(SUPPORTED if min(values) >= 0 else REFUTED, text)


def mentions(evidence, package, word):
    """Does a source file of the installed package hold the word, in any spelling of its case?"""
    library = evidence.importer(package)
    files = sorted(file for folder in library.__path__ for file in Path(folder).rglob("*.py"))
    found = sum(word.lower() in file.read_text("utf-8", "replace").lower() for file in files)
    version = getattr(library, "__version__", "unknown")
    text = f"{found} of {len(files):,} source files of {package} {version} hold the word {word}"
    return Outcome(SUPPORTED if found else REFUTED, text)


def _run(evidence, function, arguments):
    """The result as an array and ''; or None and how the function stopped.

    Only the errors of mathematics and of shapes count as the article's; a wrong name or argument
    is ours, and goes on up.
    """
    call = getattr(evidence.importer("mlbook.as_printed"), function)
    try:
        return np.asarray(call(**arguments), dtype=float), ""
    except (ArithmeticError, ValueError) as error:
        return None, f"{function} stops: {type(error).__name__}: {error}"


def _compare(evidence, function, arguments, other, other_arguments, within):
    first, error = _run(evidence, function, arguments)
    second, other_error = _run(evidence, other, other_arguments)
    if error or other_error:
        return None, error or other_error
    if first.shape != second.shape:
        return False, (
            f"{function} gives an array of shape {first.shape}, {other} one of {second.shape}"
        )
    largest = float(np.abs(first - second).max(initial=0))
    return largest <= within, f"{function} and {other} differ by {largest:.2g} at most"


def _short(values, digits):
    # adding zero turns -0 into 0
    rounded = np.round(values, digits) + 0.0
    return np.array2string(rounded, separator=", ", precision=digits, floatmode="fixed")


CHECKS = (agrees, depends_on, differs, has_minimum, is_never_negative, mentions, prints, runs)
