"""The gates against models whose knowledge is known."""

from __future__ import annotations

import pytest

from stumper.toytown import gates
from stumper.toytown.skills import Question, Skill
from stumper.vlm.scripted import Script, ScriptedModel


def _question(answer: str, *, form: str = "colour", choices: tuple[str, ...] = ()) -> Question:
    return Question("?", answer, f"it is {answer}.", Skill.COLOUR.category, Skill.COLOUR, (), form, choices)


@pytest.mark.slow
async def test_a_model_that_always_says_yes_passes_no_gate() -> None:
    found = await gates.measure(ScriptedModel(Script(text="yes")), each=12)

    assert not found.passed
    assert found.swap == 0.0
    assert found.by_known["colour"].right == 0.0
    assert found.by_known["existence"].right == pytest.approx(0.5, abs=0.35)
    assert found.known < 0.2


def test_the_guess_rate_is_the_better_of_constant_and_random_per_form() -> None:
    # Form a: "left" is right 3 of 4 times. Form b: both answers once. Constant: (3 + 1) / 6.
    asked = [
        _question(answer, form="a", choices=("left", "right")) for answer in ("left", "left", "left", "right")
    ]
    asked += [_question(answer, form="b", choices=("top", "bottom")) for answer in ("top", "bottom")]

    assert gates.guess_rate(asked) == pytest.approx(4 / 6, abs=1e-4)
    assert gates.guess_rate([]) == 0.0


@pytest.mark.parametrize(
    ("said", "right"),
    [("Red", True), ("it is red.", True), (" red. ", True), ("reddish", False), ("", False)],
)
def test_an_answer_is_right_short_or_full(said: str, right: bool) -> None:
    assert gates.is_right(said, _question("red")) is right
