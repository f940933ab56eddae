"""WebDataset: tar files of `ID.png` and `ID.json`, read from front to back, also over a network.

https://github.com/webdataset/webdataset#the-webdataset-format
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from stumper.release.export import plain
from stumper.release.export.fit import unusable
from stumper.release.export.source import HUB_NAMES
from stumper.release.export.writing import Task, one_line
from stumper.release.formats import Row

SHARD_ROWS: Final = 10_000
SHARD_BYTES: Final = 1_000_000_000
"""Where a shard ends, whichever comes first: loaders deal shards to workers."""


def write(task: Task) -> None:
    """Writes `SPLIT-NNNNNN.tar`; members carry no times and no owners: equal rows are equal bytes."""
    for split in task.splits:
        name = HUB_NAMES[split]
        rows = task.tally.fit(task.source.rows(split), unusable, part=name)
        for shard, row in _shards(task, name, rows):
            picture = task.source.picture(row)
            _add(shard, f"{row.id}{picture.suffix}", picture.read_bytes())
            _add(shard, f"{row.id}.json", one_line(plain.record(row)).encode())


def _shards(task: Task, name: str, rows: Iterator[Row]) -> Iterator[tuple[tarfile.TarFile, Row]]:
    """Yields each row with the open shard it belongs to; a split without rows gets one empty shard."""
    number, count = 0, 0
    with ExitStack() as stack:
        shard = stack.enter_context(_open(task.folder, name, number))
        for row in rows:
            if count == SHARD_ROWS or shard.offset > SHARD_BYTES:
                stack.close()
                number, count = number + 1, 0
                shard = stack.enter_context(_open(task.folder, name, number))
            yield shard, row
            count += 1


def _open(folder: Path, name: str, number: int) -> tarfile.TarFile:
    return tarfile.open(folder / f"{name}-{number:06}.tar", "w", format=tarfile.USTAR_FORMAT)


def _add(shard: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # time 0, owner 0, mode 644
    member.size = len(data)
    shard.addfile(member, io.BytesIO(data))
