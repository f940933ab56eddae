"""Several judges as one: the median of those who spoke, and how far they agree."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.panel.ask import Opinion
from stumper.curate.panel.panel import Panel, pooled
from stumper.curate.panel.rubric import Case, Dimensions
from stumper.errors import BadImage
from tests.curate.panel.judges import Says


def opinion(name: str, score: float | None) -> Opinion:
    if score is None:
        return Opinion(judge=name, why="busy")
    told = Dimensions(correct=score, complete=1.0 - score)
    return Opinion(judge=name, score=score, dimensions=told, wavering=score)


def case(answer: str) -> Case:
    return Case(question="Colour?", reference="red", answer=answer)


def test_one_judge_that_was_talked_into_it_does_not_move_the_median() -> None:
    found = pooled([opinion("a", 0.1), opinion("b", 0.2), opinion("c", 1.0)], least=2)

    assert found.score == 0.2
    assert found.dimensions == {"correct": 0.2, "complete": 0.8}
    assert found.wavering == pytest.approx(1.3 / 3)
    assert found.why == "3 of 3 judges, 0.10 to 1.00"


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=5), st.integers(1, 3))
def test_a_score_lies_among_those_given_and_is_missing_with_too_few(
    scores: list[float | None], least: int
) -> None:
    found = pooled([opinion(str(n), score) for n, score in enumerate(scores)], least=least)
    given_ = [score for score in scores if score is not None]

    if len(given_) < least:
        assert found.score is None
        assert found.why.startswith("missing")
        assert found.why.count("busy") == len(scores) - len(given_)
    else:
        assert found.score is not None
        assert min(given_) <= found.score <= max(given_)


async def test_figures_count_what_each_judge_gave() -> None:
    one, two = Says("one", {"red": 1.0, "blue": 0.0}), Says("two", {"red": 0.8})
    panel = Panel([one, two], least=1)

    found = await panel.verdicts([partial(case, text) for text in ("red", "blue", "red")])
    figures = panel.figures()

    assert [verdict.score for verdict in found] == [0.9, 0.0, 0.9]
    assert [(judge.scored, judge.missing) for judge in figures.judges] == [(3, 0), (2, 1)]
    assert figures.judges[0].mean == pytest.approx(2 / 3)
    assert figures.judges[0].latency_s is None
    assert figures.alpha is not None
    assert figures.alpha < 0  # they never say the same where both speak
    assert figures.alpha_right is None  # both found everything right that both judged


async def test_a_case_that_cannot_be_made_is_missing_and_the_others_are_not() -> None:
    def broken() -> Case:
        raise BadImage("no picture")

    panel = Panel([Says("one", {"red": 1.0})], least=1)
    found = await panel.verdicts([broken, partial(case, "red")])

    assert [verdict.score for verdict in found] == [None, 1.0]
    assert found[0].why == "missing: no picture"
    unreadable = partial(Case, question="", reference="", answer="red", picture=b"no picture")
    assert (await panel.verdicts([unreadable]))[0].score is None
