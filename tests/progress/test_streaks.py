"""Streaks against a calendar that is walked through day by day, and each rule by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.progress.streaks import FREEZES, Streak, streak_on
from tests.progress.slow import slow_streak

DAYS = st.dictionaries(st.integers(0, 60), st.integers(1, 3), max_size=45)


def streak(*played: int, today: int, twice: tuple[int, ...] = ()) -> Streak:
    return streak_on({day: 2 if day in twice else 1 for day in played}, today=today)


@given(DAYS, st.integers(0, 70))
def test_it_equals_a_walk_through_the_calendar(sessions: dict[int, int], ahead: int) -> None:
    today = max(sessions, default=0) + ahead % 8

    found = streak_on(sessions, today=today)
    walked = slow_streak(sessions, today=today)

    assert (found.days, found.regained) == (walked.length, walked.regained)
    if found.days:
        assert found.freezes == walked.freezes
    can_restore = walked.broke_on is not None and not found.days and today - walked.broke_on <= 2
    assert (found.lost if not found.done_today else 0) == (walked.old if can_restore else 0)


@given(DAYS)
def test_it_ends_when_it_says(sessions: dict[int, int]) -> None:
    today = max(sessions, default=0)
    found = streak_on(sessions, today=today)
    if found.last_day is None:
        assert found == Streak(today=today)
        return

    assert streak_on(sessions, today=found.last_day).days == found.days
    assert streak_on(sessions, today=found.last_day + 1).days == 0
    assert streak_on({**sessions, found.last_day: 1}, today=found.last_day).days >= found.days


@given(DAYS, st.integers(0, 60))
def test_playing_more_never_shortens_it(sessions: dict[int, int], day: int) -> None:
    today = max([*sessions, day])
    more = {**sessions, day: sessions.get(day, 0) + 1}

    assert streak_on(more, today=today).days >= min(1, streak_on(sessions, today=today).days)
    assert streak_on({**sessions, today: 2}, today=today).days >= streak_on(sessions, today=today).days


@given(DAYS)
def test_there_are_never_more_than_two_freezes(sessions: dict[int, int]) -> None:
    for today in range(61):
        seen = {day: n for day, n in sessions.items() if day <= today}
        assert 0 <= streak_on(seen, today=today).freezes <= FREEZES


def test_a_missed_day_uses_a_freeze_by_itself() -> None:
    found = streak(10, 11, 13, today=13)

    assert (found.days, found.freezes, found.saved) == (3, 1, {12})


def test_three_missed_days_break_it() -> None:
    assert streak(10, 11, today=13).days == 2
    assert streak(10, 11, today=14).days == 2  # both freezes are used, today can save it still
    assert streak(10, 11, today=15).days == 0


def test_every_seventh_day_brings_a_freeze_back() -> None:
    six = streak(0, 1, 3, 4, 5, 6, today=6)
    seven = streak(0, 1, 3, 4, 5, 6, 7, today=7)

    assert (six.days, six.freezes) == (6, 1)
    assert (seven.days, seven.freezes) == (7, 2)


@pytest.mark.parametrize(("back", "restored"), [(15, True), (16, True), (17, False)])
def test_two_sessions_on_the_first_day_back_restore_it(back: int, restored: bool) -> None:
    # 12 and 13 are frozen, 14 breaks it
    before = streak(10, 11, today=back)
    once = streak(10, 11, back, today=back)
    twice = streak(10, 11, back, today=back, twice=(back,))

    assert before.lost == (2 if restored else 0)
    assert (once.days, once.lost, once.restore_sessions) == ((1, 2, 1) if restored else (1, 0, 0))
    assert (twice.days, twice.freezes, twice.regained) == ((3, 0, 1) if restored else (1, 2, 0))


def test_the_second_day_back_restores_nothing() -> None:
    found = streak(10, 11, 15, 16, today=16, twice=(16,))

    assert (found.days, found.regained) == (2, 0)


def test_a_day_after_today_is_today() -> None:
    """Somebody played in Auckland and flew to Honolulu, where it is yesterday."""
    found = streak(10, 11, 12, today=11)

    assert (found.days, found.done_today, found.today) == (3, True, 12)
