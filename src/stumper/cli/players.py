"""Commands about players: who plays, what was noticed about them, what they say to it. No rule lives here."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from stumper.accounts.lapse.run import lapse
from stumper.accounts.staff.sessions import sign_out
from stumper.app import App, build
from stumper.campaigns import find_campaign
from stumper.cli.forget import forget
from stumper.cli.shared import CampaignOption, JsonOption, operator, out, run
from stumper.config import load
from stumper.errors import BadInput
from stumper.records import Campaign, PlayerId
from stumper.trust.watch import queries
from stumper.trust.watch.appeals import decide
from stumper.trust.watch.find import Report, find_signals
from stumper.trust.watch.kept import Appeal, Noticed, Played
from stumper.trust.watch.words import reason, weight_of

players = typer.Typer(
    no_args_is_help=True,
    help="Players: list, what was noticed about them, appeals, decide, sign out, lapse, forget.",
)


async def _owner(app: App) -> Campaign:
    async with app.database.read() as tx:
        return await find_campaign(tx, app.settings.campaign)


@players.command("list")
def players_list(campaign: CampaignOption = None, as_json: JsonOption = False) -> None:
    """Lists who has played, how far they are trusted, and what weight their votes have."""

    async def work() -> tuple[list[Played], list[Noticed]]:
        async with build(load(campaign=campaign)) as app:
            owner = await _owner(app)
            async with app.database.read() as tx:
                return await queries.players(tx, owner.id), await queries.signals(tx, owner.id, counting=True)

    people, counting = run(work())
    noticed = {id_: list(found) for id_, found in groupby(counting, key=lambda one: one.player_id)}
    rows = [{**one._asdict(), "weight": weight_of(noticed.get(one.player_id, ()))} for one in people]
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    table = Table("player", "nickname", "sessions", "E-value", "weight", "noticed")
    for one, row in zip(people, rows, strict=True):
        kinds = ", ".join(found.kind.value for found in noticed.get(one.player_id, ()))
        table.add_row(
            one.player_id,
            escape(one.nickname),
            str(one.sessions),
            f"{one.e_value:.3g}",
            f"{row['weight']:.2f}",
            kinds,
        )
    out.print(table)


@players.command("signals")
def players_signals(
    campaign: CampaignOption = None,
    look: Annotated[
        bool, typer.Option("--look/--no-look", help="Look again first, or show the last.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Looks for signs of cheating in all that was played; shows them with reasons. Bans nobody."""

    async def work() -> tuple[Report | None, list[Noticed]]:
        async with build(load(campaign=campaign)) as app:
            owner = await _owner(app)
            report = await find_signals(app.database, owner.id, now=app.clock()) if look else None
            async with app.database.read() as tx:
                return report, await queries.signals(tx, owner.id)

    report, found = run(work())
    if as_json:
        lines = [{**asdict(one), "reason": reason(one)} for one in found]
        looked = None if report is None else asdict(report)
        sys.stdout.write(json.dumps({"looked": looked, "signals": lines}) + "\n")
        return
    if report is not None:
        out.print(
            f"{report.players} players, {report.found} signals: {report.new} new, {report.lapsed} lapsed"
        )
    _show_signals(found)


def _show_signals(found: Sequence[Noticed]) -> None:
    table = Table("player", "nickname", "weight", "signal", "strength", "state", "why")
    for _, of_one in groupby(found, key=lambda one: one.player_id):
        own = list(of_one)
        for one in own:
            table.add_row(
                one.player_id,
                escape(one.nickname),
                f"{weight_of(own):.2f}",
                one.kind.value,
                f"{one.strength:.1f}",
                one.state.value,
                reason(one),
            )
    out.print(table)
    out.print("Next: stumper players decide PLAYER --dismiss, or --uphold; both are told to the player")


@players.command("appeals")
def players_appeals(
    campaign: CampaignOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were decided.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Shows what players say to what was noticed about them, oldest first."""

    async def work() -> list[Appeal]:
        async with build(load(campaign=campaign)) as app:
            owner = await _owner(app)
            async with app.database.read() as tx:
                return await queries.appeals(tx, owner.id, open_only=not everything)

    found = run(work())
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found]) + "\n")
        return
    table = Table("player", "nickname", "written", "what they say", "decision")
    for one in found:
        written = datetime.fromtimestamp(one.written_at, UTC).strftime("%Y-%m-%d %H:%M")
        decision = one.decision.value if one.decision else "open"
        table.add_row(one.player_id, escape(one.nickname), written, escape(one.text), decision)
    out.print(table)
    out.print("Next: stumper players decide PLAYER --dismiss, or --uphold")


@players.command("decide")
def players_decide(
    player_id: Annotated[str, typer.Argument(metavar="PLAYER", help="Id of the player.")],
    dismiss: Annotated[bool, typer.Option("--dismiss/--uphold", help="Harmless, or does it stay?")],
    answer: Annotated[str, typer.Option(help="What the player is told beside the decision.")] = "",
    campaign: CampaignOption = None,
) -> None:
    """Dismisses or upholds what was noticed about a player, and answers their appeal."""

    async def work() -> Any:
        async with build(load(campaign=campaign)) as app:
            owner = await _owner(app)
            return await decide(
                app.database,
                owner.id,
                PlayerId(player_id),
                dismiss=dismiss,
                answer=answer,
                now=app.clock(),
                actor=operator(),
            )

    done = run(work())
    what = "dismissed" if dismiss else "upheld"
    out.print(f"{player_id}: {done.signals} signals {what}, {done.appeals} appeals answered")


@players.command("sign-out")
def players_sign_out(
    player_id: Annotated[str | None, typer.Argument(metavar="[PLAYER]", help="Id of the player.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All players, in place of one.")] = False,
) -> None:
    """Signs a player, or everybody, out on all devices; they can come back by a code or by Telegram only."""
    if (player_id is None) is not everybody:
        raise BadInput("Name one player, or say --all: stumper players sign-out PLAYER")

    async def work() -> int:
        async with build(load()) as app:
            who = None if player_id is None else PlayerId(player_id)
            return await sign_out(app.database, who, actor=operator(), now=app.clock())

    out.print(f"{run(work()):,} signed out on all devices", highlight=False)


@players.command("lapse")
def players_lapse() -> None:
    """Deletes now what is older than STUMPER_KEEP_DAYS: networks, messages that were told, and old codes."""

    async def work() -> str:
        async with build(load()) as app:
            done = await lapse(app.database, keep_days=app.settings.keep_days, now=app.clock())
        return ", ".join(f"{n:,} {what}" for what, n in done._asdict().items())

    out.print(f"deleted: {run(work())}", highlight=False)


players.command("forget")(forget)
