"""Checks a finished session: were the coins drawn before it, and did every answer follow its coin?"""

from __future__ import annotations

from collections.abc import Iterator

from stumper.errors import Conflict
from stumper.play import queries
from stumper.play.deal import verify_commitment
from stumper.play.views import Summary, TurnSummary
from stumper.records import SessionId
from stumper.store.database import Database


async def verify(database: Database, session_id: SessionId) -> list[str]:
    """Returns what is wrong with a session, nothing if it was fair.

    Raises NotFound, or Conflict while it is played: its coins are secret.
    """
    async with database.read() as tx:
        whole = await queries.summary(tx, session_id)
    if whole.session.finished_at is None:
        raise Conflict(f"Session {session_id} is still being played: its coins are secret until its end.")
    return list(faults(whole))


def faults(summary: Summary) -> Iterator[str]:
    """Yields what does not fit: the fingerprint, or an answer that was falsified against its coin."""
    if not verify_commitment(summary.session, (played.turn for played in summary.turns)):
        yield "Salt and coins do not give the fingerprint that was shown before the session."
    for played in summary.turns:
        yield from _strays(played)


def _strays(played: TurnSummary) -> Iterator[str]:
    """An answer that counts was falsified exactly if its coin says so; one that does not count never was."""
    for exchange in played.exchanges:
        coin = played.turn.coins[exchange.number] == "1" and played.turn.control
        if exchange.poisoned != (coin and exchange.counts):
            done = "was falsified" if exchange.poisoned else "was not falsified"
            yield (
                f"Picture {played.turn.position + 1}, question {exchange.number + 1}: the answer {done}, "
                "against its coin."
            )
