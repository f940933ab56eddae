"""Options of the commands that work big files or ask many questions: by which engine. No rule lives here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from stumper.cli.shared import err, settings
from stumper.curate.lines import Report, Tally
from stumper.errors import BadSetting
from stumper.shards import ROWS, Engine, Told, Way, work_file

EngineOption = Annotated[
    Engine | None,
    typer.Option(
        "--engine", help="Work in shards, and go on after a kill: in this process, by workers, on Ray."
    ),
]
RowsOption = Annotated[int, typer.Option("--shard-rows", min=1, max=100_000, help="Lines of a shard.")]
GpusOption = Annotated[float, typer.Option("--gpus", min=0.0, help="GPUs of each actor of --engine ray.")]


def way(engine: Engine | None, rows: int = ROWS, gpus: float = 0.0) -> Way:
    """Raises BadSetting for GPUs without Ray, which alone hands them out."""
    if gpus and engine is not Engine.RAY:
        raise BadSetting("--gpus is for --engine ray. Leave it out, or say --engine ray.")
    chosen = settings()
    return Way(engine=engine, rows=rows, jobs_url=chosen.jobs_url, ray_address=chosen.ray, gpus=gpus)


def worked(
    source: Path, target: Path, kind: str, options: dict[str, Any], how: Way, on_bad: Report
) -> tuple[Tally, Told]:
    """Works a file; shows how many shards are done, if it has any and somebody looks."""
    with bar(how) as progress:
        task = progress.add_task(kind, total=None)
        return work_file(
            source,
            target,
            kind,
            options,
            way=how,
            on_bad=on_bad,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )


def bar(how: Way) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("shards")
    shown = how.engine is not None and err.is_terminal
    return Progress(*columns, console=err, disable=not shown)
