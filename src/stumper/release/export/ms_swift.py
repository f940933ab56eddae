"""ms-swift: messages with `<image>` where the picture goes; `rejected_response` makes a line a DPO pair.

https://swift.readthedocs.io/en/latest/Customization/Custom-dataset.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stumper.release.export.fit import unpaired, unusable
from stumper.release.export.source import HUB_NAMES, weight_of
from stumper.release.export.writing import Task, write_lines
from stumper.release.formats import Row
from stumper.vlm.question import defused


def write(task: Task) -> None:
    """Writes `sft_SPLIT.jsonl` and `dpo_SPLIT.jsonl`; pictures are relative to them (ROOT_IMAGE_DIR)."""
    for split in task.splits:
        name = HUB_NAMES[split]
        sft = task.tally.fit(task.source.rows(split), unusable, part=f"sft_{name}")
        write_lines(task.folder / f"sft_{name}.jsonl", _records(task, sft, pairs=False))
        dpo = task.tally.fit(task.source.rows(split), unusable, unpaired, part=f"dpo_{name}")
        write_lines(task.folder / f"dpo_{name}.jsonl", _records(task, dpo, pairs=True))


def _records(task: Task, rows: Iterator[Row], *, pairs: bool) -> Iterator[dict[str, Any]]:
    for row in rows:
        said = {"rejected_response": defused(row.wrong_answer)} if pairs else {}
        yield {
            "id": row.id,
            "messages": [
                {"role": "user", "content": f"<image>{defused(row.question)}"},
                {"role": "assistant", "content": defused(row.answer)},
            ],
            "images": [task.picture(row, task.folder / "images")],
            **said,
            "weight": weight_of(row),
        }
