"""`python -m tests.faults.launch serve|toil|model ...`: what is killed, in processes of their own.

`serve` is `stumper serve` with a clock that a test can set (seconds in the file STUMPER_TEST_CLOCK are added)
and, where STUMPER_TEST_ROOM is given, a largest size of any file it writes, as on a full disk. `toil` is a
worker that decides, curates and freezes for ever as durable jobs. `model` is an OpenAI-compatible endpoint.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import uvicorn
from sqlalchemy import text

from stumper import campaigns
from stumper.app import App, build
from stumper.config import load
from stumper.curate.peers import rule_by_hand
from stumper.curate.pipeline import curate
from stumper.errors import BadRelease, Conflict, NotFound
from stumper.front import server, stream
from stumper.jobs import Jobs
from stumper.records import ClaimId
from stumper.release.freeze import freeze
from tests.fake_endpoint import FakeEndpoint


def _clock(path: Path) -> float:
    return time.time() + float(path.read_text() or 0)


def serve() -> None:
    if path := os.environ.get("STUMPER_TEST_CLOCK"):
        server.build = partial(build, clock=partial(_clock, Path(path)))
    if room := os.environ.get("STUMPER_TEST_ROOM"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write fails with EFBIG, and does not kill
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), resource.RLIM_INFINITY))
    stream.GRID_S = 0.005
    settings = load()
    server.run_server(settings, say=lambda _: None)


async def _decide(app: App, seed: int) -> int:
    """Decides some open claims by hand, half of them for their player; returns how many."""
    async with app.database.read() as tx:
        rows = await tx.execute(text("SELECT id FROM claim WHERE status = 'open' ORDER BY id LIMIT 5"))
        ids = [ClaimId(id_) for (id_,) in rows]
    rng = random.Random(seed)
    for id_ in ids:
        with suppress(Conflict, NotFound):  # voters were faster, or it was taken back
            await rule_by_hand(app.database, id_, accept=rng.random() < 0.7, now=app.clock())
    return len(ids)


async def _toil() -> None:
    async with build(load(), prepare=False) as app:
        async with app.database.read() as tx:
            campaign = await campaigns.find_campaign(tx, app.settings.campaign)
            current = await campaigns.current_round(tx, campaign.id)
        jobs = Jobs(app.settings.jobs_url)

        @jobs.step("decide")
        async def decide(number: int) -> int:
            return await _decide(app, number)

        @jobs.step("curate")
        async def curate_it() -> int:
            return (await curate(app.database, campaign.id, current.id, now=app.clock())).added

        @jobs.step("freeze")
        async def freeze_it() -> str:
            try:
                out = app.settings.data / "releases"
                place = {"campaign_id": campaign.id, "round_id": current.id, "out": out}
                return (await freeze(app.database, app.files, **place, seed=1, now=app.clock())).id
            except (BadRelease, Conflict) as error:  # too few pictures yet, or one was taken back
                return str(error)

        @jobs.workflow("toil")
        async def toil(number: int) -> str:
            await decide(number)
            await curate_it()
            return await freeze_it()

        async with jobs:
            for number in range(1_000_000):
                if "freeze" not in await jobs.finished(f"toil-{number}"):
                    await jobs.run(toil, number, workflow_id=f"toil-{number}")
                    await asyncio.sleep(0.05)


def model(port: int) -> None:
    uvicorn.run(FakeEndpoint().app, port=port, log_level="error")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    elif sys.argv[1] == "toil":
        asyncio.run(_toil())
    else:
        model(int(sys.argv[2]))
