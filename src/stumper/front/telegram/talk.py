"""One update being answered: who it is from, what is remembered of the chat, and how to speak there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from stumper.app import App
from stumper.errors import StumperError
from stumper.front.auth import Cookies
from stumper.front.i18n import Words, words_in
from stumper.front.refusals import in_words
from stumper.front.telegram import queries
from stumper.front.telegram.client import Rows, Telegram
from stumper.front.telegram.incoming import Incoming
from stumper.front.telegram.state import Link, Stand
from stumper.front.telegram.watch import Watch
from stumper.records import PlayerId


@dataclass(frozen=True, slots=True, kw_only=True)
class BotParts:
    """What every answer needs."""

    app: App
    telegram: Telegram
    bot_name: str
    watch: Watch
    jar: Cookies
    """Makes and reads what is signed: invitations, cards, passcodes."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    @property
    def mini_app(self) -> str:
        """Address of the Mini App; empty without https, which Telegram insists on."""
        url = self.app.settings.public_url
        return f"{url.rstrip('/')}/telegram" if urlsplit(url).scheme == "https" else ""


class Talk:
    """A chat while one update is answered; ``link`` is None for somebody who has not joined."""

    def __init__(
        self, parts: BotParts, *, chat_id: int, link: Link | None, incoming: Incoming | None = None
    ) -> None:
        self.parts = parts
        self.app = parts.app
        self.chat_id = chat_id
        self.link = link
        self.stand = link.stand if link else Stand()
        self._incoming = incoming
        self.words: Words = words_in(link.language if link else incoming.language if incoming else "en")

    @property
    def incoming(self) -> Incoming:
        if self._incoming is None:
            raise LookupError("nobody said anything: this talk was opened by the clock")
        return self._incoming

    @property
    def me(self) -> PlayerId:
        if self.link is None:
            raise LookupError("only a player gets here: `bot` sends others to the door")
        return self.link.player_id

    @property
    def argument(self) -> str:
        """What follows the command, or the name of the button's move."""
        if self.incoming.command[0]:
            return self.incoming.command[1]
        return self.incoming.text.partition(":")[2]

    def speak(self, language: str) -> None:
        """Goes on in another language."""
        self.words = words_in(language)

    async def say(self, text: str, *, buttons: Rows = (), force_reply: bool = False) -> int:
        """Sends plain text; returns the message's number."""
        return await self.parts.telegram.text(self.chat_id, text, buttons=buttons, force_reply=force_reply)

    async def refuse(self, error: StumperError, *, buttons: Rows = (), force_reply: bool = False) -> None:
        """Says why something cannot be, in the player's language."""
        told = in_words(error.code, str(error), self.words)
        await self.say(told, buttons=buttons, force_reply=force_reply)

    async def change(self, message_id: int | None, text: str, *, buttons: Rows = ()) -> None:
        """Gives an earlier message another text; nothing happens if there is none."""
        if message_id is not None:
            await self.parts.telegram.edit(self.chat_id, message_id, text, buttons=buttons)

    async def nod(self, text: str = "") -> None:
        """Answers the tap that brought us here, if it was one."""
        if self._incoming is not None and self._incoming.tap_id:
            await self.parts.telegram.answer(self._incoming.tap_id, text)

    async def keep(self, **changes: Any) -> None:
        """Remembers where the conversation stands now."""
        self.stand = replace(self.stand, **changes)
        async with self.app.database.begin() as tx:
            await queries.keep_stand(tx, self.chat_id, self.stand)

    async def reload(self) -> None:
        """Looks again who is behind the chat: somebody has just joined, or another account was linked."""
        async with self.app.database.read() as tx:
            self.link = await queries.find_link(tx, self.chat_id)
        if self.link is not None:
            self.stand = self.link.stand
            self.speak(self.link.language)
