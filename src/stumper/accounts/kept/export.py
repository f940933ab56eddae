"""Writes all that is kept about a player as one JSON document, piece by piece.

The shape is in docs/guide/my-data.md; ``FORMAT`` counts up when it changes. Nobody else's id is in it, and no
secret of a session that is still played: what is falsified would be known.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.accounts.kept import queries
from stumper.accounts.kept.queries import Row
from stumper.errors import NotFound
from stumper.records import PlayerId
from stumper.store.database import Database

FORMAT: Final = 1


async def export(database: Database, player_id: PlayerId, *, now: float) -> AsyncIterator[str]:
    """Yields the pieces of the document; a session at a time, so that a long history needs little memory.

    Raises NotFound for an unknown or forgotten player, before the first piece.
    """
    async with database.read() as tx:
        person = await queries.person(tx, player_id)
        if person is None:
            raise NotFound(f"There is no player {player_id!r}. Choose a name on the start page.")
        ids = await queries.session_ids(tx, player_id)
    yield f'{{"format": {FORMAT}, "exported_at": {_json(now)}, "player": {_json(person)}'
    for name in queries.NAMES:
        async with database.read() as tx:
            yield f',\n"{name}": {_json(await queries.listed(tx, name, player_id))}'
    yield ',\n"sessions": ['
    for number, session_id in enumerate(ids):
        async with database.read() as tx:
            yield (",\n" if number else "\n") + _json(await _session(tx, session_id))
    yield "]}\n"


async def _session(tx: AsyncConnection, session_id: str) -> Row:
    exchanges: dict[str, list[Row]] = defaultdict(list)
    for row in await queries.exchange_rows(tx, session_id):
        exchanges[row.pop("turn_id")].append(row)
    turns = await queries.turn_rows(tx, session_id)
    played = [{**row, "exchanges": exchanges[row["id"]]} for row in turns]
    return {**await queries.session_row(tx, session_id), "turns": played}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
