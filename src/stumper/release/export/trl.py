"""TRL: SFT as prompt and completion, DPO as a pair, KTO as answers with a label.

Prompt and completion rather than messages: TRL then learns the completion only. No text holds `<image>`: TRL
puts the picture before the first user turn itself. https://huggingface.co/docs/trl/dataset_formats
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stumper.release.export.fit import unpaired, unusable
from stumper.release.export.source import weight_of
from stumper.release.export.tables import Record, write_folders
from stumper.release.export.writing import Task
from stumper.release.formats import Row
from stumper.vlm.question import defused


def write_sft(task: Task) -> None:
    """Writes `images`, `prompt` and `completion`."""

    def records(row: Row, picture: str) -> Iterable[Record]:
        yield _common(row, picture) | {"completion": _says("assistant", row.answer)}

    write_folders(task, lambda arrow: _types(arrow, completion=_turns(arrow)), records, unusable)


def write_dpo(task: Task) -> None:
    """Writes `images`, `prompt`, `chosen` (the correction) and `rejected` (what the model said)."""

    def records(row: Row, picture: str) -> Iterable[Record]:
        yield _common(row, picture) | {
            "chosen": _says("assistant", row.answer),
            "rejected": _says("assistant", row.wrong_answer),
        }

    def types(arrow: Any) -> list[tuple[str, Any]]:
        return _types(arrow, chosen=_turns(arrow), rejected=_turns(arrow))

    write_folders(task, types, records, unusable, unpaired)


def write_kto(task: Task) -> None:
    """Writes `images`, `prompt`, `completion` and `label`: two records an example, the right answer first."""

    def records(row: Row, picture: str) -> Iterable[Record]:
        for text, label in ((row.answer, True), (row.wrong_answer, False)):
            yield _common(row, picture) | {"completion": _says("assistant", text), "label": label}

    def types(arrow: Any) -> list[tuple[str, Any]]:
        return _types(arrow, completion=_turns(arrow), label=arrow.bool_())

    write_folders(task, types, records, unusable, unpaired)


def _common(row: Row, picture: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "images_file_names": [picture],
        "prompt": _says("user", row.question),
        "category": str(row.category),
        "weight": weight_of(row),
    }


def _says(role: str, text: str) -> list[dict[str, str]]:
    return [{"role": role, "content": defused(text)}]


def _turns(arrow: Any) -> Any:
    return arrow.list_(arrow.struct([("role", arrow.string()), ("content", arrow.string())]))


def _types(arrow: Any, **more: Any) -> list[tuple[str, Any]]:
    return [
        ("id", arrow.string()),
        ("images_file_names", arrow.list_(arrow.string())),
        ("prompt", _turns(arrow)),
        ("category", arrow.string()),
        ("weight", arrow.float64()),
        *more.items(),
    ]
