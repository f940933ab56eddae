"""Who a request is, and which requests come from another site's page."""

from __future__ import annotations

import time

import pytest
from fastapi import Request, Response

from stumper.errors import CrossSite, NotSignedIn
from stumper.front.auth import COOKIE, MAX_AGE_S, Cookies, from_our_pages
from stumper.records import PlayerId

ADA = PlayerId("ada")


def request(method: str = "POST", **headers: str) -> Request:
    named = {"host": "game.test", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in named.items()]
    return Request({"type": "http", "method": method, "path": "/", "headers": raw})


def test_the_cookie_names_the_player_it_was_given_to() -> None:
    jar = Cookies("secret", secure=False)

    assert jar.player(request(cookie=f"{COOKIE}={jar.value(ADA)}")) == ADA


@pytest.mark.parametrize(
    "change",
    [
        lambda value: "eve" + value,
        lambda value: value[:-1] + ("A" if value[-1] != "A" else "B"),
        lambda value: value.rsplit(".", 1)[0],
        lambda value: "ada",
        lambda value: "",
        lambda value: Cookies("another secret", secure=False).value(ADA),
    ],
)
def test_a_tampered_cookie_is_nobody_and_says_the_way_out(change) -> None:
    jar = Cookies("secret", secure=False)
    forged = change(jar.value(ADA))

    with pytest.raises(NotSignedIn, match="start page"):
        jar.player(request(cookie=f"{COOKIE}={forged}"))
    assert jar.maybe(request(cookie=f"{COOKIE}={forged}")) is None


def test_without_a_cookie_nobody_has_joined() -> None:
    with pytest.raises(NotSignedIn, match="not joined"):
        Cookies("secret", secure=False).player(request())


@pytest.mark.parametrize("secure", [False, True])
def test_no_script_reads_the_cookie_and_it_is_secure_where_players_come_by_https(secure: bool) -> None:
    response = Response()

    Cookies("secret", secure=secure).give(response, ADA)

    header = response.headers["set-cookie"].lower()
    assert "httponly" in header
    assert "samesite=lax" in header
    assert "path=/" in header
    assert ("secure" in header) is secure


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": "http://game.test"},
        {"origin": "http://evil.test"},
        {"origin": "http://game.test.evil.test"},
        {"origin": "null"},
    ],
)
def test_a_move_from_another_sites_page_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CrossSite):
        from_our_pages(request(**headers), public_url="https://play.test")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"origin": "http://game.test"},
        {"origin": "https://play.test"},
        {},
    ],
)
def test_our_pages_and_programs_may_move(headers: dict[str, str]) -> None:
    from_our_pages(request(**headers), public_url="https://play.test")


def test_looking_is_allowed_from_everywhere() -> None:
    from_our_pages(request("GET", sec_fetch_site="cross-site"), public_url="")


def test_a_cookie_that_was_checked_grows_too_old_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    jar = Cookies("secret", secure=False)
    asked = request(cookie=f"{COOKIE}={jar.value(ADA)}")
    assert jar.player(asked) == jar.player(asked) == ADA

    late = time.time() + MAX_AGE_S + 5
    monkeypatch.setattr(time, "time", lambda: late)
    with pytest.raises(NotSignedIn):
        jar.player(asked)
