"""Freezes the accepted examples of a campaign into a release folder that appears whole or not at all.

The folder is written under a temporary name and renamed; its id is its content. Freezing the same examples
with the same seed again gives the same bytes, the same id and the same row. Memory holds columns of numbers
for all examples, and the texts and pictures of some hundred.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from stumper.errors import BadRelease, Conflict, StoreError
from stumper.images.files import Files
from stumper.images.fill import fill_looks
from stumper.images.look import groups
from stumper.images.queries import hung
from stumper.records import CampaignId, Release, ReleaseId, RoundId
from stumper.release import queries
from stumper.release.before import read_before
from stumper.release.columns import Columns, Examples
from stumper.release.folder import Folder
from stumper.release.formats import require_pyarrow, row_id
from stumper.release.manifest import Manifest, verify_release
from stumper.release.plan import make_plan
from stumper.release.press import Press, picture_of
from stumper.release.queries import Frame, Source
from stumper.release.splits import SPLITS, Ints
from stumper.store.database import Database

_UNFINISHED: Final = ".freezing-"
_POLL_S: Final = 0.1
_READ: Final = 5_000
"""Examples read at once for the plan."""
_WRITTEN: Final = 500
"""Examples written at once."""
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


async def freeze(
    database: Database,
    files: Files,
    *,
    campaign_id: CampaignId,
    round_id: RoundId,
    out: Path,
    seed: int,
    now: float,
) -> Release:
    """Freezes the campaign's examples of this round and those before it into ``out / <release id>``.

    ``seed`` fixes the splits and nothing else: give the campaign's ``rules.split_seed``, which dealing uses.
    What the last release of the same seed held stays in its split. Raises NotFound for an unknown round,
    BadRelease with too few pictures or without pyarrow, StoreError on a full disk, and Conflict if examples
    were taken away meanwhile.
    """
    require_pyarrow()
    async with database.read() as tx:
        frame = await queries.frame(tx, campaign_id=campaign_id, round_id=round_id)
        releases = await queries.all_of(tx, campaign_id)
    await fill_looks(database, files, campaign_id)
    examples = await _examples(database, campaign_id, frame)
    before = await asyncio.to_thread(read_before, releases, seed=seed)
    plan = await asyncio.to_thread(make_plan, examples, seed=seed, mix=frame.target_mix, before=before)
    async with _workshop(out) as root:
        press = Press(Folder(root), examples, plan, frame=frame, seed=seed)
        manifest = await _print(press, database, files, campaign_id, out)
        await asyncio.to_thread(root.chmod, 0o755)  # mkdtemp made it private
        await asyncio.to_thread(_move, root, out / manifest.id)
    async with database.begin() as tx:
        return await queries.record(
            tx,
            release_id=ReleaseId(manifest.id),
            campaign_id=campaign_id,
            round_id=round_id,
            digest=manifest.digest,
            path=str(out / manifest.id),
            examples=sum(manifest.splits.values()),
            now=now,
        )


async def _examples(database: Database, campaign_id: CampaignId, frame: Frame) -> Examples:
    async with database.read() as tx:
        pool = await hung(tx, campaign_id)
    leaders = await asyncio.to_thread(groups, {one.id: one.look for one in pool})
    columns = Columns(leaders=leaders)
    after = ""
    while True:
        async with database.read() as tx:
            rows = await queries.slim(tx, campaign_id=campaign_id, frame=frame, after=after, limit=_READ)
        if not rows:
            return await asyncio.to_thread(columns.unique)
        await asyncio.to_thread(columns.add, rows)
        after = rows[-1].id


@asynccontextmanager
async def _workshop(out: Path) -> AsyncIterator[Path]:
    """A folder to write a release in, beside its place, so that it moves there in one step.

    One freeze at a time works in ``out``; so what another one has left there was left by a kill, and goes.
    """
    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    handle = os.open(out, os.O_RDONLY)
    try:
        await _lock(handle)
        for left in await asyncio.to_thread(lambda: list(out.glob(f"{_UNFINISHED}*"))):
            await asyncio.to_thread(shutil.rmtree, left, ignore_errors=True)
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=_UNFINISHED, dir=out))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    finally:
        os.close(handle)  # and with it the lock


async def _lock(handle: int) -> None:
    """Waits for an exclusive lock, which ends with the process, even by kill -9."""
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            await asyncio.sleep(_POLL_S)


async def _print(
    press: Press, database: Database, files: Files, campaign_id: CampaignId, out: Path
) -> Manifest:
    """Writes the release. Raises StoreError that says how much room it needs where there is not enough."""
    try:
        for number, split in enumerate(SPLITS):
            await asyncio.to_thread(press.open, split)
            for rows in press.chunks(number, size=_WRITTEN):
                sources = await _sources(database, campaign_id, press, rows)
                await _add_pictures(press, sources, files)
                await asyncio.to_thread(press.add, rows, sources)
            await asyncio.to_thread(press.close)
        return await asyncio.to_thread(press.finish)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StoreError(
            f"{out} has no room for the release: about {_mb(press.needed)} MB are needed, of which "
            f"{_mb(press.written)} MB were written before it was full. Nothing is left of it. Free some "
            "space, or choose another folder with STUMPER_DATA."
        ) from error
    finally:
        press.abandon()


def _mb(number: float) -> str:
    return f"{number / 1e6:,.1f}"


async def _sources(database: Database, campaign_id: CampaignId, press: Press, rows: Ints) -> list[Source]:
    """Reads a chunk of examples again. Raises Conflict if one is gone, or says something else now."""
    ids = press.ids(rows)
    async with database.read() as tx:
        found = await queries.sources(tx, campaign_id=campaign_id, ids=ids)
    sources = [found[one] for one in ids if one in found]
    if press.keys(rows) != [row_id(one.image_id, one.question, one.answer) for one in sources]:
        raise Conflict("Examples were taken away while the release was written. Build it again.")
    return sources


async def _add_pictures(press: Press, sources: Sequence[Source], files: Files) -> None:
    """One at a time: the pictures of a large release do not fit in memory."""
    for name, key in {picture_of(one): one.file for one in sources}.items():
        if name not in press.folder.files:
            data = await files.get(key)
            await asyncio.to_thread(press.folder.put, name, data)


def _move(folder: Path, target: Path) -> None:
    """Moves the finished folder into place in one step; an equal one that is already there stays."""
    try:
        folder.rename(target)
    except OSError:  # a folder with files in it cannot be replaced
        try:
            verify_release(target)
        except BadRelease:  # damaged by something else than this program
            shutil.rmtree(target)
            folder.rename(target)
