"""Ends sessions by an operator's word, with a line in the log of acts."""

from __future__ import annotations

from stumper.accounts.staff.queries import next_epoch
from stumper.errors import NotFound
from stumper.records import PlayerId
from stumper.store.acts import note
from stumper.store.database import Database


async def sign_out(database: Database, player_id: PlayerId | None, *, actor: str, now: float) -> int:
    """Signs a player out on every device, or everybody for None; returns how many players.

    Raises NotFound for an unknown or forgotten player.
    """
    async with database.begin() as tx:
        ended = await next_epoch(tx, player_id)
        if not ended and player_id is not None:
            raise NotFound(f"No player has the id {player_id!r}. See: stumper players list")
        await note(tx, actor=actor, act="player.signed_out", about=player_id or "", now=now, players=ended)
    return ended
