"""Streaks (pure): how many of a player's own days in a row they finished a session.

- A day counts with one finished session in which an answer was judged.
- A streak begins with two freezes, its most. A missed day uses one by itself; every seventh day of the
  streak brings one back.
- A missed day without a freeze breaks it. Two sessions on the first day back, at most two days after the one
  that broke it, restore it, without freezes.

Nothing is kept but the days: the state is worked out anew each time, so it cannot drift.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

FREEZES: Final = 2
FREEZE_EVERY: Final = 7
"""Days of a streak that bring a freeze back."""
EARN_BACK_DAYS: Final = 2
EARN_BACK_SESSIONS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """A player's streak on one of their days, ``today``."""

    today: int
    """Number of the player's own day since 1970."""
    days: int = 0
    """Days played without a break; those that a freeze covered do not count."""
    freezes: int = FREEZES
    done_today: bool = False
    last_day: int | None = None
    """On this day at the latest a session keeps it; None where there is no streak."""
    lost: int = 0
    """Days of the streak that broke and can be restored still; else 0."""
    restore_by: int | None = None
    """On this day at the latest; None where nothing can be restored."""
    restore_sessions: int = 0
    """Sessions that this takes still, all on one day."""
    regained: int = 0
    """How often the player has restored one."""
    longest: int = 0
    saved: frozenset[int] = frozenset()
    """Missed days that a freeze, or coming back in time, made good."""


@dataclass(frozen=True, slots=True)
class _Run:
    """State at the end of a day that was played."""

    day: int
    days: int
    freezes: int
    broken: _Run | None = None
    """The run that broke before this one, while this day can restore it."""

    @property
    def last_day(self) -> int:
        return self.day + self.freezes + 1

    @property
    def restore_by(self) -> int:
        """The first day without a session or a freeze is ``last_day``; two days later it is too late."""
        return self.last_day + EARN_BACK_DAYS


def streak_on(sessions: Mapping[int, int], *, today: int) -> Streak:
    """Returns the streak on the player's day ``today``, from the sessions finished on each of their days.

    A day after ``today`` (the player flew west, or a clock was set back) is today: nothing is ever lost by
    that.
    """
    played = sorted(day for day, n in sessions.items() if n > 0)
    if not played:
        return Streak(today=today)
    run = _Run(played[0], days=1, freezes=FREEZES)
    regained, longest, saved = 0, 1, set[int]()
    for day in played[1:]:
        before, run = run, _next(run, day, sessions=sessions[day])
        longest = max(longest, run.days)
        if run.days > 1:
            saved.update(range(before.day + 1, day))
            regained += day > before.last_day
    return _seen(run, sessions, today=max(today, run.day), saved=saved, regained=regained, longest=longest)


def _next(run: _Run, day: int, *, sessions: int) -> _Run:
    missed = day - run.day - 1
    if missed <= run.freezes:
        return _Run(day, run.days + 1, _freezes(run.freezes - missed, days=run.days + 1))
    if day > run.restore_by:
        return _Run(day, days=1, freezes=FREEZES)
    if sessions >= EARN_BACK_SESSIONS:
        return _Run(day, run.days + 1, _freezes(0, days=run.days + 1))
    return _Run(day, days=1, freezes=FREEZES, broken=run)


def _freezes(left: int, *, days: int) -> int:
    return min(FREEZES, left + (days % FREEZE_EVERY == 0))


def _seen(
    run: _Run, sessions: Mapping[int, int], *, today: int, saved: set[int], regained: int, longest: int
) -> Streak:
    """Returns what a run looks like today, the day it ended on or a later one."""
    now = Streak(today=today, regained=regained, longest=longest, saved=frozenset(saved))
    if run.day == today:
        now = replace(now, days=run.days, freezes=run.freezes, done_today=True, last_day=run.last_day)
        return _restorable(now, run.broken, left=EARN_BACK_SESSIONS - sessions[today], by=today)
    if today <= run.last_day:
        missed = range(run.day + 1, today)
        left = run.freezes - len(missed)
        return replace(
            now, days=run.days, freezes=left, last_day=run.last_day, saved=now.saved | frozenset(missed)
        )
    if today <= run.restore_by:
        return _restorable(now, run, left=EARN_BACK_SESSIONS, by=run.restore_by)
    return now


def _restorable(now: Streak, broken: _Run | None, *, left: int, by: int) -> Streak:
    if broken is None:
        return now
    return replace(now, lost=broken.days, restore_by=by, restore_sessions=left)
