"""One example as a row, and the two forms trainers read: TRL prompt/completion JSONL and Hugging Face
parquet.

Bytes are deterministic: fixed key order, no times, no absolute paths. The images of the JSONL lie beside it;
the parquet files carry theirs inside. `wrong_answer` is what the model said: with `prompt` and `completion`
it makes a preference pair.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadRelease
from stumper.records import Category, ImageId, Split
from stumper.vlm.question import defused

PARQUET_NAMES: Final[Mapping[Split, str]] = {
    Split.TRAIN: "data/train-00000-of-00001.parquet",
    Split.VAL: "data/validation-00000-of-00001.parquet",
    Split.TEST: "data/test-00000-of-00001.parquet",
}
ROW_GROUP: Final = 256
"""Rows held in memory at once: some ten megabytes with pictures of 40 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a release."""

    id: str
    """From image, question and answer, so it is the same in every release that holds them."""
    image_id: ImageId
    image: str
    """Path inside the release folder."""
    question: str
    answer: str
    wrong_answer: str
    category: Category
    round: int
    image_licence: str


def jsonl(row: Row) -> str:
    """Returns the row as TRL reads it (prompt/completion trains on the completion only).

    Texts are as they were typed, but for a space in what a chat template or tokenizer takes for its own: an
    <image> in a question would ask TRL for a second picture, a </s> in an answer teach to stop there.
    """
    return json.dumps(
        {
            "id": row.id,
            "images": [row.image],
            "prompt": [{"role": "user", "content": defused(row.question)}],
            "completion": [{"role": "assistant", "content": defused(row.answer)}],
            "wrong_answer": defused(row.wrong_answer),
            "category": str(row.category),
            "round": row.round,
            "image_licence": row.image_licence,
        },
        ensure_ascii=False,
    )


def parse(line: str) -> Row:
    """Returns the row that `jsonl` wrote. Raises BadRelease for anything else."""
    try:
        data = json.loads(line)
        image = data["images"][0]
        return Row(
            id=data["id"],
            image_id=ImageId(Path(image).stem),
            image=image,
            question=data["prompt"][0]["content"],
            answer=data["completion"][0]["content"],
            wrong_answer=data["wrong_answer"],
            category=Category(data["category"]),
            round=data["round"],
            image_licence=data["image_licence"],
        )
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise BadRelease(
            f"Not a line of a release: {line[:80]!r}. Build the release again with `stumper release build`."
        ) from error


def read_rows(folder: Path, split: Split) -> list[Row]:
    """Returns the rows of one split in file order. Raises BadRelease if the folder is no release."""
    path = folder / f"{split}.jsonl"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadRelease(f"{path} cannot be read. Name a folder made by `stumper release build`.") from error
    # not splitlines(): a question may hold U+2028, which JSON leaves as it is
    return [parse(line) for line in text.split("\n") if line]


def write_jsonl(path: Path, lines: Iterable[str]) -> None:
    """Writes one line each, with Unix line ends on every system."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def write_parquet(path: Path, rows: Sequence[Row], *, root: Path) -> None:
    """Writes rows with their pictures inside, as `datasets.load_dataset` reads them.

    The pictures lie in the release folder ``root``. Raises BadRelease without pyarrow.
    """
    arrow = require_pyarrow()
    from pyarrow import parquet

    schema = _schema(arrow)
    path.parent.mkdir(parents=True, exist_ok=True)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(rows), ROW_GROUP):
            records = [_record(row, root) for row in rows[start : start + ROW_GROUP]]
            writer.write_table(arrow.Table.from_pylist(records, schema=schema))


def require_pyarrow() -> Any:
    """Returns the module pyarrow. Raises BadRelease with the command that installs it."""
    try:
        import pyarrow
    except ImportError as error:
        raise BadRelease(
            "Building a release needs pyarrow: install it with `pip install 'stumper[data]'`."
        ) from error
    return pyarrow


def _record(row: Row, root: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(jsonl(row))
    record["images"] = [{"bytes": (root / row.image).read_bytes(), "path": row.image}]
    return record


def _schema(arrow: Any) -> Any:
    text = arrow.string()
    turn = arrow.list_(arrow.struct([("role", text), ("content", text)]))
    picture = arrow.struct([("bytes", arrow.binary()), ("path", text)])
    schema = arrow.schema(
        [
            ("id", text),
            ("images", arrow.list_(picture)),
            ("prompt", turn),
            ("completion", turn),
            ("wrong_answer", text),
            ("category", text),
            ("round", arrow.int32()),
            ("image_licence", text),
        ]
    )
    return schema.with_metadata({"huggingface": json.dumps({"info": {"features": _features()}})})


def _features() -> dict[str, Any]:
    """The columns in the words of the `datasets` library, which takes `images` as pictures by them."""
    text = {"dtype": "string", "_type": "Value"}
    turn = {"feature": {"role": text, "content": text}, "_type": "List"}
    return {
        "id": text,
        "images": {"feature": {"_type": "Image"}, "_type": "List"},
        "prompt": turn,
        "completion": turn,
        "wrong_answer": text,
        "category": text,
        "round": {"dtype": "int32", "_type": "Value"},
        "image_licence": text,
    }
