"""What every answer says of itself, and requests that mean nothing here: other origins, TRACE, listings."""

from __future__ import annotations

import httpx2
import pytest

from stumper.errors import NotSignedIn
from stumper.front import i18n
from stumper.front.auth import COOKIE, Cookies
from stumper.front.cardart import CardFacts
from tests.front.test_auth import request
from tests.front.world import World, join

BROWSER = {"Accept": "text/html"}
PAGES = ["/", "/points", "/privacy", "/api/me/standing", "/me", "/nowhere", "/go/ABCD-2345", "/healthz"]


async def test_texts_say_their_charset_and_nothing_private_is_kept_by_caches(
    phone: httpx2.AsyncClient,
) -> None:
    await join(phone)
    for address in [*PAGES, "/me/export.json"]:
        reply = await phone.get(address, headers=BROWSER)
        kind = reply.headers.get("content-type", "")
        assert kind.startswith(("text/html; charset=utf-8", "application/json")), (address, kind)
        assert reply.headers["cache-control"] == "no-store", address


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_no_other_origin_may_read_an_answer(phone: httpx2.AsyncClient, method: str) -> None:
    asked = {"Origin": "https://evil.test", "Access-Control-Request-Method": "POST"}
    for address in ("/", "/api/me/standing", "/api/sessions"):
        reply = await phone.request(method, address, headers=asked)
        assert not [name for name in reply.headers if name.startswith("access-control-")], address
        assert reply.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW"])
async def test_methods_that_nobody_needs_are_refused_and_nothing_is_sent_back(
    phone: httpx2.AsyncClient, method: str
) -> None:
    for address in ("/", "/api/sessions", "/healthz"):
        reply = await phone.request(method, address, headers={"X-Secret": "echo me"})
        assert reply.status_code == 405
        assert "echo me" not in reply.text


@pytest.mark.parametrize(
    "address", ["/static", "/static/", "/api", "/api/", "/.git/config", "/../stumper.db", "/static/x/../"]
)
async def test_nothing_is_listed(phone: httpx2.AsyncClient, address: str) -> None:
    assert (await phone.get(address)).status_code == 404


async def test_a_field_counts_only_where_it_belongs(phone: httpx2.AsyncClient) -> None:
    chosen = await phone.post("/choices?language=hi&theme=dark", data={"language": "pt"})

    assert chosen.headers.get_list("set-cookie")[0].startswith(f"{i18n.COOKIE}=pt;")
    assert len(chosen.headers.get_list("set-cookie")) == 1, "no theme: an address carries no fields of a form"


def test_what_is_signed_for_something_else_signs_nobody_in(world: World) -> None:
    jar: Cookies = world.web.state.cookies
    token = jar.cards.token(CardFacts(caught=1, falsified=2, language="en"))

    with pytest.raises(NotSignedIn):
        jar.player(request(cookie=f"{COOKIE}={token}"))
