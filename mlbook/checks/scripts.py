"""Checks of scripts by reading them: what they split, read, call, and in which order.

The article's scripts, re-created in our words, stand at the end: the steps that matter here, in
their order, with what is missing.
"""

import ast

import numpy as np

from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, Outcome

_SPLITTERS = ("train_test_split", "split", "image_dataset_from_directory")


def splits_its_data(evidence, module, script):
    """Does a script set a test set aside: by a function that splits, or by loading one?"""
    tree = _tree(evidence, module, script)
    found = [name for name in _called(tree) if name in _SPLITTERS or name == "load_data"]
    if found:
        return Outcome(SUPPORTED, f"it calls {found[0]}")
    return Outcome(REFUTED, f"none of its {len(_called(tree))} calls splits or loads a test set")


def fits_after_split(evidence, module, script, method):
    """Is a method that learns from the data called after the split, on what is left to train?"""
    calls = _called(_tree(evidence, module, script))
    split = min((i for i, name in enumerate(calls) if name in _SPLITTERS), default=len(calls))
    fitted = calls.index(method)
    text = f"{method} is call {fitted + 1} of {len(calls)}, the split call {split + 1}"
    return Outcome(SUPPORTED if fitted > split else REFUTED, text)


def reads_files(evidence, module, script, files):
    """Does a script name the files that were fetched for it before?"""
    tree = _tree(evidence, module, script)
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    named = [file for file in files if any(file in text for text in texts if _is_text(text))]
    text = f"of {len(files)} fetched, it names {', '.join(named) or 'none'}"
    return Outcome(SUPPORTED if named else REFUTED, text)


def calls_with(evidence, module, script, function, argument):
    """Does a script call a function with this variable?"""
    given = [
        [n.id for value in node.args for n in ast.walk(value) if isinstance(n, ast.Name)]
        for node in ast.walk(_tree(evidence, module, script))
        if isinstance(node, ast.Call) and _name(node) == function
    ]
    text = f"{function} is called {len(given)} times, with {', '.join(sum(given, [])) or 'nothing'}"
    return Outcome(SUPPORTED if argument in sum(given, []) else REFUTED, text)


def reads_all(evidence, module, script, names):
    """Does a script read all of these variables or parameters? With conditions, if some."""
    tree = _tree(evidence, module, script)
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    unread = [name for name in names if name not in read]
    if not unread:
        return Outcome(SUPPORTED, f"it reads {', '.join(names)}")
    text = f"it never reads {', '.join(unread)}"
    return Outcome(REFUTED if len(unread) == len(names) else CONDITIONAL, text)


def runs_on_table(evidence, module, function):
    """Do the steps of a script take what scikit-learn hands over from OpenML?

    That is a table of pixels and, as labels, categories that are text. The function takes both.
    """
    import pandas as pd

    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.integers(0, 256, (80, 6))).add_prefix("pixel")
    labels = pd.Series([str(i % 4) for i in range(80)], dtype="category")
    try:
        value = getattr(evidence.importer(module), function)(table, labels)
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        return Outcome(REFUTED, f"{function} stops: {type(error).__name__}: {error}")
    return Outcome(SUPPORTED, f"{function} comes to its end and returns a {type(value).__name__}")


CHECKS = (
    calls_with,
    fits_after_split,
    reads_all,
    reads_files,
    runs_on_table,
    splits_its_data,
)


def _tree(evidence, module, script):
    return ast.parse(getattr(evidence.importer(module), script))


def _name(call):
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _called(tree):
    """Names of the functions that are called, in the order of the lines."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [_name(call) for call in sorted(calls, key=lambda n: (n.end_lineno, n.end_col_offset))]


def _is_text(value):
    return isinstance(value, str)


# --- what the article prints ---

# Section 1.3.1: the function alone, as pseudocode that is marked as Python.
MAHALANOBIS = """
def mahalanobis_distance(x, y, Sigma):
    step = x - y
    return math.sqrt(step.T @ np.linalg.inv(Sigma) @ step)
"""

# Section 1.3.2. Its distance d is defined nowhere.
FWHD = """
import numpy as np

def fwhd(x, y, lmbda):
    w = np.zeros(len(x))
    for i in range(len(x)):
        w[i] = 2 * lmbda * sum(d(x[i], x[j]) - d(y[i], y[j]) for j in range(len(x))) / len(x)
    return w
"""

# Section 1.3.3.
GO = """
import numpy as np

def go(x, y, f, w):
    theta = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(len(x)):
            if i != j:
                theta[i] += 2 * w[i][j] * f(x[i], x[j]) / len(x)
    return theta
"""

# The second section 2.2.2.
MNIST = """
import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

mnist = fetch_openml("mnist_784")
X = mnist.data.astype("float32")
y = mnist.target.astype("int32")
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)

covariance_matrix = np.cov(X_train, rowvar=False)
inverse_covariance_matrix = np.linalg.inv(covariance_matrix)

def mahalanobis_distance(x, mean, matrix):
    step = x - mean
    return np.sqrt(step.T @ matrix @ step)

mean_train = np.mean(X_train, axis=0)
mean_test = np.mean(X_test, axis=0)

classifier = LogisticRegression()
classifier.fit(X_train, y_train)
print(accuracy_score(y_test, classifier.predict(X_test)))
"""

# The second section 2.3.2, as far as its data and its libraries go.
CIFAR = """
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, models
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.utils import to_categorical

(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train, x_test = (x.astype(np.float32) / 255.0 for x in (x_train, x_test))
y_train, y_test = (to_categorical(y, 10) for y in (y_train, y_test))
"""

# The imports of section 2.4.2.
POSTS = """
import gensim.downloader as api
import numpy as np
from gensim.models import Word2Vec
from tensorflow.keras.layers import LSTM, Dense, Embedding
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing.sequence import pad_sequences
from tensorflow.keras.preprocessing.text import Tokenizer
"""

# The imports of section 4.2.2.
SENTIMENT = """
import tensorflow as tf
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from tensorflow.keras.layers import Conv1D, Dense, Embedding, Flatten, MaxPooling1D
from tensorflow.keras.models import Sequential
from tensorflow.keras.optimizers import Adam
from tensorflow.keras.preprocessing.sequence import pad_sequences
"""

# Section 4.1.2. Its function without a body got one.
FACES = """
import numpy as np

def lbp(image, n_points, radius):
    return image

def mahalanobis_distance(x, y, mean, cov):
    step = x - y
    return np.sqrt(step.T @ np.linalg.inv(cov) @ step)

def recognise(images, labels, mean, cov):
    found = []
    for image in images:
        distance = mahalanobis_distance(lbp(image, P, R), mean, cov)
        found.append(labels[np.argmin(distance)])
    return found

data = load_face_data()
images, labels = data["images"], data["labels"]
mean = np.mean(images, axis=0)
cov = np.cov(images, rowvar=False)
found = recognise(images, labels, mean, cov)
print(np.mean(found == labels))
"""

# Appendix A.1: FWHD and CDS.
A1_FWHD = """
import numpy as np

def fwhd(x, y, lambda_value):
    n = x.shape[0]
    distances = mahalanobis_distances(x, y, VI=np.linalg.inv(np.cov(x, rowvar=False)))
    weights = 1 / (distances + 1e-5)
    return weights / np.sum(weights)
"""


def optimised_posts(x):
    """Section 2.4.2: the "optimisation" of the data alone, its axis mended."""
    from mlbook.as_printed import gradient_optimization

    return gradient_optimization(x, None, axis_mended=True)


def digits_as_printed(data, target):
    """The second section 2.2.2 on other data, without the import and the inverse that fail."""
    import warnings

    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split

    X, y = data.astype(np.float32), target.astype(np.int32)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    np.cov(X_train, rowvar=False)
    np.mean(X_train, axis=0)
    np.mean(X_test, axis=0)
    model = LogisticRegression()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # another claim is about its convergence
        model.fit(X_train, y_train)
    return float(accuracy_score(y_test, model.predict(X_test)))
