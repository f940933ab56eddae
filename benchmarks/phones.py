"""`python benchmarks/phones.py --phones 200`: simulated phones play over real HTTP against `stumper serve`.

Every phone joins, plays a whole session against the scripted model and keeps what the server acknowledged;
afterwards every acknowledged move is looked up in the database. Loopback only; ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from stumper import campaigns
from stumper.app import build
from stumper.config import load
from stumper.images import queries as image_queries
from stumper.images.toytown import add_toytown
from stumper.records import ImageKind


@dataclass
class Acknowledged:
    """What the server said it has, and how long it took."""

    answers: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    ask_ms: list[float] = field(default_factory=list)
    judge_ms: list[float] = field(default_factory=list)


async def play(url: str, number: int, acknowledged: Acknowledged) -> None:
    """One phone plays one session; whatever is not a success is an error."""
    rng = random.Random(number)
    async with httpx2.AsyncClient(base_url=url, timeout=60) as client:
        client.headers["Origin"] = url
        try:
            await _session(client, number, rng, acknowledged)
        except (httpx2.HTTPError, KeyError, TypeError) as error:
            acknowledged.errors.append(f"phone {number}: {error!r}")


async def _session(
    client: httpx2.AsyncClient, number: int, rng: random.Random, acknowledged: Acknowledged
) -> None:
    async def post(path: str, body: dict[str, object], times: list[float] | None = None) -> dict:
        started = time.perf_counter()
        reply = await client.post(path, json=body)
        if times is not None:
            times.append(1000 * (time.perf_counter() - started))
        reply.raise_for_status()
        return reply.json()

    await post("/api/players", {"nickname": f"phone {number}", "language": "en", "consent": True})
    session = await post("/api/sessions", {})
    while not session["finished"]:
        turn = session["turn"] or (await client.get(f"/api/sessions/{session['id']}")).json()["turn"]
        question = {
            "question": f"What is there, {rng.random()}?",
            "key": f"phone{number}-{rng.getrandbits(60):x}",
        }
        said = await post(f"/api/turns/{turn['id']}/exchanges", question, acknowledged.ask_ms)
        acknowledged.answers[said["id"]] = said["answer"]
        verdict = {"verdict": "wrong", "correction": f"no, {rng.random()}"}
        session = await post(f"/api/exchanges/{said['id']}/verdict", verdict, acknowledged.judge_ms)
        acknowledged.verdicts[said["id"]] = "wrong"
    summary = await client.get(f"/api/sessions/{session['id']}/summary")
    summary.raise_for_status()
    acknowledged.finished.append(session["id"])


async def prepare(data: Path, *, pictures: int) -> None:
    """Fills a pool; the scripted model knows nothing, so the easy pictures are declared verified."""
    settings = load(data=data, model="scripted:")
    async with build(settings) as app:
        async with app.database.begin() as tx:
            campaign = await campaigns.open_campaign(
                tx, name=settings.campaign, model_ref="scripted:", now=time.time(), rng=random.Random(1)
            )
        await add_toytown(
            app.database, app.files, campaign_id=campaign.id, n=pictures, seed=1, now=time.time()
        )
        async with app.database.begin() as tx:
            easy = await image_queries.of_kind(tx, campaign.id, ImageKind.CANDIDATE)
            for picture in easy:
                await image_queries.set_kind(tx, campaign.id, picture.id, kind=ImageKind.TAINTED)


def start_server(data: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Starts `stumper serve` on a free port of the loopback; returns it when it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "stumper", "serve", "--port", str(port), "--model", "scripted:"]
    server = subprocess.Popen(command, env=os.environ | {"STUMPER_DATA": str(data)})
    url = f"http://127.0.0.1:{port}"
    for _ in range(150):
        try:
            if httpx2.get(f"{url}/healthz", timeout=2).status_code == 200:
                return server, url
        except httpx2.HTTPError:
            time.sleep(0.1)
    server.kill()
    raise RuntimeError(f"{command} did not answer at {url} within 15 s")


def lost(data: Path, acknowledged: Acknowledged) -> list[str]:
    """Looks every acknowledged move up; returns those that are not in the database as acknowledged."""
    with sqlite3.connect(data / "stumper.db") as connection:
        rows = connection.execute("SELECT id, shown_answer, verdict FROM exchange")
        stored = {id_: (shown, verdict) for id_, shown, verdict in rows}
        done = {id_ for (id_,) in connection.execute("SELECT id FROM session WHERE finished_at IS NOT NULL")}
    missing = [id_ for id_, text in acknowledged.answers.items() if stored.get(id_, ("", ""))[0] != text]
    missing += [id_ for id_, mark in acknowledged.verdicts.items() if stored.get(id_, ("", ""))[1] != mark]
    return missing + [id_ for id_ in acknowledged.finished if id_ not in done]


def run(*, phones: int, data: Path) -> dict[str, float | int]:
    """Plays one session on each of ``phones`` at once and returns the figures."""
    asyncio.run(prepare(data, pictures=40))
    server, url = start_server(data)
    acknowledged = Acknowledged()

    async def all_phones() -> None:
        await asyncio.gather(*(play(url, number, acknowledged) for number in range(phones)))

    started = time.perf_counter()
    try:
        asyncio.run(all_phones())
    finally:
        server.terminate()
        server.wait(timeout=20)
    seconds = time.perf_counter() - started
    for error in acknowledged.errors[:5]:
        print(error, file=sys.stderr)
    moves = len(acknowledged.answers) + len(acknowledged.verdicts)
    return {
        "phones": phones,
        "sessions_finished": len(acknowledged.finished),
        "moves_acknowledged": moves,
        "moves_lost": len(lost(data, acknowledged)),
        "errors": len(acknowledged.errors),
        "moves_per_s": round(moves / seconds, 1),
        "ask_p50_ms": round(statistics.median(acknowledged.ask_ms), 1),
        "judge_p50_ms": round(statistics.median(acknowledged.judge_ms), 1),
        "judge_p95_ms": round(sorted(acknowledged.judge_ms)[int(0.95 * len(acknowledged.judge_ms))], 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=200)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(phones=parser.parse_args().phones, data=Path(folder))))
