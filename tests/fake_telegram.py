"""A small Bot API on loopback: keeps chats as a phone would show them, and fails when a test says so."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.fake_endpoint import serve

TOKEN = "123456:AA-test_token-of-no-bot"
DROP = "drop"
"""A fault: the connection breaks in the middle of the answer."""


@dataclass(slots=True)
class Shown:
    """One message of the bot as a phone shows it."""

    id: int
    text: str
    photo: bytes | None = None
    buttons: list[dict[str, Any]] = field(default_factory=list)
    force_reply: bool = False

    def button(self, start: str) -> str:
        """Returns what the first button carries whose data begins so."""
        return next(b["callback_data"] for b in self.buttons if b.get("callback_data", "").startswith(start))


class FakeTelegram:
    """What was called, what chats show, what waits to be fetched."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.at: list[float] = []
        """When each call came, in seconds of a clock that never goes back."""
        self.chats: dict[int, list[Shown]] = defaultdict(list)
        self.faults: dict[str, list[Any]] = defaultdict(list)
        self.waiting: list[dict[str, Any]] = []
        self.webhook: dict[str, Any] | None = None
        self.port = 0
        self._number = 100
        self._update = 1000
        self.app = Starlette(routes=[Route("/bot{token}/{method}", self.answer, methods=["POST"])])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def named(self, method: str) -> list[dict[str, Any]]:
        return [given for name, given in self.calls if name == method]

    def fail(self, method: str, *faults: Any) -> None:
        """Lets the next calls of ``method`` fail: DROP, (429, seconds), or (status, description)."""
        self.faults[method.lower()].extend(faults)

    # What people do.

    def update(self, user: int, **what: Any) -> dict[str, Any]:
        """Returns an update that was not sent before."""
        self._update += 1
        return {"update_id": self._update, **what}

    def said(self, user: int, text: str | None, *, chat: dict[str, Any] | None = None, **more: Any) -> Any:
        body = {**self._message(user, chat), **({"text": text} if text is not None else {}), **more}
        return self.update(user, message=body)

    def edited(self, user: int, text: str) -> Any:
        return self.update(user, edited_message={**self._message(user, None), "text": text, "edit_date": 2})

    def tapped(self, user: int, message_id: int, data: str) -> Any:
        message = {**self._message(user, None), "message_id": message_id, "text": "…"}
        query = {
            "id": f"tap{self._update}",
            "from": _person(user),
            "chat_instance": "1",
            "message": message,
            "data": data,
        }
        return self.update(user, callback_query=query)

    def member(self, user: int, status: str) -> Any:
        bot = {"id": 1, "is_bot": True, "first_name": "Bot"}
        was = {"status": "member", "user": bot}
        now = {"status": status, "user": bot, **({"until_date": 0} if status == "kicked" else {})}
        change = {
            "chat": _private(user),
            "from": _person(user),
            "date": 1,
            "old_chat_member": was,
            "new_chat_member": now,
        }
        return self.update(user, my_chat_member=change)

    def _message(self, user: int, chat: dict[str, Any] | None) -> dict[str, Any]:
        self._number += 1
        return {
            "message_id": self._number,
            "date": 1,
            "chat": chat or _private(user),
            "from": _person(user),
        }

    # What the bot calls.

    async def answer(self, request: Request) -> Response:
        method = request.path_params["method"].lower()
        async with request.form() as form:
            given = {name: await _value(value) for name, value in form.items()}
        self.calls.append((method, given))
        self.at.append(time.monotonic())
        if request.path_params["token"] != TOKEN:
            return _error(401, "Unauthorized")
        if self.faults[method]:
            return _fault(self.faults[method].pop(0))
        return await getattr(self, f"_{method}", self._ok)(given)

    async def _ok(self, given: dict[str, Any]) -> Response:
        return _result(True)

    async def _getme(self, given: dict[str, Any]) -> Response:
        return _result({"id": 123456, "is_bot": True, "first_name": "Pixel", "username": "pixel_bot"})

    async def _getupdates(self, given: dict[str, Any]) -> Response:
        offset = int(given.get("offset", 0))
        self.waiting = [update for update in self.waiting if update["update_id"] >= offset]
        until = time.monotonic() + min(float(given.get("timeout", 0)), 1.0)
        while not self.waiting and time.monotonic() < until:  # noqa: ASYNC110 (tests fill it in a thread)
            await asyncio.sleep(0.01)
        return _result(self.waiting[:100])

    async def _sendmessage(self, given: dict[str, Any]) -> Response:
        if len(given["text"].encode("utf-16-le")) > 2 * 4096:
            return _error(400, "Bad Request: message is too long")
        return self._show(given, given["text"])

    async def _sendphoto(self, given: dict[str, Any]) -> Response:
        data = given[given["photo"].removeprefix("attach://")]
        return self._show(given, given.get("caption", ""), photo=data)

    def _show(self, given: dict[str, Any], text: str, photo: bytes | None = None) -> Response:
        self._number += 1
        chat_id = int(given["chat_id"])
        markup = json.loads(given.get("reply_markup", "{}"))
        force_reply = bool(markup.get("force_reply"))
        shown = Shown(self._number, text, photo, _buttons(given), force_reply)
        self.chats[chat_id].append(shown)
        return _result({"message_id": self._number, "date": 1, "chat": _private(chat_id), "text": text})

    async def _editmessagetext(self, given: dict[str, Any]) -> Response:
        return self._edit(given, given["text"])

    async def _editmessagecaption(self, given: dict[str, Any]) -> Response:
        return self._edit(given, given.get("caption", ""))

    def _edit(self, given: dict[str, Any], text: str) -> Response:
        chat_id = int(given["chat_id"])
        for shown in self.chats[chat_id]:
            if shown.id == int(given["message_id"]):
                if (shown.text, shown.buttons) == (text, _buttons(given)):
                    return _error(400, "Bad Request: message is not modified")
                shown.text, shown.buttons = text, _buttons(given)
                return _result({"message_id": shown.id, "date": 1, "chat": _private(chat_id), "text": text})
        return _error(400, "Bad Request: message to edit not found")

    async def _deletemessage(self, given: dict[str, Any]) -> Response:
        chat = self.chats[int(given["chat_id"])]
        for shown in chat:
            if shown.id == int(given["message_id"]):
                chat.remove(shown)
                return _result(True)
        return _error(400, "Bad Request: message to delete not found")

    async def _setwebhook(self, given: dict[str, Any]) -> Response:
        self.webhook = given
        return _result(True)

    async def _deletewebhook(self, given: dict[str, Any]) -> Response:
        self.webhook = None
        return _result(True)


def _person(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": f"Ada {user}", "language_code": "en-GB"}


def _private(user: int) -> dict[str, Any]:
    return {"id": user, "type": "private", "first_name": f"Ada {user}"}


async def _value(value: Any) -> Any:
    return await value.read() if isinstance(value, UploadFile) else value


def _buttons(given: dict[str, Any]) -> list[dict[str, Any]]:
    rows = json.loads(given.get("reply_markup", "{}")).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _result(value: Any) -> Response:
    return JSONResponse({"ok": True, "result": value})


def _error(status: int, description: str, **more: Any) -> Response:
    return JSONResponse(
        {"ok": False, "error_code": status, "description": description, **more}, status_code=status
    )


def _fault(fault: Any) -> Response:
    if fault == DROP:
        return StreamingResponse(_cut(), headers={"Content-Length": "100"})
    status, what = fault
    if status == 429:
        return _error(429, "Too Many Requests", parameters={"retry_after": what})
    return _error(status, what)


async def _cut() -> AsyncIterator[bytes]:
    yield b'{"ok": tr'


@contextmanager
def fake_telegram() -> Iterator[FakeTelegram]:
    fake = FakeTelegram()
    with serve(fake.app) as port:
        fake.port = port
        yield fake
