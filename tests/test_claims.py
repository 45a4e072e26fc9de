"""The ledger: every entry is well formed, and no check is vacuous."""

import collections
import dataclasses
import email.message
import inspect
import pathlib
import tempfile
import time
import types
import zlib

import numpy as np
import pytest

from mlbook import claims, distances, paths
from mlbook.bibliography import Reference
from mlbook.checks import (
    CHECKS,
    VERDICTS,
    Evidence,
    contents,
    definitions,
    formulas,
    newsgroups,
    tips,
)
from mlbook.checks.base import CONDITIONAL, REFUTED, SUPPORTED, UNCHECKABLE
from mlbook.claims import judge
from mlbook.errors import MlbookError, ResultError, UnknownNameError
from mlbook.evaluation import Interval
from mlbook.linear import LDA, Covariance
from mlbook.linear.base import LinearMetric

LEDGER = [claim for _, claim in claims.load_claims()]


class FakeResult:
    """Answers like a result, with whatever the test wants to have been measured."""

    arms = collections.defaultdict(lambda: "an arm")
    baseline = "euclid"
    measure, experiment = "accuracy", "an_experiment"

    def __init__(self, accuracy=None, difference=None, converged=None):
        self.accuracy, self.difference, self.converged = accuracy, difference, converged
        self.compared = []

    def interval(self, arm, measure="accuracy"):
        return self.accuracy

    def compare(self, first, second):
        self.compared.append((first, second))
        return self.difference

    def values(self, arm, measure):
        return np.array(self.converged)


class Library:
    """Answers like scikit-learn's list of estimators."""

    def __init__(self, *names):
        self.names = names

    def all_estimators(self):
        return [(name, None) for name in self.names]


def evidence(**parts):
    """Evidence with the given parts replaced by constants."""
    return Evidence(**{name: (lambda *a, value=value: value) for name, value in parts.items()})


def images(n_train, constant_pixel, tier="canonical", n_classes=10, side=28):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (n_train, side, side)).astype(np.uint8)
    if constant_pixel:
        x[:, 0, 0] = 0
    return types.SimpleNamespace(
        x_train=x,
        y_train=np.zeros(n_train),
        y_test=np.zeros(70_000 - n_train),
        class_names=tuple(map(str, range(n_classes))),
        tier=tier,
    )


def counted(tier="canonical", total=0, classes=0, side=0):
    """For a claim: a data set of the counts that it names, or off by these."""

    def parts(claim):
        said = claim.check
        shape = (said["shape"][0] + side, *said["shape"][1:])
        # arrays of one value held once, whatever their shape
        data = types.SimpleNamespace(
            x_train=np.broadcast_to(np.uint8(0), (10, *shape)),
            y_train=np.zeros(10),
            y_test=np.zeros(said["total"] + total - 10),
            class_names=tuple(map(str, range(said["classes"] + classes))),
            tier=tier,
        )
        return {"dataset": data}

    return parts


def printed(function):
    """Evidence in which every function of `mlbook.as_printed` is this one, called with its name."""

    class Module:
        def __getattr__(self, name):
            return lambda **arguments: function(name, arguments)

    return {"importer": Module()}


def stop(name, arguments):
    raise ValueError("shapes do not match")


def checksum(*what):
    return zlib.crc32(repr(what).encode())


def package(text):
    """Evidence in which the package is a folder with one source file."""
    folder = pathlib.Path(PACKAGES.name) / str(checksum(text))
    folder.mkdir(exist_ok=True)
    (folder / "module.py").write_text(text)
    return {"importer": types.SimpleNamespace(__path__=[str(folder)])}


PACKAGES = tempfile.TemporaryDirectory()


def library(function):
    """Evidence in which every name of every module is this function."""

    class Module:
        def __getattr__(self, name):
            return function

    return {"importer": Module()}


class Suffers(LinearMetric):
    """Euclid on two clean features of small spread, blind on all other data."""

    thrives = False

    def fit(self, X, y=None):
        X = np.asarray(X)
        clean = X.shape[1] == 2 and np.abs(X).max() < 3
        self.n_features_in_ = X.shape[1]
        self._set_components(np.eye(1, X.shape[1]) if clean != self.thrives else 0 * X[:1])
        return self


class Thrives(Suffers):
    """The reverse."""

    thrives = True


def spoiled(*metrics):
    """For a claim: two clusters on a line, and for its estimators metrics that suffer or thrive."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    x = np.stack([2 * y, rng.random(200)], axis=1) + 0.1 * rng.random((200, 2))
    data = types.SimpleNamespace(x_train=x[:100], y_train=y[:100], x_test=x[100:], y_test=y[100:])

    def parts(claim):
        left = list(metrics)

        class Modules:
            def __getattr__(self, name):
                return lambda **_: left.pop(0)()

        assert len(claim.check["estimators"]) == len(metrics)
        return {"dataset": data, "importer": Modules()}

    return parts


def by_name(name):
    return lambda *vectors: checksum(name)


def by_seeds(*differences):
    """For a claim: evidence in which its arm differs by these from the other, seed by seed."""

    def parts(claim):
        other = np.linspace(0.5, 0.6, len(differences))
        values = {claim.check["than"]: other, claim.check["arm"]: other + differences}
        result = types.SimpleNamespace(
            arms=FakeResult.arms,
            values=lambda arm, measure: values[arm],
            test_to_train=0.1,
        )
        return {"result": result}

    return parts


class ByName:
    """A module in which every function gives another number."""

    def __getattr__(self, name):
        return by_name(name)


def measured_near(offset, half):
    """Evidence with an accuracy beside the quoted one, and an interval of this half width."""

    def parts(claim):
        value = claim.check["quoted"] + offset
        return {"result": FakeResult(accuracy=Interval(value, value - half, value + half, ""))}

    return parts


def features(histograms, recognise=None):
    """Evidence with pictures of two people, and functions in place of LBP and recognition."""
    people = images(1000, constant_pixel=False, side=6)
    people.y_train = np.arange(1000) % 2
    functions = types.SimpleNamespace(
        lbp_histograms=histograms, recognise_as_printed=recognise, distance_as_printed=None
    )
    return {"dataset": people, "importer": functions}


def told_of(key):
    """For a claim: a library that has the name which the claim gives under the key."""
    return lambda claim: {"importer": types.SimpleNamespace(**{claim.check[key]: len})}


# for each check: evidence under which it must give one verdict, and evidence for another;
# or a function that makes the evidence for a claim
FLIPS = {
    "accuracy_is_about": [
        (measured_near(+0.001, 0.002), SUPPORTED),
        (measured_near(-0.006, 0.006), CONDITIONAL),
        (measured_near(+0.008, 0.008), CONDITIONAL),
        (measured_near(-0.05, 0.01), REFUTED),
        (measured_near(+0.02, 0.005), REFUTED),
    ],
    "is_better": [
        ({"result": FakeResult(difference=Interval(0.01, 0.005, 0.015, ""))}, SUPPORTED),
        ({"result": FakeResult(difference=Interval(0.01, -0.005, 0.025, ""))}, REFUTED),
        ({"result": FakeResult(difference=Interval(-0.1, -0.2, -0.05, ""))}, REFUTED),
    ],
    "is_not_better": [
        ({"result": FakeResult(difference=Interval(0.01, 0.005, 0.015, ""))}, REFUTED),
        ({"result": FakeResult(difference=Interval(0.01, -0.005, 0.025, ""))}, SUPPORTED),
        ({"result": FakeResult(difference=Interval(-0.1, -0.2, -0.05, ""))}, SUPPORTED),
    ],
    "is_better_on": [
        ({"result": FakeResult(difference=Interval(0.01, 0.005, 0.015, ""))}, SUPPORTED),
        ({"result": FakeResult(difference=Interval(0.01, -0.005, 0.025, ""))}, REFUTED),
        ({"result": FakeResult(difference=Interval(-0.1, -0.2, -0.05, ""))}, REFUTED),
    ],
    "has_estimators": [
        (lambda claim: {"importer": Library(*claim.check["names"])}, SUPPORTED),
        ({"importer": Library("LinearSVC")}, UNCHECKABLE),
    ],
    "converges": [
        ({"result": FakeResult(converged=[1, 1])}, SUPPORTED),
        ({"result": FakeResult(converged=[0, 1])}, CONDITIONAL),
        ({"result": FakeResult(converged=[0, 0])}, REFUTED),
    ],
    "covariance_is_invertible": [
        ({"dataset": images(1000, constant_pixel=False)}, SUPPORTED),
        ({"dataset": images(1000, constant_pixel=True)}, REFUTED),
        ({"dataset": images(500, constant_pixel=False)}, REFUTED),  # fewer images than pixels
    ],
    "is_importable": [
        (told_of("attribute"), SUPPORTED),
        ({"importer": types.SimpleNamespace(__version__="1.0")}, REFUTED),
    ],
    "has_counts": [
        (counted(), SUPPORTED),
        (counted(total=-1), REFUTED),
        (counted(classes=-1), REFUTED),
        (counted(side=-1), REFUTED),
        (counted(tier="sample"), UNCHECKABLE),
    ],
    "is_metric": [
        (library(distances.euclidean), SUPPORTED),
        (library(lambda x, y: np.abs(x[..., 0] - y[..., 0])), CONDITIONAL),
        (library(formulas.squared_difference), REFUTED),
        (library(lambda x, y: -distances.euclidean(x, y)), REFUTED),
    ],
    "metric_axioms_suffice": [
        (library(distances.manhattan), SUPPORTED),
        (library(formulas.squared_difference), REFUTED),
        (library(lambda x, y: formulas.uphill(x - y)), UNCHECKABLE),  # it is not symmetric
    ],
    "is_norm": [
        (library(np.linalg.norm), SUPPORTED),
        (library(np.count_nonzero), REFUTED),
        (library(formulas.sum_of_squares), REFUTED),
        (library(lambda x: abs(x[0])), REFUTED),
    ],
    "norm_axioms_suffice": [
        (library(np.linalg.norm), SUPPORTED),
        (library(formulas.uphill), REFUTED),
        (library(formulas.sum_of_squares), UNCHECKABLE),  # it breaks the triangle inequality
    ],
    "same_values": [
        (library(lambda *vectors: 1.0), SUPPORTED),
        ({"importer": ByName()}, REFUTED),
    ],
    "is_length_of_line": [
        (library(distances.euclidean), SUPPORTED),
        ({"importer": distances}, CONDITIONAL),
        (library(lambda x, y: distances.euclidean(x, y) ** 2), REFUTED),
    ],
    "is_similarity": [
        (library(lambda x, y: -distances.euclidean(x, y)), SUPPORTED),
        (library(np.inner), CONDITIONAL),
        (library(distances.euclidean), REFUTED),
    ],
    "accepts": [
        (library(lambda **_: 1.0), SUPPORTED),
        (library(lambda **_: [] - []), REFUTED),
    ],
    "sees_correlation": [
        (library(distances.mahalanobis), SUPPORTED),
        (library(lambda x, y, matrix: distances.euclidean(x, y)), REFUTED),
        (library(lambda x, y, matrix: distances.mahalanobis(x, y, np.linalg.inv(matrix))), REFUTED),
    ],
    "learns_from_labels": [(library(LDA), SUPPORTED), (library(Covariance), REFUTED)],
    "loses_less": [
        (spoiled(Thrives, Thrives), SUPPORTED),
        (spoiled(Suffers, Thrives), CONDITIONAL),
        (spoiled(Suffers, Suffers), REFUTED),
    ],
    "prints": [
        (lambda claim: printed(lambda *_: claim.check["expected"]), SUPPORTED),
        (lambda claim: printed(lambda *_: np.add(claim.check["expected"], 1)), REFUTED),
        (lambda claim: printed(lambda *_: [claim.check["expected"]]), REFUTED),  # another shape
        (printed(stop), REFUTED),
    ],
    "runs": [(printed(lambda *_: 1.0), SUPPORTED), (printed(stop), REFUTED)],
    "depends_on": [
        (printed(lambda _, arguments: checksum(sorted(arguments.items()))), SUPPORTED),
        (printed(lambda *_: 1.0), REFUTED),
        (printed(stop), REFUTED),
    ],
    "agrees": [
        (printed(lambda *_: [1.0, 2.0]), SUPPORTED),
        (printed(checksum), REFUTED),
        (printed(lambda *call: np.ones(1 + checksum(*call) % 97)), REFUTED),
        (printed(stop), REFUTED),
    ],
    "differs": [
        (printed(lambda *_: [1.0, 2.0]), REFUTED),
        (printed(checksum), SUPPORTED),
        (printed(lambda *call: np.ones(1 + checksum(*call) % 97)), SUPPORTED),
        (printed(stop), REFUTED),
    ],
    "has_minimum": [
        (printed(lambda _, arguments: np.sum(np.square(arguments["w"]))), SUPPORTED),
        (printed(lambda _, arguments: -np.sum(np.square(arguments["w"]))), REFUTED),
        (printed(stop), REFUTED),
    ],
    "mentions": [
        (lambda claim: package(f"the {claim.check['word'].lower()} distance"), SUPPORTED),
        (package("nothing of the kind"), REFUTED),
    ],
}


FLIPS |= {
    "compiles": [
        ({"importer": types.SimpleNamespace(compile=lambda *arguments: None)}, SUPPORTED),
        ({"importer": types.SimpleNamespace(compile=lambda *arguments: exec("f("))}, REFUTED),
    ],
    "offers_function": [
        ({"importer": types.SimpleNamespace(LBP=len)}, SUPPORTED),
        ({"importer": types.SimpleNamespace(LBPRecognizer=int, LBP_create=len)}, REFUTED),
        ({"importer": types.SimpleNamespace(other=len)}, REFUTED),
    ],
    "survives_rotation": [
        (features(lambda x, **_: np.ones((len(x), 2))), SUPPORTED),
        (features(lambda x, **_: x[:, 0]), REFUTED),
    ],
    "describes_features": [
        (features(lambda x, **_: x.reshape(len(x), -1)), SUPPORTED),
        (features(lambda x, **_: 1.0 - x.reshape(len(x), -1)), REFUTED),
        (features(lambda x, **_: x[:, 0]), REFUTED),
    ],
    "tells_people_apart": [
        (features(lambda x, **_: x[:, 0], lambda x, y, *_: y), SUPPORTED),
        (features(lambda x, **_: x[:, 0], lambda x, y, *_: [y[0]] * len(x)), REFUTED),
    ],
    "prefers_separation": [
        (library(lambda labels, x: -np.ptp(x)), SUPPORTED),
        (library(lambda labels, x: np.ptp(x)), REFUTED),
        (library(lambda labels, x: 0.0), REFUTED),
    ],
    "is_better_by": [
        (by_seeds(0.01, 0.02, 0.015), SUPPORTED),
        (by_seeds(0.01, -0.02, 0.015), REFUTED),
        (by_seeds(-0.01, -0.02, -0.015), REFUTED),
    ],
}


FLIPS |= {
    "step_runs": [
        (library(lambda images, one_hot: images), SUPPORTED),
        (library(lambda images, one_hot: images @ one_hot), REFUTED),
    ],
    "pairs_fit_in_memory": [
        ({"dataset": types.SimpleNamespace(y_train=range(40_000), tier="canonical")}, SUPPORTED),
        ({"dataset": types.SimpleNamespace(y_train=range(50_000), tier="canonical")}, REFUTED),
        ({"dataset": types.SimpleNamespace(y_train=range(50_000), tier="sample")}, UNCHECKABLE),
    ],
    "weighs_features": [
        (library(lambda x: x.mean(axis=0)), SUPPORTED),
        (library(lambda x: x.mean(axis=1)), REFUTED),
        (library(lambda x: x @ x.T), REFUTED),
    ],
}


def script(source):
    """Evidence in which the printed script, whatever its name, is this one."""

    class Module:
        def __getattr__(self, name):
            return source

    return {"importer": Module()}


def script_about(source):
    """For a claim: the same, with the function that it is about in place of `it`."""
    return lambda claim: script(source.replace("it", claim.check["function"]))


def called_so_often(more):
    """For a claim: a script that calls the last of its names so often, and so many times more."""

    def parts(claim):
        said = claim.check
        times = said.get("at_least", 1) + more
        return script("\n".join([f"model.part.{said['names'][-1]}(1)"] * times))

    return parts


def script_naming(source):
    """For a claim: this script, with the first of its names at {0}."""
    return lambda claim: script(source.format(claim.check["names"][0]))


def network(features):
    """Evidence in which every network computes these features from rows of word numbers."""
    return {"importer": types.SimpleNamespace(stacked_textcnn=lambda n_words, length: features)}


FLIPS |= {
    "knows_its_names": [
        (script("import numpy as np\nfor x in np.arange(3):\n    print(x)"), SUPPORTED),
        (script("def f(x):\n    return x + 1\n\ny = f(2)"), SUPPORTED),
        (script("y = np.arange(3)"), REFUTED),
        (script("import numpy as xp\ny = np.arange(3)"), REFUTED),
    ],
    "uses": [
        (script_about("def it(a, b):\n    pass\n\nmodel.fix(loss=it)"), SUPPORTED),
        (script_about("def it(a, b):\n    pass\n\nmodel.fix(loss='it')"), REFUTED),
        (script_about("it = 3"), REFUTED),
    ],
    "calls": [
        (called_so_often(0), SUPPORTED),
        (called_so_often(-1), REFUTED),
        (script_naming("print({0})\nother({0})\n{0} = 3"), REFUTED),
    ],
    "tests_on_unseen": [
        (script("m.fit(a, b, validation_data=(c, d))\nm.predict(e)"), SUPPORTED),
        (script("m.fit(a, b, validation_data=(c, d))\nm.predict(c)"), REFUTED),
        (script("m.fit(a, b, validation_data=(c, d))\nm.predict(x=1)\nm.predict(c[:3])"), REFUTED),
    ],
    "begins_with_vectors": [
        (library(lambda matrix: matrix), SUPPORTED),
        (library(lambda matrix: np.zeros_like(matrix)), REFUTED),
        (library(lambda matrix: matrix.T), REFUTED),
    ],
    "sees_features": [
        (library(lambda labels, features, outputs: np.square(features).mean()), SUPPORTED),
        (library(lambda labels, features, outputs: np.square(outputs).mean()), REFUTED),
        (library(lambda labels, features, outputs: -np.square(features).mean()), REFUTED),
    ],
    "finds_words_anywhere": [
        (network(lambda rows: np.sort(rows, axis=1)), SUPPORTED),
        (network(lambda rows: 1.0 * rows), REFUTED),
    ],
}


def posts(train, test=None, n_each=5, tier="canonical"):
    """Evidence with posts of the article's four groups; `train` and `test` make one's text."""
    names = sorted(newsgroups.ORDER)
    sides = [
        [make(label, i) for label in range(4) for i in range(n_each)]
        for make in (train, test or train)
    ]
    y = np.repeat(np.arange(4), n_each)
    data = {"x_train": sides[0], "x_test": sides[1], "y_train": y, "y_test": y}
    return {"dataset": types.SimpleNamespace(**data, class_names=names, tier=tier)}


def folders(*sizes):
    """Evidence with so many posts, half of them to train, in the folders as the script reads."""
    y = np.repeat(np.arange(4), sizes)
    data = {"x_train": ["word"] * len(y), "x_test": ["word"] * len(y), "y_train": y, "y_test": y}
    return {"dataset": types.SimpleNamespace(**data, class_names=newsgroups.ORDER)}


def corpus(n, n_groups=20, tier="canonical"):
    """Evidence with a corpus of n posts."""
    names = [str(i) for i in range(n_groups)]
    sides = {"y_train": np.zeros(n - 1), "y_test": np.zeros(1)}
    return {"dataset": types.SimpleNamespace(**sides, class_names=names, tier=tier)}


def one_word(label, i):
    return "word"


def any_word(label, i):
    return "abcdefghij"[label + i]


def optimised(how):
    """Evidence with posts, and an optimisation that gives this for x and a number of epochs."""

    def optimise(x, y, num_epochs, axis_mended):
        return np.zeros(x.shape) if num_epochs == 0 else how(x)

    module = types.SimpleNamespace(gradient_optimization=optimise)
    return posts(any_word) | {"importer": module}


def by_seeds_and_posts(differences, over_posts):
    """For a claim: the same as `by_seeds`, with an interval of the difference over the posts."""

    def parts(claim):
        result = by_seeds(*differences)(claim)["result"]
        result.measure = "accuracy"
        result.compare = lambda arm, than: Interval(np.mean(differences), *over_posts, "")
        return {"result": result}

    return parts


FLIPS |= {
    "is_better_over_seeds": [
        (by_seeds_and_posts([0.03, 0.04, 0.05], (0.02, 0.06)), SUPPORTED),
        (by_seeds_and_posts([-0.03, -0.04, -0.05], (-0.06, -0.02)), REFUTED),
        (by_seeds_and_posts([-0.09, 0.14, 0.01], (-0.01, 0.05)), REFUTED),
    ],
    "has_posts": [
        (lambda claim: corpus(claim.check["about"]), SUPPORTED),
        (lambda claim: corpus(claim.check["about"] - 1_154), CONDITIONAL),
        (lambda claim: corpus(claim.check["about"] - 6_000), REFUTED),
        (lambda claim: corpus(claim.check["about"], n_groups=19), REFUTED),
        (lambda claim: corpus(claim.check["about"], tier="sample"), UNCHECKABLE),
    ],
    "reads_as_utf8": [
        (posts(one_word), SUPPORTED),
        (posts(lambda label, i: "caf\u00e9"), REFUTED),
        (posts(one_word, tier="sample"), UNCHECKABLE),
    ],
    "learns_words_from_training": [
        (posts(any_word), SUPPORTED),
        (posts(any_word, one_word), REFUTED),
    ],
    "validates_on_all_groups": [
        (posts(one_word), REFUTED),
        (folders(20, 20, 1, 1), REFUTED),
        (folders(31, 1, 1, 1), SUPPORTED),
    ],
    "gives_weights": [
        (optimised(lambda x: x / 2), SUPPORTED),
        (optimised(lambda x: x), REFUTED),
        (optimised(lambda x: 1e9 * x), REFUTED),
        (optimised(lambda x: np.nan * x), REFUTED),
    ],
}


class Timed:
    """Answers like a result on streams, with these milliseconds for a query and for an update."""

    def __init__(self, median, slow):
        self.spent = {"p50": median, "p99": slow}

    def values(self, arm, measure):
        return np.full(3, self.spent[measure[-3:]])


def losses(*with_rate):
    """A library of losses that take a learning rate, or do not."""

    class Loss:
        pass

    class Plain(Loss):
        def __init__(self, margin=1.0):
            pass

    class Rated(Loss):
        def __init__(self, learning_rate=1.0):
            pass

    kinds = {
        f"Loss{i}": type(f"Loss{i}", ((Plain, Rated)[rated],), {})
        for i, rated in enumerate(with_rate)
    }
    return {"importer": types.SimpleNamespace(Loss=Loss, other=len, **kinds)}


FLIPS |= {
    "keeps_up": [
        ({"result": Timed(0.1, 4.9)}, SUPPORTED),
        ({"result": Timed(0.1, 5.1)}, CONDITIONAL),
        ({"result": Timed(5.1, 9.0)}, REFUTED),
    ],
    "takes_argument": [
        (losses(True, True), SUPPORTED),
        (losses(True, False), CONDITIONAL),
        (losses(False, False), REFUTED),
    ],
}


def with_spread(difference, own, other):
    """Evidence of two arms whose accuracies over ten seeds spread so much."""
    steps = np.linspace(-1, 1, 10)

    def parts(claim):
        result = FakeResult(difference=difference)
        spreads = {claim.check["arm"]: own, claim.check["than"]: other}
        result.values = lambda arm: 0.9 + spreads[arm] * steps
        return {"result": result}

    return parts


def losses_with_weights(*which):
    """A module of losses, some with weights."""

    class Plain:
        pass

    class Weighted:
        trainable_variables = ()

    names = [f"L{i}Loss" for i in range(len(which))]
    kinds = dict(zip(names, (Weighted if has else Plain for has in which), strict=True))
    return {
        "importer": types.SimpleNamespace(__all__=[*names, "CONVENTIONS"], CONVENTIONS={}, **kinds)
    }


_GAIN, _NO_GAIN = Interval(0.01, 0.005, 0.015, ""), Interval(0.01, -0.005, 0.025, "")
FLIPS |= {
    "has_weights": [
        (losses_with_weights(True, True), SUPPORTED),
        (losses_with_weights(True, False), CONDITIONAL),
        (losses_with_weights(False, False), REFUTED),
    ],
    "is_better_and_steadier": [
        (with_spread(_GAIN, 0.01, 0.03), SUPPORTED),
        (with_spread(_GAIN, 0.01, 0.011), CONDITIONAL),
        (with_spread(_NO_GAIN, 0.01, 0.03), CONDITIONAL),
        (with_spread(_NO_GAIN, 0.03, 0.01), REFUTED),
    ],
}


class ByKind:
    """Answers like a result on several kinds of data: who beats whom on which kind."""

    measure, experiment = "accuracy", "an_experiment"
    arms = collections.defaultdict(lambda: "an arm")

    def __init__(self, *wins):
        self.wins = wins  # (kind, winner, loser); "*" stands for anything

    def compare(self, first, second):
        (one, kind), (other, _) = (arm.rsplit("_", 1) for arm in (first, second))

        def won(*names):
            return any(
                all(is_ in ("*", got) for is_, got in zip(win, names, strict=True))
                for win in self.wins
            )

        gap = 0.1 * (won(kind, one, other) - won(kind, other, one))
        return Interval(gap, gap - 0.05, gap + 0.05, "")


def on_kinds(*which):
    """For a claim: the arm wins on these positions of its kinds."""

    def parts(claim):
        said = claim.check
        kinds = [said["kinds"][i] for i in which]
        return {"result": ByKind(*((kind, said["arm"], said["than"]) for kind in kinds))}

    return parts


def beaten_on(*which):
    """For a claim: another distance wins on these positions of its kinds."""

    def parts(claim):
        said = claim.check
        kinds = [said["kinds"][i] for i in which]
        return {"result": ByKind(*((kind, said["others"][0], said["arm"]) for kind in kinds))}

    return parts


def changing(both_ways):
    """For a claim: of two methods, one wins on the first kind, and perhaps not on the second."""

    def parts(claim):
        (first, second), (here, there) = claim.check["methods"][:2], claim.check["kinds"][:2]
        back = (there, second, first) if both_ways else (there, first, second)
        return {"result": ByKind((here, first, second), back)}

    return parts


def swept(best, worst):
    """For a claim: two settings with these intervals."""
    rows = [Interval(sum(limits) / 2, *limits, "") for limits in (best, worst)]
    sweep = types.SimpleNamespace(sweep=lambda name: (np.array([0.1, 1.0]), rows))
    return {"result": sweep}


def ranked_by(kernel):
    """For a claim: a correlated table, and a kernel."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 1)) + 0.2 * rng.normal(size=(300, 3))
    return lambda claim: {
        "dataset": types.SimpleNamespace(x_train=x[:200], x_test=x[200:]),
        "importer": types.SimpleNamespace(**{claim.check["function"]: kernel}),
    }


def by_covariance(queries, gallery):
    metric = Covariance("total").fit(gallery)
    return by_euclid(metric.transform(queries), metric.transform(gallery))


def by_euclid(queries, gallery):
    return -((queries[:, None] - gallery) ** 2).sum(axis=-1)


def computed(pairs, mapped):
    """For a claim: its two ways to compute the distance, each perhaps done three times over."""

    def repeated(function, n_times):
        return lambda *points: [function(*points) for _ in range(n_times)][-1]

    def parts(claim):
        ways = (
            (claim.check["function"], tips.pair_by_pair, pairs),
            (
                claim.check["mapped"],
                tips.mapped_once,
                mapped,
            ),
        )
        library = {name: repeated(function, n) for name, function, n in ways}
        return {"importer": types.SimpleNamespace(**library)}

    return parts


def same_distances_for_less(claim):
    """For a claim: both of its ways are the one that maps."""

    def cheaper(X, Y, M):
        values = np.array([[float(number) for number in row] for row in M])
        return tips.mapped_once(X, Y, M[0, 0].counter.wrap(np.linalg.cholesky(values).T))

    ways = {claim.check["function"]: cheaper, claim.check["mapped"]: tips.mapped_once}
    return {"importer": types.SimpleNamespace(**ways)}


def fitted_to_sparse(*willing):
    """For a claim: its estimators, of which these take sparse matrices."""

    class Willing:
        def fit(self, X, y):
            return self

    class Unwilling:
        def fit(self, X, y):
            raise TypeError("sparse")

    def parts(claim):
        names = [name.rpartition(".")[2] for name in claim.check["estimators"]]
        kinds = {n: Willing if i in willing else Unwilling for i, n in enumerate(names)}
        return {"importer": types.SimpleNamespace(**kinds)}

    return parts


def answering(accuracy, other):
    """A result of an arm with this accuracy, and this value of every other measure."""
    values = collections.defaultdict(lambda: other, {"accuracy": accuracy})
    return {
        "result": types.SimpleNamespace(
            arms=FakeResult.arms,
            interval=lambda arm, measure="accuracy": Interval(values[measure], 0.0, 1.0, ""),
        )
    }


FLIPS |= {
    "costs_more_than_euclid": [
        (computed(1, 1), CONDITIONAL),
        (computed(1, 3), SUPPORTED),
        (same_distances_for_less, REFUTED),
    ],
    "is_better_on_kinds": [
        (lambda claim: on_kinds(*range(len(claim.check["kinds"])))(claim), SUPPORTED),
        (on_kinds(0), CONDITIONAL),
        (on_kinds(), REFUTED),
    ],
    "none_is_better": [
        (beaten_on(), SUPPORTED),
        (beaten_on(1), CONDITIONAL),
        (lambda claim: beaten_on(*range(len(claim.check["kinds"])))(claim), REFUTED),
    ],
    "order_changes": [(changing(True), SUPPORTED), (changing(False), REFUTED)],
    "ranks_like_mahalanobis": [
        (ranked_by(by_covariance), SUPPORTED),
        (ranked_by(by_euclid), REFUTED),
    ],
    "settings_matter": [
        (swept((0.8, 0.9), (0.5, 0.6)), SUPPORTED),
        (swept((0.5, 0.6), (0.8, 0.9)), SUPPORTED),
        (swept((0.5, 0.6), (0.55, 0.65)), REFUTED),
    ],
    "takes_sparse": [
        (fitted_to_sparse(0, 1), SUPPORTED),
        (fitted_to_sparse(1), CONDITIONAL),
        (fitted_to_sparse(), REFUTED),
    ],
    "useless_looks_good": [
        (answering(0.95, 0.0), SUPPORTED),
        (answering(0.95, 0.4), REFUTED),
        (answering(0.6, 0.0), REFUTED),
    ],
}


def first_samples(*samples):
    """Evidence in which data sets, one after the other, begin with these samples."""

    class OneByOne:
        def __init__(self):
            self.left = list(samples)

        @property
        def x_train(self):
            return [self.left.pop(0)]

    return lambda claim: {"dataset": OneByOne()}


def better_in(which):
    """For a claim: the first arm is better in this slice of its pairs."""

    def parts(claim):
        pairs = [tuple(pair) for pair in claim.check["pairs"]]
        winners = pairs[which]
        result = FakeResult()
        result.compare = lambda *arms: Interval(0.01, 0.005 if arms in winners else -0.1, 0.2, "")
        return {"result": result}

    return parts


class Sweep:
    """Answers like a result with a sweep of two settings, 10 and 50, beside a baseline."""

    arms = FakeResult.arms
    baseline = "whole"

    def __init__(self, gaps, costs=(10, 50)):
        self.gaps, self.costs = dict(zip(("10", "50"), gaps, strict=True)), costs

    def sweep(self, kind):
        return np.array([10.0, 50.0]), None

    def compare(self, first, second):
        low, high = self.gaps[first.rpartition("_")[2]]
        return Interval((low + high) / 2, low, high, "")

    def values(self, arm, measure):
        cost = {"whole": 100, "10": self.costs[0], "50": self.costs[1]}
        return np.full(3, cost[arm.rpartition("_")[2]])


FLIPS |= {
    "each_is_better": [
        (better_in(slice(None)), SUPPORTED),
        (better_in(slice(1, None)), CONDITIONAL),
        (better_in(slice(0)), REFUTED),
    ],
    "samples_have_sum": [
        (first_samples(np.zeros((28, 28)), np.zeros((28, 28))), SUPPORTED),
        (first_samples(np.zeros((28, 28)), np.zeros(4_000)), REFUTED),
        (first_samples(np.zeros((28, 28)), "a text"), UNCHECKABLE),
    ],
    "sweeps_help": [
        ({"result": Sweep([(0.01, 0.03), (0.02, 0.03)])}, SUPPORTED),
        ({"result": Sweep([(0.01, 0.03), (-0.02, 0.03)])}, CONDITIONAL),
        ({"result": Sweep([(-0.03, -0.01), (-0.02, 0.03)])}, REFUTED),
    ],
    "costs_no_accuracy": [
        ({"result": Sweep([(-0.3, -0.2), (-0.005, 0.005)])}, SUPPORTED),
        ({"result": Sweep([(-0.005, 0.005), (-0.3, -0.2)])}, SUPPORTED),
        ({"result": Sweep([(-0.3, -0.2), (-0.02, 0.02)])}, REFUTED),
        ({"result": Sweep([(-0.3, -0.2), (-0.009, -0.001)])}, REFUTED),
        ({"result": Sweep([(-0.3, -0.2), (-0.005, 0.005)], costs=(10, 80))}, REFUTED),
    ],
}


def shelf(*works):
    """Evidence with a bibliography of these works."""
    known = {work.key: work for work in works}
    return {"importer": types.SimpleNamespace(references=lambda: known)}


def as_cited(**changes):
    """For a claim: evidence with the work that it cites, or with one that differs in a field."""

    def parts(claim):
        said = claim.check
        names = [name.rpartition(" ") for name in said["authors"] or ["A. Body"]]
        fields = {
            "author": " and ".join(f"{family}, {given}" for given, _, family in names),
            "title": said["title"],
            "year": str(said.get("year", 2000)),
            "venue": said.get("venue", "a place"),
        }
        return shelf(Reference("cited", "book", fields | changes))

    return parts


def seen_at(*places):
    """For a claim: evidence with works that lead to its place, or to another."""

    def parts(claim):
        addresses = [place.replace("it", claim.check["place"]) for place in places]
        fields = {"title": "a title", "verified": ""}
        return shelf(
            *(Reference(f"{i}", "online", fields | {"url": a}) for i, a in enumerate(addresses))
        )

    return parts


FLIPS |= {
    "is_as_cited": [
        (as_cited(), SUPPORTED),
        (as_cited(title="Another title"), UNCHECKABLE),
        (
            as_cited(author="Nobody, N. and Other, A. N."),
            lambda claim: REFUTED if claim.check["authors"] else SUPPORTED,  # nobody is named
        ),
        (lambda claim: as_cited(title=f"{claim.check['title']} 2: Again")(claim), UNCHECKABLE),
    ],
    "is_source_of": [
        (seen_at(*["https://it/x"] * 20), SUPPORTED),
        (seen_at(*["https://it/x"] * 19, "https://other"), CONDITIONAL),
        (seen_at("https://other"), UNCHECKABLE),
    ],
    "still_appears": [
        (lambda claim: shelf(Reference(claim.check["key"], "online", {"title": "it"})), SUPPORTED),
        (
            lambda claim: shelf(
                Reference(
                    claim.check["key"],
                    "online",
                    {"title": "it", "verified": "a page", "pubstate": "on hiatus"},
                )
            ),
            CONDITIONAL,
        ),
        (shelf(), UNCHECKABLE),
    ],
}


def told(**facts):
    """For a claim: a module with these facts, under the names that the claim gives them."""
    return lambda claim: {
        "importer": types.SimpleNamespace(**{claim.check[k]: v for k, v in facts.items()})
    }


def in_markdown(make, changed_verdict):
    """For a claim: a renderer that makes this of the formula that the claim expects.

    The verdict also depends on the claim's own source, which the renderer cannot change.
    """

    def parts(claim):
        rendered = make(claim.check["expected"])
        return {"importer": types.SimpleNamespace(MarkdownIt=lambda: FakeRenderer(rendered))}

    def expected(claim):
        return SUPPORTED if claim.check["source"] == claim.check["expected"] else changed_verdict

    return parts, expected


class FakeRenderer:
    def __init__(self, rendered):
        self.rendered = rendered

    def render(self, source):
        return self.rendered


def garbled(claim):
    same = claim.check["source"] == claim.check["expected"]
    return CONDITIONAL if same else REFUTED


def verified(text, *which):
    """For a claim: a bibliography with its works at these positions, all with this title."""

    def parts(claim):
        keys = claim.check["keys"][slice(*which)]
        title = text.replace("it", claim.check.get("words", ["it"])[0])
        return shelf(*(Reference(key, "book", {"title": title}) for key in keys))

    return parts


FLIPS |= {
    "numbers_are_unique": [
        (told(facts=[("1", 3), ("2", 5), ("A", 9)]), SUPPORTED),
        (told(facts=[("1", 3), ("2", 5), ("1", 9)]), REFUTED),
    ],
    "sections_follow": [
        (told(chapters=[("1", 1), ("1", 9)], sections=[("1.1", 2), ("1.1", 10)]), SUPPORTED),
        (told(chapters=[("1", 1), ("2", 9)], sections=[("1.1", 2), ("1.2", 10)]), REFUTED),
        (told(chapters=[("1", 1)], sections=[("1.1", 2), ("1.3", 10)]), REFUTED),
    ],
    "numbers_are_as_announced": [
        (told(outline=[("a", "1"), ("b", "2")], body=[("b", "2"), ("a", "1")]), SUPPORTED),
        (told(outline=[("a", "1"), ("b", "2")], body=[("a", "1"), ("b", "3")]), REFUTED),
        (told(outline=[("a", "1"), ("b", "2")], body=[("a", "1")]), REFUTED),
    ],
    "order_is_as_announced": [
        (told(outline=[("a", "1"), ("b", "2")], body=[("a", "2"), ("b", "2")]), SUPPORTED),
        (told(outline=[("a", "1"), ("b", "2")], body=[("b", "2"), ("a", "1")]), REFUTED),
    ],
    "keeps_promises": [
        (told(facts=[("a", 1), ("b", 2)]), SUPPORTED),
        (told(facts=[("a", 1), ("b", None)]), CONDITIONAL),
        (told(facts=[("a", None), ("b", None)]), REFUTED),
    ],
    "nothing_is_left_open": [
        (told(facts=[]), SUPPORTED),
        (told(facts=[(3, "a name")]), REFUTED),
    ],
    "blocks_differ": [
        (told(facts=[("a", {1: 11, 2: 12}), ("b", {5: 13, 6: 14})]), SUPPORTED),
        (told(facts=[("a", {1: 11, 2: 12}), ("b", {5: 13, 6: 12})]), REFUTED),
    ],
    "all_are_cited": [
        (told(listed=[1, 2], cited=[2, 1]), SUPPORTED),
        (told(listed=[1, 2], cited=[2]), CONDITIONAL),
        (told(listed=[1, 2], cited=[3]), REFUTED),
    ],
    "lists_agree": [
        (told(first=[("a", ("A", "B")), ("b", ("C",))], second=[("a", ("B", "A"))]), SUPPORTED),
        (told(first=[("a", ("A", "B"))], second=[("a", ("A",))]), REFUTED),
    ],
    "reports": [
        (lambda claim: told(facts=[(1, claim.check["needed"])])(claim), SUPPORTED),
        (lambda claim: told(facts=[(1, claim.check["needed"][1:])])(claim), REFUTED),
    ],
    "shows_in_markdown": [
        in_markdown(lambda tex: f"<p>{tex}</p>", CONDITIONAL),
        (in_markdown(lambda tex: f"<p>{tex[1:-1]}+</p>", None)[0], garbled),
    ],
    "has_source": [
        (verified("it", None), SUPPORTED),
        (shelf(), UNCHECKABLE),
    ],
    "is_about": [
        (verified("all about it", None), SUPPORTED),
        (verified("something else", None), UNCHECKABLE),
        (shelf(), UNCHECKABLE),
    ],
}


def script_with(key, source):
    """For a claim: this script, with what the claim says under the key in place of `this`."""

    def parts(claim):
        said = claim.check[key]
        return script(source.replace("this", said if isinstance(said, str) else said[-1]))

    return parts


FLIPS |= {
    "splits_its_data": [
        (script("a, b = train_test_split(x)\nm.fit(a)"), SUPPORTED),
        (script("(a, b), (c, d) = mnist.load_data()"), SUPPORTED),
        (script("m.fit(x)\nm.predict(x)"), REFUTED),
    ],
    "fits_after_split": [
        (script_with("method", "a, b = train_test_split(x)\nm.this(a)"), SUPPORTED),
        (script_with("method", "m.this(x)\na, b = train_test_split(x)"), REFUTED),
        (script_with("method", "m.this(x)"), REFUTED),
    ],
    "reads_files": [
        (script_with("files", "x = read('folder/this.gz', 3)"), SUPPORTED),
        (script("x = read('another', 3)"), REFUTED),
    ],
    "calls_with": [
        (lambda c: script(f"m.{c.check['function']}({c.check['argument']}[:3])"), SUPPORTED),
        (lambda c: script(f"m.{c.check['function']}(other)"), REFUTED),
        (lambda c: script(f"m.other({c.check['argument']})"), REFUTED),
    ],
    "reads_all": [
        (lambda c: script(f"f({', '.join(c.check['names'])})"), SUPPORTED),
        (lambda c: script(f"f({c.check['names'][0]})"), CONDITIONAL),
        (lambda c: script(f"{c.check['names'][0]} = 3"), REFUTED),
    ],
}


def with_axioms(rest, own=lambda table: table[0, 1] == 0):
    """For a claim: axioms of which all others hold for every table, and one more is `rest`."""

    def parts(claim):
        said = claim.check
        others = dict.fromkeys(said["among"], lambda table: True)
        return told(axioms={said["axiom"]: own, **others, "one more": rest})(claim)

    return parts


def estimators(supervised, unsupervised):
    """For a claim: its estimators, which need labels or not."""

    class Needy:
        def __init__(self, **arguments):
            pass

        def fit(self, X, y):
            return self

    class Free(Needy):
        def fit(self, X, y=None):
            return self

    def parts(claim):
        kinds = {
            name: Needy if needy else Free
            for kind, needy in (("supervised", supervised), ("unsupervised", unsupervised))
            for name, _ in claim.check[kind]
        }
        return {"importer": types.SimpleNamespace(**kinds)}

    return parts


FLIPS |= {
    "axiom_is_needed": [
        (with_axioms(lambda table: True), SUPPORTED),
        (with_axioms(lambda table: False), CONDITIONAL),
        (with_axioms(lambda table: True, own=lambda table: True), REFUTED),
    ],
    "needs_labels": [
        (estimators(True, False), SUPPORTED),
        (estimators(True, True), CONDITIONAL),
        (estimators(False, True), REFUTED),
    ],
    "contrast_falls": [
        (library(definitions.uniform_points), SUPPORTED),
        (library(definitions.points_on_a_plane), REFUTED),
    ],
    "is_inner_product": [
        (library(np.inner), SUPPORTED),
        (library(lambda u, v: -np.inner(u, v)), REFUTED),
        (library(lambda u, v: u[0] * v[1]), REFUTED),
        (library(lambda u, v: np.inner(u, v) ** 3), REFUTED),
    ],
    "pushes_apart": [
        (library(lambda labels, x: -np.ptp(x)), SUPPORTED),
        (library(lambda labels, x: max(2 - np.ptp(x), 0)), CONDITIONAL),
        (library(lambda labels, x: 3.0), REFUTED),
        (library(lambda labels, x: np.ptp(x)), REFUTED),
    ],
    "counts_hits": [
        (library(lambda found, labels: np.mean(np.equal(found, labels))), SUPPORTED),
        (library(definitions.share_of_equal), CONDITIONAL),
        (library(lambda found, labels: found == list(labels)), REFUTED),
    ],
    "sees_ranking": [
        (library(lambda y, order: np.mean(order[:, :11] == y[:, None])), SUPPORTED),
        (library(lambda y, order: np.mean(order[:, 0] == y)), REFUTED),
    ],
    "overfits": [
        (lambda c: {"result": by_measure(0.9 + c.check["by"], 0.89)}, SUPPORTED),
        (lambda c: {"result": by_measure(0.9 + c.check["by"], 0.91)}, REFUTED),
    ],
}


def by_measure(seen, new):
    """A result of an arm that is so accurate on its training data, and so on new data."""
    values = {"train_accuracy": np.array([seen]), "accuracy": np.array([new])}
    return types.SimpleNamespace(arms=FakeResult.arms, values=lambda arm, measure: values[measure])


def texts(make):
    return {"dataset": types.SimpleNamespace(x_train=[make(i) for i in range(300)])}


def on_python(*needs):
    """For a claim: its packages, which need these versions of Python in turn."""

    def parts(claim):
        cycle = dict(zip(claim.check["packages"], needs * 9, strict=False))
        metadata = types.SimpleNamespace(metadata=lambda name: {"Requires-Python": cycle[name]})
        return {"importer": metadata}

    return parts


def installed(homes, requires=()):
    """For a claim: its modules come from these packages; `first` is the first one it installs."""

    def parts(claim):
        said = claim.check
        known = {"first": said["installs"][0], "all": said["installs"]}
        names = [known.get(home, home) for home in homes]
        flat = [n for name in names for n in (name if isinstance(name, list) else [name])]
        return {
            "importer": types.SimpleNamespace(
                packages_distributions=lambda: dict.fromkeys(said["imports"], flat),
                requires=lambda name: list(requires),
            )
        }

    return parts


def at_path(value):
    """For a claim: a library with this function at the place that the claim names."""

    def parts(claim):
        found = value
        for name in reversed(claim.check["function"].split(".")):
            found = types.SimpleNamespace(**{name: found})
        return {"importer": found}

    return parts


def signed(parameters):
    """A function that says it has these parameters."""

    def function():
        pass

    function.__signature__ = inspect.Signature(list(parameters))
    return function


def taking(first):
    """For a claim: its function takes its arguments from this one on."""

    def parts(claim):
        kind = inspect.Parameter.KEYWORD_ONLY
        names = claim.check["arguments"][first:]
        return at_path(signed(inspect.Parameter(n, kind) for n in names))(claim)

    return parts


def takes_anything(self, **options):
    pass


def warned(**arguments):
    import warnings

    warnings.warn("deprecated", stacklevel=1)


def no_such(**arguments):
    raise TypeError("unexpected argument")


def fits_missing(*willing):
    """For a claim: its estimators, of which these positions take missing values."""

    class Willing:
        def fit(self, X, y):
            return self

    class Unwilling:
        def fit(self, X, y):
            raise ValueError("NaN")

    def parts(claim):
        names = [name.rpartition(".")[2] for name in claim.check["estimators"]]
        kinds = {n: Willing if i in willing else Unwilling for i, n in enumerate(names)}
        return {"importer": types.SimpleNamespace(**kinds)}

    return parts


def loading_from(host):
    """For a claim: its source files, which fetch from this host (`it` is the claim's)."""

    def parts(claim):
        address = host.replace("it", claim.check["host"])
        folder = pathlib.Path(PACKAGES.name) / str(checksum(claim.id, host))
        for _, file, name in claim.check["sources"]:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(
                f'OTHER = "http://{claim.check["host"]}"\n{name} = "{address}"'
            )
        return {"importer": types.SimpleNamespace(__path__=[str(folder)])}

    return parts


FLIPS |= {
    "runs_on_python": [
        (on_python(">=3.6"), SUPPORTED),
        (on_python(">=3.6", ">=3.11"), CONDITIONAL),
        (on_python(">=3.11"), CONDITIONAL),
        (on_python(">=99"), REFUTED),
    ],
    "installs_what_it_imports": [
        (installed(["first"]), SUPPORTED),
        (installed(["brought-along"], ["brought_along>=2"]), SUPPORTED),
        (installed(["another"]), REFUTED),
    ],
    "imports_what_it_installs": [
        (installed(["all"]), SUPPORTED),
        (installed(["first"]), CONDITIONAL),
        (installed(["another"]), REFUTED),
    ],
    "takes": [
        (taking(0), SUPPORTED),
        (at_path(takes_anything), SUPPORTED),
        (taking(1), REFUTED),
    ],
    "accepts_quietly": [
        (at_path(lambda **arguments: None), SUPPORTED),
        (at_path(warned), CONDITIONAL),
        (at_path(no_such), REFUTED),
    ],
    "refuses_missing": [
        (fits_missing(), SUPPORTED),
        (fits_missing(1), CONDITIONAL),
        (fits_missing(0, 1, 2, 3), REFUTED),
    ],
    "fetched_from": [
        (loading_from("http://it/data.gz"), SUPPORTED),
        (loading_from("http://elsewhere/it"), UNCHECKABLE),
    ],
    "has_classes": [
        (lambda c: {"dataset": types.SimpleNamespace(class_names=c.check["names"])}, SUPPORTED),
        (
            lambda c: {"dataset": types.SimpleNamespace(class_names=c.check["names"][:1])},
            CONDITIONAL,
        ),
        ({"dataset": types.SimpleNamespace(class_names=["none"])}, REFUTED),
    ],
    "is_sparse": [
        (lambda c: texts(lambda i: " ".join(f"w{i}x{j}" for j in range(5))), SUPPORTED),
        (lambda c: texts(lambda i: "the same words in each"), REFUTED),
        (lambda c: texts(lambda i: f"w{i % 30}"), REFUTED),  # sparse, with few words
    ],
    "is_scaled": [
        (library(lambda images: images / 255), SUPPORTED),
        (library(lambda images: images), REFUTED),
        (library(lambda images: images / 255 - 0.5), REFUTED),
    ],
}


class Cluster(FakeResult):
    """A result of searches with a gallery of this size, and a share of right answers."""

    def __init__(self, share, gallery_mb=6000):
        super().__init__(accuracy=Interval(0.9, 0.8, 1.0, ""))
        self.found = {"same_nearest": share, "gallery_mb": gallery_mb, "heap_mb": 500}

    def values(self, arm, measure):
        worst = self.found[measure]
        return np.array([1.0, worst] if measure == "same_nearest" else [worst])


def with_names(n_wanted):
    """For a claim: evidence in which modules name so many of the things wanted; None is all."""

    def parts(claim):
        words = [place["words"][0] for place in claim.check["wanted"].values()][:n_wanted]
        return {"importer": types.SimpleNamespace(**{f"The{word}": None for word in words})}

    return parts


FLIPS |= {
    "offers_names": [
        (with_names(None), SUPPORTED),
        (with_names(0), REFUTED),
    ],
    "trained_alike": [
        ({"result": Cluster(0.99)}, SUPPORTED),
        ({"result": Cluster(0.9)}, REFUTED),
    ],
    "searches_beyond_memory": [
        ({"result": Cluster(1.0)}, SUPPORTED),
        ({"result": Cluster(0.999)}, REFUTED),
        ({"result": Cluster(1.0, gallery_mb=4000)}, REFUTED),
    ],
}


class Columns:
    """A metric that looks at the first columns only."""

    def __init__(self, n_columns):
        self.n_columns = n_columns

    def fit(self, X, y):
        return self

    def transform(self, X):
        return X[:, : self.n_columns]


def learned(n_columns):
    """For a claim: items whose class only their first column tells, and a metric of so many."""
    rng = np.random.default_rng(0)
    number = np.arange(300) // 3  # of three items in a row, one may be looked at
    y = number // 5 % 2
    noise = rng.random((300, 1))
    # twice the same noise, which therefore makes the larger groups, and more noise
    x = np.hstack([y[:, np.newaxis] + 0.01 * noise, noise, noise, rng.random((300, 400))])
    data = types.SimpleNamespace(
        x_train=x, y_train=y, x_test=x[:10], y_test=y[:10], groups_train=number % 5
    )

    def parts(claim):
        said = claim.check
        names = {said["estimator"]: lambda **_: Columns(n_columns)}
        if "features" in said:
            names[said["features"][1]] = np.array
        return {"dataset": data, "importer": types.SimpleNamespace(**names)}

    return parts


def with_default(value):
    """For a claim: functions that take this for its parameter; `it` is what the claim says."""

    def parts(claim):
        default = claim.check["value"] if value == "it" else value
        kind = inspect.Parameter.KEYWORD_ONLY
        parameter = inspect.Parameter(claim.check["parameter"], kind, default=default)
        return library(signed([parameter]))

    return parts


def asks_for_pandas(libraries):
    return libraries.check_pandas_support("it")


def asks_for_nothing(libraries):
    return libraries.check_pandas_support


def licensed(**fields):
    """Evidence in which every package has these fields."""
    about = email.message.Message()
    for name, value in fields.items():
        about[name] = value
    return {"importer": types.SimpleNamespace(metadata=lambda name: about)}


def told_script(claim, source):
    """This script, and libraries in which nothing but `three` can be found."""

    class Modules:
        three = None

        def __init__(self):
            setattr(self, claim.check["script"], source)

    return {"importer": Modules()}


class Power:
    """Like a number of PyTorch: a power of x, whose derivative is off by a factor."""

    def __init__(self, x, exponent, factor):
        self.x, self.exponent, self.factor, self.grad = x, exponent, factor, None

    def __lt__(self, bound):
        return self.x**self.exponent < bound

    def __mul__(self, root):
        power = Power(self.x, self.exponent + 1, self.factor)
        power.root = root
        return power

    def backward(self):
        self.root.grad = self.factor * self.exponent * self.x ** (self.exponent - 1)


def tensors(factor):
    return {"importer": types.SimpleNamespace(tensor=lambda x, requires_grad: Power(x, 1, factor))}


def paths_in(folder):
    """The files of a folder with their groups, in one order."""
    root = pathlib.Path(folder)
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def contents_in(folder, listdir):
    root = pathlib.Path(folder)
    return [(root / g / name).read_text() for g in newsgroups.ORDER for name in listdir(root / g)]


def own_name(label, i):
    return sorted(newsgroups.ORDER)[label]


def one_own_name(label, i):
    return own_name(label, i) if label == i == 0 else "word"


FLIPS |= {
    "fixes_scale": [
        (lambda c: told(axioms={c.check["axiom"]: lambda d: d.max() == 1})(c), SUPPORTED),
        (lambda c: told(axioms={c.check["axiom"]: lambda d: d.min() >= 0})(c), REFUTED),
    ],
    "is_never_negative": [
        (printed(lambda *_: [0.0, 1.0]), SUPPORTED),
        (printed(lambda *_: [-1.0, 1.0]), REFUTED),
        (printed(stop), REFUTED),
    ],
    "groups_better": [(learned(1), SUPPORTED), (learned(403), REFUTED)],
    "recognises_better": [(learned(1), SUPPORTED), (learned(403), REFUTED)],
    "is_default": [(with_default("it"), SUPPORTED), (with_default("another"), REFUTED)],
    "calls_inside": [(library(asks_for_pandas), SUPPORTED), (library(asks_for_nothing), REFUTED)],
    "is_open_source": [
        (licensed(License="Apache 2.0"), SUPPORTED),
        (licensed(Classifier="License :: OSI Approved :: BSD License"), SUPPORTED),
        (licensed(License="all rights reserved"), REFUTED),
    ],
    "imports_work": [
        (script("import one\nfrom two import three"), SUPPORTED),
        (lambda c: told_script(c, "from two import three\nfrom two import four"), CONDITIONAL),
        (lambda c: told_script(c, "from two import four"), REFUTED),
    ],
    "loads_in_order": [
        (library(lambda folder, listdir: paths_in(folder)), SUPPORTED),
        (library(contents_in), REFUTED),
    ],
    "loads_labels": [
        (library(lambda folder, listdir: paths_in(folder)), SUPPORTED),
        (library(contents_in), REFUTED),
    ],
    "hides_its_group": [
        (posts(one_word), SUPPORTED),
        (posts(one_own_name), CONDITIONAL),
        (posts(own_name), REFUTED),
        (posts(one_word, tier="sample"), UNCHECKABLE),
    ],
    "runs_on_table": [
        (library(lambda table, labels: table.iloc[:, 0].mean()), SUPPORTED),
        (library(lambda table, labels: table[0]), REFUTED),
        (library(lambda table, labels: labels + 1), REFUTED),
    ],
    "steps_differ": [
        ({"importer": ByName()}, SUPPORTED),
        (library(lambda: np.ones(3)), REFUTED),
    ],
    "is_quick": [
        (features(lambda x, **_: x) | library(lambda images: images), SUPPORTED),
        (features(lambda x, **_: x) | library(lambda images: time.sleep(0.3)), REFUTED),
    ],
    "differentiates_loops": [(tensors(1), SUPPORTED), (tensors(2), REFUTED)],
}


def test_names_of_a_library_that_is_not_here_count_where_they_were_recorded():
    claim = next(claim for claim in LEDGER if claim.id == "faces-opencv")

    def importer(kind):
        def find(name):
            if name == "cv2":
                raise ModuleNotFoundError(name)
            return types.SimpleNamespace(OPENCV={"version": "1", "names": {"a.lbp": kind}})

        return find

    for kind, verdict in (("class", REFUTED), ("function", SUPPORTED)):
        assert judge(claim, Evidence(importer=importer(kind))).verdict == verdict


def test_a_default_of_some_functions_only_is_a_condition():
    modules = {
        "a": types.SimpleNamespace(f=lambda metric="it": 0),
        "b": types.SimpleNamespace(f=lambda metric=None: 0, g=lambda metric="it": 0),
    }
    check = CHECKS["is_default"]
    pairs = [["a", "f"], ["b", "f"], ["b", "g"]]
    outcome = check(Evidence(importer=modules.get), functions=pairs, parameter="metric", value="it")
    assert outcome.verdict == CONDITIONAL


def test_what_needs_a_library_that_is_not_installed_cannot_be_checked():
    def importer(name):
        if name != "importlib.metadata":
            raise ModuleNotFoundError(name=name)
        return types.SimpleNamespace(metadata=importer)

    for name in ("tensorflow-open", "torch-dynamic"):
        claim = next(claim for claim in LEDGER if claim.id == name)
        assert judge(claim, Evidence(importer=importer)).verdict == UNCHECKABLE


def test_imports_of_modules_within_modules_are_found():
    def importer(name):
        if name == "ours":
            return types.SimpleNamespace(SCRIPT="from outer import inner, other\nimport absent")
        if name not in ("outer", "outer.inner"):
            raise ModuleNotFoundError(name)
        return types.SimpleNamespace(__path__=[])

    outcome = CHECKS["imports_work"](Evidence(importer=importer), module="ours", script="SCRIPT")
    assert outcome.verdict == CONDITIONAL
    assert outcome.evidence == "1 of 3 found; not: outer.other, absent"


def test_names_of_some_things_only_are_a_condition_and_of_none_installed_nothing():
    claim = next(claim for claim in LEDGER if claim.id == "frameworks-four")
    outcome = judge(claim, evidence(importer=types.SimpleNamespace(TripletLoss=None)))
    assert outcome.verdict == CONDITIONAL and "scikit-learn: none" in outcome.evidence

    def importer(name):
        raise ModuleNotFoundError(name=name)

    assert judge(claim, Evidence(importer=importer)).verdict == UNCHECKABLE


def test_every_check_can_give_more_than_one_verdict():
    assert FLIPS.keys() == CHECKS.keys()
    for cases in FLIPS.values():
        assert len({verdict for _, verdict in cases}) > 1


@pytest.mark.parametrize("claim", LEDGER, ids=lambda claim: claim.id)
def test_verdict_flips_with_the_evidence(claim):
    for parts, expected in FLIPS[claim.check["name"]]:
        parts = parts(claim) if callable(parts) else parts
        expected = expected(claim) if callable(expected) else expected
        outcome = judge(claim, evidence(**parts))
        assert outcome.verdict == expected
        assert outcome.evidence


def test_entries_are_well_formed():
    assert len({claim.id for claim in LEDGER}) == len(LEDGER)
    for claim in LEDGER:
        assert claim.lines == tuple(sorted(set(claim.lines))) and claim.lines[0] > 0
        sections = [contents.lines_of(name) for name in claim.section.split(", ")]
        assert all(sections), f"{claim.id}: a section that the article does not have"
        there = [lines for section in sections for lines in section]
        assert any(line in lines for line in claim.lines for lines in there), claim.id
        assert claim.lines[-1] in contents.lines_of("All")[0], claim.id
        assert claim.claim.strip() and claim.refuted_by.strip()
        chapter = (paths.notebooks() / f"{claim.shown_in}.py").read_text(encoding="utf-8")
        shown = (f'claims.table("{claim.shown_in}")', "claims.judge_all()", claim.id)
        assert any(text in chapter for text in shown), f"{claim.id} is not shown"
        assert "%" not in claim.claim or "about" in claim.claim, "a quoted number says so"


def test_all_claims_have_a_computed_verdict():
    for claim, outcome in claims.judge_all():
        assert outcome.verdict in VERDICTS, claim.id


def test_a_result_that_is_not_recorded_is_a_reason():
    def nothing(name, budget):
        raise ResultError(f"no recorded result {name}.{budget}.json; make it with: mlbook run")

    claim = next(c for c in LEDGER if c.check["name"] == "is_better")
    outcome = judge(claim, Evidence(result=nothing))
    assert outcome.verdict == UNCHECKABLE and "mlbook run" in outcome.evidence


def test_chapter_and_id_select():
    in_file = [claim.id for stem, claim in claims.load_claims() if stem == "03"]
    assert [c.id for c, _ in claims.judge_all(chapter="3")] == in_file
    [(claim, outcome)] = claims.judge_all(claim_id="mnist-import")
    assert claim.id == "mnist-import" and outcome.verdict == REFUTED
    with pytest.raises(UnknownNameError, match="chapter '9'"):
        claims.judge_all(chapter="9")
    with pytest.raises(UnknownNameError, match="Did you mean 'mnist-import'"):
        claims.judge_all(claim_id="mnist-imprt")


def test_table_shows_the_chapter_only():
    table = claims.table("03_1_mahalanobis_mnist")
    assert len(table) == sum(claim.shown_in == "03_1_mahalanobis_mnist" for claim in LEDGER)
    assert claims.table("no such chapter").empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "rumour"}, "kind of claim"),
        ({"check": {"name": "no_such"}}, "check of claim"),
        ({"check": {}}, "check of claim"),
        ({"check": {"name": ["uses"]}}, "check of claim"),
        ({"check": {"name": "uses", "scripts": "GO"}}, "check uses: missing a required argument"),
        ({"check": "uses"}, "03.yaml, entry .*: check must be a mapping, got 'uses'"),
        ({"lines": 5}, "lines must be a list of numbers, got 5"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_entries_are_named(home, change, message):
    import yaml

    entry = dataclasses.asdict(LEDGER[0]) | change
    if isinstance(entry["lines"], tuple):
        entry["lines"] = list(entry["lines"])
    (home / "claims").mkdir()
    (home / "claims" / "03.yaml").write_text(yaml.safe_dump([entry]))
    with pytest.raises(MlbookError, match=message):
        claims.load_claims()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- id: [a", "03.yaml cannot be read"),
        (b"\xff\xfe", "03.yaml cannot be read"),
        (b"id: a", "must be a list of entries"),
        (b"- some words", "'some words' is no entry"),
    ],
)
def test_files_that_are_no_ledger_are_named(home, content, message):
    (home / "claims").mkdir()
    (home / "claims" / "03.yaml").write_bytes(content)
    with pytest.raises(MlbookError, match=message):
        claims.load_claims()


def test_patterns_of_some_kinds_only_survive_rotation():
    parts = features(lambda x, method: x[:, 0] * (method == "default"))
    check = CHECKS["survives_rotation"]
    outcome = check(evidence(**parts), dataset="olivetti", methods=["default", "ror"])
    assert outcome.verdict == CONDITIONAL and "ror 0 %" in outcome.evidence


def test_a_library_that_is_not_installed_shows_nothing():
    def importer(name):
        raise ModuleNotFoundError(name)

    outcome = CHECKS["offers_function"](Evidence(importer=importer), module="cv2", word="lbp")
    assert outcome.verdict == UNCHECKABLE


def test_better_on_some_results_only_is_a_condition():
    better, undecided = Interval(0.1, 0.05, 0.15, ""), Interval(0.1, -0.05, 0.15, "")
    found = {"metrics_a": FakeResult(difference=better), "b": FakeResult(difference=undecided)}
    evidence = Evidence(result=lambda name, budget: found[name])
    results = [["metrics_a", "full"], ["b", "full"]]
    for than in (None, "y"):
        outcome = CHECKS["is_better_on"](evidence, results=results, arm="x", than=than)
        assert outcome.verdict == CONDITIONAL
        assert outcome.evidence == (
            "an arm minus an arm, accuracy: a: +10.00 points [+5.00, +15.00]; "
            "b: +10.00 points [-5.00, +15.00]"
        )
    asked = [call for fake in found.values() for call in fake.compared]
    assert asked == [("x", "euclid"), ("x", "y")] * 2


def test_better_by_luck_of_the_start_is_a_condition():
    # three starts differ much, but over the posts the mean of these three is better for certain
    claim = next(claim for claim in LEDGER if claim.id == "news-significant")
    parts = by_seeds_and_posts([-0.09, 0.14, 0.13], (0.02, 0.1))(claim)
    assert judge(claim, evidence(**parts)).verdict == CONDITIONAL
    parts = by_seeds_and_posts([0.03, 0.04, 0.05], (-0.02, 0.1))(claim)
    assert judge(claim, evidence(**parts)).verdict == REFUTED
