"""What every download needs: one at a time, out of sight until it is whole, in clear words."""

import contextlib
import errno
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from mlbook.errors import DataError, OfflineError

_FULL = "no space left|not enough disk space|quota exceeded"
_READ_ONLY = "permission denied|read-only file system"


@contextlib.contextmanager
def alone(root: Path, name: str) -> Iterator[None]:
    """Let one process at a time download this data set."""
    from filelock import FileLock, Timeout

    lock = FileLock(root / f".mlbook-fetch-{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"mlbook: {name}: another process is downloading it; waiting", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def scratch(root: Path, name: str) -> Iterator[Path]:
    """An empty folder in `root` that no reader takes for a data set, gone afterwards.

    What a killed process left there is removed by the next download; call this under `alone`.
    """
    folder = root / f".mlbook-fetch-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        # a loader's other threads may still be writing when one of its downloads fails
        for _ in range(20):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.1)


@contextlib.contextmanager
def watched(folder: Path, total: int) -> Iterator[None]:
    """A progress bar for loaders that have none: what has arrived in `folder`, of `total` bytes."""
    from mlbook.progress import bar

    done = threading.Event()

    def watch():
        while not done.wait(0.2):
            with contextlib.suppress(OSError):  # a file or folder went away meanwhile
                arrived = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
                # the loader may unpack into the same folder
                progress.update(min(arrived, total) - progress.n)

    with bar(total=total, unit="B", unit_scale=True) as progress:
        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def megabytes(size: int) -> str:
    """A number of bytes for people: '12 MB', '0.5 MB'."""
    return f"{size / 1e6:.{1 if size < 1e6 else 0}f} MB"


def put_in_place(new: Path, final: Path, scratch: Path) -> None:
    """Let the entry `new` take the place of `final`: whole old copy or whole new one."""
    final.parent.mkdir(exist_ok=True)
    old = scratch / "replaced"
    if final.exists():
        final.rename(old)
    try:
        new.rename(final)
    except BaseException:
        if old.exists():
            old.rename(final)
        raise


@contextlib.contextmanager
def complaints(name: str, command: str, root: Path, variable: str) -> Iterator[None]:
    """Turn whatever goes wrong in a download into a message for the reader.

    `command` repeats the download; `variable` moves it elsewhere, '' if nothing does.
    """
    import http.client
    from urllib.error import URLError

    import requests

    try:
        yield
    except DataError:
        raise
    except Exception as error:
        # TensorFlow's own errors carry no number, only the system's words
        number, text = getattr(error, "errno", None), str(error).lower()
        if number in (errno.ENOSPC, errno.EDQUOT) or re.search(_FULL, text):
            raise DataError(
                f"{name}: the disk that holds {root} is full; nothing was kept. Make room"
                + (f", or set {variable} to a folder on another disk." if variable else ".")
            ) from error
        if number in (errno.EACCES, errno.EPERM, errno.EROFS) or re.search(_READ_ONLY, text):
            raise DataError(f"{name}: cannot write to {root}. {writable_hint(variable)}") from error
        broken = (
            requests.exceptions.RequestException,
            URLError,
            http.client.HTTPException,
            ConnectionError,
            TimeoutError,
        )
        if isinstance(error, broken):
            raise OfflineError(
                f"{name}: the download broke off ({first_line(error)}); nothing was kept. "
                f"Run `{command}` again."
            ) from error
        raise DataError(
            f"{name}: the download failed ({type(error).__name__}: {first_line(error)}); "
            f"nothing was kept. Run `{command}` again."
        ) from error


def of_the_disk(text: str) -> bool:
    """Whether an error message is about a full disk or a folder that cannot be written."""
    return bool(re.search(f"{_FULL}|{_READ_ONLY}", text.lower()))


def writable_hint(variable: str) -> str:
    """What to do about a folder that cannot be written."""
    return f"Set {variable} to a folder you may write to." if variable else "Make it writable."


def first_line(error: Exception) -> str:
    """The beginning of an error's message; libraries append pages to theirs."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
