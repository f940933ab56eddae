"""What goes on while a run trains: progress, a guard against broken losses, the way out when memory ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stumper.errors import BadSetting
from stumper.tune.recipes import Recipe

OnProgress = Callable[[int, int], None]


def train(trainer: Any, checkpoint: str | None, recipe: Recipe) -> Any:
    """Trains. Raises BadSetting if the memory of the GPU does not suffice, with the setting to change."""
    import torch

    try:
        return trainer.train(resume_from_checkpoint=checkpoint)
    except torch.OutOfMemoryError as error:
        way_out = (
            f"Look at fewer pairs at once: --batch {recipe.batch // 2}."
            if recipe.batch > 1
            else "Use a smaller model, or fewer pixels a picture (the recipe's processor settings)."
        )
        raise BadSetting(
            f"The GPU's memory does not suffice for batches of {recipe.batch}. {way_out}"
        ) from error


def last_checkpoint(folder: Path) -> str | None:
    """The newest complete checkpoint: the state file is the last that the trainer writes."""
    found = [path for path in folder.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return str(max(found, key=lambda path: int(path.name.rpartition("-")[2]))) if found else None


def guard() -> Any:
    """Ends a run whose loss is no number any more: its weights are noise."""
    from transformers import TrainerCallback

    class Guard(TrainerCallback):  # type: ignore[misc]  # untyped
        def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
            loss = (logs or {}).get("loss")
            if loss is not None and not math.isfinite(loss):
                raise BadSetting(
                    f"The loss is {loss} after {state.global_step} steps. Choose a lower rate, or look for "
                    "broken pictures in the release. Nothing was saved."
                )

    return Guard()


def teller(on_progress: OnProgress) -> Any:
    from transformers import TrainerCallback

    class Teller(TrainerCallback):  # type: ignore[misc]  # transformers is untyped for mypy here
        def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            on_progress(state.global_step, state.max_steps)

    return Teller()
