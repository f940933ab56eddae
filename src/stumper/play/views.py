"""What a player sees of a running session (no word on controls and coins), and all of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from stumper.play import rules
from stumper.play.state import UNDO_S, Play, PlayedTurn
from stumper.play.undo import undoable
from stumper.records import (
    Exchange,
    ExchangeId,
    Idea,
    ImageId,
    Rules,
    Session,
    SessionId,
    Turn,
    TurnId,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeView:
    id: ExchangeId
    number: int
    """0-based place in its turn."""
    question: str
    answer: str | None
    """None while the model owes it."""
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnView:
    """The open turn."""

    id: TurnId
    position: int
    """0-based."""
    turns: int
    image_id: ImageId
    seconds_left: float
    paused: bool
    """The clock stands still: the model owes an answer."""
    questions_left: int
    more_at_s: float | None
    """With so many seconds left the player may take more time; None if they have taken all."""
    exchanges: tuple[ExchangeView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    id: SessionId
    turns: int
    position: int
    """Turns closed so far."""
    finished: bool
    commitment: str
    turn: TurnView | None
    """None once the session is finished."""
    undo: ExchangeId | None
    """The exchange whose verdict may still be taken back."""
    undo_s: float
    """For so many seconds; 0 if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSummary:
    turn: Turn
    exchanges: tuple[Exchange, ...]
    claims: frozenset[ExchangeId]
    """Exchanges of which nobody knew the truth: a "wrong" there is a claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A finished session with its secrets: controls, coins, salt, and what the model really said."""

    session: Session
    turns: tuple[TurnSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdeasView:
    """What was suggested for a turn, and what is needed to suggest more."""

    session_id: SessionId
    speaks: str | None
    """The one language of the campaign's models (BCP 47), if there is one."""
    target_mix: dict[str, float] | None
    ideas: tuple[Idea, ...]


def exchange_view(exchange: Exchange) -> ExchangeView:
    return ExchangeView(
        id=exchange.id,
        number=exchange.number,
        question=exchange.question,
        answer=exchange.shown_answer,
        verdict=exchange.verdict,
    )


def session_view(play: Play, *, now: float) -> SessionView:
    """Returns the view of a session that ``rules.advance`` has brought to ``now``."""
    session, current = play.session, play.current
    last = undoable(play, now=now)
    undo_s = 0.0 if last is None or last.judged_at is None else max(0.0, last.judged_at + UNDO_S - now)
    return SessionView(
        id=session.id,
        turns=session.turns,
        position=session.turns if current is None else current.turn.position,
        finished=session.finished_at is not None,
        commitment=session.commitment,
        turn=None if current is None else _turn_view(current, session, play.rules, now=now),
        undo=last.id if last is not None and undo_s > 0 else None,
        undo_s=undo_s,
    )


def _turn_view(played: PlayedTurn, session: Session, numbers: Rules, *, now: float) -> TurnView:
    return TurnView(
        id=played.turn.id,
        position=played.turn.position,
        turns=session.turns,
        image_id=played.turn.image_id,
        seconds_left=played.seconds_left(now),
        paused=played.pending is not None,
        questions_left=numbers.questions_per_turn - played.answered,
        more_at_s=rules.more_at(numbers) if played.turn.extensions < rules.EXTENSIONS else None,
        exchanges=tuple(exchange_view(exchange) for exchange in played.exchanges),
    )
