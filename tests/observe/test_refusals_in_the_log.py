"""Who was let in, who was not, and why: a line of the log tells it, without telling what was sent."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from stumper.front.auth import COOKIE
from stumper.records import PlayerId
from tests.front.world import World, join
from tests.observe.lines import Lines, written


@pytest.fixture
def lines() -> Iterator[Lines]:
    with written() as caught:
        yield caught


async def test_signing_in_and_out_is_told_with_the_pseudonym(lines: Lines, world: World) -> None:
    async with world.phone() as phone, world.phone() as second:
        me = await join(phone)
        code = (await phone.post("/me/code")).text.split("/go/")[1][:8]
        await second.post("/go", data={"code": code, "confirmed": "1"})
        await phone.post("/me/leave")

    told = [(line["route"], line.get("signed")) for line in lines.requests()]
    assert told == [("/api/players", "in"), ("/me/code", None), ("/go", "in"), ("/me/leave", "out")]
    names = {line["player"] for line in lines.requests()}
    assert names == {world.web.state.cookies.pseudonym(PlayerId(me["id"]))}
    assert code not in lines.getvalue()


async def test_a_code_that_is_wrong_is_told_and_not_repeated(lines: Lines, phone: httpx2.AsyncClient) -> None:
    await phone.post("/go", data={"code": "ABCD2345", "confirmed": "1"})
    await phone.get("/go/ABCD2345")

    assert [(line["status"], line["refused"]) for line in lines.requests()] == [(404, "code")] * 2
    assert "ABCD2345" not in lines.getvalue()


async def test_a_role_that_somebody_does_not_have_is_told(lines: Lines, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    await phone.get("/operate")

    line = lines.requests()[-1]
    assert (line["route"], line["status"], line["refused"]) == ("/operate", 403, "not_yours")
    assert line["player"]


async def test_limits_other_sites_and_bad_input_are_told(lines: Lines, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    await phone.post("/api/sessions", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    await phone.post("/api/sessions", json={"quick": "a secret word"})
    for _ in range(301):
        if (await phone.get("/points")).status_code == 429:
            break

    assert [line["refused"] for line in lines.requests() if "refused" in line] == [
        "cross_site",
        "bad_input",
        "too_many",
    ]
    assert "secret" not in lines.getvalue()


async def test_a_forged_cookie_is_told_also_where_strangers_may_look(lines: Lines, world: World) -> None:
    async with world.phone(cookie=f"{COOKIE}=forged") as phone:
        await phone.get("/me")
        await phone.get("/api/me/standing")

    seen = [(line["status"], line["cookie"], line.get("refused")) for line in lines.requests()]
    assert seen == [(303, "forged", None), (401, "forged", "not_signed_in")]
