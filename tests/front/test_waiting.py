"""What waits until a player is trusted, as the end page and the API tell it."""

from __future__ import annotations

import html
import re

import httpx2
from sqlalchemy import insert, select, update

from stumper.store.schema import claim, session, waiting
from tests.front.world import World, join, play_through, start


async def test_the_summary_says_what_waits_and_why(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    played = await start(phone)
    await play_through(phone, world.clock, played)
    before = (await phone.get(f"/api/sessions/{played['id']}/summary")).json()
    async with world.app.database.begin() as tx:
        row = (await tx.execute(select(claim).order_by(claim.c.created_at).limit(1))).one()
        await tx.execute(update(claim).where(claim.c.id == row.id).values(status="accepted"))
        owner = (await tx.execute(select(session.c.player_id))).scalar_one()
        gain = {"exchange_id": row.exchange_id, "player_id": owner, "session_id": played["id"]}
        await tx.execute(insert(waiting).values(**gain, points=120, since=1.0))

    after = (await phone.get(f"/api/sessions/{played['id']}/summary")).json()
    page = await phone.get(f"/sessions/{played['id']}/end")

    assert (before["waiting"], after["waiting"]) == (0, 120)
    assert after["points"] == before["points"]
    assert [line["text"] for line in after["lines"] if line["reason"] == "waiting"] == [
        "0: Others confirmed it. +120 wait until we know you better."
    ]
    text = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))
    assert "and +120 waiting" in text
    assert "+120 wait until we know you better." in text
    assert "The referees agree with you. The points wait until we know you better." in text
