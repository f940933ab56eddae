"""Retention: every figure against a slow second reading of the definitions, and by hand."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.evaluate.retention import (
    DAY_S,
    NO_DAY,
    WEEK_S,
    Retention,
    Share,
    Visits,
    came_back,
    longest_runs,
    near_notice,
    pictures_reached,
    retention,
    sessions_a_week,
    visits_of,
)
from tests.examples import examples

NOW = 100 * DAY_S


class Guest(NamedTuple):
    id: str
    created_at: float
    asked_at: float | None = None
    votes: int = 0
    in_team: bool = False


class Visit(NamedTuple):
    player_id: str
    started_at: float
    day: int | None = None
    turns: int = 10
    reached: int = 10


class Notice(NamedTuple):
    player_id: str
    sent_at: float


def made(
    guests: list[Guest], visits: list[Visit], notices: list[Notice] | None = None, *, since: float = 0.0
) -> Visits:
    return visits_of(now=NOW, since=since, players=guests, sessions=visits, notices=notices or [])


def days_ago(days: float) -> float:
    return NOW - days * DAY_S


# ---- by hand ----


def test_a_week_counts_players_who_had_joined_by_then() -> None:
    guests = [Guest("old", days_ago(15)), Guest("new", days_ago(8)), Guest("today", days_ago(0.5))]
    visits = [
        Visit("old", days_ago(14.5)),  # in the third week back, which had begun before they joined
        Visit("old", days_ago(9)),
        Visit("old", days_ago(8)),
        Visit("new", days_ago(7.5)),  # a week that had begun before they joined
        Visit("new", days_ago(2)),
        Visit("today", days_ago(0.4)),
    ]

    weeks, shares = sessions_a_week(made(guests, visits))

    # Player-weeks: old last week (0) and the week before (2), new last week (1).
    assert weeks == 2
    assert [share.part for share in shares] == [1, 1, 1]
    assert {share.of for share in shares} == {3}
    assert {share.players for share in shares} == {2}


def test_day_1_is_the_day_after_the_first_finished_session() -> None:
    guests = [Guest(name, 0.0) for name in "abcdef"]
    visits = [
        Visit("a", days_ago(60), day=40), Visit("a", days_ago(59), day=41), Visit("a", days_ago(59), day=41),
        Visit("b", days_ago(60), day=40), Visit("b", days_ago(53), day=47),
        Visit("c", days_ago(60), day=None), Visit("c", days_ago(59), day=41),
        Visit("d", days_ago(1), day=99),  # their next day is not over yet
        Visit("e", days_ago(60), day=None),
    ]  # fmt: skip

    assert came_back(made(guests, visits), after=1) == Share(1, 3, 3)
    assert came_back(made(guests, visits), after=7) == Share(1, 3, 3)


def test_full_sessions_and_quick_ones_are_told_apart() -> None:
    guests = [Guest("a", 0.0), Guest("b", 0.0)]
    visits = [
        Visit("a", days_ago(3), reached=10),
        Visit("a", days_ago(3), reached=4),
        Visit("b", days_ago(3), reached=0),
        Visit("b", days_ago(3), turns=3, reached=3),
        Visit("b", days_ago(3), turns=3, reached=1),
        Visit("b", NOW - 60, reached=1),  # may still go on
    ]

    depth, quick = pictures_reached(made(guests, visits))

    assert [share.part for share in depth] == [2, 2, 2, 2, 1, 1, 1, 1, 1, 1]
    assert {share.of for share in depth} == {3}
    assert quick == Share(1, 2, 1)


def test_sessions_in_the_hour_after_a_notice_and_before_it() -> None:
    guests = [Guest("a", 0.0), Guest("b", 0.0)]
    visits = [
        Visit("a", days_ago(5) + 1800),
        Visit("a", days_ago(5) - 1800),
        Visit("b", days_ago(5) + 1800),  # the notice was to a
        Visit("b", days_ago(3) + 3601),
    ]
    found = made(guests, visits, [Notice("a", days_ago(5)), Notice("b", days_ago(3)), Notice("c", 0.0)])

    assert near_notice(found, hours=(0, 1)) == Share(1, 4, 2)
    assert near_notice(found, hours=(-1, 0)) == Share(1, 4, 2)


def test_the_whole_report_by_hand() -> None:
    guests = [
        Guest("a", days_ago(10), days_ago(10) + 20, votes=4, in_team=True),
        Guest("b", days_ago(10), days_ago(10) + 60, votes=1),
        Guest("c", days_ago(10), None),
        Guest("d", days_ago(50), days_ago(50) + 999),
    ]
    visits = [Visit("a", days_ago(9 - n), day=91 + n) for n in range(4)] + [Visit("b", days_ago(9), day=91)]

    found = retention(made(guests, visits, since=days_ago(20)))

    assert (found.players, found.sessions) == (4, 5)
    assert found.asked == Share(2, 3, 3)
    assert found.first_question_s.median == 40
    assert dict(found.streaks) == {
        "1 day": Share(1, 2, 2), "2 days": Share(0, 2, 2), "3 to 6 days": Share(1, 2, 2),
        "7 days or more": Share(0, 2, 2),
    }  # fmt: skip
    assert found.referees == Share(2, 4, 4)
    assert found.votes.median == 2.5
    assert found.teams == Share(1, 4, 4)
    assert found.teams.few
    plain = found.to_json()
    assert plain["quick"] == {"share": None, "count": 0, "of": 0, "players": 0, "few": True}
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_nobody_at_all_gives_shares_of_nothing() -> None:
    found = retention(made([], []))

    assert isinstance(found, Retention)
    assert math.isnan(found.day_1.value)
    assert [share.of for share in found.week] == [0, 0, 0]
    assert found.depth == ()
    assert found.first_question_s.n == 0


# ---- against a slow second reading ----

NAMES = "abcd"
times = st.floats(min_value=60 * DAY_S, max_value=NOW, allow_nan=False).map(lambda at: round(at, 0))
guest_lists = st.tuples(*(times.map(lambda at, name=name: Guest(name, at)) for name in NAMES)).map(list)
visit = st.builds(
    lambda name, at, ended, turns, opened: Visit(
        name, at, int(at // DAY_S) if ended else None, turns, min(opened, turns)
    ),
    st.sampled_from(NAMES), times, st.booleans(), st.sampled_from([3, 10]), st.integers(0, 10),
)  # fmt: skip
notice = st.builds(Notice, st.sampled_from(NAMES), times)
since_times = st.one_of(st.just(0.0), times)


@settings(deadline=None, max_examples=examples(60))
@given(guest_lists, st.lists(visit, max_size=40), since_times)
def test_weeks_equal_a_slow_count(guests: list[Guest], visits: list[Visit], since: float) -> None:
    counted: list[int] = []
    for guest in guests:
        week = 1
        while NOW - week * WEEK_S >= max(guest.created_at, since):
            start = NOW - week * WEEK_S
            counted.append(
                sum(one.player_id == guest.id and start < one.started_at <= start + WEEK_S for one in visits)
            )
            week += 1

    _, shares = sessions_a_week(made(guests, visits, since=since))

    assert [share.part for share in shares] == [
        sum(n == 0 for n in counted), sum(n == 1 for n in counted), sum(n > 1 for n in counted),
    ]  # fmt: skip
    assert {share.of for share in shares} == {len(counted)}


@settings(deadline=None, max_examples=examples(60))
@given(guest_lists, st.lists(visit, max_size=40), since_times, st.sampled_from([1, 7]))
def test_return_equals_a_slow_count(
    guests: list[Guest], visits: list[Visit], since: float, after: int
) -> None:
    came = of = 0
    for guest in guests:
        days = {one.day for one in visits if one.player_id == guest.id and one.day is not None}
        if not days or min(days) < since // DAY_S:
            continue
        noon_after = (min(days) + after + 1) * DAY_S + DAY_S / 2
        if noon_after <= NOW:
            of += 1
            came += min(days) + after in days

    assert came_back(made(guests, visits, since=since), after=after) == Share(came, of, of)


@settings(deadline=None, max_examples=examples(60))
@given(guest_lists, st.lists(visit, max_size=40))
def test_runs_equal_a_slow_count(guests: list[Guest], visits: list[Visit]) -> None:
    expected = []
    for guest in guests:
        days = {one.day for one in visits if one.player_id == guest.id and one.day is not None}
        longest = 0
        for day in days:
            length = 1
            while day + length in days:
                length += 1
            longest = max(longest, length)
        expected.append(longest)

    assert longest_runs(made(guests, visits)).tolist() == expected


@settings(deadline=None, max_examples=examples(60))
@given(guest_lists, st.lists(visit, max_size=30), st.lists(notice, max_size=15), since_times)
def test_notices_equal_a_slow_count(
    guests: list[Guest], visits: list[Visit], notices: list[Notice], since: float
) -> None:
    wanted = [one for one in visits if one.started_at >= since]
    after = sum(
        any(
            told.player_id == one.player_id and 0 <= one.started_at - told.sent_at <= 3600 for told in notices
        )
        for one in wanted
    )

    found = near_notice(made(guests, visits, notices, since=since), hours=(0, 1))

    assert (found.part, found.of) == (after, len(wanted))


@settings(deadline=None, max_examples=examples(60))
@given(guest_lists, st.lists(visit, max_size=40), st.lists(notice, max_size=9), since_times)
def test_shares_are_shares_and_depth_never_rises(
    guests: list[Guest], visits: list[Visit], notices: list[Notice], since: float
) -> None:
    found = retention(made(guests, visits, notices, since=since))

    shares: list[Any] = [*found.week, *found.depth, found.quick, found.day_1, found.day_7, found.after_notice]
    assert all(0 <= share.part <= share.of and share.players <= len(guests) for share in shares)
    assert sum(share.part for share in found.week) == found.week[0].of
    parts = [share.part for share in found.depth]
    assert parts == sorted(parts, reverse=True)
    assert sum(share.part for _, share in found.streaks) == max(
        (share.of for _, share in found.streaks), default=0
    )


@pytest.mark.parametrize("order", range(3))
def test_the_order_of_rows_does_not_matter(order: int) -> None:
    rng = np.random.default_rng(order)
    guests = [Guest(name, days_ago(40)) for name in NAMES]
    visits = [
        Visit(NAMES[n % 4], days_ago(n % 31), None if n % 3 else 100 - n % 31, reached=n % 11)
        for n in range(60)
    ]
    mixed = [visits[n] for n in rng.permutation(len(visits))]

    assert retention(made(guests, visits)).to_json() == retention(made(guests, mixed)).to_json()
    assert NO_DAY < 0
