"""SQL of messages to players."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import PlayerId
from stumper.store.schema import message
from stumper.store.upsert import insert_into


async def insert_once(
    tx: AsyncConnection,
    *,
    id: str,
    player_id: PlayerId,
    kind: str,
    about: str,
    facts: dict[str, Any],
    now: float,
) -> None:
    """Inserts unless there is one to this player of this kind about the same."""
    values = {"id": id, "player_id": player_id, "kind": kind, "about": about, "facts": facts}
    await tx.execute(insert_into(tx, message).values(**values, written_at=now).on_conflict_do_nothing())


async def unseen(tx: AsyncConnection, player_id: PlayerId) -> Sequence[Any]:
    query = select(message).where(message.c.player_id == player_id, message.c.seen_at.is_(None))
    return (await tx.execute(query.order_by(message.c.written_at, message.c.id))).all()


async def mark_seen(tx: AsyncConnection, player_id: PlayerId, *, now: float) -> None:
    mine = message.c.player_id == player_id
    await tx.execute(update(message).where(mine, message.c.seen_at.is_(None)).values(seen_at=now))
