"""Pictures from a folder into a campaign's pool; a file that cannot be used is named, and the rest goes on.

What is stored is never the file that came but its cleaned pixels (``clean``, in a ``sandbox``), under the
digest of what is stored: the same picture comes in once, whatever it is called.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from stumper.errors import BadImage, BadInput
from stumper.images.clean import Cleaned, Limits
from stumper.images.files import Files, content_key
from stumper.images.gallery import Gallery
from stumper.images.queries import hung, insert_new, split_seed
from stumper.images.sandbox import Sandbox
from stumper.records import CampaignId, Image, ImageId, ImageKind
from stumper.store.database import Database

__all__ = [
    "Incoming",
    "IngestReport",
    "Limits",
    "Refusal",
    "add_files",
    "add_folder",
    "image_id_of",
    "printable",
]

_ROWS_A_TRANSACTION: Final = 64
_LICENCE_CHARS: Final = 80
_AT_ONCE: Final = min(4, os.cpu_count() or 1)
"""Pictures being decoded: each may take a gigabyte, so no more than four."""


@dataclass(frozen=True, slots=True)
class Refusal:
    name: str
    """Path below the folder, printable."""
    reason: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of every file."""

    added: int
    known: int
    """Already in this campaign's pool, or twice among these files."""
    refused: tuple[Refusal, ...]
    alike: int = 0
    """Look like one that is there: kept all the same, and held out together with it, or left out if told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A file and what is known about it."""

    path: Path
    root: Path
    """Folder that it must not leave."""
    name: str
    kind: ImageKind
    licence: str
    source: str
    labels: dict[str, int] | None = None


def image_id_of(data: bytes) -> ImageId:
    """Returns the id of a stored picture: the first 32 digits of its SHA-256."""
    return ImageId(hashlib.sha256(data).hexdigest()[:32])


async def add_folder(
    database: Database,
    files: Files,
    *,
    campaign_id: CampaignId,
    path: Path,
    licence: str,
    source: str,
    now: float,
    limits: Limits | None = None,
    kind: ImageKind = ImageKind.UNTAINTED,
    skip_alike: bool = False,
) -> IngestReport:
    """Adds the JPEG, PNG, WebP and GIF files (first frame) below ``path``; it may also be one file.

    Give ``kind=CANDIDATE`` for a folder of simple pictures: verified, they become controls. Hidden files are
    left out, and with ``skip_alike`` pictures that look like one of the pool. Raises BadInput without a
    licence or for a path that is not there, NotFound for the campaign.
    """
    if not licence.strip() or len(licence) > _LICENCE_CHARS:
        raise BadInput("Pictures need a licence of 1 to 80 characters, such as 'CC BY 4.0' (--licence).")
    root, paths = await asyncio.to_thread(_below, path)
    found = (
        Incoming(path=file, root=root, name=_shown(file, root), kind=kind, licence=licence, source=source)
        for file in paths
    )
    return await add_files(
        database,
        files,
        found,
        campaign_id=campaign_id,
        limits=limits or Limits(),
        now=now,
        skip_alike=skip_alike,
    )


async def add_files(
    database: Database,
    files: Files,
    incoming: Iterable[Incoming],
    *,
    campaign_id: CampaignId,
    limits: Limits,
    now: float,
    skip_alike: bool = False,
) -> IngestReport:
    """Adds the files in their order; a transaction every 64, so that a stop loses little."""
    async with database.read() as tx:
        seed = await split_seed(tx, campaign_id)
        gallery = Gallery(await hung(tx, campaign_id), seed=seed)
    tally = _Tally(database)
    with Sandbox() as sandbox:
        async with aclosing(_in_order(incoming, limits, sandbox)) as pictures:
            async for one, cleaned in pictures:
                if isinstance(cleaned, BadImage):
                    tally.refused.append(Refusal(one.name, str(cleaned)))
                    continue
                key = content_key(cleaned.data, suffix=cleaned.suffix)
                record, older = gallery.hang(_record(one, cleaned, key=key, campaign_id=campaign_id, now=now))
                tally.alike += older is not None
                if older is None or not skip_alike:
                    await files.put(cleaned.data, suffix=cleaned.suffix)
                    await tally.take(record)
    return await tally.report()


async def _in_order(
    incoming: Iterable[Incoming], limits: Limits, sandbox: Sandbox
) -> AsyncGenerator[tuple[Incoming, Cleaned | BadImage]]:
    """Yields what became of each file, in their order; a few are decoded at the same time."""
    waiting: deque[tuple[Incoming, asyncio.Task[Cleaned | BadImage]]] = deque()
    try:
        for one in incoming:
            waiting.append((one, asyncio.create_task(asyncio.to_thread(_read_clean, one, limits, sandbox))))
            if len(waiting) > _AT_ONCE:
                first, cleaned = waiting.popleft()
                yield first, await cleaned
        while waiting:
            first, cleaned = waiting.popleft()
            yield first, await cleaned
    finally:
        for _, left in waiting:
            left.cancel()


class _Tally:
    """Collects rows, writes them in batches and counts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[Image] = []
        self._added = 0
        self._seen = 0
        self.alike = 0
        self.refused: list[Refusal] = []

    async def take(self, record: Image) -> None:
        self._waiting.append(record)
        if len(self._waiting) >= _ROWS_A_TRANSACTION:
            await self._write()

    async def _write(self) -> None:
        async with self._database.begin() as tx:
            self._added += len(await insert_new(tx, self._waiting))
        self._seen += len(self._waiting)
        self._waiting = []

    async def report(self) -> IngestReport:
        await self._write()
        return IngestReport(self._added, self._seen - self._added, tuple(self.refused), self.alike)


def _record(one: Incoming, cleaned: Cleaned, *, key: str, campaign_id: CampaignId, now: float) -> Image:
    return Image(
        id=image_id_of(cleaned.data),
        campaign_id=campaign_id,
        file=key,
        kind=one.kind,
        width_px=cleaned.width_px,
        height_px=cleaned.height_px,
        source=one.source,
        licence=one.licence.strip(),
        objects=None if one.labels is None else sum(one.labels.values()),
        labels=one.labels,
        look=cleaned.look,
        created_at=now,
    )


class _Found(NamedTuple):
    root: Path
    paths: list[Path]


def _below(path: Path) -> _Found:
    """Finds every file below a folder, sorted; links to folders are not followed, hidden names left out."""
    if path.is_file():
        return _Found(path.parent, [path])
    if not path.is_dir():
        raise BadInput(f"There is no folder {path}. Give a folder of pictures, or one picture.")
    paths = []
    for parent, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        linked = [name for name in folders if Path(parent, name).is_symlink()]
        paths += [Path(parent, name) for name in sorted([*names, *linked]) if not name.startswith(".")]
    return _Found(path, paths)


def _shown(path: Path, root: Path) -> str:
    """Returns a name that can be printed and stored, whatever bytes the file system holds."""
    return printable(os.fsencode(path.relative_to(root)).decode("utf-8", "replace"))


def printable(text: str) -> str:
    """Returns the text without control characters and half surrogates, which no database takes."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _read_clean(one: Incoming, limits: Limits, sandbox: Sandbox) -> Cleaned | BadImage:
    try:
        if not one.licence.strip():
            raise BadImage("no licence is named for it; give one with --licence")
        return sandbox.clean(_read(one.path, one.root, limits), limits)
    except BadImage as error:
        return error


def _read(path: Path, root: Path, limits: Limits) -> bytes:
    """Returns the bytes of a regular file inside ``root``. Raises BadImage for everything else."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            raise BadImage("a link that leaves the folder; copy the picture into it")
        status = real.stat()
        if stat.S_ISDIR(status.st_mode):
            raise BadImage("a link to a folder; links to folders are not followed")
        if not stat.S_ISREG(status.st_mode):
            # Opening a pipe would wait for ever.
            raise BadImage("no regular file")
        if status.st_size == 0:
            raise BadImage("an empty file")
        if status.st_size > limits.max_bytes:
            raise BadImage(f"larger than {limits.max_bytes / 1e6:g} MB")
        with real.open("rb") as file:
            return file.read(limits.max_bytes + 1)  # it may have grown since
    except ValueError as error:
        raise BadImage("a name that no file can have") from error
    except (OSError, RuntimeError) as error:
        # Path.resolve raises RuntimeError for links that lead in a circle (OSError from Python 3.13 on).
        reason = getattr(error, "strerror", None) or "a link that leads nowhere"
        raise BadImage(f"cannot be read: {reason}") from error
