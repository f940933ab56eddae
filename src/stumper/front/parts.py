"""What every route asks for: the app's parts, who is playing, and leave to go on (rate limits)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Final, TypeVar, cast

from fastapi import Depends, Request

from stumper.app import App
from stumper.errors import NotSignedIn, TooMany
from stumper.front.auth import Cookies, address_of, from_our_pages
from stumper.front.queries import epoch_of
from stumper.observe.logs import note
from stumper.play.rules import FORGOTTEN
from stumper.records import PlayerId
from stumper.store.cache import Cache


def app_of(request: Request) -> App:
    return cast(App, request.app.state.parts)


def cookies_of(request: Request) -> Cookies:
    return cast(Cookies, request.app.state.cookies)


# FastAPI runs dependencies that are not async in threads: waiting for one takes longer than any of these.


async def _parts(request: Request) -> App:
    return app_of(request)


async def _jar(request: Request) -> Cookies:
    return cookies_of(request)


Parts = Annotated[App, Depends(_parts)]
Jar = Annotated[Cookies, Depends(_jar)]


async def signed_in(request: Request, jar: Jar, app: Parts) -> PlayerId:
    """Returns who is playing. Raises NotSignedIn."""
    me, epoch = jar.signed(request)
    async with app.database.glance() as tx:
        now = await epoch_of(tx, me)
    if now is None:
        raise NotSignedIn(FORGOTTEN)
    if now != epoch:
        raise NotSignedIn("You signed out on all devices. Join again on the start page.")
    note(player=jar.pseudonym(me))
    return me


async def _maybe_player(request: Request, jar: Jar, app: Parts) -> PlayerId | None:
    try:
        return await signed_in(request, jar, app)
    except NotSignedIn:
        return None


Me = Annotated[PlayerId, Depends(signed_in)]
MaybeMe = Annotated[PlayerId | None, Depends(_maybe_player)]


async def _network(request: Request, jar: Jar) -> str | None:
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


async def our_pages_only(request: Request) -> None:
    from_our_pages(request, public_url=app_of(request).settings.public_url)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``times`` in ``window_s`` for one name."""

    what: str
    times: int
    window_s: float

    async def spend(self, cache: Cache, name: str) -> None:
        """Counts one. Raises TooMany beyond the limit."""
        if await cache.incr(f"limit:{self.what}:{name}", ttl_s=self.window_s) > self.times:
            wait_s = self.window_s
            raise TooMany(f"Nobody plays that fast. Wait {wait_s:.0f} seconds, then go on.", after_s=wait_s)


COUNTS: Final[set[Callable[..., Any]]] = set()
"""Dependencies that count requests: a route that has one needs no other limit (`front.pace`)."""
_Count = TypeVar("_Count", bound=Callable[..., Any])


def counts(dependency: _Count) -> _Count:
    """Says that a dependency spends a limit."""
    COUNTS.add(dependency)
    return dependency


# A school class or a whole office may share one address, so joining is limited generously.
JOINS = Limit("join", times=300, window_s=60)
# Whole families share an address; even so, 32^8 codes take thousands of years.
PASSCODES = Limit("passcode", times=30, window_s=600)
# A question costs a call of the model: 3 a second for 10 seconds is more than a person types.
QUESTIONS = Limit("ask", times=30, window_s=10)
# Taps, reloads and pictures of one player.
MOVES = Limit("move", times=150, window_s=10)


@counts
async def may_move(me: Me, app: Parts) -> PlayerId:
    await MOVES.spend(app.cache, me)
    return me


@counts
async def _may_ask(me: Me, app: Parts) -> PlayerId:
    await QUESTIONS.spend(app.cache, me)
    return me


@counts
async def may_join(request: Request, app: Parts) -> None:
    await JOINS.spend(app.cache, address_of(request))


async def until_playable(request: Request) -> None:
    """Waits for the pictures of the first session, should the server have opened only a moment ago."""
    playable = cast(asyncio.Event | None, request.app.state.playable)
    if playable is not None:
        await playable.wait()


async def player_of(request: Request) -> PlayerId:
    """Returns who moves, within the limit.

    For moves within a session, in place of a dependency: solving those takes longer than this does.
    """
    me = await signed_in(request, cookies_of(request), app_of(request))
    await MOVES.spend(app_of(request).cache, me)
    return me


async def asker_of(request: Request) -> PlayerId:
    """As ``player_of``, within the limit of questions."""
    me = await signed_in(request, cookies_of(request), app_of(request))
    await QUESTIONS.spend(app_of(request).cache, me)
    return me


Mover = Annotated[PlayerId, Depends(may_move)]
Asker = Annotated[PlayerId, Depends(_may_ask)]
