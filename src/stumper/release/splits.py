"""Who belongs to which split: pictures that look alike together, players of the test in no other split
(pure).

Questions follow their picture: no split shares one with another (31.6 % of the published GAP-VQA validation
items use an image that is also in train). An example whose picture is held out while its player is not, or
the other way round, can be in no split: it is a conflict and left out. Where the hashes that dealing uses
leave out too much, a search looks for other pictures and players to hold out; where that leaves out too much
as well, only pictures are kept apart, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from stumper.errors import BadRelease
from stumper.images.reserve import HELD_OUT_FROM
from stumper.records import Split

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SPLITS: Final = tuple(Split)
TRAIN, VAL, TEST = range(3)
"""Numbers of the splits; -1 is none, or not known."""
ENDS: Final = (0.7, HELD_OUT_FROM, 1.0)
"""Where each split's part of the hash range ends; its length is the expected share of pictures."""
LOST_BY_HASH: Final = 0.1
"""More conflicts than this, as a share of the examples, and a search may choose who is held out."""
LOST_BY_SEARCH: Final = 0.25
"""More conflicts than this, and players are not kept apart."""
LEAST_TEST: Final = 0.05
"""A test split smaller than this share says too little to pay for it with conflicts."""
_FEWEST: Final = 3
"""Pictures, and players, that three splits need."""
_STARTS: Final = 8
_STEPS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Examples as pairs of numbers, and what is known of the pictures and players behind these."""

    group: Ints
    """(examples,) the group of pictures that look alike."""
    player: Ints
    """(examples,)"""
    group_place: Floats
    """(groups,) in [0, 1); all differ."""
    player_place: Floats
    """(players,) in [0, 1)."""
    group_known: Ints
    """(groups,) split in the last release, -1 where it held none of them."""
    player_known: Ints
    """(players,) 1 if the last release held the player out for the test, 0 if not, -1 if it cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """Who is where."""

    split: Ints
    """(groups,)"""
    conflict: Bools
    """(examples,) in no split."""
    why_not_apart: str
    """Why players of the test are in other splits too; empty if they are not."""


def divide(parties: Parties) -> Division:
    """Divides pictures and players; each split gets at least one example.

    What the last release held stays where it was, so that no picture moves from test to train. Raises
    BadRelease below three different pictures.
    """
    if len(parties.group_place) < _FEWEST:
        raise BadRelease(
            f"The accepted examples show {len(parties.group_place)} different picture(s); train, val and "
            f"test need at least {_FEWEST}. Play more sessions on fresh images and settle their claims first."
        )
    if (players := len(parties.player_place)) < _FEWEST:
        return _by_picture(parties, f"there are {players} of them, and three splits need {_FEWEST}")
    found = _apart(parties, *_hashed(parties), most_lost=LOST_BY_HASH)
    found = found or _apart(parties, *_searched(parties), most_lost=LOST_BY_SEARCH)
    return found or _by_picture(
        parties, f"it would have left out more than {LOST_BY_SEARCH:.0%} of the examples, or an empty split"
    )


def _by_picture(parties: Parties, why: str) -> Division:
    split = _by_range(parties.group_place)
    split = np.where(parties.group_known >= 0, parties.group_known, split)
    filled = _filled(parties, split, (TEST, VAL, TRAIN), np.ones(len(split), bool))
    if filled is None:
        raise BadRelease(
            "A split would be empty, and no picture is free to fill it: the last release held them all. Play "
            "more sessions on fresh images and settle their claims first."
        )
    return Division(split=filled, conflict=np.zeros(len(parties.group), bool), why_not_apart=why)


def _apart(parties: Parties, tested: Bools, held: Bools, *, most_lost: float) -> Division | None:
    """Returns the division that holds out these groups and players, None if it costs too much."""
    conflict = tested[parties.group] != held[parties.player]
    kept = len(conflict) - int(conflict.sum())
    test = int((tested[parties.group] & ~conflict).sum())
    if conflict.mean() > most_lost or test < max(1, LEAST_TEST * kept):
        return None
    validated = _by_range(parties.group_place) == VAL
    split = np.where(tested, TEST, np.where(validated, VAL, TRAIN))
    split = np.where(parties.group_known >= 0, parties.group_known, split)
    alive = np.bincount(parties.group[~conflict], minlength=len(split)) > 0
    filled = _filled(parties, split, (VAL, TRAIN), alive)
    return None if filled is None else Division(split=filled, conflict=conflict, why_not_apart="")


def _by_range(place: Floats) -> Ints:
    return np.searchsorted(ENDS, place, side="right")


def _filled(parties: Parties, split: Ints, which: tuple[int, ...], alive: Bools) -> Ints | None:
    """Moves the nearest free group into each empty split, from one that has more; None if there is none.

    ``alive`` are the groups that have examples left. Below some 30 pictures a hash leaves a split empty.
    """
    found = split.copy()
    for empty in which:
        sizes = np.bincount(found[alive], minlength=len(SPLITS))
        if sizes[empty]:
            continue
        movable = alive & (parties.group_known < 0) & (sizes[found] > 1) & np.isin(found, which)
        if not movable.any():
            return None
        start, end = (0.0, *ENDS)[empty], ENDS[empty]
        away = np.maximum(start - parties.group_place, parties.group_place - end)
        found[np.where(movable, away, np.inf).argmin()] = empty
    return found


def _hashed(parties: Parties) -> tuple[Bools, Bools]:
    """Holds out by the hashes that dealing uses."""
    return _tested(parties, parties.group_place >= HELD_OUT_FROM), _held(
        parties, parties.player_place >= HELD_OUT_FROM
    )


def _tested(parties: Parties, chosen: Bools) -> Bools:
    return np.where(parties.group_known >= 0, parties.group_known == TEST, chosen)


def _held(parties: Parties, chosen: Bools) -> Bools:
    return np.where(parties.player_known >= 0, parties.player_known == 1, chosen)


def _searched(parties: Parties) -> tuple[Bools, Bools]:
    """Looks for groups and players that belong together, with a test of about the wanted size.

    Takes turns: the groups that most belong to the held-out players, then the players that most belong to
    these groups, until nothing changes; from some starts on the ring of hashes. The best is kept, so the
    same examples always give the same.
    """
    best, least = _hashed(parties), np.inf
    for start in range(_STARTS):
        turned = np.mod(parties.player_place + start / _STARTS, 1.0)
        held = _held(parties, turned >= HELD_OUT_FROM)
        for _ in range(_STEPS):
            before = held
            by_held, free = held[parties.player], parties.group_known < 0
            tested = _tested(parties, _belonging(parties.group, by_held, parties.group_place, free))
            on_test, free = tested[parties.group], parties.player_known < 0
            held = _held(parties, _belonging(parties.player, on_test, parties.player_place, free))
            lost = _cost(parties, tested, held)
            if lost < least:
                best, least = (tested, held), lost
            if np.array_equal(before, held):
                break
    return best


def _belonging(member: Ints, chosen: Bools, places: Floats, free: Bools) -> Bools:
    """Chooses the free members whose examples are chosen most, up to a fifth of what the free ones have.

    Whoever has chosen examples only is chosen in any case.
    """
    sizes = np.where(free, np.bincount(member, minlength=len(places)), 0)
    hits = np.where(free, np.bincount(member[chosen], minlength=len(places)), 0)
    # the place decides among equals: it is below 1, and the rest a whole number
    score = np.where(free, 2.0 * hits - sizes + places, -np.inf)
    order = np.argsort(-score, kind="stable")
    enough = int(np.searchsorted(np.cumsum(sizes[order]), (1 - HELD_OUT_FROM) * sizes.sum())) + 1
    first = np.zeros(len(places), bool)
    first[order[:enough]] = True
    found: Bools = free & (first | (hits == sizes))
    return found


def _cost(parties: Parties, tested: Bools, held: Bools) -> float:
    """Returns the share of conflicts, infinite where too little would be left for the test."""
    on_test, by_held = tested[parties.group], held[parties.player]
    conflict = on_test != by_held
    enough = (on_test & by_held).sum() >= LEAST_TEST * (~conflict).sum() > 0
    return float(conflict.mean()) if enough else np.inf
