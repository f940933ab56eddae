"""What is counted is what happened, and only an operator sees it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import httpx2
import pytest

from stumper.config import share_metrics
from stumper.errors import BadSetting
from stumper.monitoring.watch import telling
from stumper.observe.metrics import process_ended
from stumper.vlm.batching import Batcher
from tests.front.conftest import Worlds
from tests.front.world import QUESTION, SECRET, ask, join, judge, start
from tests.observe.lines import samples, scrape, value


async def test_moves_are_counted_by_kind_and_outcome(phone: httpx2.AsyncClient) -> None:
    before = await scrape(phone)
    await join(phone)
    session = await start(phone)
    exchange = (await ask(phone, session["turn"])).json()
    await judge(phone, exchange, "wrong", "seventeen")
    await judge(phone, exchange, "correct")
    after = await scrape(phone)

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert more("stumper_moves_total", kind="ask", outcome="ok") == 1
    assert more("stumper_moves_total", kind="judge", outcome="ok") == 1
    assert more("stumper_moves_total", kind="judge", outcome="already_judged") == 1
    assert more("stumper_moves_total", outcome="error") == 0
    assert more("stumper_errors_total", code="already_judged") == 1
    assert more("stumper_model_seconds_count", model="scripted:text=two") == 1
    verdicts = {"route": "/api/exchanges/{exchange_id}/verdict", "method": "POST"}
    assert more("stumper_request_seconds_count", **verdicts, status="200") == 1
    assert more("stumper_request_seconds_count", **verdicts, status="409") == 1
    assert value(after, "stumper_model_asked") == 0


async def test_labels_hold_no_player_no_path_and_no_words(phone: httpx2.AsyncClient) -> None:
    player = await join(phone, "Grace")
    session = await start(phone)
    await ask(phone, session["turn"])
    await phone.get("/some/where/else")

    told = " ".join(str(sorted(labels)) for _, labels in await scrape(phone))
    for hidden in (player["id"], "Grace", session["id"], "/some/where", QUESTION):
        assert hidden not in told


async def test_a_model_that_fails_is_counted_by_why(worlds: Worlds) -> None:
    async with worlds(model="openai:http://127.0.0.1:9/v1#none") as world, world.phone() as phone:
        model = world.app.settings.model
        before = await scrape(phone)
        await join(phone)
        session = await start(phone)
        reply = await ask(phone, session["turn"])
        after = await scrape(phone)

    assert reply.status_code == 503
    failed = {"model": model, "code": "model_unavailable"}
    assert value(after, "stumper_model_failures_total", **failed) == 1 + value(
        before, "stumper_model_failures_total", **failed
    )
    assert value(after, "stumper_endpoint_calls_total", model="none", outcome="model_unavailable") >= 1
    assert value(after, "stumper_model_seconds_count", model=model) == 0


@pytest.mark.parametrize("sent", [{}, {"Authorization": "Bearer guess"}, {"Authorization": "Bearer é"}])
async def test_metrics_need_the_token(phone: httpx2.AsyncClient, sent: dict[str, str]) -> None:
    headers = {name: said.encode("latin-1") for name, said in sent.items()}
    reply = await phone.get("/metrics", headers=headers)  # type: ignore[arg-type]

    assert reply.status_code == 401
    assert "stumper_" not in reply.text


async def test_without_a_token_there_are_no_metrics(worlds: Worlds) -> None:
    async with worlds(metrics_token=None) as world, world.phone() as phone:
        reply = await phone.get("/metrics")

    assert reply.status_code == 404
    assert SECRET not in reply.text


async def test_a_queue_is_as_long_as_what_waits(phone: httpx2.AsyncClient) -> None:
    go = threading.Event()
    slow: Batcher[int] = Batcher(lambda batch: [go.wait(5) + 0 for _ in batch], largest=1, name="slow-test")
    waiting = [asyncio.create_task(slow.ask(b"", str(n))) for n in range(4)]
    await asyncio.sleep(0.05)
    held = await scrape(phone)
    go.set()
    await asyncio.gather(*waiting)
    await slow.close()

    assert value(held, "stumper_model_waiting", queue="slow-test") == 3
    assert value(await scrape(phone), "stumper_model_waiting", queue="slow-test") == 0


def test_a_worker_tells_its_metrics_on_loopback_only(unused_tcp_port: int) -> None:
    with telling(unused_tcp_port):
        with urllib.request.urlopen(f"http://127.0.0.1:{unused_tcp_port}/metrics", timeout=5) as reply:
            found = samples(reply.read().decode())
        with pytest.raises(BadSetting, match=r"in use.*STUMPER_METRICS_PORT"), telling(unused_tcp_port):
            raise AssertionError("the port was taken")

    assert ("process_resident_memory_bytes", frozenset()) in found


_COUNT = """
import sys
from pathlib import Path
from stumper.config import shared_metrics
from stumper.observe import metrics
from stumper.observe.metrics import scraped
from prometheus_client import generate_latest

metrics.MOVES.labels("ask", "ok").inc(int(sys.argv[1]))
metrics.JOBS_RUNNING.labels("close round").inc()
sys.stdout.write(generate_latest(scraped(shared=shared_metrics())).decode())
"""


def test_processes_of_one_server_tell_their_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    share_metrics(tmp_path / "metrics")

    def count(n: int) -> str:
        done = subprocess.run(
            [sys.executable, "-c", _COUNT, str(n)], capture_output=True, text=True, check=True, env=os.environ
        )
        return done.stdout

    count(2)
    first = next((tmp_path / "metrics").glob("gauge_livesum_*.db"))
    process_ended(int(first.stem.rsplit("_", 1)[1]), shared=str(tmp_path / "metrics"))
    found = samples(count(40))

    assert value(found, "stumper_moves_total", kind="ask", outcome="ok") == 42
    assert value(found, "stumper_jobs_running") == 1, "the first process has ended"
