"""What is kept of watching: signals as they stand, and appeals."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from stumper.records import PlayerId
from stumper.trust.signals import Kind


class State(StrEnum):
    """Where a signal stands."""

    OPEN = "open"
    """Found, and nobody has looked at it yet; it counts."""
    DISMISSED = "dismissed"
    """The operator found it harmless."""
    UPHELD = "upheld"
    """The operator found it right; it counts."""
    LAPSED = "lapsed"
    """Not found again when it was looked for last."""


class Decision(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"


COUNTS: Final = (State.OPEN, State.UPHELD)
"""Signals in these states have an effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What stands behind a signal."""

    common: int
    chances: int
    q: float
    partners: list[PlayerId] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """A signal as it is kept."""

    player_id: PlayerId
    nickname: str
    kind: Kind
    strength: float
    facts: Facts
    state: State
    found_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    id: str
    player_id: PlayerId
    nickname: str
    text: str
    written_at: float
    decision: Decision | None
    answer: str
    decided_at: float | None


class Stored(NamedTuple):
    """A signal to write."""

    player_id: PlayerId
    kind: Kind
    strength: float
    facts: Facts
    state: State


class Played(NamedTuple):
    """What there is to know of a player before deciding."""

    player_id: PlayerId
    nickname: str
    e_value: float
    sessions: int
