"""Where a model's address may lead, in every way an address can be written."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadSetting, ModelRefused
from stumper.vlm.guard import Guarded, check_address, is_forbidden, resolve
from tests.examples import examples

METADATA = "169.254.169.254"
V4 = st.ip_addresses(v=4)
LINK_LOCAL = st.ip_addresses(network="169.254.0.0/16")


class Wire(httpx2.AsyncBaseTransport):
    """Keeps what would have been sent; some addresses do not answer."""

    def __init__(self, *, dead: Sequence[str] = (), silent: Sequence[str] = ()) -> None:
        self.sent: list[httpx2.Request] = []
        self._dead, self._silent = dead, silent

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        if request.url.host in self._dead:
            raise httpx2.ConnectError("dead", request=request)
        if request.url.host in self._silent:
            raise httpx2.ConnectTimeout("silent", request=request)
        return httpx2.Response(302, headers={"Location": f"http://{METADATA}/"})


def answers(*addresses: str):
    async def lookup(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return lookup


@settings(max_examples=examples(100))
@given(LINK_LOCAL)
def test_no_form_of_a_link_local_address_is_let_through(address: ipaddress.IPv4Address) -> None:
    low = int(address)
    forms = [
        str(address),
        str(ipaddress.IPv6Address(0xFFFF << 32 | low)),  # mapped
        str(ipaddress.IPv6Address(low)),  # compatible
        str(ipaddress.IPv6Address(0x2002 << 112 | low << 80)),  # 6to4
        str(ipaddress.IPv6Address(0x64FF9B << 96 | low)),  # NAT64
        str(ipaddress.IPv6Address(0x64FF9B0001 << 80 | low)),  # NAT64 of one network
        str(ipaddress.IPv6Address(0xFFFF << 48 | low)),  # SIIT
        str(ipaddress.IPv6Address(0x2001 << 112 | low ^ 0xFFFF_FFFF)),  # Teredo
    ]
    assert all(is_forbidden(form) for form in forms), forms


@settings(max_examples=examples(200))
@given(V4)
def test_what_is_forbidden_is_what_the_list_says(address: ipaddress.IPv4Address) -> None:
    """The same rule by hand, on octets."""
    first, second, *_ = (int(part) for part in str(address).split("."))
    by_hand = (first, second) == (169, 254) or 224 <= first <= 239
    by_hand |= str(address) in ("100.100.100.200", "168.63.129.16", "192.0.0.192")

    assert is_forbidden(str(address)) == by_hand
    assert is_forbidden(f"::ffff:{address}") == by_hand


@pytest.mark.parametrize(
    "address", ["fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fd20:ce::254", "fd00:42::42", "ff02::1"]
)
def test_metadata_over_ipv6_is_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.5", "192.168.1.9", "fd12:3456::1", "8.8.8.8"]
)
def test_servers_of_ones_own_are_the_normal_case(address: str) -> None:
    assert not is_forbidden(address)


@pytest.mark.parametrize("written", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"])
async def test_odd_notations_are_read_as_the_system_reads_them(written: str) -> None:
    assert await resolve(written, 80) == [METADATA]


@pytest.mark.parametrize("found", [[METADATA], ["8.8.8.8", METADATA], ["::ffff:a9fe:a9fe"], []])
async def test_nothing_is_sent_if_one_answer_of_the_lookup_is_forbidden(found: list[str]) -> None:
    wire = Wire()
    async with httpx2.AsyncClient(transport=Guarded(wire, lookup=answers(*found))) as client:
        with pytest.raises(ModelRefused, match=r"models\.test"):
            await client.get("http://models.test/v1")
    assert wire.sent == []


@pytest.mark.parametrize("name", ["metadata.google.internal", "METADATA.GOOGLE.INTERNAL.", "metadata"])
async def test_names_of_metadata_services_are_not_even_looked_up(name: str) -> None:
    async with httpx2.AsyncClient(transport=Guarded(Wire(), lookup=answers("8.8.8.8"))) as client:
        with pytest.raises(ModelRefused):
            await client.get(f"http://{name}/computeMetadata/v1/")


async def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    """Rebinding: the name could say something else a moment later, and nobody asks it again."""
    wire = Wire()
    async with httpx2.AsyncClient(transport=Guarded(wire, lookup=answers("198.51.100.4"))) as client:
        await client.post("https://models.test:8443/v1", json={"a": 1})

    (sent,) = wire.sent
    assert str(sent.url) == "https://198.51.100.4:8443/v1"
    assert sent.headers["host"] == "models.test:8443"
    assert sent.extensions["sni_hostname"] == "models.test"


async def test_a_name_with_two_addresses_is_tried_at_both() -> None:
    wire = Wire(dead=["::1"])
    async with httpx2.AsyncClient(transport=Guarded(wire, lookup=answers("::1", "127.0.0.1"))) as client:
        await client.post("http://localhost:9/v1", json={"a": 1})
    assert [one.url.host for one in wire.sent] == ["::1", "127.0.0.1"]

    dead = Wire(dead=["::1", "127.0.0.1"])
    async with httpx2.AsyncClient(transport=Guarded(dead, lookup=answers("::1", "127.0.0.1"))) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://localhost:9/v1")


async def test_a_server_that_is_gone_as_soon_as_it_is_there_is_a_failed_connection() -> None:
    class Gone(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            # What anyio does with a transport of uvloop's whose other side has closed it.
            raise AttributeError("'NoneType' object has no attribute 'getpeername'")

    async with httpx2.AsyncClient(transport=Guarded(Gone(), lookup=answers("198.51.100.4"))) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://models.test/v1")


async def test_an_address_that_swallows_packets_does_not_hide_the_next_one() -> None:
    wire = Wire(silent=["2001:db8::1"])
    both = answers("2001:db8::1", "198.51.100.4")
    async with httpx2.AsyncClient(transport=Guarded(wire, lookup=both)) as client:
        assert (await client.get("http://models.test/v1")).status_code == 302

    async with httpx2.AsyncClient(transport=Guarded(Wire(silent=["::1"]), lookup=answers("::1"))) as client:
        with pytest.raises(httpx2.ConnectTimeout):
            await client.get("http://models.test/v1")


async def test_a_silent_name_server_is_waited_for_as_long_as_a_silent_host() -> None:
    async def silent(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return ["127.0.0.1"]

    patience = httpx2.Timeout(60, connect=0.01)
    async with httpx2.AsyncClient(transport=Guarded(Wire(), lookup=silent), timeout=patience) as client:
        with pytest.raises(httpx2.ConnectTimeout, match=r"models\.test"):
            await asyncio.wait_for(client.get("http://models.test/v1"), timeout=5)


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    wire = Wire()
    async with httpx2.AsyncClient(transport=Guarded(wire, lookup=answers("127.0.0.1"))) as client:
        assert (await client.get("http://localhost/")).status_code == 302
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    "base",
    ["file:///etc/passwd", "gopher://h/v1", "http:///v1", "http://0251.0376.0251.0376/v1", "ftp://h", "h/v1"],
)
def test_an_address_of_another_kind_is_refused(base: str) -> None:
    with pytest.raises(BadSetting):
        check_address(base)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadSetting, match="STUMPER_OPENAI_KEY") as refused:
        check_address("http://me:hunter2@models.test/v1")
    assert "hunter2" not in str(refused.value)


async def _say_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    writer.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of models.test that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl in PATH (Debian: apt-get install openssl)")
    made, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=models.test"
    more = ["-addext", "subjectAltName=DNS:models.test", "-keyout", key, "-out", made]
    subprocess.run(["openssl", *words.split(), *more], check=True, capture_output=True)
    return made, key


async def test_certificates_are_checked_against_the_name(
    certificate: tuple[Path, Path],
) -> None:
    serves = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serves.load_cert_chain(*certificate)
    server = await asyncio.start_server(_say_hello, "127.0.0.1", 0, ssl=serves)
    port = server.sockets[0].getsockname()[1]
    believes = ssl.create_default_context(cafile=certificate[0])
    wire = httpx2.AsyncHTTPTransport(verify=believes, trust_env=False)
    async with server, httpx2.AsyncClient(transport=Guarded(wire, lookup=answers("127.0.0.1"))) as client:
        assert (await client.get(f"https://models.test:{port}/")).text == "hello"
        with pytest.raises(httpx2.ConnectError, match="elsewhere"):
            await client.get(f"https://elsewhere.test:{port}/")
