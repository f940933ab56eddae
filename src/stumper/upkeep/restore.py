"""`stumper restore`: a backup into an empty place; checked before, checked after.

Who asked to be forgotten after the backup was made is in it again, so they must be forgotten again: their ids
come from a list, or from a newer backup, and are forgotten before anybody plays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from stumper.accounts.forget import forget
from stumper.app import open_files
from stumper.config import Settings
from stumper.errors import BadInput, Conflict, StoreError
from stumper.images.files import is_key
from stumper.records import PlayerId
from stumper.store.database import Database
from stumper.store.migrate import head, migrate
from stumper.upkeep import dumps, queries
from stumper.upkeep.backup import FOLDERS, NAME, Manifest, copy, read_manifest
from stumper.upkeep.check import check_store
from stumper.upkeep.checker.folders import sha256
from stumper.upkeep.finding import Finding, some


@dataclass(frozen=True, slots=True)
class Restored:
    manifest: Manifest
    forgotten: tuple[str, ...]
    """Players who were forgotten again."""
    unknown: tuple[str, ...]
    """Ids among those to forget that no player in it has: who came later, or an id that was mistyped."""
    findings: tuple[Finding, ...]
    """What `stumper check` says of it."""


def forgotten_in(path: Path) -> list[str]:
    """Returns player ids of a text file, one a line, or of a newer backup. Raises BadInput."""
    if (path / NAME).is_file():
        return read_manifest(path).forgotten
    try:
        return path.read_text(encoding="utf-8").split()
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} is neither a backup nor a list of players' ids. Name another.") from error


async def restore(settings: Settings, folder: Path, *, forgotten: Sequence[str], now: float) -> Restored:
    """Restores a backup, forgets again, and checks what is there then.

    Raises BadInput for what is no whole backup, or of the other kind of database; Conflict if the place is
    not empty; StoreError if its schema is newer than this code, or if the place cannot be written to.
    """
    manifest = await asyncio.to_thread(_verified, folder)
    _refuse_unfit(settings, manifest)
    try:
        await _store_pictures(settings, folder, manifest)
        await asyncio.to_thread(_copy_back, settings, folder, manifest)
    except OSError as error:
        raise StoreError(
            f"The backup cannot be put in place: {error}. Look at the room and the rights there, delete what "
            "was put there, and say it again."
        ) from error
    database = Database(settings.database_url)
    try:
        await migrate(database)
        async with database.begin() as tx:
            await queries.move_data(tx, old=manifest.data, new=str(settings.data))
            known = await queries.remembered(tx)
        # Some may have been forgotten while the backup was being made.
        again = sorted(known & {*forgotten, *manifest.forgotten})
        for player_id in again:
            await forget(database, PlayerId(player_id), now, scrub_at_once=None)
        found = await check_store(database, files=open_files(settings), releases=settings.data / "releases")
    finally:
        await database.close()
    unknown = sorted(set(forgotten) - known - set(manifest.forgotten))
    return Restored(manifest, tuple(again), tuple(unknown), tuple(found))


def _verified(folder: Path) -> Manifest:
    manifest = read_manifest(folder)
    needed = {"database", "jobs"} if manifest.jobs else {"database"}
    wrong = sorted(needed - manifest.files.keys()) + [
        name
        for name, digest in sorted(manifest.files.items())
        if ".." in Path(name).parts or not (folder / name).is_file() or sha256(folder / name) != digest
    ]
    if wrong:
        raise BadInput(f"The backup {folder} is damaged: {some(wrong)}. Nothing was restored; take another.")
    return manifest


def _refuse_unfit(settings: Settings, manifest: Manifest) -> None:
    if manifest.schema > head():
        raise StoreError(
            f"The backup has schema {manifest.schema}, this Stumper knows up to {head()}. Install Stumper "
            f"{manifest.version} or a newer one. Nothing was restored."
        )
    for url, kind, name in (
        (settings.database_url, manifest.database, "STUMPER_DATABASE"),
        (settings.jobs_url, manifest.jobs, "STUMPER_JOBS"),
    ):
        if kind and dumps.is_sqlite(url) != (kind == "sqlite"):
            raise BadInput(f"The backup holds {kind}. Set {name} to an empty database of that kind.")
        if not dumps.is_empty(url):  # also jobs that the backup has none of: they are another installation's
            shown = make_url(url).render_as_string(hide_password=True)
            raise Conflict(
                f"There is something at {shown} already, and nothing is replaced. Restore into an empty "
                f"place: set STUMPER_DATA to a new folder, or {name} to a new database."
            )
    if manifest.bucket and settings.bucket is None:
        raise BadInput(
            f"The pictures of this backup are in {manifest.bucket}. Set STUMPER_FILES to that, or to another "
            "bucket that has a copy of it."
        )
    for place in filter(None, (settings.files_folder, *(settings.data / name for name in FOLDERS))):
        if place.is_dir() and any(place.iterdir()):
            raise Conflict(
                f"{place} is not empty, and nothing is replaced. Set STUMPER_DATA to a new folder."
            )


async def _store_pictures(settings: Settings, folder: Path, manifest: Manifest) -> None:
    """Puts pictures of a folder into a bucket; one that is there already is not sent again."""
    if settings.files_folder is not None:
        return
    files = open_files(settings)
    for name in sorted(manifest.files):
        if is_key(name.removeprefix("data/files/")):
            data = await asyncio.to_thread((folder / name).read_bytes)
            await files.put(data, suffix=Path(name).suffix)


def _copy_back(settings: Settings, folder: Path, manifest: Manifest) -> None:
    """The database comes last: before it nothing that was restored counts."""
    for name in sorted(name for name in manifest.files if name.startswith("data/")):
        inside = Path(name).relative_to("data")
        target = settings.data / inside
        if name == "data/secret" and target.exists():
            continue
        if inside.parts[0] == "files":
            if settings.files_folder is None:  # in the bucket by now
                continue
            target = settings.files_folder / inside.relative_to("files")
        copy(folder / name, target, mode=0o600 if name == "data/secret" else 0o666)
    if manifest.jobs:
        dumps.load(settings.jobs_url, folder / "jobs")
    dumps.load(settings.database_url, folder / "database")
