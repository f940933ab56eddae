"""Asks Telegram for updates and hands them to the bot: what ``stumper telegram`` runs.

Telegram forgets an update once a later one is asked for. So the bot asks for the oldest that is not done:
what it was doing when it was killed comes again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from stumper.app import App, build
from stumper.config import Settings
from stumper.errors import BadSetting, Conflict, ServiceAway
from stumper.front.i18n import LANGUAGES, words_in
from stumper.front.opening import grow, make_playable, open_campaign
from stumper.front.telegram import asides
from stumper.front.telegram.bot import ChatBot
from stumper.front.telegram.client import Telegram
from stumper.front.telegram.incoming import Incoming, read
from stumper.front.telegram.outbox import Outbox
from stumper.monitoring.watch import watching

log = structlog.get_logger()

_LONG_POLL_S: Final = 25
_PAUSE_S: Final = 0.3
"""Between two looks while an update is still being answered."""
_AWAY_S: Final = 5.0
_TRIES: Final = 120
"""Ten minutes and more: one update that cannot be answered must not keep all later ones at Telegram."""
_CONFLICTS: Final = 6
"""A bot that is started anew may meet the last poll of the one before for a while."""


def run_bot(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Serves the chat until it is stopped. Raises BadSetting for a missing or wrong token."""
    with watching(settings, service="stumper-telegram"):
        asyncio.run(_serve(settings, say))


async def _serve(settings: Settings, say: Callable[[str], None]) -> None:
    telegram = open_telegram(settings)
    try:
        name = await telegram.name()  # first of all: a wrong token is told at once
        async with build(settings) as app:
            campaign = await open_campaign(app)
            await make_playable(app, campaign)
            say(f"The bot is at https://t.me/{name}  (stop with Ctrl+C)")
            async with working(app, telegram, name=name) as bot, one_error(), asyncio.TaskGroup() as tasks:
                tasks.create_task(grow(app, campaign))
                await poll(bot)
    finally:
        await telegram.close()


@asynccontextmanager
async def one_error() -> AsyncIterator[None]:
    """Raises the first error of a group of tasks alone: whatever stopped one task says why all stopped."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise _first(group) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def open_telegram(settings: Settings) -> Telegram:
    """Returns the client of the settings' bot. Raises BadSetting without a token."""
    if settings.telegram_token is None:
        raise BadSetting(
            "There is no bot token. Ask @BotFather in Telegram for one and set STUMPER_TELEGRAM_TOKEN."
        )
    return Telegram(settings.telegram_token.get_secret_value(), api=settings.telegram_api)


@asynccontextmanager
async def working(app: App, telegram: Telegram, *, name: str) -> AsyncIterator[ChatBot]:
    """A bot whose clocks and notices run beside; they end with the block."""
    bot = ChatBot(app, telegram, name=name)
    async with app.lapsing(), one_error(), asyncio.TaskGroup() as tasks:
        beside = [
            tasks.create_task(bot.keep_time()),
            tasks.create_task(Outbox(app, telegram).run()),
            tasks.create_task(_offer_commands(telegram)),
            tasks.create_task(bot.tidy()),
        ]
        try:
            yield bot
        finally:
            for task in beside:
                task.cancel()


async def _offer_commands(telegram: Telegram) -> None:
    """Tells Telegram the commands in every language; without them the bot works too."""
    try:
        await telegram.commands(asides.COMMANDS)
        for code in LANGUAGES:
            words = words_in(code)
            told = [(name, words(about)) for name, about in asides.COMMANDS]
            await telegram.commands(told, language=code)
    except ServiceAway as error:
        log.warning("commands are not offered", reason=str(error))


class Unfinished:
    """Updates that were handed out and are not done; Telegram is asked from the oldest of them on."""

    def __init__(self) -> None:
        self._doing: dict[int, asyncio.Task[None]] = {}
        self._done: set[int] = set()
        self._next: int | None = None

    @property
    def offset(self) -> int | None:
        return min(self._doing) if self._doing else self._next

    @property
    def busy(self) -> bool:
        return bool(self._doing)

    def known(self, update_id: int) -> bool:
        """Whether it is being done, or was done while another one was not."""
        return update_id in self._doing or update_id in self._done

    def add(self, update_id: int, task: asyncio.Task[None] | None) -> None:
        """Takes an update and who does it; None if there is nothing to do."""
        # Not the highest ever: after a quiet week Telegram counts from anywhere.
        self._next = update_id + 1
        if task is None:
            self._done.add(update_id)
        else:
            self._doing[update_id] = task
            task.add_done_callback(lambda _: self._finish(update_id))

    def _finish(self, update_id: int) -> None:
        self._doing.pop(update_id, None)
        self._done.add(update_id)
        if not self._doing:
            self._done.clear()


async def poll(bot: ChatBot) -> None:
    """Takes updates until it is cancelled. Raises BadSetting for a wrong token, Conflict for a second bot."""
    await bot.telegram.stop_listening()
    unfinished, conflicts = Unfinished(), 0
    async with one_error(), asyncio.TaskGroup() as tasks:
        while True:
            try:
                wait_s = 0 if unfinished.busy else _LONG_POLL_S
                updates = await bot.telegram.updates(offset=unfinished.offset, timeout_s=wait_s)
                conflicts = 0
            except Conflict:
                conflicts += 1
                if conflicts >= _CONFLICTS:
                    raise
                await asyncio.sleep(_AWAY_S)
                continue
            except ServiceAway as error:
                log.warning("waiting for Telegram", reason=str(error))
                await asyncio.sleep(_AWAY_S)
                continue
            for update in updates:
                if not unfinished.known(update.update_id):
                    said = read(update)
                    task = None if said is None else tasks.create_task(_take(bot, said))
                    unfinished.add(update.update_id, task)
            if unfinished.busy:
                await asyncio.sleep(_PAUSE_S)


async def _take(bot: ChatBot, update: Incoming) -> None:
    """Does one update, again and again while Telegram or the database is away; then it is given up."""
    for _ in range(_TRIES):
        try:
            await bot.take(update)
        except BadSetting:
            raise
        except Exception as error:  # the bot's loop: a database that restarts must not end it
            reason = bot.telegram.scrub(repr(error))
            log.warning("an update waits", update=update.id, reason=reason)
            await asyncio.sleep(_AWAY_S)
        else:
            return
    log.error("an update is given up", update=update.id)
