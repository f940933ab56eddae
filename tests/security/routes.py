"""Requests to every route, described or not: forms, queries, paths and headers as no browser sends them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from stumper.front.auth import COOKIE
from stumper.front.web import ROUTERS
from tests.security.stand import Stand
from tests.security.texts import texts

_PARAMETER: Final = re.compile(r"{(\w+)(?::\w+)?}")
HEADERS: Final = (
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "content-encoding",
    "content-type",
    "cookie",
    "forwarded",
    "hx-request",
    "if-modified-since",
    "if-none-match",
    "origin",
    "range",
    "referer",
    "sec-fetch-site",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-http-method-override",
    "x-telegram-bot-api-secret-token",
)
VALUES: Final = (
    "",
    "*",
    "*/*;q=",
    "text/html",
    "text/event-stream",
    "application/json",
    "application/json; charset=utf-7",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "application/x-www-form-urlencoded; charset=x",
    "gzip",
    "br;q=nan",
    "en;q=x,,;",
    "hi,ar;q=0.9",
    "x-" * 400,
    "http://[",
    "http://[::1",
    "null",
    "//",
    "/\\evil",
    "same-origin",
    "bytes=0-",
    "bytes=9-1",
    "bytes=a-b",
    'W/"x"',
    "Thu, 99 Foo 2026",
    "-1",
    "9" * 40,
    "\u00e4",
    f"{COOKIE}=",
    f"{COOKIE}=a.b.c",
    f'{COOKIE}="',
    "stumper_language=xx; stumper_theme=<b>",
    "=;=;;",
    "http://stumper.test",
    "http://stumper.test/sessions/../..//evil.test",
    'for="[::1]:x"',
)
FIELDS: Final = (
    "answer",
    "better",
    "body",
    "code",
    "confirmed",
    "consent",
    "flag",
    "invite",
    "language",
    "me",
    "name",
    "nickname",
    "quick",
    "question",
    "reason",
    "ruling",
    "statement",
    "sure",
    "team",
    "text",
    "thanks",
    "theme",
    "time_zone",
    "turn",
    "page",
    "before",
    "of",
    "key",
)


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    """As it is written in the code, with its parameters in braces."""


def routes() -> list[Route]:
    """Every route of the game, each with its own methods and one that it does not have."""
    found = set()
    for route in (route for router, _ in ROUTERS for route in router.routes):
        assert isinstance(route, APIRoute), f"{route} is walked by nobody"
        found |= {Route(method, route.path) for method in {*route.methods, "PUT"}}
    return sorted(found, key=lambda route: (route.path, route.method))


_FORM = st.dictionaries(st.sampled_from(FIELDS), texts(), max_size=5)
_SENT = st.lists(
    st.tuples(st.sampled_from(HEADERS), st.sampled_from(VALUES) | st.text(max_size=30)), max_size=4
)


def attack(stand: Stand, route: Route, *, examples: int) -> None:
    """Sends ``examples`` requests to one route. Raises AssertionError at the first server error, or response
    without the headers that keep a page safe.
    """

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        parameter=texts(),
        real=st.booleans(),
        query=_FORM,
        body=_FORM | st.binary(max_size=300),
        headers=_SENT,
        signed_in=st.sampled_from((True, True, False)),
    )
    def one(
        parameter: str,
        real: bool,
        query: dict[str, str],
        body: dict[str, str] | bytes,
        headers: list[tuple[str, str]],
        signed_in: bool,
    ) -> None:
        if real and signed_in and "{" in route.path:
            stand.ready()
        known = stand.ids if real else {}

        def fill(found: re.Match[str]) -> str:
            return quote(known.get(found[1], parameter[:60]).encode("utf-8", "replace"), safe="")

        path = _PARAMETER.sub(fill, route.path) + "?" + _encoded(query)
        check(stand, route, path, body, headers=headers, signed_in=signed_in)

    one()


def check(
    stand: Stand,
    route: Route,
    path: str,
    body: dict[str, str] | bytes,
    *,
    headers: list[tuple[str, str]],
    signed_in: bool,
) -> None:
    """Sends one request and looks at what comes back."""
    content: dict[str, Any] = {}
    sent = [
        (name.encode(), value.encode("utf-8", "replace").translate(None, _NOT_IN_A_HEADER))
        for name, value in headers
    ]
    sent = [(name, value.strip()) for name, value in sent]
    if route.method not in ("GET", "HEAD"):
        content["content"] = body if isinstance(body, bytes) else _encoded(body).encode()
        if isinstance(body, dict) and not any(name == b"content-type" for name, _ in sent):
            sent.append((b"content-type", b"application/x-www-form-urlencoded"))
    response = stand.send(route.method, path, signed_in=signed_in, headers=sent, **content)
    assert response.status_code < 500, f"{route} {path} {sent} {content}: {response.text[:300]}"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    if response.is_redirect:
        assert re.match(r"/(?![/\\])", response.headers["location"]), response.headers["location"]
    if "set-cookie" in response.headers and COOKIE in response.headers["set-cookie"]:
        stand.renew()  # it joined as someone else, left, or was deleted


# What no server lets through to an application, and no client sends.
_NOT_IN_A_HEADER: Final = bytes(range(32)) + b"\x7f"


def _encoded(fields: dict[str, str]) -> str:
    return urlencode(fields, errors="replace")
