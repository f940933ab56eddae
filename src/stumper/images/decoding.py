"""The process of ``sandbox``, in which untrusted pictures are decoded: ``python -m stumper.images.decoding``.

It reads one picture after another from standard input and answers on standard output. It has no settings and
no secrets, may open no file and no connection, start no process and take no more memory and time than it was
given: what tricks a codec finds nothing to read, nobody to tell and, on Linux, nothing to break. Messages are
a head in JSON and bytes, with both lengths before them (``HEADER``); nothing is ever unpickled.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from PIL import Image

from stumper.errors import BadImage
from stumper.images.clean import Cleaned, Limits, clean

HEADER: Final = struct.Struct("<II")
"""Bytes of the head, bytes of the picture."""
READY: Final = b"ready"
_OPEN_FILES: Final = 3
"""Its input, output and errors. One more would be the database, a key or the network."""


_CREATE_RULESET, _RESTRICT_SELF, _NO_NEW_PRIVILEGES = 444, 446, 38
"""Numbers of Linux: two system calls, the same on every processor, and an option of ``prctl``."""


class _Ruleset(ctypes.Structure):
    """What Landlock is to refuse: nothing is allowed again, so that all of it is. Zeros are no wishes."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("others", ctypes.c_uint64))


def lock_in() -> int:
    """Refuses this process all files by name, TCP, and signals to others; returns Landlock's version, or 0.

    Landlock needs no rights. Linux has it since 5.13 (files), 6.7 (TCP) and 6.12 (signals), if it was not
    left out (``man 7 landlock``).
    """
    if sys.platform != "linux":
        return 0
    libc, long = ctypes.CDLL(None, use_errno=True), ctypes.c_long
    version = int(libc.syscall(long(_CREATE_RULESET), None, long(0), long(1)))
    if version < 1:
        return 0
    files = 13 + (version >= 2) + (version >= 3) + (version >= 5)
    wanted = _Ruleset((1 << files) - 1, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    size = long(ctypes.sizeof(wanted))
    ruleset = libc.syscall(long(_CREATE_RULESET), ctypes.byref(wanted), size, long(0))
    try:
        libc.prctl(_NO_NEW_PRIVILEGES, long(1), long(0), long(0), long(0))
        return 0 if libc.syscall(long(_RESTRICT_SELF), long(ruleset), long(0)) else version
    finally:
        if ruleset >= 0:
            os.close(ruleset)


def confine(memory_bytes: int, picture_s: float) -> Callable[[], None]:
    """Gives up what decoding does not need; returns what allows ``picture_s`` more seconds of one core.

    Where the system has no such limits (Windows), or not this one (address space on macOS), the clock of
    ``sandbox`` is what is left.
    """
    try:
        import resource
    except ImportError:
        return lambda: None
    lock_in()  # from here on nothing can be imported
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_AS, memory_bytes),
    ):
        try:
            resource.setrlimit(limit, (most, most))
        except (ValueError, OSError):
            continue

    def allow() -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime + picture_s) + 1
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]  # the operator's shell may have one: it stays
        most = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))

    return allow


def answer(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Returns the head and the bytes of what became of a picture: cleaned, or refused with the reason."""
    try:
        cleaned: Cleaned = clean(data, Limits(**head))
    except BadImage as error:
        return {"refused": str(error)}, b""
    except MemoryError:
        return {"refused": "needs too much memory to be decoded"}, b""
    except Exception as error:
        # A decoder in Python may raise anything at all; out there it must be one clear line.
        return {"refused": f"its decoder failed ({type(error).__name__})"}, b""
    found = {
        "suffix": cleaned.suffix,
        "width_px": cleaned.width_px,
        "height_px": cleaned.height_px,
        "look": cleaned.look,
    }
    return found, cleaned.data


def serve(requests: BinaryIO, replies: BinaryIO, *, allow: Callable[[], None]) -> None:
    """Answers until ``requests`` ends."""
    replies.write(READY)
    replies.flush()
    while len(header := requests.read(HEADER.size)) == HEADER.size:
        head_bytes, data_bytes = HEADER.unpack(header)
        head = json.loads(requests.read(head_bytes))
        data = requests.read(data_bytes)
        allow()
        told, cleaned = answer(head, data)
        line = json.dumps(told).encode()
        replies.write(HEADER.pack(len(line), len(cleaned)) + line)
        replies.write(cleaned)
        replies.flush()


def main() -> None:
    Image.init()  # reads the plugins' files, which is not possible any more once confined
    allow = confine(int(sys.argv[1]), float(sys.argv[2]))
    serve(sys.stdin.buffer, sys.stdout.buffer, allow=allow)


if __name__ == "__main__":
    main()
