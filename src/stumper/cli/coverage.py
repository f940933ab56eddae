"""The command that shows what is collected and what is missing, and sets the target. No rule lives here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stumper import campaigns
from stumper.app import build
from stumper.cli.shared import CampaignOption, JsonOption, err, out, run
from stumper.config import load
from stumper.curate.bounties import parse_target
from stumper.curate.coverage.map import Coverage, Row
from stumper.curate.coverage.map import coverage as mapped
from stumper.errors import BadSetting

HEAT: Final = " ░▒▓█"
"""Missing shares, from nothing to all."""
LISTED: Final = 12
"""Things and sources that are told."""


def coverage(
    campaign: CampaignOption = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="MIX", help='Sets the target mix first: "color=2 text=3", or "even" for all alike.'
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with the map to this file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What is collected of each kind, what the model fails on, what is missing, and what finding it pays."""
    found = run(_work(campaign, target))
    if html is not None:
        from stumper.release.coverage_page import write_page

        try:
            write_page(html, found)
        except OSError as error:
            raise BadSetting(f"{html} cannot be written: {error.strerror}. Name another file.") from error
        err.print(f"Page: {html}", highlight=False, soft_wrap=True)
    if as_json:
        sys.stdout.write(json.dumps(found.to_json(), ensure_ascii=False) + "\n")
    else:
        show(found, out)


async def _work(name: str | None, target: str | None) -> Coverage:
    mix = None if target is None else parse_target(target)
    settings = load(campaign=name)
    async with build(settings) as app:
        if target is not None:
            async with app.database.begin() as tx:
                owner = await campaigns.find_campaign(tx, settings.campaign)
                await campaigns.set_target_mix(tx, owner.id, mix)
        async with app.database.read() as tx:
            return await mapped(tx, await campaigns.find_campaign(tx, settings.campaign))


def show(found: Coverage, console: Console) -> None:
    """Prints everything within 80 columns."""
    balance = "" if found.balance is None else f", balance {found.balance:.2f} of 1"
    console.print(
        f"[bold]{escape(found.campaign)}, round {found.round}[/]: {found.collected:,} examples{balance}",
        highlight=False,
    )
    console.print(_map(found), highlight=False)
    console.print(
        f"Error rate of {escape(found.model)} on busy pictures with its standard deviation, from "
        f"{found.judged:,} answers of trusted players' newest sessions; questions are spread over the "
        "categories as in these. Price: extra points for an accepted claim, on a quest.",
        style="dim",
        highlight=False,
    )
    if found.unnamed:
        console.print(
            f"{found.unnamed:,} open claims have no category yet; closing the round names them.",
            style="yellow",
        )
    if found.things:
        console.print(_things(found), highlight=False)
    console.print(_sources(found), highlight=False)


def _map(found: Coverage) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("category")
    for name in ("have", "target", "missing", "open", "asked", "on simple", "error rate", "price"):
        table.add_column(name, justify="right")
    for row in found.rows:
        busy, simple = row.cells
        table.add_row(
            row.category.value,
            f"{busy.collected + simple.collected:,}",
            *_wanted(row),
            f"{busy.open:,}",
            f"{busy.asked:,}",
            f"{simple.asked:,}",
            f"{row.rate.mean:.2f} ±{row.rate.sd:.2f}",
            f"+{row.bounty.points}" if row.bounty and row.bounty.points else "–",
        )
    return table


def _wanted(row: Row) -> tuple[str, str]:
    if row.bounty is None:
        return "–", "–"
    share = row.bounty.missing / row.bounty.target
    colour = "red" if share > 0.5 else "yellow" if share > 0.1 else "green"
    heat = HEAT[round(share * (len(HEAT) - 1))] * 2
    return f"{row.bounty.target:,.0f}", f"[{colour}]{heat}[/] {row.bounty.missing:,.0f}"


def _things(found: Coverage) -> Table:
    table = Table("thing", "busy pictures", "examples", "most of", box=None, padding=(0, 2, 0, 0))
    for one in found.things[:LISTED]:
        most = max(one.examples, key=lambda category: one.examples[category], default=None)
        examples = f"{sum(one.examples.values()):,}"
        table.add_row(escape(one.name), f"{one.pictures:,}", examples, most.value if most else "–")
    return table


def _sources(found: Coverage) -> Table:
    table = Table("source of pictures", "pictures", "examples", box=None, padding=(0, 2, 0, 0))
    for one in found.sources[:LISTED]:
        table.add_row(escape(one.name), f"{one.pictures:,}", f"{one.examples:,}")
    return table
