"""SQL of what decided claims are to be paid, and of what tells the model's error rate now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import STOPPED, Cause
from stumper.curate.dues.offers import Offer, PlayerDay
from stumper.curate.queries import claim_of
from stumper.records import (
    Category,
    Claim,
    ClaimId,
    ClaimStatus,
    PlayerId,
    PlayerKind,
    RoundId,
    SessionId,
    Suggestion,
    Verdict,
)
from stumper.store.schema import claim, exchange, image, ledger, player, quest, session, turn, waiting
from stumper.trust.bonus import BOUNTY, CLAIM
from stumper.trust.periods import local_day
from stumper.trust.queries import played_before
from stumper.trust.watch.queries import has_open_signal


class Found(NamedTuple):
    """What trusted players found in the newest sessions of a round, on complex pictures."""

    judged: int
    """Answers with a verdict."""
    wrong: int
    """Of these marked wrong."""
    model_wrong: int
    """Decided claims on which the model was wrong, whatever became of the correction."""
    model_right: int


_NEWEST_SESSIONS = 100
"""So many sessions tell the model's error rate: it is the rate now, and reading them takes milliseconds."""


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((which, 1), else_=0)), 0)


_newest = (
    select(session.c.id)
    .join(player, player.c.id == session.c.player_id)
    .where(
        session.c.round_id == bindparam("round_id"),
        session.c.graded_at.is_not(None),
        player.c.e_value >= bindparam("trust_e"),
        player.c.kind != PlayerKind.MODEL.value,
    )
    .order_by(session.c.graded_at.desc(), session.c.id)
    .limit(_NEWEST_SESSIONS)
    .subquery("newest")
)
_found_claim = claim.alias("found_claim")
_FOUND: Final = (
    select(
        func.count().label("judged"),
        _count(exchange.c.verdict == Verdict.WRONG.value).label("wrong"),
        _count(_found_claim.c.reason.in_((Cause.CONFIRMED.value, Cause.WRONG_CORRECTION.value))).label(
            "model_wrong"
        ),
        _count(_found_claim.c.reason == Cause.MODEL_RIGHT.value).label("model_right"),
    )
    .select_from(
        _newest.join(turn, turn.c.session_id == _newest.c.id)
        .join(exchange, exchange.c.turn_id == turn.c.id)
        .outerjoin(_found_claim, _found_claim.c.exchange_id == exchange.c.id)
    )
    .where(~turn.c.control, exchange.c.verdict.is_not(None))
)


async def found_now(tx: AsyncConnection, round_id: RoundId, *, trust_e: float) -> Found:
    """Counts what trusted players found on complex pictures in the newest graded sessions of a round."""
    row = (await tx.execute(_FOUND, {"round_id": round_id, "trust_e": trust_e})).one()
    return Found(*map(int, row))


class Unpaid(NamedTuple):
    """A decided claim without a line in the ledger."""

    claim: Claim
    session_id: SessionId
    trusted: bool
    """Its player is, and no strong signal of cheating is open: a gain waits meanwhile."""
    played_s: float
    """How long they had played that day when they made it."""
    promised: int | None
    """Points that wait for their trust; None if none do."""
    bounty: int
    """Points on top that wait with them."""
    day: int
    """The player's own day on which they made it."""
    things: frozenset[str]
    """What its picture is annotated with."""
    own_idea: bool = True
    """The question is not made of an idea that the player asked for."""


class Due(NamedTuple):
    """What is to be paid, oldest first, and what tells the model's error rate now."""

    claims: list[Unpaid]
    found: Found


_AT_NO_COST: Final = sorted(cause.value for cause in STOPPED | {Cause.INVALID})
"""Refused by a program and not by people: it may err, and whoever asks clumsily is no cheat."""
_now = _FOUND.subquery("found")
_trusted = (player.c.e_value >= bindparam("trust_e")) & ~has_open_signal()
_UNPAID: Final = (
    select(
        claim,
        session.c.id.label("session_id"),
        _trusted.label("trusted"),
        (exchange.c.judged_at - session.c.started_at + played_before(session)).label("played_s"),
        waiting.c.points.label("promised"),
        waiting.c.bounty.label("promised_bounty"),
        exchange.c.judged_at,
        player.c.time_zone,
        exchange.c.suggested,
        image.c.labels,
        *_now.c,
    )
    .select_from(
        claim.join(exchange, exchange.c.id == claim.c.exchange_id)
        .join(turn, turn.c.id == exchange.c.turn_id)
        .join(session, session.c.id == turn.c.session_id)
        .join(player, player.c.id == session.c.player_id)
        .outerjoin(image, (image.c.id == claim.c.image_id) & (image.c.campaign_id == claim.c.campaign_id))
        .outerjoin(waiting, waiting.c.exchange_id == exchange.c.id)
        .join(_now, true())
    )
    .where(
        claim.c.round_id == bindparam("round_id"),
        player.c.forgotten_at.is_(None),
        player.c.kind != PlayerKind.MODEL.value,
        # A gain is noted once, and waits until its player is trusted.
        ((claim.c.status == ClaimStatus.REJECTED.value) & claim.c.reason.not_in(_AT_NO_COST))
        | ((claim.c.status == ClaimStatus.ACCEPTED.value) & (waiting.c.points.is_(None) | _trusted)),
        ~exists().where(ledger.c.exchange_id == claim.c.exchange_id, ledger.c.reason == CLAIM),
    )
    .order_by(claim.c.created_at, claim.c.id)
    .limit(bindparam("most"))
    # None becomes trusted while their claims are paid: a grading at the same moment comes before or after.
    .with_for_update(of=player, key_share=True)
)
_UNPAID_ONE: Final = _UNPAID.where(claim.c.id == bindparam("claim_id"))


async def unpaid(
    tx: AsyncConnection, round_id: RoundId, *, claim_id: ClaimId | None = None, trust_e: float, limit: int
) -> Due:
    """Returns the oldest claims of a round that can be paid and were not, or that one if it is among them."""
    values = {"round_id": round_id, "trust_e": trust_e, "most": limit}
    if claim_id is None:
        rows = (await tx.execute(_UNPAID, values)).all()
    else:
        rows = (await tx.execute(_UNPAID_ONE, {**values, "claim_id": claim_id})).all()
    due = [
        Unpaid(
            claim_of(row),
            SessionId(row.session_id),
            bool(row.trusted),
            played_s=float(row.played_s or 0.0),
            promised=row.promised,
            bounty=row.promised_bounty or 0,
            day=local_day(row.judged_at, row.time_zone),
            things=frozenset(row.labels or ()),
            own_idea=row.suggested is None or not Suggestion(row.suggested).asked_for,
        )
        for row in rows
    ]
    found = [Found(*(int(getattr(row, name)) for name in Found._fields)) for row in rows[:1]]
    return Due(due, found[0] if found else Found(0, 0, 0, 0))


async def offers(tx: AsyncConnection, days: Collection[PlayerDay]) -> dict[PlayerDay, Offer]:
    """Returns the quests of these players on these days that pay something."""
    if not days:
        return {}
    rows = await tx.execute(
        select(quest).where(
            quest.c.player_id.in_({player_id for player_id, _ in days}),
            quest.c.day.in_({day for _, day in days}),
            quest.c.points > 0,
        )
    )
    return {
        (PlayerId(row.player_id), row.day): Offer(Category(row.category), row.goal, row.points, row.thing)
        for row in rows
    }


async def bounties_had(tx: AsyncConnection, days: Collection[PlayerDay]) -> Counter[PlayerDay]:
    """Counts the bounties that players have had, or been promised, for claims they made on each of the days.

    Hold the players' rows before: then none is added meanwhile.
    """
    if not days:
        return Counter()
    players = {player_id for player_id, _ in days}
    made = select(player.c.id, player.c.time_zone, exchange.c.judged_at, exchange.c.id.label("exchange_id"))
    paid = (
        made.join(ledger, ledger.c.player_id == player.c.id)
        .join(exchange, exchange.c.id == ledger.c.exchange_id)
        .where(ledger.c.reason == BOUNTY)
    )
    promised = (
        made.join(waiting, waiting.c.player_id == player.c.id)
        .join(exchange, exchange.c.id == waiting.c.exchange_id)
        .where(waiting.c.bounty > 0)
    )
    # Days begin up to 14 hours before and after those of UTC.
    since = min(day - 1 for _, day in days) * _DAY_S
    which = player.c.id.in_(players), exchange.c.judged_at >= since
    rows = await tx.execute(paid.where(*which).union(promised.where(*which)))
    had = Counter((PlayerId(id_), local_day(at, zone)) for id_, zone, at, _ in rows)
    return Counter({day: n for day, n in had.items() if day in set(days)})


_DAY_S = 86_400.0
