"""A limit for every route: whatever counts nothing by itself is counted here, by player or by address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from stumper.front.auth import address_of
from stumper.front.parts import COUNTS, Limit, app_of, cookies_of

# Pages and pictures of one player, and of a school or an office behind one address.
ONE: Final = Limit("any", times=300, window_s=10)
ADDRESS: Final = Limit("address", times=600, window_s=10)
FREE: Final = frozenset({"/static/{digest}/{name:path}", "/healthz", "/readyz", "/metrics"})
"""Read from memory, or asked by the machines that watch over the server: never refused."""


_known: dict[Callable[..., Any], bool] = {}


def counts_itself(route: APIRoute) -> bool:
    """Whether the route has a limit of its own, or needs none."""
    known = _known.get(route.endpoint)
    if known is None:
        known = _known[route.endpoint] = _counts_itself(route)
    return known


def _counts_itself(route: APIRoute) -> bool:
    return route.path in FREE or _counts(route.dependant)


def _counts(dependant: Dependant) -> bool:
    return any(one.call in COUNTS or _counts(one) for one in dependant.dependencies)


async def within_pace(request: Request) -> None:
    """Counts a request to a route without a limit of its own. Raises TooMany.

    A forged cookie names nobody: then the address counts.
    """
    route = request.scope["route"]
    if isinstance(route, APIRoute) and counts_itself(route):
        return
    me = cookies_of(request).maybe(request)
    limit, name = (ADDRESS, address_of(request)) if me is None else (ONE, str(me))
    await limit.spend(app_of(request).cache, name)
