"""The log of acts: what people who run the game did, written in the transaction of the act itself.

Rows are only ever added; triggers of the database refuse everything else. Players are in it by id alone,
which leads nowhere once they are forgotten; that they were is written without saying who.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.store.schema import act as acts

SELF: Final = "stumper"
"""The actor where no person acted: a job, or a player about themselves."""
_ACTOR_CHARS: Final = 80


class Act(NamedTuple):
    id: int
    """In the order of writing."""
    at: float
    """Unix seconds."""
    actor: str
    act: str
    about: str
    facts: dict[str, Any]


async def note(
    tx: AsyncConnection, *, actor: str, act: str, about: str, now: float, **facts: str | float | bool | None
) -> None:
    """Writes that ``actor`` did ``act`` (``noun.verb``, such as ``role.given``) about something.

    ``facts`` are small and hold no secret, no text that a player typed, and no name.
    """
    row = {"at": now, "actor": actor[:_ACTOR_CHARS], "act": act, "about": about, "facts": facts}
    await tx.execute(insert(acts).values(row))


async def latest(
    tx: AsyncConnection, *, limit: int, about: str | None = None, before: int | None = None
) -> list[Act]:
    """Returns the newest acts first; those about one thing, or written before the act with an id."""
    query = select(acts).order_by(acts.c.id.desc()).limit(limit)
    if about is not None:
        query = query.where(acts.c.about == about)
    if before is not None:
        query = query.where(acts.c.id < before)
    return [Act(*row) for row in await tx.execute(query)]
