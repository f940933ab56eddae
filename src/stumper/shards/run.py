"""A file from end to end: the plain run, or shards by an engine and their results put together in order."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from stumper.curate.lines import Report, Tally, replaced, rewrite
from stumper.errors import BadInput, JobFailed
from stumper.shards.hands import Failure, Hands
from stumper.shards.kinds import open_kind
from stumper.shards.plan import ROWS, Shard, cut
from stumper.shards.results import Job, Receipt, Results, Told, add

OnProgress = Callable[[int, int], None]
_SHOWN: Final = 5
"""Shards that failed which are told one by one."""


class Engine(StrEnum):
    LOCAL = "local"
    DBOS = "dbos"
    RAY = "ray"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a file is worked."""

    engine: Engine | None = None
    """None: in one run from the first line to the last, which cannot go on after a kill."""
    rows: int = ROWS
    """Lines of a shard."""
    jobs_url: str = ""
    """Database of the queue; SQLite: this process works alone."""
    ray_address: str = ""
    """Of a Ray cluster; empty: one on this machine, for as long as the work takes."""
    gpus: float = 0.0
    """That each of Ray's actors holds."""


def work_file(
    source: Path,
    target: Path,
    kind: str,
    options: dict[str, Any],
    *,
    way: Way,
    on_bad: Report,
    on_progress: OnProgress | None = None,
) -> tuple[Tally, Told]:
    """Writes to ``target`` what a kind of work makes of each line of ``source``; returns what was counted.

    Whatever the engine, the target is the same. Results of shards lie in a hidden folder beside it until it
    is written: started again, what is done is not done again. Raises what `rewrite` raises, BadSetting for
    options that cannot be, and JobFailed, with the lines, if shards failed; the others are done then.
    """
    place = Path(os.path.realpath(target))
    if way.engine is None:
        return _plain(source, target, kind, options, place.with_name(f".{place.name}.opinions.jsonl"), on_bad)
    shards = cut(source, rows=way.rows)
    folder = place.with_name(f".{place.name}.shards")
    job = Job(kind=kind, options=options, folder=str(folder))
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise BadInput(f"{folder}: {error.strerror}. Name another file with --out.") from error
    _work(job, shards, way, on_progress or _quiet)
    counted = _gather(job, shards, source, target, on_bad)
    shutil.rmtree(folder, ignore_errors=True)
    return counted


def _quiet(_done: int, _total: int) -> None:
    return


def _plain(
    source: Path, target: Path, kind: str, options: dict[str, Any], journal: Path, on_bad: Report
) -> tuple[Tally, Told]:
    with open_kind(kind, options, journal=journal) as opened:
        tally = rewrite(source, target, opened.work, texts=opened.texts, on_bad=on_bad)
        told = opened.told()
    journal.unlink(missing_ok=True)  # what was paid for stands in the target now
    return tally, told


def _work(job: Job, shards: Sequence[Shard], way: Way, on_progress: OnProgress) -> None:
    results = Results(job)
    # by their result: lines that are there twice are worked once
    todo = list({job.key(shard): shard for shard in shards if results.receipt(shard) is None}.values())
    done = len(shards) - len(todo)

    def tell(ended: int) -> None:
        on_progress(done + ended, len(shards))

    tell(0)
    failures = _engine(way)(job, todo, tell) if todo else []
    if failures:
        raise JobFailed(_failed(failures, len(shards)))


def _engine(way: Way) -> Callable[[Job, Sequence[Shard], Callable[[int], None]], list[Failure]]:
    if way.engine == Engine.DBOS:
        from stumper.shards.on_dbos import work_on_dbos

        return lambda job, todo, tell: work_on_dbos(job, todo, tell, url=way.jobs_url)
    if way.engine == Engine.RAY:
        from stumper.shards.on_ray import work_on_ray

        return lambda job, todo, tell: work_on_ray(job, todo, tell, address=way.ray_address, gpus=way.gpus)
    return work_here


def work_here(job: Job, todo: Sequence[Shard], tell: Callable[[int], None]) -> list[Failure]:
    """Works shards one after another in this process; returns those that failed."""
    failures = []
    with Hands() as hands:
        for ended, shard in enumerate(todo, start=1):
            error = hands.attempt(job, shard)
            if error is not None:
                failures.append(Failure(shard, error))
            tell(ended)
    return failures


def _failed(failures: Sequence[Failure], shards: int) -> str:
    told = "; ".join(f"{one.shard.place}: {one.error}" for one in failures[:_SHOWN])
    more = f"; and {len(failures) - _SHOWN:,} more" if len(failures) > _SHOWN else ""
    return (
        f"{len(failures):,} of {shards:,} shards failed: {told}{more}. Remove the cause and start the same "
        "command again: the others are done."
    )


def _gather(
    job: Job, shards: Sequence[Shard], source: Path, target: Path, on_bad: Report
) -> tuple[Tally, Told]:
    """Puts the results together in the order of the file; faults get their lines' numbers."""
    results, tally, told = Results(job), Tally(), Told()
    receipts = [_receipt(results, shard) for shard in shards]
    with replaced(source, target, tally, texts=("question",)) as out:
        for shard, receipt in zip(shards, receipts, strict=True):
            for number, fault in receipt.faults:
                on_bad(shard.first - 1 + number, fault)
            results.copy(shard, receipt, out)
            tally.written += receipt.written
            tally.left_out += len(receipt.faults)
            add(told, receipt.told)
    return tally, told


def _receipt(results: Results, shard: Shard) -> Receipt:
    receipt = results.receipt(shard)
    if receipt is None:
        raise JobFailed(
            f"The result of {shard.place} is not there, though it was made. Does every worker see the same "
            "folder? Start the same command again: the others are done."
        )
    return receipt
