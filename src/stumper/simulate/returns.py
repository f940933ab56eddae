"""When simulated players come back: a chance a day, smaller once they have come in the week.

Fitted to what GAP's paper tells of a week (69.7 % no session, 27.8 % one, 2.7 % two or more): independent
visits would bring 4.5 % twice, so who has played is, that week, less likely to play again. Nothing is played
here: the visits are those that `stumper retention` would find.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stumper.evaluate.retention import DAY_S, NO_DAY, PAPER_WEEK, PAPER_WHOLE, Visits

WEEK: Final = 7
PICTURES: Final = 10
_HALVINGS: Final = 60
"""Of an interval of length 1: to the last digit."""
_SECONDS_A_PICTURE: Final = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Chances of one day, 0..1."""

    first: float
    """Of a session, where there was none yet this week."""
    again: float
    """Of a session, where there was one."""
    stay: float
    """Of going on from one picture to the next."""

    def week(self) -> tuple[float, float, float]:
        """Returns P(no session, one, two or more) in a week."""
        none = (1 - self.first) ** WEEK
        one = sum(
            (1 - self.first) ** day * self.first * (1 - self.again) ** (WEEK - 1 - day) for day in range(WEEK)
        )
        return none, one, max(0.0, 1 - none - one)


def fit_returns(*, none: float, more: float, whole: float = PAPER_WHOLE) -> Returns:
    """Returns the chances that give these shares of player-weeks and of sessions that reach all pictures.

    Raises ValueError for shares that no such player has: 0 < none < 1, 0 <= more < 1 - none, 0 < whole <= 1.
    """
    if not (0 < none < 1 and 0 <= more < 1 - none and 0 < whole <= 1):
        raise ValueError(f"no player stays away {none}, comes twice {more} and plays on {whole}")
    first, stay = 1 - none ** (1 / WEEK), whole ** (1 / (PICTURES - 1))
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        again = (low + high) / 2
        found = Returns(first=first, again=again, stay=stay).week()[2]
        low, high = (again, high) if found < more else (low, again)
    return Returns(first=first, again=(low + high) / 2, stay=stay)


PAPER: Final = fit_returns(none=PAPER_WEEK[0], more=PAPER_WEEK[2])


def draw_visits(returns: Returns, *, players: int, weeks: int, seed: int, now: float) -> Visits:
    """Draws the visits of players who all joined ``weeks`` full weeks before ``now``.

    A day begins at the hour of ``now``, and a session at any second of it. All asked a first question.
    """
    rng = np.random.default_rng(seed)
    came = _days(returns, players, weeks, rng)
    player, day = np.nonzero(came)
    today = int(now // DAY_S)
    begins = today - weeks * WEEK
    since = begins * DAY_S + now % DAY_S
    started = since + day * DAY_S + rng.uniform(0, DAY_S, len(day))
    reached = np.minimum(rng.geometric(1 - returns.stay, len(day)), PICTURES)
    whole = reached == PICTURES
    joined = np.full(players, since)
    return Visits(
        now=now,
        since=0.0,
        joined=joined,
        asked=joined + rng.lognormal(np.log(_SECONDS_A_PICTURE), 0.6, players),
        votes=np.zeros(players, dtype=np.int64),
        in_team=np.zeros(players, dtype=bool),
        player=player,
        started=started,
        day=np.where(whole, (started // DAY_S).astype(np.int64), NO_DAY),
        turns=np.full(len(day), PICTURES),
        reached=reached,
        told_player=np.array([], dtype=np.int64),
        told_at=np.array([], dtype=np.float64),
    )


def _days(returns: Returns, players: int, weeks: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Returns who came on which day, (players, days)."""
    came = np.zeros((players, weeks * WEEK), dtype=bool)
    for day in range(weeks * WEEK):
        before = came[:, day - day % WEEK : day].any(axis=1)
        came[:, day] = rng.random(players) < np.where(before, returns.again, returns.first)
    return came
