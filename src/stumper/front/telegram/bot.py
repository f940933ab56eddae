"""Takes one update at a time from each chat, does it once, and answers it.

An update is noted as taken after its answer was sent. Killed in between, it comes again from Telegram: the
game knows each move by its key, and only what was not sent is sent. Errors end here as kind words; without
Telegram or a database the update is left for later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from weakref import WeakValueDictionary

import structlog

from stumper.app import App
from stumper.config import cookie_secret
from stumper.errors import BadSetting, Blocked, ServiceAway, ServiceRefused, StoreError, StumperError
from stumper.front.auth import Cookies
from stumper.front.refusals import in_words
from stumper.front.telegram import asides, joining, leaving, playing, queries, refereeing, scores, showing
from stumper.front.telegram.client import Telegram
from stumper.front.telegram.incoming import Incoming, Kind
from stumper.front.telegram.talk import BotParts, Talk
from stumper.front.telegram.watch import Watch
from stumper.records import TurnId
from stumper.store.sole import held

log = structlog.get_logger()

Answer = Callable[[Talk], Awaitable[None]]

_COMMANDS: Final[dict[str, Answer]] = {
    "start": joining.start,
    "play": playing.play,
    "quick": playing.quick,
    "stop": playing.stop,
    "referee": refereeing.referee,
    "me": scores.me,
    "boards": scores.boards,
    "language": asides.language,
    "notices": asides.notices,
    "web": asides.web,
    "privacy": asides.privacy,
    "delete": asides.delete,
    "help": asides.help_,
}
_TAPS: Final[dict[str, Answer]] = {
    "lang": joining.choose_language,
    "join": joining.agree,
    "home": asides.home,
    "play": playing.play,
    "quick": playing.quick,
    "right": playing.right,
    "wrong": playing.wrong,
    "again": playing.again,
    "undo": playing.undo,
    "end": playing.result,
    "next": leaving.go_on,
    "why": leaving.why,
    "skip": leaving.skip,
    "report": leaving.report,
    "flag": leaving.flag,
    "stay": leaving.stay,
    "more": leaving.more,
    "boards": scores.boards,
    "referee": refereeing.referee,
    "rule": refereeing.rule,
    "notices": asides.notices,
    "delete": asides.delete_tapped,
}
_FOR_STRANGERS: Final = {joining.start, joining.choose_language, joining.agree, asides.help_, asides.privacy}
_KEEP_TAKEN_S: Final = 48 * 3600.0
_TAKE_OVER_S: Final = 5.0
"""How often a bot looks whether the one that tells the time is gone."""


class ChatBot:
    """The bot over an open app; several may run on one database."""

    def __init__(
        self,
        app: App,
        telegram: Telegram,
        *,
        name: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._app = app
        self.telegram = telegram
        self._watch = Watch(clock=app.clock)
        self.parts = BotParts(
            app=app,
            telegram=telegram,
            bot_name=name,
            watch=self._watch,
            jar=Cookies(cookie_secret(app.settings), secure=False),  # it gives no cookie to a browser
            sleep=sleep,
        )
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def keep_time(self) -> None:
        """Tells players how much time is left, until it is cancelled; begins with what is open already.

        Of several bots on one database one does; when it ends, also by a kill, another one takes over.
        """
        while True:
            try:
                with held(self._app.settings.database_url, "telegram", kind="clocks") as mine:
                    if mine:
                        await self._tell_time()
            except StoreError as error:
                log.warning("no clocks are told for now", reason=str(error))
            await asyncio.sleep(_TAKE_OVER_S)

    async def _tell_time(self) -> None:
        async with self._app.database.read() as tx:
            for chat_id, turn_id in [*await queries.open_turns(tx), *await queries.ended_turns(tx)]:
                self._watch.at(self._app.clock(), chat_id, turn_id)
        await self._watch.run(self._look)

    async def _look(self, chat_id: int, turn_id: TurnId) -> None:
        async with self._lock(chat_id):
            async with self._app.database.read() as tx:
                link = await queries.find_link(tx, chat_id)
            if link is None or link.blocked:
                return
            try:
                await showing.look(Talk(self.parts, chat_id=chat_id, link=link), turn_id)
            except Blocked:
                await self._block(chat_id, at=self._app.clock())

    def _lock(self, chat_id: int) -> asyncio.Lock:
        lock = self._locks.get(chat_id)
        if lock is None:
            lock = self._locks[chat_id] = asyncio.Lock()
        return lock

    async def take(self, update: Incoming) -> None:
        """Does what an update asks for, unless it was done before.

        Raises ServiceAway or StoreError where it can be neither done nor answered now, and BadSetting for a
        token that is no longer valid: then it was not taken, and may come again.
        """
        async with self._lock(update.chat_id):
            async with self._app.database.read() as tx:
                if await queries.was_taken(tx, update.id):
                    return
                link = await queries.find_link(tx, update.chat_id) if update.private else None
            try:
                if link is not None and link.blocked and update.kind is not Kind.BLOCK:
                    await self._block(update.chat_id, at=None)
                await self._answer(Talk(self.parts, chat_id=update.chat_id, link=link, incoming=update))
            except Blocked:
                await self._block(update.chat_id, at=self._app.clock())
            now = self._app.clock()
            async with self._app.database.begin() as tx:
                await queries.take(tx, update.id, now=now)

    async def tidy(self) -> None:
        """Forgets updates that cannot come again, every hour until it is cancelled."""
        while True:
            try:
                async with self._app.database.begin() as tx:
                    await queries.forget_taken(tx, before=self._app.clock() - _KEEP_TAKEN_S)
            except Exception as error:  # the bot's loop: the next hour does it
                log.warning("old updates stay", reason=repr(error))
            await asyncio.sleep(3600)

    async def _block(self, chat_id: int, *, at: float | None) -> None:
        if at is not None:
            self._watch.leave(chat_id)
        async with self._app.database.begin() as tx:
            await queries.set_blocked(tx, chat_id, at=at)

    async def _answer(self, talk: Talk) -> None:
        try:
            await self._route(talk)
        except (ServiceAway, Blocked, StoreError, BadSetting):
            raise
        except StumperError as error:
            await _apologise(talk, in_words(error.code, str(error), talk.words))
        except Exception as error:  # the bot's loop: one update's fault must not stop the others
            log.error("an update failed", update=talk.incoming.id, error=self.telegram.scrub(repr(error)))
            await _apologise(
                talk, talk.words("Something broke on our side. Nothing you did is lost; please try again.")
            )

    async def _route(self, talk: Talk) -> None:
        update = talk.incoming
        if update.kind is Kind.BLOCK:
            raise Blocked("The user stopped the bot.")
        if update.kind is Kind.UNBLOCK:
            return
        if not update.private:
            await _in_a_group(talk)
            return
        answer = _answer_to(talk)
        if talk.link is None and answer not in _FOR_STRANGERS:
            answer = joining.strangers
        await answer(talk)


def _answer_to(talk: Talk) -> Answer:
    update = talk.incoming
    if update.kind is Kind.TAP:
        return _TAPS.get(update.text.partition(":")[0], asides.home)
    if update.kind is Kind.EDIT:
        return asides.edited
    if update.kind is Kind.THING:
        return asides.unreadable
    command, _ = update.command
    return _COMMANDS.get(command, asides.help_) if command else playing.hear


async def _in_a_group(talk: Talk) -> None:
    """Groups are not played in; only who calls the bot by a command or a button is told so."""
    told = talk.words("Pixel plays in private: t.me/{bot}", bot=talk.parts.bot_name)
    if talk.incoming.tap_id:
        await talk.nod(told)
    elif talk.incoming.command[0]:
        await talk.say(told)


async def _apologise(talk: Talk, text: str) -> None:
    await talk.nod()  # the button stops turning; a line on top of the chat would be cut short
    with suppress(ServiceRefused):
        await talk.say(text)
