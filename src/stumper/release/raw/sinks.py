"""Files that rows are streamed into: JSON Lines, the same compressed, or parquet; whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

from stumper.errors import BadInput
from stumper.release.formats import require_pyarrow
from stumper.release.raw.columns import Type

Record = Mapping[str, Any]
ENDINGS: Final = (".jsonl", ".jsonl.gz", ".parquet")


class Sink(Protocol):
    """Where rows go, a batch at a time."""

    def write(self, rows: Sequence[Record]) -> None: ...


@contextmanager
def open_sink(target: Path, columns: Mapping[str, Type]) -> Iterator[Sink]:
    """Opens the sink that the file's name asks for; the file appears at the end, unless something failed.

    The same rows give the same bytes. Raises BadInput for another ending or a file that cannot be written,
    BadRelease for parquet without pyarrow.
    """
    kind = next((ending for ending in ENDINGS if target.name.endswith(ending)), None)
    if kind is None:
        raise BadInput(
            f"{target.name} has none of the endings {', '.join(ENDINGS)}. Name it --out FILE.jsonl"
        )
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    opened = {".jsonl": _lines, ".jsonl.gz": _packed_lines, ".parquet": _parquet}[kind]
    try:
        with opened(part, columns) as sink:
            yield sink
        part.replace(target)
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}. Choose another folder.") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


class _Lines:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, rows: Sequence[Record]) -> None:
        self._file.writelines((json.dumps(row, ensure_ascii=False) + "\n").encode() for row in rows)


@contextmanager
def _lines(path: Path, _columns: Mapping[str, Type]) -> Iterator[Sink]:
    with path.open("wb") as file:
        yield _Lines(file)


@contextmanager
def _packed_lines(path: Path, _columns: Mapping[str, Type]) -> Iterator[Sink]:
    # Without time and name in its head the same rows give the same bytes. Level 6: 9 takes twice as long.
    with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        yield _Lines(cast(BinaryIO, packed))


class _Parquet:
    def __init__(self, writer: Any, schema: Any) -> None:
        self._writer = writer
        self._schema = schema

    def write(self, rows: Sequence[Record]) -> None:
        import pyarrow

        if rows:
            self._writer.write_table(pyarrow.Table.from_pylist(list(rows), schema=self._schema))


@contextmanager
def _parquet(path: Path, columns: Mapping[str, Type]) -> Iterator[Sink]:
    require_pyarrow()
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema([(name, pyarrow.type_for_alias(type_.value)) for name, type_ in columns.items()])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        yield _Parquet(writer, schema)
