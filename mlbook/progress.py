"""Progress bars, the same everywhere: on stderr, gone when done, silent on request."""

import os

from tqdm import tqdm


def bar(items=None, **options):
    """A tqdm bar that leaves no trace; `MLBOOK_PROGRESS=0` switches all bars off."""
    options.setdefault("leave", False)
    options.setdefault("mininterval", 0.3)
    options.setdefault("disable", os.environ.get("MLBOOK_PROGRESS") == "0")
    return tqdm(items, **options)
