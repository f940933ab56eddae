"""The report of a round: one HTML file that opens anywhere, offline, on a phone or a desk, in light or dark.

Everything is inside: style, font, charts (SVG) and pictures (thumbnails). Text of players is escaped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from stumper.evaluate.benchmarks.table import Table
from stumper.evaluate.cards import piles
from stumper.evaluate.charts import number, pair, whisker
from stumper.evaluate.closing import Examination
from stumper.evaluate.consistency import Consistency
from stumper.evaluate.curve import Row, loss_curve
from stumper.evaluate.insight import Insight
from stumper.evaluate.metrics import Interval
from stumper.evaluate.panel import PanelScores, Unheard
from stumper.evaluate.run import Comparison, Figure
from stumper.release.drawing import stack
from stumper.release.manifest import Manifest
from stumper.release.paper import pages, write_whole

LABELS: Final = {
    "count_many": "counting four to nine",
    "hand": "which hand is raised",
    "pattern": "patterns",
    "size_most": "the biggest, the smallest",
    "new_kind": "kinds it has no name for",
    "sign_word": "words on signs",
    "clock_hour": "reading clocks",
    "plate": "number plates",
    "relation": "what is on, under, behind",
    "scene": "where it is",
    "open_shut": "open or shut",
    "facing": "which way it faces",
    "compare": "more or bigger",
    "reasoning": "adding up",
    "existence": "is it there",
    "identification": "what is it",
    "colour": "colours",
    "count": "counting to three",
    "position": "left, right, top, bottom",
}
"""What Toytown's skills are called here."""


_VARIANTS: Final = {
    "as asked": "all questions of the sample",
    "in other words": "and in two other wordings",
    "mirrored": "and in the mirror, where left is right",
}


class Standing(Protocol):
    """What a type of player came to."""

    @property
    def name(self) -> str: ...
    @property
    def players(self) -> int: ...
    @property
    def trusted(self) -> int: ...
    @property
    def points(self) -> float: ...
    @property
    def payable(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """How much was played and kept."""

    sessions: int
    exchanges: int
    claims: int
    examples: int
    precision: float | None = None
    """Of the examples, where the truth is known; None or nan elsewhere."""
    recall: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """Everything a report tells."""

    title: str
    """'toytown, round 1'"""
    examination: Examination
    passed: bool
    verdict: str
    """One sentence: what the gate decided and why."""
    manifest: Manifest
    seed: int
    loop: Loop | None = None
    standings: Sequence[Standing] = ()
    """Types of players, where they were simulated."""
    insight: Insight | None = None
    """What play says about the model, where there was play."""
    benchmarks: Table | None = None
    """The paper's ten, where they were run."""
    curve: Sequence[Row] = ()
    """Losses of the tuning, see `curve.curve_of`."""
    facts: Sequence[tuple[str, str]] = ()
    """Provenance of the run: seed, versions, minutes, machine."""


def write_report(path: Path, data: ReportData) -> Path:
    """Writes the report whole or not at all; returns its path."""
    return write_whole(path, render(data))


def render(data: ReportData) -> str:
    """Returns the report's HTML; the same data give the same text."""
    report = pages("stumper.evaluate")
    report.filters["figure"] = number
    report.filters["label"] = _label
    report.filters["chance"] = _chance
    report.tests["known"] = lambda value: value is not None and math.isfinite(value)
    return report.get_template("report.html").render(**_view(data))


def _view(data: ReportData) -> dict[str, Any]:
    found = data.examination
    shown = [pile for pile in piles(found.score.outcomes, seed=data.seed) if pile.total]
    kinds = Counter(card.category for pile in shown for card in pile.cards)
    return {
        "data": data,
        "table": data.benchmarks,
        "score": found.score.overall,
        "known": found.known.overall,
        "withheld": found.withheld.overall,
        "hero": pair(found.score.overall, height_px=64),
        "gaps": _rows(found.withheld.groups, found.withheld),
        "closed": sum(gap.closed for gap in found.withheld.groups),
        "categories": _rows(found.score.categories, found.score),
        "dimensions": [_Row(one, pair(one), "") for one in found.score.dimensions],
        "steady": _steady(found.consistency),
        "costs": list(zip(("before", "after"), found.score.costs or (), strict=False)),
        "skills": _rows(found.known.groups, found.known),
        "forgotten": found.known.overall.base.mean - found.known.overall.tuned.mean,
        "piles": shown,
        "kinds": sorted(kinds.items()) if len(kinds) > 1 else [],
        "panel": _panel(found),
        "found": _found(data.insight),
        "curve": loss_curve(data.curve),
        "checked": any(len(row) > 2 and row[2] is not None for row in data.curve),
        "composition": _composition(data.manifest),
        "most_points": max((abs(one.points) for one in data.standings), default=1.0) or 1.0,
    }


@dataclass(frozen=True, slots=True)
class _Row:
    figure: Figure
    chart: str
    example: str
    """A question of this kind, as it was asked."""


def _rows(figures: Sequence[Figure], comparison: Comparison) -> list[_Row]:
    """Largest gain first; what could not be scored last."""

    def order(figure: Figure) -> tuple[float, str]:
        return (-figure.gain.mean if figure.gain.n else 2.0, figure.name)

    examples: dict[str, str] = {}
    for outcome in comparison.outcomes:
        for name in (outcome.item.group, str(outcome.item.category)):
            examples.setdefault(name, outcome.item.question)
    return [_Row(one, pair(one), examples.get(one.name, "")) for one in sorted(figures, key=order)]


def _steady(found: Consistency | None) -> list[_Row]:
    """As asked, in other words, mirrored; without what could not be asked."""
    figures = (found.as_asked, found.in_other_words, found.mirrored) if found else ()
    return [_Row(one, pair(one), _VARIANTS[one.name]) for one in figures if one.gain.n]


@dataclass(frozen=True, slots=True)
class _Heard:
    """Rules and panel on the same answers, or why there are only the rules."""

    rows: list[_Row]
    scores: PanelScores | None
    why: str


def _panel(found: Examination) -> _Heard | None:
    told, score = found.panel, found.score.overall
    if told is None:
        return None
    if isinstance(told, Unheard):
        return _Heard([], None, told.why)
    figure = Figure(
        "by the panel", score.items, told.base, told.tuned, told.gain, guess=math.nan, missing=told.missing
    )
    rules = replace(score, name="by the rules", guess=math.nan)
    return _Heard([_Row(one, pair(one), "") for one in (rules, figure)], told, told.why)


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    count: int
    share: float
    chart: str


def _composition(manifest: Manifest) -> list[_Part]:
    total = sum(manifest.categories.values()) or 1
    most = max(manifest.categories.values(), default=0) or 1
    return [
        _Part(name, count, count / total, stack([("part", count / most)], label=f"{name} {count}"))
        for name, count in sorted(manifest.categories.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    asked: int
    marked: float
    mean: float
    low: float
    high: float
    chart: str


def _found(insight: Insight | None) -> list[_Found]:
    """One row a category; without absolute rates the axis ends at twice the mean."""
    rows = []
    for name, rate in insight.categories if insight else ():
        mean, low, high = rate.error or rate.relative
        scale = 1.0 if rate.error else 2.0
        drawn = Interval(mean / scale, low / scale, high / scale, rate.asked)
        chart = whisker(drawn, marked=rate.marked if rate.error else math.nan)
        rows.append(_Found(name, rate.asked, rate.marked, mean, low, high, chart))
    return rows


def _chance(p: float) -> str:
    """'p = 0.03' or 'p < 0.001'."""
    if math.isnan(p):
        return "p unknown"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " "))
