"""Starts the web server on a built App. It answers before Toytown's first pictures are drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import uvicorn

from stumper.app import App, build
from stumper.config import Settings
from stumper.errors import BadSetting, StumperError
from stumper.front.opening import grow, make_playable, open_campaign
from stumper.front.telegram.webhook import listening
from stumper.front.web import create_web
from stumper.records import Campaign

Say = Callable[[str], None]


def run_server(settings: Settings, *, say: Say) -> None:
    """Serves until it is stopped. Raises BadSetting when the address cannot be used."""
    asyncio.run(_serve(settings, say))


async def _serve(settings: Settings, say: Say) -> None:
    async with build(settings) as app:
        campaign, playable = await open_campaign(app), asyncio.Event()
        web = create_web(app, playable=playable)
        server = uvicorn.Server(
            uvicorn.Config(web, host=settings.host, port=settings.port, log_level="warning")
        )
        pictures = asyncio.create_task(_supply(app, campaign, playable, server))
        say(f"Stumper is at http://{settings.host}:{settings.port}  (stop with Ctrl+C)")
        try:
            async with listening(app, web):
                await server.serve()
        except SystemExit as error:  # uvicorn exits so when the port is taken
            raise BadSetting(
                f"Cannot listen on {settings.host}:{settings.port}. Is it taken? Choose another: --port 8001"
            ) from error
        finally:
            pictures.cancel()
            (ended,) = await asyncio.gather(pictures, return_exceptions=True)
        if isinstance(ended, StumperError):
            raise ended


async def _supply(app: App, campaign: Campaign, playable: asyncio.Event, server: uvicorn.Server) -> None:
    """Draws for the first session, then for all; without the first the server stops and says why."""
    try:
        await make_playable(app, campaign)
    except StumperError:
        server.should_exit = True
        raise
    finally:
        playable.set()
    await grow(app, campaign)
