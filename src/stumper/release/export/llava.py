"""LLaVA: one JSON list a split, as `LazySupervisedDataset` of LLaVA and its descendants reads it.

https://github.com/haotian-liu/LLaVA/blob/main/docs/Finetune_Custom_Data.md
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from stumper.release.export.fit import unusable
from stumper.release.export.source import HUB_NAMES, weight_of
from stumper.release.export.writing import Task, one_line
from stumper.vlm.question import defused


def write(task: Task) -> None:
    """Writes `SPLIT.json`; the folder itself is `--image_folder`."""
    for split in task.splits:
        _write_list(task.folder / f"{HUB_NAMES[split]}.json", _records(task, split))


def _records(task: Task, split: Any) -> Iterator[dict[str, Any]]:
    for row in task.tally.fit(task.source.rows(split), unusable, part=HUB_NAMES[split]):
        yield {
            "id": row.id,
            "image": task.picture(row, task.folder / "images"),
            "conversations": [
                {"from": "human", "value": f"<image>\n{defused(row.question)}"},
                {"from": "gpt", "value": defused(row.answer)},
            ],
            "weight": weight_of(row),
        }


def _write_list(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Writes a JSON list with an element a line, without holding it."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        before = "[\n"
        for record in records:
            file.write(before + one_line(record))
            before = ",\n"
        file.write("[]\n" if before == "[\n" else "\n]\n")
