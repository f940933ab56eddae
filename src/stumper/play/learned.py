"""How the round's model speaks, learned from its answers so far, so that falsified answers speak alike."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.play import queries
from stumper.play.vocabulary import AnswerVocabulary
from stumper.records import RoundId, Session

MOST_SESSIONS = 256
"""After some 1,500 control answers a model's short words have been seen."""


class Vocabularies:
    """Learns a round's vocabulary from its first 1, 2, 4, ... 256 finished sessions.

    What a session is dealt follows from the rows alone (sessions finished before it started), so a killed
    simulation that goes on gets the same falsified answers.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[RoundId, int], AnswerVocabulary] = {}

    async def of(self, tx: AsyncConnection, session: Session) -> AnswerVocabulary:
        """Returns the vocabulary for the answers of a session."""
        finished = await queries.count_finished(
            tx, session.round_id, before=session.started_at, most=MOST_SESSIONS
        )
        sessions = 1 << (finished.bit_length() - 1) if finished else 0
        key = (session.round_id, sessions)
        if key not in self._kept:
            counts = await queries.answer_counts(
                tx, session.round_id, before=session.started_at, sessions=sessions
            )
            self._kept[key] = AnswerVocabulary(counts)
        return self._kept[key]
