"""Which arguments give the values of PyTorch Metric Learning, and from which paper a loss is."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Convention:
    """How one loss relates to its paper and to PyTorch Metric Learning (PML).

    Attributes
    ----------
    paper : str
    pml : str
        The equal loss of PML, written out with arguments; empty if there is none.
    ours : dict
        Arguments of our loss with which values and gradients agree. What is not named is at
        its default.
    note : str
        Where the two differ otherwise.
    """

    paper: str
    pml: str = ""
    ours: dict = field(default_factory=dict)
    note: str = ""


_PROXIES = "copy PML's proxies into ours; PML starts them with another spread"

CONVENTIONS = {
    "ContrastiveLoss": Convention(
        paper="Hadsell, Chopra and LeCun 2006",
        pml="ContrastiveLoss(pos_margin=0, neg_margin=1)",
        ours={"power": 1, "average": "nonzero"},
        note="the paper's is power=2; its factor 1/2 is left out",
    ),
    "TripletLoss": Convention(
        paper="Schroff, Kalenichenko and Philbin 2015; Hermans, Beyer and Leibe 2017",
        pml="TripletMarginLoss(margin=0.2)",
        ours={"margin": 0.2},
        note=(
            "mining='hard' is PML's BatchHardMiner(), mining='semihard' its "
            "TripletMarginMiner(margin=0.2, type_of_triplets='semihard')"
        ),
    ),
    "NTXentLoss": Convention(
        paper="Chen, Kornblith, Norouzi and Hinton 2020",
        pml="NTXentLoss(temperature=0.1)",
        ours={"temperature": 0.1},
    ),
    "SupConLoss": Convention(
        paper="Khosla et al. 2020",
        pml="SupConLoss(temperature=0.1)",
        ours={"temperature": 0.1},
        note="in a batch of one class PML returns 0, we the formula's value",
    ),
    "MultiSimilarityLoss": Convention(
        paper="Wang, Han, Huang, Dong and Scott 2019",
        pml="MultiSimilarityLoss(alpha=2, beta=50, base=0.5)",
        ours={"mining_margin": None},
        note="mining_margin=0.1, our default, is PML's MultiSimilarityMiner(epsilon=0.1)",
    ),
    "LiftedStructureLoss": Convention(
        paper="Song, Xiang, Jegelka and Savarese 2016",
        pml="LiftedStructureLoss(neg_margin=1, pos_margin=0)",
        note="the paper does not normalise",
    ),
    "NPairsLoss": Convention(
        paper="Sohn 2016",
        note="PML keeps one pair a class, chosen by the order of the batch; we use all pairs",
    ),
    "ProxyNCALoss": Convention(
        paper="Movshovitz-Attias, Toshev, Leung, Ioffe and Singh 2017",
        pml="ProxyNCALoss(num_classes, embedding_size, softmax_scale=1)",
        note="the paper leaves the positive out of the denominator; " + _PROXIES,
    ),
    "ProxyAnchorLoss": Convention(
        paper="Kim, Kim, Cho and Kwak 2020",
        pml="ProxyAnchorLoss(num_classes, embedding_size, margin=0.1, alpha=32)",
        note=_PROXIES,
    ),
    "ArcFaceLoss": Convention(
        paper="Deng, Guo, Xue and Zafeiriou 2019",
        pml="ArcFaceLoss(num_classes, embedding_size, margin=numpy.degrees(0.5), scale=64)",
        note="our margin is in radians; PML's W is (embedding_size, num_classes); " + _PROXIES,
    ),
    "CosFaceLoss": Convention(
        paper="Wang et al. 2018",
        pml="CosFaceLoss(num_classes, embedding_size, margin=0.35, scale=64)",
        note="PML's W is (embedding_size, num_classes); " + _PROXIES,
    ),
    "MahalanobisLoss": Convention(paper="the article; Hadsell, Chopra and LeCun 2006"),
    "FWHDLoss": Convention(paper="the article; Hadsell, Chopra and LeCun 2006"),
    "CDSLoss": Convention(paper="the article; Wang and Isola 2020"),
    "StressLoss": Convention(paper="the article; Park, Kim, Lu and Cho 2019"),
}
