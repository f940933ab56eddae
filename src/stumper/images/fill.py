"""Looks at pictures that came in before looks were kept, and decides which are held out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from PIL import Image as Pictures

from stumper.errors import BadImage, NotFound
from stumper.images.files import Files
from stumper.images.look import groups, look
from stumper.images.queries import hung, lookless, set_held_out, set_looks, split_seed
from stumper.images.reserve import held_out, place
from stumper.records import CampaignId
from stumper.store.database import Database
from stumper.vlm.picture import BROKEN, open_picture

_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class FillReport:
    """What became of the pictures of a pool."""

    looked: int
    """Looked at now."""
    missing: int
    """Not looked at: their file is not there or broken."""
    alike: int
    """Of all pictures, those that look like an older one."""


async def fill_looks(database: Database, files: Files, campaign_id: CampaignId) -> FillReport:
    """Fills in the looks and cohorts that are missing; what looks alike is held out together.

    A transaction every 256 pictures; may be stopped and repeated, and a second run finds nothing to do.
    Raises NotFound for the campaign.
    """
    async with database.read() as tx:
        seed = await split_seed(tx, campaign_id)
    looked, missing, after = 0, 0, ""
    while True:
        async with database.read() as tx:
            some = await lookless(tx, campaign_id, after=after, most=_AT_ONCE)
        if not some:
            break
        seen = {image_id: await _look(files, file) for image_id, file in some}
        found = {image_id: one for image_id, one in seen.items() if one is not None}
        async with database.begin() as tx:
            await set_looks(tx, campaign_id, found)
        looked, missing, after = looked + len(found), missing + len(some) - len(found), some[-1][0]
    return FillReport(looked, missing, await _place(database, campaign_id, seed=seed))


async def _look(files: Files, key: str) -> str | None:
    try:
        data = await files.get(key)
        return await asyncio.to_thread(_look_at, data)
    except (NotFound, BadImage):
        return None


def _look_at(data: bytes) -> str:
    picture: Pictures.Image = open_picture(data)
    try:
        return look(picture)
    except BROKEN as error:
        raise BadImage("a broken or cut off file") from error


async def _place(database: Database, campaign_id: CampaignId, *, seed: int) -> int:
    """Puts each picture into the cohort of the first that it looks like; returns how many are not first."""
    async with database.read() as tx:
        pool = await hung(tx, campaign_id)
    leaders = await asyncio.to_thread(groups, {one.id: one.look for one in pool})
    wanted = {image_id: held_out(place(leader, seed=seed)) for image_id, leader in leaders.items()}
    new = [one.id for one in pool if one.held_out is not wanted[one.id]]
    for start in range(0, len(new), _AT_ONCE):
        async with database.begin() as tx:
            some = new[start : start + _AT_ONCE]
            await set_held_out(tx, campaign_id, {image_id: wanted[image_id] for image_id in some})
    return sum(leader != image_id for image_id, leader in leaders.items())
