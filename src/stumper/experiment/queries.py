"""SQL of experiments: what players claimed and confirmed on complex pictures of a round, oldest first."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import NotFound
from stumper.records import CampaignId, ClaimStatus, RoundId, Verdict
from stumper.store.schema import claim, example, exchange, image, player, round_, session, turn


class Asked(NamedTuple):
    """A question of a player with the answer that they hold for right."""

    image_id: str
    player_id: str
    question: str
    answer: str


class Played(NamedTuple):
    """A round, and the model that was played in it."""

    id: RoundId
    model_ref: str


class Picture(NamedTuple):
    """Where a picture's bytes are, and its scene graph if it was drawn from one."""

    file: str
    scene: dict[str, Any] | None


async def round_of(tx: AsyncConnection, campaign_id: CampaignId, number: int) -> Played:
    """Returns a campaign's round. Raises NotFound."""
    row = (
        await tx.execute(
            select(round_.c.id, round_.c.model_ref).where(
                round_.c.campaign_id == campaign_id, round_.c.number == number
            )
        )
    ).first()
    if row is None:
        raise NotFound(f"The campaign has no round {number}. See `stumper round list`.")
    return Played(RoundId(row.id), row.model_ref)


async def claims(tx: AsyncConnection, round_id: RoundId, *, without: frozenset[str]) -> list[Asked]:
    """Returns every claim, whatever became of it, but those decided for a reason in ``without``."""
    rows = await tx.execute(
        select(claim.c.image_id, claim.c.player_id, claim.c.question, claim.c.correction)
        .where(claim.c.round_id == round_id, claim.c.reason.not_in(sorted(without)))
        .order_by(claim.c.created_at, claim.c.id)
    )
    return _asked(rows.all())


async def accepted(tx: AsyncConnection, round_id: RoundId) -> list[Asked]:
    """Returns the examples, in the order in which they were claimed."""
    rows = await tx.execute(
        select(example.c.image_id, claim.c.player_id, example.c.question, example.c.answer)
        .join(claim, claim.c.id == example.c.claim_id)
        .where(example.c.round_id == round_id, claim.c.status == ClaimStatus.ACCEPTED.value)
        .order_by(claim.c.created_at, claim.c.id)
    )
    return _asked(rows.all())


async def confirmed(tx: AsyncConnection, round_id: RoundId, *, trust_e: float) -> list[Asked]:
    """Returns what trusted players asked and found answered rightly, off controls."""
    rows = await tx.execute(
        select(turn.c.image_id, session.c.player_id, exchange.c.question, exchange.c.model_answer)
        .select_from(exchange.join(turn).join(session).join(player))
        .where(
            session.c.round_id == round_id,
            ~turn.c.control,
            exchange.c.verdict == Verdict.CORRECT.value,
            exchange.c.model_answer.is_not(None),
            player.c.e_value >= trust_e,
        )
        .order_by(exchange.c.judged_at, exchange.c.id)
    )
    return _asked(rows.all())


def _asked(rows: Any) -> list[Asked]:
    return [Asked(*row) for row in rows]


async def pictures(tx: AsyncConnection, campaign_id: CampaignId) -> dict[str, Picture]:
    """Returns the campaign's pictures by id."""
    rows: Any = await tx.execute(
        select(image.c.id, image.c.file, image.c.scene).where(image.c.campaign_id == campaign_id)
    )
    return {row.id: Picture(row.file, row.scene) for row in rows}
