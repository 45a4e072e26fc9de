"""Exercises of part 3, the article's three projects."""

import numpy as np

from mlbook.checks.exercises import judges


def _reach(bound):
    if np.isclose(bound, 50):
        return "a step may shoot over the aim, as long as it ends nearer to it than it began"
    return "a length shrinks if the factor lies between -1 and 1; solve both sides for it"


EXERCISES = {
    ("03_1", 1): judges.word(
        "Euclid",
        "scaling the pixels is a linear map D, which turns C into D C D; put that and D (x - y) "
        "into each of the two distances",
        ["Euclid", "Mahalanobis", "both", "neither"],
    ),
    ("03_1", 2): judges.number(
        1 / 3,
        "what is the variance of a noisy column after whitening, and does it still depend on how "
        "strong the noise was? Then compare with all columns",
    ),
    ("03_1", 3): judges.number(
        np.sqrt(5 / 4),
        "follow the factor step by step: from the covariance to its inverse, and on through the "
        "root",
    ),
    ("03_2", 1): judges.number(
        0.1,
        "ten classes are compared with ten rows of 0 and 1, each with each; count the places "
        "where they agree, column by column",
    ),
    ("03_2", 2): judges.number(
        1 / 6,
        "divide the gradient first, then put it into the formula; it is no longer far above "
        "epsilon",
    ),
    ("03_2", 3): judges.word(
        "posterior",
        "a wrong label puts an image not only far from its class, but also nearer to another "
        "one: which scheme looks at the other classes?",
        ["near", "far", "posterior"],
    ),
    ("03_3", 1): judges.words(
        ["TF-IDF", "LSA", "NCA"],
        "ask of each method what it is given: how often each word occurs, or the words one after "
        "the other? What is computed from counts alone knows no order",
        ["TF-IDF", "LSA", "NCA", "LSTM"],
    ),
    ("03_3", 2): judges.number(
        5 / 6,
        "the validation part is cut off the end before anything is shuffled; how many posts is "
        "that of 100, and which groups are the last ones of the 100 in?",
    ),
    ("03_3", 3): judges.number(100, _reach),
}
