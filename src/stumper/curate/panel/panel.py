"""Several judges as one: the median of those who gave a score, and how far they agree."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import fmean, median
from typing import Any, Final

import numpy as np

from stumper.curate.panel.agreement import interval_alpha, nominal_alpha
from stumper.curate.panel.ask import Cost, Judge, Opinion, together
from stumper.curate.panel.rubric import Case, Dimensions
from stumper.errors import BadImage, BadSetting
from stumper.vlm.picture import to_jpeg

LEAST: Final = 2
"""Judges that must have given a score, else there is none: one alone may have been talked into it."""
_AT_ONCE: Final = 32
"""Cases, and so pictures in memory: enough to keep every judge busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a panel says of one answer."""

    score: float | None
    """Median of the judges, 0..1; None (missing) if too few gave one."""
    why: str
    dimensions: dict[str, float] = field(default_factory=dict)
    """Median of each dimension, by name; empty where missing."""
    wavering: float | None = None
    """Mean over the judges of the difference that the order of the texts made, 0..1."""
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeFigure:
    """One judge over everything it was asked."""

    name: str
    scored: int
    missing: int
    mean: float | None
    wavering: float | None
    calls: int
    tokens: int
    latency_s: float | None
    """Mean wait for an answer; None if there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelFigures:
    """How a panel worked; alphas are None where nothing could be compared."""

    alpha: float | None
    """Krippendorff's, of the scores as an interval scale."""
    alpha_right: float | None
    """The same of right (at least half) against wrong, as names."""
    judges: tuple[JudgeFigure, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Panel:
    """Asks its judges about cases and remembers their scores for `figures`."""

    def __init__(self, judges: Sequence[Judge], *, least: int = LEAST) -> None:
        """Raises BadSetting if there are fewer judges than must agree to a score, or one is named twice."""
        names = [judge.name for judge in judges]
        if twice := {name for name in names if names.count(name) > 1}:
            raise BadSetting(
                f"The judge {min(twice)!r} is named twice. A second vote of one model adds nothing."
            )
        if not 1 <= least <= len(judges):
            raise BadSetting(
                f"A score needs {least} judges and {len(judges)} are named. Name as many models, or set "
                "--least."
            )
        self.judges = tuple(judges)
        self.least = least
        self._opinions: list[tuple[Opinion, ...]] = []

    async def verdict(self, case: Case) -> Verdict:
        """Asks every judge; pictures may be JPEG, PNG, WebP or GIF. Raises BadImage and ModelRefused."""
        told = tuple(await opinions(case, self.judges))
        self._opinions.append(told)
        return pooled(told, least=self.least)

    async def verdicts(self, cases: Sequence[Callable[[], Case]]) -> list[Verdict]:
        """Judges many cases, in order; each is made when its turn comes, for pictures take memory.

        Making one may raise BadImage: then it is missing. Raises ModelRefused, and asks no more.
        """
        found: list[Verdict] = []
        for start in range(0, len(cases), _AT_ONCE):
            found += await together(*map(self._made, cases[start : start + _AT_ONCE]))
        return found

    async def _made(self, make: Callable[[], Case]) -> Verdict:
        try:
            return await self.verdict(await asyncio.to_thread(make))
        except BadImage as fault:
            return Verdict(score=None, why=f"missing: {fault}")

    def heard(self) -> list[tuple[Opinion, ...]]:
        """Returns the opinions since it was asked last; from then on `figures` knows them no more."""
        told, self._opinions = self._opinions, []
        return told

    def figures(self) -> PanelFigures:
        return figures(self._opinions, {judge.name: judge.cost for judge in self.judges})

    async def close(self) -> None:
        for judge in self.judges:
            await judge.close()


async def opinions(case: Case, judges: Sequence[Judge]) -> list[Opinion]:
    """Returns what each judge thinks of a case. Raises BadImage and ModelRefused."""
    if case.picture is not None:
        case = replace(case, picture=await asyncio.to_thread(to_jpeg, case.picture))
    return await together(*(judge.opinion(case) for judge in judges))


def pooled(told: Sequence[Opinion], *, least: int) -> Verdict:
    """Returns the median of the scores; missing if fewer than ``least`` judges gave one."""
    scores = [one.score for one in told if one.score is not None]
    lost = "; ".join(f"{one.judge}: {one.why}" for one in told if one.score is None)
    if len(scores) < max(1, least):
        why = f"missing: {len(scores)} of {len(told)} judges gave a score, {least} are needed; {lost}"
        return Verdict(score=None, why=why, opinions=tuple(told))
    spread = f"{min(scores):.2f} to {max(scores):.2f}" if len(scores) > 1 else "one alone"
    waverings = [one.wavering for one in told if one.wavering is not None]
    return Verdict(
        score=median(scores),
        why=f"{len(scores)} of {len(told)} judges, {spread}" + (f"; {lost}" if lost else ""),
        dimensions=medians([one.dimensions for one in told if one.dimensions is not None]),
        wavering=fmean(waverings) if waverings else None,
        opinions=tuple(told),
    )


def medians(found: Sequence[Dimensions]) -> dict[str, float]:
    """Returns the median of each dimension over the judges that know it, by name."""
    known = [one.known() for one in found]
    names = dict.fromkeys(name for one in known for name in one)
    return {name: median(one[name] for one in known if name in one) for name in names}


def figures(told: Sequence[Sequence[Opinion]], costs: dict[str, Cost]) -> PanelFigures:
    """Returns how the judges named in ``costs`` agree on cases, and what each gave, missed and cost."""
    places = {name: place for place, name in enumerate(costs)}
    scores = np.full((len(costs), len(told)), np.nan)
    for unit, one in enumerate(told):
        for each in one:
            if each.score is not None:
                scores[places[each.judge], unit] = each.score
    right = np.where(np.isnan(scores), np.nan, scores >= 0.5)
    return PanelFigures(
        alpha=_number(interval_alpha(scores)),
        alpha_right=_number(nominal_alpha(right)),
        judges=tuple(_figure(name, told, cost) for name, cost in costs.items()),
    )


def _figure(name: str, told: Sequence[Sequence[Opinion]], cost: Cost) -> JudgeFigure:
    own = [each for one in told for each in one if each.judge == name]
    scores = [each.score for each in own if each.score is not None]
    waverings = [each.wavering for each in own if each.wavering is not None]
    return JudgeFigure(
        name=name,
        scored=len(scores),
        missing=len(own) - len(scores),
        mean=fmean(scores) if scores else None,
        wavering=fmean(waverings) if waverings else None,
        calls=cost.calls,
        tokens=cost.tokens,
        latency_s=cost.seconds / cost.calls if cost.calls else None,
    )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
