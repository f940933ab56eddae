"""A campaign to add pictures to, and a folder for what is stored."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

import pytest

from stumper.campaigns import open_campaign
from stumper.images import ingest
from stumper.images.files import FolderFiles
from stumper.images.sandbox import Sandbox
from stumper.records import CampaignId
from stumper.store.database import Database


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as opened:
        yield opened


@pytest.fixture(autouse=True)
def one_sandbox(sandbox: Sandbox) -> Iterator[None]:
    """Adds the pictures of all tests with the same processes: starting one takes longer than a test."""
    with mock.patch.object(ingest, "Sandbox", return_value=nullcontext(sandbox)):
        yield


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
