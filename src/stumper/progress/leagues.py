"""Leagues (pure): about 30 players are compared for a week, then some change to another tier.

A season goes from Monday 00:00 UTC to Monday. In a full league the first seven rise and the last five fall,
in a smaller one as large a share. Only who has points rises. The first two seasons are played on paper, in
leagues of newcomers that nobody falls out of; whoever is among the first in the second one skips Wood.
Who skips a week stays where they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from stumper.records import PlayerId

SIZE: Final = 30
RISING: Final = 7
FALLING: Final = 5
NEWCOMER_SEASONS: Final = 2


class Tier(IntEnum):
    """From the lowest; Paper is for newcomers alone."""

    PAPER = 0
    WOOD = 1
    TIN = 2
    COPPER = 3
    SILVER = 4
    GOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """A player of a league."""

    player_id: PlayerId
    points: int
    reached_at: float
    """When they got to these points; who was there first stands before others with as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a player stands in a league."""

    rank: int
    """From 1."""
    size: int
    points: int
    move: int
    """What it means should the week end now: 1 rises, -1 falls, 0 stays."""


def ranked(entrants: Iterable[Entrant]) -> list[Entrant]:
    """Returns the players of a league from the first to the last."""
    return sorted(entrants, key=lambda one: (-one.points, one.reached_at, one.player_id))


def rising(size: int) -> int:
    """Returns how many of a league of ``size`` players rise.

    >>> [rising(size) for size in (1, 10, 30)]
    [1, 3, 7]
    """
    return min(RISING, -(-size * RISING // SIZE))


def falling(size: int) -> int:
    """Returns how many of a league of ``size`` players fall.

    >>> [falling(size) for size in (1, 10, 30)]
    [0, 1, 5]
    """
    return min(FALLING, size * FALLING // SIZE)


def place(table: list[Entrant], player_id: PlayerId, *, tier: Tier) -> Place | None:
    """Returns the player's place in a ranked table of a league; None if they are not in it."""
    for rank, one in enumerate(table, start=1):
        if one.player_id == player_id:
            move = moves(rank, size=len(table), points=one.points, tier=tier)
            return Place(rank=rank, size=len(table), points=one.points, move=move)
    return None


def moves(rank: int, *, size: int, points: int, tier: Tier) -> int:
    """Returns 1 for who rises from a place, -1 for who falls, 0 for who stays in the tier."""
    if rank <= rising(size) and points > 0:
        return 0 if tier is Tier.GOLD else 1
    if rank > size - falling(size) and tier > Tier.WOOD:
        return -1
    return 0


def next_tier(tier: Tier, *, move: int, seasons: int) -> Tier:
    """Returns the tier of a player's next season, after ``seasons`` of which the last went like that."""
    if seasons < NEWCOMER_SEASONS:
        return Tier.PAPER
    if tier is Tier.PAPER:
        return Tier.TIN if move > 0 else Tier.WOOD
    return Tier(tier + move)
