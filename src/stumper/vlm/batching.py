"""Questions that wait while a model works are answered together in its next batch. Knows no model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, NamedTuple, TypeVar

from stumper.observe.metrics import MODEL_WAITING

T = TypeVar("T")


class Asked(NamedTuple):
    image: bytes
    question: str


class Batcher(Generic[T]):
    """Gives what was asked to ``answer``, at most ``largest`` at a time, in one thread of its own.

    One thread: an engine is not to be shared, and the event loop stays free while it works. ``answer``
    returns a result or an exception for each question, in order; what it raises is every question's.
    """

    def __init__(
        self, answer: Callable[[Sequence[Asked]], Sequence[T | Exception]], *, largest: int, name: str
    ) -> None:
        self._answer = answer
        self._largest = largest
        self._waiting: list[tuple[Asked, asyncio.Future[T]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._queued = MODEL_WAITING.labels(name)
        self.closed = False

    async def ask(self, image: bytes, question: str) -> T:
        """Returns the result of one question, or raises its exception."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((Asked(image, question), answer))
        self._queued.inc()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def alone(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Runs something else in the thread, between two batches."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def close(self) -> None:
        """Lets the questions that wait be answered, then stops."""
        self.closed = True
        if self._worker is not None:
            await asyncio.gather(self._worker, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown)

    async def _work(self) -> None:
        """Answers what waits, batch after batch, until nothing does."""
        while self._waiting:
            batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
            self._queued.dec(len(batch))
            results = await self.alone(self._answered, [asked for asked, _ in batch])
            for (_, answer), result in zip(batch, results, strict=True):
                if answer.done():  # the player has gone
                    continue
                if isinstance(result, Exception):
                    answer.set_exception(result)
                else:
                    answer.set_result(result)

    def _answered(self, batch: Sequence[Asked]) -> Sequence[T | Exception]:
        try:
            return self._answer(batch)
        except Exception as error:  # else the questions would wait for ever
            return [error] * len(batch)
