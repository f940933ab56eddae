"""What a check found: one line for an operator, with the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad it is; only ``WRONG`` makes a command end with status 1."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    """What was looked at."""
    state: State
    said: str
    way_out: str = ""
    """What to do; empty if nothing is to be done."""


def some(names: Sequence[str], *, most: int = 3) -> str:
    """Returns the first ``most`` names and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
