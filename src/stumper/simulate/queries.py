"""SQL of the simulation: where a crowd stands, and what became of its claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import ClaimStatus, ImageKind, PlayerId, PlayerKind, SessionId, Verdict
from stumper.store.schema import (
    claim,
    evaluation,
    example,
    exchange,
    image,
    ledger,
    lesson,
    player,
    round_,
    session,
    turn,
    vote,
)


@dataclass(frozen=True, slots=True)
class Picture:
    scene: dict[str, Any]
    easy: bool


@dataclass(frozen=True, slots=True)
class Remembered:
    round_number: int
    image_id: str
    question: str
    stumped: bool
    """They marked the answer wrong, and know of no model that plays and learned it since."""


@dataclass(frozen=True, slots=True)
class ClaimFate:
    image_id: str
    question: str
    model_answer: str
    correction: str
    accepted: bool


async def simulated_players(tx: AsyncConnection) -> dict[str, PlayerId]:
    """Returns ids by nickname."""
    rows = await tx.execute(
        select(player.c.nickname, player.c.id).where(player.c.kind == PlayerKind.SIMULATED.value)
    )
    return {nickname: PlayerId(id_) for nickname, id_ in rows}


async def finished_sessions(tx: AsyncConnection, *, round_id: str) -> dict[PlayerId, int]:
    rows = await tx.execute(
        select(session.c.player_id, func.count())
        .where(session.c.round_id == round_id, session.c.finished_at.is_not(None))
        .group_by(session.c.player_id)
    )
    return {PlayerId(id_): n for id_, n in rows}


async def ungraded_sessions(tx: AsyncConnection, *, round_id: str) -> list[SessionId]:
    rows = await tx.execute(
        select(session.c.id)
        .where(
            session.c.round_id == round_id, session.c.finished_at.is_not(None), session.c.graded_at.is_(None)
        )
        .order_by(session.c.id)
    )
    return [SessionId(id_) for (id_,) in rows]


async def pictures(tx: AsyncConnection, *, campaign_id: str) -> dict[str, Picture]:
    """Returns the drawn pictures of a campaign by image id."""
    rows = await tx.execute(
        select(image.c.id, image.c.scene, image.c.kind).where(
            image.c.campaign_id == campaign_id, image.c.scene.is_not(None)
        )
    )
    easy = (ImageKind.TAINTED.value, ImageKind.RETIRED.value)
    return {id_: Picture(scene, kind in easy) for id_, scene, kind in rows if scene}


async def last_move(tx: AsyncConnection, *, campaign_id: str, before: int) -> float | None:
    """Returns when the rounds before number ``before`` were played and voted on last; None if never."""
    earlier = select(round_.c.id).where(round_.c.campaign_id == campaign_id, round_.c.number < before)
    played = select(func.max(session.c.finished_at)).where(session.c.round_id.in_(earlier))
    voted = select(func.max(vote.c.voted_at)).join(claim, vote.c.claim_id == claim.c.id)
    times = [await tx.scalar(played), await tx.scalar(voted.where(claim.c.round_id.in_(earlier)))]
    return max((float(time) for time in times if time is not None), default=None)


async def first_move(tx: AsyncConnection, *, round_id: str) -> float | None:
    """Returns when the first session of a simulated player in a round began; None if none has."""
    began = select(func.min(session.c.started_at)).join(player, player.c.id == session.c.player_id)
    simulated = player.c.kind == PlayerKind.SIMULATED.value
    time = await tx.scalar(began.where(session.c.round_id == round_id, simulated))
    return None if time is None else float(time)


async def remembered(
    tx: AsyncConnection, player_id: PlayerId, *, campaign_id: str, before: int
) -> list[Remembered]:
    """Returns what a player asked and judged: in finished sessions without falsified answers, which are
    revealed at the end, and in one under way everything on pictures before place ``before`` (0-based).

    A catch that a model that plays has learned stumps no more: its player was told so.
    """
    learned = (
        select(claim.c.exchange_id)
        .join(example, example.c.claim_id == func.coalesce(claim.c.same_as, claim.c.id))
        .join(lesson, lesson.c.example_id == example.c.id)
        .join(evaluation, evaluation.c.id == lesson.c.evaluation_id)
        .where(claim.c.player_id == player_id, lesson.c.learned, evaluation.c.passed)
    )
    stumped = and_(exchange.c.verdict == Verdict.WRONG.value, exchange.c.id.not_in(learned))
    rows = await tx.execute(
        select(round_.c.number, turn.c.image_id, exchange.c.question, stumped)
        .select_from(
            session.join(turn, turn.c.session_id == session.c.id)
            .join(exchange, exchange.c.turn_id == turn.c.id)
            .join(round_, round_.c.id == session.c.round_id)
        )
        .where(
            session.c.player_id == player_id,
            session.c.campaign_id == campaign_id,
            exchange.c.verdict.is_not(None),
            or_(
                and_(session.c.finished_at.is_not(None), ~exchange.c.poisoned),
                and_(session.c.finished_at.is_(None), turn.c.position < before),
            ),
        )
    )
    return [Remembered(number, image_id, question, bool(still)) for number, image_id, question, still in rows]


async def votes_by_player(tx: AsyncConnection) -> dict[PlayerId, int]:
    rows = await tx.execute(select(vote.c.player_id, func.count()).group_by(vote.c.player_id))
    return {PlayerId(id_): n for id_, n in rows}


async def round_counts(tx: AsyncConnection, *, round_id: str) -> dict[str, int]:
    """Counts finished sessions, answered exchanges, claims, votes and examples of a round."""
    in_round = session.c.round_id == round_id
    played = turn.join(session, turn.c.session_id == session.c.id).join(
        exchange, exchange.c.turn_id == turn.c.id
    )
    voted = vote.join(claim, vote.c.claim_id == claim.c.id)
    counts = {
        "sessions": select(func.count())
        .select_from(session)
        .where(in_round, session.c.finished_at.is_not(None)),
        "exchanges": select(func.count())
        .select_from(played)
        .where(in_round, exchange.c.answered_at.is_not(None)),
        "claims": select(func.count()).select_from(claim).where(claim.c.round_id == round_id),
        "votes": select(func.count()).select_from(voted).where(claim.c.round_id == round_id),
        "examples": select(func.count()).select_from(example).where(example.c.round_id == round_id),
    }
    return {name: int((await tx.execute(query)).scalar_one()) for name, query in counts.items()}


async def judged_targets(tx: AsyncConnection, *, round_id: str) -> list[tuple[str, str, str]]:
    """Returns (image, question, the model's answer) of what simulated players judged off control, in finished
    sessions.
    """
    rows = await tx.execute(
        select(turn.c.image_id, exchange.c.question, exchange.c.model_answer)
        .select_from(
            session.join(turn, turn.c.session_id == session.c.id)
            .join(player, player.c.id == session.c.player_id)
            .join(exchange, exchange.c.turn_id == turn.c.id)
        )
        .where(
            session.c.round_id == round_id,
            player.c.kind == PlayerKind.SIMULATED.value,
            session.c.finished_at.is_not(None),
            exchange.c.verdict.is_not(None),
            ~turn.c.control,
        )
    )
    return [(image_id, question, answer) for image_id, question, answer in rows]


async def claim_fates(tx: AsyncConnection, *, round_id: str) -> list[ClaimFate]:
    """Returns what became of each claim; one that was merged counts by the example of its leader."""
    leader = func.coalesce(claim.c.same_as, claim.c.id)
    rows = await tx.execute(
        select(
            claim.c.image_id,
            claim.c.question,
            claim.c.model_answer,
            claim.c.correction,
            claim.c.status,
            example.c.id,
        )
        .select_from(claim.outerjoin(example, example.c.claim_id == leader))
        .where(claim.c.round_id == round_id)
    )
    return [
        ClaimFate(*row[:4], accepted=row[4] == ClaimStatus.ACCEPTED.value and row[5] is not None)
        for row in rows
    ]


async def standing(tx: AsyncConnection) -> list[tuple[str, float, int]]:
    """Returns (nickname, E-value, points in the ledger) of every simulated player."""
    rows = await tx.execute(
        select(player.c.nickname, player.c.e_value, func.coalesce(func.sum(ledger.c.points), 0))
        .select_from(player.outerjoin(ledger, and_(ledger.c.player_id == player.c.id)))
        .where(player.c.kind == PlayerKind.SIMULATED.value)
        .group_by(player.c.id, player.c.nickname, player.c.e_value)
    )
    return [(nickname, float(e), int(points)) for nickname, e, points in rows]
