"""Sends what players are told outside the game: paced, never at night, to those who allow it.

One bot at a time holds the outbox (a lease in the database, renewed before each message). A message is marked
as sent right after Telegram took it: a bot that dies in that moment leaves one message, which may come twice.
"""

from __future__ import annotations

import asyncio
import random
from typing import Final

import structlog

from stumper.app import App
from stumper.errors import BadSetting, Blocked, ServiceAway, ServiceError
from stumper.front.i18n import words_in
from stumper.front.telegram import queries
from stumper.front.telegram.client import Button, Telegram
from stumper.front.telegram.pace import Pace, sleeps
from stumper.front.telegram.queries import Notice
from stumper.front.telling import told
from stumper.progress.news.post import MessageKind
from stumper.progress.reminders import remind

log = structlog.get_logger()

LEASE_S: Final = 300.0
"""Longer than one message may take with all its attempts (six, of 30 s at most and the pauses between)."""
_BATCH: Final = 200
_EVERY_S: Final = 60.0
_STALE_S: Final = {MessageKind.STREAK: 8 * 3600.0}
"""What is said of tonight is not said tomorrow."""
_OLD_S: Final = 7 * 24 * 3600.0


class Outbox:
    """Sends the notices of one database through one bot."""

    def __init__(self, app: App, telegram: Telegram, *, pace: Pace | None = None) -> None:
        self._app = app
        self._telegram = telegram
        self._pace = pace or Pace()
        self._held: float | None = None

    async def run(self) -> None:
        """Sends until it is cancelled. Raises BadSetting for a token that is no longer valid."""
        while True:
            try:
                await self.send_due()
            except BadSetting:
                raise
            except Exception as error:  # the bot's loop: what is unsent is in the database
                log.warning("notices wait", reason=self._telegram.scrub(repr(error)))
            await asyncio.sleep(_EVERY_S)

    async def send_due(self) -> int:
        """Sends all that may be sent now and returns how many; 0 while another bot does.

        Raises ServiceAway, or BadSetting for a wrong token.
        """
        if not await self._hold():
            return 0
        try:
            await remind(self._app.database, now=self._app.clock(), rng=random.SystemRandom())
            return await self._send_all()
        finally:
            await self._leave()

    async def _send_all(self) -> int:
        sent, after = 0, (0.0, "")
        while True:
            since = self._app.clock() - _OLD_S
            async with self._app.database.read() as tx:
                batch = await queries.unsent(tx, after=after, since=since, limit=_BATCH)
            for notice in batch:
                if not self._may_leave(notice):
                    continue
                await self._pace.wait(notice.chat_id)
                if not await self._hold():
                    return sent
                sent += await self._send(notice)
            if len(batch) < _BATCH:
                return sent
            after = (batch[-1].message.written_at, batch[-1].message.id)

    def _may_leave(self, notice: Notice) -> bool:
        now = self._app.clock()
        old = now - notice.message.written_at > _STALE_S.get(notice.message.kind, _OLD_S)
        return not old and not sleeps(notice.time_zone, now=now)

    async def _send(self, notice: Notice) -> bool:
        """Sends one message and marks it; False if there is no need or no way to send it any more."""
        async with self._app.database.read() as tx:
            if not await queries.still_unsent(tx, notice):
                return False
        words = words_in(notice.language)
        buttons = [
            [Button(words("Play"), "play")],
            [Button(words("No more messages like this"), "notices:off")],
        ]
        blocked = False
        try:
            await self._telegram.text(notice.chat_id, told(notice.message, words), buttons=buttons)
        except Blocked:
            blocked = True
        except (ServiceAway, BadSetting):
            raise
        except ServiceError as error:  # this one message cannot be sent: the others can
            log.warning("a notice was refused", reason=str(error))
        async with self._app.database.begin() as tx:
            if blocked:  # not marked: should they come back, it is still news
                await queries.set_blocked(tx, notice.chat_id, at=self._app.clock())
            else:
                await queries.mark_sent(tx, notice.message.id, now=self._app.clock())
        return not blocked

    async def _hold(self) -> bool:
        now = self._app.clock()
        async with self._app.database.begin() as tx:
            mine = await queries.hold_outbox(tx, held=self._held, now=now, lease_s=LEASE_S)
        self._held = now if mine else None
        return mine

    async def _leave(self) -> None:
        if self._held is not None:
            async with self._app.database.begin() as tx:
                await queries.leave_outbox(tx, held=self._held)
            self._held = None
