"""The command that says what play tells about the model under test. No rule lives here."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stumper import campaigns
from stumper.app import build
from stumper.cli.shared import CampaignOption, JsonOption, out, run
from stumper.config import load
from stumper.evaluate.askers import Asker, Askers, Share
from stumper.evaluate.insight import Crowd, Insight, Level
from stumper.evaluate.insight import insight as fitted
from stumper.trust.error_rates import Interval, Rate

STRIP = 20
"""Characters of an interval's picture, from 0 to 1."""


def insight(
    campaign: CampaignOption = None,
    number: Annotated[
        int | None, typer.Option("--round", min=1, help="Which round; the newest that was played.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--out", help="Write the JSON to this file.")] = None,
    seed: Annotated[int, typer.Option(help="Of the rehearsals that measure the fit's own bias.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """What play tells: the model's error rate by category, whoever asked; how players see and tire."""
    found = fitted(run(_load(campaign, number)), seed=seed)
    line = json.dumps(found.to_json())
    if file is not None:
        file.write_text(line + "\n", encoding="utf-8")
    if as_json:
        sys.stdout.write(line + "\n")
    else:
        show(found, out)


async def _load(campaign: str | None, number: int | None) -> Any:
    from stumper.evaluate.insight import load_played
    from stumper.simulate.world import truth_book

    settings = load(campaign=campaign)
    async with build(settings) as app, app.database.read() as tx:
        owner = await campaigns.find_campaign(tx, settings.campaign)
        rounds = [one for name, one in await campaigns.list_rounds(tx) if name == owner.name]
        return await load_played(
            tx, owner, rounds, number=number, truths=lambda id_: truth_book(settings.data, [id_]).holds
        )


def show(found: Insight, console: Console) -> None:
    """Prints everything within 80 columns."""
    console.print(
        f"[bold]{found.campaign}, round {found.round}[/] against {found.model}: {found.marks:,} marks of "
        f"{found.crowd.players:,} players, {found.votes:,} votes",
        highlight=False,
    )
    if found.categories:
        console.print(_rates(found))
    if found.note:
        console.print(f"[yellow]{found.note}[/]", highlight=False)
    else:
        console.print(
            f"For the average asker and picture. {found.audited_share:.0%} of the answers were judged by "
            "others as well.",
            style="dim",
            highlight=False,
        )
    console.print(_crowd(found.crowd))
    if found.askers is not None:
        _askers(found.askers, console)
    console.print("What cannot be known from play:", style="bold")
    for limit in found.limits:
        console.print(f"- {limit}", style="dim", highlight=False)


def _rates(found: Insight) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("category")
    for head in ("answers", "marked"):
        table.add_column(head, justify="right")
    table.add_column("model wrong" if found.absolute else "of the mean", justify="right")
    table.add_column("95 % interval")
    table.add_column("0" + "1".rjust(STRIP - 1) if found.absolute else "0" + "2".rjust(STRIP - 1))
    for name, rate in (*found.categories, ("all", found.overall)):
        table.add_row(*_cells(name, rate), style="bold" if name == "all" else None)
    return table


def _cells(name: str, rate: Rate) -> tuple[str, ...]:
    shown, scale = (rate.error, 1.0) if rate.error is not None else (rate.relative, 2.0)
    return (
        "colour" if name == "color" else name,
        f"{rate.asked:,}",
        f"{rate.marked:.0%}",
        f"{shown.mean:.2f}",
        f"{shown.low:.2f} to {shown.high:.2f}",
        _strip(shown, scale),
    )


def _strip(interval: Interval, scale: float) -> str:
    """Draws an interval as a line with a dot."""
    low, mean, high = (
        min(STRIP - 1, max(0, round(value / scale * (STRIP - 1))))
        for value in (interval.low, interval.mean, interval.high)
    )
    line = ["─" if low <= at <= high else " " for at in range(STRIP)]
    line[mean] = "●"
    return "".join(line)


def _crowd(crowd: Crowd) -> Table:
    table = Table("players", "controls", "busy pictures", box=None, padding=(0, 2, 0, 0))
    table.add_row("see a wrong answer", _level(crowd.sees_control), _level(crowd.sees_busy))
    table.add_row("doubt a right answer", _level(crowd.alarms_control), _level(crowd.alarms_busy))
    tired = crowd.tired
    table.add_row("tire, logits a turn", f"{tired.mean:+.2f} ({tired.low:+.2f} to {tired.high:+.2f})", "")
    table.add_row("take", f"{crowd.seconds:.0f} s" if math.isfinite(crowd.seconds) else "–", "")
    table.add_row("quick and sharp", f"r {crowd.quick_and_sharp:+.2f}", "")
    table.add_row("trusted", f"{crowd.trusted} of {crowd.players}", "")
    return table


def _askers(found: Askers, console: Console) -> None:
    console.print(_compared("who asked", found.by_kind), highlight=False)
    for one in found.by_kind:
        if one.effort.calls:
            each = one.effort.calls / one.questions
            console.print(
                f"{one.name}: {one.effort.calls:,} calls ({each:.1f} a question), "
                f"{one.effort.tokens:,} tokens, {one.effort.seconds:,.0f} s.",
                style="dim",
                highlight=False,
                markup=False,
            )
    if found.by_suggestion:
        console.print(_compared("people's questions", found.by_suggestion), highlight=False)
    console.print(
        "Questions on pictures that are no controls. validated: accepted of the decided claims; true: of the "
        f"accepted, where the truth is known; different: expected among {found.drawn}; even: entropy of the "
        "categories. Nobody drew by lot who asked, or who took an idea.",
        style="dim",
        highlight=False,
    )


def _compared(what: str, askers: Sequence[Asker]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column(what, overflow="fold")
    for head in ("asked", "claims of 100", "validated", "true", "different", "even"):
        table.add_column(head, justify="right")
    for one in askers:
        table.add_row(
            escape(one.name),
            f"{one.questions:,}",
            _percent(one.claims, interval=True),
            _percent(one.validated),
            _percent(one.true),
            f"{one.distinct:.0f}",
            f"{one.entropy:.2f}",
        )
    return table


def _percent(found: Share, *, interval: bool = False) -> str:
    if not found.of:
        return "–"
    told = f" ({100 * found.low:.0f}-{100 * found.high:.0f})" if interval else " %"
    return f"{100 * found.mean:.0f}{told}"


def _level(level: Level) -> str:
    return f"{level.mean:.2f} ({level.low:.2f} to {level.high:.2f})"
