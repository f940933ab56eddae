"""What a player's catches changed, round by round: each before and after the tuning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.progress.impact import queries
from stumper.progress.impact.lessons import RIGHT
from stumper.records import CampaignId, ClaimId, ExampleId, PlayerId, Round, TurnId


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One catch of the player, and what the tuned model says to it."""

    example_id: ExampleId
    claim_id: ClaimId
    """The player's own."""
    turn_id: TurnId
    """The player's own turn on the picture."""
    question: str
    right_answer: str
    before: str
    after: str
    """Empty where the model gave no answer."""
    right: bool | None
    """None: nobody can tell."""
    learned: bool
    held_out: bool
    """The tuning never saw this picture, so what is right here was understood, not learned by heart."""


@dataclass(frozen=True, slots=True)
class Schoolday:
    """The lessons of one closed round; ``passed``: the tuned model plays now."""

    round: int
    passed: bool
    lessons: tuple[Lesson, ...]

    @property
    def learned(self) -> int:
        return sum(lesson.learned for lesson in self.lessons)

    @property
    def known(self) -> int:
        """Lessons that could be scored."""
        return sum(lesson.right is not None for lesson in self.lessons)

    @property
    def understood(self) -> int:
        """Learned on pictures that the tuning never saw."""
        return sum(lesson.learned and lesson.held_out for lesson in self.lessons)


@dataclass(frozen=True, slots=True)
class Album:
    """All lessons of a player, newest round first, and what is on its way."""

    days: tuple[Schoolday, ...]
    round: int
    """The round that is played now."""
    checking: int
    """Catches of it that referees still judge."""
    accepted: int
    """Catches of it that they confirmed: asked again when it closes."""


async def album(
    tx: AsyncConnection, player_id: PlayerId, *, campaign_id: CampaignId, current: Round
) -> Album:
    """Returns what the player's catches changed; empty for a stranger."""
    rows = await queries.album(tx, player_id, campaign_id)
    checking, accepted = await queries.in_hand(tx, player_id, current.id)
    days = tuple(
        Schoolday(number, passed, _sorted([*lessons]))
        for (_, number, passed), lessons in groupby(
            rows, key=lambda row: (row.evaluation_id, row.round, row.passed)
        )
    )
    return Album(days, current.number, checking, accepted)


def _sorted(rows: Sequence[Any]) -> tuple[Lesson, ...]:
    """What was understood first, then what was learned by heart, what was not, and what nobody can tell."""
    lessons = [_lesson(row) for row in rows]
    return tuple(
        sorted(lessons, key=lambda one: (one.right is None, not one.learned, not one.right, not one.held_out))
    )


def _lesson(row: Any) -> Lesson:
    return Lesson(
        example_id=ExampleId(row.id),
        claim_id=ClaimId(row.claim_id),
        turn_id=TurnId(row.turn_id),
        question=row.question,
        right_answer=row.right_answer,
        before=row.before,
        after=row.after,
        right=None if row.score is None else row.score >= RIGHT,
        learned=row.learned,
        held_out=row.held_out,
    )
