"""How the round's model speaks, learned from its answers so far, so that falsified answers speak alike.

Before the first session these are its answers of the verification, or those of the round before.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.images.queries import said_on_controls
from stumper.play.learned import queries
from stumper.play.vocabulary import AnswerVocabulary
from stumper.records import RoundId, Session, SessionId

MOST_SESSIONS = 256
"""After some 1,500 control answers a model's short words have been seen."""
_ENOUGH_SESSIONS = 64
"""From here on a round's own answers (some 400) say more than those of the round before."""
_ENOUGH_PICTURES = 150
"""Their 600 answers to probe questions are as many as 64 sessions have on controls."""
_FEWEST_SAID = 80
"""Answers to probe questions; fewer of them speak less like the model than the built-in list does."""
_SESSIONS_KEPT = 4096


class Vocabularies:
    """Learns a round's vocabulary anew whenever its finished sessions have grown by a sixth or so.

    What a session is dealt follows from the rows alone (sessions finished before it started), so a killed
    simulation that goes on gets the same falsified answers.
    """

    def __init__(self) -> None:
        self._by_round: dict[RoundId, tuple[int, AnswerVocabulary]] = {}
        self._by_session: OrderedDict[SessionId, AnswerVocabulary] = OrderedDict()

    async def of(self, tx: AsyncConnection, session: Session) -> AnswerVocabulary:
        """Returns the vocabulary for the answers of a session."""
        if session.id not in self._by_session:
            self._by_session[session.id] = await self._learn(tx, session)
            if len(self._by_session) > _SESSIONS_KEPT:
                self._by_session.popitem(last=False)
        return self._by_session[session.id]

    async def _learn(self, tx: AsyncConnection, session: Session) -> AnswerVocabulary:
        before = session.started_at
        finished = await queries.count_finished(tx, session.round_id, before=before, most=MOST_SESSIONS)
        sessions = step_down(finished)
        kept, vocabulary = self._by_round.get(session.round_id, (-1, None))
        if vocabulary is None or kept != sessions:
            counts = Counter(
                await queries.answer_counts(tx, session.round_id, before=before, sessions=sessions)
            )
            if sessions < _ENOUGH_SESSIONS:
                counts.update(await self._before(tx, session))
            vocabulary = AnswerVocabulary(counts)
            self._by_round[session.round_id] = (sessions, vocabulary)
        return vocabulary

    async def _before(self, tx: AsyncConnection, session: Session) -> Mapping[str, int]:
        """What was said before the round: by the model before, which was tuned and still speaks much alike.

        In the first round it is what the model said when the pictures were verified.
        """
        earlier = await queries.previous_round(tx, session.round_id)
        if earlier is None:
            said = await said_on_controls(tx, session.campaign_id, most=_ENOUGH_PICTURES)
            return said if said.total() >= _FEWEST_SAID else {}
        return await queries.answer_counts(tx, earlier, before=session.started_at, sessions=_ENOUGH_SESSIONS)


def step_down(number: int) -> int:
    """Returns the number with only its first three binary digits left: 7, 8, 10, 12, 14, 16, 20 ..."""
    low = max(0, number.bit_length() - 3)
    return number >> low << low
