"""The `mlbook` command. Every subcommand is a thin layer over a function of the package.

The imports lie inside the commands, so that `mlbook --help` answers at once.
"""

import os
import sys
from typing import Annotated

import typer

from mlbook.errors import MlbookError

app = typer.Typer(
    help="Metric Learning, re-executed: the book's data, experiments, results and chapters.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(
    help="The data sets: what is here (without a subcommand), fetch, check.",
    invoke_without_command=True,
)
app.add_typer(data_app, name="data")

BudgetOption = Annotated[str, typer.Option(help="smoke (seconds), reader (minutes) or full.")]


def main():
    """Run the command; expected failures print their message and exit with a code other than 0."""
    # TensorFlow's start-up messages are for its developers.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app()
    except MlbookError as error:
        print(f"mlbook: {error}", file=sys.stderr)
        sys.exit(1)
    except SystemExit as leaving:
        # typer turns Ctrl-C into this code, without a word
        if leaving.code == 130:
            print(
                "\nmlbook: interrupted. Finished seeds and chapters are kept; the same command "
                "continues there.",
                file=sys.stderr,
            )
        raise


@app.command("list")
def list_experiments():
    """List the experiments and which results are recorded."""
    from mlbook import experiments

    have = set(experiments.recorded())
    rows = []
    for name in experiments.NAMES:
        module = experiments.get(name)
        budgets = [b for b in module.BUDGETS if (name, b) in have]
        rows.append((name, ", ".join(budgets) or "nothing recorded", module.TITLE))
    _print_table(("experiment", "recorded", "what it measures"), rows)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="An experiment; `mlbook list` names them.")],
    budget: BudgetOption = "reader",
    seeds: Annotated[int | None, typer.Option(help="How many seeds, counted from 0.")] = None,
):
    """Run an experiment and record it in results/NAME.BUDGET.json."""
    from mlbook import experiments

    path = experiments.record(name, budget, seeds)
    print(experiments.load_result(name, budget).table().to_string())
    print(f"Recorded in {path}. Show it again with: mlbook results {name} --budget {budget}")


@app.command()
def results(
    name: Annotated[
        str | None,
        typer.Argument(help="An experiment; all if left out; or `verify` or `update`, see below."),
    ] = None,
    which: Annotated[
        str | None, typer.Argument(help="The experiment to verify, or the only one to update.")
    ] = None,
    budget: BudgetOption = "full",
    seed: Annotated[int, typer.Option(help="The seed that `verify` runs again.")] = 0,
):
    """Show a recorded result, or list what is recorded, how old, and whether it is current.

    `mlbook results verify NAME` runs one seed again and says whether its numbers lie inside the
    recorded intervals. `mlbook results update` records again what is missing or stale; after an
    interruption the same command continues.
    """
    if name == "verify":
        _verify(which, budget, seed)
    elif name == "update":
        from mlbook.experiments import upkeep

        written = upkeep.rerun(budget, None if which is None else [which])
        for path in written:
            print(f"recorded {path}")
        print("all results are current" if not written else f"{len(written)} recorded again")
    elif which is not None:
        raise MlbookError(f"unknown action {name!r}; use verify or update before the experiment")
    elif name is None:
        _list_results()
    else:
        from mlbook import experiments

        experiments.get(name)
        result = experiments.load_result(name, budget)
        print(result.table().to_string())
        print(result.caption)


def _list_results():
    from mlbook import experiments
    from mlbook.experiments import upkeep

    rows = []
    for experiment, budget in experiments.recorded():
        state = upkeep.state(experiment, budget, with_data=False)
        said = ", ".join(state.problems) or "current"
        seeds, tiers = "", ""
        if upkeep.DAMAGED not in state.problems:
            content = experiments.load_result(experiment, budget).content
            seeds = str(len(content["seeds"]))
            tiers = ", ".join(f"{d['name']} ({d['tier']})" for d in content["data"])
        age = "" if state.age_days is None else f"{state.age_days} d"
        rows.append((experiment, budget, seeds, state.date, age, said, tiers))
    _print_table(("experiment", "budget", "seeds", "date", "age", "state", "data"), rows)


def _verify(name, budget, seed):
    from mlbook.errors import ResultError
    from mlbook.experiments import upkeep

    if name is None:
        raise MlbookError("name the experiment: mlbook results verify NAME")
    found = upkeep.verify(name, budget, seed)
    shown = found.drop(columns=["equal", "inside"]).round(4)
    shown["verdict"] = [
        "equal" if row.equal else "inside" if row.inside else "OUTSIDE"
        for row in found.itertuples()
    ]
    print(shown.to_string(index=False))
    outside = found[~found["inside"]]
    # of so many values some lie outside by chance
    if len(outside) > max(1, 0.1 * len(found)):
        raise ResultError(
            f"{len(outside)} of {len(found)} values lie outside of what one more seed should give. "
            "Compare the versions in the result file with those here, then the data "
            "(mlbook data check)."
        )
    print(
        f"{name}, seed {seed}: {int(found['equal'].sum())} of {len(found)} values equal the "
        f"recorded ones, {len(found) - len(outside)} lie inside of what one more seed should give."
    )


@data_app.callback()
def data_status(context: typer.Context):
    """List the data sets: their tiers, places, sizes and states."""
    if context.invoked_subcommand is None:
        from mlbook import datasets

        rows = [
            (s.name, s.tier, s.state, _size(s.size), s.place, s.note)
            for name in datasets.available()
            for s in datasets.status(name)
        ]
        _print_table(("data set", "tier", "state", "size", "place", "note"), rows)


@data_app.command("fetch")
def data_fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Data sets to download.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All data sets of the book.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    tier: Annotated[
        str, typer.Option("--tier", help="'sample' where packages can be had but not the data.")
    ] = "canonical",
    if_possible: Annotated[
        bool, typer.Option("--if-possible", help="Do not fail where the network does not answer.")
    ] = False,
):
    """Download data sets with their own loaders."""
    from mlbook import datasets
    from mlbook.errors import OfflineError

    if not names and not every:
        raise MlbookError(f"name a data set ({', '.join(datasets.available())}), or use --all")
    for name in datasets.available() if every else names:
        try:
            row = datasets.fetch(name, force=force, tier=tier)
            print(f"{name}: {row.note} ({row.place})")
        except OfflineError as error:
            if not if_possible:
                raise
            print(f"{name}: not downloaded. {error}")
            if tier == "canonical" and (row := datasets.fetch_stand_in(name)):
                print(f"{name}: {row.tier} data instead: {row.note} ({row.place})")


@data_app.command("check")
def data_check():
    """Read every data set that is here; verify counts and fingerprints."""
    from mlbook import datasets

    rows = [row for name in datasets.available() for row in datasets.check(name)]
    _print_table(
        ("data set", "tier", "state", "fingerprint", "note"),
        [(r.name, r.tier, r.state, r.fingerprint, r.note) for r in rows],
    )
    damaged = [row for row in rows if row.state != "sound"]
    if damaged:
        raise MlbookError(f"{len(damaged)} of {len(rows)} copies are damaged")


@app.command()
def check():
    """Compare every chapter's .py with its .ipynb, and look for typed-in measurements.

    Also whether the glossary and the chapters know each other's terms.
    """
    from mlbook import glossary, notebooks, paths
    from mlbook.pairs import check_pairs
    from mlbook.prose import prose, prose_numbers

    problems = check_pairs(paths.notebooks())
    for chapter in notebooks.chapters():
        problems += prose_numbers(chapter)
    problems += glossary.problems({c.stem: prose(c) for c in notebooks.chapters()})
    _report(problems, f"{len(notebooks.chapters())} chapter pairs agree, executed, in order")


@app.command()
def claims(
    action: Annotated[
        str | None, typer.Argument(help="`run` prints only how many claims got which verdict.")
    ] = None,
    chapter: Annotated[str | None, typer.Option(help="Only this chapter's, e.g. 03.")] = None,
    claim_id: Annotated[str | None, typer.Option("--id", help="Only this claim.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
):
    """Print the article's claims with their verdicts, computed now.

    What is cheap is run; what needs hours is read from the recorded full results.
    """
    import json

    from mlbook import claims as ledger

    if action not in (None, "run"):
        raise MlbookError(
            f"unknown action {action!r}; `mlbook claims run`, or `--id` for one claim"
        )
    judged = ledger.judge_all(chapter=chapter, claim_id=claim_id)
    if as_json:
        print(json.dumps([ledger.as_dict(c, o) for c, o in judged], indent=1, ensure_ascii=False))
    elif action == "run":
        from mlbook import audit

        table = audit.counts(judged)
        table.loc["all"] = table.sum()
        print(table.to_string())
    else:
        rows = [(c.id, c.section, o.verdict, o.evidence) for c, o in judged]
        _print_table(("claim", "section", "verdict", "evidence"), rows)


@app.command()
def execute(
    budget: BudgetOption = "reader",
    force: Annotated[bool, typer.Option("--force", help="Also what did not change.")] = False,
    only: Annotated[str | None, typer.Option(help="Chapters whose names start so.")] = None,
):
    """Execute the chapters into _build/notebooks; redo only what changed."""
    from mlbook import notebooks

    notebooks.execute_all(budget, force=force, only=only)


@app.command()
def notebooks(
    only: Annotated[str | None, typer.Option(help="Chapters whose names start so.")] = None,
):
    """Execute afresh and rewrite the committed .ipynb files (canonical data only)."""
    from mlbook import notebooks as chapters

    for path in chapters.write_committed(only):
        print(f"wrote {path}")


@app.command()
def book():
    """Build the web book from the executed chapters."""
    from mlbook import book as web_book

    web_book.build()


@app.command("map")
def write_map():
    """Rewrite chapters.md, the map from the article to the book, and the README's figure."""
    from mlbook import audit, chapters

    print(f"wrote {chapters.write_map()}")
    print(f"wrote {audit.write_accuracy_figure()}")


def _report(problems, all_well):
    for problem in problems:
        print(problem)
    if problems:
        raise MlbookError(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} found")
    print(all_well)


def _size(n_bytes):
    return "" if n_bytes is None else f"{n_bytes / 1e6:.1f} MB"


def _print_table(head, rows):
    if not rows:
        print("nothing to show")
        return
    # the last column may be long: it is not padded
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head) - 1)]
    for row in [head, *rows]:
        cells = [str(cell).ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, str(row[-1])]))


if __name__ == "__main__":
    main()
