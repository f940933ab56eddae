"""What the database's server tells of itself and of who is connected: version, clock, other processes.

A web process and a worker name themselves in their connections (``application_name``), so PostgreSQL knows
who lives: nothing is written, and nobody who died stays on a list. SQLite has no server and tells nothing.
"""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper import __version__

OLDEST_SERVER: Final = 13
"""Of PostgreSQL: the oldest major version that DBOS, psycopg 3.3 and this code's SQL are all made for."""
_NAME: Final = re.compile(r"stumper (?P<role>web|work) (?P<version>\S+) (?P<secret>\S+) (?P<place>.+)")
_LONGEST: Final = 63
"""Characters of a name that PostgreSQL keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A process of Stumper that is connected to a database."""

    role: str
    """``web`` or ``work``."""
    version: str
    secret: str
    """Tells only whether two web processes sign with the same secret; ``-`` of a worker."""
    place: str
    """Machine and process id."""

    def __str__(self) -> str:
        return f"stumper {self.role} {self.version} {self.secret} {self.place}"


def myself(role: str, *, secret: str | None = None) -> Peer:
    """Returns what this process calls itself; the place is cut to what the server keeps."""
    secret = secret or "-"
    place = f"{os.getpid()}@{re.sub(r'[^!-~]', '', socket.gethostname())}"
    peer = Peer(role=role, version=__version__, secret=secret, place=place)
    return Peer(role=role, version=__version__, secret=secret, place=str(peer)[:_LONGEST].split(" ", 4)[4])


async def server_version(tx: AsyncConnection) -> int | None:
    """Returns PostgreSQL's major version; None on SQLite."""
    if tx.dialect.name != "postgresql":
        return None
    return int((await tx.execute(text("SHOW server_version_num"))).scalar_one()) // 10_000


async def server_clock(tx: AsyncConnection) -> float | None:
    """Returns the seconds since 1970 of the server's clock; None on SQLite."""
    if tx.dialect.name != "postgresql":
        return None
    asked = text("SELECT extract(epoch FROM clock_timestamp())::float8")
    return float((await tx.execute(asked)).scalar_one())


async def peers(tx: AsyncConnection) -> list[Peer]:
    """Returns every web process and worker that is connected, this one included; none on SQLite."""
    if tx.dialect.name != "postgresql":
        return []
    rows = await tx.execute(
        text(
            "SELECT DISTINCT application_name FROM pg_stat_activity "
            "WHERE datname = current_database() ORDER BY application_name"
        )
    )
    found = (_NAME.fullmatch(str(name)) for (name,) in rows)
    return [Peer(**match.groupdict()) for match in found if match]
