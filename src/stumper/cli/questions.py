"""Commands over files of questions and answers, one JSON object a line. No rule lives here."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from stumper.cli.panel import LeastOption, LineScorer, ModelsOption, line_scorer, open_gap_score, open_panel
from stumper.cli.shared import JsonOption, err, out, settings
from stumper.curate.classify import classify_many
from stumper.curate.lines import Record, Tally, rewrite, text
from stumper.curate.panel.journal import Journal
from stumper.curate.panel.panel import LEAST
from stumper.curate.reasons import judge as judged
from stumper.curate.second import NAME, SCHEMA, second_labels
from stumper.errors import BadSetting
from stumper.vlm.openai import open_endpoint
from stumper.vlm.structured import Structured

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
    as_json: JsonOption = False,
) -> None:
    """Adds "category" and "confidence" to lines with "question" (and "answer", if there)."""
    faults, shares = _Faults(), Counter[str]()
    with _second(model) as second:

        def label(records: Sequence[Record]) -> list[Record]:
            labelled = _labelled(records)
            shares.update(str(one["category"]) for one in labelled)
            return second(labelled)

        tally = rewrite(file, target, label, texts=("question", "answer"), on_bad=faults.report)
    faults.finish(tally)
    if as_json:
        sys.stdout.write(json.dumps({**_counted(tally), "categories": dict(shares.most_common())}) + "\n")
        return
    table = Table("category", "questions", "share", box=None, padding=(0, 2, 0, 0))
    for name, times in shares.most_common():
        table.add_row(name, f"{times:,}", f"{times / tally.written:.1%}")
    out.print(table)


def _labelled(records: Sequence[Record]) -> list[Record]:
    found = classify_many(
        [text(record, "question") or "" for record in records],
        [text(record, "answer") or "" for record in records],
    )
    return [
        {**record, "category": one.category.value, "confidence": round(one.confidence, 4)}
        for record, one in zip(records, found, strict=True)
    ]


@contextmanager
def _second(ref: str | None) -> Iterator[Callable[[list[Record]], list[Record]]]:
    """Gives what adds the model's label; without a model nothing is added."""
    if ref is None:
        yield lambda records: records
        return
    endpoint = open_endpoint(ref, key=settings().model_secrets.get("openai"))
    asker = Structured(endpoint, SCHEMA, name=NAME)
    with asyncio.Runner() as runner:

        def add(records: list[Record]) -> list[Record]:
            questions = [text(record, "question") or "" for record in records]
            found = runner.run(second_labels(questions, asker))
            return [
                {**record, "second_category": one and one.value}
                for record, one in zip(records, found, strict=True)
            ]

        try:
            yield add
        finally:
            runner.run(endpoint.close())


def judge(
    file: FileArgument,
    target: OutOption,
    by: Annotated[Judge, typer.Option("--judge", help="Who scores.")] = Judge.RULES,
    models: ModelsOption = None,
    images: Annotated[
        Path | None, typer.Option("--images", help='Folder of the pictures that "image" names.')
    ] = None,
    least: LeastOption = LEAST,
    as_json: JsonOption = False,
) -> None:
    """Adds "score" (0 to 1, null: missing) and "why": what each answer is worth beside the right one.

    Lines hold "question", "model_answer" and "correct_answer". A panel of models is shown the picture too,
    and adds "dimensions", "judges" and "wavering".
    """
    keys = ["question", "model_answer", "correct_answer", "modelAnswer", "correctAnswer"]
    keys += ["image"] if images else []
    faults, mean = _Faults(), _Mean()
    with _scorer(by, models, least=least, images=images, target=target) as scorer:
        work = mean.of(scorer or _by_rules)
        tally = rewrite(file, target, work, texts=keys, on_bad=faults.report)
        faults.finish(tally)
        figures = {"panel": scorer.finish(quiet=as_json)} if scorer else {}
    missing = tally.written - mean.scored
    if as_json:
        line = {**_counted(tally), "missing": missing, "mean": mean.value, **figures}
        sys.stdout.write(json.dumps(line) + "\n")
        return
    told = "no score" if mean.value is None else f"mean score {mean.value:.3f} of {mean.scored:,} pairs"
    out.print(f"{told}, {missing:,} missing: {target}", highlight=False, soft_wrap=True)


def _scorer(
    by: Judge, models: list[str] | None, *, least: int, images: Path | None, target: Path
) -> AbstractContextManager[LineScorer | None]:
    """Gives what asks models; None for the rules, which ask none."""
    if by is Judge.RULES:
        if models:
            raise BadSetting("The judge by rules asks no model. Say --judge panel, or leave --model out.")
        return nullcontext()
    journal = Journal(target.with_name(f".{target.name}.opinions.jsonl"))
    if by is Judge.GAP_SCORE:
        panel = open_gap_score(models, journal=journal)
    else:
        panel = open_panel(models, least=least, journal=journal)
    return line_scorer(panel, journal, images=images, full=by is Judge.PANEL)


def _by_rules(records: Sequence[Record]) -> list[Record]:
    found = [
        judged(
            text(record, "question") or "",
            text(record, "correct_answer", "correctAnswer"),
            text(record, "model_answer", "modelAnswer"),
        )
        for record in records
    ]
    return [
        {**record, "score": one.score, "why": one.why} for record, one in zip(records, found, strict=True)
    ]


class _Mean:
    """The mean of the scores that went by."""

    def __init__(self) -> None:
        self.scored = 0
        self._total = 0.0

    @property
    def value(self) -> float | None:
        return self._total / self.scored if self.scored else None

    def of(
        self, work: Callable[[Sequence[Record]], list[Record]]
    ) -> Callable[[Sequence[Record]], list[Record]]:
        """Returns the same work, listened to."""

        def heard(records: Sequence[Record]) -> list[Record]:
            done = work(records)
            scores = [one["score"] for one in done if one["score"] is not None]
            self.scored += len(scores)
            self._total += sum(scores)
            return done

        return heard


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
