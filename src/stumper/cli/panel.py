"""Options and tables of the models that judge, for the commands that ask them. No rule lives here."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from stumper.cli.shared import err, out, settings
from stumper.curate.lines import Record
from stumper.curate.panel.ask import Judge, Line, ModelJudge
from stumper.curate.panel.gapscore import GapScore
from stumper.curate.panel.journal import Journal, Remembering
from stumper.curate.panel.pairs import Pictures, judged, told
from stumper.curate.panel.panel import Panel, PanelFigures
from stumper.errors import BadSetting

ModelsOption = Annotated[
    list[str] | None, typer.Option("--model", help="A model that judges, openai:URL#NAME; may be repeated.")
]
LeastOption = Annotated[int, typer.Option("--least", min=1, help="Judges that a score needs.")]
SHOWN = 3
"""Reasons for missing scores that are told."""


def open_judges(refs: Sequence[str]) -> list[Judge]:
    """Returns judges by the rubric; nothing is sent yet. Raises BadSetting for what is no endpoint."""
    key = settings().model_secrets.get("openai")
    return [ModelJudge(Line(ref, key=key)) for ref in refs]


def open_panel(refs: Sequence[str] | None, *, least: int, journal: Journal | None = None) -> Panel:
    """Raises BadSetting if there are not enough models."""
    return Panel(_remembering(open_judges(refs or ()), journal), least=least)


def open_gap_score(refs: Sequence[str] | None, *, journal: Journal | None = None) -> Panel:
    """Returns the published single judge as a panel of one. Raises BadSetting unless it is one model."""
    if len(refs or ()) != 1:
        raise BadSetting("gap-score is a single judge. Name one model: --model openai:URL#NAME")
    key = settings().model_secrets.get("openai")
    return Panel(_remembering([GapScore(Line(ref, key=key)) for ref in refs or ()], journal), least=1)


def _remembering(judges: list[Judge] | list[GapScore], journal: Journal | None) -> list[Judge]:
    return [Remembering(judge, journal) if journal else judge for judge in judges]


class LineScorer:
    """Adds what a panel says to lines, and keeps count for the end."""

    def __init__(
        self, panel: Panel, journal: Journal, runner: asyncio.Runner, *, images: Path | None, full: bool
    ) -> None:
        self._panel = panel
        self._journal = journal
        self._runner = runner
        self._pictures = None if images is None else Pictures(images)
        self._full = full
        self._why: Counter[str] = Counter()

    def __call__(self, records: Sequence[Record]) -> list[Record]:
        verdicts = self._runner.run(judged(records, self._panel, pictures=self._pictures))
        self._why.update(one.why for one in verdicts if one.score is None)
        added = [told(one) for one in verdicts]
        if not self._full:
            added = [{"score": one["score"], "why": one["why"]} for one in added]
        return [{**record, **more} for record, more in zip(records, added, strict=True)]

    def finish(self, *, quiet: bool) -> dict[str, Any]:
        """Tells why scores are missing and, unless ``quiet``, how the judges agreed; returns the figures.

        To be called once everything is written: from here on the journal is not needed.
        """
        self._journal.discard()
        for why, times in self._why.most_common(SHOWN):
            err.print(f"{times:,} x {why}", style="yellow", markup=False, highlight=False, soft_wrap=True)
        figures = self._panel.figures()
        if not quiet:
            show(figures)
        return figures.to_json()


@contextmanager
def line_scorer(panel: Panel, journal: Journal, *, images: Path | None, full: bool) -> Iterator[LineScorer]:
    with asyncio.Runner() as runner:
        try:
            yield LineScorer(panel, journal, runner, images=images, full=full)
        finally:
            runner.run(panel.close())


def show(figures: PanelFigures) -> None:
    """Prints one row a judge, and how far they agree."""
    table = Table(
        Column("judge", overflow="fold"),
        "scored",
        "missing",
        "mean",
        "wavering",
        "calls",
        "tokens",
        "wait",
        box=None,
    )
    for one in figures.judges:
        numbers = map(figure, (one.mean, one.wavering))
        wait = "-" if one.latency_s is None else f"{one.latency_s:.2f} s"
        counts = f"{one.scored:,}", f"{one.missing:,}", *numbers, f"{one.calls:,}", f"{one.tokens:,}", wait
        table.add_row(one.name, *counts)
    out.print(table)
    if len(figures.judges) > 1:
        out.print(
            f"Krippendorff's alpha: {figure(figures.alpha)} of the scores, "
            f"{figure(figures.alpha_right)} of right against wrong",
            highlight=False,
        )


def figure(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.3f}"
