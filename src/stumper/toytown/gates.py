"""`stumper toytown gates REF`: is the tiny model fit to ship? Known skills, the swap test, and the gaps.

Every figure of a gap stands beside the format-aware guess rate: the better of the best constant answer and a
random answer among those that fit the question. Without it "nothing before" looks like a gap.
"""

from __future__ import annotations

import asyncio
import io
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from stumper.toytown import questions
from stumper.toytown.draw import draw
from stumper.toytown.sample import sample_scene
from stumper.toytown.skills import Question, Skill
from stumper.toytown.world import Scene
from stumper.vlm.base import Model, open_model

KNOWN: Final = tuple(skill for skill in Skill if skill.taught and skill is not Skill.INVALID)
WITHHELD: Final = tuple(skill for skill in Skill if not skill.taught)
LEAST_KNOWN: Final = 0.90
LEAST_SWAP: Final = 0.90
MOST_WITHHELD: Final = 0.20
LEAST_GAPS: Final = 6
FIRST_GATE_SEED: Final = 9_000_000
"""Scenes that neither pretraining nor the game ever shows."""
_AT_ONCE: Final = 32
_PICTURE_PX: Final = 640
"""What players see; the model scales it as it does in the game."""


class Case(NamedTuple):
    """A question with its picture."""

    picture: bytes
    """PNG."""
    question: Question


@dataclass(frozen=True, slots=True)
class Rate:
    """Share of right answers beside what guessing would get, over `asked` questions."""

    right: float
    guess: float
    asked: int


@dataclass(frozen=True, slots=True)
class Gates:
    """All figures of one model."""

    known: float
    swap: float
    """Share of pairs of questions that differ in the object's name, both answered right."""
    by_known: dict[str, Rate]
    by_withheld: dict[str, Rate]
    invalid: float
    gaps: tuple[str, ...]
    """Withheld skills answered right at most 0.20 of the time and no better than by guessing."""
    empty: int
    """Answers without a letter or a digit."""

    @property
    def passed(self) -> bool:
        """Whether the model may ship."""
        fit = self.known >= LEAST_KNOWN and self.swap >= LEAST_SWAP
        return fit and len(self.gaps) >= LEAST_GAPS and self.empty == 0


async def measure(
    model: Model, *, seed: int = 0, each: int = 100, wordings: Sequence[str] = ("heldout", "player")
) -> Gates:
    """Asks `each` questions a skill in the given wordings, and `each` pairs for the swap test."""
    blanks = 0
    known: dict[str, Rate] = {}
    withheld: dict[str, Rate] = {}
    for skill in (*KNOWN, Skill.INVALID, *WITHHELD):
        style = "complex" if skill in WITHHELD else "simple"
        cases = list(_cases(skill, style, seed, each, wordings))
        said = await _ask_all(model, cases)
        blanks += sum(not any(letter.isalnum() for letter in text) for text in said)
        rate = Rate(_share_right(said, cases), guess_rate([case.question for case in cases]), len(cases))
        (withheld if skill in WITHHELD else known)[str(skill)] = rate
    invalid = known.pop(str(Skill.INVALID)).right
    return Gates(
        known=round(sum(rate.right for rate in known.values()) / len(known), 4),
        swap=await _swap_rate(model, seed, each, wordings),
        by_known=known,
        by_withheld=withheld,
        invalid=invalid,
        gaps=tuple(name for name, rate in withheld.items() if rate.right <= min(MOST_WITHHELD, rate.guess)),
        empty=blanks,
    )


def guess_rate(asked: Sequence[Question]) -> float:
    """The better of the best constant answer to each form of question and a random fitting one."""
    if not asked:
        return 0.0
    forms: dict[str, Counter[str]] = {}
    for question in asked:
        forms.setdefault(question.form, Counter())[question.answer] += 1
    constant = sum(answers.most_common(1)[0][1] for answers in forms.values()) / len(asked)
    random_pick = sum(1 / len(question.choices) for question in asked if question.choices) / len(asked)
    return round(max(constant, random_pick), 4)


def is_right(said: str, question: Question) -> bool:
    """Exact match of the short or the full answer, but for case and a closing full stop."""
    return said.strip().rstrip(".").lower() in (question.answer.lower(), question.full.rstrip(".").lower())


async def main(*, ref: str = "onnx:", n: int = 100, seed: int = 0) -> dict[str, Any]:
    """Measures a model with `n` questions a skill; returns the figures as plain values, with `passed`."""
    model = await open_model(ref)
    try:
        gates = await measure(model, seed=seed, each=n)
    finally:
        await model.close()
    return {"ref": ref, "passed": gates.passed, **asdict(gates)}


def _scenes(skill: str, style: str, seed: int) -> Iterator[tuple[Scene, random.Random]]:
    """Endless fresh scenes with a random generator each."""
    rng = random.Random(f"gates:{skill}:{seed}")
    while True:
        number = FIRST_GATE_SEED + rng.randrange(1_000_000)
        yield sample_scene(number, style=style), rng


def _cases(skill: Skill, style: str, seed: int, each: int, wordings: Sequence[str]) -> Iterator[Case]:
    found = 0
    for scene, rng in _scenes(skill, style, seed):
        question = questions.ask(scene, skill, rng, wording=wordings[found % len(wordings)])
        if question is None:
            continue
        yield Case(_encode(scene), question)
        found += 1
        if found == each:
            return


async def _swap_rate(model: Model, seed: int, pairs: int, wordings: Sequence[str]) -> float:
    """Both questions of a pair are about one picture and differ in the thing they name."""
    cases: list[Case] = []
    for scene, rng in _scenes("swap", "simple", seed):
        skill = rng.choice((Skill.COLOUR, Skill.POSITION))
        first = questions.ask(scene, skill, rng, wording=rng.choice(list(wordings)))
        second = questions.swap(first, scene, rng) if first is not None else None
        if first is None or second is None:
            continue
        picture = _encode(scene)
        cases += [Case(picture, first), Case(picture, second)]
        if len(cases) >= 2 * pairs:
            break
    said = await _ask_all(model, cases)
    right = [is_right(text, case.question) for text, case in zip(said, cases, strict=True)]
    return round(sum(a and b for a, b in zip(right[::2], right[1::2], strict=True)) / pairs, 4)


async def _ask_all(model: Model, cases: Sequence[Case]) -> list[str]:
    said: list[str] = []
    for first in range(0, len(cases), _AT_ONCE):
        batch = cases[first : first + _AT_ONCE]
        answers = await asyncio.gather(*(model.answer(case.picture, case.question.text) for case in batch))
        said += [answer.text for answer in answers]
    return said


def _encode(scene: Scene) -> bytes:
    buffer = io.BytesIO()
    draw(scene, _PICTURE_PX).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _share_right(said: Sequence[str], cases: Sequence[Case]) -> float:
    right = sum(is_right(text, case.question) for text, case in zip(said, cases, strict=True))
    return round(right / len(cases), 4)
