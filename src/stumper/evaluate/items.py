"""Where questions with known answers come from: a release's split, or Toytown drawn on the spot.

Toytown's scenes here have seeds of their own, far from those of the pool and of pretraining, so nothing that
a model was trained on is asked.
"""

from __future__ import annotations

import io
import itertools
import random
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from stumper.errors import BadRelease
from stumper.evaluate.run import Item
from stumper.records import Split
from stumper.release.formats import Row, read_rows
from stumper.toytown.draw import draw
from stumper.toytown.questions import Question, Skill, ask
from stumper.toytown.sample import sample_scene
from stumper.toytown.world import Scene

KNOWN: Final = tuple(skill for skill in Skill if skill.taught and skill is not Skill.INVALID)
WITHHELD: Final = tuple(skill for skill in Skill if not skill.taught)
SIZE_PX: Final = 192
"""Twice what the shipped model sees; a picture of 640 px takes three times as long to draw."""
_FIRST_SEED: Final = 3_000_000_000
_SEEDS_A_SET: Final = 1_000_000
_MOST_A_SCENE: Final = 4
_SCENES_A_QUESTION: Final = 40
"""Scenes looked at for one question before a skill counts as not askable."""
_TRIES_A_WORDING: Final = 12
"""Questions drawn to find the same one in other words."""


def release_items(folder: Path, *, split: Split = Split.TEST, round_number: int | None = None) -> list[Item]:
    """Returns the examples of a split as items, in file order; ``round_number`` keeps those of one round.

    Raises BadRelease if the folder is no release, or has a picture missing.
    """
    rows = [row for row in read_rows(folder, split) if round_number in (None, row.round)]
    pictures = {row.image: _picture(folder, row) for row in rows}
    return [
        Item(
            id=row.id,
            image=pictures[row.image],
            question=row.question,
            reference=row.answer,
            category=row.category,
            image_id=row.image_id,
        )
        for row in rows
    ]


def _picture(folder: Path, row: Row) -> bytes:
    try:
        return (folder / row.image).read_bytes()
    except OSError as error:
        raise BadRelease(
            f"Release {folder} lacks the picture {row.image}. Restore it from a copy or build it again."
        ) from error


def known_items(*, seed: int, n: int = 1800) -> list[Item]:
    """Returns questions of the skills the shipped model was taught, on simple scenes.

    As many as it takes to tell a loss of .03, the most that a round may forget, from none: the standard error
    of the difference is about .006 (of 600, the same models seemed to lose .02 or .04).
    """
    return toytown_items(seed=seed, n=n, skills=KNOWN, style="simple")


def withheld_items(*, seed: int, n: int = 520) -> list[Item]:
    """Returns questions of the skills it was never taught, on complex scenes."""
    return toytown_items(seed=seed, n=n, skills=WITHHELD, style="complex")


def toytown_items(
    *, seed: int, n: int, skills: Sequence[Skill], style: str, wording: str = "heldout"
) -> list[Item]:
    """Returns up to ``n`` questions spread evenly over the skills; fewer if a skill cannot be asked often
    enough.

    ``style`` is that of `sample_scene`, ``wording`` that of `ask`. The same arguments give the same items.
    """
    return list(_drawn(seed, n, tuple(skills), style, wording))


@lru_cache(maxsize=4)
def _drawn(seed: int, n: int, skills: tuple[Skill, ...], style: str, wording: str) -> tuple[Item, ...]:
    # kept: an examination and its report ask the same 800 questions, and drawing takes longer than asking
    wanted = {skill: n // len(skills) + (place < n % len(skills)) for place, skill in enumerate(skills)}
    found: dict[Skill, list[Item]] = {skill: [] for skill in skills}
    for scene in _scenes(seed, style, limit=_SCENES_A_QUESTION * max(wanted.values(), default=0)):
        open_skills = [skill for skill in skills if len(found[skill]) < wanted[skill]]
        if not open_skills:
            break
        for skill, item in _asked(scene, open_skills, style=style, wording=wording):
            found[skill].append(item)
    return tuple(item for items in found.values() for item in items)


def _scenes(seed: int, style: str, *, limit: int) -> Iterator[Scene]:
    first = _FIRST_SEED + seed * _SEEDS_A_SET
    return (sample_scene(first + number, style=style) for number in range(limit))


def _asked(scene: Scene, skills: Sequence[Skill], *, style: str, wording: str) -> list[tuple[Skill, Item]]:
    """Asks at most four questions about one scene, the rarest skills first come as the seed draws them."""
    rng = random.Random(f"items:{scene.seed}")
    asked: list[tuple[Skill, Question]] = []
    for skill in rng.sample(list(skills), len(skills)):
        question = ask(scene, skill, rng, wording=wording)
        if question is not None:
            asked.append((skill, question))
        if len(asked) == _MOST_A_SCENE:
            break
    if not asked:
        return []
    image = _png(scene)
    return [(skill, _item(scene, question, image, style)) for skill, question in asked]


class Reworded(NamedTuple):
    """A question, and other wordings of it with the same answer."""

    item: Item
    others: tuple[str, ...]


def reworded_items(*, seed: int, n: int, others: int = 2) -> list[Reworded]:
    """Returns up to ``n`` questions, one a picture and spread over all skills, each in ``others`` wordings
    more, none of which was trained on.
    """
    rng = random.Random(f"reworded {seed}")
    found: list[Reworded] = []
    for style, skills, many in (("simple", KNOWN, n // 2), ("complex", WITHHELD, n - n // 2)):
        wanted = itertools.cycle(rng.sample(skills, len(skills)))
        made = (
            _reworded(scene, next(wanted), rng, style, others) for scene in _scenes(seed, style, limit=9 * n)
        )
        found += itertools.islice((one for one in made if one is not None), many)
    return found


def _reworded(scene: Scene, skill: Skill, rng: random.Random, style: str, others: int) -> Reworded | None:
    first = ask(scene, skill, rng, wording="heldout")
    if first is None:
        return None
    said = {_spoken(first): first.text}
    for _ in range(_TRIES_A_WORDING * others):
        again = ask(scene, skill, rng, wording="heldout")
        same = again and (again.form, again.subject, again.answer) == (
            first.form,
            first.subject,
            first.answer,
        )
        if again and same:
            said.setdefault(_spoken(again), again.text)
        if len(said) > others:
            return Reworded(_item(scene, first, _png(scene), style), tuple(said.values())[1:])
    return None


def _spoken(question: Question) -> tuple[str, ...]:
    """Without capitals and marks: these are no other words."""
    return tuple(re.findall(r"\w+", question.text.lower()))


def _item(scene: Scene, question: Question, image: bytes, style: str) -> Item:
    return Item(
        id=f"toytown-{style}-{scene.seed}-{question.skill}",
        image=image,
        question=question.text,
        reference=question.answer,
        category=question.category,
        group=str(question.skill),
        image_id=f"{style}-{scene.seed}",
        choices=question.choices,
    )


def _png(scene: Scene) -> bytes:
    target = io.BytesIO()
    draw(scene, SIZE_PX).save(target, "PNG", compress_level=1)
    return target.getvalue()
