"""Which addresses count as one network, and that nothing else can be read from what is kept."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request

from stumper.front.auth import Cookies
from stumper.front.parts import _network

JAR = Cookies("secret", secure=False)


def network(address: str, jar: Cookies = JAR) -> str | None:
    return asyncio.run(_network(Request({"type": "http", "client": (address, 1), "headers": []}), jar))


def test_neighbours_share_a_network_and_strangers_do_not() -> None:
    assert network("8.8.8.8") == network("8.8.8.200") != network("8.8.4.8")
    assert network("2600:1f00:1:2::5") == network("2600:1f00:1:9::7") != network("2600:1f00:2::5")


@pytest.mark.parametrize("address", ["127.0.0.1", "192.168.1.7", "10.0.0.1", "::1", "testclient", ""])
def test_a_local_address_says_nothing(address: str) -> None:
    assert network(address) is None


def test_what_is_kept_needs_the_operators_secret() -> None:
    assert "8.8" not in str(network("8.8.8.8"))
    assert network("8.8.8.8") != network("8.8.8.8", Cookies("another", secure=False))
