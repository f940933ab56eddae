"""Hugging Face imagefolder: a folder of pictures a split, and a table that names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stumper.release.export import plain
from stumper.release.export.fit import unusable
from stumper.release.export.tables import Record, write_folders
from stumper.release.export.writing import Task
from stumper.release.formats import Row


def write(task: Task) -> None:
    """Writes `file_name` (read as `image`) and the plain columns."""

    def records(row: Row, picture: str) -> Iterable[Record]:
        yield {"file_name": picture} | plain.record(row)

    def types(arrow: Any) -> list[tuple[str, Any]]:
        return [("file_name", arrow.string()), *plain.types(arrow)]

    write_folders(task, types, records, unusable)
