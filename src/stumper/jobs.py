"""Durable jobs on DBOS: a workflow that was killed goes on after its last finished step.

The same code runs in process on SQLite and as named workers on PostgreSQL. DBOS keeps its state in a file
or database of its own. A workflow is an ``async`` function that only calls steps; a step does the work, must
bear being run again (it may have been killed just before its end), and returns something small to pickle.

    jobs = Jobs("sqlite:///data/jobs.db")

    @jobs.step("freeze")
    async def freeze_it(round_id: str) -> str: ...

    @jobs.workflow("close round")
    async def close(round_id: str) -> str:
        return await freeze_it(round_id)

    async with jobs:
        await jobs.run(close, "r1", workflow_id="close-r1")
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, ParamSpec, Self, TypeVar, cast

from dbos import DBOS, DBOSClient, DBOSConfig, SetWorkflowID, WorkflowHandleAsync, WorkflowStatus
from dbos import error as dbos_error
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from stumper import __version__
from stumper.errors import Conflict, JobFailed, StoreError, StumperError
from stumper.observe.traces import carrier, resumed
from stumper.observe.work import stepping, working
from stumper.store.sole import held, is_held, sole

P = ParamSpec("P")
R = TypeVar("R")
Function = Callable[P, Coroutine[Any, Any, R]]

# How often a result is looked for that another task or process works out.
_POLL_S = 0.2
# Argument of every workflow that is kept with it: the request and the trace in which it was begun.
_CARRIED = "_carried"
# Workflows of a queue that a process takes at once: one to do, one to begin without waiting for a look.
_AHEAD = 2


class Waiting(NamedTuple):
    """A job that was begun, is not done, and that nobody works on."""

    workflow_id: str
    worker: str
    """Whose it is: a worker of this name goes on with it."""


def waiting(url: str) -> list[Waiting]:
    """Returns the jobs whose worker is not running; none where no job was ever begun.

    Reads only, and blocks: call it in a thread. Raises StoreError without a database.
    """
    parsed = make_url(url)
    on_sqlite = parsed.get_backend_name() == "sqlite"
    if on_sqlite and not Path(str(parsed.database)).exists():
        return []
    full = parsed if on_sqlite else parsed.set(drivername="postgresql+psycopg")
    client = DBOSClient(
        system_database_url=full.render_as_string(hide_password=False),
        lazy=True,
        retry_connection_errors=False,
    )
    try:
        found = client.list_workflows(status=["PENDING", "ENQUEUED"], load_input=False, load_output=False)
    except (DBAPIError, dbos_error.DBOSException):
        _works(url, "local")  # raises for a server that cannot be reached
        return []  # DBOS has made no tables there yet
    finally:
        client.destroy()
    left = [Waiting(one.workflow_id, one.executor_id or "local") for one in found]
    return [one for one in left if not _works(url, one.worker)]


def _works(url: str, worker: str) -> bool:
    with held(url, worker) as mine:
        return not mine


class Jobs:
    """The durable jobs of one process. DBOS allows one of these at a time; decorate before ``launch``."""

    def __init__(
        self, url: str, *, worker: str = "local", version: str = __version__, queues: Sequence[str] = ()
    ) -> None:
        """``worker`` names this process among several on PostgreSQL; by that name it finds its work again.

        ``queues`` are those whose workflows it takes: it must have registered every one of these.
        """
        self._url = url
        self._worker = worker
        self._version = version
        self._queues = tuple(queues)
        self._held = ExitStack()
        self._running: set[asyncio.Task[Any]] = set()

    def workflow(self, name: str) -> Callable[[Function[P, R]], Function[P, R]]:
        """Makes a function of steps durable. The name is kept in the database: do not change it lightly."""

        def decorate(function: Function[P, R]) -> Function[P, R]:
            @functools.wraps(function)
            async def tracked(*args: P.args, **kwargs: P.kwargs) -> R:
                carried = cast(dict[str, str], kwargs.pop(_CARRIED, {}))
                task = asyncio.current_task()
                assert task is not None  # noqa: S101  (a coroutine always runs in a task)
                self._running.add(task)
                try:
                    with resumed(carried), working(name, job_id=str(DBOS.workflow_id)):
                        return await function(*args, **kwargs)
                finally:
                    self._running.discard(task)

            return DBOS.workflow(name=name)(tracked)

        return decorate

    def step(self, name: str) -> Callable[[Function[P, R]], Function[P, R]]:
        """Makes a function a step: inside a workflow its result is kept and it does not run twice."""

        def decorate(function: Function[P, R]) -> Function[P, R]:
            @functools.wraps(function)
            async def watched(*args: P.args, **kwargs: P.kwargs) -> R:
                with stepping(name):
                    return await function(*args, **kwargs)

            return DBOS.step(name=name)(watched)

        return decorate

    async def launch(self) -> None:
        """Starts, and at once goes on with what this worker left unfinished.

        Raises StoreError if the database is away, or another process works under this name.
        """
        self._held.enter_context(sole(self._url, self._worker))
        try:
            # On this thread: DBOS runs what it resumes on the event loop it was launched from.
            DBOS(config=self._config())
            DBOS.listen_queues(self._queues)  # else it would take what it cannot run, and keep it
            DBOS.launch()
            for queue in self._queues:
                await DBOS.register_queue_async(
                    queue, worker_concurrency=_AHEAD, polling_interval_sec=_POLL_S
                )
        except Exception as error:
            await self.close()
            raise StoreError(f"The jobs cannot start: {error}. Correct STUMPER_JOBS.") from error

    def _config(self) -> DBOSConfig:
        parsed = make_url(self._url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        else:
            parsed = parsed.set(drivername="postgresql+psycopg")
        return {
            "name": "stumper",
            "system_database_url": parsed.render_as_string(hide_password=False),
            "executor_id": self._worker,
            "application_version": self._version,
            # Failures reach whoever awaits the job; DBOS would print each a second time.
            "log_level": "CRITICAL",
        }

    async def run(self, workflow: Function[..., R], *args: Any, workflow_id: str, **kwargs: Any) -> R:
        """Starts the job, or joins it, or goes on with it, and returns its result (again, if it has ended).

        The arguments count only the first time an id is used. A job that had failed is tried again
        from the step that failed. Errors of Stumper come through as they are.
        Raises JobFailed for any other error, Conflict if the id belongs to something else.
        """
        try:
            handle = await self._handle(workflow, args, kwargs, workflow_id)
            return await handle.get_result(polling_interval_sec=_POLL_S)
        except StumperError:
            raise
        except Exception as error:
            step = await self._failed_step(workflow_id)
            raise JobFailed(
                f"Job {workflow_id!r} stopped at {step}: {error}. Remove the cause and start it again; "
                "what is done stays done."
            ) from error

    async def enqueue(
        self, queue: str, workflow: Function[..., R], *args: Any, workflow_id: str
    ) -> WorkflowHandleAsync[R]:
        """Puts a workflow on a queue, for any process of this version that listens to it."""
        with SetWorkflowID(workflow_id):
            return await DBOS.enqueue_workflow_async(queue, workflow, *args)

    async def unfinished(self, queue: str) -> list[WorkflowStatus]:
        """Returns what this version has on a queue, or took from it and has not ended; without arguments."""
        return await DBOS.list_workflows_async(
            queue_name=queue,
            status=["ENQUEUED", "PENDING"],
            app_version=self._version,
            load_input=False,
            load_output=False,
        )

    async def join(self, workflow_id: str) -> WorkflowHandleAsync[Any]:
        """Returns a handle to a workflow that somebody began."""
        return await DBOS.retrieve_workflow_async(workflow_id)

    async def put_back(self, queue: str, lost: Sequence[WorkflowStatus]) -> None:
        """Puts workflows that a dead process had taken back on their queue."""
        for one in lost:
            await DBOS.resume_workflow_async(one.workflow_id, queue_name=queue)

    async def cancel(self, workflow_ids: Sequence[str]) -> None:
        """Ends workflows that nobody needs any more; what one is doing just now is done."""
        await DBOS.cancel_workflows_async(list(workflow_ids))

    def alive(self, worker: str | None) -> bool:
        """Whether a process works under this name."""
        return worker == self._worker or (worker is not None and is_held(self._url, worker))

    async def _handle(
        self, workflow: Function[..., R], args: tuple[Any, ...], kwargs: dict[str, Any], workflow_id: str
    ) -> WorkflowHandleAsync[R]:
        status = await DBOS.get_workflow_status_async(workflow_id)
        if status is None:
            with SetWorkflowID(workflow_id):
                return await DBOS.start_workflow_async(workflow, *args, **kwargs, **{_CARRIED: carrier()})
        self._refuse_other(status)
        if status.status == "ERROR":
            await self._try_again(workflow_id)
        elif status.status in {"CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}:
            await DBOS.resume_workflow_async(workflow_id)
        return await DBOS.retrieve_workflow_async(workflow_id)

    def _refuse_other(self, status: WorkflowStatus) -> None:
        unfinished = status.status in {"PENDING", "ENQUEUED"}
        if unfinished and status.app_version != self._version:
            # DBOS never runs it under this version: without this line the caller would wait for ever.
            raise Conflict(
                f"Job {status.workflow_id!r} was begun by Stumper {status.app_version}, this is "
                f"{self._version}. Finish it with that version, or remove the jobs database to begin again."
            )

    async def _try_again(self, workflow_id: str) -> None:
        steps = await DBOS.list_workflow_steps_async(workflow_id)
        failed = next((step["function_id"] for step in steps if step["error"]), len(steps) + 1)
        await DBOS.rewind_workflow_async(workflow_id, start_step=failed, application_version=self._version)

    async def _failed_step(self, workflow_id: str) -> str:
        try:
            steps = await DBOS.list_workflow_steps_async(workflow_id)
        except dbos_error.DBOSException:
            return "its start"
        return next((f"step {step['function_name']!r}" for step in steps if step["error"]), "its workflow")

    async def finished(self, workflow_id: str) -> list[str]:
        """Names of the steps that are done, in order; empty for a job that never began."""
        steps = await DBOS.list_workflow_steps_async(workflow_id)
        return [step["function_name"] for step in steps if not step["error"]]

    async def close(self) -> None:
        """Stops; what runs is left for the next launch. The decorated functions cannot be run afterwards."""
        for task in self._running:
            task.cancel()
        # A cancelled workflow records nothing: for DBOS it is as if the process had been killed.
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        # DBOS made its threads the loop's own and has just ended them: whoever comes next needs new ones.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        self._held.close()

    async def __aenter__(self) -> Self:
        await self.launch()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
