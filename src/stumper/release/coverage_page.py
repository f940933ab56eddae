"""The map of what is collected as one HTML page, in the look of Stumper's reports; every text is escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markupsafe import Markup

from stumper import __version__
from stumper.curate.bounties import WANTED
from stumper.curate.coverage.map import Coverage, Row
from stumper.curate.coverage.rates import Rate
from stumper.release.drawing import dot, line, rect, svg
from stumper.release.paper import pages, write_whole

LEVELS: Final = 5
"""Shades of a heat map, from nothing (0) to the most (5)."""
_HEIGHT_PX: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    row: Row
    level: int
    """Of the missing share."""
    filled: Markup
    rate: Markup

    @property
    def have(self) -> int:
        return sum(cell.collected for cell in self.row.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    examples: int
    level: int


def write_page(path: Path, found: Coverage) -> Path:
    """Writes the page whole or not at all; returns its path. Raises OSError."""
    return write_whole(path, render(found))


def render(found: Coverage) -> str:
    """Returns the HTML; the same map gives the same text."""
    lines = [_line(row) for row in found.rows]
    return (
        pages()
        .get_template("coverage.html")
        .render(
            map=found,
            lines=lines,
            missing=sum(row.bounty.missing for row in found.rows if row.bounty),
            dearest=max(lines, key=lambda one: one.row.bounty.points if one.row.bounty else 0),
            categories=[one.value for one in WANTED],
            things=_things(found),
            version=__version__,
        )
    )


def level(share: float) -> int:
    """Returns the shade of a share, 0..1; anything above 0 is told from nothing."""
    return min(LEVELS, math.ceil(share * LEVELS - 1e-9))


def _line(row: Row) -> _Line:
    if row.bounty is None:
        return _Line(row=row, level=0, filled=Markup("–"), rate=_rate(row.rate))
    have, target = sum(cell.collected for cell in row.cells), row.bounty.target
    parts = [rect("well", 0, 0, 1, _HEIGHT_PX), rect("part", 0, 0, min(1.0, have / target), _HEIGHT_PX)]
    return _Line(
        row=row,
        level=level(row.bounty.missing / target),
        filled=svg("filled", _HEIGHT_PX, f"{have:,} of {target:,.0f}", parts),
        rate=_rate(row.rate),
    )


def _rate(rate: Rate) -> Markup:
    """Draws the rate from 0 to 1 with two standard deviations to each side."""
    middle = _HEIGHT_PX / 2
    parts = [line("grid", at, 0, _HEIGHT_PX) for at in (0.0, 0.5, 1.0)]
    parts += [line("range", rate.mean - 2 * rate.sd, middle, middle, to=rate.mean + 2 * rate.sd)]
    return svg(
        "rate", _HEIGHT_PX, f"{rate.mean:.2f} ± {rate.sd:.2f}", [*parts, dot("mean", rate.mean, middle)]
    )


def _things(found: Coverage) -> list[tuple[str, int, list[_Spot]]]:
    """Returns (thing, busy pictures, examples of each category), shaded by examples a picture."""

    def most(shares: Iterable[float]) -> float:
        return max(shares, default=0.0) or 1.0

    top = most(n / one.pictures for one in found.things for n in one.examples.values())
    return [
        (
            one.name,
            one.pictures,
            [
                _Spot(examples=n, level=level(n / one.pictures / top))
                for n in (one.examples.get(category, 0) for category in WANTED)
            ],
        )
        for one in found.things
    ]
