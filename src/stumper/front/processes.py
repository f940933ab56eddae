"""Several web processes on one listening socket: started, watched, renewed in turn, stopped together.

The kernel hands each new connection to a process that takes one, so there is no proxy between; one that stops
takes no more, and what waits in the socket goes to the others. A process that dies is started again, later
each time if it dies at once. SIGHUP renews all in turn, from what is installed by then: a new one serves
before the old one is asked to stop. A child whose parent was killed stops as well.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Final

from stumper.config import Settings, cookie_secret, share_metrics, shared_metrics
from stumper.errors import StumperError
from stumper.front.server import address_of, run, serve
from stumper.observe.metrics import process_ended

Say = Callable[[str], None]
_SPAWN: Final = multiprocessing.get_context("spawn")
"""Not a fork: a fork would keep the code that was loaded, and a renewal is also for new code."""
_TICK_S: Final = 0.2
_READY_S: Final = 120.0
"""A start may migrate a large database."""
_AT_ONCE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 30.0
_KILL_AFTER_S: Final = 10.0
"""Beyond what a process has to stop in."""


@dataclass(slots=True)
class _Child:
    process: SpawnProcess
    told: Connection
    began_s: float
    pause_s: float = 0.0
    """How long its place is left empty if it dies at once."""
    served: bool = False
    """Whether it said that it listens."""
    again_s: float | None = None
    """When its place is filled again; None while it lives."""


def run_processes(settings: Settings, listener: socket.socket, *, say: Say) -> None:
    """Serves by ``settings.processes`` processes until SIGTERM or SIGINT.

    Raises what the first process raised if it could not start.
    """
    cookie_secret(settings)  # drawn once, before several want it
    share_metrics(settings.data / "metrics")
    crew = _Crew(settings, listener, say)
    before = {one: signal.signal(one, crew.hear) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        crew.run()
    finally:
        crew.stop()
        for one, handler in before.items():
            signal.signal(one, handler)


class _Crew:
    def __init__(self, settings: Settings, listener: socket.socket, say: Say) -> None:
        self._settings = settings
        self._listener = listener
        self._say = say
        self._children: list[_Child] = []
        self._stop = self._renew = False

    def hear(self, received: int, _frame: FrameType | None) -> None:
        if received == signal.SIGHUP:
            self._renew = True
        else:
            self._stop = True

    def run(self) -> None:
        # The first alone: it says what is wrong, and makes what the others then find.
        first = self._started(speaks=True)
        self._children.append(first)
        if not self._ready(first):
            return
        self._children += [self._started() for _ in range(self._settings.processes - 1)]
        where = address_of(self._listener)
        self._say(f"Stumper is at {where}, {self._settings.processes} processes  (stop with Ctrl+C)")
        while not self._stop:
            self._replace_dead()
            if self._renew:
                self._renew = False
                self._renew_all()
            # Not those whose place stays empty for a while: the end of a dead one would be seen at once.
            living = [child.process.sentinel for child in self._children if child.again_s is None]
            wait(living, timeout=_TICK_S)

    def _started(self, *, speaks: bool = False, pause_s: float = 0.0) -> _Child:
        ours, theirs = _SPAWN.Pipe()
        with theirs:  # closed here, so that the child's end is the only one: its closing tells it if we die
            process = _SPAWN.Process(target=_child, args=(self._settings, self._listener, theirs, speaks))
            process.start()
        return _Child(process, ours, time.monotonic(), pause_s)

    def _ready(self, child: _Child) -> bool:
        """Waits until a child listens; False if all are to stop first. Raises what kept it from it."""
        deadline = time.monotonic() + _READY_S
        while not self._stop:
            if child.told.poll(_TICK_S):
                served, fault = _heard(child)
                if fault is None and not served and not self._stop:
                    fault = StumperError("A web process ended before it served; its last words are above.")
                if fault is not None:
                    raise fault
                return served
            if time.monotonic() > deadline:
                raise StumperError(
                    f"A web process does not serve after {_READY_S:.0f} seconds. Look what hangs, the "
                    "database or the model: stumper doctor"
                )
        return False

    def _replace_dead(self) -> None:
        for place, child in enumerate(self._children):
            if child.process.is_alive():
                continue
            now = time.monotonic()
            if child.again_s is None:
                child.again_s = self._ended(child, now)
            if now < child.again_s:
                continue
            try:
                self._children[place] = self._started(pause_s=child.pause_s)
            except OSError as error:  # no process or no memory is left: the others go on
                self._say(f"No web process can be started: {error}. It is tried again.")
                child.again_s = now + _LONGEST_PAUSE_S

    def _ended(self, child: _Child, now: float) -> float:
        """Says how a child ended; returns when the next one takes its place."""
        served, fault = _heard(child)
        again_s = now
        if served and now - child.began_s >= _AT_ONCE_S:
            child.pause_s = 0.0
        else:
            again_s += child.pause_s
            child.pause_s = min(max(1.0, 2 * child.pause_s), _LONGEST_PAUSE_S)
        how = f"{child.process.exitcode}" if fault is None else f"{child.process.exitcode}: {fault}"
        later = f" in {again_s - now:.0f} s" if again_s > now else ""
        self._say(f"Web process {child.process.pid} ended ({how}): another one is started{later}.")
        self._buried(child)
        return again_s

    def _renew_all(self) -> None:
        for place, old in enumerate(self._children):
            new = self._successor()
            if new is None:
                return
            self._children[place] = new
            self._end([old])
        self._say(f"{len(self._children)} processes were renewed.")

    def _successor(self) -> _Child | None:
        """Returns a new process that serves; None if there is none, which is said, or all are to stop."""
        new = None
        try:
            new = self._started()
            if self._ready(new):
                return new
        except (StumperError, OSError) as error:
            self._say(f"Not renewed: {error} The processes that serve go on as they are.")
        if new is not None:
            self._end([new])
        return None

    def stop(self) -> None:
        """Lets every process finish what it does; returns when all have ended."""
        self._end(self._children)

    def _end(self, children: list[_Child]) -> None:
        for child in children:
            child.process.terminate()
        deadline = time.monotonic() + self._settings.drain_s + self._settings.stop_s + _KILL_AFTER_S
        for child in children:
            self._await(child, deadline)
            if child.process.is_alive():
                self._say(f"Web process {child.process.pid} does not end: it is killed.")
                child.process.kill()
                child.process.join()
            self._buried(child)

    def _await(self, child: _Child, deadline: float) -> None:
        """Waits for a process to end; meanwhile the others are looked after, and asked if all stop."""
        stopping = self._stop
        while child.process.is_alive() and time.monotonic() < deadline:
            child.process.join(_TICK_S)
            if self._stop and not stopping:
                stopping = True
                for other in self._children:
                    other.process.terminate()
            if not self._stop:
                self._replace_dead()

    def _buried(self, child: _Child) -> None:
        child.told.close()
        if child.process.pid is not None and (folder := shared_metrics()):
            process_ended(child.process.pid, shared=folder)


def _child(settings: Settings, listener: socket.socket, tell: Connection, speaks: bool) -> None:
    """What runs in a child; None through ``tell`` says that it serves, a StumperError why it cannot."""

    def on_ready(stop: Callable[[], None]) -> None:
        try:
            tell.send(None)
        except OSError:  # the parent was killed while this one started
            stop()
            return
        # Readable is only its end: nobody sends anything this way.
        asyncio.get_running_loop().add_reader(tell.fileno(), _orphaned, tell, stop)

    # A Ctrl+C reaches every process of the terminal, and SIGTERM may come before the server listens to it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run(serve(settings, say=_to_stderr if speaks else _nothing, listener=listener, on_ready=on_ready))
    except StumperError as error:
        with suppress(OSError):  # the parent may be gone
            tell.send(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(0)


def _heard(child: _Child) -> tuple[bool, StumperError | None]:
    """Reads all that a child told: whether it came to serve, and the error that ended it."""
    fault = None
    with suppress(EOFError, OSError):
        while child.told.poll():
            said = child.told.recv()
            if said is None:
                child.served = True
            else:
                fault = said
    return child.served, fault


def _orphaned(tell: Connection, stop: Callable[[], None]) -> None:
    asyncio.get_running_loop().remove_reader(tell.fileno())
    stop()


def _to_stderr(text: str) -> None:
    if not text.startswith("Stumper is at"):  # the parent tells the address, and how many serve there
        print(text, file=sys.stderr, flush=True)


def _nothing(_text: str) -> None:
    """Says nothing: the first process has said it."""
