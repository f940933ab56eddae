"""Judges without an endpoint, for tests of what is done with their opinions."""

from __future__ import annotations

from collections.abc import Mapping

from stumper.curate.panel.ask import Cost, Opinion
from stumper.curate.panel.rubric import Case, Dimensions


class Says:
    """A judge that knows what each answer is worth, and nothing of any other."""

    def __init__(self, name: str, worth: Mapping[str, float]) -> None:
        self.name = name
        self.cost = Cost()
        self.cases: list[Case] = []
        self._worth = worth

    async def opinion(self, case: Case) -> Opinion:
        self.cases.append(case)
        score = self._worth.get(case.answer)
        if score is None:
            return Opinion(judge=self.name, why="no idea")
        told = Dimensions(correct=score, complete=1.0)
        return Opinion(judge=self.name, score=score, dimensions=told, wavering=0.1)

    async def close(self) -> None: ...
