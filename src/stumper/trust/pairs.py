"""Which pairs of players have more in common than chance allows (pure): three tests here, and `wording`'s.

Every test counts K things a pair has in common among n chances, and reckons from what *everybody else* does
with which probability each would happen by chance (`pairing` compares the two).

- *together*: visits that begin within a minute of each other. Chance: the share of all visits that begin in
  such a minute, the larger of what that very minute and the half hour around it say, so that a school class
  or a busy evening is no coincidence.
- *copied*: the same words asked on the same picture. Chance: how many of the others who saw the picture asked
  it, and half of how often the other one begins a question so. Or the same words asked anywhere. Chance:
  that somebody who asks so much, and so often begins like that, asks them once.
- *astray*: votes that both cast against what was settled. Chance: the product of how often each strays,
  raised by how much oftener people stray together than apart (hard claims).
- *favour*: they confirm what the other claims. Chance: how often the voter confirms others and the author is
  confirmed by others, added in logits (Rasch 1960).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stumper.trust.crowd import Array, Marks, Whole
from stumper.trust.pairing import (
    LEAST_COMMON,
    MOST_IN_GROUP,
    Pairs,
    counted,
    found_in,
    joined,
    pairs_of,
    rows_together,
    tail,
)
from stumper.trust.traces import UNKNOWN, Traces
from stumper.trust.wording import Asked, Habits, Listed

MEETING_S: Final = 60.0
AROUND_S: Final = 1_800.0
"""Sessions this far apart are one visit; and the stretch of time over which its crowd is reckoned."""
_PRIOR: Final = 5.0
"""Pseudo-counts behind the rates of a voter, an author."""


def together(traces: Traces) -> Pairs:
    """Visits that begin together."""
    player, at = _visits(traces)
    order = np.argsort(at, kind="stable")
    player, at = player[order], at[order]
    near, around = (
        np.searchsorted(at, at + width, "right") - np.searchsorted(at, at - width, "left") - 1.0
        for width in (MEETING_S, AROUND_S)
    )
    share = np.maximum(near, around * MEETING_S / AROUND_S) / max(1, len(at))
    # Starts within a minute of one another, each pair of visits once.
    reach = np.searchsorted(at, at + MEETING_S, "right") - np.arange(len(at)) - 1
    reach = np.where(reach > MOST_IN_GROUP, 0, reach)
    left = np.repeat(np.arange(len(at)), reach)
    right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(reach) - reach, reach)
    a, b, common = counted(player[left], player[right], players=traces.players)
    visits = np.bincount(player, minlength=traces.players)
    crowd = np.bincount(player, share, minlength=traces.players)
    common = np.minimum(common, np.minimum(visits[a], visits[b]))
    mean = np.maximum(visits[b] * crowd[a], visits[a] * crowd[b])
    return tail(a, b, common, visits[a] * visits[b], mean, tested=pairs_of(int(np.count_nonzero(visits))))


def copied(traces: Traces) -> Pairs:
    """The same questions on the same pictures, and the same list of questions on any: two tests in one."""
    habits = Habits(traces)
    pictures, lists = Asked(traces, habits).pairs(), Listed(traces, habits).pairs()
    return joined(pictures, lists)


def astray(traces: Traces) -> Pairs:
    """Votes that two players cast against what was settled."""
    ruled = np.flatnonzero(traces.settled != UNKNOWN)
    voter, claim = traces.voter[ruled], traces.claim[ruled]
    strays = traces.yes[ruled] != (traces.settled[ruled] == 1)
    left, right = rows_together(claim)
    a, b, chances = counted(voter[left], voter[right], players=traces.players)
    both = strays[left] & strays[right]
    common = _per_pair(a, b, counted(voter[left][both], voter[right][both], players=traces.players), traces)
    rate = _shrunk(voter, strays, traces.players)
    mean = chances * rate[a] * rate[b]
    raised = max(1.0, float(common.sum()) / max(1e-9, float(mean.sum())))
    return tail(a, b, common, chances, mean * raised, tested=float(len(a)))


def _per_pair(a: Whole, b: Whole, some: tuple[Whole, Whole, Whole], traces: Traces) -> Whole:
    """Returns the counts of ``some`` pairs in the order of all, 0 for others."""
    times = np.zeros(len(a), np.int64)
    times[found_in(a * traces.players + b, some[0] * traces.players + some[1])] = some[2]
    return times


def favour(traces: Traces) -> Pairs:
    """Votes that confirm one author's claims, beyond what voter and author are used to."""
    who = traces.voter * max(1, traces.players) + traces.author
    key, pair, chances = np.unique(who, return_inverse=True, return_counts=True)
    a, b = key // max(1, traces.players), key % max(1, traces.players)
    common = np.bincount(pair, traces.yes, minlength=len(key)).astype(np.int64)
    level = float((traces.yes.sum() + 1.0) / (len(traces.yes) + 2.0))
    given = _rest(traces.voter, traces.yes, traces.players, a, common, chances, level)
    received = _rest(traces.author, traces.yes, traces.players, b, common, chances, level)
    chance = 1.0 / (1.0 + np.exp(_logit(np.array(level)) - _logit(given) - _logit(received)))
    # Both ways of a pair are one: rings confirm each other.
    low, high, _ = counted(a, b, players=traces.players)
    place = found_in(low * traces.players + high, np.minimum(a, b) * traces.players + np.maximum(a, b))
    votes, said_yes, mean = (
        np.bincount(place, column, minlength=len(low)) for column in (chances, common, chances * chance)
    )
    able = float(np.count_nonzero(votes >= LEAST_COMMON))
    return tail(low, high, said_yes.astype(np.int64), votes.astype(np.int64), mean.astype(float), tested=able)


def _rest(who: Whole, yes: Marks, players: int, of: Whole, own: Whole, n: Whole, level: float) -> Array:
    """Returns how often each of ``of`` says (or hears) yes elsewhere, drawn towards ``level``."""
    all_yes, all_n = np.bincount(who, yes, minlength=players), np.bincount(who, minlength=players)
    return np.asarray((all_yes[of] - own + _PRIOR * level) / (all_n[of] - n + _PRIOR))


def _shrunk(who: Whole, happened: Marks, players: int) -> Array:
    level = float((happened.sum() + 1.0) / (len(happened) + 2.0))
    n = np.bincount(who, minlength=players)
    return np.asarray((np.bincount(who, happened, minlength=players) + _PRIOR * level) / (n + _PRIOR))


def _logit(p: Array) -> Array:
    inside = np.clip(p, 0.01, 0.99)
    return np.asarray(np.log(inside / (1.0 - inside)))


def _visits(traces: Traces) -> tuple[Whole, Array]:
    """Returns (player, start) of visits: sessions of a player with less than half an hour between them."""
    order = np.lexsort((traces.session_start, traces.session_player))
    player, start = traces.session_player[order], traces.session_start[order]
    end = traces.session_end[order]
    first = np.ones(len(order), bool)
    first[1:] = (player[1:] != player[:-1]) | (start[1:] - end[:-1] > AROUND_S)
    return player[first], start[first]
