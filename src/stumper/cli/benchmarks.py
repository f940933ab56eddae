"""Commands about the paper's ten benchmarks: what a harness is to run, what it said. No rule lives here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stumper.cli.shared import JsonOption, out
from stumper.evaluate.benchmarks.ten import Harness

if TYPE_CHECKING:
    from stumper.evaluate.benchmarks import Table

benchmarks = typer.Typer(no_args_is_help=True, help="The paper's ten benchmarks: plan, read.")


@benchmarks.command("plan")
def plan(
    base: Annotated[str, typer.Option(help="Before tuning: openai:URL#NAME or hf:FOLDER.")],
    tuned: Annotated[str, typer.Option(help="After tuning: openai:URL#NAME or hf:FOLDER.")],
    harness: Annotated[Harness, typer.Option(help="What runs them.")] = Harness.VLMEVALKIT,
    folder: Annotated[Path, typer.Option("--out", help="Folder of the script and of the results.")] = Path(
        "benchmarks"
    ),
    only: Annotated[
        list[str] | None, typer.Option(help="This one only, such as ocrbench; repeat it.")
    ] = None,
    model_class: Annotated[
        str | None, typer.Option(help="The harness's name for what loads an hf: folder, if it is asked for.")
    ] = None,
) -> None:
    """Writes a script with the command lines that run the benchmarks before and after tuning."""
    from stumper.evaluate.benchmarks import Plan, write_plan
    from stumper.evaluate.benchmarks.ten import chosen

    made = Plan(harness=harness, base=base, tuned=tuned, benchmarks=chosen(only), model_class=model_class)
    for path in write_plan(made, folder):
        out.print(str(path), highlight=False, soft_wrap=True)
    if made.judged:
        names = ", ".join(one.name for one in made.judged)
        out.print(f"A judge scores {names}: set JUDGE_URL, JUDGE_MODEL and OPENAI_API_KEY for the script.")
    out.print(
        f"Run {folder / 'run.sh'} where {harness.called} is installed, then: stumper benchmarks read {folder}"
    )


@benchmarks.command("read")
def read(
    folder: Annotated[Path, typer.Argument(help="The plan's folder, or one model's results.")] = Path(
        "benchmarks"
    ),
    before: Annotated[Path | None, typer.Option(help="Results of the model before tuning.")] = None,
    after: Annotated[Path | None, typer.Option(help="Results of the model after tuning.")] = None,
    bound: Annotated[float, typer.Option(help="Share of a scale that may be lost unflagged.")] = 0.005,
    html: Annotated[Path | None, typer.Option(help="Write a page with charts to this file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Shows before and after side by side, with the paper's figures; flags what was lost."""
    from stumper.evaluate.benchmarks import compare, read_pair
    from stumper.evaluate.benchmarks.page import write_benchmarks

    table = compare(*read_pair(folder, before=before, after=after), bound=bound)
    if html is not None:
        write_benchmarks(html, table)
    if as_json:
        sys.stdout.write(json.dumps(table.to_json(), allow_nan=False) + "\n")
    else:
        _show(table)


def _show(table: Table) -> None:
    """Prints everything within 80 columns."""
    from rich.table import Table as Drawn

    drawn = Drawn("", box=None, padding=(0, 2, 0, 0))
    for head in ("before", "after", "change", "", "paper"):
        drawn.add_column(head, justify="left" if head in ("", "paper") else "right")
    for row in table.rows:
        drawn.add_row(
            row.benchmark.name,
            row.told(row.before),
            row.told(row.after),
            row.told(row.change, signed=True),
            "[bold red]lost[/]" if row.lost else "",
            f"{row.benchmark.paper_before:g} to {row.benchmark.paper_after:g}",
        )
    out.print(drawn)
    out.print(table.verdict)
    for note in table.notes:
        out.print(note, style="dim", highlight=False, markup=False)
    out.print(
        f"Paper: MiniCPM-Llama3-V-2.5-8B, Table 5. Run by {table.harness}; levels differ between harnesses "
        "and judges, so compare changes.",
        style="dim",
        highlight=False,
    )
