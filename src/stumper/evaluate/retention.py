"""Who comes back: sessions a week, how far a session goes, return on days 1 and 7, what brought people.

Pure functions over arrays of visits; rows become arrays in `visits_of`. Times are Unix seconds, a day is the
player's own (days since 1970 where they live). What the definitions are stands beside each function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
Places = NDArray[np.int64]

DAY_S: Final = 86_400.0
WEEK_S: Final = 7 * DAY_S
HOUR_S: Final = 3_600.0
FEW: Final = 5
"""A share over fewer players says nothing of the others, and may tell on them."""
NO_DAY: Final = -1
RUNS: Final = (("1 day", 1), ("2 days", 2), ("3 to 6 days", 3), ("7 days or more", 7))
"""Classes of streaks with the least days of each."""
PAPER_WEEK: Final = (0.697, 0.278, 0.027)
"""GAP's users in a week: no session, one, two or more."""
PAPER_WHOLE: Final = 0.65
"""Of GAP's sessions about so many reach all ten pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """``p`` players and ``s`` sessions of theirs, until ``now``."""

    now: float
    since: float
    """Sessions from here on, and players who joined from here on, are reported on; the rest is history."""
    joined: Times
    """(p,)"""
    asked: Times
    """(p,) first question; nan where none was asked."""
    votes: Places
    """(p,) as a referee, in the time reported on."""
    in_team: NDArray[np.bool_]
    """(p,)"""
    player: Places
    """(s,) whose session: a place in ``joined``."""
    started: Times
    """(s,)"""
    day: Places
    """(s,) own day on which it was finished; NO_DAY where it was not, or counts for no streak."""
    turns: Places
    """(s,) pictures dealt."""
    reached: Places
    """(s,) pictures opened, 0..turns."""
    told_player: Places
    """(n,) who was sent a notice."""
    told_at: Times
    """(n,)"""


class Share(NamedTuple):
    """``part`` of ``of`` things, which belong to ``players`` players."""

    part: int
    of: int
    players: int

    @property
    def value(self) -> float:
        """0..1; nan of nothing."""
        return self.part / self.of if self.of else math.nan

    @property
    def few(self) -> bool:
        return self.players < FEW


class Quartiles(NamedTuple):
    low: float
    median: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """All that `stumper retention` tells."""

    players: int
    sessions: int
    weeks: int
    """Full weeks looked back on."""
    week: tuple[Share, Share, Share]
    """Player-weeks without a session, with one, with two or more."""
    depth: tuple[Share, ...]
    """Place k - 1: sessions of full length that reach picture k."""
    quick: Share
    """Shorter sessions that reach their last picture."""
    day_1: Share
    day_7: Share
    asked: Share
    """Players who asked a question at all."""
    first_question_s: Quartiles
    """Seconds from joining."""
    streaks: tuple[tuple[str, Share], ...]
    after_notice: Share
    before_notice: Share
    """What would have come in an hour anyway, about."""
    referees: Share
    votes: Quartiles
    """Of those who vote."""
    teams: Share

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; a share of nothing is null, and one of few players says so."""
        return {name: _plain(getattr(self, name)) for name in asdict(self)}


def retention(visits: Visits) -> Retention:
    """Returns every figure. Empty arrays give shares of nothing."""
    recent = (visits.started >= visits.since) & (visits.started <= visits.now)
    runs = longest_runs(visits)
    fresh = (visits.joined >= visits.since) & (visits.joined <= visits.now)
    delays = (visits.asked - visits.joined)[fresh]
    voters = visits.votes[visits.votes > 0]
    players = len(visits.joined)
    weeks, week = sessions_a_week(visits)
    depth, quick = pictures_reached(visits)
    return Retention(
        players=players,
        sessions=int(recent.sum()),
        weeks=weeks,
        week=week,
        depth=depth,
        quick=quick,
        day_1=came_back(visits, after=1),
        day_7=came_back(visits, after=7),
        asked=Share(int(np.isfinite(delays).sum()), len(delays), len(delays)),
        first_question_s=_quartiles(delays[np.isfinite(delays)]),
        streaks=_classes(runs[runs > 0]),
        after_notice=near_notice(visits, hours=(0.0, 1.0)),
        before_notice=near_notice(visits, hours=(-1.0, 0.0)),
        referees=Share(len(voters), players, players),
        votes=_quartiles(voters.astype(np.float64)),
        teams=Share(int(visits.in_team.sum()), players, players),
    )


def sessions_a_week(visits: Visits) -> tuple[int, tuple[Share, Share, Share]]:
    """Returns the full weeks, and the shares of player-weeks with no, one, and more sessions begun.

    Weeks are counted back from ``now`` as far as ``since``; a player counts in those that began after they
    had joined. So one who joined today counts in none.
    """
    own = np.floor((visits.now - np.maximum(visits.joined, visits.since)) / WEEK_S)
    full = np.maximum(own, 0).astype(np.int64)
    ago = np.floor((visits.now - visits.started) / WEEK_S).astype(np.int64)
    counts = (ago >= 0) & (ago < full[visits.player])
    stride = int(full.max(initial=0)) + 1
    _, sessions = np.unique(visits.player[counts] * stride + ago[counts], return_counts=True)
    total, players = int(full.sum()), int((full > 0).sum())
    one, more = int((sessions == 1).sum()), int((sessions > 1).sum())
    shares = tuple(Share(n, total, players) for n in (total - one - more, one, more))
    return int(full.max(initial=0)), (shares[0], shares[1], shares[2])


def pictures_reached(visits: Visits) -> tuple[tuple[Share, ...], Share]:
    """Returns the share of sessions that reach each picture, and of shorter ones the last.

    Full length is that of the longest session. What began within the last hour may still go on and is not
    counted.
    """
    over = (visits.started >= visits.since) & (visits.started <= visits.now - HOUR_S)
    length = int(visits.turns[over].max(initial=0))
    long = over & (visits.turns == length)
    short = over & (visits.turns < length)
    at_least = visits.reached[long, None] >= np.arange(1, length + 1)
    players = len(np.unique(visits.player[long]))
    depth = tuple(Share(int(n), int(long.sum()), players) for n in at_least.sum(axis=0))
    whole = int((visits.reached[short] >= visits.turns[short]).sum())
    return depth, Share(whole, int(short.sum()), len(np.unique(visits.player[short])))


def came_back(visits: Visits, *, after: int) -> Share:
    """Returns the share of players who finished a session exactly ``after`` days after their first one.

    Days are the player's own. Counted are those whose first day was in the time reported on, and whose day is
    over everywhere on Earth: at noon UTC of the day after it.
    """
    days = visits.day >= 0
    first = _first_days(visits)
    known = first < np.iinfo(np.int64).max
    came = np.zeros(len(first), dtype=bool)
    back = visits.day[days] == first[visits.player[days]] + after
    came[visits.player[days][back]] = True
    where = np.where(known, first, 0)
    over = (where + after + 1.5) * DAY_S <= visits.now
    counted = known & over & (where >= visits.since // DAY_S)
    n = int(counted.sum())
    return Share(int((came & counted).sum()), n, n)


def longest_runs(visits: Visits) -> Places:
    """Returns each player's longest run of own days with a finished session, (p,); freezes do not count."""
    days = (visits.day >= 0) & (visits.started >= visits.since)
    longest = np.zeros(len(visits.joined), dtype=np.int64)
    if not days.any():
        return longest
    pairs = np.unique(np.column_stack([visits.player[days], visits.day[days]]), axis=0)
    begins = np.ones(len(pairs), dtype=bool)
    begins[1:] = (np.diff(pairs[:, 0]) != 0) | (np.diff(pairs[:, 1]) != 1)
    starts = np.flatnonzero(begins)
    np.maximum.at(longest, pairs[starts, 0], np.diff(np.append(starts, len(pairs))))
    return longest


def near_notice(visits: Visits, *, hours: tuple[float, float]) -> Share:
    """Returns the share of sessions that began within ``hours`` (from, to) of a notice to their player."""
    wanted = (visits.started >= visits.since) & (visits.started <= visits.now)
    player, started = visits.player[wanted], visits.started[wanted]
    low, high = (hour * HOUR_S for hour in hours)
    told = np.sort(_keys(visits.told_player, visits.told_at))
    first = np.searchsorted(told, _keys(player, started - high), side="left")
    last = np.searchsorted(told, _keys(player, started - low), side="right")
    return Share(int((last > first).sum()), len(started), len(np.unique(player)))


def _keys(player: Places, at: Times) -> NDArray[np.complex128]:
    """Pairs (player, time) that sort by player first: numpy orders complex numbers so."""
    return player + 1j * at


def _first_days(visits: Visits) -> Places:
    first = np.full(len(visits.joined), np.iinfo(np.int64).max, dtype=np.int64)
    days = visits.day >= 0
    np.minimum.at(first, visits.player[days], visits.day[days])
    return first


def _classes(runs: Places) -> tuple[tuple[str, Share], ...]:
    ends = [least for _, least in RUNS[1:]] + [np.iinfo(np.int64).max]
    return tuple(
        (name, Share(int(((runs >= least) & (runs < end)).sum()), len(runs), len(runs)))
        for (name, least), end in zip(RUNS, ends, strict=True)
    )


def _quartiles(values: Times) -> Quartiles:
    if not len(values):
        return Quartiles(math.nan, math.nan, math.nan, 0)
    low, median, high = (float(one) for one in np.quantile(values, [0.25, 0.5, 0.75]))
    return Quartiles(low, median, high, len(values))


def _plain(value: Any) -> Any:
    if isinstance(value, Share):
        return {
            "share": value.value if value.of else None,
            "count": value.part,
            "of": value.of,
            "players": value.players,
            "few": value.few,
        }
    if isinstance(value, Quartiles):
        return {name: _plain(one) for name, one in value._asdict().items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def visits_of(
    *,
    now: float,
    since: float,
    players: Sequence[Any],
    sessions: Sequence[Any],
    notices: Sequence[Any],
) -> Visits:
    """Returns rows (`queries.guests`, `queries.visits`, `queries.sent_notices`) as arrays."""
    place = {row.id: n for n, row in enumerate(players)}
    mine = [row for row in sessions if row.player_id in place]
    told = [row for row in notices if row.player_id in place]
    return Visits(
        now=now,
        since=since,
        joined=np.array([row.created_at for row in players], dtype=np.float64),
        asked=np.array([row.asked_at for row in players], dtype=np.float64),
        votes=np.array([row.votes for row in players], dtype=np.int64),
        in_team=np.array([row.in_team for row in players], dtype=bool),
        player=np.array([place[row.player_id] for row in mine], dtype=np.int64),
        started=np.array([row.started_at for row in mine], dtype=np.float64),
        day=np.array([NO_DAY if row.day is None else row.day for row in mine], dtype=np.int64),
        turns=np.array([row.turns for row in mine], dtype=np.int64),
        reached=np.array([row.reached for row in mine], dtype=np.int64),
        told_player=np.array([place[row.player_id] for row in told], dtype=np.int64),
        told_at=np.array([row.sent_at for row in told], dtype=np.float64),
    )
