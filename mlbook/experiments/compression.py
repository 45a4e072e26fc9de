"""How small a network, an embedding and a gallery can get before distances change.

A network learns an embedding of digits. Then it is pruned, put into eight-bit numbers, or taught
to a network a fifteenth of its size; its embedding is cut to fewer dimensions; and the stored
vectors are replaced by codes of a few bytes. Everything is judged by the same search: for test
digits, among training digits.
"""

import time

import numpy as np

from mlbook import datasets
from mlbook.experiments.base import Budget, budget_of
from mlbook.experiments.joint_mnist import split
from mlbook.progress import bar

TITLE = "Smaller networks, embeddings and galleries: nearest neighbours of MNIST digits"
DATASETS = ("mnist",)
BASELINE = "teacher"

N_NEIGHBORS = 10
SHARES = (0.5, 0.8, 0.95)
DIMS = (32, 16, 8, 4)
CODES = (16, 8, 4)
NETWORKS = {
    "teacher": "the network as trained",
    "eight_bits": "8-bit numbers (LiteRT)",
    **{f"pruned_{share:g}": f"{100 * share:g} % pruned, trained on" for share in SHARES},
    "pruned_both": f"{100 * SHARES[-1]:g} % pruned, trained on with the old distances",
    "pruned_only": f"{100 * SHARES[-1]:g} % pruned, not trained on",
    "student": "small network, from the classes",
    "student_relational": "small network, from the large one's distances",
    "student_both": "small network, from both",
}
GALLERIES = {
    **{f"dims_{n}": f"{n} principal components" for n in DIMS},
    "codes_scalar": "8 bits a number",
    **{f"codes_{n}": f"product codes of {n} bytes" for n in CODES},
}
ARMS = {"pixels": "pixels, nothing learned"} | NETWORKS | GALLERIES

_FEW = ("pixels", "teacher", "eight_bits", "dims_8", "codes_4")
_SOME = (*_FEW, "pruned_0.95", "student", "student_both", "codes_8")
BUDGETS = {
    "smoke": Budget(300, 200, 2, {"arms": _FEW, "steps": 6, "extra": 2, "validation": 10}),
    "reader": Budget(2000, 1000, 1, {"arms": _SOME, "steps": 100, "extra": 30, "validation": 10}),
    "full": Budget(
        10_000, 5000, 5, {"arms": tuple(ARMS), "steps": 400, "extra": 100, "validation": 10}
    ),
}


def same_items(budget, data):
    """No: networks differ from seed to seed more than the test images would say."""
    return False


def run(budget, seed, data=None):
    """All arms from one network.

    Parameters
    ----------
    budget : {"smoke", "reader", "full"}
    seed : int
        Draws the images, the first weights and the batches.
    data : dict of str to Dataset, or None

    Returns
    -------
    dict of str to dict
        For each arm: correct (bool per test image: is the nearest training image of its class?),
        n_train; kept (share of the teacher's ten nearest images that are still among the ten
        nearest), agreement (rank correlation of distances with the teacher's), item_bytes (of a
        stored vector); of networks also network_bytes (of the LiteRT file; of a pruned one,
        compressed) and query_ms (processor time to embed one image, median).
    """
    from mlbook.experiments import compression_training as networks

    limits = budget_of(BUDGETS, budget)
    steps, extra = limits.grids["steps"], limits.grids["extra"]
    (x, y), _, (x_test, y_test) = split(
        data["mnist"] if data else datasets.load("mnist"), limits, seed
    )
    teacher = networks.train("teacher", x, y, steps, seed)
    known, asked = networks.embed(teacher, x), networks.embed(teacher, x_test)
    judge = Judge(known, asked, y, y_test)

    def student(**options):
        return networks.train("student", x, y, steps, seed, **options)

    makers = {
        "pixels": lambda: judge(_rows(x), _rows(x_test)),
        "teacher": lambda: judge(known, asked) | as_files(teacher, x_test),
        "eight_bits": lambda: _in_eight_bits(judge, teacher, x, x_test),
        "pruned_only": lambda: _pruned(judge, teacher, SHARES[-1], x, y, x_test, 0, seed),
        "pruned_both": lambda: _pruned(
            judge, teacher, SHARES[-1], x, y, x_test, extra, seed, known
        ),
        "student": lambda: _network(judge, student(), x, x_test),
        "student_relational": lambda: _network(
            judge, student(teacher=known, classes=False), x, x_test
        ),
        "student_both": lambda: _network(judge, student(teacher=known), x, x_test),
        "codes_scalar": lambda: judge(*scalar_codes(known, asked), item_bytes=known.shape[1]),
    }
    for share in SHARES:
        makers[f"pruned_{share:g}"] = lambda share=share: _pruned(
            judge, teacher, share, x, y, x_test, extra, seed
        )
    for n in DIMS:
        makers[f"dims_{n}"] = lambda n=n: judge(*components(known, asked, n))
    for n in CODES:
        makers[f"codes_{n}"] = lambda n=n: judge(*product_codes(known, asked, n), item_bytes=n)

    wanted = [arm for arm in ARMS if arm in limits.grids["arms"]]
    progress = bar(wanted, desc=f"seed {seed}", unit="arm")
    arms = {}
    for arm in progress:
        progress.set_postfix_str(arm)
        arms[arm] = makers[arm]() | {"n_train": len(y)}
    return arms


class Judge:
    """What a search finds, compared with what the teacher's embedding finds.

    Parameters
    ----------
    known, asked : ndarray of shape (n_gallery, n_dims), (n_queries, n_dims)
        The teacher's embeddings.
    y, y_test : ndarray
        Their classes.
    """

    def __init__(self, known, asked, y, y_test):
        from mlbook.neighbors import exact_neighbors

        self.search = exact_neighbors
        self.known, self.asked, self.y, self.y_test = known, asked, y, y_test
        self.nearest = self.search(asked, known, N_NEIGHBORS)[1]

    def __call__(self, known, asked, item_bytes=None):
        from mlbook.compression import distance_agreement

        nearest = self.search(asked, known, N_NEIGHBORS)[1]
        shared = [len(np.intersect1d(a, b)) for a, b in zip(nearest, self.nearest, strict=True)]
        some = slice(1000)
        return {
            "correct": self.y[nearest[:, 0]] == self.y_test,
            "kept": float(np.mean(shared)) / N_NEIGHBORS,
            "agreement": distance_agreement(
                np.concatenate([self.asked[some], self.known[some]]),
                np.concatenate([asked[some], known[some]]),
            ),
            "item_bytes": float(item_bytes or 4 * known.shape[1]),
        }


def as_files(model, x):
    """Size of a network as a LiteRT file, and how long it takes for one image.

    Parameters
    ----------
    model : keras.Model
    x : ndarray of shape (n, 28, 28, 1)

    Returns
    -------
    dict
        network_bytes; query_ms, the median of processor time over 200 images one by one.
    """
    from mlbook.compression import LiteRTModel, to_litert

    small = LiteRTModel(to_litert(model))
    return {"network_bytes": float(small.n_bytes), "query_ms": latency(small, x)}


def latency(small, x):
    """Median processor time for one image, in milliseconds."""
    times = []
    for i in range(200):
        one = x[i % len(x)][np.newaxis]
        start = time.process_time()
        small.predict(one)
        times.append(time.process_time() - start)
    return 1000 * float(np.median(times))


def components(known, asked, n_components):
    """Both sets of vectors along the main directions of the gallery, the first n of them."""
    from sklearn.decomposition import PCA

    reduce = PCA(n_components, svd_solver="covariance_eigh").fit(known)
    return reduce.transform(known), reduce.transform(asked)


def scalar_codes(known, asked):
    """The gallery with each number rounded to one of 256 values, and the queries as they are."""
    low, high = known.min(axis=0), known.max(axis=0)
    width = np.where(high > low, high - low, 1) / 255
    return (np.round((known - low) / width) * width + low).astype(known.dtype), asked


def product_codes(known, asked, n_bytes):
    """The gallery by product codes: each of n parts of a vector is one of 256 typical ones.

    H. Jegou, M. Douze and C. Schmid, Product quantization for nearest neighbor search, IEEE
    TPAMI 33(1), 2011. The queries stay as they are, as there ("asymmetric" distances).
    """
    import faiss

    # with fewer vectors than codes there is nothing to cluster
    bits = min(8, int(np.log2(len(known) / 4)))
    quantiser = faiss.ProductQuantizer(known.shape[1], n_bytes, bits)
    vectors = np.ascontiguousarray(known, dtype=np.float32)
    quantiser.cp.min_points_per_centroid = 1
    quantiser.train(vectors)
    return quantiser.decode(quantiser.compute_codes(vectors)), asked


def _network(judge, model, x, x_test):
    from mlbook.experiments.compression_training import embed

    return judge(embed(model, x), embed(model, x_test)) | as_files(model, x_test)


def _in_eight_bits(judge, model, x, x_test):
    from mlbook.compression import LiteRTModel, to_litert

    small = LiteRTModel(to_litert(model, calibration=x[:: max(1, len(x) // 200)]))
    found = judge(small.predict(x), small.predict(x_test))
    return found | {"network_bytes": float(small.n_bytes), "query_ms": latency(small, x_test)}


def _pruned(judge, model, share, x, y, x_test, steps, seed, teacher=None):
    from mlbook.compression import packed_size
    from mlbook.experiments.compression_training import pruned

    small = pruned(model, share, x, y, steps, seed, teacher)
    # zeros save nothing in a dense file, but pack well
    size = {"network_bytes": float(packed_size(small.get_weights()))}
    return _network(judge, small, x, x_test) | size


def _rows(images):
    return images.reshape(len(images), -1)
