"""Speaks to the Bot API over aiogram: text, pictures, buttons; patient, and silent about the token.

aiogram puts the token into every address. So no error of aiogram or aiohttp leaves this file, neither as a
message nor as a cause: what leaves is an error of ours, its text scrubbed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

import stamina

from stumper.errors import BadSetting, Blocked, Conflict, ServiceAway, ServiceRefused

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.methods import TelegramMethod
    from aiogram.types import InlineKeyboardMarkup, Update

T = TypeVar("T")

TEXT_CHARS: Final = 4096
CAPTION_CHARS: Final = 1024
UPDATES: Final = ["message", "edited_message", "callback_query", "my_chat_member"]
_LONGEST_WAIT_S: Final = 60.0
"""A flood limit that lasts longer is not waited out in the middle of a conversation."""

# Whoever called gets one error in plain words; a line for each attempt would only repeat it.
stamina.instrumentation.set_on_retry_hooks(())


class Button(NamedTuple):
    """A button under a message: it carries ``data`` (1 to 64 bytes), or opens an address or the Mini App."""

    text: str
    data: str = ""
    url: str = ""
    app: str = ""


Rows = Sequence[Sequence[Button]]


class _Again(Exception):
    """May go better in a moment."""

    def __init__(self, text: str, *, after_s: float | None = None) -> None:
        super().__init__(text)
        self.after_s = after_s


class Telegram:
    """A bot's side of the Bot API at ``api``; ``first_wait_s`` is the shortest pause before a new attempt.

    Every call raises BadSetting for a token that Telegram does not know, Blocked for a person who blocked
    the bot, ServiceRefused, or ServiceAway when ``attempts`` have failed.
    """

    def __init__(self, token: str, *, api: str, attempts: int = 6, first_wait_s: float = 0.5) -> None:
        self._token = token
        self._bot = _open(token, api)
        self._attempts = attempts
        self._first_wait_s = first_wait_s
        self.host = urlsplit(api).netloc

    async def close(self) -> None:
        await self._bot.session.close()

    def parse(self, body: bytes) -> Update:
        """Reads an update that came over the webhook. Raises ValueError for anything else."""
        from aiogram.types import Update

        return Update.model_validate_json(body, context={"bot": self._bot})

    async def name(self) -> str:
        """Returns the bot's user name."""
        from aiogram.methods import GetMe

        return str((await self._call(GetMe())).username)

    async def updates(self, *, offset: int | None, timeout_s: int) -> list[Update]:
        """Waits up to ``timeout_s`` for updates from ``offset`` on; what is older is forgotten by Telegram.

        Raises Conflict while another process asks too.
        """
        from aiogram.methods import GetUpdates

        method = GetUpdates(offset=offset, timeout=timeout_s, allowed_updates=UPDATES)
        return await self._call(method, timeout_s=timeout_s + 20)

    async def text(self, chat_id: int, text: str, *, buttons: Rows = (), force_reply: bool = False) -> int:
        """Sends plain text, cut at Telegram's limit, and returns the message's number."""
        from aiogram.methods import SendMessage
        from aiogram.types import ForceReply

        markup = ForceReply(force_reply=True) if force_reply else _keyboard(buttons)
        sent = await self._call(
            SendMessage(chat_id=chat_id, text=_cut(text, TEXT_CHARS), reply_markup=markup)
        )
        return int(sent.message_id)

    async def photo(self, chat_id: int, data: bytes, *, caption: str = "", buttons: Rows = ()) -> int:
        """Sends a picture and returns the message's number."""
        from aiogram.methods import SendPhoto
        from aiogram.types import BufferedInputFile

        sent = await self._call(
            SendPhoto(
                chat_id=chat_id,
                photo=BufferedInputFile(data, "picture"),
                caption=_cut(caption, CAPTION_CHARS) or None,
                reply_markup=_keyboard(buttons),
            )
        )
        return int(sent.message_id)

    async def edit(self, chat_id: int, message_id: int, text: str, *, buttons: Rows = ()) -> None:
        """Gives a message another text and other buttons; nothing happens if it is gone or the same."""
        from aiogram.methods import EditMessageText

        method = EditMessageText(
            chat_id=chat_id,
            message_id=message_id,
            text=_cut(text, TEXT_CHARS),
            reply_markup=_keyboard(buttons),
        )
        with suppress(ServiceRefused):
            await self._call(method)

    async def edit_caption(self, chat_id: int, message_id: int, caption: str) -> None:
        """Gives a picture another caption and no buttons; nothing happens if it is gone or the same."""
        from aiogram.methods import EditMessageCaption

        with suppress(ServiceRefused):
            await self._call(
                EditMessageCaption(
                    chat_id=chat_id, message_id=message_id, caption=_cut(caption, CAPTION_CHARS)
                )
            )

    async def delete(self, chat_id: int, message_id: int) -> None:
        """Takes a message of the bot's out of the chat; nothing happens if it is gone, or two days old."""
        from aiogram.methods import DeleteMessage

        with suppress(ServiceRefused):
            await self._call(DeleteMessage(chat_id=chat_id, message_id=message_id))

    async def answer(self, tap_id: str, text: str = "") -> None:
        """Answers a tap, with a short line on top of the chat; nothing happens if it is too old."""
        from aiogram.methods import AnswerCallbackQuery

        with suppress(ServiceRefused):
            await self._call(AnswerCallbackQuery(callback_query_id=tap_id, text=_cut(text, 200) or None))

    async def commands(self, named: Sequence[tuple[str, str]], *, language: str | None = None) -> None:
        """Tells Telegram which commands to offer, for users of one language or for all others."""
        from aiogram.methods import SetMyCommands
        from aiogram.types import BotCommand

        offered = [BotCommand(command=name, description=about) for name, about in named]
        await self._call(SetMyCommands(commands=offered, language_code=language))

    async def listen_at(self, url: str, *, secret: str) -> None:
        """Has updates sent to ``url``, with ``secret`` in a header."""
        from aiogram.methods import SetWebhook

        await self._call(SetWebhook(url=url, secret_token=secret, allowed_updates=UPDATES))

    async def stop_listening(self) -> None:
        """Ends the webhook; updates that wait are kept."""
        from aiogram.methods import DeleteWebhook

        await self._call(DeleteWebhook(drop_pending_updates=False))

    async def _call(self, method: TelegramMethod[T], *, timeout_s: int = 30) -> T:
        attempts = stamina.retry_context(
            on=_wait_before_next,
            attempts=self._attempts,
            timeout=None,
            wait_initial=self._first_wait_s,
            wait_max=10.0,
            wait_jitter=self._first_wait_s,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    return await self._once(method, timeout_s)
        except _Again as last:
            raise ServiceAway(str(last)) from None
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, method: TelegramMethod[T], timeout_s: int) -> T:
        from aiogram.exceptions import AiogramError

        try:
            return await self._bot(method, request_timeout=timeout_s)
        except (AiogramError, OSError) as error:
            raised = self._ours(error)
        raise raised  # outside the handler: the error with the address in it is no cause

    def _ours(self, error: Exception) -> Exception:
        """Returns an error of ours for one of aiogram's."""
        from aiogram import exceptions as theirs

        said = self.scrub(str(error))[:300]
        if isinstance(error, theirs.TelegramUnauthorizedError | theirs.TelegramNotFound):
            return BadSetting(
                f"{self.host} does not know the bot's token. Take it from @BotFather "
                "and set STUMPER_TELEGRAM_TOKEN."
            )
        if isinstance(error, theirs.TelegramRetryAfter):
            return _Again(f"Telegram asks to wait {error.retry_after} s.", after_s=float(error.retry_after))
        if isinstance(error, theirs.TelegramConflictError):
            return Conflict(f"Another process takes this bot's updates: {said}. Stop one of the two.")
        if isinstance(error, theirs.TelegramForbiddenError) or "chat not found" in said.lower():
            return Blocked(f"This person cannot be written to: {said}")
        if isinstance(error, theirs.TelegramBadRequest | theirs.TelegramEntityTooLarge):
            return ServiceRefused(f"Telegram does not do that: {said}")
        return _Again(f"{self.host} cannot be reached now: {said}")

    def scrub(self, text: str) -> str:
        """Returns the text without the token, as it is and as it stands in an address."""
        for form in {self._token, quote(self._token, safe=""), self._token.partition(":")[2]}:
            text = text.replace(form, "***") if form else text
        return text


def _open(token: str, api: str) -> Bot:
    try:
        from aiogram import Bot
        from aiogram.client.session.aiohttp import AiohttpSession
        from aiogram.client.telegram import TelegramAPIServer
        from aiogram.utils.token import TokenValidationError
    except ImportError as error:
        raise BadSetting("The bot needs aiogram: pip install 'stumper[telegram]'") from error
    if urlsplit(api).scheme not in {"http", "https"}:
        raise BadSetting("STUMPER_TELEGRAM_API is no address. Leave it out, or write https://HOST.")
    # Braces would be taken for places of aiogram's own in the address.
    server = TelegramAPIServer.from_base(api.replace("{", "{{").replace("}", "}}"))
    try:
        return Bot(token, session=AiohttpSession(api=server))
    except TokenValidationError:
        fault = BadSetting(
            "STUMPER_TELEGRAM_TOKEN does not look like a token (digits, a colon, letters). "
            "Take it from @BotFather."
        )
    raise fault


def _wait_before_next(error: Exception) -> bool | float:
    if not isinstance(error, _Again):
        return False
    if error.after_s is None:
        return True
    return error.after_s if error.after_s <= _LONGEST_WAIT_S else False


def _keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    from aiogram.types import InlineKeyboardMarkup

    if not rows:
        return None
    return InlineKeyboardMarkup(inline_keyboard=[[_key(button) for button in row] for row in rows])


def _key(button: Button) -> Any:
    from aiogram.types import InlineKeyboardButton, WebAppInfo

    return InlineKeyboardButton(
        text=button.text,
        callback_data=button.data or None,
        url=button.url or None,
        web_app=WebAppInfo(url=button.app) if button.app else None,
    )


def _cut(text: str, limit: int) -> str:
    """Telegram counts UTF-16 units: an emoji is two."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * limit:
        return text
    return units[: 2 * limit - 2].decode("utf-16-le", errors="ignore") + "…"
