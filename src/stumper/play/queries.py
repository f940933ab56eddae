"""The SQL of stage 2. A move loads its session with one statement and writes only what it changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Text, and_, bindparam, case, cast, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import NotFound
from stumper.images.probes import Probe
from stumper.play.state import Play, PlayedTurn
from stumper.play.undo import LOOK_BACK_S
from stumper.play.views import Summary, TurnSummary
from stumper.records import (
    CampaignId,
    Claim,
    ClaimStatus,
    Exchange,
    ExchangeId,
    ImageId,
    ImageKind,
    Player,
    PlayerId,
    RoundId,
    RoundStatus,
    Rules,
    Session,
    SessionId,
    SkipReason,
    Suggestion,
    Turn,
    TurnEnd,
    TurnId,
    Verdict,
)
from stumper.store.prepared import Prepared
from stumper.store.schema import (
    assignment,
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

# Exchange and turn come in one row: every column of the exchange under a name of its own.
_EXCHANGE = [column.label(f"exchange_{column.name}") for column in exchange.columns]
_TURN = [column.label(f"turn_{column.name}") for column in turn.columns]
_COMPLEX = turn.c.control & (image.c.kind == ImageKind.UNTAINTED.value)
# Read only where it is needed: some forty truths would come with every exchange.
_PICTURE = [image.c.file, _COMPLEX.label("complex"), case((_COMPLEX, image.c.known)).label("known")]
_SESSION = [column.label(f"session_{column.name}") for column in session.columns]
_HEAD = [
    *_SESSION,
    player.c.language.label("player_language"),
    player.c.forgotten_at,
    cast(campaign.c.rules, Text).label("rules"),
    round_.c.model_ref,
]
_NAMES: Final = {one: tuple(f.name for f in fields(one)) for one in (Session, Turn, Exchange, Claim, Player)}


def _values(record: Session | Turn | Exchange | Claim | Player) -> dict[str, Any]:
    # psycopg would look for a type of PostgreSQL for an enum: it gets the plain word.
    given = ((name, getattr(record, name)) for name in _NAMES[type(record)])
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in given}


def _session(row: Any) -> Session:
    return Session(
        id=SessionId(row.session_id),
        player_id=PlayerId(row.session_player_id),
        round_id=RoundId(row.session_round_id),
        campaign_id=CampaignId(row.session_campaign_id),
        turns=row.session_turns,
        started_at=row.session_started_at,
        finished_at=row.session_finished_at,
        graded_at=row.session_graded_at,
        poison_rate=row.session_poison_rate,
        salt=row.session_salt,
        commitment=row.session_commitment,
        day=row.session_day,
    )


def _turn(row: Any) -> Turn:
    return Turn(
        id=TurnId(row.turn_id),
        session_id=SessionId(row.turn_session_id),
        position=row.turn_position,
        image_id=ImageId(row.turn_image_id),
        control=row.turn_control,
        coins=row.turn_coins,
        opened_at=row.turn_opened_at,
        deadline_at=row.turn_deadline_at,
        closed_at=row.turn_closed_at,
        end=None if row.turn_end is None else TurnEnd(row.turn_end),
        extensions=row.turn_extensions,
        reason=None if row.turn_reason is None else SkipReason(row.turn_reason),
        ideas=row.turn_ideas,
    )


def _exchange(row: Any) -> Exchange:
    return Exchange(
        id=ExchangeId(row.exchange_id),
        turn_id=TurnId(row.exchange_turn_id),
        number=row.exchange_number,
        key=row.exchange_key,
        question=row.exchange_question,
        model_answer=row.exchange_model_answer,
        shown_answer=row.exchange_shown_answer,
        poisoned=row.exchange_poisoned,
        counts=row.exchange_counts,
        asked_at=row.exchange_asked_at,
        answered_at=row.exchange_answered_at,
        latency_ms=row.exchange_latency_ms,
        verdict=None if row.exchange_verdict is None else Verdict(row.exchange_verdict),
        correction=row.exchange_correction,
        judged_at=row.exchange_judged_at,
        pasted=row.exchange_pasted,
        language=row.exchange_language,
        confidence=row.exchange_confidence,
        suggested=None if row.exchange_suggested is None else Suggestion(row.exchange_suggested),
        answered_by=row.exchange_answered_by,
    )


def _played(*wanted: Any) -> Any:
    """One row for each exchange of the wanted turns, or one for a turn without any."""
    return (
        select(*_TURN, *_EXCHANGE, *_PICTURE)
        .select_from(
            session.join(turn, turn.c.session_id == session.c.id)
            .join(image, and_(image.c.id == turn.c.image_id, image.c.campaign_id == session.c.campaign_id))
            .outerjoin(exchange, exchange.c.turn_id == turn.c.id)
        )
        .where(*wanted)
        .order_by(turn.c.position, exchange.c.number)
    )


def _head(which: Any) -> Any:
    """The session, its player, and the rules and the model it is played by."""
    return (
        select(*_HEAD)
        .select_from(
            session.join(campaign, campaign.c.id == session.c.campaign_id)
            .join(player, player.c.id == session.c.player_id)
            .join(round_, round_.c.id == session.c.round_id)
        )
        .where(which)
    )


@dataclass(frozen=True, slots=True)
class _Load:
    """Statements that load a session by one kind of id."""

    head: Prepared
    held: Prepared
    """The head, holding the session for this transaction."""
    turns: Prepared


def _load_by(which: Any, named_turn: Any) -> _Load:
    other = turn.alias("other")
    open_ = select(func.min(other.c.position)).where(
        other.c.session_id == session.c.id, other.c.closed_at.is_(None)
    )
    current = func.coalesce(open_.scalar_subquery(), session.c.turns)
    # The open turn and the next, and the one before if it was closed a moment ago: its last verdict
    # may be taken back.
    wanted = [
        and_(turn.c.closed_at.is_(None), turn.c.position <= current + 1),
        and_(turn.c.closed_at >= bindparam("since"), turn.c.position >= current - 1),
    ]
    wanted += [] if named_turn is None else [turn.c.id == named_turn]
    head = _head(which)
    return _Load(
        head=Prepared(head),
        held=Prepared(head.with_for_update(of=session, key_share=True)),
        turns=Prepared(_played(session.c.id == bindparam("session_id"), or_(*wanted))),
    )


def _session_of(named_turn: Any) -> Any:
    return session.c.id == select(turn.c.session_id).where(turn.c.id == named_turn).scalar_subquery()


_ID: Any = bindparam("id")
_TURN_OF_EXCHANGE = select(exchange.c.turn_id).where(exchange.c.id == _ID).scalar_subquery()
_BY_SESSION = _load_by(session.c.id == _ID, None)
_BY_TURN = _load_by(_session_of(_ID), _ID)
_BY_EXCHANGE = _load_by(_session_of(_TURN_OF_EXCHANGE), _TURN_OF_EXCHANGE)
_SUMMARY_HEAD = Prepared(_head(session.c.id == _ID))
_SUMMARY = Prepared(_played(session.c.id == _ID))


async def by_session(tx: AsyncConnection, session_id: SessionId, *, now: float, lock: bool = True) -> Play:
    """Returns a session with the turns that are open, next, or closed a moment ago. Raises NotFound."""
    return await _load(tx, _BY_SESSION, session_id, now=now, lock=lock)


async def by_turn(tx: AsyncConnection, turn_id: TurnId, *, now: float) -> Play:
    """Returns the session of a turn with that turn and those of ``by_session``. Raises NotFound."""
    return await _load(tx, _BY_TURN, turn_id, now=now, lock=True)


async def by_exchange(tx: AsyncConnection, exchange_id: ExchangeId, *, now: float) -> Play:
    """Returns the session of an exchange with its turn and those of ``by_session``. Raises NotFound."""
    return await _load(tx, _BY_EXCHANGE, exchange_id, now=now, lock=True)


@lru_cache(maxsize=64)  # one object for all moves of a campaign
def _rules(text: str) -> Rules:
    return Rules(**json.loads(text))


async def _load(tx: AsyncConnection, load: _Load, some_id: str, *, now: float, lock: bool) -> Play:
    # Moves of one player come one after the other. The turns are read by a statement of their own: PostgreSQL
    # reads joined rows as they were before it waited for the one that is held.
    head = await (load.held if lock else load.head).first(tx, {"id": some_id})
    if head is None:
        raise NotFound(f"There is nothing with the id {some_id!r}. Open your session from the start page.")
    named = {"id": some_id, "session_id": head.session_id, "since": now - LOOK_BACK_S}
    return Play(
        session=_session(head),
        rules=_rules(head.rules),
        model_ref=head.model_ref,
        language=head.player_language,
        forgotten=head.forgotten_at is not None,
        turns=_played_turns(await load.turns.all(tx, named)),
    )


def _played_turns(rows: Sequence[Any]) -> tuple[PlayedTurn, ...]:
    played: dict[str, PlayedTurn] = {}
    for row in rows:
        found = played.get(row.turn_id) or _bare_turn(row)
        played[row.turn_id] = found if row.exchange_id is None else found.with_exchange(_exchange(row))
    return tuple(played.values())


def _bare_turn(row: Any) -> PlayedTurn:
    truths = tuple(Probe(one["question"], one["answer"]) for one in row.known or ())
    return PlayedTurn(turn=_turn(row), file=row.file, complex=bool(row.complex), truths=truths)


def _set(table: Any, *columns: str) -> Any:
    """An update of some columns of the row named ``row_id``."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    return update(table).where(table.c.id == bindparam("row_id")).values(values)


_CLOCK = ("opened_at", "deadline_at", "closed_at", "end", "extensions", "reason", "ideas")
_MARKS = ("asked_at", "answered_at", "verdict", "correction", "judged_at", "pasted", "confidence")
_ANSWER = ("model_answer", "shown_answer", "poisoned", "counts", "answered_at", "latency_ms", "answered_by")
_SET_CLOCK = Prepared(_set(turn, *_CLOCK))
_SET_MARKS = Prepared(_set(exchange, *_MARKS))
_SET_ANSWER = Prepared(
    _set(exchange, *_ANSWER).where(
        exchange.c.asked_at == bindparam("asked"), exchange.c.answered_at.is_(None)
    )
)
_GIVE_TIME = Prepared(
    update(turn)
    .where(turn.c.id == bindparam("row_id"), turn.c.closed_at.is_(None))
    .values(deadline_at=turn.c.deadline_at + bindparam("waited"))
)
_SET_FINISHED = Prepared(_set(session, "finished_at"))
_DROP_EXCHANGE = Prepared(delete(exchange).where(exchange.c.id == bindparam("row_id")))
_ADD_SESSION = Prepared(insert(session).values({name: bindparam(name) for name in _NAMES[Session]}))
_ADD_TURN = Prepared(insert(turn).values({name: bindparam(name) for name in _NAMES[Turn]}))
_ADD_EXCHANGE = Prepared(insert(exchange))
_ADD_CLAIM = Prepared(insert(claim))


def _new(record: Session | Turn | Exchange, columns: tuple[str, ...]) -> dict[str, Any]:
    values = _values(record)
    return {"row_id": record.id, **{f"new_{name}": values[name] for name in columns}}


async def save(tx: AsyncConnection, before: Play, after: Play) -> None:
    """Writes what a rule changed: exchanges first, then turns, then the session."""
    old = {played.turn.id: played for played in before.turns}
    for played in after.turns:
        if played is not old[played.turn.id]:
            await _save_exchanges(tx, old[played.turn.id].exchanges, played.exchanges)
    for played in after.turns:  # one or two
        if played.turn != old[played.turn.id].turn:
            await _SET_CLOCK.change(tx, _new(played.turn, _CLOCK))
    if after.session.finished_at != before.session.finished_at:
        await _SET_FINISHED.change(tx, _new(after.session, ("finished_at",)))


async def _save_exchanges(
    tx: AsyncConnection, before: tuple[Exchange, ...], after: tuple[Exchange, ...]
) -> None:
    old = {record.id: record for record in before}
    for given_up in old.keys() - {record.id for record in after}:
        await _DROP_EXCHANGE.change(tx, {"row_id": given_up})
    for record in after:
        if record.id not in old:
            await _ADD_EXCHANGE.change(tx, _values(record))
        elif record != old[record.id]:
            await _SET_MARKS.change(tx, _new(record, _MARKS))


async def answer(tx: AsyncConnection, asked: Exchange, *, answered: Exchange) -> bool:
    """Stores the model's answer and gives the turn back the time it took; False if it is too late.

    Too late: another request has asked the model again or answered, or the player has left the question.
    """
    if await _SET_ANSWER.change(tx, {**_new(answered, _ANSWER), "asked": asked.asked_at}) != 1:
        return False
    if answered.model_answer is not None and answered.answered_at is not None:
        waited = answered.answered_at - asked.asked_at
        if waited > 0:
            await _GIVE_TIME.change(tx, {"row_id": asked.turn_id, "waited": waited})
    return True


async def insert_session(tx: AsyncConnection, record: Session, turns: tuple[Turn, ...]) -> None:
    await _ADD_SESSION.change(tx, _values(record))
    for one in turns:
        await _ADD_TURN.change(tx, _values(one))


async def insert_player(tx: AsyncConnection, record: Player) -> None:
    await tx.execute(insert(player).values(_values(record)))


async def insert_claim(tx: AsyncConnection, record: Claim) -> None:
    await _ADD_CLAIM.change(tx, _values(record))


async def drop_claim(tx: AsyncConnection, exchange_id: ExchangeId) -> bool:
    """Deletes the claim of an exchange, if there is one; False if others have judged it or begun to."""
    twin = claim.alias("twin")
    untouched = (
        claim.c.status == ClaimStatus.OPEN.value,  # an operator's word needs no vote
        ~exists().where(vote.c.claim_id == claim.c.id),
        ~exists().where(assignment.c.claim_id == claim.c.id),
        ~exists().where(example.c.claim_id == claim.c.id),
        ~exists().where(twin.c.same_as == claim.c.id),
    )
    await tx.execute(delete(claim).where(claim.c.exchange_id == exchange_id, *untouched))
    left = select(func.count()).select_from(claim).where(claim.c.exchange_id == exchange_id)
    return not (await tx.execute(left)).scalar_one()


async def has_begun_after(tx: AsyncConnection, ended: Session) -> bool:
    """Tells whether the player has begun a session after the end of this one; False if it goes on."""
    if ended.finished_at is None:
        return False
    later = session.c.player_id == ended.player_id, session.c.started_at >= ended.finished_at
    query = select(session.c.id).where(*later, session.c.id != ended.id).limit(1)
    return (await tx.execute(query)).first() is not None


async def lock_player(tx: AsyncConnection, player_id: PlayerId) -> float:
    """Holds the player, so that two sessions are not dealt at once; returns the E-value. Raises NotFound."""
    query = select(player.c.e_value).where(player.c.id == player_id).with_for_update(key_share=True)
    e_value = (await tx.execute(query)).scalar_one_or_none()
    if e_value is None:
        raise NotFound(f"There is no player {player_id!r}. Choose a name on the start page.")
    return float(e_value)


async def unfinished_session(
    tx: AsyncConnection, player_id: PlayerId, *, campaign_id: CampaignId | None
) -> SessionId | None:
    """Returns the player's newest session that is not finished."""
    query = (
        select(session.c.id)
        .where(session.c.player_id == player_id, session.c.finished_at.is_(None))
        .order_by(session.c.started_at.desc(), session.c.id)
        .limit(1)
    )
    if campaign_id is not None:
        query = query.where(session.c.campaign_id == campaign_id)
    found = (await tx.execute(query)).scalar_one_or_none()
    return None if found is None else SessionId(found)


async def newest_campaign_name(tx: AsyncConnection) -> str:
    """Returns the campaign with the newest round, an open one if there is any. Raises NotFound."""
    name = (
        await tx.execute(
            select(campaign.c.name)
            .join(round_, round_.c.campaign_id == campaign.c.id)
            .order_by(round_.c.status != RoundStatus.OPEN.value, round_.c.opened_at.desc(), campaign.c.name)
            .limit(1)
        )
    ).scalar_one_or_none()
    if name is None:
        raise NotFound("There is no campaign yet. One is made by: stumper images toytown -n 600")
    return str(name)


_SHOWN = Prepared(
    select(session.c.player_id, player.c.forgotten_at, image.c.file, turn.c.opened_at)
    .select_from(
        turn.join(session, session.c.id == turn.c.session_id)
        .join(player, player.c.id == session.c.player_id)
        .join(image, and_(image.c.id == turn.c.image_id, image.c.campaign_id == session.c.campaign_id))
    )
    .where(turn.c.id == _ID)
)


class Shown(NamedTuple):
    """The picture of a turn."""

    player_id: PlayerId
    forgotten: bool
    file: str
    opened_at: float | None


async def picture(tx: AsyncConnection, turn_id: TurnId) -> Shown:
    """Returns whose turn it is, the file key of its picture, and when it was opened. Raises NotFound."""
    row = await _SHOWN.first(tx, {"id": turn_id})
    if row is None:
        raise NotFound(f"There is no turn {turn_id!r}. Open your session again.")
    return Shown(PlayerId(row.player_id), row.forgotten_at is not None, row.file, row.opened_at)


async def summary(tx: AsyncConnection, session_id: SessionId) -> Summary:
    """Returns the session with every turn and exchange. Raises NotFound."""
    head = await _SUMMARY_HEAD.first(tx, {"id": session_id})
    if head is None:
        raise NotFound(f"There is no session {session_id!r}. Start one from the start page.")
    turns = tuple(
        TurnSummary(
            turn=played.turn,
            exchanges=played.exchanges,
            claims=frozenset(one.id for one in played.exchanges if played.claims(one)),
        )
        for played in _played_turns(await _SUMMARY.all(tx, {"id": session_id}))
    )
    return Summary(session=_session(head), turns=turns)
