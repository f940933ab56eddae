"""Notices: once, paced, by day, to those who allow them."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from stumper.campaigns import current_round
from stumper.errors import ServiceAway
from stumper.front.telegram.bot import ChatBot
from stumper.front.telegram.client import Telegram
from stumper.front.telegram.outbox import LEASE_S, Outbox
from stumper.front.telegram.pace import CHAT_S, PER_SECOND, Pace, sleeps
from stumper.progress.news.post import MessageKind, write
from stumper.records import PlayerId
from stumper.store.schema import link, message, player, session
from stumper.trust.periods import local_day
from tests.fake_telegram import FakeTelegram
from tests.front.telegram.people import Person
from tests.front.world import World

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()


class Hourglass:
    """Time that only passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def quick() -> Pace:
    glass = Hourglass()
    return Pace(clock=glass, sleep=glass.sleep)


async def add_player(world: World, chat_id: int, **more: object) -> PlayerId:
    """Puts a linked player into the database."""
    id_ = PlayerId(f"player{chat_id}")
    values = {
        "id": id_, "nickname": "Ada", "language": "en", "kind": "human", "consent_at": 1.0,
        "licence": "CC BY 4.0", "created_at": 1.0, **more,
    }  # fmt: skip
    async with world.app.database.begin() as tx:
        await tx.execute(insert(player).values(**values))
        await tx.execute(
            insert(link).values(
                service="telegram", external_id=str(chat_id), player_id=id_, facts={}, made_at=1.0
            )
        )
    return id_


async def tell(world: World, player_id: PlayerId, *, about: str = "e1", learned: int = 3) -> None:
    async with world.app.database.begin() as tx:
        await write(
            tx,
            player_id,
            MessageKind.LEARNED,
            about=about,
            facts={"learned": learned},
            now=world.clock.now,
            rng=random.Random(about + player_id),
        )


@pytest.fixture
async def day(world: World) -> World:
    world.clock.now = NOON
    return world


async def test_a_message_is_sent_once_with_a_button_to_end_them(
    day: World, fake: FakeTelegram, telegram: Telegram, quick: Pace
) -> None:
    await tell(day, await add_player(day, 1))
    outbox = Outbox(day.app, telegram, pace=quick)

    assert [await outbox.send_due(), await outbox.send_due()] == [1, 0]

    (shown,) = fake.chats[1]
    assert "learned 3 of your catches" in shown.text
    assert shown.button("notices:off")


async def test_two_bots_send_each_message_once(
    day: World, fake: FakeTelegram, telegram: Telegram, quick: Pace
) -> None:
    for chat_id in range(1, 31):
        await tell(day, await add_player(day, chat_id))

    sent = await asyncio.gather(*(Outbox(day.app, telegram, pace=quick).send_due() for _ in range(3)))

    assert sum(sent) == 30
    assert all(len(fake.chats[chat_id]) == 1 for chat_id in range(1, 31))


async def test_who_said_no_or_blocked_or_has_read_it_gets_nothing(
    day: World, fake: FakeTelegram, telegram: Telegram, quick: Pace
) -> None:
    silent = await add_player(day, 1, notices=False)
    forgotten = await add_player(day, 2, forgotten_at=5.0)
    blocked, reader = await add_player(day, 3), await add_player(day, 4)
    for one in (silent, forgotten, blocked, reader):
        await tell(day, one)
    async with day.app.database.begin() as tx:
        await tx.execute(update(link).where(link.c.player_id == blocked).values(blocked_at=1.0))
        await tx.execute(update(message).where(message.c.player_id == reader).values(seen_at=1.0))

    assert await Outbox(day.app, telegram, pace=quick).send_due() == 0
    assert not fake.calls


async def test_a_block_is_noted_and_the_message_waits_for_their_return(
    day: World, fake: FakeTelegram, telegram: Telegram, quick: Pace, bot: ChatBot
) -> None:
    await tell(day, await add_player(day, 1))
    await tell(day, await add_player(day, 2))
    fake.fail("sendMessage", (403, "Forbidden: bot was blocked by the user"))
    outbox = Outbox(day.app, telegram, pace=quick)

    assert await outbox.send_due() == 1
    assert await outbox.send_due() == 0
    async with day.app.database.read() as tx:
        noted = (await tx.execute(select(link.c.blocked_at).where(link.c.blocked_at.is_not(None)))).scalars()
        assert list(noted) == [NOON]

    await Person(1, fake, bot).send(fake.member(1, "member"))
    await Person(2, fake, bot).send(fake.member(2, "member"))
    assert await outbox.send_due() == 1
    assert [len(fake.chats[chat_id]) for chat_id in (1, 2)] == [1, 1]


async def test_an_outage_loses_nothing(
    day: World, fake: FakeTelegram, telegram: Telegram, quick: Pace
) -> None:
    await tell(day, await add_player(day, 1))
    fake.fail("sendMessage", *[(500, "Internal")] * 4)
    outbox = Outbox(day.app, telegram, pace=quick)

    with pytest.raises(ServiceAway):
        await outbox.send_due()

    assert await outbox.send_due() == 1


async def test_the_outbox_of_a_bot_that_died_is_taken_over(
    day: World, fake: FakeTelegram, telegram: Telegram, quick: Pace
) -> None:
    await tell(day, await add_player(day, 1))
    dead = Outbox(day.app, telegram, pace=quick)
    assert await dead._hold()
    heir = Outbox(day.app, telegram, pace=quick)

    assert await heir.send_due() == 0
    day.clock.now += LEASE_S + 1
    assert await heir.send_due() == 1
    assert not await dead._hold() or fake.chats[1]


async def test_the_night_is_the_players_own(
    day: World, fake: FakeTelegram, telegram: Telegram, quick: Pace
) -> None:
    # Noon in Greenwich is 21:00 in Tokyo, 22:00 in Vladivostok, 05:00 in Los Angeles.
    zones = {1: "Asia/Tokyo", 2: "Asia/Vladivostok", 3: "America/Los_Angeles", 4: "No/Where"}
    for chat_id, zone in zones.items():
        await tell(day, await add_player(day, chat_id, time_zone=zone))

    assert await Outbox(day.app, telegram, pace=quick).send_due() == 2
    assert sorted(chat_id for chat_id, shown in fake.chats.items() if shown) == [1, 4]

    day.clock.now += 3 * 3600 + 60  # 08:01 in Los Angeles
    assert await Outbox(day.app, telegram, pace=quick).send_due() == 1
    assert fake.chats[3]


async def test_in_the_evening_the_outbox_tells_of_a_streak_that_ends_tonight(
    day: World, fake: FakeTelegram, telegram: Telegram, quick: Pace
) -> None:
    me = await add_player(day, 1, time_zone="Asia/Tokyo")  # 21:00
    today = local_day(day.clock.now, "Asia/Tokyo")
    async with day.app.database.begin() as tx:
        round_id = (await current_round(tx, day.campaign.id)).id
        for played in (today - 4, today - 3):  # two freezes have covered the two days since
            values = {
                "id": f"s{played}", "player_id": me, "round_id": round_id, "campaign_id": day.campaign.id,
                "turns": 3, "started_at": 1.0, "finished_at": 2.0, "graded_at": 3.0, "poison_rate": 0.4,
                "salt": "", "commitment": "", "day": played,
            }  # fmt: skip
            await tx.execute(insert(session).values(values))
    outbox = Outbox(day.app, telegram, pace=quick)

    assert [await outbox.send_due(), await outbox.send_due()] == [1, 0]
    assert "streak of 2 days ends tonight" in fake.chats[1][0].text


async def test_opting_out_under_a_notice_works(
    day: World, fake: FakeTelegram, telegram: Telegram, quick: Pace, bot: ChatBot
) -> None:
    me = await add_player(day, 1)
    await tell(day, me)
    outbox = Outbox(day.app, telegram, pace=quick)
    await outbox.send_due()

    await Person(1, fake, bot).tap("notices:off")
    await tell(day, me, about="e2")

    assert await outbox.send_due() == 0


@given(st.lists(st.integers(1, 6), max_size=120))
async def test_notices_keep_the_pace(chats: list[int]) -> None:
    glass = Hourglass()
    pace = Pace(clock=glass, sleep=glass.sleep)
    at: list[tuple[float, int]] = []

    for chat_id in chats:
        await pace.wait(chat_id)
        at.append((glass.now, chat_id))

    times = [moment for moment, _ in at]
    assert all(b - a >= 1 / PER_SECOND - 1e-9 for a, b in pairwise(times))
    for chat_id in set(chats):
        own = [moment for moment, chat in at if chat == chat_id]
        assert all(b - a >= CHAT_S - 1e-9 for a, b in pairwise(own))


async def test_the_pace_is_25_a_second_and_not_less() -> None:
    glass = Hourglass()
    pace = Pace(clock=glass, sleep=glass.sleep)

    for chat_id in range(251):
        await pace.wait(chat_id)

    assert glass.now == pytest.approx(10.0)


@given(
    st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati"]), st.integers(0, 10**9)
)
def test_the_night_is_from_22_to_8(zone: str, now: int) -> None:
    clock = datetime.fromtimestamp(now, tz=UTC).astimezone(ZoneInfo(zone)).strftime("%H:%M")

    assert sleeps(zone, now=now) == (clock >= "22:00" or clock < "08:00")


@pytest.mark.parametrize("name", ["", "No/Where", "../../etc/passwd", "/etc", "Europe"])
def test_a_place_nobody_knows_is_taken_for_greenwich(name: str) -> None:
    assert not sleeps(name, now=NOON)
