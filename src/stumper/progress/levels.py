"""Levels (pure): they count what proved right, never how much was played.

That is a falsified answer that was caught, a claim that others confirmed, and a bad case that a referee
found out, as the ledger has them: each line with points is one piece of work.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

WORK: Final = ("hit", "claim", "vote hit")
"""Reasons of ledger lines that count, where they have brought points."""

STARTS: Final = (0, 1, 5, 12, 25, 45, 75, 120, 180, 260, 370, 520)
"""Work from which each level begins; a careful session brings about two to four."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    number: int
    """From 1; the names are in `front.progress`."""
    work: int
    starts: int
    """Work at which it began."""
    next_at: int | None
    """Work at which the next begins; None on the last."""

    @property
    def share(self) -> float:
        """How far to the next, 0..1; 1 on the last."""
        return 1.0 if self.next_at is None else (self.work - self.starts) / (self.next_at - self.starts)


def level_of(work: int) -> Level:
    """Returns the level of so much work.

    >>> level_of(0).number, level_of(1).number, level_of(11).number, level_of(10**6).number
    (1, 2, 3, 12)
    """
    number = bisect_right(STARTS, work)
    return Level(
        number=number,
        work=work,
        starts=STARTS[number - 1],
        next_at=STARTS[number] if number < len(STARTS) else None,
    )
