"""The API's moves beside asking and judging: undo, more time, report, ideas."""

from __future__ import annotations

import httpx2

from stumper.front.statics import DIGEST
from tests.front.test_api import refused
from tests.front.world import World, ask, join, judge, start


async def test_a_verdict_is_undone_time_is_added_and_a_picture_reported(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    session = await start(phone)
    exchange = (await ask(phone, session["turn"])).json()
    judged = (await judge(phone, exchange, "wrong", "seventeen")).json()
    assert (judged["position"], judged["undo"], judged["undo_s"]) == (1, exchange["id"], 5.0)

    undone = (await phone.post(f"/api/exchanges/{exchange['id']}/undo")).json()
    world.clock.now += 100
    longer = (await phone.post(f"/api/turns/{undone['turn']['id']}/more")).json()
    reply = await phone.post(f"/api/turns/{undone['turn']['id']}/report", json={"reason": "broken"})

    assert (undone["position"], undone["turn"]["exchanges"][0]["verdict"]) == (0, None)
    assert longer["turn"]["seconds_left"] == 140.0
    assert reply.json()["position"] == 1
    refused(
        await phone.post(f"/api/turns/{undone['turn']['id']}/report", json={"reason": "ugly"}),
        422,
        "bad_input",
        says="reason",
    )


async def test_ideas_name_what_was_not_asked_and_every_reply_the_version(
    phone: httpx2.AsyncClient,
) -> None:
    await join(phone)
    session = await start(phone)
    await ask(phone, session["turn"], question="How many dots are there?")

    reply = await phone.get(f"/api/sessions/{session['id']}/ideas")

    assert reply.json()["categories"][-1] == "counting"
    assert len(reply.json()["categories"]) == 11
    assert reply.headers["stumper-version"] == DIGEST
