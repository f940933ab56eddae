"""What the bot remembers of a chat: a small frozen record that is kept as JSON in the row ``link``.

Everything else is asked from the game. A private chat with the bot has the number of its user.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from stumper.records import ClaimId, ExchangeId, PlayerId, SessionId, TurnId

SERVICE: Final = "telegram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where the conversation stands. Numbers are those of messages in the chat."""

    session_id: SessionId | None = None
    """The session on show; None once its end was told."""
    turn_id: TurnId | None = None
    """The turn whose picture was sent."""
    bar: int | None = None
    """The message with the progress bar of that turn."""
    late: TurnId | None = None
    """The turn of which it was told that its time is up."""
    exchange_id: ExchangeId | None = None
    """The exchange whose answer was sent last."""
    answer: int | None = None
    """The message with that answer."""
    correcting: ExchangeId | None = None
    """The player said that this answer is wrong; their next text is the right one."""
    line: int | None = None
    """The message that tells how many come first, while the model is asked."""
    claim_id: ClaimId | None = None
    """The claim that waits for their vote."""
    claim: int | None = None
    """The message with that claim."""

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Stand:
        """Reads what was kept; fields of another version of this program are dropped."""
        return cls(**{name: value for name, value in kept.items() if name in cls.__dataclass_fields__})


class Link(NamedTuple):
    """A chat and the player behind it."""

    chat_id: int
    player_id: PlayerId
    language: str
    stand: Stand
    blocked: bool
