"""A Ray cluster of this machine alone, for as long as one piece of work takes.

`ray.init` without an address can do the same, but not well enough. Its processes listen on every interface
and run what anybody who reaches them sends; these listen on loopback. Its raylet ends itself unless two
helpers, each a Python of its own, have told their ports within 15 s, which a busy machine does not manage
(https://github.com/ray-project/ray/issues/65983); this one is told them before. And it starts a log reader,
an autoscaler and idle workers that nobody needs here, at the same moment. So the node is made by Ray's own
class with other arguments. It and all that it starts end with this process, also after a kill.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from stumper.errors import JobFailed

START_S: Final = 120.0
"""After this long no other try is begun; one takes seconds, and up to a minute to fail."""
_LOOPBACK: Final = "127.0.0.1"
_STORE_BYTES: Final = 80_000_000
"""Of shared memory: only names of shards and errors go through it."""
_PORTS: Final = (
    "metrics_agent_port",
    "metrics_export_port",
    "dashboard_agent_listen_port",
    "runtime_env_agent_port",
)
_SLOWLY: Final = {
    # On a busy machine a worker needs longer than a minute until it says that it is there.
    "worker_register_timeout_seconds": 300,
    "agent_register_timeout_ms": 300_000,
    "enable_worker_prestart": False,
    "prestart_worker_first_driver": False,
}


@contextmanager
def ray_here() -> Iterator[str]:
    """Yields the address of a cluster that is stopped at the end, for `ray.init`.

    Raises JobFailed, with where Ray's own logs are, if it did not start.
    """
    deadline = time.monotonic() + START_S
    folder = Path(tempfile.mkdtemp(prefix="stumper-ray-"))
    while True:
        node = _Node(folder)
        try:
            address = node.start()
            break
        except Exception as error:  # Ray raises bare exceptions when its processes are slow to start
            node.stop()
            if time.monotonic() > deadline:
                raise JobFailed(
                    f"Ray did not start here: {_first_line(error)} Its logs are in {folder}. Start the same "
                    "command again when the machine is less busy, or name a cluster in STUMPER_RAY."
                ) from error
    try:
        yield address
    finally:
        node.stop()
        shutil.rmtree(folder, ignore_errors=True)


class _Node:
    """Ray's processes on this machine; every CPU and GPU is theirs to give."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._node: Any = None

    def start(self) -> str:
        """Returns the address. Raises what Ray raises; to be stopped then as well."""
        from ray._common.usage import usage_lib
        from ray._private import worker
        from ray._private.parameter import RayParams

        usage_lib.set_usage_stats_enabled_via_env_var(False)  # else it tells Ray's makers
        told = RayParams(
            node_ip_address=_LOOPBACK,
            object_store_memory=_STORE_BYTES,
            include_dashboard=False,
            include_log_monitor=False,
            no_monitor=True,
            temp_dir=str(self._folder),
            _system_config=dict(_SLOWLY),
            **dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True)),
        )
        kind = _prompt()
        self._node = kind.__new__(kind)  # held before it starts: what it started is stopped if it fails
        self._node.__init__(told, head=True, shutdown_at_exit=True, spawn_reaper=True, ray_init_cluster=True)
        # Else `ray.init` takes another address of this machine for "127.0.0.1", where nobody listens.
        worker._global_node = self._node
        return str(self._node.gcs_address)

    def stop(self) -> None:
        with suppress(Exception):  # of a node that failed half may be missing
            self._node.kill_all_processes(check_alive=False, allow_graceful=True, wait=True)


def _prompt() -> Any:
    """Returns Ray's class of nodes, but its raylet waits for no helper."""
    from ray import _raylet
    from ray._private.node import Node

    core: Any = _raylet

    class Prompt(Node):  # type: ignore[misc]
        def start_ray_processes(self) -> None:
            # The only port that cannot be given to the raylet; less than 0: nobody listens, as is the case.
            core.persist_port(self._session_dir, self._node_id, core.DASHBOARD_AGENT_LISTEN_PORT_NAME, -1)
            super().start_ray_processes()

    return Prompt


def free_ports(many: int) -> list[int]:
    """Returns ports on loopback, all different, that nobody listened on just now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(many)]
        for one in sockets:
            one.bind((_LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
