"""Checks that learn a metric from a part of a small data set and try it on the rest."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from mlbook import evaluation
from mlbook.checks.base import REFUTED, SUPPORTED, Outcome

N_SPLITS = 5
# so many of the recordings are described: it takes some milliseconds each
_EVERY = 3


def groups_better(evidence, dataset, module, estimator, arguments):
    """Does k-means find the classes of new items better under a metric than under Euclid?

    The metric is fitted to one half of the items, and k-means groups the other half, without
    labels, into as many groups as there are classes. Measured is the adjusted Rand index, over
    five splits; all features are standardised first.
    """
    X, y = _items(evidence.dataset(dataset))
    gains, means = [], []
    for seed in range(N_SPLITS):
        train, test, y_train, y_test = train_test_split(
            X, y, test_size=0.5, stratify=y, random_state=seed
        )
        scaler = StandardScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
        metric = getattr(evidence.importer(module), estimator)(**arguments).fit(train, y_train)
        found = []
        for points in (test, metric.transform(test)):
            groups = KMeans(len(np.unique(y)), n_init=5, random_state=seed).fit_predict(points)
            found.append(adjusted_rand_score(y_test, groups))
        means.append(found)
        gains.append(found[1] - found[0])
    return _verdict(gains, means, estimator, "adjusted Rand index", test_to_train=1.0)


def recognises_better(evidence, dataset, features, module, estimator, arguments):
    """Are new sources of recordings recognised better under a metric than under Euclid?

    For speech: is what is said recognised by 3-NN, for each speaker in turn, with a metric that
    was fitted to the others? `features` is a pair of a module and a function that describes
    recordings by rows of numbers; these are standardised.
    """
    data = evidence.dataset(dataset)
    describe = getattr(evidence.importer(features[0]), features[1])
    X, y = np.asarray(describe(data.x_train[::_EVERY])), np.asarray(data.y_train)[::_EVERY]
    sources = np.asarray(data.groups_train)[::_EVERY]
    gains, means = [], []
    for source in np.unique(sources):
        new = sources == source
        scaler = StandardScaler().fit(X[~new])
        train, test = scaler.transform(X[~new]), scaler.transform(X[new])
        metric = getattr(evidence.importer(module), estimator)(**arguments).fit(train, y[~new])
        found = [
            KNeighborsClassifier(3).fit(a, y[~new]).score(b, y[new])
            for a, b in ((train, test), (metric.transform(train), metric.transform(test)))
        ]
        means.append(found)
        gains.append(found[1] - found[0])
    n_sources = len(means)
    return _verdict(gains, means, estimator, "accuracy", test_to_train=1 / (n_sources - 1))


CHECKS = (groups_better, recognises_better)


def _items(data):
    parts = [np.reshape(x, (len(x), -1)) for x in (data.x_train, data.x_test)]
    return np.concatenate(parts), np.concatenate([data.y_train, data.y_test])


def _verdict(gains, means, estimator, measure, test_to_train):
    gain = evaluation.over_seeds(gains, test_to_train=test_to_train)
    euclid, learned = np.mean(means, axis=0)
    text = (
        f"{measure}: Euclid {euclid:.3f}, {estimator} {learned:.3f}; difference "
        f"{gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}] over {len(gains)} splits"
    )
    return Outcome(SUPPORTED if gain.verdict() == evaluation.BETTER else REFUTED, text)


def sounds(recordings):
    """Recordings of spoken digits as rows: mean and spread of their cepstral coefficients."""
    from mlbook.audio import fixed_length, mfcc
    from mlbook.datasets.spoken_digits import RATE

    return fixed_length(mfcc(recordings, RATE))
