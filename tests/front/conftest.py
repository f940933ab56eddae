"""A small game for every test of the web, and a phone in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from stumper.front import stream
from tests.front.world import World, open_world

Worlds = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def chosen() -> dict[str, Any]:
    """Settings of every world; a folder of tests may choose others."""
    return {}


@pytest.fixture
def worlds(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: dict[str, Any]
) -> Worlds:
    """Opens a world with other rules, another model or fewer pictures; answers come without delay."""
    monkeypatch.setattr(stream, "GRID_S", 0.001)
    monkeypatch.setattr(stream, "WORD_S", 0.0)
    return partial(open_world, tmp_path, template=sqlite_template, **chosen)


@pytest.fixture
async def world(worlds: Worlds) -> AsyncIterator[World]:
    async with worlds() as opened:
        yield opened


@pytest.fixture
async def phone(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    async with world.phone() as client:
        yield client
