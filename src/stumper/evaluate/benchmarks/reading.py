"""What a harness said about one model, and how its files are opened: tables, sheets, lines; whole or not."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stumper.errors import BadDataset
from stumper.evaluate.benchmarks.sheet import sheet
from stumper.evaluate.benchmarks.ten import Benchmark, Harness

Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One benchmark's figure."""

    value: float
    """In the paper's unit; without the questions on which the judge failed, where the files show them."""
    dataset: str
    """The harness's name of the data and split."""
    failed: int = 0
    """Questions left out because the judge gave no score."""
    unanswered: int = 0
    """Questions the model gave no answer to; the harness counts them as wrong, and so does ``value``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What one folder holds. A benchmark that is not in ``readings`` is missing, not 0."""

    harness: Harness
    model: str
    readings: Mapping[str, Reading]
    """By slug."""
    notes: tuple[str, ...] = ()


def gathered(harness: Harness, model: str, read: Iterable[tuple[Benchmark, Reading | None, str]]) -> Results:
    """Returns results of what was read of each benchmark: a reading or None, and a note or nothing."""
    readings, notes = {}, []
    for benchmark, reading, note in read:
        if reading:
            readings[benchmark.slug] = reading
        if note:
            notes.append(f"{benchmark.name}: {note}")
    return Results(harness=harness, model=model, readings=readings, notes=tuple(notes))


def one_model(folder: Path, models: Iterable[str]) -> str:
    """Returns the model that all files of a folder are about. Raises BadDataset."""
    names = sorted(set(models))
    if len(names) > 1:
        raise BadDataset(
            f"{folder} holds results of {len(names)} models ({', '.join(names)}). Give the folder of one."
        )
    return names[0]


def within(benchmark: Benchmark, value: float, path: Path) -> float:
    """Returns the value if the scale allows it. Raises BadDataset."""
    if not 0 <= value <= benchmark.top * 1.5:  # LLaVA-Bench is relative to GPT-4 and may pass 100
        raise BadDataset(
            f"{path} tells {value:g} for {benchmark.name}, which goes from 0 to {benchmark.top:g}. The "
            "harness has another scale than the one known here: leave that file out and read it by eye."
        )
    return value


def lines_of(path: Path) -> list[Line]:
    """Returns the rows of a ``.csv``, ``.tsv``, ``.xlsx``, ``.json``, ``.jsonl`` file. Raises BadDataset."""
    try:
        if path.suffix == ".xlsx":
            return sheet(path)
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            return [_object(json.loads(line)) for line in text.split("\n") if line.strip()]
        if path.suffix == ".json":
            found = json.loads(text)
            return [_object(one) for one in (found if isinstance(found, list) else [found])]
        return _table(text, "\t" if path.suffix == ".tsv" else ",")
    except (OSError, ValueError, csv.Error) as error:
        raise half_written(path, str(error)) from error


def half_written(path: Path, why: str) -> BadDataset:
    return BadDataset(
        f"{path} is not whole ({why}). The harness was stopped or is still writing: run that benchmark "
        "again, or take the file away, and it counts as missing."
    )


def number(value: object) -> float:
    """Returns a figure; nan for what is none (null, "N/A", an empty cell, a list)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        found = float(value)
    except ValueError:
        return math.nan
    return found if math.isfinite(found) else math.nan


def _table(text: str, between: str) -> list[Line]:
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True))
    if len(rows) < 2:
        raise ValueError("it has no rows")
    head, *rest = rows
    if any(len(row) != len(head) for row in rest):
        raise ValueError(f"a row has not the {len(head)} columns of the first")
    return [dict(zip(head, row, strict=True)) for row in rest]


def _object(value: object) -> Line:
    if not isinstance(value, dict):
        raise ValueError("it holds no objects")
    return value
