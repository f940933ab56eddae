"""Badges: few, for what is scarce and honest, and never for how much was played.

The rules are pure; what they look at comes from `progress.deeds` and from what is known of the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stumper.progress.deeds.queries import Catches
from stumper.records import Verdict
from stumper.trust.queries import ControlExchange


class Badge(StrEnum):
    SHARP = "sharp"
    """Every falsified answer of a full session caught, without a false alarm."""
    HONEST = "honest"
    """Twenty honest answers in a row let stand."""
    PIONEER = "pioneer"
    """The first confirmed catch of a category."""
    EXPLORER = "explorer"
    """Confirmed catches in six categories."""
    AGAINST = "against"
    """A catch that two referees doubted, confirmed at last."""
    FAIR = "fair"
    """Twenty-five settled cases ruled right in a row."""
    TEACHER = "teacher"
    """A tuned model learned five of the player's catches."""
    PHOENIX = "phoenix"
    """A streak regained."""


MIN_FALSIFIED: Final = 3
"""Two coins in three sessions of quick turns would be luck."""
HONEST_RUN: Final = 20
EXPLORED: Final = 6
DOUBTS: Final = 2
FAIR_RUN: Final = 25
TAUGHT: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What a player had done when a session was graded."""

    full_session: bool
    controls: Sequence[ControlExchange]
    """Of the session."""
    honest: Sequence[bool]
    """Whether honest answers were let stand, newest first."""
    catches: Catches
    fair_run: int
    """Settled cases ruled right in a row."""
    regained: int
    """How often a streak was."""


def earned(deeds: Deeds) -> frozenset[Badge]:
    """Returns all that these deeds deserve, earned before or not."""
    deserved = {
        Badge.SHARP: deeds.full_session and sharp(deeds.controls),
        Badge.HONEST: longest_run(deeds.honest) >= HONEST_RUN,
        Badge.PIONEER: deeds.catches.first_of > 0,
        Badge.EXPLORER: len(deeds.catches.categories) >= EXPLORED,
        Badge.AGAINST: deeds.catches.against >= DOUBTS,
        Badge.FAIR: deeds.fair_run >= FAIR_RUN,
        Badge.TEACHER: deeds.catches.learned >= TAUGHT,
        Badge.PHOENIX: deeds.regained > 0,
    }
    return frozenset(badge for badge, yes in deserved.items() if yes)


def sharp(controls: Sequence[ControlExchange]) -> bool:
    """Whether at least three answers were falsified, all of them marked wrong, and no honest one."""
    falsified = [one for one in controls if one.poisoned]
    alarms = [one for one in controls if not one.poisoned and one.verdict is Verdict.WRONG]
    caught = all(one.verdict is Verdict.WRONG for one in falsified)
    return len(falsified) >= MIN_FALSIFIED and caught and not alarms


def longest_run(stood: Iterable[bool]) -> int:
    """Returns the most that are true in a row.

    >>> longest_run([True, False, True, True]), longest_run([])
    (2, 0)
    """
    longest = run = 0
    for one in stood:
        run = run + 1 if one else 0
        longest = max(longest, run)
    return longest
