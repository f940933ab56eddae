"""People play, parts are killed at random moments, and afterwards the checker reads the store."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stumper.app import build
from stumper.config import Settings
from stumper.images.files import FolderFiles
from stumper.records import Rules
from stumper.store.database import Database
from stumper.upkeep.check import check_store
from stumper.upkeep.checker.journal import read_journals
from stumper.upkeep.finding import Finding, State
from tests.faults.parts import Installation
from tests.faults.people import GaveUp, Person, Seen
from tests.upkeep.played import NAME, furnish

RULES = Rules(quick_turns=3, trust_e=1e-99, min_paid_turn_s=0.0)
"""Everybody is trusted: so people vote, gains are paid at once, and a gain cannot hide in waiting."""

Fault = Callable[[Installation, random.Random], Awaitable[str]]
"""Does something bad, and returns its name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    done: Counter[str]
    """How often each fault was made."""
    seen: Seen
    findings: tuple[Finding, ...]
    acknowledged: int

    @property
    def wrong(self) -> list[Finding]:
        return [one for one in self.findings if one.state is State.WRONG]


async def furnished(place: Installation, *, pictures: int) -> None:
    """Makes tables, campaign and pictures before anything is started."""
    settings = Settings(data=place.data, database=place.database, campaign=NAME)
    async with build(settings) as app:
        await furnish(app, pictures=pictures, rules=RULES, model=place.model)


async def kill(place: Installation, rng: random.Random, kinds: Sequence[str]) -> str:
    """Kills one part at a random moment of its work, and returns once the game serves again."""
    await asyncio.sleep(rng.uniform(0.1, 1.2))
    name = rng.choice([kind for kind in kinds if kind in place.parts])
    await asyncio.to_thread(place.kill, name, away_s=rng.choice([0.0, 0.0, 0.3]))
    await asyncio.to_thread(place.until_it_serves)
    return name


async def besiege(
    place: Installation,
    *,
    people: int,
    faults: int,
    fault: Fault,
    seed: int,
    calm_s: float = 1.0,
    twice: float = 0.0,
    url: str | None = None,
) -> Outcome:
    """Lets people play while faults are made one after the other, then until all is calm, then checks."""
    rng = random.Random(seed)
    seen, until = Seen(), asyncio.Event()
    journals = [place.data.parent / f"journal-{number}.jsonl" for number in range(people)]
    crowd = [
        Person(url or place.url, number, journal=path, seen=seen, seed=seed, twice=twice).play(until)
        for number, path in enumerate(journals)
    ]
    playing = [asyncio.create_task(one) for one in crowd]
    done: Counter[str] = Counter()
    try:
        for _ in range(faults):
            done[await fault(place, rng)] += 1
        await asyncio.sleep(calm_s)
    finally:
        until.set()
        ended = await asyncio.gather(*playing, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException) and not isinstance(one, GaveUp):
            raise one
    findings = await checked(place, [path for path in journals if path.exists()])
    return Outcome(done, seen, tuple(findings), sum(len(path.read_text().splitlines()) for path in journals))


async def checked(place: Installation, journals: Sequence[Path]) -> list[Finding]:
    database = Database(place.database)
    try:
        return await check_store(
            database,
            files=FolderFiles(place.data / "files"),
            releases=place.data / "releases",
            told=read_journals(journals),
        )
    finally:
        await database.close()
