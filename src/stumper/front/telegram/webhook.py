"""Telegram brings its updates to ``stumper serve``: under an address nobody can guess, with a secret header.

An update is answered while Telegram waits: what could not be done gets no 200, and comes again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response

from stumper.app import App
from stumper.config import Settings, cookie_secret
from stumper.errors import BadInput, BadSetting, NotFound
from stumper.front.auth import address_of
from stumper.front.parts import Limit, Parts, counts
from stumper.front.telegram.bot import ChatBot
from stumper.front.telegram.incoming import read
from stumper.front.telegram.polling import open_telegram, working

router = APIRouter(include_in_schema=False)

PATH: Final = "/telegram/hook/{place}"


# Telegram brings everybody's messages from a few addresses.
_UPDATES: Final = Limit("telegram", times=10_000, window_s=10)


@counts
async def _not_too_fast(request: Request, app: Parts) -> None:
    await _UPDATES.spend(app.cache, address_of(request))


def _derived(settings: Settings, what: str) -> str:
    """Returns 64 hex digits that only who knows the operator's secret and the token can know."""
    token = "" if settings.telegram_token is None else settings.telegram_token.get_secret_value()
    key = f"{cookie_secret(settings)} {token}".encode()
    return hmac.new(key, f"telegram {what}".encode(), hashlib.sha256).hexdigest()


@router.post(PATH, dependencies=[Depends(_not_too_fast)])
async def hook(
    place: str,
    request: Request,
    x_telegram_bot_api_secret_token: Annotated[str, Header()] = "",
) -> Response:
    """Takes one update of the Telegram bot; anybody else finds nothing here."""
    bot = cast(ChatBot | None, getattr(request.app.state, "telegram", None))
    settings = cast(App, request.app.state.parts).settings
    given = (place, x_telegram_bot_api_secret_token)
    expected = (_derived(settings, "place"), _derived(settings, "header"))
    known = [hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(given, expected, strict=True)]
    if bot is None or not all(known):
        raise NotFound("There is nothing at this address. The start page is at /.")
    try:
        update = read(bot.telegram.parse(await request.body()))
    except ValueError as error:
        raise BadInput("This is no update of Telegram.") from error
    if update is not None:
        await bot.take(update)
    return Response()


@asynccontextmanager
async def listening(app: App, web: FastAPI) -> AsyncIterator[None]:
    """Has Telegram bring its updates to ``web`` while the block runs, where the settings say so.

    Raises BadSetting without a token or an https address.
    """
    settings = app.settings
    if not settings.telegram_webhook:
        yield
        return
    if urlsplit(settings.public_url).scheme != "https":
        raise BadSetting(
            "A webhook needs STUMPER_PUBLIC_URL to begin with https://. Without it run: stumper telegram"
        )
    telegram = open_telegram(settings)
    try:
        async with working(app, telegram, name=await telegram.name()) as bot:
            web.state.telegram = bot
            address = settings.public_url.rstrip("/") + PATH.format(place=_derived(settings, "place"))
            await telegram.listen_at(address, secret=_derived(settings, "header"))
            yield
    finally:
        web.state.telegram = None
        await telegram.close()
