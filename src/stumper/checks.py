"""What can be wrong with an installation, each with the way out: database, schema, clock, cache, files, jobs.

``checks(app)`` looks at all and changes nothing; ``start`` is what a starting process makes of it. An App
that was built without ``prepare`` does not connect, so it can be looked at while its database is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from shlex import quote
from typing import Final

from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from stumper import __version__
from stumper.app import App
from stumper.errors import BadSetting, StoreError
from stumper.store.migrate import SchemaState, schema_state
from stumper.store.server import OLDEST_SERVER, Peer, peers, server_clock, server_version

SKEW_S: Final = 2.0
"""The grace of a verdict: with a larger difference processes end turns that others hold open."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    said: str
    way_out: str = ""
    """What to do where it is not well; empty where ``said`` says it already."""
    fatal: bool = False
    """Whether a process that finds this cannot serve."""

    @property
    def line(self) -> str:
        return f"{self.said} {self.way_out}".strip()


async def checks(app: App, *, role: str = "web") -> list[Finding]:
    """Looks at everything as a process of this role (``web``, ``work``) would; raises nothing.

    Without a role as whoever asks what the next start will find: it brings an older schema up, and is refused
    a newer one, with which a process that runs can go on.
    """
    return [
        *[found async for found in _database(app, role)],
        await _cache(app),
        await _files(app),
        await _jobs(app),
    ]


async def serving(app: App) -> list[Finding]:
    """The cheap part, for a probe every few seconds: database, schema, cache, processes beside this one."""
    return [*[found async for found in _database(app, "web", whole=False)], await _cache(app)]


async def start(app: App, *, role: str) -> list[str]:
    """Returns what a starting process should say. Raises BadSetting for what cannot be served with."""
    found = await checks(app, role=role)
    for one in found:
        if one.fatal and not one.ok:
            raise BadSetting(one.line)
    return [f"Warning: {one.line}" for one in found if not one.ok]


async def _database(app: App, role: str, *, whole: bool = True) -> AsyncIterator[Finding]:
    try:
        state = await schema_state(app.database)
        if state.current is None:
            yield _schema(state, role)
            return
        async with app.database.read() as tx:
            version, there = await server_version(tx), await peers(tx)
            before = app.clock()
            theirs = await server_clock(tx)
            ahead = 0.0 if theirs is None else (before + app.clock()) / 2 - theirs
    except (StoreError, SQLAlchemyError, OSError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        told = isinstance(error, StoreError)
        way_out = "" if told else "If the file is damaged, restore a backup: stumper restore BACKUP"
        yield Finding("database", False, said, way_out, fatal=True)
        return
    yield _version(version)
    yield _schema(state, role)
    yield _others(there, role)
    yield _secrets(there)
    if whole:
        yield _clock(ahead)
        yield _limits(app, there)


def _version(version: int | None) -> Finding:
    if version is None or version >= OLDEST_SERVER:
        return Finding("database", True, "SQLite" if version is None else f"PostgreSQL {version}")
    return Finding(
        "database",
        False,
        f"The database is PostgreSQL {version}; Stumper needs {OLDEST_SERVER} or newer.",
        "Upgrade the server, or name another one with STUMPER_DATABASE.",
        fatal=True,
    )


def _schema(state: SchemaState, role: str) -> Finding:
    if state.current == state.head:
        return Finding("schema", True, f"{state.current}")
    if state.served and role:
        newer = f"{state.current}, newer than this code's {state.head}: another version has added to it"
        return Finding("schema", True, newer)
    known = state.current is None or state.current < state.head
    way_out = f"Start stumper serve of this version ({__version__}) once: it brings the tables up."
    if state.current is not None and known:
        way_out += " Back up before: stumper backup FOLDER"
    return Finding(
        "schema",
        False,
        f"The database has schema {state.current or 'none'}, this code needs {state.head}.",
        way_out
        if known
        else "Install the Stumper that wrote it, or restore a backup: stumper restore BACKUP",
        fatal=not known or bool(role),
    )


def _others(there: Iterable[Peer], role: str) -> Finding:
    """Whether processes of other versions are connected, and whether a worker has a game to work for."""
    there = list(there)
    others = sorted({peer.version for peer in there} - {__version__})
    if others:
        said = f"This is Stumper {__version__}; connected are also {', '.join(others)}."
        return Finding("versions", False, said, "An upgrade ends that; else bring all to one version.")
    if role == "work" and there and all(peer.role != "web" for peer in there):
        said = "No web process is connected to this database, so nobody can play. "
        way_out = "Start one: stumper serve. If one runs, compare STUMPER_DATABASE of both."
        return Finding("versions", False, said.strip(), way_out)
    return Finding(
        "versions", True, f"{len(there)} processes, all of {__version__}" if there else __version__
    )


def _secrets(there: Iterable[Peer]) -> Finding:
    if len({peer.secret for peer in there if peer.role == "web"}) <= 1:
        return Finding("secret", True, "all web processes sign cookies with one secret")
    return Finding(
        "secret",
        False,
        "Web processes sign cookies with different secrets: players are signed out as they go from one to "
        "the other.",
        "Set STUMPER_SECRET to one value for all, or share the file 'secret' of the data folder.",
    )


def _clock(ahead_s: float) -> Finding:
    if abs(ahead_s) <= SKEW_S:
        return Finding("clock", True, f"{abs(ahead_s):.1f} s from the database's")
    way = "ahead of" if ahead_s > 0 else "behind"
    return Finding(
        "clock",
        False,
        f"This machine's clock is {abs(ahead_s):.0f} s {way} the database server's: turns would end too "
        "early or too late.",
        "Let both follow a time server: timedatectl set-ntp true",
    )


def _limits(app: App, there: Iterable[Peer]) -> Finding:
    web = sum(peer.role == "web" for peer in there)
    several = max(app.settings.processes, web)
    if several > 1 and app.settings.cache.startswith("memory"):
        said = f"{several} web processes each count rate limits for themselves, so a player may do "
        said += f"{several} times as much."
        return Finding("limits", False, said, "Set STUMPER_CACHE=redis://HOST for all of them.")
    return Finding("limits", True, "rate limits are counted once")


async def _cache(app: App) -> Finding:
    fault = await app.cache.fault()
    if not fault:
        return Finding("cache", True, "it answers")
    said = f"The cache does not answer: {fault}. Nobody is limited until it does; players notice nothing."
    return Finding("cache", False, said, "Start Redis, or correct STUMPER_CACHE (redis://:PASSWORD@HOST).")


async def _files(app: App) -> Finding:
    fault = await app.files.fault()
    if not fault:
        return Finding("files", True, "pictures can be stored")
    said = f"Pictures cannot be stored: {fault}."
    way_out = "Give this user the right and the room to write there, or set STUMPER_FILES."
    if app.settings.bucket is not None:
        way_out = "Compare STUMPER_FILES, AWS_ENDPOINT_URL, AWS_REGION and the key: docs/guide/bucket.md."
    return Finding("files", False, said, way_out)


async def _jobs(app: App) -> Finding:
    from stumper.jobs import waiting  # DBOS takes half a second to import

    try:
        left = await asyncio.to_thread(waiting, app.settings.jobs_url)
    except StoreError as error:
        return Finding("jobs", False, str(error))
    except ArgumentError:  # not shown: it may hold a password
        way_out = "Set STUMPER_JOBS to sqlite:///PATH or postgresql://USER@HOST/NAME."
        return Finding("jobs", False, "The address of the jobs' database cannot be read.", way_out)
    if not left:
        return Finding("jobs", True, "no long job waits")
    workers = sorted({one.worker for one in left})
    said = f"{len(left)} long jobs wait, the first {left[0].workflow_id!r}, and no worker of their name runs."
    start_one = "; ".join(f"stumper work --name {quote(one)}" for one in workers)
    return Finding("jobs", False, said, f"Start it: {start_one}")
