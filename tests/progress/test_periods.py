"""Days and weeks against the calendar of the standard library, in every time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.play.texts import check_time_zone
from stumper.trust import periods

ZONES = st.sampled_from(
    [
        "UTC",
        "Pacific/Kiritimati",  # +14
        "Etc/GMT+12",  # -12
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "America/Sao_Paulo",
        "America/Havana",  # summer time begins at midnight: that day has no 00:00
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "Pacific/Apia",  # 30 December 2011 never was
        "Europe/Berlin",
    ]
)
TIMES = st.floats(0, 4e9)


@given(TIMES, ZONES)
def test_a_players_day_is_the_date_on_their_calendar(at: float, name: str) -> None:
    day = periods.local_day(at, name)

    assert periods.date_of(day) == datetime.fromtimestamp(at, ZoneInfo(name)).date()


@given(TIMES, ZONES)
def test_a_day_ends_where_the_next_begins(at: float, name: str) -> None:
    day = periods.local_day(at, name)
    ends_at = periods.local_day_ends_at(day, name)

    assert at < ends_at <= at + 49 * 3600
    assert periods.local_day(ends_at, name) > day
    assert periods.local_day(ends_at - 1, name) <= day


@given(TIMES)
def test_a_week_goes_from_monday_to_monday(at: float) -> None:
    week = periods.utc_week(at)
    monday = datetime.fromtimestamp(periods.week_starts_at(week), UTC)

    assert (monday.weekday(), monday.hour, monday.minute) == (0, 0, 0)
    assert periods.week_starts_at(week) <= at < periods.week_starts_at(week + 1)


def test_periods_have_the_names_of_a_calendar() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC).timestamp()

    assert periods.periods_at(at) == ("all", "w2968", "d20780")
    assert periods.periods_at(at - 1) == ("all", "w2967", "d20779")
    assert date(1970, 1, 1) + timedelta(days=20780) == date(2026, 11, 23)


def test_two_sessions_around_midnight_are_two_days() -> None:
    midnight = datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Kolkata")).timestamp()

    days = [periods.local_day(at, "Asia/Kolkata") for at in (midnight - 1, midnight)]

    assert days == [20779, 20780]
    assert [periods.utc_day(at) for at in (midnight - 1, midnight)] == [20779, 20779]


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "UTC\x00", "x" * 65])
def test_an_unknown_time_zone_is_utc(name: str) -> None:
    assert check_time_zone(name) == "UTC"
    assert periods.local_day(86_399.0, name) == 0


def test_the_system_knows_the_time_zones() -> None:
    assert len(available_timezones()) > 400, "install tzdata (the package of the system, or of Python)"
    assert check_time_zone("Asia/Kolkata") == "Asia/Kolkata"
