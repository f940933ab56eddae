"""Parquet in a stream, and the folder of pictures that `datasets` reads with it (its "imagefolder").

`TRAIN/metadata.parquet` names pictures relative to itself (`*_file_names`), so `load_dataset(FOLDER)` shows
them decoded from wherever it is called, and one picture of many questions is stored once. Parquet and not
JSON Lines: readers guess the types of JSON, and in a split whose only answer is "2024-05-01" it would be a
date.
https://huggingface.co/docs/datasets/image_dataset#imagefolder
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from stumper.records import Split
from stumper.release.export.fit import Fault
from stumper.release.export.source import HUB_NAMES
from stumper.release.export.writing import Task
from stumper.release.formats import Row, require_pyarrow

Record = Mapping[str, Any]
Types = Callable[[Any], list[tuple[str, Any]]]
GROUP: Final = 4_096
"""Rows held at once, where pictures lie beside the table."""


def write_table(
    path: Path, types: Types, records: Iterable[Record], *, group: int = GROUP, pictures: Sequence[str] = ()
) -> None:
    """Writes records as parquet; ``types`` is given the module pyarrow.

    ``pictures`` are the columns of bytes and path that `datasets` shall decode. Raises BadRelease without
    pyarrow.
    """
    arrow = require_pyarrow()
    from pyarrow import parquet

    schema = arrow.schema(types(arrow))
    if pictures:
        schema = schema.with_metadata(
            {"huggingface": json.dumps({"info": {"features": _features(schema, pictures)}})}
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        found = iter(records)
        while batch := list(islice(found, group)):
            writer.write_table(arrow.Table.from_pylist(batch, schema=schema))


def _features(schema: Any, pictures: Sequence[str]) -> dict[str, Any]:
    """The columns in the words of `datasets`; only plain types stand beside pictures."""
    names = {"double": "float64"}
    return {
        field.name: {"_type": "Image"}
        if field.name in pictures
        else {"dtype": names.get(str(field.type), str(field.type)), "_type": "Value"}
        for field in schema
    }


def write_folders(
    task: Task, types: Types, records: Callable[[Row, str], Iterable[Record]], *faults: Fault
) -> None:
    """Writes one folder a split; ``records`` makes the lines of the table of a row and its picture's name."""

    def found(split: Split) -> Iterator[Record]:
        for row in task.tally.fit(task.source.rows(split), *faults, part=HUB_NAMES[split]):
            yield from records(row, task.picture(row, task.folder / HUB_NAMES[split] / "images"))

    for split in task.splits:
        write_table(task.folder / HUB_NAMES[split] / "metadata.parquet", types, found(split))
