"""The first pictures of an empty Toytown: few at once, the rest later, whatever is killed between."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stumper.app import App, build
from stumper.campaigns import find_campaign
from stumper.config import Settings
from stumper.errors import StoreError
from stumper.front import opening
from stumper.front.server import run_server
from stumper.front.web import create_web
from stumper.images.queries import count_kinds
from stumper.images.toytown import add_toytown
from stumper.records import Campaign, ImageKind
from tests.front.world import World, join, start

Apps = Callable[..., AbstractAsyncContextManager[App]]


@asynccontextmanager
async def _open(folder: Path, *, model: str = "onnx:", campaign: str = "toytown") -> AsyncIterator[App]:
    settings = Settings(data=folder, model=model, campaign=campaign, secret="of the tests")  # type: ignore[arg-type]
    async with build(settings, prepare=False) as app:
        yield app


@pytest.fixture
def apps(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apps:
    """Opens an App on one and the same folder, as each start of a server does."""
    shutil.copy(sqlite_template, tmp_path / "stumper.db")
    monkeypatch.setattr(opening, "_PAUSE_S", 0.0)
    return partial(_open, tmp_path)


async def _counts(app: App) -> dict[ImageKind, int]:
    async with app.database.read() as tx:
        return await count_kinds(tx, (await find_campaign(tx, "toytown")).id)


async def _can_play(app: App) -> bool:
    ada = await app.game.join(nickname="Ada", language="en", consent=True)
    return not (await app.game.start(ada.id)).finished


async def _made_playable(app: App) -> Campaign:
    campaign = await opening.open_campaign(app)
    await opening.make_playable(app, campaign)
    return campaign


async def test_an_empty_toytown_is_playable_with_few_pictures(apps: Apps) -> None:
    async with apps() as app:
        await _made_playable(app)
        assert sum((await _counts(app)).values()) <= opening.FIRST + 8
        assert await _can_play(app)


async def test_a_start_goes_on_where_a_killed_one_was(apps: Apps) -> None:
    async with apps() as app:
        campaign = await opening.open_campaign(app)
        # Killed after it had drawn some and before any was verified.
        await add_toytown(app.database, app.files, campaign_id=campaign.id, n=7, seed=1, now=1.0)
    async with apps() as app:
        await _made_playable(app)
        assert (await _counts(app))[ImageKind.CANDIDATE] == 0
        assert await _can_play(app)


@pytest.mark.slow
async def test_two_servers_may_start_on_one_folder(apps: Apps) -> None:
    async with apps() as one, apps() as other:
        await asyncio.gather(_made_playable(one), _made_playable(other))
        assert await _can_play(one)
        assert await _can_play(other)
        assert sum((await _counts(one)).values()) <= opening.FIRST + 8


async def test_a_pool_grows_and_leaves_no_candidate(apps: Apps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_STEP", 4)
    monkeypatch.setattr(opening, "ENOUGH", 8)
    async with apps() as app:
        await opening.grow(app, await opening.open_campaign(app))
        counts = await _counts(app)
        assert sum(counts.values()) == 8
        assert counts[ImageKind.CANDIDATE] == 0


async def test_a_full_pool_is_left_alone(apps: Apps, monkeypatch: pytest.MonkeyPatch) -> None:
    async with apps() as app:
        campaign = await opening.open_campaign(app)
        monkeypatch.setattr(opening, "ENOUGH", 0)
        await opening.grow(app, campaign)
        assert sum((await _counts(app)).values()) == 0


async def test_a_model_that_knows_nothing_does_not_draw_for_ever(
    apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MOST_FIRST", opening.FIRST)
    async with apps(model="scripted:text=bosh") as app:
        await _made_playable(app)
        assert (await _counts(app))[ImageKind.TAINTED] == 0


async def test_other_campaigns_bring_their_own_pictures(apps: Apps) -> None:
    async with apps(campaign="zoo") as app:
        campaign = await _made_playable(app)
        await opening.grow(app, campaign)
        async with app.database.read() as tx:
            assert sum((await count_kinds(tx, campaign.id)).values()) == 0


async def test_growth_waits_for_a_disk_or_a_bucket_and_the_game_goes_on(
    apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def full_at_first(*told: Any, **more: Any) -> None:
        nonlocal tries
        tries += 1
        if tries <= 2:
            raise StoreError("Nothing can be written.")
        await add_toytown(*told, **more)

    for name, value in {"_STEP": 4, "ENOUGH": 4, "_AWAY_S": 0.01, "add_toytown": full_at_first}.items():
        monkeypatch.setattr(opening, name, value)
    async with apps() as app:
        await opening.grow(app, await opening.open_campaign(app))
        assert sum((await _counts(app)).values()) == 4
    assert tries == 3


async def test_who_starts_a_session_waits_for_its_pictures(world: World) -> None:
    playable = asyncio.Event()
    early = replace(world, web=create_web(world.app, playable=playable))
    async with early.phone() as phone:
        assert (await phone.get("/")).status_code == 200
        await join(phone)
        starting = asyncio.create_task(start(phone))
        await asyncio.sleep(0.05)
        assert not starting.done()
        playable.set()
        assert (await starting)["turn"]


def test_a_server_without_its_first_pictures_ends_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise StoreError("Nothing can be written.")

    monkeypatch.setattr(opening, "add_toytown", refuse)
    with pytest.raises(StoreError, match="Nothing can be written"):
        run_server(Settings(data=tmp_path, port=0), say=lambda _: None)
