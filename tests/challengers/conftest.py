"""A small game whose opponent always says "two", and an endpoint where models that play answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fake_endpoint import FakeEndpoint, fake_endpoint
from tests.front.world import World, open_world


@pytest.fixture
async def world(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, template=sqlite_template) as opened:
        yield opened


@pytest.fixture(scope="module")
def endpoint() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as found:
        yield found
