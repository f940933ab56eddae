"""Do two engines say the same? The same questions about the same pictures, answer beside answer.

``onnx:DIR`` and ``hf:DIR`` of one export, a merged model and its adapter, a checkpoint and the server that
runs it: what differs is shown, not averaged away.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stumper.curate.judges import score
from stumper.errors import BadRelease
from stumper.evaluate.items import release_items
from stumper.evaluate.run import Item, OnProgress, answers
from stumper.toytown.draw import draw
from stumper.toytown.questions import ask, askable
from stumper.toytown.sample import sample_scene
from stumper.vlm.base import Model

FIRST_SCENE: Final = 9_700_000
"""Scenes of no training, no pool and no examination."""
SIZE_PX: Final = 640
"""As players see them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One question with two answers; None where an engine gave none."""

    question: str
    one: str | None
    other: str | None
    same_by_rules: bool
    """The judge by rules takes one for the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How many answers are the same, letter for letter, and those that are not."""

    one: str
    other: str
    asked: int
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> int:
        return self.asked - len(self.differences)

    def to_json(self) -> dict[str, Any]:
        """Returns plain values."""
        return {
            "one": self.one,
            "other": self.other,
            "asked": self.asked,
            "equal": self.equal,
            "differences": [
                {"question": one.question, "one": one.one, "other": one.other, "by_rules": one.same_by_rules}
                for one in self.differences
            ],
        }


async def alike(
    one: Model, other: Model, items: Sequence[Item], *, on_progress: OnProgress = lambda _done, _total: None
) -> Likeness:
    """Asks both everything, each as many at a time as it takes together. A failed answer is a difference.

    Raises ModelError if a model answers nothing at all.
    """
    total = 2 * len(items)
    first = await answers(one, items, lambda done, _: on_progress(done, total))
    second = await answers(other, items, lambda done, _: on_progress(len(items) + done, total))
    different = tuple(
        Difference(question=item.question, one=a, other=b, same_by_rules=_same(item, a, b))
        for item, a, b in zip(items, first, second, strict=True)
        if a is None or a != b
    )
    return Likeness(one=one.ref, other=other.ref, asked=len(items), differences=different)


def _same(item: Item, one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return False
    return score(item.question, one, other, category=item.category) == 1.0


def drawn_items(*, pictures: int) -> list[Item]:
    """Returns one question about each of so many Toytown scenes, in a player's words; half are simple."""
    rng = random.Random("engines")
    found = []
    for number in range(pictures):
        scene = sample_scene(FIRST_SCENE + number, style="complex" if number % 2 else "simple")
        question = ask(scene, rng.choice(askable(scene)), rng, wording="player")
        if question is None:
            raise ValueError(f"nothing can be asked about scene {scene.seed}")
        image = io.BytesIO()
        draw(scene, SIZE_PX).save(image, "PNG", compress_level=1)
        found.append(
            Item(
                id=f"alike-{scene.seed}",
                image=image.getvalue(),
                question=question.text,
                reference=question.answer,
                category=question.category,
                image_id=str(scene.seed),
            )
        )
    return found


def picture_items(release: Path, *, pictures: int) -> list[Item]:
    """Returns the first question about each of so many pictures of a release's test split, or all there are.

    Raises BadRelease if the folder is no release or has no test questions.
    """
    first: dict[str, Item] = {}
    for item in release_items(release):
        first.setdefault(item.picture, item)
    if not first:
        raise BadRelease(f"{release} has no test questions to compare engines with. Leave out --release.")
    return list(first.values())[:pictures]
