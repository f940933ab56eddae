"""SQL of evaluation: what was judged in play, and the votes on it, for what play says about the model."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.store.schema import claim, exchange, player, session, turn, vote


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """One exchange with a verdict, in a finished session."""

    exchange_id: str
    player_id: str
    image_id: str
    turn: int
    control: bool
    poisoned: bool
    verdict: str
    question: str
    answered_at: float | None
    judged_at: float | None
    reason: str | None
    """Why its claim was decided as it was; None without a claim."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One vote; "nobody can tell" is none."""

    exchange_id: str
    player_id: str
    model_wrong: bool


async def judged_answers(tx: AsyncConnection, *, round_id: str) -> list[JudgedAnswer]:
    """Returns all marks of a round, oldest first; of controls only those that could have been falsified."""
    rows = await tx.execute(
        select(
            exchange.c.id,
            session.c.player_id,
            turn.c.image_id,
            turn.c.position,
            turn.c.control,
            exchange.c.poisoned,
            exchange.c.verdict,
            exchange.c.question,
            exchange.c.answered_at,
            exchange.c.judged_at,
            claim.c.reason,
        )
        .select_from(
            session.join(turn, turn.c.session_id == session.c.id)
            .join(exchange, exchange.c.turn_id == turn.c.id)
            .outerjoin(claim, claim.c.exchange_id == exchange.c.id)
        )
        .where(
            session.c.round_id == round_id,
            session.c.finished_at.is_not(None),
            exchange.c.verdict.is_not(None),
            exchange.c.counts | ~turn.c.control,
        )
        .order_by(exchange.c.judged_at, exchange.c.id)
    )
    return [JudgedAnswer(*row) for row in rows]


async def opinions(tx: AsyncConnection, *, round_id: str) -> list[Opinion]:
    """Returns the votes on claims of a round. What was merged has the votes of the claim it says again."""
    leader = func.coalesce(claim.c.same_as, claim.c.id)
    rows = await tx.execute(
        select(claim.c.exchange_id, vote.c.player_id, vote.c.model_wrong)
        .select_from(claim.join(vote, vote.c.claim_id == leader))
        .where(claim.c.round_id == round_id, ~vote.c.unanswerable, vote.c.player_id != claim.c.player_id)
        .order_by(claim.c.exchange_id, vote.c.player_id)
    )
    return [Opinion(*row) for row in rows]


async def trusted_players(tx: AsyncConnection, *, round_id: str, trust_e: float) -> int:
    """Counts the trusted among the players of a round."""
    counted = (
        select(func.count(func.distinct(player.c.id)))
        .select_from(player.join(session, session.c.player_id == player.c.id))
        .where(session.c.round_id == round_id, player.c.e_value >= trust_e)
    )
    return int((await tx.execute(counted)).scalar_one())
