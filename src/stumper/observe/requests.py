"""Every HTTP request: its id, one line in the log, its time in the metrics, a span.

Plain ASGI: streams pass unbuffered. The line names the route as it is written in the code, never the path:
paths hold ids and invitations.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from http import HTTPStatus
from typing import Any, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from stumper.observe import metrics
from stumper.observe.traces import span

log = structlog.get_logger()

HEADER: Final = "X-Request-ID"
_SANE: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_EVENTS: Final = (b"content-type", b"text/event-stream; charset=utf-8")
CLIENT_GONE: Final = 499
"""Nginx's status for a request whose sender has left before there was a response."""


def route_of(scope: Scope) -> str:
    """Returns the route of a request as it is written in the code; "none" where nothing matched."""
    return str(getattr(scope.get("route"), "path", "none"))


def request_id(scope: Scope) -> str:
    """Returns the id of a request that is being watched; empty for any other."""
    return str(scope.get("stumper.request", ""))


class Watch:
    """Names each request and tells of it when its last byte is sent, or when it broke."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = scope["stumper.request"] = _sent_id(scope) or secrets.token_hex(8)
        clear_contextvars()
        bind_contextvars(request=name)
        header = (HEADER.lower().encode("ascii"), name.encode("ascii"))
        seen, began_s = _Seen(), time.perf_counter()

        async def send_watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                seen.lasts = scope["method"] == "GET" and _EVENTS in message.get("headers", ())
                message["headers"] = [*message.get("headers", ()), header]
            elif message["type"] == "http.response.body":
                seen.sent_bytes += len(message.get("body", b""))
            await send(message)

        try:
            with span("request") as one:
                try:
                    await self._app(scope, receive, send_watched)
                finally:
                    if one is not None:
                        one.update_name(f"{scope['method']} {route_of(scope)}")
        except BaseException as error:
            seen.broke(error)
            raise
        finally:
            _tell(scope, seen, time.perf_counter() - began_s)
            clear_contextvars()


class _Seen:
    """What was seen of one response."""

    __slots__ = ("error", "lasts", "sent_bytes", "status")

    def __init__(self) -> None:
        self.status = 0
        self.lasts = False  # events, which last as long as somebody looks: no waiting time
        self.sent_bytes = 0
        self.error: BaseException | None = None

    def broke(self, error: BaseException) -> None:
        gone = isinstance(error, asyncio.CancelledError)
        self.status = self.status or (CLIENT_GONE if gone else int(HTTPStatus.INTERNAL_SERVER_ERROR))
        self.error = None if gone else error


def _sent_id(scope: Scope) -> str:
    """Returns the id that a proxy gave, if it is one; anything else is not repeated anywhere."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value.decode("ascii") if _SANE.fullmatch(value) else ""
    return ""


def _tell(scope: Scope, seen: _Seen, took_s: float) -> None:
    route, method = route_of(scope), scope["method"] if scope["method"] in _METHODS else "other"
    if not seen.lasts:
        metrics.REQUESTS.labels(route, method, str(seen.status)).observe(took_s)
    facts: dict[str, Any] = {
        "route": route,
        "method": method,
        "status": seen.status,
        "ms": round(took_s * 1000, 2),
        "bytes": seen.sent_bytes,
    }
    if not structlog.is_configured():  # a test, or a program of one's own, to whose output it does not belong
        return
    if seen.error is not None:
        log.error("request", **facts, exc_info=seen.error)
    else:
        log.info("request", **facts)
