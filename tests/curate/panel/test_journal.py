"""Opinions on disk: the same come back, those who were away are asked again, half a line is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stumper.curate.panel.ask import Cost, Opinion
from stumper.curate.panel.journal import Journal, Remembering
from stumper.curate.panel.rubric import Case, Dimensions
from tests.curate.panel.judges import Says

CASE = Case(question="Colour?", reference="red", answer="red", picture=b"one")


class Away(Says):
    async def opinion(self, case: Case) -> Opinion:
        self.cases.append(case)
        return Opinion(judge=self.name, why="busy", away=True)


async def test_what_was_said_comes_back_and_nobody_is_asked(tmp_path: Path) -> None:
    asked, again = Says("one", {"red": 0.7}), Says("one", {"red": 0.1})

    first = await Remembering(asked, Journal(tmp_path / "j")).opinion(CASE)
    second = await Remembering(again, Journal(tmp_path / "j")).opinion(CASE)

    assert first == second
    assert second.dimensions == Dimensions(correct=0.7, complete=1.0)
    assert again.cases == []
    assert again.cost == Cost()


async def test_another_judge_text_or_picture_is_another_question(tmp_path: Path) -> None:
    asked = Says("one", {"red": 0.7})
    judge = Remembering(asked, Journal(tmp_path / "j"))
    cases = [CASE, replace(CASE, picture=b"two"), replace(CASE, picture=None), replace(CASE, question="?")]

    for case in [*cases, *cases]:
        await judge.opinion(case)
    other = Says("two", {"red": 0.7})
    await Remembering(other, Journal(tmp_path / "j")).opinion(CASE)

    assert asked.cases == cases
    assert other.cases == [CASE]


async def test_who_was_away_is_asked_again(tmp_path: Path) -> None:
    away = Away("one", {})
    for _ in range(2):
        await Remembering(away, Journal(tmp_path / "j")).opinion(CASE)

    assert len(away.cases) == 2
    assert not (tmp_path / "j").exists()


async def test_half_a_line_is_none_and_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_text('{"key": "x", "judge": "one"}\n{"key": "y", "sco')
    asked = Says("one", {"red": 0.7})
    await Remembering(asked, Journal(path)).opinion(CASE)

    assert (await Remembering(Says("one", {}), Journal(path)).opinion(CASE)).score == 0.7
    Journal(path).discard()
    assert not path.exists()
