"""What the book can do without: is it here, and if not, what has to be installed?"""

import functools
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from mlbook.errors import MlbookError

_PACKAGES = {"torch": ("torch",), "spark": ("pyspark", "pyarrow")}
OLDEST_JAVA = 17


class MissingExtraError(MlbookError):
    """An optional library, or Java, is not installed; the message says what to install."""


def missing(extra):
    """What to install before this extra can be used.

    Parameters
    ----------
    extra : {"torch", "spark"}

    Returns
    -------
    str or None
        One line; None if nothing is missing.
    """
    absent = [package for package in _PACKAGES[extra] if find_spec(package) is None]
    if absent:
        return f"not installed: {', '.join(absent)}. Get it with: pip install 'mlbook[{extra}]'"
    if extra == "spark" and (java_version() or 0) < OLDEST_JAVA:
        found = f"found is Java {java_version()}" if java_version() else "found is none"
        return (
            f"Spark needs Java {OLDEST_JAVA} or newer; {found}. Install one (for example the "
            "package openjdk-17-jre-headless, or conda's openjdk) or set JAVA_HOME"
        )
    return None


def demand(extra):
    """Raise MissingExtraError if something is missing."""
    if sentence := missing(extra):
        raise MissingExtraError(sentence)


@functools.cache
def java_version():
    """Main number of the Java that Spark would start, or None."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60).stderr
    except (OSError, TypeError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(match[1]) if match else None
