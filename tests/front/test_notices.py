"""What was noticed about a player, told kindly on their pages and over the API, and their appeal."""

from __future__ import annotations

import httpx2

from stumper.records import PlayerId
from stumper.trust.signals import Kind
from stumper.trust.watch import queries
from stumper.trust.watch.appeals import decide
from stumper.trust.watch.kept import Facts, State, Stored
from tests.front.test_web import seen
from tests.front.world import World, join, play_through, start


async def notice_signal(world: World, player_id: str, kind: Kind = Kind.COPIED) -> None:
    facts = Facts(common=7, chances=9, q=1e-8, partners=[PlayerId("somebody-else")])
    one = Stored(PlayerId(player_id), kind, 8.0, facts, State.OPEN)
    async with world.app.database.begin() as tx:
        await queries.write_signal(tx, world.campaign.id, one, known=False, now=world.clock())


async def test_a_player_about_whom_nothing_was_noticed_reads_nothing(phone: httpx2.AsyncClient) -> None:
    await join(phone)

    told = (await phone.get("/api/notices")).json()

    assert told == {"noticed": [], "follows": [], "may_appeal": False, "appeal": None}
    assert 'id="noticed"' not in (await phone.get("/points")).text


async def test_the_end_of_a_session_tells_what_was_noticed_and_offers_an_appeal(
    world: World, phone: httpx2.AsyncClient
) -> None:
    player = await join(phone)
    await notice_signal(world, player["id"])
    session = await play_through(phone, world.clock, await start(phone))

    page = seen(await phone.get(f"/sessions/{session['id']}/end"))

    assert "Something we noticed" in page
    assert "7 of your questions are word for word those of another player" in page
    assert "New bonuses for your catches wait" in page
    assert "Send it to a person" in page
    assert "somebody-else" not in page


async def test_an_appeal_is_kept_shown_and_answered(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    await notice_signal(world, player["id"])

    sent = await phone.post("/appeal", data={"text": "<b>We</b> sit side by side."})
    again = await phone.post("/appeal", data={"text": "Hello?"})

    assert (sent.status_code, again.status_code) == (303, 303)
    page = await phone.get("/points")
    assert "&lt;b&gt;We&lt;/b&gt; sit side by side." in page.text
    assert "We have your message" in page.text
    assert 'action="/appeal"' not in page.text
    answer = "Thank you, brothers."
    await decide(
        world.app.database, world.campaign.id, PlayerId(player["id"]), dismiss=True, answer=answer,
        now=world.clock(),
    )  # fmt: skip
    page = await phone.get("/points")
    assert answer in page.text
    assert "Something we noticed" not in page.text


async def test_the_api_tells_the_same_and_refuses_a_second_appeal(
    world: World, phone: httpx2.AsyncClient
) -> None:
    player = await join(phone)
    await notice_signal(world, player["id"], Kind.PASTED)

    first = await phone.post("/api/appeals", json={"text": "I dictate."})
    second = await phone.post("/api/appeals", json={"text": "Really."})

    assert first.status_code == 201
    assert first.json()["appeal"] == {"text": "I dictate.", "state": "open", "answer": ""}
    assert first.json()["noticed"][0]["kind"] == "pasted"
    assert (second.status_code, second.json()["error"]["code"]) == (409, "conflict")


async def test_appeals_that_cannot_be_are_refused_with_the_way_out(
    world: World, phone: httpx2.AsyncClient
) -> None:
    stranger = await phone.post("/api/appeals", json={"text": "Why?"})
    await join(phone)
    nothing = await phone.post("/api/appeals", json={"text": "Why?"})
    long = await phone.post("/api/appeals", json={"text": "x" * 1001})
    empty = await phone.post("/appeal", data={"text": " "})

    assert [stranger.status_code, nothing.status_code] == [401, 409]
    assert long.status_code == empty.status_code == 422
    assert "1001 characters" in long.json()["error"]["message"]


async def test_whether_words_were_pasted_is_kept(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    turn = (await start(phone))["turn"]
    body = {"question": "How many dots are there?", "key": "k", "pasted": True}
    asked = (await phone.post(f"/api/turns/{turn['id']}/exchanges", json=body)).json()

    await phone.post(f"/api/exchanges/{asked['id']}/verdict", json={"verdict": "correct", "pasted": False})

    async with world.app.database.read() as tx:
        rows = await queries.exchange_rows(tx, world.campaign.id)
    assert [row.pasted for row in rows] == [True]
