"""The parent of several web processes: what it says of one that ends, and that the others go on."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stumper.config import Settings
from stumper.errors import StoreError, StumperError
from stumper.front import processes
from stumper.front.processes import _Child, _Crew


class Played(_Crew):
    """A crew whose processes are played here: what each says, and whether it lives."""

    def __init__(self, folder: Path, listener: socket.socket, *lives: list[object] | None) -> None:
        """``lives``: what each process said before it ended, in the order of their starts; None lives on."""
        self.said: list[str] = []
        self.ended: list[int] = []
        self.starts = 0
        self._lives = list(lives)
        super().__init__(Settings(data=folder, processes=2), listener, self.said.append)

    def _started(self, *, speaks: bool = False, pause_s: float = 0.0) -> _Child:
        self.starts += 1
        ours, theirs = Pipe()
        words = self._lives.pop(0) if self._lives else None
        for word in [None] if words is None else words:
            theirs.send(word)
        if words is not None:
            theirs.close()
        process = self._process(self.starts, theirs, alive=words is None)
        return _Child(process, ours, time.monotonic(), pause_s)

    def _process(self, pid: int, theirs: Connection, *, alive: bool) -> Any:
        """``theirs`` is kept open with it."""
        sentinel, other = Pipe()
        if not alive:
            other.close()
        return SimpleNamespace(
            pid=pid, exitcode=None if alive else 1, sentinel=sentinel, kept=(theirs, other),
            join=lambda _: None,
            is_alive=lambda: alive and pid not in self.ended, terminate=partial(self.ended.append, pid),
        )  # fmt: skip


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


def _looked_at(crew: Played) -> Played:
    crew._children = [crew._started() for _ in range(2)]
    crew._replace_dead()
    return crew


def test_why_a_process_ended_is_said(tmp_path: Path, listener: socket.socket) -> None:
    crew = _looked_at(Played(tmp_path, listener, [None, StoreError("The database is full.")]))

    assert crew.said == ["Web process 1 ended (1: The database is full.): another one is started."]
    assert [child.process.pid for child in crew._children] == [3, 2]


def test_one_that_dies_at_once_is_started_later_each_time(tmp_path: Path, listener: socket.socket) -> None:
    crew = _looked_at(Played(tmp_path, listener, [None], None, []))
    assert crew.said[-1].endswith("another one is started.")

    for pause_s in (1, 2):
        crew._replace_dead()
        assert crew.said[-1].endswith(f"another one is started in {pause_s} s.")
        assert crew._children[0].again_s is not None
        starts = crew.starts
        crew._children[0].again_s -= pause_s
        crew._lives = [[]]
        crew._replace_dead()
        assert crew.starts == starts + 1


def test_an_empty_place_is_not_looked_at_all_the_time(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = Played(tmp_path, listener, [None], None, [None])
    looks = 0
    real = crew._replace_dead

    def counted() -> None:
        nonlocal looks
        looks += 1
        real()

    monkeypatch.setattr(crew, "_replace_dead", counted)
    threading.Timer(0.6, lambda: crew.hear(signal.SIGTERM, None)).start()
    crew.run()

    assert 2 <= looks <= 8


def test_without_room_for_a_process_the_others_go_on(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = Played(tmp_path, listener, [None], None)
    crew._children = [crew._started() for _ in range(2)]
    monkeypatch.setattr(crew, "_started", _no_room)

    crew._replace_dead()
    crew._renew_all()

    assert [one for one in crew.said if "Resource temporarily unavailable" in one] == crew.said[1:]
    assert len(crew.said) == 3
    assert crew.ended == []


def _no_room(**_: object) -> _Child:
    raise BlockingIOError(11, "Resource temporarily unavailable")


@pytest.mark.parametrize(
    ("words", "says"), [([], "ended before it served"), ([StoreError("No database.")], "No database")]
)
def test_a_first_process_that_does_not_come_to_serve_is_an_error(
    words: list[object], says: str, tmp_path: Path, listener: socket.socket
) -> None:
    with pytest.raises(StumperError, match=says):
        Played(tmp_path, listener, words).run()


def test_a_first_process_that_hangs_is_an_error(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_READY_S", 0.0)
    crew = Played(tmp_path, listener)
    ours, theirs = Pipe()
    child = _Child(crew._process(1, theirs, alive=True), ours, 0.0)
    monkeypatch.setattr(crew, "_started", lambda **_: child)

    with pytest.raises(StumperError, match="stumper doctor"):
        crew.run()


def test_a_renewal_that_fails_leaves_who_serves(tmp_path: Path, listener: socket.socket) -> None:
    crew = Played(tmp_path, listener, None, None, None, [StoreError("The schema is newer.")])
    crew._children = [crew._started() for _ in range(2)]

    crew._renew_all()

    assert crew.said == ["Not renewed: The schema is newer. The processes that serve go on as they are."]
    assert [child.process.pid for child in crew._children] == [3, 2]
    assert crew.ended == [1, 4]


def _slow_to_end(child: _Child, *, meanwhile: Callable[[], None]) -> None:
    """Lets a process need a few looks until it has ended."""
    looks = iter([True, True, False])
    child.process = SimpleNamespace(  # type: ignore[assignment]
        pid=1, terminate=lambda: None, is_alive=lambda: next(looks, False), join=lambda _: meanwhile()
    )


def test_all_are_asked_to_stop_though_one_is_being_renewed(tmp_path: Path, listener: socket.socket) -> None:
    crew = Played(tmp_path, listener)
    crew._children = [crew._started() for _ in range(2)]
    _slow_to_end(crew._children[0], meanwhile=lambda: crew.hear(signal.SIGTERM, None))

    crew._renew_all()

    assert {2, 3} <= set(crew.ended)


def test_one_that_dies_while_another_is_renewed_is_replaced_meanwhile(
    tmp_path: Path, listener: socket.socket
) -> None:
    crew = Played(tmp_path, listener, None, [None], None)
    crew._children = [crew._started() for _ in range(2)]
    started: list[int] = []
    _slow_to_end(crew._children[0], meanwhile=lambda: started.append(crew.starts))

    crew._renew_all()

    assert started == [3, 4]
    assert crew.said[0].startswith("Web process 2 ended")
