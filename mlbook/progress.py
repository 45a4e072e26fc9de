"""Progress bars, the same everywhere: on stderr, gone when done, silent on request."""

import os

from tqdm import tqdm


def bar(items=None, **options):
    """A tqdm bar that leaves no trace; `MLBOOK_PROGRESS=0` switches all bars off."""
    options.setdefault("leave", False)
    options.setdefault("mininterval", 0.3)
    options.setdefault("disable", os.environ.get("MLBOOK_PROGRESS") == "0")
    return tqdm(items, **options)


def training_bar(description, **options):
    """A Keras callback that shows the epochs as a bar with the losses beside it.

    Parameters
    ----------
    description : str
        What is trained.
    **options
        As for tqdm.

    Returns
    -------
    keras.callbacks.Callback
    """
    from tqdm.keras import TqdmCallback

    options.setdefault("leave", False)
    options.setdefault("mininterval", 0.3)
    options.setdefault("disable", os.environ.get("MLBOOK_PROGRESS") == "0")
    return TqdmCallback(verbose=0, desc=description, tqdm_class=tqdm, **options)
