"""SQL of curation: the queue of open claims, votes, decisions, and the examples that come of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Ballot, Cause
from stumper.errors import NotFound
from stumper.records import (
    CampaignId,
    Category,
    Claim,
    ClaimId,
    ClaimStatus,
    Example,
    ExchangeId,
    ImageId,
    PlayerId,
    RoundId,
    Rules,
    Verdict,
)
from stumper.store.schema import (
    campaign,
    claim,
    example,
    exchange,
    image,
    player,
    round_,
    session,
    turn,
    vote,
)

SETTLED = (ClaimStatus.ACCEPTED.value, ClaimStatus.REJECTED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What to write about a claim."""

    claim_id: ClaimId
    status: ClaimStatus
    posterior: float | None
    reason: str
    decided_at: float | None


class Found(NamedTuple):
    """What trusted players found in the newest sessions of a round, on complex pictures."""

    judged: int
    """Answers with a verdict."""
    wrong: int
    """Of these marked wrong."""
    model_wrong: int
    """Decided claims on which the model was wrong, whatever became of the correction."""
    model_right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an accepted claim comes from, as far as its example must be able to tell."""

    e_value: float
    consent_at: float
    consent_licence: str
    model_ref: str
    image_licence: str
    image_source: str


def claim_of(row: Any) -> Claim:
    """Returns the record of a row of ``select(claim)``."""
    return Claim(
        id=ClaimId(row.id),
        exchange_id=ExchangeId(row.exchange_id),
        campaign_id=CampaignId(row.campaign_id),
        round_id=RoundId(row.round_id),
        player_id=PlayerId(row.player_id),
        image_id=ImageId(row.image_id),
        question=row.question,
        model_answer=row.model_answer,
        correction=row.correction,
        status=ClaimStatus(row.status),
        posterior=row.posterior,
        category=None if row.category is None else Category(row.category),
        reason=row.reason,
        votes=row.votes,
        same_as=None if row.same_as is None else ClaimId(row.same_as),
        created_at=row.created_at,
        decided_at=row.decided_at,
    )


async def rules_of(tx: AsyncConnection, campaign_id: CampaignId) -> Rules:
    """Raises NotFound for an unknown campaign."""
    rules = (
        await tx.execute(select(campaign.c.rules).where(campaign.c.id == campaign_id))
    ).scalar_one_or_none()
    if rules is None:
        raise NotFound(f"No campaign has the id {campaign_id!r}. See: stumper round list")
    return Rules(**rules)


async def get_claim(tx: AsyncConnection, claim_id: ClaimId) -> Claim | None:
    """Returns a claim and holds its row; None if there is no such claim."""
    query = select(claim).where(claim.c.id == claim_id).with_for_update(key_share=True)
    row = (await tx.execute(query)).first()
    return None if row is None else claim_of(row)


async def ballots(tx: AsyncConnection, claim_id: ClaimId) -> list[Ballot]:
    """Returns the votes on a claim, oldest first."""
    rows = await tx.execute(
        select(vote).where(vote.c.claim_id == claim_id).order_by(vote.c.voted_at, vote.c.id)
    )
    return [_ballot(row) for row in rows]


def _ballot(row: Any) -> Ballot:
    return Ballot(PlayerId(row.player_id), row.model_wrong, row.correction_right, row.unanswerable)


async def update_claim(tx: AsyncConnection, after: Claim) -> None:
    """Writes where a claim stands after a vote."""
    await tx.execute(
        update(claim)
        .where(claim.c.id == after.id)
        .values(
            votes=after.votes,
            status=after.status.value,
            posterior=after.posterior,
            reason=after.reason,
            decided_at=after.decided_at,
        )
    )


async def votes_on_settled(
    tx: AsyncConnection, players: Collection[PlayerId]
) -> list[tuple[Ballot, Cause, int]]:
    """Counts how these players voted on claims that are decided, by what was decided."""
    says = (vote.c.player_id, vote.c.model_wrong, vote.c.correction_right, vote.c.unanswerable)
    rows = await tx.execute(
        select(*says, claim.c.reason, func.count().label("n"))
        .join(claim, claim.c.id == vote.c.claim_id)
        .where(vote.c.player_id.in_(players), claim.c.status.in_(SETTLED), claim.c.reason.in_(list(Cause)))
        .group_by(*says, claim.c.reason)
    )
    return [(_ballot(row), Cause(row.reason), row.n) for row in rows]


async def settled_claims(tx: AsyncConnection, player_id: PlayerId) -> list[tuple[PlayerId, Cause, int]]:
    """Counts what became of a player's claims, by what was decided."""
    rows = await tx.execute(
        select(claim.c.reason, func.count().label("n"))
        .where(claim.c.player_id == player_id, claim.c.status.in_(SETTLED), claim.c.reason.in_(list(Cause)))
        .group_by(claim.c.reason)
    )
    return [(player_id, Cause(row.reason), row.n) for row in rows]


async def judge(tx: AsyncConnection, judgements: Sequence[Judgement]) -> None:
    """Writes decisions."""
    rows = [
        {
            "claim_id_": one.claim_id,
            "status_": one.status.value,
            "posterior_": one.posterior,
            "reason_": one.reason,
            "decided_at_": one.decided_at,
        }
        for one in judgements
    ]
    if rows:
        named = update(claim).where(claim.c.id == bindparam("claim_id_"))
        columns = ("status", "posterior", "reason", "decided_at")
        await tx.execute(named.values({name: bindparam(f"{name}_") for name in columns}), rows)


async def round_claims(tx: AsyncConnection, round_id: RoundId) -> list[Claim]:
    """Returns all claims of a round, oldest first."""
    rows = await tx.execute(
        select(claim).where(claim.c.round_id == round_id).order_by(claim.c.created_at, claim.c.id)
    )
    return [claim_of(row) for row in rows]


async def round_ballots(tx: AsyncConnection, round_id: RoundId) -> dict[ClaimId, list[Ballot]]:
    """Returns the votes on every claim of a round, oldest first."""
    rows = await tx.execute(
        select(vote)
        .join(claim, claim.c.id == vote.c.claim_id)
        .where(claim.c.round_id == round_id)
        .order_by(vote.c.voted_at, vote.c.id)
    )
    cast: dict[ClaimId, list[Ballot]] = defaultdict(list)
    for row in rows:
        cast[ClaimId(row.claim_id)].append(_ballot(row))
    return cast


async def exemplary_claims(tx: AsyncConnection, campaign_id: CampaignId) -> list[Claim]:
    """Returns the claims of a campaign that have become examples, oldest first."""
    rows = await tx.execute(
        select(claim)
        .join(example, example.c.claim_id == claim.c.id)
        .where(claim.c.campaign_id == campaign_id)
        .order_by(claim.c.created_at, claim.c.id)
    )
    return [claim_of(row) for row in rows]


_NEWEST_SESSIONS = 100
"""So many sessions tell the model's error rate: it is the rate now, and reading them takes milliseconds."""


async def found(tx: AsyncConnection, round_id: RoundId, *, trust_e: float) -> Found:
    """Counts what trusted players found on complex pictures in the newest graded sessions of a round."""
    newest = (
        select(session.c.id)
        .join(player, player.c.id == session.c.player_id)
        .where(session.c.round_id == round_id, session.c.graded_at.is_not(None), player.c.e_value >= trust_e)
        .order_by(session.c.graded_at.desc(), session.c.id)
        .limit(_NEWEST_SESSIONS)
        .subquery()
    )
    counts = (
        func.count(),
        _count(exchange.c.verdict == Verdict.WRONG.value),
        _count(claim.c.reason.in_((Cause.CONFIRMED.value, Cause.WRONG_CORRECTION.value))),
        _count(claim.c.reason == Cause.MODEL_RIGHT.value),
    )
    row = (
        await tx.execute(
            select(*counts)
            .select_from(
                newest.join(turn, turn.c.session_id == newest.c.id)
                .join(exchange, exchange.c.turn_id == turn.c.id)
                .outerjoin(claim, claim.c.exchange_id == exchange.c.id)
            )
            .where(~turn.c.control, exchange.c.verdict.is_not(None))
        )
    ).one()
    return Found(*map(int, row))


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((which, 1), else_=0)), 0)


async def set_categories(tx: AsyncConnection, found: Iterable[tuple[ClaimId, Category]]) -> None:
    rows = [{"claim_id_": id_, "category_": category.value} for id_, category in found]
    if rows:
        named = update(claim).where(claim.c.id == bindparam("claim_id_"))
        await tx.execute(named.values(category=bindparam("category_")), rows)


async def merge(tx: AsyncConnection, twins: Iterable[tuple[ClaimId, ClaimId]]) -> None:
    """Writes (claim, the older one it is merged with) pairs."""
    rows = [{"claim_id_": id_, "same_as_": same_as} for id_, same_as in twins]
    if rows:
        named = update(claim).where(claim.c.id == bindparam("claim_id_"))
        await tx.execute(named.values(same_as=bindparam("same_as_")), rows)


async def origins(tx: AsyncConnection, round_id: RoundId) -> dict[ClaimId, Origin]:
    """Returns the origin of every accepted claim of a round."""
    rows = await tx.execute(
        select(
            claim.c.id,
            player.c.e_value,
            player.c.consent_at,
            player.c.licence.label("consent_licence"),
            round_.c.model_ref,
            image.c.licence.label("image_licence"),
            image.c.source,
        )
        .select_from(
            claim.join(player, player.c.id == claim.c.player_id)
            .join(round_, round_.c.id == claim.c.round_id)
            .join(image, (image.c.id == claim.c.image_id) & (image.c.campaign_id == claim.c.campaign_id))
        )
        .where(claim.c.round_id == round_id, claim.c.status == ClaimStatus.ACCEPTED.value)
    )
    return {
        ClaimId(row.id): Origin(
            e_value=row.e_value,
            consent_at=row.consent_at,
            consent_licence=row.consent_licence,
            model_ref=row.model_ref,
            image_licence=row.image_licence,
            image_source=row.source,
        )
        for row in rows
    }


async def count_examples(tx: AsyncConnection, round_id: RoundId) -> int:
    counted = select(func.count()).select_from(example).where(example.c.round_id == round_id)
    return int((await tx.execute(counted)).scalar_one())


async def add_examples(tx: AsyncConnection, examples: Sequence[Example]) -> None:
    if examples:
        await tx.execute(
            insert(example), [{**asdict(one), "category": one.category.value} for one in examples]
        )
