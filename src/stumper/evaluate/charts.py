"""Charts as inline SVG, drawn here: no script, no library, and nothing to fetch when a report is opened.

Lengths are percentages of the width, so a chart fits a phone and a desk; colours are classes of report.css.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from markupsafe import Markup

from stumper.evaluate.metrics import Interval
from stumper.evaluate.run import Figure

_GRID = (0.25, 0.5, 0.75)


def pair(figure: Figure, *, height_px: int = 38) -> Markup:
    """Draws base above tuned as bars with their intervals, and guessing as a dashed line through both."""
    bar = (height_px - 14) // 2
    parts = [_line("grid", x, 0, height_px) for x in _GRID]
    parts += _bar("base", figure.base, 5, bar)
    parts += _bar("tuned", figure.tuned, height_px - 5 - bar, bar)
    if math.isfinite(figure.guess):
        parts.append(_line("guess", figure.guess, 0, height_px))
    label = (
        f"base {number(figure.base.mean)}, tuned {number(figure.tuned.mean)}, guessing {number(figure.guess)}"
    )
    return _svg("pair", height_px, label, parts)


def stack(shares: Iterable[tuple[str, float]], *, label: str, height_px: int = 14) -> Markup:
    """Draws parts (class, share of the width) behind one another."""
    parts, x = [], 0.0
    for name, share in shares:
        parts.append(_rect(name, x, 0, share, height_px, rx=0))
        x += share
    return _svg("stack", height_px, label, parts)


def whisker(interval: Interval, *, marked: float, height_px: int = 26) -> Markup:
    """Draws a mean as a dot on its interval, and the share that was marked as a hollow one."""
    middle = height_px / 2
    parts = [_line("grid", x, 0, height_px) for x in _GRID]
    if math.isfinite(interval.mean):
        if math.isfinite(marked):
            parts.append(_line("gap", marked, middle, middle, to=interval.mean))
            parts.append(_dot("marked", marked, middle))
        parts.append(_line("reach", interval.low, middle, middle, to=interval.high))
        parts.append(_dot("error", interval.mean, middle))
    label = f"{number(interval.mean)}, from {number(interval.low)} to {number(interval.high)}"
    return _svg("whisker", height_px, label, parts)


def versus(here: float, there: float, *, label: str, height_px: int = 30) -> Markup:
    """Draws a share as a bar, and below it the one it is compared with; nan is not drawn."""
    bar = (height_px - 14) // 2
    parts = [_line("grid", x, 0, height_px) for x in _GRID]
    if math.isfinite(here):
        parts.append(_rect("tuned", 0, 5, max(here, 0.004), bar))
    if math.isfinite(there):
        parts.append(_rect("base", 0, height_px - 5 - bar, max(there, 0.004), bar))
    return _svg("versus", height_px, f"{label}: {number(here)}, compared with {number(there)}", parts)


def number(value: float) -> str:
    """Returns two decimals, or a dash for nan."""
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _bar(name: str, interval: Interval, y: int, height: int) -> list[Markup]:
    if not math.isfinite(interval.mean):
        return []
    # an empty bar still shows that there is a value, and that it is nought
    parts = [_rect(name, 0, y, max(interval.mean, 0.004), height)]
    if interval.high > interval.low:
        parts.append(_line("ci", interval.low, y + height / 2, y + height / 2, to=interval.high))
    return parts


_RECT: Final = Markup('<rect class="{}" x="{}%" y="{}" width="{}%" height="{}" rx="{}"/>')
_LINE: Final = Markup('<line class="{}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>')
_DOT: Final = Markup('<circle class="{}" cx="{}%" cy="{}" r="6"/>')
_SVG: Final = Markup('<svg class="chart {}" width="100%" height="{}" role="img" aria-label="{}">{}</svg>')


def _rect(name: str, x: float, y: float, width: float, height: float, *, rx: float = 3) -> Markup:
    return _RECT.format(name, _percent(x), y, _percent(width), height, rx)


def _line(name: str, x: float, y1: float, y2: float, *, to: float | None = None) -> Markup:
    return _LINE.format(name, _percent(x), _percent(x if to is None else to), y1, y2)


def _dot(name: str, x: float, y: float) -> Markup:
    return _DOT.format(name, _percent(x), y)


def _svg(name: str, height_px: int, label: str, parts: Iterable[Markup]) -> Markup:
    return _SVG.format(name, height_px, label, Markup("").join(parts))


def _percent(share: float) -> str:
    return f"{min(max(share, 0.0), 1.0) * 100:.2f}"
