"""Which accepted claims a quest pays on top (pure): those it asked for, oldest first, up to its goal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from stumper.records import Category, ExchangeId, PlayerId

PlayerDay = tuple[PlayerId, int]
"""A player, and one of their own days (since 1970)."""


class Offer(NamedTuple):
    """What a quest pays."""

    category: Category
    goal: int
    """Claims a day."""
    points: int
    """For each, above 0."""
    thing: str | None
    """It must be on the picture, if it is about one."""


class Made(NamedTuple):
    """An accepted claim whose correction cost thought."""

    exchange_id: ExchangeId
    day: PlayerDay
    """On which it was made."""
    category: Category
    things: frozenset[str]
    """What its picture is annotated with."""


def owed(
    claims: Iterable[Made], offers: Mapping[PlayerDay, Offer], *, had: Mapping[PlayerDay, int]
) -> dict[ExchangeId, int]:
    """Returns the points of each of the claims (oldest first) that its player's quest pays; ``had`` counts
    those that were paid or promised before.
    """
    taken = Counter(had)
    points: dict[ExchangeId, int] = {}
    for one in claims:
        offer = offers.get(one.day)
        if offer is None or offer.category is not one.category or taken[one.day] >= offer.goal:
            continue
        if offer.thing is None or offer.thing in one.things:
            taken[one.day] += 1
            points[one.exchange_id] = offer.points
    return points
