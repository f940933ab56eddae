"""Commands about who runs the game, and what they did. No rule lives here."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from stumper.accounts.staff import giving, queries
from stumper.accounts.staff.queries import Member
from stumper.app import build
from stumper.cli.shared import JsonOption, operator, out, run
from stumper.config import load
from stumper.records import PlayerId, Role
from stumper.store.acts import Act, latest

staff = typer.Typer(no_args_is_help=True, help="Who runs the game: list, give, take.")

PlayerArgument = Annotated[str, typer.Argument(metavar="PLAYER", help="Id of the player.")]
RoleArgument = Annotated[Role, typer.Argument(help="referee, operator or owner.")]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


@staff.command("list")
def staff_list(as_json: JsonOption = False) -> None:
    """Lists who was given which role; referees who earned it by trust are not in it."""

    async def work() -> list[Member]:
        async with build(load()) as app, app.database.read() as tx:
            return await queries.members(tx)

    found = run(work())
    if as_json:
        sys.stdout.write(json.dumps([one._asdict() for one in found]) + "\n")
        return
    table = Table("player", "nickname", "role", "given (UTC)")
    for one in found:
        table.add_row(one.player_id, escape(one.nickname), one.role.value, _time(one.given_at))
    out.print(table)


def _change(player_id: str, role: Role, change: Callable[..., Awaitable[None]]) -> None:
    async def work() -> None:
        async with build(load()) as app:
            await change(app.database, PlayerId(player_id), role, actor=operator(), now=app.clock())

    run(work())


@staff.command("give")
def staff_give(player_id: PlayerArgument, role: RoleArgument) -> None:
    """Gives a player a role: a referee judges claims, an operator sees /operate, an owner gives roles."""
    _change(player_id, role, giving.give)
    out.print(f"{player_id} is {role.value}.", highlight=False, markup=False)


@staff.command("take")
def staff_take(player_id: PlayerArgument, role: RoleArgument) -> None:
    """Takes a role that was given; what a player earned by trust stays theirs."""
    _change(player_id, role, giving.take)
    out.print(f"{player_id} is no {role.value} any more.", highlight=False, markup=False)


def acts(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many of the newest.")] = 50,
    about: Annotated[str | None, typer.Option(help="Only about this campaign, release or id.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Shows what people who run the game did, newest first: roles, rounds, releases, pictures, claims."""

    async def work() -> list[Act]:
        async with build(load()) as app, app.database.read() as tx:
            return await latest(tx, limit=limit, about=about)

    found = run(work())
    if as_json:
        sys.stdout.write(json.dumps([one._asdict() for one in found]) + "\n")
        return
    table = Table("when (UTC)", "who", "what", "about", "facts")
    for one in found:
        facts = ", ".join(f"{name} {value}" for name, value in one.facts.items())
        table.add_row(_time(one.at), escape(one.actor), one.act, escape(one.about), escape(facts))
    out.print(table)
