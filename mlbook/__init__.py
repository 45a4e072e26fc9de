"""mlbook: metric learners, losses and measurements behind the book *Metric Learning, re-executed*.

Importing this package is cheap on purpose: TensorFlow and the other heavy libraries are
imported by the functions that need them, never here.
"""

__version__ = "0.1.0"
