"""The five accuracies that the article reports, and which arm of which result answers what."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Project:
    """One accuracy that the article reports, and where its measurement stands.

    Attributes
    ----------
    name : str
    line : int
        Of the article's Markdown.
    quoted : float
        The accuracy that the article prints, a share.
    arms : dict of str to (str, str)
        For each role of `mlbook.audit.ROLES` that exists: the experiment and its arm.
    with_metric : tuple of (str, str, str)
        The experiment, its arm with the article's metric, and the same without.
    """

    name: str
    line: int
    quoted: float
    arms: dict
    with_metric: tuple


PROJECTS = (
    Project(
        "digits (MNIST)",
        482,
        0.97,
        {
            "printed": ("mnist_article", "article"),
            "described": ("mnist_article", "total"),
            "plain": ("mnist_article", "euclid"),
            "best": ("mnist_linear", "upright_nca_jitter"),
        },
        ("mnist_article", "total", "euclid"),
    ),
    Project(
        "photographs (CIFAR-10)",
        571,
        0.82,
        {
            "described": ("cifar_weights", "near"),
            "plain": ("cifar_weights", "unweighted"),
            "best": ("cifar_metric", "cross_entropy"),
        },
        ("cifar_weights", "near", "unweighted"),
    ),
    Project(
        "posts (20 Newsgroups)",
        671,
        0.65,
        {
            "printed": ("newsgroups", "lstm_raw"),
            "described": ("newsgroups", "lstm_joint_raw"),
            "plain": ("newsgroups", "tfidf_linear_raw"),
            "best": ("newsgroups", "tfidf_linear_raw"),
        },
        ("newsgroups", "lstm_joint_raw", "lstm_raw"),
    ),
    Project(
        "faces (Olivetti)",
        856,
        0.95,
        {
            "printed": ("faces", "printed"),
            "described": ("faces", "global_mahalanobis"),
            "plain": ("faces", "pixels"),
            "best": ("faces", "multi_angle"),
        },
        ("faces", "global_mahalanobis", "global_euclid"),
    ),
    Project(
        "review sentences",
        941,
        0.85,
        {
            "printed": ("sentiment_sentences", "printed"),
            "described": ("sentiment_sentences", "stacked_joint"),
            "plain": ("sentiment_sentences", "lr_words"),
            "best": ("sentiment_sentences", "nbsvm"),
        },
        ("sentiment_sentences", "stacked_joint", "stacked_ce"),
    ),
    Project(
        "whole reviews",
        941,
        0.85,
        {
            "described": ("sentiment_reviews", "stacked_joint"),
            "plain": ("sentiment_reviews", "lr_words"),
            "best": ("sentiment_linear", "svm_pairs"),
        },
        ("sentiment_reviews", "stacked_joint", "stacked_ce"),
    ),
)
"""The five accuracies; the one on sentiment does not say on which texts, so it has two rows."""
