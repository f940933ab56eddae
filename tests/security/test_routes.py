"""Every route against requests that no browser sends: no server error, and always the safe headers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.examples import examples
from tests.front.world import URL, open_world
from tests.security.routes import attack, routes
from tests.security.stand import stand


@pytest.fixture
async def phone(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_world(tmp_path, template=sqlite_template) as world, world.phone() as client:
        yield client


@pytest.mark.slow
def test_no_route_breaks(sqlite_template: Path, tmp_path: Path) -> None:
    with stand(tmp_path, template=sqlite_template) as opened:
        opened.renew()
        for route in routes():
            attack(opened, route, examples=1 if route.method == "PUT" else examples(4))


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "nowhere", "//", "http://evil.test", "null"])
async def test_an_origin_that_is_not_ours_is_refused(phone: httpx2.AsyncClient, origin: str) -> None:
    assert (await phone.post("/leave", headers={"origin": origin})).status_code == 403


@pytest.mark.parametrize("referer", ["http://[", "//evil.test/a", "http://evil.test/a", f"{URL}//evil.test"])
async def test_a_choice_leads_to_no_other_site(phone: httpx2.AsyncClient, referer: str) -> None:
    reply = await phone.post("/choices", data={"theme": "dark"}, headers={"referer": referer})
    assert (reply.status_code, reply.headers["location"]) == (303, "/")


def test_every_route_is_walked() -> None:
    walked = {route.path for route in routes()}
    assert {"/", "/join", "/sessions/{session_id}", "/go/{code}", "/api/players", "/telegram"} <= walked
