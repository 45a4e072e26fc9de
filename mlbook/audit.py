"""The whole ledger at a glance: the five reported accuracies, counts of verdicts, one table.

Numbers come from recorded results and verdicts from `mlbook.claims`; here they are put side by
side. `mlbook.audit_projects` says which arm of which result answers which question.
"""

import html
import json

import numpy as np

from mlbook import paths, plots
from mlbook.audit_page import TABLE
from mlbook.audit_projects import PROJECTS
from mlbook.checks import VERDICTS
from mlbook.checks.base import REFUTED, Evidence
from mlbook.checks.measured import limits_in
from mlbook.claims import KINDS
from mlbook.errors import ResultError, UnknownNameError

ROLES = {
    "printed": "the printed code, made to run",
    "described": "the method that the text describes",
    "plain": "a plain baseline",
    "best": "what works",
}
_ROLE_STYLES = {
    "printed": ("vermilion", "X"),
    "described": ("orange", "s"),
    "plain": ("grey", "D"),
    "best": ("green", "o"),
}
_VERDICT_COLOURS = dict(zip(VERDICTS, ("green", "sky", "vermilion", "grey"), strict=True))


def measured(project, role, evidence=None):
    """The recorded accuracy of one role of a project.

    Parameters
    ----------
    project : Project
    role : str
        One of `ROLES`.
    evidence : Evidence or None
        None is the recorded results.

    Returns
    -------
    (Interval, str) or None
        The accuracy and what the arm is; None if the project has nothing in that role, or if it
        was not recorded yet.
    """
    if role not in project.arms:
        return None
    name, arm = project.arms[role]
    try:
        result = (evidence or Evidence()).result(name, "full")
    except ResultError:
        return None
    return result.interval(arm, "accuracy"), result.arms[arm]


def accuracies(projects=PROJECTS, evidence=None):
    """The reported accuracies beside the measured ones.

    Returns
    -------
    pandas.DataFrame
        One row a project: the quoted accuracy, and one column for each of `ROLES`, in percent
        with its interval.
    """
    import pandas as pd

    rows = {}
    for project in projects:
        rows[project.name] = {"quoted": f"“{100 * project.quoted:.0f} %”"}
        for role, heading in ROLES.items():
            found = measured(project, role, evidence)
            rows[project.name][heading] = f"{found[1]}: {found[0].percent(1)}" if found else "–"
    return pd.DataFrame.from_dict(rows, orient="index")


def gains(projects=PROJECTS, evidence=None):
    """What the article's metric changes in each project, and what the best method costs.

    Returns
    -------
    pandas.DataFrame
        One row a project: the paired difference in points (with the wider of its intervals over
        the test items and over the seeds), what it says, and the number of seeds; by how many
        points what works passes the quoted number; the time that one fit of it takes, where
        that was recorded.
    """
    import pandas as pd

    evidence = evidence or Evidence()
    rows = {}
    for project in projects:
        name, arm, without = project.with_metric
        row = dict.fromkeys(
            ("with the metric minus without, points", "so the metric is", "seeds"), "not recorded"
        )
        try:
            result = evidence.result(name, "full")
        except ResultError:
            pass
        else:
            change = result.compare(arm, without)
            values = change.value, change.low, change.high
            value, low, high = (f"{100 * x:+.1f}" for x in values)
            row = {
                "with the metric minus without, points": f"{value} [{low}, {high}]",
                "so the metric is": change.verdict(),
                "seeds": str(len(result.values(arm))),
            }
        best = measured(project, "best", evidence)
        row["what works minus quoted, points"] = (
            f"{100 * (best[0].value - project.quoted):+.1f}" if best else "not recorded"
        )
        row["one fit of it takes"] = _seconds(project, evidence) if best else "not recorded"
        rows[project.name] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def _seconds(project, evidence):
    name, arm = project.arms["best"]
    result = evidence.result(name, "full")
    try:
        return f"{result.values(arm, 'fit_seconds').mean():.0f} s"
    except UnknownNameError:
        longest = max(result.content["wall_seconds"].values())
        return f"less than {longest:.0f} s, which all arms of a seed took"


def accuracy_figure(projects=PROJECTS, evidence=None):
    """Show the reported accuracies and the measured ones with their intervals, in one figure."""
    plots.show(*_accuracy_figure(projects, evidence))


def write_accuracy_figure():
    """Draw the same figure for the README; returns the path of the picture."""
    plots.style()
    figure, _ = _accuracy_figure(PROJECTS, None)
    path = paths.root() / "book" / "_static" / "accuracies.png"
    figure.savefig(path, bbox_inches="tight", metadata={"Software": None})
    return path


def _accuracy_figure(projects, evidence):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(8, 0.9 + 0.75 * len(projects)))
    spoken, labelled = [], set()
    offsets = dict(zip(ROLES, np.linspace(-0.24, 0.24, len(ROLES)), strict=True))
    for row, project in enumerate(projects):
        ax.plot(
            [100 * project.quoted] * 2,
            [row - 0.36, row + 0.36],
            color="black",
            linewidth=2.5,
            label="quoted from the article" if row == 0 else None,
        )
        parts = [f"quoted {100 * project.quoted:.0f} %"]
        for role, heading in ROLES.items():
            found = measured(project, role, evidence)
            if found is None:
                continue
            interval, _ = found
            low, high = (np.clip(100 * x, 0, 100) for x in (interval.low, interval.high))
            value = 100 * interval.value
            colour, marker = _ROLE_STYLES[role]
            ax.errorbar(
                value,
                row + offsets[role],
                xerr=[[max(value - low, 0)], [max(high - value, 0)]],
                fmt=marker,
                markersize=6,
                capsize=3,
                color=plots.COLOURS[colour],
                label=None if role in labelled else heading,
            )
            labelled.add(role)
            parts.append(f"{heading} {value:.1f} %")
        spoken.append(f"{project.name}: {', '.join(parts)}")
    ax.set_yticks(range(len(projects)), [project.name for project in projects])
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set(xlim=(0, 100.5), xlabel="right, % of the test items")
    ax.set_title("Reported and measured accuracies, 95 % intervals", pad=12)
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.14), ncols=2)
    return figure, f"Dot plot of accuracies with intervals. {'; '.join(spoken)}."


def counts(judged):
    """How many claims of each kind got which verdict.

    Parameters
    ----------
    judged : list of (Claim, Outcome)

    Returns
    -------
    pandas.DataFrame of int
        Kinds in rows, verdicts in columns.
    """
    import pandas as pd

    table = pd.DataFrame(0, index=list(KINDS), columns=list(VERDICTS))
    for claim, outcome in judged:
        table.loc[claim.kind, outcome.verdict] += 1
    return table


def refuted_effects(judged):
    """What is behind the refuted claims about measured effects.

    Parameters
    ----------
    judged : list of (Claim, Outcome)

    Returns
    -------
    dict of str to int
        By the intervals of the differences in points that the evidence names: all hold zero, all
        lie below it, or some of each; and how many name none, as those about a quoted accuracy.
    """
    names = {
        (False,): "not shown",
        (True,): "the reverse is shown",
        (False, True): "some of each",
        (): "about a quoted accuracy, or another measure",
    }
    found = dict.fromkeys(names.values(), 0)
    for claim, outcome in judged:
        if claim.kind == "accuracy" and outcome.verdict == REFUTED:
            below = {high < 0 for _, high in limits_in(outcome.evidence)}
            found[names[tuple(sorted(below))]] += 1
    return found


def count_figure(judged):
    """The verdicts by kind of claim, as a figure of bars."""
    import matplotlib.pyplot as plt

    table = counts(judged)
    figure, ax = plt.subplots(figsize=(8, 3.4))
    left = np.zeros(len(table))
    for verdict in VERDICTS:
        widths = table[verdict].to_numpy()
        bars = ax.barh(
            list(table.index),
            widths,
            left=left,
            color=plots.COLOURS[_VERDICT_COLOURS[verdict]],
            label=verdict,
            edgecolor="white",
        )
        ax.bar_label(bars, [str(n) if n else "" for n in widths], label_type="center", fontsize=9)
        left += widths
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="claims", title=f"{len(judged)} claims by kind and verdict")
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.16), ncols=4)
    spoken = "; ".join(
        f"{kind}: " + ", ".join(f"{row[v]} {v}" for v in VERDICTS if row[v])
        for kind, row in table.iterrows()
    )
    plots.show(figure, f"Bars of the number of claims by kind and verdict. {spoken}.")


def ledger(judged):
    """The whole ledger as a table that can be searched and filtered, also without a kernel.

    Parameters
    ----------
    judged : list of (Claim, Outcome)

    Returns
    -------
    IPython.display.HTML
        Where scripts do not run, the table shows all rows and the controls stay hidden.
    """
    from IPython.display import HTML

    rows = "\n".join(_row(claim, outcome) for claim, outcome in judged)
    page = TABLE.strip()
    for name, text in {
        "ROWS": rows,
        "KINDS": _options("all kinds", KINDS),
        "VERDICTS": _options("all verdicts", VERDICTS),
        "TOTAL": str(len(judged)),
    }.items():
        page = page.replace(f"[[{name}]]", text)
    return HTML(page)


def _options(everything, names):
    options = [f'<option value="">{everything}</option>']
    options += [f"<option>{html.escape(name)}</option>" for name in names]
    return "".join(options)


def _row(claim, outcome):
    lines = ", ".join(map(str, claim.lines))
    cells = (
        f"{html.escape(claim.claim)}<br><small>Refuted by: {html.escape(claim.refuted_by)}</small>",
        html.escape(outcome.verdict),
        html.escape(outcome.evidence),
        f"{html.escape(claim.section)}<br>line{'s' * (len(claim.lines) > 1)} {lines}",
        claim.kind,
        f'<a data-chapter="{claim.shown_in}">{_number(claim.shown_in)}</a><br>'
        f"<code>{claim.id}</code>",
    )
    colour = plots.COLOURS[_VERDICT_COLOURS[outcome.verdict]]
    data = f"data-kind={json.dumps(claim.kind)} data-verdict={json.dumps(outcome.verdict)}"
    return (
        f'<tr {data} style="--verdict: {colour}">'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
    )


def _number(stem):
    """A chapter's number as its title has it: 0, 3.2, A.1."""
    part, _, rest = stem.partition("_")
    part = "A" if part == "06" else str(int(part))
    return part if part == "0" else f"{part}.{rest[0]}"
