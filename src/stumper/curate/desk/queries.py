"""SQL of the referee's desk: what may be dealt to whom, what lies there, votes, and disputes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, insert, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.queries import claim_of
from stumper.records import CampaignId, Claim, ClaimId, ClaimStatus, PlayerId, Rules, Vote
from stumper.store.schema import assignment, campaign, claim, ledger, player, vote

# Made once: to alias a table copies its columns, which took a third of the time of a vote.
_TWIN, _MERGED = claim.alias("twin"), claim.alias("merged")
_AUTHOR, _VOTER = player.alias("author"), player.alias("voter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A claim before a voter."""

    claim: Claim
    rules: Rules
    voter_e: float | None
    """None if there is no such player."""
    voters_own: bool
    """The voter made it, or one that was merged with it."""
    same_network: bool
    """Voter and author joined from the same network, as far as is known."""
    gold_since: float | None
    """When it was dealt to the voter as a settled case; None if it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A claim that voters could not decide, with what they proposed instead and why they flagged it."""

    claim: Claim
    better: list[str]
    flags: list[str]


class Service(NamedTuple):
    """What a referee has done: votes, and the points of the settled cases among the first ``counted``."""

    votes: int
    counted: int
    points: int


async def lock_case(tx: AsyncConnection, claim_id: ClaimId, *, voter: PlayerId) -> Case | None:
    """Returns a claim and what there is to know about who wants to judge it; None if there is no such claim.

    Holds the claim's row, so that votes on it come one after the other. One statement: a vote is made of few.
    """
    e_value = select(player.c.e_value).where(player.c.id == voter).scalar_subquery()
    own_twin = exists().where(_TWIN.c.same_as == claim.c.id, _TWIN.c.player_id == voter)
    gold_since = (
        select(assignment.c.dealt_at)
        .where(assignment.c.player_id == voter, assignment.c.claim_id == claim.c.id, assignment.c.gold)
        .scalar_subquery()
    )
    row = (
        await tx.execute(
            select(
                claim,
                campaign.c.rules,
                e_value.label("e_value"),
                own_twin.label("own_twin"),
                _of_network(voter).label("same_network"),
                gold_since.label("gold_since"),
            )
            .join(campaign, campaign.c.id == claim.c.campaign_id)
            .where(claim.c.id == claim_id)
            .with_for_update(of=claim, key_share=True)
        )
    ).first()
    if row is None:
        return None
    return Case(
        claim=claim_of(row),
        rules=Rules(**row.rules),
        voter_e=row.e_value,
        voters_own=row.player_id == voter or row.own_twin,
        same_network=row.same_network,
        gold_since=row.gold_since,
    )


async def open_to(tx: AsyncConnection, player_id: PlayerId) -> dict[CampaignId, Rules]:
    """Returns the campaigns whose bar the player's E-value has passed; none for an unknown player."""
    rows = await tx.execute(
        select(campaign.c.id, campaign.c.rules, player.c.e_value)
        .join(player, player.c.id == player_id)
        .order_by(campaign.c.id)
    )
    known = ((CampaignId(id_), Rules(**rules), e_value) for id_, rules, e_value in rows)
    return {id_: rules for id_, rules, e_value in known if e_value >= rules.trust_e}


def _may_judge(player_id: PlayerId) -> ColumnElement[bool]:
    """Not the player's own claim, nor one merged with it or from their network, nor one they voted on."""
    own_twin = exists().where(_MERGED.c.same_as == claim.c.id, _MERGED.c.player_id == player_id)
    voted = exists().where(vote.c.claim_id == claim.c.id, vote.c.player_id == player_id)
    return (claim.c.player_id != player_id) & ~own_twin & ~voted & ~_of_network(player_id)


def _of_network(player_id: PlayerId) -> ColumnElement[bool]:
    """The claim's author joined from the player's network; false where one of the two is unknown."""
    return exists().where(
        _AUTHOR.c.id == claim.c.player_id, _VOTER.c.id == player_id, _AUTHOR.c.network == _VOTER.c.network
    )


async def queue(
    tx: AsyncConnection, player_id: PlayerId, *, campaigns: Collection[CampaignId], limit: int
) -> list[Claim]:
    """Returns the oldest open claims of these campaigns that the player may judge."""
    rows = await tx.execute(
        select(claim)
        .where(
            claim.c.status == ClaimStatus.OPEN.value,
            claim.c.same_as.is_(None),
            claim.c.campaign_id.in_(campaigns),
            _may_judge(player_id),
        )
        .order_by(claim.c.created_at, claim.c.id)
        .limit(limit)
    )
    return [claim_of(row) for row in rows]


async def assigned(
    tx: AsyncConnection, player_id: PlayerId, *, campaigns: Collection[CampaignId]
) -> Claim | None:
    """Returns the claim that lies on the player's desk: dealt, not voted on, and still worth a vote."""
    voted = exists().where(vote.c.claim_id == assignment.c.claim_id, vote.c.player_id == player_id)
    lying = select(assignment.c.claim_id, assignment.c.gold)
    lying = lying.where(assignment.c.player_id == player_id, ~voted)
    rows = (await tx.execute(lying.order_by(assignment.c.dealt_at.desc(), assignment.c.claim_id))).all()
    for claim_id, gold in rows:  # one at most, but for claims that others decided meanwhile
        undecided = (claim.c.status == ClaimStatus.OPEN.value) & claim.c.same_as.is_(None)
        where = claim.c.id == claim_id, claim.c.campaign_id.in_(campaigns), _may_judge(player_id)
        row = (await tx.execute(select(claim).where(*where, true() if gold else undecided))).first()
        if row is not None:
            return claim_of(row)
    return None


async def assign(
    tx: AsyncConnection, player_id: PlayerId, claim_id: ClaimId, *, gold: bool, now: float
) -> None:
    """Puts a claim on the player's desk; one that lay there before stays as it was dealt."""
    into = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    row = {"player_id": player_id, "claim_id": claim_id, "gold": gold, "dealt_at": now}
    await tx.execute(into(assignment).values(row).on_conflict_do_nothing())


async def settled_cases(
    tx: AsyncConnection, player_id: PlayerId, *, campaign_id: CampaignId, good: bool, sure: float, limit: int
) -> list[Claim]:
    """Returns the newest settled claims that the player may judge and of which one is ``sure`` (0..1)."""
    status = ClaimStatus.ACCEPTED if good else ClaimStatus.REJECTED
    certain = claim.c.posterior >= sure if good else claim.c.posterior <= 1.0 - sure
    rows = await tx.execute(
        select(claim)
        .where(
            claim.c.status == status.value,
            certain,
            claim.c.same_as.is_(None),
            claim.c.campaign_id == campaign_id,
            _may_judge(player_id),
        )
        .order_by(claim.c.created_at.desc(), claim.c.id)
        .limit(limit)
    )
    return [claim_of(row) for row in rows]


async def flags(tx: AsyncConnection, claim_id: ClaimId) -> int:
    """Counts the voters who flagged a claim."""
    counted = select(func.count()).where(vote.c.claim_id == claim_id, vote.c.flag.is_not(None))
    return int((await tx.execute(counted)).scalar_one())


async def add_vote(tx: AsyncConnection, record: Vote) -> None:
    flag = None if record.flag is None else record.flag.value
    await tx.execute(insert(vote).values({**asdict(record), "flag": flag}))


async def disputes(tx: AsyncConnection, campaign_id: CampaignId) -> list[Dispute]:
    """Returns the disputed claims of a campaign, oldest first."""
    where = claim.c.campaign_id == campaign_id, claim.c.status == ClaimStatus.DISPUTED.value
    order = claim.c.created_at, claim.c.id
    found = {row.id: claim_of(row) for row in await tx.execute(select(claim).where(*where).order_by(*order))}
    said = select(vote.c.claim_id, vote.c.better, vote.c.flag).join(claim, claim.c.id == vote.c.claim_id)
    rows = (await tx.execute(said.where(*where).order_by(vote.c.voted_at, vote.c.id))).all()
    return [
        Dispute(
            claim=one,
            better=[row.better for row in rows if row.claim_id == one.id and row.better],
            flags=[row.flag for row in rows if row.claim_id == one.id and row.flag],
        )
        for one in found.values()
    ]


async def service(tx: AsyncConnection, player_id: PlayerId, *, batch: int) -> Service:
    """Points are told for whole batches of votes, so that no single vote shows which case was settled."""
    votes = int((await tx.execute(select(func.count()).where(vote.c.player_id == player_id))).scalar_one())
    counted = votes // batch * batch
    first = (
        select(vote.c.id)
        .where(vote.c.player_id == player_id)
        .order_by(vote.c.voted_at, vote.c.id)
        .limit(counted)
        .subquery()
    )
    points = select(func.coalesce(func.sum(ledger.c.points), 0)).join(first, first.c.id == ledger.c.vote_id)
    return Service(votes, counted, int((await tx.execute(points)).scalar_one()))
