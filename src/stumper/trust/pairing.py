"""Counting what pairs of players have in common without ever listing all pairs (numpy), and how surprising
that is.

The p-value of k in n chances of mean probability p is Hoeffding's bound (1963, theorem 1,
https://doi.org/10.1080/01621459.1963.10500830), which holds for independent chances, alike or not:

    P(K >= k) <= exp(-n KL(k/n, p)),   KL(x, p) = x ln(x/p) + (1 - x) ln((1 - x)/(1 - p)),   for k > n p

It errs on the side of chance, by a factor of about the square root of n. Pairs with too little in common have
p-value 1: they are counted (``tested``) and not listed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from stumper.trust.crowd import Array, Whole

MOST_IN_GROUP: Final = 200
"""A question that so many ask about a picture, or a minute in which so many come, ties nobody to anybody."""
MOST_PAIRS: Final = 20_000_000
"""Meetings held in memory at once (8 bytes each); the largest groups are left out beyond it."""
LEAST_COMMON: Final = 3
"""Twice is a coincidence, whatever the figures say."""
CHUNK: Final = 20_000
"""Pairs looked at together."""


class Pairs(NamedTuple):
    """Pairs with something in common, and how surprising that is."""

    first: Whole
    second: Whole
    common: Whole
    chances: Whole
    p: Array
    """P(as much in common by chance), one-sided."""
    tested: float
    """How many pairs could have been listed."""


def rows_together(group: Whole) -> tuple[Whole, Whole]:
    """Returns the rows of every two members of a group, each two once; crowded groups are left out."""
    order = np.argsort(group, kind="stable")
    _, size = np.unique(group, return_counts=True)
    open_to = np.where(size > min(MOST_IN_GROUP, _fitting(size)), 0, size)
    place = np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size)
    after = np.maximum(np.repeat(open_to, size) - 1 - place, 0)
    left = np.repeat(np.arange(len(order)), after)
    right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(after) - after, after)
    return order[left], order[right]


def _fitting(size: Whole) -> int:
    """Returns the largest group size with which all pairs fit into memory."""
    ordered = np.sort(size)
    fits = int(np.searchsorted(np.cumsum(ordered * (ordered - 1) // 2), MOST_PAIRS, "right"))
    return int(ordered[fits - 1]) if fits else 1


def counted(first: Whole, second: Whole, *, players: int) -> tuple[Whole, Whole, Whole]:
    """Returns (a, b, times) for each pair of different players, a < b."""
    keep = first != second
    low, high = np.minimum(first, second)[keep], np.maximum(first, second)[keep]
    key, times = np.unique(low * max(1, players) + high, return_counts=True)
    return key // max(1, players), key % max(1, players), times


def found_in(among: Whole, wanted: Whole) -> Whole:
    """Returns where each wanted key stands among sorted ones, -1 where it does not."""
    if not len(among):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    return np.where(among[at] == wanted, at, -1)


def rows_of(players: Whole, start: Whole) -> tuple[Whole, Whole]:
    """Returns (place in ``players``, row) for every row of each of them in a table sorted by player."""
    size = start[players + 1] - start[players]
    place = np.repeat(np.arange(len(players)), size)
    return place, np.repeat(start[players] - (np.cumsum(size) - size), size) + np.arange(len(place))


def pairs_of(players: int) -> float:
    return players * (players - 1) / 2.0


def at_least(k: Whole, n: Whole, mean: Array) -> Array:
    """Returns a bound on P(so many or more), 0..1; 1 where k is not above the mean. Empty chances give 1."""
    size = np.maximum(n, 1)
    share, rate = np.minimum(k / size, 1.0), np.clip(mean / size, 1e-12, 1.0 - 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.where(share < 1.0, (1.0 - share) * np.log((1.0 - share) / (1.0 - rate)), 0.0)
        bits = np.where(share > 0.0, share * np.log(share / rate), 0.0) + rest
    return np.where(share > rate, np.exp(-size * bits), 1.0)


def tail(a: Whole, b: Whole, common: Whole, chances: Whole, mean: Array, *, tested: float) -> Pairs:
    """Returns the pairs with enough in common and their p-values."""
    keep = common >= LEAST_COMMON
    a, b, common, chances, mean = a[keep], b[keep], common[keep], chances[keep], mean[keep]
    return Pairs(
        a, b, common, chances, at_least(common, chances, mean), max(tested, float(np.count_nonzero(keep)))
    )


def joined(one: Pairs, other: Pairs) -> Pairs:
    """Returns two tests as one; a pair may be in it twice."""
    return Pairs(
        first=np.concatenate([one.first, other.first]),
        second=np.concatenate([one.second, other.second]),
        common=np.concatenate([one.common, other.common]),
        chances=np.concatenate([one.chances, other.chances]),
        p=np.concatenate([one.p, other.p]),
        tested=one.tested + other.tested,
    )


def less_surprising(one: Pairs, other: Pairs) -> Pairs:
    """Returns of two accounts of the same pairs (the second with its sides changed) the larger p-values.

    A pair that one of them leaves out is left out.
    """
    size = int(max(one.first.max(initial=0), one.second.max(initial=0), other.first.max(initial=0))) + 1
    key, back = one.first * size + one.second, other.second * size + other.first
    order = np.argsort(back)
    at = found_in(back[order], key)
    keep = at >= 0
    match = order[at[keep]]
    p = np.maximum(one.p[keep], other.p[match])
    return Pairs(one.first[keep], one.second[keep], one.common[keep], one.chances[keep], p, one.tested)
