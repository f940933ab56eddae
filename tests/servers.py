"""Private PostgreSQL and Redis servers for one test run, on Unix sockets in a folder of their own.

Nothing that already runs on the machine is touched. initdb refuses root: then servers run as another user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

# Durability is for databases that live longer than a test run.
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def find_binary(name: str) -> Path | None:
    """Looks in PATH, then where Debian hides the PostgreSQL server (the newest version first)."""
    found = shutil.which(name)
    if found:
        return Path(found)
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    return max(versions, key=lambda path: int(path.parts[-3]), default=None)


@contextmanager
def postgres_server(initdb: Path, postgres: Path, *, durable: bool = False) -> Iterator[str]:
    """A fresh cluster; yields the URL of its database ``postgres``. ``durable``: it syncs every commit."""
    with _folder("stumper-pg-") as (folder, identity):
        data = folder / "data"
        options = ["--username=stumper", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        subprocess.run(
            [initdb, "-D", data, *options], check=True, capture_output=True, cwd=folder, **identity
        )
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            **({} if durable else _FAST),
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with _running([postgres, "-D", data, *arguments], folder, identity, folder / ".s.PGSQL.5432"):
            url = f"postgresql://stumper@/postgres?host={folder}"
            _until_it_answers(url)
            yield url


def _until_it_answers(url: str) -> None:
    # The socket is there a moment before the server takes connections ("the database system is starting up").
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@contextmanager
def redis_server(binary: Path) -> Iterator[str]:
    """An empty Redis that writes nothing to disk; yields its URL."""
    with _folder("stumper-redis-") as (folder, identity):
        socket = folder / "redis.sock"
        arguments = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
        with _running([binary, *arguments], folder, identity, socket):
            yield f"unix://{socket}"


@contextmanager
def _folder(prefix: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    # Not pytest's tmp_path: that is closed to other users, and longer than a socket's 107 characters.
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = _unprivileged()
            os.chown(folder, user.pw_uid, user.pw_gid)
            identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        yield folder, identity


def _unprivileged() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@contextmanager
def _running(command: list[Any], folder: Path, identity: dict[str, Any], socket: Path) -> Iterator[None]:
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, **identity)
    try:
        _wait_for(socket, server, log)
        yield
    finally:
        # Not SIGTERM: PostgreSQL would wait for its clients to leave.
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(socket: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{server.args!r} did not start:\n{log.read_text()}")
        time.sleep(0.05)
