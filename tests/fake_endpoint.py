"""A small OpenAI-compatible server on loopback; the name of the model asked for decides how it behaves."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from PIL import Image

from tests import fake_challengers, fake_judges

KEY = "sk-test-1234"


class FakeEndpoint:
    """What was asked of it, and how it answers."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.running = 0
        self.most_running = 0
        self.delay_s = 0.0
        """Before every answer."""
        self.broken = False
        """Answers 503 to everything."""
        self.port = 0
        self.app = FastAPI()
        self.app.post("/v1/chat/completions")(self.chat)
        self.app.get("/v1/models")(self.models)
        self.app.post("/page/chat/completions")(lambda: HTMLResponse("<html><h1>Welcome</h1></html>"))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def asked(self, name: str) -> list[dict[str, Any]]:
        return [request for request in self.requests if request["model"] == name]

    async def models(self) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": "sees"}, {"id": "slow"}]}

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        if self.broken:
            return _error(503, "out of order")
        name, count = body["model"], len(self.asked(body["model"]))
        fault = _FAULTS.get(name)
        if fault is not None and (answer := fault(body, count, request)) is not None:
            return answer
        if name == "slow":
            await asyncio.sleep(30)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0.05 if name == "brief-wait" else self.delay_s)
        self.running -= 1
        return self._said(body, " " + _TEXTS.get(name, _seen)(body))

    def _said(self, body: dict[str, Any], text: str) -> Response:
        if body.get("stream"):
            return StreamingResponse(_stream(body, text), media_type="text/event-stream")
        return JSONResponse(
            {
                "model": body["model"] + "-2026",
                "system_fingerprint": "fp_1",
                "choices": [{"index": 0, "message": {"content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 40, "completion_tokens": 3},
            }
        )


def picture_in(body: dict[str, Any]) -> Image.Image:
    """Returns the picture of a request, and insists on a JPEG."""
    url = body["messages"][0]["content"][0]["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,")
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])), formats=("JPEG",))


def question_in(body: dict[str, Any]) -> str:
    return body["messages"][0]["content"][1]["text"]


def _seen(body: dict[str, Any]) -> str:
    """A model that can tell red from blue in the middle of the picture."""
    picture = picture_in(body).convert("RGB")
    red, _, blue = picture.getpixel((picture.width // 2, picture.height // 2))
    return "It is red." if red > blue else "It is blue."


_TEXTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "blind": lambda _: "A nice picture.",
    "thinks": lambda _: "<think>red or blue? </think>\n Red",
    "empty": lambda _: "",
    "echo": question_in,
    "counts": lambda _: 'That would be {"category": "counting"}.',
    "guesses": lambda _: 'I guess {"answer": "four"}',
    "prose": lambda _: "It counts things.",
    **fake_judges.SAY,
    **fake_challengers.SAY,
}


async def _stream(body: dict[str, Any], text: str) -> AsyncIterator[str]:
    name = body["model"]
    common = {"object": "chat.completion.chunk", "model": name + "-2026", "system_fingerprint": "fp_1"}

    def event(**more: Any) -> str:
        return f"data: {json.dumps(common | more)}\n\n"

    yield ": keep-alive\n\n"
    yield event(choices=[{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}])
    for piece in (text[:4], text[4:]):
        yield event(choices=[{"index": 0, "delta": {"content": piece}, "finish_reason": None}])
        if name == "error-inside":
            yield 'data: {"error": {"message": "the GPU fell off"}}\n\n'
            return
        if name == "cut-off":
            return
        if name == "broken-event":
            yield 'data: {"error": "an unescaped "quote""}\n\n'
            return
        if name == "stalls":
            await asyncio.sleep(30)
    yield event(choices=[{"index": 0, "delta": {}, "finish_reason": "length" if name == "empty" else "stop"}])
    if (body.get("stream_options") or {}).get("include_usage"):
        yield event(choices=[], usage={"prompt_tokens": 40, "completion_tokens": 3})
    if name != "no-done":
        yield "data: [DONE]\n\n"


def _error(status: int, message: str, *, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    return JSONResponse({"error": {"message": message, **more}}, status_code=status, headers=headers)


def _fail_first(times: int, answer: Callable[[], Response]) -> Callable[..., Response | None]:
    return lambda _body, count, _request: answer() if count <= times else None


def _unless(
    wrong: Callable[[dict[str, Any]], bool], status: int, message: str
) -> Callable[..., Response | None]:
    return lambda body, _count, _request: _error(status, message) if wrong(body) else None


def _wants_key(_body: dict[str, Any], _count: int, request: Request) -> Response | None:
    given = request.headers.get("authorization")
    return None if given == f"Bearer {KEY}" else _error(401, f"Incorrect API key provided: {given}")


_FAULTS: dict[str, Callable[..., Response | None]] = {
    "locked": _wants_key,
    "unknown": _unless(lambda _: True, 404, "The model `unknown` does not exist."),
    "busy-once": _fail_first(1, lambda: _error(429, "slow down", headers={"Retry-After": "0.3"})),
    "judge-busy-once": _fail_first(1, lambda: _error(429, "slow down", headers={"Retry-After": "0.1"})),
    "judge-quota": lambda _body, count, _request: (
        _error(429, "You exceeded your quota", code="insufficient_quota") if count == 20 else None
    ),
    "judge-no-schema": _unless(
        lambda body: body.get("response_format", {}).get("type") == "json_schema",
        400,
        "response_format json_schema is not supported",
    ),
    "judge-prompt-only": _unless(lambda body: "response_format" in body, 422, "Unknown key response_format"),
    "busy-long": _fail_first(99, lambda: _error(429, "slow down", headers={"Retry-After": "3600"})),
    "no-quota": _fail_first(99, lambda: _error(429, "You exceeded your quota", code="insufficient_quota")),
    "hiccup": _fail_first(2, lambda: _error(500, "internal error")),
    "down": _fail_first(99, lambda: Response("<html><body>Bad gateway</body></html>", 502)),
    "down-five": _fail_first(5, lambda: _error(503, "loading")),
    "no-vision": _unless(lambda _: True, 400, "unknown variant `image_url`, expected `text`"),
    "no-mmproj": _unless(lambda _: True, 500, "image input is not supported - hint: you may need the mmproj"),
    "too-long": _unless(lambda _: True, 400, "This model's maximum context length is 128 tokens"),
    "moved": lambda *_: Response(status_code=307, headers={"location": "https://elsewhere.example/v1"}),
    "no-gzip": lambda *_: Response("{}", headers={"content-encoding": "gzip"}),
    "page": lambda *_: HTMLResponse("<html><h1>Welcome</h1></html>"),
    "new-tokens": _unless(
        lambda body: "max_tokens" in body,
        400,
        "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
    ),
    "cool": _unless(
        lambda body: "temperature" in body, 400, "Unsupported value: 'temperature' does not support 0"
    ),
    "no-usage": _unless(lambda body: "stream_options" in body, 422, "Unexpected fields: {'stream_options'}"),
    "no-stream": _unless(lambda body: body.get("stream"), 400, "This account must be verified to stream."),
    "strict": lambda body, *_: next(
        (
            _error(400, f"{field} is not supported, use max_completion_tokens")
            for field in ("max_tokens", "temperature", "stream_options", "stream")
            if field in body
        ),
        None,
    ),
}


@contextmanager
def serve(app: Any) -> Iterator[int]:
    """Runs an ASGI app on a free loopback port in a thread; yields the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@contextmanager
def fake_endpoint() -> Iterator[FakeEndpoint]:
    endpoint = FakeEndpoint()
    with serve(endpoint.app) as port:
        endpoint.port = port
        yield endpoint
