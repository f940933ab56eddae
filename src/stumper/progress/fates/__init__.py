"""What became of a player's catches, and why: nothing of who voted how, nor of catches in a session that is
not over.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Cause
from stumper.progress.fates import queries
from stumper.records import ClaimId, ClaimStatus, PlayerId, TurnId


class Outcome(StrEnum):
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WAITING = "waiting"
    """For the operator."""


_OUTCOMES = {
    ClaimStatus.ACCEPTED: Outcome.CONFIRMED,
    ClaimStatus.REJECTED: Outcome.REFUSED,
    ClaimStatus.DISPUTED: Outcome.WAITING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """One catch that is decided, or that the operator has to decide."""

    claim_id: ClaimId
    turn_id: TurnId
    """The player's own turn on the picture."""
    round: int
    question: str
    model_answer: str
    correction: str
    outcome: Outcome
    cause: Cause


@dataclass(frozen=True, slots=True)
class Fates:
    fates: tuple[Fate, ...]
    """The newest first."""
    more: bool
    """There are older ones."""
    checking: int
    """Catches that referees still judge."""


async def fates(tx: AsyncConnection, player_id: PlayerId, *, page: int, size: int) -> Fates:
    """Returns one page, from 1, of ``size`` catches of the player; none for a stranger."""
    rows = await queries.decided(tx, player_id, skipped=(page - 1) * size, limit=size + 1)
    checking = await queries.count_open(tx, player_id)
    return Fates(tuple(_fate(row) for row in rows[:size]), len(rows) > size, checking)


def _fate(row: Any) -> Fate:
    return Fate(
        claim_id=ClaimId(row.id),
        turn_id=TurnId(row.turn_id),
        round=row.number,
        question=row.question,
        model_answer=row.model_answer,
        correction=row.correction,
        outcome=_OUTCOMES[ClaimStatus(row.status)],
        cause=Cause(row.reason),
    )
