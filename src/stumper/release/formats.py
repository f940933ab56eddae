"""One example as a row, and the two forms trainers read: TRL prompt/completion JSONL and Hugging Face
parquet.

Bytes are deterministic: fixed key order, no times, no absolute paths. The images of the JSONL lie beside it;
the parquet files carry theirs inside. `wrong_answer` is what the model said: with `prompt` and `completion`
it makes a preference pair. `weight` balances the categories; releases of format 1 have none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadRelease
from stumper.records import Category, ImageId, Split
from stumper.release.folder import Folder, Tape
from stumper.vlm.question import defused

HUB_NAMES: Final[Mapping[Split, str]] = {
    Split.TRAIN: "train",
    Split.VAL: "validation",
    Split.TEST: "test",
}
"""How the splits are called in the names of the parquet files."""
ROW_GROUP: Final = 256
"""Rows held in memory at once: some ten megabytes with pictures of 40 KB ..."""
ROW_GROUP_BYTES: Final = 32_000_000
"""... and fewer of larger pictures."""
SHARD_ROWS: Final = 200_000
SHARD_BYTES: Final = 500_000_000
"""Of pictures: the next shard begins after so many."""


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
    weight: float = 1.0
    """How much the row should count in training, mean 1 over train."""


def row_id(image_id: ImageId, question: str, answer: str) -> str:
    """Returns the id of an example in every release; it can be found again from the example's own words."""
    return hashlib.sha256(json.dumps([image_id, question, answer]).encode()).hexdigest()[:16]


def jsonl(row: Row) -> str:
    """Returns the row as a line of JSON."""
    return json.dumps(record(row), ensure_ascii=False)


def record(row: Row) -> dict[str, Any]:
    """Returns the row as TRL reads it (prompt/completion trains on the completion only).

    Texts are as they were typed, but for a space in what a chat template or tokenizer takes for its own: an
    <image> in a question would ask TRL for a second picture, a </s> in an answer teach to stop there.
    """
    return {
        "id": row.id,
        "images": [row.image],
        "prompt": [{"role": "user", "content": defused(row.question)}],
        "completion": [{"role": "assistant", "content": defused(row.answer)}],
        "wrong_answer": defused(row.wrong_answer),
        "category": str(row.category),
        "round": row.round,
        "image_licence": row.image_licence,
        "weight": row.weight,
    }


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
            weight=float(data.get("weight", 1.0)),
        )
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise BadRelease(
            f"Not a line of a release: {line[:80]!r}. Build the release again with `stumper release build`."
        ) from error


def read_rows(folder: Path, split: Split) -> list[Row]:
    """Returns the rows of one split in file order. Raises BadRelease if the folder is no release."""
    return list(iter_rows(folder, split))


def iter_rows(folder: Path, split: Split) -> Iterator[Row]:
    """Yields the rows of one split, a line at a time. Raises BadRelease if the folder is no release."""
    path = folder / f"{split}.jsonl"
    try:
        # newline="\n": a question may hold U+2028 or a carriage return, which JSON leaves as they are
        with path.open(encoding="utf-8", newline="\n") as lines:
            yield from (parse(line) for line in lines if line != "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRelease(f"{path} cannot be read. Name a folder made by `stumper release build`.") from error


def write_jsonl(path: Path, lines: Iterable[str]) -> None:
    """Writes one line each, with Unix line ends on every system."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


class Parquet:
    """The parquet shards of one split, with their pictures inside, as `datasets.load_dataset` reads them."""

    def __init__(self, folder: Folder, split: Split) -> None:
        self._arrow = require_pyarrow()
        self._schema = _schema(self._arrow)
        self._folder, self._name = folder, f"data/{HUB_NAMES[split]}"
        self._records: list[dict[str, Any]] = []
        self._bytes = 0
        self._shards: list[str] = []
        self._shard: _Shard | None = None

    def add(self, row: Row) -> None:
        """Takes a row whose picture lies in the folder."""
        picture = (self._folder.root / row.image).read_bytes()
        self._records.append({**record(row), "images": [{"bytes": picture, "path": row.image}]})
        self._bytes += len(picture)
        if len(self._records) == ROW_GROUP or self._bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._shard is None:
            name = f"{self._name}-{len(self._shards):05}.parquet"
            self._shard = _Shard(self._folder.create(name), self._schema)
            self._shards.append(name)
        table = self._arrow.Table.from_pylist(self._records, schema=self._schema)
        self._shard.write(table, rows=len(self._records), pictures=self._bytes)
        self._records, self._bytes = [], 0
        if self._shard.full:
            self._shard.close()
            self._shard = None

    def abandon(self) -> None:
        """Lets go of what a failure left open."""
        if self._shard is not None:
            self._shard.abandon()

    def close(self) -> None:
        """Writes what is left, and the number of shards into the name of each."""
        if self._records:
            self._flush()
        if self._shard is not None:
            self._shard.close()
            self._shard = None
        for number, name in enumerate(self._shards):
            self._folder.rename(name, f"{self._name}-{number:05}-of-{len(self._shards):05}.parquet")


class _Shard:
    """One parquet file that grows by row groups."""

    def __init__(self, file: Tape, schema: Any) -> None:
        from pyarrow import parquet

        self._file = file
        self._writer = parquet.ParquetWriter(file, schema, compression="zstd")
        self._rows = self._pictures = 0

    def write(self, table: Any, *, rows: int, pictures: int) -> None:
        self._writer.write_table(table)
        self._rows += rows
        self._pictures += pictures

    @property
    def full(self) -> bool:
        return self._rows >= SHARD_ROWS or self._pictures >= SHARD_BYTES

    def close(self) -> None:
        self._writer.close()
        self._file.close()

    def abandon(self) -> None:
        with suppress(OSError):
            self.close()
        self._writer.is_open = False  # or it would try again when it is collected


def require_pyarrow() -> Any:
    """Returns the module pyarrow. Raises BadRelease with the command that installs it."""
    try:
        import pyarrow
    except ImportError as error:
        raise BadRelease(
            "Building a release needs pyarrow: install it with `pip install 'stumper[data]'`."
        ) from error
    return pyarrow


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
            ("weight", arrow.float64()),
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
        "weight": {"dtype": "float64", "_type": "Value"},
    }
