"""A slow and careless network: a proxy that delays, repeats, and cuts before or after the server heard."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_CUT_BEFORE, _CUT_AFTER, _TWICE = 0.06, 0.12, 0.18
"""Cumulative shares of requests that are cut before the server, whose answer is cut, that are sent twice."""


@asynccontextmanager
async def careless(port: int, *, seed: int, delay_s: float = 0.03) -> AsyncIterator[str]:
    """Yields the URL of a proxy before ``port``; each request has a connection of its own."""
    rng = random.Random(seed)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fate = rng.random()
        try:
            request = await _request(reader)
            await asyncio.sleep(rng.uniform(0, 2 * delay_s))  # so that later ones may overtake it
            if fate < _CUT_BEFORE or not request:
                return
            both = [_answer(port, request) for _ in range(2 if _CUT_AFTER <= fate < _TWICE else 1)]
            answer = (await asyncio.gather(*both))[-1]
            await asyncio.sleep(rng.uniform(0, delay_s))
            writer.write(answer[: len(answer) // 3] if _CUT_BEFORE <= fate < _CUT_AFTER else answer)
            await writer.drain()
        except OSError:
            pass  # the other side hung up
        finally:
            with contextlib.suppress(OSError):
                writer.close()
                await writer.wait_closed()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _request(reader: asyncio.StreamReader) -> bytes:
    """Reads one request, and asks for the connection to be closed after its answer."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, OSError):
        return b""
    lines = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(b"connection:")]
    length = next((int(one.split(b":")[1]) for one in lines if one.lower().startswith(b"content-length:")), 0)
    return b"\r\n".join([*lines, b"Connection: close", b"", b""]) + await reader.readexactly(length)


async def _answer(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()
