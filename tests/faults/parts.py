"""The parts of an installation as processes that can be killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

from tests.servers import _FAST, _folder, _until_it_answers, find_binary

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Part:
    """One process, always with the same command; what it prints goes to a file."""

    def __init__(self, name: str, command: Sequence[Any], *, log: Path, **more: Any) -> None:
        self.name = name
        self._command = list(command)
        self._log = log
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, stdout=output, stderr=output, start_new_session=True, **self._more
            )

    def kill(self) -> None:
        """Ends it and its children at once, without a word (kill -9)."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def said(self) -> str:
        return self._log.read_text(errors="replace")


def python(name: str, *words: Any, log: Path, env: dict[str, str]) -> Part:
    """A part that is one of `tests.faults.launch`."""
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    keep = {key: value for key, value in os.environ.items() if not key.startswith("STUMPER_")}
    environment = keep | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"} | env
    command = [sys.executable, "-m", "tests.faults.launch", *map(str, words)]
    return Part(name, command, log=log, env=environment, cwd=ROOT)


def until_it_serves(part: Part, url: str, *, again: bool = False, patience_s: float = 60.0) -> float:
    """Waits for an answer; returns the seconds it took. Raises RuntimeError with what the part said.

    With ``again`` a part that ended by itself is started again, as a supervisor would.
    """
    began = time.monotonic()
    while time.monotonic() - began < patience_s:
        try:
            httpx2.get(url, timeout=2.0)
            return time.monotonic() - began
        except httpx2.HTTPError:
            if not part.alive:
                if not again:
                    break
                part.start()
            time.sleep(0.02)
    raise RuntimeError(f"{part.name} does not answer at {url}:\n{part.said()[-3000:]}")


@contextmanager
def postgres_part() -> Iterator[tuple[Part, str]]:
    """A PostgreSQL of its own that survives kill -9: unlike the tests' others it writes its log through."""
    initdb, server = find_binary("initdb"), find_binary("postgres")
    assert initdb is not None
    assert server is not None
    with _folder("stumper-faults-") as (folder, identity):
        data = folder / "data"
        made = [initdb, "-D", data, "--username=stumper", "--auth=trust", "--encoding=UTF8", "--no-locale"]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **identity)
        # A killed process loses nothing that it wrote; only a machine that stops needs fsync.
        fast = {name: value for name, value in _FAST.items() if name == "fsync" or name == "autovacuum"}
        chosen = {"listen_addresses": "", "unix_socket_directories": str(folder), **fast}
        words = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        part = Part("postgres", [server, "-D", data, *words], log=folder / "log", cwd=folder, **identity)
        url = f"postgresql://stumper@/postgres?host={folder}"
        part.start()
        try:
            _until_it_answers(url)
            yield part, url
        finally:
            part.kill()


@contextmanager
def redis_part() -> Iterator[tuple[Part, str]]:
    binary = find_binary("redis-server")
    assert binary is not None
    with _folder("stumper-faults-") as (folder, identity):
        path = folder / "redis.sock"
        words = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder]
        part = Part("redis", [binary, *words], log=folder / "log", cwd=folder, **identity)
        part.start()
        try:
            yield part, f"unix://{path}"
        finally:
            part.kill()


class Installation:
    """Web, worker, model and what they need; use it in a ``with`` block, at whose end nothing runs."""

    def __init__(self, folder: Path, *, postgres: bool, redis: bool, worker: bool, **env: str) -> None:
        self._folder = folder
        self._wanted = (postgres, redis, worker)
        self._env = env
        self._stack = ExitStack()
        self.parts: dict[str, Part] = {}
        self.port = free_port()
        self.model_port = free_port()
        self.database = f"sqlite:///{folder / 'data' / 'stumper.db'}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def model(self) -> str:
        return f"openai:http://127.0.0.1:{self.model_port}/v1#sees"

    @property
    def data(self) -> Path:
        return self._folder / "data"

    def __enter__(self) -> Installation:
        postgres, redis, worker = self._wanted
        (self._folder / "data").mkdir()
        env = {
            "STUMPER_DATA": str(self.data), "STUMPER_CAMPAIGN": "squares", "STUMPER_MODEL": self.model,
            "STUMPER_PORT": str(self.port), "STUMPER_SECRET": "of the tests only",
        }  # fmt: skip
        if postgres:
            self.parts["postgres"], self.database = self._stack.enter_context(postgres_part())
        if redis:
            self.parts["redis"], env["STUMPER_CACHE"] = self._stack.enter_context(redis_part())
        env |= {"STUMPER_DATABASE": self.database, **self._env}
        made = {"model": ["model", self.model_port], "web": ["serve"]} | (
            {"worker": ["toil"]} if worker else {}
        )
        for name, words in made.items():
            part = self.parts[name] = python(name, *words, log=self._folder / f"{name}.log", env=env)
            self._stack.callback(part.kill)
        return self

    def start(self) -> None:
        """Starts model, web and worker; the database has its tables and its campaign already."""
        for name in ("model", "web", "worker"):
            if name in self.parts:
                self.parts[name].start()
        self.until_it_serves()

    def until_it_serves(self) -> None:
        """Waits for web and model. Raises RuntimeError with what the one said that does not answer."""
        until_it_serves(self.parts["model"], f"http://127.0.0.1:{self.model_port}/v1/models")
        # A server that starts while its database is away says so and ends: what runs it starts it again.
        until_it_serves(self.parts["web"], f"{self.url}/favicon.ico", again="postgres" in self.parts)

    def kill(self, name: str, *, away_s: float = 0.0) -> None:
        """Kills a part and starts it again, at once or after a while."""
        self.parts[name].kill()
        time.sleep(away_s)
        self.parts[name].start()

    def __exit__(self, *_: object) -> None:
        self._stack.close()
