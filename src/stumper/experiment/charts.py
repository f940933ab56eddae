"""The charts of experiments, made of what `release.drawing` draws; colours are classes of experiment.css."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from markupsafe import Markup

from stumper.evaluate.metrics import Interval
from stumper.release.drawing import dot, line, svg

_TEXT: Final = Markup('<text class="{}" x="{}%" y="{}" text-anchor="{}">{}</text>')
_STEPS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0)
_MOST_TICKS: Final = 6
_SIDES: Final = (0.16, 0.94)
"""Where the first and the last size stand, as shares of the width: labels need room."""
_APART: Final = 0.02
"""Between the lines of two arms at one size, so that their intervals do not cover each other."""


class Scale(NamedTuple):
    """What an axis shows."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Returns where a value lies, 0..1 if it is within."""
        return (value - self.low) / (self.high - self.low)


def scale(intervals: Iterable[Interval]) -> Scale:
    """Returns an axis of round numbers that holds all intervals, and nought."""
    values = [0.0, *(value for one in intervals if one.n for value in one[:3])]
    low, high = min(values), max(values)
    step = next((one for one in _STEPS if (high - low) / one <= _MOST_TICKS - 1), _STEPS[-1])
    first, last = math.floor(low / step + 1e-9), max(math.ceil(high / step - 1e-9), 1)
    return Scale(first * step, last * step, tuple(round(at * step, 4) for at in range(first, last + 1)))


def whisker(interval: Interval, axis: Scale, *, beside: float, height_px: int = 26) -> Markup:
    """Draws a gain as a dot on its interval; nought is a line, ``beside`` (ordinary data) a dashed one."""
    middle = height_px / 2
    parts = _grid(axis, height_px)
    if math.isfinite(beside):
        parts.append(line("beside", axis.share(beside), 0, height_px))
    if interval.n:
        parts.append(line("reach", axis.share(interval.low), middle, middle, to=axis.share(interval.high)))
        parts.append(dot("mean", axis.share(interval.mean), middle))
    return svg("whisker", height_px, _told(interval), parts)


def ticks(axis: Scale, *, height_px: int = 18) -> Markup:
    """Draws the numbers below charts of one axis."""
    last = len(axis.ticks) - 1
    parts = [
        _text("tick", axis.share(tick), 13, f"{tick:+.2f}" if tick else "0", at=at, last=last)
        for at, tick in enumerate(axis.ticks)
    ]
    return svg("ticks", height_px, "from " + " to ".join(f"{one:+.2f}" for one in axis[:2]), parts)


def curve(
    lines: Mapping[str, Sequence[tuple[int, Interval]]], axis: Scale, *, height_px: int = 260
) -> Markup:
    """Draws gain over number of pairs, which doubles at equal steps; a class for each line, in its order.

    What was not scored is not drawn.
    """
    sizes = sorted({pairs for points in lines.values() for pairs, _ in points})
    top, bottom = 12, height_px - 26
    parts = []
    for tick in axis.ticks:
        y = bottom - axis.share(tick) * (bottom - top)
        parts.append(line("zero" if tick == 0 else "grid", 0.0, y, y, to=1.0))
        parts.append(_TEXT.format("tick", 0, round(y - 4, 1), "start", f"{tick:+.2f}" if tick else "0"))
    parts += [
        _TEXT.format("tick", f"{100 * _across(size, sizes):.2f}", height_px - 6, "middle", size)
        for size in sizes
    ]
    for number, (name, points) in enumerate(lines.items()):
        shift = (number - (len(lines) - 1) / 2) * _APART
        drawn = [(_across(pairs, sizes) + shift, one) for pairs, one in sorted(points) if one.n]
        parts += _line(name, drawn, lambda value: bottom - axis.share(value) * (bottom - top))
    told = "; ".join(
        f"{name}: " + ", ".join(f"{_told(one)} with {pairs} pairs" for pairs, one in points)
        for name, points in lines.items()
    )
    return svg("curve", height_px, told, parts)


def _line(
    name: str, points: Sequence[tuple[float, Interval]], height: Callable[[float], float]
) -> list[Markup]:
    """One line with its intervals and dots; ``height`` is where a value lies."""
    parts = [
        line(f"path {name}", x, height(one.mean), height(other.mean), to=far)
        for (x, one), (far, other) in pairwise(points)
    ]
    parts += [line(f"span {name}", x, height(one.low), height(one.high)) for x, one in points]
    return [*parts, *(dot(f"mean {name}", x, height(one.mean)) for x, one in points)]


def _across(pairs: int, sizes: Sequence[int]) -> float:
    """Returns where a size stands, as a share of the width."""
    first, last = _SIDES
    if len(sizes) < 2:
        return (first + last) / 2
    return first + (last - first) * math.log(pairs / sizes[0]) / math.log(sizes[-1] / sizes[0])


def _grid(axis: Scale, height_px: int) -> list[Markup]:
    return [line("zero" if tick == 0 else "grid", axis.share(tick), 0, height_px) for tick in axis.ticks]


def _text(name: str, share: float, y: float, text: str, *, at: int, last: int) -> Markup:
    """Text at a share of the width, that does not leave the chart at its ends."""
    anchor = "start" if at == 0 else "end" if at == last else "middle"
    return _TEXT.format(name, f"{100 * share:.2f}", y, anchor, text)


def _told(one: Interval) -> str:
    return f"{one.mean:+.3f}, from {one.low:+.3f} to {one.high:+.3f}" if one.n else "missing"
