"""`stumper backup`: all that may not be lost, in one folder that appears whole or not at all.

    backup.json         version, schema, time, counts, who was forgotten, SHA-256 of every file below
    database, jobs      SQLite files or PostgreSQL dumps
    data/               files, releases, models, evaluations and the secret that signs cookies

Pictures in a bucket are not copied: `backup.json` says which bucket it is. Whoever keeps the bucket keeps
copies of it, and Stumper never replaces or deletes a picture in it.

The database is read first, at one moment: pictures, releases and models are written before the rows that name
them, so all that it names is there when they are copied after it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from stumper import __version__
from stumper.config import Settings
from stumper.errors import BadInput, StoreError
from stumper.store.database import Database
from stumper.store.migrate import schema_state
from stumper.upkeep import dumps, queries
from stumper.upkeep.checker.folders import sha256

NAME: Final = "backup.json"
FORMAT: Final = 1
FOLDERS: Final = ("releases", "models", "evaluations")
"""Below the data folder, beside the pictures."""
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    format: int
    version: str
    schema: str
    made_at: float
    data: str
    """The data folder it was made of, as rows name it."""
    database: str
    """sqlite or postgresql."""
    jobs: str
    """The same, or empty if there were no jobs yet."""
    counts: dict[str, int]
    """Rows a table, a moment after the copy was made."""
    forgotten: list[str]
    """Players who were forgotten by then; an older backup that is restored must forget them again."""
    files: dict[str, str]
    """Path -> SHA-256."""
    bucket: str = ""
    """s3://BUCKET/PREFIX where the pictures were and are; empty: they are in ``files``."""


async def back_up(settings: Settings, target: Path, *, now: float) -> Manifest:
    """Writes the backup while players play on.

    Raises BadInput if ``target`` is there, StoreError without a database or room, BadSetting without pg_dump.
    """
    return await asyncio.to_thread(_write, settings, target, now)


def _write(settings: Settings, target: Path, now: float) -> Manifest:
    if target.exists() or target.is_symlink():
        raise BadInput(f"{target} is there already. Name a new folder: a backup never replaces another.")
    try:
        with _appearing(target) as folder:
            kind = _kind(settings.database_url)
            dumps.dump(settings.database_url, folder / "database")
            jobs = _dump_jobs(settings, folder / "jobs")
            facts = asyncio.run(_facts(settings.database_url))
            hashes = _copy_folders(settings, folder / "data")
            for name in ("database", "jobs"):
                if (folder / name).exists():
                    hashes[name] = sha256(folder / name)
            manifest = Manifest(
                format=FORMAT, version=__version__, made_at=now, data=str(settings.data), jobs=jobs,
                database=kind, files=hashes, bucket=settings.files if settings.bucket else "", **facts,
            )  # fmt: skip
            (folder / NAME).write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n")
    except OSError as error:
        raise StoreError(
            f"No backup at {target}: {error}. Nothing is left of it. Look at the room and the rights there, "
            "and say it again."
        ) from error
    return manifest


def _kind(url: str) -> str:
    return "sqlite" if dumps.is_sqlite(url) else "postgresql"


def _dump_jobs(settings: Settings, target: Path) -> str:
    url = settings.jobs_url
    if dumps.is_empty(url) or dumps.is_same(url, settings.database_url):
        return ""
    dumps.dump(url, target)
    return _kind(url)


async def _facts(url: str) -> dict[str, Any]:
    """Returns what a manifest tells of a database, whose schema may be older than this code's."""
    database = Database(url)
    try:
        schema = (await schema_state(database)).current
        if schema is None:
            raise StoreError(
                "The database holds nothing of Stumper's yet. Name another with STUMPER_DATABASE or "
                "STUMPER_DATA; a new one needs no backup."
            )
        async with database.read() as tx:
            counts, forgotten = await queries.counts(tx), await queries.forgotten(tx)
        return {"schema": schema, "counts": counts, "forgotten": forgotten}
    finally:
        await database.close()


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A private folder beside ``target`` that takes its name at the end, or is gone."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=target.parent))
    try:
        yield folder
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_folders(settings: Settings, target: Path) -> dict[str, str]:
    """Copies what is whole; returns path in the backup -> SHA-256."""
    sources = {name: settings.data / name for name in FOLDERS}
    if settings.files_folder is not None:
        sources["files"] = settings.files_folder
    hashes = {}
    for name, folder in sources.items():
        for path in _files_below(folder):
            inside = path.relative_to(folder)
            hashes[f"data/{name}/{inside.as_posix()}"] = copy(path, target / name / inside)
    secret = settings.data / "secret"
    if settings.secret is None and secret.is_file():
        hashes["data/secret"] = copy(secret, target / "secret", mode=0o600)
    return hashes


def _files_below(folder: Path) -> list[Path]:
    """Returns the files that are whole, in order; what links lead to is held as well."""
    found = []
    for place, inside, names in os.walk(folder, followlinks=True):
        # hidden: being written, or left by a kill
        inside[:] = [one for one in inside if not one.startswith(".")]
        found += [Path(place) / name for name in names if not name.startswith(".")]
    return sorted(path for path in found if path.is_file())


def copy(source: Path, target: Path, *, mode: int = 0o666) -> str:
    """Copies a file and returns the SHA-256 of what was written; nobody without ``mode`` ever reads it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    target.touch(mode=mode, exist_ok=False)
    with source.open("rb") as reading, target.open("wb") as writing:
        while part := reading.read(_CHUNK):
            digest.update(part)
            writing.write(part)
    return digest.hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Returns what a backup says of itself. Raises BadInput if it is none, or of another format."""
    try:
        data = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise BadInput(f"{folder} has format {data['format']}, this Stumper reads {FORMAT}. Update it.")
        return TypeAdapter(Manifest).validate_python(data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{folder} is no backup: {NAME} is missing or damaged. Name another.") from error
