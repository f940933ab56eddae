"""SQL of lessons: what is still to be asked, what was said, and how it looks to the player who taught it.

A catch belongs to everybody who made it: a claim that repeats an older one shares that one's example.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import CampaignId, ClaimStatus, PlayerId, RoundId
from stumper.store.schema import claim, evaluation, example, exchange, image, lesson, player, release, round_
from stumper.store.upsert import insert_into

_LEADER = func.coalesce(claim.c.same_as, claim.c.id)


async def to_ask(tx: AsyncConnection, *, campaign_id: CampaignId, round_id: RoundId, about: str) -> list[Any]:
    """Returns the examples up to this round that evaluation ``about`` has no answer to, by id.

    Left out is what a model that plays has learned already. A question that failed is asked again.
    """
    until = select(round_.c.number).where(round_.c.id == round_id).scalar_subquery()
    answered = select(lesson.c.example_id).where(lesson.c.evaluation_id == about, lesson.c.answer != "")
    learned = (
        select(lesson.c.example_id)
        .join(evaluation, evaluation.c.id == lesson.c.evaluation_id)
        .where(lesson.c.learned, evaluation.c.passed, evaluation.c.id != about)
    )
    rows = await tx.execute(
        select(
            example.c.id, example.c.image_id, image.c.file, example.c.question, example.c.answer,
            example.c.wrong_answer, example.c.category,
        )
        .join(image, (image.c.id == example.c.image_id) & (image.c.campaign_id == example.c.campaign_id))
        .join(round_, round_.c.id == example.c.round_id)
        .where(
            example.c.campaign_id == campaign_id,
            round_.c.number <= until,
            example.c.id.not_in(answered),
            example.c.id.not_in(learned),
        )
        .order_by(example.c.id)
    )  # fmt: skip
    return list(rows)


async def keep(tx: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Writes lessons; one that was there, of a question that had failed, is replaced."""
    statement = insert_into(tx, lesson)
    changed = {name: statement.excluded[name] for name in ("answer", "score", "learned", "held_out")}
    keys = [lesson.c.evaluation_id, lesson.c.example_id]
    await tx.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


async def counts(tx: AsyncConnection, about: str) -> tuple[int, int, int]:
    """Returns how many examples were asked in an evaluation, learned, and missing."""
    missing = func.count().filter(lesson.c.score.is_(None))
    learned = func.count().filter(lesson.c.learned)
    query = select(func.count(), learned, missing).where(lesson.c.evaluation_id == about)
    asked, right, failed = (await tx.execute(query)).one()
    return int(asked), int(right), int(failed)


async def tally(tx: AsyncConnection, about: str) -> list[Any]:
    """Returns (player_id, learned, of) for everybody who caught something that could be scored.

    Whoever asked to be forgotten is not there.
    """
    rows = await tx.execute(
        _of_players(
            claim.c.player_id,
            func.count().filter(lesson.c.learned).label("learned"),
            func.count().label("of"),
        )
        .join(player, player.c.id == claim.c.player_id)
        .where(lesson.c.evaluation_id == about, lesson.c.score.is_not(None), player.c.forgotten_at.is_(None))
        .group_by(claim.c.player_id)
        .order_by(claim.c.player_id)
    )
    return list(rows)


async def album(tx: AsyncConnection, player_id: PlayerId, campaign_id: CampaignId) -> list[Any]:
    """Returns the player's lessons with example, turn and round; the newest round first."""
    rows = await tx.execute(
        _of_players(
            lesson.c.evaluation_id, round_.c.number.label("round"), evaluation.c.passed, example.c.id,
            claim.c.id.label("claim_id"),
            exchange.c.turn_id, example.c.question, example.c.answer.label("right_answer"),
            example.c.wrong_answer.label("before"), lesson.c.answer.label("after"), lesson.c.score,
            lesson.c.learned, lesson.c.held_out,
        )
        .join(evaluation, evaluation.c.id == lesson.c.evaluation_id)
        .join(release, release.c.id == evaluation.c.release_id)
        .join(round_, round_.c.id == release.c.round_id)
        .join(exchange, exchange.c.id == claim.c.exchange_id)
        .where(claim.c.player_id == player_id, claim.c.campaign_id == campaign_id)
        .order_by(evaluation.c.evaluated_at.desc(), evaluation.c.id, example.c.id)
    )  # fmt: skip
    return list(rows)


async def in_hand(tx: AsyncConnection, player_id: PlayerId, round_id: RoundId) -> tuple[int, int]:
    """Counts the player's claims of a round that referees still judge, and those they accepted."""
    is_open = func.count().filter(claim.c.status == ClaimStatus.OPEN.value)
    is_accepted = func.count().filter(claim.c.status == ClaimStatus.ACCEPTED.value)
    query = select(is_open, is_accepted).where(claim.c.player_id == player_id, claim.c.round_id == round_id)
    checking, accepted = (await tx.execute(query)).one()
    return int(checking), int(accepted)


def _of_players(*columns: Any) -> Select[Any]:
    """Lessons joined with the example and every accepted claim that made it."""
    return (
        select(*columns)
        .select_from(lesson)
        .join(example, example.c.id == lesson.c.example_id)
        .join(claim, (example.c.claim_id == _LEADER) & (claim.c.status == ClaimStatus.ACCEPTED.value))
    )
