"""Numbers for an operator, each by one index range; what could be long is cut at the newest sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import CampaignId, ClaimStatus, RoundId, RoundStatus, Rules
from stumper.store.schema import campaign, claim, exchange, player, round_, score, session, turn

NEWEST: Final = 1000
"""So many graded sessions of a round are looked at, whatever it holds."""


class Unclosed(NamedTuple):
    """A round that is not closed; a campaign has one at most."""

    round_id: RoundId
    campaign_id: CampaignId
    campaign: str
    rules: Rules


async def claims_by_status(tx: AsyncConnection) -> dict[ClaimStatus, int]:
    rows = await tx.execute(select(claim.c.status, func.count()).group_by(claim.c.status))
    found = {ClaimStatus(status): int(n) for status, n in rows}
    return {status: found.get(status, 0) for status in ClaimStatus}


async def oldest_open(tx: AsyncConnection) -> float | None:
    """Returns when the claim was made that has waited longest for votes; None if none waits."""
    oldest = select(func.min(claim.c.created_at)).where(claim.c.status == ClaimStatus.OPEN)
    found: float | None = (await tx.execute(oldest)).scalar_one()
    return found


async def points_paid(tx: AsyncConnection) -> int:
    """Returns the sum of all players' points, as boards keep it."""
    return int(
        (await tx.execute(select(func.sum(score.c.points)).where(score.c.period == "all"))).scalar() or 0
    )


async def unclosed_rounds(tx: AsyncConnection) -> list[Unclosed]:
    wanted = (
        select(round_.c.id, round_.c.campaign_id, campaign.c.name, campaign.c.rules)
        .join(campaign, campaign.c.id == round_.c.campaign_id)
        .where(round_.c.status != RoundStatus.CLOSED)
    )
    return [
        Unclosed(RoundId(row.id), CampaignId(row.campaign_id), row.name, Rules(**row.rules))
        for row in await tx.execute(wanted)
    ]


async def players_since(tx: AsyncConnection, round_id: RoundId, since: float) -> int:
    """Returns how many players have begun or ended a session of a round since then."""
    recent = or_(session.c.graded_at > since, session.c.graded_at.is_(None) & (session.c.started_at > since))
    wanted = select(func.count(session.c.player_id.distinct())).where(session.c.round_id == round_id, recent)
    return int((await tx.execute(wanted)).scalar_one())


def _newest(round_id: RoundId, since: float) -> Select[Any]:
    return (
        select(session.c.id, session.c.player_id)
        .where(session.c.round_id == round_id, session.c.graded_at > since)
        .order_by(session.c.graded_at.desc())
        .limit(NEWEST)
    )


async def e_values(tx: AsyncConnection, round_id: RoundId, since: float) -> Sequence[float]:
    """Returns the E-value of the player of each of the newest graded sessions since then."""
    newest = _newest(round_id, since).subquery()
    wanted = select(player.c.e_value).join(newest, newest.c.player_id == player.c.id)
    return (await tx.execute(wanted)).scalars().all()


async def control_marks(tx: AsyncConnection, round_id: RoundId, since: float) -> dict[tuple[bool, str], int]:
    """Returns how often (falsified?, verdict) was seen on controls of the newest graded sessions."""
    newest = _newest(round_id, since).subquery()
    wanted = (
        select(exchange.c.poisoned, exchange.c.verdict, func.count())
        .join(turn, turn.c.id == exchange.c.turn_id)
        .join(newest, newest.c.id == turn.c.session_id)
        .where(turn.c.control, exchange.c.counts, exchange.c.verdict.is_not(None))
        .group_by(exchange.c.poisoned, exchange.c.verdict)
    )
    return {(bool(falsified), str(verdict)): int(n) for falsified, verdict, n in await tx.execute(wanted)}
