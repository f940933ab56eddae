"""Brisk routes answer what FastAPI would answer, and drop nothing that is asked of all routes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from stumper.front import api
from stumper.front.brisk import BriskRoute
from stumper.front.pace import within_pace
from stumper.front.parts import our_pages_only
from stumper.front.roles import needs
from stumper.front.shapes import AskIn
from stumper.records import Role
from tests.front.conftest import Worlds
from tests.front.world import World, join, start

ODD = (
    ({"content-type": "application/json"}, b"{"),
    ({"content-type": "application/json"}, b""),
    ({"content-type": "application/json"}, b"[]"),
    ({"content-type": "application/json"}, b'{"question": 1, "key": "k"}'),
    ({"content-type": "application/json"}, b'{"question": "Why?", "key": "k", "more": 1}'),
    ({"content-type": "application/json"}, b'{"question": "\xff", "key": "k"}'),
    ({"content-type": "application/json"}, b'{"question": "' + b"x" * 70_000 + b'"}'),
    ({"content-type": "text/plain"}, b'{"question": "How many?", "key": "k"}'),
    ({"content-type": "application/x-www-form-urlencoded"}, b"question=How&key=k"),
    ({}, b'{"question": "How many?", "key": "k"}'),
    ({"content-type": "application/json", "origin": "https://elsewhere.test"}, b"{}"),
    ({"content-type": "application/json", "sec-fetch-site": "cross-site"}, b'{"question": "a", "key": "k"}'),
)
"""Requests that a brisk route must refuse as any other route does."""


def _asked(dependant: Dependant) -> Iterator[object]:
    for one in dependant.dependencies:
        yield one.call
        yield from _asked(one)


async def test_nothing_is_asked_of_all_routes_that_a_brisk_one_drops(worlds: Worlds) -> None:
    dropped = {our_pages_only, within_pace, needs(Role.STRANGER).dependency}
    async with worlds() as world:
        brisk = [
            one for one in iter_route_contexts(world.web.routes) if isinstance(one.original_route, BriskRoute)
        ]

        assert {one.path for one in brisk} == {route.path for route in api.moves.routes}  # type: ignore[attr-defined]
        assert [set(_asked(one.dependant)) for one in brisk] == [dropped] * len(brisk)


async def _ordinary(world: World) -> str:
    """Gives the endpoint an ordinary route beside its brisk one; returns its path."""
    router = APIRouter(prefix="/ordinary", responses=api.REFUSALS)
    router.post("/turns/{turn_id}/exchanges", status_code=201)(api.ask)
    world.web.include_router(router)
    return "/ordinary"


@pytest.mark.parametrize(("headers", "body"), ODD)
async def test_oddities_are_refused_as_on_an_ordinary_route(
    worlds: Worlds, headers: dict[str, str], body: bytes
) -> None:
    async with worlds() as world, world.phone(accept="application/json") as phone:
        await join(phone)
        turn = (await start(phone))["turn"]["id"]
        there = await _ordinary(world)

        brisk = await phone.post(f"/api/turns/{turn}/exchanges", content=body, headers=headers)
        ordinary = await phone.post(f"{there}/turns/{turn}/exchanges", content=body, headers=headers)

        assert 400 <= brisk.status_code < 500
        assert (brisk.status_code, brisk.json()) == (ordinary.status_code, ordinary.json())


async def test_a_sound_question_gets_the_same_answer_either_way(worlds: Worlds) -> None:
    async with worlds() as world, world.phone() as phone:
        await join(phone)
        turn, there = (await start(phone))["turn"]["id"], await _ordinary(world)
        body = {"question": "How many dots are there?", "key": "one"}

        brisk = await phone.post(f"/api/turns/{turn}/exchanges", json=body)
        ordinary = await phone.post(f"{there}/turns/{turn}/exchanges", json=body)

        assert (brisk.status_code, brisk.json()) == (ordinary.status_code, ordinary.json())
        assert brisk.status_code == 201


def test_an_endpoint_that_asks_for_more_is_refused_when_it_is_added() -> None:
    async def greedy(request: Request, turn_id: str, body: AskIn, name: str) -> Response: ...

    with pytest.raises(TypeError, match="greedy is not \\(request, id, body\\)"):
        FastAPI().router.add_api_route("/x/{turn_id}", greedy, route_class_override=BriskRoute)
