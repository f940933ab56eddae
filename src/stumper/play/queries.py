"""The SQL of stage 2. A move loads its session with one statement and writes only what it changed."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import NotFound
from stumper.play.state import Play, PlayedTurn
from stumper.play.views import Summary, TurnSummary
from stumper.records import (
    CampaignId,
    Claim,
    Exchange,
    ExchangeId,
    ImageId,
    Player,
    PlayerId,
    RoundId,
    RoundStatus,
    Rules,
    Session,
    SessionId,
    Turn,
    TurnEnd,
    TurnId,
    Verdict,
)
from stumper.store.schema import campaign, claim, exchange, image, player, round_, session, turn

# Exchange and turn come in one row: every column of the exchange under a name of its own.
_EXCHANGE = [column.label(f"exchange_{column.name}") for column in exchange.columns]
_TURN = [column.label(f"turn_{column.name}") for column in turn.columns]
_SESSION = [column.label(f"session_{column.name}") for column in session.columns]


def _values(record: Session | Turn | Exchange | Claim | Player) -> dict[str, Any]:
    # psycopg would look for a type of PostgreSQL for an enum: it gets the plain word.
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}


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
    )


async def _lock(tx: AsyncConnection, which: Any) -> None:
    """Holds the session, so that two moves of one player come one after the other.

    A statement of its own: PostgreSQL reads joined rows as they were before it waited for a lock. SQLite's
    writer holds the whole database already.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(select(session.c.id).where(which).with_for_update(key_share=True))


async def load(
    tx: AsyncConnection,
    *,
    session_id: SessionId | None = None,
    turn_id: TurnId | None = None,
    exchange_id: ExchangeId | None = None,
    lock: bool = True,
) -> Play:
    """Returns the session of one of the ids: its open turns, and the turn named. Raises NotFound."""
    named_turn: Any = turn_id
    if exchange_id is not None:
        named_turn = select(exchange.c.turn_id).where(exchange.c.id == exchange_id).scalar_subquery()
    named_session: Any = session_id
    if session_id is None:
        named_session = select(turn.c.session_id).where(turn.c.id == named_turn).scalar_subquery()
    if lock:
        await _lock(tx, session.c.id == named_session)
    wanted: Any = turn.c.closed_at.is_(None)
    if named_turn is not None:
        wanted = or_(wanted, turn.c.id == named_turn)
    rows = (await tx.execute(_played(session.c.id == named_session, wanted))).all()
    if not rows:
        return await _finished(tx, named_session, session_id or turn_id or exchange_id)
    return Play(
        session=_session(rows[0]),
        rules=Rules(**rows[0].rules),
        model_ref=rows[0].model_ref,
        turns=_played_turns(rows),
    )


def _played(which: Any, wanted: Any) -> Any:
    return (
        select(*_SESSION, *_TURN, *_EXCHANGE, campaign.c.rules, round_.c.model_ref, image.c.file)
        .select_from(
            session.join(campaign, campaign.c.id == session.c.campaign_id)
            .join(round_, round_.c.id == session.c.round_id)
            .join(turn, turn.c.session_id == session.c.id)
            .join(image, and_(image.c.id == turn.c.image_id, image.c.campaign_id == session.c.campaign_id))
            .outerjoin(exchange, exchange.c.turn_id == turn.c.id)
        )
        .where(which, wanted)
        .order_by(turn.c.position, exchange.c.number)
    )


def _played_turns(rows: Any) -> tuple[PlayedTurn, ...]:
    played: dict[str, PlayedTurn] = {}
    for row in rows:
        found = played.get(row.turn_id) or PlayedTurn(turn=_turn(row), file=row.file)
        played[row.turn_id] = found if row.exchange_id is None else found.with_exchange(_exchange(row))
    return tuple(played.values())


async def _finished(tx: AsyncConnection, which: Any, shown_id: str | None) -> Play:
    """A session of which every turn is closed, without its turns."""
    row = (
        await tx.execute(
            select(*_SESSION, campaign.c.rules, round_.c.model_ref)
            .select_from(
                session.join(campaign, campaign.c.id == session.c.campaign_id).join(
                    round_, round_.c.id == session.c.round_id
                )
            )
            .where(session.c.id == which)
        )
    ).first()
    if row is None:
        raise NotFound(f"There is nothing with the id {shown_id!r}. Open your session from the start page.")
    return Play(session=_session(row), rules=Rules(**row.rules), model_ref=row.model_ref, turns=())


async def save(tx: AsyncConnection, before: Play, after: Play) -> None:
    """Writes what a rule changed: exchanges first, then turns, then the session."""
    old = {played.turn.id: played for played in before.turns}
    for played in after.turns:
        await _save_exchanges(tx, old[played.turn.id].exchanges, played.exchanges)
    for record in (played.turn for played in after.turns if played.turn != old[played.turn.id].turn):
        values = _values(record)
        clock = {name: values[name] for name in ("opened_at", "deadline_at", "closed_at", "end")}
        await tx.execute(update(turn).where(turn.c.id == record.id).values(clock))
    if after.session.finished_at != before.session.finished_at:
        await tx.execute(
            update(session)
            .where(session.c.id == after.session.id)
            .values(finished_at=after.session.finished_at)
        )


async def _save_exchanges(
    tx: AsyncConnection, before: tuple[Exchange, ...], after: tuple[Exchange, ...]
) -> None:
    old = {record.id: record for record in before}
    for given_up in old.keys() - {record.id for record in after}:
        await tx.execute(delete(exchange).where(exchange.c.id == given_up))
    for record in after:
        if record.id not in old:
            await tx.execute(insert(exchange).values(_values(record)))
        elif record != old[record.id]:
            values = _values(record)
            await tx.execute(update(exchange).where(exchange.c.id == values.pop("id")).values(values))


async def answer(tx: AsyncConnection, asked: Exchange, *, answered: Exchange) -> bool:
    """Stores the model's answer and gives the turn back the time it took; False if it is too late.

    Too late: another request has asked the model again or answered, or the player has left the question.
    """
    stored = await tx.execute(
        update(exchange)
        .where(
            exchange.c.id == asked.id,
            exchange.c.asked_at == asked.asked_at,
            exchange.c.answered_at.is_(None),
        )
        .values(
            model_answer=answered.model_answer,
            shown_answer=answered.shown_answer,
            poisoned=answered.poisoned,
            counts=answered.counts,
            answered_at=answered.answered_at,
            latency_ms=answered.latency_ms,
        )
    )
    if stored.rowcount != 1:
        return False
    if answered.model_answer is not None and answered.answered_at is not None:
        waited = max(0.0, answered.answered_at - asked.asked_at)
        await tx.execute(
            update(turn)
            .where(turn.c.id == asked.turn_id, turn.c.closed_at.is_(None))
            .values(deadline_at=turn.c.deadline_at + waited)
        )
    return True


async def insert_session(tx: AsyncConnection, record: Session, turns: tuple[Turn, ...]) -> None:
    await tx.execute(insert(session).values(_values(record)))
    await tx.execute(insert(turn), [_values(one) for one in turns])


async def insert_player(tx: AsyncConnection, record: Player) -> None:
    await tx.execute(insert(player).values(_values(record)))


async def insert_claim(tx: AsyncConnection, record: Claim) -> None:
    await tx.execute(insert(claim).values(_values(record)))


async def lock_player(tx: AsyncConnection, player_id: PlayerId) -> None:
    """Holds the player, so that two sessions are not dealt at once. Raises NotFound."""
    query = select(player.c.id).where(player.c.id == player_id).with_for_update(key_share=True)
    if (await tx.execute(query)).first() is None:
        raise NotFound(f"There is no player {player_id!r}. Choose a name on the start page.")


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


async def picture(tx: AsyncConnection, turn_id: TurnId) -> tuple[PlayerId, str, float | None]:
    """Returns player, file key and opening time of a turn. Raises NotFound."""
    row = (
        await tx.execute(
            select(session.c.player_id, image.c.file, turn.c.opened_at)
            .select_from(
                turn.join(session, session.c.id == turn.c.session_id).join(
                    image, and_(image.c.id == turn.c.image_id, image.c.campaign_id == session.c.campaign_id)
                )
            )
            .where(turn.c.id == turn_id)
        )
    ).first()
    if row is None:
        raise NotFound(f"There is no turn {turn_id!r}. Open your session again.")
    return PlayerId(row.player_id), row.file, row.opened_at


async def summary(tx: AsyncConnection, session_id: SessionId) -> Summary:
    """Returns the session with every turn and exchange. Raises NotFound."""
    rows = (await tx.execute(_played(session.c.id == session_id, turn.c.position >= 0))).all()
    if not rows:
        raise NotFound(f"There is no session {session_id!r}. Start one from the start page.")
    turns = tuple(TurnSummary(turn=p.turn, exchanges=p.exchanges) for p in _played_turns(rows))
    return Summary(session=_session(rows[0]), turns=turns)


def _finished_before(round_id: RoundId, moment: float, most: int) -> Any:
    return (
        select(session.c.id)
        .where(session.c.round_id == round_id, session.c.finished_at <= moment)
        .order_by(session.c.finished_at, session.c.id)
        .limit(most)
    )


async def count_finished(tx: AsyncConnection, round_id: RoundId, *, before: float, most: int) -> int:
    """Counts the round's sessions finished up to a moment, at most ``most``."""
    early = _finished_before(round_id, before, most).subquery()
    return int((await tx.execute(select(func.count()).select_from(early))).scalar_one())


async def answer_counts(
    tx: AsyncConnection, round_id: RoundId, *, before: float, sessions: int
) -> dict[str, int]:
    """Counts what the round's model said on control turns of the first ``sessions`` finished sessions."""
    early = _finished_before(round_id, before, sessions).subquery()
    rows = await tx.execute(
        select(exchange.c.model_answer, func.count())
        .select_from(
            turn.join(early, early.c.id == turn.c.session_id).join(exchange, exchange.c.turn_id == turn.c.id)
        )
        .where(turn.c.control, exchange.c.model_answer.is_not(None))
        .group_by(exchange.c.model_answer)
        .order_by(exchange.c.model_answer)
    )
    return {text: int(number) for text, number in rows}
