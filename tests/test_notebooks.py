"""Each check of the chapters is shown to see the error it exists for."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from types import SimpleNamespace

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_output

import mlbook
from mlbook import kernel, notebooks, paths
from mlbook.errors import MlbookError, UnknownNameError

HEADER = """\
# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
#   mlbook:
#     article: ["1.1"]
#     datasets: [digits]
# ---
"""

CHAPTER = (
    HEADER
    + """
# %% [markdown]
# # 1.1 A chapter
#
# The ratio $a / b = 0.97$.

# %% tags=["hide-input"]
import os

value = 1

# %%
print(value, os.environ["MLBOOK_BUDGET"], os.path.basename(os.getcwd()))

# %% [markdown]
# The end.
"""
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A project with one chapter, a stand-in for the data sets and a package of one module."""
    monkeypatch.setenv("MLBOOK_HOME", str(tmp_path))
    monkeypatch.delenv("MLBOOK_TIER", raising=False)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_chapter.py").write_text(CHAPTER)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "metric.py").write_text("scale = 1\n")
    monkeypatch.setattr(notebooks, "_package", lambda: tmp_path / "package")
    data = SimpleNamespace(
        state_key_all=lambda: "digits:canonical",
        load=lambda name: SimpleNamespace(name=name, tier="canonical"),
    )
    monkeypatch.setitem(sys.modules, "mlbook.datasets", data)
    monkeypatch.setattr(mlbook, "datasets", data, raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def executed_cells():
    """The chapter's cells as an execution leaves them, without the time that one takes."""
    notebook = jupytext.reads(CHAPTER, fmt="py:percent")
    count = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
    notebook.cells[2].outputs = [new_output("stream", name="stdout", text="1 smoke notebooks\n")]
    return nbformat.writes(kernel.tidy(notebook))


@pytest.fixture
def pair(tmp_path, executed_cells):
    """A faultless pair, and a function that spoils its `.ipynb`."""
    (tmp_path / "01_chapter.py").write_text(CHAPTER)
    target = tmp_path / "01_chapter.ipynb"

    def spoil(change=lambda notebook: None):
        notebook = nbformat.reads(executed_cells, as_version=4)
        change(notebook)
        target.write_text(nbformat.writes(notebook))
        return notebooks.check_pairs(tmp_path)

    return SimpleNamespace(folder=tmp_path, spoil=spoil)


def fake_execution(monkeypatch):
    """Replace the kernel by one that only counts; returns the list of what was executed."""
    calls = []

    def execute(chapter, budget):
        calls.append((chapter.stem, budget))
        return kernel.tidy(jupytext.read(chapter))

    monkeypatch.setattr(notebooks, "execute", execute)
    return calls


# --- pairs ---


def test_a_faultless_pair_has_no_problems(pair):
    assert pair.spoil() == []


def test_a_missing_half_is_a_problem(pair):
    (pair.folder / "02_other.py").write_text(CHAPTER)
    pair.spoil()
    (pair.folder / "03_third.ipynb").write_text((pair.folder / "01_chapter.ipynb").read_text())
    problems = notebooks.check_pairs(pair.folder)
    assert [p.split(";")[0] for p in problems] == [
        "02_other: the .ipynb is missing",
        "03_third: the .py is missing",
    ]


def test_a_changed_source_names_cell_and_line(pair):
    def drift(notebook):
        notebook.cells[1].source = notebook.cells[1].source.replace("value = 1", "value = 2")

    (problem,) = pair.spoil(drift)
    assert "cell 2 differs in its line 3" in problem
    assert "'value = 1'" in problem and "'value = 2'" in problem


def test_added_and_removed_cells_are_named(pair):
    assert "cell 5 ('x') is only in the .ipynb" in "".join(
        pair.spoil(lambda nb: nb.cells.append(nbformat.v4.new_markdown_cell("x")))
    )
    assert "cell 4 ('The end.') is only in the .py" in "".join(
        pair.spoil(lambda nb: nb.cells.pop())
    )


def test_another_cell_type_is_a_problem(pair):
    def drift(notebook):
        notebook.cells[3] = nbformat.v4.new_raw_cell("The end.")

    assert "cell 4 differs: markdown in the .py" in pair.spoil(drift)[0]


@pytest.mark.parametrize("tags", [[], ["hide-cell"]])
def test_other_tags_are_a_problem(pair, tags):
    def drift(notebook):
        notebook.cells[1].metadata.tags = tags

    assert "differs in its metadata" in pair.spoil(drift)[0]


def test_tags_cannot_hide_behind_a_metadata_filter(pair):
    def drift(notebook):
        notebook.metadata.jupytext["cell_metadata_filter"] = "-all"
        notebook.cells[2].metadata.tags = ["remove-cell"]

    assert "cell 3" in pair.spoil(drift)[0]


def test_other_chapter_metadata_are_a_problem(pair):
    def drift(notebook):
        notebook.metadata.mlbook.datasets = ["faces"]

    assert "`mlbook` metadata" in pair.spoil(drift)[0]


def test_metadata_of_the_reader_interface_are_no_difference(pair):
    def fold(notebook):
        notebook.cells[1].metadata.collapsed = True
        notebook.cells[1].id = "another-id"

    assert pair.spoil(fold) == []


def test_an_unexecuted_cell_is_a_problem(pair):
    def forget(notebook):
        notebook.cells[2].execution_count = None

    (problem,) = pair.spoil(forget)
    assert "cell 3" in problem and "was not executed" in problem


def test_the_wrong_order_is_a_problem(pair):
    def swap(notebook):
        notebook.cells[1].execution_count, notebook.cells[2].execution_count = 2, 1

    assert "out of order" in pair.spoil(swap)[0]


def test_a_second_execution_in_the_same_kernel_is_a_problem(pair):
    def again(notebook):
        notebook.cells[2].execution_count = 3

    assert "its count is 3, in order it would be 2" in pair.spoil(again)[0]


def test_an_error_output_is_a_problem(pair):
    def fail(notebook):
        notebook.cells[2].outputs = [new_output("error", ename="ValueError", evalue="singular")]

    assert "failed with ValueError: singular" in pair.spoil(fail)[0]


def test_permission_to_fail_is_a_problem(pair):
    def allow_tag(notebook):
        notebook.cells[2].metadata.tags = ["raises-exception"]

    def allow_all(notebook):
        notebook.metadata["execution"] = {"allow_errors": True}

    assert any("raises-exception" in problem for problem in pair.spoil(allow_tag))
    assert any("allow errors" in problem for problem in pair.spoil(allow_all))


def test_an_unreadable_half_is_a_problem(pair):
    (pair.folder / "01_chapter.ipynb").write_text('{"cells": [')
    assert "cannot be read" in notebooks.check_pairs(pair.folder)[0]


# --- execution ---


def test_execution_writes_a_notebook_that_passes_the_pair_check(home, capsys):
    (target,) = notebooks.execute_all("smoke")
    assert target == home / "_build" / "notebooks" / "01_chapter.ipynb"
    notebook = nbformat.read(target, as_version=4)
    assert notebook.cells[2].outputs[0].text == "1 smoke notebooks\n"
    assert set(notebook.metadata) == {"jupytext", "kernelspec", "language_info", "mlbook"}
    assert notebook.metadata.language_info == {"name": "python"}
    assert "01_chapter: " in capsys.readouterr().out

    (home / "notebooks" / "01_chapter.ipynb").write_text(target.read_text())
    assert notebooks.check_pairs() == []
    # what a text editor writes back keeps the header, whichever half it starts from
    assert jupytext.reads(jupytext.writes(notebook, fmt="py:percent")).metadata.mlbook.datasets

    before = target.read_bytes()
    notebooks.execute_all("smoke", force=True)
    assert target.read_bytes() == before


def test_nothing_changed_executes_nothing(home, monkeypatch, capsys):
    calls = fake_execution(monkeypatch)
    notebooks.execute_all("smoke")
    notebooks.execute_all("smoke")
    assert calls == [("01_chapter", "smoke")]
    assert "unchanged" in capsys.readouterr().out
    assert notebooks.is_current(home / "notebooks" / "01_chapter.py")
    notebooks.execute_all("smoke", force=True)
    assert len(calls) == 2


def change_data(home, monkeypatch):
    monkeypatch.setattr(sys.modules["mlbook.datasets"], "state_key_all", lambda: "digits:sample")


def change_output(home, monkeypatch):
    target = home / "_build" / "notebooks" / "01_chapter.ipynb"
    target.write_text(target.read_text()[:-100])


def write(path):
    def change(home, monkeypatch):
        (home / path).parent.mkdir(exist_ok=True)
        (home / path).write_text((home / path).read_text() + "\n" if (home / path).exists() else "")

    return change


@pytest.mark.parametrize(
    "change",
    [
        write("notebooks/01_chapter.py"),
        write("package/metric.py"),
        write("package/new.py"),
        write("requirements.lock"),
        write("results/experiment.full.json"),
        write("claims/01.yaml"),
        lambda home, monkeypatch: monkeypatch.setenv("MLBOOK_TIER", "sample"),
        lambda home, monkeypatch: monkeypatch.setattr("platform.python_version", lambda: "3.99"),
        change_data,
        change_output,
    ],
    ids=[
        "chapter",
        "package",
        "module",
        "lock",
        "result",
        "claim",
        "tier",
        "python",
        "data",
        "cut",
    ],
)
def test_a_change_executes_again(home, monkeypatch, change):
    calls = fake_execution(monkeypatch)
    notebooks.execute_all("smoke")
    change(home, monkeypatch)
    assert not notebooks.is_current(home / "notebooks" / "01_chapter.py")
    notebooks.execute_all("smoke")
    assert len(calls) == 2


def test_another_budget_executes_again(home, monkeypatch):
    calls = fake_execution(monkeypatch)
    notebooks.execute_all("smoke")
    notebooks.execute_all("reader")
    assert [budget for _, budget in calls] == ["smoke", "reader"]


def test_a_stamp_does_not_fit_an_output_that_another_state_made(home, monkeypatch):
    """Change, execute, lose the new stamp, change back: the old stamp's key fits again."""
    calls = fake_execution(monkeypatch)
    chapter = home / "notebooks" / "01_chapter.py"
    (target,) = notebooks.execute_all("smoke")
    stamp = target.with_suffix(".stamp.json")
    old = stamp.read_text()
    chapter.write_text(CHAPTER.replace("value = 1", "value = 2"))
    notebooks.execute_all("smoke")
    stamp.write_text(old)
    chapter.write_text(CHAPTER)
    notebooks.execute_all("smoke")
    assert len(calls) == 3


def test_only_the_named_chapter_is_executed(home, monkeypatch):
    calls = fake_execution(monkeypatch)
    (home / "notebooks" / "02_other.py").write_text(CHAPTER)
    assert [p.stem for p in notebooks.execute_all(only="02_other")] == ["02_other"]
    assert [p.stem for p in notebooks.execute_all(only="02")] == ["02_other"]
    assert calls == [("02_other", "reader")]
    with pytest.raises(UnknownNameError, match="unknown chapter '02_othr'.*02_other"):
        notebooks.execute_all(only=["02_othr"])


def test_an_unknown_budget_is_an_error(home):
    with pytest.raises(UnknownNameError, match="unknown budget 'ful'. Did you mean 'full'"):
        notebooks.execute_all("ful")


def test_no_chapters_is_an_error(home):
    (home / "notebooks" / "01_chapter.py").unlink()
    with pytest.raises(MlbookError, match="no chapters in"):
        notebooks.execute_all()


def test_a_failing_cell_is_named_and_the_earlier_output_stays(home):
    (target,) = notebooks.execute_all("smoke")
    before = target.read_bytes()
    chapter = home / "notebooks" / "01_chapter.py"
    chapter.write_text(CHAPTER.replace("value = 1", "value = 1\nraise ValueError('singular')"))
    with pytest.raises(MlbookError) as caught:
        notebooks.execute_all("smoke")
    message = str(caught.value)
    assert "01_chapter.py, cell 2: ValueError: singular" in message
    assert "    import os" in message
    assert len(message.splitlines()) < 10
    assert target.read_bytes() == before
    assert not notebooks.is_current(chapter)
    assert sorted(p.name for p in target.parent.iterdir()) == [
        ".lock",
        "01_chapter.ipynb",
        "01_chapter.stamp.json",
    ]


def test_a_dead_kernel_is_reported(home):
    chapter = home / "notebooks" / "01_chapter.py"
    chapter.write_text(CHAPTER.replace("value = 1", "os._exit(3)"))
    with pytest.raises(MlbookError, match="cell 2: the kernel died"):
        notebooks.execute_all("smoke")


def test_a_cell_without_end_is_stopped(home, monkeypatch):
    monkeypatch.setattr(kernel, "CELL_TIMEOUT", 1)
    chapter = home / "notebooks" / "01_chapter.py"
    chapter.write_text(CHAPTER.replace("value = 1", "import time; time.sleep(60)"))
    with pytest.raises(MlbookError, match="cell 2: took longer than 1 s"):
        notebooks.execute_all("smoke")


def test_an_interruption_keeps_the_earlier_output(home):
    target = home / "_build" / "notebooks" / "01_chapter.ipynb"
    target.parent.mkdir(parents=True)
    target.write_text("earlier")
    sign = home / "running"
    slow = f"open({str(sign)!r}, 'w').close(); import time; time.sleep(60)"
    chapter = home / "notebooks" / "01_chapter.py"
    chapter.write_text(CHAPTER.replace("value = 1", slow))

    def interrupt():
        for _ in range(200):
            if sign.exists():
                break
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        notebooks.execute_all("smoke")
    assert time.monotonic() - start < 30
    assert target.read_text() == "earlier"
    assert not notebooks.is_current(chapter)


def test_two_runs_at_once_do_not_mix(home):
    (home / "_build" / "notebooks").mkdir(parents=True)
    hold = textwrap.dedent(
        f"""
        import sys
        from filelock import FileLock
        with FileLock({str(home / "_build" / "notebooks" / ".lock")!r}):
            print("held", flush=True)
            sys.stdin.read()
        """
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", hold], stdin=pipe, stdout=pipe) as other:
        other.stdout.readline()
        with pytest.raises(MlbookError, match="another run is executing"):
            notebooks.execute_all("smoke")
        other.stdin.close()


# --- what an execution leaves ---


def test_progress_bars_are_dropped_and_warnings_stay():
    notebook = jupytext.reads(CHAPTER, fmt="py:percent")
    bar = "\r  0%|          | 0/3 [00:00<?, ?it/s]\r100%|######| 3/3 [00:00<00:00, 9.1it/s]\n"
    notebook.cells[1].outputs = [
        new_output("stream", name="stderr", text=bar),
        new_output("stream", name="stderr", text="/tmp/ipykernel_9/587.py:2: UserWarning: new\n"),
        new_output("stream", name="stdout", text="kept\n"),
    ]
    notebook.cells[2].outputs = [
        new_output("stream", name="stderr", text=bar),
        new_output(
            "display_data", {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "0%"}
        ),
    ]
    kernel.tidy(notebook)
    assert [o.text for o in notebook.cells[1].outputs] == ["<cell>:2: UserWarning: new\n", "kept\n"]
    assert notebook.cells[2].outputs == []


def test_cell_ids_follow_from_the_content():
    def ids(text):
        return [cell.id for cell in kernel.tidy(jupytext.reads(text, fmt="py:percent")).cells]

    before = ids(CHAPTER)
    assert ids(CHAPTER) == before
    after = ids(CHAPTER + "\n# %%\nvalue\n\n# %%\nvalue\n")
    assert after[:-2] == before
    assert len(set(after)) == len(after)


def test_committed_notebooks_are_written_and_stay_equal(home, monkeypatch):
    fake_execution(monkeypatch)
    (written,) = notebooks.write_committed()
    assert written == home / "notebooks" / "01_chapter.ipynb"
    before = written.read_bytes()
    notebooks.write_committed()
    assert written.read_bytes() == before
    assert json.loads(before)["metadata"]["mlbook"]["datasets"] == ["digits"]


def test_committed_notebooks_are_refused_on_other_data(home, monkeypatch):
    calls = fake_execution(monkeypatch)
    data = sys.modules["mlbook.datasets"]
    monkeypatch.setattr(data, "load", lambda name: SimpleNamespace(name=name, tier="sample"))
    with pytest.raises(MlbookError, match=r"not canonical here: digits \(sample\)"):
        notebooks.write_committed()
    assert calls == [] and not (home / "notebooks" / "01_chapter.ipynb").exists()


# --- prose ---


def in_prose(tmp_path, text):
    cell = "\n".join(f"# {line}".rstrip() for line in text.splitlines())
    path = tmp_path / "01_prose.py"
    path.write_text(f"{HEADER}\n# %% [markdown]\n{cell}\n\n# %%\nrate = 0.97  # 97 %\n")
    return notebooks.prose_numbers(path)


@pytest.mark.parametrize(
    "text",
    [
        "It reaches 97 % here.",
        "It reaches 97% here.",
        "It reaches 97 per cent here.",
        "An accuracy of 0.97.",
        "An accuracy of 98.3 on all.",
        "Between $a$ and 0.5, costs $b$.",
        "This is 3 times faster.",
        "This is three times slower.",
        "It is 2.5x faster.",
        "It took 12 s.",
        "It took 12 seconds.",
        "A 5-minute run.",
        "It took 40 ms.",
        "It needs 600 MB.",
        "It needs 1.5 GB of memory.",
        "| arm | accuracy |\n|---|---|\n| Euclid | 0.969 |",
        "## 3.1 A heading with 97 % in it",
        "## Further reading\n\n- Smith (2005) measures 97 % on MNIST.",
        "## Further reading\n\nThe best is 0.97.",
        "“The quotation ends here” and 97 % is ours.",
        "“Not closed\n\nso 0.97 is seen.",
        "**0.97**",
        "Section 2.2 reaches 0.97.",
        "In version 3, 0.97 was reached.",
        "Chapter 3 and 0.97.",
        "See [here](https://example.org/1.5) for 0.97.",
    ],
)
def test_measured_numbers_are_seen(tmp_path, text):
    problems = in_prose(tmp_path, text)
    assert len(problems) == 1
    assert problems[0].startswith("01_prose.py, cell 1: ")


@pytest.mark.parametrize(
    "text",
    [
        "The level is $0.95$ and $$\n\\alpha = 0.5\n$$ holds.",
        "Set `ridge=0.1` or ``0.2``.",
        "```python\nridge = 0.1  # 97 %\n```",
        "~~~\n97 %\n~~~",
        "\\begin{align}\na &= 0.5\n\\end{align}",
        "[the page](https://example.org/v1.5/97%25) and <https://example.org/0.9>",
        "The article reports “an accuracy of 97%, in 12\nseconds” for it.",
        "See section 2.2, sections 2.2, 2.3 and 2.4, chapter 3.1, and 2.2.2 of the article.",
        "## 3.1 Mahalanobis\n\n### 3.1.2 More",
        "Python 3.11, scikit-learn 1.8, version 0.14.5 and TensorFlow 2.21.",
        "Figure 3.1 shows 60,000 images of 784 pixels and 10 classes.",
        "A 95 % confidence interval; the 95% Wilson interval.",
        "It was the 1980s, and k = 3.",
        "## Further reading\n\n"
        "1. Cover and Hart (1967). IEEE Trans. 13(1), 21-27. 10.1109/TIT.1967.1053964\n"
        "2. Kingma. arXiv:1412.6980. Also 1503.03832, vol. 12.3,\n   pp. 7.8-9.",
        "[paper]: https://arxiv.org/abs/1503.03832",
    ],
)
def test_other_numbers_are_not(tmp_path, text):
    assert in_prose(tmp_path, text) == []


def test_no_chapter_types_a_measured_number():
    for chapter in notebooks.chapters(paths.notebooks()):
        assert notebooks.prose_numbers(chapter) == []


def test_committing_notes_what_the_chapter_took(home, monkeypatch):
    def execute(chapter, budget):
        notebook = kernel.tidy(jupytext.read(chapter))
        notebook.metadata[kernel.USAGE] = {"cpu_seconds": 7, "peak_memory_mb": 321}
        return notebook

    monkeypatch.setattr(notebooks, "execute", execute)
    (home / "book").mkdir()
    (home / "book" / "measured.json").write_text('{"99_gone": {"seconds": 1}}')
    (written,) = notebooks.write_committed()
    took = {"seconds": 0, "cpu_seconds": 7, "peak_memory_mb": 321}
    assert notebooks.costs() == {"01_chapter": took}
    assert kernel.USAGE not in nbformat.read(written, as_version=4).metadata


def test_usage_is_that_of_the_kernel(home):
    """A kernel that fills 200 MB and works for a second has used as much, an idle one less."""
    chapter = home / "notebooks" / "01_chapter.py"
    idle = kernel.execute(chapter, "smoke").metadata[kernel.USAGE]
    work = "filled = b'x' * 2**28\nimport time\nwhile time.process_time() < 4:\n    pass\n"
    chapter.write_text(CHAPTER + "\n# %%\n" + work)
    busy = kernel.execute(chapter, "smoke").metadata[kernel.USAGE]
    if not idle:
        pytest.skip("this system does not tell what a process has used")
    assert 10 < idle["peak_memory_mb"] < 200 < busy["peak_memory_mb"]
    assert idle["cpu_seconds"] < 4 <= busy["cpu_seconds"]
