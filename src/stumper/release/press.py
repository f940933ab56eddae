"""Writes a planned release into a folder, some hundred examples at a time, in the order of the plan.

Nothing is held but the chunk in hand, the columns and one row group of pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from stumper.records import Split
from stumper.release import facts
from stumper.release.card import card
from stumper.release.columns import Examples
from stumper.release.facts import Facts, Seen
from stumper.release.folder import Folder
from stumper.release.formats import Parquet, Row, jsonl
from stumper.release.manifest import FORMAT, Manifest, digest_over, write_manifest
from stumper.release.plan import REASONS, Plan
from stumper.release.portable import portable, portable_ref
from stumper.release.queries import Frame, Source
from stumper.release.splits import SPLITS, Ints

LEFT_OUT: Final = "left-out.jsonl"


class Press:
    """Prints one release; `open` and `close` a split, `add` its rows, then `finish`."""

    def __init__(self, folder: Folder, examples: Examples, plan: Plan, *, frame: Frame, seed: int) -> None:
        self.folder, self._examples, self._plan = folder, examples, plan
        self._frame, self._seed = frame, seed
        self._counts = facts.count(examples, plan)
        self._seen = Seen(wanted=facts.wanted(self._counts))
        self._files = ExitStack()
        self._provenance = self._files.enter_context(folder.create("provenance.jsonl"))
        self._done = 0

    @property
    def written(self) -> int:
        """Bytes so far."""
        return self.folder.written

    @property
    def needed(self) -> float:
        """Bytes that the whole release will take, as far as can be told from what is written."""
        return self.written * max(1.0, self._counts.examples / max(1, self._done))

    def chunks(self, split: int, *, size: int) -> Iterator[Ints]:
        """Yields the places of the examples of a split, by row id."""
        rows = np.flatnonzero(self._plan.kept & (self._plan.split == split))
        yield from (rows[at : at + size] for at in range(0, len(rows), size))

    def ids(self, numbers: Ints) -> list[str]:
        """Returns what these examples are called in the database."""
        return [str(one) for one in self._examples.ids[numbers]]

    def keys(self, numbers: Ints) -> list[str]:
        """Returns what they are called in the release."""
        return [f"{key:016x}" for key in self._examples.key[numbers].tolist()]

    def open(self, split: Split) -> None:
        """Begins a split."""
        self._split = split
        self._lines = self._files.enter_context(self.folder.create(f"{split}.jsonl"))
        self._parquet = Parquet(self.folder, split)
        self._files.callback(self._parquet.abandon)

    def add(self, numbers: Ints, sources: Sequence[Source]) -> None:
        """Writes examples, given by their places in the plan; their pictures lie in the folder."""
        for number, source in zip(numbers.tolist(), sources, strict=True):
            row = self._row(number, source)
            self._lines.line(jsonl(row))
            self._parquet.add(row)
            self._provenance.line(_provenance(row, source, self._split))
            question, answer = self._examples.question[number], self._examples.answer[number]
            self._seen.add(source, question=int(question), answer=int(answer))
        self._done += len(numbers)

    def _row(self, number: int, source: Source) -> Row:
        return Row(
            id=f"{self._examples.key[number]:016x}",
            image_id=source.image_id,
            image=picture_of(source),
            question=source.question,
            answer=source.answer,
            wrong_answer=source.wrong_answer,
            category=source.category,
            round=source.round,
            image_licence=source.licence,
            weight=self._plan.weights.get(source.category, 1.0),
        )

    def close(self) -> None:
        """Ends a split."""
        self._lines.close()
        self._parquet.close()

    def finish(self) -> Manifest:
        """Writes the rest, the manifest last; returns it."""
        self._files.close()
        self._write_left_out()
        told = Facts(
            frame=self._frame,
            seed=self._seed,
            counts=self._counts,
            seen=self._seen,
            weights=self._plan.weights,
            why_not_apart=self._plan.why_not_apart,
        )
        self.folder.put("README.md", card(told).encode())
        manifest = self._manifest()
        write_manifest(self.folder.root, manifest)
        return manifest

    def abandon(self) -> None:
        """Closes what a failure left open; that the disk is full was said already."""
        with suppress(OSError):
            self._files.close()

    def _write_left_out(self) -> None:
        """Says of each example that is not in it where its picture is, and why; names no player, no text."""
        examples, plan = self._examples, self._plan
        with self.folder.create(LEFT_OUT) as file:
            for number in np.flatnonzero(~plan.kept).tolist():
                line = {
                    "id": f"{examples.key[number]:016x}",
                    "image": examples.images[examples.image[number]],
                    "split": str(SPLITS[plan.split[number]]),
                    "reason": str(REASONS[plan.left_out[number]]),
                }
                file.line(json.dumps(line, ensure_ascii=False))

    def _manifest(self) -> Manifest:
        digest, counts = digest_over(self.folder.files), self._counts
        return Manifest(
            format=FORMAT,
            id=digest[:16],
            digest=digest,
            campaign=self._frame.campaign,
            round=self._frame.round,
            seed=self._seed,
            licence=self._frame.licence,
            images=counts.pictures,
            splits={str(split): size.examples for split, size in counts.splits.items()},
            categories={str(name): sum(by_split) for name, by_split in sorted(counts.categories.items())},
            files=self.folder.files,
            players=counts.players.total(),
            why_not_apart=self._plan.why_not_apart,
            left_out={str(reason): number for reason, number in counts.left_out.items()},
            weights={str(name): weight for name, weight in sorted(self._plan.weights.items())},
            entropy=round(counts.entropy, 4),
        )


def picture_of(source: Source) -> str:
    """Returns the path of an example's picture in the folder."""
    return f"images/{source.image_id}{PurePosixPath(source.file).suffix}"


def _provenance(row: Row, source: Source, split: Split) -> str:
    return json.dumps(
        {
            "id": row.id,
            "split": str(split),
            "image": row.image,
            "image_source": source.source,
            "image_licence": source.licence,
            "round": source.round,
            "model": portable_ref(source.model_ref),
            "posterior": round(source.posterior, 6),
            "provenance": portable(source.provenance),
        },
        ensure_ascii=False,
        sort_keys=True,
    )
