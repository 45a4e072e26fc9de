"""The chapters' exercises: hand in an answer, and be told whether it is right, or get a hint.

    from mlbook.checks import exercises
    exercises.check("01_1", 2, my_answer)

Each part of the book has a module here with `EXERCISES`: for a chapter and a number the function
that judges an answer. It returns an empty text if the answer is right, else a hint that does not
give it away.
"""

from importlib import import_module

from mlbook.errors import UnknownNameError

__all__ = ["check", "judge", "known"]

_PARTS = ("foundations", "projects", "advanced", "cases")


def known():
    """The judging functions of all exercises, by (chapter, number).

    Returns
    -------
    dict of (str, int) to callable
    """
    found = {}
    for part in _PARTS:
        found |= import_module(f"mlbook.checks.exercises.{part}").EXERCISES
    return found


def judge(chapter, number, answer):
    """What is to be said about an answer: an empty text if it is right, else a hint.

    Parameters
    ----------
    chapter : str
        The start of the chapter's name, like "01_1".
    number : int
        Of the exercise, counted from 1.
    answer : object
        What the exercise asks for: a number, a word, an array, a function.

    Returns
    -------
    str

    Raises
    ------
    UnknownNameError
        If there is no such exercise.
    """
    exercises = known()
    if (chapter, number) not in exercises:
        names = [f"{a} {b}" for a, b in sorted(exercises)]
        raise UnknownNameError("exercise", f"{chapter} {number}", names)
    if _is_empty(answer):
        return "there is no answer yet"
    try:
        return exercises[chapter, number](answer)
    except Exception as error:  # whatever a reader hands in
        return f"the answer cannot be read ({type(error).__name__}: {error})"


def check(chapter, number, answer):
    """Print whether an answer is right, or a hint; arguments and errors as in `judge`."""
    hint = judge(chapter, number, answer)
    print(f"Exercise {number}: " + (f"not yet: {hint}." if hint else "right."))


def _is_empty(answer):
    if answer is None or answer is Ellipsis:
        return True
    try:
        return len(answer) == 0
    except TypeError:
        return False
