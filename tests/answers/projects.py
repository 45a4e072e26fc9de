"""A right answer and typical wrong ones for each exercise of this part."""

ANSWERS = {
    ("03_1", 1): ("Euclid", ["Mahalanobis", "both", "neither"]),
    # wrong: as small as before; against the components instead of against all columns
    ("03_1", 2): (20 / 60, [20 * 0.01**2 / (40 + 20 * 0.01**2), 20 / 40, 0]),
    # wrong: without the root; without the inverse; without either; the order is unchanged
    ("03_1", 3): (1.25**0.5, [1.25, 0.8**0.5, 0.8, 1]),
    # wrong: always right; one class of ten is 0 in nine rows; as for forty images
    ("03_2", 1): (0.1, [1.0, 0.9, 0.0]),
    # wrong: the scale does not matter; no division by the size; epsilon left out below the line
    ("03_2", 2): (2e-8 / (2e-8 + 1e-7), [1.0, 2e-5, 0.2]),
    ("03_2", 3): ("posterior", ["near", "far"]),
    ("03_3", 1): (
        ["TF-IDF", "LSA", "NCA"],
        [["TF-IDF"], "LSTM", ["TF-IDF", "LSA"], ["TF-IDF", "LSA", "NCA", "LSTM"]],
    ),
    # wrong: drawn at random; one group only; the share of the posts that validate
    ("03_3", 2): (25 / 30, [0.25, 1.0, 0.3]),
    # wrong: no step overshoots; between the two; alpha itself
    ("03_3", 3): (100, [50, 200, 0.01]),
}
