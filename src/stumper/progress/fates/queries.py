"""SQL of what became of a player's catches.

Only of sessions that are graded: in an open one, a picture with a claim would be known to be no control.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Join, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Cause
from stumper.records import ClaimStatus, PlayerId
from stumper.store.schema import claim, exchange, round_, session, turn

_TOLD: Final = sorted(cause.value for cause in Cause if cause is not Cause.FORGOTTEN)


def _played() -> Join:
    return (
        claim.join(exchange, exchange.c.id == claim.c.exchange_id)
        .join(turn, turn.c.id == exchange.c.turn_id)
        .join(session, session.c.id == turn.c.session_id)
    )


async def decided(tx: AsyncConnection, player_id: PlayerId, *, skipped: int, limit: int) -> list[Any]:
    """Returns decided and disputed claims of a player with turn and round, the newest decision first."""
    rows = await tx.execute(
        select(
            claim.c.id, exchange.c.turn_id, round_.c.number, claim.c.question, claim.c.model_answer,
            claim.c.correction, claim.c.status, claim.c.reason,
        )
        .select_from(_played().join(round_, round_.c.id == claim.c.round_id))
        .where(
            claim.c.player_id == player_id,
            claim.c.status != ClaimStatus.OPEN.value,
            claim.c.reason.in_(_TOLD),
            session.c.graded_at.is_not(None),
        )
        .order_by(func.coalesce(claim.c.decided_at, claim.c.created_at).desc(), claim.c.id)
        .offset(skipped)
        .limit(limit)
    )  # fmt: skip
    return list(rows)


async def count_open(tx: AsyncConnection, player_id: PlayerId) -> int:
    """Counts a player's claims of graded sessions that nobody has decided yet."""
    query = select(func.count()).select_from(_played())
    mine = claim.c.player_id == player_id, claim.c.status == ClaimStatus.OPEN.value
    return int((await tx.execute(query.where(*mine, session.c.graded_at.is_not(None)))).scalar_one())
