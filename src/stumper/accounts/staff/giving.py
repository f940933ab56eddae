"""Gives and takes roles, with a line in the log of acts; and says which role a player has."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.accounts.queries import lock
from stumper.accounts.staff import queries
from stumper.curate.desk.queries import open_to
from stumper.errors import BadInput, Conflict, NotFound
from stumper.records import PlayerId, Role
from stumper.store.acts import note
from stumper.store.database import Database

GIVEN: Final = (Role.REFEREE, Role.OPERATOR, Role.OWNER)
"""Roles that somebody gives; the others come by themselves."""


async def give(database: Database, player_id: PlayerId, role: Role, *, actor: str, now: float) -> None:
    """Gives a role. Raises NotFound for an unknown player, Conflict if they have it, BadInput for a role that
    nobody gives.
    """
    _check(role)
    async with database.begin() as tx:
        try:
            await lock(tx, player_id)  # or a player who is being forgotten could get one meanwhile
        except NotFound:
            raise NotFound(f"No player has the id {player_id!r}. See: stumper players list") from None
        if not await queries.add(tx, player_id, role, now=now):
            raise Conflict(f"Player {player_id} is {role.value} already. See: stumper staff list")
        await note(tx, actor=actor, act="role.given", about=player_id, now=now, role=role.value)


async def take(database: Database, player_id: PlayerId, role: Role, *, actor: str, now: float) -> None:
    """Takes a role. Raises Conflict if the player was not given it; trust that was earned is not taken."""
    _check(role)
    async with database.begin() as tx:
        if not await queries.remove(tx, player_id, role):
            raise Conflict(f"Player {player_id} was not given the role {role.value}. See: stumper staff list")
        await note(tx, actor=actor, act="role.taken", about=player_id, now=now, role=role.value)


def _check(role: Role) -> None:
    if role not in GIVEN:
        raise BadInput(f"Nobody gives the role {role.value!r}. Choose: {', '.join(GIVEN)}.")


async def role_of(tx: AsyncConnection, player_id: PlayerId, *, needed: Role) -> Role:
    """Returns the highest role of a player who has joined, as far as it matters for ``needed``.

    Trust makes a referee; it is looked up only where a referee is needed and no role was given.
    """
    highest = max(await queries.given(tx, player_id), key=lambda role: role.rank, default=Role.PLAYER)
    if needed is Role.REFEREE and highest is Role.PLAYER and (await open_to(tx, player_id)).campaigns:
        return Role.REFEREE
    return highest
