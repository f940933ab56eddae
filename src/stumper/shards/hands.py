"""Does shards one after another; what the last one needed (a model, a panel) stays open for the next."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from stumper.curate.lines import Tally, opened, work_through
from stumper.errors import BadSetting, ModelRefused, StumperError
from stumper.shards.kinds import Kind, open_kind
from stumper.shards.plan import Shard, lines_of
from stumper.shards.results import Job, Results, Told

FATAL: Final = (BadSetting, ModelRefused)
"""Refusals that end the work: asking again, thousands of times, would change nothing."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A shard that could not be done."""

    shard: Shard
    error: str


class Hands:
    """One pair of them: to be used from one thread."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._job: Job | None = None
        self._kind: Kind | None = None

    def attempt(self, job: Job, shard: Shard) -> str | None:
        """Does a shard, unless it is done or nobody waits for it; returns what went wrong, or None.

        Raises what every other shard would raise as well: BadSetting and ModelRefused.
        """
        try:
            self._work(job, shard)
        except FATAL:
            raise
        except StumperError as error:
            return str(error)
        except Exception as error:  # one shard's fault must not end the others
            return f"{type(error).__name__}: {error}"
        return None

    def _work(self, job: Job, shard: Shard) -> None:
        results = Results(job)
        if not results.wanted or results.receipt(shard):
            return
        kind = self._open(job)

        def fill(out: BinaryIO, tally: Tally, faults: list[list[Any]]) -> Told:
            with opened(Path(shard.source)) as lines:
                work_through(
                    lines_of(shard, lines),
                    out,
                    kind.work,
                    tally,
                    texts=kind.texts,
                    on_bad=lambda number, fault: faults.append([number, fault]),
                )
            return kind.told()

        try:
            results.write(shard, fill)
        finally:
            kind.told()  # what a shard that failed had counted is not the next one's

    def _open(self, job: Job) -> Kind:
        if self._kind is None or self._job != job:
            self.close()
            self._kind = self._held.enter_context(
                open_kind(job.kind, job.options, journal=Path(job.folder) / "opinions.jsonl")
            )
            self._job = job
        return self._kind

    def close(self) -> None:
        self._job = self._kind = None
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
