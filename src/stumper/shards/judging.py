"""Scores of lines, by rules or by models, and what has to be counted for the figures at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from stumper.curate.lines import Record, text
from stumper.curate.panel.ask import Cost, Judge, Line, ModelJudge
from stumper.curate.panel.gapscore import GapScore
from stumper.curate.panel.journal import Journal, Remembering, read_opinion
from stumper.curate.panel.pairs import Pictures, judged, told
from stumper.curate.panel.panel import Panel, PanelFigures, figures
from stumper.curate.reasons import judge as by_rules
from stumper.errors import BadSetting
from stumper.shards.results import Told


class Scorer(Protocol):
    """Adds "score" and "why" to lines."""

    def work(self, records: Sequence[Record]) -> list[Record]: ...

    def told(self) -> Told:
        """Returns what was counted since it was asked last."""
        ...


@contextmanager
def open_scorer(options: Mapping[str, Any], *, journal: Path, key: str | None) -> Iterator[Scorer]:
    """Opens who scores: "by" is rules, panel or gap-score; "models", "least" and "images" are for the others.

    ``key`` is the endpoints'. Raises BadSetting, when entered, for models that cannot be a panel.
    """
    if options["by"] == "rules":
        if options["models"]:
            raise BadSetting("The judge by rules asks no model. Say --judge panel, or leave --model out.")
        yield _Rules()
        return
    panel = _panel(options, Journal(journal), key)
    images = options["images"]
    with asyncio.Runner() as runner:
        try:
            pictures = Pictures(Path(images)) if images else None
            yield _Models(panel, runner, pictures, full=options["by"] == "panel")
        finally:
            runner.run(panel.close())


def _panel(options: Mapping[str, Any], journal: Journal, key: str | None) -> Panel:
    refs = options["models"]
    if options["by"] == "panel":
        judges: list[Judge] = [ModelJudge(Line(ref, key=key)) for ref in refs]
        return Panel([Remembering(judge, journal) for judge in judges], least=options["least"])
    if len(refs) != 1:
        raise BadSetting("gap-score is a single judge. Name one model: --model openai:URL#NAME")
    return Panel([Remembering(GapScore(Line(refs[0], key=key)), journal)], least=1)


class _Rules:
    def work(self, records: Sequence[Record]) -> list[Record]:
        found = [
            by_rules(
                text(record, "question") or "",
                text(record, "correct_answer", "correctAnswer"),
                text(record, "model_answer", "modelAnswer"),
            )
            for record in records
        ]
        return [
            {**record, "score": one.score, "why": one.why} for record, one in zip(records, found, strict=True)
        ]

    def told(self) -> Told:
        return {}


class _Models:
    """A panel; ``full`` adds to a line what each judge thinks."""

    def __init__(
        self, panel: Panel, runner: asyncio.Runner, pictures: Pictures | None, *, full: bool
    ) -> None:
        self._panel = panel
        self._runner = runner
        self._pictures = pictures
        self._full = full
        self._why = Counter[str]()
        self._paid = {judge.name: Cost() for judge in panel.judges}

    def work(self, records: Sequence[Record]) -> list[Record]:
        verdicts = self._runner.run(judged(records, self._panel, pictures=self._pictures))
        self._why.update(one.why for one in verdicts if one.score is None)
        added = [told(one) for one in verdicts]
        if not self._full:
            added = [{"score": one["score"], "why": one["why"]} for one in added]
        return [{**record, **more} for record, more in zip(records, added, strict=True)]

    def told(self) -> Told:
        why, costs = dict(self._why), {judge.name: self._cost(judge) for judge in self._panel.judges}
        self._why.clear()
        heard = [[asdict(one) for one in case] for case in self._panel.heard()]
        return {"why": why, "opinions": heard, "costs": costs}

    def _cost(self, judge: Judge) -> dict[str, Any]:
        """What a judge has cost since it was asked last."""
        before, now = asdict(self._paid[judge.name]), asdict(judge.cost)
        self._paid[judge.name] = Cost(**now)
        return {name: now[name] - before[name] for name in now}


def mean_score(counted: Told) -> tuple[float | None, int]:
    """Returns the mean of the scores and how many there are; exact, so their order does not matter."""
    scores: dict[str, int] = counted.get("scores", {})
    many = sum(scores.values())
    total = sum((Fraction(float(score)) * times for score, times in scores.items()), Fraction())
    return (float(total / many) if many else None), many


def panel_figures(counted: Told) -> PanelFigures:
    """Returns how the judges agreed over all that was counted, and what each gave, missed and cost."""
    heard = [tuple(read_opinion(dict(one)) for one in case) for case in counted["opinions"]]
    return figures(heard, {name: Cost(**cost) for name, cost in counted["costs"].items()})
