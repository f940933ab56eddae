"""python benchmarks/campaign.py [--players 50000] [--at-once 400] [--processes 1] [--json]

The paper's campaign over HTTP against `stumper serve` with the scripted model: players join, come back or
not, play whole sessions or leave in the middle, fetch every picture and see how each session ended. Prints
the cost as players come, the memory of all server processes, and how many acknowledged moves the store does
not hold.

Behaviour, drawn from a seed (arXiv 2410.04038): in each of six weeks 69.7 % of players play no session,
27.6 % one, 2.7 % two; 65 % of sessions reach the last picture, others end anywhere before. A picture gets one
question and sometimes another, about 1.4, so that 50,000 players ask about 1.1 million. Between two
questions a player waits a third of a second at least: faster ones are refused (30 in 10 seconds). Nothing
else is waited for, so that weeks pass in minutes. What was acknowledged goes to a file, not to memory. The
server writes no line a request (STUMPER_LOG_LEVEL=warning).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from loads.hosts import CAMPAIGN, Host, prepare, serving
from loads.players import Refused, checked, join
from loads.wire import Wire, connect
from rich.console import Console
from rich.table import Table

WEEKS, FINISHED, AGAIN, PAUSE_S = 6, 0.65, 0.31, 0.34
_LOST = """
SELECT COUNT(*) FROM said LEFT JOIN game.exchange AS kept ON kept.id = said.id
WHERE kept.shown_answer IS NOT said.answer OR (said.verdict IS NOT NULL AND kept.verdict IS NOT said.verdict)
"""
_DOUBLE = "SELECT COUNT(*) FROM game.exchange WHERE id NOT IN (SELECT id FROM said)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """How far the campaign is."""

    players: int
    questions: int
    seconds: float
    cpu_s: float
    """Of the server, since it was started."""
    rss_mb: float


class Acknowledged:
    """What the server said it has, in a SQLite file of the client's own."""

    def __init__(self, path: Path) -> None:
        self._store = sqlite3.connect(path, isolation_level=None)
        self._store.execute("PRAGMA synchronous=OFF")
        self._store.execute("CREATE TABLE said (id TEXT PRIMARY KEY, answer TEXT, verdict TEXT)")
        self._store.execute("BEGIN")

    def answer(self, id_: str, answer: str) -> None:
        self._store.execute("INSERT INTO said VALUES (?, ?, NULL)", (id_, answer))

    def verdict(self, id_: str, verdict: str) -> None:
        self._store.execute("UPDATE said SET verdict = ? WHERE id = ?", (verdict, id_))

    def missing(self, game: Path) -> tuple[int, int]:
        """Counts acknowledged moves that the game's file lacks, and its questions nobody was told of."""
        self._store.execute("COMMIT")
        self._store.execute("ATTACH ? AS game", (str(game),))
        ((lost,),) = self._store.execute(_LOST).fetchall()
        ((double,),) = self._store.execute(_DOUBLE).fetchall()
        return lost, double

    def close(self) -> None:
        self._store.close()


@dataclass(slots=True)
class Tally:
    """What has happened so far."""

    began: float
    players: int = 0
    questions: int = 0
    sessions: int = 0
    finished: int = 0
    peak_mb: float = 0.0
    errors: list[str] = field(default_factory=list)
    curve: list[Point] = field(default_factory=list)


def visits(rng: random.Random) -> int:
    """Returns how many sessions a player starts in the whole campaign."""
    return sum(rng.choices((0, 1, 2), (0.697, 0.276, 0.027), k=WEEKS))


class Player:
    """Somebody in the crowd."""

    def __init__(self, port: int, number: int, acknowledged: Acknowledged, tally: Tally, seed: int) -> None:
        self._port, self._number = port, number
        self._wire: Wire
        self._acknowledged, self._tally = acknowledged, tally
        self._rng = random.Random(f"{seed} {number}")
        self._cookie = ""

    async def play(self) -> None:
        """Joins and plays all their sessions; what is no success is an error and ends it."""
        try:
            async with self._connected():
                self._cookie = await join(self._wire, self._number)
            for _ in range(visits(self._rng)):
                async with self._connected():
                    await self._visit()
        except (Refused, OSError, KeyError, TypeError) as error:
            self._tally.errors.append(f"player {self._number}: {error!r}")
        self._tally.players += 1

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        """Each visit has a connection of its own, as days later; so several processes get as many each."""
        self._wire = await connect(self._port)
        try:
            yield
        finally:
            self._wire.close()

    async def _visit(self) -> None:
        session = await self._post("/api/sessions", {})
        self._tally.sessions += 1
        stays = 10 if self._rng.random() < FINISHED else self._rng.randrange(1, 10)
        while not session["finished"] and session["position"] < stays:
            session = await self._picture(session["turn"]["id"])
        if session["finished"]:
            checked(await self._get(f"/api/sessions/{session['id']}/summary"), "summary")
            self._tally.finished += 1

    async def _picture(self, turn_id: str) -> dict[str, Any]:
        """Looks at a picture and asks until an answer is marked wrong."""
        checked(await self._get(f"/api/turns/{turn_id}/picture"), "picture")
        while True:
            began = time.monotonic()
            question = {"question": f"How many dogs, {self._rng.getrandbits(40)}?", "key": self._key()}
            said = await self._post(f"/api/turns/{turn_id}/exchanges", question)
            self._acknowledged.answer(said["id"], said["answer"])
            self._tally.questions += 1
            wrong = self._rng.random() >= AGAIN or said["number"] >= 3
            mark = "wrong" if wrong else "correct"
            body = {"verdict": mark, "correction": f"no, {self._rng.getrandbits(20)}" if wrong else None}
            session = await self._post(f"/api/exchanges/{said['id']}/verdict", body)
            self._acknowledged.verdict(said["id"], mark)
            await asyncio.sleep(max(0.0, began + PAUSE_S - time.monotonic()))
            if wrong:
                return session

    def _key(self) -> str:
        return f"{self._rng.getrandbits(64):x}"

    async def _get(self, path: str) -> Any:
        return await self._wire.send("GET", path, cookie=self._cookie)

    async def _post(self, path: str, body: object) -> dict[str, Any]:
        sent: dict[str, Any] = checked(
            await self._wire.send("POST", path, body, cookie=self._cookie), path
        ).json()
        return sent


async def crowd(host: Host, acknowledged: Acknowledged, *, players: int, at_once: int, seed: int) -> Tally:
    """Lets all play, so many at once, and notes the cost at every tenth of them."""
    tally, numbers = Tally(time.perf_counter()), iter(range(players))
    watching = asyncio.create_task(_watch(host, tally, players))

    async def seat() -> None:
        for number in numbers:
            await Player(host.port, number, acknowledged, tally, seed).play()

    await asyncio.gather(*(seat() for _ in range(min(at_once, players))))
    watching.cancel()
    tally.curve.append(_point(host, tally))
    return tally


async def _watch(host: Host, tally: Tally, players: int) -> None:
    steps: Iterator[int] = (players * tenth // 10 for tenth in range(1, 10))
    following = next(steps)
    while True:
        tally.peak_mb = max(tally.peak_mb, host.rss_mb())
        if tally.players >= following:
            tally.curve.append(_point(host, tally))
            print(f"{tally.curve[-1]}, {len(tally.errors)} errors", file=sys.stderr, flush=True)
            following = next(steps, players + 1)
        await asyncio.sleep(0.5)


def _point(host: Host, tally: Tally) -> Point:
    return Point(
        players=tally.players,
        questions=tally.questions,
        seconds=time.perf_counter() - tally.began,
        cpu_s=host.cpu_s(),
        rss_mb=host.rss_mb(),
    )


def run(folder: Path, *, players: int, at_once: int, processes: int, seed: int) -> dict[str, Any]:
    """Plays a campaign in an empty folder and returns its figures."""
    # A control is retired after 200 turns, and a session has five or six.
    asyncio.run(prepare(folder / "data", "", pictures=max(400, players // 8)))
    command = [sys.executable, "-m", "stumper", "serve", "--campaign", CAMPAIGN, "--model", "scripted:"]
    command += ["--processes", str(processes)]
    quiet = {"STUMPER_DATA": str(folder / "data"), "STUMPER_LOG_LEVEL": "warning"}
    with closing(Acknowledged(folder / "said.db")) as acknowledged:
        with serving(command, quiet) as host:
            tally = asyncio.run(crowd(host, acknowledged, players=players, at_once=at_once, seed=seed))
        lost, double = acknowledged.missing(folder / "data" / "stumper.db")
    return {
        "players": tally.players,
        "sessions": tally.sessions,
        "finished": tally.finished,
        "questions": tally.questions,
        "processes": processes,
        "minutes": (tally.curve[-1].seconds) / 60,
        "peak_mb": tally.peak_mb,
        "errors": tally.errors,
        "lost": lost,
        "double": double,
        "curve": [asdict(point) for point in tally.curve],
    }


def show(figures: dict[str, Any]) -> Table:
    """The curve: what each part of the campaign cost."""
    shown = Table("players", "questions", "seconds", "questions/s", "CPU ms/question", "MB", box=None)
    before = {"questions": 0, "seconds": 0.0, "cpu_s": 0.0}
    for point in figures["curve"]:
        asked = max(1, point["questions"] - before["questions"])
        took = point["seconds"] - before["seconds"]
        shown.add_row(
            f"{point['players']:,}",
            f"{point['questions']:,}",
            f"{point['seconds']:,.0f}",
            f"{asked / max(took, 1e-9):,.0f}",
            f"{1e3 * (point['cpu_s'] - before['cpu_s']) / asked:.2f}",
            f"{point['rss_mb']:,.0f}",
        )
        before = point
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--players", type=int, default=50_000)
    parser.add_argument("--at-once", type=int, default=400, help="players in the game at any time")
    parser.add_argument("--processes", type=int, default=1, help="web processes of the server")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = run(
            Path(folder),
            players=asked.players,
            at_once=asked.at_once,
            processes=asked.processes,
            seed=asked.seed,
        )
    if asked.json:
        print(json.dumps(figures))
    else:
        console = Console(width=120)
        console.print(show(figures))
        told = {name: figures[name] for name in ("sessions", "finished", "questions", "lost", "double")}
        console.print(
            f"{figures['minutes']:.1f} minutes, peak {figures['peak_mb']:,.0f} MB, "
            f"{len(figures['errors'])} errors, {told}"
        )
    for error in figures["errors"][:5]:
        print(error, file=sys.stderr)
    if figures["errors"] or figures["lost"] or figures["double"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
