"""Servers to be measured, each a process of its own on a free port of the loopback, and their databases."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvicorn
import uvloop
from PIL import Image as Picture

from loads.bare import create_bare
from stumper import campaigns
from stumper.app import build
from stumper.config import Settings, load
from stumper.front import stream
from stumper.front.server import tuned
from stumper.front.web import create_web
from stumper.images.ingest import image_id_of
from stumper.images.queries import insert_new
from stumper.records import Image, ImageKind, Rules

CAMPAIGN = "load"
BENCHMARKS = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Host:
    """A server that runs."""

    port: int
    process: psutil.Process

    def cpu_s(self) -> float:
        """Processor seconds that it and its children have used, in the kernel too."""
        used = [one.cpu_times() for one in self._all()]
        return float(sum(one.user + one.system for one in used))

    def rss_mb(self) -> float:
        """Resident memory of it and its children; what they share is counted for each."""
        return float(sum(one.memory_info().rss for one in self._all()) / 1e6)

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


async def prepare(data: Path, database: str, *, pictures: int, turn_s: float = 120.0) -> None:
    """Makes a campaign with so many plain pictures, half of them declared verified controls."""
    settings = load(data=data, database=database, model="scripted:", campaign=CAMPAIGN)
    async with build(settings) as app:
        now = time.time()
        async with app.database.begin() as tx:
            campaign = await campaigns.open_campaign(
                tx,
                name=CAMPAIGN,
                model_ref="scripted:",
                now=now,
                rng=random.Random(1),
                rules=Rules(turn_s=turn_s),
            )
        images = []
        for number in range(pictures):
            content = _square(number)
            images.append(
                Image(
                    id=image_id_of(content),
                    campaign_id=campaign.id,
                    file=await app.files.put(content, suffix=".png"),
                    kind=ImageKind.UNTAINTED if number % 2 else ImageKind.TAINTED,
                    width_px=64,
                    height_px=64,
                    source="made",
                    licence="CC0 1.0",
                    created_at=now,
                )
            )
        async with app.database.begin() as tx:
            await insert_new(tx, images)


def _square(number: int) -> bytes:
    buffer = io.BytesIO()
    colour = (number % 256, number // 256 % 256, number // 65_536)
    Picture.new("RGB", (64, 64), colour).save(buffer, "PNG")
    return buffer.getvalue()


@contextmanager
def game(data: Path, database: str, *, grid: bool = False) -> Iterator[Host]:
    """The game on a prepared database. Without ``grid`` answers leave at once (see ``_game``)."""
    with _running("--game", str(data), *(["--database", database] if database else []), *_flag(grid)) as host:
        yield host


@contextmanager
def bare(data: Path) -> Iterator[Host]:
    with _running("--bare", str(data)) as host:
        yield host


def _flag(grid: bool) -> list[str]:
    return ["--grid"] if grid else []


@contextmanager
def _running(*arguments: str) -> Iterator[Host]:
    command = [sys.executable, "-m", "loads.hosts", *arguments]
    paths = [str(BENCHMARKS), *filter(None, [os.environ.get("PYTHONPATH")])]
    with serving(command, {"PYTHONPATH": os.pathsep.join(paths)}) as host:
        yield host


@contextmanager
def serving(command: list[str], environment: dict[str, str]) -> Iterator[Host]:
    """Runs a server that takes ``--port``; yields it once it listens, and ends it.

    Raises RuntimeError if it does not listen within 30 seconds.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([*command, "--port", str(port)], env=os.environ | environment)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None:
                raise RuntimeError(f"{command} ended with status {process.returncode}.")
            time.sleep(0.1)
        else:
            raise RuntimeError(f"{command} does not listen on port {port}.")
        yield Host(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _game(settings: Settings, *, grid: bool) -> None:
    """Serves the game as `stumper serve` does, but for the wait that hides which answers are falsified.

    On its grid of a tenth of a second every answer would take as long, whatever the server's own work is.
    """
    if not grid:

        async def at_once(_asked_s: float) -> None:
            """Answers leave when they are there."""

        stream.on_the_grid = at_once
    async with build(settings, prepare=False) as app:
        await uvicorn.Server(tuned(create_web(app), settings)).serve()


def main() -> None:
    """One server process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--game", type=Path)
    parser.add_argument("--bare", type=Path)
    parser.add_argument("--database", default="")
    parser.add_argument("--grid", action="store_true")
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    if asked.bare:
        web = create_bare(asked.bare / "bare.db")
        uvloop.run(uvicorn.Server(tuned(web, load(data=asked.bare, port=asked.port))).serve())
    else:
        settings = load(
            data=asked.game,
            database=asked.database,
            model="scripted:",
            campaign=CAMPAIGN,
            port=asked.port,
        )
        uvloop.run(_game(settings, grid=asked.grid))


if __name__ == "__main__":
    main()
