"""What came out of shards, as files: a result is there whole, with a receipt, or it is not there.

A result's name is made of the shard's bytes, the function with its options, and the version of both; so any
process can see what is left to do, and two that did the same wrote the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BufferedRandom
from pathlib import Path
from typing import Any, BinaryIO

from stumper import __version__
from stumper.curate.lines import Tally
from stumper.errors import BadInput
from stumper.shards.plan import Shard

Told = dict[str, Any]
"""What a kind of work counted: whole numbers, lists, and dictionaries of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be done to shards, in plain values."""

    kind: str
    """A name in `kinds`."""
    options: dict[str, Any]
    folder: str
    """Where results go; every process that works must see it. Once it is gone nobody waits for them."""

    def key(self, shard: Shard) -> str:
        """Returns the name of a shard's result."""
        told = [__version__, self.kind, self.options, shard.digest]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a result file holds."""

    written: int
    faults: list[list[Any]]
    """Number within the shard, from 1, and fault of each line left out."""
    told: Told
    size: int
    digest: str
    """Bytes of the file and their SHA-256."""


class Results:
    """The results of one job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._folder = Path(job.folder)

    @property
    def wanted(self) -> bool:
        """Whether anybody waits for them still."""
        return self._folder.is_dir()

    def receipt(self, shard: Shard) -> Receipt | None:
        """Returns the receipt of a shard that is done; None if it has to be done."""
        try:
            receipt = Receipt(**json.loads(self._receipt(shard).read_bytes()))
            return receipt if self._lines(shard).stat().st_size == receipt.size else None
        except (OSError, ValueError, TypeError):  # none, or half of one after the machine went down
            return None

    def write(self, shard: Shard, fill: Callable[[BinaryIO, Tally, list[list[Any]]], Told]) -> None:
        """Lets ``fill`` write the lines, and keeps them with their receipt. Raises OSError."""
        tally, faults = Tally(), list[list[Any]]()
        with _whole(self._lines(shard)) as out:
            told = fill(out, tally, faults)
            out.flush()
            out.seek(0)
            digest, size = hashlib.file_digest(out, "sha256").hexdigest(), out.tell()
        receipt = Receipt(written=tally.written, faults=faults, told=told, size=size, digest=digest)
        with _whole(self._receipt(shard)) as out:  # after the lines: with it the shard counts as done
            out.write(json.dumps(asdict(receipt)).encode())

    def copy(self, shard: Shard, receipt: Receipt, out: BinaryIO) -> None:
        """Appends a shard's lines to a file. Raises BadInput if they were changed after they were written."""
        digest = hashlib.sha256()
        with self._lines(shard).open("rb") as lines:
            while piece := lines.read(1 << 20):
                digest.update(piece)
                out.write(piece)
        if digest.hexdigest() != receipt.digest:
            self._receipt(shard).unlink()
            raise BadInput(
                f"{self._lines(shard)} was damaged. Start the same command again: its lines are made anew."
            )

    def _lines(self, shard: Shard) -> Path:
        return self._folder / f"{self._job.key(shard)}.jsonl"

    def _receipt(self, shard: Shard) -> Path:
        return self._folder / f"{self._job.key(shard)}.json"


@contextmanager
def _whole(place: Path) -> Iterator[BufferedRandom]:
    """Yields a file that gets its name when the block ends well; two processes may do so at once."""
    part = place.with_name(f".{place.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("w+b") as out:
            yield out
        os.replace(part, place)  # noqa: PTH105
    finally:
        part.unlink(missing_ok=True)


def add(told: Told, more: Told) -> None:
    """Adds what one shard counted to what others did: numbers are added up, lists put one after the other.

    Names stay in the order in which they first came, so that the order of shards gives that of one run.
    """
    for name, value in more.items():
        if isinstance(value, dict):
            add(told.setdefault(name, {}), value)
        else:
            told[name] = told[name] + value if name in told else value
