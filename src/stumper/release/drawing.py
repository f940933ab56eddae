"""Charts as inline SVG, drawn here: no script, no library, and nothing to fetch when a page is opened.

Lengths are percentages of the width, so a chart fits a phone and a desk; colours are classes of the
page's style.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from markupsafe import Markup

_RECT: Final = Markup('<rect class="{}" x="{}%" y="{}" width="{}%" height="{}" rx="{}"/>')
_LINE: Final = Markup('<line class="{}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>')
_DOT: Final = Markup('<circle class="{}" cx="{}%" cy="{}" r="6"/>')
_SVG: Final = Markup('<svg class="chart {}" width="100%" height="{}" role="img" aria-label="{}">{}</svg>')


def stack(shares: Iterable[tuple[str, float]], *, label: str, height_px: int = 14) -> Markup:
    """Draws parts (class, share of the width) behind one another."""
    parts, x = [], 0.0
    for name, share in shares:
        parts.append(rect(name, x, 0, share, height_px, rx=0))
        x += share
    return svg("stack", height_px, label, parts)


def rect(name: str, x: float, y: float, width: float, height: float, *, rx: float = 3) -> Markup:
    """Returns a bar of class ``name``; ``x`` and ``width`` are shares of the chart's width."""
    return _RECT.format(name, _percent(x), y, _percent(width), height, rx)


def line(name: str, x: float, y1: float, y2: float, *, to: float | None = None) -> Markup:
    """Returns a line from share ``x`` to share ``to`` of the width, upright if there is no ``to``."""
    return _LINE.format(name, _percent(x), _percent(x if to is None else to), y1, y2)


def dot(name: str, x: float, y: float) -> Markup:
    """Returns a dot at share ``x`` of the width."""
    return _DOT.format(name, _percent(x), y)


def svg(name: str, height_px: int, label: str, parts: Iterable[Markup]) -> Markup:
    """Returns the chart; ``label`` says it to those who cannot see it."""
    return _SVG.format(name, height_px, label, Markup("").join(parts))


def _percent(share: float) -> str:
    return f"{min(max(share, 0.0), 1.0) * 100:.2f}"
