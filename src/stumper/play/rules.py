"""The rules of the game (pure): each function returns the session after a move, or says why it cannot be.

Nothing here reads a clock, draws a number or knows of tables: ``game`` loads a ``Play``, calls one rule,
and writes what changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from stumper.errors import AlreadyJudged, Conflict, NotSignedIn, NotYours, StillThinking, TurnClosed
from stumper.play.ideas import MOST as MOST_IDEAS
from stumper.play.ideas import made_of
from stumper.play.state import GRACE_S, Play, PlayedTurn
from stumper.play.texts import check_correction, check_question
from stumper.records import (
    Claim,
    ClaimId,
    Exchange,
    ExchangeId,
    Idea,
    PlayerId,
    Rules,
    SkipReason,
    Suggestion,
    TurnEnd,
    TurnId,
    Verdict,
)

FORGOTTEN = "All that was kept about this player is deleted. You can join again."
NOT_OPEN = "This picture is not open yet. Open your session again to see the one whose turn it is."
LEASE_S = 65.0
"""Whoever asked the model this long ago is dead: the game itself gives up on a model after 60 s."""
EXTENSIONS = 10
"""So often a player may take more time for a picture (WCAG 2.2.1)."""
_MORE_AT_S = 30.0


def require_own(play: Play, player_id: PlayerId) -> None:
    """Raises NotYours if the session is another player's, NotSignedIn if the player is forgotten."""
    if play.session.player_id != player_id:
        raise NotYours("This session belongs to another player. Open your own one from the start page.")
    if play.forgotten:
        raise NotSignedIn(FORGOTTEN)


def advance(play: Play, *, now: float) -> Play:
    """Returns the session at ``now``: late turns closed, and the next one open or the session finished."""
    play = expire(play, now=now)
    current = play.current
    if current is None:
        return play if play.session.finished_at is not None else _finish(play, now=now)
    if current.turn.opened_at is None:
        opened = replace(current.turn, opened_at=now, deadline_at=now + play.rules.turn_s)
        return play.with_turn(replace(current, turn=opened))
    return play


def expire(play: Play, *, now: float) -> Play:
    """Closes the open turn if its time was up more than the grace ago; it ended when its time did."""
    current = play.current
    if current is None or current.turn.deadline_at is None or not current.is_over(now, grace_s=GRACE_S):
        return play
    return play.with_turn(current.closed(at=current.turn.deadline_at, end=TurnEnd.TIMEOUT))


def _finish(play: Play, *, now: float) -> Play:
    ends = [played.turn.closed_at for played in play.turns if played.turn.closed_at is not None]
    return replace(play, session=replace(play.session, finished_at=max(ends, default=now)))


def ask(
    play: Play,
    turn_id: TurnId,
    *,
    exchange_id: ExchangeId,
    question: str,
    key: str,
    now: float,
    pasted: bool | None = None,
    opening: bool = False,
    dead_before: float = -math.inf,
) -> tuple[Play, Exchange]:
    """Returns the session with a question that waits for the model, and that question.

    Whoever asked the model before ``dead_before`` is gone: nobody is thinking about such a question.

    ``opening``: the player's phone says that it was made of one of the openings that always stand there.

    A question that the model failed to answer is asked again under its own key, and gives way to another
    one: it used nothing up, and the time it waited is given back. ``exchange_id`` is taken if the question
    is new. Raises BadQuestion, TurnClosed, StillThinking, or Conflict if the last answer has no verdict
    yet.
    """
    played = play.turn(turn_id)
    pending = played.pending
    text = check_question(question, limit=play.rules.question_chars)
    _require_open(played, now=now, grace_s=0.0)
    if pending is not None and _thinks(pending, now=now, dead_before=dead_before):
        raise StillThinking("The model is still thinking about your question. Its answer is on the way.")
    if played.unjudged is not None:
        raise Conflict("First say whether the last answer is right or wrong, then ask again.")
    if played.answered >= play.rules.questions_per_turn:
        raise Conflict(
            f"All {play.rules.questions_per_turn} questions are asked here. Go on to the next picture."
        )
    if pending is not None:
        played = _give_back_time(played, pending, now=now)
    if pending is not None and pending.key == key:
        asked = replace(pending, asked_at=now, answered_at=None)
    else:
        asked = Exchange(
            id=exchange_id,
            turn_id=turn_id,
            number=played.answered,
            key=key,
            question=text,
            model_answer=None,
            shown_answer=None,
            poisoned=False,
            asked_at=now,
            pasted=pasted,
            language=play.language,
            suggested=made_of(text, played.turn.ideas) or (Suggestion.OPENING if opening else None),
        )
    return play.with_turn(played.with_exchange(asked)), asked


def _thinks(pending: Exchange, *, now: float, dead_before: float) -> bool:
    """Tells whether somebody still asks the model; a question from the future is one of a clock set back."""
    alive = abs(now - pending.asked_at) < LEASE_S and pending.asked_at >= dead_before
    return pending.answered_at is None and alive


def _give_back_time(played: PlayedTurn, pending: Exchange, *, now: float) -> PlayedTurn:
    if played.turn.deadline_at is None:
        return played
    waited = max(0.0, now - pending.asked_at)
    return replace(played, turn=replace(played.turn, deadline_at=played.turn.deadline_at + waited))


def _require_open(played: PlayedTurn, *, now: float, grace_s: float) -> None:
    if played.turn.opened_at is None:
        raise Conflict(NOT_OPEN)
    if not played.is_open or played.is_over(now, grace_s=grace_s):
        late = played.turn.end in (None, TurnEnd.TIMEOUT)
        why = "Time is up for this picture." if late else "You have already left this picture."
        raise TurnClosed(f"{why} Go on to the next one.")


def judge(
    play: Play,
    exchange_id: ExchangeId,
    *,
    verdict: Verdict,
    correction: str | None,
    now: float,
    pasted: bool | None = None,
    confidence: int | None = None,
) -> tuple[Play, Exchange]:
    """Returns the session with the player's verdict, and the judged exchange.

    "Wrong" closes the turn; "correct" closes it only when no questions are left. The same verdict sent
    again changes nothing, at any time later. Raises AlreadyJudged, TurnClosed, BadCorrection, or Conflict
    if there is no answer yet.
    """
    played, exchange = play.exchange(exchange_id)
    if exchange.shown_answer is None:
        raise Conflict("The model has not answered yet. Wait for its answer, or send the question again.")
    if exchange.verdict is not None and exchange.verdict is not verdict:
        raise AlreadyJudged(f"You have already marked this answer {exchange.verdict}. A verdict stays.")
    kept = None
    if verdict is Verdict.WRONG:
        kept = check_correction(correction, limit=play.rules.correction_chars, shown=exchange.shown_answer)
    if exchange.verdict is not None:
        if kept != exchange.correction:
            raise AlreadyJudged(f"Your right answer {exchange.correction!r} is already kept. It stays.")
        return play, exchange
    _require_open(played, now=now, grace_s=GRACE_S)
    judged = replace(
        exchange,
        verdict=verdict,
        correction=kept,
        judged_at=now,
        pasted=exchange.pasted if pasted is None else pasted or bool(exchange.pasted),
        confidence=confidence,
    )
    played = played.with_exchange(judged)
    if verdict is Verdict.WRONG:
        played = played.closed(at=now, end=TurnEnd.WRONG)
    elif played.answered >= play.rules.questions_per_turn:
        played = played.closed(at=now, end=TurnEnd.DONE)
    return play.with_turn(played), judged


def claim(play: Play, judged: Exchange, claim_id: ClaimId) -> Claim:
    """Returns what a verdict of "wrong" claims."""
    return Claim(
        id=claim_id,
        exchange_id=judged.id,
        campaign_id=play.session.campaign_id,
        round_id=play.session.round_id,
        player_id=play.session.player_id,
        image_id=play.turn(judged.turn_id).turn.image_id,
        question=judged.question,
        model_answer=judged.model_answer or "",
        correction=judged.correction or "",
        created_at=judged.judged_at or 0.0,
    )


def more_at(rules: Rules) -> float:
    """Returns the seconds left from which on a player may take more time."""
    return min(_MORE_AT_S, rules.turn_s / 2)


def more(play: Play, turn_id: TurnId, *, now: float) -> Play:
    """Returns the session with as much time again for the turn, also within the grace after its end.

    Nothing happens while more time is left than ``more_at``: a double tap adds once. Raises TurnClosed, or
    Conflict once the time was extended ``EXTENSIONS`` times or if the turn is not open yet.
    """
    played = play.turn(turn_id)
    _require_open(played, now=now, grace_s=GRACE_S)
    if played.turn.deadline_at is None or played.seconds_left(now) > more_at(play.rules):
        return play
    if played.turn.extensions >= EXTENSIONS:
        raise Conflict(f"More time is given {EXTENSIONS} times a picture. Go on to the next one.")
    longer = replace(
        played.turn,
        deadline_at=played.turn.deadline_at + play.rules.turn_s,
        extensions=played.turn.extensions + 1,
    )
    return play.with_turn(replace(played, turn=longer))


def note_ideas(play: Play, turn_id: TurnId, given: Sequence[Idea], *, now: float) -> Play:
    """Returns the session with these ideas for an open turn; what was given once stays.

    Raises TurnClosed, or Conflict where the campaign gives none.
    """
    if not play.rules.ideas:
        raise Conflict("This campaign gives no ideas. Ask whatever you like about the picture.")
    played = play.turn(turn_id)
    _require_open(played, now=now, grace_s=0.0)
    if played.turn.ideas or not given:
        return play
    kept = [one.to_json() for one in given[:MOST_IDEAS]]
    return play.with_turn(replace(played, turn=replace(played.turn, ideas=kept)))


def skip(play: Play, turn_id: TurnId, *, now: float, reason: SkipReason | None = None) -> Play:
    """Returns the session without the turn; nothing happens if it is closed already (a double tap).

    It ends as done if every answer was judged, as skipped otherwise. Raises Conflict if it is not open yet.
    """
    played = play.turn(turn_id)
    if played.turn.closed_at is not None:
        return play
    _require_open(played, now=now, grace_s=GRACE_S)
    judged = bool(played.exchanges) and all(exchange.verdict is not None for exchange in played.exchanges)
    closed = played.closed(at=now, end=TurnEnd.DONE if judged else TurnEnd.SKIPPED)
    return play.with_turn(replace(closed, turn=replace(closed.turn, reason=reason)))
