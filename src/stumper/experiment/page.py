"""Experiments as files: experiment.json, and a page that opens anywhere, in the look of a round's report."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from stumper.experiment import arms
from stumper.experiment.arms import CONTROL, CURVE
from stumper.experiment.charts import curve, scale, ticks, whisker
from stumper.experiment.controls import Cell, Controls
from stumper.experiment.exam import KEPT, WHAT
from stumper.experiment.figures import CALLED, Difference, Tested, sentence
from stumper.experiment.matrix import Matrix, Played
from stumper.experiment.study import About
from stumper.release.paper import pages, write_whole
from stumper.release.portable import portable_ref

PAGE, FIGURES = "experiment.html", "experiment.json"
_DEEPEST = 0.4
"""Gain at which a cell of the matrix has its full colour."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One arm on one test."""

    cell: Cell
    figures: Tested
    beside: Difference | None
    """None for ordinary data themselves."""
    chart: Markup


@dataclass(frozen=True, slots=True)
class _Test:
    """One test: its arms at the largest size, and how gain grows."""

    name: str
    rows: list[_Row]
    ticks: Markup
    curve: Markup | None
    """None with one size."""
    kept: bool
    """Whether it asks what was known: a loss there is what is looked for."""


def write_controls(folder: Path, found: Controls, about: About) -> Path:
    """Writes figures and page, each whole or not at all; returns the path of the page."""
    _write_figures(folder, {**about.to_json(), **found.to_json()})
    return write_whole(folder / PAGE, render_controls(found, about))


def write_matrix(folder: Path, found: Matrix, recipes: Mapping[str, str]) -> Path:
    """Writes figures and page, each whole or not at all; returns the path of the page."""
    _write_figures(folder, {"recipes": dict(recipes), **found.to_json()})
    return write_whole(folder / PAGE, render_matrix(found, recipes))


def _write_figures(folder: Path, figures: dict[str, Any]) -> None:
    write_whole(folder / FIGURES, json.dumps(figures, ensure_ascii=False, allow_nan=False, indent=1) + "\n")


def render_controls(found: Controls, about: About) -> str:
    """Returns the page; the same figures give the same text."""
    names = list(dict.fromkeys(name for cell in found.cells for name in cell.tests))
    balanced = [one for one in found.differences if one.arm is arms.Arm.BALANCED]
    return (
        _pages()
        .get_template("controls.html")
        .render(
            found=found,
            about=about,
            top=found.sizes[-1],
            verdicts=[(one, sentence(one)) for one in balanced],
            tests=[_test(found, name) for name in names],
            what=WHAT,
            arms=arms.WHAT,
            curve=[CALLED[arm] for arm in CURVE],
        )
    )


def _test(found: Controls, name: str) -> _Test:
    top = [cell for cell in found.cells if cell.pairs == found.sizes[-1]]
    axis = scale(cell.tests[name].gain for cell in top)
    control = next((cell.tests[name].gain.mean for cell in top if cell.arm is CONTROL), math.nan)
    beside = {one.arm: one for one in found.differences if one.test == name}
    rows = [
        _Row(cell, one, beside.get(cell.arm), whisker(one.gain, axis, beside=control))
        for cell, one in ((cell, cell.tests[name]) for cell in top)
    ]
    lines = {
        str(arm): [(cell.pairs, cell.tests[name].gain) for cell in found.cells if cell.arm is arm]
        for arm in CURVE
    }
    drawn = {arm: points for arm, points in lines.items() if points}
    grown = scale(gain for points in drawn.values() for _, gain in points)
    chart = curve(drawn, grown) if drawn and len(found.sizes) > 1 else None
    return _Test(name, rows, ticks(axis), chart, name == KEPT)


@dataclass(frozen=True, slots=True)
class _Heat:
    """One cell of the matrix."""

    figures: Tested | None
    look: str
    """The class of its colour: from down-5 (lost much) over even to up-5 (gained much); gone if missing."""
    own: bool
    """Tuned on what stumped this very model."""


def render_matrix(found: Matrix, recipes: Mapping[str, str]) -> str:
    """Returns the page; the same figures give the same text."""
    lines = [
        (one, model, [_heat(found, one, model, asked) for asked in found.releases])
        for one in found.releases
        for model in found.models
    ]
    return _pages().get_template("matrix.html").render(found=found, lines=lines, recipes=recipes)


def _heat(found: Matrix, played: Played, model: str, asked: Played) -> _Heat:
    figures = found.at(played=played.id, tuned=model, test=asked.id).figures
    own = portable_ref(model) in played.models
    if figures is None or not figures.gain.n:
        return _Heat(figures, "gone", own)
    depth = round(5 * max(-1.0, min(1.0, figures.gain.mean / _DEEPEST)))
    return _Heat(figures, f"{'up' if depth > 0 else 'down'}-{abs(depth)}" if depth else "even", own)


def _pages() -> Environment:
    found = pages("stumper.experiment")
    found.filters["score"] = lambda value: f"{value:.3f}" if math.isfinite(value) else "–"
    found.filters["signed"] = lambda value: f"{value:+.3f}" if math.isfinite(value) else "–"
    return found
