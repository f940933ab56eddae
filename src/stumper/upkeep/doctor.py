"""`stumper doctor`: what is wrong with this installation, a line each, with the way out. Changes nothing."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from stumper import checks as checked
from stumper.app import build
from stumper.checks import checks
from stumper.config import Settings
from stumper.errors import BadInput, BadSetting, StoreError, StumperError
from stumper.images.files import unwritable
from stumper.store.database import Database
from stumper.store.migrate import schema_state
from stumper.upkeep import queries
from stumper.upkeep.backup import read_manifest
from stumper.upkeep.finding import Finding, State
from stumper.vlm.check import check_model

_LEAST_FREE: Final = 1_000_000_000
"""Bytes: a release of some ten thousand pictures, and the log of a busy day."""
_PATIENCE_S: Final = 30.0
_FELT: Final = {"cache", "clock", "files"}
"""What a process can serve without, and players still feel."""

Look = Callable[[], Awaitable[list[Finding]]]


async def examine(
    settings: Settings, *, clock: Callable[[], float] = time.time, backup: Path | None = None
) -> list[Finding]:
    """Returns what was found; ``backup`` is the newest one, whose age is told. Raises nothing."""
    looks: list[tuple[str, Look]] = [
        ("settings", lambda: _parts(settings, clock)),
        ("room", lambda: _room(settings)),
        ("model", lambda: _model(settings)),
    ]
    found = [_address(settings), _secret(settings)]
    for name, look in looks:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found += await look()
        except (StumperError, SQLAlchemyError, OSError) as error:
            found.append(Finding(name, State.WRONG, str(error)))
        except TimeoutError:
            found.append(
                Finding(name, State.WRONG, f"no answer within {_PATIENCE_S:.0f} s", "Look whether it hangs.")
            )
    if backup is not None:
        found += _backup(backup, now=clock())
    return found


def _address(settings: Settings) -> Finding:
    url = urlsplit(settings.public_url)
    open_to_all = settings.host not in {"127.0.0.1", "localhost", "::1"}
    if settings.public_url and url.scheme not in {"http", "https"}:
        said = f"{settings.public_url!r} is no address"
        return Finding("public_url", State.WRONG, said, "Set STUMPER_PUBLIC_URL to https://HOST.")
    if (open_to_all or settings.public_url) and url.scheme != "https":
        way_out = "Put a proxy with TLS before it and set STUMPER_PUBLIC_URL."
        return Finding(
            "public_url", State.WARN, "players come by plain http: cookies are not secure", way_out
        )
    return Finding("public_url", State.OK, settings.public_url or "this machine only")


def _secret(settings: Settings) -> Finding:
    if settings.secret is not None:
        return Finding("secret", State.OK, "set")
    if settings.database_url.startswith("sqlite"):
        return Finding("secret", State.OK, "kept in the data folder")
    said = "drawn in the data folder: another machine draws another one, and its players are strangers here"
    return Finding("secret", State.WARN, said, "Set the same STUMPER_SECRET for every process.")


async def _parts(settings: Settings, clock: Callable[[], float]) -> list[Finding]:
    """What a start would find, and damage in the database's file."""
    async with build(settings, clock=clock, prepare=False) as app:
        found = [_rated(one) for one in await checks(app, role="")]
        if any(one.name == "database" and one.state is State.OK for one in found):
            found.append(_whole(await _damage(app.database)))
    return found


async def _damage(database: Database) -> list[str]:
    try:
        async with database.read() as tx:
            return await queries.quick_damage(tx)
    except SQLAlchemyError as error:  # too much to be told page by page
        return [str(error).splitlines()[0]]


def _rated(one: checked.Finding) -> Finding:
    if one.ok:
        return Finding(one.name, State.OK, one.said)
    wrong = one.fatal or one.name in _FELT
    return Finding(one.name, State.WRONG if wrong else State.WARN, one.said, one.way_out)


def _whole(damage: list[str]) -> Finding:
    if damage:
        return Finding("integrity", State.WRONG, "; ".join(damage), "Restore a backup: docs/guide/backup.md.")
    return Finding("integrity", State.OK, "no damage found; stumper check looks deeper")


async def _room(settings: Settings) -> list[Finding]:
    if fault := await asyncio.to_thread(unwritable, settings.data):
        way_out = "Give this user the right to write there, or set STUMPER_DATA."
        return [Finding("data", State.WRONG, fault, way_out)]
    found = []
    for folder in filter(None, (settings.data, settings.files_folder)):
        there = next((one for one in (folder, *folder.parents) if one.exists()), Path())
        free = shutil.disk_usage(there).free
        state = State.WARN if free < _LEAST_FREE else State.OK
        said = f"{folder}, {free / 1e9:.1f} GB free"
        found.append(Finding("room", state, said, "Free some space before the disk is full."))
    return found


async def _model(settings: Settings) -> list[Finding]:
    ref = await _opponent(settings)
    able = await check_model(ref, secrets=settings.model_secrets)
    return [Finding("model", State.OK, f"{ref} answers in {able.latency_ms:.0f} ms")]


async def _opponent(settings: Settings) -> str:
    """Returns the model of the campaign's open round, or the one its first round would get."""
    try:
        database = Database(settings.database_url)
    except BadSetting:  # told by its own line
        return settings.model
    try:
        if (await schema_state(database)).current is None:
            return settings.model
        async with database.read() as tx:
            return await queries.opponent(tx, settings.campaign) or settings.model
    except StoreError:  # as well
        return settings.model
    finally:
        await database.close()


def _backup(folder: Path, *, now: float) -> list[Finding]:
    try:
        days = (now - read_manifest(folder).made_at) / 86_400
    except BadInput as error:
        return [Finding("backup", State.WRONG, str(error), "Make one: stumper backup FOLDER")]
    state = State.WARN if days > 1.5 else State.OK
    return [Finding("backup", state, f"{days:.1f} days old", "Make one every day: stumper backup FOLDER")]
