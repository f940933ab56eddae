"""The bot's SQL on SQLite and on PostgreSQL."""

from __future__ import annotations

import random

from sqlalchemy import update

from stumper.front.telegram import queries
from stumper.front.telegram.state import Stand
from stumper.progress.news.post import MessageKind, write
from stumper.records import ExchangeId, SessionId, TurnId
from stumper.store.database import Database
from stumper.store.schema import turn
from tests.trust.rows import add_player, add_session, attentive, open_campaign

NOW = 1_700_000_000.123456


async def test_a_chat_stays_with_the_first_player_it_was_linked_with(database: Database) -> None:
    ada, bob = await add_player(database, "ada"), await add_player(database, "bob")
    async with database.begin() as tx:
        assert await queries.add_link(tx, 7, ada, now=NOW) == ada
        assert await queries.add_link(tx, 7, bob, now=NOW) == ada
        await queries.keep_stand(tx, 7, Stand(turn_id=TurnId("t1"), bar=5))
        await queries.set_blocked(tx, 7, at=NOW)
        link = await queries.find_link(tx, 7)
        assert link is not None
        assert (link.chat_id, link.player_id, link.blocked) == (7, ada, True)
        assert link.stand == Stand(turn_id=TurnId("t1"), bar=5)

        await queries.move_link(tx, 7, bob, now=NOW)
        moved = await queries.find_link(tx, 7)
        assert moved is not None
        assert (moved.player_id, moved.stand, moved.blocked) == (bob, Stand(), False)
        assert await queries.open_turns(tx) == []
        assert await queries.clock(tx, TurnId("t1")) is None


async def test_an_update_is_taken_once_and_forgotten_when_it_is_old(database: Database) -> None:
    async with database.begin() as tx:
        for _ in range(2):
            await queries.take(tx, 2**40, now=NOW)
        assert await queries.was_taken(tx, 2**40)
        await queries.forget_taken(tx, before=NOW + 1)
        assert not await queries.was_taken(tx, 2**40)


async def test_one_bot_at_a_time_holds_the_outbox(database: Database) -> None:
    async def hold(held: float | None, now: float) -> bool:
        async with database.begin() as tx:
            return await queries.hold_outbox(tx, held=held, now=now, lease_s=300)

    assert await hold(None, NOW)
    assert not await hold(None, NOW + 1)
    assert await hold(NOW, NOW + 2), "its own lease is renewed"
    assert not await hold(NOW, NOW + 3), "and only from where it stands"
    assert await hold(None, NOW + 303), "a dead bot's is taken over"
    async with database.begin() as tx:
        await queries.leave_outbox(tx, held=NOW + 303)
    assert await hold(None, NOW + 304)


async def test_unsent_messages_come_in_pages_oldest_first(database: Database) -> None:
    ada = await add_player(database, "ada")
    async with database.begin() as tx:
        await queries.add_link(tx, 7, ada, now=NOW)
        for n in range(5):
            await write(
                tx, ada, MessageKind.LEAGUE, about=f"w{n}", facts={}, now=NOW + n // 2, rng=random.Random(n)
            )
        found, after = [], (0.0, "")
        while page := await queries.unsent(tx, after=after, since=NOW - 1, limit=2):
            found += [one.message.id for one in page]
            after = (page[-1].message.written_at, page[-1].message.id)
        everything = await queries.unsent(tx, after=(0.0, ""), since=NOW - 1, limit=9)
        assert found == [one.message.id for one in everything]
        assert len(found) == 5

        await queries.mark_sent(tx, found[0], now=NOW)
        assert not await queries.still_unsent(tx, everything[0])
        assert await queries.still_unsent(tx, everything[1])
        await queries.set_notices(tx, ada, on=False)
        assert not await queries.still_unsent(tx, everything[1])


async def test_an_end_that_was_not_told_is_found_until_it_is_graded(database: Database) -> None:
    await open_campaign(database)
    ada = await add_player(database, "ada")
    for name, graded_at in (("s", None), ("t", 2_000.0)):
        await add_session(database, ada, attentive(2), session_id=name, graded_at=graded_at)
    async with database.begin() as tx:
        await queries.add_link(tx, 7, ada, now=NOW)
        assert await queries.ended_turns(tx) == []
        await queries.keep_stand(tx, 7, Stand(session_id=SessionId("s"), turn_id=TurnId("s-1")))
        assert await queries.ended_turns(tx) == [(7, "s-1")]
        await queries.keep_stand(tx, 7, Stand(session_id=SessionId("t"), turn_id=TurnId("t-1")))
        assert await queries.ended_turns(tx) == []

        assert await queries.shown_answer(tx, ExchangeId("s-x0")) == "a dog"
        assert not await queries.timed_out(tx, TurnId("s-1"))
        await tx.execute(update(turn).where(turn.c.id == "s-1").values(end="timeout"))
        assert await queries.timed_out(tx, TurnId("s-1"))
