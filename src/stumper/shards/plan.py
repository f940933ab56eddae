"""Cuts a file of lines into shards: stretches of bytes with an address made of what is in them.

Nothing is copied: a shard is read where it lies, by whoever works it. Line ends are the only places to cut.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from stumper.curate.lines import LONGEST, mark_of, opened, raw_lines
from stumper.errors import BadInput

ROWS: Final = 5_000
"""Lines of a shard, unless said otherwise: seconds of work for rules, minutes for a model."""
_PIECE: Final = 1 << 20
"""Bytes held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A stretch of a file; plain values, to be sent to another machine that sees the same file."""

    source: str
    start: int
    """Bytes before it."""
    size: int
    """Bytes."""
    first: int
    """Number of its first line in the file, from 1."""
    lines: int
    """Line ends and, at the end of a file, a line without one; empty lines count."""
    digest: str
    """SHA-256 of its bytes."""

    @property
    def place(self) -> str:
        """Says in words which lines these are."""
        return f"lines {self.first:,} to {self.first + self.lines - 1:,}"


def cut(source: Path, *, rows: int = ROWS) -> list[Shard]:
    """Returns the shards of a file, in order, of ``rows`` (at least 1) lines each; the last may have fewer.

    A byte order mark belongs to no shard. Raises BadInput for a pipe, which can be read once only, and for
    what is no file of UTF-8 lines.
    """
    if rows < 1:
        raise ValueError(f"{rows} rows a shard")
    if source.exists() and not source.is_file() and not source.is_dir():
        raise BadInput(f"{source} is a pipe or a device. Write it to a file first, or leave --engine out.")
    try:
        with opened(source) as lines:
            lines.seek(mark_of(lines.readline(LONGEST + 1), source))
            return list(_stretches(lines, str(source.resolve()), rows))
    except OSError as error:
        raise BadInput(f"{source}: {error.strerror}. Name a file that can be read.") from error


def _stretches(lines: BinaryIO, source: str, rows: int) -> Iterator[Shard]:
    first = 1
    while True:
        start, many, digest = lines.tell(), 0, hashlib.sha256()
        while many < rows and (raw := lines.readline(LONGEST)):
            digest.update(raw)
            while len(raw) == LONGEST and not raw.endswith(b"\n"):
                raw = lines.readline(LONGEST)
                digest.update(raw)
            many += 1
        if not many:
            return
        size = lines.tell() - start
        yield Shard(source=source, start=start, size=size, first=first, lines=many, digest=digest.hexdigest())
        first += many


def lines_of(shard: Shard, file: BinaryIO) -> Iterator[bytes]:
    """Yields the shard's lines out of its opened source.

    Raises BadInput if they are not what they were when the file was cut.
    """
    file.seek(shard.start)
    digest, left = hashlib.sha256(), shard.size
    while left and (piece := file.read(min(left, _PIECE))):
        digest.update(piece)
        left -= len(piece)
    if left or digest.hexdigest() != shard.digest:
        raise BadInput(f"{shard.source} was changed meanwhile ({shard.place}). Start again.")
    file.seek(shard.start)
    yield from _within(file, shard.start + shard.size)


def _within(file: BinaryIO, end: int) -> Iterator[bytes]:
    for raw in raw_lines(file):
        yield raw
        if file.tell() >= end:
            return
