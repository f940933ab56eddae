"""Does a right answer stay right when the question is put in other words, or the picture is mirrored?

Who has learned what is in a picture says the same to the same question, and left where right was once it is
mirrored; who has learned a question by heart does not (Hudson and Manning 2019, arXiv:1902.09506, section 4).
Each item counts as right only with all its variants; with one of them missing it is missing.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps, UnidentifiedImageError

from stumper.curate.judges import score
from stumper.evaluate.items import Reworded, reworded_items
from stumper.evaluate.rewording import mirrored_text, reworded
from stumper.evaluate.run import Figure, Item, Outcome, ask_all, figure
from stumper.vlm.base import Model

SAMPLE: Final = 60
"""Items, half of the release and half drawn; with variants four questions each."""
RIGHT: Final = 0.99

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was put, and as the judge reads it."""

    item: Item
    judged_as: Item


@dataclass(frozen=True, slots=True)
class Case:
    """An item and what must be answered as well."""

    item: Item
    in_other_words: tuple[Asked, ...]
    mirrored: Asked | None
    """None where a mirrored picture may have another answer."""

    @property
    def all(self) -> tuple[Asked, ...]:
        first = Asked(self.item, self.item)
        return (first, *self.in_other_words, *([self.mirrored] if self.mirrored else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Shares of items that are right, and right in all variants; base beside tuned."""

    as_asked: Figure
    in_other_words: Figure
    """Right as asked and in two other wordings."""
    mirrored: Figure
    """Right as asked and in the mirror; over the items that can be mirrored."""

    def to_json(self) -> dict[str, Any]:
        """Returns plain values."""
        return {
            "as_asked": self.as_asked.to_json(),
            "in_other_words": self.in_other_words.to_json(),
            "mirrored": self.mirrored.to_json(),
        }


def cases(items: Sequence[Item], *, seed: int, n: int = SAMPLE) -> list[Case]:
    """Returns up to ``n`` items with their variants: half of ``items`` (fewer if there are), half Toytown."""
    rng = random.Random(f"consistency {seed}")
    drawn = rng.sample(list(items), min(n // 2, len(items)))
    own = [_case(Reworded(item, reworded(item.question))) for item in drawn]
    return own + [_case(one) for one in reworded_items(seed=seed, n=n - n // 2)]


def _case(one: Reworded) -> Case:
    item = one.item
    others = tuple(Asked(replace(item, question=text), item) for text in one.others)
    return Case(item, others, _mirrored(item))


def _mirrored(item: Item) -> Asked | None:
    texts = mirrored_text(item.question, item.reference, category=item.category)
    image = mirror(item.image) if texts else None
    if texts is None or image is None:
        return None
    other = replace(item, image=image, question=texts[0], reference=texts[1])
    return Asked(other, other)


def mirror(image: bytes) -> bytes | None:
    """Returns the picture with left and right exchanged, as PNG; None if it cannot be read."""
    target = io.BytesIO()
    try:
        with Image.open(io.BytesIO(image)) as picture:
            ImageOps.mirror(picture.convert("RGB")).save(target, "PNG", compress_level=1)
    except (UnidentifiedImageError, OSError):
        return None
    return target.getvalue()


async def consistency(
    base: Model,
    tuned: Model,
    found: Sequence[Case],
    *,
    seed: int,
    cache: Path | None = None,
    on_progress: OnProgress | None = None,
) -> Consistency:
    """Asks both models every case; ``cache`` is a folder with one file a model.

    Raises ModelError if a model answers nothing at all.
    """
    asked = [one.item for case in found for one in case.all]
    tell = on_progress or (lambda _done, _total: None)
    scores = []
    for model, name, start in ((base, "base", 0), (tuned, "tuned", len(asked))):
        said = await ask_all(
            model,
            asked,
            lambda done, _, start=start: tell(start + done, 2 * len(asked)),  # type: ignore[misc]
            cache=cache / f"{name}.jsonl" if cache else None,
        )
        scores.append(_by_case(found, [None if one is None else one.text for one in said]))
    return judged(found, scores[0], scores[1], seed=seed)


def _by_case(found: Sequence[Case], said: Sequence[str | None]) -> list[list[float]]:
    """Returns for every case whether each of its questions was answered right: 0, 1, or nan (missing)."""
    answers = iter(said)
    return [[_right(one.judged_as, next(answers)) for one in case.all] for case in found]


def _right(item: Item, answer: str | None) -> float:
    value = score(item.question, item.reference, answer, category=item.category)
    return math.nan if value is None else float(value >= RIGHT)


def judged(
    found: Sequence[Case], base: Sequence[Sequence[float]], tuned: Sequence[Sequence[float]], *, seed: int
) -> Consistency:
    """Sums up what was right (pure). ``base[i]`` has a value for each of ``found[i].all``: 0, 1 or nan."""
    worded = [1 + len(case.in_other_words) for case in found]

    def over(name: str, pick: Callable[[Sequence[float], int], Sequence[float] | None]) -> Figure:
        outcomes = []
        for case, one, two, words in zip(found, base, tuned, worded, strict=True):
            before, after = pick(one, words), pick(two, words)
            if before is not None and after is not None:
                outcomes.append(Outcome(case.item, None, None, _all(before), _all(after), math.nan))
        return figure(name, outcomes, seed=seed)

    return Consistency(
        as_asked=over("as asked", lambda scores, _: scores[:1]),
        in_other_words=over("in other words", lambda scores, words: scores[:words] if words > 1 else None),
        mirrored=over(
            "mirrored", lambda scores, words: (scores[0], scores[-1]) if len(scores) > words else None
        ),
    )


def _all(scores: Sequence[float]) -> float:
    return math.nan if any(map(math.isnan, scores)) else float(min(scores))
