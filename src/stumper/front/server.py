"""Starts the web server on a built App. An empty Toytown campaign gets a few pictures first, more later.

Drawing takes tens of milliseconds a picture, so the first session's worth is drawn before the server opens
and the rest while people already play.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import uvicorn

from stumper import campaigns
from stumper.app import App, build
from stumper.config import Settings
from stumper.errors import BadSetting
from stumper.front.web import create_web
from stumper.images.toytown import add_toytown
from stumper.images.verify import verify
from stumper.records import Campaign

Say = Callable[[str], None]

_FIRST = 40  # 20 easy and 20 busy: two sessions for one player
_ENOUGH = 400


def run_server(settings: Settings, *, say: Say) -> None:
    """Serves until it is stopped. Raises BadSetting when the address cannot be used."""
    asyncio.run(_serve(settings, say))


async def _serve(settings: Settings, say: Say) -> None:
    async with build(settings) as app:
        missing = await _open(app)
        server = uvicorn.Server(
            uvicorn.Config(create_web(app), host=settings.host, port=settings.port, log_level="warning")
        )
        grow = asyncio.create_task(_grow(app, missing)) if missing else None
        say(f"Stumper is at http://{settings.host}:{settings.port}  (stop with Ctrl+C)")
        try:
            await server.serve()
        except SystemExit as error:  # uvicorn exits so when the port is taken
            raise BadSetting(
                f"Cannot listen on {settings.host}:{settings.port}. Is it taken? Choose another: --port 8001"
            ) from error
        finally:
            if grow is not None:
                grow.cancel()
                await asyncio.gather(grow, return_exceptions=True)


async def _open(app: App) -> Campaign | None:
    """Opens the campaign; returns it if it wants more pictures."""
    async with app.database.begin() as tx:
        campaign = await campaigns.open_campaign(
            tx,
            name=app.settings.campaign,
            model_ref=app.settings.model,
            now=app.clock(),
            rng=random.SystemRandom(),
        )
        pictures = await campaigns.count_pictures(tx, campaign.id)
    if pictures >= _ENOUGH or campaign.name != "toytown":
        return None
    if not pictures:
        await _draw(app, campaign, _FIRST)
    return campaign


async def _grow(app: App, campaign: Campaign) -> None:
    """Draws up to the full pool in small steps, so that moves of players are never kept waiting for long."""
    for n in range(2 * _FIRST, _ENOUGH + 1, _FIRST):
        await _draw(app, campaign, n)
        await asyncio.sleep(0.5)


async def _draw(app: App, campaign: Campaign, n: int) -> None:
    async with app.database.read() as tx:
        current = await campaigns.current_round(tx, campaign.id)
    await add_toytown(app.database, app.files, campaign_id=campaign.id, n=n, seed=1, now=app.clock())
    model = await app.open_model(current.model_ref)
    await verify(app.database, app.files, model, campaign_id=campaign.id)
