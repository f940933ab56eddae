"""SQL of deeds that deserve a badge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import Category, ClaimStatus, PlayerId, Verdict
from stumper.store.prepared import Prepared
from stumper.store.schema import claim, evaluation, example, exchange, lesson, session, turn, vote

_LONGEST: Final = 200


class Catches(NamedTuple):
    """A player's claims that became examples."""

    categories: frozenset[Category]
    first_of: int
    """In how many categories theirs was the first of the campaign."""
    learned: int
    """How many a tuned model has learned."""
    against: int
    """Accepted although so many referees, the most of any claim, had said that the model was right."""


_ID: Final[Any] = bindparam("id")
_HONEST: Final = Prepared(
    select(exchange.c.verdict)
    .join(turn, turn.c.id == exchange.c.turn_id)
    .join(session, session.c.id == turn.c.session_id)
    .where(
        session.c.player_id == _ID,
        session.c.graded_at.is_not(None),
        turn.c.control,
        exchange.c.counts,
        ~exchange.c.poisoned,
        exchange.c.verdict.is_not(None),
    )
    .order_by(exchange.c.judged_at.desc(), exchange.c.id)
    .limit(_LONGEST)
)


async def honest_answers(tx: AsyncConnection, player_id: PlayerId) -> list[bool]:
    """Returns for the newest honest answers on controls whether they were let stand, newest first."""
    return [row.verdict == Verdict.CORRECT.value for row in await _HONEST.all(tx, {"id": player_id})]


def _is_first() -> Any:
    """No example of its campaign and category was decided before it."""
    other, before = example.alias("other"), claim.alias("before")
    return ~(
        exists()
        .where(
            other.c.campaign_id == example.c.campaign_id,
            other.c.category == example.c.category,
            before.c.id == other.c.claim_id,
            before.c.decided_at < claim.c.decided_at,
        )
        .correlate(example, claim)
    )


def _catches() -> Prepared:
    # By a model that plays: what one learned that the gate refused, nobody has met.
    learned = exists().where(
        lesson.c.example_id == example.c.id,
        lesson.c.learned,
        evaluation.c.id == lesson.c.evaluation_id,
        evaluation.c.passed,
    )
    doubts = (
        select(func.count())
        .where(vote.c.claim_id == claim.c.id, ~vote.c.model_wrong, ~vote.c.gold)
        .scalar_subquery()
    )
    return Prepared(
        select(
            example.c.category,
            learned.label("learned"),
            doubts.label("doubts"),
            _is_first().label("first"),
        )
        .join(claim, claim.c.id == example.c.claim_id)
        .where(claim.c.player_id == _ID, claim.c.status == ClaimStatus.ACCEPTED.value)
    )


_CATCHES: Final = _catches()


async def catches(tx: AsyncConnection, player_id: PlayerId) -> Catches:
    """Returns what became of a player's claims."""
    return _tell(await _CATCHES.all(tx, {"id": player_id}))


def _tell(rows: Sequence[Any]) -> Catches:
    return Catches(
        categories=frozenset(Category(row.category) for row in rows) - {Category.INVALID},
        first_of=sum(row.first for row in rows if row.category != Category.INVALID.value),
        learned=sum(row.learned for row in rows),
        against=max((row.doubts for row in rows), default=0),
    )
