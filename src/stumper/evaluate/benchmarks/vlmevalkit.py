"""Result files of VLMEvalKit: ``WORK_DIR/MODEL[/T20260131_Gabcdef01]/MODEL_DATASET[_JUDGE]_acc.csv``.

Some end in ``_score.csv`` or ``_score.json``. The links in ``WORK_DIR/MODEL`` point at the newest run. Beside
a score lie the answers (``MODEL_DATASET.xlsx``) and, of judged benchmarks, the verdicts, which tell where the
judge failed: MM-Vet scores such a question 0 and logs "All 5 retries failed.", LLaVA-Bench scores both
answers -1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stumper.evaluate.benchmarks.reading import (
    Line,
    Reading,
    Results,
    gathered,
    half_written,
    lines_of,
    number,
    one_model,
    within,
)
from stumper.evaluate.benchmarks.ten import TEN, Benchmark, Harness

_UNANSWERED: Final = "Failed to obtain answer via API"
"""What VLMEvalKit writes as the answer of an endpoint that gave none."""


@dataclass(frozen=True, slots=True)
class _Found:
    benchmark: Benchmark
    model: str
    dataset: str
    path: Path


def read_vlmevalkit(folder: Path) -> Results | None:
    """Returns what the folder's files say; None if it holds none. Raises BadDataset."""
    files = [file for path in sorted(folder.rglob("*")) if (file := _recognised(path))]
    if not files:
        return None
    model = one_model(folder, (file.model for file in files))
    newest = {file.benchmark.slug: file for file in sorted(files, key=_age)}
    return gathered(
        Harness.VLMEVALKIT, model, ((one, *_read(newest[one.slug])) for one in TEN if one.slug in newest)
    )


def _recognised(path: Path) -> _Found | None:
    """Returns what the name says; a model may be called like a benchmark, so the longest model is meant."""
    found = []
    for benchmark in TEN:
        cell = benchmark.cell
        judge = r"(?:_(?!.*_fine).+)?" if cell.judged else ""
        names = "|".join(cell.datasets)
        match = re.fullmatch(
            rf"(?P<model>.+)_(?P<dataset>{names}){judge}_{cell.ending}\.(csv|json)", path.name
        )
        if match and path.is_file():
            found.append(_Found(benchmark, match["model"], match["dataset"], path))
    return max(found, key=lambda one: len(one.model), default=None)


def _age(found: _Found) -> tuple[str, float, str]:
    """Newest run last: runs lie in folders named after their day, links point at the newest."""
    real = found.path.resolve()
    run = real.parent.name if re.match(r"T20\d{6}_G", real.parent.name) else ""
    return run, real.stat().st_mtime, found.path.name


def _read(found: _Found) -> tuple[Reading | None, str]:
    """Returns the reading, or None where the figure is none, and what has to be said about it."""
    rows = lines_of(found.path)
    value = _figure(found, rows)
    if math.isnan(value):
        return None, f"{found.path.name} tells no number, so it is missing."
    value = within(found.benchmark, value, found.path)
    failed, note = 0, ""
    if found.benchmark.cell.judged:
        value, failed, note = _without_failures(found, value)
        if math.isnan(value):
            return None, note
    answers = _beside(found.path, f"{found.model}_{found.dataset}")
    unanswered = sum(str(row.get("prediction", "")).startswith(_UNANSWERED) for row in _rows(answers))
    return Reading(value=value, dataset=found.dataset, failed=failed, unanswered=unanswered), note


def _figure(found: _Found, rows: Sequence[Line]) -> float:
    cell = found.benchmark.cell
    if cell.row and len(rows) > 1:
        column, says = cell.row
        rows = [row for row in rows if row.get(column) == says]
    if len(rows) != 1 or any(column not in rows[0] for column in cell.columns):
        where = f" in the row {cell.row[0]}={cell.row[1]}" if cell.row else ""
        raise half_written(found.path, f"there is no {' and '.join(cell.columns)}{where}")
    return sum(number(rows[0][column]) for column in cell.columns)


def _without_failures(found: _Found, value: float) -> tuple[float, int, str]:
    """Returns the value over the questions that the judge scored, and how many it did not."""
    relative = found.dataset == "LLaVABench"
    stem = found.path.stem.removesuffix("_score") + ("_openai_result" if relative else "")
    verdicts = _rows(_beside(found.path, stem))
    if not verdicts:
        note = f"{stem}.xlsx is not there: where the judge failed cannot be seen, and such questions count."
        return value, 0, note
    again, failed = (_relative if relative else _mean)(verdicts)
    if not failed:
        return value, 0, ""
    if failed == len(verdicts):
        return math.nan, failed, f"the judge scored none of {failed} questions, so it is missing."
    return again, failed, f"the judge failed on {failed} of {len(verdicts)} questions; they are left out."


def _relative(rows: Sequence[Line]) -> tuple[float, int]:
    """LLaVA-Bench: the model's mean score in per cent of GPT-4's."""
    pairs = [(number(row.get("score")), number(row.get("gpt4_score"))) for row in rows]
    scored = [(own, other) for own, other in pairs if own >= 0 and other >= 0]
    others = sum(other for _, other in scored)
    return (100 * sum(own for own, _ in scored) / others if others else math.nan), len(pairs) - len(scored)


def _mean(rows: Sequence[Line]) -> tuple[float, int]:
    """MM-Vet: the mean score in per cent."""
    told = [number(row.get("score")) for row in rows if "retries failed" not in str(row.get("log", ""))]
    scored = [one for one in told if not math.isnan(one)]
    return (100 * sum(scored) / len(scored) if scored else math.nan), len(rows) - len(scored)


def _beside(path: Path, stem: str) -> Path | None:
    """Returns the sheet of this name in the run's folder, in whichever format it was kept."""
    folder = path.resolve().parent
    return next(
        (file for kind in ("xlsx", "tsv", "json") if (file := folder / f"{stem}.{kind}").is_file()), None
    )


def _rows(path: Path | None) -> list[Line]:
    return lines_of(path) if path else []
