"""Hugging Face parquet: the release's own files, pictures inside, as a folder ready for the Hub."""

from __future__ import annotations

import shutil

from stumper.errors import BadRelease
from stumper.release.export.source import HUB_NAMES
from stumper.release.export.writing import Task


def write(task: Task) -> None:
    """Copies `data/*.parquet` byte by byte. Raises BadRelease for a release that has none of a split."""
    (task.folder / "data").mkdir()
    for split in task.splits:
        names = task.source.parquet(split)
        if not names:
            raise BadRelease(f"{task.source.folder} holds no parquet file of {split}. Build it again.")
        for name in names:
            shutil.copyfile(task.source.folder / name, task.folder / name)
        task.tally.written[HUB_NAMES[split]] = task.source.manifest.splits[str(split)]
