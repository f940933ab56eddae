"""SQL of what a round's model has said on controls."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import RoundId
from stumper.store.schema import exchange, round_, session, turn

_EARLY = (
    select(session.c.id)
    .where(session.c.round_id == bindparam("round_id"), session.c.finished_at <= bindparam("before"))
    .order_by(session.c.finished_at, session.c.id)
    .limit(bindparam("most"))
    .subquery()
)
_COUNT_EARLY = select(func.count()).select_from(_EARLY)
_COUNT_ANSWERS = (
    select(exchange.c.model_answer, func.count())
    .select_from(
        turn.join(_EARLY, _EARLY.c.id == turn.c.session_id).join(exchange, exchange.c.turn_id == turn.c.id)
    )
    .where(turn.c.control, exchange.c.model_answer.is_not(None))
    .group_by(exchange.c.model_answer)
    .order_by(exchange.c.model_answer)
)


async def count_finished(tx: AsyncConnection, round_id: RoundId, *, before: float, most: int) -> int:
    """Counts the round's sessions finished up to a moment, at most ``most``."""
    given = {"round_id": round_id, "before": before, "most": most}
    return int((await tx.execute(_COUNT_EARLY, given)).scalar_one())


async def answer_counts(
    tx: AsyncConnection, round_id: RoundId, *, before: float, sessions: int
) -> dict[str, int]:
    """Counts what the round's model said on control turns of the first ``sessions`` finished sessions."""
    given = {"round_id": round_id, "before": before, "most": sessions}
    return {text: int(number) for text, number in await tx.execute(_COUNT_ANSWERS, given)}


async def previous_round(tx: AsyncConnection, round_id: RoundId) -> RoundId | None:
    """Returns the round before in the same campaign; None for the first one."""
    this = round_.alias()
    query = (
        select(round_.c.id)
        .join(this, this.c.campaign_id == round_.c.campaign_id)
        .where(this.c.id == round_id, round_.c.number < this.c.number)
        .order_by(round_.c.number.desc())
        .limit(1)
    )
    found = (await tx.execute(query)).scalar_one_or_none()
    return None if found is None else RoundId(found)
