"""LLaMA-Factory: ShareGPT-style lines with `dataset_info.json`, for SFT and for DPO.

The user's turn holds `<image>` once, which is where the picture goes; players' texts hold none (`defused`).
Paths of pictures are relative to the folder, which LLaMA-Factory takes for `media_dir` unless told otherwise.
https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from stumper.release.export.fit import Fault, unpaired, unusable
from stumper.release.export.source import HUB_NAMES, weight_of
from stumper.release.export.writing import Task, write_json, write_lines
from stumper.release.formats import Row
from stumper.vlm.question import defused

_TAGS: Final = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
}


def write(task: Task) -> None:
    """Writes `sft_SPLIT.jsonl`, `dpo_SPLIT.jsonl`, and names them stumper_sft_SPLIT, stumper_dpo_SPLIT."""
    info: dict[str, Any] = {}
    for split in task.splits:
        for stage, entry, record, faults in _STAGES:
            part = f"{stage}_{HUB_NAMES[split]}"
            rows = task.tally.fit(task.source.rows(split), *faults, part=part)
            lines = (record(row, task.picture(row, task.folder / "images")) for row in rows)
            write_lines(task.folder / f"{part}.jsonl", lines)
            info[f"stumper_{part}"] = {"file_name": f"{part}.jsonl", "formatting": "sharegpt"} | entry
    write_json(task.folder / "dataset_info.json", info)


def _asked(row: Row, picture: str) -> dict[str, Any]:
    question = {"role": "user", "content": f"<image>{defused(row.question)}"}
    return {"id": row.id, "messages": [question], "images": [picture], "weight": weight_of(row)}


def _said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": defused(text)}


def _sft(row: Row, picture: str) -> dict[str, Any]:
    asked = _asked(row, picture)
    return asked | {"messages": [*asked["messages"], _said(row.answer)]}


def _dpo(row: Row, picture: str) -> dict[str, Any]:
    return _asked(row, picture) | {"chosen": _said(row.answer), "rejected": _said(row.wrong_answer)}


_Stage = tuple[str, dict[str, Any], Callable[[Row, str], dict[str, Any]], tuple[Fault, ...]]
_STAGES: Final[tuple[_Stage, ...]] = (
    ("sft", {"columns": {"messages": "messages", "images": "images"}, "tags": _TAGS}, _sft, (unusable,)),
    (
        "dpo",
        {
            "ranking": True,
            "columns": {
                "messages": "messages",
                "images": "images",
                "chosen": "chosen",
                "rejected": "rejected",
            },
            "tags": _TAGS,
        },
        _dpo,
        (unusable, unpaired),
    ),
)
