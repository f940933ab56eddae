"""A line tells what happened to which request, and nothing of who plays or what they typed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import httpx2
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.types import EventDict

from stumper.observe import logs
from stumper.observe.requests import Watch, _sent_id
from tests.examples import examples
from tests.front.world import World, ask, join, judge, start
from tests.observe.lines import Lines, written


@pytest.fixture
def lines() -> Iterator[Lines]:
    with written() as caught:
        yield caught


async def test_every_request_writes_one_line(lines: Lines, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    reply = await phone.post("/api/sessions?from=secret-place", json={})

    joined, begun = lines.requests()
    assert (begun["route"], begun["method"], begun["status"]) == ("/api/sessions", "POST", 201)
    assert begun["bytes"] == len(reply.content)
    assert begun["ms"] > 0
    assert begun["request"] == reply.headers["x-request-id"] != joined["request"]
    assert begun["level"] == "info"


async def test_a_line_names_the_route_and_a_pseudonym_but_no_id_no_words_and_no_address(
    lines: Lines, phone: httpx2.AsyncClient, world: World
) -> None:
    player = await join(phone, "Ada Lovelace")
    session = await start(phone)
    exchange = (await ask(phone, session["turn"], "Is it Ada's heron?")).json()
    await judge(phone, exchange, "wrong", "a secret word")
    await phone.get("/nowhere/at/all?q=private")

    last = lines.requests()[-2]
    assert last["route"] == "/api/exchanges/{exchange_id}/verdict"
    assert last["player"] == world.web.state.cookies.pseudonym(player["id"])
    assert lines.requests()[-1]["route"] == "none"
    written_down = lines.getvalue()
    for hidden in (
        player["id"],
        "Lovelace",
        "heron",
        "secret",
        "private",
        "nowhere",
        "127.0.0.1",
        exchange["id"],
    ):
        assert hidden not in written_down
    assert len({line.get("player") for line in lines.requests()}) == 2, "one player, and nobody"


async def test_a_sane_id_of_a_proxy_is_kept_and_any_other_is_not_repeated(
    lines: Lines, phone: httpx2.AsyncClient
) -> None:
    kept = await phone.get("/", headers={"X-Request-ID": "edge-7f3a.0001"})
    made = await phone.get("/", headers={"X-Request-ID": 'a b"<script>'})

    assert kept.headers["x-request-id"] == "edge-7f3a.0001"
    assert "script" not in made.headers["x-request-id"]
    assert [line["request"] for line in lines.requests()] == [
        "edge-7f3a.0001",
        made.headers["x-request-id"],
    ]


@given(st.binary(max_size=80))
@settings(max_examples=examples(200))
def test_what_is_kept_of_an_id_is_short_and_plain(sent: bytes) -> None:
    kept = _sent_id({"headers": [(b"x-request-id", sent)]})

    assert kept == "" or (kept.encode() == sent and 8 <= len(kept) <= 64 and kept.isprintable())


async def test_an_unexpected_error_is_one_line_with_its_traceback(
    lines: Lines, world: World, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(type(world.app.game), "start", broken)
    await join(phone)
    reply = await phone.post("/api/sessions", json={})
    logging.getLogger("uvicorn.error").error(
        "Exception in ASGI application\n", exc_info=ZeroDivisionError("inside")
    )

    (line,) = [line for line in lines.read_all() if line["level"] == "error"]
    assert (line["status"], line["route"]) == (500, "/api/sessions")
    assert "ZeroDivisionError: inside" in line["exception"]
    assert reply.status_code == 500
    assert reply.headers["x-request-id"] == line["request"]


async def test_tasks_begun_by_a_request_write_its_id_and_two_requests_do_not_mix(lines: Lines) -> None:
    log = structlog.get_logger()

    async def app(scope: object, receive: object, send: object) -> None:
        await asyncio.sleep(0.001)
        await asyncio.create_task(asyncio.to_thread(log.info, "inside"))

    async def ask_for(name: bytes) -> None:
        scope = {"type": "http", "method": "GET", "headers": [(b"x-request-id", name)]}
        await Watch(app)(scope, None, None)  # type: ignore[arg-type]

    names = [f"request-{n}" for n in range(8)]
    await asyncio.gather(*(asyncio.create_task(ask_for(name.encode())) for name in names))

    assert sorted(line["request"] for line in lines.read_all() if line["event"] == "inside") == names


async def test_a_sender_who_leaves_is_told_as_such(lines: Lines) -> None:
    async def slow(scope: object, receive: object, send: object) -> None:
        await asyncio.sleep(60)

    watched = Watch(slow)({"type": "http", "method": "BREW", "headers": []}, None, None)  # type: ignore[arg-type]
    task = asyncio.create_task(watched)  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    (line,) = lines.requests()
    assert (line["status"], line["method"]) == (499, "other")


def test_lines_of_libraries_look_the_same(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    # A server of another test may have set them its own way.
    for name in ("uvicorn", "uvicorn.error"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    with logs.bound(request="r-12345678"):
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request %s", "received")
        logging.getLogger("dbos").info("not worth a line")

    (line,) = lines.read_all()
    assert (line["event"], line["level"]) == ("Invalid HTTP request received", "warning")
    assert line["request"] == "r-12345678"


def test_a_library_whose_words_and_arguments_do_not_fit_goes_on(
    lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    # Straight to our handler: pytest's own raises, so that a careless test fails.
    (ours,) = (one for one in logging.getLogger().handlers if isinstance(one, logs._Adopted))
    for said in ("%s of %s", "after %s"):
        ours.handle(logging.makeLogRecord({"msg": said, "args": (1,), "levelname": "ERROR"}))

    assert [line["event"] for line in lines.read_all()] == ["after 1"]
    assert "not enough arguments" in capsys.readouterr().err


def test_a_cleaner_reads_every_line_and_every_traceback(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def masked(_: object, __: str, line: EventDict) -> EventDict:
        return {name: str(said).replace("hunter2", "***") for name, said in line.items()}

    monkeypatch.setattr(logs, "CLEANERS", [masked])
    structlog.get_logger().warning("hunter2", key="hunter2")
    structlog.get_logger().error("broke", exc_info=ValueError("hunter2"))
    logging.getLogger("somebody").error("hunter2")

    assert "hunter2" not in lines.getvalue()
    assert lines.getvalue().count("***") == 4


def test_words_for_a_terminal_and_a_least_level() -> None:
    with written(style="text", level="warning") as lines:
        structlog.get_logger().info("quiet")
        structlog.get_logger().warning("heard", why="it matters")

    assert "quiet" not in lines.getvalue()
    assert "heard" in lines.getvalue()
    assert not lines.getvalue().startswith("{")
