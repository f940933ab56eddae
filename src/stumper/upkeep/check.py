"""`stumper check`: does what is stored add up? Reads one moment of the store while players go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import StoreError
from stumper.images.files import Files
from stumper.store.database import Database
from stumper.store.migrate import schema_state
from stumper.upkeep.checker import folders, queries
from stumper.upkeep.checker.journal import Told, compare
from stumper.upkeep.checker.ledger import Differences
from stumper.upkeep.finding import Finding, State, some

_WAY_OUT: Final = (
    "Keep a copy as it is, restore the newest backup that passes, and report it with this line: "
    "docs/guide/backup.md."
)


async def check_store(
    database: Database,
    *,
    files: Files,
    releases: Path,
    hashes: bool = True,
    told: Sequence[Told] = (),
) -> list[Finding]:
    """Returns a finding for each rule; ``told`` are acknowledgements of clients (`checker.journal`).

    ``hashes``: also read every picture and file. Raises StoreError without a database of this schema.
    """
    state = await schema_state(database)
    if not state.served:
        raise StoreError(
            f"The database has schema {state.current or 'none'}, {state.head} can be checked. Start stumper "
            "serve of this version, which brings the tables up, or name another with STUMPER_DATABASE or "
            "STUMPER_DATA."
        )
    async with database.read() as tx:
        await queries.snapshot(tx)
        found = [*await _structure(tx), *await _sums(tx)]
        if told:
            found += await _acknowledged(tx, told)
        keys, frozen = await queries.file_keys(tx), await queries.releases(tx)
    found += [one async for one in folders.look_at_files(files, keys, hashes=hashes, now=time.time())]
    found += await asyncio.to_thread(lambda: list(folders.look_at_releases(releases, frozen)))
    return found


async def _structure(tx: AsyncConnection) -> list[Finding]:
    found = [_finding("file", "damage in the database's file", await queries.damaged_pages(tx))]
    found.append(_finding("references", "rows name others that are not there", await queries.strays(tx)))
    return found + [_finding(one.name, one.said, await queries.offenders(tx, one)) for one in queries.RULES]


async def _sums(tx: AsyncConnection) -> list[Finding]:
    found = Differences()
    async for portion in queries.portions(tx):
        found.look_at(portion)
    return [
        _finding("ledger", "sessions whose points are not those of the rules", found.lines),
        _finding("amounts", "lines with points that no rule gives", found.amounts),
        _finding("boards", "scores that are not the sum of the ledger", found.boards),
        _finding("trust", "players whose E-value is not the product of their marks", found.trust),
        _finding("coins", "sessions or answers that do not follow their coins", found.coins),
    ]


async def _acknowledged(tx: AsyncConnection, told: Sequence[Told]) -> list[Finding]:
    compared = await compare(tx, told)
    return [
        _finding("acknowledged", f"of {compared.moves:,} acknowledged moves are lost", compared.lost),
        _finding("doubled", f"of {compared.moves:,} acknowledged moves are there twice", compared.doubled),
    ]


def _finding(name: str, said: str, ids: Sequence[str]) -> Finding:
    if not ids:
        return Finding(name, State.OK, f"no {said}")
    return Finding(name, State.WRONG, f"{len(ids):,} {said}: {some(ids)}", _WAY_OUT)
