"""The command that audits a data set, and how its findings look on a terminal. No rule lives here."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stumper.cli.shared import err, out
from stumper.errors import BadSetting
from stumper.release.audit import Audit, Cell, Columns, Finding, Severity, beside
from stumper.release.audit import audit as audited
from stumper.release.audit.sources import sources

_MARKS = {
    Severity.FAULT: ("✗", "bold red"),
    Severity.WARNING: ("!", "bold yellow"),
    Severity.FINE: ("✓", "green"),
}
BAR = 14
"""Characters of the longest bar."""
ANSWER = 20
QUESTION = 60
"""Characters of a text in a table: all of it fits 80 columns."""


def audit(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="JSON, JSON Lines, parquet, TSV or CSV; or a folder with a file a split."
        ),
    ],
    against: Annotated[
        list[Path] | None,
        typer.Option(help="Another split that must not share its pictures; may be repeated."),
    ] = None,
    other: Annotated[
        Path | None,
        typer.Option("--beside", help="Another data set, audited too and set beside this one."),
    ] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of the pictures, if not that of FILE.")] = None,
    question: Annotated[str, typer.Option(help="Column of the question, where the name is unusual.")] = "",
    answer: Annotated[str, typer.Option(help="Column of the reference.")] = "",
    image: Annotated[str, typer.Option(help="Column of the picture.")] = "",
    html: Annotated[Path | None, typer.Option(help="Write a page with charts to this file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with status 1 if there is a fault.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line instead of the text.")] = False,
) -> None:
    """Says what a VQA data set holds and what is wrong with it: balance, repeats, contradictions, leaks."""
    if html is not None:
        _refuse_data(html, [source.path for source in sources(path, against or ())])
    with err.status("reading") as status:
        found = audited(
            path,
            against=against or (),
            images=images,
            columns=Columns(question=question, answer=answer, image=image),
            on_progress=lambda rows: status.update(f"{rows:,} questions read"),
        )
        status.update("reading the other")
        compared = audited(other) if other else None
    if html is not None:
        from stumper.release.audit.page import write_page

        try:
            write_page(html, found, compared)
        except OSError as error:
            raise _no_page(html, error.strerror) from error
        err.print(f"Page: {html}", highlight=False, soft_wrap=True)
    if as_json:
        told = found.to_json() if compared is None else {**found.to_json(), "beside": compared.to_json()}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    elif compared is not None:
        out.print(_beside(found, compared))
    else:
        show(found, out)
    if strict and found.faults:
        raise typer.Exit(1)


def _refuse_data(html: Path, files: list[Path]) -> None:
    """Raises BadSetting for a page that cannot be a file, or that would take the place of the data."""
    try:
        is_data = html.exists() and any(html.samefile(one) for one in files)
    except OSError as error:
        raise _no_page(html, error.strerror) from error
    if is_data or html.is_dir():
        raise _no_page(html, "it holds the data" if is_data else "it is a folder")


def _no_page(html: Path, why: str | None) -> BadSetting:
    return BadSetting(f"{html} cannot be written: {why}. Name another file with --html.")


def show(found: Audit, console: Console) -> None:
    """Prints what was found, the gravest first."""
    files = ", ".join(f"[bold]{escape(file.path)}[/] ({file.kind})" for file in found.files)
    console.print(files, highlight=False)
    console.print(
        f"{found.rows:,} questions about {found.images:,} pictures in {found.wordings:,} wordings",
        highlight=False,
    )
    console.print()
    for one in found.findings:
        if one.severity is not Severity.FINE:
            _show_finding(one, console)
    console.print(_fine(found), highlight=False)
    console.print()
    console.print(_kinds(found))
    console.print()
    console.print(_frequent(found))
    console.print()
    console.print(_verdict(found), highlight=False)


def _beside(ours: Audit, theirs: Audit) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("")
    for one in (ours, theirs):
        table.add_column(_clipped(one.name, QUESTION // 2), justify="right")
    for line in beside(ours, theirs):
        table.add_row(line.title, _told(line.ours), _told(line.theirs))
    return table


def _told(cell: Cell) -> Text:
    if cell.severity in (None, Severity.FINE):
        return Text(cell.text)
    mark, style = _MARKS[cell.severity]
    return Text(f"{mark} {cell.text}", style=style)


def _show_finding(found: Finding, console: Console) -> None:
    mark, style = _MARKS[found.severity]
    console.print(
        f"[{style}]{mark} {found.severity}:[/] [bold]{found.title}[/] [dim]({found.limit})[/]",
        highlight=False,
    )
    console.print(Padding(escape(found.says), (0, 0, 0, 2)), highlight=False)
    for example in found.examples:
        console.print(Padding(Text(f"· {example}", style="dim"), (0, 0, 0, 4)), highlight=False)
    console.print(Padding(f"→ {escape(found.advice)}", (0, 0, 1, 2)), highlight=False)


def _fine(found: Audit) -> str:
    titles = [one.title.lower() for one in found.findings if one.severity is Severity.FINE]
    mark, style = _MARKS[Severity.FINE]
    return f"[{style}]{mark} fine:[/] [dim]{', '.join(titles)}[/]" if titles else ""


def _kinds(found: Audit) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("category", no_wrap=True)
    table.add_column("questions", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("", width=BAR)
    table.add_column("most common answer", no_wrap=True)
    table.add_column("right", justify="right", no_wrap=True)
    most = max(kind.share for kind in found.kinds)
    for kind in found.kinds:
        table.add_row(
            "colour" if kind.name == "color" else kind.name,
            f"{kind.rows:,}",
            f"{kind.share:.1%}",
            Text("█" * max(1, round(kind.share / most * BAR)), style="blue"),
            _clipped(kind.common_answer, ANSWER),
            "–" if math.isnan(kind.common_share) else f"{kind.common_share:.0%}",
        )
    return table


def _frequent(found: Audit) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("most frequent questions", no_wrap=True)
    table.add_column("times", justify="right")
    table.add_column("share", justify="right")
    for one in found.questions[:5]:
        table.add_row(_clipped(one.text, QUESTION), f"{one.rows:,}", f"{one.share:.1%}")
    return table


def _clipped(text: str, width: int) -> str:
    plain = " ".join(text.split())
    return escape(plain if len(plain) <= width else plain[: width - 1] + "…")


def _verdict(found: Audit) -> str:
    if not found.faults:
        return f"[bold green]No fault[/], {_many(found.warnings, 'warning')}."
    return f"[bold red]{_many(found.faults, 'fault')}[/], {_many(found.warnings, 'warning')}."


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
