"""python benchmarks/load.py [--stores sqlite postgresql] [--processes 1 2] [--players 1 8 32 200 1000]
                          [--past 0 10000 3000000]

Moves a second and their latency over real HTTP on the loopback, beside a bare Starlette application with
SQLite that is measured in the same run; afterwards every acknowledged move is looked up in the store.

A move is two requests: a question (stored before the model is asked, answered, stored) and the verdict on the
answer (stored; its reply brings the next picture, or leave to ask again). The bare application commits both
and answers in the same shapes (`loads/bare.py`). Joining and dealing are done before the clock starts. The
game is served without the wait that hides which answers are falsified (`loads/hosts.py`); `--grid` keeps it.
The model is the scripted one. Client and servers share the machine: compare ratios of one run.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from loads import hosts
from loads.kept import look_up
from loads.past import fill
from loads.players import Log, make_ready, play_all
from loads.stores import Store, open_store
from rich.console import Console
from rich.table import Table

PICTURES = 2_000
"""A control is retired after 200 turns: enough for 40,000 sessions."""
WARM_S = 1.5
"""Played before the clock starts: routes are built and statements compiled when they are first used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One measurement."""

    store: str
    """sqlite, postgresql, or bare."""
    processes: int
    players: int
    past: int
    """Moves that were stored before."""
    moves: int
    per_s: float
    p50_ms: float
    """Of a move: question and verdict together."""
    p95_ms: float
    p99_ms: float
    ask_p95_ms: float
    judge_p95_ms: float
    cpu_us: float
    """Processor time of the server processes a move; not of PostgreSQL's."""
    bytes_: int
    """Received a move."""
    rss_mb: float
    """Resident memory of the largest server process at the end."""
    errors: int
    lost: int
    double: int


def measure(
    store: str, running: Sequence[hosts.Host], *, players: int, seconds: float, look_in: str, past: int = 0
) -> Cell:
    """Lets players play against servers that run, and looks their moves up."""
    ports, signed = [host.port for host in running], store != "bare"

    async def play() -> tuple[Log, Log, float, float]:
        ready = await make_ready(ports, 2 * players + round(60 * seconds), signed=signed)
        warm, log = Log(), Log()
        await play_all(ports, ready, warm, players=players, seconds=WARM_S, signed=signed)
        before = sum(host.cpu_s() for host in running)
        took = await play_all(ports, ready, log, players=players, seconds=seconds, signed=signed)
        return warm, log, took, sum(host.cpu_s() for host in running) - before

    warm, log, took, cpu_s = asyncio.run(play())
    for error in log.errors[:3]:
        print(error, file=sys.stderr)
    kept, moves = look_up(look_in, warm, log, past=past > 0), len(log.verdicts)
    asked, judged = np.array(log.ask_ms or [0.0]), np.array(log.judge_ms or [0.0])
    p50, p95, p99 = (float(np.percentile(asked + judged, share)) for share in (50, 95, 99))
    return Cell(
        store=store,
        processes=len(running),
        players=players,
        past=past,
        moves=moves,
        per_s=moves / took,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        ask_p95_ms=float(np.percentile(asked, 95)),
        judge_p95_ms=float(np.percentile(judged, 95)),
        cpu_us=1e6 * cpu_s / max(1, moves),
        bytes_=log.bytes_ // max(1, moves),
        rss_mb=max(host.rss_mb() for host in running),
        errors=len(log.errors),
        lost=kept.lost,
        double=kept.double,
    )


def bare_cell(folder: Path, *, players: int, seconds: float) -> Cell:
    with tempfile.TemporaryDirectory(dir=folder) as data, hosts.bare(Path(data)) as host:
        url = f"sqlite:///{data}/bare.db"
        return measure("bare", [host], players=players, seconds=seconds, look_in=url)


def game_cell(
    name: str, store: Store, *, processes: int, players: int, past: int, seconds: float, grid: bool
) -> Cell:
    place = store.fresh()
    if past:
        fill(place.look_in, past)
    with ExitStack() as ending:
        running = [
            ending.enter_context(hosts.game(place.data, place.database, grid=grid)) for _ in range(processes)
        ]
        return measure(name, running, players=players, seconds=seconds, look_in=place.look_in, past=past)


def cells(asked: argparse.Namespace, folder: Path) -> Iterator[Cell]:
    """Measures what was asked for: for every number of players the bare application, then the game."""
    with ExitStack() as ending:
        stores = {
            name: ending.enter_context(open_store(name, folder, pictures=PICTURES)) for name in asked.stores
        }
        for players in asked.players:
            yield bare_cell(folder, players=players, seconds=asked.seconds)
            for name, store in stores.items():
                for processes, past in itertools.product(asked.processes, asked.past):
                    yield game_cell(
                        name,
                        store,
                        processes=processes,
                        players=players,
                        past=past,
                        seconds=asked.seconds,
                        grid=asked.grid,
                    )


def table(measured: Sequence[Cell]) -> Table:
    """Rows in the order of measuring; shares are of the bare application with as many players."""
    columns = (
        "store|processes|players|past|moves/s|of bare|p50 ms|p95|p99|CPU us|of bare|bytes|MB|errors|lost|"
        "double"
    )
    shown = Table(*columns.split("|"), box=None)
    bare = {one.players: one for one in measured if one.store == "bare"}
    for one in measured:
        limit = bare[one.players]
        shown.add_row(
            one.store,
            *(f"{n:,}" for n in (one.processes, one.players, one.past)),
            f"{one.per_s:,.0f}",
            f"{one.per_s / limit.per_s:.2f}",
            *(f"{ms:.1f}" for ms in (one.p50_ms, one.p95_ms, one.p99_ms)),
            f"{one.cpu_us:,.0f}",
            f"{limit.cpu_us / one.cpu_us:.2f}",
            *(f"{n:,}" for n in (one.bytes_, round(one.rss_mb), one.errors, one.lost, one.double)),
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stores", nargs="+", default=["sqlite"], choices=["sqlite", "postgresql"])
    parser.add_argument("--processes", nargs="+", type=int, default=[1])
    parser.add_argument("--players", nargs="+", type=int, default=[1, 8, 32, 200, 1000])
    parser.add_argument("--past", nargs="+", type=int, default=[0], help="moves that are stored before")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--grid", action="store_true", help="keep the wait that hides falsified answers")
    parser.add_argument("--json", action="store_true", help="a line for each measurement")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = []
        for one in cells(asked, Path(folder)):
            measured.append(one)
            if asked.json:
                print(json.dumps(asdict(one)), flush=True)
    if not asked.json:
        Console(width=140).print(table(measured))
    if any(one.errors or one.lost or one.double for one in measured):
        sys.exit(1)


if __name__ == "__main__":
    main()
