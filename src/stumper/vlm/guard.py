"""What may be asked over the network at an address somebody configured: no metadata services, no redirects.

A model's address comes from the operator, and a server on this machine or in its network is the normal case.
Never allowed are link-local addresses, where clouds hand out credentials of the machine, and addresses that
are no host's. The name is looked up here and the connection goes to the very address that was looked at: a
name that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx2

from stumper.errors import BadSetting, ModelRefused

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA: Final = tuple(
    ipaddress.ip_network(one)
    for one in (
        "169.254.0.0/16",  # link-local: metadata of AWS, Azure, Google, Oracle, DigitalOcean
        "fe80::/10",
        "fd00:ec2::/32",  # AWS, over IPv6
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure's host
        "192.0.0.192/32",  # Oracle's older one
        "fd20:ce::254/128",  # Google, over IPv6
        "fd00:42::42/128",  # Scaleway, over IPv6
    )
)
_NAMES: Final = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
_TRANSLATED: Final = tuple(
    ipaddress.ip_network(one)
    for one in (
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of one network (RFC 8215)
        "::ffff:0:0:0/96",  # SIIT (RFC 2765)
    )
)
"""Their last 32 bits are an IPv4 address."""


def check_address(base: str) -> None:
    """Looks at an address as it was written. Raises BadSetting for another scheme, credentials or no host."""
    try:
        url = httpx2.URL(base)
        if url.userinfo:
            raise BadSetting("A model's address holds a user or a password. Set STUMPER_OPENAI_KEY instead.")
        if url.scheme not in ("http", "https") or not url.host:
            raise BadSetting(f"{base[:100]!r} is no address of a model. It begins with http:// or https://.")
    except httpx2.InvalidURL as error:
        raise BadSetting(f"{base[:100]!r} cannot be read as an address: {error}.") from error


def is_forbidden(address: str) -> bool:
    """Whether no request may go to this IP address, in whatever form it carries another one."""
    return any(_never(one) for one in _carried(ipaddress.ip_address(address.partition("%")[0])))


def _carried(address: _Address) -> list[_Address]:
    """Returns the address and the IPv4 addresses inside it: mapped, 6to4, Teredo, NAT64."""
    found: list[_Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        low = int(address) & 0xFFFF_FFFF
        if any(address in one for one in _TRANSLATED) or (int(address) >> 32 == 0 and low > 1):
            inside.append(ipaddress.IPv4Address(low))
        found += [one for one in inside if one is not None]
    return found


def _never(address: _Address) -> bool:
    return address.is_multicast or any(address in one for one in _METADATA)


async def resolve(host: str, port: int) -> list[str]:
    """Returns the addresses of a host as the system reads it, which knows ``0xa9fea9fe`` and ``2852039166``.

    Raises OSError.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Guarded(httpx2.AsyncBaseTransport):
    """A transport that connects to the addresses it has looked at, and to no others."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, lookup: Resolve = resolve) -> None:
        self._inner = inner
        self._lookup = lookup

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends it to the first address that takes it.

        Raises ModelRefused for what may not be asked; ConnectError or ConnectTimeout if none takes it.
        """
        found = await self._addresses(request)
        for last, address in enumerate(found, 1 - len(found)):
            try:
                return await self._send(_pinned(request, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if not last:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await self._inner.handle_async_request(request)
        except AttributeError as error:
            # The server was gone as soon as it was there: uvloop's transport has no socket any more when
            # anyio asks it for the name of the other side.
            raise httpx2.ConnectError("closed as soon as it was connected", request=request) from error

    async def _addresses(self, request: httpx2.Request) -> Sequence[str]:
        """Returns where to connect. A name server that is silent is waited for as long as any host."""
        host, port = request.url.host, request.url.port or (443 if request.url.scheme == "https" else 80)
        if host.rstrip(".").lower() in _NAMES:
            raise _refused(host)
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("connect")):
                found = await self._lookup(host, port)
        except TimeoutError as error:
            raise httpx2.ConnectTimeout(f"no address for {host} in time", request=request) from error
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"no address for {host}", request=request) from error
        if not found or any(is_forbidden(one) for one in found):
            raise _refused(host)
        return found

    async def aclose(self) -> None:
        await self._inner.aclose()


def _pinned(request: httpx2.Request, address: str) -> httpx2.Request:
    """Returns the request to the address itself; its Host header and TLS still name the host."""
    pinned = httpx2.Request(
        request.method,
        request.url.copy_with(host=address.partition("%")[0]),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
    pinned.headers["Host"] = request.headers.get("Host", request.url.netloc.decode("ascii"))
    return pinned


def _refused(host: str) -> ModelRefused:
    return ModelRefused(
        f"{host[:100]!r} leads to an address that hands out secrets of machines, or to none. Correct the "
        "address in the model reference."
    )
