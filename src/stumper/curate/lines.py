"""Files with one JSON object a line, read and written again with more in each: streamed, whole or not at all.

A line that cannot be used is left out and reported with its number; what it says is never guessed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from stumper.errors import BadInput

LONGEST: Final = 1_000_000
"""Bytes of a line; a longer one is no question."""
DEEPEST: Final = 100
"""Objects and lists inside one another; more could be read but not be written."""
BATCH: Final = 2_048
"""Lines held at once."""
_MARK: Final = b"\xef\xbb\xbf"

Record = dict[str, Any]
Work = Callable[[Sequence[Record]], Sequence[Record]]
Report = Callable[[int, str], None]


@dataclass(slots=True)
class Tally:
    """What became of a file's lines; empty lines are not counted."""

    written: int = 0
    left_out: int = 0


class _Unusable(Exception):
    """Why one line cannot be used."""


def rewrite(source: Path, target: Path, work: Work, *, texts: Sequence[str], on_bad: Report) -> Tally:
    """Writes each object of ``source`` to ``target`` as ``work`` returns it, in order.

    ``texts`` are the keys that must hold a text (the first) or a text or nothing (the others); numbers become
    text. ``on_bad`` gets number and fault of each line left out. For the rest see `replaced`.
    """
    tally = Tally()
    with replaced(source, target, tally, texts=texts) as out, opened(source) as lines:
        work_through(headed(lines, source), out, work, tally, texts=texts, on_bad=on_bad)
    return tally


@contextmanager
def replaced(source: Path, target: Path, tally: Tally, *, texts: Sequence[str]) -> Iterator[BinaryIO]:
    """Yields a file that becomes ``target`` when the block ends, if the tally then counts a line.

    The target appears whole; a link is followed. It may be the source itself if no line is left out, which
    would be lost. Raises BadInput if a file cannot be read or written, or if no line can be used.
    """
    place = Path(os.path.realpath(target))  # resolve() would raise an error of its own for a circle of links
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        _refuse_folders(source, target)
        in_place = place.exists() and place.samefile(source)
        with part.open("wb") as out:
            yield out
        if not tally.written:
            raise BadInput(
                f"{source} holds no line that can be used. One JSON object a line, with {texts[0]!r}."
            )
        if in_place and tally.left_out:
            raise BadInput(
                f"{target} is as it was: {tally.left_out:,} of its lines cannot be used and would be lost. "
                "Name another file with --out."
            )
        part.replace(place)
    except OSError as error:
        raise _unwritten(error, source, target) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def work_through(
    raws: Iterable[bytes],
    out: BinaryIO,
    work: Work,
    tally: Tally,
    *,
    texts: Sequence[str],
    on_bad: Report,
) -> None:
    """Writes what ``work`` makes of each line that can be used; lines are numbered from 1."""
    usable = _usable(raws, texts, on_bad, tally)
    while batch := list(islice(usable, BATCH)):
        out.writelines(_line(record) for record in work(batch))
        tally.written += len(batch)


def _unwritten(error: OSError, source: Path, target: Path) -> BadInput:
    """Says what could not be read or written; the system may name the temporary file."""
    reading = str(error.filename) == str(source)
    where = f"{source if reading else target}: {error.strerror}. Nothing was written to {target}."
    return BadInput(f"{where} {'Name a file that can be read.' if reading else 'Name another with --out.'}")


def _refuse_folders(source: Path, target: Path) -> None:
    if source.is_dir():
        raise BadInput(f"{source} is a folder. Name one file with one JSON object a line.")
    if target.is_dir():
        raise BadInput(f"{target} is a folder. Name a file in it: --out {target / source.name}")
    if target.exists() and not target.is_file():
        raise BadInput(f"{target} is a device or a pipe. Name a file with --out.")


def opened(source: Path) -> BinaryIO:
    """Opens a file, or a pipe that somebody writes to; for a pipe's first writer it does not wait."""
    file = open(source, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK))  # noqa: SIM115
    os.set_blocking(file.fileno(), True)
    return file


def _line(record: Record) -> bytes:
    # half a surrogate pair cannot be encoded, but it can be written as an escape, which is what was read
    return (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _usable(raws: Iterable[bytes], texts: Sequence[str], on_bad: Report, tally: Tally) -> Iterator[Record]:
    for number, raw in enumerate(raws, start=1):
        if not raw.strip():
            continue
        try:
            yield _record(raw, texts)
        except _Unusable as fault:
            tally.left_out += 1
            on_bad(number, str(fault))


def headed(lines: BinaryIO, source: Path) -> Iterator[bytes]:
    """Yields the lines of a file from its start. Raises BadInput if it is of another kind."""
    for number, raw in enumerate(raw_lines(lines)):
        yield raw if number else raw[mark_of(raw, source) :]


def raw_lines(lines: BinaryIO) -> Iterator[bytes]:
    """Yields each line; of one that is too long its beginning, and never more in memory."""
    while raw := lines.readline(LONGEST + 1):
        yield raw
        while len(raw) > LONGEST and not raw.endswith(b"\n"):
            raw = lines.readline(LONGEST + 1)


def mark_of(first: bytes, source: Path) -> int:
    """Returns how many bytes of a byte order mark a file begins with. Raises BadInput if it is no UTF-8."""
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput(f"{source} is UTF-16. Make it UTF-8: iconv -f utf-16 -t utf-8 {source}")
    if first.startswith(b"\x1f\x8b"):
        raise BadInput(f"{source} is compressed. Unpack it first: gunzip {source}")
    mark = len(_MARK) if first.startswith(_MARK) else 0
    if first[mark:].lstrip().startswith(b"["):
        raise BadInput(f"{source} is one JSON array. Write one object a line: jq -c '.[]' {source}")
    return mark


def _record(raw: bytes, texts: Sequence[str]) -> Record:
    if len(raw) > LONGEST:
        raise _Unusable(f"longer than {LONGEST:,} bytes")
    try:
        record = json.loads(_decoded(raw))
    except json.JSONDecodeError as error:
        cut = "" if raw.endswith(b"\n") else ", or cut off"
        raise _Unusable(f"no JSON at column {error.colno}{cut}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise _Unusable(f"no usable JSON: {type(error).__name__}") from error
    if len(raw) - len(raw.translate(None, b"[{")) > DEEPEST and _deeper(record, DEEPEST):
        raise _Unusable(f"nested more than {DEEPEST} deep")
    if not isinstance(record, dict):
        raise _Unusable(f"a JSON object is wanted, not {type(record).__name__}")
    for place, key in enumerate(texts):
        _check_text(record, key, needed=place == 0)
    return record


def _deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(one, levels - 1) for one in inside)


def _decoded(raw: bytes) -> str:
    """Reads UTF-8, else what Windows writes: a file may be glued together from both."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _check_text(record: Record, key: str, *, needed: bool) -> None:
    value = record.get(key)
    if value is None and needed:
        raise _Unusable(f"has no {key!r}")
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise _Unusable(f"{key!r} is no text but {type(value).__name__}")


def text(record: Record, *keys: str) -> str | None:
    """Returns what the first of the keys that is there holds, numbers as text; None if none is."""
    value = next((record[key] for key in keys if record.get(key) is not None), None)
    return None if value is None else str(value)
