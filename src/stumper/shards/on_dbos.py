"""Shards as durable workflows on a queue that `stumper work` processes take from.

The command that puts them there works too, so it ends without any worker; killed, it leaves them to the
workers, and started again joins what still waits. On SQLite, which one process holds at a time, it works
alone and keeps the queue beside the results.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import structlog
from dbos import WorkflowHandleAsync
from sqlalchemy.engine import make_url

from stumper.jobs import Jobs
from stumper.shards.hands import FATAL, Failure, Hands
from stumper.shards.plan import Shard
from stumper.shards.results import Job

log = structlog.get_logger()

QUEUE: Final = "shards"
_LOOK_S: Final = 5.0
"""Between two looks for workers that died."""
_POLL_S: Final = 0.2

Workflow = Callable[[dict[str, Any], dict[str, Any]], Coroutine[Any, Any, str | None]]


class ShardWorker:
    """The workflow of a shard, for a process that takes shards from the queue."""

    def __init__(self, jobs: Jobs) -> None:
        """To be made before ``jobs`` are launched."""
        self._hands = Hands()
        # One thread: a model is not to be shared, and one shard at a time is in memory.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shards")

        @jobs.step("work shard")
        async def step(job: dict[str, Any], shard: dict[str, Any]) -> str | None:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._hands.attempt, Job(**job), Shard(**shard))

        @jobs.workflow("shard")
        async def workflow(job: dict[str, Any], shard: dict[str, Any]) -> str | None:
            return await step(job, shard)

        self.workflow: Workflow = workflow

    def close(self) -> None:
        """Waits for the shard that is being done."""
        self._thread.submit(self._hands.close)
        self._thread.shutdown()


def work_on_dbos(job: Job, todo: Sequence[Shard], tell: Callable[[int], None], *, url: str) -> list[Failure]:
    """Puts shards on the queue at ``url`` and works until all are done; returns those that failed.

    Raises StoreError if the queue's database is away, and what ends the work for every shard.
    """
    if make_url(url).get_backend_name() == "sqlite":
        url = f"sqlite:///{Path(job.folder) / 'queue.db'}"
    return asyncio.run(_work(job, todo, tell, url))


async def _work(job: Job, todo: Sequence[Shard], tell: Callable[[int], None], url: str) -> list[Failure]:
    jobs = Jobs(url, worker=f"shards-{uuid.uuid4().hex[:12]}", queues=[QUEUE])
    worker = ShardWorker(jobs)
    failures = []
    try:
        async with jobs, _watched(jobs):
            handles = await _put(jobs, worker.workflow, job, todo)
            try:
                for ended, (shard, handle) in enumerate(zip(todo, handles, strict=True), start=1):
                    error = await handle.get_result(polling_interval_sec=_POLL_S)
                    if error is not None:
                        failures.append(Failure(shard, error))
                    tell(ended)
            except FATAL:  # it would be refused to the others as well
                await jobs.cancel([handle.workflow_id for handle in handles])
                raise
    finally:
        await asyncio.to_thread(worker.close)
    return failures


async def _put(
    jobs: Jobs, workflow: Workflow, job: Job, todo: Sequence[Shard]
) -> list[WorkflowHandleAsync[str | None]]:
    """Puts each shard on the queue, or joins who has it already: a command that was killed left it there."""
    await _rescue(jobs)
    # A name is this run's own, so that a shard that failed before is tried again.
    waiting = {one.workflow_id.partition(".")[0]: one.workflow_id for one in await jobs.unfinished(QUEUE)}
    run = uuid.uuid4().hex[:12]
    told = asdict(job)
    handles = []
    for shard in todo:
        place = _place(job, shard)
        if known := waiting.get(place):
            handles.append(await jobs.join(known))
        else:
            name = f"{place}.{run}"
            handles.append(await jobs.enqueue(QUEUE, workflow, told, asdict(shard), workflow_id=name))
    return handles


def _place(job: Job, shard: Shard) -> str:
    """Names a result and the folder it goes to: what another command has made for another file is not it."""
    return f"{job.key(shard)}-{hashlib.sha256(job.folder.encode()).hexdigest()[:16]}"


@asynccontextmanager
async def _watched(jobs: Jobs) -> AsyncIterator[None]:
    """Gives what a dead worker had taken to others, for as long as the block runs."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                await _rescue(jobs)
            except Exception as error:  # the next look may find the database again
                log.warning("could not look for workers that died", error=type(error).__name__)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _rescue(jobs: Jobs) -> None:
    taken = [one for one in await jobs.unfinished(QUEUE) if one.status == "PENDING"]
    dead = [
        name for name in {one.executor_id for one in taken} if not await asyncio.to_thread(jobs.alive, name)
    ]
    await jobs.put_back(QUEUE, [one for one in taken if one.executor_id in dead])
