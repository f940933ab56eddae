"""The charts of a report, made of what `release.drawing` draws; colours are classes of report.css."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from markupsafe import Markup

from stumper.evaluate.metrics import Interval
from stumper.evaluate.run import Figure
from stumper.release.drawing import dot, line, rect, svg

_GRID = (0.25, 0.5, 0.75)


def pair(figure: Figure, *, height_px: int = 38) -> Markup:
    """Draws base above tuned as bars with their intervals, and guessing as a dashed line through both."""
    bar = (height_px - 14) // 2
    parts = [line("grid", x, 0, height_px) for x in _GRID]
    parts += _bar("base", figure.base, 5, bar)
    parts += _bar("tuned", figure.tuned, height_px - 5 - bar, bar)
    if math.isfinite(figure.guess):
        parts.append(line("guess", figure.guess, 0, height_px))
    label = (
        f"base {number(figure.base.mean)}, tuned {number(figure.tuned.mean)}, guessing {number(figure.guess)}"
    )
    return svg("pair", height_px, label, parts)


def whisker(interval: Interval, *, marked: float, height_px: int = 26) -> Markup:
    """Draws a mean as a dot on its interval, and the share that was marked as a hollow one."""
    middle = height_px / 2
    parts = [line("grid", x, 0, height_px) for x in _GRID]
    if math.isfinite(interval.mean):
        if math.isfinite(marked):
            parts.append(line("gap", marked, middle, middle, to=interval.mean))
            parts.append(dot("marked", marked, middle))
        parts.append(line("reach", interval.low, middle, middle, to=interval.high))
        parts.append(dot("error", interval.mean, middle))
    label = f"{number(interval.mean)}, from {number(interval.low)} to {number(interval.high)}"
    return svg("whisker", height_px, label, parts)


def versus(here: float, there: float, *, label: str, height_px: int = 30) -> Markup:
    """Draws a share as a bar, and below it the one it is compared with; nan is not drawn."""
    bar = (height_px - 14) // 2
    parts = [line("grid", x, 0, height_px) for x in _GRID]
    if math.isfinite(here):
        parts.append(rect("tuned", 0, 5, max(here, 0.004), bar))
    if math.isfinite(there):
        parts.append(rect("base", 0, height_px - 5 - bar, max(there, 0.004), bar))
    return svg("versus", height_px, f"{label}: {number(here)}, compared with {number(there)}", parts)


def course(series: Mapping[str, Sequence[float]], *, most: float, label: str, height_px: int = 44) -> Markup:
    """Draws lines (class -> a value a round, 0 to ``most``) from left to right, a dot for each value.

    Each round has the middle of an equal part of the width; nan is a gap.
    """
    rounds = max((len(values) for values in series.values()), default=1)
    places = [(place + 0.5) / rounds for place in range(rounds)]
    parts = [line("grid", x, 0, height_px) for x in places]
    for name, values in series.items():
        heights = [height_px - 6 - (height_px - 12) * value / (most or 1.0) for value in values]
        points = list(zip(places, heights, strict=False))
        for (x, y), (to, y2) in pairwise(points):
            if math.isfinite(y) and math.isfinite(y2):
                parts.append(line(name, x, y, y2, to=to))
        parts += [dot(name, x, y) for x, y in points if math.isfinite(y)]
    return svg("course", height_px, label, parts)


def number(value: float) -> str:
    """Returns two decimals, or a dash for nan."""
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _bar(name: str, interval: Interval, y: int, height: int) -> list[Markup]:
    if not math.isfinite(interval.mean):
        return []
    # an empty bar still shows that there is a value, and that it is nought
    parts = [rect(name, 0, y, max(interval.mean, 0.004), height)]
    if interval.high > interval.low:
        parts.append(line("ci", interval.low, y + height / 2, y + height / 2, to=interval.high))
    return parts
