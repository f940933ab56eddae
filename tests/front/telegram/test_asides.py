"""Everything beside the session: doors, votes, commands, and what people send by accident."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import insert, select, update

from stumper.curate import belief
from stumper.front.telegram.client import Telegram
from stumper.store.schema import claim, link, passcode, player, score, team, vote
from tests.fake_telegram import FakeTelegram
from tests.front.telegram.conftest import ADA, new_bot
from tests.front.telegram.people import Person
from tests.front.world import World

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
        await tx.execute(insert(team).values(id="t1", name="Owls", code="owls7", created_at=1.0))

    await ada.join("t_owls7")

    assert await field(world, await me(world), "team_id") == "t1"


async def test_a_deep_link_says_who_invited(world: World, fake: FakeTelegram, ada: Person) -> None:
    await ada.join()
    host = await me(world)
    bob = Person(4712, fake, ada.bot)

    await bob.join(f"p_{host}")

    assert await field(world, await me(world, 4712), "invited_by") == host


@pytest.mark.parametrize("payload", ["p_nobody", "t_nothing", "x' OR 1=1", "t_" + "a" * 60, "p_"])
async def test_a_payload_that_says_nothing_is_no_obstacle(world: World, ada: Person, payload: str) -> None:
    await ada.join(payload)

    assert await field(world, await me(world), "invited_by") is None


async def test_a_code_from_the_web_makes_one_account_and_works_once(
    world: World, fake: FakeTelegram, ada: Person
) -> None:
    web = await world.app.game.join(nickname="Ada", language="hi", consent=True)
    hashed = hashlib.sha256(b"abcd1234").hexdigest()
    async with world.app.database.begin() as tx:
        await tx.execute(
            insert(passcode).values(
                code_hash=hashed, player_id=web.id, made_at=1.0, expires_at=world.clock.now + 60
            )
        )

    await ada.say("/start go_ABCD-1234")
    assert await me(world) == web.id

    bob = Person(4712, fake, ada.bot)
    await bob.say("/start go_ABCD-1234")
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
    await ada.say("/delete")
    await ada.tap("delete:yes")
    assert mine in ada.last.text
    async with world.app.database.read() as tx:
        assert (await tx.execute(select(link))).first() is None


async def test_boards_show_the_first_ten_and_oneself(world: World, ada: Person) -> None:
    await ada.join()
    mine = await me(world)
    for n in range(12):
        other = await world.app.game.join(nickname=f"P{n}", language="en", consent=True)
        async with world.app.database.begin() as tx:
            values = {"player_id": other.id, "points": 100 - n // 2, "period": "all", "updated_at": 1.0}
            await tx.execute(insert(score).values(**values))
    async with world.app.database.begin() as tx:
        await tx.execute(insert(score).values(player_id=mine, points=5, period="all", updated_at=1.0))

    await ada.say("/boards")

    lines = ada.last.text.splitlines()[1:]
    assert lines[0].startswith("1. P")
    assert lines[1].startswith("1. P")
    assert lines[2].startswith("3. P")
    assert lines[-1] == "13. Ada 4711: 5 👈"
    assert len(lines) == 11


@pytest.mark.parametrize("command", ["me", "web", "privacy", "help", "boards", "stop", "nonsense"])
async def test_every_command_is_answered(ada: Person, command: str) -> None:
    await ada.join()
    sent = len(ada.chat)

    await ada.say(f"/{command}")

    assert len(ada.chat) == sent + 1
    assert "broke" not in ada.last.text
