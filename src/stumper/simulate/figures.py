"""Figures with intervals and bounds, and the scores that `arena` measures crowds by (numpy)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from stumper.trust.crowd import Array, Marks

NORMAL_95: Final = 1.96
"""Standard errors on either side of a mean that make an interval of 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure; ``bound`` says what it has to be, or is empty."""

    name: str
    value: float
    interval: tuple[float, float] | None = None
    """95 %."""
    bound: str = ""
    ok: bool = True


def rate(name: str, top: Array, bottom: Array, bound: tuple[str, float] = ("", 0.0)) -> Figure:
    """Ratio of sums over players, its interval by linearisation (Cochran, Sampling Techniques, 6.3)."""
    rest = residuals(top, bottom)
    return figure(name, float(top.sum() / bottom.sum()), NORMAL_95 * error(rest), bound)


def residuals(top: Array, bottom: Array) -> Array:
    return np.asarray((top - top.sum() / bottom.sum() * bottom) / bottom.mean())


def error(rest: Array) -> float:
    return float(rest.std(ddof=1) / np.sqrt(len(rest)))


def figure(name: str, value: float, half: float | None, bound: tuple[str, float] = ("", 0.0)) -> Figure:
    sign, limit = bound
    return Figure(
        name=name,
        value=round(value, 4),
        interval=None if half is None else (round(value - half, 4), round(value + half, 4)),
        bound=f"{sign} {limit:g}" if sign else "",
        ok={"": True, ">=": value >= limit, "<=": value <= limit}[sign],
    )


def share(name: str, hits: Marks, bound: tuple[str, float] = ("", 0.0)) -> Figure:
    """A share with its normal interval; at least one hit and one miss count for its width."""
    n, value = len(hits), float(hits.mean())
    wide = min(max(value, 1.0 / n), 1.0 - 1.0 / n) if n > 1 else 0.5
    return figure(name, value, NORMAL_95 * float(np.sqrt(wide * (1.0 - wide) / n)), bound)


def f1(truth: Marks, said: Marks) -> float:
    """Returns 2 TP / (2 TP + FP + FN); nan if nothing is true and nothing was said."""
    both = float((truth & said).sum())
    return 2.0 * both / float(truth.sum() + said.sum()) if truth.any() or said.any() else float("nan")


class Grid(NamedTuple):
    """A table of text: ``rows`` begin with their name, ``columns`` with what the names are."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def grids(figures: Sequence[Figure]) -> list[Grid]:
    """Returns figures as tables: those named "who: what" by who and what, wherever the whats agree, with more
    rows than columns; then the rest, one a row.
    """
    by_who: dict[str, dict[str, str]] = {}
    for one in figures:
        who, _, what = one.name.rpartition(": ")
        by_who.setdefault(who, {})[what] = _text(one)
    rest = by_who.pop("", {})
    shapes = dict.fromkeys(tuple(cells) for cells in by_who.values())
    found = []
    for whats in shapes:
        block = {who: cells for who, cells in by_who.items() if tuple(cells) == whats}
        if len(block) >= len(whats):
            found.append(Grid(("", *whats), [(who, *cells.values()) for who, cells in block.items()]))
        else:
            found.append(
                Grid(("", *block), [(what, *(one[what] for one in block.values())) for what in whats])
            )
    return [*found, Grid(("", "value"), list(rest.items()))] if rest else found


def _text(one: Figure) -> str:
    digits = 1 if abs(one.value) >= 4 else 3
    half = f" ±{one.interval[1] - one.value:.{digits}f}" if one.interval else ""
    bound = f" ({one.bound}{'' if one.ok else ': missed'})" if one.bound else ""
    return f"{one.value:.{digits}f}{half}{bound}"
