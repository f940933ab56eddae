"""python benchmarks/faults.py --kills 1000 [--database sqlite|postgresql|both] [--people 8] [--seed 1]

Kills web, worker, model endpoint, Redis and PostgreSQL at random moments while people play over HTTP, then
lets the independent checker read the store. Prints a table: kills of each part, acknowledged moves, how many
of them are lost or there twice, and what players saw. Status 1 if anything is lost, doubled or broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.faults.parts import Installation
from tests.faults.siege import Outcome, besiege, furnished, kill

KINDS = ("web", "worker", "model", "redis")


async def siege(database: str, *, kills: int, people: int, seed: int) -> dict[str, object]:
    """One run on one database; returns its figures."""
    on_postgres = database == "postgresql"
    kinds = [*KINDS, "postgres"] if on_postgres else list(KINDS)
    began = time.perf_counter()
    with (
        tempfile.TemporaryDirectory(prefix="stumper-siege-") as folder,
        Installation(Path(folder), postgres=on_postgres, redis=True, worker=True) as place,
    ):
        await furnished(place, pictures=max(600, 20 * kills))
        place.start()
        fault = partial(kill, kinds=kinds)
        outcome = await besiege(place, people=people, faults=kills, fault=fault, seed=seed, calm_s=5.0)
        said = {name: part.said() for name, part in place.parts.items()}
        if outcome.wrong or outcome.seen.broken:
            sys.stderr.write("".join(map(_troubles, said.values())))
    return _figures(database, outcome, seconds=time.perf_counter() - began)


def _troubles(said: str) -> str:
    """Returns the last lines of a part's log that tell of an error; tracebacks are in them."""
    told = [line for line in said.splitlines() if '"level": "error"' in line]
    return "\n".join(told[-20:])


def _figures(database: str, outcome: Outcome, *, seconds: float) -> dict[str, object]:
    wrong = {one.name: one.said for one in outcome.wrong}
    return {
        "database": database,
        "kills": dict(sorted(outcome.done.items())),
        "acknowledged": outcome.acknowledged,
        "lost": wrong.pop("acknowledged", 0),
        "doubled": wrong.pop("doubled", 0),
        "otherwise wrong": wrong,
        "retries": outcome.seen.retries,
        "longest wait s": round(outcome.seen.worst_s, 1),
        "errors players may not see": outcome.seen.broken,
        "refusals": outcome.seen.codes,
        "seconds": round(seconds),
    }


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--kills", type=int, default=100)
    words.add_argument("--people", type=int, default=8)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    given = words.parse_args()
    databases = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    bad = False
    for place, database in enumerate(databases):
        kills = (given.kills + place) // len(databases)  # an odd one is not lost
        figures = asyncio.run(siege(database, kills=kills, people=given.people, seed=given.seed))
        print(json.dumps(figures, indent=2), flush=True)
        bad |= any(
            figures[name] for name in ("lost", "doubled", "otherwise wrong", "errors players may not see")
        )
    sys.exit(bad)


if __name__ == "__main__":
    main()
