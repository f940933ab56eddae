"""What every route asks for: the app's parts, who is playing, and leave to go on (rate limits)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Annotated, cast

from fastapi import Depends, Request

from stumper.app import App
from stumper.errors import NotSignedIn, TooMany
from stumper.front.auth import Cookies, from_our_pages
from stumper.front.queries import is_forgotten
from stumper.records import PlayerId
from stumper.store.cache import Cache


def app_of(request: Request) -> App:
    return cast(App, request.app.state.parts)


def cookies_of(request: Request) -> Cookies:
    return cast(Cookies, request.app.state.cookies)


Parts = Annotated[App, Depends(app_of)]
Jar = Annotated[Cookies, Depends(cookies_of)]


async def _player(request: Request, jar: Jar, app: Parts) -> PlayerId:
    me = jar.player(request)
    async with app.database.read() as tx:
        if await is_forgotten(tx, me):
            raise NotSignedIn("All that was kept about this player is deleted. You can join again.")
    return me


async def _maybe_player(request: Request, jar: Jar, app: Parts) -> PlayerId | None:
    try:
        return await _player(request, jar, app)
    except NotSignedIn:
        return None


Me = Annotated[PlayerId, Depends(_player)]
MaybeMe = Annotated[PlayerId | None, Depends(_maybe_player)]


def _network(request: Request, jar: Jar) -> str | None:
    """Returns a keyed hash of the network (IPv4 /24, IPv6 /48) the request came from, or None for an address
    that is not public: behind a proxy or in one house it says nothing about who is who.
    """
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return None
    if not address.is_global:
        return None
    bits = 24 if address.version == 4 else 48
    return jar.keyed_hash(str(ip_network((address, bits), strict=False)))


Network = Annotated[str | None, Depends(_network)]


def our_pages_only(request: Request, app: Parts) -> None:
    from_our_pages(request, public_url=app.settings.public_url)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``times`` in ``window_s`` for one name."""

    what: str
    times: int
    window_s: float

    async def spend(self, cache: Cache, name: str) -> None:
        """Counts one. Raises TooMany beyond the limit."""
        if await cache.incr(f"limit:{self.what}:{name}", ttl_s=self.window_s) > self.times:
            raise TooMany(f"Nobody plays that fast. Wait {self.window_s:.0f} seconds, then go on.")


# A school class or a whole office may share one address, so joining is limited generously.
JOINS = Limit("join", times=300, window_s=60)
# Whole families share an address; even so, 32^8 codes take thousands of years.
PASSCODES = Limit("passcode", times=30, window_s=600)
# A question costs a call of the model: 3 a second for 10 seconds is more than a person types.
QUESTIONS = Limit("ask", times=30, window_s=10)
# Taps, reloads and pictures of one player.
MOVES = Limit("move", times=150, window_s=10)


async def may_move(me: Me, app: Parts) -> PlayerId:
    await MOVES.spend(app.cache, me)
    return me


async def _may_ask(me: Me, app: Parts) -> PlayerId:
    await QUESTIONS.spend(app.cache, me)
    return me


async def may_join(request: Request, app: Parts) -> None:
    await JOINS.spend(app.cache, request.client.host if request.client else "unknown")


async def until_playable(request: Request) -> None:
    """Waits for the pictures of the first session, should the server have opened only a moment ago."""
    playable = cast(asyncio.Event | None, request.app.state.playable)
    if playable is not None:
        await playable.wait()


Mover = Annotated[PlayerId, Depends(may_move)]
Asker = Annotated[PlayerId, Depends(_may_ask)]
