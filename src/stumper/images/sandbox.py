"""Untrusted pictures are decoded in a process of their own (``decoding``), which is killed if it is slow.

A codec's bug then takes down neither the server nor the operator's shell, and whoever used it finds no
secret, no database and no settings. What comes back is checked as if a stranger had sent it. The processes
are reused for many pictures, so that this costs little: docs/guide/security-tests.md has the figures.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, cast

import stumper
from stumper.errors import BadImage, ServiceError
from stumper.images.clean import Cleaned, Limits
from stumper.images.decoding import HEADER, READY

PICTURE_S: Final = 20.0
"""Forty megapixels take about two seconds; ten times that for a slow machine."""
MEMORY_BYTES: Final = 2 << 30
"""Address space: forty megapixels with transparency take under a gigabyte."""
_PICTURES_EACH: Final = 500
"""A process that was taken over unseen, or leaks, ends after so many."""
_HEAD_BYTES: Final = 4096
_MAGIC: Final = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff"}
_LOOK: Final = re.compile(r"[0-9a-f]{64}|")
_SOURCE: Final = Path(stumper.__file__).parents[1]


class _Lost(Exception):
    """The process ended, or said what it never says."""


class Sandbox:
    """``clean`` in another process. May be called from several threads; each gets a process of its own."""

    def __init__(self, *, picture_s: float = PICTURE_S, memory_bytes: int = MEMORY_BYTES) -> None:
        """Args: seconds a picture may take, by the clock and of one core; bytes of address space."""
        self._picture_s = picture_s
        self._memory_bytes = memory_bytes
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        for worker in list(self._busy):
            worker.kill()  # its thread sees that, and ends it
        self._end_idle()

    def clean(self, data: bytes, limits: Limits) -> Cleaned:
        """Returns what ``images.clean.clean`` returns. Raises BadImage, also for a picture that takes too
        long or brings its decoder down; ServiceError if no process can be started.
        """
        if len(data) > limits.max_bytes:
            raise BadImage(f"larger than {limits.max_bytes / 1e6:g} MB")
        worker = self._take()
        self._busy.add(worker)
        try:
            head, cleaned = worker.ask(asdict(limits), data, most_bytes=4 * limits.max_pixels + 1_000_000)
            found = _checked(head, cleaned, limits)
        except _Lost as lost:
            worker.end()
            raise BadImage(f"{str(lost) or worker.fate()}; it is left out") from None
        except BaseException:
            worker.kill()  # in the middle of a message: nobody could go on from there
            worker.end()
            raise
        finally:
            self._busy.discard(worker)
        self._give_back(worker)
        if isinstance(found, str):
            raise BadImage(found)
        return found

    def _take(self) -> _Worker:
        try:
            return self._idle.pop()
        except IndexError:  # of two threads that saw the last one, one comes too late
            return _Worker(memory_bytes=self._memory_bytes, picture_s=self._picture_s)

    def _give_back(self, worker: _Worker) -> None:
        if worker.late or worker.asked >= _PICTURES_EACH:
            worker.end()
            return
        self._idle.append(worker)
        if self._closed:  # looked at last, or `__exit__` could have looked at who is idle just before
            self._end_idle()

    def _end_idle(self) -> None:
        with suppress(IndexError):  # two threads may end them at once
            while True:
                self._idle.pop().end()


class _Worker:
    """One process and the pipes to it."""

    def __init__(self, *, memory_bytes: int, picture_s: float) -> None:
        self.asked = 0
        self._picture_s = picture_s
        self.late = False
        self._process = subprocess.Popen(  # noqa: S603 our own module, nothing of the picture in the command
            [sys.executable, "-P", "-m", "stumper.images.decoding", str(memory_bytes), str(picture_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            # Nothing of ours: settings and secrets come by the environment.
            env={"PYTHONPATH": str(_SOURCE), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        self._requests = cast(IO[bytes], self._process.stdin)
        self._replies = cast(IO[bytes], self._process.stdout)
        if self._replies.read(len(READY)) != READY:
            self.end()
            raise ServiceError(
                f"The process that decodes pictures does not start ({self.fate()}). It needs "
                f"{memory_bytes >> 20} MB of address space: see `ulimit -v`."
            )

    def ask(self, head: dict[str, Any], data: bytes, *, most_bytes: int) -> tuple[dict[str, Any], bytes]:
        """Returns the head and bytes of the answer. Raises _Lost if there is none."""
        self.asked += 1
        clock = threading.Timer(self._picture_s, self._too_late)
        clock.daemon = True
        clock.start()
        try:
            line = json.dumps(head).encode()
            self._requests.write(HEADER.pack(len(line), len(data)) + line)
            self._requests.write(data)
            self._requests.flush()
            head_bytes, data_bytes = HEADER.unpack(self._read(HEADER.size))
            if head_bytes > _HEAD_BYTES or data_bytes > most_bytes:
                raise _Lost("its decoder answered with nonsense")
            told = json.loads(self._read(head_bytes))
            return told, self._read(data_bytes)
        except OSError as error:
            raise _Lost from error
        except (ValueError, RecursionError) as error:  # no JSON, or brackets in brackets in brackets
            raise _Lost("its decoder answered with nonsense") from error
        finally:
            clock.cancel()
            clock.join()  # from here on it cannot strike any more

    def _read(self, count: int) -> bytes:
        data = self._replies.read(count)
        if len(data) < count:
            raise _Lost
        return data

    def _too_late(self) -> None:
        self.late = True
        self.kill()

    def kill(self) -> None:
        self._process.kill()

    def fate(self) -> str:
        """Says how the process ended."""
        if self.late:
            return f"takes longer than {self._picture_s:g} s to decode"
        code = self._process.returncode
        if code is not None and code < 0:
            known = -code in set(signal.Signals)  # not every number has a name
            return f"its decoder was ended by {signal.Signals(-code).name if known else f'signal {-code}'}"
        return f"its decoder ended with status {code}"

    def end(self) -> None:
        """Ends the process, whatever it is doing."""
        with suppress(OSError):
            self._requests.close()
        self._replies.close()
        # Killed at once, how it ended by itself would not be seen.
        try:
            self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _checked(head: dict[str, Any], data: bytes, limits: Limits) -> Cleaned | str:
    """Returns the picture, or why it is refused. Raises _Lost for what no honest process says."""
    match head:
        case {"refused": str(reason)}:
            return "".join(sign if sign.isprintable() else "\ufffd" for sign in reason[:400])
        case {"suffix": ".png" | ".jpg" as suffix, "width_px": int(width), "height_px": int(height)}:
            found = head.get("look")
            honest = (
                all(limits.min_side_px <= side <= limits.max_side_px for side in (width, height))
                and data.startswith(_MAGIC[suffix])
                and isinstance(found, str)
                and _LOOK.fullmatch(found)
            )
            if honest:
                return Cleaned(data, suffix, width, height, str(found))
    raise _Lost("its decoder answered with nonsense")
