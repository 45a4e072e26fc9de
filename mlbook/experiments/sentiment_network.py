"""The networks of the experiments on sentiment: what is compared, and how it is trained.

Every network reads word numbers and has an embedding of 32 dimensions with a classifier on it.
They differ in their layers, in the word vectors they begin with, and in the loss. Each trains
until its validation texts have gained nothing for some epochs, once with each learning rate; the
rate and the epoch with the most validation texts right are kept. A network that is trained
without cross-entropy has no classifier and goes by the nearest class mean in the metric that its
loss learns.
"""

import functools
import warnings
from typing import NamedTuple

import keras
import numpy as np
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from mlbook.encoders.texts import stacked_textcnn, textcnn
from mlbook.losses.article import FWHDLoss
from mlbook.losses.trainable import EmbeddingModel
from mlbook.progress import training_bar
from mlbook.retrieval import retrieval
from mlbook.text import FIRST, NoKnownWordWarning, Vocabulary
from mlbook.word_vectors import embedding_matrix, train_word2vec

N_DIMS = 32
N_WORD_DIMS = 50
MAPS = 50
BATCH_SIZE = 64
RATES = (3e-3, 1e-3)  # of Adam
PATIENCE = 3  # epochs without a gain in validation before a training ends
NEIGHBOURS = 15
PRINTED_EPOCHS = 10
# texts by which the curves of an epoch are drawn, and class means of an epoch are estimated
_SOME = 1000
SPREAD = 0.1  # standard deviation of the entries of word vectors that were trained before

_OUTPUTS = ("embedding", "probabilities")
CROSS_ENTROPY = "sparse_categorical_crossentropy"
_LAYERS = {"stacked": stacked_textcnn, "kim": functools.partial(textcnn, maps=MAPS)}


class Arm(NamedTuple):
    """What a network is.

    Attributes
    ----------
    layers : {"stacked", "kim"}
        The article's convolutions one after the other, or Kim's side by side.
    vectors : {"random", "word2vec", "as_trained", "given"}
        Where the word vectors begin: "word2vec" is trained on the training part and centred,
        "as_trained" is the same before it is centred, "given" are handed over by the caller.
    loss : {"cross_entropy", "fwhd", "joint"}
    train_vectors : bool, default=True
    """

    layers: str
    vectors: str
    loss: str
    train_vectors: bool = True


class Words:
    """One split of the texts as word numbers, and word vectors for them.

    The vocabulary knows the training part only.

    Parameters
    ----------
    texts : Texts
    parts : Parts
    length : int
        Words of a text that are kept: the last ones, where there are more.
    min_count : int
        Words seen less often in the training part are unknown.
    epochs : int
        Of Word2Vec.
    seed : int

    Attributes
    ----------
    vocabulary : Vocabulary
    x : ndarray of int32, shape (n, length)
        All texts.
    y : ndarray of int, shape (n,)
    parts : Parts
    """

    def __init__(self, texts, parts, length, min_count, epochs, seed):
        self.known = [texts.documents[i] for i in parts.train]
        self.vocabulary = Vocabulary(min_count=min_count).fit(self.known)
        with warnings.catch_warnings():
            # a few sentences of one or two words; the networks answer them like an empty text
            warnings.simplefilter("ignore", NoKnownWordWarning)
            self.x = self.vocabulary.encode(texts.documents, length, keep="end")
        self.y, self.parts = texts.y, parts
        self._epochs, self._min_count, self._seed = epochs, min_count, seed

    @functools.cached_property
    def word2vec(self):
        """Word vectors trained on the training part, shape (len(vocabulary), 50); see `look_up`."""
        return self.look_up(self._trained).vectors

    @functools.cached_property
    def as_trained(self):
        """The same, not centred."""
        return embedding_matrix(self.vocabulary, self._trained, seed=self._seed).vectors

    @functools.cached_property
    def _trained(self):
        options = {"min_count": self._min_count, "epochs": self._epochs, "seed": self._seed}
        return train_word2vec(self.known, N_WORD_DIMS, **options)

    def look_up(self, keyed):
        """`embedding_matrix` for the vocabulary of this split, centred, with entries of one size.

        Raises
        ------
        ValueError
            If fewer than two words have a vector, or all the same one.

        Notes
        -----
        Vectors from few texts have a large part in common. Left as they are, they can silence
        the article's network: its second convolution gives zeros for nearly every text.

        References
        ----------
        J. Mu and P. Viswanath, All-but-the-top: simple and effective postprocessing for word
        representations, ICLR 2018 (of its two steps, the first).
        """
        found = embedding_matrix(self.vocabulary, keyed, seed=self._seed)
        vectors = found.vectors.copy()
        words, known = vectors[FIRST:], found.found[FIRST:]
        words -= words[known].mean(axis=0)
        spread = words[known].std()
        if not spread > 0:
            raise ValueError(
                f"{known.sum()} of {len(known):,} words have a vector, which leaves nothing when "
                "the mean is taken off: check language and letter case of the word vectors"
            )
        words *= SPREAD / spread
        return found._replace(vectors=vectors)


class Trained:
    """A network, trained, with its history.

    Parameters
    ----------
    arm : Arm
    words : Words
    epochs : int
        At most; training ends when `PATIENCE` epochs have brought no gain in validation.
    seed : int
    vectors : ndarray or None, default=None
        Word vectors of an arm whose vectors are "given".
    batch_size : int, default=64
    rate : float, default=0.003
        Of Adam.

    Attributes
    ----------
    model : EmbeddingModel
        With the weights of the kept epoch.
    history : dict of str to list
        By epoch: loss; accuracy and val_accuracy, of training texts (the first 1,000) and
        validation texts; test_accuracy, which chooses nothing.
    epoch : int
        The epoch that was kept, counted from 1.
    """

    def __init__(
        self, arm, words, epochs, seed, vectors=None, batch_size=BATCH_SIZE, rate=RATES[0]
    ):
        if arm.vectors in ("word2vec", "as_trained"):
            vectors = getattr(words, arm.vectors)
        self._by_mean = arm.loss == "fwhd"
        self._metric = None if arm.loss == "cross_entropy" else FWHDLoss(N_DIMS)
        keras.utils.set_random_seed(seed)
        encoder = _LAYERS[arm.layers](
            len(words.vocabulary),
            words.x.shape[1],
            n_classes=None if self._by_mean else 2,
            n_dims=N_DIMS,
            n_word_dims=N_WORD_DIMS,
            vectors=vectors,
            train_vectors=arm.train_vectors,
            seed=seed,
        )
        self.model = EmbeddingModel(encoder)
        losses = {"probabilities": CROSS_ENTROPY}
        if self._metric is not None:
            losses["embedding"] = self._metric
        if self._by_mean:
            losses = self._metric
        self.model.compile(keras.optimizers.Adam(rate), losses)
        self._words, self.rate = words, rate
        self.history = {"accuracy": [], "val_accuracy": [], "test_accuracy": []}
        self._kept = None

        rows = words.parts.fit
        watch = keras.callbacks.LambdaCallback(on_epoch_end=self._watch)
        y = words.y[rows]
        found = self.model.fit(
            words.x[rows],
            y if self._by_mean else dict.fromkeys(losses, y),
            batch_size=batch_size,
            epochs=epochs,
            verbose=0,
            callbacks=[watch, training_bar(f"{arm.layers}, {arm.loss}")],
        )
        self.history["loss"] = found.history["loss"]
        self.model.set_weights(self._kept)
        self.epoch = 1 + int(np.argmax(self.history["val_accuracy"]))

    def outputs(self, rows):
        """Embeddings in the learned metric, shape (n, 32), and probabilities, shape (n, 2), or
        None without a classifier.

        Euclid's distance between embeddings of length 1 is the metric, after the map that the
        FWHD loss has learned, where there is one.
        """
        found = self.model.predict(self._words.x[rows], batch_size=512, verbose=0)
        x, probabilities = (found, None) if self._by_mean else map(found.get, _OUTPUTS)
        x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
        if self._metric is not None:
            x = x @ self._metric.components.T
        return x, probabilities

    def predict(self, rows):
        """The classes of texts by the rule of this network."""
        known = self._words.parts.fit
        return self._predict(self.outputs(rows), known)

    def measures(self):
        """What the experiments report of the test texts.

        Returns
        -------
        dict
            correct, by the rule of this network; mean_accuracy and knn_accuracy, by the nearest
            class mean and by 15 neighbours in its metric; map_at_r among the test embeddings;
            last_accuracy, after the last epoch; peeked_accuracy, of the epoch that is best on
            the test texts; epoch; rate; n_train.
        """
        fit, test = self._words.parts.fit, self._words.parts.test
        y = self._words.y
        known, (x, p) = self.outputs(fit)[0], self.outputs(test)
        neighbours = KNeighborsClassifier(min(NEIGHBOURS, len(fit))).fit(known, y[fit])
        by_mean = NearestCentroid().fit(known, y[fit]).predict(x)
        predicted = by_mean if self._by_mean else p.argmax(axis=1)
        return {
            "correct": predicted == y[test],
            "mean_accuracy": float(np.mean(by_mean == y[test])),
            "knn_accuracy": float(np.mean(neighbours.predict(x) == y[test])),
            "map_at_r": retrieval(x, y[test], ks=(1,)).map_at_r,
            "last_accuracy": self.history["test_accuracy"][-1],
            "peeked_accuracy": max(self.history["test_accuracy"]),
            "epoch": self.epoch,
            "rate": self.rate,
            "n_train": len(self._words.parts.train),
        }

    def validation_accuracy(self):
        """Of the kept epoch."""
        return max(self.history["val_accuracy"])

    def _predict(self, outputs, known):
        x, probabilities = outputs
        if not self._by_mean:
            return probabilities.argmax(axis=1)
        y = self._words.y
        return NearestCentroid().fit(self.outputs(known)[0], y[known]).predict(x)

    def _watch(self, epoch, logs):
        parts, y = self._words.parts, self._words.y
        some = parts.fit[:_SOME]
        rows = {"accuracy": some, "val_accuracy": parts.validation, "test_accuracy": parts.test}
        for name, part in rows.items():
            right = self._predict(self.outputs(part), some) == y[part]
            self.history[name].append(float(right.mean()))
        values = self.history["val_accuracy"]
        if values[-1] > max(values[:-1], default=-1):  # of equally good ones the first
            self._kept = self.model.get_weights()
        elif epoch - int(np.argmax(values)) >= PATIENCE:
            self.model.stop_training = True


def printed(texts, parts, seed):
    """The article's script, changed no more than it takes to run.

    Word vectors that begin at random, texts as long as the longest, padding before them, ten
    epochs on the whole training part, no embedding, no FWHD loss. The vocabulary is that of the
    training part; the script's own is that of all texts.

    Returns
    -------
    dict
        correct and n_train, as the other arms.
    """
    known = [texts.documents[i] for i in parts.train]
    vocabulary = Vocabulary().fit(known)
    length = max(29, *map(len, known))  # what the network needs at least
    x = vocabulary.encode(texts.documents, length, keep="end", pad="start")
    keras.utils.set_random_seed(seed)
    model = stacked_textcnn(len(vocabulary), length, 2, n_word_dims=N_WORD_DIMS, seed=seed)
    model.compile(keras.optimizers.Adam(), CROSS_ENTROPY)
    model.fit(
        x[parts.train],
        texts.y[parts.train],
        batch_size=BATCH_SIZE,
        epochs=PRINTED_EPOCHS,
        verbose=0,
        callbacks=[training_bar("as printed")],
    )
    found = model.predict(x[parts.test], batch_size=512, verbose=0).argmax(axis=1)
    return {"correct": found == texts.y[parts.test], "n_train": len(parts.train)}


def network_arms(arms, words, epochs, seed, batch_size=BATCH_SIZE, rates=RATES, vectors=None):
    """Train and measure networks on one split.

    Parameters
    ----------
    arms : dict of str to Arm
    words : Words
    epochs, seed, batch_size : int
    rates : sequence of float, default=(0.003, 0.001)
        Each network is trained with each; the one with the most validation texts right counts.
    vectors : ndarray or None, default=None
        See `Trained`.

    Returns
    -------
    dict of str to dict
        As `Trained.measures`.
    """
    found = {}
    for name, arm in arms.items():
        trained = [Trained(arm, words, epochs, seed, vectors, batch_size, rate) for rate in rates]
        found[name] = max(trained, key=Trained.validation_accuracy).measures()
        keras.utils.clear_session()
    return found
