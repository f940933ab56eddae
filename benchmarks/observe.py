"""python benchmarks/observe.py

What do log lines and metrics cost a move? Plays the same moves (ask, mark right) against the whole web
application in this process, without a network, with the watch and its lines and without both, in turns on one
store; prints a move's milliseconds on the processor, which other work disturbs least, and their ratio. Traces
stay off. Lines go to a file, as a service's do.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import httpx2

from stumper.front import stream
from stumper.observe import logs
from stumper.observe.requests import Watch
from stumper.records import Rules
from stumper.store.database import Database
from stumper.store.migrate import migrate
from tests.front.world import ask, join, judge, open_world, start

TURNS = 40


async def _bare(self: Watch, scope: Any, receive: Any, send: Any) -> None:
    await self._app(scope, receive, send)


def _nothing(*_: Any) -> None:
    """In the place of a counter; a mock's call would cost more than one."""


@contextmanager
def without() -> Iterator[None]:
    """Takes out the watch of requests and what counts moves; what is left is a look at a counter's lock."""
    with (
        mock.patch.object(Watch, "__call__", _bare),
        mock.patch("prometheus_client.metrics.Counter.inc", _nothing),
        mock.patch("prometheus_client.metrics.Histogram.observe", _nothing),
        mock.patch("prometheus_client.metrics.Gauge.inc", _nothing),
        mock.patch("prometheus_client.metrics.Gauge.dec", _nothing),
    ):
        yield


async def seconds(phone: httpx2.AsyncClient, *, moves: int, name: str) -> float:
    """Processor seconds of so many moves of one player, who leaves each picture after two."""
    await join(phone, name)
    session = await start(phone)
    began = time.process_time()
    for move in range(moves // 2):
        exchange = (await ask(phone, session["turn"], f"What is thing {move}?", key=f"key-{move}")).json()
        session = (await judge(phone, exchange, "correct")).json()
        if move % 4 == 3:
            session = (await phone.post(f"/api/turns/{session['turn']['id']}/skip")).json()
    return time.process_time() - began


async def main(moves: int, repeats: int) -> None:
    pairs = []
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "lines").open("w") as lines:
        template = Path(folder) / "template" / "stumper.db"
        database = Database(f"sqlite:///{template}")
        await migrate(database)
        await database.close()
        logs.configure(style="json", stream=lines)
        stream.GRID_S = 1e-6
        world = open_world(
            Path(folder) / "a", template=template, rules=Rules(turns=TURNS), pictures=4 * TURNS
        )
        async with world as opened:
            for repeat in range(repeats + 1):
                async with opened.phone() as phone:
                    watched = await seconds(phone, moves=moves, name=f"Ada {repeat}")
                with without():
                    async with opened.phone() as phone:
                        pairs.append((watched, await seconds(phone, moves=moves, name=f"Bea {repeat}")))
    del pairs[0]  # warms up
    for name, took in zip(("with", "without"), zip(*pairs, strict=True), strict=True):
        print(f"{name:8} {statistics.median(took) / moves * 1e3:6.3f} ms a move")
    ratios = sorted(watched / bare for watched, bare in pairs)
    print(f"ratio    {statistics.median(ratios):.3f} (least {ratios[0]:.3f}, most {ratios[-1]:.3f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--moves", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=25)
    asked = parser.parse_args()  # more than 60 moves a player run into the limit of questions
    asyncio.run(main(asked.moves, asked.repeats))
