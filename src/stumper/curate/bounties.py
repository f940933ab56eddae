"""What the data lack: how much more examples of each category are wanted (pure), and the counts behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate import queries
from stumper.records import CampaignId, Category

WANTED: Final = tuple(one for one in Category if one is not Category.INVALID)
"""Categories that the data should hold alike."""


def shortages(counts: Mapping[Category, int]) -> dict[Category, float]:
    """Returns how much each category is wanted, summing to 1: what it lacks to an even share, plus one
    example for each, so that all are wanted alike at first and none is ever forgotten.

    >>> from stumper.records import Category
    >>> wanted = shortages({Category.COLOR: 22})
    >>> wanted[Category.COLOR] < wanted[Category.TEXT] == wanted[Category.COUNTING]
    True
    """
    even = sum(counts.get(one, 0) for one in WANTED) / len(WANTED)
    lacking = {one: 1.0 + max(0.0, even - counts.get(one, 0)) for one in WANTED}
    total = sum(lacking.values())
    return {one: n / total for one, n in lacking.items()}


async def shortages_now(tx: AsyncConnection, campaign_id: CampaignId) -> dict[Category, float]:
    """Returns what the accepted examples of a campaign lack now."""
    return shortages(await queries.category_counts(tx, campaign_id))
