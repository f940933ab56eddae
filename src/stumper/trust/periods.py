"""Days and weeks (pure): a player's own day for streaks, and the days and weeks in UTC that boards count.

Days are numbered since 1 January 1970. Week 0 began on the first Monday after that, 5 January; a week
goes from Monday 00:00 UTC to the next.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_S: Final = 86_400.0
ALL: Final = "all"
"""Name of the period without an end."""
_EPOCH: Final = date(1970, 1, 1)
_FIRST_MONDAY: Final = 4


def utc_day(at: float) -> int:
    """Returns the day in UTC of a Unix time.

    >>> utc_day(0.0), utc_day(86_399.9), utc_day(86_400.0)
    (0, 0, 1)
    """
    return int(at // DAY_S)


def utc_week(at: float) -> int:
    """Returns the week in UTC of a Unix time.

    >>> utc_week(4 * 86_400.0 - 1), utc_week(4 * 86_400.0)
    (-1, 0)
    """
    return (utc_day(at) - _FIRST_MONDAY) // 7


def week_starts_at(week: int) -> float:
    """Returns the Unix time of a week's Monday, 00:00 UTC; the week before ends there."""
    return (7 * week + _FIRST_MONDAY) * DAY_S


def day_period(day: int) -> str:
    """Returns the name under which the points of a day in UTC are kept."""
    return f"d{day}"


def week_period(week: int) -> str:
    """Returns the name under which the points of a week are kept."""
    return f"w{week}"


def periods_at(at: float) -> tuple[str, str, str]:
    """Returns the periods to which points written at a Unix time belong.

    >>> periods_at(1_795_392_000.0)
    ('all', 'w2968', 'd20780')
    """
    return ALL, week_period(utc_week(at)), day_period(utc_day(at))


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Returns the time zone of an IANA name; UTC where the system does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def local_day(at: float, time_zone: str) -> int:
    """Returns the player's own day of a Unix time: the date on a calendar in their time zone."""
    return (datetime.fromtimestamp(at, zone(time_zone)).date() - _EPOCH).days


def local_hour(at: float, time_zone: str) -> int:
    """Returns the hour, 0 to 23, that a clock in the player's time zone shows."""
    return datetime.fromtimestamp(at, zone(time_zone)).hour


def local_day_ends_at(day: int, time_zone: str) -> float:
    """Returns the Unix time of the midnight that ends a player's day."""
    midnight = datetime.combine(date_of(day + 1), time(), zone(time_zone))
    return midnight.astimezone(UTC).timestamp()


def date_of(day: int) -> date:
    """Returns the calendar date of a day."""
    return _EPOCH + timedelta(days=day)
