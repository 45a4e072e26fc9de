"""Checks of the article's section on sentiment: its script, its network, its loss.

What the article prints is re-created at the end, errors included.
"""

import ast
import builtins
import inspect

import numpy as np

from mlbook.checks.base import REFUTED, SUPPORTED, Outcome


def knows_its_names(evidence, module, script):
    """Is every name that a script uses imported or defined in it?"""
    tree = _tree(evidence, module, script)
    bound = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(a.asname or a.name).partition(".")[0] for a in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    unknown = [name for name in dict.fromkeys(_used(tree)) if name not in bound]
    if unknown:
        return Outcome(REFUTED, f"neither imported nor defined: {', '.join(unknown)}")
    return Outcome(SUPPORTED, "every name is imported or defined")


def uses(evidence, module, script, function):
    """Does a script use a function that it defines?"""
    count = _used(_tree(evidence, module, script)).count(function)
    return Outcome(SUPPORTED if count else REFUTED, f"{function} is used {count} times")


def tests_on_unseen(evidence, module, script):
    """Does a script predict other data in the end than those that it watched while fitting?"""
    watched, predicted = set(), set()
    for node in ast.walk(_tree(evidence, module, script)):
        if isinstance(node, ast.keyword) and node.arg == "validation_data":
            watched |= set(_used(node.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "predict":
            predicted |= {name for value in node.args for name in _used(value)}
    both = ", ".join(sorted(watched & predicted))
    if both:
        return Outcome(REFUTED, f"watched in every epoch, and then the test: {both}")
    return Outcome(SUPPORTED, f"watched: {sorted(watched)}, predicted: {sorted(predicted)}")


def takes(evidence, module, function, arguments):
    """Does a function, or a method as in `Model.fit`, take arguments of these names?"""
    found = evidence.importer(module)
    for part in function.split("."):
        found = getattr(found, part)
    parameters = inspect.signature(found).parameters
    any_name = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    refused = [] if any_name else [name for name in arguments if name not in parameters]
    if refused:
        return Outcome(REFUTED, f"{function} takes no {' and no '.join(refused)}: TypeError")
    return Outcome(SUPPORTED, f"{function} takes {', '.join(arguments)}")


def begins_with_vectors(evidence, module, function):
    """Given a matrix of word vectors, does the network's layer of word vectors begin with it?"""
    matrix = np.arange(12.0).reshape(4, 3)
    start = np.asarray(getattr(evidence.importer(module), function)(matrix))
    same = start.shape == matrix.shape and np.allclose(start, matrix)
    sides = [
        f"{len(x):,} x {x.shape[1]} numbers up to {np.abs(x).max():.2g}" for x in (start, matrix)
    ]
    text = f"the layer begins with {sides[0]}, the matrix has {sides[1]}"
    return Outcome(SUPPORTED if same else REFUTED, text)


def sees_features(evidence, module, function):
    """Does a loss notice how the texts lie, where the classifier's outputs are the same?

    The function takes labels (n,), features (n, 3) and outputs (n, 2). In one layout the classes
    lie apart, in the other each class is torn to pieces in a direction that the classifier does
    not look at.
    """
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 10)
    weights = np.array([[1.0, -1.0], [0.0, 0.0], [0.0, 0.0]])
    looked_at = 2.0 - 4 * labels + rng.normal(size=20)
    together = np.column_stack([looked_at, np.zeros(20), np.zeros(20)])
    torn = together + 50 * rng.normal(size=(20, 3)) * [0, 1, 1]
    loss = getattr(evidence.importer(module), function)
    values = []
    for features in (together, torn):
        scores = np.exp(features @ weights)
        outputs = scores / scores.sum(axis=1, keepdims=True)
        values.append(float(loss(labels, features, outputs)))
    text = f"classes together: {values[0]:.4g}, torn apart: {values[1]:.4g}"
    return Outcome(SUPPORTED if values[1] > values[0] + 1e-9 else REFUTED, text)


def finds_words_anywhere(evidence, module, function):
    """Do the features of a network stay the same when a text moves within its row of padding?"""
    network = getattr(evidence.importer(module), function)(n_words=20, length=60)
    rows = np.zeros((2, 60), dtype=np.int32)
    rows[0, 10:20] = rows[1, 30:40] = np.arange(5, 15)
    first, second = np.asarray(network(rows))
    moved = float(np.abs(first - second).max() / max(np.abs(first).max(), 1e-12))
    text = f"the same words 20 places on: features change by {100 * moved:.0f} % of the largest"
    return Outcome(SUPPORTED if moved < 1e-4 else REFUTED, text)


CHECKS = (
    begins_with_vectors,
    finds_words_anywhere,
    knows_its_names,
    sees_features,
    takes,
    tests_on_unseen,
    uses,
)


def _tree(evidence, module, script):
    return ast.parse(getattr(evidence.importer(module), script))


def _used(tree):
    """Names that are read, in order, each as often as it is."""
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return [node.id for node in sorted(names, key=lambda node: (node.lineno, node.col_offset))]


# --- what the article prints ---

# Section 4.2.2 in our words: the steps that matter here, in their order, with what is missing.
# Its function without a body, which no compiler takes, got one.
SCRIPT = """
import tensorflow as tf
from tensorflow.keras import layers, models
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

data = load_text_data()
numbers = tf.keras.preprocessing.text.Tokenizer()
numbers.fit_on_texts(data["texts"])
X = numbers.texts_to_sequences(data["texts"])
y = to_categorical(data["labels"])
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.2, random_state=42)

matrix = load_embedding_matrix()
model = models.Sequential()
model.add(layers.Embedding(len(numbers.word_index) + 1, matrix.shape[1]))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

def fwhd_loss(y_true, y_pred):
    pass

model.fit(X_train, y_train, validation_data=(X_val, y_val), loss="categorical_crossentropy")
predicted = model.predict(X_val)
print(accuracy_score(np.argmax(y_val, axis=1), np.argmax(predicted, axis=1)))
"""


def vectors_as_printed(matrix):
    """Section 4.2.2: a layer of word vectors as wide as the matrix, and no more of it."""
    import keras

    # the layer's own kind of start, the same at every run
    uniform = keras.initializers.RandomUniform(seed=0)
    layer = keras.layers.Embedding(*np.shape(matrix), embeddings_initializer=uniform)
    layer.build()
    return keras.ops.convert_to_numpy(layer.embeddings)


def loss_as_printed(labels, features, outputs):
    """Section 4.2.2: Keras hands a loss the labels and the outputs, here a softmax.

    The article leaves the rest out; this is its loss of section 2.2.1, with equal weights: the
    mean squared distance within classes.
    """
    from mlbook.checks.deep import fwhd_loss

    return fwhd_loss(labels, outputs)
