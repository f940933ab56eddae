"""Everything beside the session: doors, votes, commands, and what people send by accident."""

from __future__ import annotations

import random
from urllib.parse import unquote

import pytest
from sqlalchemy import delete, insert, select, update

from stumper.accounts import passcodes
from stumper.curate import belief
from stumper.front.auth import Cookies
from stumper.front.i18n import words_in
from stumper.front.refusals import in_words
from stumper.front.telegram import joining
from stumper.front.telegram import queries as bot_queries
from stumper.front.telegram.client import Telegram
from stumper.records import PlayerId
from stumper.store.schema import claim, exchange, link, player, quest, score, session, team, vote
from tests.fake_telegram import FakeTelegram
from tests.front.telegram.conftest import ADA, Worlds, new_bot
from tests.front.telegram.people import Person
from tests.front.world import SECRET, World

GROUP = {"id": -5, "type": "group", "title": "Friends"}


async def me(world: World, chat_id: int = ADA) -> str:
    async with world.app.database.read() as tx:
        query = select(link.c.player_id).where(link.c.external_id == str(chat_id))
        return str((await tx.execute(query)).scalar_one())


async def field(world: World, player_id: str, name: str) -> object:
    async with world.app.database.read() as tx:
        return (await tx.execute(select(player.c[name]).where(player.c.id == player_id))).scalar_one()


async def test_a_deep_link_joins_a_team(world: World, ada: Person) -> None:
    async with world.app.database.begin() as tx:
        await tx.execute(insert(team).values(id="t1", name="Owls", code="BCDFGHJK", created_at=1.0))

    await ada.join("t_bcdf-ghjk")

    assert await field(world, await me(world), "team_id") == "t1"


async def test_a_deep_link_says_who_invited(world: World, fake: FakeTelegram, ada: Person) -> None:
    await ada.join()
    host = await me(world)
    await ada.play_quickly(world.clock)
    invite = next(b["url"] for b in ada.last.buttons if "start%3Dp_" in b.get("url", ""))
    assert host not in invite
    payload = unquote(invite).split("?start=")[1].split("&")[0]
    bob = Person(4712, fake, ada.bot)

    await bob.join(payload)

    assert await field(world, await me(world, 4712), "invited_by") == host


@pytest.mark.parametrize("payload", ["p_nobody", "t_nothing", "x' OR 1=1", "t_" + "a" * 60, "p_"])
async def test_a_payload_that_says_nothing_is_no_obstacle(world: World, ada: Person, payload: str) -> None:
    await ada.join(payload)

    assert await field(world, await me(world), "invited_by") is None


async def test_a_code_from_the_web_makes_one_account_and_works_once(
    world: World, fake: FakeTelegram, ada: Person
) -> None:
    web = await world.app.game.join(nickname="Ada", language="hi", consent=True)
    jar = Cookies(SECRET, secure=True)
    code = await passcodes.make(
        world.app.database, web.id, hashed=jar.passcode_hash, now=world.clock.now, rng=random.Random(1)
    )

    await ada.say(f"/start go_{passcodes.shown(code)}")
    assert await me(world) == web.id

    bob = Person(4712, fake, ada.bot)
    await bob.say(f"/start go_{code}")
    assert "wrong, used, or too old" in bob.last.text


async def test_a_vote_is_cast_by_updates_only(
    world: World, fake: FakeTelegram, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(belief, "LEAST_GAP", -1.0)  # this referee has no controls that speak for them
    bob = Person(4712, fake, ada.bot)
    await bob.join()
    await bob.tap("play")
    while "last picture" not in bob.last.text:
        await bob.play_picture(world.clock, wrong=True)
    await ada.join()
    await ada.say("/referee")
    assert "Referees are players" in ada.last.text
    async with world.app.database.begin() as tx:
        await tx.execute(update(player).where(player.c.id == await me(world)).values(e_value=500.0))

    await ada.say("/referee")
    case = ada.last
    assert case.photo
    assert "seventeen" in case.text
    other = case.button("rule:robot")
    await ada.send(await ada.tap("rule:player"))
    await ada.send(fake.tapped(ADA, case.id, other))

    async with world.app.database.read() as tx:
        (cast,) = (await tx.execute(select(vote))).all()
        claims = (await tx.execute(select(claim))).all()
    assert cast.model_wrong
    assert cast.correction_right
    assert len(claims) >= 2


async def test_a_block_is_noted_and_nothing_is_lost(
    world: World, fake: FakeTelegram, telegram: Telegram, ada: Person
) -> None:
    await ada.join()
    await ada.tap("quick")
    fake.fail("sendMessage", (403, "Forbidden: bot was blocked by the user"))
    await ada.say("How many dots?")
    async with world.app.database.read() as tx:
        assert (await tx.execute(select(link.c.blocked_at))).scalar_one() is not None

    back = Person(ADA, fake, new_bot(world, telegram))
    await back.send(fake.member(ADA, "member"))
    await back.say("/play")

    assert back.showing("right:").text.startswith("🤖")
    async with world.app.database.read() as tx:
        assert (await tx.execute(select(link.c.blocked_at))).scalar_one() is None


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"sticker": {"file_id": "1", "file_unique_id": "1", "type": "regular", "width": 1, "height": 1,
                      "is_animated": False, "is_video": False}}, "only reads words"),
        ({"voice": {"file_id": "1", "file_unique_id": "1", "duration": 3}}, "only reads words"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_gets_a_kind_answer(ada: Person, more: dict, told: str) -> None:
    await ada.join()
    await ada.send(ada.fake.said(ADA, None, **more))

    assert told in ada.last.text


@pytest.mark.parametrize(
    "text", ["x" * 4096, "\u202e\u202e", "\u202eevil", "🦉" * 300, "كم نقطة هناك؟", "'; DROP TABLE player;--"]
)
async def test_any_text_gets_a_kind_answer(world: World, ada: Person, text: str) -> None:
    await ada.join()
    await ada.tap("quick")
    sent = len(ada.chat)

    await ada.say(text)

    assert len(ada.chat) > sent
    assert "Something broke" not in ada.last.text
    assert "\u202e" not in ada.last.text


async def test_an_edited_message_changes_nothing_and_is_told_so(ada: Person) -> None:
    await ada.join()
    await ada.send(ada.fake.edited(ADA, "How many?"))

    assert "counts as it was" in ada.last.text


async def test_groups_are_sent_to_the_private_chat(world: World, fake: FakeTelegram, ada: Person) -> None:
    await ada.say("hello all", chat=GROUP)
    assert not fake.chats[-5]

    await ada.say("/start@pixel_bot", chat=GROUP)

    assert "t.me/pixel_bot" in fake.chats[-5][0].text
    async with world.app.database.read() as tx:
        assert (await tx.execute(select(player))).first() is None


async def test_notices_language_and_deletion_are_kept(world: World, ada: Person) -> None:
    await ada.join()
    mine = await me(world)

    await ada.say("/notices off")
    assert await field(world, mine, "notices") is False
    await ada.say("/notices")
    await ada.tap("notices:on")
    assert await field(world, mine, "notices") is True
    await ada.say("/language")
    await ada.tap("lang:ru")
    assert await field(world, mine, "language") == "ru"


async def test_deletion_asks_twice_and_then_forgets_all(world: World, ada: Person) -> None:
    await ada.join()
    await ada.tap("quick")
    await ada.say("How many dots does my aunt have?")
    mine = await me(world)

    await ada.say("/delete")
    await ada.tap("delete:ask")
    await ada.tap("delete:no")
    assert "Nothing was deleted." in ada.last.text
    assert await field(world, mine, "forgotten_at") is None
    await ada.say("/delete")
    await ada.tap("delete:ask")
    await ada.tap("delete:yes")

    assert "All of it is gone" in ada.last.text
    assert await field(world, mine, "forgotten_at") == world.clock.now
    async with world.app.database.read() as tx:
        assert (await tx.execute(select(link))).first() is None
        assert (await tx.execute(select(exchange.c.question))).scalar_one() == ""
    await ada.say("Hello?")
    assert ada.last.button("join:")


async def test_boards_show_the_league_first_and_the_others_by_buttons(world: World, ada: Person) -> None:
    await ada.join()
    await ada.say("/boards")
    assert "finish a session and you are in" in ada.last.text
    await ada.play_quickly(world.clock)
    points = {await me(world): 5}
    for n in range(12):
        other = await world.app.game.join(nickname=f"P{n:02}", language="en", consent=True)
        points[other.id] = 100 - n
    async with world.app.database.begin() as tx:
        await tx.execute(delete(score))
        for one, n in points.items():
            values = {"player_id": one, "points": n, "period": "all", "updated_at": 1.0}
            await tx.execute(insert(score).values(**values))

    await ada.say("/boards")
    assert "Paper league" in ada.last.text
    assert "1. Ada 4711: 0 👈" in ada.last.text
    sent = len(ada.chat)
    await ada.tap("boards:all")

    assert len(ada.chat) == sent
    lines = ada.last.text.splitlines()
    assert lines[2:4] == ["1. P00: 100", "2. P01: 99"]
    assert lines[-2:] == ["…", "13. Ada 4711: 5 👈"]
    assert len(lines) == 14


async def test_the_end_offers_the_card_of_the_session(
    worlds: Worlds, fake: FakeTelegram, telegram: Telegram
) -> None:
    async with worlds(public_url="https://game.example") as world:
        ada = Person(ADA, fake, new_bot(world, telegram))
        await ada.join()
        cards: list[str] = []
        for _ in range(5):
            await ada.play_quickly(world.clock)
            urls = [unquote(one["url"]) for one in ada.last.buttons if "url" in one]
            cards = [url for url in urls if "https://game.example/s/" in url]
            assert bool(cards) == ("We falsified" in ada.last.text)
            if cards:
                break
        token = cards[0].partition("/s/")[2].partition("&")[0]
        facts = Cookies(SECRET, secure=True).cards.read(token)
        assert f"I caught {facts.caught} of {facts.falsified} false answers" in cards[0]
        assert 1 <= facts.falsified <= 3


async def test_two_who_join_by_one_account_of_telegram_are_one_player(world: World, ada: Person) -> None:
    async def enrol() -> str:
        jar = ada.bot.parts.jar
        return await joining.enrol(
            world.app, jar, user_id=ADA, nickname="Ada", language="en", consent=True, payload=""
        )

    first, second = await enrol(), await enrol()

    assert first == second
    async with world.app.database.read() as tx:
        assert list((await tx.execute(select(player.c.id))).scalars()) == [first]


async def test_me_tells_level_streak_quest_and_league(world: World, ada: Person) -> None:
    await ada.join()
    await ada.play_quickly(world.clock)
    async with world.app.database.begin() as tx:
        await tx.execute(update(quest).values(points=15))

    await ada.say("/me")

    assert "+15 for each such catch that others confirm." in ada.last.text
    for told in ("Level 1: Visitor", "1 day in a row", "of 3 questions", "Paper league", "You are 1 of 1"):
        assert told in ada.last.text


async def test_what_was_played_to_its_end_on_the_web_is_graded_here(world: World, ada: Person) -> None:
    await ada.join()
    mine = PlayerId(await me(world))
    view = await world.app.game.start(mine, quick=True)
    while view.turn is not None:
        view = await world.app.game.skip(mine, view.turn.id)

    await ada.say("/me")

    async with world.app.database.read() as tx:
        assert (await tx.execute(select(session.c.graded_at))).scalar_one() is not None


async def test_a_refusal_is_told_in_the_players_language(world: World, ada: Person) -> None:
    await ada.join()
    await ada.tap("quick")
    await ada.say("/language")
    await ada.tap("lang:es")

    await ada.say("x" * 4096)

    told = in_words("bad_question", "", words_in("es"))
    assert told
    assert ada.last.text == told


async def test_joining_that_fails_half_way_leaves_no_player(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the bot is killed")

    with monkeypatch.context() as broken:
        broken.setattr(bot_queries, "add_link", fail)
        await ada.join()
    async with world.app.database.read() as tx:
        assert (await tx.execute(select(player))).first() is None

    await ada.tap("join:")

    assert await me(world)


@pytest.mark.parametrize("command", ["me", "web", "privacy", "help", "boards", "stop", "nonsense"])
async def test_every_command_is_answered(ada: Person, command: str) -> None:
    await ada.join()
    sent = len(ada.chat)

    await ada.say(f"/{command}")

    assert len(ada.chat) == sent + 1
    assert "broke" not in ada.last.text
