"""Checks that spoil a small data set and ask which metric suffers less."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from mlbook import evaluation
from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, Outcome

N_SPLITS = 5


def loses_less(evidence, dataset, disturbance, estimators):
    """Does 3-NN under these metrics lose less accuracy to a disturbance than under Euclid?

    `disturbance` is "noise" (as many features of pure noise as there are features) or
    "outliers" (one training case in twenty is moved far away). All features are standardised
    first. `estimators` lists a module, the name of a class in it, and arguments for it.
    """
    data = evidence.dataset(dataset)
    parts = [np.reshape(x, (len(x), -1)) for x in (data.x_train, data.x_test)]
    X, y = np.concatenate(parts), np.concatenate([data.y_train, data.y_test])
    verdicts, texts = [], []
    euclid = _losses(X, y, disturbance, None)
    for module, name, arguments in estimators:
        metric = getattr(evidence.importer(module), name)(**arguments)
        losses = _losses(X, y, disturbance, metric)
        gain = evaluation.over_seeds(euclid - losses, test_to_train=1.0)
        verdicts.append(gain.verdict())
        texts.append(f"{name} {-100 * losses.mean():+.1f} ({_LESS[gain.verdict()]})")
    text = f"change of accuracy in points: Euclid {-100 * euclid.mean():+.1f}, {', '.join(texts)}"
    if all(verdict == evaluation.BETTER for verdict in verdicts):
        return Outcome(SUPPORTED, text)
    return Outcome(CONDITIONAL if evaluation.BETTER in verdicts else REFUTED, text)


_LESS = {
    evaluation.BETTER: "loses less",
    evaluation.WORSE: "loses more",
    evaluation.UNDECIDED: "no difference shown",
}
CHECKS = (loses_less,)


class HiddenLayer(TransformerMixin, BaseEstimator):
    """The hidden layer of a small network that was trained to classify, as a map of points."""

    def __init__(self, n_units=64):
        self.n_units = n_units

    def fit(self, X, y):
        """Train the network; its features are then `transform`."""
        self.network_ = MLPClassifier(
            self.n_units, learning_rate_init=0.01, tol=1e-3, random_state=0
        ).fit(X, y)
        return self

    def transform(self, X):
        """Rectified outputs of the hidden layer, shape (n, n_units)."""
        return np.maximum(X @ self.network_.coefs_[0] + self.network_.intercepts_[0], 0)


def _losses(X, y, disturbance, metric):
    """Accuracy without the disturbance minus accuracy with it, one value a split."""
    return np.array([_loss(X, y, disturbance, metric, seed) for seed in range(N_SPLITS)])


def _loss(X, y, disturbance, metric, seed):
    # imported here: it loads faiss, which the other checks do without
    from mlbook.neighbors import MetricKNeighborsClassifier

    train, test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=seed
    )
    scaler = StandardScaler().fit(train)
    sides = scaler.transform(train), scaler.transform(test)
    accuracies = []
    for train, test in (sides, _disturb(*sides, disturbance, np.random.default_rng(seed))):
        classifier = MetricKNeighborsClassifier(3, metric)
        accuracies.append(np.mean(classifier.fit(train, y_train).predict(test) == y_test))
    return accuracies[0] - accuracies[1]


def _disturb(train, test, disturbance, rng):
    if disturbance == "noise":
        return tuple(np.hstack([side, rng.normal(size=side.shape)]) for side in (train, test))
    if disturbance == "outliers":
        train = train.copy()
        moved = rng.choice(len(train), max(1, len(train) // 20), replace=False)
        train[moved] += 10 * rng.normal(size=(len(moved), train.shape[1]))
        return train, test
    raise ValueError(f"disturbance must be 'noise' or 'outliers', got {disturbance!r}")
