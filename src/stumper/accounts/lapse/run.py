"""Deletes by age: networks of players who stopped, messages that were told, codes that are too old.

Of all processes on one database one does it, once a day; when it ends, also by a kill, another takes over.
What players typed is data, and is deleted on request only (`accounts.forget`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import structlog

from stumper.accounts.lapse import queries
from stumper.errors import StumperError
from stumper.store.database import Database
from stumper.store.sole import held

log = structlog.get_logger()

_DAY_S: Final = 24 * 3600.0
_LOOK_S: Final = 3600.0
"""How often a process looks whether the one that did it is gone, or whether the database is back."""


class Lapsed(NamedTuple):
    """How many of each were deleted."""

    networks: int = 0
    codes: int = 0
    messages: int = 0


async def lapse(database: Database, *, keep_days: int, now: float) -> Lapsed:
    """Deletes what is older than ``keep_days``; codes after a day in any case. 0 days: only codes go."""
    before = now - keep_days * _DAY_S
    async with database.begin() as tx:
        codes = await queries.drop_codes(tx, before=now - _DAY_S)
        if not keep_days:
            return Lapsed(codes=codes)
        networks = await queries.clear_networks(tx, before=before)
        return Lapsed(networks, codes, await queries.drop_messages(tx, before=before))


@asynccontextmanager
async def lapsing(
    database: Database, *, url: str, keep_days: int, clock: Callable[[], float]
) -> AsyncIterator[None]:
    """Deletes at once and every day while the block runs, unless another process on ``url`` does."""
    task = asyncio.create_task(_keep_lapsing(database, url, keep_days, clock))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_lapsing(database: Database, url: str, keep_days: int, clock: Callable[[], float]) -> None:
    while True:
        try:
            with held(url, "players", kind="lapsing") as mine:
                while mine:
                    done = await lapse(database, keep_days=keep_days, now=clock())
                    if any(done):
                        log.info("deleted by age", **done._asdict())
                    await asyncio.sleep(_DAY_S)
        except StumperError as error:
            log.warning("nothing is deleted by age for now", reason=str(error))
        await asyncio.sleep(_LOOK_S)
