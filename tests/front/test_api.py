"""The JSON API: a whole session, one shape for every refusal, and no word on which pictures are controls."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from stumper.errors import StumperError
from stumper.front import api, stream
from stumper.front.auth import COOKIE
from stumper.front.parts import QUESTIONS
from stumper.records import Rules
from stumper.store.schema import player
from tests.front.conftest import Worlds
from tests.front.world import World, ask, join, judge, play_through, start


def refused(reply: httpx2.Response, status: int, code: str, *, says: str = "") -> str:
    """Checks the one shape of a refusal and returns its message."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/json"
    body = reply.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert body["error"]["code"] == code
    assert says.lower() in body["error"]["message"].lower()
    return str(body["error"]["message"])


# ---- a session ----


async def test_a_whole_session_is_played_and_graded_over_the_api(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    session = await start(phone)

    done = await play_through(phone, world.clock, session)
    summary = (await phone.get(f"/api/sessions/{session['id']}/summary")).json()

    ended = {"position": 4, "finished": True, "turn": None, "undo": done["undo"], "undo_s": done["undo_s"]}
    assert done == {**session, **ended}
    assert len(summary["turns"]) == 4
    assert summary["points"] == sum(line["points"] for line in summary["lines"])
    assert summary["balance"] == max(0, summary["points"])


async def test_the_coins_shown_afterwards_are_those_promised_before(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    session = await start(phone)
    await play_through(phone, world.clock, session)

    summary = (await phone.get(f"/api/sessions/{session['id']}/summary")).json()

    lines = [summary["salt"], *(f"{turn['id']} {turn['coins']}" for turn in summary["turns"])]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == session["commitment"]


async def test_starting_again_resumes_the_unfinished_session(phone: httpx2.AsyncClient) -> None:
    await join(phone)

    first, second = await start(phone), await start(phone)

    assert first["id"] == second["id"]
    assert first["turn"]["id"] == second["turn"]["id"]


async def test_a_quick_session_is_short(phone: httpx2.AsyncClient) -> None:
    await join(phone)

    assert (await start(phone, quick=True))["turns"] == Rules().quick_turns


async def test_the_same_key_returns_the_same_exchange(phone: httpx2.AsyncClient) -> None:
    await join(phone)
    turn = (await start(phone))["turn"]

    first, again = await ask(phone, turn, key="k-1"), await ask(phone, turn, key="k-1")

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()


async def test_the_clock_of_the_server_closes_a_turn(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    session = await start(phone)

    world.clock.now += 200
    later = (await phone.get(f"/api/sessions/{session['id']}")).json()

    assert later["position"] == 1
    assert later["turn"]["id"] != session["turn"]["id"]


# ---- nothing tells a control ----


async def test_no_reply_during_play_tells_controls_from_targets(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    session = await start(phone)
    seen: list[tuple[Any, ...]] = []

    while not session["finished"]:
        turn = session["turn"]
        picture = await phone.get(f"/api/turns/{turn['id']}/picture")
        asked = await ask(phone, turn, key=f"k{turn['position']}")
        headers = {
            name: value
            for name, value in picture.headers.items()
            if name not in {"content-length", "x-request-id"}
        }
        seen.append(
            (
                sorted(turn),
                sorted(asked.json()),
                sorted(session),
                headers,
                dict(asked.headers)["content-type"],
            )
        )
        session = (await judge(phone, asked.json(), "wrong", "ninety")).json()
    controls = [
        turn["control"]
        for turn in (await phone.get(f"/api/sessions/{session['id']}/summary")).json()["turns"]
    ]

    assert set(controls) == {True, False}
    assert all(one == seen[0] for one in seen)
    assert sorted(seen[0][0]) == [
        "exchanges",
        "id",
        "more_at_s",
        "paused",
        "position",
        "questions_left",
        "seconds_left",
    ]
    assert seen[0][3]["cache-control"].startswith("private")
    assert "etag" not in seen[0][3]


async def test_the_pace_of_an_answer_does_not_depend_on_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    monkeypatch.setattr(stream.asyncio, "sleep", nap)
    paces = []
    for answer in ("There are three red birds.", "There are four blue cars."):
        naps.clear()
        events = [event async for event in stream.events(answer, {})]
        paces.append((list(naps), len(events)))

    assert paces[0] == paces[1] == ([stream.WORD_S] * 5, 6)


async def test_answers_leave_on_a_time_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    class Loop:
        def time(self) -> float:
            return 100.0 + 0.2345

    monkeypatch.setattr(stream.asyncio, "sleep", nap)
    monkeypatch.setattr(stream.asyncio, "get_running_loop", Loop)

    await stream.on_the_grid(100.0)

    assert naps == [pytest.approx(0.0655)]
    assert (0.2345 + naps[0]) / stream.GRID_S == pytest.approx(3.0)


async def test_an_answer_is_streamed_word_by_word_and_then_whole(worlds: Worlds) -> None:
    async with worlds(model="scripted:text=a big  red\nduck") as world, world.phone() as phone:
        await join(phone)
        turn = (await start(phone))["turn"]

        reply = await phone.post(
            f"/api/turns/{turn['id']}/exchanges",
            json={"question": "What is it?", "key": "k-1"},
            headers={"Accept": "text/event-stream"},
        )

    assert reply.headers["content-type"].startswith("text/event-stream")
    events = [block.split("\n", 1) for block in reply.text.strip().split("\n\n")]
    words = [json.loads(data.removeprefix("data: ")) for name, data in events if name == "event: word"]
    exchange = json.loads(events[-1][1].removeprefix("data: "))
    assert events[-1][0] == "event: exchange"
    assert "".join(words) == exchange["answer"]
    assert len(words) == 4


async def test_an_empty_desk_says_why(world: World, phone: httpx2.AsyncClient) -> None:
    me = await join(phone)
    assert (await phone.get("/api/claims/next")).json() == {"claim": None, "empty": "not_trusted"}

    async with world.app.database.begin() as tx:
        await tx.execute(update(player).where(player.c.id == me["id"]).values(e_value=500.0))
    assert (await phone.get("/api/claims/next")).json() == {"claim": None, "empty": "nothing_waits"}


# ---- refusals ----


async def test_nothing_but_joining_works_without_joining(phone: httpx2.AsyncClient) -> None:
    for method, path, body in (
        ("POST", "/api/sessions", {}),
        ("GET", "/api/sessions/x", None),
        ("GET", "/api/sessions/x/summary", None),
        ("GET", "/api/turns/x/picture", None),
        ("POST", "/api/turns/x/exchanges", {"question": "Who?", "key": "k"}),
        ("POST", "/api/turns/x/skip", None),
        ("POST", "/api/turns/x/ideas", None),
        ("POST", "/api/exchanges/x/verdict", {"verdict": "correct"}),
        ("GET", "/api/claims/next", None),
        ("GET", "/api/claims/x/picture", None),
        ("POST", "/api/claims/x/vote", {"model_wrong": True, "correction_right": True}),
    ):
        refused(await phone.request(method, path, json=body), 401, "not_signed_in", says="start page")


async def test_a_tampered_cookie_is_refused(phone: httpx2.AsyncClient) -> None:
    await join(phone)
    value = phone.cookies[COOKIE]
    phone.cookies.clear()
    phone.cookies.set(COOKIE, value[:-2] + ("AA" if value[-2:] != "AA" else "BB"))

    refused(await phone.post("/api/sessions", json={}), 401, "not_signed_in", says="join again")


async def test_joining_needs_consent_and_a_name(phone: httpx2.AsyncClient) -> None:
    async def try_to_join(**body: Any) -> httpx2.Response:
        return await phone.post("/api/players", json={"nickname": "Ada", "consent": True, **body})

    refused(await try_to_join(consent=False), 403, "no_consent")
    refused(await try_to_join(nickname=" \u202e\n"), 422, "bad_input", says="name")
    refused(await try_to_join(nickname="a" * 200), 422, "bad_input", says="200")
    refused(await try_to_join(language="klingon!"), 422, "bad_input", says="language")
    assert COOKIE not in phone.cookies


async def test_an_unknown_campaign_and_an_empty_pool_are_told_apart(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)

    refused(await phone.post("/api/sessions", json={"campaign": "mars"}), 404, "not_found", says="toytown")


@pytest.mark.parametrize("pictures", [0, 2])
async def test_too_few_pictures_for_a_session_say_how_to_add_some(worlds: Worlds, pictures: int) -> None:
    async with worlds(pictures=pictures) as world, world.phone() as phone:
        await join(phone)

        refused(await phone.post("/api/sessions", json={}), 409, "pool_empty", says="stumper images")


@pytest.mark.parametrize("question", ["", "   ", "\u200f\u202e", "a" * 301, "a" * 5000])
async def test_a_question_without_words_or_end_is_refused(phone: httpx2.AsyncClient, question: str) -> None:
    await join(phone)
    turn = (await start(phone))["turn"]

    refused(await ask(phone, turn, question=question), 422, "bad_question", says="300")


async def test_a_second_verdict_is_refused_but_the_same_one_is_not(phone: httpx2.AsyncClient) -> None:
    await join(phone)
    turn = (await start(phone))["turn"]
    exchange = (await ask(phone, turn)).json()
    await judge(phone, exchange, "correct")

    refused(await judge(phone, exchange, "wrong", "nine"), 409, "already_judged")
    assert (await judge(phone, exchange, "correct")).status_code == 200


async def test_wrong_needs_the_right_answer(phone: httpx2.AsyncClient) -> None:
    await join(phone)
    turn = (await start(phone))["turn"]
    exchange = (await ask(phone, turn)).json()

    refused(await judge(phone, exchange, "wrong"), 422, "bad_correction")
    refused(await judge(phone, exchange, "wrong", exchange["answer"]), 422, "bad_correction")


async def test_a_verdict_after_time_is_refused(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    turn = (await start(phone))["turn"]
    exchange = (await ask(phone, turn)).json()

    world.clock.now += 500

    refused(await judge(phone, exchange, "correct"), 409, "turn_closed", says="time is up")
    refused(await ask(phone, turn, key="k-2"), 409, "turn_closed")


async def test_another_players_session_is_nobody_elses_business(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    session = await start(phone)
    turn = session["turn"]
    exchange = (await ask(phone, turn)).json()

    async with world.phone() as other:
        await join(other, "Eve")
        for reply in (
            await other.get(f"/api/sessions/{session['id']}"),
            await other.get(f"/api/sessions/{session['id']}/summary"),
            await other.get(f"/api/turns/{turn['id']}/picture"),
            await other.post(f"/api/turns/{turn['id']}/skip"),
            await ask(other, turn, key="k-9"),
            await judge(other, exchange, "correct"),
        ):
            refused(reply, 403, "not_yours")


async def test_the_summary_waits_for_the_end(phone: httpx2.AsyncClient) -> None:
    await join(phone)
    session = await start(phone)

    refused(
        await phone.get(f"/api/sessions/{session['id']}/summary"), 409, "conflict", says="end of the session"
    )


async def test_a_picture_still_to_come_is_not_shown(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    session = await start(phone)
    async with world.app.database.read() as tx:
        rows = await tx.exec_driver_sql("SELECT id FROM turn ORDER BY position")
        turns = [row[0] for row in rows]

    assert turns[0] == session["turn"]["id"]
    refused(await phone.get(f"/api/turns/{turns[1]}/picture"), 409, "conflict")


async def test_a_model_that_is_down_stops_the_clock_and_keeps_the_question(worlds: Worlds) -> None:
    async with worlds(model="scripted:fail=2&text=two") as world, world.phone() as phone:
        await join(phone)
        session = await start(phone)
        turn = session["turn"]
        first = (await ask(phone, turn, key="k-1")).json()
        await judge(phone, first, "correct")

        down = await ask(phone, turn, key="k-2", question="And cats?")
        world.clock.now += 1000
        waiting = (await phone.get(f"/api/sessions/{session['id']}")).json()["turn"]
        again = await ask(phone, turn, key="k-2", question="And cats?")

    refused(down, 503, "model_unavailable", says="question is kept")
    assert down.headers["retry-after"]
    assert waiting["id"] == turn["id"]
    assert waiting["paused"] is True
    assert waiting["seconds_left"] == turn["seconds_left"]
    assert waiting["exchanges"][-1]["question"] == "And cats?"
    assert waiting["exchanges"][-1]["answer"] is None
    assert again.status_code == 201


async def test_more_than_a_request_may_hold_is_refused(phone: httpx2.AsyncClient) -> None:
    await join(phone)
    turn = (await start(phone))["turn"]

    refused(await ask(phone, turn, question="a" * 70_000), 413, "too_large", says="64 KiB")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "nickname"),
        ({"nickname": "Ada", "consent": "perhaps"}, "consent"),
        ({"nickname": 7, "consent": True}, "nickname"),
        ({"nickname": "Ada", "consent": True, "player_id": "eve"}, "player_id"),
        ([], "body"),
    ],
)
async def test_a_body_of_another_shape_is_refused_by_field(
    phone: httpx2.AsyncClient, body: Any, says: str
) -> None:
    refused(await phone.post("/api/players", json=body), 422, "bad_input", says=says)


async def test_what_is_no_json_is_refused(phone: httpx2.AsyncClient) -> None:
    reply = await phone.post("/api/players", content=b"{nick", headers={"Content-Type": "application/json"})

    refused(reply, 422, "bad_input")


@pytest.mark.parametrize("key", ["", "a b", "k" * 65, "k\n", "ключ"])
async def test_a_key_that_cannot_be_kept_is_refused(phone: httpx2.AsyncClient, key: str) -> None:
    await join(phone)
    turn = (await start(phone))["turn"]

    refused(await ask(phone, turn, key=key), 422, "bad_input", says="key")


async def test_unknown_addresses_and_methods_have_the_same_shape(phone: httpx2.AsyncClient) -> None:
    refused(await phone.get("/api/nothing"), 404, "not_found")
    refused(await phone.get("/api"), 404, "not_found")
    refused(await phone.delete("/api/players"), 405, "method_not_allowed")
    refused(await phone.get("/api/nothing", headers={"Accept": "text/html"}), 404, "not_found")


async def test_unknown_ids_say_where_to_go(phone: httpx2.AsyncClient) -> None:
    await join(phone)

    for reply in (
        await phone.get("/api/sessions/nope"),
        await phone.get("/api/turns/nope/picture"),
        await phone.post("/api/turns/nope/skip"),
        await ask(phone, {"id": "nope"}),
        await judge(phone, {"id": "nope"}, "correct"),
    ):
        refused(reply, 404, "not_found")
    # Whether there is such a case is the referees' to know.
    refused(await phone.get("/api/claims/nope/picture"), 403, "not_yours")


async def test_a_hundred_taps_a_second_are_slowed_down(phone: httpx2.AsyncClient) -> None:
    await join(phone)
    turn = (await start(phone))["turn"]

    replies = [await ask(phone, turn, key="k-1") for _ in range(QUESTIONS.times + 1)]

    assert {reply.status_code for reply in replies[:-1]} == {201}
    refused(replies[-1], 429, "too_many", says="wait")
    assert replies[-1].headers["retry-after"] == "10"


async def test_a_move_from_another_site_is_refused(phone: httpx2.AsyncClient) -> None:
    await join(phone)

    reply = await phone.post("/api/sessions", json={}, headers={"Sec-Fetch-Site": "cross-site"})

    refused(reply, 403, "cross_site")


async def test_what_breaks_inside_is_told_without_details(
    phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_(*_: object, **__: object) -> None:
        raise RuntimeError("postgresql://root:hunter2@db")

    await join(phone)
    session = await start(phone)
    monkeypatch.setattr(api, "finish", break_)
    monkeypatch.setattr("stumper.play.game.Game.summary", break_)

    reply = await phone.get(f"/api/sessions/{session['id']}/summary")

    assert "hunter2" not in refused(reply, 500, "error", says="try again")


# ---- the description ----


def routes(world: World) -> dict[str, Any]:
    return dict(world.web.openapi()["paths"])


async def test_every_route_of_the_api_is_described_with_its_refusals(world: World) -> None:
    described = routes(world)

    assert len(described) == 24
    for path, methods in described.items():
        assert path.startswith("/api/")
        for method, operation in methods.items():
            assert operation["description"], (method, path)
            for status in ("401", "409", "422", "503"):
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorOut"}, (method, path, status)


def test_every_error_has_a_code_and_a_client_or_server_status() -> None:
    def below(kind: type[StumperError]) -> list[type[StumperError]]:
        return [kind, *(found for sub in kind.__subclasses__() for found in below(sub))]

    for kind in below(StumperError):
        assert 400 <= kind.status < 600
        assert kind.code == kind.code.lower()
