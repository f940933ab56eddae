"""The example as plain columns, for formats that are no chat: imagefolder, WebDataset, lmms-eval."""

from __future__ import annotations

from typing import Any

from stumper.release.export.source import weight_of
from stumper.release.formats import Row
from stumper.vlm.question import defused


def record(row: Row) -> dict[str, Any]:
    """Returns everything but the picture; the keys are those of `types`, in order."""
    return {
        "id": row.id,
        "question": defused(row.question),
        "answer": defused(row.answer),
        "wrong_answer": defused(row.wrong_answer),
        "category": str(row.category),
        "round": row.round,
        "image_licence": row.image_licence,
        "weight": weight_of(row),
    }


def types(arrow: Any) -> list[tuple[str, Any]]:
    """Returns the columns of `record` in the words of pyarrow."""
    text = arrow.string()
    names = ("id", "question", "answer", "wrong_answer", "category")
    return [
        *((name, text) for name in names),
        ("round", arrow.int32()),
        ("image_licence", text),
        ("weight", arrow.float64()),
    ]
