"""A campaign to add pictures to, and a folder for what is stored."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from stumper.campaigns import open_campaign
from stumper.images.files import FolderFiles
from stumper.records import CampaignId
from stumper.store.database import Database


@pytest.fixture
def files(tmp_path: Path) -> FolderFiles:
    return FolderFiles(tmp_path / "files")


@pytest.fixture
async def campaign_id(database: Database) -> CampaignId:
    return await _campaign(database)


@pytest.fixture
async def sqlite_campaign_id(sqlite_database: Database) -> CampaignId:
    return await _campaign(sqlite_database)


async def _campaign(database: Database) -> CampaignId:
    async with database.begin() as tx:
        campaign = await open_campaign(tx, name="zoo", model_ref="scripted:", now=1.0, rng=random.Random(1))
    return campaign.id
