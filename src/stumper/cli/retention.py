"""The command that says who comes back. No rule lives here."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from stumper import campaigns
from stumper.app import build
from stumper.cli.shared import CampaignOption, JsonOption, out, run
from stumper.config import load
from stumper.errors import BadInput, NotFound
from stumper.evaluate import queries
from stumper.evaluate.retention import FEW, Retention, visits_of
from stumper.evaluate.retention import retention as figures
from stumper.evaluate.retention_page import (
    Heading,
    Line,
    depth_lines,
    motive_lines,
    percent,
    return_lines,
    seconds,
    streak_lines,
    week_lines,
    write_retention,
)
from stumper.records import PlayerKind


class Found(NamedTuple):
    heading: Heading
    figures: Retention


def retention(
    campaign: CampaignOption = None,
    since: Annotated[
        str | None, typer.Option(help="Report on what came from this day on (YYYY-MM-DD, UTC).")
    ] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help="Of simulated players, not people.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with charts to this file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Who comes back: sessions a week, pictures a session, return on days 1 and 7, what brought people."""
    found = run(_load(campaign, since=_begins(since), simulated=simulated))
    if html is not None:
        write_retention(html, found.figures, found.heading)
    if as_json:
        line = {"campaign": found.heading.campaign, **found.figures.to_json()}
        sys.stdout.write(json.dumps(line, allow_nan=False) + "\n")
    else:
        show(found, out)


def _begins(text: str | None) -> float:
    """Returns the first second of a day; 0.0 for none. Raises BadInput."""
    if text is None:
        return 0.0
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC).timestamp()
    except ValueError as error:
        raise BadInput(f"--since {text!r} is no date. Write it as 2026-01-31.") from error


async def _load(campaign: str | None, *, since: float, simulated: bool) -> Found:
    settings = load(campaign=campaign)
    kind = PlayerKind.SIMULATED if simulated else PlayerKind.HUMAN
    async with build(settings) as app, app.database.read() as tx:
        now = app.clock()
        if since > now:
            raise BadInput(f"--since {_day(since)} is still to come. Today is {_day(now)} (UTC).")
        owner = await campaigns.find_campaign(tx, settings.campaign)
        players = await queries.guests(tx, campaign_id=owner.id, kind=kind.value, since=since)
        if not players:
            other = "" if simulated else " Simulated players are reported on with --simulated."
            raise NotFound(f"Nobody has joined {owner.name!r} yet.{other}")
        visits = visits_of(
            now=now,
            since=since,
            players=players,
            sessions=await queries.visits(tx, campaign_id=owner.id),
            notices=await queries.sent_notices(tx),
        )
    heading = Heading(
        campaign=owner.name, since=_day(since) if since else "", until=_day(now), simulated=simulated
    )
    return Found(heading, figures(visits))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def show(found: Found, console: Console) -> None:
    """Prints everything within 80 columns."""
    heading, told = found
    since = f" since {heading.since}" if heading.since else ""
    who = "simulated players" if heading.simulated else "players"
    console.print(
        f"[bold]{heading.campaign}[/]: {told.players:,} {who}, {told.sessions:,} sessions{since}",
        highlight=False,
    )
    table = Table("", box=None, padding=(0, 2, 0, 0))
    for head in ("here", "paper", "of"):
        table.add_column(head, justify="right")
    for title, lines in (
        (f"In a week ({told.weeks} looked back on)", week_lines(told)),
        ("Sessions that reach", depth_lines(told)),
        ("Back after the first session", return_lines(told)),
        ("Longest streak", streak_lines(told)),
        ("What brought them", motive_lines(told)),
    ):
        table.add_row(title, style="bold")
        for line in lines:
            table.add_row(*_cells(line))
    console.print(table)
    console.print(
        f"First question {seconds(told.first_question_s)} after joining; {percent(told.asked.value)} of "
        f"{told.asked.of:,} who joined asked one.",
        highlight=False,
    )
    console.print(
        f"Paper: GAP in a week. (few): fewer than {FEW} players; it says nothing of others.",
        style="dim",
        highlight=False,
    )


def _cells(line: Line) -> tuple[str, str, str, str]:
    paper = percent(line.paper) if line.paper == line.paper else ""
    of = f"{line.share.of:,}" + (" (few)" if line.share.few else "")
    return f"  {line.name}", percent(line.share.value), paper, of
