"""TensorFlow without the lines it prints on starting, which readers take for errors."""

import contextlib
import os
import re
import sys
import tempfile

# information and warnings of the C++ side, the line that announces them, and the absence of
# a graphics card told as an error
_CHATTER = re.compile(
    rb"(WARNING: All log messages before absl|[IW]\d{4} |\d{4}-\d\d-\d\d .*: [IW] "
    rb"|E\d{4} .*failed call to cuInit|INFO: Created TensorFlow Lite|fully_quantize: )"
)


def tensorflow_datasets():
    """Import TensorFlow and TensorFlow Datasets quietly; returns both modules."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    loaded = "tensorflow" in sys.modules
    with contextlib.nullcontext() if loaded else filtered_stderr():
        import tensorflow as tf
        import tensorflow_datasets as tfds

        # looks for a graphics card now, while what it has to say about that is held back
        tf.config.list_physical_devices()

    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)
    _never_ask_the_bucket()
    return tf, tfds


def _never_ask_the_bucket() -> None:
    # TFDS may look for prepared copies in a storage bucket whenever a builder is made, with its
    # own long retries. Its present releases have this switched off; older ones had it on.
    from tensorflow_datasets.core.utils import gcs_utils

    gcs_utils._is_gcs_disabled = True


@contextlib.contextmanager
def filtered_stderr():
    """Hold back what is written to file descriptor 2, then let through all but the chatter.

    The C++ libraries write there directly, before TF_CPP_MIN_LOG_LEVEL is read, so replacing
    `sys.stderr` does not reach them.
    """
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all: nothing to keep quiet
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            rest = b"".join(line for line in held if not _CHATTER.match(line))
            if rest:
                os.write(2, rest)
