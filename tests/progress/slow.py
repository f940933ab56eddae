"""Streaks, leagues and boards once more, slowly and from the rules as players read them: to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass
class SlowStreak:
    """Walks through every day, one after the other, like somebody with a calendar and two ice cubes."""

    length: int = 0
    freezes: int = 2
    old: int = 0
    """Length of the streak that broke."""
    broke_on: int | None = None
    regained: int = 0

    def midnight_after(self, day: int, sessions: int) -> None:
        """The day is over."""
        if sessions:
            back = self.broke_on is not None and day - self.broke_on <= 2
            if self.length == 0 and back and sessions >= 2:
                self.length, self.freezes, self.regained = self.old, 0, self.regained + 1
            elif self.length == 0:
                self.freezes = 2
            self.broke_on = None
            self.length += 1
            if self.length % 7 == 0 and self.freezes < 2:
                self.freezes += 1
        elif self.length and self.freezes:
            self.freezes -= 1
        elif self.length:
            self.old, self.broke_on, self.length, self.freezes = self.length, day, 0, 2


def slow_streak(sessions: Mapping[int, int], *, today: int) -> SlowStreak:
    """The state today, with today's sessions in but today not over."""
    state = SlowStreak()
    for day in range(min(sessions, default=today), today + 1):
        if day < today or sessions.get(day, 0):
            state.midnight_after(day, sessions.get(day, 0))
    return state


def slow_board(lines: Iterable[tuple[str, int, float]], *, start: float, end: float) -> list[tuple[str, int]]:
    """(player, points) from ledger lines (player, points, written at) of a period, first to last."""
    points: dict[str, int] = {}
    reached: dict[str, float] = {}
    for player_id, gained, at in lines:
        if start <= at < end and gained:
            points[player_id] = points.get(player_id, 0) + gained
            reached[player_id] = at
    return sorted(points.items(), key=lambda one: (-one[1], reached[one[0]], one[0]))


def slow_next_tier(tier: int, *, order: Sequence[tuple[str, int]], player_id: str, seasons: int) -> int:
    """The tier after a week that ended with this order of (player, points), the whole league in it."""
    rank = [name for name, _ in order].index(player_id) + 1
    points = dict(order)[player_id]
    first = min(7, next(n for n in range(31) if n >= len(order) * 7 / 30))
    last = min(5, int(len(order) * 5 / 30))
    rises, falls = rank <= first and points > 0, rank > len(order) - last
    if seasons < 2:
        return 0
    if tier == 0:
        return 2 if rises else 1
    if rises:
        return min(5, tier + 1)
    return max(1, tier - 1) if falls else tier
