"""What a player sees of a running session (no word on controls and coins), and all of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from stumper.play.state import Play, PlayedTurn
from stumper.records import (
    Exchange,
    ExchangeId,
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
    return SessionView(
        id=session.id,
        turns=session.turns,
        position=session.turns if current is None else current.turn.position,
        finished=session.finished_at is not None,
        commitment=session.commitment,
        turn=None if current is None else _turn_view(current, session, play.rules, now=now),
    )


def _turn_view(played: PlayedTurn, session: Session, rules: Rules, *, now: float) -> TurnView:
    return TurnView(
        id=played.turn.id,
        position=played.turn.position,
        turns=session.turns,
        image_id=played.turn.image_id,
        seconds_left=played.seconds_left(now),
        paused=played.pending is not None,
        questions_left=rules.questions_per_turn - played.answered,
        exchanges=tuple(exchange_view(exchange) for exchange in played.exchanges),
    )
