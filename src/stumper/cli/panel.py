"""Options and tables of the models that judge, for the commands that ask them. No rule lives here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Column, Table

from stumper.cli.shared import out, settings
from stumper.curate.panel.ask import Judge, Line, ModelJudge
from stumper.curate.panel.journal import Journal, Remembering
from stumper.curate.panel.panel import Panel, PanelFigures

ModelsOption = Annotated[
    list[str] | None, typer.Option("--model", help="A model that judges, openai:URL#NAME; may be repeated.")
]
LeastOption = Annotated[int, typer.Option("--least", min=1, help="Judges that a score needs.")]
REASONS = 3
"""Reasons for missing scores that are told."""


def open_judges(refs: Sequence[str]) -> list[Judge]:
    """Returns judges by the rubric; nothing is sent yet. Raises BadSetting for what is no endpoint."""
    key = settings().model_secrets.get("openai")
    return [ModelJudge(Line(ref, key=key)) for ref in refs]


def open_panel(refs: Sequence[str] | None, *, least: int, journal: Journal | None = None) -> Panel:
    """Raises BadSetting if there are not enough models."""
    return Panel(_remembering(open_judges(refs or ()), journal), least=least)


def _remembering(judges: list[Judge], journal: Journal | None) -> list[Judge]:
    return [Remembering(judge, journal) if journal else judge for judge in judges]


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
