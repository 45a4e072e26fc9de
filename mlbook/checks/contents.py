"""What the article consists of: the numbers of its headings, what it promises, what it leaves out.

Facts for the checks of `mlbook.checks.structure`: numbers, lines of the article's Markdown, and
short names of ours. No check is in here.
"""

# --- headings: number and line ---

CHAPTERS = (("1", 47), ("2", 295), ("2", 383), ("3", 675), ("4", 789), ("A", 973))
SECTIONS = (
    *(("1.1", 49), ("1.2", 68), ("1.3", 136), ("1.4", 277)),
    *(("2.1", 299), ("2.2", 333), ("2.3", 373)),
    *(("2.1", 385), ("2.2", 409), ("2.3", 486), ("2.4", 575)),
    *(("3.1", 677), ("3.2", 719), ("3.3", 757)),
    *(("4.1", 793), ("4.2", 858), ("4.3", 943)),
    *(("A.1", 977), ("A.2", 1032), ("A.3", 1052), ("A.4", 1070)),
)
SUBSECTIONS = (
    *(("1.3.1", 138), ("1.3.2", 175), ("1.3.3", 221), ("1.3.4", 269)),
    *(("1.4.1", 279), ("1.4.2", 283), ("1.4.3", 287)),
    *(("2.1.1", 303), ("2.1.2", 307), ("2.1.3", 317)),
    *(("2.2.1", 337), ("2.2.2", 347), ("2.2.3", 357)),
    *(("2.1.1", 389), ("2.1.2", 399), ("2.2.1", 411), ("2.2.2", 431), ("2.2.3", 478)),
    *(("2.3.1", 488), ("2.3.2", 506), ("2.3.3", 565)),
    *(("2.4.1", 577), ("2.4.2", 595), ("2.4.3", 665)),
    *(("3.1.1", 681), ("3.1.2", 689), ("3.1.3", 701)),
    *(("3.2.1", 723), ("3.2.2", 733), ("3.2.3", 743)),
    *(("3.3.1", 761), ("3.3.2", 769), ("3.3.3", 779)),
    *(("4.1.1", 797), ("4.1.2", 807), ("4.1.3", 852)),
    *(("4.2.1", 862), ("4.2.2", 874), ("4.2.3", 935)),
    *(("4.3.1", 947), ("4.3.2", 955), ("4.3.3", 963)),
)

# parts without a number: first and last line
UNNUMBERED = {
    "All": (1, 1163),
    "Outline": (1, 47),
    "Author": (1092, 1100),
    "Conclusion": (1100, 1114),
    "Acknowledgements": (1114, 1130),
    "References": (1130, 1163),
}


def lines_of(section):
    """First and last lines of all sections of this number or name; several have one number.

    Returns
    -------
    list of range
        Empty if the article has no such section.
    """
    if section in UNNUMBERED:
        first, last = UNNUMBERED[section]
        return [range(first, last + 1)]
    headings = sorted((*CHAPTERS, *SECTIONS, *SUBSECTIONS), key=lambda heading: heading[1])
    # the heading of a chapter stands at the end of the last line before it
    return [
        range(
            line, 1 + next((n for other, n in headings if n > line and _above(other, number)), 1092)
        )
        for number, line in headings
        if number == section
    ]


def _above(number, other):
    return number.count(".") <= other.count(".")


# --- chapters by topic: as the outline numbers them (lines 13 to 41), as the text does, and
# what the last lines before a chapter announce (295, 383, 675, 789, 973) ---

OUTLINE = (
    ("foundations", "1"),
    ("deep networks", "2"),
    ("projects", "3"),
    ("advanced use", "4"),
    ("cases", "5"),
    ("appendix", "6"),
)
BODY = (
    ("foundations", "1"),
    ("deep networks", "2"),
    ("projects", "2"),
    ("advanced use", "3"),
    ("cases", "4"),
    ("appendix", "A"),
)
ANNOUNCED_NEXT = (
    ("projects, at the end of deep networks", 383),
    ("advanced use, at the end of projects", 675),
    ("cases and tips, at the end of advanced use", 789),
    ("resources, at the end of cases", 973),
)

# --- promises: what, and the line where it is kept ---

OUTLINE_PROMISES = (
    ("definition, uses and importance", 51),
    ("distances, inner products and norms", 72),
    ("Mahalanobis, feature weighting and co-optimisation", 138),
    ("deep features and metric losses", 299),
    ("images, text and speech", 373),
    ("environment, preparation, code and results of projects", 409),
    ("several modalities and deep networks", 677),
    ("dynamic and adaptive adjustment", 757),
    ("cases and tips", 793),
    ("code, frameworks, literature and resources", 977),
)
PARTS = (
    ("part 1", None),
    ("part 2", None),
    ("part 3", None),
    ("part 4", None),
    ("appendix", 973),
)
PREPARATION = (
    ("MNIST is normalised", None),
    ("MNIST is split", 450),
    ("newsgroup posts are cut into words", 622),
    ("their stop words are removed", None),
    ("their words become vectors", 647),
)
DOWNLOAD = (
    ("the four files are downloaded", 425),
    ("and unpacked", None),
)
DECISIONS = (
    ("a classifier decides on faces", None),
    ("a classifier decides on texts", 915),
)
PROJECTS = (
    ("the background of all three", 391),
    ("digits: environment, code, results", 411),
    ("photographs: environment, code, results", 488),
    ("posts: environment, code, results", 577),
)
ALGORITHMS = (
    ("FWHD", 184),
    ("MDC", None),
    ("CDS", 1005),
    ("GO", 230),
    ("SCO", None),
    ("LSO", None),
)
LOSSES = (("Mahalanobis loss", None), ("FWHD loss", None), ("CDS loss", None))
WAYS = (
    ("a term added to the loss", 351),
    ("the regulariser that adjusts the weights", None),
    ("the rule by which the weight of a loss adapts", None),
)
ADAPTIVE = (("adaptive gradients", None), ("adaptive weights", None), ("adaptive distance", None))
DISTANCES = (("Euclid", 85), ("Manhattan", 93), ("cosine", 99), ("Mahalanobis", 143))

# --- what is left open: line and what ---

PLACEHOLDERS = ((1128, "the name of an author is a placeholder"),)
UNFINISHED = ((1162, "the last reference stops inside its title"),)
LEFT_OUT = (
    (817, "the body of the LBP function"),
    (836, "the loading of the faces"),
    (888, "the loading of the texts"),
    (904, "the loading of the word vectors"),
    (922, "the body of the FWHD loss"),
)

# --- three worked examples of five steps, and a summary of each: line and CRC-32 of its text ---

EXAMPLES = (
    (
        "2.1.3",
        {
            321: 2229641006,
            323: 4125348983,
            325: 2079876351,
            327: 956708976,
            329: 3061309277,
            331: 1421140777,
        },
    ),
    (
        "2.2.3",
        {
            361: 4065241198,
            363: 1915406178,
            365: 2986250688,
            367: 956708976,
            369: 3061309277,
            371: 2449537048,
        },
    ),
    (
        "3.2.3",
        {
            747: 4065241198,
            749: 3920463831,
            751: 3859942159,
            753: 956708976,
            755: 3061309277,
        },
    ),
)
EXAMPLE_DETAILS = (
    (319, ["network"]),
    (359, ["network"]),
    (745, ["network"]),
)

# --- references: their numbers, those cited in the text, and who is named where ---

REFERENCES = tuple(range(1, 12))
CITED = ()
RECOMMENDED = (
    ("large margin", ("Grauman", "Hinton")),
    ("kernel-based classifiers", ("Crammer", "Singer")),
    ("unsupervised clustering", ("Li", "Karpathy")),
    ("Pattern Classification", ("Duda", "Hart", "Stork")),
    ("Machine Learning", ("Mitchell",)),
    ("Learning from Data", ("Abu-Mostafa", "Shalev-Shwartz", "Shashua")),
)
LISTED = (
    ("Pattern Classification", ("Duda", "Hart", "Stork")),
    ("Machine Learning", ("Mitchell",)),
    ("Learning from Data", ("Abu-Mostafa", "Shalev-Shwartz", "Shpilka")),
    ("kernel-based classifiers", ("Crammer", "Singer")),
    ("large margin", ("Grauman", "Hinton")),
    ("unsupervised clustering", ("Li", "Karpathy")),
)

# --- the five accuracies: line, and what the text gives beside the number ---

ACCURACIES = (
    (482, ["data set"]),
    (571, ["data set"]),
    (671, ["data set"]),
    (856, []),
    (941, []),
)
