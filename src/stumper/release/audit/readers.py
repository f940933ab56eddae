"""Opens a data file of any known kind and reads it record by record, never whole.

A line that cannot be read does not stop the others: it comes out as `Broken`. Bytes that are not UTF-8
come out as surrogates, which `shapes` marks; which column holds what is decided there, too.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from stumper.errors import BadDataset
from stumper.release.audit.records import Broken, Opened, Record
from stumper.release.audit.shapes import digest

_CHUNK: Final = 1 << 20
ITEM_LIMIT: Final = 64 << 20
"""Bytes of one record; a picture of 40 megabytes in base64 still fits."""
_BATCH: Final = 256
"""Rows of parquet in memory at once, pictures included."""
_HEAD: Final = 65_536
_ZEROS: Final = 0.05
"""Share of zero bytes from which a file is no text."""
_TAIL: Final = 16
"""An error so near to the end of what was read may only mean that the rest is missing."""
_PACKED: Final = {b"\x1f\x8b": "gunzip", b"PK\x03\x04": "unzip", b"(\xb5/\xfd": "unzstd", b"BZh": "bunzip2"}
_WIDE: Final = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# {"info": {...}, "data": [{ : the list inside is what is meant
_WRAPPED: Final = re.compile(
    r'\s*\{\s*(?:"[^"]*"\s*:\s*(?:"[^"]*"|[-\d.]+|true|false|null|\{[^{}]*\}|\[[^\[\]{}]*\])\s*,\s*)*'
    r'"(?:data|annotations|questions|samples|examples|rows|items|instances|records)"\s*:\s*\[(?=\s*[\{\]])'
)


def open_data(path: Path) -> Opened:
    """Returns the records of a file. Raises BadDataset, naming file and way out, if it is no data set."""
    try:
        if path.exists() and not path.is_file():
            raise BadDataset(f"{path} is no file but a pipe or device, and is read twice. Save it to a file.")
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise BadDataset(f"{path} cannot be read: {error.strerror}. Name another file.") from error
    if not head.strip():
        raise BadDataset(f"{path} is empty. Name a file with questions and answers in it.")
    if head.startswith(b"PAR1") or path.suffix == ".parquet":
        return Opened("parquet", "row", _parquet(path))
    _refuse_foreign(path, head)
    text = head.decode("utf-8-sig", "surrogateescape")
    if path.suffix in (".tsv", ".csv"):
        kind = path.suffix[1:].upper()
        return Opened(kind, "line", _table(path, "\t" if kind == "TSV" else ","))
    if text.lstrip().startswith("["):
        return Opened("JSON list", "item", _items(path, text.index("[") + 1))
    if wrapped := _WRAPPED.match(text):
        return Opened("JSON list", "item", _items(path, wrapped.end()))
    if text.lstrip().startswith("{"):
        return Opened("JSON Lines", "line", _lines(path))
    if "\t" in text.split("\n", 1)[0]:
        return Opened("TSV", "line", _table(path, "\t"))
    raise BadDataset(
        f"{path} starts with {text.strip()[:30]!r}, which is neither JSON nor a table. "
        "Audit reads .json, .jsonl, .parquet, .tsv and .csv."
    )


def _refuse_foreign(path: Path, head: bytes) -> None:
    for magic, command in _PACKED.items():
        if head.startswith(magic):
            raise BadDataset(f"{path} is packed. Unpack it first: {command} {path.name}")
    for mark, name in _WIDE.items():
        if head.startswith(mark):
            raise BadDataset(
                f"{path} is {name}. Save it as UTF-8: iconv -f {name} -t utf-8 {path.name} > NEW"
            )
    if head.count(0) > len(head) * _ZEROS:  # a few may stand in a text that was damaged
        raise BadDataset(
            f"{path} is no text (it holds zero bytes) and no parquet. Name the data file itself."
        )


def _text(path: Path) -> IO[str]:
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _lines(path: Path) -> Iterator[Record | Broken]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(ITEM_LIMIT):
            number += 1
            if len(line) == ITEM_LIMIT:
                yield Broken(number, f"longer than {ITEM_LIMIT >> 20} MB")
                return
            found = _line(number, line)
            if found is not None:
                yield found


def _line(number: int, line: bytes) -> Record | Broken | None:
    if not line.strip():
        return None
    try:
        data = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        return Broken(number, _reason(error, cut=not line.endswith(b"\n")))
    return Record(number, data) if isinstance(data, dict) else Broken(number, "no JSON object")


def _reason(error: Exception, *, cut: bool) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    message = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return f"not JSON ({message})" + (", and the file breaks off there" if cut else "")


def _items(path: Path, start: int) -> Iterator[Record | Broken]:
    """Reads the list that begins after ``start`` characters; ends at its first fault."""
    with _text(path) as file:
        buffer, at, number, size = file.read(max(_CHUNK, start)), start, 0, _CHUNK
        line, decoder = 1 + buffer.count("\n", 0, start), json.JSONDecoder()
        while True:
            begin = at
            at = _skip(buffer, at)
            if at < len(buffer) and buffer[at] == "]":
                return
            try:
                data, end = decoder.raw_decode(buffer, at)
            except (ValueError, RecursionError) as error:
                hopeless = _hopeless(error, buffer, at)
                more = "" if hopeless else file.read(size)
                if not more:
                    at_line = line + buffer.count("\n", begin, getattr(error, "pos", at))
                    yield Broken(number + 1, f"line {at_line}: {_reason(error, cut=not hopeless)}")
                    return
                line += buffer.count("\n", 0, at) - buffer.count("\n", 0, begin)
                # reading ever more at once keeps a long item from being begun anew too often
                buffer, at, size = buffer[at:] + more, 0, size * 2
                continue
            line += buffer.count("\n", begin, end)
            at, number, size = end, number + 1, _CHUNK
            yield Record(number, data) if isinstance(data, dict) else Broken(number, "no JSON object")


_BETWEEN: Final = re.compile(r"[\s,]*")


def _skip(buffer: str, at: int) -> int:
    found = _BETWEEN.match(buffer, at)
    return found.end() if found else at


def _hopeless(error: Exception, buffer: str, at: int) -> bool:
    """Tells whether reading on cannot mend it."""
    if not isinstance(error, json.JSONDecodeError) or len(buffer) - at > ITEM_LIMIT:
        return True
    return not error.msg.startswith("Unterminated") and error.pos < len(buffer) - _TAIL


def _table(path: Path, delimiter: str) -> Iterator[Record | Broken]:
    csv.field_size_limit(ITEM_LIMIT)
    with _text(path) as file:
        rows = csv.reader(file, delimiter=delimiter)
        pictures: dict[str, str] = {}
        try:
            head = next(rows)
            for cells in rows:
                if len(cells) == len(head):
                    data: dict[str, Any] = dict(zip(head, cells, strict=True))
                    _refer(data, pictures)
                    yield Record(rows.line_num, data)
                elif cells:
                    yield Broken(rows.line_num, f"{len(cells)} cells, the head has {len(head)}")
        except csv.Error as error:
            yield Broken(rows.line_num, f"no {'TSV' if delimiter == chr(9) else 'CSV'} ({error})")


def _refer(data: dict[str, Any], pictures: dict[str, str]) -> None:
    """In VLMEvalKit's tables a number for a picture means the picture of the row with that index."""
    image, index = data.get("image"), data.get("index")
    if not isinstance(image, str) or index is None:
        return
    if len(image) > _INLINE_LEAST:
        data["image"] = pictures[index] = digest(image.encode("ascii", "replace"))
    else:
        data["image"] = pictures.get(image, image)


_INLINE_LEAST: Final = 512


def _parquet(path: Path) -> Iterator[Record | Broken]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise BadDataset(f"Reading {path} needs pyarrow: pip install 'stumper[data]'") from error
    try:
        with parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH):
                for data in batch.to_pylist():
                    number += 1
                    yield Record(number, data)
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).split("\n", 1)[0][:120]
        raise BadDataset(f"{path} is no whole parquet file ({reason}). Copy or download it again.") from error
