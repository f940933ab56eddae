"""Commands over files of questions and answers, one JSON object a line. No rule lives here."""

from __future__ import annotations

import json
import sys
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from stumper.cli.panel import REASONS, LeastOption, ModelsOption, show
from stumper.cli.shards import EngineOption, RowsOption, way, worked
from stumper.cli.shared import JsonOption, err, out
from stumper.curate.lines import Tally
from stumper.curate.panel.panel import LEAST
from stumper.shards import ROWS, Told, mean_score, panel_figures

SHOWN: Final = 20
"""Faults that are told one by one."""

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="One JSON object a line, UTF-8.")]
OutOption = Annotated[Path, typer.Option("--out", help="Where the lines go, with what was added.")]


class Judge(StrEnum):
    RULES = "rules"
    PANEL = "panel"
    GAP_SCORE = "gap-score"


def classify(
    file: FileArgument,
    target: OutOption,
    model: Annotated[
        str | None,
        typer.Option("--model", help='Asks openai:URL#NAME as well, for "second_category"; null: no answer.'),
    ] = None,
    engine: EngineOption = None,
    rows: RowsOption = ROWS,
    as_json: JsonOption = False,
) -> None:
    """Adds "category" and "confidence" to lines with "question" (and "answer", if there)."""
    faults = _Faults()
    tally, told = worked(file, target, "classify", {"model": model}, way(engine, rows), faults.report)
    faults.finish(tally)
    shares = Counter[str](told["categories"])
    if as_json:
        sys.stdout.write(json.dumps({**_counted(tally), "categories": dict(shares.most_common())}) + "\n")
        return
    table = Table("category", "questions", "share", box=None, padding=(0, 2, 0, 0))
    for name, times in shares.most_common():
        table.add_row(name, f"{times:,}", f"{times / tally.written:.1%}")
    out.print(table)


def judge(
    file: FileArgument,
    target: OutOption,
    by: Annotated[Judge, typer.Option("--judge", help="Who scores.")] = Judge.RULES,
    models: ModelsOption = None,
    images: Annotated[
        Path | None, typer.Option("--images", help='Folder of the pictures that "image" names.')
    ] = None,
    least: LeastOption = LEAST,
    engine: EngineOption = None,
    rows: RowsOption = ROWS,
    as_json: JsonOption = False,
) -> None:
    """Adds "score" (0 to 1, null: missing) and "why": what each answer is worth beside the right one.

    Lines hold "question", "model_answer" and "correct_answer". A panel of models is shown the picture too,
    and adds "dimensions", "judges" and "wavering".
    """
    options = {
        "by": by.value,
        "models": models or [],
        "least": least,
        "images": images and str(images.resolve()),
    }
    faults = _Faults()
    tally, told = worked(file, target, "judge", options, way(engine, rows), faults.report)
    faults.finish(tally)
    figures = {} if by is Judge.RULES else {"panel": _panel(told, quiet=as_json)}
    mean, scored = mean_score(told)
    missing = tally.written - scored
    if as_json:
        line = {**_counted(tally), "missing": missing, "mean": mean, **figures}
        sys.stdout.write(json.dumps(line) + "\n")
        return
    said = "no score" if mean is None else f"mean score {mean:.3f} of {scored:,} pairs"
    out.print(f"{said}, {missing:,} missing: {target}", highlight=False, soft_wrap=True)


def _panel(told: Told, *, quiet: bool) -> dict[str, Any]:
    """Says why scores are missing and, unless ``quiet``, how the judges agreed; returns the figures."""
    for why, times in Counter[str](told["why"]).most_common(REASONS):
        _warn(f"{times:,} x {why}")
    figures = panel_figures(told)
    if not quiet:
        show(figures)
    return figures.to_json()


def _counted(tally: Tally) -> dict[str, int]:
    return {"lines": tally.written, "left_out": tally.left_out}


class _Faults:
    """Tells the first faults of lines on standard error, and at the end how many there were."""

    def __init__(self) -> None:
        self._told = 0

    def report(self, number: int, fault: str) -> None:
        self._told += 1
        if self._told <= SHOWN:
            _warn(f"line {number}: {fault}")

    def finish(self, tally: Tally) -> None:
        if tally.left_out:
            _warn(f"{tally.left_out:,} of {tally.written + tally.left_out:,} lines were left out")


def _warn(message: str) -> None:
    err.print(message, style="yellow", markup=False, highlight=False, soft_wrap=True)
