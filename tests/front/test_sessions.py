"""Cookies beyond what they sign: names and flags, a new one at every door, and signing out everywhere."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from fastapi import Request, Response
from itsdangerous import URLSafeTimedSerializer

from stumper.errors import NotSignedIn
from stumper.front import i18n
from stumper.front.auth import COOKIE, HOST_COOKIE, Cookies
from stumper.records import PlayerId
from tests.front.conftest import Worlds
from tests.front.test_auth import request
from tests.front.world import World, join

ADA = PlayerId("ada")


def given(jar: Cookies, **more: Any) -> str:
    response = Response()
    jar.give(response, ADA, **more)
    return response.headers["set-cookie"]


def test_by_https_the_cookie_belongs_to_this_host_alone() -> None:
    header = given(Cookies("secret", secure=True))

    assert header.startswith(f"{HOST_COOKIE}=")
    flags = {part.strip().lower() for part in header.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags
    assert not any(flag.startswith("domain") for flag in flags)  # browsers refuse __Host- with one


def test_a_cookie_of_before_https_is_still_read_and_taken_back() -> None:
    jar, plain = Cookies("secret", secure=True), Cookies("secret", secure=False)
    response = Response()

    jar.take_back(response)

    assert jar.player(request(cookie=f"{COOKIE}={plain.value(ADA)}")) == ADA
    taken = response.headers.getlist("set-cookie")
    assert sorted(header.split("=")[0] for header in taken) == sorted([COOKIE, HOST_COOKIE])
    assert all("Max-Age=0" in header for header in taken)


def test_the_name_of_this_host_beats_one_that_a_neighbour_may_have_set() -> None:
    jar = Cookies("secret", secure=True)
    eve = jar.value(PlayerId("eve"))

    assert jar.player(request(cookie=f"{COOKIE}={eve}; {HOST_COOKIE}={jar.value(ADA)}")) == ADA


@pytest.mark.parametrize("said", [[1, 2], ["ada"], ["ada", "x"], {"id": "ada"}, None, 7, ["ada", 1, 2]])
def test_what_is_signed_and_says_nothing_is_nobody(said: object) -> None:
    jar = Cookies("secret", secure=False)
    value = jar._signer.dumps(said)

    with pytest.raises(NotSignedIn, match="cannot be read"):
        jar.player(request(cookie=f"{COOKIE}={value}"))


def test_the_epoch_is_signed_with_the_name() -> None:
    jar = Cookies("secret", secure=False)
    asked: Request = request(cookie=f"{COOKIE}={jar.value(ADA, epoch=3)}")

    assert jar.signed(asked) == (ADA, 3)
    assert jar.signed(request(cookie=f"{COOKIE}={jar.value(ADA)}")) == (ADA, 0)


async def test_joining_never_takes_over_who_somebody_else_made_you(world: World) -> None:
    """Session fixation: a cookie that was planted is nobody's after joining."""
    async with world.phone() as eve, world.phone() as ada:
        planted = await join(eve, "Eve")
        ada.cookies.set(COOKIE, eve.cookies[COOKIE])
        mine = await join(ada, "Ada")

    assert mine["id"] != planted["id"]
    assert ada.cookies.get(COOKIE, domain="stumper.test") != eve.cookies[COOKIE]


async def test_signing_out_everywhere_voids_every_cookie_but_not_the_player(world: World) -> None:
    async with world.phone() as first, world.phone() as second:
        me = await join(first)
        code = world.web.state.cookies.value(PlayerId(me["id"]))
        second.cookies.set(COOKIE, code)
        assert (await second.get("/api/me/standing")).status_code == 200

        left = await first.post("/me/leave")
        refused = await second.get("/api/me/standing")
        page = await second.get("/me", headers={"accept": "text/html"})
        second.cookies.set(COOKIE, world.web.state.cookies.value(PlayerId(me["id"]), epoch=1))
        back = await second.get("/api/me/standing")

    assert (left.status_code, first.cookies.get(COOKIE)) == (303, None)
    assert refused.status_code == 401
    assert "all devices" in refused.text
    assert page.status_code == 303
    assert back.status_code == 200


async def test_a_code_signs_in_after_signing_out_everywhere(worlds: Worlds) -> None:
    async with worlds() as world, world.phone() as first, world.phone() as second:
        await join(first)
        made = (await first.post("/me/code")).text
        code = made.split("/go/")[1][:8]
        await first.post("/me/leave")
        arrived = await second.post("/go", data={"code": code, "confirmed": "1"})

        assert arrived.status_code == 303
        assert (await second.get("/api/me/standing")).status_code == 200


def test_what_a_device_chose_is_kept_like_the_player_and_read_as_before() -> None:
    kept, plain = Response(), Response()
    Cookies("secret", secure=True).keep(kept, i18n.COOKIE, "pt")
    Cookies("secret", secure=False).keep(plain, i18n.COOKIE, "pt")

    header = kept.headers["set-cookie"]
    assert header.startswith(f"__Host-{i18n.COOKIE}=pt;")
    flags = {part.strip().lower() for part in header.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags
    assert "secure" not in plain.headers["set-cookie"].lower()
    for name in (i18n.COOKIE, f"__Host-{i18n.COOKIE}"):
        assert i18n.language_of(request(cookie=f"{name}=pt")) == "pt"
    both = f"{i18n.COOKIE}=ru; __Host-{i18n.COOKIE}=pt"
    assert i18n.language_of(request(cookie=both)) == "pt"


def test_cookies_are_signed_by_sha_256_and_those_of_before_are_still_read() -> None:
    jar = Cookies("secret", secure=False)
    before = URLSafeTimedSerializer("secret", salt="player", signer_kwargs={"digest_method": hashlib.sha1})
    value = jar.value(ADA)

    signature = value.rpartition(".")[2]
    assert len(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))) == 32
    assert jar.player(request(cookie=f"{COOKIE}={before.dumps('ada')}")) == ADA
    with pytest.raises(NotSignedIn):
        jar.player(request(cookie=f"{COOKIE}={before.dumps('ada')}x"))


async def test_signing_out_clears_what_pages_kept_in_the_browser(world: World) -> None:
    async with world.phone() as phone:
        await join(phone)
        here = await phone.post("/leave")
        await join(phone)
        everywhere = await phone.post("/me/leave")

    assert here.headers["clear-site-data"] == everywhere.headers["clear-site-data"] == '"storage"'
