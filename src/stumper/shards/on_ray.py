"""Shards on Ray Data: actors that open a model once and then do one shard after another, on any machine.

Every machine must see the files under the same paths, and have the same version of Stumper. Without an
address a cluster is started here, on loopback, and stopped at the end.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from typing import Any, Final

from stumper import errors
from stumper.errors import BadSetting, JobFailed, StumperError
from stumper.shards.hands import FATAL, Failure, Hands
from stumper.shards.plan import Shard
from stumper.shards.ray_here import ray_here
from stumper.shards.results import Job

_MOST_BLOCKS: Final = 2_000
"""Tasks that Ray is told of; more shards than that share one."""
_CONNECT_S: Final = 10.0


class Actor:
    """What Ray makes one of for every place in the pool."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = Job(**job)
        self._hands = Hands()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Does the shards of a batch, given as JSON; returns for each its number, error and refusal."""
        done = [self._done(int(number), Shard(**json.loads(shard))) for number, shard in _rows(batch)]
        return {name: [one[name] for one in done] for name in ("number", "error", "refusal")}

    def _done(self, number: int, shard: Shard) -> dict[str, str]:
        told = {"number": str(number), "error": "", "refusal": ""}
        try:
            return told | {"error": self._hands.attempt(self._job, shard) or ""}
        except FATAL as refusal:  # by name: an exception would come out wrapped in Ray's own
            return told | {"error": str(refusal), "refusal": type(refusal).__name__}


def _rows(batch: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    return zip(batch["number"], batch["shard"], strict=True)


def work_on_ray(
    job: Job, todo: Sequence[Shard], tell: Callable[[int], None], *, address: str, gpus: float
) -> list[Failure]:
    """Works shards on the cluster at ``address``, ``gpus`` to an actor; returns those that failed.

    Raises BadSetting without the extra "ray", for a cluster that is not there or has no such GPU, JobFailed
    if Ray gives up or does not start here, and what ends the work for every shard.
    """
    with _connected(address) as ray:
        size = _actors(ray.cluster_resources(), gpus, len(todo))
        rows = [{"number": number, "shard": json.dumps(asdict(one))} for number, one in enumerate(todo)]
        # As many blocks as shards, else an actor gets several and the others have none.
        shards = ray.data.from_items(rows, override_num_blocks=min(len(rows), _MOST_BLOCKS))
        done = shards.map_batches(
            Actor,
            fn_constructor_args=(asdict(job),),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=size),
            num_gpus=gpus or None,
        )
        try:
            return _failures(done.iter_rows(), todo, tell)
        except ray.exceptions.RayError as error:
            raise JobFailed(
                f"Ray gave up: {error}. Remove the cause and start the same command again; what is done "
                "stays done."
            ) from error


def _failures(
    rows: Iterator[dict[str, str]], todo: Sequence[Shard], tell: Callable[[int], None]
) -> list[Failure]:
    found = []
    for ended, row in enumerate(rows, start=1):
        if row["refusal"]:
            refusal: type[StumperError] = getattr(errors, row["refusal"])
            raise refusal(row["error"])
        if row["error"]:
            found.append(Failure(todo[int(row["number"])], row["error"]))
        tell(ended)
    return sorted(found, key=lambda one: one.shard.first)


def _actors(resources: dict[str, float], gpus: float, shards: int) -> int:
    """As many actors as there is room for, one CPU each, and no more than shards."""
    room = int(resources.get("CPU", 0))
    if gpus:
        room = min(room, int(resources.get("GPU", 0) / gpus))
    if not room:
        have = f"{resources.get('CPU', 0):g} CPUs and {resources.get('GPU', 0):g} GPUs"
        raise BadSetting(f"The Ray cluster has {have}, an actor needs 1 and {gpus:g}. Change --gpus.")
    return min(room, shards)


def _refuse_unreachable(address: str) -> None:
    """Raises BadSetting for what does not listen: Ray itself would go on trying for minutes."""
    host, _, port = address.rpartition(":")
    try:
        if host:
            socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
        elif address not in ("", "auto"):
            raise ValueError("write HOST:PORT, or auto")
    except (OSError, ValueError) as error:
        raise BadSetting(f"No Ray cluster at {address!r}: {error}. Correct STUMPER_RAY.") from error


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    _refuse_unreachable(address)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise BadSetting(
            f"--engine ray needs a package that is not installed ({error.name}): pip install 'stumper[ray]'"
        ) from error
    with nullcontext(address) if address else ray_here() as there:
        try:
            ray.init(address=there, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # Ray raises bare exceptions
            where = f"at {address!r}: {error}. Correct" if address else f"here: {error}. Name one in"
            raise BadSetting(f"No Ray cluster {where} STUMPER_RAY.") from error
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        try:
            yield ray
        finally:
            ray.shutdown()
