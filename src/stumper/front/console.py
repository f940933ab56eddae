"""The live display of a long run on a terminal: which stage, how far, how much time is left.

The time left is the sum of planned seconds of what is to come, scaled by how fast this machine was so far;
within a stage its own rate counts. Away from a terminal each stage is one line when it starts and ends.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class StageDisplay:
    """Shows the stages of ``plan`` (name -> seconds on two cores) while they run, in their order."""

    def __init__(self, plan: Mapping[str, float], *, console: Console) -> None:
        self._plan = dict(plan)
        self._console = console
        self._spent: dict[str, float] = {}
        self._now: tuple[str, TaskID, float] | None = None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[left]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> StageDisplay:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._end()
        self._bar.stop()

    def tell(self, name: str, done: int, total: int) -> None:
        """Takes (stage, done, total); naming another stage ends the one before it."""
        if self._now is None or self._now[0] != name:
            self._end()
            self._begin(name)
        assert self._now is not None  # noqa: S101  (begun just above)
        _, task, began = self._now
        share = min(done / total, 1.0) if total else 0.0
        self._bar.update(task, completed=share, left=self._left(name, share, time.monotonic() - began))

    def _begin(self, name: str) -> None:
        title = f"{list(self._plan).index(name) + 1}/{len(self._plan)} {name}"
        task = self._bar.add_task(f"[bold]{title}[/]", total=1.0, left="")
        self._now = name, task, time.monotonic()
        if not self._console.is_terminal:
            self._console.print(f"{title} ... {self._left(name, 0.0, 0.0)}", highlight=False)

    def _end(self) -> None:
        if self._now is None:
            return
        name, task, began = self._now
        self._spent[name] = time.monotonic() - began
        self._bar.remove_task(task)
        self._console.print(f"[green]done[/] {name} ({self._spent[name]:.0f} s)", highlight=False)
        self._now = None

    def _left(self, name: str, share: float, spent: float) -> str:
        """Minutes left: the rest of this stage by its own rate, later ones by plan times measured pace."""
        planned = sum(self._plan[done] for done in self._spent)
        pace = sum(self._spent.values()) / planned if planned > 1.0 else 1.0
        names = list(self._plan)
        later = sum(self._plan[n] for n in names[names.index(name) + 1 :]) * pace
        here = spent * (1 - share) / share if share > 0.02 else max(self._plan[name] * pace - spent, 0.0)
        minutes = (here + later) / 60
        return f"about {minutes:.0f} min left" if minutes >= 1 else "less than a minute left"
