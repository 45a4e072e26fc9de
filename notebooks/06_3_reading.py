# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
#   mlbook:
#     article: ["A.3", "A.4"]
#     datasets: []
#     experiments: []
# ---

# %% [markdown]
# # A.3 What to read, and how to check a reference
#
# **参考文献：真的与假的**
#
# The article ends with papers, books, courses and communities. A wrong formula fails when
# you run it. A wrong *reference* (参考文献) does not: it sends you to look for something
# that is not there. So we execute the references too, and compare each one with a
# *bibliography* (文献目录) in which every entry was looked up.
#
# What stands in “curly quotation marks” is quoted, from the article or from a paper.
#
# ## What the article says
#
# Section A.3 names three papers and three books. It says that they cover the basic ideas,
# the algorithms and the uses of metric learning. Section A.4 names three courses, three
# sites and three communities, where one finds the latest research. A list of references
# closes the article and adds publishers and years. Its last entry breaks off in the middle
# of a word.

# %% tags=["hide-input"]
from importlib.metadata import distributions

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from mlbook import bibliography, claims, paths, plots
from mlbook.bibliography import cite, plain
from mlbook.checks.references import nearest_title

plots.style()
works = bibliography.references()
cited = {
    claim.id: (claim.check, outcome)
    for claim, outcome in claims.judge_all(chapter="A3")
    if "title" in claim.check
}
sources = {
    path.relative_to(paths.root()).with_suffix("").as_posix().replace("/", "."): (
        plain(path.read_text(encoding="utf-8")),
    )
    for path in sorted((paths.root() / "mlbook").rglob("*.py"))
}
places = bibliography.further_reading()


def reading(*keys):
    """Show works as a list, with what they are good for and who uses them."""
    lines = []
    for key in keys:
        work = works[key]
        used = [f"chapter {n}" for n in bibliography.cited_in(work, places) if n != "A.3"]
        used += [f"`{name}`" for name in bibliography.cited_in(work, sources)]
        lines.append(f"- {cite(key, link=True)}. {work.fields.get('annote', '')}")
        if used:
            lines[-1] += f" *Used in:* {', '.join(used[:4])}."
    display(Markdown("\n".join(lines)))


print(f"{len(works)} entries in the bibliography, {len(cited)} titles in the article")

# %% [markdown]
# ## What is wrong with it
#
# Is there a verified work with this title, by these authors, of this year, at this place?

# %%
verdicts = pd.Series([outcome.verdict for _, outcome in cited.values()], name="titles")
plots.table(verdicts.value_counts().to_frame())

# %% [markdown]
# The table further down has each of them, with the reason. *Refuted* means that somebody is
# named who did not write the work, or that the named volume has no such paper. *Cannot be
# checked here* means that we did not find it. That is no proof, for we cannot read
# everything. But look at what we did find.
#
# ### Which paper was meant?
#
# For a title that nobody has verified, take the verified title that shares most words with
# it, in the same order:

# %%
papers = [work for work in works.values() if work.authors]
missing = [check for check, _ in cited.values() if "no verified work" in _.evidence]
for check in missing[:3]:
    near, shared = nearest_title(papers, check["title"])
    both = set(plain(check["title"]).split()) & set(plain(near.title).split())
    for title in (check["title"], near.title):
        shown = [w.upper() if plain(w) in both else w.lower() for w in title.split()]
        print(" ".join(shown))
    print(f"    {near.authors[0][1]} and others, {near.year}\n")

# %% [markdown]
# (Words that both titles have are in capitals.) The pattern is clear. The beginning is that
# of a famous paper, the end is exchanged, and the authors are other people. The first is
# LMNN, by Weinberger, Blitzer and Saul. The second is the paper of Xing, Ng, Jordan and
# Russell, with which the field begins; “kernel-based” may come from a paper that Crammer
# and Singer did write. The third is the *Siamese network* (孪生网络) of Chopra, Hadsell and
# LeCun.
#
# For one of them the list of references names a volume whose papers are all known, the
# Journal of Machine Learning Research of 2007. Kristen Grauman does have a paper in it:

# %%
volume = works["jmlr2007"]
leads = volume.fields["contents"].split(", ")
print(f"{volume.title} {volume.fields['volume']}: {len(leads)} papers,", end=" ")
print(f"first author Grauman: {leads.count('grauman')}, Hinton: {leads.count('hinton')}")
reading("grauman2007", "crammer2001")

# %% [markdown]
# It is about kernels between sets, and neither paper is about metrics. A search through
# public source code and documentation found the first two titles nowhere but in copies of
# the article. The third is also in another tutorial of the same kind, there without
# authors. The beginning of “How Deep Should Networks Be?” occurs elsewhere too, with other
# authors, another conference and another year. A title that changes its authors from text
# to text is a sign of a *fabricated* reference (虚构的文献).
#
# ### The right people
#
# The names are not random. Most of these people did work on metrics, in other papers:

# %% tags=["hide-input"]
reading("goldberger2005", "jain2008", "shalevshwartz2004", "karpathy2015", "xing2002")

# %% [markdown]
# Hinton is an author of NCA, Grauman of an online method (chapter 4.3), Singer and
# Shalev-Shwartz of an earlier one, together with Andrew Ng, who is also an author of the
# first paper of the field. Karpathy and Fei-Fei brought images and sentences together, ten
# years after the date that the article gives.
#
# ### Books and courses
#
# The three books exist. None of them is a book on metric learning. Mitchell's has a chapter
# on *instance-based learning* (基于实例的学习), where nearest neighbours belong:

# %%
chapters = works["mitchell1997"].fields["contents"].split("; ")
for word in ("metric", "instance"):
    found = [title for title in chapters if word in plain(title)]
    print(
        f"of {len(chapters)} chapters with “{word}” in the title: {', '.join(found) or 0}"
    )

# %% [markdown]
# “Learning from Data” is by Abu-Mostafa, Magdon-Ismail and Lin. In A.3 the article gives it
# two other co-authors, in the list at the end one of these and a third; so it contradicts
# itself. Shalev-Shwartz wrote “Understanding Machine Learning”, with Ben-David.
#
# The courses exist too, but the Deep Learning Specialization is on Coursera, and David
# Silver gave his lectures at University College London. They are on reinforcement learning,
# which is another subject. Distill announced a pause in 2021.
#
# The list at the end has two more real works, which have little to do with metrics:
# “Delving Deep into Rectifiers”, and the report on CIFAR-10, which is no conference paper.
# Two other titles were not found; the nearest are the last two here.

# %% tags=["hide-input"]
reading("he2015", "krizhevsky2009", "kingma2014", "yosinski2014")

# %% [markdown]
# ## A reading list
#
# In the order in which one can learn it. Each entry says what the work is good for, and
# where this book uses it: a chapter that names it, or a module of the package whose
# documentation does. Every line is made from the file `book/references.bib`, whose field
# `verified` says where we saw the work.

# %% [markdown]
# ### Foundations

# %% tags=["hide-input"]
reading(
    "mahalanobis1936", "cover1967", "kessy2018", "bellet2013", "kulis2013", "suarez2018"
)

# %% [markdown]
# If you have time for one survey, take Bellet and others. If you want to see every proof,
# take the tutorial of Suárez-Díaz and others. Behind both stands the theory of learning
# from examples, for which the article's third book is good, and this one:

# %% tags=["hide-input"]
reading("abumostafa2012", "shalevshwartz2014", "duda2001", "mitchell1997")

# %% [markdown]
# ### Linear metrics

# %% tags=["hide-input"]
reading("xing2002", "schultz2003", "goldberger2005", "barhillel2005", "davis2007")
reading("sugiyama2007", "weinberger2009", "shi2014")

# %% [markdown]
# ### Deep losses

# %% tags=["hide-input"]
reading("chopra2005", "hadsell2006", "schroff2015", "song2016", "sohn2016", "hermans2017")
reading("wu2017", "movshovitz2017", "kim2020", "wang2018", "deng2019", "zhai2019")
reading("wang2019", "wang2020memory", "chen2020", "khosla2020", "wang2020hypersphere")

# %% [markdown]
# ### Evaluation and statistics
#
# Read these before you believe a table in any of the papers above.

# %% tags=["hide-input"]
reading("musgrave2020", "roth2020", "fehervari2019", "barz2020", "guo2017", "zhang2024")
reading("dietterich1998", "nadeau2003", "demsar2006")

# %% [markdown]
# ### Several modalities

# %% tags=["hide-input"]
reading("karpathy2015", "perezrua2019", "radford2021")

# %% [markdown]
# ### Search, and streams

# %% tags=["hide-input"]
reading("yianilos1993", "chavez2001", "johnson2017", "malkov2020", "douze2024")
reading("shalevshwartz2004", "jain2008", "bifet2007", "gama2013", "gama2014")

# %% [markdown]
# ## The field on a line
#
# When did the works of this book appear?

# %% tags=["hide-input"]
years = np.sort([work.year for work in papers if work.year])
heights = [np.sum(years[:i] == year) + 1 for i, year in enumerate(years)]
milestones = {  # name, and where it stands
    "mahalanobis1936": ("the distance", (1934, 3)),
    "cover1967": ("nearest neighbours", (1955, 4)),
    "xing2002": ("learned from pairs", (1976, 6)),
    "chopra2005": ("with a network", (1983, 8)),
    "schroff2015": ("triplets of faces", (1990, 10)),
    "musgrave2020": ("reality check", (2000, 12)),
}
figure, ax = plt.subplots(figsize=(7, 2.8))
ax.scatter(years, heights, s=14)
for key, (name, place) in milestones.items():
    dot = works[key].year, np.sum(years == works[key].year)
    ax.annotate(name, dot, place, arrowprops={"arrowstyle": "-", "color": "#767676"})
ax.set(xlabel="year", ylabel="works of that year", ylim=(0, 14), yticks=range(0, 14, 2))
ax.set_title("Verified works in the bibliography of this book")
busiest = np.bincount(years).argmax()
plots.show(
    figure,
    f"{len(years)} dots, one a work, over the years {years.min()} to {years.max()}: "
    f"{np.sum(years < 1990)} before 1990; most, {np.sum(years == busiest)}, in {busiest}. "
    f"Marked: {', '.join(f'{n} {works[key].year}' for key, (n, _) in milestones.items())}.",
)

# %% [markdown]
# What is shown is what *this* book needs; the line says little about the field as a whole.
#
# ## Software, and where to ask
#
# A list of libraries grows old quickly. The releases were looked up in autumn 2026; the
# column on the right is computed from what is installed where this page was made.

# %% tags=["hide-input"]
libraries = {
    "scikit-learn": ("", "NCA, LDA, nearest neighbours"),
    "metric-learn": ("0.7.0", "linear metrics; fails with scikit-learn 1.8, see below"),
    "pyDML": ("0.1.0", "linear and kernel metrics"),
    "pytorch-metric-learning": ("2.9.0", "deep losses, miners, evaluation (PyTorch)"),
    "open-metric-learning": ("4.0.0", "whole pipelines (PyTorch)"),
    "tensorflow-similarity": ("0.17.1", "deep losses and an index (TensorFlow)"),
    "faiss-cpu": ("1.15.1", "exact and approximate search"),
    "hnswlib": ("0.8.0", "approximate search in a graph"),
    "river": ("0.26.1", "streams"),
}
table = pd.DataFrame(libraries, index=["newest release seen", "for"]).T
here = {package.name: package.version for package in distributions()}
table["installed here"] = [here.get(name, "") for name in table.index]
plots.table(table[["for", "newest release seen", "installed here"]])

# %% [markdown]
# `metric-learn` is the natural first choice for linear metrics. Its newest release calls a
# function of scikit-learn with an argument that scikit-learn 1.8 removed ([issue
# 359](https://github.com/scikit-learn-contrib/metric-learn/issues/359)). The repair is
# [merged](https://github.com/scikit-learn-contrib/metric-learn/pull/360), but we found no
# release with it: one reason why `mlbook.linear` has implementations of its own.

# %% tags=["hide-input"]
reading("devazelhes2020", "suarez2020")

# %% [markdown]
# **Where to ask.** With a question about a library, go to its issues on GitHub, and search
# them first. One question comes up again and again: why is a triplet loss stuck at the
# margin? Because all embeddings have *collapsed* (坍缩) to one point, as in
# [pytorch-metric-learning
# 20](https://github.com/KevinMusgrave/pytorch-metric-learning/issues/20) and
# [tensorflow-triplet-loss
# 6](https://github.com/omoindrot/tensorflow-triplet-loss/issues/6). Chapter 2.1 shows it.
# New papers appear on [arXiv](https://arxiv.org). The other sites of A.4 are large and
# general. We met none of our works there, which does not speak against them.
#
# The courses and the site, corrected:

# %% tags=["hide-input"]
reading("ng-machine", "ng-deep", "silver2015", "distill2021")

# %% [markdown]
# ## The verdict

# %%
plots.table(claims.table("06_3_reading").set_index("claim"))

# %% [markdown]
# ## What works: five steps to check a reference
#
# 1. Put the title in quotation marks into a search engine. A real paper has many traces.
# 2. Open the *DOI* (数字对象标识符) or the arXiv page. A DOI that opens is not enough. Read
#    the title that you find there.
# 3. Compare the authors, all of them, and the year.
# 4. Look into the table of contents of the journal or the proceedings.
# 5. Read the abstract. Does the paper say what it is cited for?
#
# For none of them is a language model a source, or another tutorial.
#
# ## Exercises
#
# Hand in an answer with `exercises.check("06_3", 1, answer)`; it says *right*, or gives a
# hint.
#
# 1. **A form.** A DOI is made of `10.`, the number of a registrant (four to nine digits), a
#    slash, and a name without spaces. Hand in a function that says whether a text has this
#    form, and nothing else in it. Why is it not a check of a reference?
# 2. **Five citations.** We met them, in this form or a similar one, in real texts. One is
#    right. What is wrong with the others? Use `works`, and hand in a list of five texts,
#    with the letters `a` if an author is wrong, `p` the place, `y` the year (`""` if none).
#    1. Barz and Denzler, Do we train on test data?, Journal of Machine Learning Research 21
#    2. Garcia and others, A survey on concept drift adaptation, IEEE TPAMI, 2022
#    3. Kessy, Lewin and Strimmer, Optimal whitening and decorrelation, The R Journal 10(1)
#    4. Cover and Hart, Nearest neighbor pattern classification, IEEE Transactions on
#       Information Theory, 1967
#    5. Shalev-Shwartz and others, Online metric learning and fast similarity search, 2006
# 3. **What decides?** Which of these show that a citation is wrong, and not only that its
#    work was not found? Hand in a list of names: `search`, no search engine knows the
#    title; `copies`, the title stands only in other tutorials; `names`, nobody has heard of
#    the authors; `contents`, the list of contents of the volume is complete and does not
#    have it; `page`, its DOI opens the page of another paper.
#
# A further question: six words of a wrong title stand in a right one. How many words do two
# *real* titles of the bibliography share, in order?

# %% tags=["hide-cell"]
# 1: the form says nothing about whether it is registered, and for which paper.
import re

from mlbook.checks import exercises


def has_form(text):
    return bool(re.fullmatch(r"10\.\d{4,9}/\S+", text))


exercises.check("06_3", 1, has_form)
dois = [work.fields["doi"] for work in works.values() if "doi" in work.fields]
print("of the form:", sum(map(has_form, dois)), "of", len(dois))
print("a made-up one too:", has_form("10.1234/no.such.paper"))

# %% tags=["hide-cell"]
# 2: the fourth is right. Wrong are the journal in 1 and 3; the author, the journal and the
# year in 2; the author and the year in 5. 3: only a closed list and a page decide.
exercises.check("06_3", 2, ["p", "apy", "p", "", "ay"])
exercises.check("06_3", 3, ["contents", "page"])
for key in ("barz2020", "gama2014", "kessy2018", "cover1967", "jain2008"):
    display(Markdown(f"- {cite(key)}"))

# %% tags=["hide-cell"]
# Further: some real titles share as many words, because papers answer one another. So words
# in common say where to look for what was meant. They prove nothing.
counts = []
for work in papers:
    others = [other for other in papers if other.authors[0] != work.authors[0]]
    counts.append(nearest_title(others, work.title)[1])
print(
    "words shared with the nearest title:", np.bincount(counts), "works with 0, 1, 2, ..."
)
shared = [nearest_title(papers, check["title"])[1] for check in missing[:3]]
print("the three papers of A.3:", shared)

# %% [markdown]
# ## To take away
#
# - A reference is a claim like any other: it can be executed.
# - Of three papers of the article none was found; for each there is a real paper with half
#   of its title.
# - “Not found” is weaker than “does not exist”. A closed list, such as the contents of a
#   volume, can decide.
# - Known names prove nothing. A fabricated reference puts real names on a wrong title.
#
# ## Further reading
#
# All of the above; and `book/references.bib`, with the place where each work was seen.
