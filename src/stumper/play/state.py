"""What a move knows of its session: its turns, their exchanges, and the clock of each turn."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stumper.errors import NotFound
from stumper.images.probes import Probe
from stumper.records import Exchange, ExchangeId, Rules, Session, Turn, TurnEnd, TurnId

GRACE_S = 2.0
"""A verdict sent in time may arrive this much later: a slow network is not the player's fault."""
UNDO_S = 5.0
"""A verdict may be taken back for so long, and the grace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedTurn:
    """One turn with its exchanges in order. Its clock stands still while the model owes an answer."""

    turn: Turn
    exchanges: tuple[Exchange, ...] = ()
    file: str = ""
    """Key of the picture in the file store."""
    complex: bool = False
    """A control on a complex picture: only answers whose truth is known count."""
    truths: tuple[Probe, ...] = ()
    """What is known of such a picture."""

    def claims(self, exchange: Exchange) -> bool:
        """Tells whether a "wrong" on this exchange is a claim: nobody knows the truth of its answer.

        Never on a simple control, and never where the coin was thrown: a falsified answer is no claim.
        """
        return not self.turn.control or (self.complex and not exchange.counts)

    @property
    def is_open(self) -> bool:
        return self.turn.opened_at is not None and self.turn.closed_at is None

    @property
    def pending(self) -> Exchange | None:
        """The question that the model has not answered: it is thinking, or it failed."""
        last = self.exchanges[-1] if self.exchanges else None
        return last if last is not None and last.model_answer is None else None

    @property
    def unjudged(self) -> Exchange | None:
        """The answer that waits for the player's verdict."""
        last = self.exchanges[-1] if self.exchanges else None
        return last if last is not None and last.model_answer is not None and last.verdict is None else None

    @property
    def answered(self) -> int:
        return sum(exchange.model_answer is not None for exchange in self.exchanges)

    def with_key(self, key: str) -> Exchange | None:
        return next((exchange for exchange in self.exchanges if exchange.key == key), None)

    def seconds_left(self, now: float) -> float:
        """Returns what the clock shows, never below 0; the whole time if the turn is not open yet."""
        if self.turn.deadline_at is None:
            return 0.0
        stopped = self.pending
        return max(0.0, self.turn.deadline_at - (now if stopped is None else min(now, stopped.asked_at)))

    def is_over(self, now: float, *, grace_s: float = 0.0) -> bool:
        """True once the time of an open turn is up; never while its clock stands still."""
        if not self.is_open or self.turn.deadline_at is None or self.pending is not None:
            return False
        return now > self.turn.deadline_at + grace_s

    def closed(self, *, at: float, end: TurnEnd) -> PlayedTurn:
        return replace(self, turn=replace(self.turn, closed_at=at, end=end))

    def with_exchange(self, exchange: Exchange) -> PlayedTurn:
        """Returns the turn with the exchange in the place of the one with its number, or at the end."""
        kept = tuple(other for other in self.exchanges if other.number != exchange.number)
        return replace(self, exchanges=(*kept, exchange))


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A session as one move sees it: the open turn and the next, and the one the move is about."""

    session: Session
    rules: Rules
    model_ref: str
    language: str | None = None
    """The player's (BCP 47)."""
    forgotten: bool = False
    """The player had all that was kept about them deleted."""
    turns: tuple[PlayedTurn, ...]
    """By position. May be left out: turns closed before the last one or too long ago for a verdict to be
    undone, and those behind the first two that are not closed.
    """

    @property
    def current(self) -> PlayedTurn | None:
        """The first turn that is not closed; None at the end of the session."""
        return next((played for played in self.turns if played.turn.closed_at is None), None)

    def turn(self, turn_id: TurnId) -> PlayedTurn:
        """Raises NotFound."""
        for played in self.turns:
            if played.turn.id == turn_id:
                return played
        raise NotFound(f"There is no turn {turn_id!r}. Open your session again.")

    def exchange(self, exchange_id: ExchangeId) -> tuple[PlayedTurn, Exchange]:
        """Raises NotFound."""
        for played in self.turns:
            for exchange in played.exchanges:
                if exchange.id == exchange_id:
                    return played, exchange
        raise NotFound(f"There is no question {exchange_id!r}. Open your session again.")

    def with_turn(self, changed: PlayedTurn) -> Play:
        turns = tuple(changed if played.turn.id == changed.turn.id else played for played in self.turns)
        return replace(self, turns=turns)

    def with_exchange(self, exchange: Exchange) -> Play:
        return self.with_turn(self.turn(exchange.turn_id).with_exchange(exchange))
