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
#     article: ["contents", "1.4", "closing words"]
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
from mlbook import audit, claims, datasets, plots
from mlbook.checks import VERDICTS, Evidence

plots.style()
names = ("digits", "breast_cancer", "mnist", "newsgroups", "olivetti", "spoken_digits")
data = [datasets.load(name) for name in names]
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
# - *refuted* (不成立): it fails. Of a measured effect this says that the effect is *not
#   shown*, because the interval of the difference holds zero, or shown to be the reverse;
# - *cannot be checked here* (此处无法检验), with the reason.

# %%
audit.count_figure(judged)

# %%
table = audit.counts(judged)
table.loc["all"] = table.sum()
table["all"] = table.sum(axis=1)
table

# %% [markdown]
# What stands behind the refuted claims about measured effects:

# %%
for what, n in audit.refuted_effects(judged).items():
    print(f"{n:3d} {what}")

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
# not name its faces, for which we take Olivetti's, nor its sentiment data, for which there
# are two rows.

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
gains = audit.gains()
plots.table(gains)

# %% [markdown]
# How to read it: an interval that holds zero is a difference that is *not shown*,
# whatever its middle value says. Where all seeds answered the same test items, it is the
# wider of two: over the items, and over the seeds. On whole reviews the article's network
# may stay near guessing, which makes that interval wide (chapter 5.2). The chapters tell
# what was tuned, on which part of the data, and how the intervals were made.

# %%
helped = gains["so the metric is"] == "better"
passed = gains["what works minus quoted, points"].str.startswith("+")
print(f"The article's metric is shown to help in {helped.sum()} of {len(gains)} rows.")
print(f"The quoted number is passed in {passed.sum()}: {', '.join(gains.index[passed])}.")

# %% [markdown]
# ## What to believe
#
# First the good news: what the article says, or takes for granted, and what holds.


# %%
def with_verdict(verdict):
    rows = [
        {"claim": claim.claim, "section": claim.section, "evidence": outcome.evidence}
        for claim, outcome in judged
        if outcome.verdict == verdict
    ]
    return pd.DataFrame(rows)


plots.table(with_verdict("supported"), *data)

# %% [markdown]
# What holds under conditions. The evidence says where, and where not.

# %%
plots.table(with_verdict("supported with conditions"), *data)

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
# their *tier* (数据来源等级: published, sample or synthetic), installed libraries. It
# returns a verdict and one sentence. Nobody types either. (Facts about the text itself, its
# headings or what it leaves out, were read by hand, and are what the checks look at.)

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
        self.result = result

    def __getattr__(self, name):
        return getattr(self.result, name)

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
# not counted as refuted. (Claims about PyTorch and Spark land here too where these are not
# installed; chapter A.2 says how to add them.)

# %%
plots.table(with_verdict("cannot be checked here"), *data)

# %% [markdown]
# Beyond the ledger are sentences of taste and of advice (“metric learning has a bright
# future”), and headings and thanks that claim nothing.
#
# ## Exercises
#
# Hand in an answer with `exercises.check("00", number, answer)`, where `exercises` comes
# from `mlbook.checks`. It says *right*, or gives a hint.
#
# 1. *Where are the errors?* Write a function. It gets a list of pairs (section, verdict)
#    and looks for the section with the most refuted claims. It returns two numbers: how
#    many claims of that section are refuted, and how many claims it has at all. Then use
#    it on the ledger.
# 2. *Flip one.* Some claims rest on a difference of two accuracies. Hand in three numbers,
#    (low, value, high): a measured difference above zero with an interval for which such a
#    claim is refuted all the same.
# 3. *Write one.* Which of these sentences could be refuted? Hand in a list of letters.
#    (a) k matters. (b) On the digits, k = 3 is more accurate than k = 1. (c) Metric
#    learning has a bright future. (d) No metric recognises all test digits. (e) Somewhere
#    there are data for which scaling does harm.

# %% tags=["hide-cell"]
# Solution 1
from mlbook.checks import exercises


def worst_section(pairs):
    rows = pd.DataFrame(pairs, columns=["section", "verdict"])
    counts = (rows["verdict"] == "refuted").groupby(rows["section"]).agg(["sum", "count"])
    return counts.loc[counts["sum"].idxmax()]


pairs = [(claim.section.split(",")[0], outcome.verdict) for claim, outcome in judged]
worst = worst_section(pairs)
print(f"section {worst.name}: {worst['sum']} of {worst['count']} claims refuted")
exercises.check("00", 1, worst_section)


# %% tags=["hide-cell"]
# Solution 2: an interval that holds zero. We hand it to the check of a supported claim.
class Unsure(Exchanged):
    def compare(self, first, second):
        difference = self.result.compare(first, second)
        return replace(difference, low=low, value=value, high=high)


low, value, high = answer = (-0.01, 0.02, 0.05)
unsure = replace(ordinary, result=lambda *which: Unsure(ordinary.result(*which)))
supported = [claim for claim, outcome in judged if outcome.verdict == "supported"]
chosen = next(claim for claim in supported if claim.check["name"] == "is_better")
print(chosen.claim, "->", claims.judge(chosen, unsure).verdict)
exercises.check("00", 2, answer)

# %% tags=["hide-cell"]
# Solution 3: (b) names a quantity, data and a direction: a paired difference refutes it
# whose interval does not lie above zero. One metric without an error refutes (d). To (a)
# and (c) nothing can happen; and however many data sets we try, (e) may mean another one.
print(", ".join(VERDICTS))
exercises.check("00", 3, ["b", "d"])

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
