"""What the front page says works when it is pasted."""

import re

import pytest

from mlbook import paths

README = (paths.root() / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (paths.root() / "CONTRIBUTING.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.S)


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_snippets_run(number, capsys):
    assert len(SNIPPETS[number].strip().splitlines()) <= 14
    exec(compile(SNIPPETS[number], f"README snippet {number + 1}", "exec"), {})


def test_there_are_snippets_for_estimators_and_for_losses():
    assert any("mlbook.linear" in snippet for snippet in SNIPPETS)
    assert any("mlbook.losses" in snippet for snippet in SNIPPETS)


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_links_lead_somewhere(text):
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert targets
    for target in targets:
        assert (paths.root() / target).exists(), target


def test_make_targets_that_are_named_exist():
    makefile = (paths.root() / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z]+)\b", README + CONTRIBUTING)):
        assert re.search(rf"^{target}:", makefile, flags=re.M), target
