"""Starting the processes of a run on this machine, without a launcher: `stumper tune --processes 2`.

They meet at 127.0.0.1. The first error is raised here and ends all; and if this process ends, however that
comes, so do they. Several machines want torchrun or accelerate.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, TypeVar

from stumper.errors import BadSetting, JobFailed, StumperError

T = TypeVar("T")

_TO_TIDY_UP: Final = 30.0
"""Seconds that a process may take to end when its work is done."""


def together(processes: int, work: Callable[[], T]) -> T:
    """Runs `work` in so many new processes, which `meeting` (crew.py) brings together.

    Returns the first one's result. `work` and its results must be picklable. The processes share this one's
    threads among them. Raises the StumperError of the process that fails first, JobFailed if one fails
    otherwise or is killed, and BadSetting if there are fewer GPUs than processes, or this process is one of
    several already.
    """
    spawn = multiprocessing.get_context("spawn")
    pipes = [spawn.Pipe(duplex=False) for _ in range(processes)]
    crew = [
        spawn.Process(target=_member, args=(work, writer), name=f"Process {number} of {processes}")
        for number, (_, writer) in enumerate(pipes, start=1)
    ]
    with _meeting_point(processes) as environment:
        try:
            for rank, member in enumerate(crew):
                with environment(rank):
                    member.start()
                pipes[rank][1].close()  # so that a process that is gone is noticed
            first: T = _results(crew, [reader for reader, _ in pipes])[0]
            for member in crew:
                member.join(_TO_TIDY_UP)
            return first
        finally:
            for member in crew:
                if member.pid is not None:
                    member.kill()
                    member.join()


def _results(crew: Sequence[BaseProcess], readers: Sequence[Connection]) -> list[Any]:
    """Waits for every process's result. Raises what the first that fails says, or JobFailed in its place."""
    results: dict[int, Any] = {}
    while len(results) < len(crew):
        open_ends = [reader for rank, reader in enumerate(readers) if rank not in results]
        for reader in wait(open_ends):
            rank = readers.index(reader)
            try:
                outcome = readers[rank].recv()
            except EOFError:
                crew[rank].join()
                raise JobFailed(_end_of(crew[rank])) from None
            if isinstance(outcome, StumperError):
                raise outcome
            results[rank] = outcome
    return [results[rank] for rank in range(len(crew))]


def _end_of(member: BaseProcess) -> str:
    code = member.exitcode or 0
    if code < 0:
        return (
            f"{member.name} was ended by {signal.Signals(-code).name}. If nobody did that, the memory did "
            "not suffice: look at fewer pairs at once (--batch), or start fewer processes."
        )
    return f"{member.name} ended with status {code} before its work was done. Look above for what it said."


@contextmanager
def _meeting_point(processes: int) -> Iterator[Callable[[int], Any]]:
    """Listens where the processes will meet; yields what gives one its environment while it is started."""
    try:
        import torch
        from accelerate.utils import patch_environment
    except ModuleNotFoundError as error:
        raise BadSetting(f"Tuning needs {error.name}: pip install 'stumper[train]'") from error
    from torch.distributed import TCPStore, is_torchelastic_launched

    if is_torchelastic_launched():
        raise BadSetting("A launcher has started several processes already. Leave --processes out.")
    if torch.cuda.is_available() and processes > torch.cuda.device_count():
        raise BadSetting(
            f"{processes} processes want a GPU each, and this machine has {torch.cuda.device_count()}. Say "
            f"--processes {torch.cuda.device_count()}."
        )
    door = socket.create_server(("127.0.0.1", 0))
    port = door.getsockname()[1]
    # The socket is handed on as it is: nobody else can take the port in between, or reach it from outside.
    store = TCPStore(
        "127.0.0.1", port, is_master=True, wait_for_workers=False, master_listen_fd=door.detach()
    )
    loopback = next(name for _, name in socket.if_nameindex() if name.startswith("lo"))

    def environment(rank: int) -> Any:
        return patch_environment(
            rank=rank,
            local_rank=rank,
            world_size=processes,
            local_world_size=processes,
            master_addr="127.0.0.1",
            master_port=port,
            torchelastic_use_agent_store=True,  # the store is here already; rank 0 need not open one
            omp_num_threads=max(1, torch.get_num_threads() // processes),
            gloo_socket_ifname=loopback,
        )

    yield environment
    del store  # it listens until here


def _member(work: Callable[[], Any], writer: Connection) -> None:
    """One process: does the work and tells its result, or the error that ended it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the one that started this, which ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        outcome = work()
    except StumperError as error:
        outcome = error
    except Exception as error:
        traceback.print_exc()
        name = multiprocessing.current_process().name
        outcome = JobFailed(f"{name} failed: {type(error).__name__}: {error}. Look above for where.")
    writer.send(outcome)
    if isinstance(outcome, StumperError):
        # The others would complain that this one is gone; stay until all are ended.
        threading.Event().wait()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  (this is a child)
    wait([parent.sentinel])
    os._exit(1)
