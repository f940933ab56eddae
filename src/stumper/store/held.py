"""SQLite connections that a process keeps: the one writer's, and one to glance with.

A transaction of the writer begins and ends on the driver: SQLAlchemy keeps no account of it before one of its
own statements runs, and those of a move are prepared ones (`store.prepared`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, cast

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import StoreError
from stumper.observe.traces import span
from stumper.store.sqlite import Connection


class Held(AsyncConnection):
    """A connection that knows its driver's, so that prepared statements need not ask for it."""

    __slots__ = ("driver",)
    driver: Connection

    async def know_driver(self) -> None:
        """Looks its driver's connection up, once it is open."""
        self.driver = cast(Connection, (await self.get_raw_connection()).driver_connection)


class Keeper:
    """Opens a connection when it is first needed, and again once it is closed."""

    def __init__(self, open_: Callable[[], Awaitable[Held]]) -> None:
        self._open = open_
        self._held: Held | None = None
        self._opening = asyncio.Lock()

    async def held(self) -> Held:
        if self._held is None or self._held.closed:
            async with self._opening:  # of many who come at once one opens it
                if self._held is None or self._held.closed:
                    self._held = await self._open()
        return self._held

    async def close(self) -> None:
        if self._held is not None:
            await self._held.close()


class Glance:
    """Lends a connection whose statements run where they are asked for; each sees what is written by then."""

    __slots__ = ("_keeper",)

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def __aenter__(self) -> AsyncConnection:
        held = await self._keeper.held()
        held.driver.at_once = True
        return held

    async def __aexit__(self, *_: object) -> None:
        """Nothing was begun."""


class Writing:
    """One transaction of the writer, who lets one in at a time, in the order of arrival.

    SQLite lets one writer in and lets the others poll in no order: on a machine with ten times its load one
    of 300 waited out its busy timeout. ``refusal`` says what to raise in place of an error of the database.
    """

    __slots__ = ("_keeper", "_refusal", "_span", "_turn", "_writer")
    _span: AbstractContextManager[Any]
    _writer: Held

    def __init__(
        self, keeper: Keeper, turn: asyncio.Lock, refusal: Callable[[DBAPIError], StoreError | None]
    ) -> None:
        self._keeper, self._turn, self._refusal = keeper, turn, refusal

    async def __aenter__(self) -> AsyncConnection:
        self._span = span("database write")
        self._span.__enter__()
        try:
            await self._turn.acquire()
            try:
                self._writer = await self._keeper.held()
                await self._begun()
            except BaseException:
                self._turn.release()
                raise
        except BaseException as error:
            self._span.__exit__(type(error), error, error.__traceback__)
            raise
        return self._writer

    async def _begun(self) -> None:
        try:
            await self._writer.driver.begin_writing()
        except DBAPIError as error:
            self._refuse(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            try:
                if error is None:
                    await self._writer.driver.commit()
                elif isinstance(error, DBAPIError):
                    self._refuse(error)
            except DBAPIError as broken:
                self._refuse(broken)
                raise
            finally:
                await self._left()
        finally:
            self._span.__exit__(kind, error, trace)

    def _refuse(self, error: DBAPIError) -> None:
        """Raises what is to be said of an error, if anything is."""
        refusal = self._refusal(error)
        if refusal is not None:
            raise refusal from error

    async def _left(self) -> None:
        """Rolls back what was not committed, and lets the next one in."""
        writer = self._writer
        try:
            writer.driver.at_once = False
            if writer.driver.in_transaction or writer.in_transaction():
                await asyncio.shield(_undone(writer))
        finally:
            self._turn.release()


async def _undone(writer: Held) -> None:
    await writer.driver.rollback()
    if writer.in_transaction():
        await writer.rollback()
