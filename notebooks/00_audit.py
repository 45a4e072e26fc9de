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
#     article: ["all"]
#     datasets: [digits, breast_cancer, mnist, newsgroups, olivetti, spoken_digits]
#     experiments: []
# ---

# %% [markdown]
# # 0 The audit
#
# **审计：文章的每一个论断**
#
# A tutorial article explains metric learning (度量学习) with formulas, code and printed
# results, and reports five accuracies. Which of its sentences may you believe? This page
# answers from first line to last. It holds the *ledger* (台账): every claim of the article
# in our words, what would refute it, and a verdict (判定) that a function computes each
# time the page is made.
#
# A number in “curly quotation marks” is quoted from the article. All other measured
# numbers are printed by a cell.

# %%
from dataclasses import replace

import pandas as pd
from mlbook import audit, claims, plots
from mlbook.checks import VERDICTS, Evidence

plots.style()
judged = claims.judge_all()

# %% [markdown]
# ## In one look
#
# Six kinds of claims (论断): *accuracies* and other measured effects, *formulas* and
# definitions, *code*, printed *outputs*, *references*, and *facts* about data, libraries
# and the article itself. Four verdicts:
#
# - *supported* (成立): the check passes;
# - *supported with conditions* (有条件成立): it passes for a part of what is claimed, say
#   on some data sets and not on others, and the evidence says for which;
# - *refuted* (不成立): it fails;
# - *cannot be checked here* (此处无法检验), with the reason.

# %%
audit.count_figure(judged)

# %%
table = audit.counts(judged)
table.loc["all"] = table.sum()
table["all"] = table.sum(axis=1)
table

# %% [markdown]
# The kinds are not equally dense: a formula can be wrong in several ways, and each way is
# a claim of its own. So read the counts as a map of where to be careful, not as a mark.
#
# ## The five accuracies
#
# The article reports “97 %” on handwritten digits, “82 %” on photographs, “65 %” on
# newsgroup posts, “95 %” on faces and “85 %” on sentiment, and says each time that a
# metric made the result significantly better. None of the scripts runs as printed. For
# each we measured four things: the printed code when only what stops it is repaired; the
# method that the text describes; a plain baseline (基线); and what works. The article does
# not name its sentiment data, so that case has two rows.

# %%
audit.accuracy_figure()

# %%
plots.table(audit.accuracies())

# %% [markdown]
# A dash means that there is nothing to measure: the photographs' script asks for a weight
# of every pair of images, which is more than a laptop's memory holds. The printed
# sentiment script was run on sentences only.
#
# Is the metric the reason? Here is the same method with the article's metric and without,
# on the same splits (配对差, a paired difference), and beside it by how much an honest
# method passes the quoted number.

# %%
plots.table(audit.gains())

# %% [markdown]
# How to read it: an interval that holds zero is a difference that is *not shown*,
# whatever its middle value says. The chapters tell what was tuned, on which part of the
# data, and how the intervals were made.

# %%
helped = [
    name for name, row in audit.gains().iterrows() if row["so the metric is"] == "better"
]
passed = [
    name
    for name, row in audit.gains().iterrows()
    if row["what works minus quoted, points"].startswith("+")
]
print(
    f"The article's metric is shown to help in {len(helped)} of {len(audit.PROJECTS)} rows."
)
print(f"The quoted number is passed in {len(passed)} of them: {', '.join(passed)}.")

# %% [markdown]
# ## What to believe
#
# First the good news: what the article says and what holds.


# %%
def with_verdict(verdict):
    rows = [
        {"claim": claim.claim, "section": claim.section, "evidence": outcome.evidence}
        for claim, outcome in judged
        if outcome.verdict == verdict
    ]
    return pd.DataFrame(rows)


plots.table(with_verdict("supported"))

# %% [markdown]
# What holds under conditions. The evidence says where, and where not.

# %%
plots.table(with_verdict("supported with conditions"))

# %% [markdown]
# ## The whole ledger
#
# Every claim, in the order of the article's chapters. Search for a word, a line number of
# the article or an id, or filter by kind and verdict; this works on the web page too. The
# last column leads to the chapter where the claim is taken apart; entries that lead here
# are taken apart by their check alone.

# %%
audit.ledger(judged)

# %% [markdown]
# ## How a verdict comes about
#
# An entry of the ledger names a *check* and its arguments. One entry, as the file
# `claims/03.yaml` has it:

# %%
entry = next(claim for claim, _ in judged if claim.id == "mnist-significant")
print("claim:      ", entry.claim)
print("refuted by: ", entry.refuted_by)
print("check:      ", entry.check)

# %% [markdown]
# The check is a function. It looks at *evidence* (证据): recorded results, data sets and
# their *tier* (数据来源等级: published, sample or synthetic), installed libraries. It returns a verdict and one sentence. Nobody types
# either.

# %%
outcome = claims.judge(entry)
print(outcome.verdict, "|", outcome.evidence)

# %% [markdown]
# A check that cannot fail would be worthless. So every check must be seen to change its
# mind: here it gets the same recorded result with the two arms exchanged, and the verdict
# flips. The tests of the book do this for every check.


# %%
class Exchanged:
    """The recorded result, in which the first arm of a comparison is the second."""

    def __init__(self, result):
        self.result, self.arms = result, result.arms

    def compare(self, first, second):
        return self.result.compare(second, first)


ordinary = Evidence()
flipped = replace(ordinary, result=lambda *which: Exchanged(ordinary.result(*which)))
print(claims.judge(entry, flipped).verdict)

# %% [markdown]
# On your machine `mlbook claims --id mnist-significant` prints the same verdict, and
# `mlbook run mnist_neighbours --budget full` measures afresh what it rests on.
#
# ## What could not be checked
#
# Some sentences are beyond any check here: that a publication exists *nowhere* cannot be
# proved by looking, and a web page is not a result. They are listed with the reason, and
# not counted as refuted.

# %%
plots.table(with_verdict("cannot be checked here"))

# %% [markdown]
# Beyond the ledger are sentences of taste and of advice (“metric learning has a bright
# future”), headings, and thanks. They claim nothing that could be wrong.
#
# ## Exercises
#
# 1. *Where are the errors?* Which section of the article has the most refuted claims?
#    Count them, and count also how many claims that section has at all.
# 2. *Flip one.* Take a supported claim that rests on an accuracy, and hand its check
#    evidence for which it is refuted.
# 3. *Write one.* Take a sentence of any tutorial that you know. Write down what would
#    refute it, before you look whether it holds.

# %% tags=["hide-cell"]
# Solution 1
sections = pd.DataFrame(
    [
        {"section": claim.section.split(",")[0], "refuted": outcome.verdict == "refuted"}
        for claim, outcome in judged
    ]
)
sections.groupby("section")["refuted"].agg(["sum", "count"]).sort_values("sum").tail(5)


# %% tags=["hide-cell"]
# Solution 2: a result in which every difference is zero is evidence for nothing.
class Equal(Exchanged):
    def compare(self, first, second):
        return self.result.compare(second, second)


equal = replace(ordinary, result=lambda *which: Equal(ordinary.result(*which)))
supported = [claim for claim, outcome in judged if outcome.verdict == "supported"]
chosen = next(claim for claim in supported if claim.check["name"] == "is_better")
print(chosen.claim, "->", claims.judge(chosen, equal).verdict)

# %% tags=["hide-cell"]
# Solution 3 has no code. A good entry names a quantity, a data set and a bound: "on the
# digits, k = 3 is more accurate than k = 1" is refuted by a paired difference whose
# interval does not lie above zero. "k matters" is refuted by nothing: it is no claim.
print(", ".join(VERDICTS))

# %% [markdown]
# ## To take away
#
# - A claim is worth what would refute it. Write that down first.
# - A reported accuracy without a baseline and an interval says little; none of the
#   article's five has either.
# - The verdicts are computed; when the data, the code or the results change, they change.
#
# ## Further reading
#
# - K. Musgrave, S. Belongie and S.-N. Lim, [A metric learning reality
#   check](https://arxiv.org/abs/2003.08505), ECCV 2020: the same exercise with published
#   losses.
