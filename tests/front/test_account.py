"""A player's own page, another device, export and deletion, as a browser asks for them."""

from __future__ import annotations

import html
import random
import re

import httpx2
import pytest

from stumper.front.auth import COOKIE
from stumper.progress.teams import make_team
from tests.front.world import World, join, play_through, start

BROWSER = {"Accept": "text/html"}
CHOICES = {"nickname": "Grace", "language": "es", "time_zone": "Asia/Kolkata", "notices": "1"}


def code_in(page: httpx2.Response) -> str:
    found = re.search(r"<output>([A-Z0-9]{4}-[A-Z0-9]{4})</output>", page.text)
    assert found is not None
    return found[1]


async def test_strangers_are_led_to_the_start(phone: httpx2.AsyncClient) -> None:
    for address in ("/me", "/me/forget"):
        reply = await phone.get(address)
        assert (reply.status_code, reply.headers["location"]) == (303, "/")
    for address in ("/me", "/me/code", "/me/forget"):
        assert (await phone.post(address)).status_code == 401
    assert (await phone.get("/me/export.json")).status_code == 401


async def test_choices_are_kept_and_shown(phone: httpx2.AsyncClient) -> None:
    await join(phone)

    reply = await phone.post("/me", data=CHOICES)
    page = (await phone.get("/me")).text

    assert (reply.status_code, reply.headers["location"]) == (303, "/me")
    assert 'value="Grace"' in page
    assert '<option value="Asia/Kolkata" selected>' in page
    assert '<html lang="es"' in page
    assert 'name="notices" value="1" checked' in page


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nickname": " \u202e "}, "name has 1 to 40"),
        ({"nickname": "x" * 200}, "yours has 200"),
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"time_zone": "../../etc/passwd"}, "no time zone"),
        ({"language": "'; DROP"}, "names no language"),
    ],
)
async def test_a_choice_that_cannot_be_kept_changes_nothing(
    phone: httpx2.AsyncClient, change: dict[str, str], says: str
) -> None:
    await join(phone)

    page = await phone.post("/me", data={**CHOICES, **change}, headers=BROWSER)

    assert page.status_code == 422
    assert says in html.unescape(page.text)
    assert 'value="Ada"' in (await phone.get("/me")).text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("A\u202eb\x00c", "Abc"),
        ("🦆 देवी", "🦆 देवी"),
        ("{name} %s {{ 7*7 }}", "{name} %s {{ 7*7 }}"),
    ],
)
async def test_odd_names_are_shown_as_text(phone: httpx2.AsyncClient, typed: str, shown: str) -> None:
    await join(phone)
    await phone.post("/me", data={**CHOICES, "nickname": typed})

    for address in ("/me", "/"):
        page = (await phone.get(address)).text
        assert shown in page
        assert "<script>alert" not in page


async def test_a_code_leads_to_the_same_player_on_another_device(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    code = code_in(await phone.post("/me/code"))

    async with world.phone() as other:
        looked = [(await other.get(f"/go/{code.replace('-', '')}")).text for _ in range(3)]  # previews
        typed = (await other.post("/go", data={"code": code.lower()})).text
        used = await other.post("/go", data={"code": code, "confirmed": "1"})
        again = await other.post("/go", data={"code": code, "confirmed": "1"}, headers=BROWSER)
        home = (await other.get("/")).text

    assert all("Go on as Ada" in page for page in (*looked, typed))
    assert (used.status_code, used.headers["location"]) == (303, "/")
    assert again.status_code == 404
    assert "used already" in again.text
    assert "Welcome back, Ada" in home


async def test_a_code_is_too_old_after_ten_minutes(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    code = code_in(await phone.post("/me/code"))
    world.clock.now += 601

    page = await phone.get(f"/go/{code}", headers=BROWSER)

    assert page.status_code == 404
    assert "older than ten minutes" in page.text


async def test_guessing_is_stopped_and_finds_nothing(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    await phone.post("/me/code")

    async with world.phone() as thief:
        codes = [
            (
                await thief.post(
                    "/go", data={"code": f"ABCD{n:04d}".replace("0", "Z").replace("1", "Y"), "confirmed": "1"}
                )
            ).status_code
            for n in range(80)
        ]
        assert COOKIE not in thief.cookies

    assert set(codes) == {404, 429}
    assert codes.count(404) == 30


@pytest.mark.parametrize("code", ["x", "<b>", "%00", "A" * 500, "ABCD-234O"])
async def test_what_is_no_code_gets_a_kind_page(phone: httpx2.AsyncClient, code: str) -> None:
    page = await phone.get(f"/go/{code}", headers=BROWSER)

    assert page.status_code == 404
    assert "eight letters" in page.text
    assert "<b>" not in page.text


async def test_an_invited_player_remembers_by_whom(world: World, phone: httpx2.AsyncClient) -> None:
    me = await join(phone)
    found = re.search(r'/\?invite=([0-9a-z]{16})"', (await phone.get("/me")).text)
    assert found is not None
    assert found[1] != me["id"]

    async with world.phone() as friend:
        form = {"nickname": "Bob", "language": "en", "consent": "1"}
        assert (await friend.post("/join", data={**form, "invite": found[1]})).status_code == 303
        assert (await friend.post("/join", data={**form, "invite": "<nobody>"})).status_code == 303

    async with world.app.database.read() as tx:
        invited = (await tx.exec_driver_sql("SELECT invited_by FROM player WHERE nickname = 'Bob'")).all()
    assert sorted(str(row[0]) for row in invited) == sorted([me["id"], "None"])


async def test_a_team_link_leads_into_the_team_and_a_stale_one_still_into_the_game(
    world: World, phone: httpx2.AsyncClient
) -> None:
    me = await join(phone)
    code = await make_team(world.app.database, me["id"], name="Owls", now=world.clock(), rng=random.Random(1))

    async with world.phone() as friend, world.phone() as late:
        form = {"nickname": "Bob", "language": "en", "consent": "1"}
        assert (await friend.post("/join", data={**form, "team": code})).status_code == 303
        assert (await late.post("/join", data={**form, "team": "<gone>"})).status_code == 303
        assert (await friend.get("/me/export.json")).json()["player"]["team"] == "Owls"
        assert (await late.get("/me/export.json")).json()["player"]["team"] is None


async def test_the_export_is_a_file_with_all_of_it(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    await play_through(phone, world.clock, await start(phone))

    reply = await phone.get("/me/export.json")

    assert "attachment" in reply.headers["content-disposition"]
    told = reply.json()
    assert told["player"]["nickname"] == "Ada"
    assert len(told["sessions"][0]["turns"]) == 4


async def test_deletion_needs_a_tick_and_signs_every_device_out(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    cookie = phone.cookies[COOKIE]

    asked = await phone.get("/me/forget")
    unsure = await phone.post("/me/forget", headers=BROWSER)
    done = await phone.post("/me/forget", data={"sure": "1"}, headers=BROWSER)
    assert "cannot be undone" in asked.text
    assert (unsure.status_code, "Tick the box" in unsure.text) == (422, True)
    assert "All of it is gone" in done.text
    assert COOKIE not in phone.cookies

    async with world.phone(Cookie=f"{COOKIE}={cookie}") as old:
        assert (await old.post("/play")).status_code == 401
        assert (await old.get("/api/claims/next")).status_code == 401
        assert (await old.post("/me/forget", data={"sure": "1"})).status_code == 401
        assert "Welcome back" not in (await old.get("/")).text
        assert (await old.get("/privacy")).status_code == 200
