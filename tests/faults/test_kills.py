"""A few kills of every part, on both databases: nothing that was acknowledged is lost or there twice.

The long run is `python benchmarks/faults.py --kills 1000`; figures are in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
import random
from functools import partial
from pathlib import Path

import pytest

from tests.faults.network import careless
from tests.faults.parts import Installation
from tests.faults.siege import Outcome, besiege, furnished, kill
from tests.servers import find_binary

pytestmark = pytest.mark.slow


def _assert_whole(outcome: Outcome) -> None:
    assert outcome.wrong == []
    assert outcome.seen.broken == []
    assert outcome.acknowledged > 15


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def test_kills_lose_and_double_nothing(database: str, tmp_path: Path) -> None:
    on_postgres = database == "postgresql"
    if on_postgres and find_binary("initdb") is None:
        pytest.skip("no initdb (Debian: apt-get install postgresql)")
    redis = find_binary("redis-server") is not None
    kinds = ["postgres", "redis", "worker"] if on_postgres else ["web", "model", "worker"]
    seed = 5
    with Installation(tmp_path, postgres=on_postgres, redis=redis, worker=True) as place:
        await furnished(place, pictures=150)
        place.start()

        outcome = await besiege(
            place, people=3, faults=3, fault=partial(kill, kinds=kinds), seed=seed, calm_s=3.0
        )

    _assert_whole(outcome)


async def test_a_careless_network_and_a_jumping_clock_lose_nothing(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    with Installation(
        tmp_path, postgres=False, redis=False, worker=False, STUMPER_TEST_CLOCK=str(clock)
    ) as place:
        await furnished(place, pictures=200)
        place.start()
        jumps = iter((3_600.0, -7_200.0, 0.0))

        async def jump(_place: Installation, _rng: random.Random) -> str:
            await asyncio.sleep(1.5)
            clock.write_text(str(next(jumps)))
            return "clock"

        async with careless(place.port, seed=2) as url:
            outcome = await besiege(
                place, people=3, faults=3, fault=jump, seed=2, calm_s=1.5, twice=0.2, url=url
            )

    _assert_whole(outcome)
