"""SQL of a vote: the case before the voter, what is known about those who voted, and what is written.

Statements are made once: to make one takes SQLAlchemy longer than it takes SQLite to run it, and half of the
time of a vote went there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, case, exists, false, func, insert, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Ballot, Cause
from stumper.curate.queries import SETTLED, claim_of
from stumper.records import Claim, ClaimId, PlayerId, PlayerKind, Role, Rules, Verdict, Vote
from stumper.store.schema import assignment, campaign, claim, player, role, vote
from stumper.trust.queries import CONTROLS
from stumper.trust.rewards import Outcome, outcome

_TWIN: Final = claim.alias("twin")
_AUTHOR, _VOTER = player.alias("author"), player.alias("voter")

ACQUAINTED: Final = exists().where(
    _AUTHOR.c.id == claim.c.player_id,
    _VOTER.c.id == bindparam("player_id"),
    (_AUTHOR.c.network == _VOTER.c.network) | (_AUTHOR.c.team_id == _VOTER.c.team_id),
)
"""The claim's author joined from the player's network, or is in their team; false where that is unknown."""

TRUST: Final = case(
    (exists().where(role.c.player_id == player.c.id, role.c.role == Role.REFEREE.value), 1e300),
    else_=player.c.e_value,
)
"""The player's E-value; for a referee by an owner's word one that passes every bar."""

_HOLD: Final = select(claim.c.id).where(claim.c.id == bindparam("claim_id")).with_for_update(key_share=True)

_CASE: Final = (
    select(
        claim,
        campaign.c.rules,
        select(TRUST)
        .where(player.c.id == bindparam("player_id"), player.c.kind != PlayerKind.MODEL.value)
        .scalar_subquery()
        .label("e_value"),
        exists()
        .where(_TWIN.c.same_as == claim.c.id, _TWIN.c.player_id == bindparam("player_id"))
        .label("own_twin"),
        ACQUAINTED.label("acquainted"),
        select(assignment.c.dealt_at)
        .where(
            assignment.c.player_id == bindparam("player_id"),
            assignment.c.claim_id == claim.c.id,
            assignment.c.gold,
        )
        .scalar_subquery()
        .label("gold_since"),
        vote.c.player_id.label("voter_id"),
        vote.c.model_wrong,
        vote.c.correction_right,
        vote.c.unanswerable,
    )
    .join(campaign, campaign.c.id == claim.c.campaign_id)
    .outerjoin(vote, vote.c.claim_id == claim.c.id)
    .where(claim.c.id == bindparam("claim_id"))
    .order_by(vote.c.voted_at, vote.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A claim before a voter."""

    claim: Claim
    ballots: tuple[Ballot, ...]
    """The votes on it, oldest first."""
    rules: Rules
    voter_e: float | None
    """None if there is no such player, or it is a model: these do not vote."""
    voters_own: bool
    """The voter made it, or one that was merged with it."""
    acquainted: bool
    """Voter and author joined from the same network, as far as is known."""
    gold_since: float | None
    """When it was dealt to the voter as a settled case; None if it was not."""


async def lock_case(tx: AsyncConnection, claim_id: ClaimId, *, voter: PlayerId) -> Case | None:
    """Returns a claim, its votes and what there is to know about who wants to judge it; None if there is no
    such claim.

    Holds the claim's row, so that votes on it come one after the other.
    """
    if tx.dialect.name == "postgresql":
        # A statement that waits for a row sees what others wrote to it meanwhile, but not their votes.
        await tx.execute(_HOLD, {"claim_id": claim_id})
    rows = (await tx.execute(_CASE, {"claim_id": claim_id, "player_id": voter})).all()
    if not rows:
        return None
    row = rows[0]
    return Case(
        claim=claim_of(row),
        ballots=tuple(_ballot(each, voter=each.voter_id) for each in rows if each.voter_id is not None),
        rules=Rules(**row.rules),
        voter_e=row.e_value,
        voters_own=row.player_id == voter or row.own_twin,
        acquainted=row.acquainted,
        gold_since=row.gold_since,
    )


def _ballot(row: Any, *, voter: str) -> Ballot:
    return Ballot(PlayerId(voter), row.model_wrong, row.correction_right, row.unanswerable)


_ADD: Final = insert(vote)


async def add_vote(tx: AsyncConnection, record: Vote) -> None:
    flag = None if record.flag is None else record.flag.value
    await tx.execute(_ADD, {**asdict(record), "flag": flag})


_FLAGS: Final = select(func.count()).where(vote.c.claim_id == bindparam("claim_id"), vote.c.flag.is_not(None))


async def flags(tx: AsyncConnection, claim_id: ClaimId) -> int:
    """Counts the voters who flagged a claim."""
    return int((await tx.execute(_FLAGS, {"claim_id": claim_id})).scalar_one())


_STANDING: Final = ("votes", "status", "posterior", "reason", "decided_at")
_UPDATE: Final = (
    update(claim)
    .where(claim.c.id == bindparam("claim_id"))
    .values({name: bindparam(f"{name}_") for name in _STANDING})
)


async def update_claim(tx: AsyncConnection, after: Claim) -> None:
    """Writes where a claim stands after a vote."""
    values = {f"{name}_": getattr(after, name) for name in _STANDING}
    await tx.execute(_UPDATE, {**values, "status_": after.status.value, "claim_id": after.id})


@dataclass(frozen=True, slots=True)
class History:
    """What decided claims and controls tell about players, counted."""

    controls: dict[PlayerId, Counter[Outcome]] = field(default_factory=lambda: defaultdict(Counter))
    votes: list[tuple[Ballot, Cause, int]] = field(default_factory=list)
    """(as these players voted, as was decided, how often)"""
    claims: list[tuple[PlayerId, Cause, int]] = field(default_factory=list)
    """What became of the claimant's claims."""


_DECIDED: Final = claim.c.status.in_(SETTLED) & claim.c.reason.in_(list(Cause))
_SAYS: Final = (vote.c.player_id, vote.c.model_wrong, vote.c.correction_right, vote.c.unanswerable)
_SEEN: Final = CONTROLS.subquery("seen")
_HISTORY: Final = union_all(
    select(literal("vote").label("kind"), *_SAYS, claim.c.reason.label("what"), func.count().label("n"))
    .join(claim, claim.c.id == vote.c.claim_id)
    .where(vote.c.player_id.in_(bindparam("players", expanding=True)), _DECIDED)
    .group_by(*_SAYS, claim.c.reason),
    select(literal("claim"), claim.c.player_id, false(), false(), false(), claim.c.reason, func.count())
    .where(claim.c.player_id == bindparam("claimant"), _DECIDED)
    .group_by(claim.c.player_id, claim.c.reason),
    select(
        literal("control"), _SEEN.c.player_id, _SEEN.c.poisoned, false(), false(), _SEEN.c.verdict, _SEEN.c.n
    ),
)


async def history(
    tx: AsyncConnection, players: Collection[PlayerId], *, claimant: PlayerId | None = None
) -> History:
    """Returns what is known about a few players: their controls, and their votes on decided claims; of the
    claimant also what became of their claims.
    """
    found = History()
    for row in await tx.execute(_HISTORY, {"players": sorted(players), "claimant": claimant}):
        ballot = _ballot(row, voter=row.player_id)
        if row.kind == "vote":
            found.votes.append((ballot, Cause(row.what), row.n))
        elif row.kind == "claim":
            found.claims.append((ballot.voter, Cause(row.what), row.n))
        else:  # the first mark of such a row is the coin
            happened = outcome(poisoned=ballot.model_wrong, verdict=Verdict(row.what))
            found.controls[ballot.voter][happened] += row.n
    return found
