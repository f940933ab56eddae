"""What a panel of models says of an examination, beside the judge by rules; the rules stay the gate."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from stumper.curate.panel.panel import Panel, PanelFigures
from stumper.curate.panel.rubric import Case
from stumper.errors import ModelError
from stumper.evaluate.metrics import Interval, Scores, gain_interval, mean, mean_interval
from stumper.evaluate.run import Item, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelScores:
    """Base beside tuned as a panel scores them; nan where nothing was."""

    base: Interval
    tuned: Interval
    gain: Interval
    missing: int
    """Items of which the panel scored base or tuned not."""
    from_rules: float
    """Mean absolute difference from the rules' scores, where both gave one."""
    figures: PanelFigures
    why: str = ""
    """The commonest reason for missing scores; empty if none is missing."""

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; nan becomes None, which JSON knows."""
        intervals = {name: getattr(self, name)._asdict() for name in ("base", "tuned", "gain")}
        plain = {name: {key: _number(value) for key, value in one.items()} for name, one in intervals.items()}
        return {
            **plain,
            "missing": self.missing,
            "why": self.why,
            "from_rules": _number(self.from_rules),
            "judges": self.figures.to_json(),
        }

    def __str__(self) -> str:
        gain, judges = self.gain, f"{len(self.figures.judges)} models"
        if not gain.n:
            why = f" ({self.why})" if self.why else ""
            return f"{judges}: no item was scored both times, {self.missing} missing{why}"
        return (
            f"{judges}: base {self.base.mean:.3f}, tuned {self.tuned.mean:.3f}, gain {gain.mean:+.3f} "
            f"({gain.low:+.3f} to {gain.high:+.3f}), {self.missing} missing, "
            f"{self.from_rules:.3f} from the rules on average"
        )


@dataclass(frozen=True, slots=True)
class Unheard:
    """A panel that could not be asked, and why; the rules have decided without it."""

    why: str

    def to_json(self) -> dict[str, Any]:
        return {"gain": None, "why": self.why}

    def __str__(self) -> str:
        return f"not asked: {self.why}"


async def ask_panel(panel: Panel, outcomes: Sequence[Outcome], *, seed: int) -> PanelScores | Unheard:
    """Asks as `panel_scores` does; a judge that refuses leaves its part unheard and stops nothing."""
    try:
        return await panel_scores(panel, outcomes, seed=seed)
    except ModelError as error:
        return Unheard(str(error))


async def panel_scores(panel: Panel, outcomes: Sequence[Outcome], *, seed: int) -> PanelScores:
    """Asks the panel what base and tuned said to each item, with the picture; equal answers once.

    ``seed`` is that of the bootstrap. Raises ModelRefused.
    """
    said = {(one.item.id, text): one.item for one in outcomes for text in (one.before, one.after) if text}
    verdicts = await panel.verdicts([partial(_case, item, text) for (_, text), item in said.items()])
    known = {key: one.score for key, one in zip(said, verdicts, strict=True) if one.score is not None}
    whys = Counter(one.why for one in verdicts if one.score is None)
    base, tuned = (
        np.array([known.get((one.item.id, text or ""), math.nan) for one, text in column], dtype=np.float64)
        for column in (
            [(one, one.before) for one in outcomes],
            [(one, one.after) for one in outcomes],
        )
    )
    images = [one.item.picture for one in outcomes]
    return PanelScores(
        base=mean_interval(base, images, seed=seed),
        tuned=mean_interval(tuned, images, seed=seed),
        gain=gain_interval(base, tuned, images, seed=seed),
        missing=int(np.count_nonzero(np.isnan(base) | np.isnan(tuned))),
        from_rules=mean(np.abs(np.concatenate([base, tuned]) - _by_rules(outcomes))),
        figures=panel.figures(),
        why=whys.most_common(1)[0][0] if whys else "",
    )


def _by_rules(outcomes: Sequence[Outcome]) -> Scores:
    return np.array([one.base for one in outcomes] + [one.tuned for one in outcomes], dtype=np.float64)


def _case(item: Item, text: str) -> Case:
    return Case(question=item.question, reference=item.reference, answer=text, picture=item.image)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
