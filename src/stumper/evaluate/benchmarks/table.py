"""Before and after side by side, the paper's Table 5 beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from stumper.errors import BadDataset, BadSetting
from stumper.evaluate.benchmarks.reading import Reading, Results
from stumper.evaluate.benchmarks.ten import TEN, Benchmark
from stumper.release.drawing import line, rect, svg

BOUND: Final = 0.005
"""Share of a benchmark's scale: half a point of 100. It flags the three that the paper's own tuning lost."""
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One benchmark; a side that was not run is None, never 0."""

    benchmark: Benchmark
    before: Reading | None
    after: Reading | None
    bound: float = BOUND

    @property
    def change(self) -> float:
        """After less before, in the benchmark's unit; nan if a side is missing."""
        return self.after.value - self.before.value if self.before and self.after else math.nan

    @property
    def paper_change(self) -> float:
        return self.benchmark.paper_after - self.benchmark.paper_before

    @property
    def lost(self) -> bool:
        """Whether it fell by more than the bound."""
        return self._beyond(self.change)

    @property
    def paper_lost(self) -> bool:
        """Whether the paper's model fell by more than this bound."""
        return self._beyond(self.paper_change)

    def _beyond(self, change: float) -> bool:
        return change / self.benchmark.top < -self.bound - _ROUNDING

    @property
    def chart(self) -> Markup:
        """Bars of before and after on the benchmark's scale."""
        parts = [line("grid", x, 0, 30) for x in (0.25, 0.5, 0.75)]
        for name, side, y in (("base", self.before, 5), ("tuned", self.after, 17)):
            if side:
                parts.append(rect(name, 0, y, max(side.value / self.benchmark.top, 0.004), 8))
        label = f"{self.benchmark.name}: before {self.told(self.before)}, after {self.told(self.after)}"
        return svg("versus", 30, label, parts)

    def told(self, value: Reading | float | None, *, signed: bool = False) -> str:
        """Returns a figure with the digits that its scale deserves; a dash for what is missing."""
        figure = value.value if isinstance(value, Reading) else value
        if figure is None or math.isnan(figure):
            return "–"
        digits = {1: 3, 100: 1}.get(int(self.benchmark.top), 0)
        return f"{figure:{'+' if signed else ''}.{digits}f}"

    def to_json(self) -> dict[str, Any]:
        return {
            "benchmark": self.benchmark.slug,
            "top": self.benchmark.top,
            "before": _json(self.before),
            "after": _json(self.after),
            "change": None if math.isnan(self.change) else self.change,
            "lost": self.lost,
            "paper_before": self.benchmark.paper_before,
            "paper_after": self.benchmark.paper_after,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    rows: tuple[Row, ...]
    harness: str
    notes: tuple[str, ...] = ()
    """What has to be said of the figures, each with the side it is about."""

    @property
    def lost(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.lost)

    @property
    def measured(self) -> int:
        """Benchmarks with both sides."""
        return sum(not math.isnan(row.change) for row in self.rows)

    @property
    def verdict(self) -> str:
        """One sentence."""
        if not self.measured:
            return "No benchmark was run both before and after tuning."
        of = f"of {self.measured} benchmark{'' if self.measured == 1 else 's'} run before and after"
        if not self.lost:
            return f"None {of} fell by more than the bound."
        names = ", ".join(row.benchmark.name for row in self.lost)
        return f"{len(self.lost)} {of} fell by more than the bound: {names}."

    def to_json(self) -> dict[str, Any]:
        return {
            "harness": self.harness,
            "benchmarks": [row.to_json() for row in self.rows],
            "lost": [row.benchmark.slug for row in self.lost],
            "notes": list(self.notes),
        }


def compare(before: Results | None, after: Results | None, *, bound: float = BOUND) -> Table:
    """Returns the table of ten.

    Raises BadSetting for a bound that is no share, BadDataset if the sides are of different harnesses or of
    different data, whose difference would mean nothing.
    """
    if not 0 <= bound <= 1:
        raise BadSetting(f"The bound {bound:g} is no share. Give a number from 0 to 1, such as {BOUND:g}.")
    if before and after and before.harness is not after.harness:
        raise BadDataset(
            f"Before was run by {before.harness.called} and after by {after.harness.called}, which ask and "
            "score differently. Run both by the same."
        )
    rows = tuple(
        Row(
            benchmark=one,
            before=before.readings.get(one.slug) if before else None,
            after=after.readings.get(one.slug) if after else None,
            bound=bound,
        )
        for one in TEN
    )
    for row in rows:
        if row.before and row.after and row.before.dataset != row.after.dataset:
            raise BadDataset(
                f"{row.benchmark.name} was run on {row.before.dataset} before and on {row.after.dataset} "
                "after tuning. Run both on the same."
            )
    sides = [(name, side) for name, side in (("before", before), ("after", after)) if side]
    return Table(
        rows=rows,
        harness=sides[0][1].harness.called if sides else "",
        notes=tuple(f"{name}, {note}" for name, side in sides for note in (*side.notes, *_silent(side))),
    )


def _silent(side: Results) -> list[str]:
    names = {one.slug: one.name for one in TEN}
    return [
        f"{names[slug]}: questions that the model did not answer, which count as wrong: {reading.unanswered}."
        for slug, reading in side.readings.items()
        if reading.unanswered
    ]


def _json(reading: Reading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {
        "value": reading.value,
        "dataset": reading.dataset,
        "judge_failed": reading.failed,
        "unanswered": reading.unanswered,
    }
