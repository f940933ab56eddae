"""Every route as every role: what each may do stands in one table, and a route without a line fails.

A refusal comes before the rest of a request is looked at, so most requests need no body: 422 says "let in".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx2
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import update

from stumper.accounts.staff.giving import give
from stumper.front.web import ROUTERS
from stumper.records import PlayerId, Role
from stumper.store import schema
from tests.front.conftest import Worlds
from tests.front.world import World, ask, join, start

WHO = ("stranger", "player", "stranger's", "referee", "operator", "owner")
"""Who asks; "stranger's" is a player who asks for what is another player's."""

TABLE = """
POST /api/players                           422 422 422 422 422 422
POST /api/sessions                          401 422 422 422 422 422
GET /api/sessions/{session_id}              401 200 403 403 403 403
GET /api/turns/{turn_id}/picture            401 200 403 403 403 403
POST /api/turns/{turn_id}/exchanges         401 409 403 403 403 403
POST /api/exchanges/{exchange_id}/verdict   401 200 403 403 403 403
POST /api/exchanges/{exchange_id}/undo      401 200 403 403 403 403
POST /api/turns/{turn_id}/more              401 200 403 403 403 403
POST /api/turns/{turn_id}/report            401 200 403 403 403 403
GET /api/sessions/{session_id}/ideas        401 200 403 403 403 403
POST /api/turns/{turn_id}/ideas             401 409 403 403 403 403
GET /api/sessions/{session_id}/summary      401 409 403 403 403 403
GET /api/claims/next                        401 200 200 200 200 200
GET /api/claims/{claim_id}/picture          401 403 403 404 404 404
POST /api/claims/{claim_id}/vote            401 403 403 422 422 422
GET /api/notices                            401 200 200 200 200 200
POST /api/appeals                           401 422 422 422 422 422
POST /api/tutorial/{number}/questions       422 422 422 422 422 422
GET /                                       200 200 200 200 200 200
GET /join                                   200 303 303 303 303 303
POST /join                                  422 422 422 422 422 422
POST /play                                  401 303 303 303 303 303
GET /play                                   303 303 303 303 303 303
GET /sessions/{session_id}                  401 200 403 403 403 403
GET /sessions/{session_id}/end              401 303 403 403 403 403
GET /points                                 200 200 200 200 200 200
GET /privacy                                200 200 200 200 200 200
POST /appeal                                401 422 422 422 422 422
POST /choices                               303 303 303 303 303 303
GET /me/catch/{claim_id}                    401 404 404 404 404 404
GET /me/learned                             401 200 200 200 200 200
GET /api/me/learned                         401 200 200 200 200 200
GET /me/catches                             401 200 200 200 200 200
GET /api/me/catches                         401 200 200 200 200 200
GET /api/boards/{tab}                       200 200 200 200 200 200
GET /api/me/standing                        401 200 200 200 200 200
GET /boards                                 200 200 200 200 200 200
GET /api/me/team                            401 200 200 200 200 200
GET /teams                                  303 200 200 200 200 200
POST /teams                                 401 422 422 422 422 422
POST /teams/join                            401 404 404 404 404 404
POST /teams/leave                           401 303 303 303 303 303
GET /referee                                401 200 200 200 200 200
POST /referee/{claim_id}                    401 403 403 422 422 422
GET /operate                                401 403 403 403 200 200
POST /operate/roles                         401 403 403 403 403 422
GET /tutorial                               200 200 200 200 200 200
GET /tutorial/{number}.png                  200 200 200 200 200 200
GET /me                                     303 200 200 200 200 200
POST /me                                    401 422 422 422 422 422
GET /me/export.json                         401 200 200 200 200 200
GET /me/forget                              303 200 200 200 200 200
POST /me/forget                             401 422 422 422 422 422
POST /me/code                               401 200 200 200 200 200
GET /go                                     200 200 200 200 200 200
GET /go/{code}                              404 404 404 404 404 404
POST /go                                    404 404 404 404 404 404
GET /sessions/{session_id}/card.png         401 409 403 403 403 403
GET /s/{token}.png                          404 404 404 404 404 404
GET /s/{token}                              404 404 404 404 404 404
GET /static/{digest}/{name:path}            200 200 200 200 200 200
GET /healthz                                200 200 200 200 200 200
GET /metrics                                404 404 404 404 404 404
GET /readyz                                 200 200 200 200 200 200
GET /telegram                               404 404 404 404 404 404
POST /telegram/enter                        404 404 404 404 404 404
POST /telegram/join                         404 404 404 404 404 404
POST /telegram/hook/{place}                 404 404 404 404 404 404
GET /manifest.webmanifest                   200 200 200 200 200 200
GET /sw.js                                  200 200 200 200 200 200
GET /offline                                200 200 200 200 200 200
POST /api/turns/{turn_id}/skip              401 200 403 403 403 403
POST /me/leave                              401 303 303 303 303 303
POST /leave                                 303 303 303 303 303 303
"""
"""Statuses of WHO in their order; 422 and 404 (no such thing) come after the roles were looked at."""
BODIES = {
    "POST /api/turns/{turn_id}/exchanges": {"question": "How many dots are there?", "key": "key-2"},
    "POST /api/exchanges/{exchange_id}/verdict": {"verdict": "correct"},
    "POST /api/turns/{turn_id}/report": {"reason": "broken"},
}
"""Where an empty request would be told that it is empty before it is told whose the thing is."""


def told() -> dict[str, tuple[int, ...]]:
    """Returns the table by route."""
    rows = (line.split() for line in TABLE.strip().splitlines())
    return {f"{method} {path}": tuple(map(int, statuses)) for method, path, *statuses in rows}


def routes() -> Iterator[tuple[str, APIRoute]]:
    """Every route of the game, by ``METHOD path``."""
    for router, _ in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                yield f"{method} {route.path}", route


ALL = dict(routes())
LAST = ("POST /api/turns/{turn_id}/report", "POST /api/turns/{turn_id}/skip", "POST /me/leave", "POST /leave")
"""After these the rest would be something else."""


@dataclass(frozen=True, slots=True)
class Cast:
    """One phone for each of ``WHO``, and the ids that addresses are filled with."""

    phones: dict[str, httpx2.AsyncClient]
    ids: dict[str, str]


async def _enter(world: World, stack: AsyncExitStack, who: str) -> httpx2.AsyncClient:
    phone = await stack.enter_async_context(world.phone(accept="application/json"))
    if who == "stranger":
        return phone
    me = PlayerId((await join(phone, who.capitalize()))["id"])
    if who == "referee":
        async with world.app.database.begin() as tx:
            await tx.execute(update(schema.player).where(schema.player.c.id == me).values(e_value=1e6))
    elif who in ("operator", "owner"):
        await give(world.app.database, me, Role(who), actor="test", now=1.0)
    return phone


@pytest.fixture
async def company(worlds: Worlds) -> AsyncIterator[Cast]:
    async with worlds() as world, AsyncExitStack() as stack:
        phones = {who: await _enter(world, stack, who) for who in WHO}
        session = await start(phones["player"])
        exchange = (await ask(phones["player"], session["turn"])).json()
        ids = {
            "session_id": session["id"],
            "turn_id": session["turn"]["id"],
            "exchange_id": exchange["id"],
            "tab": "week",
            "number": "1",
            "name": "stumper.css",
        }
        yield Cast(phones, ids)


def address(route: APIRoute, ids: dict[str, str]) -> str:
    plain = route.path.replace(":path", "")
    names = {name: ids.get(name, "nobody") for name in route.param_convertors}
    return plain.format(**names)


def test_every_route_has_a_line_and_every_line_a_route() -> None:
    assert set(told()) == set(ALL), "say in TABLE who may do it"


@pytest.mark.parametrize("who", WHO)
async def test_nobody_gets_further_than_the_table_says(company: Cast, who: str) -> None:
    column, phone = WHO.index(who), company.phones[who]
    order = sorted(ALL, key=lambda name: (name in LAST, LAST.index(name) if name in LAST else 0))

    got = {}
    for name in order:
        method = name.split()[0]
        where, body = address(ALL[name], company.ids), BODIES.get(name)
        reply = await phone.request(method, where, json=body, follow_redirects=False)
        got[name] = reply.status_code

    assert got == {name: statuses[column] for name, statuses in told().items()}
