"""Every exercise accepts its solution, and rejects nothing at all and typical wrong answers."""

import re
from importlib import import_module

import pytest

from mlbook import notebooks
from mlbook.checks import exercises
from mlbook.errors import UnknownNameError

PARTS = ("foundations", "projects", "advanced", "cases")
ANSWERS = {}
for part in PARTS:
    ANSWERS |= import_module(f"tests.answers.{part}").ANSWERS
CASES = sorted(ANSWERS)
CHAPTERS = {re.match(r"\d\d_?\d?", path.stem)[0].rstrip("_"): path for path in notebooks.chapters()}


def test_every_exercise_has_answers_to_try():
    assert exercises.known().keys() == ANSWERS.keys()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_solution_is_accepted_and_wrong_answers_are_not(case):
    right, wrong = ANSWERS[case]
    assert exercises.judge(*case, right) == ""
    assert len(wrong) >= 2
    for answer in wrong:
        assert exercises.judge(*case, answer), answer


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(
    "nothing",
    [None, ..., "", [], {}, object()],
    # an object's own text has its address in it, which differs between the processes of a test run
    ids=["None", "ellipsis", "no text", "no list", "no dict", "an object"],
)
def test_nothing_is_no_answer(case, nothing):
    hint = exercises.judge(*case, nothing)
    assert hint and not hint.endswith("."), "check adds the full stop"


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_has_three_exercises_and_checks_each(name):
    source = CHAPTERS[name].read_text(encoding="utf-8")
    numbers = sorted(number for chapter, number in ANSWERS if chapter == name)
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 3
    for number in numbers:
        assert re.search(rf'exercises\.check\(\s*"{name}",\s*{number},', source), number


def test_check_prints_what_a_reader_needs(capsys):
    case = CASES[0]
    exercises.check(*case, ANSWERS[case][0])
    exercises.check(*case, None)
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["Exercise 1: right.", "Exercise 1: not yet: there is no answer yet."]


def test_unknown_exercises_are_named():
    with pytest.raises(UnknownNameError, match="unknown exercise '01_1 99'"):
        exercises.judge("01_1", 99, 1)
