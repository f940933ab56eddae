"""Freezes the accepted examples of a campaign into a release folder that appears whole or not at all.

The folder is written under a temporary name and renamed; its id is its content. Freezing the same examples
with the same seed again gives the same bytes, the same id and the same row.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from stumper.errors import BadRelease
from stumper.images.files import Files
from stumper.records import CampaignId, ImageId, Release, ReleaseId, RoundId, Split
from stumper.release import queries
from stumper.release.card import Facts, card
from stumper.release.formats import (
    PARQUET_NAMES,
    Row,
    jsonl,
    require_pyarrow,
    write_jsonl,
    write_parquet,
)
from stumper.release.manifest import (
    FORMAT,
    Manifest,
    digest_over,
    hash_folder,
    verify_release,
    write_manifest,
)
from stumper.release.portable import portable, portable_ref
from stumper.release.queries import Frame, Source
from stumper.release.splits import split_images
from stumper.store.database import Database

_UNFINISHED: Final = ".freezing-"
_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Line:
    row: Row
    source: Source
    split: Split


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

    ``seed`` fixes the splits and nothing else; keep it over the rounds of a campaign, so that no image moves
    from test to train. Raises NotFound for an unknown round, BadRelease with too few images or without
    pyarrow.
    """
    require_pyarrow()
    async with database.read() as tx:
        frame = await queries.frame(tx, campaign_id=campaign_id, round_id=round_id)
        sources = await queries.sources(tx, campaign_id=campaign_id, up_to_round=frame.round)
    lines = _lines(sources, seed=seed)
    async with _workshop(out) as folder:
        await _write_images(folder, lines, files)
        manifest = await asyncio.to_thread(_write, folder, lines, frame, seed)
        await asyncio.to_thread(_move, folder, out / manifest.id)
    async with database.begin() as tx:
        return await queries.record(
            tx,
            release_id=ReleaseId(manifest.id),
            campaign_id=campaign_id,
            round_id=round_id,
            digest=manifest.digest,
            path=str(out / manifest.id),
            examples=len(lines),
            now=now,
        )


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


def row_id(image_id: ImageId, question: str, answer: str) -> str:
    """Returns the id of an example in every release; it can be found again from the example's own words."""
    return hashlib.sha256(json.dumps([image_id, question, answer]).encode()).hexdigest()[:16]


def _lines(sources: Sequence[Source], *, seed: int) -> list[_Line]:
    """One line for each image, question and answer, by id; of equal ones the most certain counts."""
    splits = split_images((source.image_id for source in sources), seed=seed)
    best: dict[str, Source] = {}
    for source in sources:
        key = row_id(source.image_id, source.question, source.answer)
        if key not in best or source.posterior > best[key].posterior:
            best[key] = source
    return [_Line(_row(key, best[key]), best[key], splits[best[key].image_id]) for key in sorted(best)]


def _row(key: str, source: Source) -> Row:
    return Row(
        id=key,
        image_id=source.image_id,
        image=f"images/{source.image_id}{PurePosixPath(source.file).suffix}",
        question=source.question,
        answer=source.answer,
        wrong_answer=source.wrong_answer,
        category=source.category,
        round=source.round,
        image_licence=source.licence,
    )


def _one_per_image(lines: Sequence[_Line]) -> list[_Line]:
    return list({line.row.image: line for line in lines}.values())


async def _write_images(folder: Path, lines: Sequence[_Line], files: Files) -> None:
    """One at a time: the pictures of a large release do not fit in memory."""
    await asyncio.to_thread((folder / "images").mkdir)
    for line in _one_per_image(lines):
        data = await files.get(line.source.file)
        await asyncio.to_thread((folder / line.row.image).write_bytes, data)


def _write(folder: Path, lines: Sequence[_Line], frame: Frame, seed: int) -> Manifest:
    """Writes all but the images, which lie there already."""
    for split in Split:
        rows = [line.row for line in lines if line.split is split]
        write_jsonl(folder / f"{split}.jsonl", map(jsonl, rows))
        write_parquet(folder / PARQUET_NAMES[split], rows, root=folder)
    write_jsonl(folder / "provenance.jsonl", map(_provenance, lines))
    facts = Facts(
        frame=frame,
        seed=seed,
        rows=tuple((line.split, line.row) for line in lines),
        sources=tuple(line.source for line in lines),
    )
    (folder / "README.md").write_text(card(facts), encoding="utf-8", newline="\n")
    manifest = _manifest(folder, lines, frame, seed)
    write_manifest(folder, manifest)
    folder.chmod(0o755)  # mkdtemp made it private
    return manifest


def _provenance(line: _Line) -> str:
    return json.dumps(
        {
            "id": line.row.id,
            "split": str(line.split),
            "image": line.row.image,
            "image_source": line.source.source,
            "image_licence": line.source.licence,
            "round": line.source.round,
            "model": portable_ref(line.source.model_ref),
            "posterior": round(line.source.posterior, 6),
            "provenance": portable(line.source.provenance),
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def _manifest(folder: Path, lines: Sequence[_Line], frame: Frame, seed: int) -> Manifest:
    files = hash_folder(folder)
    digest = digest_over(files)
    splits, categories = Counter(line.split for line in lines), Counter(line.row.category for line in lines)
    return Manifest(
        format=FORMAT,
        id=digest[:16],
        digest=digest,
        campaign=frame.campaign,
        round=frame.round,
        seed=seed,
        licence=frame.licence,
        images=len(_one_per_image(lines)),
        splits={str(split): splits[split] for split in Split},
        categories={str(name): count for name, count in sorted(categories.items())},
        files=files,
    )


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
