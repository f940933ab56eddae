"""What goes on while a run trains: progress, losses, a guard against broken ones, and when memory ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stumper.errors import BadSetting
from stumper.tune.recipes import Recipe

OnProgress = Callable[[int, int], None]


class Point(NamedTuple):
    """The loss at one step of a run."""

    step: int
    loss: float | None
    """Mean since the point before; None where only the validation loss was taken."""
    validation: float | None = None
    margin: float | None = None
    """DPO: by how much the correction is preferred to the wrong answer, more than by the base model."""


def curve(history: Iterable[Mapping[str, Any]]) -> tuple[Point, ...]:
    """Returns the points of a trainer's log, one a step, in their order; what was resumed counts once."""
    points: dict[int, Point] = {}
    for entry in history:
        if "loss" not in entry and "eval_loss" not in entry:
            continue
        step = int(entry["step"])
        known = points.get(step, Point(step, None))
        points[step] = Point(
            step,
            entry.get("loss", known.loss),
            entry.get("eval_loss", known.validation),
            entry.get("rewards/margins", known.margin),
        )
    return tuple(points[step] for step in sorted(points))


def mean_loss(points: Iterable[Point]) -> float:
    """Returns the mean over all steps of a run; nan without a point. Each point stands for the steps since
    the one before it.
    """
    before, total = 0, 0.0
    for point in points:
        if point.loss is not None:
            total += point.loss * (point.step - before)
            before = point.step
    return total / before if before else math.nan


def train(trainer: Any, checkpoint: Path | None, recipe: Recipe) -> Any:
    """Trains. Raises BadSetting if the memory of the GPU does not suffice, with the setting to change."""
    import torch

    try:
        return trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except torch.OutOfMemoryError as error:
        way_out = (
            f"Look at fewer pairs at once: --batch {recipe.batch // 2}."
            if recipe.batch > 1
            else "Use a smaller model, fewer pixels a picture (the recipe's processor settings), or, where "
            "the weights themselves are too large, --quantize 4bit."
        )
        raise BadSetting(
            f"The GPU's memory does not suffice for batches of {recipe.batch}. {way_out}"
        ) from error


def guard() -> Any:
    """Ends a run whose loss is no number any more: its weights are noise."""
    from transformers import TrainerCallback

    class Guard(TrainerCallback):  # type: ignore[misc]  # untyped
        def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
            loss = (logs or {}).get("loss")
            if loss is not None and not math.isfinite(loss):
                raise BadSetting(
                    f"The loss is {loss} after {state.global_step} steps. Choose a lower --rate, or look for "
                    "broken pictures in the release. Nothing was saved."
                )

        def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
            # No checkpoint is written, and no run ends, before its loss was looked at.
            if control.should_save or control.should_evaluate or state.global_step >= state.max_steps:
                control.should_log = True

    return Guard()


def teller(on_progress: OnProgress | None, say: Callable[[str], None]) -> Any:
    """Tells steps done, and every loss."""
    from transformers import TrainerCallback

    class Teller(TrainerCallback):  # type: ignore[misc]  # transformers is untyped for mypy here
        def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            if on_progress:
                on_progress(state.global_step, state.max_steps)

        def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
            for name, title in (("loss", "loss"), ("eval_loss", "validation loss")):
                if name in (logs or {}):
                    say(f"Step {state.global_step} of {state.max_steps}: {title} {logs[name]:.4g}")

    return Teller()
