"""GET /healthz, for whoever restarts a process that hangs, and GET /readyz, for whoever sends players to it.

Both are cheap, and need no cookie. A process that was asked to stop says so at /readyz first and goes on
answering for a while (``drain_s``): the proxy sends the next players to another one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, cast

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stumper import __version__
from stumper.checks import Finding, serving
from stumper.front.parts import Parts

log = structlog.get_logger()

KEPT_S: Final = 1.0
"""However many ask, the database is asked once in this time."""
_PATIENCE_S: Final = 3.0

router = APIRouter(include_in_schema=False)


@dataclass(slots=True)
class Readiness:
    """What a process knows of whether it can serve."""

    draining: bool = False
    found: list[Finding] = field(default_factory=list)
    asked_s: float = -KEPT_S
    """When ``found`` was looked for, by the event loop's clock."""
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


def readiness_of(request: Request) -> Readiness:
    return cast(Readiness, request.app.state.readiness)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Says that this process lives: no more, for a database that is away is no reason to restart it."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz")
async def readyz(request: Request, app: Parts) -> JSONResponse:
    """Says whether players should be sent here: 503 while it stops, or without its database or schema.

    What is only not as it should be (Redis away, another version beside) is false in ``checks`` and no 503.
    """
    known = readiness_of(request)
    async with known.asking:
        now = asyncio.get_running_loop().time()
        if now >= known.asked_s + KEPT_S:
            _tell_changes(known.found, fresh := await _look(app))
            known.found, known.asked_s = fresh, asyncio.get_running_loop().time()
    well = all(one.ok or not one.fatal for one in known.found)
    status = "draining" if known.draining else "ready" if well else "away"
    # Names only: what is said of a check names hosts and users, and anybody may ask here.
    told = {"status": status, "version": __version__, "checks": {one.name: one.ok for one in known.found}}
    return JSONResponse(told, 200 if status == "ready" else 503)


async def _look(app: Parts) -> list[Finding]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await serving(app)
    except TimeoutError:
        said = f"The database did not answer within {_PATIENCE_S:.0f} seconds."
        return [Finding("database", False, said, fatal=True)]


def _tell_changes(before: list[Finding], now: list[Finding]) -> None:
    """Logs what is wrong once, not at every probe."""
    ill = {one.name for one in before if not one.ok}
    for one in now:
        if not one.ok and one.name not in ill:
            log.warning("not as it should be", check=one.name, reason=one.line)


class LastAnswers:
    """Closes each connection after its answer while the process drains: the next request goes elsewhere."""

    def __init__(self, app: ASGIApp, readiness: Readiness) -> None:
        self._app = app
        self._readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start" and self._readiness.draining:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, receive, send_last)
