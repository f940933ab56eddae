"""SQL of the referee's desk: what may be dealt to whom, what lies there, and disputes.

Statements for every case are made once, as in `stumper.curate.votes.queries`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Subquery, bindparam, exists, func, select, true, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import STOPPED, Cause
from stumper.curate.census import Sight
from stumper.curate.queries import SETTLED, YOUNG_S, claim_of
from stumper.curate.votes.queries import ACQUAINTED, TRUST
from stumper.records import CampaignId, Claim, ClaimId, ClaimStatus, PlayerId, PlayerKind, Rules
from stumper.store.schema import (
    assignment,
    campaign,
    claim,
    exchange,
    ledger,
    player,
    session,
    sight,
    turn,
    vote,
)

_MERGED: Final = claim.alias("merged")
_LONGEST_STREAK: Final = 200
"""A longer one is told as this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A claim that voters could not decide or a gate stopped, with what voters proposed instead and why they
    flagged it.
    """

    claim: Claim
    better: list[str]
    flags: list[str]


class Table(NamedTuple):
    """Where a referee sits."""

    campaigns: dict[CampaignId, Rules]
    """Those whose bar the player's E-value has passed; all of them for a referee by an owner's word."""
    doubted: frozenset[CampaignId]
    """Of these where the last estimate found that the player's votes tell too little."""
    lying: Claim | None
    """The claim on their desk: dealt, not voted on, and still worth a vote."""


class Service(NamedTuple):
    """What a referee has done: votes, and how the settled cases among the first ``counted`` went."""

    votes: int
    counted: int
    points: int
    streak: int
    """Settled cases judged right in a row, up to the last of these."""


_MAY_JUDGE: Final = (
    (claim.c.player_id != bindparam("player_id"))
    & ~exists().where(_MERGED.c.same_as == claim.c.id, _MERGED.c.player_id == bindparam("player_id"))
    & ~exists().where(vote.c.claim_id == claim.c.id, vote.c.player_id == bindparam("player_id"))
    & ~ACQUAINTED
)
"""Not the player's own claim, nor one merged with it or of an acquaintance, nor one they voted on."""
_PERSON: Final = player.c.kind != PlayerKind.MODEL.value
"""Models that play never vote: they would judge their own kind, and agree for reasons people do not share."""
_UNDECIDED: Final = (claim.c.status == ClaimStatus.OPEN.value) & claim.c.same_as.is_(None)

# As a subquery with its player: an outer join of two tables would be read whole.
_lying = (
    select(assignment.c.claim_id, assignment.c.gold, assignment.c.dealt_at)
    .where(
        assignment.c.player_id == bindparam("player_id"),
        ~exists().where(vote.c.claim_id == assignment.c.claim_id, vote.c.player_id == assignment.c.player_id),
    )
    .subquery("lying")
)
_OPEN_TO: Final = (
    select(
        campaign.c.id.label("open_campaign"),
        campaign.c.rules,
        TRUST.label("e_value"),
        sight.c.sees,
        sight.c.alarms,
        sight.c.fake,
        claim,
    )
    .select_from(
        campaign.join(player, (player.c.id == bindparam("player_id")) & _PERSON)
        .outerjoin(sight, (sight.c.player_id == player.c.id) & (sight.c.campaign_id == campaign.c.id))
        .outerjoin(_lying, true())
        .outerjoin(
            claim,
            (claim.c.id == _lying.c.claim_id)
            & (claim.c.campaign_id == campaign.c.id)
            & (_lying.c.gold | _UNDECIDED)
            & _MAY_JUDGE,
        )
    )
    .order_by(_lying.c.dealt_at.desc(), _lying.c.claim_id)
)


async def open_to(tx: AsyncConnection, player_id: PlayerId) -> Table:
    """Returns what a player may judge; an unknown one nothing."""
    campaigns: dict[CampaignId, Rules] = {}
    doubted: set[CampaignId] = set()
    lying: Claim | None = None
    for row in await tx.execute(_OPEN_TO, {"player_id": player_id}):
        rules = Rules(**row.rules)
        if row.e_value >= rules.trust_e:
            campaigns[CampaignId(row.open_campaign)] = rules
            if row.sees is not None and not Sight(row.sees, row.alarms, row.fake).able:
                doubted.add(CampaignId(row.open_campaign))
            if lying is None and row.id is not None:
                lying = claim_of(row)
    return Table(campaigns, frozenset(doubted), lying)


_FINAL: Final = (claim.c.created_at <= bindparam("before")) | exists().where(
    exchange.c.id == claim.c.exchange_id,
    turn.c.id == exchange.c.turn_id,
    session.c.id == turn.c.session_id,
    session.c.graded_at.is_not(None),
)
"""Its player cannot take it back any more."""
_QUEUE: Final = (
    select(claim)
    .where(_UNDECIDED, claim.c.campaign_id.in_(bindparam("campaigns", expanding=True)), _MAY_JUDGE, _FINAL)
    .order_by(claim.c.created_at, claim.c.id)
    .limit(bindparam("most"))
)


async def queue(
    tx: AsyncConnection, player_id: PlayerId, *, campaigns: Collection[CampaignId], now: float, limit: int
) -> list[Claim]:
    """Returns the oldest open claims of these campaigns that the player may judge and nobody can undo."""
    values = {
        "player_id": player_id,
        "campaigns": sorted(campaigns),
        "before": now - YOUNG_S,
        "most": limit,
    }
    return [claim_of(row) for row in await tx.execute(_QUEUE, values)]


_ASSIGN: Final = {
    "postgresql": postgresql.insert(assignment).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(assignment).on_conflict_do_nothing(),
}


async def assign(
    tx: AsyncConnection, player_id: PlayerId, claim_id: ClaimId, *, gold: bool, now: float
) -> None:
    """Puts a claim on the player's desk; one that lay there before stays as it was dealt."""
    row = {"player_id": player_id, "claim_id": claim_id, "gold": gold, "dealt_at": now}
    await tx.execute(_ASSIGN[tx.dialect.name], row)


def _newest_settled(status: ClaimStatus, certain: ColumnElement[bool]) -> Subquery:
    return (
        select(claim)
        .where(
            claim.c.status == status.value,
            certain,
            claim.c.same_as.is_(None),
            claim.c.campaign_id == bindparam("campaign_id"),
            _MAY_JUDGE,
        )
        .order_by(claim.c.created_at.desc(), claim.c.id)
        .limit(bindparam("most"))
        .subquery()
    )


_GOOD: Final = _newest_settled(ClaimStatus.ACCEPTED, claim.c.posterior >= bindparam("sure"))
_BAD: Final = _newest_settled(ClaimStatus.REJECTED, claim.c.posterior <= bindparam("surely_not"))
_SETTLED_CASES: Final = union_all(select(_GOOD), select(_BAD))


async def settled_cases(
    tx: AsyncConnection, player_id: PlayerId, *, campaign_id: CampaignId, sure: float, limit: int
) -> list[Claim]:
    """Returns the newest accepted and the newest rejected claims, ``limit`` each, that the player may judge
    and of which one is ``sure`` (0..1).
    """
    values = {
        "player_id": player_id,
        "campaign_id": campaign_id,
        "sure": sure,
        "surely_not": 1.0 - sure,
        "most": limit,
    }
    found = [claim_of(row) for row in await tx.execute(_SETTLED_CASES, values)]
    # The order of a union is up to the database; what is drawn must not be.
    return sorted(found, key=lambda one: (-one.created_at, one.id))


async def disputes(tx: AsyncConnection, campaign_id: CampaignId, *, refused: bool = False) -> list[Dispute]:
    """Returns the disputed claims of a campaign, or those that gates ``refused`` for good, oldest first."""
    at_gate = claim.c.reason.in_(cause.value for cause in STOPPED | {Cause.INVALID})
    is_refused = (claim.c.status == ClaimStatus.REJECTED.value) & at_gate
    which = is_refused if refused else claim.c.status == ClaimStatus.DISPUTED.value
    where = claim.c.campaign_id == campaign_id, which
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
    """Points and streak are told for whole batches of votes: no single vote shows which case was settled."""
    votes = int((await tx.execute(select(func.count()).where(vote.c.player_id == player_id))).scalar_one())
    counted = votes // batch * batch
    if not counted:
        return Service(votes, counted, points=0, streak=0)
    first = (
        select(vote.c.id)
        .where(vote.c.player_id == player_id)
        .order_by(vote.c.voted_at, vote.c.id)
        .limit(counted)
        .subquery()
    )
    points = select(func.coalesce(func.sum(ledger.c.points), 0)).join(first, first.c.id == ledger.c.vote_id)
    good = claim.c.status == ClaimStatus.ACCEPTED.value
    said_good = vote.c.model_wrong & vote.c.correction_right & ~vote.c.unanswerable
    went = (
        select((good == said_good).label("right"))
        .join(first, first.c.id == vote.c.id)
        .join(claim, claim.c.id == vote.c.claim_id)
        .where(vote.c.gold, claim.c.status.in_(SETTLED))
        .order_by(vote.c.voted_at.desc(), vote.c.id.desc())
        .limit(_LONGEST_STREAK)
    )
    return Service(
        votes,
        counted,
        points=int((await tx.execute(points)).scalar_one()),
        streak=run_of_right(bool(right) for (right,) in await tx.execute(went)),
    )


def run_of_right(newest_first: Iterable[bool]) -> int:
    """Returns how many are right before the first that is not.

    >>> run_of_right([True, True, False, True]), run_of_right([])
    (2, 0)
    """
    return sum(1 for _ in takewhile(bool, newest_first))
