"""The web game: ``create_web(app)`` joins API, pages, static files and the headers that keep a page safe."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from stumper import __version__
from stumper.app import App
from stumper.config import cookie_secret
from stumper.front import (
    account,
    api,
    boards,
    card,
    catches,
    caught,
    choices,
    installing,
    learned,
    metrics,
    notices,
    operate,
    pages,
    ready,
    referee,
    refusals,
    statics,
    teams,
    tutorial,
)
from stumper.front.auth import Cookies
from stumper.front.pace import within_pace
from stumper.front.parts import our_pages_only
from stumper.front.roles import needs
from stumper.front.telegram import miniapp, webhook
from stumper.front.templating import templates
from stumper.front.wire import BodyLimit, SafeHeaders
from stumper.observe.requests import Watch
from stumper.records import Role

# The longest honest request is a question or correction of a few hundred characters.
MAX_BODY_BYTES = 64 * 1024


ROUTERS: Final = (
    (api.moves, Role.STRANGER),
    (api.router, Role.STRANGER),
    (notices.api, Role.PLAYER),
    (tutorial.api, Role.STRANGER),
    (pages.router, Role.STRANGER),
    (notices.router, Role.PLAYER),
    (choices.router, Role.STRANGER),
    (caught.router, Role.PLAYER),
    (learned.router, Role.PLAYER),
    (learned.api, Role.PLAYER),
    (catches.router, Role.PLAYER),
    (catches.api, Role.PLAYER),
    (boards.api, Role.STRANGER),
    (boards.router, Role.STRANGER),
    (teams.api, Role.STRANGER),
    (teams.router, Role.STRANGER),
    (referee.router, Role.PLAYER),
    (operate.router, Role.OPERATOR),
    (tutorial.router, Role.STRANGER),
    (account.router, Role.STRANGER),
    (card.router, Role.STRANGER),
    (statics.router, Role.STRANGER),
    (miniapp.router, Role.STRANGER),
    (webhook.router, Role.STRANGER),
    (installing.router, Role.STRANGER),
    (metrics.router, Role.STRANGER),
    (ready.router, Role.STRANGER),
)
"""What every route of a router needs at least; a route may ask for more (`front.roles`)."""


def create_web(app: App, *, playable: asyncio.Event | None = None) -> FastAPI:
    """Returns the ASGI application of the game; ``app`` stays open as long as it serves.

    Whoever starts a session before ``playable`` is set waits for it.
    """
    https = urlsplit(app.settings.public_url).scheme == "https"
    web = FastAPI(
        title="Stumper",
        version=__version__,
        summary="A game in which people stump a vision-language model.",
        docs_url=None,  # these pages load scripts from other companies
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        dependencies=[Depends(our_pages_only), Depends(within_pace)],
    )
    web.state.parts = app
    web.state.playable = playable
    web.state.readiness = ready.Readiness()
    web.state.cookies = Cookies(cookie_secret(app.settings), secure=https)
    for router, role in ROUTERS:
        web.include_router(router, dependencies=[needs(role)])
    refusals.install(web, templates)
    web.add_middleware(BodyLimit, limit_bytes=MAX_BODY_BYTES)
    # Pages and JSON; it leaves pictures and streamed answers (text/event-stream) as they are.
    web.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
    framed_by = miniapp.FRAMED_BY if app.settings.telegram_token else ()
    web.add_middleware(SafeHeaders, https=https, version=statics.DIGEST, framed_by=framed_by)
    web.add_middleware(Watch)
    return web
