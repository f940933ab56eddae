"""SQL of evaluation: marks and votes, for what play says about the model, and visits, for who comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import PlayerKind
from stumper.store.schema import claim, exchange, message, player, session, turn, vote


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
    """Returns all marks of people in a round, oldest first; of controls only those that could have been
    falsified.
    """
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
            .join(player, player.c.id == session.c.player_id)
            .join(exchange, exchange.c.turn_id == turn.c.id)
            .outerjoin(claim, claim.c.exchange_id == exchange.c.id)
        )
        .where(
            session.c.round_id == round_id,
            session.c.finished_at.is_not(None),
            player.c.kind != PlayerKind.MODEL.value,
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


async def asked(tx: AsyncConnection, *, round_id: str) -> list[Any]:
    """Returns every answered question of a round's finished sessions that is on no control."""
    rows = await tx.execute(
        select(
            session.c.player_id, player.c.kind, player.c.model_ref, player.c.method, exchange.c.suggested,
            turn.c.image_id, exchange.c.question,
            (exchange.c.judged_at - exchange.c.asked_at).label("seconds"),
            claim.c.status, claim.c.model_answer, claim.c.correction,
        )
        .select_from(
            session.join(turn, turn.c.session_id == session.c.id)
            .join(player, player.c.id == session.c.player_id)
            .join(exchange, exchange.c.turn_id == turn.c.id)
            .outerjoin(claim, claim.c.exchange_id == exchange.c.id)
        )
        .where(
            session.c.round_id == round_id,
            session.c.finished_at.is_not(None),
            ~turn.c.control,
            exchange.c.model_answer.is_not(None),
        )
        .order_by(exchange.c.asked_at, exchange.c.id)
    )  # fmt: skip
    return list(rows)


async def efforts(tx: AsyncConnection, *, round_id: str) -> list[Any]:
    """Returns (player, effort) of the sessions that models have played in a round."""
    spent = select(session.c.player_id, session.c.effort)
    return list(await tx.execute(spent.where(session.c.round_id == round_id, session.c.effort.is_not(None))))


async def trusted_players(tx: AsyncConnection, *, round_id: str, trust_e: float) -> int:
    """Counts the trusted among the players of a round."""
    counted = (
        select(func.count(func.distinct(player.c.id)))
        .select_from(player.join(session, session.c.player_id == player.c.id))
        .where(session.c.round_id == round_id, player.c.e_value >= trust_e)
    )
    return int((await tx.execute(counted)).scalar_one())


async def guests(tx: AsyncConnection, *, campaign_id: str, kind: str, since: float) -> list[Any]:
    """Returns every player of a kind: joining, first question in the campaign, votes since, in a team.

    Whoever never played is there too: they are the ones who did not come back.
    """
    first = (
        select(session.c.player_id, func.min(exchange.c.asked_at).label("asked_at"))
        .select_from(
            session.join(turn, turn.c.session_id == session.c.id).join(
                exchange, exchange.c.turn_id == turn.c.id
            )
        )
        .where(session.c.campaign_id == campaign_id)
        .group_by(session.c.player_id)
        .subquery()
    )
    voted = (
        select(vote.c.player_id, func.count().label("votes"))
        .join(claim, claim.c.id == vote.c.claim_id)
        .where(claim.c.campaign_id == campaign_id, vote.c.voted_at >= since)
        .group_by(vote.c.player_id)
        .subquery()
    )
    rows = await tx.execute(
        select(
            player.c.id,
            player.c.created_at,
            first.c.asked_at,
            func.coalesce(voted.c.votes, 0).label("votes"),
            player.c.team_id.is_not(None).label("in_team"),
        )
        .outerjoin(first, first.c.player_id == player.c.id)
        .outerjoin(voted, voted.c.player_id == player.c.id)
        .where(player.c.kind == kind)
        .order_by(player.c.id)
    )
    return list(rows)


async def visits(tx: AsyncConnection, *, campaign_id: str) -> list[Any]:
    """Returns every session of the campaign with how many of its pictures were opened, oldest first."""
    rows = await tx.execute(
        select(
            session.c.player_id,
            session.c.started_at,
            session.c.day,
            session.c.turns,
            func.count(turn.c.opened_at).label("reached"),
        )
        .outerjoin(turn, turn.c.session_id == session.c.id)
        .where(session.c.campaign_id == campaign_id)
        .group_by(session.c.id)
        .order_by(session.c.started_at, session.c.id)
    )
    return list(rows)


async def sent_notices(tx: AsyncConnection) -> list[Any]:
    """Returns (player_id, sent_at) of every message that was sent outside the game."""
    rows = await tx.execute(
        select(message.c.player_id, message.c.sent_at).where(message.c.sent_at.is_not(None))
    )
    return list(rows)
