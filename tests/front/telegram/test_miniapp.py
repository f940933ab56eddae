"""The Mini App's door, and the webhook, over the real web application."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from stumper.errors import BadSetting
from stumper.front.telegram.webhook import PATH, listening
from stumper.store.schema import link, player
from tests.fake_telegram import FakeTelegram
from tests.front.telegram.conftest import Worlds
from tests.front.telegram.people import Person
from tests.front.telegram.signing import sign
from tests.front.world import World, open_world

FORM = {"nickname": "Ada", "language": "pt", "consent": "true"}


async def players(world: World) -> int:
    async with world.app.database.read() as tx:
        return int((await tx.execute(select(func.count()).select_from(player))).scalar_one())


async def test_somebody_new_is_asked_for_consent_and_then_plays(world: World) -> None:
    async with world.phone() as phone:
        page = await phone.get("/telegram")
        assert "telegram.js" in page.text
        entered = await phone.post("/telegram/enter", data={"init_data": sign()})
        assert entered.json() == {"enter": None, "nickname": "Ada"}
        assert await players(world) == 0

        joined = await phone.post("/telegram/join", data={"init_data": sign(), **FORM})

        assert (joined.status_code, joined.headers["location"]) == (303, "/")
        started = await phone.post("/api/sessions", json={})
        assert started.status_code == 201


async def test_chat_and_mini_app_are_one_account(world: World, fake: FakeTelegram, ada: Person) -> None:
    seven = Person(7, fake, ada.bot)
    await seven.join()

    async with world.phone() as phone:
        entered = await phone.post("/telegram/enter", data={"init_data": sign()})
        assert entered.json() == {"enter": "/"}
        session = (await phone.post("/api/sessions", json={})).json()

    await seven.tap("play")
    assert await players(world) == 1
    assert session["id"] in str(seven.bot.parts.watch._next) or "1/4" in seven.last.text


async def test_joining_twice_makes_one_link(world: World) -> None:
    async with world.phone() as phone, world.phone() as other:
        for one in (phone, other):
            assert (await one.post("/telegram/join", data={"init_data": sign(), **FORM})).status_code == 303

    async with world.app.database.read() as tx:
        assert len((await tx.execute(select(link))).all()) == 1
    assert await players(world) == 1


async def test_without_consent_nothing_is_kept_and_what_was_typed_stays(world: World) -> None:
    async with world.phone() as phone:
        form = {**FORM, "consent": "", "nickname": "<b>Ada"}
        reply = await phone.post("/telegram/join", data={"init_data": sign(), **form})

    assert reply.status_code == 422
    assert "&lt;b&gt;Ada" in reply.text
    assert await players(world) == 0


@pytest.mark.parametrize("path", ["/telegram/enter", "/telegram/join"])
async def test_forged_and_old_data_open_nothing(world: World, path: str) -> None:
    async with world.phone() as phone:
        for data in (sign(token="1:x"), sign(auth_date="900000"), ""):
            reply = await phone.post(path, data={"init_data": data, **FORM})
            assert reply.status_code == 401
            assert "set-cookie" not in reply.headers
            assert reply.json()["error"]["code"] == "not_signed_in"


async def test_in_telegrams_frame_the_cookie_is_partitioned(worlds: Worlds) -> None:
    async with worlds(public_url="https://game.example") as world, world.phone() as phone:
        reply = await phone.post("/telegram/join", data={"init_data": sign(), **FORM})

        cookies = reply.headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert all("SameSite=None; Secure; Partitioned" in cookie for cookie in cookies)
        assert "HttpOnly" in cookies[0]
        policy = reply.headers["content-security-policy"]
        assert "frame-ancestors https://web.telegram.org https://*.telegram.org" in policy


async def test_without_a_token_nobody_may_frame_the_game(world: World, sqlite_template, tmp_path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    async with open_world(folder, template=sqlite_template) as plain, plain.phone() as phone:
        reply = await phone.get("/telegram")

    assert reply.status_code == 404
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]


async def test_the_webhook_takes_updates_with_its_secret_only(worlds: Worlds, fake: FakeTelegram) -> None:
    async with (
        worlds(public_url="https://game.example", telegram_webhook=True) as world,
        listening(world.app, world.web),
        world.phone() as phone,
    ):
        assert fake.webhook is not None
        address, secret = fake.webhook["url"], fake.webhook["secret_token"]
        assert address.startswith("https://game.example/telegram/hook/")
        path = address.removeprefix("https://game.example")
        header = {"X-Telegram-Bot-Api-Secret-Token": secret}
        body = json.dumps(fake.said(7, "/start"))

        for where, headers in (
            (path, {}),
            (path, {"X-Telegram-Bot-Api-Secret-Token": "é".encode()}),
            (PATH.format(place="guess"), header),
        ):
            assert (await phone.post(where, content=body, headers=headers)).status_code == 404
        assert not fake.chats[7]
        for _ in range(2):
            assert (await phone.post(path, content=body, headers=header)).status_code == 200
        assert len(fake.chats[7]) == 1
        assert (await phone.post(path, content=b"{}", headers=header)).status_code == 422

        fake.fail("sendMessage", (429, 3600))
        lost = json.dumps(fake.said(7, "/help"))
        assert (await phone.post(path, content=lost, headers=header)).status_code == 503
        assert (await phone.post(path, content=lost, headers=header)).status_code == 200
        assert "/play" in fake.chats[7][-1].text


async def test_a_webhook_without_https_is_refused_with_the_way_out(worlds: Worlds) -> None:
    async with worlds(public_url="http://game.example", telegram_webhook=True) as world:
        with pytest.raises(BadSetting, match="stumper telegram"):
            async with listening(world.app, world.web):
                pass
