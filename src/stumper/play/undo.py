"""Taking a verdict back (pure): for a few seconds, and only what was the player's last move.

Nothing is told about a verdict before the end of the session, so one that is taken back has taught nothing
(decision 23).
"""

from __future__ import annotations

from dataclasses import replace

from stumper.errors import Conflict
from stumper.play.state import GRACE_S, UNDO_S, Play, PlayedTurn
from stumper.records import Exchange, ExchangeId, TurnEnd

LOOK_BACK_S = UNDO_S + 2 * GRACE_S
"""A verdict that can be undone is in a turn closed no longer ago: one that was judged within the grace may
have ended that much before its verdict.
"""


def undoable(play: Play, *, now: float) -> Exchange | None:
    """Returns the exchange whose verdict may be taken back now: the last one, if it came last and lately."""
    judged = [(played, one) for played in play.turns for one in played.exchanges if one.verdict is not None]
    if not judged or play.session.graded_at is not None:
        return None
    played, last = max(judged, key=lambda pair: (pair[0].turn.position, pair[1].number))
    if last.judged_at is None or now - last.judged_at > UNDO_S + GRACE_S or _gone_on(play, played, last):
        return None
    return last


def _gone_on(play: Play, played: PlayedTurn, last: Exchange) -> bool:
    """Tells whether something was asked or left since: this picture by a skip, or a later one."""
    by_skip = played.turn.end in (TurnEnd.DONE, TurnEnd.SKIPPED)
    if by_skip and played.answered < play.rules.questions_per_turn:
        return True
    later = [other for other in play.turns if other.turn.position > played.turn.position]
    return played.exchanges[-1] != last or any(o.exchanges or o.turn.closed_at is not None for o in later)


def undo(play: Play, exchange_id: ExchangeId, *, now: float) -> Play:
    """Returns the session without the verdict; nothing happens if there is none (a double tap).

    A closed turn opens again with the time it had left when it was judged, at least ``UNDO_S``; an open one
    has lost none. The turn opened meanwhile is not open any more: its clock will start anew. A finished
    session goes on. Raises Conflict if the verdict is too old, not the last move, or its result was seen.
    """
    played, exchange = play.exchange(exchange_id)
    if exchange.verdict is None:
        return play
    if play.session.graded_at is not None:
        raise Conflict("This session is over and you have seen its result: its verdicts stay.")
    last = undoable(play, now=now)
    if last is None or last.id != exchange_id:
        raise Conflict(
            f"A verdict can be taken back for {UNDO_S:.0f} seconds, and before you go on. This one stays."
        )
    unjudged = replace(exchange, verdict=None, correction=None, judged_at=None, confidence=None)
    reopened = _reopened(played, exchange, now=now).with_exchange(unjudged)
    turns = tuple(_unopened(o) if o.turn.position > played.turn.position else o for o in play.turns)
    session = replace(play.session, finished_at=None)
    return replace(play, session=session, turns=turns).with_turn(reopened)


def _reopened(played: PlayedTurn, judged: Exchange, *, now: float) -> PlayedTurn:
    turn = played.turn
    if turn.closed_at is None or turn.deadline_at is None or judged.judged_at is None:
        return played
    left = max(UNDO_S, turn.deadline_at - judged.judged_at)
    return replace(played, turn=replace(turn, deadline_at=now + left, closed_at=None, end=None))


def _unopened(played: PlayedTurn) -> PlayedTurn:
    return replace(played, turn=replace(played.turn, opened_at=None, deadline_at=None, extensions=0))
