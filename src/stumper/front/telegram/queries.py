"""SQL of the bot: links between chats and players, updates that were taken, clocks, and what to send."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import and_, delete, exists, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.front.telegram.state import SERVICE, Link, Stand
from stumper.progress.news.post import Message, MessageKind
from stumper.records import ExchangeId, PlayerId, TurnEnd, TurnId
from stumper.store.schema import exchange, link, message, player, session, taken, turn
from stumper.store.upsert import insert_into

_OURS = link.c.service == SERVICE


async def find_link(tx: AsyncConnection, chat_id: int) -> Link | None:
    query = (
        select(link, player.c.language)
        .join(player, player.c.id == link.c.player_id)
        .where(_OURS, link.c.external_id == str(chat_id), player.c.forgotten_at.is_(None))
    )
    row = (await tx.execute(query)).first()
    return None if row is None else _link(row)


def _link(row: Any) -> Link:
    blocked = row.blocked_at is not None
    return Link(int(row.external_id), PlayerId(row.player_id), row.language, Stand.of(row.facts), blocked)


async def add_link(tx: AsyncConnection, chat_id: int, player_id: PlayerId, *, now: float) -> PlayerId:
    """Links a chat with a player, and returns whom it is linked with: the first who came."""
    values = {"service": SERVICE, "external_id": str(chat_id), "player_id": player_id}
    await tx.execute(insert_into(tx, link).values(**values, facts={}, made_at=now).on_conflict_do_nothing())
    query = select(link.c.player_id).where(_OURS, link.c.external_id == str(chat_id))
    return PlayerId((await tx.execute(query)).scalar_one())


async def move_link(tx: AsyncConnection, chat_id: int, player_id: PlayerId, *, now: float) -> None:
    """Links a chat with this player from now on; the conversation begins anew."""
    await drop_link(tx, chat_id)
    await add_link(tx, chat_id, player_id, now=now)


async def drop_link(tx: AsyncConnection, chat_id: int) -> None:
    await tx.execute(delete(link).where(_OURS, link.c.external_id == str(chat_id)))


async def keep_stand(tx: AsyncConnection, chat_id: int, stand: Stand) -> None:
    """Keeps where the conversation stands."""
    this = and_(_OURS, link.c.external_id == str(chat_id))
    await tx.execute(update(link).where(this).values(facts=stand.as_json()))


async def set_blocked(tx: AsyncConnection, chat_id: int, *, at: float | None) -> None:
    """Notes that nothing may be sent to this chat any more, or (None) that it may again."""
    this = and_(_OURS, link.c.external_id == str(chat_id))
    await tx.execute(update(link).where(this).values(blocked_at=at))


async def was_taken(tx: AsyncConnection, update_id: int) -> bool:
    this = and_(taken.c.service == SERVICE, taken.c.update_id == update_id)
    return bool((await tx.execute(select(exists().where(this)))).scalar())


async def take(tx: AsyncConnection, update_id: int, *, now: float) -> None:
    """Notes that an update is done; nothing happens if that was noted before."""
    values = {"service": SERVICE, "update_id": update_id, "taken_at": now}
    await tx.execute(insert_into(tx, taken).values(**values).on_conflict_do_nothing())


async def forget_taken(tx: AsyncConnection, *, before: float) -> None:
    """Telegram keeps an update for 24 hours: what is older never comes again."""
    await tx.execute(delete(taken).where(taken.c.service == SERVICE, taken.c.taken_at < before))


class Clock(NamedTuple):
    """The clock of an open turn that is running."""

    position: int
    turns: int
    deadline_at: float


def _running() -> Any:
    """Open turns whose clock runs: no question in them waits for the model."""
    waits = exists().where(exchange.c.turn_id == turn.c.id, exchange.c.model_answer.is_(None))
    return and_(turn.c.opened_at.is_not(None), turn.c.closed_at.is_(None), ~waits)


async def clock(tx: AsyncConnection, turn_id: TurnId) -> Clock | None:
    """Returns a turn's clock, or None if it stands still or the turn is closed."""
    query = (
        select(turn.c.position, session.c.turns, turn.c.deadline_at)
        .join(session, session.c.id == turn.c.session_id)
        .where(turn.c.id == turn_id, _running())
    )
    row = (await tx.execute(query)).first()
    return None if row is None else Clock(*row)


async def open_turns(tx: AsyncConnection) -> list[tuple[int, TurnId]]:
    """Returns (chat, turn) of all linked players whose clock runs now."""
    query = (
        select(link.c.external_id, turn.c.id)
        .join(session, and_(session.c.player_id == link.c.player_id, session.c.finished_at.is_(None)))
        .join(turn, turn.c.session_id == session.c.id)
        .where(_OURS, link.c.blocked_at.is_(None), _running())
    )
    return [(int(chat), TurnId(id_)) for chat, id_ in await tx.execute(query)]


async def ended_turns(tx: AsyncConnection) -> list[tuple[int, TurnId]]:
    """Returns (chat, turn on show) where a session has ended and its end was not told."""
    over = and_(session.c.finished_at.is_not(None), session.c.graded_at.is_(None))
    query = (
        select(link.c.external_id, link.c.facts, session.c.id)
        .join(session, and_(session.c.player_id == link.c.player_id, over))
        .where(_OURS, link.c.blocked_at.is_(None))
    )
    stands = [(int(chat), Stand.of(facts), id_) for chat, facts, id_ in await tx.execute(query)]
    return [(chat, at.turn_id) for chat, at, id_ in stands if at.session_id == id_ and at.turn_id]


async def timed_out(tx: AsyncConnection, turn_id: TurnId) -> bool:
    """Tells whether a turn was closed by the clock."""
    end = (await tx.execute(select(turn.c.end).where(turn.c.id == turn_id))).scalar_one_or_none()
    return bool(end == TurnEnd.TIMEOUT)


async def shown_answer(tx: AsyncConnection, exchange_id: ExchangeId) -> str:
    """Returns the answer as the player saw it."""
    query = select(exchange.c.shown_answer).where(exchange.c.id == exchange_id)
    return str((await tx.execute(query)).scalar_one())


async def set_notices(tx: AsyncConnection, player_id: PlayerId, *, on: bool) -> None:
    await tx.execute(update(player).where(player.c.id == player_id).values(notices=on))


_OUTBOX = "telegram-out"


async def hold_outbox(tx: AsyncConnection, *, held: float | None, now: float, lease_s: float) -> bool:
    """Takes the outbox for ``lease_s``, or keeps it; False while another bot has it.

    ``held`` is the ``now`` of this bot's last call that gave True, None before.
    """
    first = insert_into(tx, taken).values(service=_OUTBOX, update_id=0, taken_at=now).on_conflict_do_nothing()
    if (await tx.execute(first.returning(taken.c.update_id))).first() is not None:
        return True
    free = taken.c.taken_at < now - lease_s
    mine = free if held is None else or_(free, taken.c.taken_at == held)
    this = and_(taken.c.service == _OUTBOX, taken.c.update_id == 0, mine)
    return (await tx.execute(update(taken).where(this).values(taken_at=now))).rowcount == 1


async def leave_outbox(tx: AsyncConnection, *, held: float) -> None:
    this = and_(taken.c.service == _OUTBOX, taken.c.update_id == 0, taken.c.taken_at == held)
    await tx.execute(delete(taken).where(this))


class Notice(NamedTuple):
    """A message on its way to a chat."""

    message: Message
    chat_id: int
    language: str
    time_zone: str


_UNSENT = and_(
    _OURS,
    message.c.sent_at.is_(None),
    message.c.seen_at.is_(None),
    player.c.notices,
    player.c.forgotten_at.is_(None),
    link.c.blocked_at.is_(None),
)


async def unsent(tx: AsyncConnection, *, after: tuple[float, str], since: float, limit: int) -> list[Notice]:
    """Returns messages that were neither sent nor seen, to those who allow them, oldest first.

    ``after`` is (written_at, id) of the last one looked at; older ones than ``since`` are left alone.
    """
    query = (
        select(message, link.c.external_id, player.c.language, player.c.time_zone)
        .join(player, player.c.id == message.c.player_id)
        .join(link, link.c.player_id == player.c.id)
        .where(_UNSENT, message.c.written_at >= since)
        .where(tuple_(message.c.written_at, message.c.id) > after)
        .order_by(message.c.written_at, message.c.id)
        .limit(limit)
    )
    return [_notice(row) for row in await tx.execute(query)]


def _notice(row: Any) -> Notice:
    told = Message(
        id=row.id,
        player_id=PlayerId(row.player_id),
        kind=MessageKind(row.kind),
        about=row.about,
        facts=row.facts,
        written_at=row.written_at,
    )
    return Notice(told, int(row.external_id), row.language, row.time_zone)


async def still_unsent(tx: AsyncConnection, notice: Notice) -> bool:
    """Tells whether a message is still to be sent: its player may just have read it, or stopped notices."""
    query = (
        select(message.c.id)
        .join(player, player.c.id == message.c.player_id)
        .join(link, link.c.player_id == player.c.id)
        .where(_UNSENT, message.c.id == notice.message.id, link.c.external_id == str(notice.chat_id))
    )
    return (await tx.execute(query)).first() is not None


async def mark_sent(tx: AsyncConnection, message_id: str, *, now: float) -> None:
    await tx.execute(update(message).where(message.c.id == message_id).values(sent_at=now))
