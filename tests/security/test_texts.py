"""Hostile texts: stored on one line without what deceives, and shown on every page as text."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from hypothesis import given, settings

from stumper.play.texts import clean
from tests.examples import examples
from tests.front.world import join, judge, open_world, start
from tests.security.texts import KNOWN, LONG, SCRIPT, texts

PAGES = (
    "/",
    "/me",
    "/me/catches",
    "/boards",
    "/boards/week",
    "/teams",
    "/points",
    "/learned",
    "/referee",
    "/join",
)


@settings(max_examples=examples(150))
@given(texts())
def test_what_is_stored_is_one_line_that_shows_what_it_is(text: str) -> None:
    kept = clean(text)
    assert clean(kept) == kept
    assert not {unicodedata.category(sign) for sign in kept} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(kept) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")
    assert kept.encode("utf-8").decode("utf-8") == kept


async def test_pages_show_what_players_typed_as_text(sqlite_template: Path, tmp_path: Path) -> None:
    async with open_world(tmp_path, template=sqlite_template) as world, world.phone() as phone:
        await join(phone, SCRIPT)
        assert (await phone.post("/teams", data={"name": SCRIPT[:30]})).status_code == 303
        session = await start(phone)
        address = f"/sessions/{session['id']}"
        while not session["finished"]:
            turn = session["turn"]
            asked = {"question": f"{SCRIPT} {turn['position']}?", "key": f"key-{turn['position']}"}
            exchange = (await phone.post(f"/api/turns/{turn['id']}/exchanges", json=asked)).json()
            world.clock.now += 20
            session = (await judge(phone, exchange, "wrong", SCRIPT)).json()
        world.clock.now += 20
        for page in (*PAGES, address, f"{address}/end"):
            shown = await phone.get(page, headers={"accept": "text/html"}, follow_redirects=True)
            assert shown.status_code < 500
            assert "<img src=x" not in shown.text, page
        assert "&lt;img src=x onerror" in (await phone.get("/me")).text
        assert "&lt;img src=x onerror" in (await phone.get(f"{address}/end")).text


async def test_every_field_takes_or_refuses_every_known_text(sqlite_template: Path, tmp_path: Path) -> None:
    async with open_world(tmp_path, template=sqlite_template) as world, world.phone() as phone:
        await join(phone)
        turn = (await start(phone))["turn"]
        for text in (*KNOWN, *LONG):
            world.clock.now += 0.5
            sent = text.encode("utf-8", "replace").decode()
            for path, body in (
                ("/api/players", {"nickname": sent, "language": sent, "time_zone": sent, "consent": True}),
                (f"/api/turns/{turn['id']}/exchanges", {"question": sent, "key": sent}),
                ("/api/appeals", {"statement": sent}),
            ):
                reply = await phone.post(path, json=body)
                assert reply.status_code < 500, (path, text[:80])
                assert reply.headers["content-type"] == "application/json"
