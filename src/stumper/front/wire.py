"""What holds for every request and response, as plain ASGI: a streamed answer is not buffered on the way.

Headers: scripts and styles only from here, nothing sniffed, framed or kept unasked. Bodies: a size limit.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers would then send forms with Origin: null, which we refuse.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SafeHeaders:
    """Adds the headers to every response, errors and streams included.

    ``version`` tells old pages that they are old; ``framed_by`` are the only sites whose pages may show ours
    in a frame.
    """

    def __init__(self, app: ASGIApp, *, https: bool, version: str, framed_by: Sequence[str] = ()) -> None:
        self._app = app
        ancestors = " ".join(framed_by) or "'none'"
        policy = f"{_POLICY}; frame-ancestors {ancestors}"
        headers = {**_HEADERS, "Content-Security-Policy": policy, "Stumper-Version": version}
        if https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        self._headers = {name.lower().encode(): value.encode() for name, value in headers.items()}
        self._pairs = list(self._headers.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [pair for pair in message["headers"] if pair[0].lower() not in self._headers]
                if not any(name.lower() == b"cache-control" for name, _ in given):
                    given.append((b"cache-control", b"no-store"))
                message["headers"] = given + self._pairs
            await send(message)

        await self._app(scope, receive, send_safely)


class BodyLimit:
    """Refuses to read more than ``limit_bytes`` of a request.

    FastAPI's own ``max_body_size`` answers in plain text; this one raises where the body is read, so that the
    refusal has the shape of all others.
    """

    def __init__(self, app: ASGIApp, *, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        too_much = declared.isdecimal() and int(declared) > self._limit_bytes
        read = 0

        async def receive_within() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if too_much or read > self._limit_bytes:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_within, send)
