"""Small data sets in every form that an audit reads."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROWS: tuple[tuple[str, str, str], ...] = (
    ("a.png", "How many cats are there?", "three"),
    ("a.png", "What colour is the hat?", "It is red."),
    ("b.png", "Is there a dog?", "Yes"),
    ("c.png", "What is written on the sign?", "STOP"),
)
"""Picture, question, reference."""


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def plain(path: Path, rows: Iterable[tuple[str, str, str]] = ROWS) -> Path:
    """Question and answer, one a line."""
    return write_lines(path, ({"image": a, "question": q, "answer": r} for a, q, r in rows))


def gap(path: Path) -> Path:
    """A JSON list of conversations; both questions about a.png are in one."""
    items = [
        {
            "id": str(place),
            "image": f"train_images/{name}",
            "conversations": [
                turn
                for image, question, answer in ROWS
                if image == name
                for turn in (
                    {"role": "user", "content": f"<image>\n{question}"},
                    {"role": "assistant", "content": answer},
                )
            ],
        }
        for place, name in enumerate(("a.png", "b.png", "c.png"))
    ]
    path.write_text(json.dumps(items, indent=1), encoding="utf-8")
    return path


def llava(path: Path) -> Path:
    turns = [
        (image, {"from": "human", "value": f"{question}\n<image>"}, {"from": "gpt", "value": answer})
        for image, question, answer in ROWS
    ]
    items = [{"id": str(n), "image": i, "conversations": [q, a]} for n, (i, q, a) in enumerate(turns)]
    path.write_text(json.dumps(items), encoding="utf-8")
    return path


def trl(path: Path) -> Path:
    return write_lines(
        path,
        (
            {
                "images": [image],
                "prompt": [{"role": "user", "content": question}],
                "completion": [{"role": "assistant", "content": answer}],
            }
            for image, question, answer in ROWS
        ),
    )


def openai(path: Path) -> Path:
    """Messages whose content is made of parts."""
    return write_lines(
        path,
        (
            {
                "images": [image],
                "messages": [
                    {"role": "system", "content": "Be short."},
                    {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]},
                    {"role": "assistant", "content": answer},
                ],
            }
            for image, question, answer in ROWS
        ),
    )


def parquet(path: Path) -> Path:
    """As the Hugging Face Hub has it: the picture inside, two rows with the same."""
    import pyarrow
    from pyarrow import parquet as files

    rows = [
        {"image": {"bytes": image.encode() * 9, "path": None}, "question": question, "answers": [answer]}
        for image, question, answer in ROWS
    ]
    files.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def vlmevalkit(path: Path) -> Path:
    """A table with base64 pictures; the second row refers to the picture of the first by its index."""
    pictures = {name: base64.b64encode(name.encode() * 300).decode() for name, _, _ in ROWS}
    lines = ["index\timage\tquestion\tanswer"]
    for index, (name, question, answer) in enumerate(ROWS):
        image = "0" if index == 1 else pictures[name]
        lines.append(f"{index}\t{image}\t{question}\t{answer}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
