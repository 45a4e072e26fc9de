"""The networks of the experiment `newsgroups`: the article's LSTM, mended in steps.

All have two outputs, the last state of the LSTM and the probabilities of the groups, and differ
in what is minimised: the cross-entropy alone, or the sum of it and a metric loss on the last
state. With the same seed, the networks of a pair have the same start and see the same batches.

Imports Keras.
"""

import warnings
from typing import NamedTuple

import keras
import numpy as np

from mlbook.encoders import lstm
from mlbook.losses.softmax import SupConLoss
from mlbook.text import NoKnownWordWarning, Vocabulary
from mlbook.word_vectors import embedding_matrix

LENGTH = 100  # words that the network reads, as in the article
WEIGHT = 1.0  # of the metric loss, beside 1 for the cross-entropy; fixed in advance


class Recipe(NamedTuple):
    """How a network reads and is trained.

    `mended`: word vectors learned beforehand, words seen once are unknown, the first words of a
    post count, padding comes after them and is passed over. Else as Keras does by default: each
    word has a number, unknown ones vanish, the last words count, padding comes before them.
    """

    mended: bool
    masked: bool
    joint: bool
    batch_size: int
    epochs: int


RECIPES = {
    "lstm": Recipe(mended=False, masked=False, joint=False, batch_size=32, epochs=10),
    "lstm_masked": Recipe(mended=False, masked=True, joint=False, batch_size=32, epochs=10),
    "lstm_joint": Recipe(mended=False, masked=False, joint=True, batch_size=32, epochs=10),
    "mended": Recipe(mended=True, masked=True, joint=False, batch_size=64, epochs=5),
    "mended_joint": Recipe(mended=True, masked=True, joint=True, batch_size=64, epochs=5),
}


class Trained:
    """A trained network that takes documents, and its `history` (dict of lists, by epoch)."""

    def __init__(self, recipe, vocabulary, model, history=None):
        self.recipe, self.vocabulary, self.model = recipe, vocabulary, model
        self.history = history

    def encode(self, documents):
        """Word numbers, shape (n, LENGTH); zeros for a document without words."""
        options = {"keep": "start", "pad": "end"}
        if not self.recipe.mended:
            known = self.vocabulary.index_
            documents = [[word for word in document if word in known] for document in documents]
            options = {"keep": "end", "pad": "start"}
        with warnings.catch_warnings():
            # some posts are empty once they are stripped; they stay
            warnings.simplefilter("ignore", NoKnownWordWarning)
            return self.vocabulary.encode(documents, LENGTH, **options)

    def predict(self, documents):
        """Class numbers, shape (n,)."""
        return self._outputs(documents)["probabilities"].argmax(axis=1)

    def embed(self, documents):
        """Last states of the LSTM, scaled to length 1, shape (n, 128)."""
        states = self._outputs(documents)["embedding"]
        return states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-12)

    def _outputs(self, documents):
        return self.model.predict(self.encode(documents), batch_size=256, verbose=0)


def train(network, documents, y, seed, vectors=None, epochs=None, held_out=None, callbacks=()):
    """Train a network on documents.

    Parameters
    ----------
    network : str
        A key of `RECIPES`.
    documents : list of list of str
    y : ndarray of int, shape (n,)
    seed : int
        Of the start and of the order of the batches.
    vectors : gensim.models.KeyedVectors or None
        To begin with; a mended network needs them, the others do not look at them.
    epochs : int or None
        None is the recipe's own number.
    held_out : tuple of (documents, y) or None
        Measured after each epoch, for the history; chooses nothing.
    callbacks : sequence of keras.callbacks.Callback

    Returns
    -------
    Trained

    Raises
    ------
    ValueError
        If the network is mended and there are no word vectors.
    """
    recipe = RECIPES[network]
    vocabulary = Vocabulary(min_count=2 if recipe.mended else 1).fit(documents)
    start = None
    if recipe.mended:
        if vectors is None:
            raise ValueError(f"{network} begins with word vectors: give vectors")
        start = embedding_matrix(vocabulary, vectors, seed=seed).vectors
    n_classes = int(y.max()) + 1
    model = with_states(
        lstm(len(vocabulary), LENGTH, n_classes, mask=recipe.masked, vectors=start, seed=seed)
    )
    model.compile(
        "adam",
        loss={
            "embedding": SupConLoss() if recipe.joint else None,
            "probabilities": "sparse_categorical_crossentropy",
        },
        loss_weights={"embedding": WEIGHT, "probabilities": 1.0} if recipe.joint else None,
        metrics={"probabilities": ["accuracy"]},
    )
    trained = Trained(recipe, vocabulary, model)
    if held_out is not None:
        held_out = trained.encode(held_out[0]), _targets(held_out[1])
    keras.utils.set_random_seed(seed)
    trained.history = model.fit(
        trained.encode(documents),
        _targets(y),
        batch_size=recipe.batch_size,
        epochs=epochs or recipe.epochs,
        validation_data=held_out,
        callbacks=list(callbacks),
        verbose=0,
    ).history
    return trained


def with_states(model):
    """A classifier of `mlbook.encoders.lstm` that also hands out its last states."""
    states = model.get_layer("features").output
    return keras.Model(model.input, {"embedding": states, "probabilities": model.output})


def _targets(y):
    return {"embedding": y, "probabilities": y}
