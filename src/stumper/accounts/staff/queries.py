"""SQL of roles: rows that were given and taken."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import PlayerId, Role
from stumper.store.schema import player, role
from stumper.store.upsert import insert_into


class Member(NamedTuple):
    """Somebody with a role that was given."""

    player_id: PlayerId
    nickname: str
    role: Role
    given_at: float
    """Unix seconds."""


async def add(tx: AsyncConnection, player_id: PlayerId, given: Role, *, now: float) -> bool:
    """Gives a role; returns whether the player did not have it."""
    row = {"player_id": player_id, "role": given.value, "given_at": now}
    query = insert_into(tx, role).values(row).on_conflict_do_nothing().returning(role.c.role)
    return (await tx.execute(query)).first() is not None


async def remove(tx: AsyncConnection, player_id: PlayerId, taken: Role) -> bool:
    """Takes a role; returns whether the player had it."""
    query = delete(role).where(role.c.player_id == player_id, role.c.role == taken.value)
    return bool((await tx.execute(query)).rowcount)


async def members(tx: AsyncConnection) -> list[Member]:
    """Returns everybody with a role that was given, in the order of giving."""
    query = (
        select(role.c.player_id, player.c.nickname, role.c.role, role.c.given_at)
        .join(player, player.c.id == role.c.player_id)
        .order_by(role.c.given_at, role.c.player_id, role.c.role)
    )
    return [
        Member(PlayerId(row.player_id), row.nickname, Role(row.role), row.given_at)
        for row in await tx.execute(query)
    ]


async def given(tx: AsyncConnection, player_id: PlayerId) -> list[Role]:
    """Returns the roles that the player was given."""
    rows = await tx.execute(select(role.c.role).where(role.c.player_id == player_id))
    return [Role(name) for name in rows.scalars()]


async def next_epoch(tx: AsyncConnection, player_id: PlayerId | None) -> int:
    """Voids every cookie that the player, or everybody, was given before; returns of how many players."""
    there = player.c.forgotten_at.is_(None)
    whom = there if player_id is None else there & (player.c.id == player_id)
    return (await tx.execute(update(player).where(whom).values(epoch=player.c.epoch + 1))).rowcount
