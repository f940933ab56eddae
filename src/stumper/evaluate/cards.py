"""Example cards of a report: questions of the test split, won and lost alike; of what was lost, the worst.

Every category that a pile holds has its turn, so that a filter by category finds something.
"""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Final

from PIL import Image, UnidentifiedImageError

from stumper.evaluate.run import Outcome

RIGHT: Final = 0.99
THUMB_PX: Final = 400
"""Sharp on a phone of twice the density; 36 cards then weigh some 700 KB."""


@dataclass(frozen=True, slots=True)
class Card:
    """One question with both answers; ``picture`` is a data URI, empty if the bytes are no picture."""

    picture: str
    question: str
    reference: str
    before: str
    after: str
    before_right: bool
    after_right: bool
    category: str


@dataclass(frozen=True, slots=True)
class Pile:
    """Some cards of one fate, out of ``total``."""

    name: str
    title: str
    total: int
    share: float
    """Of all scored questions, 0..1."""
    cards: tuple[Card, ...]


def piles(outcomes: Sequence[Outcome], *, seed: int) -> tuple[Pile, ...]:
    """Returns the piles won, still wrong, lost and kept, each with a few cards drawn at random, from its
    categories in turn.

    Of the lost ones, those of each category that lost most are shown, the worst first.
    """
    scored = [outcome for outcome in outcomes if outcome.base >= 0 and outcome.tuned >= 0]  # nan is neither
    fates = (
        ("won", "Learned: wrong before, right after", False, True, 12),
        ("open", "Still wrong", False, False, 6),
        ("lost", "Lost: right before, wrong after, the worst first", True, False, 12),
        ("kept", "Right before and after", True, True, 6),
    )
    return tuple(
        _pile(name, title, _of_fate(scored, before, after), scored=len(scored), most=most, seed=seed)
        for name, title, before, after, most in fates
    )


def _of_fate(scored: Sequence[Outcome], before: bool, after: bool) -> list[Outcome]:
    return [one for one in scored if (_right(one.base), _right(one.tuned)) == (before, after)]


def _right(score: float) -> bool:
    return score >= RIGHT


def _pile(name: str, title: str, outcomes: Sequence[Outcome], *, scored: int, most: int, seed: int) -> Pile:
    drawn = random.Random(f"{seed}:{name}").sample(list(outcomes), len(outcomes))
    if name == "lost":
        drawn.sort(key=lambda one: one.tuned - one.base)
    drawn = list(islice(_in_turn(drawn), most))
    if name == "lost":
        drawn.sort(key=lambda one: one.tuned - one.base)
    share = len(outcomes) / scored if scored else 0.0
    return Pile(name, title, len(outcomes), share, tuple(map(_card, drawn)))


def _in_turn(outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    """Yields the first of every category, then the second of every category, and so on."""
    by_category: dict[str, list[Outcome]] = {}
    for one in outcomes:
        by_category.setdefault(str(one.item.category), []).append(one)
    for turn in zip_longest(*by_category.values()):
        yield from (one for one in turn if one is not None)


def _card(outcome: Outcome) -> Card:
    return Card(
        picture=thumbnail(outcome.item.image),
        question=outcome.item.question,
        reference=outcome.item.reference,
        before=outcome.before or "",
        after=outcome.after or "",
        before_right=_right(outcome.base),
        after_right=_right(outcome.tuned),
        category=str(outcome.item.category),
    )


def thumbnail(data: bytes) -> str:
    """Returns the picture as a small WebP data URI; empty if it cannot be read."""
    target = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data)) as picture:
            small = picture.convert("RGB")
    except (UnidentifiedImageError, OSError):
        return ""
    small.thumbnail((THUMB_PX, THUMB_PX))
    small.save(target, "WEBP", quality=82)
    return "data:image/webp;base64," + base64.b64encode(target.getvalue()).decode()
