"""SQL of trust: judged exchanges of control turns, the ledger, E-values, and what players did on controls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import (
    FromClause,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import (
    CampaignId,
    ClaimStatus,
    ExchangeId,
    LedgerLine,
    PlayerId,
    PlayerKind,
    Rules,
    SessionId,
    TurnId,
    Verdict,
    WaitingGain,
)
from stumper.store.news import Topic, changes
from stumper.store.prepared import Prepared
from stumper.store.schema import campaign, claim, exchange, ledger, player, score, session, turn, waiting
from stumper.store.upsert import insert_into
from stumper.trust.periods import periods_at
from stumper.trust.rewards import Outcome, outcome
from stumper.trust.watch.queries import has_open_signal

# SQLite takes at most 32,766 parameters in one statement; long id lists go in slices of this size.
SLICE = 5_000

_DAY_S = 86_400.0

Id = TypeVar("Id", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToGrade:
    """What grading needs to know of a session."""

    player_id: PlayerId
    campaign_id: CampaignId
    started_at: float
    finished_at: float | None
    graded_at: float | None
    poison_rate: float
    played_today_s: float
    """Time of the player's other sessions that started in the 24 hours before this one."""
    rules: Rules
    time_zone: str
    """The player's."""
    paid: bool
    """Points are for people: a model that plays gets none."""
    judged: bool
    """Whether any answer was judged: a session without one counts for no streak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlExchange:
    """A counting exchange of a control turn; ``verdict`` and ``judged_at`` are None if it was never
    judged.
    """

    id: ExchangeId
    turn_id: TurnId
    position: int
    question: str
    poisoned: bool
    verdict: Verdict | None
    judged_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidClaim:
    """A claim's line in the ledger."""

    exchange_id: ExchangeId
    position: int
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    balance: int
    e_value: float


def played_before(this: FromClause) -> ScalarSelect[float]:
    """Seconds that the player of the session ``this`` had played in the 24 hours before it."""
    other = session.alias("other")
    return (
        select(func.coalesce(func.sum(other.c.finished_at - other.c.started_at), 0.0))
        .where(
            other.c.player_id == this.c.player_id,
            other.c.id != this.c.id,
            other.c.started_at < this.c.started_at,
            other.c.started_at > this.c.started_at - _DAY_S,
            other.c.finished_at.is_not(None),
        )
        .scalar_subquery()
    )


_JUDGED: Final = (
    exists()
    .where(
        turn.c.session_id == session.c.id, exchange.c.turn_id == turn.c.id, exchange.c.verdict.is_not(None)
    )
    .correlate(session)
)


_ID: Final[Any] = bindparam("id")
_TO_GRADE: Final = Prepared(
    select(
        session,
        campaign.c.rules,
        player.c.time_zone,
        (player.c.kind != PlayerKind.MODEL.value).label("paid"),
        played_before(session).label("played_s"),
        _JUDGED.label("judged"),
    )
    .join(campaign, campaign.c.id == session.c.campaign_id)
    .join(player, player.c.id == session.c.player_id)
    .where(session.c.id == _ID)
    .with_for_update(key_share=True, of=session)
)


async def to_grade(tx: AsyncConnection, session_id: SessionId) -> ToGrade | None:
    """Returns it and holds the session: its last verdict cannot be taken back while it is graded."""
    row = await _TO_GRADE.first(tx, {"id": session_id})
    if row is None:
        return None
    return ToGrade(
        player_id=PlayerId(row.player_id),
        campaign_id=CampaignId(row.campaign_id),
        started_at=row.started_at,
        finished_at=row.finished_at,
        graded_at=row.graded_at,
        poison_rate=row.poison_rate,
        played_today_s=float(row.played_s),
        rules=Rules(**row.rules),
        time_zone=row.time_zone,
        paid=bool(row.paid),
        judged=bool(row.judged),
    )


async def claim_grading(
    tx: AsyncConnection, session_id: SessionId, *, now: float, day: int | None = None
) -> bool:
    """Marks the session graded; True for exactly one caller, also when two come at the same moment.

    ``day`` is the player's own day on which it was finished, or None where it counts for no streak.
    """
    ungraded = session.c.id == session_id, session.c.graded_at.is_(None)
    done = await tx.execute(update(session).where(*ungraded).values(graded_at=now, day=day))
    return done.rowcount == 1


_CONTROL_EXCHANGES: Final = Prepared(
    select(
        exchange.c.id,
        exchange.c.turn_id,
        turn.c.position,
        exchange.c.question,
        exchange.c.poisoned,
        exchange.c.verdict,
        exchange.c.judged_at,
    )
    .join(turn, turn.c.id == exchange.c.turn_id)
    .where(turn.c.session_id == _ID, turn.c.control, exchange.c.counts)
    .order_by(turn.c.position, exchange.c.number)
)


async def control_exchanges(tx: AsyncConnection, session_id: SessionId) -> list[ControlExchange]:
    """Returns the exchanges of a session's control turns in the order they were asked.

    Only those that count: an answer that could not have been falsified would prove attention to nobody, and
    always marking such answers Correct would look like it.
    """
    return [_control_exchange(row) for row in await _CONTROL_EXCHANGES.all(tx, {"id": session_id})]


def _control_exchange(row: Any) -> ControlExchange:
    return ControlExchange(
        id=ExchangeId(row.id),
        turn_id=TurnId(row.turn_id),
        position=row.position,
        question=row.question,
        poisoned=row.poisoned,
        verdict=None if row.verdict is None else Verdict(row.verdict),
        judged_at=row.judged_at,
    )


async def write_lines(tx: AsyncConnection, lines: Sequence[LedgerLine]) -> None:
    """Appends to the ledger; a line is never changed nor removed. Boards follow in the same transaction."""
    if lines:
        await tx.execute(insert(ledger), [asdict(line) for line in lines])
        await _add_scores(tx, [(line.player_id, line.points, line.written_at) for line in lines])


async def write_once(tx: AsyncConnection, lines: Sequence[LedgerLine]) -> None:
    """Appends those lines whose reason and exchange are not in the ledger yet, and only those to boards."""
    if lines:
        once = insert_into(tx, ledger).on_conflict_do_nothing()
        wrote = once.returning(ledger.c.player_id, ledger.c.points, ledger.c.written_at)
        rows = await tx.execute(wrote, [asdict(line) for line in lines])
        await _add_scores(tx, [(PlayerId(id_), points, at) for id_, points, at in rows])


async def _add_scores(tx: AsyncConnection, lines: Sequence[tuple[PlayerId, int, float]]) -> None:
    """Adds (player, points, written at) to the sums that boards read.

    A line of 0 points changes no rank: it must not make its player later than others with as many. In the
    order of players: two transactions that hold rows of both in turns would wait for each other.
    """
    points: Counter[tuple[PlayerId, str]] = Counter()
    newest: dict[tuple[PlayerId, str], float] = {}
    for player_id, gained, at in lines:
        for period in periods_at(at) if gained else ():
            points[player_id, period] += gained
            newest[player_id, period] = max(at, newest.get((player_id, period), at))
    rows = [
        {"player_id": key[0], "period": key[1], "points": points[key], "updated_at": newest[key]}
        for key in sorted(points)
    ]
    if rows:
        changes(tx, Topic.BOARDS)
    for start in range(0, len(rows), SLICE):
        added = insert_into(tx, score).values(rows[start : start + SLICE])
        sums = {"points": score.c.points + added.excluded.points, "updated_at": added.excluded.updated_at}
        keys = [score.c.period, score.c.player_id]
        await tx.execute(added.on_conflict_do_update(index_elements=keys, set_=sums))


async def write_waiting(tx: AsyncConnection, gains: Sequence[WaitingGain]) -> None:
    """Notes gains that wait; what was promised before stays."""
    if gains:
        await tx.execute(insert_into(tx, waiting).on_conflict_do_nothing(), [asdict(gain) for gain in gains])


def _waiting(*, free: bool) -> Select[Any]:
    settled = exists().where(
        ledger.c.exchange_id == waiting.c.exchange_id, ledger.c.reason == bindparam("reason")
    )
    held = has_open_signal() if free else false()
    return (
        select(waiting)
        .join(claim, claim.c.exchange_id == waiting.c.exchange_id)
        .join(session, session.c.id == waiting.c.session_id)
        .where(waiting.c.player_id == _ID, claim.c.status == ClaimStatus.ACCEPTED.value, ~settled, ~held)
        .order_by(waiting.c.since, waiting.c.exchange_id)
    )


_WAITING: Final = Prepared(_waiting(free=False))
_FREE: Final = _waiting(free=True)


async def waiting_gains(
    tx: AsyncConnection, player_id: PlayerId, *, reason: str, free: bool = False
) -> list[WaitingGain]:
    """Returns what waits for a player: of claims still accepted whose line is not in the ledger yet.

    ``free``: only what no open signal of cheating holds.
    """
    given = {"id": player_id, "reason": reason}
    if free:
        return [WaitingGain(**row._mapping) for row in await tx.execute(_FREE, given)]
    return [WaitingGain(**row._asdict()) for row in await _WAITING.all(tx, given)]


async def positions(
    tx: AsyncConnection, session_id: SessionId, exchanges: Collection[ExchangeId]
) -> dict[ExchangeId, int]:
    """Returns the place of the turn for those of the exchanges that belong to the session."""
    if not exchanges:
        return {}
    query = select(exchange.c.id, turn.c.position).join(turn, turn.c.id == exchange.c.turn_id)
    where = turn.c.session_id == session_id, exchange.c.id.in_(exchanges)
    return {ExchangeId(id_): position for id_, position in await tx.execute(query.where(*where))}


_PAID: Final = Prepared(
    select(ledger.c.exchange_id, turn.c.position, ledger.c.points)
    .join(exchange, exchange.c.id == ledger.c.exchange_id)
    .join(turn, turn.c.id == exchange.c.turn_id)
    .where(ledger.c.session_id == _ID, ledger.c.reason == bindparam("reason"))
    .order_by(turn.c.position)
)


async def paid_claims(tx: AsyncConnection, session_id: SessionId, *, reason: str) -> list[PaidClaim]:
    """Returns the lines of this reason of a session, by the place of their turn."""
    return [
        PaidClaim(exchange_id=ExchangeId(row.exchange_id), position=row.position, points=row.points)
        for row in await _PAID.all(tx, {"id": session_id, "reason": reason})
    ]


async def lock_e_value(tx: AsyncConnection, player_id: PlayerId) -> float:
    """Returns the player's E-value and holds the row, so that two gradings multiply one after the other.

    Call it before the first insert that refers to the player. ``key_share`` lets others go on writing such
    rows; a full lock waits for them, and then two gradings may wait for each other for ever.
    """
    held = select(player.c.e_value).where(player.c.id == player_id).with_for_update(key_share=True)
    row = await tx.execute(held)
    return float(row.scalar_one())


async def set_e_value(tx: AsyncConnection, player_id: PlayerId, e_value: float) -> None:
    await tx.execute(update(player).where(player.c.id == player_id).values(e_value=e_value))


_BALANCE: Final = Prepared(
    select(func.coalesce(func.sum(ledger.c.points), 0).label("points")).where(ledger.c.player_id == _ID)
)
_E_VALUE: Final = Prepared(select(player.c.e_value).where(player.c.id == _ID))


async def balance(tx: AsyncConnection, player_id: PlayerId) -> int:
    """Returns the sum of the player's ledger; it may be negative (`rewards.shown` is what players see)."""
    return int((await _BALANCE.first(tx, {"id": player_id})).points)


async def standing(tx: AsyncConnection, player_id: PlayerId) -> Standing:
    """Returns balance and E-value of a player who exists."""
    e_value = (await _E_VALUE.first(tx, {"id": player_id})).e_value
    return Standing(balance=await balance(tx, player_id), e_value=float(e_value))


async def e_values(tx: AsyncConnection, players: Collection[PlayerId]) -> dict[PlayerId, float]:
    found: dict[PlayerId, float] = {}
    for ids in _slices(players):
        rows = await tx.execute(select(player.c.id, player.c.e_value).where(player.c.id.in_(ids)))
        found.update((PlayerId(row.id), float(row.e_value)) for row in rows)
    return found


CONTROLS: Final = (
    select(session.c.player_id, exchange.c.poisoned, exchange.c.verdict, func.count().label("n"))
    .select_from(
        session.join(turn, and_(turn.c.session_id == session.c.id, turn.c.control)).join(
            exchange, exchange.c.turn_id == turn.c.id
        )
    )
    .where(
        session.c.player_id.in_(bindparam("players", expanding=True)),
        session.c.graded_at.is_not(None),
        exchange.c.counts,
        exchange.c.verdict.is_not(None),
    )
    .group_by(session.c.player_id, exchange.c.poisoned, exchange.c.verdict)
)
"""Counts the marks of ``players`` on the control turns of graded sessions, by coin and verdict."""


async def control_counts(
    tx: AsyncConnection, players: Collection[PlayerId]
) -> dict[PlayerId, Counter[Outcome]]:
    """Counts every player's outcomes on the control turns of graded sessions; all players are in the
    answer.
    """
    counts: dict[PlayerId, Counter[Outcome]] = {player_id: Counter() for player_id in players}
    for ids in _slices(players):
        for row in await tx.execute(CONTROLS, {"players": ids}):
            happened = outcome(poisoned=row.poisoned, verdict=Verdict(row.verdict))
            counts[PlayerId(row.player_id)][happened] += row.n
    return counts


def _slices(some: Collection[Id]) -> list[list[Id]]:
    ids = sorted(some)
    return [ids[start : start + SLICE] for start in range(0, len(ids), SLICE)]
