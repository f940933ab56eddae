"""Messages to players: written once about one thing, seen on the page, sent by a bot where it is allowed.

The words are put together where they are shown (`front.telling`): a message holds facts only.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.progress.news import queries
from stumper.records import PlayerId, new_id


class MessageKind(StrEnum):
    LEARNED = "learned"
    """A tuned model plays: how many of the player's catches it learned."""
    LEAGUE = "league"
    """A week of a league is over: the rank, and where the player plays now."""
    STREAK = "streak"
    """The streak ends tonight unless a session is finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    id: str
    player_id: PlayerId
    kind: MessageKind
    about: str
    """What it is about, such as an evaluation or a week; the same is told once."""
    facts: Mapping[str, Any]
    written_at: float


async def write(
    tx: AsyncConnection,
    player_id: PlayerId,
    kind: MessageKind,
    *,
    about: str,
    facts: Mapping[str, Any],
    now: float,
    rng: random.Random,
) -> None:
    """Keeps a message; does nothing if the player was told of this already."""
    await queries.insert_once(
        tx, id=new_id(rng), player_id=player_id, kind=kind.value, about=about, facts=dict(facts), now=now
    )


async def unseen(tx: AsyncConnection, player_id: PlayerId) -> list[Message]:
    """Returns what the player has not seen yet, oldest first."""
    return [_message(row) for row in await queries.unseen(tx, player_id)]


async def mark_seen(tx: AsyncConnection, player_id: PlayerId, *, now: float) -> None:
    """Notes that the player has seen all there is."""
    await queries.mark_seen(tx, player_id, now=now)


def _message(row: Any) -> Message:
    return Message(
        id=row.id,
        player_id=PlayerId(row.player_id),
        kind=MessageKind(row.kind),
        about=row.about,
        facts=row.facts,
        written_at=row.written_at,
    )
