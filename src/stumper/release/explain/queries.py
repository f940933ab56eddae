"""SQL of explaining an example: everything that led to it, and everything that was made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import CampaignId, ClaimId, PlayerId
from stumper.store.schema import (
    campaign,
    claim,
    evaluation,
    example,
    exchange,
    image,
    lesson,
    opinion,
    player,
    release,
    round_,
    session,
    tuning,
    turn,
    vote,
)

_CHAIN: Final = (
    select(
        claim.c.id.label("claim_id"), claim.c.campaign_id, claim.c.player_id, claim.c.image_id,
        claim.c.question, claim.c.model_answer, claim.c.correction, claim.c.status, claim.c.reason,
        claim.c.posterior, claim.c.category, claim.c.same_as, claim.c.blind, claim.c.created_at,
        claim.c.decided_at, claim.c.round_id, turn.c.id.label("turn_id"), session.c.finished_at,
        campaign.c.name.label("campaign"), campaign.c.licence.label("campaign_licence"), campaign.c.rules,
        round_.c.number.label("round"), round_.c.model_ref,
        player.c.kind.label("player_kind"), player.c.model_ref.label("player_ref"), player.c.method,
        player.c.consent_at, player.c.licence.label("consent_licence"),
        player.c.e_value, player.c.forgotten_at,
        image.c.file, image.c.source, image.c.licence.label("image_licence"), image.c.kind, image.c.width_px,
        image.c.height_px,
        session.c.id.label("session_id"), session.c.turns, turn.c.position, turn.c.control, turn.c.opened_at,
        exchange.c.number, exchange.c.shown_answer, exchange.c.poisoned, exchange.c.asked_at,
        exchange.c.answered_at, exchange.c.judged_at, exchange.c.latency_ms, exchange.c.verdict,
        exchange.c.language, exchange.c.confidence, exchange.c.pasted, exchange.c.suggested,
        exchange.c.answered_by,
        example.c.id.label("example_id"), example.c.answer.label("example_answer"),
        example.c.question.label("example_question"), example.c.posterior.label("example_posterior"),
        example.c.provenance,
    )
    .select_from(claim)
    .join(exchange, exchange.c.id == claim.c.exchange_id)
    .join(turn, turn.c.id == exchange.c.turn_id)
    .join(session, session.c.id == turn.c.session_id)
    .join(round_, round_.c.id == claim.c.round_id)
    .join(campaign, campaign.c.id == claim.c.campaign_id)
    .join(player, player.c.id == claim.c.player_id)
    .outerjoin(image, (image.c.id == claim.c.image_id) & (image.c.campaign_id == claim.c.campaign_id))
    .outerjoin(example, example.c.claim_id == claim.c.id)
)  # fmt: skip


async def chain(tx: AsyncConnection, claim_id: ClaimId) -> Any:
    """Returns the claim with its example, exchange, turn, session, round, player and picture; None if there
    is none.
    """
    return (await tx.execute(_CHAIN.where(claim.c.id == claim_id))).first()


async def claim_of(tx: AsyncConnection, id_: str) -> ClaimId | None:
    """Returns the claim of this id, or of the example of this id."""
    query = select(claim.c.id).outerjoin(example, example.c.claim_id == claim.c.id)
    found = await tx.execute(query.where((claim.c.id == id_) | (example.c.id == id_)))
    first = found.scalars().first()
    return None if first is None else ClaimId(first)


async def wordings(tx: AsyncConnection) -> AsyncIterator[Any]:
    """Yields (claim, picture, question, answer) of every example there is."""
    rows = await tx.execute(
        select(example.c.claim_id, example.c.image_id, example.c.question, example.c.answer)
    )
    for row in rows:
        yield row


async def votes_on(tx: AsyncConnection, claims: Sequence[ClaimId]) -> list[Any]:
    """Returns the votes on these claims, oldest first."""
    rows = await tx.execute(
        select(vote, player.c.forgotten_at)
        .join(player, player.c.id == vote.c.player_id)
        .where(vote.c.claim_id.in_(claims))
        .order_by(vote.c.voted_at, vote.c.id)
    )
    return list(rows)


async def twins_of(tx: AsyncConnection, claim_id: ClaimId) -> list[Any]:
    """Returns the claims that were merged with this one, oldest first."""
    rows = await tx.execute(
        select(claim.c.id, claim.c.player_id, claim.c.question, claim.c.correction, claim.c.created_at)
        .where(claim.c.same_as == claim_id)
        .order_by(claim.c.created_at, claim.c.id)
    )
    return list(rows)


async def opinions_on(tx: AsyncConnection, claim_id: ClaimId) -> list[Any]:
    """Returns what judges that are not people think of a claim."""
    rows = await tx.execute(
        select(opinion).where(opinion.c.claim_id == claim_id).order_by(opinion.c.asked_at, opinion.c.judge)
    )
    return list(rows)


async def graded_before(tx: AsyncConnection, player_id: PlayerId, at: float) -> list[Any]:
    """Returns the player's sessions that were graded by then, in the order of grading."""
    rows = await tx.execute(
        select(session.c.id, session.c.poison_rate)
        .where(session.c.player_id == player_id, session.c.graded_at <= at)
        .order_by(session.c.graded_at, session.c.id)
    )
    return list(rows)


async def releases_since(tx: AsyncConnection, campaign_id: CampaignId, *, round_number: int) -> list[Any]:
    """Returns the campaign's releases of this round and later ones, oldest first."""
    rows = await tx.execute(
        select(release, round_.c.number.label("round"))
        .join(round_, round_.c.id == release.c.round_id)
        .where(release.c.campaign_id == campaign_id, round_.c.number >= round_number)
        .order_by(release.c.version)
    )
    return list(rows)


async def tunings_on(tx: AsyncConnection, releases: Sequence[str]) -> list[Any]:
    rows = await tx.execute(
        select(tuning.c.tuned_ref, tuning.c.base_ref, tuning.c.release_id, tuning.c.finished_at)
        .where(tuning.c.release_id.in_(releases))
        .order_by(tuning.c.finished_at, tuning.c.id)
    )
    return list(rows)


async def lessons_on(tx: AsyncConnection, example_id: str) -> list[Any]:
    """Returns what tuned models said to the example, oldest first."""
    rows = await tx.execute(
        select(lesson, evaluation.c.tuned_ref, evaluation.c.passed, evaluation.c.evaluated_at)
        .join(evaluation, evaluation.c.id == lesson.c.evaluation_id)
        .where(lesson.c.example_id == example_id)
        .order_by(evaluation.c.evaluated_at, evaluation.c.id)
    )
    return list(rows)
