"""A session in the chat, by updates only; the same update twice; killed in between; time running out."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from stumper.front.telegram.client import Telegram
from stumper.store import schema
from tests.fake_telegram import FakeTelegram
from tests.front.telegram.conftest import ADA, Worlds, new_bot
from tests.front.telegram.people import Person
from tests.front.world import World


async def count(world: World, table: str) -> int:
    async with world.app.database.read() as tx:
        query = select(func.count()).select_from(schema.metadata.tables[table])
        return int((await tx.execute(query)).scalar_one())


async def rows(world: World, table: str) -> list[dict[str, object]]:
    async with world.app.database.read() as tx:
        found = await tx.execute(select(schema.metadata.tables[table]))
        return [dict(row._mapping) for row in found]


async def test_nothing_is_kept_before_consent(world: World, ada: Person) -> None:
    await ada.say("/start")
    await ada.tap("lang:es")
    await ada.say("What is this?")

    assert await count(world, "player") == 0
    assert await count(world, "link") == 0


async def test_consent_makes_a_player_with_the_language_that_was_chosen(world: World, ada: Person) -> None:
    await ada.say("/start")
    await ada.tap("lang:es")
    await ada.tap("join:es")

    (player,) = await rows(world, "player")
    assert (player["nickname"], player["language"]) == ("Ada 4711", "es")
    (link,) = await rows(world, "link")
    assert (link["service"], link["external_id"], link["player_id"]) == ("telegram", "4711", player["id"])


async def test_a_whole_session_is_played_by_updates_only(world: World, ada: Person) -> None:
    await ada.join()
    await ada.tap("play")
    for number in range(4):
        photos = [shown for shown in ada.chat if shown.photo]
        assert len(photos) == number + 1
        assert f"{number + 1}/4" in ada.last.text
        await ada.play_picture(world.clock, wrong=bool(number % 2))

    (session,) = await rows(world, "session")
    assert session["finished_at"] is not None
    assert session["graded_at"] is not None
    exchanges = await rows(world, "exchange")
    assert [one["verdict"] for one in exchanges] == ["correct", "wrong", "correct", "wrong"]
    assert [one["correction"] for one in exchanges][1::2] == ["seventeen", "seventeen"]
    assert "That was the last picture." in ada.last.text
    assert "Points:" in ada.last.text
    for one in exchanges:
        falsified = f"We said “{one['shown_answer']}”, Pixel had said “two”" in ada.last.text
        assert falsified == one["poisoned"] or any(
            other["poisoned"] and other["shown_answer"] == one["shown_answer"] for other in exchanges
        )


async def test_the_player_may_ask_again_after_right(world: World, ada: Person) -> None:
    await ada.join()
    await ada.tap("quick")
    await ada.say("How many dots?")
    await ada.tap("right:")

    await ada.say("And how many stripes?")

    assert await count(world, "exchange") == 2
    assert ada.showing("right:").text.startswith("🤖")


@pytest.mark.parametrize("start", ["right:", "wrong:"])
async def test_the_answer_stays_under_the_buttons_until_it_is_judged(
    world: World, ada: Person, start: str
) -> None:
    await ada.join()
    await ada.tap("quick")
    await ada.say("How many dots?")

    await ada.say("Another question?")

    assert await count(world, "exchange") == 1
    assert "First tap" in ada.last.text
    await ada.tap(start)


async def test_every_update_twice_does_nothing_twice(world: World, ada: Person) -> None:
    tables = ("player", "session", "turn", "exchange", "claim")

    async def twice(update: object) -> None:
        before = {name: await rows(world, name) for name in tables}
        shown = [(one.id, one.text) for one in ada.chat]
        await ada.send(update)
        assert [(one.id, one.text) for one in ada.chat] == shown
        for name, kept in before.items():
            assert await rows(world, name) == kept

    await twice(await ada.say("/start"))
    await twice(await ada.tap("join:"))
    await twice(await ada.tap("quick"))
    for number in range(3):
        await twice(await ada.say("How many dots?"))
        world.clock.now += 15
        if number == 1:
            await twice(await ada.tap("right:"))
            await twice(await ada.tap("next:"))
        else:
            await twice(await ada.tap("wrong:"))
            await twice(await ada.say("seventeen"))
    await twice(await ada.tap("end:"))
    assert "last picture" in ada.last.text


async def test_a_new_bot_on_the_same_database_does_not_take_an_update_again(
    world: World, fake: FakeTelegram, telegram: Telegram, ada: Person
) -> None:
    await ada.join()
    await ada.tap("quick")
    update = await ada.say("How many dots?")
    sent = len(ada.chat)

    await Person(ADA, fake, new_bot(world, telegram)).send(update)

    assert len(ada.chat) == sent


async def test_old_buttons_get_a_kind_answer_and_change_nothing(
    world: World, fake: FakeTelegram, ada: Person
) -> None:
    await ada.join()
    await ada.tap("play")
    first_bar = ada.showing("next:")
    old_skip = first_bar.button("next:")
    await ada.say("How many dots?")
    answer = ada.showing("right:")
    right, wrong = answer.button("right:"), answer.button("wrong:")
    await ada.tap("right:")
    await ada.tap("next:")
    kept = await rows(world, "turn"), await rows(world, "exchange")
    sent = len(ada.chat)

    for data in (right, wrong, old_skip, "right:nothing", "next:", "rule:player:none", "again:"):
        fake.calls.clear()
        await ada.send(fake.tapped(ADA, answer.id, data))
        (told,) = fake.named("answercallbackquery")
        assert told["text"] == "That is behind us already."

    assert (await rows(world, "turn"), await rows(world, "exchange")) == kept
    assert len(ada.chat) == sent


async def test_updates_out_of_order_break_nothing(world: World, fake: FakeTelegram, ada: Person) -> None:
    await ada.join()
    await ada.tap("play")
    skip = ada.tap_update("next:")
    question = fake.said(ADA, "How many dots?")

    await ada.send(question)
    await ada.send(skip)

    (exchange,) = await rows(world, "exchange")
    assert exchange["verdict"] is None
    assert "2/4" in ada.last.text


async def test_a_bot_killed_while_the_model_thinks_goes_on_where_it_was(
    worlds: Worlds, fake: FakeTelegram, telegram: Telegram
) -> None:
    async with worlds(model="scripted:text=two&slow=1") as world:
        ada = Person(ADA, fake, new_bot(world, telegram))
        await ada.join()
        await ada.tap("quick")
        question = fake.said(ADA, "How many dots?")
        task = asyncio.create_task(ada.send(question))
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not any("🤖" in shown.text for shown in ada.chat)

        reborn = Person(ADA, fake, new_bot(world, telegram))
        await reborn.send(question)

        assert await count(world, "exchange") == 1
        assert reborn.showing("right:").text.startswith("🤖")


@pytest.mark.parametrize("method", ["sendmessage", "sendphoto"])
async def test_a_bot_killed_before_the_answer_was_sent_sends_it_later(
    world: World, fake: FakeTelegram, telegram: Telegram, ada: Person, method: str
) -> None:
    await ada.join()
    await ada.tap("quick")
    await ada.say("How many dots?")
    await ada.tap("wrong:")
    update = fake.said(ADA, "seventeen")
    fake.fail(method, *[(500, "Internal")] * 4)  # all attempts: the same as a bot that dies
    with pytest.raises(Exception, match="cannot be reached"):
        await ada.send(update)

    await Person(ADA, fake, new_bot(world, telegram)).send(update)

    (exchange,) = await rows(world, "exchange")
    assert (exchange["verdict"], exchange["correction"]) == ("wrong", "seventeen")
    assert "2/3" in ada.last.text


async def test_a_model_that_fails_may_be_asked_the_same_again(
    worlds: Worlds, fake: FakeTelegram, telegram: Telegram
) -> None:
    async with worlds(model="scripted:fail=1") as world:
        ada = Person(ADA, fake, new_bot(world, telegram))
        await ada.join()
        await ada.tap("quick")
        await ada.say("How many dots?")
        assert "kept" in ada.last.text

        await ada.tap("again:")

        assert await count(world, "exchange") == 1


async def test_time_is_told_by_the_servers_clock_and_the_next_picture_waits(
    world: World, ada: Person
) -> None:
    await ada.join()
    await ada.tap("play")
    (turn,) = [one for one in await rows(world, "turn") if one["opened_at"]]
    turn_id, bar = turn["id"], ada.showing("next:")

    world.clock.now += 60
    await ada.bot._look(ADA, turn_id)  # type: ignore[arg-type]
    assert "1:00 left" in bar.text

    world.clock.now += 63
    await ada.bot._look(ADA, turn_id)  # type: ignore[arg-type]
    await ada.bot._look(ADA, turn_id)  # type: ignore[arg-type]
    assert [one.text for one in ada.chat].count("Time is up for this picture.") == 1
    assert len([one for one in await rows(world, "turn") if one["opened_at"]]) == 1

    await ada.tap("next:")
    assert "2/4" in ada.last.text


async def test_a_question_that_comes_late_is_told_so_and_not_asked(world: World, ada: Person) -> None:
    await ada.join()
    await ada.tap("play")
    world.clock.now += 130

    await ada.say("How many dots?")

    assert await count(world, "exchange") == 0
    assert any("Time is up" in one.text for one in ada.chat)
    assert "2/4" in ada.last.text


async def test_a_bot_that_starts_knows_the_clocks_from_the_database(
    world: World, fake: FakeTelegram, telegram: Telegram, ada: Person
) -> None:
    await ada.join()
    await ada.tap("play")
    world.clock.now += 125
    task = asyncio.create_task(new_bot(world, telegram).keep_time())

    for _ in range(100):
        await asyncio.sleep(0.02)
        if ada.last.text == "Time is up for this picture.":
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert ada.last.text == "Time is up for this picture."


async def test_of_two_bots_one_tells_the_time(
    world: World, fake: FakeTelegram, telegram: Telegram, ada: Person
) -> None:
    await ada.join()
    await ada.tap("play")
    world.clock.now += 125
    tasks = [asyncio.create_task(new_bot(world, telegram).keep_time()) for _ in range(3)]

    await asyncio.sleep(1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert [shown.text for shown in ada.chat].count("Time is up for this picture.") == 1
